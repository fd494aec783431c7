"""Every kernel does exactly what its plain twin does."""

import naive
import numpy as np
import pytest

from agent import retina as gate
from agent.kernels import draw, edges, match, ram, recall, retina, study


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


def test_keeping_many_is_keeping_each(drawing):
    pictures = np.stack([drawing, 255 - drawing, drawing[::-1], np.zeros_like(drawing)])
    page, got = np.empty_like(drawing), np.empty((4, 28, 28), np.uint8)
    retina.keep_many(pictures, gate.PAPER_CONTRAST, page, got)
    expected = np.stack([gate.keep(picture) for picture in pictures])
    assert (got == expected).all() and (got[0] == got[1]).all() and got[2].any() and not got[3].any()
    pictures = np.concatenate([pictures] * 51)
    pictures.flags.writeable = False
    assert (gate.keep_many(pictures) == np.concatenate([expected] * 51)).all()


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
    got = np.empty(48 * 784, np.uint8)
    edges.planes(maps, got)
    assert (got == naive.planes(maps)).all()


def test_gradients_are_their_plain_twin(seen):
    got = np.empty((2, 28, 28), np.float32)
    edges.gradients(seen, got)
    np.testing.assert_allclose(got, naive.gradients(seen), atol=1e-2)


def test_code_and_sketch_are_their_plain_twins_within_a_step_at_a_rounding_edge(seen):
    slopes = np.empty((2, 28, 28), np.float32)
    edges.gradients(seen, slopes)
    got, halved = np.empty((28, 32), np.uint8), np.empty((14, 16), np.uint8)
    edges.code(slopes, got)
    edges.sketch(got, halved)
    assert (halved == naive.sketch(got)).all()
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


def test_a_picture_without_edges_has_an_empty_signature_and_a_flat_code():
    kept, reads = np.zeros((1, 28, 28), np.uint8), np.zeros((1, 1), np.uint16)
    addresses, codes, sketches, words = looked_at(kept, reads)
    assert not words.any() and not addresses.any() and (codes == 7 + 7 * 16).all() and (sketches == 7 + 7 * 16).all()


def looked_at(kept, reads):
    """All the ways drawings are looked at."""
    n, no_fields = len(kept), np.zeros((0, 2, 32, 32), np.float32)
    seen = np.empty((n, len(reads)), np.uint16), np.empty((n, 28, 32), np.uint8), np.empty((n, 14, 16), np.uint8)
    words = np.empty((n, edges.SIGNATURE_WORDS), np.uint64)
    recall.look_at_copies(kept, no_fields, 0, 1, reads, *seen, words)
    return *seen, words


def test_addresses_are_their_plain_twin():
    rng = np.random.default_rng(2)
    bits = rng.integers(0, 2, 48 * 784).astype(np.uint8)
    reads = rng.integers(0, 48 * 784, (17, 11)).astype(np.uint16)
    got = np.empty(17, np.uint16)
    ram.addresses(bits, reads, got)
    assert got.tolist() == naive.addresses(bits, reads)


WIDTHS = pytest.mark.parametrize(("width", "n_labels"), [(np.uint16, 16), (np.uint64, 62)])


def random_rows(n_labels, seed=3):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 32, (40, 7)).astype(np.uint16), rng.integers(0, n_labels, 40).astype(np.uint8)


@WIDTHS
def test_votes_count_the_nodes_that_have_seen_a_label(width, n_labels):
    rows, slots = random_rows(n_labels)
    one, other = np.zeros((7, 32), width), np.zeros((7, 32), width)
    ram.write(rows[:20], slots[:20], one)
    ram.write(rows[20:], slots[20:], other)
    got, pixels = np.empty(n_labels, np.int32), np.random.default_rng(1).integers(0, 784, (7, 4)).astype(np.int32)
    counts = np.empty((28, 28), np.uint8)
    for row in rows[::4]:
        ram.votes(row, one, other, got)
        assert got.tolist() == naive.votes(row, one, other, n_labels)
        for slot, rival in ((int(slots[0]), int(slots[1])), (int(slots[2]), -1)):
            ram.voting_pixels(row, one, other, pixels, slot, rival, counts)
            expected = naive.voting_pixels(row, one, other, pixels, slot, rival)
            assert counts.ravel().tolist() == [n * 255 // max(1, *expected) for n in expected]
    assert one.any() and other.any()


@pytest.mark.parametrize("n_few", [3, 1])  # the rows of one label are erased one by one, or all anew
@WIDTHS
def test_erasing_rows_equals_never_having_written_them(width, n_labels, n_few):
    rows, slots = random_rows(n_labels)
    slots %= n_few  # rows that share labels share locations
    got, expected = np.zeros((7, 32), width), np.zeros((7, 32), width)
    ram.write(rows, slots, got)
    ram.write(rows[30:], slots[30:], expected)
    order = np.argsort(slots[:30], kind="stable")
    rows[:30], slots[:30] = rows[order], slots[order]
    ram.erase(rows[:30], slots[:30], rows[30:], slots[30:], got)
    assert (got == expected).all()


def test_studying_is_its_plain_twin_and_can_be_told_again():
    """Lessons that contradict each other, bent or not, until counters are as large as they may be."""
    rng = np.random.default_rng(4)
    kept = np.stack([gate.keep(random_drawing(seed)) for seed in range(4)])
    taught, fields = np.array([0, 1, 2, 1], np.uint8), rng.normal(0, 1, (2, 2, 32, 32)).astype(np.float32)
    reads = rng.integers(0, 48 * 784, (7, 5)).astype(np.uint16)
    lessons, copies = np.array([0, 1, 2, 3, 0], np.int32), np.array([0, 0, 0, 0, 2], np.uint8)
    rows = [naive_row(kept, fields, lesson, copy, reads) for lesson, copy in zip(lessons, copies, strict=True)]
    got = np.zeros((7, 32, 3), np.int8)
    study.mark(kept, taught, lessons, copies, fields, reads, 32, got)
    expected = np.zeros((7, 32, 3), np.int8)
    naive.mark(rows, taught[lessons], 32, expected)
    assert (got == expected).all()
    again, noted = got.copy(), []
    order, bends = rng.integers(0, 4, 60).astype(np.int32), rng.integers(0, 3, 60).astype(np.int32)
    taught = rng.integers(0, 3, 4).astype(np.uint8)
    bent = [naive_row(kept, fields, lesson, bend, reads) for lesson, bend in zip(order, bends, strict=True)]
    for _ in range(4):
        events = np.empty((60, 4), np.int32)
        n = study.study(kept, taught, order, bends, fields, reads, 7 * 60, 9, got, events)
        assert events[:n].tolist() == naive.study(bent, order, bends, taught, 7 * 60, 9, expected)
        noted.append(events[:n])
    assert (got == expected).all() and np.abs(got.astype(int)).max() == 127
    study.retell(kept, taught, np.concatenate(noted), fields, reads, again)
    assert (again == got).all()
    counted = np.empty(3, np.int32)
    study.count(bent[0], got, counted)
    assert counted.tolist() == [sum(int(got[m, a, label]) for m, a in enumerate(bent[0])) for label in range(3)]


def naive_row(kept, fields, lesson, copy, reads):
    """The addresses of a copy of a drawing, by the way that lessons are looked at."""
    addresses = np.empty((1, len(reads)), np.uint16)
    codes, sketches = np.empty((1, 28, 32), np.uint8), np.empty((1, 14, 16), np.uint8)
    words = np.empty((1, edges.SIGNATURE_WORDS), np.uint64)
    recall.look_at_copies(kept[lesson][None], fields, int(copy), int(copy) + 1, reads, addresses, codes, sketches, words)
    return addresses[0]


def test_counters_say_what_bulk_lessons_are_worth_and_bits_what_own_ones_add():
    rows, slots = random_rows(3)
    own, bulk = np.zeros((7, 32), np.uint16), np.zeros((7, 32), np.uint16)
    ram.write(rows[:9], slots[:9], own)
    ram.write(rows[9:], slots[9:], bulk)
    counters = np.random.default_rng(5).integers(-127, 128, (4, 32, 2)).astype(np.int8)
    counted, votes, every = np.array([2, 0]), np.empty(3, np.int32), np.empty(3, bool)
    for row in rows[::5]:
        both = np.concatenate([row, row[:4]])
        recall.propose(both, (own, bulk), counters, counted, 18, votes, every)
        union, alone = naive.votes(row, own, bulk, 3), naive.votes(row, bulk, bulk, 3)
        expected = [18 * (one - other) for one, other in zip(union, alone, strict=True)]
        for label, slot in enumerate(counted):
            expected[slot] += sum(int(counters[m, a, label]) for m, a in enumerate(row[:4]))
        assert votes.tolist() == expected and every.tolist() == [n == 7 for n in union]


def test_rows_of_wanted_labels_are_listed_label_by_label_and_their_hints_likewise():
    rng = np.random.default_rng(5)
    slots, hints = rng.integers(0, 3, 30).astype(np.uint8), rng.integers(0, 2**64, (30, 6), dtype=np.uint64)
    *_, by_slot, begins, ordered = listed(slots, hints)
    for wanted in ([True, False, True], [False] * 3, [True] * 3):
        out, distances, wanted = np.empty(30, np.int32), np.empty(30, np.int32), np.array(wanted)
        n = match.rows_of(by_slot, begins, wanted, out)
        rows = [row for label in range(3) if wanted[label] for row in np.flatnonzero(slots == label)]
        assert out[:n].tolist() == rows
        match.hint_differences(hints[3], ordered, begins, wanted, distances)
        assert distances[:n].tolist() == [naive.hamming(hints[3], hints[row]) for row in rows]


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
    effort, both = np.array(effort, np.int64), (listed(*own), listed(*bulk))
    n = recall.compare(asked, *both, np.array(plausible), effort, rows, differences, smallest, n_found)
    return rows[:n], differences[:n], smallest, n_found


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


@pytest.mark.parametrize("slack", [0, 3])
def test_drawing_from_memory_is_its_plain_twin(slack):
    remembered = (np.random.default_rng(6).random((7, 9, 13)) < 0.4).astype(np.uint8)
    remembered[5:] = remembered[4]  # several that are equally near
    page = np.empty((9, 13), np.uint8)
    for seed in (0, 1, 2**61):
        draw.draw(remembered, seed, slack, page)
        assert page.tolist() == naive.draw(remembered, seed, slack)
