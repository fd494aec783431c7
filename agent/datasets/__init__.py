"""Labelled drawings: MNIST, fonts, data sets of the user, synthetic handwriting, and mixtures of these.

A dataset that lesson logs refer to is a module with ``NAME``, ``SUMMARY`` and ``lazy(source) -> LazyDrawings``;
to add one, write its file and add it to `TASKS`. A mixture of several is itself such a reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from agent import preprocessing
from agent.datasets import digits, strokes
from agent.datasets.files import LazyDrawings, mnist
from agent.errors import AgentError
from agent.validation import check_whole, clean_labels

TASKS: dict[str, ModuleType] = {task.NAME: task for task in (digits, strokes)}
MIXTURE = "mixed"  # the task of a mixture's source
MAX_PARTS = 64
MAX_LESSONS = 200_000  # of all parts together: 157 MB of drawings of 28 x 28
MAX_SEED = 2**63 - 1

__all__ = [
    "LabelledDrawings",
    "LazyDrawings",
    "MAX_LESSONS",
    "MAX_PARTS",
    "TASKS",
    "digits",
    "labelled",
    "lazy",
    "mixture",
    "mnist",
    "replay",
    "shuffled",
    "strokes",
]


@dataclass(frozen=True)
class LabelledDrawings:
    """Preprocessed drawings and their labels, to learn or to test with; unpacks as ``drawings, labels``.

    Examples
    --------
    >>> lessons = labelled(*mnist("test")).first(3)
    >>> drawings, labels = lessons
    >>> drawings.shape, labels, len(lessons)
    ((3, 28, 28), ('7', '2', '1'), 3)
    """

    drawings: np.ndarray  # (N, 28, 28) uint8 thumbnails
    labels: tuple[str, ...]
    source: dict[str, Any] | None = None  # the reference from which `replay` draws them again
    start: int = 0  # which of the source's lessons is the first of these

    def __iter__(self) -> Iterator[Any]:
        return iter((self.drawings, self.labels))

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, n_drawings: int | None) -> LabelledDrawings:
        """Give the first ``n_drawings``, or all."""
        return self.between(0, len(self) if n_drawings is None else n_drawings)

    def between(self, start: int, end: int) -> LabelledDrawings:
        """Give those from one number to another, as part of the same source."""
        rows = slice(start, end)
        return replace(self, drawings=self.drawings[rows], labels=self.labels[rows], start=self.start + start)


def labelled(
    drawings: LabelledDrawings | Iterable[object],
    labels: Iterable[object] | None = None,
    source: dict[str, Any] | None = None,
    start: int = 0,
) -> LabelledDrawings:
    """Preprocess drawings and check labels; `LabelledDrawings` are given back as they are.

    AgentError for an unreadable drawing, an invalid label, or not as many of each.
    """
    if isinstance(drawings, LabelledDrawings):
        return drawings
    names, thumbnails = tuple(clean_labels(() if labels is None else labels)), preprocessing.to_thumbnails(drawings)
    if len(thumbnails) != len(names):
        counts = f"{len(thumbnails)} drawings and {len(names)} labels"
        raise AgentError(f"expected as many labels as drawings, got {counts}.")
    return LabelledDrawings(thumbnails, names, source, start)


def replay(source: dict[str, Any]) -> tuple[np.ndarray | list[np.ndarray], Sequence[str]]:
    """Draw the same lessons again from the ``source`` of a selection, or of a `mixture`: drawings and labels.

    AgentError as from `lazy`.

    Examples
    --------
    >>> drawings, labels = replay({"task": "digits", "sets": {"font:Anton": 10}, "seed": 3})
    >>> len(drawings), "".join(sorted(labels))
    (10, '0123456789')
    """
    return lazy(source).all()


def lazy(source: dict[str, Any]) -> LazyDrawings:
    """Give the lessons of a ``source``, to be drawn when they are asked for, some or all.

    The source may come from a file of somebody else's: AgentError for any that no task of this version can draw.

    Examples
    --------
    >>> lessons = lazy({"task": "strokes", "n": 20_000})
    >>> lessons.labels[17], lessons.draw(np.array([17])).shape
    ('0', (1, 96, 96))
    """
    if not isinstance(source, dict):
        raise AgentError(f"expected the source of lessons as a dict, got {type(source).__name__}.")
    name = source.get("task")
    if name == MIXTURE:
        return _lazy_mixture(source)
    if not isinstance(name, str) or name not in TASKS:
        raise AgentError(f"expected lessons of the tasks {', '.join([*TASKS, MIXTURE])}, got {str(name)[:40]!r}.")
    return TASKS[name].lazy(source)


def shuffled(n_lessons: int, seed: int) -> np.ndarray:
    """Draw a random order of ``n_lessons``, the same on every machine: (n,) int64.

    Examples
    --------
    >>> sorted(shuffled(4, seed=1).tolist())
    [0, 1, 2, 3]
    """
    return np.argsort(np.random.PCG64([seed, *b"mixed"]).random_raw(n_lessons), kind="stable")


def mixture(sources: Sequence[dict[str, Any]], counts: Sequence[int], seed: int) -> dict[str, Any]:
    """Give the source of the first ``counts`` lessons of each of the ``sources``, shuffled.

    Examples
    --------
    >>> fonts = [{"task": "digits", "sets": {f"font:{name}": None}} for name in ("Anton", "Carlito")]
    >>> drawings, labels = replay(mixture(fonts, (10, 10), seed=3))
    >>> len(drawings), labels.count("7")
    (20, 2)
    """
    return {"task": MIXTURE, "of": list(sources), "counts": list(counts), "seed": seed}


def _lazy_mixture(source: dict[str, Any]) -> LazyDrawings:
    """Give the lessons of a `mixture`; AgentError when it is anything else."""
    _check_mixture(source)
    parts: list[LazyDrawings] = []
    for part, count in zip(source["of"], source["counts"], strict=True):
        if part.get("task") not in TASKS:
            raise AgentError(f"expected a mixture of other tasks, got {str(part.get('task'))[:40]!r}.")
        parts.append(TASKS[part["task"]].lazy(part))
        if len(parts[-1]) < count:
            raise AgentError(f"expected {count} lessons of {part['task']} in a mixture, got {len(parts[-1])}.")
    counts = source["counts"]
    labels = [label for part, count in zip(parts, counts, strict=True) for label in part.labels[:count]]
    order = shuffled(len(labels), source["seed"])
    of_part, of_row = np.repeat(np.arange(len(parts)), counts)[order], np.concatenate([*map(np.arange, counts)])[order]

    def draw(places: np.ndarray) -> list[np.ndarray]:
        drawings: list[Any] = [None] * len(places)
        for number, part in enumerate(parts):
            here = np.flatnonzero(of_part[places] == number)
            for place, drawing in zip(here, part.draw(of_row[places[here]]), strict=True):
                drawings[place] = drawing
        return drawings

    return LazyDrawings(tuple(labels[row] for row in order), draw)


def _check_mixture(source: dict[str, Any]) -> None:
    if set(source) != {"task", "of", "counts", "seed"}:
        raise AgentError(f"expected a mixture of, counts and seed, got {sorted(map(str, source))[:8]}.")
    parts, counts, seed = source["of"], source["counts"], source["seed"]
    if not isinstance(parts, list) or not 1 <= len(parts) <= MAX_PARTS or not all(isinstance(p, dict) for p in parts):
        raise AgentError(f"expected a mixture of 1 to {MAX_PARTS} sources, got {str(parts)[:40]}.")
    whole = [type(count) is int and 1 <= count <= MAX_LESSONS for count in counts] if isinstance(counts, list) else []
    if len(whole) != len(parts) or not all(whole) or sum(counts) > MAX_LESSONS:
        raise AgentError(
            f"expected how many lessons of each source, at most {MAX_LESSONS:,} together, got {str(counts)[:40]}."
        )
    check_whole("the seed of a mixture", seed, 0, MAX_SEED)
