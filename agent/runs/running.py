"""One run: a task's lessons taught to an agent, asked, and written to a folder of its own, step by step."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent import store
from agent.errors import AgentError
from agent.kinds import Kind
from agent.pupil import Pupil, new
from agent.runs import folders
from agent.runs.courses import Course, course, teaching
from agent.runs.found import kind_of
from agent.runs.plans import Plan, Task, planned, same_run, without
from agent.runs.results import Result, forgetting_row, pictures_of, result_of, sheet_of
from agent.runs.shards import check_shards, teaching_apart
from agent.runs.sources import Generate
from agent.runs.tracking import Tracker
from agent.steps import finished
from agent.train import Evaluation, evaluate, share_right


@dataclass(frozen=True)
class Step:
    """Where a run stands: teaching, studying or testing, and how well it goes; shares are 0 … 1."""

    what: str
    n_done: int
    n_total: int
    accuracy: float | None = None  # of the held-out drawings while teaching, of those asked so far while testing


@dataclass
class Book:
    """The curve so far: what progress.csv holds."""

    folder: Path
    rows: list[dict[str, Any]] = field(default_factory=list)
    forgetting: list[dict[str, Any]] = field(default_factory=list)
    n_saved: int = 0  # lessons that the agent on the disk has

    def add(self, tracker: Tracker, **row: Any) -> None:
        """Append a row and write them all."""
        self.rows.append(row)
        folders.write_csv(self.folder / folders.PROGRESS, self.rows)
        tracker.log(row)


def run(task: Task = "digits", agent: str | Mapping[str, Any] = "recall", **given: Any) -> Result:
    """Teach an agent a task and write what comes out to a folder of its own.

    Parameters
    ----------
    task : str, sequence of str or mapping
        The name of a task, of several, or names and their settings: ``{"fonts": {}, "mine": {"source":
        "./mine.py:Mine"}}``.
    agent : str or mapping
        The name of a kind, or ``{"kind": name, **settings}``.
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
    task: Task = "digits", agent: str | Mapping[str, Any] = "recall", **given: Any
) -> Generator[Step, None, Result]:
    """As `run`, step by step; closing it between two steps saves the agent, and the same run goes on there."""
    plan = planned(task, agent, **given)
    known = folders.read_json(plan.place / folders.CONFIG)
    same = known is not None and same_run(known, plan.config)
    scores = folders.read_json(plan.place / folders.RESULT) if same and not plan.settings.again else None
    if scores is not None:
        return Result(plan.place, plan.config, scores, was_there=True)
    pupil, book, lessons = _begun(plan, same and not plan.settings.again)
    tracker = Tracker(plan.settings.track, plan.place, plan.config, goes_on=bool(book.rows))
    try:
        yield from _taught(plan, pupil, book, lessons, tracker)
        last = yield from _asked(pupil, lessons)
    except GeneratorExit:
        _save(pupil, book)
        tracker.end()
        raise
    if plan.settings.order == "one_after_another":
        book.forgetting.append(forgetting_row(lessons.parts[-1].name, len(lessons), last))
        folders.write_csv(plan.place / folders.FORGETTING, book.forgetting)
    result = result_of(plan.place, plan.config, plan.settings, book.rows, book.forgetting, last)
    sheets = [source for source in plan.sources.values() if isinstance(source, Generate)]
    if sheets:
        folders.write(plan.place / "sheet.png", sheet_of(pupil, plan.settings, sheets[0].n_drawings))
    if plan.settings.plots:
        for name, picture in pictures_of(result, book.rows).items():
            folders.write(plan.place / name, picture)
    folders.write_json(plan.place / folders.RESULT, result.scores)
    tracker.log(result.scores)
    tracker.end()
    return result


def _begun(plan: Plan, goes_on: bool) -> tuple[Pupil, Book, Course]:
    """Draw what is taught, make or read the agent, and only then make the folder."""
    chosen = plan.settings
    log = folders.agent_at(chosen.folder, chosen.replay).lessons if chosen.replay else None
    lessons = course(plan.sources, chosen, log)
    kind, own = kind_of(plan.agent["kind"], without(plan.agent, "kind", "name"), lessons.spaces)
    check_shards(kind, chosen.shards, len(lessons.parts))
    if goes_on:
        pupil, book = _resumed(plan)
        if pupil is not None:
            return pupil, book, lessons
    pupil = _first(plan, kind, own)
    n_labels = len({*pupil.labels, *(label for part in lessons.parts for label in part.lessons.labels)})
    if n_labels > pupil.memory.MAX_LABELS:
        raise AgentError(f"expected at most {pupil.memory.MAX_LABELS} labels, got {n_labels}. Leave some out.")
    if chosen.label and chosen.label not in {*pupil.labels, *lessons.spaces.labels}:
        known = " ".join(sorted({*pupil.labels, *lessons.spaces.labels}))
        raise AgentError(f"expected label among {known}, got {chosen.label[:40]!r}.")
    if chosen.study and not kind.STUDIES:
        raise AgentError(f"expected a kind that studies, got {kind.NAME}. Set study=false.")
    folders.clear(plan.place)
    folders.write_json(plan.place / folders.CONFIG, plan.config)
    return pupil, Book(plan.place), lessons


def _first(plan: Plan, kind: type[Kind], own: Mapping[str, Any]) -> Pupil:
    """Make the agent that a run begins with, or read it."""
    load, seed = plan.settings.load, plan.settings.seed
    if load is False:
        return new(kind.NAME, seed=seed, starter=plan.settings.starter, **own)
    if load is True and not (plan.place / folders.AGENT).is_dir():
        runs = ", ".join(run.as_posix() for run in folders.runs_in(plan.settings.folder)[: folders.MAX_SHOWN])
        raise AgentError(f"expected an agent in {plan.place}, got none. Runs: {runs or 'none'}.")
    pupil = folders.agent_at(plan.settings.folder, str(plan.place) if load is True else str(load))
    if pupil.kind != kind.NAME:
        raise AgentError(f"expected an agent of the kind {kind.NAME}, got {pupil.kind}. Say agent={pupil.kind}.")
    return pupil


def _resumed(plan: Plan) -> tuple[Pupil | None, Book]:
    """Read back a run that was stopped: its agent as saved last, and the curve up to there."""
    rows = folders.read_csv(plan.place / folders.PROGRESS)
    if not (plan.place / folders.AGENT).is_dir() or not rows:
        return None, Book(plan.place)
    pupil = store.load(plan.place / folders.AGENT)
    n_taught = pupil.n_lessons - rows[0]["n_lessons"]
    rows = [row for row in rows if row["n_done"] <= n_taught]
    if rows[-1]["n_done"] != n_taught:
        return None, Book(plan.place)
    forgetting = [row for row in folders.read_csv(plan.place / folders.FORGETTING) if row["n_done"] <= n_taught]
    return pupil, Book(plan.place, rows, forgetting, n_taught)


def _taught(plan: Plan, pupil: Pupil, book: Book, lessons: Course, tracker: Tracker) -> Iterator[Step]:
    """Teach what has not been taught yet, part by part, then study."""
    chosen, held_out = plan.settings, lessons.held_out(plan.settings.n_held_out)
    if not book.rows:
        book.add(tracker, task="", n_done=0, n_lessons=pupil.n_lessons, n_asked=0, n_right=0,
                 held_out=share_right(pupil, *held_out) if held_out else None, seconds=0.0)  # fmt: skip
    if chosen.shards > 1 and book.rows[-1]["n_done"] == 0:
        yield from _taught_apart(pupil, book, lessons, tracker, chosen.shards)
    begin = 0
    for part in lessons.parts:
        before, n_taught = book.rows[-1]["seconds"], max(0, book.rows[-1]["n_done"] - begin)
        for seen in teaching(pupil, part, n_taught, held_out, chosen.n_asked) if n_taught < len(part) else ():
            book.add(tracker, task=part.name, n_done=begin + seen.n_done, n_lessons=pupil.n_lessons,
                     n_asked=seen.n_asked, n_right=round(seen.right_before_told * seen.n_asked),
                     held_out=seen.accuracy_held_out, seconds=round(before + seen.seconds, 3))  # fmt: skip
            if chosen.save_every and begin + seen.n_done - book.n_saved >= chosen.save_every:
                _save(pupil, book)
            yield Step("teaching", begin + seen.n_done, len(lessons), seen.accuracy_held_out)
        begin += len(part)
        between = chosen.order == "one_after_another" and begin < len(lessons)
        if between and book.rows[-1]["n_done"] == begin and begin not in [row["n_done"] for row in book.forgetting]:
            last = yield from _asked(pupil, lessons)
            book.forgetting.append(forgetting_row(part.name, begin, last))
            folders.write_csv(book.folder / folders.FORGETTING, book.forgetting)
    if chosen.study and pupil.lessons.events[-1]["event"] != "study":
        yield from (Step("studying", round(100 * share), 100) for share in pupil.studying())
        book.n_saved = -1
    if book.n_saved != len(lessons):
        _save(pupil, book)


def _taught_apart(pupil: Pupil, book: Book, lessons: Course, tracker: Tracker, n_shards: int) -> Iterator[Step]:
    begun = time.perf_counter()
    for n_done in teaching_apart(pupil, lessons.parts[0], n_shards):
        yield Step("teaching", n_done, len(lessons))
    book.add(tracker, task=lessons.parts[0].name, n_done=len(lessons), n_lessons=pupil.n_lessons, n_asked=0,
             n_right=0, held_out=None, seconds=round(time.perf_counter() - begun, 3))  # fmt: skip


def _asked(pupil: Pupil, lessons: Course) -> Generator[Step, None, dict[str, Evaluation]]:
    """Ask everything that was kept apart, task by task."""
    n_total, last, n_before, n_right = sum(len(each.labels) for each in lessons.tests.values()), {}, 0, 0
    for name, test in lessons.tests.items():
        for seen in evaluate(pupil, test.drawings, test.labels):
            last[name] = seen
            n_done = n_before + seen.n_done
            yield Step("testing", n_done, n_total, (n_right + seen.n_right) / n_done)
        n_before, n_right = n_before + seen.n_done, n_right + seen.n_right
    return last


def _save(pupil: Pupil, book: Book) -> None:
    store.save(pupil, book.folder / folders.AGENT)
    book.n_saved = book.rows[-1]["n_done"] if book.rows else 0
