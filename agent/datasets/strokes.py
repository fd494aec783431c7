"""Synthetic handwritten digits: the styles in which people write them, drawn by a simulated unsteady pen.

A `Selection` says how many lessons of which labels and styles. As in `agent.datasets.digits`, lesson logs store its
`source`, from which `lazy` draws the same lessons on any machine.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from agent import preprocessing
from agent.datasets import pen
from agent.datasets.files import FOLDER, LazyDrawings
from agent.errors import AgentError, nearest
from agent.validation import check_bool, check_whole

VERSION = 2  # of the styles and of the pen: a version draws the same for ever, since lesson logs name it
_TABLES = tomllib.loads(Path(__file__).with_name("styles.toml").read_text(encoding="utf-8"))
STYLES: dict[int, dict[str, str]] = {int(version): table for version, table in _TABLES.items()}
DRAW_STROKES = {1: pen.draw_strokes_v1, 2: pen.draw_strokes}
NAME = "strokes"
SUMMARY = f"digits drawn by an unsteady pen in {len(STYLES[VERSION])} ways people write them"
SIDE = 96  # of a drawing: thumbnails have 24 x 24 pixels of its ink, which may cover a third of the canvas
SMALLEST_SIDE, LARGEST_SIDE = 28, 1120
MAX_LESSONS = 20_000  # 184 MB of drawings, 2 to 3 ms each
MAX_SEED = 2**63 - 1
THUMBNAILS = FOLDER / "strokes" / "thumbnails.npz"  # of SHIPPED
BACKGROUND = THUMBNAILS.with_name("background.npz")  # drawn and chosen by the same command
MAX_NAMED = 15  # choices that an error message lists
__all__ = ["Selection", "draw", "label_of", "lazy", "styles"]


def styles(version: int = VERSION) -> tuple[str, ...]:
    """Names of all styles, the label before the dash, as `Selection` takes them.

    Examples
    --------
    >>> styles()[:3], len(styles())
    (('0-plain', '0-overlap', '0-gap'), 228)
    """
    return tuple(STYLES[version])


def label_of(style: str) -> str:
    """The digit that a style writes.

    Examples
    --------
    >>> label_of("7-barred")
    '7'
    """
    return _check_style(style)[0]


def draw(style: str, seed: int, side: int = SIDE, version: int = VERSION) -> np.ndarray:
    """Draw one digit in one of `styles`: (side, side) uint8, 0 paper … 255 ink.

    The seed, 0 to 2**63 - 1, determines brush, size, position, proportions, slant, rotation and tremor; another side,
    28 to 1120 pixels, draws the same at another resolution.

    Examples
    --------
    >>> drawing = draw("4-lightning", seed=2, side=64)
    >>> drawing.shape, int(drawing.max())
    ((64, 64), 255)
    """
    strokes = strokes_of(_check_style(style, version), version)
    side = check_whole("side", side, SMALLEST_SIDE, LARGEST_SIDE)
    return DRAW_STROKES[version](strokes, pen.RandomStream(check_whole("seed", seed, 0, MAX_SEED), style), side)


@dataclass(frozen=True)
class Selection:
    """A reproducible, lazy selection of lessons in random order.

    A larger draw begins with the smaller one of the same seed, labels and styles. Without ``labels`` or ``styles`` all
    are drawn; if ``balanced``, labels alternate, and so do the styles of each.

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
    >>> lazy(lessons.source).labels == labels
    True
    """

    n: int  # lessons, 1 to 20,000
    labels: Sequence[str] = ()  # digits to draw; all by default. Stored sorted
    styles: Sequence[str] = ()  # to draw; all by default, so that naming some holds the others out; in that order
    seed: int = 0  # fixes the draw and the order
    balanced: bool = True  # labels alternate, and so do the styles of a label; otherwise styles are uniformly random
    version: int = VERSION  # of the styles and the pen, 1 or 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", check_whole("n_lessons", self.n, 1, MAX_LESSONS))
        object.__setattr__(self, "seed", check_whole("seed", self.seed, 0, MAX_SEED))
        object.__setattr__(self, "version", check_whole("version", self.version, 1, VERSION))
        check_bool("balanced", self.balanced)
        known = styles(self.version)
        digits = tuple(dict.fromkeys(style[0] for style in known))
        object.__setattr__(self, "labels", _check_choice(self.labels, digits, "labels"))
        object.__setattr__(self, "styles", _check_choice(self.styles, known, "styles"))
        missing = [label for label in self.labels if label not in {style[0] for style in self._available_styles()}]
        if missing:
            raise AgentError(
                f"expected styles of the labels {', '.join(self.labels)}, got none of {', '.join(missing)}. "
                "Add one or leave the label out."
            )

    def __len__(self) -> int:
        return self.n

    @property
    def source(self) -> dict[str, Any]:
        """Reference for `lazy`: a dict that JSON can hold."""
        source = {"task": NAME, **vars(self), "labels": list(self.labels), "styles": list(self.styles)}
        if self.version == 1:  # which had no such field
            del source["version"]
        return source

    @property
    def lesson_styles(self) -> tuple[str, ...]:
        """Styles of the N lessons, in order."""
        available = self._available_styles()
        if self.balanced:
            labels = sorted({style[0] for style in available})
            turns = {label: iter(self._turns([s for s in available if s[0] == label], label)) for label in labels}
            return tuple(next(turns[label]) for label in self._turns(labels, "labels"))
        draws = pen.RandomStream(self.seed, "styles").uniform(self.n) * len(available)
        return tuple(available[int(place)] for place in draws)

    @property
    def lesson_labels(self) -> tuple[str, ...]:
        """Labels of the N lessons, in order."""
        return tuple(style[0] for style in self.lesson_styles)

    def draw(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """Draw the lessons: (N, 96, 96) uint8, and N labels."""
        return self.lazy().all()

    def lazy(self) -> LazyDrawings:
        """Give the lessons, to be drawn when they are asked for."""
        seeds, lesson_styles = pen.RandomStream(self.seed, "drawings").seeds(self.n), self.lesson_styles

        def draw_some(places: np.ndarray) -> np.ndarray:
            drawings = np.empty((len(places), SIDE, SIDE), np.uint8)
            for row, place in enumerate(places):
                drawings[row] = draw(lesson_styles[place], int(seeds[place]), version=self.version)
            return drawings

        return LazyDrawings(tuple(style[0] for style in lesson_styles), draw_some)

    def _available_styles(self) -> list[str]:
        """Styles to draw from."""
        return [style for style in self.styles or styles(self.version) if not self.labels or style[0] in self.labels]

    def _turns(self, names: list[str], what: str) -> list[str]:
        """Alternate names, n in all, in a new random order every round."""
        n_rounds = -(-self.n // len(names))
        orders = np.argsort(pen.RandomStream(self.seed, what).uniform(n_rounds, len(names)), axis=1, kind="stable")
        return [names[place] for place in orders.ravel()][: self.n]


def lazy(source: dict[str, Any]) -> LazyDrawings:
    """Give the lessons of a `Selection.source` again; AgentError when it is anything else.

    Those that are shipped come as thumbnails, (N, 28, 28), which preprocessing leaves as they are.
    """
    known = {"task", *(field.name for field in fields(Selection))}
    unknown = sorted(str(field)[:40] for field in set(source) - known)
    if unknown or "n" not in source:
        raise AgentError(f"expected a source with the fields {', '.join(sorted(known))}, got {unknown or 'no n'}.")
    selection = Selection(**{"version": 1} | {name: value for name, value in source.items() if name != "task"})
    if selection != replace(SHIPPED, n=selection.n) or selection.n > SHIPPED.n or not THUMBNAILS.exists():
        return selection.lazy()
    with np.load(THUMBNAILS, allow_pickle=False) as file:
        packed = file["drawings"]
    return LazyDrawings(selection.lesson_labels, lambda places: preprocessing.unpack(packed[places]))


def _check_style(style: object, version: int = VERSION) -> str:
    if not isinstance(style, str) or style not in STYLES[version]:
        raise AgentError(
            f"expected a style such as {', '.join(styles(version)[:3])}, got {str(style)[:40]!r}."
            f"{nearest(style, styles(version))} `agent.datasets.strokes.styles()` names them all."
        )
    return style


def _check_choice(given: object, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Check and sort a choice of names; none means all."""
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) > len(known):
        raise AgentError(f"expected at most {len(known)} {what} in a list, got {str(given)[:40]!r}. Name each once.")
    for name in given:
        if not isinstance(name, str) or name not in known:
            some = ", ".join(known if len(known) < MAX_NAMED else (*known[:3], "…"))
            hint = nearest(name, known) or " Choose among them."
            raise AgentError(f"expected {what} among {some}, got {str(name)[:40]!r}.{hint}")
    return tuple(name for name in known if name in given)


def strokes_of(style: str, version: int = VERSION) -> list[list[tuple[float, float, bool]]]:
    """Parse the strokes of a style: points of x, y and whether the pen turns sharply there.

    Examples
    --------
    >>> strokes_of("1-flag")
    [[(15.0, 29.0, False), (29.0, 7.0, False), (36.0, 0.0, True), (34.0, 50.0, False), (29.0, 100.0, False)]]
    """
    return parsed(STYLES[version][style])


def parsed(way: str) -> list[list[tuple[float, float, bool]]]:
    """Parse the strokes of a way of writing, as it stands in a table of them."""
    return [[_point(point) for point in stroke.split()] for stroke in way.split("/")]


def _point(text: str) -> tuple[float, float, bool]:
    x, y = text.rstrip("!").split(",")
    return float(x), float(y), text.endswith("!")


SHIPPED = Selection(8_000)  # drawn by ``python -m tests.bench.shipped``, since that takes half a minute


@functools.cache
def background() -> tuple[tuple[str, ...], np.ndarray, np.uint64]:
    """Give what is no digit, letters and signs: their names, and thumbnails (B, 28, 28) uint8.

    Who was taught all of `SHIPPED` tells digits from it: the third is the hash of its last drawing.
    """
    with np.load(BACKGROUND, allow_pickle=False) as file:
        names = tuple(way.rstrip("0123456789") for way in file["ways"].tolist())
        return names, preprocessing.unpack(file["drawings"]), file["mark"][0]
