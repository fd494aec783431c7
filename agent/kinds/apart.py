"""Work on many lessons in several processes that write into memory they share."""

from __future__ import annotations

import math
import mmap
import multiprocessing
import threading
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from agent.errors import AgentError

Zeros = Callable[[tuple[int, ...], np.dtype], np.ndarray]


def can_fork() -> bool:
    """Say whether this process can be split: it has one thread, and a system that splits processes."""
    return threading.active_count() == 1 and "fork" in multiprocessing.get_all_start_methods()


def zeros(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Make an array that processes which are split off later write into as well.

    Examples
    --------
    >>> shared = zeros((2, 3), np.dtype(np.uint8))
    >>> apart(lambda part: shared[part].fill(7), 2, 2)
    >>> shared.tolist()
    [[7, 7, 7], [7, 7, 7]]
    """
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    return np.frombuffer(mmap.mmap(-1, n_bytes), dtype).reshape(shape) if n_bytes else np.zeros(shape, dtype)


def apart(work: Callable[[slice], None], n: int, n_processes: int) -> None:
    """Do ``work`` on parts of ``range(n)``, a process each; this one does the first part.

    What it writes must lie in arrays made by `zeros`. Where the process cannot be split it does everything itself.

    Raises
    ------
    AgentError
        One of the processes died.
    """
    if n_processes < 2 or not can_fork():
        work(slice(0, n))
        return
    first, *others = (slice(*ends) for ends in pairwise(n * part // n_processes for part in range(n_processes + 1)))
    context = multiprocessing.get_context("fork")
    split = [context.Process(target=work, args=(part,)) for part in others]
    for each in split:
        each.start()
    try:
        work(first)
    finally:
        for each in split:
            each.join()
    died = [each.exitcode for each in split if each.exitcode]
    if died:
        raise AgentError(f"expected {n_processes} processes to do their parts, got one that died ({died[0]}).")
