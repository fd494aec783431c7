"""Runs of agents that learn numbers: a course of lessons, then numbers asked inside and outside of what was shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterator
from decimal import Decimal
from typing import Any

from agent import plots
from agent.copier import Copier
from agent.errors import AgentError
from agent.metrics import value_of
from agent.runs.conduct import Book, Outcome, Step, begin, first_agent, saved
from agent.runs.found import kind_of
from agent.runs.plans import Plan, without
from agent.runs.tracking import Tracker
from agent.tasks.copy import Copy, Shown

ASKED = (*map(str, range(11)), "123", "123123123123")  # whatever was shown, every run answers these


def conduct(plan: Plan, goes_on: bool, tracker: Tracker) -> Generator[Step, None, Outcome]:
    """Teach, ask, sum up."""
    task = next(iter(plan.sources.values()))
    if not isinstance(task, Copy):
        raise AgentError(f"expected task=copy for an agent of numbers, got {', '.join(plan.sources)}.")
    copier, book, lessons = _begun(plan, task, goes_on, tracker)
    try:
        yield from _taught(plan, copier, book, lessons)
    except GeneratorExit:
        book.save(copier)
        raise
    scores = _scores(plan, copier, task, book)
    return Outcome(scores, lambda: _pictures(plan, book))


def _begun(plan: Plan, task: Copy, goes_on: bool, tracker: Tracker) -> tuple[Copier, Book, Shown]:
    """Draw what is taught, make or read the agent, and only then make the folder."""
    kind, own = kind_of(plan.agent["kind"], without(plan.agent, "kind", "name"), None)
    chosen = plan.settings
    if chosen.steps is not None and "steps" in own:
        own["steps"] = chosen.steps
    copier = first_agent(plan, kind, own)
    lessons = task.lessons(_n_lessons(copier, chosen.steps), chosen.seed)
    copier.learning_from(lessons)  # which checks that it can learn from them, and takes no step yet
    if goes_on:
        found, rows = saved(plan)
        rows = [row for row in rows if found is not None and row["n_lessons"] <= found.n_lessons]
        if rows and rows[-1]["n_lessons"] == found.n_lessons:
            return found, Book(plan.place, tracker, rows, rows[-1]["n_done"]), lessons
    begin(plan)
    return copier, Book(plan.place, tracker), lessons


def _n_lessons(copier: Copier, steps: int | None) -> int:
    """How many lessons are drawn: as many as are asked for, unless steps go over them again and again."""
    is_batch = "steps" in {field.name for field in dataclasses.fields(copier.memory.config)}
    return copier.memory.n_lessons if steps is None or is_batch else steps


def _taught(plan: Plan, copier: Copier, book: Book, lessons: Shown) -> Iterator[Step]:
    """Teach what has not been taught yet."""
    n_total = copier.memory.n_steps(lessons)
    if not book.rows:
        book.add(n_done=0, n_lessons=copier.n_lessons, error=None, w=None, b=None, seconds=0.0)
    seconds = book.rows[-1]["seconds"]
    for seen in copier.learning_from(lessons) if book.rows[-1]["n_done"] < n_total else ():
        w, b = seen.line or (None, None)
        book.add(n_done=seen.n_done, n_lessons=copier.n_lessons, error=seen.error, w=w, b=b,
                 seconds=round(seconds + seen.seconds, 4))  # fmt: skip
        if plan.settings.save_every and seen.n_done - book.n_saved >= plan.settings.save_every:
            book.save(copier)
        yield Step("teaching", seen.n_done, n_total, error=seen.error)
    if book.n_saved != n_total:
        book.save(copier)


def _scores(plan: Plan, copier: Copier, task: Copy, book: Book) -> dict[str, Any]:
    """Ask numbers of the task that were never shown, and those everybody is asked."""
    tests = copier.predict_many(task.test(None, plan.settings.seed).tolist())
    errors = [abs(float(answer.error)) for answer in tests if answer.error is not None]
    line = copier.memory.line or (None, None)
    scores: dict[str, Any] = {
        "error": sum(errors) / len(errors) if errors else None,  # mean absolute, of those answered
        "unsure": 1 - len(errors) / len(tests),
        "w": line[0],
        "b": line[1],
        "n_lessons": book.rows[-1]["n_done"],
        "n_test": len(tests),
        "seconds": book.rows[-1]["seconds"],
    }
    for name, formula in plan.settings.metrics.items():
        scores[name] = value_of(formula, scores)
    asked = dict(zip(ASKED, copier.predict_many(ASKED), strict=True))
    scores["answers"] = {x: _number(answer.value) for x, answer in asked.items()}
    scores["errors"] = {x: _number(answer.error) for x, answer in asked.items()}
    scores["extrapolated"] = [x for x, answer in asked.items() if answer.extrapolated]
    return scores


def _number(value: Decimal | None) -> float | int | None:
    """Write an answer as JSON holds it: whole ones with all their digits."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _pictures(plan: Plan, book: Book) -> dict[str, bytes]:
    """Draw how the error fell."""
    curve = [(row["n_done"], row["error"], 0.0) for row in book.rows if row["error"] is not None]
    return {"learning.png": plots.errors({plan.config["agent"]["name"]: curve})} if len(curve) > 1 else {}
