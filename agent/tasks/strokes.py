"""Lessons in handwriting drawn by an unsteady pen: the ways people around the world write each digit, from no file.

A `Selection` names how many lessons, of which labels and styles. It is its own reference, as in `agent.tasks.digits`:
the lesson log keeps `Selection.source`, and `replay` draws the same lessons from it on any machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from agent.errors import AgentError
from agent.tasks import pen
from agent.tasks.styles import STYLES, strokes_of

NAME = "strokes"
SUMMARY = f"digits drawn by an unsteady pen in {len(STYLES)} ways people write them"
SIDE = 96  # of a drawing: the gate keeps 24 x 24 of its ink, which may cover a third of the canvas
SMALLEST_SIDE, LARGEST_SIDE = 28, 1120
MAX_LESSONS = 20_000  # 184 MB of drawings, 2 to 3 ms each
MAX_SEED = 2**63 - 1
__all__ = ["Selection", "draw", "label_of", "replay", "styles"]


def styles() -> tuple[str, ...]:
    """Name the ways digits are written, the label before the dash, as `Selection` takes them.

    Examples
    --------
    >>> styles()[:3], len(styles())
    (('0-plain', '0-open', '0-slashed'), 41)
    """
    return tuple(STYLES)


def label_of(style: str) -> str:
    """Say which digit a style writes.

    Examples
    --------
    >>> label_of("7-barred")
    '7'
    """
    return _known(style)[0]


def draw(style: str, seed: int, side: int = SIDE) -> np.ndarray:
    """Draw one digit in a style.

    The seed fixes brush, size, place, proportions, slant, turn and every tremble of the hand; another side draws the
    same at another resolution.

    Parameters
    ----------
    style : str
        One of `styles`.
    seed : int
        0 to 2**63 - 1.
    side : int
        Of the canvas, 28 to 1120 pixels.

    Returns
    -------
    numpy.ndarray
        (side, side) uint8, 0 paper … 255 ink.

    Raises
    ------
    AgentError
        Another style, or a seed or side out of range.

    Examples
    --------
    >>> drawing = draw("4-open", seed=2, side=64)
    >>> drawing.shape, int(drawing.max())
    ((64, 64), 255)
    """
    strokes = strokes_of(_known(style))
    side = _whole(side, SMALLEST_SIDE, LARGEST_SIDE, "a side in pixels")
    return pen.drawn(strokes, pen.Dice(_whole(seed, 0, MAX_SEED, "a seed"), style), side)


@dataclass(frozen=True)
class Selection:
    """Which lessons, and in which order: a view that draws them when asked.

    A larger draw begins with the smaller one of the same seed, labels and styles.

    Attributes
    ----------
    n : int
        How many lessons, 1 to 20,000.
    labels : sequence of str
        Only these digits; all by default. Kept sorted.
    styles : sequence of str
        Only these ways to write them; all by default. Naming some holds the others out. Kept in the order of `styles`.
    seed : int
        Fixes the draw and the order.
    balanced : bool
        The labels take turns, and so do the styles of each; otherwise every lesson is of any style, all equally likely.

    Raises
    ------
    AgentError
        An unknown label or style, labels that none of the styles write, or too many lessons.

    Examples
    --------
    >>> lessons = Selection(40, labels=("1", "7"), seed=1)
    >>> drawings, labels = lessons.draw()
    >>> drawings.shape, labels.count("1"), labels.count("7")
    ((40, 96, 96), 20, 20)
    >>> replay(lessons.source)[1] == labels
    True
    """

    n: int
    labels: Sequence[str] = ()
    styles: Sequence[str] = ()
    seed: int = 0
    balanced: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", _whole(self.n, 1, MAX_LESSONS, "lessons:"))
        object.__setattr__(self, "seed", _whole(self.seed, 0, MAX_SEED, "a seed"))
        if not isinstance(self.balanced, bool):
            raise AgentError(f"expected balanced to be true or false, got {str(self.balanced)[:40]!r}. Choose one.")
        digits = tuple(dict.fromkeys(style[0] for style in STYLES))
        object.__setattr__(self, "labels", _some_of(self.labels, digits, "labels"))
        object.__setattr__(self, "styles", _some_of(self.styles, tuple(STYLES), "styles"))
        unwritten = [label for label in self.labels if label not in {style[0] for style in self._written()}]
        if unwritten:
            raise AgentError(
                f"expected styles of the labels {', '.join(self.labels)}, got none of {', '.join(unwritten)}. "
                "Add one or leave the label out."
            )

    def __len__(self) -> int:
        return self.n

    @property
    def source(self) -> dict[str, Any]:
        """The reference `replay` draws the same lessons from: a dict that JSON can hold."""
        return {
            "task": NAME,
            "n": self.n,
            "labels": list(self.labels),
            "styles": list(self.styles),
            "seed": self.seed,
            "balanced": self.balanced,
        }

    @property
    def style_of_each(self) -> tuple[str, ...]:
        """The style of each of the N lessons, in the order in which they are drawn."""
        written = self._written()
        if self.balanced:
            labels = sorted({style[0] for style in written})
            turns = {label: iter(self._turns([s for s in written if s[0] == label], label)) for label in labels}
            return tuple(next(turns[label]) for label in self._turns(labels, "labels"))
        lot = pen.Dice(self.seed, "styles").uniform(self.n) * len(written)
        return tuple(written[int(place)] for place in lot)

    def draw(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """Draw the lessons.

        Returns
        -------
        drawings : numpy.ndarray
            (N, 96, 96) uint8.
        labels : tuple of str
            N labels.
        """
        each = self.style_of_each
        seeds = pen.Dice(self.seed, "drawings").seeds(self.n)
        drawings = np.empty((self.n, SIDE, SIDE), np.uint8)
        for place, style in enumerate(each):
            drawings[place] = draw(style, int(seeds[place]))
        return drawings, tuple(style[0] for style in each)

    def _written(self) -> list[str]:
        """List the styles to draw from: those named, of the labels named."""
        return [style for style in self.styles or STYLES if not self.labels or style[0] in self.labels]

    def _turns(self, names: list[str], what: str) -> list[str]:
        """Let names take turns, n of them or more: each round in an order of its own."""
        n_rounds = -(-self.n // len(names))
        orders = np.argsort(pen.Dice(self.seed, what).uniform(n_rounds, len(names)), axis=1, kind="stable")
        return [names[place] for place in orders.ravel()][: self.n]


def replay(source: dict[str, Any]) -> tuple[np.ndarray, Sequence[str]]:
    """Draw the lessons of a `Selection.source` again; AgentError when it is anything else."""
    known = {"task", *(field.name for field in fields(Selection))}
    unknown = sorted(str(field)[:40] for field in set(source) - known)
    if unknown or "n" not in source:
        raise AgentError(f"expected a source with the fields {', '.join(sorted(known))}, got {unknown or 'no n'}.")
    return Selection(**{name: value for name, value in source.items() if name != "task"}).draw()


def _known(style: object) -> str:
    if not isinstance(style, str) or style not in STYLES:
        raise AgentError(f"expected a style among {', '.join(STYLES)}, got {str(style)[:40]!r}. Choose one of them.")
    return style


def _some_of(wanted: object, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Check a choice of names and put it in order; none means all."""
    if isinstance(wanted, str) or not isinstance(wanted, Sequence) or len(wanted) > len(known):
        raise AgentError(f"expected at most {len(known)} {what} in a list, got {str(wanted)[:40]!r}. Name each once.")
    for name in wanted:
        if not isinstance(name, str) or name not in known:
            raise AgentError(f"expected {what} among {', '.join(known)}, got {str(name)[:40]!r}. Choose among them.")
    return tuple(name for name in known if name in wanted)


def _whole(value: object, lowest: int, highest: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not lowest <= value <= highest:
        raise AgentError(f"expected {what} from {lowest:,} to {highest:,}, got {str(value)[:40]}. Choose within that.")
    return int(value)
