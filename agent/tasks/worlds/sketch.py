"""Strokes replayed as a film, the same again and again, or seen live while somebody draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from PIL import Image

from agent.errors import AgentError
from agent.tasks import pen
from agent.tasks.fovea import square
from agent.tasks.frames import World
from agent.tasks.styles import STYLES, strokes_of

Stroke = Sequence[tuple[float, float]]  # points the pen passes, in pixels of a canvas of 280
CANVAS_PX = 280
BRUSH_PX = 13.0
PAUSE = 6  # frames that a finished sketch stands still
MAX_FRAMES, MAX_POINTS, MAX_CANVASES = 2_000, 20_000, 100


class Sketch(World):
    """Somebody draws.

    Parameters
    ----------
    side : int
        Of the page, in pixels, all of it in sight; 8 to 64.
    strokes : sequence of sequences of (x, y), optional
        What is drawn, in pixels of a canvas of 280; without it, digits in the ways people write them.
    canvases : sequence of (H, W) uint8, optional
        In place of strokes: what a canvas looked like after each of them. One that lacks ink of the one before is
        another drawing.
    per_frame_px : float
        How far the pen goes from frame to frame.
    n_sketches : int
        How many digits are drawn one after another before it all begins again.

    Examples
    --------
    >>> world = Sketch(strokes=[[(40, 40), (200, 200)]])
    >>> frame, _ = world.reset()
    >>> inks = [float(world.step([0, 0, 0, 0])[0][8:].sum()) for _ in range(5)]
    >>> inks == sorted(inks)
    True
    """

    NAME: ClassVar[str] = "sketch"
    SUMMARY: ClassVar[str] = "strokes, replayed as a film or live"

    def __init__(
        self,
        side: int = 14,
        strokes: Sequence[Stroke] | None = None,
        per_frame_px: float = 24.0,
        n_sketches: int = 3,
        canvases: Sequence[np.ndarray] | None = None,
    ) -> None:
        if type(side) is not int or not 8 <= side <= 64:
            raise AgentError(f"expected a page of 8 to 64 pixels, got {side!r}.")
        if not isinstance(per_frame_px, (int, float)) or not 1 <= per_frame_px <= 280:
            raise AgentError(f"expected a pen that goes 1 to 280 pixels a frame, got {per_frame_px!r}.")
        if type(n_sketches) is not int or not 1 <= n_sketches <= 20:
            raise AgentError(f"expected 1 to 20 sketches, got {n_sketches!r}.")
        super().__init__(square(side), (side, side))
        self.side, self.per_frame_px, self.n_sketches = side, float(per_frame_px), n_sketches
        self._own = None if strokes is None else _checked(strokes)
        self._canvases = None if canvases is None else _checked_canvases(canvases)
        self._live: np.ndarray | None = None

    def begin(self) -> None:
        if self._canvases is not None:
            self.film = grown(self._canvases, self.side, self.per_frame_px)
            return
        if self._own is None:
            styles = self.np_random.choice(list(STYLES), self.n_sketches, replace=False)
            sketches = [_written(str(style)) for style in styles]
        else:
            sketches = [self._own]
        self.film = np.concatenate([film(strokes, self.side, self.per_frame_px) for strokes in sketches])

    def show(self, drawing: np.ndarray | None) -> None:
        """Show what stands on a canvas now, (H, W) uint8, from the next frame on; None goes back to the film."""
        if drawing is None:
            self._live = None
            return
        self._live = _small(_checked_canvas(drawing), self.side)

    def turn(self, action: np.ndarray) -> float | None:
        return None

    def page(self) -> np.ndarray:
        return (self.film[self.frame % len(self.film)] if self._live is None else self._live)[:, :, None]


def film(strokes: Sequence[Stroke], side: int, per_frame_px: float) -> np.ndarray:
    """Draw strokes bit by bit: (frames, side, side) uint8, first nothing, then ever more, and a pause at the end.

    Examples
    --------
    >>> film([[(40, 40), (200, 40)]], 14, 40.0).shape
    (12, 14, 14)
    """
    lines = [_walked(np.asarray(stroke, float)) for stroke in strokes]
    points = np.concatenate(lines)
    frames = [np.zeros((4 * side, 4 * side), np.uint8)]
    for end in range(int(per_frame_px), len(points) + int(per_frame_px), int(per_frame_px)):
        part = points[max(0, end - int(per_frame_px) - 1) : end]
        frames.append(np.maximum(frames[-1], pen.inked(part, np.full(len(part), BRUSH_PX), 4 * side)))
    frames += frames[-1:] * PAUSE
    if len(frames) > MAX_FRAMES:
        raise AgentError(f"expected strokes of at most {MAX_FRAMES} frames, got {len(frames)}. Draw less, or faster.")
    return np.stack([_small(frame, side) for frame in frames])


def grown(canvases: Sequence[np.ndarray], side: int, per_frame_px: float) -> np.ndarray:
    """Draw again what grew on a canvas: (frames, side, side) uint8.

    New ink appears bit by bit from its upper left, where most strokes begin; a finished drawing stands still a while.

    Examples
    --------
    >>> canvas = np.zeros((28, 28), np.uint8)
    >>> canvas[4:24, 13:15] = 255
    >>> grown([canvas], 14, 24.0).sum(axis=(1, 2)).tolist()[:4]
    [0, 192, 384, 576]
    """
    frames = [np.zeros((side, side), np.uint8)]
    before = np.zeros_like(canvases[0])
    for number, canvas in enumerate(canvases):
        if canvas.shape != before.shape or (canvas < before).any():
            before = np.zeros_like(canvas)
        new = np.flatnonzero(canvas.ravel() > before.ravel())
        rows, columns = np.divmod(new, canvas.shape[1])
        n_px = max(1, round(per_frame_px * BRUSH_PX * canvas.size / CANVAS_PX**2))
        order = new[np.argsort(2 * rows + columns, kind="stable")]
        shown = before.copy()
        for start in range(0, len(order), n_px):
            part = order[start : start + n_px]
            shown.ravel()[part] = canvas.ravel()[part]
            frames.append(_small(shown, side))
        following = canvases[number + 1] if number + 1 < len(canvases) else None
        if following is None or following.shape != canvas.shape or (following < canvas).any():
            frames += frames[-1:] * PAUSE
        before = canvas
    return np.stack(frames[:MAX_FRAMES])


def _walked(stroke: np.ndarray) -> np.ndarray:
    """Points about a pixel apart along a stroke."""
    pieces = [stroke[:1]]
    for start, end in zip(stroke[:-1], stroke[1:], strict=True):
        n_steps = max(1, int(np.hypot(*(end - start))))
        pieces.append(start + (end - start) * (np.arange(1, n_steps + 1) / n_steps)[:, None])
    return np.concatenate(pieces)


def _written(style: str) -> list[np.ndarray]:
    """The strokes of a style in the middle of the canvas, smoothed where the pen does not turn sharply."""
    strokes = []
    for stroke in strokes_of(style):
        path = np.array([(x, y) for x, y, _ in stroke]) * 2.0 + (80, 40)
        turns = [0, *(i for i, (_, _, sharp) in enumerate(stroke) if sharp), len(stroke) - 1]
        curves = [pen.smooth(path[start : end + 1]) for start, end in zip(turns[:-1], turns[1:], strict=True)]
        strokes.append(np.concatenate(curves))
    return strokes


def _small(drawing: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(drawing).resize((side, side), Image.Resampling.BOX))


def _checked_canvases(canvases: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Check what a canvas looked like."""
    if not 1 <= len(canvases) <= MAX_CANVASES:
        raise AgentError(f"expected 1 to {MAX_CANVASES} canvases, got {len(canvases)}. Draw something.")
    return [_checked_canvas(np.asarray(canvas)) for canvas in canvases]


def _checked_canvas(canvas: np.ndarray) -> np.ndarray:
    if canvas.ndim != 2 or canvas.dtype != np.uint8 or not canvas.size:
        raise AgentError(f"expected a drawing (H, W) uint8, got {canvas.shape} {canvas.dtype}.")
    return canvas


def _checked(strokes: Sequence[Stroke]) -> list[np.ndarray]:
    """Check a visitor's strokes."""
    try:
        found = [np.asarray(stroke, float).reshape(-1, 2) for stroke in strokes]
    except (TypeError, ValueError) as error:
        raise AgentError(f"expected strokes as lists of x and y, got others ({error}).") from error
    n_points = sum(len(stroke) for stroke in found)
    if not 1 <= n_points <= MAX_POINTS or any(not len(stroke) for stroke in found):
        raise AgentError(f"expected strokes of 1 to {MAX_POINTS:,} points, got {n_points:,}. Draw something.")
    if not all(((-280 <= stroke) & (stroke <= 560)).all() for stroke in found):
        raise AgentError("expected points on or near a canvas of 280 pixels, got some far away.")
    return found
