"""MNIST: its counts, shapes and labels are those published; a file that is not whole is refused."""

import gzip
from collections import Counter

import numpy as np
import pytest
from published import N_OF_LABEL

import agent
from agent.datasets import digits, files
from agent.errors import AgentError


@pytest.mark.parametrize(("split", "n_digits"), [("train", 60_000), ("test", 10_000)])
def test_mnist_has_its_counts_shapes_and_labels(split, n_digits):
    drawings, labels = digits.mnist(split)
    assert (drawings.shape, drawings.dtype, len(labels)) == ((n_digits, 28, 28), np.uint8, n_digits)
    assert {type(label) for label in labels} == {str} and set(labels) == set("0123456789")
    assert (drawings.min(), drawings.max()) == (0, 255) and drawings.any(axis=(1, 2)).all()


def test_mnist_training_digits_are_as_many_of_each_label_as_published():
    assert Counter(digits.mnist("train")[1]) == N_OF_LABEL


def test_mnist_is_read_once_and_cannot_be_written():
    drawings, _ = digits.mnist("train")
    assert digits.mnist("train")[0] is drawings
    with pytest.raises(ValueError, match="read-only"):
        drawings[0, 0, 0] = 1


def test_mnist_is_found_from_any_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    files.mnist_labels.cache_clear()
    assert digits.mnist("test")[1][:3] == ("7", "2", "1")


@pytest.mark.parametrize("split", ["training", "", None, 3, ["train"]])
def test_another_split_is_refused(split):
    with pytest.raises(AgentError, match="expected a split among train, test, got"):
        digits.mnist(split)


def idx(drawings: np.ndarray) -> bytes:
    return bytes([0, 0, 8, drawings.ndim]) + np.array(drawings.shape, ">u4").tobytes() + drawings.tobytes()


@pytest.fixture
def few():
    """Three drawings of 5 x 9 pixels."""
    return np.random.default_rng(0).integers(0, 256, (3, 5, 9)).astype(np.uint8)


def test_an_idx_file_is_read_back_as_written(tmp_path, few):
    path = tmp_path / "few.gz"
    path.write_bytes(gzip.compress(idx(few)))
    got = files.read_idx(path, few.shape)
    assert got.tolist() == few.tolist() and not got.flags.writeable


def test_an_idx_file_cut_off_at_any_byte_is_refused(tmp_path, few):
    path = tmp_path / "few.gz"
    whole = gzip.compress(idx(few))
    for n_bytes in range(len(whole)):
        path.write_bytes(whole[:n_bytes])
        with pytest.raises(AgentError, match=r"few\.gz"):
            files.read_idx(path, few.shape)


def test_an_idx_body_cut_off_or_too_long_is_refused_with_its_bytes(tmp_path, few):
    path = tmp_path / "few.gz"
    for body, got in ((idx(few)[:-1], "150"), (idx(few) + b"x", "more")):
        path.write_bytes(gzip.compress(body))
        with pytest.raises(AgentError, match=rf"expected 151 bytes in few\.gz, got {got}"):
            files.read_idx(path, few.shape)


@pytest.mark.parametrize("place", range(16))
def test_an_idx_header_with_a_wrong_byte_is_refused(tmp_path, few, place):
    path, body = tmp_path / "few.gz", bytearray(idx(few))
    body[place] ^= 1
    path.write_bytes(gzip.compress(bytes(body)))
    with pytest.raises(AgentError, match=r"expected an idx file of shape \(3, 5, 9\), got the header"):
        files.read_idx(path, few.shape)


def test_a_git_lfs_pointer_says_what_to_run(tmp_path):
    path = tmp_path / "few.gz"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 151\n")
    with pytest.raises(AgentError, match="git lfs pull"):
        files.read_idx(path, (3, 5, 9))


def test_a_missing_idx_file_is_refused(tmp_path):
    with pytest.raises(AgentError, match=r"expected 151 bytes in none\.gz"):
        files.read_idx(tmp_path / "none.gz", (3, 5, 9))


def test_mnist_is_found_by_its_short_name_and_where_it_was_before():
    assert agent.datasets.mnist is agent.datasets.digits.mnist is agent.tasks.digits.mnist
