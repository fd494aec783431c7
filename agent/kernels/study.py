"""RAM nodes that count for each label, and are corrected where they go wrong: what studying does.

Shape letters of this file: K nodes, T bits a node, A locations of a node, L labels, N lessons, R rows, S pixels a side.
"""

import numpy as np
from numba import njit

from agent.kernels import edges, ram, retina
from agent.kernels.retina import SIDE

MOST = 127  # how far a counter goes either way


@njit(nogil=True, cache=True)
def scratch():
    """Make room for `look`: a drawing bent, seen upright, its maps, its planes."""
    return (
        np.empty((retina.FRAME, retina.FRAME), np.uint8),
        np.empty((SIDE, SIDE), np.uint8),
        np.empty((8, SIDE, SIDE), np.float32),
        np.empty(edges.PLANES * edges.PIXELS, np.uint8),
    )


@njit(nogil=True, cache=True)
def look(kept, fields, copy, reads, room, row):
    """Read the addresses of a copy of a drawing, as `agent.kernels.recall.look_at_copies` does, but made wider.

    kept (S, S) uint8, fields (F, 2, S+4, S+4) float32, copy int, 0 is the drawing, at most F, reads (K, T) uint16, room
    of `scratch` -> row (K,) uint16
    """
    bent, seen, maps, bits = room
    retina.see(kept, fields, copy, retina.WIDENED, bent, seen)
    edges.edge_maps(seen, maps)
    edges.planes(maps, bits)
    ram.addresses(bits, reads, row)


@njit(nogil=True, cache=True)
def count(row, counters, out):
    """Add up what the counters at some locations say of each label.

    row (K,) uint16, counters (K, A, L) int8 -> out (L,) int32
    """
    out[:] = 0
    for m in range(row.shape[0]):
        for label in range(out.shape[0]):
            out[label] += np.int32(counters[m, row[m], label])


@njit(nogil=True, cache=True)
def mark(kept, taught, lessons, copies, fields, reads, presence, counters):
    """Let the label of every row count at the row's locations: the same, however many of its rows come there.

    kept (N, S, S) uint8, taught (N,) uint8 below L, lessons (R,) int32 below N and copies (R,) uint8 of the rows,
    fields and reads as for `look`, presence int -> counters (K, A, L) int8, nothing corrected yet
    """
    room, row = scratch(), np.empty(reads.shape[0], np.uint16)
    for r in range(lessons.shape[0]):
        look(kept[lessons[r]], fields, np.int64(copies[r]), reads, room, row)
        for m in range(row.shape[0]):
            counters[m, row[m], taught[lessons[r]]] = np.int8(presence)


@njit(nogil=True, cache=True)
def study(kept, taught, order, bends, fields, reads, margin, step, counters, events):
    """Go over lessons, bent, and correct the counters wherever they answer wrong, or right by little.

    A lesson's own label gains and its strongest rival loses, at the location that each node reads, by what is lacking
    of the margin, never more than ``step`` at a time, so that one lesson changes little.

    kept (N, S, S) uint8, taught (N,) uint8 below L, order (B,) int32 below N, bends (B,) int32, fields and reads as for
    `look`, margin int, of all nodes together, step int -> counters (K, A, L) int8; events (B, 4) int32: lesson, bend,
    rival, by how much; returns how many
    """
    n_nodes, n_labels, n_events = reads.shape[0], counters.shape[2], 0
    room, row, score = scratch(), np.empty(n_nodes, np.uint16), np.empty(n_labels, np.int32)
    for i in range(order.shape[0]):
        lesson = order[i]
        right = np.int64(taught[lesson])
        look(kept[lesson], fields, np.int64(bends[i]), reads, room, row)
        count(row, counters, score)
        rival = -1
        for label in range(n_labels):
            if label != right and (rival < 0 or score[label] > score[rival]):
                rival = label
        gap = score[right] - score[rival] if rival >= 0 else margin + 1
        if gap <= margin:
            by = min(step, (margin - gap) // (2 * n_nodes) + 1)
            _correct(row, right, rival, by, counters)
            events[n_events, 0], events[n_events, 1] = lesson, bends[i]
            events[n_events, 2], events[n_events, 3] = rival, by
            n_events += 1
    return n_events


@njit(nogil=True, cache=True)
def retell(kept, taught, events, fields, reads, counters):
    """Make the corrections once more that `study` noted.

    kept (N, S, S) uint8, taught (N,) uint8, events (E, 4) int32, fields and reads as for `look`
    -> counters (K, A, L) int8
    """
    room, row = scratch(), np.empty(reads.shape[0], np.uint16)
    for e in range(events.shape[0]):
        lesson, rival, by = events[e, 0], np.int64(events[e, 2]), np.int64(events[e, 3])
        look(kept[lesson], fields, np.int64(events[e, 1]), reads, room, row)
        _correct(row, np.int64(taught[lesson]), rival, by, counters)


@njit(nogil=True, cache=True)
def _correct(row, right, rival, by, counters):
    """Let one label gain and another one lose: (K,) uint16 -> counters (K, A, L) int8."""
    for m in range(row.shape[0]):
        gain, loss = np.int64(counters[m, row[m], right]), np.int64(counters[m, row[m], rival])
        counters[m, row[m], right] = np.int8(min(MOST, gain + by))
        counters[m, row[m], rival] = np.int8(max(-MOST, loss - by))
