"""What every mind that watches frames promises.

A mind sees flat float32 vectors, one a frame, −1 … 1, NaN where nothing was observed. It says what it expects to see
next and what it would do now, and learns from what comes. Cell 0 is the score since the last frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np

from agent.errors import AgentError
from agent.kinds.checks import check_numbers

MAX_CELLS, MAX_ACTIONS = 120_000, 1_000


@dataclass(frozen=True)
class Scene:
    """What a world tells about its frames before they come.

    Attributes
    ----------
    places : numpy.ndarray
        (n_cells, 3) float32: x, y and colour of each cell; NaN for cells that lie nowhere.
    low : numpy.ndarray
        (n_actions,) float32: −1 for an action that goes both ways, 0 for one that is done or not.
    actions : tuple of str
        What each action does, for `because`.
    """

    places: np.ndarray
    low: np.ndarray
    actions: tuple[str, ...]

    @classmethod
    def unknown(cls, n_cells: int, n_actions: int) -> Self:
        """A scene about which nothing is told but sizes."""
        names = tuple(f"action {place}" for place in range(n_actions))
        return cls(np.full((n_cells, 3), np.nan, np.float32), np.full(n_actions, -1, np.float32), names)

    @classmethod
    def saved(cls, tensors: Mapping[str, np.ndarray]) -> Self:
        """Read back what a mind saved of its scene; names of actions are told when it enters again."""
        places, nowhere, low = (tensors.get(name, np.zeros((0, 0))) for name in ("places", "nowhere", "low"))
        n_cells, n_actions = len(places), len(low)
        if n_cells > MAX_CELLS or n_actions > MAX_ACTIONS:
            raise AgentError(f"expected at most {MAX_CELLS:,} cells and {MAX_ACTIONS:,} actions, got more.")
        shapes = {
            "places": ((n_cells, 3), np.float32),
            "nowhere": ((n_cells,), np.uint8),
            "low": ((n_actions,), np.float32),
        }
        check_numbers({"places": places, "nowhere": nowhere, "low": low}, shapes)
        places = np.where(nowhere[:, None] != 0, np.float32(np.nan), places)
        return cls(places, low.copy(), cls.unknown(0, n_actions).actions)

    def tensors(self) -> dict[str, np.ndarray]:
        """Give what is saved of it."""
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


class Thought(NamedTuple):
    """What a mind makes of a frame: the next one as it expects it (n_cells,) float32 without NaN, what it does now
    (n_actions,) float32, and why."""

    prediction: np.ndarray
    action: np.ndarray
    because: str


class Mind(Protocol):
    """A memory that watches. Plain arrays, deep-copyable; what it does follows from its seed and what it saw."""

    NAME: ClassVar[str]
    SUMMARY: ClassVar[str]  # one sentence for menus and cards
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]]  # named settings; the first are the defaults
    CHOICES: ClassVar[Mapping[str, Sequence[str]]]  # what settings that are words may be
    MAX_LABELS: int  # 0: it learns none
    Config: ClassVar[type]
    config: Any  # a frozen dataclass, every field with a default, among them ``seed: int``

    scene: Scene  # that it was made ready for last

    @property
    def n_frames(self) -> int:
        """Frames seen so far."""

    @property
    def expected(self) -> np.ndarray:
        """The next frame as it expects it, (n_cells,) float32."""

    @property
    def n_bytes(self) -> int:
        """Bytes of memory it holds."""

    def enter(self, scene: Scene) -> None:
        """Get ready for frames of a scene, of any size; AgentError when they are too large."""

    def observe(self, frame: np.ndarray) -> Thought:
        """Learn from a frame of the scene's size, then think."""

    def facts(self) -> dict[str, str]:
        """Numbers about the memory worth showing: names known to `agent.ui.words.FACTS`, and their values."""

    def tensors(self) -> dict[str, np.ndarray]:
        """Give every array that must be saved: enough to go on to the byte."""

    @classmethod
    def restore(cls, config: Any, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        """Build the mind back from its saved arrays; AgentError when they do not fit the settings."""
