"""Teaching many lessons with a learning curve, and testing: generators, so that both can be watched and stopped."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from agent import retina
from agent.card import Score
from agent.errors import AgentError
from agent.families import Agent
from agent.labels import clean_labels
from agent.lessons import Bulk
from agent.pupil import Pupil
from agent.tasks.digits import Selection

MAX_CHUNK = 2_000  # lessons between two looks at the Stop button
SCORED_AT_ONCE = 50  # drawings between two looks at the clock
DIGITS = "0123456789"


@dataclass(frozen=True)
class Progress:
    """Where a course of lessons stands after a chunk; shares are 0 … 1."""

    n_done: int  # lessons taught so far
    n_total: int
    right_before_told: float  # share of the chunk's drawings answered right before their labels were told
    accuracy_held_out: float | None  # share of the held-out drawings answered right now; None without any
    seconds: float  # since the first lesson
    n_asked: int  # drawings behind right_before_told, evenly spread over the chunk


@dataclass(frozen=True)
class Mistake:
    """One test drawing answered wrong: its index, what it is, and what the agent said (None: unsure)."""

    index: int
    label: str
    guessed: str | None


@dataclass(frozen=True)
class Evaluation:
    """What a test has shown so far."""

    n_done: int  # drawings asked so far
    n_total: int
    n_right: int
    n_unsure: int  # not answered, which counts as wrong
    confusion: np.ndarray  # (L, L + 1) int64, read-only: rows what it was, columns what was said, the last unsure
    labels: tuple[str, ...]  # the L labels of rows and columns, sorted: those the agent knows and those it was asked
    mistakes: tuple[Mistake, ...]  # every wrong or missing answer, in order

    @property
    def accuracy(self) -> float:
        """Share answered right, 0 … 1."""
        return self.n_right / self.n_done


def progressive(
    pupil: Pupil,
    drawings: Iterable[object],
    labels: Iterable[object],
    *,
    source: dict[str, Any] | None = None,
    start: int = 0,
    held_out: tuple[Iterable[object], Iterable[object]] | None = None,
    n_asked: int = 200,
    n_taught: int = 0,
) -> Iterator[Progress]:
    """Teach lessons chunk by chunk: predict, score, learn (prequential evaluation), then tell how it went.

    Chunks end at 10, 20, 50, 100, … lessons and hold at most 2,000. Closing the generator between two of them stops the
    course: the lessons taught so far stay, in the agent and in its log.

    Parameters
    ----------
    pupil : Pupil
        Who learns.
    drawings, labels
        N lessons, as for `Pupil.learn_many`.
    source : dict, optional
        Where they come from, for the log: `agent.tasks.digits.Selection.source`.
    start : int
        Which of the source's lessons is the first of these.
    held_out : (drawings, labels), optional
        Test lessons asked after every chunk; a few hundred keep the course quick.
    n_asked : int
        How many drawings of a chunk, evenly spread, are asked before it is taught.
    n_taught : int
        How many of the lessons a course that was stopped between two chunks has taught already: it goes on there.

    Returns
    -------
    iterator of Progress
        One a chunk.

    Raises
    ------
    AgentError
        At once, before the first lesson: no lessons, a blank or unreadable drawing, a label that is none, too many
        labels.

    Examples
    --------
    >>> from agent.families import new
    >>> from agent.tasks.digits import Selection
    >>> lessons = Selection({"mnist": 60})
    >>> pupil = new("nearest")
    >>> [progress.n_done for progress in progressive(pupil, *lessons.draw(), source=lessons.source)]
    [10, 20, 50, 60]
    >>> pupil.n_lessons
    60
    """
    if isinstance(n_asked, bool) or not isinstance(n_asked, int) or n_asked < 1:
        raise AgentError(f"expected at least 1 drawing asked of each chunk, got {n_asked!r}.")
    kept, names = _lessons(drawings, labels)
    n_labels, limit = len({*pupil.labels, *names}), pupil.memory.MAX_LABELS
    if n_labels > limit:
        raise AgentError(f"expected at most {limit} labels, got {n_labels}. Leave some out or start another agent.")
    blank = np.flatnonzero(~kept.any(axis=(1, 2)))
    if len(blank):
        raise AgentError(f"expected ink in every drawing, got {len(blank)} blank ones, the first at {blank[0]}.")
    if n_taught not in (0, *_chunk_ends(len(names))):
        raise AgentError(f"expected a course stopped between two chunks, got {n_taught} of {len(names)} lessons.")
    return _course(pupil, (kept, names), (source, start), held_out and _lessons(*held_out), n_asked, n_taught)


def evaluate(
    pupil: Pupil, drawings: Iterable[object], labels: Iterable[object], chunk: int = 200
) -> Iterator[Evaluation]:
    """Test an agent without teaching it anything.

    Parameters
    ----------
    pupil : Pupil
        Who is asked.
    drawings, labels
        N drawings and what they are. Labels the agent has never learned count as wrong, like unsure answers.
    chunk : int
        How many drawings to ask between two snapshots.

    Returns
    -------
    iterator of Evaluation
        Cumulative; the last one is the result.

    Raises
    ------
    AgentError
        At once: no drawings, an unreadable one, a label that is none.

    Examples
    --------
    >>> from agent.families import new
    >>> from agent.tasks.digits import font
    >>> pupil = new("nearest")
    >>> pupil.learn_many(*font("Carlito"))
    >>> [(seen.n_done, seen.accuracy) for seen in evaluate(pupil, *font("Carlito"), chunk=5)]
    [(5, 1.0), (10, 1.0)]
    """
    if isinstance(chunk, bool) or not isinstance(chunk, int) or chunk < 1:
        raise AgentError(f"expected at least 1 drawing between two snapshots, got {chunk!r}.")
    kept, names = _lessons(drawings, labels)
    return _test(pupil, kept, names, chunk)


@dataclass(frozen=True)
class Difference:
    """A drawing that two agents answered differently: its index, what it is, and what each said (None: unsure)."""

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
    one: Pupil, other: Pupil, drawings: Iterable[object], labels: Iterable[object], chunk: int = 50
) -> Iterator[Comparison]:
    """Ask two agents the same drawings: cumulative, the last one is the result.

    Examples
    --------
    >>> from agent.families import new
    >>> from agent.tasks.digits import font
    >>> one, other = new("nearest"), new("nearest")
    >>> one.learn_many(*font("Carlito"))
    >>> [(seen.first, seen.neither) for seen in compare(one, other, *font("Carlito"), chunk=5)]
    [(5, 0), (10, 0)]
    """
    kept, names = _lessons(drawings, labels)
    counts, differing = Counter(), []
    for start in range(0, len(names), chunk):
        rows = range(start, min(start + chunk, len(names)))
        said = (each.predict_many(kept[start : start + chunk]) for each in (one, other))
        for row, a, b in zip(rows, *said, strict=True):
            counts[a.label == names[row], b.label == names[row]] += 1
            if a.label != b.label:
                differing.append(Difference(row, names[row], a.label, b.label))
        right = [counts[pair] for pair in ((True, True), (True, False), (False, True), (False, False))]
        yield Comparison(rows.stop, len(names), *right, tuple(differing))


def scores(pupil: Agent, n_asked: int = 1000, budget_s: float = 10.0) -> list[Score]:
    """Ask an agent that knows the ten digits some test digits of MNIST that it was never taught.

    Parameters
    ----------
    pupil : Agent
        Who is asked; of another family than drawings nothing is.
    n_asked : int
        How many at most, as many of each digit.
    budget_s : float
        Seconds after which no more are asked: slow agents are asked fewer.

    Returns
    -------
    list of Score
        One, or none where digits are not known.
    """
    if not isinstance(pupil, Pupil):
        return []
    bulk = [entry for entry in pupil.lessons.standing() if isinstance(entry, Bulk)]
    if not set(DIGITS) <= set(pupil.labels) or any((entry.source or {}).get("split") == "test" for entry in bulk):
        return []
    kept, names = _lessons(*Selection({"mnist": n_asked}, split="test").draw())
    taught = {lesson.drawing.tobytes() for lesson in pupil.lessons.own()}
    taught |= {drawing.tobytes() for entry in bulk if entry.drawings is not None for drawing in entry.drawings}
    new = [row for row, drawing in enumerate(kept) if drawing.tobytes() not in taught]
    deadline, n_right, n_done = time.perf_counter() + budget_s, 0, 0
    while n_done < len(new) and time.perf_counter() < deadline:
        rows = new[n_done : n_done + SCORED_AT_ONCE]
        guesses = pupil.predict_many(kept[rows])
        n_right += sum(guess.label == names[row] for guess, row in zip(guesses, rows, strict=True))
        n_done += len(rows)
    return [Score("MNIST, test digits", n_right, n_done)] if n_done else []


def _course(
    pupil: Pupil,
    lessons: tuple[np.ndarray, Sequence[str]],
    source: tuple[dict[str, Any] | None, int],
    held_out: tuple[np.ndarray, list[str]] | None,
    n_asked: int,
    start: int,
) -> Iterator[Progress]:
    begun, (kept, names) = time.perf_counter(), lessons
    for end in _chunk_ends(len(names)):
        if end <= start:
            continue
        asked = start + np.unique(np.linspace(0, end - start - 1, min(n_asked, end - start)).astype(int))
        before = share_right(pupil, kept[asked], [names[row] for row in asked])
        pupil.learn_many(kept[start:end], names[start:end], source=source[0], start=source[1] + start)
        after = share_right(pupil, *held_out) if held_out else None
        yield Progress(end, len(names), before, after, time.perf_counter() - begun, len(asked))
        start = end


def _test(pupil: Pupil, kept: np.ndarray, names: list[str], chunk: int) -> Iterator[Evaluation]:
    said: Counter[tuple[str, str | None]] = Counter()
    mistakes: list[Mistake] = []
    for start in range(0, len(names), chunk):
        guesses = pupil.predict_many(kept[start : start + chunk])
        for index, guess in enumerate(guesses, start):
            said[names[index], guess.label] += 1
            if guess.label != names[index]:
                mistakes.append(Mistake(index, names[index], guess.label))
        labels = tuple(sorted({*pupil.labels, *names, *(label for _, label in said if label is not None)}))
        confusion = _confusion(said, labels)
        n_done, n_unsure = start + len(guesses), int(confusion[:, -1].sum())
        yield Evaluation(n_done, len(names), n_done - len(mistakes), n_unsure, confusion, labels, tuple(mistakes))


def _confusion(said: Counter[tuple[str, str | None]], labels: tuple[str, ...]) -> np.ndarray:
    """Count (what it was, what was said) into a table: (L, L + 1) int64, read-only."""
    place = {label: number for number, label in enumerate(labels)}
    confusion = np.zeros((len(labels), len(labels) + 1), np.int64)
    for (label, guessed), n_times in said.items():
        confusion[place[label], -1 if guessed is None else place[guessed]] = n_times
    confusion.setflags(write=False)
    return confusion


def _lessons(drawings: Iterable[object], labels: Iterable[object]) -> tuple[np.ndarray, list[str]]:
    """Check lessons and pass their drawings through the gate: (N, 28, 28) uint8 and N labels."""
    names = clean_labels(labels)
    kept = retina.keep_many(drawings)
    if len(kept) != len(names):
        raise AgentError(f"expected as many labels as drawings, got {len(kept)} drawings and {len(names)} labels.")
    if not names:
        raise AgentError("expected at least 1 lesson, got none. Choose some first.")
    return kept, names


def share_right(pupil: Pupil, kept: np.ndarray, names: Sequence[str]) -> float:
    """Ask an agent (N, 28, 28) kept drawings and give the share that it answers with these N labels."""
    guesses = pupil.predict_many(kept)
    return sum(guess.label == name for guess, name in zip(guesses, names, strict=True)) / len(names)


def _chunk_ends(n_total: int) -> Iterator[int]:
    """Give the numbers of lessons after which to report.

    Examples
    --------
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
