"""Photographs, scans and odd pads with one digit: how many of a hundred are read right, by the starters that know digits.

Half of the digits are test digits of MNIST, inked anew at the size of the paper, half are drawn in ways of writing that
the everyday hand of these rows was not taught. Each row is drawn with several seeds.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "helpers")]

import handwriting  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image, ImageFilter  # noqa: E402

from agent import preprocessing  # noqa: E402
from agent.agents import new  # noqa: E402
from agent.datasets import digits, strokes  # noqa: E402
from agent.errors import AgentError  # noqa: E402
from tests.bench import protocols  # noqa: E402

HELD_OUT = strokes.styles()[1::4]  # ways of writing that the everyday hand of these rows was not taught
HEIGHT, WIDTH, SIDE = 360, 480, 220  # of the paper and of a digit on it, in pixels
ROWS, COLUMNS = np.mgrid[0:HEIGHT, 0:WIDTH] / [[[HEIGHT]], [[WIDTH]]]
N_PICTURES, SEEDS = 100, (0, 1, 2)
SIDES_PX = (64, 200, 1000, 4096)
Row = dict[str, str]
Scene = Callable[[np.ndarray, np.random.Generator], object]  # of ink (H, W), 0 … 1, a picture


def inked(number: int) -> tuple[np.ndarray, str]:
    """A digit, ink 0 … 1 on a canvas of SIDE pixels, and its label."""
    if number % 2:
        way = HELD_OUT[number // 2 % len(HELD_OUT)]
        return strokes.draw(way, 50_000 + number, side=SIDE) / 255, way[0]
    drawings, labels = digits.mnist("test")
    scan = Image.fromarray(np.asarray(drawings[number // 2])).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(scan, float) / 128 - 0.5, 0, 1), labels[number // 2]


def laid(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The digit somewhere on a paper."""
    page = np.zeros((HEIGHT, WIDTH))
    top, left = rng.integers(10, HEIGHT - SIDE - 10), rng.integers(10, WIDTH - SIDE - 10)
    page[top : top + SIDE, left : left + SIDE] = ink
    return page


def paper(page: np.ndarray, dark: float = 40, bright: float = 235) -> np.ndarray:
    """Ink on white paper, as grey values."""
    return bright + (dark - bright) * page


def coloured(page: np.ndarray, red: float, green: float, blue: float) -> np.ndarray:
    return paper(page[..., None], np.array([red, green, blue]))


def lines(page: np.ndarray, across: bool, down: bool) -> np.ndarray:
    picture = paper(page)
    if across:
        picture[9::34] *= 0.75
        picture[10::34] *= 0.75
    if down:
        picture[:, 9::34] *= 0.75
        picture[:, 10::34] *= 0.75
    return picture


def lit(darkest: float) -> Scene:
    """Light that falls to this share across the paper."""
    return lambda page, rng: paper(page) * (1 + (darkest - 1) * COLUMNS)


def noisy(deviation: float) -> Scene:
    return lambda page, rng: paper(page) + rng.normal(0, deviation, page.shape)


def blurred(picture: np.ndarray, radius_px: float) -> np.ndarray:
    return np.asarray(_image(picture).filter(ImageFilter.GaussianBlur(radius_px)), float)


def grain(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    coarse = rng.normal(0, 1, (HEIGHT // 4, WIDTH // 4))
    spots = np.asarray(Image.fromarray(coarse.astype(np.float32)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    return paper(page) + 14 * spots + rng.normal(0, 8, page.shape)


def on_desk(colour: float) -> Scene:
    def scene(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        picture = colour + 8 * np.sin(60 * COLUMNS + 9 * ROWS) + rng.normal(0, 3, page.shape)
        sheet = np.asarray(_image(paper(page)).resize((WIDTH * 3 // 4, HEIGHT * 3 // 4)), float)
        top, left = HEIGHT // 8 + rng.integers(-20, 20), WIDTH // 8 + rng.integers(-20, 20)
        picture[top : top + sheet.shape[0], left : left + sheet.shape[1]] = sheet
        return picture

    return scene


def glare(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    y, x = rng.uniform(0.2, 0.8, 2)
    spot = np.exp(-((ROWS - y) ** 2 + (COLUMNS - x) ** 2) / 0.02)
    return np.minimum(255, paper(page, bright=200) + 110 * spot)


def specks(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    picture = paper(page)
    for _ in range(40):
        y, x = rng.integers(HEIGHT - 3), rng.integers(WIDTH - 3)
        picture[y : y + rng.integers(1, 4), x : x + rng.integers(1, 4)] = 60
    return picture


def with_exif(orientation: int, turned: int) -> Scene:
    def scene(page: np.ndarray, rng: np.random.Generator) -> Image.Image:
        exif, file = Image.Exif(), io.BytesIO()
        exif[0x0112] = orientation
        _image(paper(page)).rotate(turned, expand=True).save(file, "JPEG", exif=exif)
        return Image.open(file)

    return scene


def transparent(page: np.ndarray, rng: np.random.Generator) -> Image.Image:
    layers = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    layers[..., 3] = 120 * page
    return Image.fromarray(layers, "RGBA")


def large(page: np.ndarray, rng: np.random.Generator) -> Image.Image:
    return _jpeg(_image(lit(0.7)(page, rng)).resize((5657, 4243), Image.Resampling.BILINEAR), 88)


def pad(ink: np.ndarray, height: float = 1.0, width: float = 1.0) -> np.ndarray:
    """A digit on the pad of 280 pixels, squeezed to shares of its height and width."""
    small = _image(255 * ink).resize((round(SIDE * width), round(SIDE * height)), Image.Resampling.BOX)
    page = np.zeros((280, 280), np.uint8)
    top, left = (280 - small.height) // 2, (280 - small.width) // 2
    page[top : top + small.height, left : left + small.width] = small
    return page


def dotted(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    page = pad(ink)
    page[6:16, 264:274] = 255
    return page


def cut_off(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A tenth of the digit beyond one of the pad's edges."""
    rows, columns = np.flatnonzero((ink > 0.3).any(axis=1)), np.flatnonzero((ink > 0.3).any(axis=0))
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    turns = rng.integers(4)
    whole = np.rot90(digit, turns)
    page = np.zeros((280, 280))
    part = whole[len(whole) // 10 :][:280, :280]
    left = (280 - part.shape[1]) // 2
    page[: len(part), left : left + part.shape[1]] = part
    return (255 * np.rot90(page, -turns)).astype(np.uint8)


def _image(grey: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def _jpeg(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)


PHOTOS: dict[str, tuple[int, Scene]] = {  # what is asked of each, and how it is made of a page
    "clean scan": (97, lambda page, rng: paper(page)),
    "ruled": (97, lambda page, rng: lines(page, True, False)),
    "squared": (97, lambda page, rng: lines(page, True, True)),
    "blue ballpoint": (97, lambda page, rng: coloured(page, 40, 60, 170)),
    "red": (97, lambda page, rng: coloured(page, 205, 45, 50)),
    "green": (97, lambda page, rng: coloured(page, 60, 160, 70)),
    "marker": (97, lambda page, rng: paper(np.clip(blurred(255 * page, 6) / 60, 0, 1))),
    "blurred by 4 pixels": (97, lambda page, rng: blurred(paper(page), 4)),
    "JPEG of quality 10": (97, lambda page, rng: _jpeg(_image(paper(page)), 10)),
    "tilted": (97, lambda page, rng: handwriting._in_perspective(_image(paper(page)), rng)),
    "specks": (97, specks),
    "blackboard": (97, lambda page, rng: 60 + 160 * page + rng.normal(0, 3, page.shape)),
    "inverted": (97, lambda page, rng: 255 * page),
    "vignette to 80 %": (97, lambda page, rng: paper(page) * (1 - 1.6 * ((ROWS - 0.5) ** 2 + (COLUMNS - 0.5) ** 2))),
    "hard shadow": (90, lambda page, rng: paper(page) * np.where(ROWS + 0.4 * COLUMNS > rng.uniform(0.4, 0.9), 1, 0.6)),
    "strong grain": (95, grain),
    "pencil": (97, lambda page, rng: paper(page, 150) + rng.normal(0, 2, page.shape)),
    "faint pencil": (90, lambda page, rng: paper(page, 200) + rng.normal(0, 2, page.shape)),
    "dark desk around it": (90, on_desk(60)),
    "light desk around it": (90, on_desk(190)),
    "glare": (90, glare),
    "portrait telephone (EXIF 6)": (97, with_exif(6, 90)),
    "upside down (EXIF 3)": (97, with_exif(3, 180)),
    "half-transparent ink": (97, transparent),
    "scan of 16 bits": (97, lambda page, rng: Image.fromarray((paper(page) * 257).astype(np.uint16))),
    "24 megapixels, side light": (97, large),
}
PHOTOS |= {
    f"light falls to {share} %": (95 if share >= 50 else 0, lit(share / 100)) for share in (90, 80, 70, 60, 50, 40)
}
PHOTOS |= {f"noise of {sd}": (95 if sd <= 12 else 90, noisy(sd)) for sd in (4, 8, 12, 16)}
PADS: dict[str, tuple[int, Scene]] = {  # likewise, of a digit
    "on the pad": (97, lambda ink, rng: pad(ink)),
    "– with a dot in the far corner": (97, dotted),
    "– of half the height": (94, lambda ink, rng: pad(ink, height=0.5)),
    "– of half the width": (94, lambda ink, rng: pad(ink, width=0.5)),
    "– cut off at an edge": (94, cut_off),
    "– turned by 30°": (94, lambda ink, rng: np.asarray(Image.fromarray(pad(ink)).rotate(rng.choice([-30, 30])))),
}


def photographed() -> list[Row]:
    """All rows; the last ones say how often a picture gets the same answer at other sizes."""
    tasks = [*PHOTOS, *PADS, *SIDES_PX]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), initializer=_pupils) as workers:
        return list(workers.map(_row, tasks))


def _pupils() -> None:
    """Make the agents of this process."""
    PUPILS["everyday"] = protocols.starter_without(HELD_OUT)
    PUPILS["MNIST"] = new("recall", starter="mnist")


PUPILS: dict = {}


def _row(what: str | int) -> Row:
    if isinstance(what, int):
        return _resized(what)
    asked, scene = (PHOTOS | PADS)[what]
    shares: dict[str, list[float]] = {name: [] for name in PUPILS}
    for seed in SEEDS:
        right = dict.fromkeys(PUPILS, 0)
        for number in range(N_PICTURES):
            rng = np.random.default_rng([seed, number])
            ink, label = inked(seed * N_PICTURES + number)
            for name, answer in _answers(scene(ink if what in PADS else laid(ink, rng), rng)).items():
                right[name] += answer == label
        for name, n in right.items():
            shares[name].append(100 * n / N_PICTURES)
    values = {name: f"{np.mean(of):.1f} ({min(of):.0f} … {max(of):.0f})" for name, of in shares.items()}
    return {"picture": what, **values, "asked": f"{asked}" if asked else "–"}


def _resized(side_px: int) -> Row:
    same = dict.fromkeys(PUPILS, 0)
    for number in range(N_PICTURES):
        rng = np.random.default_rng([9, number])
        picture = _image(lit(0.7)(laid(inked(number)[0], rng), rng))
        before = _answers(picture)
        after = _answers(picture.resize((side_px, side_px * HEIGHT // WIDTH), Image.Resampling.BICUBIC))
        for name in PUPILS:
            same[name] += before[name] == after[name]
    values = {name: f"{100 * n / N_PICTURES:.1f}" for name, n in same.items()}
    return {"picture": f"as it is and {side_px:,} pixels wide: the same answer", **values, "asked": "99"}


def _answers(picture: object) -> dict[str, str | None]:
    """What each agent says; None for all where the picture is refused."""
    try:
        picture = _image(picture) if isinstance(picture, np.ndarray) and picture.dtype != np.uint8 else picture
        thumbnail = preprocessing.to_thumbnail(picture)
    except AgentError:
        return dict.fromkeys(PUPILS)
    return {name: pupil.model.predict(thumbnail[None])[0].label for name, pupil in PUPILS.items()}
