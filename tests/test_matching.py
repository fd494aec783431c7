"""Comparing a drawing with remembered rows: what each look finds, against plain twins."""

import naive
import numpy as np
import pytest
from looking import looked_at, random_drawing

from agent import retina as gate
from agent.kernels import match, recall


def test_rows_of_wanted_labels_are_listed_label_by_label_and_their_hints_likewise():
    rng = np.random.default_rng(5)
    slots, hints = rng.integers(0, 3, 30).astype(np.uint8), rng.integers(0, 2**64, (30, 6), dtype=np.uint64)
    *_, by_slot, begins, ordered = listed(slots, hints)
    for wanted in ([True, False, True], [False] * 3, [True] * 3):
        out, distances, wanted = np.empty(30, np.int32), np.empty(30, np.int16), np.array(wanted)
        n = match.rows_of(by_slot, begins, wanted, out)
        rows = [row for label in range(3) if wanted[label] for row in np.flatnonzero(slots == label)]
        assert out[:n].tolist() == rows
        others = match.hint_differences(hints[3], ordered, begins, wanted, 2, distances)
        exact = {row: naive.hamming(hints[3], hints[row]) for row in rows}
        assert distances[:n].tolist() == list(exact.values())
        assert others == min((exact[row] for row in rows if slots[row] != 2), default=match.NOT_THERE)


def test_hamming_counts_differing_bits_of_listed_rows():
    rows = np.random.default_rng(5).integers(0, 2**64, (30, 22), dtype=np.uint64)
    listed = np.array([4, 0, 29, 7], np.int32)
    got = np.empty(4, np.int32)
    match.hamming(rows[0], rows, listed, got)
    assert got.tolist() == [naive.hamming(rows[0], rows[row]) for row in listed]


@pytest.mark.parametrize("limit", [1, 5, 12, 100])
def test_closest_takes_whole_distances_nearest_first_whatever_the_order(limit):
    rng = np.random.default_rng(6)
    distances = rng.integers(0, 9, 60).astype(np.int32)
    room = max(limit, int((distances == distances.min()).sum()))
    out, counts = np.empty(room, np.int32), np.empty(9, np.int32)
    n = match.closest(distances, limit, counts, out)
    got = distances[out[:n]].tolist()
    assert got == sorted(got)
    assert n <= limit or len(set(got)) == 1
    assert sorted(got) == sorted(value for value in distances.tolist() if value <= got[-1])
    shuffled = rng.permutation(distances)
    again = match.closest(shuffled, limit, counts, out)
    assert shuffled[out[:again]].tolist() == got


@pytest.mark.parametrize("limit", [1, 7, 40, 99])
def test_at_most_finds_the_value_at_which_enough_values_lie(limit):
    values = np.random.default_rng(7).integers(0, 30, 40).astype(np.int32)
    assert match.at_most(values, limit) == sorted(values)[min(limit, 40) - 1]


def test_differences_are_their_plain_twin():
    kept = np.stack([gate.keep(random_drawing(seed)) for seed in range(5)])
    _, codes, sketches, _ = looked_at(kept, np.zeros((1, 1), np.uint16))
    noise = np.random.default_rng(7).integers(0, 15, (2, 28, 28, 2)).astype(np.uint8)
    noise = np.stack([naive.padded(each[..., 0] | each[..., 1] << 4, 32) for each in noise])
    codes = np.concatenate([codes, noise])  # the largest sums a byte must hold
    sketches = np.concatenate([sketches, np.stack([naive.padded(each[:14, :14], 16) for each in noise])])
    for pictures, pad, room, reach in (
        (codes, match.PAD, match.UNPACKED, 2),
        (sketches, match.SKETCH_PAD, match.SKETCH_UNPACKED, 1),
    ):
        planes = np.full((len(pictures), 2, room), 7, np.uint8)
        for picture, plane in zip(pictures, planes, strict=True):
            match.unpack(picture, pad, plane)
        scratch = [np.zeros(room, np.uint8) for _ in range(3)]
        for one in (0, 3, 5):
            for other in range(len(pictures)):
                if reach == 2:
                    got = match.difference(planes[one], planes[other], match.FAR, *scratch)
                else:
                    got = match.rough_difference(planes[one], planes[other], *scratch)
                assert got == naive.difference(pictures[one], pictures[other], reach)


def remembered(n, seed, n_labels=4):
    """Rows as the recall agent keeps them: slots, hints, rests, sketches, codes."""
    kept = np.stack([gate.keep(random_drawing(seed + row)) for row in range(n)])
    _, codes, sketches, words = looked_at(kept, np.zeros((1, 1), np.uint16))
    slots = np.random.default_rng(seed).integers(0, n_labels, n).astype(np.uint8)
    slots[slots == 2] = 1  # a label without rows
    return slots, words[:, :6].copy(), words[:, 6:].copy(), sketches, codes


def listed(slots, hints, *others):
    """As `recall.compare` reads them: listed by label."""
    by_slot = np.argsort(slots, kind="stable").astype(np.int32)
    begins = np.searchsorted(slots[by_slot], np.arange(257)).astype(np.int32)
    return slots, *others, by_slot, begins, np.ascontiguousarray(hints[by_slot].T)


def compared(asked, own, bulk, plausible, effort=(100, 100, 100)):
    rows, differences = np.empty(effort[1], np.int32), np.empty(effort[1], np.int32)
    smallest, n_found = np.empty((5, 3), np.int32), np.empty(5, np.int32)
    effort, both, plausible = np.array(effort, np.int64), (listed(*own), listed(*bulk)), np.array(plausible)
    distances, _ = recall.look_at_hints(asked[0], *both, plausible, 0)
    n = recall.compare(asked, *both, plausible, distances, effort, rows, differences, smallest, n_found)
    return rows[:n], differences[:n], smallest, n_found


@pytest.mark.parametrize("n_own", [0, 15, 39])
def test_rows_agree_that_are_nearer_than_any_row_of_another_label(n_own):
    rows = remembered(40, 100)
    own, bulk = (listed(*(array[part] for array in rows)) for part in (slice(n_own), slice(n_own, None)))
    for asked in range(40):
        exact = [naive.hamming(rows[1][asked], hint) for hint in rows[1]]
        others = min(far for far, slot in zip(exact, rows[0], strict=True) if slot != rows[0][asked])
        got = recall.look_at_hints(rows[1][asked], own, bulk, np.ones(4, bool), int(rows[0][asked]))
        assert sorted(got[0]) == sorted(exact) and got[1] == sum(far < others for far in exact) > 0


def test_comparing_with_all_rows_finds_the_three_nearest_of_each_label():
    own, bulk = remembered(15, 100), remembered(25, 200)
    asked = tuple(array[3] for array in bulk[1:])
    slots, codes = np.concatenate([own[0], bulk[0]]), np.concatenate([own[4], bulk[4]])
    exact = [naive.difference(asked[3], other) for other in codes]
    rows, differences, smallest, n_found = compared(asked, own, bulk, [True] * 4)
    for slot in range(4):
        expected = sorted(e for e, s in zip(exact, slots, strict=True) if s == slot)
        assert n_found[slot] == len(expected)
        expected = [min(value, max(784, sorted(exact)[2] // 2 * 3)) for value in expected]
        assert smallest[slot].tolist() == (expected[:3] + [match.FAR] * 3)[:3]
    assert smallest[4].tolist() == sorted(exact)[:3] and n_found[4] == 40 and sorted(rows) == list(range(40))
    assert all(got in (exact[row], match.FAR) for got, row in zip(differences, rows, strict=True))
    assert differences[list(rows).index(15 + 3)] == 0


def test_comparing_leaves_out_labels_that_are_not_plausible():
    own, bulk = remembered(15, 100), remembered(25, 200)
    asked = tuple(array[3] for array in bulk[1:])
    rows, *_ = compared(asked, own, bulk, [False, True, False, False])
    slots = np.concatenate([own[0], bulk[0]])
    assert (slots[rows] == 1).all() and len(rows) == (slots == 1).sum()


@pytest.mark.parametrize("effort", [(30, 20, 5), (40, 40, 3), (12, 8, 8), (1, 1, 1)])
def test_each_look_keeps_the_nearest_whatever_the_order_of_rows(effort):
    own, bulk = remembered(15, 100), remembered(25, 200)
    asked = tuple(array[3] for array in remembered(5, 300)[1:])
    rows, differences, smallest, _ = compared(asked, own, bulk, [True] * 4, effort=effort)
    assert 1 <= len(rows) <= effort[1]
    order = np.random.default_rng(8).permutation(25)
    again, *_ = compared(asked, own, tuple(array[order] for array in bulk), [True] * 4, effort=effort)
    assert {int(row) for row in rows} == {int(row if row < 15 else 15 + order[row - 15]) for row in again}
    if effort[0] == 40:  # only the sketches choose
        sketches = np.concatenate([own[3], bulk[3]])
        rough = [naive.difference(asked[2], other, reach=1) for other in sketches]
        assert {int(row) for row in rows} == {row for row in range(40) if rough[row] <= sorted(rough)[effort[2] - 1]}


def test_responses_are_their_plain_twin():
    rng = np.random.default_rng(9)
    for _ in range(200):
        n_labels = int(rng.integers(1, 6))
        of_label = [sorted(rng.integers(0, 30_000, rng.integers(0, 5)).tolist()) for _ in range(n_labels)]
        of_label[0] = of_label[0] or [5]
        votes = rng.integers(0, 301, n_labels).astype(np.int32)
        smallest = np.full((n_labels + 1, 3), match.FAR, np.int32)
        for line, values in enumerate([*of_label, sorted(sum(of_label, []))]):
            smallest[line, : len(values[:3])] = values[:3]
        n_found = np.array([len(values) for values in of_label] + [sum(map(len, of_label))], np.int32)
        got = np.empty(n_labels, np.int32)
        recall.responses(votes, smallest, n_found, 300, 750, 1000, got)
        assert got.tolist() == naive.responses(votes.tolist(), [v[:3] for v in of_label], 300, 750, 1000)
