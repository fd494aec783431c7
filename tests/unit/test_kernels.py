"""Every kernel does exactly what its plain twin does."""

import ast
import importlib
from pathlib import Path

import naive
import numpy as np
import pytest
from drawings import encoded, random_drawing
from entries import entry

from agent import preprocessing as gate
from agent.kernels import edges, matching, preprocessing, ram, recall


@pytest.fixture(params=range(6))
def drawing(request):
    sizes = ((61, 43), (20, 31), (9, 8), (140, 333), (28, 28), (400, 90))
    return random_drawing(request.param, *sizes[request.param])


@pytest.fixture
def thumbnail(drawing):
    return gate.to_thumbnail(drawing)


@pytest.fixture
def seen(thumbnail):
    return gate.canonical(thumbnail)


def test_ink_box_is_the_smallest_box_around_the_ink(drawing):
    got = np.empty(4, np.int64)
    for floor in (0, 180, 255):
        preprocessing.ink_box(drawing, floor, got)
        assert tuple(got) == naive.ink_box(drawing, floor)


def test_keep_is_its_plain_twin_within_one_level(drawing):
    got = np.empty((28, 28), np.uint8)
    assert preprocessing.to_thumbnail(drawing, got)
    expected = naive.keep(drawing)
    assert np.abs(got.astype(int) - expected).max() <= 17  # area sums differ in the last bit of a float
    assert (got != expected).mean() < 0.01


def test_keeping_many_is_keeping_each(drawing):
    pictures = np.stack([drawing, 255 - drawing, drawing[::-1], np.zeros_like(drawing)])
    page, got = np.empty_like(drawing), np.empty((4, 28, 28), np.uint8)
    preprocessing.to_thumbnails(pictures, gate.PAPER_CONTRAST, page, got)
    expected = np.stack([gate.to_thumbnail(picture) for picture in pictures])
    assert (got == expected).all() and (got[0] == got[1]).all() and got[2].any() and not got[3].any()
    pictures = np.concatenate([pictures] * 51)
    pictures.flags.writeable = False
    assert (gate.to_thumbnails(pictures) == np.concatenate([expected] * 51)).all()


def test_canonical_is_its_plain_twin_within_one_grey_value(thumbnail, seen):
    assert np.abs(seen.astype(int) - naive.canonical(thumbnail)).max() <= 1
    preprocessing.canonical(thumbnail, preprocessing.WIDENED, seen)
    assert np.abs(seen.astype(int) - naive.canonical(thumbnail, preprocessing.WIDENED)).max() <= 1


def test_what_is_slim_is_made_wider_and_a_line_not_without_end():
    line, seen = np.zeros((28, 28), np.uint8), np.empty((28, 28), np.uint8)
    line[4:24, 13] = 255
    widths = []
    for power in (preprocessing.AS_DRAWN, preprocessing.WIDENED):
        preprocessing.canonical(line, power, seen)
        widths.append((seen[14] >= 128).sum())
    assert widths[0] <= 2 and 3 <= widths[1] <= 5
    preprocessing.canonical(line.T.copy(), preprocessing.WIDENED, seen)
    assert (seen >= 128).sum(axis=0).max() <= 2  # what lies is left as it is


def test_warp_is_its_plain_twin_within_one_grey_value(thumbnail):
    field = np.random.default_rng(1).uniform(-3, 3, (2, 32, 32)).astype(np.float32)
    got = np.empty((32, 32), np.uint8)
    entry(preprocessing.warp)(thumbnail, field, got)
    assert np.abs(got.astype(int) - naive.warp(thumbnail, field)).max() <= 1


def test_warping_by_nothing_changes_nothing(thumbnail):
    got = np.empty((32, 32), np.uint8)
    entry(preprocessing.warp)(thumbnail, np.zeros((2, 32, 32), np.float32), got)
    assert (got[2:-2, 2:-2] == thumbnail).all()


def test_edge_maps_are_their_plain_twin(seen):
    got = np.empty((8, 28, 28), np.float32)
    entry(edges.edge_maps)(seen, got)
    np.testing.assert_allclose(got, naive.edge_maps(seen), atol=1e-3)


def test_planes_are_their_plain_twin(seen):
    maps = np.empty((8, 28, 28), np.float32)
    entry(edges.edge_maps)(seen, maps)
    got = np.empty(48 * 784, np.uint8)
    entry(edges.planes)(maps, got)
    assert (got == naive.planes(maps)).all()


def test_gradients_are_their_plain_twin(seen):
    got = np.empty((2, 28, 28), np.float32)
    entry(edges.gradients)(seen, got)
    np.testing.assert_allclose(got, naive.gradients(seen), atol=1e-2)


def test_code_and_sketch_are_their_plain_twins_within_a_step_at_a_rounding_edge(seen):
    slopes = np.empty((2, 28, 28), np.float32)
    entry(edges.gradients)(seen, slopes)
    got, halved = np.empty((28, 32), np.uint8), np.empty((14, 16), np.uint8)
    entry(edges.code)(slopes, got)
    entry(edges.sketch)(got, halved)
    assert (halved == naive.sketch(got)).all()
    expected = naive.code(slopes.astype(float))
    for shift in (0, 4):
        assert np.abs((got >> shift & 15).astype(int) - (expected >> shift & 15)).max() <= 1
    assert (got != expected).mean() < 0.01


def test_signature_marks_the_strongest_places_and_never_more_than_its_share(seen):
    slopes = np.empty((2, 28, 28), np.float32)
    entry(edges.gradients)(seen, slopes)
    words = np.empty(edges.SIGNATURE_WORDS, np.uint64)
    entry(edges.signature)(slopes, words)
    on = np.unpackbits(words.view(np.uint8), bitorder="little")[: edges.SIGNATURE_BITS].astype(bool)
    strengths = naive.signature_strengths(slopes.astype(float))
    assert 0 < on.sum() <= edges.SIGNATURE_BITS * 0.15
    assert strengths[on].min() >= strengths[~on].max() - strengths.max() / 500


def test_a_picture_without_edges_has_an_empty_signature_and_a_flat_code():
    thumbnail, reads = np.zeros((1, 28, 28), np.uint8), np.zeros((1, 1), np.uint16)
    addresses, codes, sketches, words = encoded(thumbnail, reads)
    assert not words.any() and not addresses.any() and (codes == 7 + 7 * 16).all() and (sketches == 7 + 7 * 16).all()


def test_addresses_are_their_plain_twin():
    rng = np.random.default_rng(2)
    bits = rng.integers(0, 2, 48 * 784).astype(np.uint8)
    reads = rng.integers(0, 48 * 784, (17, 11)).astype(np.uint16)
    got = np.empty(17, np.uint16)
    entry(ram.addresses)(bits, reads, got)
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
    thumbnail = np.stack([gate.to_thumbnail(random_drawing(seed)) for seed in range(4)])
    taught, fields = np.array([0, 1, 2, 1], np.uint8), rng.normal(0, 1, (2, 2, 32, 32)).astype(np.float32)
    reads = rng.integers(0, 48 * 784, (7, 5)).astype(np.uint16)
    lessons, copies = np.array([0, 1, 2, 3, 0], np.int32), np.array([0, 0, 0, 0, 2], np.uint8)
    rows = [naive_row(thumbnail, fields, lesson, copy, reads) for lesson, copy in zip(lessons, copies, strict=True)]
    got = np.zeros((7, 32, 3), np.int8)
    ram.mark_rows(ram.Lessons(thumbnail, taught, fields), lessons, copies, reads, 32, got)
    expected = np.zeros((7, 32, 3), np.int8)
    naive.mark(rows, taught[lessons], 32, expected)
    assert (got == expected).all()
    again, noted = got.copy(), []
    order, bends = rng.integers(0, 4, 60).astype(np.int32), rng.integers(0, 3, 60).astype(np.int32)
    taught = rng.integers(0, 3, 4).astype(np.uint8)
    bent = [naive_row(thumbnail, fields, lesson, bend, reads) for lesson, bend in zip(order, bends, strict=True)]
    for _ in range(8):
        events = np.empty((60, 4), np.int32)
        n = ram.refine(ram.Lessons(thumbnail, taught, fields), order, bends, reads, 7 * 100, 9, got, events)
        assert events[:n].tolist() == naive.study(bent, order, bends, taught, 7 * 100, 9, expected)
        noted.append(events[:n])
    assert (got == expected).all() and np.abs(got.astype(int)).max() == 127
    ram.replay_corrections(ram.Lessons(thumbnail, taught, fields), np.concatenate(noted), reads, again)
    assert (again == got).all()
    counted = np.empty(3, np.int32)
    ram.sum_counters(bent[0], got, counted)
    assert counted.tolist() == [sum(int(got[m, a, label]) for m, a in enumerate(bent[0])) for label in range(3)]


def naive_row(thumbnail, fields, lesson, copy, reads):
    """The addresses of a copy of a drawing that is made wider where it is slim."""
    seen, bits = np.empty((28, 28), np.uint8), np.empty(48 * 784, np.uint8)
    entry(preprocessing.canonical_copy)(
        thumbnail[lesson], fields, int(copy), preprocessing.WIDENED, np.empty((32, 32), np.uint8), seen
    )
    maps = np.empty((8, 28, 28), np.float32)
    entry(edges.edge_maps)(seen, maps)
    entry(edges.planes)(maps, bits)
    return np.array(naive.addresses(bits, reads), np.uint16)


def test_counters_say_what_bulk_lessons_are_worth_and_bits_what_own_ones_add():
    rows, slots = random_rows(3)
    own, bulk = np.zeros((7, 32), np.uint16), np.zeros((7, 32), np.uint16)
    ram.write(rows[:9], slots[:9], own)
    ram.write(rows[9:], slots[9:], bulk)
    counters = np.random.default_rng(5).integers(-127, 128, (4, 32, 2)).astype(np.int8)
    counted, votes, every = np.array([2, 0]), np.empty(3, np.int32), np.empty(3, bool)
    for row in rows[::5]:
        recall.vote(row, own, bulk, recall.Refined(row[:4], counters, counted, 18), votes, every)
        union, alone = naive.votes(row, own, bulk, 3), naive.votes(row, bulk, bulk, 3)
        expected = [18 * (one - other) for one, other in zip(union, alone, strict=True)]
        for label, slot in enumerate(counted):
            expected[slot] += sum(int(counters[m, a, label]) for m, a in enumerate(row[:4]))
        assert votes.tolist() == expected and every.tolist() == [n == 7 for n in union]


@pytest.mark.parametrize("slack", [0, 3])
def test_drawing_from_memory_is_its_plain_twin(slack):
    remembered = (np.random.default_rng(6).random((7, 9, 13)) < 0.4).astype(np.uint8)
    remembered[5:] = remembered[4]  # several that are equally near
    page = np.empty((9, 13), np.uint8)
    for seed in (0, 1, 2**61):
        matching.synthesise(remembered, seed, slack, page)
        assert page.tolist() == naive.draw(remembered, seed, slack)


def test_loops_without_an_entry_are_called_by_other_loops_alone():
    """Python that called one would crash: it is looked up by name in whatever imports a module of loops."""
    folder, called, n_checked = Path(preprocessing.__file__).parent, set(), 0
    for file in folder.parent.rglob("*.py"):
        if file.parent == folder:
            continue
        tree, modules = ast.parse(file.read_text()), {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("agent.kernels"):
                modules |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
        for node in ast.walk(tree):
            loop = node.func if isinstance(node, ast.Call) else None
            if isinstance(loop, ast.Attribute) and isinstance(loop.value, ast.Name) and loop.value.id in modules:
                called.add((file.name, f"{modules[loop.value.id]}.{loop.attr}"))
        called |= {(file.name, where) for where in modules.values()}
    for file, where in called:
        module, _, name = where.rpartition(".")
        try:
            loop = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError:  # a name inside a module, imported by itself
            continue
        n_checked += hasattr(loop, "targetoptions")
        assert not getattr(loop, "targetoptions", {}).get("no_cpython_wrapper"), f"{file} calls {where}"
    assert n_checked > 40
