"""Chance that depends on nothing but numbers: the same on every machine, in any order."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def scramble(seed, moment, place):
    """Mix three numbers into one (splitmix64's steps).

    seed, moment, place uint64 -> uint64
    """
    word = seed * np.uint64(0x9E3779B97F4A7C15) + moment * np.uint64(0xBF58476D1CE4E5B9) + place
    for multiplier in (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)):
        word = (word ^ (word >> np.uint64(30))) * multiplier
    return word ^ (word >> np.uint64(31))
