"""Compiled loops: small, exact, and without checks.

Arrays come in, arrays go out; nothing is raised. Whoever calls a kernel has
checked its arguments, because numba does not check bounds. Scratch arrays have a small fixed size. Each
kernel has a slow plain twin in ``tests/naive.py``.

Shape letters used in every docstring
-------------------------------------
N drawings · H W height and width of a picture in pixels · S side of the canonical drawing (28) ·
K edge maps (8) · P planes of bits (48) · M RAM nodes · T bits one node reads · A = 2**T addresses ·
R remembered rows · L labels
"""

import hashlib
import os
import sys
import tempfile
from pathlib import Path

import numba
from llvmlite.binding import get_host_cpu_name


def _cache_folder() -> str:
    """Where compiled loops are kept: a folder named after their source, because numba notices changes in the file of
    a function, but not in the files of the functions it calls."""
    source = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        source.update(file.read_bytes())
    home = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    if not os.access(Path(home) if Path(home).exists() else Path(home).parent, os.W_OK):
        home = tempfile.mkdtemp()
    return str(Path(home) / "pupil-kernels" / source.hexdigest()[:16])


numba.config.CACHE_DIR = _cache_folder()


def stamp() -> Path:
    """Name a file beside the compiled loops after all that numba keeps them apart by: it is there once all are."""
    told = (__file__, numba.__version__, sys.version, get_host_cpu_name())
    return Path(numba.config.CACHE_DIR) / f"all-{hashlib.sha256(repr(told).encode()).hexdigest()[:16]}"
