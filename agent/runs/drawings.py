"""Runs of agents that learn drawings: lessons taught, held-out drawings asked, shards, study, forgetting."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.errors import AgentError
from agent.families import Agent
from agent.lessons import Lessons
from agent.pupil import Pupil
from agent.runs import folders
from agent.runs.conduct import Book, Outcome, Step, begin, first_agent, saved
from agent.runs.courses import Course, course, teaching
from agent.runs.found import kind_of
from agent.runs.plans import Plan, without
from agent.runs.results import forgetting_row, pictures_of, scores_of, sheet_of
from agent.runs.shards import check_shards, teaching_apart
from agent.runs.sources import Generate
from agent.runs.tracking import Tracker
from agent.train import Evaluation, evaluate, share_right


@dataclass
class Diary(Book):
    """The curve so far, and the table of forgetting: how every task went after each."""

    forgetting: list[dict[str, Any]] = field(default_factory=list)

    def after(self, task: str, n_done: int, seen: Mapping[str, Evaluation]) -> None:
        """Note how every task goes after one of them was taught."""
        self.forgetting.append(forgetting_row(task, n_done, seen))
        folders.write_csv(self.folder / folders.FORGETTING, self.forgetting)


def conduct(plan: Plan, goes_on: bool, tracker: Tracker) -> Generator[Step, None, Outcome]:
    """Teach, ask, sum up."""
    pupil, book, lessons = _begun(plan, goes_on, tracker)
    try:
        yield from _taught(plan, pupil, book, lessons)
        last = yield from _asked(pupil, lessons)
    except GeneratorExit:
        book.save(pupil)
        raise
    if plan.settings.order == "one_after_another":
        book.after(lessons.parts[-1].name, len(lessons), last)
    scores = scores_of(plan.settings, book.rows, book.forgetting, last)
    sheets = [source for source in plan.sources.values() if isinstance(source, Generate)]
    if sheets:
        folders.write(plan.place / "sheet.png", sheet_of(pupil, plan.settings, sheets[0].n_drawings))
    return Outcome(scores, lambda: pictures_of(plan.config["agent"]["name"], scores, book.rows))


def _begun(plan: Plan, goes_on: bool, tracker: Tracker) -> tuple[Pupil, Diary, Course]:
    """Draw what is taught, make or read the agent, and only then make the folder."""
    chosen = plan.settings
    log = _log_of(folders.agent_at(chosen.folder, chosen.replay)) if chosen.replay else None
    lessons = course(plan.sources, chosen, log)
    kind, own = kind_of(plan.agent["kind"], without(plan.agent, "kind", "name"), lessons.spaces)
    check_shards(kind, chosen.shards, len(lessons.parts))
    if goes_on:
        pupil, book = _resumed(plan, tracker)
        if pupil is not None:
            return pupil, book, lessons
    pupil = first_agent(plan, kind, own)
    n_labels = len({*pupil.labels, *(label for part in lessons.parts for label in part.lessons.labels)})
    if n_labels > pupil.memory.MAX_LABELS:
        raise AgentError(f"expected at most {pupil.memory.MAX_LABELS} labels, got {n_labels}. Leave some out.")
    if chosen.label and chosen.label not in {*pupil.labels, *lessons.spaces.labels}:
        known = " ".join(sorted({*pupil.labels, *lessons.spaces.labels}))
        raise AgentError(f"expected label among {known}, got {chosen.label[:40]!r}.")
    if chosen.study and not kind.STUDIES:
        raise AgentError(f"expected a kind that studies, got {kind.NAME}. Set study=false.")
    begin(plan)
    return pupil, Diary(plan.place, tracker), lessons


def _log_of(found: Agent) -> Lessons:
    if not isinstance(found, Pupil):
        raise AgentError(f"expected lessons of drawings to replay, got an agent of the kind {found.kind}.")
    return found.lessons


def _resumed(plan: Plan, tracker: Tracker) -> tuple[Pupil | None, Diary]:
    """Read back a run that was stopped: its agent as saved last, and the curve up to there."""
    pupil, rows = saved(plan)
    if pupil is None:
        return None, Diary(plan.place, tracker)
    n_taught = pupil.n_lessons - rows[0]["n_lessons"]
    rows = [row for row in rows if row["n_done"] <= n_taught]
    if rows[-1]["n_done"] != n_taught:
        return None, Diary(plan.place, tracker)
    forgetting = [row for row in folders.read_csv(plan.place / folders.FORGETTING) if row["n_done"] <= n_taught]
    return pupil, Diary(plan.place, tracker, rows, n_taught, forgetting)


def _taught(plan: Plan, pupil: Pupil, book: Diary, lessons: Course) -> Iterator[Step]:
    """Teach what has not been taught yet, part by part, then study."""
    chosen, held_out = plan.settings, lessons.held_out(plan.settings.n_held_out)
    if not book.rows:
        book.add(task="", n_done=0, n_lessons=pupil.n_lessons, n_asked=0, n_right=0,
                 held_out=share_right(pupil, *held_out) if held_out else None, seconds=0.0)  # fmt: skip
    if chosen.shards > 1 and book.rows[-1]["n_done"] == 0:
        yield from _taught_apart(pupil, book, lessons, chosen.shards)
    start = 0
    for part in lessons.parts:
        before, n_taught = book.rows[-1]["seconds"], max(0, book.rows[-1]["n_done"] - start)
        for seen in teaching(pupil, part, n_taught, held_out, chosen.n_asked) if n_taught < len(part) else ():
            book.add(task=part.name, n_done=start + seen.n_done, n_lessons=pupil.n_lessons,
                     n_asked=seen.n_asked, n_right=round(seen.right_before_told * seen.n_asked),
                     held_out=seen.accuracy_held_out, seconds=round(before + seen.seconds, 3))  # fmt: skip
            if chosen.save_every and start + seen.n_done - book.n_saved >= chosen.save_every:
                book.save(pupil)
            yield Step("teaching", start + seen.n_done, len(lessons), seen.accuracy_held_out)
        start += len(part)
        between = chosen.order == "one_after_another" and start < len(lessons)
        if between and book.rows[-1]["n_done"] == start and start not in [row["n_done"] for row in book.forgetting]:
            last = yield from _asked(pupil, lessons)
            book.after(part.name, start, last)
    if chosen.study and pupil.lessons.events[-1]["event"] != "study":
        yield from (Step("studying", round(100 * share), 100) for share in pupil.studying())
        book.n_saved = -1
    if book.n_saved != len(lessons):
        book.save(pupil)


def _taught_apart(pupil: Pupil, book: Diary, lessons: Course, n_shards: int) -> Iterator[Step]:
    begun = time.perf_counter()
    for n_done in teaching_apart(pupil, lessons.parts[0], n_shards):
        yield Step("teaching", n_done, len(lessons))
    book.add(task=lessons.parts[0].name, n_done=len(lessons), n_lessons=pupil.n_lessons, n_asked=0,
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
