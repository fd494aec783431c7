"""Parameters of a recall model: its settings, and what is sampled from the seed (RAM mapping, warps).

The mapping says which bits each RAM node reads: distinct pixels of a square window, each in one plane of one kind. A
warp is a slant, a rotation and a stretch, plus a smooth bend on a 4 x 4 grid of control points. Both are saved with
the agent; displacement fields are computed from the control points and shared by all agents with equal warps.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from agent.errors import AgentError
from agent.kernels import edges
from agent.kernels.preprocessing import FRAME, SIDE
from agent.validation import check_settings, setting

MAX_LABELS = 62
NARROW_LABELS = 16  # up to so many labels a location is 16 bits wide, beyond it 64
MAX_BYTES = 46_000_000  # of tables and of the rows of copies; larger tables allow fewer labels
WINDOWS = (9, 14)  # sides of the square a node reads from, in pixels
GRID = 4
TALL, FLAT = 2.2, 0.8  # height over width of drawings beyond which they are looked at in usual proportions, too …
USUAL_PX = 24, 15  # … with this height and width
# Sines of the angles by which a drawing far from all lessons is turned, 12 or 25 degrees
TURNS = 0.2, -0.2, 0.42, -0.42
UNIT = 1 / 256  # one step of a saved control point, in pixels


def _scaling_field(down: float, across: float) -> np.ndarray:
    """The field that samples a drawing so much farther from its middle: (1, 2, 32, 32) float32, read-only."""
    away = np.arange(FRAME) - (FRAME - 1) / 2
    field = np.stack(np.broadcast_arrays(away[:, None] * down, away * across)).astype(np.float32)[None]
    field.flags.writeable = False  # as other fields, so that kernels are compiled once
    return field


SQUEEZED = _scaling_field(0, 1 / 4)  # to four fifths across


def proportion_field(thumbnail: np.ndarray) -> np.ndarray | None:
    """The field that gives a drawing usual proportions, where it is very narrow or flat; else None."""
    inked = (thumbnail.any(axis=axis).tobytes() for axis in (1, 0))  # a quarter of the time of `np.flatnonzero`
    height, width = (along.rfind(1) - along.find(1) + 1 for along in inked)
    is_usual = FLAT * width <= height <= TALL * width
    return None if is_usual else _scaling_field(height / USUAL_PX[0] - 1, width / USUAL_PX[1] - 1)


def _turning_fields() -> np.ndarray:
    """Fields that turn a drawing by `TURNS`: (4, 2, 32, 32) float32, read-only."""
    away = np.arange(FRAME, dtype=np.float32) - np.float32((FRAME - 1) / 2)
    fields = np.empty((len(TURNS), 2, FRAME, FRAME), np.float32)
    for (down, right), sine in zip(fields, TURNS, strict=True):
        less = np.float32(np.sqrt(1 - sine * sine) - 1)
        down[:] = away[:, None] * less + away * np.float32(sine)
        right[:] = away * less - away[:, None] * np.float32(sine)
    fields.flags.writeable = False
    return fields


TURNED = _turning_fields()


@dataclass(frozen=True)
class RecallConfig:
    """Settings of `Recall`. The defaults were chosen on a validation split of MNIST's training set."""

    seed: int = setting(0, "fixes which pixels each node reads", le=2**63 - 1)
    n_nodes: int = setting(
        300, "8 kB each with the default tuple_size and up to 16 labels; more: no better, slower", ge=1, le=2000
    )
    tuple_size: int = setting(12, "bits a node reads; a node has 2**tuple_size locations", ge=2, le=14)
    n_warps: int = setting(80, "most warped copies of one lesson", cost="0.05 ms each to learn", le=200)
    n_rows: int = setting(6000, "rows that copies may fill, user and bulk lessons each", cost="1.9 kB a row", le=20_000)
    n_candidates: int = setting(
        120, "remembered rows compared deformably, an eighth of them of one label", cost="2 µs each", ge=3, le=1000
    )
    votes_weight: int = setting(2000, "what all votes weigh against the difference, in thousandths", le=10_000)
    studied_weight: int = setting(3500, "likewise, for the votes of studied nodes once lessons are many", le=10_000)
    rare_bonus: int = setting(
        150, "votes a label gets in advance for each halving of its lessons, in thousandths of all", le=1000
    )
    votes_half: int = setting(4000, "lessons after which votes weigh half: full tables say less", ge=1, le=10_000_000)
    plausible_lag: float = setting(
        0.2, "share of the nodes by which a first label leads and nothing is compared, whatever rows say"
    )
    clear_lead: float = setting(
        0.04, "share of the nodes by which a first label leads and nothing is compared, if rows agree"
    )
    unfamiliar: float = setting(
        2.1, "times as strange as lessons are to their labels a drawing must be to be like nothing so far", ge=1, le=100
    )

    def __post_init__(self) -> None:
        check_settings(self)
        if self.n_bytes(NARROW_LABELS) > MAX_BYTES:
            raise AgentError(
                f"expected at most {MAX_BYTES:,} bytes of tables and rows, got {self.n_bytes(NARROW_LABELS):,} for "
                f"{self.n_nodes} nodes of {1 << self.tuple_size:,} locations and {self.n_rows:,} rows of copies. "
                "Take fewer nodes, shorter tuples or fewer rows."
            )

    def n_bytes(self, n_labels: int) -> int:
        """Bytes that the tables and the rows of copies take at most, for so many labels."""
        tables = (self.n_nodes << self.tuple_size) * (2 if n_labels <= NARROW_LABELS else 8)
        return 2 * (tables + self.n_rows * row_bytes(self.n_nodes) * 9 // 8)  # two stores, with room to grow


@dataclass(frozen=True)
class FixedParams:
    """Parameters that never change, shared by both row stores."""

    reads: np.ndarray  # (M, T) uint16, the bits that each node reads
    fields: np.ndarray  # (F, 2, 32, 32) float32, the displacement fields of warped copies
    n_locations: int  # locations of one node
    n_rows: int  # rows that the copies of one store may fill


def row_bytes(n_nodes: int) -> int:
    """Bytes of one stored row.

    Examples
    --------
    >>> row_bytes(300)
    1902
    """
    code, sketch = SIDE * edges.CODE_STRIDE, edges.SKETCH * edges.SKETCH_STRIDE
    return 6 + 2 * n_nodes + code + sketch + 8 * edges.SIGNATURE_WORDS


@functools.lru_cache(maxsize=8)
def sample_params(config: RecallConfig) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sample pixels, planes and warps from the seed: read-only, shared by all agents with equal settings."""
    rng = np.random.default_rng(config.seed)
    arrays = *sample_mapping(config.n_nodes, config.tuple_size, rng), sample_warps(config.n_warps, rng)
    for array in arrays:
        array.flags.writeable = False
    return arrays


def sample_mapping(n_nodes: int, tuple_size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sample the RAM mapping: (M, T) int32 pixels, y * 28 + x, and (M, T) uint8 planes."""
    pixels = np.empty((n_nodes, tuple_size), np.int32)
    planes = np.empty((n_nodes, tuple_size), np.uint8)
    inner, half = SIDE - 4, edges.PLANES // 2
    for node in range(n_nodes):
        side = WINDOWS[rng.integers(len(WINDOWS))]
        top, left = 2 + rng.integers(0, inner - side + 1, 2)
        inside = rng.choice(side * side, tuple_size, replace=False)
        pixels[node] = (top + inside // side) * SIDE + left + inside % side
        planes[node] = half * rng.integers(2) + rng.integers(0, half, tuple_size)
    return pixels, planes


def bit_indices(pixels: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """Indices of the bits that nodes read, plane after plane: (M, T) uint16."""
    return (planes.astype(np.int32) * edges.PIXELS + pixels).astype(np.uint16)


class WarpStrength(NamedTuple):
    """Largest bend in pixels, turn in degrees, stretch and slant as shares."""

    bend: float
    turn: float
    stretch: float


WIDE = WarpStrength(1.25, 15.0, 0.25)  # differences between hands
MILD = WarpStrength(1.0, 10.0, 0.1)  # variation of one hand


def sample_warps(n_warps: int, rng: np.random.Generator, strength: WarpStrength = WIDE) -> np.ndarray:
    """Sample warps as control points.

    Returns
    -------
    numpy.ndarray
        (n_warps, 2, 4, 4) int16, displacements down and right in 1/256 pixels.
    """
    # Ratio of the standard deviation of control points to that of the bend they cause
    bend_scale = float(1.0 / np.sqrt((frame_weights() ** 2).sum(axis=1).mean() ** 2))
    places = np.linspace(-(FRAME - 1) / 2, (FRAME - 1) / 2, GRID)
    down, right = np.meshgrid(places, places, indexing="ij")
    points, bend = np.empty((n_warps, 2, GRID, GRID)), strength.bend * bend_scale
    for warp in range(n_warps):
        turn = np.deg2rad(rng.uniform(-strength.turn, strength.turn))
        slant, *stretch = rng.uniform(-strength.stretch, strength.stretch, 3)
        rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        affine = rotate @ np.array([[1.0, slant], [0.0, 1.0]]) @ np.diag(1.0 + np.array(stretch))
        warped = np.tensordot(affine, np.stack([down, right]), axes=1)
        points[warp] = warped - np.stack([down, right]) + rng.normal(0.0, 1.0, (2, GRID, GRID)) * bend
    return np.clip(np.round(points / UNIT), -32768, 32767).astype(np.int16)


def warp_fields(points: np.ndarray) -> np.ndarray:
    """Interpolate control points to displacements at every pixel of the frame.

    Parameters
    ----------
    points : numpy.ndarray
        (R, 2, 4, 4) int16.

    Returns
    -------
    numpy.ndarray
        (R, 2, 32, 32) float32, in pixels, read-only.
    """
    return _spread_fields(points.tobytes(), len(points))


@functools.lru_cache(maxsize=8)
def _spread_fields(points: bytes, n_warps: int) -> np.ndarray:
    weights = frame_weights()
    grid = np.frombuffer(points, np.int16).reshape(n_warps, 2, GRID, GRID) * UNIT
    spread = np.ascontiguousarray(np.einsum("ya,rcab,xb->rcyx", weights, grid, weights), dtype=np.float32)
    spread.flags.writeable = False
    return spread


def frame_weights() -> np.ndarray:
    """Cubic weights (32, 4) of each control point at each pixel; affine warps are reproduced exactly."""
    at = np.linspace(0, GRID - 1, FRAME)
    left = np.minimum(at.astype(int), GRID - 2)
    t = at - left
    cubic = np.stack(
        [(-t + 2 * t**2 - t**3) / 2, (2 - 5 * t**2 + 3 * t**3) / 2, (t + 4 * t**2 - 3 * t**3) / 2, (-(t**2) + t**3) / 2]
    )
    weights = np.zeros((FRAME, GRID + 2))
    for offset in range(4):
        weights[np.arange(FRAME), left + offset] += cubic[offset]
    inner = weights[:, 1:-1].copy()  # control points beyond the rim are extrapolated linearly
    inner[:, 0] += 2 * weights[:, 0]
    inner[:, 1] -= weights[:, 0]
    inner[:, -1] += 2 * weights[:, -1]
    inner[:, -2] -= weights[:, -1]
    return inner
