"""Tasks: data sets give what they promise; selections draw the same lessons again, and only those."""

import dataclasses
import io
import json
import os
import zipfile
from collections import Counter

import numpy as np
import pytest
from published import N_OF_LABEL

from agent.errors import AgentError
from agent.tasks import TASKS, data_sets, digits, figures, fonts, replay
from agent.tasks.digits import Selection

GOLDEN_BALANCED = "190358252543607496877314"
GOLDEN_PLAIN = "913044361843594986865471"


# --- data sets


@pytest.fixture
def data_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(data_sets, "FOLDER", tmp_path)
    return tmp_path


def strokes(n_drawings: int, height: int = 12, width: int = 20) -> np.ndarray:
    """Draw one upright stroke each, every one at another place."""
    drawings = np.zeros((n_drawings, height, width), np.uint8)
    for number in range(n_drawings):
        drawings[number, 1 + number % 3 : -1 - number % 2, 2 + number % (width - 4)] = 255
    return drawings


@pytest.mark.parametrize("labels", [np.array(["a", "b", "a", "cd"]), np.array([4, 0, 4, 11])])
def test_a_data_set_dropped_into_the_folder_is_a_set(data_folder, labels):
    np.savez_compressed(data_folder / "letters.npz", drawings=strokes(4), labels=labels)
    drawings, names = digits.data_set("letters")
    assert digits.data_sets() == ("letters",) and "letters" in digits.sets()
    assert drawings.tolist() == strokes(4).tolist() and names == tuple(str(label) for label in labels)
    assert not drawings.flags.writeable
    drawn, told = Selection({"letters": None, "font:Anton": 10, "mnist": 20}).draw()
    assert {drawing.shape for drawing in drawn} == {(12, 20), (28, 28), (64, 64)}
    assert Counter(told) == Counter(names) + Counter(dict.fromkeys(figures.DIGITS, 3))


def test_a_changed_data_set_is_read_anew(data_folder):
    path = data_folder / "mine.npz"
    for n_drawings, now_ns in ((3, 10**18), (5, 2 * 10**18)):
        np.savez(path, drawings=strokes(n_drawings), labels=np.arange(n_drawings))
        os.utime(path, ns=(now_ns, now_ns))
        assert len(digits.data_set("mine")[1]) == n_drawings


def test_a_data_set_may_not_take_the_name_of_another_set(data_folder):
    for name in ("mnist", "font:Anton"):
        np.savez(data_folder / f"{name}.npz", drawings=strokes(2), labels=np.arange(2))
    assert digits.data_sets() == ()


def npz(folder, name="hostile", **arrays):
    np.savez(folder / f"{name}.npz", **arrays)


@pytest.mark.parametrize(
    ("arrays", "got"),
    [
        ({"drawings": strokes(2)}, "got .'drawings.npy'."),
        ({"drawings": strokes(2), "labels": np.arange(2), "more": np.arange(2)}, "more.npy"),
        ({"drawings": strokes(2), "labels": np.arange(3)}, "got 3 and 2"),
        ({"drawings": strokes(2).astype(np.float32), "labels": np.arange(2)}, "drawings of type float32"),
        ({"drawings": strokes(2)[0], "labels": np.arange(2)}, r"shape \(12, 20\)"),
        ({"drawings": strokes(2)[..., None], "labels": np.arange(2)}, r"shape \(2, 12, 20, 1\)"),
        ({"drawings": np.asfortranarray(strokes(2)), "labels": np.arange(2)}, "drawings of type uint8"),
        ({"drawings": strokes(2), "labels": np.arange(2) / 2}, "labels of type float64"),
        ({"drawings": strokes(2), "labels": np.array(["a", "b"], object)}, "labels of type object"),
        ({"drawings": strokes(2), "labels": np.array([b"a", b"b"])}, r"labels of type \|S1"),
        ({"drawings": strokes(2, 7, 20), "labels": np.arange(2)}, r"got \(2, 7, 20\)"),
        ({"drawings": strokes(2, 9, 2049), "labels": np.arange(2)}, r"got \(2, 9, 2049\)"),
        ({"drawings": strokes(0), "labels": np.arange(0)}, r"got \(0, 12, 20\)"),
    ],
)
def test_a_data_set_that_does_not_fit_is_refused(data_folder, arrays, got):
    npz(data_folder, **arrays)
    with pytest.raises(AgentError, match=rf"hostile\.npz.*{got}"):
        digits.data_set("hostile")


def test_a_data_set_cut_off_at_any_byte_is_refused(data_folder):
    npz(data_folder, drawings=strokes(2), labels=np.arange(2))
    path = data_folder / "hostile.npz"
    whole = path.read_bytes()
    for n_bytes in range(0, len(whole), 7):
        path.write_bytes(whole[:n_bytes])
        with pytest.raises(AgentError, match=r"hostile\.npz"):
            data_sets.read_npz(path)


def entry(shape: tuple[int, ...], dtype: str = "|u1", body: bytes = b"") -> bytes:
    """Write an array whose header may lie about its body."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue() + body


def hostile(folder, drawings: bytes, labels: bytes):
    path = folder / "hostile.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("drawings.npy", drawings)
        archive.writestr("labels.npy", labels)
    return path


def test_a_data_set_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(data_folder, monkeypatch):
    monkeypatch.setattr(data_sets, "MAX_BYTES", 10_000)
    path = hostile(data_folder, entry((100, 10, 20), body=bytes(20_000)), entry((100,), body=bytes(100)))
    assert path.stat().st_size < 1_000
    monkeypatch.setattr(data_sets, "_read", None)  # reading would fail
    with pytest.raises(AgentError, match=r"expected at most 10,000 bytes in hostile\.npz, got 20,\d+ unpacked"):
        data_sets.read_npz(path)


@pytest.mark.parametrize("shape", [(10**9, 28, 28), (3, 10, 20), (1, 10, 20), (-2, -10, 10), (2**62, 2**62, 4)])
def test_a_header_that_lies_about_its_body_is_refused(data_folder, shape):
    path = hostile(data_folder, entry(shape, body=bytes(400)), entry((2,), "<i8", bytes(16)))
    with pytest.raises(AgentError, match=r"hostile\.npz, got"):
        data_sets.read_npz(path)


def test_a_pickle_in_a_data_set_is_never_opened(data_folder):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    np.savez(data_folder / "hostile.npz", drawings=strokes(1), labels=np.array([Bomb()], object))
    with pytest.raises(AgentError, match="labels of type object"):
        digits.data_set("hostile")


@pytest.mark.parametrize("name", ["", "none", "../data/none", None, 3])
def test_an_unknown_data_set_is_refused(data_folder, name):
    with pytest.raises(AgentError, match="expected a data set among none yet"):
        digits.data_set(name)


# --- selections


def test_a_selection_draws_as_many_as_its_length_and_every_drawing_with_its_label():
    drawings, labels = Selection({"mnist": 500}, seed=4).draw()
    everything = dict(zip((drawing.tobytes() for drawing in digits.mnist()[0]), digits.mnist()[1], strict=True))
    assert isinstance(drawings, np.ndarray) and drawings.shape == (500, 28, 28) and drawings.dtype == np.uint8
    assert [everything[drawing.tobytes()] for drawing in drawings] == list(labels)
    assert len({drawing.tobytes() for drawing in drawings}) == 500  # without replacement


@pytest.mark.parametrize("n_lessons", [1, 9, 10, 63, 600])
def test_a_balanced_selection_has_equally_many_of_each_label(n_lessons):
    counts = Counter(dict.fromkeys(figures.DIGITS, 0))
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
    assert Counter(labels) == dict.fromkeys(figures.DIGITS, 2)
    assert lessons.sets == (("font:Anton", 10), ("font:Carlito", 10))


def test_drawings_of_different_sizes_come_as_a_list_in_one_shuffled_order():
    drawings, labels = Selection({"mnist": 30, "font:Anton": 10}, seed=5).draw()
    shapes = [drawing.shape for drawing in drawings]
    assert isinstance(drawings, list) and set(shapes) == {(28, 28), (64, 64)} and len(labels) == 40
    assert 64 in {height for height, _ in shapes[:20]} and 64 in {height for height, _ in shapes[20:]}


def same(one, other) -> bool:
    return one[1] == other[1] and len(one[0]) == len(other[0]) and all(map(np.array_equal, one[0], other[0]))


@pytest.mark.parametrize("sets", [{"mnist": 70}, {"mnist": 12, "font:Damion": 10}, {"font:Anton": 4}])
@pytest.mark.parametrize("balanced", [True, False])
def test_a_seed_fixes_the_draw_and_another_seed_changes_it(sets, balanced):
    one = Selection(sets, seed=7, balanced=balanced).draw()
    assert same(one, Selection(sets, seed=7, balanced=balanced).draw())
    assert not same(one, Selection(sets, seed=8, balanced=balanced).draw())


def test_the_draw_is_the_same_on_every_machine_and_in_every_version():
    assert "".join(Selection({"mnist": 24}, seed=0).draw()[1]) == GOLDEN_BALANCED
    assert "".join(Selection({"mnist": 24}, seed=0, balanced=False).draw()[1]) == GOLDEN_PLAIN


def test_the_order_in_which_sets_are_named_does_not_matter():
    one = Selection({"mnist": 12, "font:Anton": 10})
    other = Selection([("font:Anton", 10), ("mnist", 12)])
    assert one == other and hash(one) == hash(other) and same(one.draw(), other.draw())


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


# --- replay


@pytest.mark.parametrize(
    "selection",
    [
        Selection({"mnist": 25}, seed=3),
        Selection({"mnist": 25}, seed=2**63 - 1, balanced=False, split="test"),
        Selection({"mnist": 8, "font:Gelasio": None}, labels=["2", "9"], seed=1),
    ],
)
def test_replay_draws_the_same_lessons_from_a_reference_that_went_through_json(selection):
    assert same(replay(json.loads(json.dumps(selection.source))), selection.draw())


def test_every_task_replays_and_says_what_it_is():
    for name, task in TASKS.items():
        assert name == task.NAME and task.SUMMARY and callable(task.replay)


GOOD = Selection({"mnist": 5}).source


@pytest.mark.parametrize(
    "source",
    [
        None,
        [],
        "digits",
        {},
        {"task": "digits"},
        GOOD | {"task": "numbers"},
        GOOD | {"task": ["digits"]},
        GOOD | {"task": None},
        GOOD | {"path": "/etc/passwd"},
        GOOD | {"sets": {}},
        GOOD | {"sets": []},
        GOOD | {"sets": "mnist"},
        GOOD | {"sets": None},
        GOOD | {"sets": [["mnist", 5]]},
        GOOD | {"sets": {"mnist": 0}},
        GOOD | {"sets": {"mnist": -1}},
        GOOD | {"sets": {"mnist": 60_001}},
        GOOD | {"sets": {"mnist": 10**30}},
        GOOD | {"sets": {"mnist": 5.0}},
        GOOD | {"sets": {"mnist": True}},
        GOOD | {"sets": {"mnist": "5"}},
        GOOD | {"sets": {"mnist": [5]}},
        GOOD | {"sets": {"fashion": 5}},
        GOOD | {"sets": {"font:../../x": 5}},
        GOOD | {"sets": {"font:Anton": 11}},
        GOOD | {"sets": {"../mnist": 5}},
        GOOD | {"sets": {f"font:{number}": 1 for number in range(300)}},
        GOOD | {"labels": "38"},
        GOOD | {"labels": None},
        GOOD | {"labels": [3]},
        GOOD | {"labels": ["x"]},
        GOOD | {"labels": [""]},
        GOOD | {"labels": ["123456789"]},
        GOOD | {"labels": ["1"] * 257},
        GOOD | {"labels": {"1": 1}},
        GOOD | {"labels": [["1"]]},
        GOOD | {"seed": -1},
        GOOD | {"seed": 2**63},
        GOOD | {"seed": 1.5},
        GOOD | {"seed": None},
        GOOD | {"seed": True},
        GOOD | {"seed": "0"},
        GOOD | {"balanced": 1},
        GOOD | {"balanced": None},
        GOOD | {"split": "validation"},
        GOOD | {"split": None},
        GOOD | {"split": ["train"]},
        GOOD | {"split": "test", "sets": {"font:Anton": 10}},
        {1: 2, **GOOD},
    ],
    ids=lambda source: json.dumps(source)[:60] if isinstance(source, dict) else str(source),
)
def test_a_reference_from_a_hostile_file_is_refused(source):
    with pytest.raises(AgentError, match="^expected "):
        replay(source)


def test_errors_name_the_numbers():
    with pytest.raises(AgentError, match=r"from 1 to 5,421, got 6000"):
        Selection({"mnist": 6000}, labels=["5"])
    with pytest.raises(AgentError, match=r"expected drawings labelled A in mnist, got none"):
        Selection({"mnist": 10}, labels=["A"])
