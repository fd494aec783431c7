"""Scores seen against what usually comes."""

from __future__ import annotations

import numpy as np

N_RECENT = 101


class Usual:
    """The median of recent scores, frames without one counting as 0: what nothing in particular is worth.

    A world brings its scores to a mean of 0 over all that came so far. So what is worth nothing comes to look bad as a
    mind gets better, and what a mind has learned of places where it no longer is would be out of date. Counted from the
    median, nothing stays nothing.

    Examples
    --------
    >>> usual = Usual()
    >>> [usual.beyond(score) for score in (None, 0.5, None)]
    [None, 0.5, None]
    >>> [usual.beyond(-0.25) for _ in range(60)][-1], usual.beyond(0.5)
    (0.0, 0.75)
    """

    def __init__(self, recent: np.ndarray | None = None) -> None:
        self.recent = np.zeros(N_RECENT, np.float32) if recent is None else recent

    def beyond(self, score: float | None) -> float | None:
        """Count a score, or that there is none, and say how far it is from the median."""
        self.recent = np.append(self.recent[1:], np.float32(score or 0))
        return None if score is None else float(np.float32(score) - np.sort(self.recent)[N_RECENT // 2])
