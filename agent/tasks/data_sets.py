"""Data sets of the user's own: every data/NAME.npz with drawings and labels is a source of lessons.

The file holds ``drawings`` (N, H, W) uint8, 0 paper … 255 ink, and ``labels`` (N,), strings or whole numbers; NAME.md
beside it says where they come from and under which licence.
"""

from __future__ import annotations

import functools
import math
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from agent.errors import AgentError
from agent.retina import LARGEST_PX, SMALLEST_PX

FOLDER = Path(__file__).resolve().parents[2] / "data"
MAX_BYTES = 256_000_000  # unpacked, drawings and labels together
RESERVED = ("mnist",)
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def data_sets() -> tuple[str, ...]:
    """Name the data sets in data/, sorted: the file names without ``.npz``.

    Examples
    --------
    >>> "mnist" in data_sets()        # it has its own files and its own name
    False
    """
    names = {path.stem for path in FOLDER.glob("*.npz")}
    return tuple(sorted(name for name in names if name not in RESERVED and ":" not in name))


def data_set(name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Give the drawings and labels of a data set.

    Parameters
    ----------
    name : str
        One of `data_sets`.

    Returns
    -------
    drawings : numpy.ndarray
        (N, H, W) uint8, 0 paper … 255 ink, read-only.
    labels : tuple of str
        N labels.

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
    """Read a file once as long as it does not change."""
    return read_npz(path)


def read_npz(path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a data set from a file that may be somebody else's: sizes and types are checked before it is unpacked."""
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
    """Check names and unpacked sizes, which stand in the archive's directory."""
    entries = {entry.filename: entry.file_size for entry in archive.infolist()}
    if set(entries) != {"drawings.npy", "labels.npy"} or len(archive.infolist()) != 2:
        raise AgentError(f"expected the arrays drawings and labels in {path.name}, got {sorted(entries)[:8]}.")
    if sum(entries.values()) > MAX_BYTES:
        raise AgentError(
            f"expected at most {MAX_BYTES:,} bytes in {path.name}, got {sum(entries.values()):,} unpacked. "
            "Split it into several data sets."
        )


def _read(archive: zipfile.ZipFile, name: str, kinds: tuple[object, ...], n_dims: int) -> np.ndarray:
    """Read one array whose header agrees with its size; arrays of objects, which would be unpickled, are refused."""
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
