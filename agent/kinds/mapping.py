"""Which bits RAM nodes read: distinct pixels of a window, each in a plane of one kind."""

from __future__ import annotations

import numpy as np

from agent import retina
from agent.kernels import edges

WINDOWS = (9, 14)  # sides of the square a node reads from, in pixels


def draw_mapping(n_nodes: int, tuple_size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw a mapping: (M, T) int32 pixels, y * 28 + x, and (M, T) uint8 planes."""
    pixels = np.empty((n_nodes, tuple_size), np.int32)
    planes = np.empty((n_nodes, tuple_size), np.uint8)
    inner, half = retina.SIDE - 4, edges.PLANES // 2
    for node in range(n_nodes):
        side = WINDOWS[rng.integers(len(WINDOWS))]
        top, left = 2 + rng.integers(0, inner - side + 1, 2)
        inside = rng.choice(side * side, tuple_size, replace=False)
        pixels[node] = (top + inside // side) * retina.SIDE + left + inside % side
        planes[node] = half * rng.integers(2) + rng.integers(0, half, tuple_size)
    return pixels, planes


def reads_of(pixels: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """The bits that nodes read: (M, T) uint16, plane after plane."""
    return (planes.astype(np.int32) * edges.PIXELS + pixels).astype(np.uint16)
