"""Comparing a drawing with remembered drawings."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def popcount(word):
    """Count the bits of a 64-bit word.

    word uint64 -> int64, 0 … 64
    """
    word = np.uint64(word)
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(nogil=True, cache=True)
def hamming(bits, rows, out):
    """Count, for each remembered row, the bits in which it differs from the drawing's.

    bits (W,) uint64, rows (R, W) uint64 -> out (R,) int32, 0 … 64 W
    """
    for r in range(rows.shape[0]):
        distance = 0
        for w in range(rows.shape[1]):
            distance += popcount(bits[w] ^ rows[r, w])
        out[r] = distance
