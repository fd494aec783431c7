"""Two sets of eyes for a state machine: the reference's, and Pupil's own."""

from __future__ import annotations

import numpy as np

from agent import retina

EYES = {
    "reference": "the drawing as it is, its centre of mass in the middle as MNIST has it",
    "canonical": "the drawing set upright, at one size, in the middle",
}


def look(kept: np.ndarray, eyes: str, threshold: int, n_bits: int) -> np.ndarray:
    """Turn a kept drawing into bits, those of a pixel beside each other, as a thermometer.

    Parameters
    ----------
    kept : numpy.ndarray
        (28, 28) uint8, as `agent.retina.keep` gives it.
    eyes : str
        One of `EYES`.
    threshold : int
        Ink from here on sets a pixel's first bit; the others' thresholds are spread evenly above it.
    n_bits : int
        Bits a pixel.

    Returns
    -------
    numpy.ndarray
        (784 n_bits,) bool.

    Examples
    --------
    >>> kept = np.zeros((28, 28), np.uint8)
    >>> kept[4:24, 14] = 170
    >>> int(look(kept, "reference", 120, 3).sum())  # 120 and 165 are passed, 210 is not
    40
    """
    seen = retina.canonical(kept) if eyes == "canonical" else _placed(kept)
    levels = threshold + (255 - threshold) * np.arange(n_bits) // n_bits
    return (seen.ravel()[:, None] >= levels).ravel()


def _placed(kept: np.ndarray) -> np.ndarray:
    """Move a kept drawing by whole pixels so that its centre of mass is where MNIST has it: (28, 28) uint8."""
    placed = np.zeros_like(kept)
    y, x = np.nonzero(kept)
    if len(y):
        ink = kept[y, x].astype(np.int64)
        total = 2 * ink.sum()  # half a side is 14, in halves of a pixel
        down, right = (int((retina.SIDE * ink.sum() - 2 * (ink * at).sum() + total // 2) // total) for at in (y, x))
        y, x, ink = y + down, x + right, kept[y, x]
        inside = (y >= 0) & (y < retina.SIDE) & (x >= 0) & (x < retina.SIDE)
        placed[y[inside], x[inside]] = ink[inside]
    return placed
