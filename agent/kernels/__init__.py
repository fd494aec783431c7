"""Compiled loops: small, exact, and without checks.

Arrays come in, arrays go out; nothing is raised. Callers check the arguments, because numba does not check bounds.
Scratch arrays are allocated inside: of fixed size, or some bytes for each stored row that is searched. Floats are
neither reassociated nor contracted, so results are the same bits on every processor. Each kernel has a slow plain twin
in ``tests/helpers/naive*.py``.

Shape letters used in every docstring
-------------------------------------
N drawings · H W height and width of a picture in pixels · S side of the canonical drawing (28) ·
K edge maps (8) · P planes of bits (48) · M RAM nodes · T bits one node reads · A = 2**T addresses ·
R stored rows · L labels
"""

import atexit
import functools
import hashlib
import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numba
from llvmlite.binding import get_host_cpu_name
from numba.core import caching, event

from agent.errors import AgentError

FLOAT_FLAGS = {"nnan", "ninf", "nsz"}  # no reassociation, no contraction: the same bits on every processor
ROOM_BYTES = 64 * 2**20  # a folder with less free is not begun with: everything compiled takes about 10 MB
MATCHING_READY = threading.Event()  # cleared while another process compiles the loops of matching: who needs them waits
MATCHING_READY.set()
_LOG = logging.getLogger(__name__)


class _CheckedCacheFile(caching.IndexDataCacheFile):
    """Compiled loops of one function, each with its key and checksum: what is damaged counts as not there.

    numba raises from inside the call of a loop when a file is damaged or cannot be written, and runs what it reads
    unchecked. What cannot be written is compiled again by the next process.
    """

    def load(self, key: object) -> Any:
        try:
            entry = super().load(key)
            if entry is None:
                return None
            saved_key, checksum, content = entry
            if saved_key == key and checksum == hashlib.sha256(content).digest():
                return caching.pickle.loads(content)
            raise ValueError("wrong checksum")
        except Exception as error:  # pickle raises anything
            _report("A damaged file", self._index_path, error)
            return None

    def save(self, key: object, data: object) -> None:
        content = self._dump(data)
        entry = key, hashlib.sha256(content).digest(), content
        try:
            try:
                super().save(key, entry)
            except OSError:
                raise
            except Exception:  # the index is damaged
                self.flush()
                super().save(key, entry)
        except OSError as error:
            _report("No room", self._index_path, error)


@functools.lru_cache(maxsize=16)  # once for each folder
def _report_folder(what: str, folder: str, reason: str) -> None:
    _LOG.warning("%s in the folder of compiled loops, %s (%s): what is needed is compiled again.", what, folder, reason)


def _report(what: str, path: str, error: Exception) -> None:
    _report_folder(what, str(Path(path).parent), type(error).__name__)


def _cache_folder() -> Path:
    """Cache folder of compiled loops, named after a hash of their source: numba notices changes in the file of a
    function, but not in the files of the functions it calls.

    Where nothing can be written, or a disk is full, a private temporary folder that processes started from here share.
    """
    source = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        source.update(file.read_bytes())
    name = Path("pupil-kernels", source.hexdigest()[:16])
    home = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    try:
        folder = Path(home) / name if home else Path.home() / ".cache" / name
        if _is_usable(folder):
            return folder
        reason = f"{folder} is read-only or full"
    except RuntimeError:  # neither HOME nor an entry in the list of users
        reason = "there is no home folder"
    try:
        home = tempfile.mkdtemp(prefix="pupil-")
    except OSError as error:
        raise AgentError(
            f"expected a folder that can be written to, got none: {reason}. Set NUMBA_CACHE_DIR to one."
        ) from error
    _LOG.warning("Compiled loops are kept in %s until the end of the program: %s.", home, reason)
    atexit.register(_remove, home, os.getpid())
    os.environ["NUMBA_CACHE_DIR"] = home
    return Path(home) / name


def _is_usable(folder: Path) -> bool:
    """Whether files can be written there, with room for all loops unless they are there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(4096))
        return shutil.disk_usage(folder).free >= ROOM_BYTES or any(folder.glob("all-*"))
    except OSError:
        return False


def _remove(folder: str, process_id: int) -> None:
    if os.getpid() == process_id:  # not in a fork
        shutil.rmtree(folder, ignore_errors=True)


caching.IndexDataCacheFile = _CheckedCacheFile
numba.config.CACHE_DIR = str(_cache_folder())


def compiled(loop: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a loop when it is first called, and keep it; a decorator, also with numba's options."""
    if loop is None:
        return functools.partial(compiled, **options)
    return numba.njit(nogil=True, cache=True, no_cfunc_wrapper=True, **options)(loop)


# A loop that other loops alone call: an entry for Python would take a tenth of a second to compile
inner = functools.partial(compiled, no_cpython_wrapper=True)


class _Listener(event.Listener):
    """Call a function before each loop that is compiled."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def on_start(self, event: object) -> None:
        self._tell()

    def on_end(self, event: object) -> None:
        """Nothing is to be told."""


def before_compiling(tell: Callable[[], None]) -> AbstractContextManager[None]:
    """Call ``tell`` in the block before each loop that this process compiles itself: not one that it reads."""
    return event.install_listener("numba:compile", _Listener(tell))


def stamp(part: str) -> Path:
    """Marker of a part beside the compiled loops, named after all that numba distinguishes them by; written last."""
    key = (__file__, numba.__version__, sys.version, get_host_cpu_name())
    return Path(numba.config.CACHE_DIR) / f"all-{part}-{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}"


def n_compiled() -> int:
    """How many loops the cache folder holds."""
    return sum(1 for _ in Path(numba.config.CACHE_DIR).rglob("*.nbc"))
