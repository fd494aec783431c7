"""The gate: any picture becomes a drawing, any drawing becomes what the agent looks at.

    picture ─ read ─ drawing (H, W) uint8, 0 paper, 255 ink ─ keep ─ kept (28, 28) ─ canonical (28, 28)

Everything that comes from outside passes here once; nothing behind the gate checks pictures again.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image

from agent.errors import AgentError
from agent.kernels import retina as kernels

SIDE = kernels.SIDE
SMALLEST_PX, LARGEST_PX = 8, 2048
PACKED_BYTES = SIDE * SIDE // 2
AT_ONCE = 100
PAPER_CONTRAST = 8  # a picture whose brightest and darkest pixel differ by less than this is blank


def read(picture: object) -> np.ndarray:
    """Turn any picture into a drawing: ink bright, paper 0.

    Ink polarity is decided by the border: whatever covers most of the border is paper. Transparent pixels are
    paper. A picture of one colour, however bright, holds no ink.

    Parameters
    ----------
    picture : numpy.ndarray, PIL.Image.Image, dict or None
        An array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8 or bool, or of floats in 0 … 1 (or 0 … 255);
        a PIL picture of any mode; the value of a Gradio Sketchpad or ImageEditor; None, the empty pad.

    Returns
    -------
    numpy.ndarray
        (H, W) uint8, 0 paper … 255 ink, 8 to 2048 pixels along each side.

    Raises
    ------
    AgentError
        Not a picture, a side below 8 or above 2048 pixels, NaN or infinite values.

    Examples
    --------
    >>> page = np.full((10, 12), 255, np.uint8)
    >>> page[3:7, 5] = 0                       # black ink on white paper
    >>> read(page)[4, 4:7].tolist()
    [0, 255, 0]
    """
    if isinstance(picture, dict):
        picture = _sketchpad(picture)
    if picture is None:
        return np.zeros((SIDE, SIDE), np.uint8)
    grey, opaque = _grey(picture)
    height, width = grey.shape
    if not (SMALLEST_PX <= height <= LARGEST_PX and SMALLEST_PX <= width <= LARGEST_PX):
        raise AgentError(
            f"expected a drawing of {SMALLEST_PX} to {LARGEST_PX} pixels along each side, got {height} x {width}. "
            "Scale or crop it."
        )
    return _ink(grey, opaque)


def keep(picture: object) -> np.ndarray:
    """Reduce a picture to what an agent remembers of it: its ink, at most 24 x 24, in 16 levels.

    Idempotent: keeping a kept drawing gives it back, so a lesson can be stored and taught again without a change.

    Parameters
    ----------
    picture
        Anything `read` takes.

    Returns
    -------
    numpy.ndarray
        (28, 28) uint8, multiples of 17, the ink in the middle; all zero when there is no ink.

    Examples
    --------
    >>> page = np.zeros((64, 48), np.uint8)
    >>> page[20:30, 12] = 200
    >>> keep(page)[8:20, 13].tolist()
    [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0]
    """
    kept = np.empty((SIDE, SIDE), np.uint8)
    kernels.keep(read(picture), kept)
    return kept


def keep_many(pictures: Iterable[object]) -> np.ndarray:
    """Keep pictures: (N, 28, 28) uint8; those in one array (N, H, W) uint8 without holding up other threads."""
    if isinstance(pictures, np.ndarray) and pictures.ndim == 3 and pictures.dtype == np.uint8:
        sides = pictures.shape[1:]
        if SMALLEST_PX <= min(sides) and max(sides) <= LARGEST_PX:
            kept = np.empty((len(pictures), SIDE, SIDE), np.uint8)
            page = np.empty(sides, np.uint8)
            for start in range(0, len(pictures), AT_ONCE):  # copied: an array that may not be written is another type
                part = np.array(pictures[start : start + AT_ONCE], order="C")
                kernels.keep_many(part, PAPER_CONTRAST, page, kept[start : start + AT_ONCE])
            return kept
    kept = [keep(picture) for picture in pictures]
    return np.stack(kept) if kept else np.zeros((0, SIDE, SIDE), np.uint8)


def canonical(kept: np.ndarray) -> np.ndarray:
    """Set a kept drawing upright, at one size, its centre of mass in the middle: what the agent looks at.

    Parameters
    ----------
    kept : numpy.ndarray
        (28, 28) uint8, as `keep` gives it.

    Returns
    -------
    numpy.ndarray
        (28, 28) uint8, 0 paper … 255 ink, the longer side of the ink 20 pixels before deskewing.
    """
    seen = np.empty((SIDE, SIDE), np.uint8)
    kernels.canonical(kept, kernels.AS_DRAWN, seen)
    return seen


def pack(kept: np.ndarray) -> np.ndarray:
    """Pack kept drawings into four bits a pixel: (N, 28, 28) uint8 -> (N, 392) uint8.

    Examples
    --------
    >>> drawings = np.zeros((2, 28, 28), np.uint8)
    >>> drawings[1, 4:24, 14] = 255
    >>> bool((unpack(pack(drawings)) == drawings).all())
    True
    """
    levels = (kept // kernels.STEP).reshape(len(kept), PACKED_BYTES, 2)
    return (levels[:, :, 0] << 4) | levels[:, :, 1]


def unpack(packed: np.ndarray) -> np.ndarray:
    """Unpack what `pack` packed: (N, 392) uint8 -> (N, 28, 28) uint8."""
    levels = np.stack([packed >> 4, packed & 15], axis=2)
    return (levels * np.uint8(kernels.STEP)).reshape(-1, SIDE, SIDE)


def has_ink(kept: np.ndarray) -> bool:
    """Say whether anything is drawn at all."""
    return bool(kept.any())


def _sketchpad(value: dict) -> object:
    """Take the ink out of a Sketchpad's value: the composite, or the background while nothing is drawn."""
    composite = value.get("composite")
    return composite if composite is not None else value.get("background")


def _grey(picture: object) -> tuple[np.ndarray, np.ndarray | None]:
    """Give grey values (H, W) uint8 and, where the picture has transparency, opacity (H, W) uint8."""
    if isinstance(picture, Image.Image):
        if max(picture.size) > LARGEST_PX:  # before decoding: a small file may hold a huge picture
            width, height = picture.size
            raise AgentError(f"expected at most {LARGEST_PX} pixels along each side, got {height} x {width}. Scale it.")
        try:
            if "A" in picture.getbands() or "transparency" in picture.info:
                picture = picture.convert("RGBA")
            elif picture.mode not in ("L", "RGB"):
                picture = picture.convert("RGB")
        except (OSError, ValueError, SyntaxError) as error:
            raise AgentError(
                f"expected a readable picture, got one that breaks off ({error}). Save it again."
            ) from error
        picture = np.asarray(picture)
    array = _bytes(picture)
    if array.ndim == 2:
        return array, None
    colours = array[..., :3] if array.shape[2] >= 3 else array[..., :1]
    grey = (
        np.asarray(Image.fromarray(np.ascontiguousarray(colours)).convert("L"))
        if colours.shape[2] == 3
        else colours[..., 0]
    )
    return grey, (array[..., -1] if array.shape[2] in (2, 4) else None)


def _bytes(picture: object) -> np.ndarray:
    """Check an array's shape and values and give it as uint8."""
    try:
        array = np.asarray(picture)
    except ValueError:  # lists of unequal lengths
        array = np.empty(0, object)
    if array.dtype == object or array.dtype.kind not in "buif":
        raise AgentError(
            f"expected a picture (array, PIL image or Sketchpad value), got {type(picture).__name__}. "
            "Open the file with PIL.Image.open first."
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4)) or array.size == 0:
        raise AgentError(f"expected an array of shape (H, W), (H, W, 3) or (H, W, 4), got {array.shape}.")
    if max(array.shape[:2]) > LARGEST_PX:
        raise AgentError(
            f"expected at most {LARGEST_PX} pixels along each side, got {array.shape[0]} x {array.shape[1]}. Scale it."
        )
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    values = array.astype(np.float64)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 255:
        raise AgentError(
            f"expected ink from 0 to 255 (or 0 to 1), got values from {values.min():g} to {values.max():g}. "
            "Rescale them."
        )
    if array.dtype.kind == "f" and values.max() <= 1.0:
        values *= 255.0
    return (values + 0.5).astype(np.uint8)


def _ink(grey: np.ndarray, opaque: np.ndarray | None) -> np.ndarray:
    """Decide what is paper and what is ink; paper becomes 0."""
    ink = np.empty(grey.shape, np.uint8)
    if opaque is None or (opaque > 127).all():
        kernels.ink(grey, PAPER_CONTRAST, ink)
        return ink
    visible = grey[opaque > 127]
    if visible.size == 0:
        return np.zeros(grey.shape, np.uint8)
    rim = _border(grey)[_border(opaque) > 127]
    if rim.size * 2 < _border(grey).size:  # see-through pixels are paper: the ink is what is solid
        return np.ascontiguousarray(opaque)
    low, high = int(visible.min()), int(visible.max())
    if high - low < PAPER_CONTRAST:
        return np.zeros(grey.shape, np.uint8)
    middle = (low + high) / 2
    share = float((_border(grey) > middle).mean())
    if 0.4 < share < 0.6:  # the border does not say: the smaller part of the picture is ink
        share = float((grey > middle).mean())
    inked = np.int16(high) - grey if share > 0.5 else grey.astype(np.int16) - low
    inked[opaque <= 127] = 0
    return np.clip(inked, 0, 255).astype(np.uint8)


def _border(picture: np.ndarray) -> np.ndarray:
    """The outermost pixels, once each."""
    return np.concatenate([picture[0], picture[-1], picture[1:-1, 0], picture[1:-1, -1]])
