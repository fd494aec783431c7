"""Matching a drawing against stored rows: Hamming distance of signatures, then deformable matching of gradients.

Deformable matching is the image distortion model (Keysers, Deselaers, Gollan & Ney 2007): every pixel of a stored
drawing may be displaced by up to two pixels, and the 3 x 3 surroundings are compared. The last section draws from
memory.
"""

import numpy as np

from agent.kernels import compiled, inner
from agent.kernels.edges import CODE_STRIDE, SKETCH, SKETCH_STRIDE
from agent.kernels.preprocessing import SIDE
from agent.kernels.rng import scramble

REACH = 2  # largest displacement of a pixel
PAD = (REACH + 1) * CODE_STRIDE + REACH + 1
UNPACKED = (SIDE + 2 * (REACH + 1)) * CODE_STRIDE + 2 * CODE_STRIDE
SKETCH_PAD = 2 * SKETCH_STRIDE + 2  # sketch pixels are displaced by at most one
SKETCH_UNPACKED = (SKETCH + 4) * SKETCH_STRIDE + 2 * SKETCH_STRIDE
FAR = np.int32(1 << 28)  # larger than any difference
NO_ROW = np.int16(1 << 14)  # more bits than any prefix has
QUARTERS = 4  # parts of a difference: top left, top right, bottom left, bottom right
CONTEXT_ROWS, CONTEXT_REACH = 4, 5  # context of a pixel drawn from memory: rows above, columns to either side
MAX_CONTEXT_DISTANCE = np.uint64(64)


@compiled
def popcount(word):
    """Count the bits of a 64-bit word.

    word uint64 -> uint64, 0 … 64
    """
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@compiled
def hamming_distance(one, rows, row):
    """Hamming distance of some words to a row.

    one (W,) uint64, rows (R, W) uint64, row int below R -> int32, 0 … 64 W
    """
    place, distance = np.uint64(row), np.uint64(0)  # unsigned: no check for negative indices
    for w in range(one.shape[0]):
        distance += popcount(one[w] ^ rows[place, w])
    return np.int32(distance)


@compiled
def hamming(bits, rows, listed, out):
    """Hamming distances of listed rows to a drawing's bits.

    bits (W,) uint64, rows (R, W) uint64, listed (N,) int32 below R -> out (N,) int32, 0 … 64 W
    """
    for place in range(listed.shape[0]):
        out[place] = hamming_distance(bits, rows, listed[place])


@compiled
def prefix_distances(prefix, ordered, begins, labels_mask, leader, out):
    """Hamming distances of six-word prefixes, for the rows of selected labels, label by label.

    Prefixes are stored word by word and grouped by label, so that the loop over rows is vectorised.

    prefix (6,) uint64, ordered (6, R) uint64, begins (B,) int32: where the rows of each label begin, B > L; labels_mask
    (L,) bool, leader int below L
    -> out (R,) int16, 0 … 384; returns the smallest of all labels but ``leader``, int16, NO_ROW without any
    """
    a, b, c, d, e, f = prefix[0], prefix[1], prefix[2], prefix[3], prefix[4], prefix[5]
    n, rival_distance = 0, NO_ROW
    for label_id in range(labels_mask.shape[0]):
        if labels_mask[label_id]:
            begin, end = begins[label_id], begins[label_id + 1]
            one, two, three = ordered[0][begin:end], ordered[1][begin:end], ordered[2][begin:end]
            four, five, six = ordered[3][begin:end], ordered[4][begin:end], ordered[5][begin:end]
            differences, smallest_distance = out[n : n + end - begin], NO_ROW
            for i in range(differences.shape[0]):
                left = popcount(a ^ one[i]) + popcount(b ^ two[i]) + popcount(c ^ three[i])
                right = popcount(d ^ four[i]) + popcount(e ^ five[i]) + popcount(f ^ six[i])
                differences[i] = np.int16(left + right)
                smallest_distance = min(smallest_distance, np.int16(left + right))
            rival_distance = rival_distance if label_id == leader else min(rival_distance, smallest_distance)
            n += end - begin
    return rival_distance


@compiled
def closest(distances, limit, counts, out):
    """Rows at the smallest distances, nearest first, at most ``limit``: all rows of one distance, or none of it.

    So the selection does not depend on the order of rows. Rows at the smallest distance are always selected, as many
    as ``out`` holds.

    distances (R,) int16 or int32 below D, counts (D,) int32 scratch -> out (C,) int32 rows; returns how many
    """
    counts[:] = 0
    for r in range(distances.shape[0]):
        counts[distances[r]] += 1
    farthest, n_selected = -1, 0
    for d in range(counts.shape[0]):
        if counts[d] > 0 and n_selected > 0 and n_selected + counts[d] > limit:
            break
        # becomes the place in out of the next row at this distance
        counts[d], n_selected = n_selected, n_selected + counts[d]
        farthest = d
    for r in range(distances.shape[0]):
        d = distances[r]
        if d <= farthest:
            if counts[d] < out.shape[0]:
                out[counts[d]] = r
            counts[d] += 1
    return min(n_selected, out.shape[0])


@compiled
def smallest_bound(values, limit):
    """Smallest bound such that at least ``limit`` of the values are at most the bound.

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


@compiled
def unpack(codes, pad, out):
    """Unpack a code or a sketch into two padded planes, so that a displacement is one offset.

    codes (…) uint8 -> out (2, U) uint8, 0 … 14, from ``pad`` on; the rest is not written and must hold no gradient, 7
    """
    flat = codes.ravel()
    across, down = out[0, pad:], out[1, pad:]
    for i in range(flat.shape[0]):
        across[i] = flat[i] & np.uint8(15)
        down[i] = flat[i] >> np.uint8(4)


@compiled
def sum_of_squares(unpacked):
    """Sum of the squared gradients of an unpacked code: what its strokes amount to.

    unpacked (2, U) uint8, 7 where there is no gradient -> int64
    """
    total = np.int64(0)
    for plane in range(2):
        for value in unpacked[plane]:
            total += (np.int64(value) - 7) * (np.int64(value) - 7)
    return total


@compiled
def sketch_difference(one, other, cost, sums, best):
    """Difference of two sketches: as `difference`, but displaced by at most one pixel, and never cut off.

    one, other (2, SKETCH_UNPACKED) uint8 unpacked; cost, sums, best likewise, scratch -> int32, 0 = equal
    """
    corner, n = SKETCH_PAD - SKETCH_STRIDE - 1, SKETCH * SKETCH_STRIDE
    for i in range(n):
        best[i] = 255
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            shift = corner + dy * SKETCH_STRIDE + dx
            _min_over_shift(one[:, corner:], other[:, shift:], n, SKETCH_STRIDE, cost, sums, best)
    return _sum_of_squares(best, SKETCH, SKETCH_STRIDE)


@compiled
def difference(one, other, cost, sums, best, quarters):
    """Image distortion model: squared differences of 3x3 surroundings, each at the best displacement of up to 2 pixels.

    The stored drawing is deformed to match the query. Small sums fit 8 bits: 9 pixels x 2 x 14 = 252.

    one, other (2, U) uint8 unpacked; cost, sums, best (U,) uint8 scratch -> quarters (4,) int32, the difference in each
    quarter of the drawing; returns their sum, int32, 0 … 49787136, 0 = equal
    """
    corner, n = PAD - CODE_STRIDE - 1, SIDE * CODE_STRIDE
    for i in range(n):
        best[i] = 255
    for dy in range(-REACH, REACH + 1):
        for dx in range(-REACH, REACH + 1):
            shift = corner + dy * CODE_STRIDE + dx
            _min_over_shift(one[:, corner:], other[:, shift:], n, CODE_STRIDE, cost, sums, best)
    half, columns = SIDE // 2, np.empty(CODE_STRIDE, np.int32)
    for part in range(2):
        columns[:] = 0
        for y in range(part * half, (part + 1) * half):
            line = best[y * CODE_STRIDE : (y + 1) * CODE_STRIDE]
            for x in range(CODE_STRIDE):
                columns[x] += np.int32(line[x]) * np.int32(line[x])
        quarters[2 * part] = columns[:half].sum()
        quarters[2 * part + 1] = columns[half:SIDE].sum()
    return np.int32(quarters[0] + quarters[1] + quarters[2] + quarters[3])


@inner(inline="always")
def _min_over_shift(one, other, n, stride, cost, sums, best):
    """Lower each pixel's best difference of surroundings by trying one more displacement.

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


@inner(inline="always")
def _sum_of_squares(best, side, stride):
    """Sum of squares, of ``side`` pixels a row: one missing stroke weighs more than small differences everywhere."""
    result = np.int32(0)
    for i in range(side * stride):
        smallest_distance = np.int32(best[i]) * np.int32(i % stride < side)
        result += smallest_distance * smallest_distance
    return result


# ---------------------------------------------------------------- drawing from memory


@compiled
def context_bits(page, y, x):
    """Pixels drawn before and around a pixel, 0 outside the page.

    page (H, W) uint8, 0 or 1; y and x int -> uint64, 49 bits
    """
    word = np.uint64(0)
    for dy in range(-CONTEXT_ROWS, 1):
        for dx in range(-CONTEXT_REACH, CONTEXT_REACH + 1 if dy < 0 else 0):
            row, column = y + dy, x + dx
            inside = 0 <= row < page.shape[0] and 0 <= column < page.shape[1]
            word = (word << np.uint64(1)) | np.uint64(page[row, column] if inside else 0)
    return word


@compiled
def synthesise(drawings, seed, slack, out):
    """Synthesise a page from the top, pixel by pixel, from stored drawings with a similar context.

    As texture synthesis by non-parametric sampling (Efros & Leung 1999): candidates are the drawings whose context
    differs from the page's in at most ``slack`` bits more than the nearest one's. Of these each row of pixels prefers
    one by a random order of its own, so strokes are continuous and no drawing is copied for long.

    drawings (N, H, W) uint8, 0 or 1; seed and slack int -> out (H, W) uint8, 0 or 1
    """
    n = drawings.shape[0]
    distances, preferences = np.empty(n, np.uint64), np.empty(n, np.uint64)
    out[:] = 0
    for y in range(out.shape[0]):
        for row in range(n):
            preferences[row] = scramble(np.uint64(seed), np.uint64(y), np.uint64(row))
        for x in range(out.shape[1]):
            context, nearest = context_bits(out, y, x), MAX_CONTEXT_DISTANCE
            for row in range(n):
                distances[row] = popcount(context_bits(drawings[row], y, x) ^ context)
                nearest = min(nearest, distances[row])
            selected = -1
            for row in range(n):
                if distances[row] <= nearest + np.uint64(slack) and (
                    selected < 0 or preferences[row] < preferences[selected]
                ):
                    selected = row
            out[y, x] = drawings[selected, y, x]
