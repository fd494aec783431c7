"""A small page with things worth pressing, and some that are not.

Buttons with a plus pay 1 when they are pressed and then rest, grey, for some frames; buttons with a minus cost 1. What
is pressed is what lay under the pointer in the last frame; then the pointer moves. The page is longer than the view:
text and more buttons come in sight by scrolling.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from agent.errors import AgentError
from agent.tasks.fovea import fovea, square
from agent.tasks.frames import World

VIEW_PX, PAGE_PX = (64, 48), 96  # of the view, width and height; and how long the page is
BUTTON_PX = (18, 14)
STEP_PX, SCROLL_PX = 6, 12
PRESSED = 0.5  # an action from here on presses
_GREEN, _RED, _GREY, _PAPER, _INK = (55, 178, 77), (224, 49, 49), (173, 181, 189), (248, 249, 250), (73, 80, 87)
_WORDS = ("pupil", "reads", "what", "it", "sees", "and", "learns", "to", "press", "plus")


class Page(World):
    """An interactive page.

    Parameters
    ----------
    n_points : int
        Of the fovea.
    radius : int
        Of what it sees, in pixels.
    crop : int
        See a square of so many pixels instead; 0 for the fovea.
    n_good, n_bad : int
        Buttons that pay and buttons that cost.
    rest : int
        Frames that a pressed button rests.

    Examples
    --------
    >>> world = Page()
    >>> _ = world.reset(seed=0)
    >>> world.x, world.y = world.buttons[0][0] + 5, world.buttons[0][1] + 5
    >>> [world.step([0, 0, 0, 1])[1] for _ in range(2)]
    [1.0, 0.0]
    """

    NAME: ClassVar[str] = "page"
    SUMMARY: ClassVar[str] = "a page with buttons, some of which are worth pressing"
    n_channels = 3

    def __init__(
        self, n_points: int = 40, radius: int = 24, crop: int = 0, n_good: int = 2, n_bad: int = 2, rest: int = 4
    ) -> None:
        limits = {"n_good": (n_good, 1, 6), "n_bad": (n_bad, 0, 6), "rest": (rest, 0, 1000)}
        for name, (value, low, high) in limits.items():
            if type(value) is not int or not low <= value <= high:
                raise AgentError(f"expected {name} as a whole number from {low} to {high}, got {value!r}.")
        super().__init__(square(crop) if crop else fovea(n_points, radius), VIEW_PX)
        self.n_good, self.n_bad, self.rest = n_good, n_bad, rest

    def begin(self) -> None:
        columns, rows = VIEW_PX[0] // (BUTTON_PX[0] + 2), PAGE_PX // (BUTTON_PX[1] + 10)
        cells = self.np_random.permutation(columns * rows)[: self.n_good + self.n_bad]
        self.buttons = [
            (int(cell % columns) * (BUTTON_PX[0] + 2) + 2, int(cell // columns) * (BUTTON_PX[1] + 10) + 6)
            for cell in cells
        ]
        self.resting = [0] * len(self.buttons)
        self.top, self.scrolled = 0, -1.0
        self._paper = self._text()
        self._drawn: tuple[object, np.ndarray] | None = None

    def turn(self, action: np.ndarray) -> float | None:
        self.resting = [max(0, each - 1) for each in self.resting]
        score = self._press() if action[3] >= PRESSED else 0.0
        self.move(action, STEP_PX)
        self.top = int(np.clip(self.top + round(float(action[2]) * SCROLL_PX), 0, PAGE_PX - VIEW_PX[1]))
        self.scrolled = 2 * self.top / (PAGE_PX - VIEW_PX[1]) - 1
        return score

    def page(self) -> np.ndarray:
        shown = (self.top, tuple(each > 0 for each in self.resting))
        if self._drawn is None or self._drawn[0] != shown:
            image = self._paper.copy()
            for place, (left, top) in enumerate(self.buttons):
                good = place < self.n_good
                colour = _GREY if self.resting[place] else _GREEN if good else _RED
                pen = ImageDraw.Draw(image)
                box = (left, top, left + BUTTON_PX[0] - 1, top + BUTTON_PX[1] - 1)
                pen.rounded_rectangle(box, 3, fill=colour)
                middle, across = (left + BUTTON_PX[0] // 2, top + BUTTON_PX[1] // 2), 3
                pen.line((middle[0] - across, middle[1], middle[0] + across, middle[1]), _PAPER, 2)
                if good:
                    pen.line((middle[0], middle[1] - across, middle[0], middle[1] + across), _PAPER, 2)
            self._drawn = (shown, np.asarray(image)[self.top : self.top + VIEW_PX[1]])
        return self._drawn[1]

    def _press(self) -> float:
        """Press what lies under the pointer."""
        for place, (left, top) in enumerate(self.buttons):
            if 0 <= self.x - left < BUTTON_PX[0] and 0 <= self.y + self.top - top < BUTTON_PX[1]:
                if place >= self.n_good:
                    return -1.0
                if self.resting[place] == 0:
                    self.resting[place] = self.rest
                    return 1.0
        return 0.0

    def _text(self) -> Image.Image:
        """Paper with lines of small words between the rows of buttons."""
        image = Image.new("RGB", (VIEW_PX[0], PAGE_PX), _PAPER)
        pen, face = ImageDraw.Draw(image), ImageFont.load_default(8)
        for row, top in enumerate(range(-4, PAGE_PX, BUTTON_PX[1] + 10)):
            pen.text((1, top), " ".join(self.np_random.permutation(_WORDS)[: 3 + row % 2]), fill=_INK, font=face)
        return image
