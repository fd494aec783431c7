"""Experiments: a task, an agent and settings in; a directory with scores, learning curve and the taught agent out.

`run` takes plain keyword arguments; the command line, the app and user code call the same function.
"""

from agent.experiments.config import RunSpec, config_diff, resolve
from agent.experiments.results import Result
from agent.experiments.runner import iter_run, iter_run_spec, prepare, run

__all__ = ["Result", "RunSpec", "config_diff", "iter_run", "iter_run_spec", "prepare", "resolve", "run"]
