"""One run: a task's lessons taught to an agent, asked, and written to a folder of its own, step by step."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from agent.runs import drawings, folders, frames, numbers
from agent.runs.conduct import Conduct, Step
from agent.runs.plans import Task, planned, same_run
from agent.runs.results import Result
from agent.runs.tracking import Tracker
from agent.steps import finished

CONDUCTS: dict[str, Conduct] = {  # by family
    "drawings": drawings.conduct,
    "numbers": numbers.conduct,
    "frames": frames.conduct,
}


def run(task: Task = "digits", agent: str | Mapping[str, Any] | None = None, **given: Any) -> Result:
    """Teach an agent a task and write what comes out to a folder of its own.

    Parameters
    ----------
    task : str, sequence of str or mapping
        The name of a task, of several, or names and their settings: ``{"fonts": {}, "mine": {"source":
        "./mine.py:Mine"}}``.
    agent : str or mapping
        The name of a kind, or ``{"kind": name, **settings}``; by default the one that goes with the task.
    **given
        Fields of `agent.runs.settings.Settings`.

    Returns
    -------
    Result
        What came out, and where it lies. A run that was finished before is not run again; one that was stopped goes
        on where its agent was saved last, and ends as if it had not been.

    Raises
    ------
    AgentError
        A setting is unknown or out of range, a file is missing, or the disk refuses. What is wrong with the settings
        is noticed before a folder is made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = run("fonts", "nearest", lessons=60, folder=folder, plots=False)
    ...     sorted(path.name for path in result.folder.iterdir())
    ['agent', 'config.json', 'progress.csv', 'result.json']
    >>> result.scores["n_lessons"], result.scores["n_test"]
    (60, 40)
    """
    return finished(running(task, agent, **given))


def running(
    task: Task = "digits", agent: str | Mapping[str, Any] | None = None, **given: Any
) -> Generator[Step, None, Result]:
    """As `run`, step by step; closing it between two steps saves the agent, and the same run goes on there."""
    plan = planned(task, agent, **given)
    known = folders.read_json(plan.place / folders.CONFIG)
    same = known is not None and same_run(known, plan.config)
    scores = folders.read_json(plan.place / folders.RESULT) if same and not plan.settings.again else None
    if scores is not None:
        return Result(plan.place, plan.config, scores, was_there=True)
    tracker = Tracker(plan.settings.track, plan.place, plan.config)
    try:
        out = yield from CONDUCTS[plan.family](plan, same and not plan.settings.again, tracker)
        if plan.settings.plots:
            for name, picture in out.pictures().items():
                folders.write(plan.place / name, picture)
        folders.write_json(plan.place / folders.RESULT, out.scores)
        tracker.log(out.scores)
    finally:
        tracker.end()
    return Result(plan.place, plan.config, out.scores)
