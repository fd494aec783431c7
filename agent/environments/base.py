"""Base of frame environments: endless streams of frames, each a flat float32 vector, seen by a foveated eye.

    −1 … 1, NaN = not observed · cell 0 the score since the last frame or NaN, cells 1 to 3 always NaN ·
    cell 4 constant 1 · cells 5 to 7 the scroll position and the pointer's · then the cells of the eye

An environment is a `gymnasium.Env` without an end: `reset` once, then `step`. As gymnasium's own, observations hold no
NaN: 0 stands there, and ``info["observed"]`` is the mask by which `agent.agents.frame_agent.frame_of` gives the frame.
What happens follows from the seed and the actions, so a run resumes exactly where it stopped when its actions are
replayed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import gymnasium
import numpy as np

from agent.errors import AgentError
from agent.validation import check_whole

N_SCORES = 4  # the score, and three cells that are never observed
N_HEAD = 8
MOVES_PX = 50
MAX_SCORE = 0.99  # of a scaled score
MAX_CELLS = 120_000
NAN = np.float32(np.nan)
_MAX_SCORES = 100_000
MAX_POINTS = 20_000
_GOLDEN = math.pi * (3 - 5**0.5)


class ScoreScaler:
    """Online standardisation of scores: (x − m) / √v · 0.33 within ±0.99, with mean and variance of earlier scores.

    Examples
    --------
    >>> scaler = ScoreScaler()
    >>> [round(float(scaler.scale(score)), 2) for score in (0, 0, 0, 1, 0, 1)]
    [0.0, 0.0, 0.0, 0.99, -0.19, 0.66]
    """

    def __init__(self) -> None:
        self.mean, self.variance, self.n = 0.0, 0.0, 0

    def scale(self, score: float) -> np.float32:
        """Scale a score, then count it."""
        difference = score - self.mean
        if self.n == 0 or difference == 0:
            out = 0.0
        else:
            out = max(-MAX_SCORE, min(MAX_SCORE, difference / math.sqrt(max(self.variance, 1e-12)) * 0.33))
        self.n = min(self.n + 1, _MAX_SCORES)
        step = 1 / self.n
        self.mean += step * difference
        self.variance += step * (difference * (score - self.mean) - self.variance)
        return np.float32(out)


def frame_space(n_cells: int) -> gymnasium.spaces.Box:
    """Make the observation space of ``n_cells``."""
    return gymnasium.spaces.Box(-1, 1, (n_cells,), np.float32)


def observed(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Part a frame into an observation as gymnasium has them, 0 where nothing was observed, and the mask of the rest.

    Examples
    --------
    >>> [part.tolist() for part in observed(np.array([NAN, 0.5], np.float32))]
    [[0.0, 0.5], [False, True]]
    """
    return np.nan_to_num(frame, nan=0.0), ~np.isnan(frame)


def check_action(action: object, space: gymnasium.spaces.Box) -> np.ndarray:
    """Check an action: as many finite numbers as the space has, float32."""
    numbers = np.asarray(action, np.float32)
    if numbers.shape != space.shape or not np.isfinite(numbers).all():
        raise AgentError(f"expected an action of {space.shape[0]} numbers, got {str(numbers)[:80]}.")
    return numbers


class FrameEnvironment(gymnasium.Env):
    """An endless page, seen by an eye around a movable pointer.

    Subclasses define `advance`, the effect of an action and its score, and `page`, the image of the page.
    ``places`` are (n_cells, 3) float32: x, y and colour channel of each cell of the eye; NaN for cells without a place.
    """

    NAME: ClassVar[str]
    SUMMARY: ClassVar[str]
    SHOWS_CANVAS: ClassVar[bool] = False  # whether ``show(canvas)`` puts a person's drawing in view
    IS_SLOW: ClassVar[bool] = False  # whether a frame takes so long that fewer are spent on comparisons
    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 10}
    render_mode = "rgb_array"
    n_channels: int = 1

    def __init__(self, eye: Eye, size: tuple[int, int]) -> None:
        self.eye, self.width, self.height = eye, *size
        cells = np.repeat(eye.places, self.n_channels, axis=0)
        colour = np.tile(np.arange(self.n_channels, dtype=np.float32), eye.n_points)[:, None]
        self.places = np.concatenate([np.full((N_HEAD, 3), np.nan, np.float32), np.hstack([cells, colour])])
        n_cells = len(self.places)
        if n_cells > MAX_CELLS:
            raise AgentError(f"expected at most {MAX_CELLS:,} cells, got {n_cells:,}. Take a smaller eye.")
        self.observation_space = frame_space(n_cells)
        low = np.array([-1, -1, -1, 0], np.float32)  # move right, move down, scroll down, press
        self.action_space = gymnasium.spaces.Box(low, np.ones(4, np.float32))
        self.actions: tuple[str, ...] = ("move right", "move down", "scroll down", "press")

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        """Start again and give the first observation; without a seed another one each time."""
        super().reset(seed=seed)
        self.x, self.y, self.scrolled = self.width // 2, self.height // 2, 0.0
        self.scaler = ScoreScaler()
        self.frame = 0
        self.reset_page()
        observation, mask = observed(self._observe(NAN))
        return observation, {"observed": mask}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Apply an action and give the next frame.

        Returns
        -------
        observation : numpy.ndarray
            (n_cells,) float32: the frame, 0 where nothing was observed.
        score : float
            Not scaled; 0.0 where there is none.
        terminated, truncated : bool
            Always False.
        info : dict
            ``score``, None where there is none, and ``observed``, (n_cells,) bool.
        """
        action = check_action(action, self.action_space)
        self.frame += 1
        score = self.advance(np.clip(action, self.action_space.low, self.action_space.high))
        scaled = NAN if score is None else self.scaler.scale(score)
        observation, mask = observed(self._observe(scaled))
        return observation, score or 0.0, False, False, {"score": score, "observed": mask}

    def reset_page(self) -> None:
        """Set up the page; randomness comes from ``self.np_random``."""

    def advance(self, action: np.ndarray) -> float | None:
        """Apply an action, advance one frame and give the score, or None."""
        raise NotImplementedError

    def page(self) -> np.ndarray:
        """Image of the page: (height, width, n_channels) uint8."""
        raise NotImplementedError

    def sight(self) -> tuple[float, float, float, float]:
        """What the eye can see: left, top, width and height as shares of the page's; it may reach beyond the page."""
        left, top = self.x + int(self.eye.dx.min()), self.y + int(self.eye.dy.min())
        width, height = int(np.ptp(self.eye.dx)) + 1, int(np.ptp(self.eye.dy)) + 1
        return left / self.width, top / self.height, width / self.width, height / self.height

    def position(self) -> tuple[float, float, float]:
        """Scroll position and pointer position, −1 … 1."""
        return self.scrolled, 2 * self.x / max(1, self.width - 1) - 1, 2 * self.y / max(1, self.height - 1) - 1

    def render(self) -> np.ndarray:
        """Image of the page: (height, width, 3) uint8."""
        return np.repeat(self.page(), 3 // self.n_channels, axis=2)

    def picture(self, cells: np.ndarray) -> np.ndarray:
        """Image of a frame, observed or predicted: (side, side, 3) uint8."""
        image = self.eye.picture(cells[N_HEAD:].reshape(-1, self.n_channels))
        return np.repeat(image, 3 // self.n_channels, axis=2)

    def move(self, action: np.ndarray, by_px: float) -> None:
        """Move the pointer within the page."""
        self.x = int(np.clip(self.x + round(float(action[0]) * by_px), 0, self.width - 1))
        self.y = int(np.clip(self.y + round(float(action[1]) * by_px), 0, self.height - 1))

    def _observe(self, score: np.float32) -> np.ndarray:
        head = np.array([score, NAN, NAN, NAN, 1, *self.position()], np.float32)
        return np.concatenate([head, self.eye.look(self.page(), self.x, self.y).ravel()])


@dataclass(frozen=True)
class Eye:
    """Layout of the points of an eye around its centre.

    A pixel in sight belongs to one point, and a point sees the mean of its pixels on the page, NaN if there is none.
    """

    dx: np.ndarray  # (pixels,) int64 offsets of the pixels in sight
    dy: np.ndarray  # likewise
    of: np.ndarray  # (pixels,) int64: the point that each pixel belongs to
    n_points: int  # each has at least one pixel

    @property
    def places(self) -> np.ndarray:
        """Centres of the points: (n_points, 2) float32, x and y in pixels from the centre of the eye."""
        n_pixels = np.bincount(self.of, minlength=self.n_points)
        sums = [np.bincount(self.of, offsets, self.n_points) / n_pixels for offsets in (self.dx, self.dy)]
        return np.stack(sums, axis=1).astype(np.float32)

    def look(self, page: np.ndarray, x: int, y: int) -> np.ndarray:
        """Observe a page at x, y: (H, W, C) uint8 -> (n_points, C) float32, -1 black … 1 white, NaN off the page."""
        height, width, n_channels = page.shape
        rows, columns = y + self.dy, x + self.dx
        on_page = (0 <= rows) & (rows < height) & (0 <= columns) & (columns < width)
        of, values = self.of[on_page], page[rows[on_page], columns[on_page]]
        n_pixels = np.bincount(of, minlength=self.n_points)
        sums = np.stack([np.bincount(of, values[:, c], self.n_points) for c in range(n_channels)], axis=1)
        means = sums / np.maximum(1, n_pixels)[:, None]
        means[n_pixels == 0] = np.nan
        return (means / 127.5 - 1).astype(np.float32)

    def picture(self, points: np.ndarray) -> np.ndarray:
        """Image of points: (n_points, C) float -> (side, side, C) uint8; pixels without a point are grey, NaN dark."""
        left, top = int(self.dx.min()), int(self.dy.min())
        side = 1 + max(int(self.dx.max()) - left, int(self.dy.max()) - top)
        page = np.full((side, side, points.shape[1]), 127, np.uint8)
        greys = np.where(np.isnan(points), 30, np.clip(points + 1, 0, 2) * 127.5)
        page[self.dy - top, self.dx - left] = np.round(greys[self.of]).astype(np.uint8)
        return page


def square(side: int) -> Eye:
    """A square crop: one point a pixel, in rows.

    Examples
    --------
    >>> eye = square(3)
    >>> eye.look(np.full((2, 2, 1), 255, np.uint8), 0, 0)[:, 0].tolist()
    [nan, nan, nan, nan, 1.0, 1.0, nan, 1.0, 1.0]
    """
    check_whole("the side of a square", side, 2, 140)
    dy, dx = np.divmod(np.arange(side * side), side)
    return Eye(dx - side // 2, dy - side // 2, np.arange(side * side), side * side)


def fovea(n_points: int, radius: int) -> Eye:
    """A foveated eye, dense in the middle: points at distance u³·radius, but never closer than a pixel.

    Points are laid out by the golden angle (as sunflower seeds; Vogel 1979). A pixel belongs to the nearest point, and
    points without pixels are left out.

    Examples
    --------
    >>> eye = fovea(60, 20)
    >>> distances = np.hypot(*eye.places.T)
    >>> eye.n_points, bool(np.median(distances) < 6 < 15 < distances.max())
    (58, True)
    """
    check_whole("n_points of a fovea", n_points, 1, MAX_POINTS)
    check_whole("radius of a fovea", radius, 1, 200)
    if n_points > 2 * radius * radius:
        raise AgentError(f"expected a radius large enough for {n_points} points, got {radius} pixels.")
    number = np.arange(n_points)
    distances = np.maximum(radius * ((number + 0.5) / n_points) ** 3, np.sqrt(number / math.pi))
    spots = np.stack([distances * np.cos(_GOLDEN * number), distances * np.sin(_GOLDEN * number)], axis=1)
    reach = np.arange(-radius, radius + 1)
    dy, dx = (offsets.ravel() for offsets in np.meshgrid(reach, reach, indexing="ij"))
    inside = dx * dx + dy * dy <= radius * radius
    dx, dy, of = dx[inside], dy[inside], np.zeros(int(inside.sum()), np.int64)
    nearest = np.full(len(dx), np.inf)
    for place, (x, y) in enumerate(spots):
        distance = (dx - x) ** 2 + (dy - y) ** 2
        of[distance < nearest] = place
        nearest = np.minimum(nearest, distance)
    used, of = np.unique(of, return_inverse=True)
    return Eye(dx, dy, of, len(used))
