"""Digit datasets: MNIST, the digits of fonts, and the data sets in data/.

A `Selection` says how many lessons of which sets and labels, and draws them on demand. Lesson logs store its `source`,
from which `lazy` draws the same lessons on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from agent.datasets.files import SPLITS, LazyDrawings, data_set, data_sets, mnist, mnist_labels
from agent.datasets.fonts import DIGITS, font, fonts
from agent.errors import AgentError
from agent.validation import check_bool, check_choice, check_whole

NAME = "digits"
SUMMARY = "digits written by 500 people, printed in many fonts, and data sets of your own"
FONT = "font:"
MAX_SETS, MAX_LABELS, MAX_LABEL_CHARS = 256, 256, 8
MAX_SEED = 2**63 - 1
__all__ = ["Selection", "data_set", "data_sets", "font", "fonts", "lazy", "mnist", "sets"]


def sets() -> tuple[str, ...]:
    """Names of all sets, as `Selection` takes them.

    Examples
    --------
    >>> sets()[:2]
    ('mnist', 'font:Anton')
    """
    return ("mnist", *(FONT + name for name in fonts()), *data_sets())


@dataclass(frozen=True)
class Selection:
    """A reproducible, lazy selection of lessons in random order.

    The draw of one set does not depend on the others, and a larger draw contains the smaller one of the same seed.
    ``sets`` are names with the number of lessons to draw, None for all; if ``balanced``, there are as many of each
    label as the sets have. The ``split`` is "train" or "test", which MNIST alone has.

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
    """

    # lessons to draw of each of `sets`, without replacement; None for all. Stored as sorted pairs (name, n)
    sets: Mapping[str, int | None] | Sequence[tuple[str, int | None]]
    labels: Sequence[str] = ()  # to draw; all by default
    seed: int = 0  # fixes the draw and the order
    balanced: bool = True  # the same number of each label, as far as the set has them; otherwise uniformly random
    split: str = "train"  # or "test", which only MNIST has

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", check_whole("seed", self.seed, 0, MAX_SEED))
        check_bool("balanced", self.balanced)
        check_choice("a split", self.split, SPLITS)
        object.__setattr__(self, "labels", _check_labels(self.labels))
        counts = sorted(_check_sets(self.sets, self.split).items())
        object.__setattr__(self, "sets", tuple((name, self._count(name, count)) for name, count in counts))

    def __len__(self) -> int:
        return sum(count for _, count in self.sets)

    @property
    def source(self) -> dict[str, Any]:
        """Reference for `lazy`: a dict that JSON can hold."""
        return {"task": NAME, **vars(self), "sets": dict(self.sets), "labels": list(self.labels)}

    def draw(self) -> tuple[np.ndarray | list[np.ndarray], tuple[str, ...]]:
        """Draw the lessons: (N, H, W) uint8, or a list of N drawings of different sizes, and N labels."""
        return self.lazy().all()

    def lazy(self) -> LazyDrawings:
        """Give the lessons, to be drawn when they are asked for."""
        parts = [(_read(name, self.split), self._rows(name, count)) for name, count in self.sets]
        order = np.argsort(_random(self.seed, "order", len(self)), kind="stable")
        labels = [labels[row] for (_, labels), rows in parts for row in rows]
        of_part = np.repeat(np.arange(len(parts)), [len(rows) for _, rows in parts])[order]
        of_row = np.concatenate([rows for _, rows in parts])[order]
        sets = [drawings for (drawings, _), _ in parts]

        def draw(places: np.ndarray) -> np.ndarray | list[np.ndarray]:
            part_ids, rows = of_part[places], of_row[places]
            if len({drawings.shape[1:] for drawings in sets}) > 1:
                return [sets[part][row] for part, row in zip(part_ids, rows, strict=True)]
            selected = np.empty((len(places), *sets[0].shape[1:]), np.uint8)
            for part, drawings in enumerate(sets):
                selected[part_ids == part] = drawings[rows[part_ids == part]]
            return selected

        return LazyDrawings(tuple(labels[place] for place in order), draw)

    def held_out(self, n_lessons: int, seed: int = 0) -> Selection | None:
        """Select test lessons that are never among the training lessons; None without MNIST.

        Uniformly random digits of MNIST's test split, with the labels of this selection.

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
        """Check the number of lessons of a set; None becomes all of them."""
        all_labels = _labels(name, self.split)
        n_available = sum(map(all_labels.count, self.labels)) if self.labels else len(all_labels)
        which = f" labelled {', '.join(self.labels)}" if self.labels else ""
        if not n_available:
            raise AgentError(f"expected drawings{which} in {name}, got none. Choose other labels or leave {name} out.")
        return n_available if count is None else check_whole(f"lessons{which} of {name}", count, 1, n_available)

    def _rows(self, name: str, count: int) -> np.ndarray:
        """Draw rows of a set in random order; if balanced, labels alternate."""
        labels = np.array(_labels(name, self.split))
        rows = np.argsort(_random(self.seed, name, len(labels)), kind="stable")
        if self.labels:
            rows = rows[np.isin(labels[rows], self.labels)]
        if self.balanced:
            names, of_row = np.unique(labels[rows], return_inverse=True)
            turn = np.empty(len(rows), np.int64)
            for label in range(len(names)):
                rows_of_label = of_row == label
                turn[rows_of_label] = np.arange(rows_of_label.sum())
            rows = rows[np.lexsort((_random(self.seed, name + " labels", len(names))[of_row], turn))]
        return rows[:count]


def lazy(source: dict[str, Any]) -> LazyDrawings:
    """Give the lessons of a `Selection.source` again; AgentError when it is anything else."""
    known = {"task", *(field.name for field in fields(Selection))}
    unknown = sorted(str(field)[:40] for field in set(source) - known)
    if unknown or "sets" not in source:
        raise AgentError(f"expected a source with the fields {', '.join(sorted(known))}, got {unknown or 'no sets'}.")
    if not isinstance(source["sets"], dict):
        raise AgentError(f"expected the sets of a source as a dict, got {type(source['sets']).__name__}.")
    return Selection(**{name: value for name, value in source.items() if name != "task"}).lazy()


def _read(name: str, split: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a set of a valid name."""
    if name == "mnist":
        return mnist(split)
    return font(name.removeprefix(FONT)) if name.startswith(FONT) else data_set(name)


def _labels(name: str, split: str) -> tuple[str, ...]:
    """Labels of a set, if possible without reading its drawings."""
    if name == "mnist":
        return mnist_labels(split)
    return tuple(DIGITS) if name.startswith(FONT) else data_set(name)[1]


def _random(seed: int, what: str, n_numbers: int) -> np.ndarray:
    """Draw (n,) uint64, the same on every machine: NumPy guarantees the raw stream of a bit generator."""
    return np.random.PCG64([seed, *what.encode()]).random_raw(n_numbers)


def _check_labels(labels: object) -> tuple[str, ...]:
    """Check and sort a choice of labels; none means all."""
    if isinstance(labels, str) or not isinstance(labels, Sequence) or len(labels) > MAX_LABELS:
        raise AgentError(f"expected at most {MAX_LABELS} labels in a list, got {str(labels)[:40]!r}.")
    for label in labels:
        if not isinstance(label, str) or not 1 <= len(label) <= MAX_LABEL_CHARS:
            raise AgentError(f"expected labels of 1 to {MAX_LABEL_CHARS} characters, got {str(label)[:40]!r}.")
    return tuple(sorted(set(labels)))


def _check_sets(given: object, split: str) -> dict[str, object]:
    """Check the names of sets; counts are checked against the sets later."""
    try:
        pairs = [(name, count) for name, count in (given.items() if isinstance(given, Mapping) else given)]
    except (TypeError, ValueError) as error:
        raise AgentError(f"expected sets as a dict of name: how many, got {str(given)[:40]!r}.") from error
    if not 1 <= len(pairs) <= MAX_SETS or len({str(name) for name, _ in pairs}) != len(pairs):
        raise AgentError(f"expected 1 to {MAX_SETS} different sets, got {len(pairs)}. Choose at least one.")
    names = sets()
    for name, _ in pairs:
        if not isinstance(name, str) or name not in names:
            raise AgentError(f"expected sets among {', '.join(names)}, got {str(name)[:40]!r}.")
        if split == "test" and name != "mnist":
            raise AgentError(f"expected mnist alone when testing, got {name}: it keeps no drawings apart.")
    return dict(pairs)
