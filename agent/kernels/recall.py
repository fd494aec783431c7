"""Pipeline of the recall model: encode drawings, let RAM nodes vote, match stored rows, combine both into responses."""

from typing import NamedTuple

import numpy as np

from agent.kernels import compiled, edges, inner, matching, preprocessing, ram
from agent.kernels.preprocessing import SIDE

# How many tenths of the nearest label's distance another label may have, at each stage, to be compared further; and the
# least distance to reckon with, so that an equal row does not end the comparison
PREFIX_REACH, MIN_PREFIX = 20, 8
SIGNATURE_REACH, MIN_SIGNATURE = 18, 32
SKETCH_REACH, MIN_SKETCH = 16, 500
MAX_AWAY = 600  # thousandths by which a label counts as farther than the nearest one, at most
N_NEAREST, N_LEAST_STRANGE = 12, 6  # rows whose strangeness is taken, and how many of them, the least strange, count
QUARTERS_WEIGHT, HALVES_WEIGHT = 50, 25  # of parts of the difference, in hundredths of the weight of the whole


class Features(NamedTuple):
    """Encoded drawings.

    addresses (N, M) uint16, codes (N, S, 32) uint8, sketches (N, 14, 16) uint8, signatures (N, 22) uint64
    """

    addresses: np.ndarray
    codes: np.ndarray
    sketches: np.ndarray
    signatures: np.ndarray


class Query(NamedTuple):
    """The drawing to match.

    prefix (6,) and suffix (16,) uint64 of its signature, sketch (14, 16) and code (S, 32) uint8
    """

    prefix: np.ndarray
    suffix: np.ndarray
    sketch: np.ndarray
    code: np.ndarray


class StoredRows(NamedTuple):
    """Rows of one store, with an index by label.

    label_ids (R,) uint8, suffixes (R, 16) uint64, sketches (R, 14, 16) and codes (R, S, 32) uint8; by_label (R',)
    int32: rows grouped by label, begins (257,) int32: where those of each label begin, prefixes (6, R') uint64 in the
    order of by_label.
    """

    label_ids: np.ndarray
    suffixes: np.ndarray
    sketches: np.ndarray
    codes: np.ndarray
    by_label: np.ndarray
    begins: np.ndarray
    prefixes: np.ndarray


class Refined(NamedTuple):
    """Refined nodes for one drawing, all empty where nothing was refined.

    addresses (K,) uint16, counters (K, A, L') int8, label_ids (L',) int64 of their labels, vote_weight int: how much
    one vote of a RAM node counts beside the counters
    """

    addresses: np.ndarray
    counters: np.ndarray
    label_ids: np.ndarray
    vote_weight: int


class Matches(NamedTuple):
    """Result of `compare`.

    rows and differences (C,) int32; nearest (L, 3) int32: three smallest differences of each label; parts (L, 8) int32:
    smallest difference of each quarter and half of the drawing, whichever row has it; FAR where rows are missing
    """

    rows: np.ndarray
    differences: np.ndarray
    nearest: np.ndarray
    parts: np.ndarray


@compiled
def encode_copies(thumbnails, fields, start, stop, reads, out):
    """Encode drawings and warped copies of them: copy 0 is the drawing, copy c is warped by field c - 1.

    thumbnails (N, S, S) uint8, fields (F, 2, S+4, S+4) float32, 0 <= start < stop <= F + 1, reads (M, T) uint16
    -> out Features of N*(stop-start) rows
    """
    drawing = np.empty((SIDE, SIDE), np.uint8)
    warped = np.empty((preprocessing.FRAME, preprocessing.FRAME), np.uint8)
    maps = np.empty((8, SIDE, SIDE), np.float32)
    slopes = np.empty((2, SIDE, SIDE), np.float32)
    bits = np.empty(edges.PLANES * edges.PIXELS, np.uint8)
    row = 0
    for n in range(thumbnails.shape[0]):
        for c in range(start, stop):
            preprocessing.canonical_copy(thumbnails[n], fields, c, preprocessing.AS_DRAWN, warped, drawing)
            edges.edge_maps(drawing, maps)
            edges.planes(maps, bits)
            edges.gradients(drawing, slopes)
            edges.code(slopes, out.codes[row])
            edges.sketch(out.codes[row], out.sketches[row])
            edges.signature(slopes, out.signatures[row])
            ram.addresses(bits, reads, out.addresses[row])
            row += 1


@compiled
def vote(addresses, user_tables, bulk_tables, refined, votes, unanimous):
    """Votes of all nodes for each label; where nodes were refined, their counters replace the votes of bulk lessons.

    addresses (M,) uint16, user_tables and bulk_tables (M, A) uint16 or uint64, refined Refined
    -> votes (L,) int32; unanimous (L,) bool: whether all M nodes have seen the label
    """
    ram.votes(addresses, user_tables, bulk_tables, votes)
    for label_id in range(votes.shape[0]):
        unanimous[label_id] = votes[label_id] == addresses.shape[0]
    if refined.counters.shape[0]:
        bulk_votes, counted = np.empty_like(votes), np.empty(refined.counters.shape[2], np.int32)
        ram.votes(addresses, bulk_tables, bulk_tables, bulk_votes)
        ram.sum_counters(refined.addresses, refined.counters, counted)
        for label_id in range(votes.shape[0]):
            votes[label_id] = np.int32(refined.vote_weight) * (votes[label_id] - bulk_votes[label_id])
        for label in range(counted.shape[0]):
            votes[refined.label_ids[label]] += counted[label]


@compiled
def hamming_prefilter(prefix, user_rows, bulk_rows, labels_mask, leader):
    """Hamming distances of a drawing's signature prefix to those of all rows of selected labels.

    prefix (6,) uint64, user_rows and bulk_rows StoredRows, labels_mask (L,) bool, leader int below L
    -> distances (W,) int16, of user rows first; and how many rows are nearer than any row of a label but ``leader``
    """
    n_user, n_bulk = np.int64(0), np.int64(0)
    for label_id in range(labels_mask.shape[0]):
        if labels_mask[label_id]:
            n_user += user_rows.begins[label_id + 1] - user_rows.begins[label_id]
            n_bulk += bulk_rows.begins[label_id + 1] - bulk_rows.begins[label_id]
    distances = np.empty(n_user + n_bulk, np.int16)
    user, bulk = distances[:n_user], distances[n_user:]
    rival = matching.prefix_distances(prefix, user_rows.prefixes, user_rows.begins, labels_mask, leader, user)
    rival = min(
        rival, matching.prefix_distances(prefix, bulk_rows.prefixes, bulk_rows.begins, labels_mask, leader, bulk)
    )
    n_agreeing = np.int32(0)
    for distance in distances:
        n_agreeing += np.int32(distance < rival)
    return distances, n_agreeing


@compiled
def compare(query, user_rows, bulk_rows, labels_mask, distances, budget, out):
    """Match a drawing against the stored rows that are most alike, label by label, in stages of growing cost.

    Each stage ranks fewer rows than the one before, by prefix, by signature, by sketch, by code, and leaves out labels
    whose nearest row is much farther than the nearest of all. Rows at equal distances are selected together or not at
    all, so the order of rows changes nothing but time.

    query Query, user_rows, bulk_rows and labels_mask as for `hamming_prefilter`, distances (W,) int16 of it, budget
    (3,) int64: rows of a label selected by prefix, by signature, by sketch -> out Matches of at least L * budget[1]
    rows, bulk rows numbered on from the user's; returns how many
    """
    n_labels, listed = labels_mask.shape[0], np.empty((labels_mask.shape[0], budget[1]), np.int32)
    n_listed, nearest = np.zeros(n_labels, np.int64), np.empty(n_labels, np.int64)
    _list_rows(query, user_rows, bulk_rows, labels_mask, distances, budget, listed, n_listed, nearest)
    return _compare_listed(query, user_rows, bulk_rows, listed, n_listed, nearest, budget[2], out)


@inner
def _list_rows(query, user_rows, bulk_rows, labels_mask, distances, budget, listed, n_listed, nearest):
    """First stages of `compare`: the rows of each label that are nearest by signature.

    -> listed (L, budget[1]) int32, n_listed (L,) int64; nearest (L,) int64, FAR for labels left out
    """
    n_labels, n_user = labels_mask.shape[0], user_rows.label_ids.shape[0]
    begins = np.zeros((2, n_labels + 1), np.int64)  # where the distances of each label begin, for user and bulk rows
    for store, rows in enumerate((user_rows, bulk_rows)):
        begins[store, 0] = begins[0, n_labels] * store
        for label_id in range(n_labels):
            n = rows.begins[label_id + 1] - rows.begins[label_id] if labels_mask[label_id] else 0
            begins[store, label_id + 1] = begins[store, label_id] + n
    for label_id in range(n_labels):
        nearest[label_id] = matching.FAR
        for store in range(2):
            for distance in distances[begins[store, label_id] : begins[store, label_id + 1]]:
                nearest[label_id] = min(nearest[label_id], np.int64(distance))
    _leave_out(nearest, np.int64(PREFIX_REACH), np.int64(MIN_PREFIX))
    counts = np.empty(64 * (query.prefix.shape[0] + query.suffix.shape[0]) + 1, np.int32)
    places, ranked = np.empty(max(1, budget[0]), np.int32), np.empty(max(1, budget[1]), np.int32)
    rows, of_signature = np.empty(places.shape[0], np.int32), np.empty(places.shape[0], np.int16)
    for label_id in range(n_labels):
        if nearest[label_id] < matching.FAR:
            users = distances[begins[0, label_id] : begins[0, label_id + 1]]
            bulk = distances[begins[1, label_id] : begins[1, label_id + 1]]
            of_label = np.empty(users.shape[0] + bulk.shape[0], np.int16)
            for i in range(users.shape[0]):
                of_label[i] = users[i]
            for i in range(bulk.shape[0]):
                of_label[users.shape[0] + i] = bulk[i]
            n = matching.closest(of_label, budget[0], counts, places)
            nearest[label_id] = matching.FAR
            for i in range(n):
                if places[i] < users.shape[0]:
                    rows[i] = user_rows.by_label[user_rows.begins[label_id] + places[i]]
                    distance = matching.hamming_distance(query.suffix, user_rows.suffixes, rows[i])
                else:
                    row = bulk_rows.by_label[bulk_rows.begins[label_id] + places[i] - users.shape[0]]
                    distance = matching.hamming_distance(query.suffix, bulk_rows.suffixes, row)
                    rows[i] = row + np.int32(n_user)
                of_signature[i] = np.int16(of_label[places[i]] + distance)
                nearest[label_id] = min(nearest[label_id], np.int64(of_signature[i]))
            n_listed[label_id] = matching.closest(of_signature[:n], budget[1], counts, ranked)
            for i in range(n_listed[label_id]):
                listed[label_id, i] = rows[ranked[i]]
    _leave_out(nearest, np.int64(SIGNATURE_REACH), np.int64(MIN_SIGNATURE))


@inner
def _compare_listed(query, user_rows, bulk_rows, listed, n_listed, nearest, n_codes, out):
    """Last stages of `compare`: differences of the sketches of listed rows, then of the codes of the nearest."""
    n_labels, n_user = nearest.shape[0], user_rows.label_ids.shape[0]
    one, other = np.empty((2, matching.SKETCH_UNPACKED), np.uint8), np.empty((2, matching.SKETCH_UNPACKED), np.uint8)
    one[:], other[:] = edges.CODE_ZERO, edges.CODE_ZERO
    cost, sums, best = np.zeros_like(one[0]), np.zeros_like(one[0]), np.zeros_like(one[0])
    matching.unpack(query.sketch, matching.SKETCH_PAD, one)
    of_sketch = np.empty(listed.shape, np.int32)
    for label_id in range(n_labels):
        if nearest[label_id] < matching.FAR:
            nearest[label_id] = matching.FAR
            for i in range(n_listed[label_id]):
                row = listed[label_id, i]
                sketch = user_rows.sketches[row] if row < n_user else bulk_rows.sketches[row - n_user]
                matching.unpack(sketch, matching.SKETCH_PAD, other)
                of_sketch[label_id, i] = matching.sketch_difference(one, other, cost, sums, best)
                nearest[label_id] = min(nearest[label_id], np.int64(of_sketch[label_id, i]))
    _leave_out(nearest, np.int64(SKETCH_REACH), np.int64(MIN_SKETCH))

    one, other = np.empty((2, matching.UNPACKED), np.uint8), np.empty((2, matching.UNPACKED), np.uint8)
    one[:], other[:] = edges.CODE_ZERO, edges.CODE_ZERO
    cost, sums, best = np.zeros_like(one[0]), np.zeros_like(one[0]), np.zeros_like(one[0])
    matching.unpack(query.code, matching.PAD, one)
    quarters, n = np.empty(matching.QUARTERS, np.int32), 0
    out.nearest[:], out.parts[:] = matching.FAR, matching.FAR
    for label_id in range(n_labels):
        if nearest[label_id] < matching.FAR:
            differences = of_sketch[label_id, : n_listed[label_id]]
            bound = matching.smallest_bound(differences, n_codes)
            for i in range(differences.shape[0]):
                if differences[i] <= bound:
                    row = listed[label_id, i]
                    code = user_rows.codes[row] if row < n_user else bulk_rows.codes[row - n_user]
                    matching.unpack(code, matching.PAD, other)
                    out.rows[n] = row
                    matching.difference(one, other, cost, sums, best, quarters)
                    out.differences[n] = quarters.sum()
                    note_nearest(out.differences[n], quarters, out.nearest[label_id], out.parts[label_id])
                    n += 1
    return n


@inner
def _leave_out(nearest, reach, at_least):
    """Leave out labels whose nearest row is farther than ``reach`` tenths of the nearest of all.

    nearest (L,) int64, reach and at_least int64: numba would compile each constant anew -> FAR for labels left out
    """
    smallest = np.int64(matching.FAR)
    for distance in nearest:
        smallest = min(smallest, distance)
    bound = max(smallest, at_least) * reach // 10
    for label_id in range(nearest.shape[0]):
        if nearest[label_id] > bound:
            nearest[label_id] = matching.FAR


@compiled
def note_nearest(difference, quarters, nearest, parts):
    """Insert a row's difference into the three smallest of its label, and its parts into the smallest parts.

    difference int32, quarters (4,) int32 -> nearest (3,) int32 ascending, parts (8,) int32: quarters, then the upper,
    lower, left and right half
    """
    value = difference
    for place in range(3):
        if value < nearest[place]:
            value, nearest[place] = nearest[place], value
    for part in range(4):
        parts[part] = min(parts[part], quarters[part])
    parts[4] = min(parts[4], quarters[0] + quarters[1])
    parts[5] = min(parts[5], quarters[2] + quarters[3])
    parts[6] = min(parts[6], quarters[0] + quarters[2])
    parts[7] = min(parts[7], quarters[1] + quarters[3])


@compiled
def responses(votes, matches, second, all_votes, votes_weight, scale, out):
    """Combine matches and votes into a response for each label.

    A label loses by how much farther its rows are than those of the nearest label (`away`), the mean of two
    comparisons, and by how many votes it has less than the leader.

    votes (L,) int32, matches and second Matches, the same where there is one, all_votes, votes_weight and scale int ->
    out (L,) int32, 0 … scale
    """
    lost, lost_second = np.empty(out.shape[0], np.int64), np.empty(out.shape[0], np.int64)
    away(matches, scale, lost)
    away(second, scale, lost_second)
    leader_votes = votes[0]
    for label in range(out.shape[0]):
        leader_votes = max(leader_votes, votes[label])
    for label in range(out.shape[0]):
        total = (lost[label] + lost_second[label]) // 2
        total += np.int64(votes_weight) * (leader_votes - votes[label]) // all_votes
        out[label] = np.int32(max(np.int64(0), scale - total))


@compiled
def away(matches, scale, out):
    """How much farther the rows of each label are than those of the nearest one, as a share times ``scale``.

    Three measures are summed: the mean of a label's three nearest rows; the least differences of the four quarters of
    the drawing, each from whichever row is nearest there, so that the loop of a 9 may come from one drawing and its
    hook from another; likewise of the halves. With fewer than three rows a label is taken to be a little farther.

    matches Matches -> out (L,) int64
    """
    n_labels = out.shape[0]
    measures = np.empty((3, n_labels), np.int64)
    for label in range(n_labels):
        n, total, quarters, halves = 0, np.int64(0), np.int64(0), np.int64(0)
        for difference in matches.nearest[label]:
            if difference < matching.FAR:
                total += difference
                n += 1
        for part in range(4):
            quarters += matches.parts[label, part]
            halves += matches.parts[label, 4 + part]
        far = np.int64(matching.FAR)
        whole = far if n == 0 else 2 * total if n == 3 else total * 6 // n * 115 // 100  # six times a mean
        measures[0, label], measures[1, label], measures[2, label] = whole, quarters, halves
    out[:] = 0
    for measure, weight in enumerate((100, QUARTERS_WEIGHT, HALVES_WEIGHT)):
        smallest = np.int64(matching.FAR) * 8
        for value in measures[measure]:
            smallest = min(smallest, value)
        smallest = max(np.int64(1), smallest)
        for label in range(n_labels):
            farther = min(np.int64(MAX_AWAY), measures[measure, label] * 1000 // smallest - 1000)
            out[label] += farther * weight * scale // 100_000


@compiled
def strangeness(query, user_rows, bulk_rows, label_id, rows, differences):
    """How strange a drawing is to a label: the difference between its rows and the drawing, seen from the rows.

    In `compare` a stored drawing is deformed to match the query, so strokes that only the row has cost little. Here
    the query is deformed to match the row, and the difference is a share of what the row's gradients amount to. Of the
    nearest rows of the label, the least strange count. Rows at equal differences are taken together.

    query Query, user_rows and bulk_rows StoredRows, label_id int, rows and differences (N,) int32 of `Matches`
    -> thousandths, int; -1 without rows of the label
    """
    n_user, n = user_rows.label_ids.shape[0], 0
    of_label, far = np.empty(rows.shape[0], np.int32), np.empty(rows.shape[0], np.int32)
    for place in range(rows.shape[0]):
        row = rows[place]
        if (user_rows.label_ids[row] if row < n_user else bulk_rows.label_ids[row - n_user]) == label_id:
            of_label[n], far[n] = row, differences[place]
            n += 1
    if n == 0:
        return np.int64(-1)
    nearest = matching.smallest_bound(far[:n], np.int64(N_NEAREST))
    one, other = np.empty((2, matching.UNPACKED), np.uint8), np.empty((2, matching.UNPACKED), np.uint8)
    one[:], other[:] = edges.CODE_ZERO, edges.CODE_ZERO
    cost, sums, best = np.zeros_like(one[0]), np.zeros_like(one[0]), np.zeros_like(one[0])
    matching.unpack(query.code, matching.PAD, one)
    quarters, n_near = np.empty(matching.QUARTERS, np.int32), 0
    for place in range(n):
        if far[place] <= nearest:
            row = of_label[place]
            code = user_rows.codes[row] if row < n_user else bulk_rows.codes[row - n_user]
            matching.unpack(code, matching.PAD, other)
            share = np.int64(matching.difference(other, one, cost, sums, best, quarters)) * 1000
            far[n_near] = np.int32(share // max(np.int64(1), matching.sum_of_squares(other)))
            n_near += 1
    lowest = matching.smallest_bound(far[:n_near], np.int64(N_LEAST_STRANGE))
    total, n_lowest = np.int64(0), np.int64(0)
    for share in far[:n_near]:
        if share <= lowest:
            total += share
            n_lowest += 1
    return total // n_lowest
