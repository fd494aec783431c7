"""The rows of a state machine: what its neurons were shown and taught, each lesson stored once for all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

FIRST_IMPRESSION, GAIN, DEEPEST = 5, 2, 10  # of rows: at first, by each use, at most
_ARRAYS = ("_q_rows", "_q_taught", "_z_rows", "_z_taught")


class Rows:
    """What inner neurons were shown and taught, and what outputs were; packed bits, one row a state that was learned.

    Attributes
    ----------
    n : int
        How many there are.
    impressions : list of int
        How deep an impression each row has left, by being used: where memory is bounded, the faintest give way.
    """

    def __init__(self, n_words: int, z_words: int) -> None:
        self.n = 0
        self.impressions: list[int] = []
        self.widths = (2 * n_words, n_words, 2 * n_words + z_words, z_words)
        self._known: dict[bytes, None] = {}  # digests of all rows, in order
        for name, width in zip(_ARRAYS, self.widths, strict=True):
            setattr(self, name, np.zeros((0, width), np.uint64))

    @property
    def n_bytes(self) -> int:
        """Bytes held, the room to grow included."""
        return sum(getattr(self, name).nbytes for name in _ARRAYS)

    @property
    def inner(self) -> tuple[np.ndarray, np.ndarray]:
        """What inner neurons were shown, inputs and inner neurons before, and taught: (n, 2W) and (n, W) uint64."""
        return self._q_rows[: self.n], self._q_taught[: self.n]

    @property
    def output(self) -> tuple[np.ndarray, np.ndarray]:
        """What outputs were shown, inputs, inner neurons, outputs before, and taught: (n, 2W + V) and (n, V) uint64."""
        return self._z_rows[: self.n], self._z_taught[: self.n]

    def take(self, places: np.ndarray) -> tuple[np.ndarray, ...]:
        """Some rows: what inner neurons were shown and taught, what outputs were shown and taught."""
        return tuple(getattr(self, name)[places] for name in _ARRAYS)

    def add(self, rows: tuple[np.ndarray, ...], source: bytes = b"") -> int:
        """Add rows as `take` gives them, each once for a source; returns how many were new."""
        n_before = self.n
        for row in zip(*rows, strict=True):
            what = hashlib.blake2b(b"".join(part.tobytes() for part in row), digest_size=16, person=source).digest()
            if what in self._known:
                continue
            self._known[what] = None
            self._make_room(self.n + 1)
            for name, part in zip(_ARRAYS, row, strict=True):
                getattr(self, name)[self.n] = part
            self.n += 1
            self.impressions.append(FIRST_IMPRESSION)
        return self.n - n_before

    def forget(self, places: np.ndarray) -> None:
        """Drop rows; later ones move up. places (D,) int."""
        left, known = np.setdiff1d(np.arange(self.n), places), list(self._known)
        for name, array in zip(_ARRAYS, self.take(left), strict=True):
            setattr(self, name, array)
        self.n, self._known = len(left), dict.fromkeys(known[row] for row in left)
        self.impressions = [self.impressions[row] for row in left]

    def deepen(self, places: Iterable[int]) -> None:
        """Deepen the impressions of rows that are used."""
        for row in places:
            self.impressions[row] = min(DEEPEST, self.impressions[row] + GAIN)

    def fade(self, loss: int) -> None:
        """Let all impressions grow fainter."""
        self.impressions = [max(0, depth - loss) for depth in self.impressions]

    def _make_room(self, n: int) -> None:
        for name in _ARRAYS:
            old = getattr(self, name)
            if len(old) < n:
                new = np.zeros((n + n // 4, old.shape[1]), np.uint64)
                new[: len(old)] = old
                setattr(self, name, new)
