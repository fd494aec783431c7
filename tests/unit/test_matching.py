"""Comparing a drawing with remembered rows: what each look finds, against plain twins."""

import naive
import numpy as np
import pytest
from drawings import encoded, random_drawing

from agent import preprocessing as gate
from agent.kernels import matching, recall


def test_hamming_counts_differing_bits_of_listed_rows():
    rows = np.random.default_rng(5).integers(0, 2**64, (30, 22), dtype=np.uint64)
    listed = np.array([4, 0, 29, 7], np.int32)
    got = np.empty(4, np.int32)
    matching.hamming(rows[0], rows, listed, got)
    assert got.tolist() == [naive.hamming(rows[0], rows[row]) for row in listed]


@pytest.mark.parametrize("limit", [1, 5, 12, 100])
def test_closest_takes_whole_distances_nearest_first_whatever_the_order(limit):
    rng = np.random.default_rng(6)
    distances = rng.integers(0, 9, 60).astype(np.int32)
    room = max(limit, int((distances == distances.min()).sum()))
    out, counts = np.empty(room, np.int32), np.empty(9, np.int32)
    n = matching.closest(distances, limit, counts, out)
    got = distances[out[:n]].tolist()
    assert got == sorted(got)
    assert n <= limit or len(set(got)) == 1
    assert sorted(got) == sorted(value for value in distances.tolist() if value <= got[-1])
    shuffled = rng.permutation(distances)
    again = matching.closest(shuffled, limit, counts, out)
    assert shuffled[out[:again]].tolist() == got


@pytest.mark.parametrize("limit", [1, 7, 40, 99])
def test_at_most_finds_the_value_at_which_enough_values_lie(limit):
    values = np.random.default_rng(7).integers(0, 30, 40).astype(np.int32)
    assert matching.smallest_bound(values, limit) == sorted(values)[min(limit, 40) - 1]


@pytest.mark.slow
def test_differences_are_their_plain_twin():
    thumbnail = np.stack([gate.to_thumbnail(random_drawing(seed)) for seed in range(5)])
    _, codes, sketches, _ = encoded(thumbnail, np.zeros((1, 1), np.uint16))
    noise = np.random.default_rng(7).integers(0, 15, (2, 28, 28, 2)).astype(np.uint8)
    noise = np.stack([naive.padded(each[..., 0] | each[..., 1] << 4, 32) for each in noise])
    codes = np.concatenate([codes, noise])  # the largest sums a byte must hold
    sketches = np.concatenate([sketches, np.stack([naive.padded(each[:14, :14], 16) for each in noise])])
    for pictures, pad, room, reach in (
        (codes, matching.PAD, matching.UNPACKED, 2),
        (sketches, matching.SKETCH_PAD, matching.SKETCH_UNPACKED, 1),
    ):
        planes = np.full((len(pictures), 2, room), 7, np.uint8)
        for picture, plane in zip(pictures, planes, strict=True):
            matching.unpack(picture, pad, plane)
        scratch = [np.zeros(room, np.uint8) for _ in range(3)]
        for one in (0, 3, 5):
            for other in range(len(pictures)):
                if reach == 2:
                    got, parts = np.empty(4, np.int32), naive.quarters(pictures[one], pictures[other])
                    assert matching.difference(planes[one], planes[other], *scratch, got) == sum(parts)
                    assert got.tolist() == parts
                else:
                    got = matching.sketch_difference(planes[one], planes[other], *scratch)
                    assert got == naive.difference(pictures[one], pictures[other], reach)


def stored(n, seed, n_labels=4):
    """Rows as the recall model stores them: label ids, prefixes, suffixes, sketches, codes."""
    thumbnails = np.stack([gate.to_thumbnail(random_drawing(seed + row)) for row in range(n)])
    _, codes, sketches, words = encoded(thumbnails, np.zeros((1, 1), np.uint16))
    label_ids = np.random.default_rng(seed).integers(0, n_labels, n).astype(np.uint8)
    label_ids[label_ids == 2] = 1  # a label without rows
    return label_ids, words[:, :6].copy(), words[:, 6:].copy(), sketches, codes


def indexed(label_ids, prefixes, *others):
    """As `recall.compare` reads them: indexed by label."""
    by_label = np.argsort(label_ids, kind="stable").astype(np.int32)
    begins = np.searchsorted(label_ids[by_label], np.arange(257)).astype(np.int32)
    return recall.StoredRows(label_ids, *others, by_label, begins, np.ascontiguousarray(prefixes[by_label].T))


def compared(query, user, bulk, mask, budget=(100, 100, 100)):
    n_rows = len(mask) * budget[1]
    rows, differences = np.empty(n_rows, np.int32), np.empty(n_rows, np.int32)
    matches = recall.Matches(rows, differences, np.empty((len(mask), 3), np.int32), np.empty((len(mask), 8), np.int32))
    query, budget, mask = recall.Query(*query), np.array(budget, np.int64), np.array(mask)
    both = indexed(*user), indexed(*bulk)
    distances, _ = recall.hamming_prefilter(query.prefix, *both, mask, 0)
    n = recall.compare(query, *both, mask, distances, budget, matches)
    return rows[:n], differences[:n], matches.nearest, matches.parts


@pytest.mark.parametrize("n_user", [0, 15, 39])
def test_rows_agree_that_are_nearer_than_any_row_of_another_label(n_user):
    rows = stored(40, 100)
    user, bulk = (indexed(*(array[part] for array in rows)) for part in (slice(n_user), slice(n_user, None)))
    for asked in range(40):
        exact = [naive.hamming(rows[1][asked], hint) for hint in rows[1]]
        others = min(far for far, slot in zip(exact, rows[0], strict=True) if slot != rows[0][asked])
        got = recall.hamming_prefilter(rows[1][asked], user, bulk, np.ones(4, bool), int(rows[0][asked]))
        assert sorted(got[0]) == sorted(exact) and got[1] == sum(far < others for far in exact) > 0


@pytest.mark.slow
def test_comparing_finds_the_three_nearest_rows_of_a_label_and_its_nearest_parts():
    user, bulk = stored(15, 100), stored(25, 200)
    asked = tuple(array[3] for array in stored(5, 300)[1:])
    slots, codes = np.concatenate([user[0], bulk[0]]), np.concatenate([user[4], bulk[4]])
    exact = np.array([naive.quarters(asked[3], other) for other in codes])
    for slot in (0, 1, 3):
        rows, differences, nearest, parts = compared(asked, user, bulk, np.arange(4) == slot)
        of_label = exact[slots == slot]
        assert sorted(rows) == np.flatnonzero(slots == slot).tolist()
        assert differences.tolist() == exact[rows].sum(axis=1).tolist()
        assert nearest[slot].tolist() == sorted(of_label.sum(axis=1))[:3]
        halves = of_label @ np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]]).T
        assert parts[slot].tolist() == [*of_label.min(axis=0), *halves.min(axis=0)]
        assert (np.delete(nearest, slot, axis=0) == matching.FAR).all()


@pytest.mark.slow
def test_strangeness_is_its_plain_twin():
    user, bulk = stored(15, 100), stored(25, 200)
    asked = tuple(array[3] for array in stored(5, 300)[1:])
    codes = np.concatenate([user[4], bulk[4]])
    for slot in (0, 1, 3):
        rows, differences, _, _ = compared(asked, user, bulk, np.arange(4) == slot)
        query = recall.Query(*asked)
        got = recall.strangeness(query, indexed(*user), indexed(*bulk), slot, rows, differences)
        bound = sorted(differences)[min(12, len(rows)) - 1]
        near = [codes[row] for row, far in zip(rows, differences, strict=True) if far <= bound]
        shares = sorted(naive.difference(code, asked[3]) * 1000 // naive.sum_of_squares(code) for code in near)
        least = [share for share in shares if share <= shares[min(6, len(shares)) - 1]]
        assert got == sum(least) // len(least) > 0
    assert recall.strangeness(query, indexed(*user), indexed(*bulk), 2, rows, differences) == -1


def test_labels_whose_rows_are_far_are_left_out_and_an_equal_row_is_found():
    user, bulk = stored(15, 100), stored(25, 200)
    asked = tuple(array[3] for array in bulk[1:])
    rows, differences, nearest, _ = compared(asked, user, bulk, [True] * 4)
    slots = np.concatenate([user[0], bulk[0]])
    assert nearest[bulk[0][3], 0] == 0 and differences[list(rows).index(15 + 3)] == 0
    assert {int(slot) for slot in slots[rows]} == set(np.flatnonzero(nearest[:, 0] < matching.FAR).tolist()) < {0, 1, 3}


def test_comparing_leaves_out_labels_that_are_not_wanted():
    user, bulk = stored(15, 100), stored(25, 200)
    asked = tuple(array[3] for array in bulk[1:])
    rows, *_ = compared(asked, user, bulk, [False, True, False, False])
    slots = np.concatenate([user[0], bulk[0]])
    assert (slots[rows] == 1).all() and len(rows) == (slots == 1).sum()


@pytest.mark.parametrize("budget", [(30, 20, 5), (40, 40, 3), (12, 8, 8), (1, 1, 1)])
def test_each_look_keeps_the_nearest_whatever_the_order_of_rows(budget):
    user, bulk = stored(15, 100), stored(25, 200)
    asked = tuple(array[3] for array in stored(5, 300)[1:])
    slots = np.concatenate([user[0], bulk[0]])
    rows, *_ = compared(asked, user, bulk, [True] * 4, budget=budget)
    assert len(rows) >= 1 and np.bincount(slots[rows]).max() <= budget[1]
    order = np.random.default_rng(8).permutation(25)
    again, *_ = compared(asked, user, tuple(array[order] for array in bulk), [True] * 4, budget=budget)
    assert {int(row) for row in rows} == {int(row if row < 15 else 15 + order[row - 15]) for row in again}
    if budget[0] == 40:  # only the sketches choose
        sketches = np.concatenate([user[3], bulk[3]])
        rough = np.array([naive.difference(asked[2], other, reach=1) for other in sketches])
        for slot in np.unique(slots[rows]):
            of_label = np.flatnonzero(slots == slot)
            bound = sorted(rough[of_label])[min(budget[2], len(of_label)) - 1]
            assert {int(row) for row in rows if slots[row] == slot} == set(of_label[rough[of_label] <= bound].tolist())


def random_matches(rng, n_labels):
    """Quarters of the compared rows of each label, and the same as `recall.compare` returns them."""
    of_label = [rng.integers(0, 9_000, (rng.integers(0, 5), 4)) for _ in range(n_labels)]
    of_label[0] = of_label[0] if len(of_label[0]) else np.array([[1, 2, 3, 4]])
    nearest, parts = np.full((n_labels, 3), matching.FAR, np.int32), np.full((n_labels, 8), matching.FAR, np.int32)
    for label, rows in enumerate(of_label):
        for quarters in rows.astype(np.int32):
            recall.note_nearest(quarters.sum(dtype=np.int32), quarters, nearest[label], parts[label])
    none = np.zeros(0, np.int32)
    return [rows.tolist() for rows in of_label], recall.Matches(none, none, nearest, parts)


def test_responses_are_their_plain_twin():
    rng = np.random.default_rng(9)
    for _ in range(200):
        n_labels = int(rng.integers(1, 6))
        (one, matches), (other, again) = random_matches(rng, n_labels), random_matches(rng, n_labels)
        votes, got = rng.integers(0, 301, n_labels).astype(np.int32), np.empty(n_labels, np.int32)
        recall.responses(votes, matches, again, 300, 750, 1000, got)
        assert got.tolist() == naive.responses(votes.tolist(), one, other, 300, 750, 1000)


def test_a_label_may_be_put_together_from_parts_of_different_drawings():
    hook, loop, rival = [0, 0, 90, 90], [90, 90, 0, 0], [60, 60, 60, 60]
    lost = {}
    for name, rows in (("both", [hook, loop]), ("one", [hook, hook])):
        nearest, parts = np.full((2, 3), matching.FAR, np.int32), np.full((2, 8), matching.FAR, np.int32)
        for label, quarters in ((0, rows[0]), (0, rows[1]), (1, rival)):
            recall.note_nearest(np.int32(sum(quarters)), np.array(quarters, np.int32), nearest[label], parts[label])
        out, none = np.empty(2, np.int64), np.zeros(0, np.int32)
        recall.away(recall.Matches(none, none, nearest, parts), 1000, out)
        lost[name] = out.tolist()
    assert lost["both"][0] < lost["one"][0] and lost["both"][1] > lost["one"][1]
