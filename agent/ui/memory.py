"""What visitors who left had in memory is given back to the machine."""

from __future__ import annotations

import contextlib
import ctypes
import sys

_M_MMAP_THRESHOLD = -3  # of mallopt(3)
LARGE_BYTES = 256 * 1024  # an agent's tables and rows are larger, what a guess takes for a moment is smaller


def give_back_large() -> None:
    """Let the C library of Linux give back each large array as soon as nobody has it.

    Of its own accord it keeps room up to 32 MB in pieces for the thread that asked: 5 MB for each visitor who left.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
