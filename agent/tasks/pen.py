"""A pen in an unsteady hand: paths of points become ink on a canvas.

Everything is computed in pixels of a canvas of 280 and scaled to the canvas asked for at the end. Only sums, products,
quotients and square roots are used, which all machines round alike: a seed draws the same pixels everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CANVAS = 280  # the pixels the brush and the size of a digit are given in
MARGIN = 4  # paper left on all sides
BOX = (30.0, 50.0)  # the middle of the box the paths are written in, 100 high
THINNEST, THICKEST = 3.0, 22.0  # brush radius
PER_PIECE = 16  # points computed between two points of a path


class Dice:
    """Random numbers from the raw stream of a bit generator, which is promised never to change.

    Examples
    --------
    >>> Dice(7, "4-open").between(2, 3) == Dice(7, "4-open").between(2, 3)
    True
    """

    def __init__(self, seed: int, what: str) -> None:
        self._bits = np.random.PCG64([seed, *what.encode()])

    def uniform(self, *shape: int) -> np.ndarray:
        """Roll numbers from 0 to below 1."""
        return (self._bits.random_raw(shape) >> np.uint64(11)) * 2.0**-53

    def seeds(self, n_seeds: int) -> np.ndarray:
        """Roll (n,) uint64 seeds for other dice."""
        return self._bits.random_raw(n_seeds) >> np.uint64(1)

    def between(self, low: float, high: float) -> float:
        """Roll one number from low to below high."""
        return low + (high - low) * float(self.uniform(1)[0])

    def happens(self, share: float) -> bool:
        """Roll whether something happens that does so in a share of all rolls."""
        return self.between(0, 1) < share

    def bell(self, *shape: int) -> np.ndarray:
        """Roll numbers of mean 0 and standard deviation 1, all within 3.5: the sum of four."""
        four = self.uniform(4, *shape)
        return (four[0] + four[1] + four[2] + four[3] - 2) * 3.0**0.5


@dataclass(frozen=True)
class Hand:
    """How one drawing is made: the brush, the size, and how unsteady the hand is. Lengths in pixels of 280."""

    radius_px: float  # of the brush, 3 to 22, more often thin
    height_px: float  # at least ten times the radius, or the loops fill up
    width: float  # times the usual
    slant: float  # sideways for one upwards
    half_turn: float  # tangent of half the angle the digit is turned by: 10 degrees at most
    waist: float  # moves the middle up or down
    taper: float  # makes the top wider than the bottom, or narrower
    jitter: float  # of the points of a path, in hundredths of the height
    tremor_px: float
    hurry_px: float  # distance of the points a hasty mouse reports; 0 for a smooth curve
    pressure: float  # how much the radius varies

    @classmethod
    def roll(cls, dice: Dice) -> Hand:
        """Roll a hand."""
        radius_px = THINNEST + (THICKEST - THINNEST) * dice.between(0, 1) ** 2
        return cls(
            radius_px=radius_px,
            height_px=dice.between(max(95.0, 10 * radius_px), 232.0),
            width=dice.between(0.75, 1.2),
            slant=dice.between(-0.15, 0.35),
            half_turn=dice.between(-0.0875, 0.0875),
            waist=dice.between(-0.3, 0.3),
            taper=dice.between(-0.2, 0.2),
            jitter=dice.between(1.0, 4.0),
            tremor_px=dice.between(0, 1) ** 2 * 2.5,
            hurry_px=dice.between(10, 26) if dice.happens(0.3) else 0.0,
            pressure=dice.between(0, 0.25),
        )


def drawn(strokes: list[list[tuple[float, float, bool]]], dice: Dice, side: int) -> np.ndarray:
    """Draw strokes with a hand rolled from the dice: (side, side) uint8, 0 paper … 255 ink, none on the border."""
    hand = Hand.roll(dice)
    lines = [_line(stroke, hand, dice) for stroke in strokes]
    radii = [_radii(len(line), hand, dice) for line in lines]
    points, radius = np.concatenate(lines), np.concatenate(radii)
    kept = np.concatenate([_touching(len(line), hand, dice) for line in lines])
    return inked(_placed(points, radius.max(), dice)[kept], radius[kept], side)


def smooth(points: np.ndarray) -> np.ndarray:
    """Pass a centripetal Catmull-Rom curve through points, which makes neither cusps nor loops of its own.

    points (N, 2) float64 -> curve (16 (N - 1) + 1, 2) float64

    Examples
    --------
    >>> smooth(np.array([[0.0, 0.0], [0.0, 8.0]]))[:3].round(6).tolist()
    [[0.0, 0.0], [0.0, 0.5], [0.0, 1.0]]
    """
    around = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    steps = np.sqrt(np.sqrt(np.maximum(((around[1:] - around[:-1]) ** 2).sum(axis=1), 1e-6)))
    times = np.concatenate([[0.0], np.cumsum(steps)])
    t0, t1, t2, t3 = (times[i : len(times) - 3 + i, None, None] for i in range(4))
    p0, p1, p2, p3 = (around[i : len(around) - 3 + i, None, :] for i in range(4))
    t = t1 + (t2 - t1) * (np.arange(PER_PIECE) / PER_PIECE)[None, :, None]
    a1 = (t1 - t) / (t1 - t0) * p0 + (t - t0) / (t1 - t0) * p1
    a2 = (t2 - t) / (t2 - t1) * p1 + (t - t1) / (t2 - t1) * p2
    a3 = (t3 - t) / (t3 - t2) * p2 + (t - t2) / (t3 - t2) * p3
    b1 = (t2 - t) / (t2 - t0) * a1 + (t - t0) / (t2 - t0) * a2
    b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
    curve = (t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2
    return np.concatenate([curve.reshape(-1, 2), points[-1:]])


def inked(points: np.ndarray, radius: np.ndarray, side: int) -> np.ndarray:
    """Stamp round brushes on a canvas: (N, 2) float64 and (N,) float64, in pixels of 280 -> (side, side) uint8.

    A pixel holds as much ink as the nearest brush covers of it, taken as straight-edged.
    """
    scale = side / CANVAS
    every = max(1, int(0.7 / scale), int(float(radius.min()) / 4))
    points, radius = points[::every] * scale, radius[::every] * scale
    reach = int(radius.max()) + 2
    near = np.arange(-reach, reach + 1)
    corner = np.floor(points).astype(np.int64)
    columns, rows = (corner[:, axis, None] + near for axis in (0, 1))
    right, down = columns + 0.5 - points[:, :1], rows + 0.5 - points[:, 1:]
    far = np.sqrt((down * down)[:, :, None] + (right * right)[:, None, :])
    ink = np.clip(radius[:, None, None] - far + 0.5, 0, 1)
    width = side + 2 * reach
    page = np.zeros(width * width)
    pixel = ((rows + reach) * width)[:, :, None] + (columns + reach)[:, None, :]
    np.maximum.at(page, pixel.ravel(), ink.ravel())
    page = page.reshape(width, width)[reach:-reach, reach:-reach]
    return np.floor(page * 255 + 0.5).astype(np.uint8)


def _line(stroke: list[tuple[float, float, bool]], hand: Hand, dice: Dice) -> np.ndarray:
    """Lead the pen through a stroke: points a pixel apart, (M, 2) float64, around the middle of the digit."""
    path = np.array([(x, y) for x, y, _ in stroke])
    path = path + hand.jitter * dice.bell(len(path), 2)
    turns = [0, *(i for i, (_, _, sharp) in enumerate(stroke) if sharp), len(stroke) - 1]
    curves = [smooth(path[start : end + 1]) for start, end in zip(turns[:-1], turns[1:], strict=True)]
    line = _stepped(_shaped(np.concatenate(curves), hand), hand.hurry_px or 1.0)
    line = _stepped(line, 1.0)
    shake = [_wave(len(line), 14, dice) for _ in range(2)]
    return line + hand.tremor_px * np.stack(shake, axis=1)


def _shaped(points: np.ndarray, hand: Hand) -> np.ndarray:
    """Give the points of the box their size, proportions, slant and turn."""
    x, y = points[:, 0] - BOX[0], (points[:, 1] - BOX[1]) / 50  # y from -1 to 1
    x = x * hand.width * (1 - hand.taper * y)
    y = 50 * (y + hand.waist * (1 - y * y) / 2)
    x = x - hand.slant * y
    t = hand.half_turn
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=1) * (hand.height_px / 100)


def _stepped(line: np.ndarray, step: float) -> np.ndarray:
    """Walk along a line in equal steps of about this length, end to end."""
    lengths = np.sqrt(((line[1:] - line[:-1]) ** 2).sum(axis=1))
    way = np.concatenate([[0.0], np.cumsum(lengths)])
    stops = np.arange(max(2, int(way[-1] / step) + 1)) * (way[-1] / max(1, int(way[-1] / step)))
    return np.stack([_interpolated(stops, way, line[:, axis]) for axis in (0, 1)], axis=1)


def _wave(n_points: int, step: int, dice: Dice) -> np.ndarray:
    """Roll a slowly changing number for each point: mean 0, standard deviation below 1."""
    knots = dice.bell(n_points // step + 2)
    return _interpolated(np.arange(n_points) / step, np.arange(len(knots)), knots)


def _interpolated(at: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolate as `numpy.interp`, which some compilers round otherwise than these separate steps."""
    right = np.clip(np.searchsorted(known, at), 1, len(known) - 1)
    share = (at - known[right - 1]) / np.maximum(known[right] - known[right - 1], 1e-9)
    return values[right - 1] + np.clip(share, 0, 1) * (values[right] - values[right - 1])


def _radii(n_points: int, hand: Hand, dice: Dice) -> np.ndarray:
    """Press the brush: slow changes, now and then a light end or a thin spot where the hand was fast."""
    press = 1 + hand.pressure * np.clip(_wave(n_points, 50, dice), -2, 2)
    if dice.happens(0.25):
        press *= np.minimum(1, 0.45 + (n_points - 1 - np.arange(n_points)) / 60)
    if dice.happens(0.25):
        middle, half = dice.between(0.2, 0.8) * n_points, dice.between(8, 25)
        press *= np.minimum(1, 0.45 + 0.55 * np.abs(np.arange(n_points) - middle) / half)
    return np.clip(hand.radius_px * press, THINNEST / 2, THICKEST)


def _touching(n_points: int, hand: Hand, dice: Dice) -> np.ndarray:
    """Say where the pen touches the paper: a thin one skips now and then for a few pixels."""
    touching = np.ones(n_points, bool)
    if hand.radius_px < 9 and n_points > 80 and dice.happens(0.15):
        start = int(dice.between(0.15, 0.75) * n_points)
        touching[start : start + int(2 * hand.radius_px + dice.between(2, 7))] = False
    return touching


def _placed(points: np.ndarray, radius_px: float, dice: Dice) -> np.ndarray:
    """Put a line somewhere on the canvas, more often near the middle; one too large is made smaller."""
    lowest, highest = points.min(axis=0), points.max(axis=0)
    room = CANVAS - 2 * MARGIN - 2 * radius_px
    shrink = min(1.0, float((room / (highest - lowest)).min()))
    free = room - shrink * (highest - lowest)
    at = (dice.uniform(2) + dice.uniform(2)) / 2
    return (points - lowest) * shrink + MARGIN + radius_px + free * at
