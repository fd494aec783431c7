"""Any environment of gymnasium as a world without an end: when an episode is over the next one begins."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import gymnasium
import numpy as np

from agent.errors import AgentError
from agent.tasks.frames import N_SCORES, NAN, Holed, Scores

MAX_CHOICES, MAX_CELLS = 1_000, 60_000


class Gym(gymnasium.Env):
    """An environment by its id.

    Numbers are brought to −1 … 1: by their bounds where they have some, else as x / (1 + |x|). A choice among n is one
    cell for each, and the largest action chooses. Cell 5 is 1 in the first frame of an episode. The score is the
    environment's reward.

    Parameters
    ----------
    id : str
        Such as ``CartPole-v1``.
    **settings
        For `gymnasium.make`.

    Examples
    --------
    >>> world = Gym("CartPole-v1", sutton_barto_reward=True)
    >>> frame, _ = world.reset(seed=0)
    >>> frame.shape, world.actions
    ((10,), ('0', '1'))
    """

    NAME: ClassVar[str] = "gym"
    SUMMARY: ClassVar[str] = "an environment of gymnasium, by its id"
    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

    def __init__(self, id: str, **settings: Any) -> None:
        try:
            self.inner = gymnasium.make(id, **settings)
        except (gymnasium.error.Error, ImportError, TypeError, ValueError) as error:
            raise AgentError(
                f"expected an environment of gymnasium such as CartPole-v1, got {id[:40]!r} ({error})."
            ) from error
        space = self.inner.action_space
        if isinstance(space, gymnasium.spaces.Discrete) and space.n <= MAX_CHOICES:
            self.actions = tuple(str(place) for place in range(int(space.n)))
            low = np.zeros(int(space.n), np.float32)
        elif isinstance(space, gymnasium.spaces.Box) and math.prod(space.shape) <= MAX_CHOICES:
            self.actions = tuple(str(place) for place in range(math.prod(space.shape)))
            low = np.full(len(self.actions), -1, np.float32)
        else:
            raise AgentError(f"expected actions that are a choice or numbers, got {space}. Take another environment.")
        self.action_space = gymnasium.spaces.Box(low, np.ones_like(low))
        n_cells = N_SCORES + 2 + self._n_told(self.inner.observation_space)
        self.observation_space = Holed(n_cells)
        self.places = np.full((n_cells, 3), np.nan, np.float32)
        self.lengths: list[int] = []  # frames of each episode that is over

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        """Begin the first episode."""
        super().reset(seed=0 if seed is None else seed)
        told, _ = self.inner.reset(seed=0 if seed is None else seed)
        self.scores, self.frame, self._since = Scores(), 0, 0
        self.lengths = []
        return self._cells(told, NAN, True), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Act; as in `agent.tasks.frames.World.step`."""
        action = np.asarray(action, np.float32)
        if action.shape != self.action_space.shape or not np.isfinite(action).all():
            raise AgentError(f"expected an action of {self.action_space.shape[0]} numbers, got {str(action)[:80]}.")
        told, score, terminated, truncated, _ = self.inner.step(self._meant(action))
        self.frame += 1
        self._since += 1
        if terminated or truncated:
            self.lengths.append(self._since)
            self._since = 0
            told, _ = self.inner.reset()
        score = float(score)
        return (
            self._cells(told, self.scores.scaled(score), terminated or truncated),
            score,
            False,
            False,
            {"score": score},
        )

    def close(self) -> None:
        """Let the environment go."""
        self.inner.close()

    def picture(self, cells: np.ndarray) -> np.ndarray:
        """Paint the cells as bars of grey: (n, n, 3) uint8, NaN dark."""
        told = cells[N_SCORES + 2 :]
        side = math.ceil(math.sqrt(len(told)))
        page = np.full(side * side, 30, np.uint8)
        page[: len(told)] = np.where(np.isnan(told), 30, np.round(np.clip(told + 1, 0, 2) * 127.5)).astype(np.uint8)
        return np.repeat(page.reshape(side, side, 1), 3, axis=2)

    def _meant(self, action: np.ndarray) -> Any:
        space = self.inner.action_space
        if isinstance(space, gymnasium.spaces.Discrete):
            return int(space.start + np.argmax(action))
        low, high = np.maximum(space.low, -1e3), np.minimum(space.high, 1e3)
        return (low + (np.clip(action.reshape(space.shape), -1, 1) + 1) / 2 * (high - low)).astype(space.dtype)

    def _n_told(self, space: gymnasium.Space) -> int:
        n_told = (
            int(space.n)
            if isinstance(space, gymnasium.spaces.Discrete)
            else math.prod(getattr(space, "shape", None) or (0,))
        )
        if not isinstance(space, (gymnasium.spaces.Discrete, gymnasium.spaces.Box)) or not 1 <= n_told <= MAX_CELLS:
            raise AgentError(
                f"expected 1 to {MAX_CELLS:,} numbers or a choice to see, got {space}. Take another environment."
            )
        return n_told

    def _cells(self, told: Any, score: np.float32, first: bool) -> np.ndarray:
        space = self.inner.observation_space
        if isinstance(space, gymnasium.spaces.Discrete):
            seen = np.full(int(space.n), -1, np.float32)
            seen[int(told) - int(space.start)] = 1
        else:
            low, high, x = (np.asarray(each, np.float64).ravel() for each in (space.low, space.high, told))
            bounded = (np.abs(low) < 1e6) & (np.abs(high) < 1e6)
            span = np.where(bounded, high - low, 1)
            seen = np.where(
                bounded, 2 * (x - np.where(bounded, low, 0)) / np.where(span > 0, span, 1) - 1, x / (1 + np.abs(x))
            )
        return np.concatenate([[score, NAN, NAN, NAN, 1, 2 * first - 1], np.clip(seen, -1, 1)]).astype(np.float32)
