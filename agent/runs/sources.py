"""Tasks as runs know them: what they teach, and what they keep apart to ask. To add one, write its class below."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from agent import retina
from agent.errors import AgentError, nearest
from agent.labels import clean_labels
from agent.runs.found import class_of, is_path
from agent.tasks import data_sets, digits, strokes
from agent.tasks.copy import Copy
from agent.tasks.mixed import shuffled
from agent.tasks.watched import Frames

EVERY = 5  # of a set without a test of its own, every so many-th drawing is kept apart, and every so many-th font
TEST_SEED = 2**40  # added to a seed where a pen draws the test
N_DRAWN_TEST = 1000
METHODS = ("lessons", "test")
DRAWINGS, DEFAULT_AGENT = "drawings", "recall"
Pairs = tuple[Sequence[np.ndarray] | np.ndarray, Sequence[str]]


@dataclass(frozen=True)
class Drawn:
    """Lessons or test drawings: (N, 28, 28) uint8 kept, their labels, and where they can be had again."""

    drawings: np.ndarray
    labels: tuple[str, ...]
    source: dict[str, Any] | None = None
    start: int = 0

    def first(self, n_drawings: int | None) -> Drawn:
        """Give the first so many of them, or all."""
        return dataclasses.replace(self, drawings=self.drawings[:n_drawings], labels=self.labels[:n_drawings])


class Source(Protocol):
    """A task as a run knows it: a frozen dataclass of its settings, every one with a default.

    ``lessons(n_lessons, seed)`` and ``test(n_drawings, seed)`` give (drawings, labels), and where None is asked for
    all there are. What ``test`` gives is never among the lessons of that seed.
    """

    NAME: ClassVar[str]
    SUMMARY: ClassVar[str]
    FAMILY: ClassVar[str] = DRAWINGS  # of the agents that it teaches; others than drawings have methods of their own
    AGENT: ClassVar[str] = DEFAULT_AGENT  # who is taught where nobody is named

    def lessons(self, n_lessons: int | None, seed: int) -> Drawn | Pairs:
        """Draw so many lessons; AgentError when there are not so many."""

    def test(self, n_drawings: int | None, seed: int) -> Drawn | Pairs:
        """Draw at most so many drawings to ask."""


@dataclass(frozen=True)
class Digits:
    """Digits of MNIST, of fonts and of data sets, asked the digits that MNIST keeps apart."""

    NAME: ClassVar[str] = "digits"
    SUMMARY: ClassVar[str] = "digits that 500 people wrote; asked 10,000 digits of others"
    sets: Mapping[str, int | None] = field(default_factory=lambda: {"mnist": None})  # at most how many of each
    labels: Sequence[str] = ()  # only these; none: all
    balanced: bool = True  # as many of each label as there are

    def lessons(self, n_lessons: int | None, seed: int) -> Drawn:
        names = _texts(self.labels, "task.labels")
        if not isinstance(self.sets, Mapping) or not self.sets:
            raise AgentError(f"expected task.sets as name: how many, got {str(self.sets)[:40]!r}. Null takes all.")
        for name in self.sets:
            if name not in digits.sets():
                known = ", ".join(digits.sets())
                raise AgentError(
                    f"expected sets among {known}, got {str(name)[:40]!r}.{nearest(name, digits.sets())}"
                )
        all_of = digits.Selection(self.sets, names, seed, self.balanced)
        wanted = len(all_of) if n_lessons is None else n_lessons
        if wanted > len(all_of):
            raise AgentError(f"expected lessons from 1 to {len(all_of):,} in {', '.join(self.sets)}, got {wanted:,}.")
        selection = digits.Selection(_spread(wanted, dict(all_of.sets)), names, seed, self.balanced)
        lessons = drawn(selection.draw(), selection.source)
        lost = sorted(set(names) - set(lessons.labels)) if wanted >= len(names) and self.balanced else []
        if lost:
            raise AgentError(f"expected labels that {', '.join(self.sets)} have, got none of {', '.join(lost)}.")
        return lessons

    def test(self, n_drawings: int | None, seed: int) -> Drawn:
        names = _texts(self.labels, "task.labels")
        there = sum(not names or label in names for label in digits.mnist("test")[1])
        count = min(there, n_drawings or there) or None
        return drawn(digits.Selection({"mnist": count}, names, 0, balanced=False, split="test").draw())


@dataclass(frozen=True)
class Fonts:
    """Printed digits: some fonts are taught, every fifth of all there are is asked."""

    NAME: ClassVar[str] = "fonts"
    SUMMARY: ClassVar[str] = "digits printed in many fonts; asked in others"
    fonts: Sequence[str] = ()  # those taught; none: all that are not asked

    def lessons(self, n_lessons: int | None, seed: int) -> Drawn:
        taught = [digits.FONT + name for name in _texts(self.fonts, "task.fonts") or self._all(asked=False)]
        return Digits(dict.fromkeys(taught)).lessons(n_lessons, seed)

    def test(self, n_drawings: int | None, seed: int) -> Drawn:
        asked = [name for name in self._all(asked=True) if name not in self.fonts]
        if not asked:
            raise AgentError("expected a font to ask that is not taught, got none. Name fewer fonts to teach.")
        selection = digits.Selection(dict.fromkeys(digits.FONT + name for name in asked))
        return drawn(selection.draw()).first(n_drawings)

    def _all(self, asked: bool) -> list[str]:
        return [name for place, name in enumerate(digits.fonts(), 1) if (place % EVERY == 0) == asked]


@dataclass(frozen=True)
class Strokes:
    """Digits drawn by an unsteady pen; asked those of another hand."""

    NAME: ClassVar[str] = "strokes"
    SUMMARY: ClassVar[str] = strokes.SUMMARY
    labels: Sequence[str] = ()  # only these; none: all
    styles: Sequence[str] = ()  # only these ways to write them; none: all
    balanced: bool = True

    def lessons(self, n_lessons: int | None, seed: int) -> Drawn:
        return self._drawn(strokes.MAX_LESSONS if n_lessons is None else n_lessons, seed)

    def test(self, n_drawings: int | None, seed: int) -> Drawn:
        return self._drawn(N_DRAWN_TEST if n_drawings is None else n_drawings, seed + TEST_SEED)

    def _drawn(self, count: int, seed: int) -> Drawn:
        names = _texts(self.labels, "task.labels")
        selection = strokes.Selection(count, names, _texts(self.styles, "task.styles"), seed, self.balanced)
        return drawn(selection.draw(), selection.source)


@dataclass(frozen=True)
class DataSet:
    """Drawings and labels of a file of one's own; every fifth drawing is kept apart."""

    NAME: ClassVar[str] = "data_set"
    SUMMARY: ClassVar[str] = "drawings of your own: task=./FILE.npz, with the arrays drawings and labels"
    path: str = ""  # the file, or the name of one in data/

    def lessons(self, n_lessons: int | None, seed: int) -> Drawn:
        drawings, labels, order = self._read(seed)
        there = order[len(order) // EVERY :]
        if n_lessons is not None and n_lessons > len(there):
            raise AgentError(f"expected lessons from 1 to {len(there):,} in {self.path}, got {n_lessons:,}.")
        rows = there[:n_lessons]
        return drawn((drawings[rows], [labels[row] for row in rows]))

    def test(self, n_drawings: int | None, seed: int) -> Drawn:
        drawings, labels, order = self._read(seed)
        rows = order[: len(order) // EVERY][:n_drawings]
        if not len(rows):
            raise AgentError(f"expected at least {EVERY} drawings in {self.path}, got {len(order)}.")
        return drawn((drawings[rows], [labels[row] for row in rows]))

    def _read(self, seed: int) -> tuple[np.ndarray, tuple[str, ...], np.ndarray]:
        if not self.path:
            raise AgentError("expected a file of drawings and labels, got none. Say task=./FILE.npz.")
        known = self.path in data_sets.data_sets()
        drawings, labels = (data_sets.data_set if known else _own_file)(self.path)
        return drawings, labels, shuffled(len(labels), seed)


@dataclass(frozen=True)
class Generate:
    """Digits are taught, then drawn from memory onto a sheet."""

    NAME: ClassVar[str] = "generate"
    SUMMARY: ClassVar[str] = "draws from memory what it was taught, or what the agent to load knows, onto a sheet"
    n_drawings: int = 20  # of each label
    sets: Mapping[str, int | None] = field(default_factory=lambda: {"mnist": None})

    def __post_init__(self) -> None:
        if type(self.n_drawings) is not int or not 1 <= self.n_drawings <= 100:
            raise AgentError(f"expected task.n_drawings as a whole number from 1 to 100, got {self.n_drawings!r}.")

    def lessons(self, n_lessons: int | None, seed: int) -> Drawn:
        return Digits(self.sets).lessons(n_lessons, seed)

    def test(self, n_drawings: int | None, seed: int) -> Drawn:
        return Digits(self.sets).test(n_drawings, seed)


_ALL = (Digits, Fonts, Strokes, DataSet, Generate, Copy, Frames)
SOURCES: dict[str, type[Source]] = {source.NAME: source for source in _ALL}


def source_of(name: object, given: Mapping[str, Any]) -> Source:
    """Find a task by its name, by the path of its class or by the path of its data, and set it up.

    Examples
    --------
    >>> source_of("digits", {"balanced": False})
    Digits(sets={'mnist': None}, labels=(), balanced=False)
    """
    if isinstance(name, str) and name.endswith(".npz"):
        return DataSet(**{"path": name, **given})
    if is_path(name):
        found = class_of(str(name))
        for method in METHODS:
            if not callable(getattr(found, method, None)):
                raise AgentError(f"expected {name} to have {' and '.join(METHODS)}, got none named {method}.")
    elif isinstance(name, str) and name in SOURCES:
        found = SOURCES[name]
        known = [each.name for each in dataclasses.fields(found)]
        for setting in given:
            if setting not in known:
                hint = nearest(setting, known)
                raise AgentError(f"expected settings of {name} among {', '.join(known)}, got {setting}.{hint}")
        if type(given.get("balanced", True)) is not bool:
            raise AgentError(f"expected task.balanced as true or false, got {given['balanced']!r}.")
    else:
        hint = nearest(name, SOURCES)
        raise AgentError(
            f"expected a task among {', '.join(SOURCES)}, FILE.npz or FILE.py:Class, got {str(name)[:60]!r}.{hint}"
        )
    try:
        return found(**given)
    except TypeError as error:
        raise AgentError(f"expected settings that {name} takes, got {', '.join(given) or 'none'} ({error}).") from error


def drawn(pairs: Drawn | Sequence[Any], source: dict[str, Any] | None = None) -> Drawn:
    """Check what a task drew and pass it through the gate."""
    if isinstance(pairs, Drawn):
        return pairs
    if not isinstance(pairs, Sequence) or len(pairs) != 2 or len(pairs[0]) != len(pairs[1]):
        raise AgentError(f"expected a task to draw (drawings, labels), as many of each, got {type(pairs).__name__}.")
    drawings, labels = pairs
    if not len(labels):
        raise AgentError("expected a task to draw at least 1 lesson, got none.")
    return Drawn(retina.keep_many(drawings), tuple(clean_labels(labels)), source)


def _own_file(path: str) -> tuple[np.ndarray, tuple[str, ...]]:
    if not Path(path).is_file():
        hint = nearest(Path(path).name, [file.name for file in Path(path).parent.glob("*.npz")])
        raise AgentError(f"expected a file of drawings and labels, got nothing at {path}.{hint}")
    return data_sets.read_npz(Path(path))


def _spread(wanted: int, sizes: Mapping[str, int]) -> dict[str, int]:
    """Take so many lessons from sets, of each in proportion to its size.

    Examples
    --------
    >>> _spread(5, {"a": 10, "b": 10, "c": 1})
    {'a': 3, 'b': 2}
    """
    total, counts, before = sum(sizes.values()), {}, 0
    for name, size in sizes.items():
        upto = -(-wanted * (before + size) // total)
        counts[name] = upto - -(-wanted * before // total)
        before += size
    return {name: count for name, count in counts.items() if count}


def _texts(values: object, what: str) -> list[str]:
    """Read a list of words; numbers are words too."""
    if isinstance(values, (str, int)) and not isinstance(values, bool):
        values = [values]
    if not isinstance(values, Sequence):
        raise AgentError(f"expected {what} as a list, got {str(values)[:40]!r}.")
    return [str(value) for value in values]
