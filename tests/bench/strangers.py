"""People the agent has not met: real pen digits where they are at hand, made-up people, and what was never taught.

Real pen strokes are no part of the project. ``PUPIL_PENS`` names a file of them, a JSON object a line: ``label``, and
``strokes`` as lists of points, x to the right and y up. Without it those rows are left out.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "helpers")]

import handwriting  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from agent import preprocessing  # noqa: E402
from agent.agents import new  # noqa: E402
from agent.agents.pupil import Pupil  # noqa: E402
from agent.datasets import digits, pen, strokes  # noqa: E402
from tests.bench import peers, protocols  # noqa: E402

PENS = "PUPIL_PENS"
FIRST_PEN, N_PENS = 3_000, 3_000  # those before were looked at while the method was chosen
N_PEOPLE, FIRST_PERSON, N_ASKED, HEIGHT_PX = 40, 70_000, 20, 180.0
N_OTHERS, FIRST_OTHER = 60, 90_000
HELD_OUT = strokes.styles()[1::4]  # ways of writing that the everyday hand of these rows was not taught
LETTERS = {
    "A": ("0,100 30,0! 60,100/12,62 48,62", "2,98 4,40 18,4 34,2 50,20 54,60 55,100/4,58 54,58"),
    "B": (
        "5,0 5,100/5,2 35,3 48,22 36,44 6,48! 40,50 55,72 42,97 5,100",
        "5,100 5,0! 40,2 45,30 8,47! 50,55 50,95 5,99",
    ),
    "C": ("55,15 40,2 20,3 4,25 0,55 8,85 28,100 48,96 58,82", "60,25 45,3 18,6 2,45 14,90 40,100 60,85"),
    "D": ("5,0 5,100/5,1 30,2 52,22 58,55 45,88 5,100", "6,2 6,98! 40,92 58,60 50,20 6,2"),
    "E": ("52,2 5,0! 5,50! 5,100! 55,99/5,50 42,50", "50,10 30,0 10,10 10,35 30,45! 8,55 5,85 25,100 55,90"),
    "F": ("52,2 5,0! 5,100/5,48 42,48", "56,0 4,4! 8,100/6,50 45,46"),
}
ANOTHER_HAND = {  # the same in other ways and by the first version of the pen, whose hands are others
    "A": ("6,90 26,10 32,2 40,12 60,92/18,56 50,54", "-8,100 30,0/30,0 68,100/10,60 52,62"),
    "B": ("10,4 8,96/8,6 40,4 46,26 10,44! 52,56 48,88 8,96", "6,0 6,94/6,0 54,12 52,36 6,44/6,44 46,54 44,90 6,94"),
    "C": ("56,6 20,4 2,40 6,80 30,98 60,90", "66,10 36,-2 6,18 0,60 22,98 60,98"),
    "D": ("6,2 6,98/0,2 36,6 62,36 58,74 30,96 0,98", "10,4 8,96/6,2 60,16 66,60 40,92 4,96"),
    "E": ("48,2 6,4/6,4 4,98/6,46 40,46/4,98 52,98", "58,6 8,0! 2,50! 44,48/2,50 0,96! 56,100"),
    "F": ("8,0 6,98/8,2 58,0/8,42 48,44", "50,2 0,0! 0,100/0,40 36,42"),
    "square": ("2,2 90,0! 92,86! 0,88! 2,2", "0,0 0,70! 76,72! 74,0! 0,0"),
}
SQUARES = ("0,0 0,90! 90,92! 90,0! 0,0", "5,5 5,95/5,5 95,5/95,5 95,95/5,95 95,95")
Row = dict[str, str]
Maker = Callable[[], Pupil]


def measured() -> list[Row]:
    """All rows: the agents side by side, and the peers where they can be asked."""
    makers: dict[str, Maker] = {
        "empty": lambda: new("recall"),
        "MNIST": lambda: new("recall", starter="mnist"),
        "everyday": lambda: new("recall", starter="everyday"),
    }
    pupils = {name: make() for name, make in makers.items()}
    known = {"MNIST": pupils["MNIST"], "everyday": pupils["everyday"]}
    rows = [*_pens(known), *_people(pupils), *_newcomer(known), *_never_taught(known)]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name, "–") for name in columns} for row in rows]


# ---------------------------------------------------------------- real pens


def pens(first: int, n: int) -> tuple[list[np.ndarray], list[str]]:
    """Real pen digits drawn with a round brush on a canvas of 280 pixels, as the pad does; none where there is no file."""
    if not os.environ.get(PENS):
        return [], []
    drawings, labels = [], []
    with gzip.open(os.environ[PENS], "rt") as lines:
        for number, line in enumerate(lines):
            if first <= number < first + n:
                digit = json.loads(line)
                drawings.append(_drawn(digit["strokes"], np.random.default_rng(number)))
                labels.append(str(digit["label"]))
    return drawings, labels


def _drawn(paths: Sequence[Sequence[Sequence[float]]], rng: np.random.Generator) -> np.ndarray:
    lines = [np.array(path, float) * (1, -1) for path in paths]
    low, high = (edge(np.concatenate(lines), axis=0) for edge in (np.min, np.max))
    radius_px, height_px = rng.uniform(4.5, 12), rng.uniform(110, 230)
    scale = height_px / max(1.0, (high - low).max())
    room = pen.CANVAS - 2 * (radius_px + 4) - (high - low) * scale
    at = radius_px + 4 + room * (rng.uniform(size=2) + rng.uniform(size=2)) / 2
    points = [(line - low) * scale + at for line in lines]
    inked = np.concatenate([pen.resample(np.concatenate([line, line[-1:] + 1e-3]), 1.0) for line in points])
    return pen.ink(inked, np.full(len(inked), radius_px), pen.CANVAS)


def as_mnist(drawing: np.ndarray) -> np.ndarray:
    """Prepare a drawing as MNIST was made: into 20 x 20 pixels, its centre of mass in the middle of 28 x 28."""
    rows, columns = np.flatnonzero(drawing.any(axis=1)), np.flatnonzero(drawing.any(axis=0))
    cut = Image.fromarray(drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    share = 20 / max(cut.size)
    small = np.asarray(cut.resize([max(1, round(side * share)) for side in cut.size], Image.Resampling.BOX))
    grid = np.mgrid[0 : small.shape[0], 0 : small.shape[1]]
    middle = [(axis * small.astype(float)).sum() / small.sum() for axis in grid]
    top, left = (int(np.clip(round(13.5 - m), 0, 28 - n)) for m, n in zip(middle, small.shape, strict=True))
    page = np.zeros((28, 28), np.uint8)
    page[top : top + small.shape[0], left : left + small.shape[1]] = small
    return page


def _pens(known: dict[str, Pupil]) -> list[Row]:
    drawings, labels = pens(FIRST_PEN, N_PENS)
    if not drawings:
        return []
    row: Row = {"what": f"real pen digits, {len(labels):,}: right"}
    for name, pupil in known.items():
        row[name] = _percent(protocols.share_right(pupil, drawings, labels))
    train, names = digits.mnist("train")
    nearest = protocols.taught((train, names), 0, "nearest")
    row["nearest, MNIST"] = _percent(protocols.share_right(nearest, drawings, labels))
    asked, numbers = np.stack([as_mnist(drawing) for drawing in drawings]), np.array(labels).astype(np.int64)
    for name, peer in peers.installed().items():
        if name in ("1-nearest neighbour on pixels", "small CNN, shifts"):
            learned = peer(0).fit(train, np.array(names).astype(np.int64))
            row[f"{name}, MNIST"] = _percent(float((learned.predict(asked) == numbers).mean()))
    thumbnails = preprocessing.to_thumbnails(drawings)
    unsure: Row = {"what": "the same: right, but unsure"}
    for name, pupil in known.items():
        guesses = zip(pupil.model.predict(thumbnails), labels, strict=True)
        unsure[name] = _percent(float(np.mean([guess.unsure and guess.label == label for guess, label in guesses])))
    return [row, unsure]


# ---------------------------------------------------------------- made-up people


def person(seed: int) -> tuple[tuple[list[np.ndarray], list[str]], tuple[list[np.ndarray], list[str]]]:
    """A person: one way of writing for each digit and one hand. Ten lessons, and twenty drawings to ask."""
    stream, rng = pen.RandomStream(seed, "person"), np.random.default_rng(seed)
    hand = handwriting.hand_of(stream, HEIGHT_PX)
    ways = [[style for style in HELD_OUT if style[0] == label] for label in "0123456789"]
    styles = [of_label[rng.integers(len(of_label))] for of_label in ways]
    drawn = [[np.pad(handwriting.digit(style, hand, stream)[0], 12) for style in styles] for _ in range(3)]
    return (drawn[0], list("0123456789")), ([*drawn[1], *drawn[2]], list("0123456789") * 2)


def _people(pupils: dict[str, Pupil]) -> list[Row]:
    pupils = pupils | {"everyday": protocols.starter_without(HELD_OUT)}
    before: Row = {"what": f"{N_PEOPLE} made-up people, held-out ways: right (worst tenth)"}
    after: Row = {"what": "the same, after ten lessons of their own"}
    for name, pupil in pupils.items():
        shares = []
        for seed in range(FIRST_PERSON, FIRST_PERSON + N_PEOPLE):
            lessons, asked = person(seed)
            first = protocols.share_right(pupil, *asked) if pupil.labels else 0.0
            for drawing, label in zip(*lessons, strict=True):
                pupil.learn_one(drawing, label)
            shares.append((first, protocols.share_right(pupil, *asked)))
            for drawing, label in zip(*lessons, strict=True):
                pupil.forget_one(drawing, label)
        for row, values in zip((before, after), np.array(shares).T, strict=True):
            worst = np.sort(values)[: max(1, N_PEOPLE // 10)].mean()
            row[name] = f"{_percent(values.mean())} ({_percent(worst)})"
    before["empty"] = "–"
    return [before, after]


# ---------------------------------------------------------------- what was never taught


def _newcomer(known: dict[str, Pupil]) -> list[Row]:
    """What one lesson of a new label costs: points of digits right, the most of six letters."""
    drawings, labels = protocols.validation(60, 0)[1]
    row: Row = {"what": "one lesson of a new label: points lost on digits, most"}
    for name, pupil in known.items():
        before, lost = protocols.share_right(pupil, drawings, labels), []
        for label, ways in LETTERS.items():
            pupil.learn_one(_lettered(ways[0], FIRST_OTHER), label)
            lost.append(before - protocols.share_right(pupil, drawings, labels))
            pupil.forget_one(_lettered(ways[0], FIRST_OTHER), label)
        row[name] = f"{100 * max(lost):.2f}"
    return [row]


def _never_taught(known: dict[str, Pupil]) -> list[Row]:
    rows = []
    for what, drawings in untaught().items():
        row: Row = {"what": f"{what}, never taught: unsure"}
        for name, pupil in known.items():
            row[name] = _percent(float(np.mean([guess.unsure for guess in pupil.predict_many(drawings)])))
        rows.append(row)
    return rows


def untaught() -> dict[str, list[np.ndarray]]:
    """Drawings of things that no starter was taught."""
    seeds, rng = range(FIRST_OTHER, FIRST_OTHER + N_OTHERS), np.random.default_rng(FIRST_OTHER)
    drawings = {label: [_lettered(ways[seed % len(ways)], seed) for seed in seeds] for label, ways in LETTERS.items()}
    drawings["squares"] = [_lettered(SQUARES[seed % len(SQUARES)], seed) for seed in seeds]
    drawings["dots"] = [_line(rng.uniform(40, 240, 2) + rng.normal(0, 3, (3, 2)), rng.uniform(4, 20)) for _ in seeds]
    drawings |= {f"{label}, another hand": another_hand(label) for label in ANOTHER_HAND}
    pairs = [[strokes.draw(way, seed) for way in strokes.styles()[seed % 227 :][:2]] for seed in seeds]
    drawings["pairs of digits"] = [np.pad(np.hstack(pair), ((48, 48), (0, 0))) for pair in pairs]
    drawings["scribbles"] = [_line(pen.smooth(rng.uniform(40, 240, (12, 2))), rng.uniform(4, 10)) for _ in seeds]
    return drawings


def another_hand(label: str) -> list[np.ndarray]:
    """Drawings of one of `ANOTHER_HAND`."""
    ways = [strokes.parsed(way) for way in ANOTHER_HAND[label]]
    streams = [pen.RandomStream(FIRST_OTHER + number, "another hand") for number in range(N_OTHERS)]
    return [pen.draw_strokes_v1(ways[number % 2], stream, pen.CANVAS) for number, stream in enumerate(streams)]


def _lettered(way: str, seed: int) -> np.ndarray:
    return pen.draw_strokes(strokes.parsed(way), pen.RandomStream(seed, "letter"), pen.CANVAS)


def _line(points: np.ndarray, radius_px: float) -> np.ndarray:
    points = pen.resample(points, 1.0)
    return pen.ink(points, np.full(len(points), radius_px), pen.CANVAS)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
