"""Several symbols in a picture: how many are found, in order, and read right."""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "helpers")]

import handwriting  # noqa: E402
import numpy as np  # noqa: E402

from agent.agents import new  # noqa: E402
from agent.agents.pupil import Pupil  # noqa: E402
from agent.datasets import digits, strokes  # noqa: E402

N_NUMBERS, N_SINGLE, N_SHEETS = 500, 500, 100
FIRST_SEED = 40_000  # of pages that were not looked at while the costs were chosen
Row = dict[str, str]


def read() -> list[Row]:
    """Read numbers, single digits and photographs of sheets with the everyday agent."""
    pupil = new("recall", starter="everyday")
    return [*_numbers(pupil), *_single(pupil), _sheets(pupil)]


def _numbers(pupil: Pupil) -> list[Row]:
    rng = np.random.default_rng(FIRST_SEED)
    outcomes, took = [], []
    for seed in range(FIRST_SEED, FIRST_SEED + N_NUMBERS):
        text = "".join(map(str, rng.integers(0, 10, rng.integers(2, 7))))
        page, _, touches = handwriting.number(text, seed)
        start = time.perf_counter()
        labels = [reading.guess.label for reading in pupil.read(page)]
        took.append(time.perf_counter() - start)
        outcomes.append((touches, len(labels) == len(text), labels == list(text)))
    touches, counted, right = np.array(outcomes).T
    rows = [("numbers of two to six digits", np.ones(N_NUMBERS, bool)), ("… apart", ~touches), ("… touching", touches)]
    return [_row(name, which.sum(), counted[which], right[which], took) for name, which in rows]


def _single(pupil: Pupil) -> list[Row]:
    rng, names = np.random.default_rng(FIRST_SEED), strokes.styles()
    lifted = [name for name in names if strokes.STYLES[strokes.VERSION][name].count("/")]
    scans, labels = digits.mnist("test")
    kinds = {
        "single digits": lambda seed: (strokes.draw(name := names[rng.integers(len(names))], seed, 280), name[0]),
        "… of two strokes or more": lambda seed: (strokes.draw(name := lifted[seed % len(lifted)], seed, 280), name[0]),
        "… broken twice": lambda seed: (
            handwriting.broken(strokes.draw(name := names[seed % len(names)], seed, 280), seed),
            name[0],
        ),
        "… of MNIST, enlarged": lambda seed: (handwriting.scaled(scans[seed % 10_000], 6), labels[seed % 10_000]),
    }
    rows = []
    for kind, draw in kinds.items():
        outcomes, took = [], []
        for seed in range(FIRST_SEED, FIRST_SEED + N_SINGLE):
            drawing, label = draw(seed)
            start = time.perf_counter()
            readings = pupil.read(drawing)
            took.append(time.perf_counter() - start)
            outcomes.append((len(readings) == 1, [reading.guess.label for reading in readings] == [label]))
        rows.append(_row(kind, N_SINGLE, *np.array(outcomes).T, took))
    return rows


def _sheets(pupil: Pupil) -> Row:
    rng, outcomes, took = np.random.default_rng(FIRST_SEED), [], []
    for seed in range(FIRST_SEED, FIRST_SEED + N_SHEETS):
        lines = ["".join(map(str, rng.integers(0, 10, 8))) for _ in range(3)]
        picture = handwriting.sheet(lines, seed)
        start = time.perf_counter()
        readings = pupil.read(picture)
        took.append(time.perf_counter() - start)
        read = [[reading.guess.label for reading in readings if reading.line == line] for line in range(3)]
        for line, labels in zip(lines, read, strict=True):
            is_counted = len(labels) == 8
            outcomes += [(is_counted, is_counted and got == label) for got, label in zip(labels or line, line)]  # noqa: B905
    return _row("digits on photos of sheets of 3 x 8", 24 * N_SHEETS, *np.array(outcomes).T, took)


def _row(name: str, n: int, counted: np.ndarray, right: np.ndarray, took: list[float]) -> Row:
    return {
        "what is read": name,
        "n": f"{n:,}",
        "found and in order, %": f"{100 * counted.sum() / n:.1f}",
        "all right, %": f"{100 * right.sum() / n:.1f}",
        "ms, median": f"{1000 * np.median(took):.0f}",
    }
