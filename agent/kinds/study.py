"""Going over the bulk lessons once more: which of them mislead, and what the votes should have been.

Every lesson is compared with all others. Where differences and the votes so far would answer wrong, or right by little,
the votes at its locations are corrected: its own label gains, its strongest rival loses. The lessons come in an order
that their drawings draw, so what is found depends on the lessons alone.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from agent.errors import AgentError
from agent.kernels import ram
from agent.kernels import recall as kernels
from agent.kinds.part import Part

UNIT = 32  # votes are corrected in these parts of a vote
MARGIN = 0.25  # the lead, as a share of the nodes, below which a lesson is corrected
WEIGHT = 3  # what votes weigh against differences meanwhile; less afterwards
SCALE = 1000
ROWS = 500  # compared between two looks at a Stop button
MAX_CORRECTIONS = 80_000_000
PER_LESSON = 10_000  # corrections that each bulk lesson warrants: whoever has few lessons gains nothing by more
AT_ONCE = 1 << 20  # bytes inflated at a time
CHANGED = "expected the same lessons from begin to end of studying, got others. Study again."


def check_size(n_locations: int, n_labels: int, n_free: int, n_lessons: int) -> None:
    """Check that there are not too many corrections, a byte each: ``n_free`` are free, each bulk lesson warrants more.

    Examples
    --------
    >>> check_size(300 * 4096, 40, 8_000_000, 60)
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected at most 8,600,000 corrections (locations x labels) after 60 bulk lessons, \
got 1,228,800 x 40. Teach it more, or take fewer nodes or labels.
    """
    most = min(MAX_CORRECTIONS, n_free + PER_LESSON * n_lessons)
    if n_locations * n_labels > most:
        raise AgentError(
            f"expected at most {most:,} corrections (locations x labels) after {n_lessons:,} bulk lessons, "
            f"got {n_locations:,} x {n_labels}. Teach it more, or take fewer nodes or labels."
        )


def study(part: Part, rank: np.ndarray, effort: np.ndarray) -> Iterator[tuple[float, np.ndarray | None]]:
    """Find the corrections of a part's votes.

    Parameters
    ----------
    part : Part
        Its lessons.
    rank : numpy.ndarray
        (L,) the place of each slot's label among the sorted labels.
    effort : numpy.ndarray
        (3,) int64, as for `agent.kernels.recall.compare`.

    Returns
    -------
    iterator of (share, corrections)
        The share done, 0 … 1, and at the end (M, A, L) int8; None before.

    Raises
    ------
    AgentError
        Lessons that changed meanwhile.
    """
    n, n_labels, n_nodes = part.n, len(rank), len(part.tables)
    rows, addresses, changes = part.rows(), part.addresses[:n], part.n_changes
    slots, nothing = rows[0].copy(), part.without_lessons().rows()
    order = np.lexsort((part.copy[:n], rank[slots], part.lots[rows[1]])).astype(np.int32)
    lost, plausible = np.empty((n, n_labels), np.int32), np.ones(n_labels, bool)

    def work(first: int) -> None:
        kernels.compare_each(first, min(first + ROWS, n), nothing, rows, plausible, effort, SCALE, lost)

    workers = ThreadPoolExecutor(os.cpu_count())
    try:
        starts = range(0, n, ROWS)
        for n_done, _ in enumerate(workers.map(work, starts), 1):
            yield 0.95 * n_done / len(starts), None
    finally:
        workers.shutdown(cancel_futures=True)
    if part.n_changes != changes:
        raise AgentError(CHANGED)
    lost = (lost.astype(np.int64) * UNIT * n_nodes // (WEIGHT * SCALE)).astype(np.int32)
    corrections = np.zeros((*part.tables.shape, n_labels), np.int8)
    margin, step = int(UNIT * n_nodes * MARGIN), UNIT // 8
    ram.study(addresses, slots, order, lost, UNIT, margin, step, np.zeros_like(part.tables), corrections)
    yield 1.0, corrections


def for_labels(corrections: np.ndarray, n_labels: int) -> np.ndarray:
    """Make room for new labels, which nothing is known of: (M, A, L) int8."""
    if n_labels == corrections.shape[2]:
        return corrections
    return np.pad(corrections, ((0, 0), (0, 0), (0, n_labels - corrections.shape[2])))


def packed(corrections: np.ndarray | None, slots: np.ndarray) -> np.ndarray:
    """Deflate corrections, their labels in the order of ``slots``: almost all of them are 0."""
    if corrections is None:
        return np.zeros(0, np.uint8)
    return np.frombuffer(zlib.compress(corrections[:, :, slots].tobytes(), 6), np.uint8)


def unpacked(deflated: np.ndarray, shape: tuple[int, int, int], slots: np.ndarray) -> np.ndarray:
    """Inflate what `packed` deflated, never more than there must be, the labels in the order of ``slots``."""
    size = int(np.prod(shape))
    try:
        if sum(map(len, _inflated(deflated, size))) != size:  # looked through first, then kept
            raise AgentError(f"expected {size:,} corrections, got fewer.")
        flat, n_done = np.empty(size, np.int8), 0
        for piece in _inflated(deflated, size):
            flat[n_done : n_done + len(piece)] = np.frombuffer(piece, np.int8)
            n_done += len(piece)
    except zlib.error as error:
        raise AgentError(f"expected packed corrections, got bytes that do not unpack ({error}).") from error
    corrections = flat.reshape(shape)
    if (slots != np.arange(len(slots))).any():
        for of_node in corrections:
            of_node[:] = of_node[:, slots]
    return corrections


def _inflated(deflated: np.ndarray, size: int) -> Iterator[bytes]:
    """Inflate piece by piece; AgentError when it is more than it must be, or breaks off."""
    inflater, rest, n_left = zlib.decompressobj(), deflated.tobytes(), size
    while not inflater.eof:
        piece = inflater.decompress(rest, AT_ONCE)
        rest, n_left = inflater.unconsumed_tail, n_left - len(piece)
        if n_left < 0 or not (piece or inflater.eof):
            raise AgentError(f"expected {size:,} corrections, got {'more' if n_left < 0 else 'fewer'}.")
        yield piece
    if inflater.unused_data:
        raise AgentError(f"expected {size:,} corrections, got more.")
