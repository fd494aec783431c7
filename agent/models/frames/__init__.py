"""Frame models: the interface of models that predict the next frame and choose actions.

A model sees flat float32 vectors, one a frame, −1 … 1, NaN where nothing was observed. It predicts the next frame,
chooses an action, and learns from what follows. Cell 0 is the score since the last frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from agent.errors import AgentError
from agent.models.base import BaseModel
from agent.validation import check_arrays

MAX_CELLS, MAX_ACTIONS = 120_000, 1_000
N_RECENT = 101  # scores that the baseline is the median of


@dataclass(frozen=True)
class FrameSpec:
    """Layout of the frames and actions of an environment."""

    places: np.ndarray  # (n_cells, 3) float32: x, y and colour of each cell; NaN for cells without a place
    # (n_actions,) float32: lower bounds, −1 for a signed action, 0 for an unsigned one; upper bounds are 1
    low: np.ndarray
    actions: tuple[str, ...]  # names of the actions, for `because`

    @classmethod
    def unknown(cls, n_cells: int, n_actions: int) -> Self:
        """A layout of which only the sizes are known."""
        names = tuple(f"action {place}" for place in range(n_actions))
        return cls(np.full((n_cells, 3), np.nan, np.float32), np.full(n_actions, -1, np.float32), names)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray]) -> Self:
        """Load a saved layout; the names of actions follow when the model enters an environment."""
        places, nowhere, low = (tensors.get(name, np.zeros((0, 0))) for name in ("places", "nowhere", "low"))
        n_cells, n_actions = len(places), len(low)
        if n_cells > MAX_CELLS or n_actions > MAX_ACTIONS:
            raise AgentError(f"expected at most {MAX_CELLS:,} cells and {MAX_ACTIONS:,} actions, got more.")
        shapes = {
            "places": ((n_cells, 3), np.float32),
            "nowhere": ((n_cells,), np.uint8),
            "low": ((n_actions,), np.float32),
        }
        check_arrays({"places": places, "nowhere": nowhere, "low": low}, shapes)
        places = np.where(nowhere[:, None] != 0, np.float32(np.nan), places)
        return cls(places, low.copy(), cls.unknown(0, n_actions).actions)

    def tensors(self) -> dict[str, np.ndarray]:
        """Arrays to save."""
        nowhere = np.isnan(self.places[:, 0])
        places = np.where(nowhere[:, None], np.float32(0), self.places)
        return {"places": places, "nowhere": nowhere.astype(np.uint8), "low": self.low}

    @property
    def n_cells(self) -> int:
        """Numbers in a frame."""
        return len(self.places)

    @property
    def n_actions(self) -> int:
        """Numbers in an action."""
        return len(self.low)


class Decision(NamedTuple):
    """Response to a frame: the predicted next frame (n_cells,) float32 without NaN, the action (n_actions,)
    float32, and the reason for it."""

    prediction: np.ndarray
    action: np.ndarray
    because: str


class FrameModel(BaseModel):
    """A model of frames. Plain arrays, deep-copyable; its behaviour follows from its seed and the frames it saw."""

    expected: np.ndarray  # the predicted next frame, (n_cells,) float32

    def __init__(self, config: Any) -> None:
        self.config = config
        self.spec = FrameSpec.unknown(0, 0)
        self.n_frames = 0
        self._baseline = MedianBaseline()

    def enter(self, spec: FrameSpec) -> None:
        """Prepare for the frames of an environment; AgentError when they are too large."""
        raise NotImplementedError

    def observe(self, frame: np.ndarray) -> Decision:
        """Learn from a frame of the layout's size, then predict and act."""
        raise NotImplementedError

    def _advantage(self, frame: np.ndarray) -> float | None:
        """How far the score of a frame is from the baseline; None where it has none."""
        return self._baseline.advantage(None if np.isnan(frame[0]) else float(frame[0]))


class MedianBaseline:
    """Running-median reward baseline; frames without a score count as 0.

    Environments standardise scores to zero mean, so a score of 0 drifts negative as the policy improves, and values
    learned earlier would be out of date. Subtracting the median of recent scores keeps it at 0.

    Examples
    --------
    >>> baseline = MedianBaseline()
    >>> [baseline.advantage(score) for score in (None, 0.5, None)]
    [None, 0.5, None]
    >>> [baseline.advantage(-0.25) for _ in range(60)][-1], baseline.advantage(0.5)
    (0.0, 0.75)
    """

    def __init__(self, recent: np.ndarray | None = None) -> None:
        self.recent = np.zeros(N_RECENT, np.float32) if recent is None else recent

    def advantage(self, score: float | None) -> float | None:
        """Count a score, or a frame without one, and give the difference of the score from the median."""
        self.recent = np.append(self.recent[1:], np.float32(score or 0))
        return None if score is None else float(np.float32(score) - np.sort(self.recent)[N_RECENT // 2])
