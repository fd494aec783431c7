"""Eyes for pages: a fovea, dense in the middle and sparse outside, or a plain square.

Every pixel in sight belongs to one point, and a point sees the mean of its pixels. A point whose pixels all lie off the
page sees NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from agent.errors import AgentError

MAX_POINTS = 20_000
_GOLDEN = math.pi * (3 - 5**0.5)


@dataclass(frozen=True)
class Eye:
    """Where an eye looks, around the place it is turned to.

    Attributes
    ----------
    dx, dy : numpy.ndarray
        (pixels,) int64 offsets of the pixels in sight.
    of : numpy.ndarray
        (pixels,) int64: the point that each pixel belongs to.
    n_points : int
        Points; each has at least one pixel.
    """

    dx: np.ndarray
    dy: np.ndarray
    of: np.ndarray
    n_points: int

    @property
    def places(self) -> np.ndarray:
        """Where the points are, (n_points, 2) float32: x and y in pixels from where the eye is turned to."""
        n_pixels = np.bincount(self.of, minlength=self.n_points)
        sums = [np.bincount(self.of, each, self.n_points) / n_pixels for each in (self.dx, self.dy)]
        return np.stack(sums, axis=1).astype(np.float32)

    def look(self, page: np.ndarray, x: int, y: int) -> np.ndarray:
        """See a page: (H, W, C) uint8 -> (n_points, C) float32, -1 black … 1 white, NaN off the page."""
        height, width, n_channels = page.shape
        rows, columns = y + self.dy, x + self.dx
        there = (0 <= rows) & (rows < height) & (0 <= columns) & (columns < width)
        of, seen = self.of[there], page[rows[there], columns[there]]
        n_pixels = np.bincount(of, minlength=self.n_points)
        sums = np.stack([np.bincount(of, seen[:, c], self.n_points) for c in range(n_channels)], axis=1)
        means = sums / np.maximum(1, n_pixels)[:, None]
        means[n_pixels == 0] = np.nan
        return (means / 127.5 - 1).astype(np.float32)

    def picture(self, seen: np.ndarray) -> np.ndarray:
        """Paint what is seen: (n_points, C) float -> (side, side, C) uint8; pixels nobody sees are grey, NaN dark."""
        left, top = int(self.dx.min()), int(self.dy.min())
        side = 1 + max(int(self.dx.max()) - left, int(self.dy.max()) - top)
        page = np.full((side, side, seen.shape[1]), 127, np.uint8)
        shown = np.where(np.isnan(seen), 30, np.clip(seen + 1, 0, 2) * 127.5)
        page[self.dy - top, self.dx - left] = np.round(shown[self.of]).astype(np.uint8)
        return page


def square(side: int) -> Eye:
    """A crop: one point a pixel, in rows.

    Examples
    --------
    >>> eye = square(3)
    >>> eye.look(np.full((2, 2, 1), 255, np.uint8), 0, 0)[:, 0].tolist()
    [nan, nan, nan, nan, 1.0, 1.0, nan, 1.0, 1.0]
    """
    if type(side) is not int or not 2 <= side <= 140:
        raise AgentError(f"expected a square of 2 to 140 pixels, got {side!r}.")
    dy, dx = np.divmod(np.arange(side * side), side)
    return Eye(dx - side // 2, dy - side // 2, np.arange(side * side), side * side)


def fovea(n_points: int, radius: int) -> Eye:
    """An eye that sees sharply where it looks: points at distance u³·radius, but never closer than a pixel.

    A pixel belongs to the nearest point, and a point without pixels is left out. Points are laid out by the golden
    angle, so nothing is left to chance.

    Examples
    --------
    >>> eye = fovea(60, 20)
    >>> far = np.hypot(*eye.places.T)
    >>> eye.n_points, bool(np.median(far) < 6 < 15 < far.max())
    (58, True)
    """
    if type(n_points) is not int or type(radius) is not int or not 1 <= n_points <= MAX_POINTS:
        raise AgentError(f"expected a fovea of 1 to {MAX_POINTS} points, got {n_points!r} in {radius!r} pixels.")
    if not 1 <= radius <= 200 or n_points > 2 * radius * radius:
        raise AgentError(f"expected 1 to 200 pixels of radius, enough for {n_points} points, got {radius}.")
    number = np.arange(n_points)
    far = np.maximum(radius * ((number + 0.5) / n_points) ** 3, np.sqrt(number / math.pi))
    spots = np.stack([far * np.cos(_GOLDEN * number), far * np.sin(_GOLDEN * number)], axis=1)
    reach = np.arange(-radius, radius + 1)
    dy, dx = (each.ravel() for each in np.meshgrid(reach, reach, indexing="ij"))
    inside = dx * dx + dy * dy <= radius * radius
    dx, dy, of = dx[inside], dy[inside], np.zeros(int(inside.sum()), np.int64)
    nearest = np.full(len(dx), np.inf)
    for place, (x, y) in enumerate(spots):
        away = (dx - x) ** 2 + (dy - y) ** 2
        of[away < nearest] = place
        nearest = np.minimum(nearest, away)
    used, of = np.unique(of, return_inverse=True)
    return Eye(dx, dy, of, len(used))
