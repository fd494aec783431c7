"""Comparing a drawing with remembered drawings: first by signature, then deformably, pixel by pixel."""

import numpy as np
from numba import njit

from agent.kernels.edges import CODE_STRIDE, SKETCH, SKETCH_STRIDE
from agent.kernels.retina import SIDE

REACH = 2  # a pixel may find its like this many pixels away
PAD = (REACH + 1) * CODE_STRIDE + REACH + 1
UNPACKED = (SIDE + 2 * (REACH + 1)) * CODE_STRIDE + 2 * CODE_STRIDE
SKETCH_PAD = 2 * SKETCH_STRIDE + 2  # sketches reach one pixel far
SKETCH_UNPACKED = (SKETCH + 4) * SKETCH_STRIDE + 2 * SKETCH_STRIDE
FAR = np.int32(1 << 28)  # farther than anything; half as much again still fits
NOT_THERE = np.int16(1 << 14)  # more bits than any hint has
LEAST_FAR = np.int32(SIDE * SIDE)  # however near the third nearest is


@njit(nogil=True, cache=True)
def popcount(word):
    """Count the bits of a 64-bit word.

    word uint64 -> uint64, 0 … 64
    """
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@njit(nogil=True, cache=True)
def rows_of(by_slot, begins, wanted, out):
    """List the rows of wanted labels.

    by_slot (R,) int32: all rows, those of one label after those of another; begins (B,) int32: where those of each
    label begin, B > L; wanted (L,) bool -> out (R,) int32; returns how many
    """
    n = 0
    for slot in range(wanted.shape[0]):
        if wanted[slot]:
            for place in range(begins[slot], begins[slot + 1]):
                out[n] = by_slot[place]
                n += 1
    return n


@njit(nogil=True, cache=True)
def differing(one, rows, row):
    """Count the bits in which a line of words differs from a row.

    one (W,) uint64, rows (R, W) uint64, row int below R -> int32, 0 … 64 W
    """
    place, distance = np.uint64(row), np.uint64(0)  # unsigned: no look at negative places
    for w in range(one.shape[0]):
        distance += popcount(one[w] ^ rows[place, w])
    return np.int32(distance)


@njit(nogil=True, cache=True)
def hamming(bits, rows, listed, out):
    """Count, for each listed row, the bits in which it differs from the drawing's.

    bits (W,) uint64, rows (R, W) uint64, listed (N,) int32 below R -> out (N,) int32, 0 … 64 W
    """
    for place in range(listed.shape[0]):
        out[place] = differing(bits, rows, listed[place])


@njit(nogil=True, cache=True)
def hint_differences(hint, ordered, begins, wanted, first, out):
    """Count, for each row of wanted labels, as `rows_of` lists them, the bits in which six words differ.

    Words of one place side by side, rows in the order of their labels, so that several are looked at together.

    hint (6,) uint64, ordered (6, R) uint64, begins (B,) int32 and wanted (L,) bool as for `rows_of`, first int below L
    -> out (R,) int16, 0 … 384; returns the least of all labels but ``first``, int16, NOT_THERE without any
    """
    a, b, c, d, e, f = hint[0], hint[1], hint[2], hint[3], hint[4], hint[5]
    n, others = 0, NOT_THERE
    for slot in range(wanted.shape[0]):
        if wanted[slot]:
            begin, end = begins[slot], begins[slot + 1]
            one, two, three = ordered[0][begin:end], ordered[1][begin:end], ordered[2][begin:end]
            four, five, six = ordered[3][begin:end], ordered[4][begin:end], ordered[5][begin:end]
            differences, least = out[n : n + end - begin], NOT_THERE
            for i in range(differences.shape[0]):
                left = popcount(a ^ one[i]) + popcount(b ^ two[i]) + popcount(c ^ three[i])
                right = popcount(d ^ four[i]) + popcount(e ^ five[i]) + popcount(f ^ six[i])
                differences[i] = np.int16(left + right)
                least = min(least, np.int16(left + right))
            others = others if slot == first else min(others, least)
            n += end - begin
    return others


@njit(nogil=True, cache=True)
def closest(distances, limit, counts, out):
    """Choose the rows at the smallest distances, nearest first, at most ``limit``, all of one distance or none of it.

    So the choice does not depend on the order of rows. The rows at the very smallest distance are always taken, as
    many as ``out`` holds.

    distances (R,) int16 or int32 below D, counts (D,) int32 scratch -> out (C,) int32 rows; returns how many
    """
    counts[:] = 0
    for r in range(distances.shape[0]):
        counts[distances[r]] += 1
    farthest, n_chosen = -1, 0
    for d in range(counts.shape[0]):
        if counts[d] > 0 and n_chosen > 0 and n_chosen + counts[d] > limit:
            break
        counts[d], n_chosen = n_chosen, n_chosen + counts[d]  # from now on: where rows at this distance begin
        farthest = d
    for r in range(distances.shape[0]):
        d = distances[r]
        if d <= farthest:
            if counts[d] < out.shape[0]:
                out[counts[d]] = r
            counts[d] += 1
    return min(n_chosen, out.shape[0])


@njit(nogil=True, cache=True)
def at_most(values, limit):
    """Find the value below or at which at least ``limit`` of the values lie, and no more than need to.

    values (N,) int32, 0 … 2**30, limit int from 1 on -> int32; the largest value when there are fewer
    """
    low, high = 0, 1 << 30
    while low < high:
        middle = (low + high) >> 1
        n = 0
        for value in values:
            n += value <= middle
        if n >= min(limit, values.shape[0]):
            high = middle
        else:
            low = middle + 1
    return np.int32(low)


@njit(nogil=True, cache=True)
def unpack(codes, pad, out):
    """Spread a code or a sketch over two padded planes, so that a displacement is one offset.

    codes (…) uint8 -> out (2, U) uint8, 0 … 14, from ``pad`` on; the rest is left as it is and must hold no gradient, 7
    """
    flat = codes.ravel()
    across, down = out[0, pad:], out[1, pad:]
    for i in range(flat.shape[0]):
        across[i] = flat[i] & np.uint8(15)
        down[i] = flat[i] >> np.uint8(4)


@njit(nogil=True, cache=True)
def rough_difference(one, other, cost, sums, best):
    """Compare two sketches: as `difference`, but displaced by at most one pixel, and never given up.

    one, other (2, SKETCH_UNPACKED) uint8 unpacked; cost, sums, best likewise, scratch -> int32, 0 = the same
    """
    corner, n = SKETCH_PAD - SKETCH_STRIDE - 1, SKETCH * SKETCH_STRIDE
    for i in range(n):
        best[i] = 255
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            shift = corner + dy * SKETCH_STRIDE + dx
            _bend(one[:, corner:], other[:, shift:], n, SKETCH_STRIDE, cost, sums, best)
    return _squared(best, SKETCH, SKETCH_STRIDE)


@njit(nogil=True, cache=True)
def difference(one, other, bound, cost, sums, best):
    """Sum over all pixels the square of the least difference of their 3x3 surroundings, displaced by up to 2 pixels.

    The remembered drawing bends to meet the one that is asked about. Small sums fit 8 bits: 9 pixels x 2 x 14 = 252.

    one, other (2, U) uint8 unpacked; bound int32; cost, sums, best (U,) uint8 scratch -> int32, 0 … 49787136, 0 =
    the same; FAR when it is at least ``bound``
    """
    corner, n = PAD - CODE_STRIDE - 1, SIDE * CODE_STRIDE
    for i in range(n):
        best[i] = 255
    for dy in range(-REACH, REACH + 1):
        for dx in range(-REACH, REACH + 1):
            shift = corner + dy * CODE_STRIDE + dx
            _bend(one[:, corner:], other[:, shift:], n, CODE_STRIDE, cost, sums, best)
    result = _squared(best, SIDE, CODE_STRIDE)
    return FAR if result >= bound else result


@njit(nogil=True, cache=True, inline="always")
def _bend(one, other, n, stride, cost, sums, best):
    """Keep for every pixel the least difference of its surroundings, with one more displacement.

    one, other (2, …) uint8 from the corner of the first surroundings on -> best (n,) uint8
    """
    one_x, one_y, other_x, other_y = one[0], one[1], other[0], other[1]
    for i in range(n + 2 * stride):
        across = np.uint8(max(one_x[i], other_x[i]) - min(one_x[i], other_x[i]))
        down = np.uint8(max(one_y[i], other_y[i]) - min(one_y[i], other_y[i]))
        cost[i] = np.uint8(across + down)
    for i in range(n + 2):
        sums[i] = np.uint8(np.uint8(cost[i] + cost[i + stride]) + cost[i + 2 * stride])
    for i in range(n):
        total = np.uint8(np.uint8(sums[i] + sums[i + 1]) + sums[i + 2])
        best[i] = min(total, best[i])


@njit(nogil=True, cache=True, inline="always")
def _squared(best, side, stride):
    """Add up squares, of ``side`` pixels a row: one stroke that is not there says more than wobbles everywhere."""
    result = np.int32(0)
    for i in range(side * stride):
        least = np.int32(best[i]) * np.int32(i % stride < side)
        result += least * least
    return result


@njit(nogil=True, cache=True)
def how_far(slot, smallest):
    """How different a row of a label may be and still change its three smallest differences.

    A row that is half as far again as the third nearest of all counts as just that far (`limit`). The same drawing is
    never given up.
    """
    return max(1, min(smallest[slot, 2], _far_enough(smallest[-1, 2])))


@njit(nogil=True, cache=True)
def note(slot, difference, smallest, n_found):
    """Enter a row's difference among the three smallest of its label, and of all.

    slot int below L, difference int32 -> smallest (L+1, 3) int32 ascending, the last line for all labels; n_found
    (L+1,) int32 rows so far
    """
    for line in (slot, smallest.shape[0] - 1):
        n_found[line] += 1
        value = difference
        for place in range(3):
            if value < smallest[line, place]:
                value, smallest[line, place] = smallest[line, place], value


@njit(nogil=True, cache=True)
def limit(smallest, n_found):
    """Let no row count as farther than half as far again as the third nearest of all, so that it does not matter which
    rows were given up.

    smallest (L+1, 3) int32 and n_found (L+1,) int32 of `note` -> smallest
    """
    last = smallest.shape[0] - 1
    for line in range(last):
        for place in range(min(3, n_found[line])):
            smallest[line, place] = min(smallest[line, place], _far_enough(smallest[last, 2]))


@njit(nogil=True, cache=True)
def _far_enough(third):
    """Half as far again as the third nearest: beyond it a row says no more than that it is far."""
    return max(LEAST_FAR, third // 2 * 3)
