"""Mental images of kinds that keep their drawings as they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent import retina
from agent.errors import AgentError
from agent.kernels.draw import draw

DRAWN_INK = 96  # what counts as ink where an agent draws from memory
DRAWN_FROM = 1000  # lessons at most; 0.1 ms each
DRAWN_SLACK = 3  # how many pixels worse than the nearest a lesson may fit and still be followed
DRAWN_ATTEMPTS = 8
_NEXT_ATTEMPT = 2**48 + 1  # added to a seed


def mental_image(drawings: np.ndarray, label: str, labels: Sequence[str]) -> np.ndarray:
    """Lay all drawings of a label on top of each other.

    Parameters
    ----------
    drawings : numpy.ndarray
        (N, 28, 28) uint8, what was taught as the label.
    label, labels
        The label, and all that there are.

    Returns
    -------
    numpy.ndarray
        (28, 28) uint8, the mean of their canonical drawings.

    Raises
    ------
    AgentError
        There are none.
    """
    if not len(drawings):
        raise AgentError(f"expected one of the labels {list(labels)}, got {label!r}. Teach it first.")
    return np.round(np.mean([retina.canonical(drawing) for drawing in drawings], axis=0)).astype(np.uint8)


def drawn_image(kept: np.ndarray, seed: int) -> np.ndarray:
    """Draw something new from kept drawings of one label, (N, 28, 28) uint8: see `agent.pupil.Pupil.draw_one`."""
    some = kept[:: -(-len(kept) // DRAWN_FROM)]
    ink = np.stack([retina.canonical(drawing) >= DRAWN_INK for drawing in some]).astype(np.uint8)
    apart = differing(ink, ink) + ink.size * np.eye(len(ink), dtype=np.int64)
    farthest, page = -1, np.empty((retina.SIDE, retina.SIDE), np.uint8)
    for attempt in range(DRAWN_ATTEMPTS):
        draw(ink, seed + attempt * _NEXT_ATTEMPT, DRAWN_SLACK, page)
        away = int(differing(page[None], ink).min())
        if away > farthest:
            farthest, best = away, page * np.uint8(255)
        if away > apart.min():
            break
    return best


def differing(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Count the pixels in which drawings differ: (N, H, W) and (M, H, W), 0 or 1 -> (N, M) int64.

    Examples
    --------
    >>> differing(np.zeros((1, 2, 2)), np.array([[[1, 0], [0, 1]], [[0, 0], [0, 0]]])).tolist()
    [[2, 0]]
    """
    a, b = (each.reshape(len(each), -1).astype(np.float32) for each in (one, other))  # floats multiply fastest
    return np.rint(a.sum(axis=1)[:, None] + b.sum(axis=1)[None] - 2 * (a @ b.T)).astype(np.int64)
