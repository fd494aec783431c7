"""Inspection of single RAM nodes: what each reads of a drawing, and which lessons wrote the location it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.errors import AgentError
from agent.models.recall.row_store import RowStore

N_WRITERS = 12


@dataclass(frozen=True)
class Writer:
    """A lesson that wrote a location."""

    drawing: np.ndarray  # (28, 28) uint8, its thumbnail
    label: str
    n_rows: int  # how many of its rows did, warped copies included
    is_own: bool  # whether it is a user lesson, not a bulk lesson


@dataclass(frozen=True)
class Location:
    """A location of a RAM node and the lessons that wrote it."""

    node: int
    address: int  # the bits it reads as a number
    pixels: np.ndarray  # (T,) int, the pixels it reads as y * 28 + x, the highest bit of the address first
    bits: np.ndarray  # (T,) bool, the bits it read
    n_rows: dict[str, int]  # rows of each label that wrote this location; labels without any are left out
    writers: tuple[Writer, ...]  # the lessons those rows come from, most rows first, at most `N_WRITERS`
    n_writers: int  # of all these lessons


class Nodes:
    """All RAM nodes of a model for one drawing.

    ``addresses`` (M,) uint16 is the location that each reads, ``seen`` (M, L) bool which labels it has seen there, in
    the order of the agent's ``labels``.
    """

    def __init__(
        self, addresses: np.ndarray, pixels: np.ndarray, stores: tuple[RowStore, RowStore], label_list: Sequence[str]
    ) -> None:
        self.addresses = addresses
        self._pixels, self._stores, self._label_list = pixels, stores, label_list
        locations = np.arange(len(addresses)), addresses
        words = (stores[0].tables[locations] | stores[1].tables[locations]).astype(np.uint64)
        by_label = np.array(sorted(range(len(label_list)), key=label_list.__getitem__), np.uint64)
        self.seen = (words[:, None] >> by_label) & np.uint64(1) == 1

    def location(self, node: int) -> Location:
        """The location that a node reads and its writers; AgentError where there is no such node."""
        if not 0 <= node < len(self.addresses):
            raise AgentError(f"expected a node from 0 to {len(self.addresses) - 1}, got {node}.")
        address, pixels, label_list = int(self.addresses[node]), self._pixels[node], self._label_list
        writers, n_rows = [], np.zeros(len(label_list), np.int64)
        for store in self._stores:
            wrote = np.flatnonzero(store.addresses[: store.n, node] == address)
            n_rows += np.bincount(store.label_ids[wrote], minlength=len(label_list))
            lessons, counts = np.unique(store.lesson_ids[wrote], return_counts=True)
            writers += [
                (-count, store is not self._stores[0], -lesson, store, lesson)
                for lesson, count in zip(lessons.tolist(), counts.tolist(), strict=True)
            ]
        writers.sort(key=lambda writer: writer[:3])
        writer_list = tuple(
            Writer(store.drawings[lesson].copy(), label_list[store.lesson_label_ids[lesson]], -count, not of_bulk)
            for count, of_bulk, _, store, lesson in writers[:N_WRITERS]
        )
        of_label = {label: int(n) for label, n in sorted(zip(label_list, n_rows, strict=True)) if n}
        bits = (address >> np.arange(len(pixels))[::-1]) & 1 == 1
        return Location(node, address, pixels.copy(), bits, of_label, writer_list, len(writers))

    def reading(self, pixel: int) -> np.ndarray:
        """Nodes that read a pixel, y * 28 + x: (N,) int, ascending."""
        return np.flatnonzero((self._pixels == pixel).any(axis=1))
