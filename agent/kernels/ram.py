"""RAM nodes: each reads some bits of the retina as an address and keeps there which labels it has seen.

A location is one word of 16 or 64 bits, one bit a label. Writing only sets bits, so the order of lessons does not
matter.
"""

import numpy as np
from numba import njit

MANY_GONE = 28  # rows of one label, beyond which its bits are written anew
LANES = 64  # addresses that are compared at a time; where some are left over, they take as long as all others


@njit(nogil=True, cache=True)
def addresses(bits, reads, out):
    """Read each node's address off the planes of bits.

    bits (B,) uint8, 0 or 1, reads (M, T) uint16 below B, the highest bit of an address first -> out (M,) uint16
    """
    for m in range(reads.shape[0]):
        address = 0
        for t in range(reads.shape[1]):
            address = (address << 1) | bits[reads[m, t]]
        out[m] = np.uint16(address)


@njit(nogil=True, cache=True)
def write(rows, slots, tables):
    """Mark every row's label at every node's address.

    rows (R, M) uint16, slots (R,) uint8 below the bits of a location -> tables (M, A) uint16 or uint64, bits set
    """
    for r in range(rows.shape[0]):
        bit = tables.dtype.type(1) << tables.dtype.type(slots[r])
        for m in range(rows.shape[1]):
            tables[m, rows[r, m]] |= bit


@njit(nogil=True, cache=True)
def erase(gone, gone_slots, rows, slots, tables):
    """Clear what rows that are gone have marked, except where a remaining row of the label marks it too.

    gone (G, M) uint16, gone_slots (G,) uint8 ascending, rows (R, M) uint16, slots (R,) uint8
    -> tables (M, A), bits cleared
    """
    n_gone = np.zeros(8 * tables.itemsize, np.int64)
    for slot in gone_slots:
        n_gone[slot] += 1
    ends, end = np.empty_like(n_gone), 0
    for slot in range(n_gone.shape[0]):
        end += n_gone[slot]
        ends[slot] = end
        if n_gone[slot] > MANY_GONE:
            _write_anew(slot, rows, slots, tables)
    n_nodes = rows.shape[1]
    width = -(-n_nodes // LANES) * LANES
    line, lost = np.zeros(width, np.uint16), np.zeros((gone.shape[0], width), np.uint16)
    nearest = np.full(lost.shape, np.uint16(65535), np.uint16)  # 0 where a remaining row has the same address
    lost[:, :n_nodes] = gone
    for r in range(rows.shape[0]):
        slot = slots[r]
        if 0 < n_gone[slot] <= MANY_GONE:
            for m in range(n_nodes):
                line[m] = rows[r, m]
            for g in range(ends[slot] - n_gone[slot], ends[slot]):
                _come_nearer(line, lost, nearest, g)
    for g in range(gone.shape[0]):
        if n_gone[gone_slots[g]] <= MANY_GONE:
            bit = tables.dtype.type(1) << tables.dtype.type(gone_slots[g])
            for m in range(n_nodes):
                if nearest[g, m]:
                    tables[m, gone[g, m]] &= ~bit


@njit(nogil=True, cache=True)
def _come_nearer(line, lost, nearest, g):
    """Note how near a row is to one that is gone, address by address, where it is nearer than any before.

    line (W,) uint16, W a multiple of 64, lost (G, W) uint16, g below G -> nearest (G, W) uint16, 0 = the same
    """
    for i in range(line.shape[0] // LANES * LANES):  # said once more, for the compiler: nothing is left over
        away, least = np.uint16(line[i] ^ lost[g, i]), nearest[g, i]
        nearest[g, i] = away if away < least else least


@njit(nogil=True, cache=True)
def _write_anew(slot, rows, slots, tables):
    """Clear one label's bits and mark what its rows mark: cheaper than asking for each bit whether a row still does."""
    bit = tables.dtype.type(1) << tables.dtype.type(slot)
    for m in range(tables.shape[0]):
        for address in range(tables.shape[1]):
            tables[m, address] &= ~bit
    for r in range(rows.shape[0]):
        if slots[r] == slot:
            for m in range(rows.shape[1]):
                tables[m, rows[r, m]] |= bit


@njit(nogil=True, cache=True)
def votes(row, one, other, out):
    """Count for each label the nodes that have seen it at this address, in one set of tables or the other.

    row (M,) uint16, one and other (M, A) uint16 or uint64 -> out (L,) int32, 0 … M
    """
    out[:] = 0
    for m in range(row.shape[0]):
        word = np.uint64(one[m, row[m]] | other[m, row[m]])
        for slot in range(out.shape[0]):
            out[slot] += np.int32((word >> np.uint64(slot)) & np.uint64(1))


@njit(nogil=True, cache=True)
def voting_pixels(row, one, other, pixels, slot, rival, out):
    """Show for each pixel how many nodes read it that have seen one label at this address, but not its rival.

    row (M,) uint16, one and other (M, A) uint16 or uint64, pixels (M, T) int32, slot and rival int, rival -1 where
    there is none -> out (S, S) uint8, 255 where the most nodes are
    """
    counts = np.zeros(out.size, np.int32)
    for m in range(row.shape[0]):
        word = np.uint64(one[m, row[m]] | other[m, row[m]])
        of_rival = (word >> np.uint64(rival)) & np.uint64(1) if rival >= 0 else np.uint64(0)
        if (word >> np.uint64(slot)) & np.uint64(1) and not of_rival:
            for t in range(pixels.shape[1]):
                counts[pixels[m, t]] += 1
    most = 1
    for count in counts:
        most = max(most, count)
    shades = np.empty(most + 1, np.uint8)  # dividing once for each count, not for each pixel
    for count in range(most + 1):
        shades[count] = np.uint8(count * 255 // most)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            out[y, x] = shades[counts[y * out.shape[1] + x]]
