"""Preprocessing: any picture becomes a drawing, a drawing becomes a thumbnail, a thumbnail is normalised.

    picture ─ read ─ drawing (H, W) uint8, 0 paper, 255 ink ─ to_thumbnail ─ (28, 28) ─ canonical ─ (28, 28)

Pictures from outside are checked here, once; models take thumbnails and do not check them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeGuard

import numpy as np
from PIL import Image, ImageOps

from agent import photos
from agent.errors import AgentError
from agent.kernels import parts
from agent.kernels import preprocessing as kernels

SIDE = kernels.SIDE
SMALLEST_PX, LARGEST_PX = 8, 2048
LARGEST_PHOTO_PX = 50_000_000  # of a picture in a file: it is reduced while it is read
PHOTO_PX = 1024  # at least so large along each side: a JPEG is decoded at an eighth, a quarter or half its size
DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
ORIENTATION = 0x0112  # where EXIF says how a picture is turned
PACKED_BYTES = SIDE * SIDE // 2
_PIXELS = kernels.LEVEL_STEP * np.stack(np.divmod(np.arange(256, dtype=np.uint8), np.uint8(16)), axis=1)  # of a byte
AT_ONCE = 100
PAPER_CONTRAST = 8  # a picture whose brightest and darkest pixel differ by less than this is blank


def read(picture: object) -> np.ndarray:
    """Turn any picture into a drawing: ink bright, paper 0.

    Whatever covers most of the border is paper. Transparent pixels are
    paper. A picture of one colour, however bright, holds no ink.
    Photographs, whose paper is not of one brightness, go through `agent.photos.ink`, and come out smaller.

    Parameters
    ----------
    picture : numpy.ndarray, PIL.Image.Image, dict or None
        An array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8, uint16 or bool, or of floats in 0 … 1 (or 0 …
        255); a PIL picture of any mode, of up to 50 megapixels; the value of a Gradio Sketchpad or ImageEditor; None,
        the empty pad.

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
    drawing, is_photo = _read(picture, photos.ink)
    if not is_photo and max(drawing.shape) > kernels.SMALL_PX:
        parts.drop_far_specks(drawing)
    return drawing


def read_page(picture: object) -> tuple[np.ndarray, tuple[int, int]]:
    """Turn a picture of one or many symbols into a drawing: as `read`, finer, and nothing that is far is a speck.

    Returns
    -------
    tuple
        The drawing, (H, W) uint8, and the height and width of the upright picture in pixels.
    """
    if isinstance(picture, dict):
        picture = _sketchpad(picture)
    size = None
    if isinstance(picture, Image.Image):  # before it is read, and reduced
        size = picture.size if picture.getexif().get(ORIENTATION, 1) >= 5 else picture.size[::-1]
    drawing, _ = _read(picture, photos.page_ink)
    if size is None:
        size = drawing.shape if picture is None else np.shape(picture)[:2]
    return drawing, size


def _read(picture: object, photo_ink: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, bool]:
    """Ink of a picture, and whether it is a photograph, whose ink ``photo_ink`` finds."""
    if isinstance(picture, dict):
        picture = _sketchpad(picture)
    if picture is None:
        return np.zeros((SIDE, SIDE), np.uint8), False
    colours, opaque = _colours(picture)
    grey = colours[..., 0] if colours.shape[2] == 1 else np.asarray(Image.fromarray(colours).convert("L"))
    height, width = grey.shape
    if not (SMALLEST_PX <= height <= LARGEST_PX and SMALLEST_PX <= width <= LARGEST_PX):
        raise AgentError(
            f"expected a drawing of {SMALLEST_PX} to {LARGEST_PX} pixels along each side, got {height} x {width}. "
            "Scale or crop it."
        )
    if opaque is None and not photos.is_clean(grey):
        return photo_ink(colours), True
    return _ink(grey, opaque), False


def to_thumbnail(picture: object) -> np.ndarray:
    """Reduce a picture to a thumbnail: its ink, at most 24 x 24 pixels, in 16 levels.

    Idempotent: the thumbnail of a thumbnail is the same, so lessons can be stored and taught again unchanged.

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
    >>> to_thumbnail(page)[8:20, 13].tolist()
    [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0]
    """
    thumbnail = np.empty((SIDE, SIDE), np.uint8)
    kernels.to_thumbnail(read(picture), thumbnail)
    return thumbnail


def to_thumbnails(pictures: Iterable[object]) -> np.ndarray:
    """Thumbnails of pictures: (N, 28, 28) uint8. Arrays of uint8 of equal sides go at once, without holding the GIL."""
    if _are_plain(pictures):
        return _plain_thumbnails(pictures)
    thumbnails: dict[int, np.ndarray] = {}  # by place
    waiting: dict[tuple[int, int], dict[int, np.ndarray]] = {}  # plain pictures of equal sides, by place
    for place, picture in enumerate(pictures):
        if isinstance(picture, np.ndarray) and picture.ndim == 2 and _are_plain(picture[None]):
            alike = waiting.setdefault(picture.shape, {})
            alike[place] = picture
            if len(alike) == AT_ONCE:
                thumbnails |= _plain_thumbnails_of(waiting.pop(picture.shape))
        else:
            thumbnails[place] = to_thumbnail(picture)
    for alike in waiting.values():
        thumbnails |= _plain_thumbnails_of(alike)
    in_order = [thumbnails[place] for place in range(len(thumbnails))]
    return np.stack(in_order) if in_order else np.zeros((0, SIDE, SIDE), np.uint8)


def _plain_thumbnails_of(pictures: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Thumbnails of plain pictures of equal sides, by place."""
    return dict(zip(pictures, _plain_thumbnails(np.stack([*pictures.values()])), strict=True))


def _are_plain(pictures: object) -> TypeGuard[np.ndarray]:
    """Whether these are pictures of ink and paper alone, (N, H, W) uint8."""
    if not (isinstance(pictures, np.ndarray) and pictures.ndim == 3 and pictures.dtype == np.uint8):
        return False
    shortest, longest = min(pictures.shape[1:]), max(pictures.shape[1:])
    in_bounds = SMALLEST_PX <= shortest and longest <= LARGEST_PX
    return in_bounds and (longest <= kernels.SMALL_PX or all(map(photos.is_clean, pictures)))


def _plain_thumbnails(pictures: np.ndarray) -> np.ndarray:
    """Thumbnails of plain pictures: (N, H, W) uint8 -> (N, 28, 28) uint8."""
    thumbnails = np.empty((len(pictures), SIDE, SIDE), np.uint8)
    page = np.empty(pictures.shape[1:], np.uint8)
    for start in range(0, len(pictures), AT_ONCE):  # copied: numba compiles anew for read-only arrays
        part = np.array(pictures[start : start + AT_ONCE], order="C")
        kernels.to_thumbnails(part, PAPER_CONTRAST, page, thumbnails[start : start + AT_ONCE])
    return thumbnails


def canonical(thumbnail: np.ndarray) -> np.ndarray:
    """Deskew a thumbnail, scale it to one size and centre its mass: the input of all models.

    Parameters
    ----------
    thumbnail : numpy.ndarray
        (28, 28) uint8, as `to_thumbnail` gives it.

    Returns
    -------
    numpy.ndarray
        (28, 28) uint8, 0 paper … 255 ink, the longer side of the ink 20 pixels before deskewing.
    """
    normalised = np.empty((SIDE, SIDE), np.uint8)
    kernels.canonical(thumbnail, kernels.AS_DRAWN, normalised)
    return normalised


def pack(thumbnails: np.ndarray) -> np.ndarray:
    """Pack thumbnails into four bits a pixel: (N, 28, 28) uint8 -> (N, 392) uint8.

    Examples
    --------
    >>> drawings = np.zeros((2, 28, 28), np.uint8)
    >>> drawings[1, 4:24, 14] = 255
    >>> bool((unpack(pack(drawings)) == drawings).all())
    True
    """
    levels = (thumbnails // kernels.LEVEL_STEP).reshape(len(thumbnails), PACKED_BYTES, 2)
    return (levels[:, :, 0] << 4) | levels[:, :, 1]


def unpack(packed: np.ndarray) -> np.ndarray:
    """Unpack what `pack` packed: (N, 392) uint8 -> (N, 28, 28) uint8."""
    return _PIXELS[packed].reshape(-1, SIDE, SIDE)


def are_inked_thumbnails(drawings: np.ndarray) -> bool:
    """Say whether all (N, 28, 28) uint8 drawings are thumbnails, and have ink."""
    parts = (drawings[start : start + AT_ONCE] for start in range(0, len(drawings), AT_ONCE))
    return all(part.any(axis=(1, 2)).all() and (to_thumbnails(part) == part).all() for part in parts)


def _sketchpad(value: dict) -> object:
    """Picture of a Sketchpad's value: the composite, or the background while nothing is drawn."""
    composite = value.get("composite")
    return composite if composite is not None else value.get("background")


def _colours(picture: object) -> tuple[np.ndarray, np.ndarray | None]:
    """Colours (H, W, 1 or 3) uint8 and, where the picture has transparency, opacity (H, W) uint8."""
    if isinstance(picture, Image.Image):
        picture = np.asarray(_decoded(picture))
    array = _bytes(picture)
    if array.ndim == 2:
        return np.ascontiguousarray(array[..., None]), None
    colours = np.ascontiguousarray(array[..., :3] if array.shape[2] >= 3 else array[..., :1])
    if array.shape[2] not in (2, 4):
        return colours, None
    opaque = array[..., -1]
    highest = int(opaque.max())
    if 0 < highest < 255:  # ink that is half transparent everywhere
        opaque = (opaque.astype(np.uint16) * 255 // highest).astype(np.uint8)
    return colours, opaque


def _decoded(picture: Image.Image) -> Image.Image:
    """Decode a picture from a file, upright as its metadata say, reduced while it is read if it is large."""
    width, height = picture.size
    if width * height > LARGEST_PHOTO_PX or min(width, height) < SMALLEST_PX * -(-max(width, height) // LARGEST_PX):
        raise AgentError(
            f"expected a picture of at most {LARGEST_PHOTO_PX // 10**6} megapixels, no side below {SMALLEST_PX} pixels "
            f"at {LARGEST_PX} along the other, got {height} x {width}. Scale or crop it."
        )
    try:
        picture.draft(None, (PHOTO_PX, PHOTO_PX))
        picture = ImageOps.exif_transpose(picture.convert("RGBA") if picture.mode == "P" else picture)
        if max(picture.size) > LARGEST_PX:
            picture = picture.reduce(-(-max(picture.size) // LARGEST_PX))
        if "A" in picture.getbands() or "transparency" in picture.info:
            return picture.convert("RGBA")
        if picture.mode in DEEP_MODES:
            return Image.fromarray(_full_range(np.asarray(picture)))
        return picture if picture.mode in ("L", "RGB") else picture.convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise AgentError(f"expected a readable picture, got one that breaks off ({error}). Save it again.") from error


def _full_range(values: np.ndarray) -> np.ndarray:
    """Values of more than eight bits spread over 0 … 255: (H, W) -> (H, W) uint8."""
    values = values.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if high <= 255 and low >= 0:
        return (values + 0.5).astype(np.uint8)
    return ((values - low) * (255 / (high - low)) + 0.5).astype(np.uint8)


def _bytes(picture: object) -> np.ndarray:
    """Check an array's shape and values and convert it to uint8."""
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
    if array.dtype == np.uint16 and array.max() > 255:
        return _full_range(array)
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
    """Separate ink from paper; paper becomes 0."""
    ink = np.empty(grey.shape, np.uint8)
    if opaque is None or (opaque > 127).all():
        kernels.ink(grey, PAPER_CONTRAST, ink)
        return ink
    visible = grey[opaque > 127]
    if visible.size == 0:
        return np.zeros(grey.shape, np.uint8)
    rim = photos.border(grey)[photos.border(opaque) > 127]
    if rim.size * 2 < photos.border(grey).size:  # most of the border is transparent: opaque pixels are ink
        return np.ascontiguousarray(opaque)
    low, high = int(visible.min()), int(visible.max())
    if high - low < PAPER_CONTRAST:
        return np.zeros(grey.shape, np.uint8)
    middle = (low + high) / 2
    share = float((photos.border(grey) > middle).mean())
    if 0.4 < share < 0.6:  # the border is ambiguous: the smaller part of the picture is ink
        share = float((grey > middle).mean())
    inked = np.int16(high) - grey if share > 0.5 else grey.astype(np.int16) - low
    inked[opaque <= 127] = 0
    return np.clip(inked, 0, 255).astype(np.uint8)
