"""Selections: as many of each label as asked, the same draw for a seed, nothing that is held out."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
from equality import same_draw
from published import N_OF_LABEL

from agent.datasets import digits, fonts
from agent.datasets.digits import Selection
from agent.errors import AgentError

GOLDEN_BALANCED = "190358252543607496877314"
GOLDEN_PLAIN = "913044361843594986865471"


def test_a_selection_draws_as_many_as_its_length_and_every_drawing_with_its_label():
    drawings, labels = Selection({"mnist": 500}, seed=4).draw()
    everything = dict(zip((drawing.tobytes() for drawing in digits.mnist()[0]), digits.mnist()[1], strict=True))
    assert isinstance(drawings, np.ndarray) and drawings.shape == (500, 28, 28) and drawings.dtype == np.uint8
    assert [everything[drawing.tobytes()] for drawing in drawings] == list(labels)
    assert len({drawing.tobytes() for drawing in drawings}) == 500  # without replacement


@pytest.mark.parametrize("n_lessons", [1, 9, 10, 63, 600])
def test_a_balanced_selection_has_equally_many_of_each_label(n_lessons):
    counts = Counter(dict.fromkeys(fonts.DIGITS, 0))
    counts.update(Selection({"mnist": n_lessons}, seed=2).draw()[1])
    assert sorted(counts.values()) == [n_lessons // 10] * (10 - n_lessons % 10) + [n_lessons // 10 + 1] * (
        n_lessons % 10
    )


def test_the_rest_of_a_balanced_selection_goes_to_labels_chosen_by_the_seed():
    extra = {frozenset(Selection({"mnist": 3}, seed=seed).draw()[1]) for seed in range(10)}
    assert len(extra) > 5 and all(len(labels) == 3 for labels in extra)


def test_a_balanced_selection_of_almost_everything_is_as_balanced_as_it_can_be():
    counts = Counter(Selection({"mnist": 58_000}).draw()[1])
    full = {label for label, n_there in N_OF_LABEL.items() if counts[label] == n_there}
    assert "5" in full and max(counts.values()) - min(counts[label] for label in counts if label not in full) <= 1


def test_a_plain_selection_is_as_unequal_as_chance():
    counts = Counter(Selection({"mnist": 600}, balanced=False, seed=0).draw()[1])
    assert len(set(counts.values())) > 4 and min(counts.values()) > 30


def test_a_selection_of_all_is_every_drawing_once():
    drawings, labels = Selection({"mnist": None}, split="test", seed=1).draw()
    everything, names = digits.mnist("test")
    assert Counter(labels) == Counter(names) and labels != names
    assert (drawings.sum(axis=0, dtype=np.int64) == everything.sum(axis=0, dtype=np.int64)).all()


@pytest.mark.parametrize("balanced", [True, False])
def test_a_selection_keeps_to_its_labels(balanced):
    lessons = Selection({"mnist": 50, "font:Anton": None}, labels=["7", "1"], balanced=balanced)
    _, labels = lessons.draw()
    assert len(lessons) == len(labels) == 52 and set(labels) == {"1", "7"} and lessons.labels == ("1", "7")


def test_a_font_gives_all_ten_digits():
    lessons = Selection({"font:Anton": None, "font:Carlito": None})
    drawings, labels = lessons.draw()
    assert isinstance(drawings, np.ndarray) and drawings.shape == (20, fonts.SIDE, fonts.SIDE)
    assert Counter(labels) == dict.fromkeys(fonts.DIGITS, 2)
    assert lessons.sets == (("font:Anton", 10), ("font:Carlito", 10))


def test_drawings_of_different_sizes_come_as_a_list_in_one_shuffled_order():
    drawings, labels = Selection({"mnist": 30, "font:Anton": 10}, seed=5).draw()
    shapes = [drawing.shape for drawing in drawings]
    assert isinstance(drawings, list) and set(shapes) == {(28, 28), (64, 64)} and len(labels) == 40
    assert 64 in {height for height, _ in shapes[:20]} and 64 in {height for height, _ in shapes[20:]}


@pytest.mark.parametrize("sets", [{"mnist": 70}, {"mnist": 12, "font:Damion": 10}, {"font:Anton": 4}])
@pytest.mark.parametrize("balanced", [True, False])
def test_a_seed_fixes_the_draw_and_another_seed_changes_it(sets, balanced):
    one = Selection(sets, seed=7, balanced=balanced).draw()
    assert same_draw(one, Selection(sets, seed=7, balanced=balanced).draw())
    assert not same_draw(one, Selection(sets, seed=8, balanced=balanced).draw())


def test_the_draw_is_the_same_on_every_machine_and_in_every_version():
    assert "".join(Selection({"mnist": 24}, seed=0).draw()[1]) == GOLDEN_BALANCED
    assert "".join(Selection({"mnist": 24}, seed=0, balanced=False).draw()[1]) == GOLDEN_PLAIN


def test_the_order_in_which_sets_are_named_does_not_matter():
    one = Selection({"mnist": 12, "font:Anton": 10})
    other = Selection([("font:Anton", 10), ("mnist", 12)])
    assert one == other and hash(one) == hash(other) and same_draw(one.draw(), other.draw())


def taken(selection: Selection) -> set[bytes]:
    return {drawing.tobytes() for drawing in selection.draw()[0] if drawing.shape == (28, 28)}


def test_a_larger_draw_holds_the_smaller_one_and_other_sets_do_not_change_it():
    small = taken(Selection({"mnist": 33}, seed=1))
    assert small < taken(Selection({"mnist": 61}, seed=1))
    assert small == taken(Selection({"mnist": 33, "font:Anton": 10}, seed=1))


def test_a_selection_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Selection({"mnist": 10}).seed = 3


def test_held_out_lessons_are_never_among_those_taught():
    taught = Selection({"mnist": None})
    held_out = taught.held_out(10_000)
    assert len(held_out) == 10_000 and held_out.split == "test"
    assert not taken(taught) & taken(held_out)


def test_held_out_lessons_keep_to_the_labels_and_fonts_have_none():
    held_out = Selection({"mnist": 10, "font:Anton": 2}, labels=["3", "5"]).held_out(40, seed=3)
    assert set(held_out.draw()[1]) == {"3", "5"} and len(held_out) == 40
    assert Selection({"font:Anton": 10}).held_out(40) is None


def test_errors_name_the_numbers():
    with pytest.raises(AgentError, match=r"from 1 to 5,?421, got 6000"):
        Selection({"mnist": 6000}, labels=["5"])
    with pytest.raises(AgentError, match=r"expected drawings labelled A in mnist, got none"):
        Selection({"mnist": 10}, labels=["A"])
