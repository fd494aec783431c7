"""Lessons in digits: MNIST, the digits of fonts, and data sets dropped into data/.

A `Selection` names which sets, how many of each and which labels, and draws nothing until it is asked to. It is its own
reference: the lesson log keeps `Selection.source`, and `replay` draws the same lessons from it on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent.errors import AgentError
from agent.tasks.data_sets import data_set, data_sets
from agent.tasks.figures import DIGITS
from agent.tasks.fonts import font, fonts
from agent.tasks.mnist import SPLITS, mnist, mnist_labels

NAME = "digits"
SUMMARY = "digits written by 500 people, printed in many fonts, and data sets of your own"
FONT = "font:"
MAX_SETS, MAX_LABELS, MAX_LABEL_CHARS = 256, 256, 8
MAX_SEED = 2**63 - 1
__all__ = ["Selection", "data_set", "data_sets", "font", "fonts", "mnist", "replay", "sets"]


def sets() -> tuple[str, ...]:
    """Name every set lessons can be drawn from, as `Selection` takes them.

    Examples
    --------
    >>> sets()[:2]
    ('mnist', 'font:Anton')
    """
    return ("mnist", *(FONT + name for name in fonts()), *data_sets())


@dataclass(frozen=True)
class Selection:
    """Which lessons, and in which order: a view that draws them when asked.

    The draw of one set does not depend on the others, and a larger draw holds the smaller one of the same seed.

    Attributes
    ----------
    sets : mapping of str to int or None
        How many lessons of which of `sets`, drawn without replacement; None takes all of them. Kept as sorted pairs
        (name, n).
    labels : sequence of str
        Only these; all by default.
    seed : int
        Fixes the draw and the order.
    balanced : bool
        As equally many of each label as the set has; otherwise plainly random, as the set is.
    split : str
        ``"train"``, or ``"test"`` for digits kept apart, which MNIST alone has.

    Raises
    ------
    AgentError
        An unknown set, split or label, or more lessons than there are.

    Examples
    --------
    >>> lessons = Selection({"mnist": 40, "font:Anton": None}, labels=("3", "8"), seed=1)
    >>> len(lessons), lessons.sets
    (42, (('font:Anton', 2), ('mnist', 40)))
    >>> drawings, labels = lessons.draw()
    >>> labels.count("3"), labels.count("8")
    (21, 21)
    >>> replay(lessons.source)[1] == labels
    True
    """

    sets: Mapping[str, int | None] | Sequence[tuple[str, int | None]]
    labels: Sequence[str] = ()
    seed: int = 0
    balanced: bool = True
    split: str = "train"

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", _whole(self.seed, 0, MAX_SEED, "a seed"))
        if not isinstance(self.balanced, bool):
            raise AgentError(f"expected balanced to be true or false, got {str(self.balanced)[:40]!r}.")
        if not isinstance(self.split, str) or self.split not in SPLITS:
            raise AgentError(f"expected a split among {', '.join(SPLITS)}, got {str(self.split)[:40]!r}.")
        object.__setattr__(self, "labels", _checked_labels(self.labels))
        counts = sorted(_checked_sets(self.sets, self.split).items())
        object.__setattr__(self, "sets", tuple((name, self._count(name, count)) for name, count in counts))

    def __len__(self) -> int:
        return sum(count for _, count in self.sets)

    @property
    def source(self) -> dict[str, Any]:
        """The reference `replay` draws the same lessons from: a dict that JSON can hold."""
        return {
            "task": NAME,
            "sets": dict(self.sets),
            "labels": list(self.labels),
            "seed": self.seed,
            "balanced": self.balanced,
            "split": self.split,
        }

    def draw(self) -> tuple[np.ndarray | list[np.ndarray], tuple[str, ...]]:
        """Draw the lessons.

        Returns
        -------
        drawings : numpy.ndarray or list of numpy.ndarray
            (N, H, W) uint8 when all are of one size, else a list of N drawings (H, W) uint8.
        labels : tuple of str
            N labels.
        """
        parts = [(_read(name, self.split), self._rows(name, count)) for name, count in self.sets]
        order = np.argsort(_random(self.seed, "order", len(self)), kind="stable")
        labels = [labels[row] for (_, labels), rows in parts for row in rows]
        shuffled = tuple(labels[place] for place in order)
        if len({drawings.shape[1:] for (drawings, _), _ in parts}) == 1:
            return np.concatenate([drawings[rows] for (drawings, _), rows in parts])[order], shuffled
        drawings = [drawings[row] for (drawings, _), rows in parts for row in rows]
        return [drawings[place] for place in order], shuffled

    def held_out(self, n_lessons: int, seed: int = 0) -> Selection | None:
        """Select test lessons that are never among those taught; None when no set here keeps any apart.

        Plainly random digits of MNIST's test split, with the labels of this selection.

        Examples
        --------
        >>> Selection({"mnist": 60}).held_out(500).split
        'test'
        >>> Selection({"font:Anton": 10}).held_out(500) is None
        True
        """
        if "mnist" not in dict(self.sets):
            return None
        return Selection({"mnist": n_lessons}, self.labels, seed, balanced=False, split="test")

    def _count(self, name: str, count: int | None) -> int:
        """Check how many lessons of a set are wanted; None becomes all there are."""
        there = _labels(name, self.split)
        n_there = sum(map(there.count, self.labels)) if self.labels else len(there)
        which = f" labelled {', '.join(self.labels)}" if self.labels else ""
        if not n_there:
            raise AgentError(f"expected drawings{which} in {name}, got none. Choose other labels or leave {name} out.")
        return n_there if count is None else _whole(count, 1, n_there, f"lessons{which} of {name}:")

    def _rows(self, name: str, count: int) -> np.ndarray:
        """Draw rows of a set: the first of a random order in which, when balanced, the labels take turns."""
        labels = np.array(_labels(name, self.split))
        rows = np.argsort(_random(self.seed, name, len(labels)), kind="stable")
        if self.labels:
            rows = rows[np.isin(labels[rows], self.labels)]
        if self.balanced:
            names, of_row = np.unique(labels[rows], return_inverse=True)
            turn = np.empty(len(rows), np.int64)
            for label in range(len(names)):
                mine = of_row == label
                turn[mine] = np.arange(mine.sum())
            rows = rows[np.lexsort((_random(self.seed, name + " labels", len(names))[of_row], turn))]
        return rows[:count]


def replay(source: dict[str, Any]) -> tuple[np.ndarray | list[np.ndarray], Sequence[str]]:
    """Draw the lessons of a `Selection.source` again; AgentError when it is anything else."""
    fields = {"task", "sets", "labels", "seed", "balanced", "split"}
    unknown = sorted(str(field)[:40] for field in set(source) - fields)
    if unknown or "sets" not in source:
        raise AgentError(f"expected a source with the fields {', '.join(sorted(fields))}, got {unknown or 'no sets'}.")
    if not isinstance(source["sets"], dict):
        raise AgentError(f"expected the sets of a source as a dict, got {type(source['sets']).__name__}.")
    return Selection(**{name: value for name, value in source.items() if name != "task"}).draw()


def _read(name: str, split: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a set whose name has been checked."""
    if name == "mnist":
        return mnist(split)
    return font(name.removeprefix(FONT)) if name.startswith(FONT) else data_set(name)


def _labels(name: str, split: str) -> tuple[str, ...]:
    """Give the labels of a set, without its drawings where they can be had so."""
    if name == "mnist":
        return mnist_labels(split)
    return tuple(DIGITS) if name.startswith(FONT) else data_set(name)[1]


def _random(seed: int, what: str, n_numbers: int) -> np.ndarray:
    """Draw (n,) uint64, the same on every machine: the raw stream of a bit generator is promised never to change."""
    return np.random.PCG64([seed, *what.encode()]).random_raw(n_numbers)


def _whole(value: object, lowest: int, highest: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not lowest <= value <= highest:
        raise AgentError(f"expected {what} from {lowest:,} to {highest:,}, got {str(value)[:40]}. Choose within that.")
    return int(value)


def _checked_labels(labels: object) -> tuple[str, ...]:
    """Check the labels asked for and sort them; none means all."""
    if isinstance(labels, str) or not isinstance(labels, Sequence) or len(labels) > MAX_LABELS:
        raise AgentError(f"expected at most {MAX_LABELS} labels in a list, got {str(labels)[:40]!r}.")
    for label in labels:
        if not isinstance(label, str) or not 1 <= len(label) <= MAX_LABEL_CHARS:
            raise AgentError(f"expected labels of 1 to {MAX_LABEL_CHARS} characters, got {str(label)[:40]!r}.")
    return tuple(sorted(set(labels)))


def _checked_sets(wanted: object, split: str) -> dict[str, object]:
    """Check the names of the sets asked for; their counts are checked against what they hold later."""
    try:
        pairs = [(name, count) for name, count in (wanted.items() if isinstance(wanted, Mapping) else wanted)]
    except (TypeError, ValueError) as error:
        raise AgentError(f"expected sets as a dict of name: how many, got {str(wanted)[:40]!r}.") from error
    if not 1 <= len(pairs) <= MAX_SETS or len({str(name) for name, _ in pairs}) != len(pairs):
        raise AgentError(f"expected 1 to {MAX_SETS} different sets, got {len(pairs)}. Choose at least one.")
    known = sets()
    for name, _ in pairs:
        if not isinstance(name, str) or name not in known:
            raise AgentError(f"expected sets among {', '.join(known)}, got {str(name)[:40]!r}.")
        if split == "test" and name != "mnist":
            raise AgentError(f"expected mnist alone when testing, got {name}: it keeps no drawings apart.")
    return dict(pairs)
