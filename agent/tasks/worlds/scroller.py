"""A digit that drifts over a page without edges: what leaves on one side comes in on the other."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from PIL import Image

from agent.errors import AgentError
from agent.tasks import fonts
from agent.tasks.fovea import square
from agent.tasks.frames import World

_WAYS = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if (dx, dy) != (0, 0)]


class Scroller(World):
    """A drifting digit.

    Parameters
    ----------
    side : int
        Of the page, in pixels, all of it in sight; 8 to 64.
    stays : int
        Frames until another digit drifts another way; 0 for one digit for ever.

    Examples
    --------
    >>> world = Scroller(side=12, stays=0)
    >>> before, _ = world.reset(seed=3)
    >>> after = world.step([0, 0, 0, 0])[0]
    >>> sorted(before[8:].tolist()) == sorted(after[8:].tolist())
    True
    """

    NAME: ClassVar[str] = "scroller"
    SUMMARY: ClassVar[str] = "a digit that drifts over the page"

    def __init__(self, side: int = 14, stays: int = 100) -> None:
        if type(side) is not int or not 8 <= side <= 64:
            raise AgentError(f"expected a page of 8 to 64 pixels, got {side!r}.")
        if type(stays) is not int or not 0 <= stays <= 1_000_000:
            raise AgentError(f"expected a digit to stay 0 to 1,000,000 frames, got {stays!r}.")
        super().__init__(square(side), (side, side))
        self.side, self.stays = side, stays

    def begin(self) -> None:
        self._another()

    def turn(self, action: np.ndarray) -> float | None:
        if self.stays and self.frame % self.stays == 0:
            self._another()
        self._glyph = np.roll(self._glyph, self._way, axis=(1, 0))
        return None

    def page(self) -> np.ndarray:
        return self._glyph[:, :, None]

    def _another(self) -> None:
        """Choose a digit, a font, a place and a way to drift."""
        names = fonts.fonts()
        drawings, _ = fonts.font(names[self.np_random.integers(len(names))])
        drawn = Image.fromarray(drawings[self.np_random.integers(10)]).resize(
            (self.side, self.side), Image.Resampling.BOX
        )
        place = self.np_random.integers(self.side, size=2)
        self._glyph = np.roll(np.asarray(drawn), place, axis=(0, 1))
        self._way = _WAYS[self.np_random.integers(len(_WAYS))]
