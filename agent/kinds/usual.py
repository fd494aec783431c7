"""Scores seen against what usually comes."""

from __future__ import annotations

import numpy as np

N_RECENT = 101


class Usual:
    """The median of recent scores: what nothing in particular is worth.

    A world brings its scores to a mean of 0 over all that came so far. So what is worth nothing comes to look bad as a
    mind gets better, and what a mind has learned of places where it no longer is would be out of date. Counted from the
    median, nothing stays nothing.

    Examples
    --------
    >>> usual = Usual()
    >>> [usual.beyond(score) for score in (-0.25, -0.25, 0.5, -0.25)]
    [0.0, 0.0, 0.75, 0.0]
    """

    def __init__(self, recent: np.ndarray | None = None) -> None:
        self.recent = np.zeros(0, np.float32) if recent is None else recent

    def beyond(self, score: float) -> float:
        """Count a score, and say how far it is from the median: float."""
        self.recent = np.append(self.recent, np.float32(score))[-N_RECENT:]
        return float(np.float32(score) - np.sort(self.recent)[(len(self.recent) - 1) // 2])
