"""What one visitor watches: a world, one mind or two in worlds of their own, and what went before."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from agent.families import new
from agent.ui import words_frames as own
from agent.watcher import Expectation, Watcher

PARTS = 120  # points of a curve at most: where there are more, two become one
FILM_FRAMES = 150
PICTURE_PX = 224


@dataclass
class Curve:
    """Means of errors and scores over as many frames each: a row is error, repeat, mean, score."""

    rows: list[tuple[float, ...]] = field(default_factory=list)
    every: int = 5
    _open: list[tuple[float, ...]] = field(default_factory=list)

    def add(self, *values: float | None) -> None:
        """Count a frame.

        Examples
        --------
        >>> curve = Curve(every=1)
        >>> for number in range(PARTS + 1):
        ...     curve.add(number, None)
        >>> len(curve.rows), curve.every, curve.rows[0]
        (61, 2, (0.5, nan))
        """
        self._open.append(tuple(np.nan if value is None else float(value) for value in values))
        if len(self._open) < self.every:
            return
        self.rows.append(_means(self._open))
        self._open = []
        if len(self.rows) > PARTS:
            pairs = [self.rows[start : start + 2] for start in range(0, len(self.rows), 2)]
            self.rows, self.every = [_means(pair) for pair in pairs], 2 * self.every

    def line(self, column: int) -> list[tuple[float, float]]:
        """Points of one of the values, (frame, value)."""
        every = self.every
        values = [row[column] for row in self.rows]
        return [((place + 0.5) * every, value) for place, value in enumerate(values) if not np.isnan(value)]


@dataclass
class Seat:
    """One mind in its world."""

    watcher: Watcher
    world: Any
    frame: np.ndarray
    seen: Expectation | None = None
    curve: Curve = field(default_factory=Curve)
    film: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=FILM_FRAMES))

    def live(self, eyes_closed: bool) -> None:
        """Watch a frame, act, and come to the next."""
        self.seen = self.watcher.dream() if eyes_closed and self.seen is not None else self.watcher.observe(self.frame)
        shown = self.seen.prediction if eyes_closed else self.frame
        pictures = self.world.picture(shown), self.world.picture(self.seen.prediction)
        self.film.append(np.concatenate(pictures, axis=1))
        self.frame, _, _, _, info = self.world.step(self.seen.action)
        self.curve.add(self.seen.error, self.seen.repeat_error, self.seen.mean_error, info["score"])


class Watch:
    """What stands on the Frames tab of a desk.

    Parameters
    ----------
    world : str
        The name of a world.
    minds : sequence of str
        The names of one mind or two.
    unroll, synth
        Settings of `recurrent`.
    seed : int
    strokes : sequence of (H, W) uint8
        What the visitor's pad looked like after each stroke: what a sketch draws again.
    """

    def __init__(
        self,
        world: str,
        minds: list[str],
        unroll: int = 2,
        synth: bool = True,
        seed: int = 0,
        strokes: Sequence[np.ndarray] = (),
    ) -> None:
        self.asked = world, tuple(minds), unroll, synth, seed
        self.strokes = list(strokes)
        self.seats, self.times = [], deque(maxlen=30)
        self.eyes_closed = False
        for mind in minds:
            settings = {"unroll": unroll, "synth": synth} if mind == "recurrent" else {}
            self._sit(new(mind, seed=seed, **settings), world, seed)

    def _sit(self, watcher: Any, world: str, seed: int) -> None:
        from agent.tasks.frames import make  # and gymnasium, only when somebody watches

        told: dict[str, Any] = {"sutton_barto_reward": True} if world == "CartPole-v1" else {}
        if world == "sketch" and self.strokes:
            told["canvases"] = self.strokes
        made = make(world, **told)
        frame, _ = made.reset(seed=seed)
        watcher.enter(made, world)
        self.seats.append(Seat(watcher, made, frame))

    @classmethod
    def of(cls, watcher: Watcher, world: str, seed: int = 0, strokes: Sequence[np.ndarray] = ()) -> Watch:
        """Let an agent that was loaded go on watching."""
        watch = cls(world, [], seed=seed, strokes=strokes)
        watch._sit(watcher, world, seed)
        watch.asked = world, (watcher.kind,), *watch.asked[2:]
        return watch

    def live(self, canvas: np.ndarray | None = None) -> None:
        """Let a frame pass, in which a sketch shows this canvas if there is one."""
        for seat in self.seats:
            if seat.world.unwrapped.__class__.__name__ == "Sketch":
                seat.world.show(canvas)
            seat.live(self.eyes_closed)
        self.times.append(time.perf_counter())

    def reward(self, value: int) -> None:
        """Tell every mind that it does well or badly."""
        for seat in self.seats:
            seat.watcher.reward(value)

    @property
    def rate(self) -> float:
        """Frames a second, of late."""
        return (len(self.times) - 1) / max(1e-6, self.times[-1] - self.times[0]) if len(self.times) > 1 else 0.0

    @property
    def title(self) -> str:
        """What the world is called."""
        return next((title for title, name in own.WORLDS if name == self.asked[0]), self.asked[0])


def _means(rows: list[tuple[float, ...]]) -> tuple[float, ...]:
    """Means of columns, of what there is of each."""
    columns = [[value for value in column if not np.isnan(value)] for column in zip(*rows, strict=True)]
    return tuple(float(np.mean(column)) if column else np.nan for column in columns)
