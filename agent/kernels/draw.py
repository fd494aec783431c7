"""Drawing from memory: pixel by pixel, as remembered drawings go on from what has been drawn so far."""

import numpy as np
from numba import njit

from agent.kernels.chance import scramble
from agent.kernels.match import popcount

ROWS_ABOVE, REACH = 4, 5  # what is looked at: so many rows above, so far to either side, and as far to the left
FAR = np.uint64(64)


@njit(nogil=True, cache=True)
def around(page, y, x):
    """Read what is drawn before and around a pixel, nothing where the page ends.

    page (H, W) uint8, 0 or 1; y and x int -> uint64, 49 bits
    """
    word = np.uint64(0)
    for dy in range(-ROWS_ABOVE, 1):
        for dx in range(-REACH, REACH + 1 if dy < 0 else 0):
            row, column = y + dy, x + dx
            inside = 0 <= row < page.shape[0] and 0 <= column < page.shape[1]
            word = (word << np.uint64(1)) | np.uint64(page[row, column] if inside else 0)
    return word


@njit(nogil=True, cache=True)
def draw(remembered, seed, slack, out):
    """Draw a page from the top: each pixel is that of a remembered drawing which looks alike around it.

    Alike are those whose surroundings differ from the page's in at most ``slack`` bits more than the nearest ones'. Of
    these a row of pixels prefers one by lot, so strokes hang together and no drawing is followed for long.

    remembered (N, H, W) uint8, 0 or 1; seed and slack int -> out (H, W) uint8, 0 or 1
    """
    n = remembered.shape[0]
    away, lots = np.empty(n, np.uint64), np.empty(n, np.uint64)
    out[:] = 0
    for y in range(out.shape[0]):
        for row in range(n):
            lots[row] = scramble(np.uint64(seed), np.uint64(y), np.uint64(row))
        for x in range(out.shape[1]):
            now, nearest = around(out, y, x), FAR
            for row in range(n):
                away[row] = popcount(around(remembered[row], y, x) ^ now)
                nearest = min(nearest, away[row])
            chosen = -1
            for row in range(n):
                if away[row] <= nearest + np.uint64(slack) and (chosen < 0 or lots[row] < lots[chosen]):
                    chosen = row
            out[y, x] = remembered[chosen, y, x]
