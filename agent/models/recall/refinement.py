"""Refinement of the recall model: RAM nodes with counters, corrected on bulk lessons that they answer wrong.

In the literature: a margin perceptron (Krauth & Mézard 1987; Li et al. 2002) on the addresses of RAM nodes. Refined
nodes read other bits than the model's own nodes, of drawings that are widened where they are narrow. A location holds a
counter for each label. Every row of a bulk lesson first marks its label; then the lessons are passed eight times in
random orders, each time mildly warped. Where a set of nodes errs, or is right by a small margin, the counters of the
lesson's label rise and those of its strongest rival fall. The votes of both sets are added.

Corrections are recorded, so that a saved agent holds some bytes for each correction in place of its counters. The order
of lessons follows from hashes of their drawings, so the result depends on the set of lessons alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from agent.errors import AgentError
from agent.kernels import edges, preprocessing
from agent.kernels import ram as kernels
from agent.models.base import n_rows
from agent.models.recall.params import (
    GRID,
    MAX_BYTES,
    MILD,
    RecallConfig,
    bit_indices,
    sample_mapping,
    sample_warps,
    warp_fields,
)
from agent.models.recall.row_store import RowStore
from agent.validation import check_arrays

N_SETS = 2
N_NODES = 1000  # of a set, given enough lessons
N_PASSES = 8
N_WARPS = 1000  # mild warps of a lesson
PRESENCE = 32  # initial counter of a label at the addresses of its rows
MARGIN = 4  # lead, for each node, up to which a lesson is corrected
MAX_STEP = 4  # largest change of a counter by one lesson
BLOCK = 500  # rows or lessons between two progress reports
MAX_COUNTERS = 84_000_000
COUNTERS_PER_LESSON = 10_000  # counters, a byte each, allowed for each bulk lesson
LESSONS_CHANGED = "expected the same lessons from begin to end of studying, got others. Study again."
NO_FIELDS = np.zeros((0, 2, preprocessing.FRAME, preprocessing.FRAME), np.float32)
ARRAYS = tuple(f"studied_{name}" for name in ("reads", "bends", "sets", "lessons", "copies", "rivals", "steps"))


@dataclass(frozen=True)
class RefinedNodes:
    """Refined nodes: ``K`` nodes of all sets, their counters, and the corrections that led to them."""

    labels: tuple[str, ...]  # of the bulk lessons, sorted
    reads: np.ndarray  # (K, T) uint16, the bits that each node reads
    warps: np.ndarray  # (F, 2, 4, 4) int16, the warps of lessons, as control points
    # of each set, in order: (E, 4) int32, the lesson, copy, rival and step of a correction
    events: tuple[np.ndarray, ...]
    counters: np.ndarray  # (K, A, L) int8

    @property
    def max_votes(self) -> int:
        """Votes of a label that all nodes have seen, before anything is corrected."""
        return PRESENCE * len(self.reads)

    def addresses_of(self, thumbnail: np.ndarray) -> np.ndarray:
        """Addresses (K,) uint16 of all nodes for a drawing."""
        row = np.empty(len(self.reads), np.uint16)
        kernels.encode_widened(thumbnail, NO_FIELDS, 0, self.reads, kernels.scratch(), row)
        return row

    def tensors(self) -> dict[str, np.ndarray]:
        """Arrays to be saved, from which `restore` builds the nodes again."""
        events = np.concatenate(self.events)
        sets = np.repeat(np.arange(N_SETS, dtype=np.uint8), [len(of_set) for of_set in self.events])
        lessons, copies, rivals, steps = (column.copy() for column in events.T)
        columns = sets, lessons, copies.astype(np.int16), rivals.astype(np.uint8), steps.astype(np.uint8)
        return dict(zip(ARRAYS, (self.reads, self.warps, *columns), strict=True))


def empty_arrays(tuple_size: int) -> dict[str, np.ndarray]:
    """Arrays to be saved for a model without refined nodes."""
    return RefinedNodes(
        (),
        np.zeros((0, tuple_size), np.uint16),
        np.zeros((0, 2, GRID, GRID), np.int16),
        (np.zeros((0, 4), np.int32),) * N_SETS,
        np.zeros((0, 0, 0), np.int8),
    ).tensors()


@dataclass
class _NodeSet:
    """A set of nodes during refinement."""

    reads: np.ndarray
    counters: np.ndarray
    rng: np.random.Generator
    events: list[np.ndarray] = field(default_factory=list)
    order: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    copies: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))

    def start_pass(self, order: np.ndarray) -> None:
        """Shuffle the lessons (N,) int32 and choose their warps for another pass."""
        self.order = self.rng.permutation(order)
        self.copies = self.rng.integers(1, N_WARPS + 1, len(order), dtype=np.int32)

    def refine(self, lessons: kernels.Lessons, start: int) -> None:
        """Correct the counters on the next block of lessons."""
        order, copies = self.order[start : start + BLOCK], self.copies[start : start + BLOCK]
        events, margin = np.empty((len(order), 4), np.int32), MARGIN * len(self.reads)
        n = kernels.refine(lessons, order, copies, self.reads, margin, MAX_STEP, self.counters, events)
        self.events.append(events[:n])


def iter_refine(
    store: RowStore, label_list: Sequence[str], config: RecallConfig
) -> Iterator[tuple[float, RefinedNodes | None]]:
    """Refine nodes on the lessons of a store.

    Parameters
    ----------
    store : RowStore
        The bulk lessons.
    label_list : sequence of str
        The label of each label id.
    config : RecallConfig
        The settings of the model.

    Yields
    ------
    (share, refined)
        The share done, 0 … 1, and at the end `RefinedNodes`; None before.

    Raises
    ------
    AgentError
        The lessons changed meanwhile, or are too few for so many labels.
    """
    n, n_marked, changes = store.n_lessons, store.n, store.n_changes
    labels, label_ids = _labels_of(store, label_list)
    n_nodes = n_nodes_for(config, len(labels), n)
    counters = np.zeros((N_SETS * n_nodes, 1 << config.tuple_size, len(labels)), np.int8)
    warps = sample_warps(N_WARPS, np.random.default_rng((config.seed, 0)), MILD)
    rngs = [np.random.default_rng((config.seed, 1 + number)) for number in range(N_SETS)]
    reads = np.concatenate([bit_indices(*sample_mapping(n_nodes, config.tuple_size, rng)) for rng in rngs])
    slices = _set_slices(n_nodes)
    sets = [_NodeSet(reads[nodes], counters[nodes], rng) for nodes, rng in zip(slices, rngs, strict=True)]
    lessons = kernels.Lessons(store.drawings[:n], label_ids, warp_fields(warps))
    order = np.lexsort((label_ids, store.drawing_hashes[:n])).astype(np.int32)
    marks, passes = range(0, n_marked, BLOCK), range(0, n, BLOCK)
    n_steps, n_done = len(marks) + N_PASSES * len(passes), 0
    with ThreadPoolExecutor(N_SETS) as workers:
        for start in marks:
            list(workers.map(lambda nodes, at=start: _mark(store, label_ids, nodes.reads, nodes.counters, at), sets))
            n_done += 1
            yield _share(n_done, n_steps, store, changes), None
        for _ in range(N_PASSES):
            for nodes in sets:
                nodes.start_pass(order)
            for start in passes:
                list(workers.map(lambda nodes, at=start: nodes.refine(lessons, at), sets))
                n_done += 1
                yield _share(n_done, n_steps, store, changes), None
    yield 1.0, RefinedNodes(labels, reads, warps, tuple(np.concatenate(nodes.events) for nodes in sets), counters)


def restore(
    store: RowStore, label_list: Sequence[str], config: RecallConfig, tensors: Mapping[str, np.ndarray]
) -> RefinedNodes | None:
    """Build refined nodes from `RefinedNodes.tensors`, applying the recorded corrections again; None without any nodes.

    Raises
    ------
    AgentError
        The arrays do not fit the lessons.
    """
    labels, label_ids = _labels_of(store, label_list)
    n_events, n, shape = n_rows(tensors, "studied_sets"), store.n_lessons, (2, GRID, GRID)
    is_refined = len(tensors["studied_reads"]) > 0
    n_nodes = n_nodes_for(config, len(labels), n) if is_refined else 0
    if n_events > (N_SETS * N_PASSES * n if is_refined else 0):
        raise AgentError(
            f"expected at most {N_SETS * N_PASSES} corrections of each lesson, got {n_events:,} for {n:,}."
        )
    max_shift = preprocessing.FRAME * 256
    expected = (
        ((N_SETS * n_nodes, config.tuple_size), np.uint16, 0, edges.PLANES * edges.PIXELS - 1),
        ((N_WARPS if is_refined else 0, *shape), np.int16, -max_shift, max_shift),
        ((n_events,), np.uint8, 0, N_SETS - 1),
        ((n_events,), np.int32, 0, n - 1),
        ((n_events,), np.int16, 0, N_WARPS),
        ((n_events,), np.uint8, 0, len(labels) - 1),
        ((n_events,), np.uint8, 1, MAX_STEP),
    )
    check_arrays(tensors, dict(zip(ARRAYS, expected, strict=True)))
    if not is_refined:
        return None
    reads, warps, sets, *columns = (tensors[name].copy() for name in ARRAYS)
    corrections = np.stack([column.astype(np.int32) for column in columns], axis=1)
    events = tuple(corrections[sets == number] for number in range(N_SETS))
    counters = np.zeros((len(reads), 1 << config.tuple_size, len(labels)), np.int8)

    def replay(number: int) -> None:
        nodes = _set_slices(n_nodes)[number]
        for start in range(0, store.n, BLOCK):
            _mark(store, label_ids, reads[nodes], counters[nodes], start)
        lessons = kernels.Lessons(store.drawings[:n], label_ids, warp_fields(warps))
        kernels.replay_corrections(lessons, events[number], reads[nodes], counters[nodes])

    with ThreadPoolExecutor(N_SETS) as workers:
        list(workers.map(replay, range(N_SETS)))
    return RefinedNodes(labels, reads, warps, events, counters)


def n_nodes_for(config: RecallConfig, n_labels: int, n_lessons: int) -> int:
    """Number of refined nodes of a set for so many lessons; counters take a byte for each location and label.

    Examples
    --------
    >>> n_nodes_for(RecallConfig(), 10, 60_000), n_nodes_for(RecallConfig(), 10, 1_000)
    (1000, 310)
    >>> n_nodes_for(RecallConfig(n_nodes=150, tuple_size=14), 40, 60)
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected lessons enough to study 40 labels, got 60. Teach it more, or take shorter tuples.
    """
    spare = max(0, MAX_BYTES - config.n_bytes(n_labels))
    of_node = N_SETS * n_labels << config.tuple_size
    n_nodes = min(N_NODES, min(MAX_COUNTERS, spare + COUNTERS_PER_LESSON * n_lessons) // of_node)
    if n_nodes < 1:
        raise AgentError(
            f"expected lessons enough to study {n_labels} labels, got {n_lessons:,}. "
            "Teach it more, or take shorter tuples."
        )
    return n_nodes


def _labels_of(store: RowStore, label_list: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """Labels of a store's lessons, sorted, and the place of each lesson's label among them: (N,) uint8."""
    label_ids = store.lesson_label_ids[: store.n_lessons]
    present = np.unique(label_ids).tolist()
    labels = tuple(sorted(label_list[label_id] for label_id in present))
    rank = np.zeros(256, np.uint8)
    rank[present] = [labels.index(label_list[slot]) for slot in present]
    return labels, rank[label_ids]


def _set_slices(n_nodes: int) -> list[slice]:
    """The nodes of each set, as slices."""
    return [slice(number * n_nodes, (number + 1) * n_nodes) for number in range(N_SETS)]


def _mark(store: RowStore, label_ids: np.ndarray, reads: np.ndarray, counters: np.ndarray, start: int) -> None:
    """Initialise the counters of a block of rows."""
    rows = slice(start, min(start + BLOCK, store.n))
    lessons = kernels.Lessons(store.drawings[: len(label_ids)], label_ids, store.fields)
    kernels.mark_rows(lessons, store.lesson_ids[rows], store.copies[rows], reads, PRESENCE, counters)


def _share(n_done: int, n_steps: int, store: RowStore, changes: int) -> float:
    """Share done; AgentError when the lessons have changed meanwhile."""
    if store.n_changes != changes:
        raise AgentError(LESSONS_CHANGED)
    return n_done / (n_steps + 1)
