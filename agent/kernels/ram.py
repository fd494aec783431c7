"""RAM nodes (n-tuple classifier): tables of label bits, and tables of counters refined by errors.

A node reads some bits of a drawing as an address. A location of a table is one word of 16 or 64 bits, one bit a label;
writing only sets bits, so the order of lessons does not matter. A location of a refined node holds one int8 counter a
label.

Shape letters besides those of the package: K refined nodes · N lessons · R rows · G removed rows · F warp fields.
"""

from typing import NamedTuple

import numpy as np

from agent.kernels import compiled, edges, inner, preprocessing
from agent.kernels.preprocessing import SIDE

MANY_REMOVED = 28  # rows of one label; above, its bits are written again instead of erased one by one
LANES = 64  # addresses compared at a time; a remainder would take as long as all others
MAX_COUNT = 127  # largest absolute value of a counter


class Lessons(NamedTuple):
    """Lessons of refined nodes: thumbnails (N, S, S) uint8, label_ids (N,) uint8, fields (F, 2, S+4, S+4) float32."""

    thumbnails: np.ndarray
    label_ids: np.ndarray
    fields: np.ndarray


@inner
def addresses(bits, reads, out):
    """Addresses of all nodes in the bit planes of a drawing.

    bits (B,) uint8, 0 or 1, reads (M, T) uint16 below B, the highest bit of an address first -> out (M,) uint16
    """
    for m in range(reads.shape[0]):
        address = 0
        for t in range(reads.shape[1]):
            address = (address << 1) | bits[reads[m, t]]
        out[m] = np.uint16(address)


@compiled
def write(rows, label_ids, tables):
    """Set the bit of each row's label at the addresses of all nodes.

    rows (R, M) uint16, label_ids (R,) uint8 below the bits of a location -> tables (M, A) uint16 or uint64, bits set
    """
    for r in range(rows.shape[0]):
        bit = tables.dtype.type(1) << tables.dtype.type(label_ids[r])
        for m in range(rows.shape[1]):
            tables[m, rows[r, m]] |= bit


@compiled
def erase(removed, removed_label_ids, rows, label_ids, tables):
    """Clear the bits of removed rows, except where a remaining row of the label has the same address.

    removed (G, M) uint16, removed_label_ids (G,) uint8 ascending, rows (R, M) uint16, label_ids (R,) uint8
    -> tables (M, A), bits cleared
    """
    n_removed = np.zeros(8 * tables.itemsize, np.int64)
    for label_id in removed_label_ids:
        n_removed[label_id] += 1
    ends, end = np.empty_like(n_removed), 0
    for label_id in range(n_removed.shape[0]):
        end += n_removed[label_id]
        ends[label_id] = end
        if n_removed[label_id] > MANY_REMOVED:
            _rewrite(label_id, rows, label_ids, tables)
    n_nodes = rows.shape[1]
    width = -(-n_nodes // LANES) * LANES
    row, removed_rows = np.zeros(width, np.uint16), np.zeros((removed.shape[0], width), np.uint16)
    nearest = np.full(removed_rows.shape, np.uint16(65535), np.uint16)  # 0 where a remaining row has the same address
    removed_rows[:, :n_nodes] = removed
    for r in range(rows.shape[0]):
        label_id = label_ids[r]
        if 0 < n_removed[label_id] <= MANY_REMOVED:
            for m in range(n_nodes):
                row[m] = rows[r, m]
            for g in range(ends[label_id] - n_removed[label_id], ends[label_id]):
                _update_nearest(row, removed_rows, nearest, g)
    for g in range(removed.shape[0]):
        if n_removed[removed_label_ids[g]] <= MANY_REMOVED:
            bit = tables.dtype.type(1) << tables.dtype.type(removed_label_ids[g])
            for m in range(n_nodes):
                if nearest[g, m]:
                    tables[m, removed[g, m]] &= ~bit


@inner
def _update_nearest(row, removed_rows, nearest, g):
    """Keep the smallest XOR distance of a removed row's addresses to those of remaining rows.

    row (W,) uint16, W a multiple of 64, removed_rows (G, W) uint16, g below G -> nearest (G, W) uint16, 0 = equal
    """
    for i in range(row.shape[0] // LANES * LANES):  # restates that W is a multiple of 64: LLVM emits no remainder loop
        distance, smallest = np.uint16(row[i] ^ removed_rows[g, i]), nearest[g, i]
        nearest[g, i] = distance if distance < smallest else smallest


@inner
def _rewrite(label_id, rows, label_ids, tables):
    """Clear all bits of a label and write its rows again: cheaper than `erase` once many rows are removed."""
    bit = tables.dtype.type(1) << tables.dtype.type(label_id)
    for m in range(tables.shape[0]):
        for address in range(tables.shape[1]):
            tables[m, address] &= ~bit
    for r in range(rows.shape[0]):
        if label_ids[r] == label_id:
            for m in range(rows.shape[1]):
                tables[m, rows[r, m]] |= bit


@compiled
def votes(row, user_tables, bulk_tables, out):
    """Votes: for each label, how many nodes have seen it at their address, in either set of tables.

    row (M,) uint16, user_tables and bulk_tables (M, A) uint16 or uint64 -> out (L,) int32, 0 … M
    """
    out[:] = 0
    for m in range(row.shape[0]):
        word = np.uint64(user_tables[m, row[m]] | bulk_tables[m, row[m]])
        for label_id in range(out.shape[0]):
            out[label_id] += np.int32((word >> np.uint64(label_id)) & np.uint64(1))


@compiled
def voting_pixels(row, user_tables, bulk_tables, pixels, label_id, rival, out):
    """Saliency: for each pixel, how many nodes read it that have seen a label at their address, but not its rival.

    row (M,) uint16, user_tables and bulk_tables (M, A) uint16 or uint64, pixels (M, T) int32, label_id and rival int,
    rival -1 where there is none -> out (S, S) uint8, 255 where the count is largest
    """
    counts = np.zeros(out.size, np.int32)
    for m in range(row.shape[0]):
        word = np.uint64(user_tables[m, row[m]] | bulk_tables[m, row[m]])
        of_rival = (word >> np.uint64(rival)) & np.uint64(1) if rival >= 0 else np.uint64(0)
        if (word >> np.uint64(label_id)) & np.uint64(1) and not of_rival:
            for t in range(pixels.shape[1]):
                counts[pixels[m, t]] += 1
    max_count = 1
    for count in counts:
        max_count = max(max_count, count)
    shades = np.empty(max_count + 1, np.uint8)  # dividing once for each count, not for each pixel
    for count in range(max_count + 1):
        shades[count] = np.uint8(count * 255 // max_count)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            out[y, x] = shades[counts[y * out.shape[1] + x]]


# ---------------------------------------------------------------- refined nodes: counters


@compiled
def scratch():
    """Buffers of `encode_widened`: a warped thumbnail, its canonical drawing, edge maps, bit planes."""
    return (
        np.empty((preprocessing.FRAME, preprocessing.FRAME), np.uint8),
        np.empty((SIDE, SIDE), np.uint8),
        np.empty((8, SIDE, SIDE), np.float32),
        np.empty(edges.PLANES * edges.PIXELS, np.uint8),
    )


@compiled
def encode_widened(thumbnail, fields, copy, reads, buffers, row):
    """Addresses of a copy of a drawing, as `agent.kernels.recall.encode_copies` gives them, but of a widened drawing.

    thumbnail (S, S) uint8, fields (F, 2, S+4, S+4) float32, copy int, 0 is the drawing, at most F, reads (K, T)
    uint16, buffers of `scratch` -> row (K,) uint16
    """
    bent, drawing, maps, bits = buffers
    preprocessing.canonical_copy(thumbnail, fields, copy, preprocessing.WIDENED, bent, drawing)
    edges.edge_maps(drawing, maps)
    edges.planes(maps, bits)
    addresses(bits, reads, row)


@compiled
def sum_counters(row, counters, out):
    """Sum the counters of all nodes at their addresses, for each label.

    row (K,) uint16, counters (K, A, L) int8 -> out (L,) int32
    """
    out[:] = 0
    for m in range(row.shape[0]):
        for label in range(out.shape[0]):
            out[label] += np.int32(counters[m, row[m], label])


@compiled
def mark_rows(lessons, lesson_ids, copies, reads, presence, counters):
    """Initialise counters: ``presence`` for a row's label at the row's addresses, however many rows meet there.

    lessons Lessons, lesson_ids (R,) int32 below N and copies (R,) uint8 of the rows, reads as for `encode_widened`,
    presence int -> counters (K, A, L) int8, nothing corrected yet
    """
    buffers, row = scratch(), np.empty(reads.shape[0], np.uint16)
    for r in range(lesson_ids.shape[0]):
        lesson = lesson_ids[r]
        encode_widened(lessons.thumbnails[lesson], lessons.fields, np.int64(copies[r]), reads, buffers, row)
        for m in range(row.shape[0]):
            counters[m, row[m], lessons.label_ids[lesson]] = np.int8(presence)


@compiled
def refine(lessons, order, copies, reads, margin, max_step, counters, events):
    """Margin-perceptron updates: correct the counters on warped lessons answered wrong, or right by a small margin.

    The counters of the lesson's label rise and those of its strongest rival fall, at the address of each node, by what
    is missing of the margin and by at most ``max_step``, so that one lesson changes little.

    lessons Lessons, order (B,) int32 below N, copies (B,) int32 up to F, reads as for `encode_widened`, margin int, of
    all nodes together, max_step int -> counters (K, A, L) int8; events (B, 4) int32: lesson, copy, rival, step;
    returns how many
    """
    n_nodes, n_labels, n_events = reads.shape[0], counters.shape[2], 0
    buffers, row, score = scratch(), np.empty(n_nodes, np.uint16), np.empty(n_labels, np.int32)
    for i in range(order.shape[0]):
        lesson = order[i]
        label_id = np.int64(lessons.label_ids[lesson])
        encode_widened(lessons.thumbnails[lesson], lessons.fields, np.int64(copies[i]), reads, buffers, row)
        sum_counters(row, counters, score)
        rival = -1
        for label in range(n_labels):
            if label != label_id and (rival < 0 or score[label] > score[rival]):
                rival = label
        gap = score[label_id] - score[rival] if rival >= 0 else margin + 1
        if gap <= margin:
            step_size = min(max_step, (margin - gap) // (2 * n_nodes) + 1)
            _correct(row, label_id, rival, step_size, counters)
            events[n_events, 0], events[n_events, 1] = lesson, copies[i]
            events[n_events, 2], events[n_events, 3] = rival, step_size
            n_events += 1
    return n_events


@compiled
def replay_corrections(lessons, events, reads, counters):
    """Apply recorded corrections again.

    lessons Lessons, events (E, 4) int32 of `refine`, reads as for `encode_widened` -> counters (K, A, L) int8
    """
    buffers, row = scratch(), np.empty(reads.shape[0], np.uint16)
    for e in range(events.shape[0]):
        lesson, rival, step_size = events[e, 0], np.int64(events[e, 2]), np.int64(events[e, 3])
        encode_widened(lessons.thumbnails[lesson], lessons.fields, np.int64(events[e, 1]), reads, buffers, row)
        _correct(row, np.int64(lessons.label_ids[lesson]), rival, step_size, counters)


@inner
def _correct(row, label_id, rival, step_size, counters):
    """Raise the counters of one label and lower those of another: row (K,) uint16 -> counters (K, A, L) int8."""
    for m in range(row.shape[0]):
        label_counter, rival_counter = np.int64(counters[m, row[m], label_id]), np.int64(counters[m, row[m], rival])
        counters[m, row[m], label_id] = np.int8(min(MAX_COUNT, label_counter + step_size))
        counters[m, row[m], rival] = np.int8(max(-MAX_COUNT, rival_counter - step_size))
