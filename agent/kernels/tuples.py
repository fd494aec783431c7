"""RAM nodes that keep the mean of what they were told: n-tuple regression. Shape letters of this file: B bits of the
thermometer, M nodes, A locations of a node, N lessons."""

from numba import njit


@njit(nogil=True, cache=True)
def write(levels, ys, places, sums, counts):
    """Write what is right at the location that each node finds.

    levels (N,) int32: how many bits of the thermometer are on, ys (N,) float64, places (M, B + 1) uint16: the location
    of each level -> sums (M, A) float64, counts (M, A) int64 changed
    """
    for row in range(len(levels)):
        for node in range(len(places)):
            place = places[node, levels[row]]
            sums[node, place] += ys[row]
            counts[node, place] += 1


@njit(nogil=True, cache=True)
def read(levels, places, sums, counts, means, speaking):
    """Let each node that was ever written at its location say the mean of what it was told there.

    levels (N,) int32, places (M, B + 1) uint16, sums (M, A) float64, counts (M, A) int64 -> means (N,) float64 of those
    who speak, speaking (N,) int32: how many do
    """
    for row in range(len(levels)):
        total, speaking[row] = 0.0, 0
        for node in range(len(places)):
            place = places[node, levels[row]]
            if counts[node, place] > 0:
                total += sums[node, place] / counts[node, place]
                speaking[row] += 1
        means[row] = total / max(1, speaking[row])
