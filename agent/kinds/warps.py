"""How a drawing might also have been drawn: smooth warps, drawn once at birth and saved with the agent.

A warp is a slant, a turn and a stretch, plus a gentle bend on a 4 x 4 grid of control points. Fields of displacements
are computed from the saved control points, read-only, and shared by all agents born alike.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from agent.kernels.retina import FRAME

GRID = 4
UNIT = 1 / 256  # one step of a saved control point, in pixels


class Strength(NamedTuple):
    """How far a warp goes: bend in pixels; turn in degrees, stretch and slant as shares, at most."""

    bend: float
    turn: float
    stretch: float


WIDE = Strength(1.25, 15.0, 0.25)  # as somebody else might draw it
MILD = Strength(1.0, 10.0, 0.1)  # as the same hand might draw it again


def draw_warps(n_warps: int, rng: np.random.Generator, strength: Strength = WIDE) -> np.ndarray:
    """Draw control points.

    Returns
    -------
    numpy.ndarray
        (n_warps, 2, 4, 4) int16, displacements down and right in 1/256 pixels.
    """
    places = np.linspace(-(FRAME - 1) / 2, (FRAME - 1) / 2, GRID)
    down, right = np.meshgrid(places, places, indexing="ij")
    points, bend = np.empty((n_warps, 2, GRID, GRID)), strength.bend * _spread()
    for warp in range(n_warps):
        turn = np.deg2rad(rng.uniform(-strength.turn, strength.turn))
        slant, *stretch = rng.uniform(-strength.stretch, strength.stretch, 3)
        rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        affine = rotate @ np.array([[1.0, slant], [0.0, 1.0]]) @ np.diag(1.0 + np.array(stretch))
        moved = np.tensordot(affine, np.stack([down, right]), axes=1)
        points[warp] = moved - np.stack([down, right]) + rng.normal(0.0, 1.0, (2, GRID, GRID)) * bend
    return np.clip(np.round(points / UNIT), -32768, 32767).astype(np.int16)


def fields(points: np.ndarray) -> np.ndarray:
    """Spread control points to displacements at every pixel of the frame.

    Parameters
    ----------
    points : numpy.ndarray
        (R, 2, 4, 4) int16.

    Returns
    -------
    numpy.ndarray
        (R, 2, 32, 32) float32, in pixels, read-only.
    """
    return _fields(points.tobytes(), len(points))


@lru_cache(maxsize=8)
def _fields(points: bytes, n_warps: int) -> np.ndarray:
    weights = _weights()
    grid = np.frombuffer(points, np.int16).reshape(n_warps, 2, GRID, GRID) * UNIT
    spread = np.ascontiguousarray(np.einsum("ya,rcab,xb->rcyx", weights, grid, weights), dtype=np.float32)
    spread.flags.writeable = False
    return spread


def _weights() -> np.ndarray:
    """Cubic weights (32, 4) of each control point at each pixel; straight lines stay straight."""
    at = np.linspace(0, GRID - 1, FRAME)
    left = np.minimum(at.astype(int), GRID - 2)
    t = at - left
    cubic = np.stack(
        [
            (-t + 2 * t**2 - t**3) / 2,
            (2 - 5 * t**2 + 3 * t**3) / 2,
            (t + 4 * t**2 - 3 * t**3) / 2,
            (-(t**2) + t**3) / 2,
        ]
    )
    weights = np.zeros((FRAME, GRID + 2))
    for offset in range(4):
        weights[np.arange(FRAME), left + offset] += cubic[offset]
    inner = weights[:, 1:-1].copy()  # points beyond the rim go on in a straight line
    inner[:, 0] += 2 * weights[:, 0]
    inner[:, 1] -= weights[:, 0]
    inner[:, -1] += 2 * weights[:, -1]
    inner[:, -2] -= weights[:, -1]
    return inner


def _spread() -> float:
    """How much larger control points must be than the bend they make."""
    return float(1.0 / np.sqrt((_weights() ** 2).sum(axis=1).mean() ** 2))
