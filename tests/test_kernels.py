"""Every kernel does exactly what its plain twin does."""

import naive
import numpy as np
import pytest

from agent import retina as gate
from agent.kernels import edges, match, ram, recall, retina


def random_drawing(seed, height=61, width=43):
    """Some thick random strokes on a page that is not square."""
    rng = np.random.default_rng(seed)
    drawing = np.zeros((height, width), np.uint8)
    for _ in range(3):
        (y0, x0), (y1, x1) = rng.uniform(0.1, 0.9, (2, 2)) * (height, width)
        for t in np.linspace(0, 1, 200):
            y, x = int(y0 + t * (y1 - y0)), int(x0 + t * (x1 - x0))
            drawing[y : y + 3, x : x + 3] = rng.integers(150, 256)
    return drawing


@pytest.fixture(params=range(6))
def drawing(request):
    sizes = ((61, 43), (20, 31), (9, 8), (140, 333), (28, 28), (400, 90))
    return random_drawing(request.param, *sizes[request.param])


@pytest.fixture
def kept(drawing):
    return gate.keep(drawing)


@pytest.fixture
def seen(kept):
    return gate.canonical(kept)


def test_ink_box_is_the_smallest_box_around_the_ink(drawing):
    got = np.empty(4, np.int64)
    for floor in (0, 180, 255):
        retina.ink_box(drawing, floor, got)
        assert tuple(got) == naive.ink_box(drawing, floor)


def test_keep_is_its_plain_twin_within_one_level(drawing):
    got = np.empty((28, 28), np.uint8)
    assert retina.keep(drawing, got)
    expected = naive.keep(drawing)
    assert np.abs(got.astype(int) - expected).max() <= 17  # area sums differ in the last bit of a float
    assert (got != expected).mean() < 0.01


def test_canonical_is_its_plain_twin_within_one_grey_value(kept, seen):
    assert np.abs(seen.astype(int) - naive.canonical(kept)).max() <= 1


def test_warp_is_its_plain_twin_within_one_grey_value(kept):
    field = np.random.default_rng(1).uniform(-3, 3, (2, 32, 32)).astype(np.float32)
    got = np.empty((32, 32), np.uint8)
    retina.warp(kept, field, got)
    assert np.abs(got.astype(int) - naive.warp(kept, field)).max() <= 1


def test_warping_by_nothing_changes_nothing(kept):
    got = np.empty((32, 32), np.uint8)
    retina.warp(kept, np.zeros((2, 32, 32), np.float32), got)
    assert (got[2:-2, 2:-2] == kept).all()


def test_edge_maps_are_their_plain_twin(seen):
    got = np.empty((8, 28, 28), np.float32)
    edges.edge_maps(seen, got)
    np.testing.assert_allclose(got, naive.edge_maps(seen), atol=1e-3)


def test_planes_are_their_plain_twin(seen):
    maps = np.empty((8, 28, 28), np.float32)
    edges.edge_maps(seen, maps)
    got = np.empty(784, np.uint64)
    edges.planes(maps, got)
    assert (got == naive.planes(maps)).all()


def test_gradients_are_their_plain_twin(seen):
    got = np.empty((2, 28, 28), np.float32)
    edges.gradients(seen, got)
    np.testing.assert_allclose(got, naive.gradients(seen), atol=1e-2)


def test_code_is_its_plain_twin_within_a_step_at_a_rounding_edge(seen):
    slopes = np.empty((2, 28, 28), np.float32)
    edges.gradients(seen, slopes)
    got = np.empty((28, 28), np.uint8)
    edges.code(slopes, got)
    expected = naive.code(slopes.astype(float))
    for shift in (0, 4):
        assert np.abs((got >> shift & 15).astype(int) - (expected >> shift & 15)).max() <= 1
    assert (got != expected).mean() < 0.01


def test_signature_marks_the_strongest_places_and_never_more_than_its_share(seen):
    slopes = np.empty((2, 28, 28), np.float32)
    edges.gradients(seen, slopes)
    words = np.empty(edges.SIGNATURE_WORDS, np.uint64)
    edges.signature(slopes, words)
    on = np.unpackbits(words.view(np.uint8), bitorder="little")[: edges.SIGNATURE_BITS].astype(bool)
    strengths = naive.signature_strengths(slopes.astype(float))
    assert 0 < on.sum() <= edges.SIGNATURE_BITS * 0.15
    assert strengths[on].min() >= strengths[~on].max() - strengths.max() / 500


def look(seen, plane_bits, codes, words):
    """All the ways a drawing is looked at."""
    maps, slopes = np.empty((8, 28, 28), np.float32), np.empty((2, 28, 28), np.float32)
    edges.edge_maps(seen, maps)
    edges.planes(maps, plane_bits)
    edges.gradients(seen, slopes)
    edges.code(slopes, codes)
    edges.signature(slopes, words)


def test_a_picture_without_edges_has_an_empty_signature_and_a_flat_code():
    words, codes = np.empty(edges.SIGNATURE_WORDS, np.uint64), np.empty((28, 28), np.uint8)
    plane_bits = np.empty(784, np.uint64)
    look(np.zeros((28, 28), np.uint8), plane_bits, codes, words)
    assert not words.any() and not plane_bits.any() and (codes == 7 + 7 * 16).all()


def test_addresses_are_their_plain_twin():
    rng = np.random.default_rng(2)
    plane_bits = rng.integers(0, 2**48, 784, dtype=np.uint64)
    pixels = rng.integers(0, 784, (17, 11), dtype=np.int32)
    planes = rng.integers(0, 48, (17, 11)).astype(np.uint8)
    got = np.empty(17, np.uint16)
    ram.addresses(plane_bits, pixels, planes, got)
    assert got.tolist() == naive.addresses(plane_bits, pixels, planes)


def test_votes_count_the_nodes_that_have_seen_a_label():
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 32, (40, 7)).astype(np.uint16)
    slots = rng.integers(0, 62, 40).astype(np.uint8)
    tables = np.zeros((7, 32), np.uint64)
    ram.write(rows, slots, tables)
    got = np.empty(62, np.int32)
    for row in rows[:10]:
        ram.votes(row, tables, got)
        assert got.tolist() == naive.votes(row, tables, 62)
    assert tables.any()


def test_rewriting_a_label_equals_never_having_written_the_rows_that_went():
    rng = np.random.default_rng(4)
    rows = rng.integers(0, 32, (40, 7)).astype(np.uint16)
    slots = rng.integers(0, 3, 40).astype(np.uint8)
    got, expected = np.zeros((7, 32), np.uint64), np.zeros((7, 32), np.uint64)
    ram.write(rows, slots, got)
    gone = np.flatnonzero(slots == 1)[:5]
    ram.rewrite(np.delete(rows, gone, axis=0), np.delete(slots, gone), 1, got)
    ram.write(np.delete(rows, gone, axis=0), np.delete(slots, gone), expected)
    assert (got == expected).all()


def test_rows_of_wanted_labels_are_listed_in_order():
    slots = np.random.default_rng(5).integers(0, 3, 30).astype(np.uint8)
    for wanted in ([True, False, True], [False] * 3, [True] * 3):
        out = np.empty(31, np.int32)
        n = match.rows_of(slots, np.array(wanted), out)
        assert out[:n].tolist() == [row for row, slot in enumerate(slots) if wanted[slot]]


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


def codes_of(seeds):
    """Codes of some random drawings."""
    out = np.empty((len(seeds), 28, 28), np.uint8)
    words, plane_bits = np.empty(edges.SIGNATURE_WORDS, np.uint64), np.empty(784, np.uint64)
    for row, seed in enumerate(seeds):
        look(gate.canonical(gate.keep(random_drawing(seed))), plane_bits, out[row], words)
    return out


def test_difference_is_its_plain_twin():
    codes = codes_of(range(5))
    noise = np.random.default_rng(7).integers(0, 15, (2, 28, 28, 2)).astype(np.uint8)
    codes = np.concatenate([codes, noise[..., 0] | noise[..., 1] << 4])  # the largest sums a byte must hold
    slots = np.zeros(len(codes), np.uint8)
    for one in codes[[0, 3, 5]]:
        got, smallest, n_found = np.empty(1, np.int32), np.empty((2, 3), np.int32), np.empty(2, np.int32)
        for row, other in enumerate(codes):
            match.three_nearest(one, codes, slots, np.array([row], np.int32), got, smallest, n_found)
            assert got[0] == naive.difference(one, other)


def test_a_drawing_differs_by_nothing_from_itself_moved_by_a_pixel_and_by_something_moved_by_six():
    one = codes_of([5])[0]
    codes = np.stack([np.roll(one, shift, axis=(0, 1)) for shift in ((0, 0), (0, 1), (1, -1), (6, 6))])
    slots = np.zeros(4, np.uint8)
    got, smallest, n_found = np.empty(4, np.int32), np.empty((2, 3), np.int32), np.empty(2, np.int32)
    match.three_nearest(one, codes, slots, np.arange(4, dtype=np.int32), got, smallest, n_found)
    assert got[:3].tolist() == [0, 0, 0] and got[3] > 0


def test_three_nearest_are_the_three_nearest_of_each_label_in_any_order():
    codes, rng = codes_of(range(40)), np.random.default_rng(8)
    slots = rng.integers(0, 4, 40).astype(np.uint8)
    slots[slots == 2] = 1  # a label without rows
    exact = [naive.difference(codes[0], other) for other in codes[1:]]
    for _ in range(2):
        chosen = rng.permutation(np.arange(1, 40)).astype(np.int32)
        out, smallest, n_found = np.empty(39, np.int32), np.empty((5, 3), np.int32), np.empty(5, np.int32)
        match.three_nearest(codes[0], codes, slots, chosen, out, smallest, n_found)
        for slot in range(4):
            expected = sorted(e for e, s in zip(exact, slots[1:], strict=True) if s == slot)
            expected = [min(value, max(784, sorted(exact)[2] // 2 * 3)) for value in expected]
            assert smallest[slot].tolist() == (expected[:3] + [match.FAR] * 3)[:3]
            assert n_found[slot] == len(expected)
        assert smallest[4].tolist() == sorted(exact)[:3] and n_found[4] == 39
        assert all(got in (exact[row - 1], match.FAR) for got, row in zip(out, chosen, strict=True))


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
