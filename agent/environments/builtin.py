"""Built-in environments: a drifting digit, an animated drawing, a page with buttons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from agent.datasets import fonts
from agent.datasets.pen import ink, smooth
from agent.datasets.strokes import strokes_of, styles
from agent.environments.base import FrameEnvironment, fovea, square
from agent.errors import AgentError
from agent.validation import check_number, check_whole

Stroke = Sequence[tuple[float, float]]  # points the pen passes, in pixels of a canvas of 280
CANVAS_PX = 280
BRUSH_PX = 13.0
STYLES_VERSION = 1  # that a seed draws the same as ever
PAUSE = 6  # frames that a finished sketch stays
MAX_FRAMES, MAX_POINTS, MAX_CANVASES = 2_000, 20_000, 100
VIEW_PX, PAGE_PX = (64, 48), 96  # width and height of the view; height of the page
BUTTON_PX = (18, 14)
STEP_PX, SCROLL_PX = 6, 12
PRESSED = 0.5  # an action of at least this presses
_GREEN, _RED, _GREY, _PAPER, _INK = (55, 178, 77), (224, 49, 49), (173, 181, 189), (248, 249, 250), (73, 80, 87)
_WORDS = ("pupil", "reads", "what", "it", "sees", "and", "learns", "to", "press", "plus")
_DIRECTIONS = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if (dx, dy) != (0, 0)]


class Scroller(FrameEnvironment):
    """A digit that drifts over a page that wraps around at its edges.

    Parameters
    ----------
    side : int
        Side of the page in pixels, all of it in view; 8 to 64.
    stays : int
        Frames until the next digit and direction; 0 for one digit for ever.

    Examples
    --------
    >>> env = Scroller(side=12, stays=0)
    >>> before, _ = env.reset(seed=3)
    >>> after = env.step([0, 0, 0, 0])[0]
    >>> sorted(before[8:].tolist()) == sorted(after[8:].tolist())
    True
    """

    NAME: ClassVar[str] = "scroller"
    SUMMARY: ClassVar[str] = "a digit that drifts over the page"

    def __init__(self, side: int = 14, stays: int = 100) -> None:
        check_whole("side", side, 8, 64)
        check_whole("stays", stays, 0, 1_000_000)
        super().__init__(square(side), (side, side))
        self.side, self.stays = side, stays

    def advance(self, action: np.ndarray) -> float | None:
        if self.stays and self.frame % self.stays == 0:
            self.reset_page()
        self._glyph = np.roll(self._glyph, self._direction, axis=(1, 0))
        return None

    def page(self) -> np.ndarray:
        return self._glyph[:, :, None]

    def reset_page(self) -> None:
        """Choose a digit, a font, a position and a direction."""
        names = fonts.fonts()
        drawings, _ = fonts.font(names[self.np_random.integers(len(names))])
        image = _downscale(drawings[self.np_random.integers(10)], self.side)
        self._glyph = np.roll(image, self.np_random.integers(self.side, size=2), axis=(0, 1))
        self._direction = _DIRECTIONS[self.np_random.integers(len(_DIRECTIONS))]


class Sketch(FrameEnvironment):
    """A page on which a digit is drawn bit by bit.

    Parameters
    ----------
    side : int
        Side of the page in pixels, all of it in view; 8 to 64.
    strokes : sequence of sequences of (x, y), optional
        Strokes to draw, in pixels of a canvas of 280; digits in random styles by default.
    canvases : sequence of (H, W) uint8, optional
        In place of strokes: the canvas after every stroke. One that lacks ink of the previous one begins another
        drawing.
    per_frame_px : float
        Length of the stroke drawn in one frame.
    n_sketches : int
        Digits drawn before the loop begins again.

    Examples
    --------
    >>> env = Sketch(strokes=[[(40, 40), (200, 200)]])
    >>> frame, _ = env.reset(seed=0)
    >>> inks = [float(env.step([0, 0, 0, 0])[0][8:].sum()) for _ in range(5)]
    >>> inks == sorted(inks)
    True
    """

    NAME: ClassVar[str] = "sketch"
    SUMMARY: ClassVar[str] = "strokes, replayed as a film or live"
    SHOWS_CANVAS: ClassVar[bool] = True

    def __init__(
        self,
        side: int = 14,
        strokes: Sequence[Stroke] | None = None,
        per_frame_px: float = 24.0,
        n_sketches: int = 3,
        canvases: Sequence[np.ndarray] | None = None,
    ) -> None:
        check_whole("side", side, 8, 64)
        super().__init__(square(side), (side, side))
        self.side, self.n_sketches = side, check_whole("n_sketches", n_sketches, 1, 20)
        self.per_frame_px = check_number("per_frame_px", per_frame_px, 1, 280)
        self._strokes = None if strokes is None else _check_strokes(strokes)
        if canvases is not None and not 1 <= len(canvases) <= MAX_CANVASES:
            raise AgentError(f"expected 1 to {MAX_CANVASES} canvases, got {len(canvases)}. Draw something.")
        self._canvases = None if canvases is None else [_check_canvas(np.asarray(canvas)) for canvas in canvases]
        self._live: np.ndarray | None = None

    def reset_page(self) -> None:
        if self._canvases is not None:
            self.frames = animate_canvases(self._canvases, self.side, self.per_frame_px)
            return
        if self._strokes is None:
            names = self.np_random.choice(styles(STYLES_VERSION), self.n_sketches, replace=False)
            sketches = [_stroke_curves(str(name)) for name in names]
        else:
            sketches = [self._strokes]
        self.frames = np.concatenate([animate(strokes, self.side, self.per_frame_px) for strokes in sketches])

    def show(self, drawing: np.ndarray | None) -> None:
        """Show a canvas, (H, W) uint8, from the next frame on; None goes back to the animation."""
        self._live = None if drawing is None else _downscale(_check_canvas(drawing), self.side)

    def advance(self, action: np.ndarray) -> float | None:
        return None

    def page(self) -> np.ndarray:
        return (self.frames[self.frame % len(self.frames)] if self._live is None else self._live)[:, :, None]


def animate(strokes: Sequence[Stroke], side: int, per_frame_px: float) -> np.ndarray:
    """Animate strokes: (frames, side, side) uint8, from an empty page to the drawing, then a pause.

    Examples
    --------
    >>> animate([[(40, 40), (200, 40)]], 14, 40.0).shape
    (12, 14, 14)
    """
    lines = [_resample(np.asarray(stroke, float)) for stroke in strokes]
    points = np.concatenate(lines)
    frames = [np.zeros((4 * side, 4 * side), np.uint8)]
    for end in range(int(per_frame_px), len(points) + int(per_frame_px), int(per_frame_px)):
        part = points[max(0, end - int(per_frame_px) - 1) : end]
        frames.append(np.maximum(frames[-1], ink(part, np.full(len(part), BRUSH_PX), 4 * side)))
    frames += frames[-1:] * PAUSE
    if len(frames) > MAX_FRAMES:
        raise AgentError(f"expected strokes of at most {MAX_FRAMES} frames, got {len(frames)}. Draw less, or faster.")
    return np.stack([_downscale(frame, side) for frame in frames])


def animate_canvases(canvases: Sequence[np.ndarray], side: int, per_frame_px: float) -> np.ndarray:
    """Animate the growth of canvases: (frames, side, side) uint8.

    New ink appears from its upper left, where most strokes begin; a finished drawing stays for a pause.

    Examples
    --------
    >>> canvas = np.zeros((28, 28), np.uint8)
    >>> canvas[4:24, 13:15] = 255
    >>> animate_canvases([canvas], 14, 24.0).sum(axis=(1, 2)).tolist()[:4]
    [0, 192, 384, 576]
    """
    frames = [np.zeros((side, side), np.uint8)]
    previous = np.zeros_like(canvases[0])
    for number, canvas in enumerate(canvases):
        if canvas.shape != previous.shape or (canvas < previous).any():
            previous = np.zeros_like(canvas)
        new = np.flatnonzero(canvas.ravel() > previous.ravel())
        rows, columns = np.divmod(new, canvas.shape[1])
        n_px = max(1, round(per_frame_px * BRUSH_PX * canvas.size / CANVAS_PX**2))
        order = new[np.argsort(2 * rows + columns, kind="stable")]
        partial = previous.copy()
        for start in range(0, len(order), n_px):
            part = order[start : start + n_px]
            partial.ravel()[part] = canvas.ravel()[part]
            frames.append(_downscale(partial, side))
        following = canvases[number + 1] if number + 1 < len(canvases) else None
        if following is None or following.shape != canvas.shape or (following < canvas).any():
            frames += frames[-1:] * PAUSE
        previous = canvas
    return np.stack(frames[:MAX_FRAMES])


def _resample(stroke: np.ndarray) -> np.ndarray:
    """Resample a stroke to points about a pixel apart."""
    pieces = [stroke[:1]]
    for start, end in zip(stroke[:-1], stroke[1:], strict=True):
        n_steps = max(1, int(np.hypot(*(end - start))))
        pieces.append(start + (end - start) * (np.arange(1, n_steps + 1) / n_steps)[:, None])
    return np.concatenate(pieces)


def _stroke_curves(style: str) -> list[np.ndarray]:
    """Curves of a style's strokes in the middle of the canvas, smoothed between sharp turns."""
    strokes = []
    for stroke in strokes_of(style, STYLES_VERSION):
        path = np.array([(x, y) for x, y, _ in stroke]) * 2.0 + (80, 40)
        turns = [0, *(i for i, (_, _, sharp) in enumerate(stroke) if sharp), len(stroke) - 1]
        curves = [smooth(path[start : end + 1]) for start, end in zip(turns[:-1], turns[1:], strict=True)]
        strokes.append(np.concatenate(curves))
    return strokes


def _downscale(drawing: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(drawing).resize((side, side), Image.Resampling.BOX))


def _check_canvas(canvas: np.ndarray) -> np.ndarray:
    if canvas.ndim != 2 or canvas.dtype != np.uint8 or not canvas.size:
        raise AgentError(f"expected a drawing (H, W) uint8, got {canvas.shape} {canvas.dtype}.")
    return canvas


def _check_strokes(strokes: Sequence[Stroke]) -> list[np.ndarray]:
    """Check strokes given by a user."""
    try:
        arrays = [np.asarray(stroke, float).reshape(-1, 2) for stroke in strokes]
    except (TypeError, ValueError) as error:
        raise AgentError(f"expected strokes as lists of x and y, got others ({error}).") from error
    n_points = sum(len(stroke) for stroke in arrays)
    if not 1 <= n_points <= MAX_POINTS or any(not len(stroke) for stroke in arrays):
        raise AgentError(f"expected strokes of 1 to {MAX_POINTS:,} points, got {n_points:,}. Draw something.")
    if not all(((-280 <= stroke) & (stroke <= 560)).all() for stroke in arrays):
        raise AgentError("expected points on or near a canvas of 280 pixels, got some far away.")
    return arrays


class Page(FrameEnvironment):
    """A small scrollable page with buttons that score.

    A button with a plus scores 1 when pressed and is then disabled, grey, for some frames; one with a minus scores −1.
    A press acts on what lay under the pointer in the last frame, then the pointer moves. The page is longer than the
    view.

    Parameters
    ----------
    n_points : int
        Points of the fovea.
    radius : int
        Radius of the fovea, in pixels.
    crop : int
        Side of a square crop used instead of the fovea; 0 for the fovea.
    n_good, n_bad : int
        Buttons that score 1 and buttons that score −1.
    rest : int
        Frames that a pressed button is disabled.

    Examples
    --------
    >>> env = Page()
    >>> _ = env.reset(seed=0)
    >>> env.x, env.y = env.buttons[0][0] + 5, env.buttons[0][1] + 5
    >>> [env.step([0, 0, 0, 1])[1] for _ in range(2)]
    [1.0, 0.0]
    """

    NAME: ClassVar[str] = "page"
    SUMMARY: ClassVar[str] = "a page with buttons, some of which are worth pressing"
    n_channels = 3

    def __init__(
        self, n_points: int = 40, radius: int = 24, crop: int = 0, n_good: int = 2, n_bad: int = 2, rest: int = 4
    ) -> None:
        super().__init__(square(crop) if crop else fovea(n_points, radius), VIEW_PX)
        self.n_good = check_whole("n_good", n_good, 1, 6)
        self.n_bad = check_whole("n_bad", n_bad, 0, 6)
        self.rest = check_whole("rest", rest, 0, 1000)

    def reset_page(self) -> None:
        columns, rows = VIEW_PX[0] // (BUTTON_PX[0] + 2), PAGE_PX // (BUTTON_PX[1] + 10)
        cells = self.np_random.permutation(columns * rows)[: self.n_good + self.n_bad]
        self.buttons = [
            (int(cell % columns) * (BUTTON_PX[0] + 2) + 2, int(cell // columns) * (BUTTON_PX[1] + 10) + 6)
            for cell in cells
        ]
        self.resting = [0] * len(self.buttons)
        self.top, self.scrolled = 0, -1.0
        self._paper = self._text()
        self._cache: tuple[object, np.ndarray] | None = None

    def advance(self, action: np.ndarray) -> float | None:
        self.resting = [max(0, n_frames - 1) for n_frames in self.resting]
        score = self._press() if action[3] >= PRESSED else 0.0
        self.move(action, STEP_PX)
        self.top = int(np.clip(self.top + round(float(action[2]) * SCROLL_PX), 0, PAGE_PX - VIEW_PX[1]))
        self.scrolled = 2 * self.top / (PAGE_PX - VIEW_PX[1]) - 1
        return score

    def page(self) -> np.ndarray:
        key = (self.top, tuple(n_frames > 0 for n_frames in self.resting))
        if self._cache is None or self._cache[0] != key:
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
            self._cache = (key, np.asarray(image)[self.top : self.top + VIEW_PX[1]])
        return self._cache[1]

    def _press(self) -> float:
        """Press the button under the pointer: the score."""
        for place, (left, top) in enumerate(self.buttons):
            if 0 <= self.x - left < BUTTON_PX[0] and 0 <= self.y + self.top - top < BUTTON_PX[1]:
                if place >= self.n_good:
                    return -1.0
                if self.resting[place] == 0:
                    self.resting[place] = self.rest
                    return 1.0
        return 0.0

    def _text(self) -> Image.Image:
        """Background with lines of small words between the rows of buttons."""
        image = Image.new("RGB", (VIEW_PX[0], PAGE_PX), _PAPER)
        pen, face = ImageDraw.Draw(image), ImageFont.load_default(8)
        for row, top in enumerate(range(-4, PAGE_PX, BUTTON_PX[1] + 10)):
            pen.text((1, top), " ".join(self.np_random.permutation(_WORDS)[: 3 + row % 2]), fill=_INK, font=face)
        return image
