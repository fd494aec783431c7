"""RAM nodes: each reads some bits of the retina as an address and keeps there which labels it has seen.

A location is one 64-bit word, one bit a label. Writing only sets bits, so the order of lessons does not matter.
"""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def addresses(plane_bits, pixels, planes, out):
    """Read each node's address off the planes of bits.

    plane_bits (S*S,) uint64, pixels (M, T) int32, planes (M, T) uint8 -> out (M,) uint16, 0 … A-1
    """
    for m in range(pixels.shape[0]):
        address = np.uint64(0)
        for t in range(pixels.shape[1]):
            bit = (plane_bits[pixels[m, t]] >> np.uint64(planes[m, t])) & np.uint64(1)
            address = (address << np.uint64(1)) | bit
        out[m] = np.uint16(address)


@njit(nogil=True, cache=True)
def write(rows, slots, tables):
    """Mark every row's label at every node's address.

    rows (R, M) uint16, slots (R,) uint8, 0 … 63 -> tables (M, A) uint64, bits set
    """
    for r in range(rows.shape[0]):
        bit = np.uint64(1) << np.uint64(slots[r])
        for m in range(rows.shape[1]):
            tables[m, rows[r, m]] |= bit


@njit(nogil=True, cache=True)
def rewrite(rows, slots, slot, tables):
    """Clear one label everywhere and mark it again from the rows that remain.

    rows (R, M) uint16, slots (R,) uint8, slot int -> tables (M, A) uint64, bit ``slot`` exact
    """
    bit = np.uint64(1) << np.uint64(slot)
    for m in range(tables.shape[0]):
        for a in range(tables.shape[1]):
            tables[m, a] &= ~bit
    for r in range(rows.shape[0]):
        if slots[r] == slot:
            for m in range(rows.shape[1]):
                tables[m, rows[r, m]] |= bit


@njit(nogil=True, cache=True)
def votes(row, tables, out):
    """Count for each label the nodes that have seen it at this address.

    row (M,) uint16, tables (M, A) uint64 -> out (L,) int32, 0 … M
    """
    out[:] = 0
    for m in range(row.shape[0]):
        word = tables[m, row[m]]
        for slot in range(out.shape[0]):
            out[slot] += np.int32((word >> np.uint64(slot)) & np.uint64(1))
