"""MNIST from its four original idx files.

An idx file is a magic number (two zero bytes, 8 for uint8, the number of dimensions), the dimensions as big-endian
32-bit integers, then the values. LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86(11), 1998.
"""

from __future__ import annotations

import functools
import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from agent.errors import AgentError

FOLDER = Path(__file__).resolve().parents[2] / "data" / "mnist"
SIDE = 28
SPLITS = {"train": ("train", 60_000), "test": ("t10k", 10_000)}  # split -> file prefix, digits
LFS_POINTER = b"version https://git-lfs"


def mnist(split: str = "train") -> tuple[np.ndarray, tuple[str, ...]]:
    """Give all handwritten digits of one split.

    Parameters
    ----------
    split : str
        ``"train"``, 60,000 digits, or ``"test"``, 10,000 digits of other writers.

    Returns
    -------
    drawings : numpy.ndarray
        (N, 28, 28) uint8, 0 paper … 255 ink, read-only, shared by all callers.
    labels : tuple of str
        N labels "0" … "9".

    Raises
    ------
    AgentError
        Another split, or files that are missing or damaged.

    Examples
    --------
    >>> drawings, labels = mnist("train")
    >>> drawings.shape, labels[:5]
    ((60000, 28, 28), ('5', '0', '4', '1', '9'))
    """
    return _drawings(_known(split)), _labels(split)


def mnist_labels(split: str = "train") -> tuple[str, ...]:
    """Give the labels of one split without unpacking its drawings."""
    return _labels(_known(split))


@functools.cache
def _labels(split: str) -> tuple[str, ...]:
    prefix, n_digits = SPLITS[split]
    values = read_idx(FOLDER / f"{prefix}-labels-idx1-ubyte.gz", (n_digits,))
    if values.max() > 9:
        raise AgentError(f"expected labels from 0 to 9 in MNIST, got {values.max()}. Copy data/mnist again.")
    return tuple("0123456789"[value] for value in values)


@functools.cache
def _drawings(split: str) -> np.ndarray:
    prefix, n_digits = SPLITS[split]
    return read_idx(FOLDER / f"{prefix}-images-idx3-ubyte.gz", (n_digits, SIDE, SIDE))


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Read a gzipped idx file of bytes.

    Parameters
    ----------
    path : Path
        The file.
    shape : tuple of int
        What it must hold.

    Returns
    -------
    numpy.ndarray
        uint8 of that shape, read-only.

    Raises
    ------
    AgentError
        The file is missing, cut off, not gzip, not idx or of another shape.
    """
    start = 4 + 4 * len(shape)
    n_bytes = start + math.prod(shape)
    try:
        packed = path.read_bytes()
        if packed.startswith(LFS_POINTER):
            raise AgentError(f"expected {path.name} itself, got a Git LFS pointer to it. Run: git lfs pull")
        with gzip.open(path) as file:
            raw = file.read(n_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise AgentError(f"expected {n_bytes} bytes in {path.name}, got {error}. Copy the file again.") from error
    expected = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
    if raw[:start] != expected:
        raise AgentError(f"expected an idx file of shape {shape}, got the header {raw[:start].hex()} in {path.name}.")
    if len(raw) != n_bytes:
        amount = "more" if len(raw) > n_bytes else len(raw)
        raise AgentError(f"expected {n_bytes} bytes in {path.name}, got {amount}. Copy it again.")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def _known(split: object) -> str:
    if not isinstance(split, str) or split not in SPLITS:
        raise AgentError(f"expected a split among {', '.join(SPLITS)}, got {str(split)[:40]!r}.")
    return split
