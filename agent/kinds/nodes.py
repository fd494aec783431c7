"""RAM nodes looked at one by one: what each reads of a drawing, and who wrote the location it finds there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.errors import AgentError
from agent.kinds.part import Part

N_WRITERS = 12


@dataclass(frozen=True)
class Writer:
    """A lesson that wrote a location: its drawing and label, and by how many of its rows (itself and warped copies)."""

    drawing: np.ndarray
    label: str
    n_rows: int
    is_own: bool


@dataclass(frozen=True)
class Location:
    """A location of a RAM node, and its life so far.

    Attributes
    ----------
    node, address : int
        Which node, and the location that it looked up: the bits it reads as a number.
    pixels : numpy.ndarray
        (T,) int, the pixels it reads as y * 28 + x, the highest bit of the address first.
    bits : numpy.ndarray
        (T,) bool, what it read there.
    n_rows : dict
        How many remembered rows of each label wrote this location; labels without any are left out.
    writers : tuple of Writer
        The lessons those rows come from, the most rows first, `N_WRITERS` at most.
    n_writers : int
        How many lessons there are in all.
    """

    node: int
    address: int
    pixels: np.ndarray
    bits: np.ndarray
    n_rows: dict[str, int]
    writers: tuple[Writer, ...]
    n_writers: int


class Nodes:
    """All RAM nodes of an agent, asked about one drawing.

    Attributes
    ----------
    addresses : numpy.ndarray
        (M,) uint16, the location that each looks up.
    seen : numpy.ndarray
        (M, L) bool, which labels each has seen there, in the order of the agent's ``labels``.
    """

    def __init__(
        self, addresses: np.ndarray, pixels: np.ndarray, parts: tuple[Part, Part], slots: Sequence[str]
    ) -> None:
        self.addresses = addresses
        self._pixels, self._parts, self._slots = pixels, parts, slots
        places = np.arange(len(addresses)), addresses
        words = (parts[0].tables[places] | parts[1].tables[places]).astype(np.uint64)
        by_label = np.array(sorted(range(len(slots)), key=slots.__getitem__), np.uint64)
        self.seen = (words[:, None] >> by_label) & np.uint64(1) == 1

    def location(self, node: int) -> Location:
        """Tell the life of the location that a node looks up; AgentError where there is no such node."""
        if not 0 <= node < len(self.addresses):
            raise AgentError(f"expected a node from 0 to {len(self.addresses) - 1}, got {node}.")
        address, pixels, slots = int(self.addresses[node]), self._pixels[node], self._slots
        writers, n_rows = [], np.zeros(len(slots), np.int64)
        for part in self._parts:
            wrote = np.flatnonzero(part.addresses[: part.n, node] == address)
            n_rows += np.bincount(part.slots[wrote], minlength=len(slots))
            lessons, counts = np.unique(part.lesson[wrote], return_counts=True)
            writers += [(-count, part is not self._parts[0], -lesson, part, lesson)
                        for lesson, count in zip(lessons.tolist(), counts.tolist(), strict=True)]  # fmt: skip
        writers.sort(key=lambda writer: writer[:3])
        shown = tuple(
            Writer(part.drawings[lesson].copy(), slots[part.taught[lesson]], -count, not of_bulk)
            for count, of_bulk, _, part, lesson in writers[:N_WRITERS]
        )
        of_label = {label: int(n) for label, n in sorted(zip(slots, n_rows, strict=True)) if n}
        bits = (address >> np.arange(len(pixels))[::-1]) & 1 == 1
        return Location(node, address, pixels.copy(), bits, of_label, shown, len(writers))

    def reading(self, pixel: int) -> np.ndarray:
        """Give the nodes that read a pixel, y * 28 + x: (N,) int, ascending."""
        return np.flatnonzero((self._pixels == pixel).any(axis=1))
