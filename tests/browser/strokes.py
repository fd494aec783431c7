"""Real digits as pen strokes: the skeleton of an MNIST drawing, walked along."""

from __future__ import annotations

import numpy as np

AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
Stroke = list[tuple[float, float]]


def strokes(drawing: np.ndarray) -> list[Stroke]:
    """Trace a drawing as strokes: points (x, y) in 0 … 1 of its square, in the order a pen would pass them."""
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(thinned(drawing > 100)), strict=True)}
    traced = []
    while left:
        ends = [point for point in sorted(left) if len(_near(point, left)) == 1]
        walk = _walk((ends or sorted(left))[0], left)
        if len(walk) > 2:
            height, width = drawing.shape
            traced.append([((x + 0.5) / width, (y + 0.5) / height) for y, x in walk])
    return traced


def thinned(ink: np.ndarray) -> np.ndarray:
    """Thin ink to lines one pixel wide (Zhang and Suen, 1984)."""
    ink = np.pad(ink, 1).astype(bool)
    changed = True
    while changed:
        changed = False
        for corners in (((0, 2, 4), (2, 4, 6)), ((0, 2, 6), (0, 4, 6))):
            ring = np.array([np.roll(ink, (-dy, -dx), (0, 1)) for dy, dx in AROUND])
            turns = (~ring & np.roll(ring, -1, axis=0)).sum(axis=0)
            n_near = ring.sum(axis=0)
            gone = ink & (n_near >= 2) & (n_near <= 6) & (turns == 1)
            for corner in corners:
                gone &= ~ring[list(corner)].all(axis=0)
            ink &= ~gone
            changed |= bool(gone.any())
    return ink[1:-1, 1:-1]


def _walk(point: tuple[int, int], left: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Walk on as straight as possible, taking the points away, until there is no way on."""
    walk, way = [point], (0, 0)
    left.discard(point)
    while near := _near(point, left):
        ahead = max(near, key=lambda to: (to[0] - point[0]) * way[0] + (to[1] - point[1]) * way[1])
        left.difference_update(
            near if len(walk) > 1 and abs(ahead[0] - point[0]) + abs(ahead[1] - point[1]) == 1 else []
        )
        left.discard(ahead)
        way = (ahead[0] - walk[max(0, len(walk) - 3)][0], ahead[1] - walk[max(0, len(walk) - 3)][1])
        point = ahead
        walk.append(point)
    return walk


def _near(point: tuple[int, int], left: set[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(point[0] + dy, point[1] + dx) for dy, dx in AROUND if (point[0] + dy, point[1] + dx) in left]
