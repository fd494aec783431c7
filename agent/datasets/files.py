"""Drawings in files: MNIST's four idx files, and the data sets of the user, every data/NAME.npz.

An idx file is a magic number (two zero bytes, 8 for uint8, the number of dimensions), the dimensions as big-endian
32-bit integers, then the values. LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86(11), 1998.

A data set holds ``drawings`` (N, H, W) uint8, 0 paper … 255 ink, and ``labels`` (N,), strings or whole numbers;
NAME.md beside it says where they come from and under which licence.
"""

from __future__ import annotations

import functools
import gzip
import math
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from agent.errors import AgentError
from agent.preprocessing import LARGEST_PX, SMALLEST_PX
from agent.validation import check_choice

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(name: str) -> Path:
    """Find a folder of the project: beside the package, or in it where only the package was installed.

    Examples
    --------
    >>> (shipped("data") / "mnist" / "ATTRIBUTION.md").exists()
    True
    """
    return _PACKAGE / name if (_PACKAGE / name).is_dir() else _PACKAGE.parent / name


FOLDER = shipped("data")
MNIST = FOLDER / "mnist"
SIDE = 28  # of MNIST's digits
SPLITS = {"train": ("train", 60_000), "test": ("t10k", 10_000)}  # split -> file prefix, digits
LFS_POINTER = b"version https://git-lfs"
MAX_BYTES = 256_000_000  # of a data set, unpacked, drawings and labels together
RESERVED = ("mnist",)
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def mnist(split: str = "train") -> tuple[np.ndarray, tuple[str, ...]]:
    """All handwritten digits of one split.

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
    labels = mnist_labels(check_choice("a split", split, SPLITS))
    return _mnist_drawings(split), labels


@dataclass(frozen=True)
class LazyDrawings:
    """Lessons that are drawn when they are asked for."""

    labels: tuple[str, ...]  # the labels of all N
    # takes (K,) int64, the places of some of them, 0 … N - 1, and gives these K drawings, (H, W) uint8 each
    draw: Callable[[np.ndarray], np.ndarray | list[np.ndarray]]

    def __len__(self) -> int:
        return len(self.labels)

    def all(self) -> tuple[np.ndarray | list[np.ndarray], tuple[str, ...]]:
        """Draw them all: drawings and labels."""
        return self.draw(np.arange(len(self))), self.labels


@functools.cache
def mnist_labels(split: str) -> tuple[str, ...]:
    """Labels of one split, without unpacking its drawings."""
    prefix, n_digits = SPLITS[split]
    values = read_idx(MNIST / f"{prefix}-labels-idx1-ubyte.gz", (n_digits,))
    if values.max() > 9:
        raise AgentError(f"expected labels from 0 to 9 in MNIST, got {values.max()}. Copy data/mnist again.")
    return tuple("0123456789"[value] for value in values)


@functools.cache
def _mnist_drawings(split: str) -> np.ndarray:
    prefix, n_digits = SPLITS[split]
    return read_idx(MNIST / f"{prefix}-images-idx3-ubyte.gz", (n_digits, SIDE, SIDE))


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Read a gzipped idx file of bytes that must hold this shape: uint8, read-only.

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


def data_sets() -> tuple[str, ...]:
    """Names of the data sets in data/, sorted: file names without ``.npz``.

    Examples
    --------
    >>> "mnist" in data_sets()        # it has other files
    False
    """
    names = {path.stem for path in FOLDER.glob("*.npz")}
    return tuple(sorted(name for name in names if name not in RESERVED and ":" not in name))


def data_set(name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Drawings (N, H, W) uint8, read-only, and N labels of one of `data_sets`.

    Raises
    ------
    AgentError
        No data set of that name, or a file that does not hold what it should.
    """
    if not isinstance(name, str) or name not in data_sets():
        known = ", ".join(data_sets()) or "none yet: put NAME.npz into data/"
        raise AgentError(f"expected a data set among {known}, got {str(name)[:40]!r}.")
    path = FOLDER / f"{name}.npz"
    return _data_set(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _data_set(path: Path, changed: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a file, cached until it changes."""
    return read_npz(path)


def read_npz(path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read an untrusted data set: sizes and types are checked before it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(path, archive)
            drawings = _read(archive, "drawings", (np.dtype(np.uint8),), 3)
            values = _read(archive, "labels", ("U", "i", "u"), 1)
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        if isinstance(error, AgentError):
            raise
        raise AgentError(f"expected a data set in {path.name}, got {error}. Save it with numpy.savez.") from error
    height, width = drawings.shape[1:]
    if not (min(height, width) >= SMALLEST_PX and max(height, width) <= LARGEST_PX and len(drawings)):
        raise AgentError(
            f"expected drawings (N, H, W) of {SMALLEST_PX} to {LARGEST_PX} pixels along each side in {path.name}, "
            f"got {drawings.shape}. Scale them."
        )
    if len(values) != len(drawings):
        raise AgentError(f"expected as many labels as drawings in {path.name}, got {len(values)} and {len(drawings)}.")
    drawings.setflags(write=False)
    return drawings, tuple(str(value).strip() for value in values)


def _check_entries(path: Path, archive: zipfile.ZipFile) -> None:
    """Check names and unpacked sizes in the archive's directory."""
    entries = {entry.filename: entry.file_size for entry in archive.infolist()}
    if set(entries) != {"drawings.npy", "labels.npy"} or len(archive.infolist()) != 2:
        raise AgentError(f"expected the arrays drawings and labels in {path.name}, got {sorted(entries)[:8]}.")
    if sum(entries.values()) > MAX_BYTES:
        raise AgentError(
            f"expected at most {MAX_BYTES:,} bytes in {path.name}, got {sum(entries.values()):,} unpacked. "
            "Split it into several data sets."
        )


def _read(archive: zipfile.ZipFile, name: str, kinds: tuple[object, ...], n_dims: int) -> np.ndarray:
    """Read one array whose header agrees with its size; arrays of objects, which are pickled, are refused."""
    size = archive.getinfo(f"{name}.npy").file_size
    with archive.open(f"{name}.npy") as file:
        shape, fortran_order, dtype = _header(file)
        if not (dtype in kinds or dtype.kind in kinds) or len(shape) != n_dims or fortran_order:
            raise ValueError(f"{name} of type {dtype} and shape {shape}")
        n_bytes = math.prod(shape) * dtype.itemsize
        if n_bytes > size:
            raise ValueError(f"{name} of shape {shape} in {size} bytes")
        raw = file.read(n_bytes + 1)
    if len(raw) != n_bytes:
        raise ValueError(f"{name} of {len(raw)} bytes instead of {n_bytes}")
    return np.frombuffer(raw, dtype).reshape(shape)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"an array of format {version}")
    return _HEADERS[version](file)
