"""The recall agent's ways through the other kernels: looking at copies of a drawing, and adding up an answer."""

import numpy as np
from numba import njit

from agent.kernels import edges, match, ram, retina, study
from agent.kernels.retina import SIDE

MOST_AWAY = 1_000_000  # beyond it a label is far enough away


@njit(nogil=True, cache=True)
def look_at_copies(kept, fields, start, stop, reads, addresses, codes, sketches, signatures):
    """Look at drawings and at warped copies of them: copy 0 is the drawing, copy c is bent by field c - 1.

    kept (N, S, S) uint8, fields (F, 2, S+4, S+4) float32, 0 <= start < stop <= F + 1, reads (M, T) uint16
    -> addresses (N*(stop-start), M) uint16, codes (…, S, 32) uint8, sketches (…, 14, 16) uint8,
    signatures (…, 22) uint64
    """
    seen = np.empty((SIDE, SIDE), np.uint8)
    bent = np.empty((retina.FRAME, retina.FRAME), np.uint8)
    maps = np.empty((8, SIDE, SIDE), np.float32)
    slopes = np.empty((2, SIDE, SIDE), np.float32)
    bits = np.empty(edges.PLANES * edges.PIXELS, np.uint8)
    row = 0
    for n in range(kept.shape[0]):
        for c in range(start, stop):
            retina.see(kept[n], fields, c, retina.AS_DRAWN, bent, seen)
            edges.edge_maps(seen, maps)
            edges.planes(maps, bits)
            edges.gradients(seen, slopes)
            edges.code(slopes, codes[row])
            edges.sketch(codes[row], sketches[row])
            edges.signature(slopes, signatures[row])
            ram.addresses(bits, reads, addresses[row])
            row += 1


@njit(nogil=True, cache=True)
def propose(row, tables, studied_row, counters, slots, unit, votes, every_node):
    """Count the nodes that vote for each label; where counters were studied, they say what bulk lessons are worth.

    row (M,) uint16, tables: two of (M, A) uint16 or uint64, own and bulk, studied_row (K,) uint16, counters (K, A, L)
    int8 and the slots (L,) int64 of their labels, or (0,), (0, 0, 0) and (0,), unit int: what a vote is worth beside
    counters, which only own lessons brought -> votes (L,) int32; every_node (L,) bool: whether all M nodes have seen
    the label
    """
    n_nodes = tables[0].shape[0]
    ram.votes(row, tables[0], tables[1], votes)
    for slot in range(votes.shape[0]):
        every_node[slot] = votes[slot] == n_nodes
    if counters.shape[0]:
        of_bulk, counted = np.empty_like(votes), np.empty(counters.shape[2], np.int32)
        ram.votes(row, tables[1], tables[1], of_bulk)
        study.count(studied_row, counters, counted)
        for slot in range(votes.shape[0]):
            votes[slot] = np.int32(unit) * (votes[slot] - of_bulk[slot])
        for label in range(counted.shape[0]):
            votes[slots[label]] += counted[label]


@njit(nogil=True, cache=True)
def look_at_hints(hint, own, bulk, wanted, first):
    """Count the bits in which a drawing's hint differs from those of all rows of wanted labels.

    hint (6,) uint64; own and bulk: slots (R,) uint8 of all rows, their rests, sketches and codes, by_slot and begins of
    `match.rows_of`, and the hints of `match.hint_differences`; wanted (L,) bool; first int below L -> the differences
    (W,) int16, of own rows first; and how many rows are nearer than any row of another label than ``first``
    """
    n_own, n_bulk = np.int64(0), np.int64(0)
    for slot in range(wanted.shape[0]):
        if wanted[slot]:
            n_own += own[5][slot + 1] - own[5][slot]
            n_bulk += bulk[5][slot + 1] - bulk[5][slot]
    differences = np.empty(n_own + n_bulk, np.int16)
    others = match.hint_differences(hint, own[6], own[5], wanted, first, differences[:n_own])
    others = min(others, match.hint_differences(hint, bulk[6], bulk[5], wanted, first, differences[n_own:]))
    n_agreeing = np.int32(0)
    for difference in differences:
        n_agreeing += np.int32(difference < others)
    return differences, n_agreeing


@njit(nogil=True, cache=True)
def compare(seen, own, bulk, wanted, distances, effort, rows, differences, smallest, n_found):
    """Compare a drawing with the remembered rows that look most alike.

    Each look is closer than the one before and at fewer rows: the hint, all of the signature, the sketch, the code.
    Rows that are equally near are taken together or left together, so the order of rows changes nothing but time.

    seen: hint (6,) and rest (16,) uint64, sketch (14, 16) and code (S, 32) uint8; own, bulk and wanted as for
    `look_at_hints`, distances (W,) int16 of it; effort (3,) int64: how many rows to look at again, by sketch, by code
    -> rows (C,) int32, the bulk ones counted on from the own ones, differences (C,) int32, smallest (L+1, 3) int32,
    n_found (L+1,) int32; returns how many rows
    """
    hint, rest, sketch, code = seen
    n_own = own[0].shape[0]
    listed = np.empty(distances.shape[0], np.int32)
    n = match.rows_of(own[4], own[5], wanted, listed)
    match.rows_of(bulk[4], bulk[5], wanted, listed[n:])
    listed[n:] += np.int32(n_own)
    counts = np.empty(64 * (hint.shape[0] + rest.shape[0]) + 1, np.int32)
    places = np.empty(max(1, effort[0]), np.int32)
    n = match.closest(distances, effort[0], counts, places)
    again, far = np.empty(n, np.int32), np.empty(n, np.int16)
    for i in range(n):
        row = listed[places[i]]
        more = match.differing(rest, own[1], row) if row < n_own else match.differing(rest, bulk[1], row - n_own)
        again[i], far[i] = row, np.int16(distances[places[i]] + more)

    n = match.closest(far, effort[1], counts, places)
    one, other = np.empty((2, match.SKETCH_UNPACKED), np.uint8), np.empty((2, match.SKETCH_UNPACKED), np.uint8)
    one[:], other[:] = edges.CODE_ZERO, edges.CODE_ZERO
    cost, sums, best = np.zeros_like(one[0]), np.zeros_like(one[0]), np.zeros_like(one[0])
    match.unpack(sketch, match.SKETCH_PAD, one)
    rough = np.empty(n, np.int32)
    for i in range(n):
        row = again[places[i]]
        match.unpack(own[2][row] if row < n_own else bulk[2][row - n_own], match.SKETCH_PAD, other)
        rough[i] = match.rough_difference(one, other, cost, sums, best)
    return _compare_codes(code, own, bulk, again, places[:n], rough, effort[2], rows, differences, smallest, n_found)


@njit(nogil=True, cache=True)
def _compare_codes(code, own, bulk, again, places, rough, n_codes, rows, differences, smallest, n_found):
    """The last look of `compare`: at the codes of the rows whose sketches differ least."""
    n_own = own[0].shape[0]
    one, other = np.empty((2, match.UNPACKED), np.uint8), np.empty((2, match.UNPACKED), np.uint8)
    one[:], other[:] = edges.CODE_ZERO, edges.CODE_ZERO
    cost, sums, best = np.zeros_like(one[0]), np.zeros_like(one[0]), np.zeros_like(one[0])
    match.unpack(code, match.PAD, one)
    smallest[:] = match.FAR
    n_found[:] = 0
    bound = match.at_most(rough, n_codes)
    n = 0
    for i in range(rough.shape[0]):
        if rough[i] <= bound and n < rows.shape[0]:
            row = again[places[i]]
            match.unpack(own[3][row] if row < n_own else bulk[3][row - n_own], match.PAD, other)
            slot = np.int64(own[0][row] if row < n_own else bulk[0][row - n_own])
            rows[n] = row
            differences[n] = match.difference(one, other, match.how_far(slot, smallest), cost, sums, best)
            match.note(slot, differences[n], smallest, n_found)
            n += 1
    match.limit(smallest, n_found)
    return n


@njit(nogil=True, cache=True)
def responses(votes, smallest, n_found, most_votes, votes_weight, scale, out):
    """Add up what remembered drawings and RAM nodes say of each label.

    A label loses by how much farther its three nearest rows are than the three nearest of all (`away`), and by the
    votes it lacks.

    votes (L,) int32, smallest (L+1, 3) int32, n_found (L+1,) int32 -> out (L,) int32, 0 … scale
    """
    away(smallest, n_found, scale, out)
    most = votes[0]
    for label in range(out.shape[0]):
        most = max(most, votes[label])
    for label in range(out.shape[0]):
        lost = np.int64(out[label]) + np.int64(votes_weight) * (most - votes[label]) // most_votes
        out[label] = np.int32(max(np.int64(0), scale - max(np.int64(0), lost)))


@njit(nogil=True, cache=True)
def away(smallest, n_found, scale, out):
    """Say how much farther each label's three nearest rows are than the three nearest of all, times ``scale``.

    With fewer than three rows among the candidates a label is taken to be a little farther; without any, farther than
    all of them.

    smallest (L+1, 3) int32, n_found (L+1,) int32 -> out (L,) int32
    """
    n_labels = out.shape[0]
    nearest = np.int64(0)
    n_nearest = min(3, n_found[n_labels])
    for place in range(n_nearest):
        nearest += smallest[n_labels, place]
    nearest = max(np.int64(1), nearest * 6 // max(1, n_nearest))  # six times a mean: thirds and halves stay whole
    farthest = np.int64(0)
    for label in range(n_labels):
        for place in range(min(3, n_found[label])):
            farthest = max(farthest, np.int64(smallest[label, place]))
    for label in range(n_labels):
        n = min(3, n_found[label])
        far = np.int64(0)
        for place in range(n):
            far += smallest[label, place]
        if n == 0:
            far = farthest * 6 * 130 // 100
        elif n == 3:
            far = far * 2
        else:
            far = far * 6 // n * 115 // 100
        out[label] = np.int32(min(np.int64(MOST_AWAY), (far * scale) // nearest - scale))
