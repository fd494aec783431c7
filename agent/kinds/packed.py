"""Bits packed into words of 64, and connections as masks on such words."""

from __future__ import annotations

import numpy as np

_WORD = 64


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


def bool_at(words: np.ndarray, place: int) -> int:
    """One bit of packed words: 0 or 1."""
    return int(words[place // _WORD] >> np.uint64(place % _WORD)) & 1


def n_words(n: int) -> int:
    """How many words so many bits take."""
    return -(-n // _WORD)


def reached(*layers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The words that each neuron reaches of all that its layer is shown, from (N, B) bool of each part."""
    return compact(np.array([np.concatenate([pack(part) for part in parts]) for parts in zip(*layers, strict=True)]))


def compact(dense: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out words that nothing reaches: (N, W) uint64 -> (N, K) int32 which words, (N, K) uint64 their masks."""
    n_reached = np.count_nonzero(dense, axis=1)
    shape = len(dense), max(1, n_reached.max(initial=0))
    words, masks = np.zeros(shape, np.int32), np.zeros(shape, np.uint64)
    for neuron, row in enumerate(dense):
        places = np.flatnonzero(row)
        words[neuron, : len(places)], masks[neuron, : len(places)] = places, row[places]
    return words, masks


def spread(words: np.ndarray, masks: np.ndarray, n_words: int) -> np.ndarray:
    """The opposite of `compact`."""
    dense = np.zeros((len(words), n_words), np.uint64)
    np.bitwise_or.at(dense, (np.arange(len(words))[:, None], words), masks)
    return dense


def strays(dense: np.ndarray, parts: tuple[int, ...]) -> bool:
    """Whether bits are set behind the last one of a part."""
    allowed = np.concatenate([pack(np.ones(n, bool)) for n in parts])
    return bool((dense & ~allowed).any())
