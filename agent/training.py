"""Teaching many lessons with a learning curve, and testing: generators, so that both can be watched and stopped."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from agent.agents import Agent
from agent.agents.pupil import Pupil
from agent.datasets import MAX_LESSONS, LabelledDrawings, labelled
from agent.datasets.digits import Selection
from agent.errors import AgentError
from agent.lessons import Bulk
from agent.metrics import Score
from agent.progress import Progress
from agent.validation import check_whole

MAX_CHUNK = 2_000  # lessons between two points at which teaching can be stopped
SCORED_AT_ONCE = 50  # drawings between two checks of the clock
DIGITS = "0123456789"


@dataclass(frozen=True)
class Mistake:
    """One test drawing answered wrong: its index, its label, and the prediction (None: unsure)."""

    index: int
    label: str
    guessed: str | None


@dataclass(frozen=True)
class Evaluation:
    """Result of a test so far."""

    n_done: int  # drawings asked so far
    n_total: int
    n_right: int
    n_unsure: int  # not answered, which counts as wrong
    confusion: np.ndarray  # (L, L + 1) int64, read-only: rows are labels, columns predictions, the last unsure
    labels: tuple[str, ...]  # the L labels of rows and columns, sorted: those the agent knows and those it was asked
    mistakes: tuple[Mistake, ...]  # every wrong or missing answer, in order

    @property
    def accuracy(self) -> float:
        """Share answered right, 0 … 1."""
        return self.n_right / self.n_done


def iter_progressive_validation(
    pupil: Pupil,
    drawings: LabelledDrawings | Iterable[object],
    labels: Iterable[object] = (),
    *,
    source: dict[str, Any] | None = None,
    start: int = 0,
    held_out: LabelledDrawings | tuple[Iterable[object], Iterable[object]] | None = None,
    n_asked: int = 200,
    n_taught: int = 0,
) -> Iterator[Progress]:
    """Progressive validation: teach lessons chunk by chunk; predict, score and learn each chunk, then report.

    In the literature: prequential evaluation (Dawid 1984). Chunks end at 10, 20, 50, 100, … lessons and hold at most
    2,000. Closing the generator between two of them stops there: the lessons taught so far stay, in the agent and in
    its log.

    Parameters
    ----------
    drawings, labels, source, start
        N lessons, as for `Pupil.learn_many`.
    held_out : (drawings, labels), optional
        Test lessons asked after every chunk; a few hundred keep the course quick.
    n_asked : int
        How many drawings of a chunk, evenly spread, are asked before it is taught.
    n_taught : int
        How many of the lessons were taught before training was stopped between two chunks: it resumes there.

    Raises
    ------
    AgentError
        At once, before the first lesson: no lessons, a blank or unreadable drawing, an invalid label, too many labels.

    Examples
    --------
    >>> from agent.agents import new
    >>> from agent.datasets.digits import Selection
    >>> lessons = Selection({"mnist": 60})
    >>> pupil = new("nearest")
    >>> [progress.n_done for progress in iter_progressive_validation(pupil, *lessons.draw(), source=lessons.source)]
    [10, 20, 50, 60]
    >>> pupil.n_lessons
    60
    """
    check_whole("n_asked", n_asked, 1, MAX_LESSONS)
    lessons = _lessons(drawings, labels, source, start)
    pupil.check_lessons(lessons)
    if n_taught not in (0, *_chunk_ends(len(lessons))):
        raise AgentError(f"expected training stopped between two chunks, got {n_taught} of {len(lessons)} lessons.")
    if held_out is not None and not isinstance(held_out, LabelledDrawings):
        held_out = _lessons(*held_out)
    return _train(pupil, lessons, held_out, n_asked, n_taught)


def evaluate(
    pupil: Pupil, drawings: LabelledDrawings | Iterable[object], labels: Iterable[object] = (), chunk: int = 200
) -> Iterator[Evaluation]:
    """Test an agent without teaching it anything.

    Yields a cumulative result after every ``chunk`` drawings; the last one is the result. Labels that the agent has
    never learned count as wrong, like unsure answers.

    Raises
    ------
    AgentError
        At once: no drawings, an unreadable one, an invalid label.

    Examples
    --------
    >>> from agent.agents import new
    >>> from agent.datasets.digits import font
    >>> pupil = new("nearest")
    >>> pupil.learn_many(*font("Carlito"))
    >>> [(seen.n_done, seen.accuracy) for seen in evaluate(pupil, *font("Carlito"), chunk=5)]
    [(5, 1.0), (10, 1.0)]
    """
    check_whole("chunk", chunk, 1, MAX_LESSONS)
    return _test(pupil, _lessons(drawings, labels), chunk)


@dataclass(frozen=True)
class Difference:
    """A drawing that two agents answered differently: its index, its label, and both predictions (None: unsure)."""

    index: int
    label: str
    first: str | None
    second: str | None


@dataclass(frozen=True)
class Comparison:
    """How two agents answered the same drawings so far."""

    n_done: int
    n_total: int
    both: int  # right by both
    first: int  # by the first alone
    second: int
    neither: int
    differing: tuple[Difference, ...]


def compare(
    one: Pupil,
    other: Pupil,
    drawings: LabelledDrawings | Iterable[object],
    labels: Iterable[object] = (),
    chunk: int = 50,
) -> Iterator[Comparison]:
    """Ask two agents the same drawings: cumulative, the last one is the result.

    Examples
    --------
    >>> from agent.agents import new
    >>> from agent.datasets.digits import font
    >>> one, other = new("nearest"), new("nearest")
    >>> one.learn_many(*font("Carlito"))
    >>> [(seen.first, seen.neither) for seen in compare(one, other, *font("Carlito"), chunk=5)]
    [(5, 0), (10, 0)]
    """
    thumbnails, names = _lessons(drawings, labels)
    counts, differing = Counter(), []
    for start in range(0, len(names), chunk):
        rows = range(start, min(start + chunk, len(names)))
        predictions = (pupil.model.predict(thumbnails[start : start + chunk]) for pupil in (one, other))
        for row, a, b in zip(rows, *predictions, strict=True):
            counts[a.label == names[row], b.label == names[row]] += 1
            if a.label != b.label:
                differing.append(Difference(row, names[row], a.label, b.label))
        right = [counts[pair] for pair in ((True, True), (True, False), (False, True), (False, False))]
        yield Comparison(rows.stop, len(names), *right, tuple(differing))


def scores(pupil: Agent, n_asked: int = 1000, budget_s: float = 10.0) -> list[Score]:
    """Score of an agent that knows the ten digits on test digits of MNIST that it was never taught; [] for others.

    It is asked at most ``n_asked`` digits, as many of each, and no more once ``budget_s`` seconds have passed.
    """
    if not isinstance(pupil, Pupil):
        return []
    bulk = [entry for entry in pupil.lessons.standing() if isinstance(entry, Bulk)]
    if not set(DIGITS) <= set(pupil.labels) or any((entry.source or {}).get("split") == "test" for entry in bulk):
        return []
    thumbnails, names = _lessons(*Selection({"mnist": n_asked}, split="test").draw())
    learned = {lesson.drawing.tobytes() for lesson in pupil.lessons.user_lessons()}
    learned |= {drawing.tobytes() for entry in bulk if entry.drawings is not None for drawing in entry.drawings}
    new = [row for row, drawing in enumerate(thumbnails) if drawing.tobytes() not in learned]
    deadline, n_right, n_done = time.perf_counter() + budget_s, 0, 0
    while n_done < len(new) and time.perf_counter() < deadline:
        rows = new[n_done : n_done + SCORED_AT_ONCE]
        guesses = pupil.model.predict(thumbnails[rows])
        n_right += sum(guess.label == names[row] for guess, row in zip(guesses, rows, strict=True))
        n_done += len(rows)
    return [Score("MNIST, test digits", n_right, n_done)] if n_done else []


def _train(
    pupil: Pupil, lessons: LabelledDrawings, held_out: LabelledDrawings | None, n_asked: int, start: int
) -> Iterator[Progress]:
    begun, n_total = time.perf_counter(), len(lessons)
    for end in _chunk_ends(n_total):
        if end <= start:
            continue
        rows = start + np.unique(np.linspace(0, end - start - 1, min(n_asked, end - start)).astype(int))
        prequential = share_right(pupil, lessons.drawings[rows], [lessons.labels[row] for row in rows])
        pupil.learn_many(lessons.between(start, end))
        accuracy = share_right(pupil, *held_out) if held_out else None
        seconds = time.perf_counter() - begun
        yield Progress(end, n_total, "teaching", accuracy, prequential, len(rows), seconds=seconds)
        start = end


def _test(pupil: Pupil, drawings: LabelledDrawings, chunk: int) -> Iterator[Evaluation]:
    thumbnails, names = drawings
    counts: Counter[tuple[str, str | None]] = Counter()  # of pairs (label, prediction)
    mistakes: list[Mistake] = []
    for start in range(0, len(names), chunk):
        guesses = pupil.model.predict(thumbnails[start : start + chunk])
        for index, guess in enumerate(guesses, start):
            counts[names[index], guess.label] += 1
            if guess.label != names[index]:
                mistakes.append(Mistake(index, names[index], guess.label))
        labels = tuple(sorted({*pupil.labels, *names, *(label for _, label in counts if label is not None)}))
        confusion = _confusion(counts, labels)
        n_done, n_unsure = start + len(guesses), int(confusion[:, -1].sum())
        yield Evaluation(n_done, len(names), n_done - len(mistakes), n_unsure, confusion, labels, tuple(mistakes))


def _confusion(counts: Counter[tuple[str, str | None]], labels: tuple[str, ...]) -> np.ndarray:
    """Confusion table of counted pairs (label, prediction): (L, L + 1) int64, read-only."""
    place = {label: number for number, label in enumerate(labels)}
    confusion = np.zeros((len(labels), len(labels) + 1), np.int64)
    for (label, guessed), n_times in counts.items():
        confusion[place[label], -1 if guessed is None else place[guessed]] = n_times
    confusion.setflags(write=False)
    return confusion


def _lessons(
    drawings: LabelledDrawings | Iterable[object],
    labels: Iterable[object] = (),
    source: dict[str, Any] | None = None,
    start: int = 0,
) -> LabelledDrawings:
    """Preprocess lessons; AgentError when there are none."""
    lessons = labelled(drawings, labels, source, start)
    if not lessons.labels:
        raise AgentError("expected at least 1 lesson, got none. Choose some first.")
    return lessons


def share_right(pupil: Pupil, thumbnails: np.ndarray, names: Sequence[str]) -> float:
    """Ask an agent (N, 28, 28) uint8 thumbnails and give the share that it answers with these N labels."""
    guesses = pupil.model.predict(thumbnails)
    return sum(guess.label == name for guess, name in zip(guesses, names, strict=True)) / len(names)


def _chunk_ends(n_total: int) -> Iterator[int]:
    """Give the numbers of lessons after which to report.

    >>> list(_chunk_ends(8_000))
    [10, 20, 50, 100, 200, 500, 1000, 2000, 4000, 5000, 7000, 8000]
    """
    end = 0
    round_numbers = (digit * 10**power for power in count(1) for digit in (1, 2, 5))
    for round_number in round_numbers:
        while end < min(round_number, n_total):
            end = min(round_number, n_total, end + MAX_CHUNK)
            yield end
        if end == n_total:
            return
