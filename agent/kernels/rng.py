"""Counter-based random numbers: the same on every machine, in any order."""

import numpy as np

from agent.kernels import compiled


@compiled
def scramble(seed, moment, place):
    """Mix three numbers into one (splitmix64's steps).

    seed, moment, place uint64 -> uint64
    """
    word = seed * np.uint64(0x9E3779B97F4A7C15) + moment * np.uint64(0xBF58476D1CE4E5B9) + place
    for multiplier in (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)):
        word = (word ^ (word >> np.uint64(30))) * multiplier
    return word ^ (word >> np.uint64(31))


@compiled
def uniform(seed, moment, place):
    """Random number that depends only on three others.

    seed, moment, place uint64 -> float64 in [0, 1)
    """
    return np.float64(scramble(seed, moment, place) >> np.uint64(11)) * 2.0**-53


@compiled
def draw(seed, first, low, high, whole, out):
    """Random numbers from low to high; whole ones include both ends.

    seed and first uint64: the number of the first, low and high float64, whole bool -> out (N,) float64
    """
    for row in range(len(out)):
        share = uniform(seed, first + np.uint64(row), np.uint64(0))
        out[row] = np.floor(low + share * (high - low + 1.0)) if whole else low + share * (high - low)
