"""Worlds that are watched and acted in: endless streams of frames, each a flat float32 vector.

    −1 … 1, NaN = not observed · cell 0 the score since the last frame or NaN, cells 1 to 3 always NaN ·
    cell 4 constant 1 · cells 5 to 7 where the page is scrolled to and where the pointer is · then what the eye sees

A world is a `gymnasium.Env`: `reset` once, then `step` for ever. What it does follows from its seed and the actions it
was given, so a run goes on exactly where it stopped when its actions are played again.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import gymnasium
import numpy as np

from agent.errors import AgentError, nearest
from agent.tasks.fovea import Eye

N_SCORES = 4  # the score, and three cells that are never observed: scratch
N_HEAD = 8
MOVES_PX = 50
MAX_CELLS = 60_000
NAN = np.float32(np.nan)
_MOST_SCORES = 100_000


class Scores:
    """Scores brought to one scale: (x − m) / √v · 0.33 within ±0.99, with the mean and variance of those before.

    Examples
    --------
    >>> scores = Scores()
    >>> [round(float(scores.scaled(each)), 2) for each in (0, 0, 0, 1, 0, 1)]
    [0.0, 0.0, 0.0, 0.99, -0.19, 0.66]
    """

    def __init__(self) -> None:
        self.mean, self.variance, self.n = 0.0, 0.0, 0

    def scaled(self, score: float) -> np.float32:
        """Bring one to scale, then count it."""
        away = score - self.mean
        if self.n == 0 or away == 0:
            out = 0.0
        else:
            out = max(-0.99, min(0.99, away / math.sqrt(max(self.variance, 1e-12)) * 0.33))
        self.n = min(self.n + 1, _MOST_SCORES)
        step = 1 / self.n
        self.mean += step * away
        self.variance += step * (away * (score - self.mean) - self.variance)
        return np.float32(out)


class Holed(gymnasium.spaces.Box):
    """Numbers from −1 to 1, some of which may not have been observed.

    Examples
    --------
    >>> Holed(3).contains(np.array([NAN, 0, 1], np.float32)), Holed(3).contains(np.array([2, 0, 1], np.float32))
    (True, False)
    """

    def __init__(self, n_cells: int) -> None:
        super().__init__(-1, 1, (n_cells,), np.float32)

    def contains(self, x: Any) -> bool:
        """Say whether a frame can be one of these; NaN can."""
        return super().contains(np.nan_to_num(x, nan=0.0) if isinstance(x, np.ndarray) else x)


class World(gymnasium.Env):
    """An endless page, seen by an eye around a pointer that can be moved.

    A world of this family says in `turn` what an action does and what it scores, and in `page` what there is to see.

    Attributes
    ----------
    eye : agent.tasks.fovea.Eye
    places : numpy.ndarray
        (n_cells, 3) float32: x, y and colour of each cell the eye sees; NaN for cells that lie nowhere.
    """

    NAME: ClassVar[str]
    SUMMARY: ClassVar[str]
    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 10}
    render_mode = "rgb_array"
    n_channels: int = 1

    def __init__(self, eye: Eye, size: tuple[int, int]) -> None:
        self.eye, self.width, self.height = eye, *size
        seen = np.repeat(eye.places, self.n_channels, axis=0)
        colour = np.tile(np.arange(self.n_channels, dtype=np.float32), eye.n_points)[:, None]
        self.places = np.concatenate([np.full((N_HEAD, 3), np.nan, np.float32), np.hstack([seen, colour])])
        n_cells = len(self.places)
        if n_cells > MAX_CELLS:
            raise AgentError(f"expected at most {MAX_CELLS:,} cells, got {n_cells:,}. Take a smaller eye.")
        self.observation_space = Holed(n_cells)
        low = np.array([-1, -1, -1, 0], np.float32)  # move right, move down, scroll down, press
        self.action_space = gymnasium.spaces.Box(low, np.ones(4, np.float32))
        self.actions: tuple[str, ...] = ("move right", "move down", "scroll down", "press")

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        """Begin: the first frame. Without a seed it begins as with 0."""
        super().reset(seed=0 if seed is None else seed)
        self.x, self.y, self.scrolled = self.width // 2, self.height // 2, 0.0
        self.scores = Scores()
        self.frame = 0
        self.begin()
        return self._seen(NAN), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Act, and see the next frame.

        Returns
        -------
        observation : numpy.ndarray
            (n_cells,) float32.
        score : float
            As it is, not brought to scale; 0.0 where nothing was scored.
        terminated, truncated : bool
            Never.
        info : dict
            ``score`` None where nothing was scored.
        """
        action = np.asarray(action, np.float32)
        if action.shape != self.action_space.shape or not np.isfinite(action).all():
            raise AgentError(f"expected an action of {self.action_space.shape[0]} numbers, got {str(action)[:80]}.")
        self.frame += 1
        score = self.turn(np.clip(action, self.action_space.low, self.action_space.high))
        scaled = NAN if score is None else self.scores.scaled(score)
        return self._seen(scaled), score or 0.0, False, False, {"score": score}

    def begin(self) -> None:
        """Set the page up; chance comes from ``self.np_random``."""

    def turn(self, action: np.ndarray) -> float | None:
        """Do what an action says, let time pass, and give the score, or None where there is none."""
        raise NotImplementedError

    def page(self) -> np.ndarray:
        """Draw what there is to see: (height, width, n_channels) uint8."""
        raise NotImplementedError

    def head(self) -> tuple[float, float, float]:
        """Where the page is scrolled to and where the pointer is, −1 … 1."""
        return self.scrolled, 2 * self.x / max(1, self.width - 1) - 1, 2 * self.y / max(1, self.height - 1) - 1

    def render(self) -> np.ndarray:
        """Show the page: (height, width, 3) uint8."""
        return np.repeat(self.page(), 3 // self.n_channels, axis=2)

    def picture(self, cells: np.ndarray) -> np.ndarray:
        """Paint a frame, seen or expected: (side, side, 3) uint8."""
        seen = self.eye.picture(cells[N_HEAD:].reshape(-1, self.n_channels))
        return np.repeat(seen, 3 // self.n_channels, axis=2)

    def move(self, action: np.ndarray, by_px: float) -> None:
        """Move the pointer, which stays on the page."""
        self.x = int(np.clip(self.x + round(float(action[0]) * by_px), 0, self.width - 1))
        self.y = int(np.clip(self.y + round(float(action[1]) * by_px), 0, self.height - 1))

    def _seen(self, score: np.float32) -> np.ndarray:
        head = np.array([score, NAN, NAN, NAN, 1, *self.head()], np.float32)
        return np.concatenate([head, self.eye.look(self.page(), self.x, self.y).ravel()])


def make(name: str, **settings: Any) -> gymnasium.Env:
    """Make a world by name; whatever contains a colon or a dash and a version is an environment of gymnasium.

    Raises
    ------
    AgentError
        No such world, or settings it does not have.

    Examples
    --------
    >>> world = make("scroller")
    >>> frame, _ = world.reset(seed=1)
    >>> frame.dtype, bool(np.isnan(frame[0]))
    (dtype('float32'), True)
    """
    from agent.tasks.worlds import WORLDS, gym

    if isinstance(name, str) and name not in WORLDS and "-v" in name:
        return gym.Gym(name, **settings)
    if not isinstance(name, str) or name not in WORLDS:
        known = ", ".join(WORLDS)
        raise AgentError(f"expected a world among {known}, or one of gymnasium as CartPole-v1, got {str(name)[:40]!r}."
                         f"{nearest(name, WORLDS)}")  # fmt: skip
    try:
        return WORLDS[name](**settings)
    except TypeError as error:
        raise AgentError(f"expected settings of the world {name}, got {str(settings)[:80]} ({error}).") from error
