"""Data sets: a file dropped into the folder is a set; one that does not fit, lies or hides a pickle is refused."""

import io
import os
import zipfile
from collections import Counter

import numpy as np
import pytest

from agent.datasets import digits, files
from agent.datasets.digits import Selection
from agent.errors import AgentError


@pytest.fixture
def data_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "FOLDER", tmp_path)
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
    assert Counter(told) == Counter(names) + Counter(dict.fromkeys(digits.DIGITS, 3))


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
            files.read_npz(path)


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
    monkeypatch.setattr(files, "MAX_BYTES", 10_000)
    path = hostile(data_folder, entry((100, 10, 20), body=bytes(20_000)), entry((100,), body=bytes(100)))
    assert path.stat().st_size < 1_000
    monkeypatch.setattr(files, "_read", None)  # reading would fail
    with pytest.raises(AgentError, match=r"expected at most 10,000 bytes in hostile\.npz, got 20,\d+ unpacked"):
        files.read_npz(path)


@pytest.mark.parametrize("shape", [(10**9, 28, 28), (3, 10, 20), (1, 10, 20), (-2, -10, 10), (2**62, 2**62, 4)])
def test_a_header_that_lies_about_its_body_is_refused(data_folder, shape):
    path = hostile(data_folder, entry(shape, body=bytes(400)), entry((2,), "<i8", bytes(16)))
    with pytest.raises(AgentError, match=r"hostile\.npz, got"):
        files.read_npz(path)


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
