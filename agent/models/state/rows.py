"""Training rows of a state machine, shared by all of its neurons, and the packed bits they consist of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

INITIAL_SCORE, SCORE_GAIN, MAX_SCORE = 5, 2, 10  # use scores of rows: of a new one, for each use, at most
_ARRAYS = ("_q_rows", "_q_targets", "_z_rows", "_z_targets")
_WORD = 64


class Rows:
    """Inputs and targets of inner and of output neurons: packed bits, one row for each state that was learned.

    With bounded memory, rows of the lowest ``use_scores``, which were used least, are evicted first.
    """

    def __init__(self, n_words: int, z_words: int) -> None:
        self.n = 0
        self.use_scores: list[int] = []
        self.widths = (2 * n_words, n_words, 2 * n_words + z_words, z_words)
        self._known: dict[bytes, None] = {}  # digests of all rows, in order
        for name, width in zip(_ARRAYS, self.widths, strict=True):
            setattr(self, name, np.zeros((0, width), np.uint64))

    @property
    def n_bytes(self) -> int:
        """Bytes held, including room to grow."""
        return sum(getattr(self, name).nbytes for name in _ARRAYS)

    @property
    def inner(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows of inner neurons (inputs, previous inner) and their targets: (n, 2W) and (n, W) uint64."""
        return self._q_rows[: self.n], self._q_targets[: self.n]

    @property
    def output(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows of outputs (inputs, inner, previous outputs) and their targets: (n, 2W + V) and (n, V) uint64."""
        return self._z_rows[: self.n], self._z_targets[: self.n]

    def take(self, places: np.ndarray) -> tuple[np.ndarray, ...]:
        """Some rows: inner rows and targets, output rows and targets."""
        return tuple(getattr(self, name)[places] for name in _ARRAYS)

    def add(self, rows: tuple[np.ndarray, ...], source: bytes = b"") -> int:
        """Add rows as `take` gives them, each once for a source; returns how many were new."""
        n_before = self.n
        for row in zip(*rows, strict=True):
            digest = hashlib.blake2b(b"".join(part.tobytes() for part in row), digest_size=16, person=source).digest()
            if digest in self._known:
                continue
            self._known[digest] = None
            self._reserve(self.n + 1)
            for name, part in zip(_ARRAYS, row, strict=True):
                getattr(self, name)[self.n] = part
            self.n += 1
            self.use_scores.append(INITIAL_SCORE)
        return self.n - n_before

    def forget(self, places: np.ndarray) -> None:
        """Drop rows; later ones move up. places (D,) int."""
        rest, known = np.setdiff1d(np.arange(self.n), places), list(self._known)
        for name, array in zip(_ARRAYS, self.take(rest), strict=True):
            setattr(self, name, array)
        self.n, self._known = len(rest), dict.fromkeys(known[row] for row in rest)
        self.use_scores = [self.use_scores[row] for row in rest]

    def credit(self, places: Iterable[int]) -> None:
        """Deepen the use_scores of rows that are used."""
        for row in places:
            self.use_scores[row] = min(MAX_SCORE, self.use_scores[row] + SCORE_GAIN)

    def age(self, amount: int) -> None:
        """Lower all scores."""
        self.use_scores = [max(0, score - amount) for score in self.use_scores]

    def _reserve(self, n: int) -> None:
        for name in _ARRAYS:
            old = getattr(self, name)
            if len(old) < n:
                new = np.zeros((n + n // 4, old.shape[1]), np.uint64)
                new[: len(old)] = old
                setattr(self, name, new)


def pack(bits: np.ndarray) -> np.ndarray:
    """Pack bits into words, the first bit lowest: (B,) bool -> (W,) uint64.

    Examples
    --------
    >>> pack(np.array([True, False, True])).tolist()
    [5]
    """
    padded = np.zeros(n_words(len(bits)) * _WORD, bool)
    padded[: len(bits)] = bits
    return np.packbits(padded, bitorder="little").view(np.uint64)


def unpack(words: np.ndarray, n: int) -> np.ndarray:
    """Unpack the first ``n`` bits of words: (…, W) uint64 -> (…, n) bool."""
    return np.unpackbits(words.view(np.uint8), axis=-1, bitorder="little")[..., :n].astype(bool)


def bit_at(words: np.ndarray, place: int) -> int:
    """One bit of packed words: 0 or 1."""
    return int(words[place // _WORD] >> np.uint64(place % _WORD)) & 1


def n_words(n: int) -> int:
    """Number of words that n bits take."""
    return -(-n // _WORD)


def reachable_words(*layers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The words of a row that each neuron reads, from connections (N, B) bool to each part of it."""
    return compact(np.array([np.concatenate([pack(part) for part in parts]) for parts in zip(*layers, strict=True)]))


def compact(dense: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out words without connections: (N, W) uint64 -> (N, K) int32 which words, (N, K) uint64 their masks."""
    n_read = np.count_nonzero(dense, axis=1)
    shape = len(dense), max(1, n_read.max(initial=0))
    words, masks = np.zeros(shape, np.int32), np.zeros(shape, np.uint64)
    for neuron, row in enumerate(dense):
        places = np.flatnonzero(row)
        words[neuron, : len(places)], masks[neuron, : len(places)] = places, row[places]
    return words, masks


def expand(words: np.ndarray, masks: np.ndarray, n_words: int) -> np.ndarray:
    """The opposite of `compact`."""
    dense = np.zeros((len(words), n_words), np.uint64)
    np.bitwise_or.at(dense, (np.arange(len(words))[:, None], words), masks)
    return dense


def has_stray_bits(dense: np.ndarray, parts: tuple[int, ...]) -> bool:
    """Whether bits are set beyond the end of a part."""
    allowed = np.concatenate([pack(np.ones(n, bool)) for n in parts])
    return bool((dense & ~allowed).any())
