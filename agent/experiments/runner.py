"""Runner of experiments: takes a specification, teaches and tests an agent, and writes the run directory."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from agent.agents import Agent, new_from_config, register
from agent.errors import AgentError
from agent.experiments import results
from agent.experiments.config import TRACKERS, RunSpec, TaskSelection, load_at, path_to_load, resolve, same_config
from agent.experiments.families import FAMILY_RUNS, FamilyRun, ProgressLog
from agent.experiments.results import Result
from agent.models.custom.signature import TASK_FIELDS, task_of
from agent.progress import Progress, run_to_completion
from agent.user_code import is_path

TRACKIO_PROJECT = "pupil"


def run(task: TaskSelection = "digits", agent: Any = None, **given: Any) -> Result:
    """Teach an agent a task, test it, and write the results to a directory of its own.

    Parameters
    ----------
    task : str, sequence of str or mapping
        The name of a task, of several, or names and their settings: ``{"fonts": {}, "mine": {"source":
        "./mine.py:Mine"}}``.
    agent : str, mapping, class, function or object
        The name of a kind, or ``{"kind": name, **settings}``, or what `agent.models.custom` takes as a model;
        by default the one that goes with the task.
    **given
        Fields of `agent.experiments.config.Settings`.

    Returns
    -------
    Result
        The scores and the run directory. A finished run is not run again; an interrupted one resumes from its last
        checkpoint, and its results equal those of an uninterrupted one.

    Raises
    ------
    AgentError
        A setting is unknown or out of range, a file is missing, or the disk refuses. Settings are checked before a
        directory is made.

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
    return run_to_completion(iter_run(task, agent, **given))


def iter_run(task: TaskSelection = "digits", agent: Any = None, **given: Any) -> Generator[Progress, None, Result]:
    """As `run`, step by step; closing it between two steps writes a checkpoint, from which the same run resumes."""
    return (yield from iter_run_spec(resolve(task, agent, **given)))


def iter_run_spec(spec: RunSpec, prepared: FamilyRun | None = None) -> Generator[Progress, None, Result]:
    """As `iter_run`, from a specification that has been resolved already, and from what `prepare` has prepared."""
    earlier = results.read_json(spec.folder / results.CONFIG)
    before = results.before_of(spec.folder)
    if (before / results.RESULT).exists() and not (spec.folder / results.RESULT).exists() and not spec.settings.again:
        previous = results.read_json(before / results.CONFIG)
        if previous is not None and same_config(previous, spec.config) and spec.settings.load is not True:
            with results.lock(spec.folder):
                results.restore_before(spec.folder)
            earlier = previous
    resume = earlier is not None and same_config(earlier, spec.config) and not spec.settings.again
    scores = results.read_json(spec.folder / results.RESULT) if resume else None
    is_gone = spec.settings.save and not (spec.folder / results.AGENT).is_dir()
    if scores is not None and (spec.settings.load is True or is_gone):
        resume, scores = False, None  # it goes on with its agent, or is made again where that is gone
    if is_path(spec.agent["kind"]):
        register(spec.family, spec.model)
    run = FAMILY_RUNS[spec.family](spec) if prepared is None else prepared
    if scores is not None:
        run.close()
        return Result(spec.folder, spec.config, scores, cached=True)
    tracker = Tracker(spec.settings.track, spec.folder, spec.config)
    try:
        scores = yield from _conduct(run, resume, tracker)
        results.write_json(spec.folder / results.RESULT, scores)
        results.remove_before(spec.folder)
        tracker.log(scores)
    finally:
        tracker.end()
    return Result(spec.folder, spec.config, scores)


def prepare(spec: RunSpec) -> FamilyRun:
    """Do what comes before the first lesson, so that wrong data, or an agent that cannot be loaded, is refused now."""
    run = FAMILY_RUNS[spec.family](spec)
    try:
        path_to_load(spec.settings, spec.folder)
        if spec.settings.replay:
            results.agent_path(spec.settings.folder, spec.settings.replay)
        else:
            run.prepared = run.prepare()
    except AgentError:
        run.close()
        raise
    return run


def _conduct(run: FamilyRun, resume: bool, tracker: Tracker) -> Generator[Progress, None, dict[str, Any]]:
    """Teach and test; the directory is cleared only when everything has been checked."""
    spec, held = run.spec, contextlib.ExitStack()
    try:
        model, config = run.prepared or run.prepare()
        if is_path(spec.agent["kind"]):
            register(spec.family, model)  # which knows the labels
        if resume:
            held.enter_context(results.lock(spec.folder))
        agent, rows = results.load_checkpoint(spec.folder) if resume else (None, [])
        rows = run.resume(agent, rows) if agent is not None else []
        if not rows:
            run.begin(initial_agent(spec, model, config))
            if spec.settings.save:
                run.check_size()
            if not resume:
                held.enter_context(results.lock(spec.folder))
            results.init_run_dir(spec.folder, spec.config)
        run.log = ProgressLog(spec.folder, tracker, rows, rows[-1]["n_done"] if rows else 0)
        if rows:
            tracker.resume()
        else:
            run.log.append(**run.first_row())
        try:
            yield from run.iter_teach()
            if run.log.n_saved != run.log.n_done:
                run.save()
            scores = yield from run.iter_test()
        except GeneratorExit:
            run.save()
            raise
        except Exception:
            if not (spec.folder / results.AGENT).exists():  # nothing to go on from
                tracker.end()  # it writes into the folder
                results.restore_before(spec.folder)
            raise
        for name, picture in run.pictures(scores).items() if spec.settings.plots else ():
            results.write_file(spec.folder / name, picture)
    finally:
        held.close()
        run.close()
    return scores


def initial_agent(spec: RunSpec, model: type[Any], config: Any) -> Agent:
    """Make the agent that a run begins with, or load it."""
    path = path_to_load(spec.settings, spec.folder)
    if path is None:
        return new_from_config(model.NAME, config, starter=spec.settings.starter)
    agent = load_at(path)
    if agent.kind != model.NAME:
        raise AgentError(f"expected an agent of the kind {model.NAME}, got {agent.kind}. Say agent={agent.kind}.")
    loaded, given = vars(agent.model.config), vars(config)
    tasks = [task_of(of) for of in (agent.model.config, config) if {*TASK_FIELDS} <= vars(of).keys()]
    if len(tasks) == 2 and tasks[0] != tasks[1]:
        expected, got = (f"the labels {' '.join(one.labels)} and inputs of the shape {one.shape}" for one in tasks)
        raise AgentError(f"expected {expected}, as the agent to load was made for, got {got}. Take its task.")
    names = [name for name in given if name not in TASK_FIELDS and given[name] != loaded.get(name)]
    if names:
        got, expected = (" ".join(f"agent.{name}={of.get(name)}" for name in names[:5]) for of in (given, loaded))
        raise AgentError(f"expected the settings of the agent to load, {expected}, got {got}. Say {expected}.")
    return agent


class Tracker:
    """Recorder of a run in trackio and in event files of TensorBoard, as they are installed.

    Parameters
    ----------
    enabled : bool
        Whether to record; otherwise the methods do nothing.
    folder : pathlib.Path
        The run directory: the name of the record.
    config : mapping
        The settings to record.
    """

    def __init__(self, enabled: bool, folder: Path, config: Mapping[str, Any]) -> None:
        self._enabled, self._folder, self._is_begun = enabled, folder, False  # by a row: a run that is refused has none
        self._options = {"name": folder.as_posix(), "config": dict(config), "resume": "never"}
        self._trackio: Any = None
        self._writer: Any = None

    def resume(self) -> None:
        """Continue the record of an interrupted run."""
        self._options["resume"] = "allow"

    def log(self, row: Mapping[str, Any]) -> None:
        """Record the numbers of a row, or of the result, at the number of lessons taught."""
        if not self._enabled:
            return
        if not self._is_begun:
            self._begin()
        numbers = {name: value for name, value in row.items() if isinstance(value, (int, float))}
        step = row.get("n_done", row.get("n_lessons"))
        if self._trackio is not None:
            self._trackio.log(numbers, step=step)
        for name, value in numbers.items() if self._writer is not None else ():
            self._writer.add_scalar(name, float(value), step=step)

    def end(self) -> None:
        """Write what was recorded."""
        if self._trackio is not None:
            with contextlib.redirect_stdout(sys.stderr):
                self._trackio.finish()
        if self._writer is not None:
            self._writer.close()
        self._trackio = self._writer = None

    def _begin(self) -> None:
        self._is_begun = True
        installed = [name for name in TRACKERS if importlib.util.find_spec(name) is not None]
        if "trackio" in installed:
            self._trackio = importlib.import_module("trackio")
            with contextlib.redirect_stdout(sys.stderr):  # standard output is for the results
                self._trackio.init(project=TRACKIO_PROJECT, **self._options)
        if "tensorboard" in installed:
            self._writer = importlib.import_module("tensorboard.summary").Writer(str(self._folder / results.EVENTS))
