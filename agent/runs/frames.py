"""Runs of agents that watch frames: a world watched and acted in, beside what costs nothing to expect or do.

A world follows from its seed and what was done in it, so what was done is kept: a run that was stopped lives through it
again, the agent only looking on, and goes on from there to the same bytes.
"""

from __future__ import annotations

import io
import math
import statistics
import time
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np

from agent import plots
from agent.errors import AgentError
from agent.metrics import value_of
from agent.runs import folders
from agent.runs.conduct import Book, Outcome, Step, begin, first_agent, saved
from agent.runs.found import kind_of
from agent.runs.plans import Plan, without
from agent.runs.tracking import Tracker
from agent.tasks.watched import USUAL_FRAMES, Frames
from agent.watcher import Watcher

ERRORS = ("error", "repeat_error", "mean_error")
CHUNK = 100  # frames of a row of progress.csv
LAST = 500  # frames whose mean score is the score
RANDOM_RUNS = 5  # lives of actors by chance


class Life:
    """A world, the agent in it, and what was done so far.

    Parameters
    ----------
    plan : agent.runs.plans.Plan
    task : agent.tasks.watched.Frames
    watcher : agent.watcher.Watcher
    """

    def __init__(self, plan: Plan, task: Frames, watcher: Watcher) -> None:
        self.watcher, self.world = watcher, task.made()
        self.frame, _ = self.world.reset(seed=plan.settings.seed)
        watcher.enter(self.world, task.world)
        self.done: list[np.ndarray] = []
        self.scores: list[float | None] = []
        self.errors: list[tuple[float | None, ...]] = []

    def live(self) -> None:
        """Watch a frame, and act."""
        seen = self.watcher.observe(self.frame)
        self.errors.append((seen.error, seen.repeat_error, seen.mean_error))
        self._do(seen.action)

    def relive(self, actions: np.ndarray) -> None:
        """Do again what was done, the agent only noting what it is compared with."""
        for action in actions:
            self.watcher.baselines.see(self.frame)
            self._do(action)
        self.errors += [(None, None, None)] * len(actions)

    def _do(self, action: np.ndarray) -> None:
        self.done.append(action)
        self.frame, _, _, _, info = self.world.step(action)
        self.scores.append(info["score"])


def conduct(plan: Plan, goes_on: bool, tracker: Tracker) -> Generator[Step, None, Outcome]:
    """Watch, act, sum up."""
    task = next(iter(plan.sources.values()))
    if not isinstance(task, Frames):
        raise AgentError(f"expected task=frames for an agent that watches, got {', '.join(plan.sources)}.")
    life, book = _begun(plan, task, goes_on, tracker)
    n_total = plan.settings.steps or USUAL_FRAMES
    try:
        yield from _watched(plan, life, book, n_total)
    except GeneratorExit:
        _save(plan, life, book)
        raise
    finally:
        life.world.close()
    chance = random_scores(task, plan.settings.seed, min(n_total, LAST * 4))
    return Outcome(_scores(plan, life, book, chance), lambda: _pictures(plan, book))


def random_scores(task: Frames, seed: int, n_frames: int) -> list[float]:
    """Mean scores of actors by chance, one for each stretch of `LAST` frames, or fewer, of each of their lives.

    None where nothing scores.

    Examples
    --------
    >>> len(random_scores(Frames("page"), seed=0, n_frames=50))
    5
    """
    found = []
    for number in range(RANDOM_RUNS):
        world, rng = task.made(), np.random.default_rng([seed, number])
        world.reset(seed=seed)
        low, high = world.action_space.low, world.action_space.high
        scores = [world.step(rng.uniform(low, high))[4]["score"] for _ in range(n_frames)]
        world.close()
        stretches = [scores[start : start + LAST] for start in range(0, n_frames, LAST)]
        found += [mean for mean in map(_mean, stretches) if mean is not None]
    return found


def _begun(plan: Plan, task: Frames, goes_on: bool, tracker: Tracker) -> tuple[Life, Book]:
    """Make the world and the agent, or live again through what the agent has lived through."""
    kind, own = kind_of(plan.agent["kind"], without(plan.agent, "kind", "name"), None)
    path = plan.place / folders.ACTIONS
    if goes_on and path.exists():
        watcher, rows = saved(plan)
        actions = np.load(path, allow_pickle=False)
        if isinstance(watcher, Watcher) and rows and rows[0]["n_lessons"] + len(actions) == watcher.n_lessons:
            life = Life(plan, task, watcher)
            life.relive(actions)
            rows = [row for row in rows if row["n_done"] <= len(actions)]
            return life, Book(plan.place, tracker, rows, len(actions))
    watcher = first_agent(plan, kind, own)
    life = Life(plan, task, watcher)
    begin(plan)
    book = Book(plan.place, tracker)
    book.add(n_done=0, n_lessons=watcher.n_lessons, **dict.fromkeys(ERRORS), score=None, seconds=0.0)
    return life, book


def _watched(plan: Plan, life: Life, book: Book, n_total: int) -> Iterator[Step]:
    """Watch what has not been watched yet, a row of the curve for every chunk of frames."""
    every, begun, before = plan.settings.save_every or n_total, time.perf_counter(), book.rows[-1]["seconds"]
    while len(life.done) < n_total:
        life.live()
        n_done = len(life.done)
        if n_done % CHUNK == 0 or n_done == n_total:
            n_new = n_done - book.rows[-1]["n_done"]
            errors = {
                name: _mean(column)
                for name, column in zip(ERRORS, zip(*life.errors[-n_new:], strict=True), strict=True)
            }
            book.add(n_done=n_done, n_lessons=life.watcher.n_lessons, **errors, score=_mean(life.scores[-n_new:]),
                     seconds=round(before + time.perf_counter() - begun, 3))  # fmt: skip
            if n_done - book.n_saved >= every:
                _save(plan, life, book)
            yield Step("watching", n_done, n_total, error=errors["error"])
    if book.n_saved != n_total:
        _save(plan, life, book)


def _save(plan: Plan, life: Life, book: Book) -> None:
    """Write the agent and what it did."""
    book.save(life.watcher)
    content = io.BytesIO()
    np.save(content, np.array(life.done, np.float32).reshape(len(life.done), -1), allow_pickle=False)
    folders.write(plan.place / folders.ACTIONS, content.getvalue())


def _scores(plan: Plan, life: Life, book: Book, chance: list[float]) -> dict[str, Any]:
    """Sum a run up: errors of the last frames, and the score beside that of actors by chance."""
    rows = book.rows[1:]
    last = [row for row in rows if row["n_done"] > rows[-1]["n_done"] - LAST]
    scores: dict[str, Any] = {name: _mean([row[name] for row in last]) for name in ERRORS}
    seconds = rows[-1]["seconds"]
    scores |= {
        "score": _mean([row["score"] for row in last]),
        "random_score": _mean(chance),
        "random_spread": statistics.stdev(chance) if len(chance) > 1 else None,
        "n_lessons": rows[-1]["n_done"],
        "frames_per_second": round(rows[-1]["n_done"] / seconds, 1) if seconds else None,
        "seconds": seconds,
    }
    for name, formula in plan.settings.metrics.items():
        scores[name] = value_of(formula, scores)
    return scores


def _pictures(plan: Plan, book: Book) -> dict[str, bytes]:
    """Draw how the errors went."""
    names = {
        "error": plan.config["agent"]["name"],
        "repeat_error": "the last frame again",
        "mean_error": "the mean so far",
    }
    curves = {title: [(row["n_done"], row[name], 0.0) for row in book.rows if row[name] is not None]
              for name, title in names.items()}  # fmt: skip
    return (
        {"learning.png": plots.errors(curves, "mean squared error")}
        if all(len(curve) > 1 for curve in curves.values())
        else {}
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None
