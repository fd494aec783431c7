"""What visitors who left had in memory is given back to the machine."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys

_M_MMAP_THRESHOLD = -3  # of mallopt(3)
LARGE_BYTES = 256 * 1024  # an agent's tables and rows are larger, what a guess takes for a moment is smaller


def give_back_large() -> None:
    """Let the C library of Linux give back each large array as soon as nobody has it.

    Of its own accord it keeps room up to 32 MB in pieces for the thread that asked: 5 MB for each visitor who left.
    """
    _ask_linux("mallopt", _M_MMAP_THRESHOLD, LARGE_BYTES)


def give_back_small() -> None:
    """Give back the pages between small things that are still needed."""
    _ask_linux("malloc_trim", 0)


def settle() -> None:
    """Look no more for garbage in what was there before the first visitor: most of it all, 0.2 s each time."""
    gc.collect()
    gc.freeze()


def _ask_linux(function: str, *numbers: int) -> None:
    """Call a function of its C library; another machine's has none such."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            getattr(ctypes.CDLL(None), function)(*numbers)
