"""Simulated pen: paths of points become ink on a canvas, with tremor, slant and pressure.

Version 1 of the styles is kept so that lesson logs which name it draw the same pixels as ever.

Lengths are in pixels of a canvas of 280 and scaled to the requested canvas at the end. Only sums, products, quotients
and square roots are used, which all machines round alike, so a seed draws the same pixels everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CANVAS = 280  # side of the canvas that lengths refer to
MARGIN = 4  # blank border on all sides
BOX = (30.0, 50.0)  # middle of the box of the paths, which is 100 high
THINNEST, THICKEST = 3.0, 30.0  # brush radius
THINNEST_V1, THICKEST_V1 = 3.0, 22.0
LIFT = 4.0  # how far a pen comes down from where it should, standard deviation in hundredths of the height
PER_PIECE = 16  # interpolated points between two points of a path


class RandomStream:
    """Random numbers from the raw stream of a bit generator, which NumPy guarantees to stay the same.

    Examples
    --------
    >>> RandomStream(7, "4-open").between(2, 3) == RandomStream(7, "4-open").between(2, 3)
    True
    """

    def __init__(self, seed: int, what: str) -> None:
        self._bits = np.random.PCG64([seed, *what.encode()])

    def uniform(self, *shape: int) -> np.ndarray:
        """Uniform numbers in [0, 1)."""
        return (self._bits.random_raw(shape) >> np.uint64(11)) * 2.0**-53

    def seeds(self, n_seeds: int) -> np.ndarray:
        """Seeds of other streams, (n,) uint64."""
        return self._bits.random_raw(n_seeds) >> np.uint64(1)

    def between(self, low: float, high: float) -> float:
        """One uniform number in [low, high)."""
        return low + (high - low) * float(self.uniform(1)[0])

    def peaked(self, low: float, high: float) -> float:
        """One number in [low, high), most likely in the middle."""
        return (self.between(low, high) + self.between(low, high)) / 2

    def happens(self, share: float) -> bool:
        """True with probability ``share``."""
        return self.between(0, 1) < share

    def normal(self, *shape: int) -> np.ndarray:
        """Approximately normal numbers of mean 0 and standard deviation 1, within ±3.5: sums of four uniform ones."""
        four = self.uniform(4, *shape)
        return (four[0] + four[1] + four[2] + four[3] - 2) * 3.0**0.5


@dataclass(frozen=True)
class Hand:
    """Parameters of one drawing: brush, size, proportions, haste, unsteadiness. Pixels of a canvas of 280."""

    radius_px: float  # of the brush, 4.5 to 22.5, more often thin
    height_px: float  # at least nine times the radius, so that loops stay open
    width: float  # factor
    slant: float  # horizontal shift per height
    half_turn: float  # tangent of half the rotation angle, which is at most 11.5 degrees
    bends: np.ndarray  # (2, 4) weights of the smooth bends of `_shape`, across and down
    jitter: float  # of the points of a path, in hundredths of the height
    tremor_px: float
    haste_px: float  # how far corners are cut
    softens_corners: bool  # leads through some sharp turns as if they were smooth
    hurry_px: float  # distance of the points a hasty mouse reports; 0 for a smooth curve
    pressure: float  # how much the radius varies

    @classmethod
    def sample(cls, stream: RandomStream) -> Hand:
        """Draw random parameters."""
        radius_px = 4.5 + 18 * stream.between(0, 1) ** 1.6
        height_px = stream.between(min(200.0, max(85.0, 9 * radius_px)), 240.0)
        return cls(
            radius_px=radius_px,
            height_px=height_px,
            width=stream.peaked(0.62, 1.4),
            slant=stream.peaked(-0.3, 0.5),
            half_turn=stream.between(-0.1, 0.1),
            bends=0.07 * stream.normal(2, 4),
            jitter=stream.between(0.3, 2.6),
            tremor_px=stream.between(0, 1) ** 2 * 2.2,
            haste_px=0.05 * height_px * stream.between(0, 1) ** 1.5 if stream.happens(0.65) else 0.0,
            softens_corners=stream.happens(0.3),
            hurry_px=stream.between(8, 24) if stream.happens(0.25) else 0.0,
            pressure=stream.between(0, 0.22),
        )


def draw_strokes(strokes: list[list[tuple[float, float, bool]]], stream: RandomStream, side: int) -> np.ndarray:
    """Draw strokes with a random hand: (side, side) uint8, 0 paper … 255 ink, none on the border."""
    hand = Hand.sample(stream)
    lines = [_line(stroke, hand, stream, is_first=stroke is strokes[0]) for stroke in strokes]
    radius = np.concatenate([_radii(len(line), hand, stream) for line in lines])
    return ink(place(np.concatenate(lines), radius.max(), stream), radius, side)


def smooth(points: np.ndarray) -> np.ndarray:
    """Interpolate points by a centripetal Catmull-Rom spline, which has neither cusps nor self-intersections.

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


def ink(points: np.ndarray, radius: np.ndarray, side: int) -> np.ndarray:
    """Stamp round brushes on a canvas: (N, 2) float64 and (N,) float64, in pixels of 280 -> (side, side) uint8.

    A pixel's ink is its coverage by the nearest brush, whose edge is taken as straight.
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
    coverage = np.clip(radius[:, None, None] - far + 0.5, 0, 1)
    width = side + 2 * reach
    page = np.zeros(width * width)
    pixel = ((rows + reach) * width)[:, :, None] + (columns + reach)[:, None, :]
    np.maximum.at(page, pixel.ravel(), coverage.ravel())
    page = page.reshape(width, width)[reach:-reach, reach:-reach]
    return np.floor(page * 255 + 0.5).astype(np.uint8)


def _line(stroke: list[tuple[float, float, bool]], hand: Hand, stream: RandomStream, is_first: bool) -> np.ndarray:
    """Path of the pen along a stroke: points a pixel apart, (M, 2) float64, around the middle of the digit."""
    path = np.array([(x, y) for x, y, _ in stroke])
    path = path + hand.jitter * stream.normal(len(path), 2)
    if not is_first:  # a pen that was lifted comes down a little off
        path = path + LIFT * stream.normal(2)
    early, late = stream.between(-0.12, 0.25), stream.between(-0.12, 0.25)  # it starts and ends early or late
    path[0], path[-1] = path[0] + early * (path[0] - path[1]), path[-1] + late * (path[-1] - path[-2])
    turns = [0, *(i for i, (_, _, sharp) in enumerate(stroke) if sharp and not _softened(hand, stream)), len(path) - 1]
    pieces = [smooth(path[start : end + 1]) for start, end in zip(turns[:-1], turns[1:], strict=True)]
    line = np.concatenate([_cut_corners(resample(_shape(piece, hand), 1.0), hand.haste_px) for piece in pieces])
    line = resample(resample(line, hand.hurry_px or 1.0), 1.0)
    shake = [wave(len(line), 14, stream) for _ in range(2)]
    return line + hand.tremor_px * np.stack(shake, axis=1)


def _softened(hand: Hand, stream: RandomStream) -> bool:
    """Whether a hand leads through the next sharp turn as if it were smooth."""
    return hand.softens_corners and stream.happens(0.6)


def _shape(points: np.ndarray, hand: Hand) -> np.ndarray:
    """Apply bends, size, proportions, slant and rotation to points of the box."""
    x, y = (points[:, 0] - BOX[0]) / 50, (points[:, 1] - BOX[1]) / 50
    across, down = hand.bends
    x, y = (
        x + across[0] * (y * y - 0.4) + 1.5 * across[1] * x * y + across[2] * x * x + 1.2 * across[3] * y * (1 - y * y),
        y + 1.5 * down[0] * (x * x - 0.1) + 1.2 * down[1] * x * y + 1.6 * down[2] * (1 - y * y) + down[3] * x,
    )
    x, y = 50 * x * hand.width, 50 * y
    return _turn(x, y, hand)


def _turn(x: np.ndarray, y: np.ndarray, hand: Hand | HandV1) -> np.ndarray:
    """Apply slant, rotation and size to points of the box: (N,) and (N,) float64 -> (N, 2) float64."""
    x = x - hand.slant * y
    t = hand.half_turn
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=1) * (hand.height_px / 100)


def _cut_corners(line: np.ndarray, reach_px: float) -> np.ndarray:
    """Replace each point by the mean of those within reach, twice; near the ends by fewer, so that the ends stay."""
    n = len(line)
    reach = min(int(reach_px), (n - 1) // 2)
    for _ in range(2 if reach else 0):
        sums = np.concatenate([np.zeros((1, 2)), np.cumsum(line, axis=0)])
        at = np.arange(n)
        half = np.minimum(reach, np.minimum(at, n - 1 - at))
        line = (sums[at + half + 1] - sums[at - half]) / (2 * half + 1)[:, None]
    return line


def _radii(n_points: int, hand: Hand, stream: RandomStream) -> np.ndarray:
    """Brush radius along a line: slow changes, sometimes a light end."""
    press = 1 + hand.pressure * np.clip(wave(n_points, 50, stream), -2, 2)
    if stream.happens(0.15):
        press *= np.minimum(1, 0.5 + (n_points - 1 - np.arange(n_points)) / 60)
    return np.clip(hand.radius_px * press, THINNEST, THICKEST)


def resample(line: np.ndarray, step: float) -> np.ndarray:
    """Resample a line at equal steps of about this length, ends included."""
    lengths = np.sqrt(((line[1:] - line[:-1]) ** 2).sum(axis=1))
    way = np.concatenate([[0.0], np.cumsum(lengths)])
    stops = np.arange(max(2, int(way[-1] / step) + 1)) * (way[-1] / max(1, int(way[-1] / step)))
    return np.stack([interpolate(stops, way, line[:, axis]) for axis in (0, 1)], axis=1)


def wave(n_points: int, step: int, stream: RandomStream) -> np.ndarray:
    """Smooth random numbers, one a point: mean 0, standard deviation below 1."""
    knots = stream.normal(n_points // step + 2)
    return interpolate(np.arange(n_points) / step, np.arange(len(knots)), knots)


def interpolate(at: np.ndarray, positions: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Linear interpolation as `numpy.interp`, in separate steps that all compilers round alike."""
    right = np.clip(np.searchsorted(positions, at), 1, len(positions) - 1)
    share = (at - positions[right - 1]) / np.maximum(positions[right] - positions[right - 1], 1e-9)
    return values[right - 1] + np.clip(share, 0, 1) * (values[right] - values[right - 1])


def place(points: np.ndarray, radius_px: float, stream: RandomStream) -> np.ndarray:
    """Place a line on the canvas, preferably near the middle; shrink it if it is too large."""
    lowest, highest = points.min(axis=0), points.max(axis=0)
    room = CANVAS - 2 * MARGIN - 2 * radius_px
    shrink = min(1.0, float((room / (highest - lowest)).min()))
    free = room - shrink * (highest - lowest)
    at = (stream.uniform(2) + stream.uniform(2)) / 2
    return (points - lowest) * shrink + MARGIN + radius_px + free * at


# ---------------------------------------------------------------- version 1, for lesson logs that name it


@dataclass(frozen=True)
class HandV1:
    """Parameters of one drawing: brush, size, proportions and unsteadiness. Lengths in pixels of a canvas of 280."""

    radius_px: float  # of the brush, 3 to 22, more often thin
    height_px: float  # at least ten times the radius, so that loops stay open
    width: float  # factor
    slant: float  # horizontal shift per height
    half_turn: float  # tangent of half the rotation angle, which is at most 10 degrees
    waist: float  # moves the middle up or down
    taper: float  # makes the top wider than the bottom, or narrower
    jitter: float  # of the points of a path, in hundredths of the height
    tremor_px: float
    hurry_px: float  # distance of the points a hasty mouse reports; 0 for a smooth curve
    pressure: float  # how much the radius varies

    @classmethod
    def sample(cls, stream: RandomStream) -> HandV1:
        """Draw random parameters."""
        radius_px = THINNEST_V1 + (THICKEST_V1 - THINNEST_V1) * stream.between(0, 1) ** 2
        return cls(
            radius_px=radius_px,
            height_px=stream.between(max(95.0, 10 * radius_px), 232.0),
            width=stream.between(0.75, 1.2),
            slant=stream.between(-0.15, 0.35),
            half_turn=stream.between(-0.0875, 0.0875),
            waist=stream.between(-0.3, 0.3),
            taper=stream.between(-0.2, 0.2),
            jitter=stream.between(1.0, 4.0),
            tremor_px=stream.between(0, 1) ** 2 * 2.5,
            hurry_px=stream.between(10, 26) if stream.happens(0.3) else 0.0,
            pressure=stream.between(0, 0.25),
        )


def draw_strokes_v1(strokes: list[list[tuple[float, float, bool]]], stream: RandomStream, side: int) -> np.ndarray:
    """Draw strokes with a random hand: (side, side) uint8, 0 paper … 255 ink, none on the border."""
    hand = HandV1.sample(stream)
    lines = [_line_v1(stroke, hand, stream) for stroke in strokes]
    radii = [_radii_v1(len(line), hand, stream) for line in lines]
    points, radius = np.concatenate(lines), np.concatenate(radii)
    touching = np.concatenate([_touching(len(line), hand, stream) for line in lines])
    return ink(place(points, radius.max(), stream)[touching], radius[touching], side)


def _line_v1(stroke: list[tuple[float, float, bool]], hand: HandV1, stream: RandomStream) -> np.ndarray:
    """Path of the pen along a stroke: points a pixel apart, (M, 2) float64, around the middle of the digit."""
    path = np.array([(x, y) for x, y, _ in stroke])
    path = path + hand.jitter * stream.normal(len(path), 2)
    turns = [0, *(i for i, (_, _, sharp) in enumerate(stroke) if sharp), len(stroke) - 1]
    curves = [smooth(path[start : end + 1]) for start, end in zip(turns[:-1], turns[1:], strict=True)]
    line = resample(_shape_v1(np.concatenate(curves), hand), hand.hurry_px or 1.0)
    line = resample(line, 1.0)
    shake = [wave(len(line), 14, stream) for _ in range(2)]
    return line + hand.tremor_px * np.stack(shake, axis=1)


def _shape_v1(points: np.ndarray, hand: HandV1) -> np.ndarray:
    """Apply size, proportions, slant and rotation to points of the box."""
    x, y = points[:, 0] - BOX[0], (points[:, 1] - BOX[1]) / 50  # y from -1 to 1
    x = x * hand.width * (1 - hand.taper * y)
    y = 50 * (y + hand.waist * (1 - y * y) / 2)
    return _turn(x, y, hand)


def _radii_v1(n_points: int, hand: HandV1, stream: RandomStream) -> np.ndarray:
    """Brush radius along a line: slow changes, sometimes a light end or a thin spot."""
    press = 1 + hand.pressure * np.clip(wave(n_points, 50, stream), -2, 2)
    if stream.happens(0.25):
        press *= np.minimum(1, 0.45 + (n_points - 1 - np.arange(n_points)) / 60)
    if stream.happens(0.25):
        middle, half = stream.between(0.2, 0.8) * n_points, stream.between(8, 25)
        press *= np.minimum(1, 0.45 + 0.55 * np.abs(np.arange(n_points) - middle) / half)
    return np.clip(hand.radius_px * press, THINNEST_V1 / 2, THICKEST_V1)


def _touching(n_points: int, hand: HandV1, stream: RandomStream) -> np.ndarray:
    """Where the pen touches the paper: a thin one sometimes skips a few pixels."""
    touching = np.ones(n_points, bool)
    if hand.radius_px < 9 and n_points > 80 and stream.happens(0.15):
        start = int(stream.between(0.15, 0.75) * n_points)
        touching[start : start + int(2 * hand.radius_px + stream.between(2, 7))] = False
    return touching
