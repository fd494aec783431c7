"""Ink of photographs and scans: paper in uneven light, noise, grain, coloured ink, a desk around the sheet.

    picture ─ log brightness ─ top-hats, dark and bright ─ direction of colour ─ noise ─ hysteresis ─ parts ─ ink

Ink is what is narrower than a window and differs from the paper around it: the difference of a picture to its
morphological closing (for dark ink; the opening for bright ink) removes light, shadows and whatever is broad, edges of
a sheet included. What is left is thresholded by its own statistics, with hysteresis along strokes (Canny 1986); ruling
lines, specks and what touches the border are dropped unless nothing else is left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image

from agent.kernels import parts as kernels
from agent.kernels.preprocessing import SMALL_PX

WORKING_PX = 400  # longest side at which ink is looked for
PAGE_PX = 1000  # the same, for a page of many symbols
WINDOW = 0.3  # of the longest side: strokes are narrower, light and shadows are broader
STEPS = 2000  # of a logarithm, as a whole number
OFFSET = 12.0  # added to brightness before its logarithm, so that noise in the dark does not count for much
MIN_CONTRAST = 0.035  # of ink, in logarithms of brightness: 3.5 % darker than paper
NOISE_FACTOR = 5.0  # ink differs from paper by more standard deviations of the noise than this
HIGH, LOW = 0.5, 0.3  # thresholds as shares of the contrast of the ink
LONG = 6.0  # times their width: strokes that are longer are no more like strokes
EDGE = 0.2  # change from pixel to pixel, as a share of the contrast of the ink, that makes an edge
SPECK = 0.04  # parts with less ink than this share of the largest are specks, unless they are near
RULE_LENGTH = 0.45  # of a side: a straight line that is longer is ruling or the edge of a sheet
MAX_RULE_PX = 9  # thicker lines are no ruling
FAINT = 40  # a picture with less contrast and a border that is not of one brightness may be noise
PAD_SHARE = 0.7  # of a drawing on a black pad that is black throughout
BORDER_TOLERANCE, BORDER_SHARE = 4, 0.9  # a clean drawing has one brightness along most of its border
RULE_SHARE = 0.9  # of a side: what differs from the paper along more of it is ruling


def is_clean(grey: np.ndarray) -> bool:
    """Whether a picture is a drawing or a clean scan: its border is paper of one brightness, the darkest or brightest.

    Examples
    --------
    >>> page = np.zeros((64, 64), np.uint8)
    >>> is_clean(page), is_clean(page + np.arange(64, dtype=np.uint8))
    (True, False)
    """
    if max(grey.shape) <= SMALL_PX:
        return True
    rim = border(grey).astype(np.int16)
    paper = int(np.median(rim))
    is_pad = not paper and (grey == 0).mean() >= PAD_SHARE  # whose strokes may run along its border
    if not is_pad and (np.abs(rim - paper) <= BORDER_TOLERANCE).mean() < BORDER_SHARE:
        return False
    low, high = int(grey.min()), int(grey.max())
    if min(paper - low, high - paper) > BORDER_TOLERANCE or (high - low < FAINT and np.ptp(rim)):
        return False
    difference = np.abs(grey.astype(np.int16) - paper)
    is_ruled = _is_ruled(difference, is_pad) or _is_ruled(difference.T, is_pad)
    return not (is_ruled or _is_sheet_on_desk(difference))


def border(picture: np.ndarray) -> np.ndarray:
    """The outermost pixels, once each."""
    return np.concatenate([picture[0], picture[-1], picture[1:-1, 0], picture[1:-1, -1]])


def _is_ruled(difference: np.ndarray, is_pad: bool) -> bool:
    """Whether lines run from the left border to the right; on a pad only lines fainter than the strokes."""
    lines = difference[(difference[:, 0] > BORDER_TOLERANCE) & (difference[:, -1] > BORDER_TOLERANCE)]
    lines = lines[(lines > BORDER_TOLERANCE).mean(axis=1) > RULE_SHARE]
    return bool((2 * np.median(lines, axis=1) < difference.max()).any() if is_pad else len(lines))


def _is_sheet_on_desk(difference: np.ndarray) -> bool:
    """Whether what differs from the border is a solid area with a drawing in it, as a sheet is on a desk."""
    solid = difference * 2 > int(difference.max())
    if solid.mean() < 0.15:  # as nearly all drawings: nothing more to look at
        return False
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if len(rows) < 0.5 * solid.shape[0] or len(columns) < 0.5 * solid.shape[1]:
        return False
    box = solid[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    spanned = np.maximum.accumulate(box, axis=1) & np.maximum.accumulate(box[:, ::-1], axis=1)[:, ::-1]
    return bool(spanned.mean() > 0.8 and 0.85 < box.sum() / spanned.sum() < 0.999)


def ink(colours: np.ndarray) -> np.ndarray:
    """Find the ink of a photograph.

    Parameters
    ----------
    colours : numpy.ndarray
        (H, W, C) uint8, C 1 or 3.

    Returns
    -------
    numpy.ndarray
        (H', W') uint8, 0 paper … 255 ink, at most `WORKING_PX` along each side; all 0 where there is none.
    """
    return _ink(colours, WORKING_PX, _ink_parts)


def page_ink(colours: np.ndarray) -> np.ndarray:
    """Find the ink of a photograph of many symbols: as `ink`, at most `PAGE_PX` along each side."""
    return _ink(colours, PAGE_PX, _page_parts)


def _ink(colours: np.ndarray, working_px: int, choose: Callable[..., np.ndarray]) -> np.ndarray:
    logs = np.log(_reduced(colours, working_px).astype(np.float32) + np.float32(OFFSET)) * np.float32(STEPS)
    planes = np.ascontiguousarray(logs.transpose(2, 0, 1)).astype(np.int16)
    width = max(3, int(WINDOW * max(planes.shape[1:])))
    steepness = _steepness(planes)
    dark = _strokes(_closing(planes, width) - planes, steepness, choose)
    bright = _strokes(planes + _closing(-planes, width), steepness, choose)
    return max(dark, bright, key=lambda strokes: strokes.score).ink


class _Strokes(NamedTuple):
    """Ink of one polarity, (H, W) uint8, and how much it looks like strokes.

    Strokes are long for their width, clear, and end at edges of the picture all around, as a bay of paper between
    strokes, or the part of a sheet that fits the window, does not.
    """

    ink: np.ndarray
    score: float


def _strokes(residual: np.ndarray, steepness: np.ndarray, choose: Callable[..., np.ndarray]) -> _Strokes:
    """Ink in the differences (C, H, W) of a picture to its paper: what stands out of the noise, along strokes."""
    contrast = _along_ink(residual.astype(np.float32) / np.float32(STEPS))
    noise = _noise(contrast)
    contrast = contrast - np.float32(np.median(contrast))
    strongest = _strongest(contrast)
    if strongest < max(MIN_CONTRAST, NOISE_FACTOR * noise):
        return _Strokes(np.zeros(contrast.shape, np.uint8), 0.0)
    low, high = max(LOW * strongest, 2.5 * noise), max(HIGH * strongest, 4 * noise)
    mask = _without_rules(contrast > low)
    parts = np.empty(mask.shape, np.int32)
    n_parts = kernels.label_parts(mask, parts)
    is_ink = choose(parts, n_parts, contrast, high)
    mask = is_ink[parts]
    if not mask.any():
        return _Strokes(np.zeros(contrast.shape, np.uint8), 0.0)
    largest = int(np.argmax(np.bincount(parts.ravel(), minlength=n_parts + 1) * is_ink))
    strength = np.where(mask, np.clip(contrast / np.float32(strongest), 0, 1), 0)
    part = parts == largest
    rim = part & ~eroded(part)
    on_edges = float(np.minimum(1, steepness[rim] / (EDGE * strongest)).mean())
    score = min(LONG, _length_over_width(part, rim)) * strongest * on_edges**4
    return _Strokes((strength * 255 + 0.5).astype(np.uint8), score)


def _steepness(planes: np.ndarray) -> np.ndarray:
    """How much logarithms of brightness change around each pixel: (C, H, W) int16 -> (H, W) float32."""
    grey = planes.astype(np.float32).mean(axis=0) / np.float32(STEPS)
    down, across = np.gradient(grey)
    return 2 * np.hypot(down, across)


def eroded(mask: np.ndarray) -> np.ndarray:
    """The pixels of a mask whose four neighbours belong to it."""
    inner = np.zeros_like(mask)
    inner[1:-1, 1:-1] = mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    return inner


def _length_over_width(mask: np.ndarray, rim: np.ndarray) -> float:
    """Extent of a mask divided by the mean width of its strokes, which is twice the area over the rim."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(np.hypot(np.ptp(rows) + 1, np.ptp(columns) + 1) * rim.sum() / (2 * mask.sum()))


def _reduced(colours: np.ndarray, working_px: int) -> np.ndarray:
    """Reduce a picture to the working size, smoothed as much as its noise asks for: (H', W', C) uint8."""
    picture = Image.fromarray(colours[..., 0] if colours.shape[2] == 1 else colours)
    scale = working_px / max(picture.size)
    if scale < 1:
        sides = [max(1, round(side * scale)) for side in picture.size]
        picture = picture.resize(sides, Image.Resampling.BILINEAR, reducing_gap=2.0)
    array = np.asarray(picture, np.float32)
    array = array[..., None] if array.ndim == 2 else array
    noise = _pixel_noise(array.mean(axis=2))
    radius = 0.0 if noise < 1.5 else min(2.5, 0.5 + noise / 8)
    if max(array.shape[:2]) < 150:
        radius /= 2
    planes = [_blurred(plane, radius) for plane in array.transpose(2, 0, 1)]
    return np.stack(planes, axis=2)


def _blurred(plane: np.ndarray, radius: float) -> np.ndarray:
    """Smooth a plane by a Gaussian, its standard deviation in pixels."""
    if radius <= 0:
        return plane
    reach = int(3 * radius + 1)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2).astype(np.float32)
    weights /= weights.sum()
    for axis in (0, 1):
        padded = np.pad(plane, [(reach, reach) if axis == other else (0, 0) for other in (0, 1)], mode="edge")
        n = plane.shape[axis]
        plane = sum(weight * padded.take(range(at, at + n), axis) for at, weight in enumerate(weights.tolist()))
    return plane.astype(np.float32)


def _pixel_noise(grey: np.ndarray) -> float:
    """Standard deviation of the noise of single pixels, from second differences (Immerkær 1996)."""
    if min(grey.shape) < 3:
        return 0.0
    laplacian = np.diff(np.diff(grey, 2, axis=0), 2, axis=1)
    return float(np.median(np.abs(laplacian)) / 0.6745 / 6)


def _closing(planes: np.ndarray, width: int) -> np.ndarray:
    """Morphological closing by a square: what is darker than its surroundings and narrower than ``width`` is filled.

    The border is taken to go on for ever, so what is dark along it stays. planes (C, H, W) int16 -> the same
    """
    height, length = planes.shape[1:]
    padded = np.pad(planes, ((0, 0), (width, width), (width, width)), mode="edge")
    for axis in (1, 2):
        padded = _window_max(padded, width, axis)
    padded = -padded
    for axis in (1, 2):
        padded = _window_max(padded, width, axis)
    return -padded[:, 1 : height + 1, 1 : length + 1]


def _window_max(values: np.ndarray, width: int, axis: int) -> np.ndarray:
    """Largest of each value and the ``width`` - 1 after it, along an axis that becomes shorter by as many."""
    values, reach = values.swapaxes(0, axis), 1
    while reach < width:
        step = min(reach, width - reach)
        values = np.maximum(values[:-step], values[step:])
        reach += step
    return values.swapaxes(0, axis)


def _along_ink(residual: np.ndarray) -> np.ndarray:
    """Differences projected on the colour of the ink, that in which the strongest ones agree: (C, H, W) -> (H, W)."""
    strength = residual.sum(axis=0)
    strongest = residual[:, strength >= np.quantile(strength, 0.99)]
    direction = strongest.mean(axis=1)
    direction = direction / max(1e-9, float(np.sqrt((direction * direction).sum())))
    length = max(1e-9, float(np.abs(direction).sum()))
    return np.tensordot(direction.astype(np.float32), residual, axes=1) / np.float32(length)


def _noise(contrast: np.ndarray) -> float:
    """Standard deviation of the differences on paper: from the median, most of a picture being paper."""
    middle = float(np.median(contrast))
    return float(np.median(np.abs(contrast - middle))) * 1.4826


def _strongest(contrast: np.ndarray) -> float:
    """Contrast of the ink: that of the strongest three thousandths of a picture, or of its ink where that is less."""
    n = max(12, int(0.003 * contrast.size))
    return float(np.sort(contrast.ravel())[-n:].mean())


def _without_rules(mask: np.ndarray) -> np.ndarray:
    """Remove thin straight lines that run across much of a picture, except where something crosses them."""
    for axis in (0, 1):
        lines = mask.swapaxes(0, axis)
        is_rule = lines.mean(axis=1) > RULE_LENGTH
        for row in np.flatnonzero(is_rule):
            above, below = row - 1, row + 1
            while above >= 0 and is_rule[above]:
                above -= 1
            while below < len(lines) and is_rule[below]:
                below += 1
            if below - above < MAX_RULE_PX:
                crossed = np.zeros(lines.shape[1], bool)
                for neighbour in (above, below):
                    if 0 <= neighbour < len(lines):
                        crossed |= lines[neighbour]
                lines[row] &= crossed
    return mask


def _ink_parts(parts: np.ndarray, n_parts: int, contrast: np.ndarray, high: float) -> np.ndarray:
    """Which parts are ink: (n_parts + 1,) bool, part 0 being paper."""
    is_ink, mass = _strong_parts(parts, n_parts, contrast, high)
    if not is_ink.any():
        return is_ink
    main = int(np.argmax(np.where(is_ink, mass, 0)))
    boxes = kernels.boxes(parts, n_parts)
    top, bottom, left, right = boxes[main]
    reach = 0.6 * max(bottom - top, right - left)
    gap = np.maximum.reduce(
        [top - boxes[:, 1], boxes[:, 0] - bottom, left - boxes[:, 3], boxes[:, 2] - right, np.zeros(len(boxes), int)]
    )
    return is_ink & ((mass >= SPECK * mass[main]) & (gap <= 2 * reach) | (mass >= 0.35 * mass[main]))


def _page_parts(parts: np.ndarray, n_parts: int, contrast: np.ndarray, high: float) -> np.ndarray:
    """As `_ink_parts` for a page of many symbols: all but specks, wherever they are."""
    is_ink, mass = _strong_parts(parts, n_parts, contrast, high)
    return is_ink & (mass >= SPECK * np.quantile(mass[is_ink], 0.8)) if is_ink.any() else is_ink


def _strong_parts(parts: np.ndarray, n_parts: int, contrast: np.ndarray, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Which parts have strong contrast somewhere and do not touch the border, unless all do; and all parts' mass."""
    is_ink = np.zeros(n_parts + 1, bool)
    flat = parts.ravel()
    mass = np.bincount(flat, np.maximum(contrast, 0).ravel(), n_parts + 1)
    strong = np.bincount(flat[contrast.ravel() > high], minlength=n_parts + 1)
    rim = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    touches = np.zeros(n_parts + 1, bool)
    touches[rim] = True
    is_ink[1:] = strong[1:] >= 3
    inside = is_ink & ~touches
    if inside.any() and mass[inside].max() > 0.15 * mass[is_ink].max():
        is_ink = inside
    return is_ink, mass
