"""Runs: a task, an agent and settings in, a folder with everything that came out.

`run` takes plain keyword arguments; the command line, the app and anybody's code call the same function.
"""

from agent.runs.conduct import Step
from agent.runs.plans import Plan, planned, replaced
from agent.runs.results import Result
from agent.runs.running import run, running

__all__ = ["Plan", "Result", "Step", "planned", "replaced", "run", "running"]
