"""Digits of fonts: every file dropped into assets/fonts is a teacher of ten printed digits."""

from __future__ import annotations

import functools
import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from agent.errors import AgentError
from agent.tasks.figures import DIGITS, with_lining_figures

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "fonts"
SIDE = 64  # of a drawing: the gate keeps 24 x 24 of it, so more would be thrown away
FINE = 4  # supersampling
LARGEST = 52  # the larger side of the largest digit of a font, in pixels of the drawing
THINNEST = 0.11  # mean stroke width below this share of LARGEST is thickened to it; MNIST has 0.10 to 0.15


def fonts() -> tuple[str, ...]:
    """Name the fonts in assets/fonts, sorted: the file names without their endings.

    Examples
    --------
    >>> "Anton" in fonts()
    True
    """
    return tuple(sorted(_files()))


def font(name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Draw the ten digits of a font.

    All digits of a font are drawn at one size, as they stand beside each other in print: lining figures where the
    font has them, supersampled, and hair-thin strokes thickened so that they survive the scaling down.

    Parameters
    ----------
    name : str
        One of `fonts`.

    Returns
    -------
    drawings : numpy.ndarray
        (10, 64, 64) uint8, 0 paper … 255 ink, read-only.
    labels : tuple of str
        "0" … "9".

    Raises
    ------
    AgentError
        No font of that name, or a file that is no font or lacks digits.

    Examples
    --------
    >>> drawings, labels = font("Anton")
    >>> drawings.shape, labels[3]
    ((10, 64, 64), '3')
    """
    files = _files()
    if not isinstance(name, str) or name not in files:
        raise AgentError(f"expected a font among {', '.join(sorted(files))}, got {str(name)[:40]!r}.")
    return _drawn(files[name], files[name].stat().st_mtime_ns), tuple(DIGITS)


def _files() -> dict[str, Path]:
    return {path.stem: path for path in sorted(FOLDER.iterdir()) if path.suffix.lower() in (".ttf", ".otf")}


@functools.lru_cache(maxsize=256)
def _drawn(path: Path, changed: int) -> np.ndarray:
    """Draw a font once as long as its file does not change."""
    return draw_digits(path)


def draw_digits(path: Path) -> np.ndarray:
    """Draw the ten digits of a font file: (10, 64, 64) uint8, read-only; AgentError when it has not ten."""
    try:
        file = with_lining_figures(path.read_bytes())
        face = _face(file, FINE * SIDE)
        boxes = np.array([face.getbbox(digit, anchor="ls") for digit in DIGITS])
        largest = int(max((boxes[:, 2] - boxes[:, 0]).max(), (boxes[:, 3] - boxes[:, 1]).max()))
        face = _face(file, FINE * SIDE * FINE * LARGEST / max(1, largest))
        thicken_px = _missing_px(np.stack([_digit(face, digit, 0.0) for digit in DIGITS]))
        fine = np.stack([_digit(face, digit, thicken_px) for digit in DIGITS])
    except (OSError, ValueError, struct.error) as error:
        raise AgentError(f"expected a TrueType or OpenType font, got {path.name}: {error}. Replace it.") from error
    drawings = np.round(fine.reshape(10, SIDE, FINE, SIDE, FINE).mean(axis=(2, 4))).astype(np.uint8)
    n_distinct = len({drawing.tobytes() for drawing in drawings if drawing.any()})
    if n_distinct < len(DIGITS):
        raise AgentError(f"expected ten digits in {path.name}, got {n_distinct} different ones. Take another font.")
    drawings.setflags(write=False)
    return drawings


def _face(file: bytes, size_px: float) -> ImageFont.FreeTypeFont:
    """Load a font without a shaping library, so that all machines draw alike."""
    return ImageFont.truetype(io.BytesIO(file), size_px, layout_engine=ImageFont.Layout.BASIC)


def _digit(face: ImageFont.FreeTypeFont, digit: str, thicken_px: float) -> np.ndarray:
    """Draw one digit in the middle of a fine page."""
    side = FINE * SIDE
    left, top, right, bottom = face.getbbox(digit, anchor="ls", stroke_width=thicken_px)
    page = Image.new("L", (side, side))
    place = ((side - left - right) // 2, (side - top - bottom) // 2)
    ImageDraw.Draw(page).text(place, digit, fill=255, font=face, anchor="ls", stroke_width=thicken_px)
    return np.asarray(page)


def _missing_px(fine: np.ndarray) -> float:
    """Say by how much the strokes must grow on each side to be `THINNEST`.

    A stroke of width w and length l covers w·l pixels and has 2·l pixels of edge.
    """
    ink = fine > 127
    inner = ink[:, 1:-1, 1:-1] & ink[:, :-2, 1:-1] & ink[:, 2:, 1:-1] & ink[:, 1:-1, :-2] & ink[:, 1:-1, 2:]
    edge = ink.sum() - inner.sum()
    width_px = 2 * ink.sum() / max(1, int(edge))
    return max(0.0, round((THINNEST * FINE * LARGEST - float(width_px)) / 2, 1))
