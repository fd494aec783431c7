"""The strokes task: many ways to write each digit, drawn the same everywhere, refused when asked for nonsense."""

import dataclasses
import hashlib
import json
from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from agent import preprocessing
from agent.datasets import TASKS, pen, replay, strokes
from agent.datasets.strokes import Selection, strokes_of
from agent.errors import AgentError

STYLES = strokes.styles()
HANDS = [pen.Hand.sample(pen.RandomStream(seed, "hand")) for seed in range(400)]
GOLDEN_BALANCED = "308562947194186750232719"
GOLDEN_PLAIN = {1: "752304047634027145708944", 2: "863415158745028157819956"}
GOLDEN_DRAWINGS = {1: "8612cf4260baa2a1", 2: "f7f9d86261cc0100"}


def same(one, other) -> bool:
    return one[1] == other[1] and np.array_equal(one[0], other[0])


# --- styles


def test_every_digit_is_written_in_three_ways_or_more():
    n_styles = Counter(map(strokes.label_of, STYLES))
    assert set(n_styles) == set("0123456789") and min(n_styles.values()) >= 3 and len(STYLES) >= 30


def test_styles_are_named_by_their_digit_and_told_apart_by_their_strokes():
    assert all(name[1] == "-" and name == name.strip().lower() for name in STYLES)
    assert len({str(strokes_of(name)) for name in STYLES}) == len(STYLES)


@pytest.mark.parametrize("style", STYLES)
def test_every_stroke_has_a_beginning_an_end_and_stays_near_its_box(style):
    for stroke in strokes_of(style):
        assert len(stroke) >= 2 and not stroke[0][2] and not stroke[-1][2]
        assert all(-30 <= x <= 90 and -15 <= y <= 115 for x, y, _ in stroke)


@pytest.mark.parametrize("label", "0123456789")
def test_the_styles_of_one_digit_look_different(label):
    """With the same steady hand, any two differ in a thirtieth of the ink of both or more."""
    mine = [style for style in STYLES if style[0] == label]
    steady = [steady_ink(style) for style in mine]
    for (one, ink), (other, ink_of_other) in combinations(zip(mine, steady, strict=True), 2):
        assert (ink ^ ink_of_other).sum() > (ink.sum() + ink_of_other.sum()) / 30, (one, other)


def steady_ink(style: str) -> np.ndarray:
    path = [point for stroke in strokes_of(style) for point in pen.smooth(np.array([p[:2] for p in stroke]))]
    return pen.ink(np.array(path) + 80, np.full(len(path), 4.0), pen.CANVAS) > 0


# --- drawings


@pytest.mark.parametrize("style", STYLES)
def test_every_drawing_is_ink_within_the_canvas_that_survives_the_gate(style):
    for seed in range(3):
        drawing = strokes.draw(style, seed)
        assert (drawing.shape, drawing.dtype, drawing.max()) == ((96, 96), np.uint8, 255)
        assert not (drawing[0].any() or drawing[-1].any() or drawing[:, 0].any() or drawing[:, -1].any())
        rows = np.flatnonzero(drawing.any(axis=1))
        assert rows[-1] - rows[0] >= 96 * 0.2, "too small to read"
        assert (drawing > 0).mean() < 0.45, "more ink than a pen leaves"
        seen = (
            preprocessing.canonical(preprocessing.to_thumbnail(drawing)) >= 64
        ).sum()  # a hair on a large canvas is half a pixel there
        assert seen >= 20, f"thin strokes vanish: {seen}"


@pytest.mark.parametrize("style", STYLES)
def test_the_same_seed_draws_the_same_and_another_draws_another(style):
    drawings = [strokes.draw(style, seed) for seed in range(3)]
    assert np.array_equal(drawings[2], strokes.draw(style, 2))
    assert len({drawing.tobytes() for drawing in drawings}) == 3


def test_two_styles_of_one_seed_are_drawn_by_different_hands():
    one, other = (pen.Hand.sample(pen.RandomStream(5, style)) for style in ("7-plain", "7-barred"))
    assert one != other


def test_every_drawing_is_unlike_every_other():
    drawings, _ = Selection(200, seed=3).draw()
    assert len({drawing.tobytes() for drawing in drawings}) == 200


@pytest.mark.parametrize("side", [28, 64, 97, 280, 1120])
def test_another_side_draws_the_same_at_another_resolution(side):
    for style in ("0-slashed", "1-bare", "5-barred"):
        small, large = (strokes.draw(style, 4, size) for size in (140, side))
        assert large.shape == (side, side)
        assert abs(centre(small) - centre(large)).max() < 0.01
        assert abs(small.mean() - large.mean()) < 0.1 * small.mean()  # strokes thinner than a pixel lose some ink


def centre(drawing: np.ndarray) -> np.ndarray:
    """Centre of mass of the ink, as shares of the sides."""
    at = (np.arange(len(drawing)) + 0.5) / len(drawing)
    return np.array([drawing.sum(axis=1) @ at, drawing.sum(axis=0) @ at]) / drawing.sum()


def test_brushes_are_from_nine_to_forty_five_pixels_on_a_canvas_of_280():
    radii = [hand.radius_px for hand in HANDS]
    assert 4.5 <= min(radii) < 4.7 and 21 < max(radii) < 22.5


def test_a_brush_is_at_most_a_ninth_of_the_height_so_that_loops_stay_open():
    assert all(hand.height_px >= min(200, 9 * hand.radius_px) and 85 <= hand.height_px <= 240 for hand in HANDS)


def test_digits_are_turned_by_twelve_degrees_at_most_and_both_ways():
    degrees = [2 * np.degrees(np.arctan(hand.half_turn)) for hand in HANDS]
    assert -11.5 < min(degrees) < -10 and 10 < max(degrees) < 11.5


def test_a_hasty_mouse_draws_one_in_four():
    assert 0.17 < np.mean([hand.hurry_px > 0 for hand in HANDS]) < 0.33


def test_drawings_are_placed_all_over_the_canvas():
    places = np.array([centre(drawing) for drawing in Selection(300, seed=1).draw()[0]])
    assert places.min() < 0.3 and places.max() > 0.7 and abs(places.mean(axis=0) - 0.5).max() < 0.05


# --- the pen


@pytest.mark.parametrize("radius", [3.0, 7.5, 22.0])
def test_one_touch_of_a_round_brush_leaves_a_disc(radius):
    got = pen.ink(np.array([[150.0, 90.0]]), np.array([radius]), pen.CANVAS)
    assert abs(got.sum() / 255 - np.pi * radius**2) < 0.03 * np.pi * radius**2
    reach = int(radius + 0.5)
    ink = np.argwhere(got)
    assert ink.min(axis=0).tolist() == [90 - reach, 150 - reach]
    assert ink.max(axis=0).tolist() == [89 + reach, 149 + reach]


def test_a_straight_line_is_as_wide_as_the_brush_along_its_whole_way():
    points = np.stack([np.arange(60.0, 200.0), np.full(140, 100.0)], axis=1)
    got = pen.ink(points, np.full(140, 6.0), pen.CANVAS)
    assert abs(got[:, 65:190].sum(axis=0) / 255 - 12).max() < 0.3


def test_ink_over_ink_is_ink_and_the_way_does_not_matter():
    points = np.stack([np.arange(60.0, 200.0), np.arange(200.0, 60.0, -1)], axis=1)
    radius = np.full(140, 3.0)
    once = pen.ink(points, radius, pen.CANVAS)
    assert np.array_equal(once, pen.ink(points[::-1], radius, pen.CANVAS))
    assert np.array_equal(once, pen.ink(np.concatenate([points, points]), np.concatenate([radius, radius]), 280))


def test_a_smooth_curve_passes_all_its_points():
    points = np.array([[0.0, 0.0], [30.0, 4.0], [32.0, 50.0], [5.0, 80.0]])
    assert np.allclose(pen.smooth(points)[:: pen.PER_PIECE], points, atol=1e-9)


def test_a_point_named_twice_does_not_break_the_curve():
    assert np.isfinite(pen.smooth(np.array([[3.0, 4.0], [3.0, 4.0], [9.0, 9.0]]))).all()


def test_random_numbers_stay_within_their_bounds():
    stream = pen.RandomStream(1, "bounds")
    uniform, bell = stream.uniform(5000), stream.normal(5000)
    assert 0 <= uniform.min() and uniform.max() < 1 and abs(uniform.mean() - 0.5) < 0.02
    assert abs(bell).max() <= 12**0.5 and abs(bell.mean()) < 0.05 and abs(bell.std() - 1) < 0.05


# --- selections


def test_the_task_is_registered_and_draws_nothing_before_it_is_asked(monkeypatch):
    monkeypatch.setattr(strokes, "draw", None)
    assert TASKS["strokes"] is strokes and len(Selection(20_000)) == 20_000


@pytest.mark.parametrize("n", [1, 7, 40, 123])
@pytest.mark.parametrize("balanced", [True, False])
def test_a_selection_draws_as_many_lessons_as_asked(n, balanced):
    lessons = Selection(n, seed=2, balanced=balanced)
    drawings, labels = lessons.draw()
    assert (drawings.shape, drawings.dtype, len(labels), len(lessons)) == ((n, 96, 96), np.uint8, n, n)
    assert {type(label) for label in labels} == {str}
    assert labels == tuple(map(strokes.label_of, lessons.lesson_styles))


def test_when_balanced_the_labels_take_turns_and_so_do_the_styles_of_each():
    each = Selection(1000, seed=1).lesson_styles
    assert all({style[0] for style in each[start : start + 10]} == set("0123456789") for start in range(0, 1000, 10))
    n_of = Counter(each)
    for label in "0123456789":
        mine = [n_of[style] for style in STYLES if style[0] == label]
        assert max(mine) - min(mine) <= 1 and sum(mine) == 100


def test_when_not_balanced_every_style_is_equally_likely():
    n_of = Counter(Selection(20_000, balanced=False).lesson_styles)
    expected = 20_000 / len(STYLES)
    assert set(n_of) == set(STYLES) and all(abs(n - expected) < 5 * expected**0.5 for n in n_of.values())


@pytest.mark.parametrize("balanced", [True, False])
def test_a_selection_keeps_to_its_labels_and_styles(balanced):
    lessons = Selection(30, ["7", "1"], ["7-barred", "1-bare", "4-open", "7-plain"], seed=4, balanced=balanced)
    assert set(lessons.lesson_styles) == {"1-bare", "7-plain", "7-barred"} and set(lessons.draw()[1]) == {"1", "7"}
    assert (lessons.labels, lessons.styles) == (("1", "7"), ("1-bare", "4-open", "7-plain", "7-barred"))


def test_styles_that_are_not_named_are_held_out():
    taught, held_out = STYLES[::2], STYLES[1::2]
    one, other = (set(Selection(200, styles=some).lesson_styles) for some in (taught, held_out))
    assert one == set(taught) and other == set(held_out)


@pytest.mark.parametrize("balanced", [True, False])
@pytest.mark.parametrize("n", [1, 9, 41, 90])
def test_a_larger_draw_begins_with_the_smaller_one(n, balanced):
    drawings, labels = Selection(91, seed=6, balanced=balanced).draw()
    assert same(Selection(n, seed=6, balanced=balanced).draw(), (drawings[:n], labels[:n]))


def test_a_seed_fixes_the_draw_and_another_seed_changes_it():
    one = Selection(30, seed=7).draw()
    assert same(one, Selection(30, seed=7).draw()) and not same(one, Selection(30, seed=8).draw())


def test_the_order_in_which_labels_and_styles_are_named_does_not_matter():
    one = Selection(10, ("1", "7"), ("7-plain", "1-bare"))
    other = Selection(10, ["7", "1", "7"], ["1-bare", "7-plain"])
    assert one == other and hash(one) == hash(other) and same(one.draw(), other.draw())


@pytest.mark.parametrize("version", strokes.STYLES)
def test_the_draw_of_a_version_is_the_same_on_every_machine_and_for_ever(version):
    assert "".join(Selection(24, version=version).draw()[1]) == GOLDEN_BALANCED
    assert "".join(Selection(24, balanced=False, version=version).draw()[1]) == GOLDEN_PLAIN[version]
    drawings, _ = Selection(82, version=version).draw()
    assert hashlib.sha256(drawings.tobytes()).hexdigest()[:16] == GOLDEN_DRAWINGS[version]


def test_a_source_without_a_version_is_of_the_first():
    first = Selection(30, seed=7, version=1)
    assert "version" not in first.source and same(replay(first.source), first.draw())
    assert not np.array_equal(first.draw()[0], Selection(30, seed=7).draw()[0])


def test_a_selection_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Selection(10).seed = 3


# --- replay


def test_what_is_shipped_is_what_would_be_drawn():
    drawings, labels = Selection(150).draw()
    shipped, names = replay(Selection(150).source)
    assert shipped.shape == (150, 28, 28) and names == labels
    assert np.array_equal(preprocessing.to_thumbnails(shipped), preprocessing.to_thumbnails(drawings))
    with np.load(strokes.THUMBNAILS) as file:
        assert len(file["drawings"]) == len(strokes.SHIPPED) and strokes.SHIPPED.version == strokes.VERSION


def test_without_the_file_they_are_drawn(monkeypatch, tmp_path):
    monkeypatch.setattr(strokes, "THUMBNAILS", tmp_path / "none.npz")
    assert same(replay(Selection(9).source), Selection(9).draw())


@pytest.mark.parametrize(
    "selection",
    [
        Selection(25, seed=3),
        Selection(25, seed=2**63 - 1, balanced=False),
        Selection(8, ["2", "9"], ["2-swan", "9-open", "9-straight"], seed=1),
    ],
)
def test_replay_draws_the_same_lessons_from_a_reference_that_went_through_json(selection):
    assert same(replay(json.loads(json.dumps(selection.source))), selection.draw())


GOOD = Selection(5).source


@pytest.mark.parametrize(
    "source",
    [
        {"task": "strokes"},
        GOOD | {"path": "/etc/passwd"},
        GOOD | {"split": "test"},
        GOOD | {"side": 64},
        {1: 2, **GOOD},
        *(GOOD | {"n": n} for n in (0, -1, 20_001, 10**30, 5.0, float("nan"), True, "5", None, [5], {})),
        *(GOOD | {"seed": seed} for seed in (-1, 2**63, 10**30, 1.5, None, True, "0", [0])),
        *(GOOD | {"version": version} for version in (0, 3, -1, 1.0, "2", None, True, [2])),
        *(GOOD | {"balanced": balanced} for balanced in (1, 0, None, "true", [])),
        *(GOOD | {"labels": labels} for labels in ("38", None, 3, [3], ["x"], [""], ["1"] * 11, {"1": 1}, [["1"]])),
        *(GOOD | {"styles": styles} for styles in ("7-barred", None, 7, ["7"], [""], [None], [["7-barred"]], {})),
        GOOD | {"styles": ["../7-barred"]},
        GOOD | {"styles": ["7-barred"] * 1000},
        GOOD | {"labels": ["1"], "styles": ["7-barred"]},
        GOOD | {"labels": ["1", "7"], "styles": ["7-barred"]},
    ],
    ids=lambda source: json.dumps(source)[:90],
)
def test_a_reference_from_a_hostile_file_is_refused(source):
    with pytest.raises(AgentError, match=r"^expected .*, got .*"):
        replay(source)


@pytest.mark.parametrize("style", ["", "7", "7-", "10-plain", None, 7, ["7-barred"], "7-barred ", "x" * 10_000])
def test_an_unknown_style_is_refused(style):
    for ask in (strokes.label_of, lambda name: strokes.draw(name, 0)):
        with pytest.raises(AgentError, match="expected a style such as 0-plain, .*, got") as refused:
            ask(style)
        assert len(str(refused.value)) < 1000


@pytest.mark.parametrize("side", [0, 27, 1121, 10**9, 64.0, True, None, "64"])
def test_a_side_out_of_range_is_refused(side):
    with pytest.raises(AgentError, match="expected side as a whole number from 28 to 1,?120, got"):
        strokes.draw("0-plain", 0, side)


@pytest.mark.parametrize("seed", [-1, 2**63, 0.5, True, None, "1"])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(AgentError, match="expected seed as a whole number from 0 to"):
        strokes.draw("0-plain", seed)


def test_errors_name_the_numbers():
    with pytest.raises(AgentError, match=r"expected n_lessons as a whole number from 1 to 20,000, got 20001"):
        Selection(20_001)
    with pytest.raises(AgentError, match=r"styles of the labels 1, 7, got none of 1"):
        Selection(5, ["1", "7"], ["7-barred"])
