"""Going over the bulk lessons again and again: where they would be answered wrong, and what would have been right.

Studying has RAM nodes of its own, in two sets that read other bits than the agent's, of drawings made wider where they
are slim. A location of theirs holds a counter for each label, not a bit. At first every row that bulk lessons left
marks its label; then the lessons come eight times more, each time a little bent and in another order. Where a set
errs, or is right by little, the lesson's label gains at the locations it reads and its strongest rival loses. The two
sets are added up.

What was corrected is noted, so an agent is saved with some bytes for each correction and not with its counters. The
lessons come in an order that their drawings draw, so what is found depends on the lessons alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from agent.errors import AgentError
from agent.kernels import edges
from agent.kernels import study as kernels
from agent.kinds.checks import check_arrays, n_rows
from agent.kinds.mapping import draw_mapping, reads_of
from agent.kinds.part import Part
from agent.kinds.recall_settings import MAX_BYTES, RecallConfig
from agent.kinds.warps import FRAME, GRID, MILD, draw_warps, fields

SETS = 2
NODES = 1000  # of a set, when lessons warrant them
PASSES = 8
BENDS = 1000  # ways to bend a lesson a little
PRESENCE = 32  # what a mark counts, and how many of them a node can say at most
MARGIN = 4  # the lead, for each node, below which a lesson is corrected
STEP = 4  # most that one lesson changes a counter by
ROWS = 500  # looked at between two looks at a Stop button
MOST_COUNTERS = 84_000_000
PER_LESSON = 10_000  # counters, a byte each, that each bulk lesson warrants: those of few lessons cost little memory
CHANGED = "expected the same lessons from begin to end of studying, got others. Study again."
ARRAYS = tuple(f"studied_{name}" for name in ("reads", "bends", "sets", "lessons", "copies", "rivals", "steps"))


@dataclass(frozen=True)
class Studied:
    """What studying brought: ``K`` nodes of all sets, their counters, and how these came about.

    Attributes
    ----------
    labels : tuple of str
        Those of the bulk lessons, sorted.
    reads, bends : numpy.ndarray
        (K, T) uint16 the bits that each node reads; (F, 2, 4, 4) int16 how lessons were bent.
    events : tuple of numpy.ndarray
        For each set (E, 4) int32: lesson, copy, rival and by how much, in the order in which they were corrected.
    counters : numpy.ndarray
        (K, A, L) int8.
    """

    labels: tuple[str, ...]
    reads: np.ndarray
    bends: np.ndarray
    events: tuple[np.ndarray, ...]
    counters: np.ndarray

    @property
    def most_votes(self) -> int:
        """What all nodes say of a label that all of them have seen, before anything is corrected."""
        return PRESENCE * len(self.reads)

    def look(self, kept: np.ndarray, fields: np.ndarray, copy: int) -> np.ndarray:
        """Read the address of each node, (K,) uint16, off a copy of a drawing: 0 is the drawing itself."""
        row = np.empty(len(self.reads), np.uint16)
        kernels.look(kept, fields, copy, self.reads, kernels.scratch(), row)
        return row

    def tensors(self) -> dict[str, np.ndarray]:
        """Give the arrays from which `restored` makes it again."""
        events = np.concatenate(self.events)
        sets = np.repeat(np.arange(SETS, dtype=np.uint8), [len(each) for each in self.events])
        lessons, copies, rivals, steps = (column.copy() for column in events.T)
        columns = sets, lessons, copies.astype(np.int16), rivals.astype(np.uint8), steps.astype(np.uint8)
        return dict(zip(ARRAYS, (self.reads, self.bends, *columns), strict=True))


def nothing(tuple_size: int) -> dict[str, np.ndarray]:
    """The arrays of an agent that has not studied."""
    return Studied(
        (),
        np.zeros((0, tuple_size), np.uint16),
        np.zeros((0, 2, GRID, GRID), np.int16),
        (np.zeros((0, 4), np.int32),) * SETS,
        np.zeros((0, 0, 0), np.int8),
    ).tensors()


@dataclass
class _Set:
    """A set of nodes that is being taught."""

    reads: np.ndarray
    counters: np.ndarray
    rng: np.random.Generator
    noted: list[np.ndarray] = field(default_factory=list)
    order: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    copies: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))

    def begin(self, order: np.ndarray) -> None:
        """Begin another pass over lessons, which are these: (N,) int32."""
        self.order = self.rng.permutation(order)
        self.copies = self.rng.integers(1, BENDS + 1, len(order), dtype=np.int32)

    def go_on(self, kept: np.ndarray, taught: np.ndarray, bent: np.ndarray, start: int) -> None:
        """Correct what the next lessons of the pass show to be wrong."""
        order, copies = self.order[start : start + ROWS], self.copies[start : start + ROWS]
        events, margin = np.empty((len(order), 4), np.int32), MARGIN * len(self.reads)
        n = kernels.study(kept, taught, order, copies, bent, self.reads, margin, STEP, self.counters, events)
        self.noted.append(events[:n])


def study(part: Part, names: Sequence[str], config: RecallConfig) -> Iterator[tuple[float, Studied | None]]:
    """Study the lessons of a part.

    Parameters
    ----------
    part : Part
        Its lessons.
    names : sequence of str
        The label of each slot.
    config : RecallConfig
        The settings of the agent.

    Returns
    -------
    iterator of (share, studied)
        The share done, 0 … 1, and at the end a `Studied`; None before.

    Raises
    ------
    AgentError
        Lessons that changed meanwhile, or too few for so many labels.
    """
    n, n_marked, changes = part.n_lessons, part.n, part.n_changes
    labels, taught = _told(part, names)
    n_nodes = n_nodes_for(config, len(labels), n)
    counters = np.zeros((SETS * n_nodes, 1 << config.tuple_size, len(labels)), np.int8)
    bends = draw_warps(BENDS, np.random.default_rng((config.seed, 0)), MILD)
    rngs = [np.random.default_rng((config.seed, 1 + number)) for number in range(SETS)]
    reads = np.concatenate([reads_of(*draw_mapping(n_nodes, config.tuple_size, rng)) for rng in rngs])
    sets = [_Set(reads[of_set], counters[of_set], rng) for of_set, rng in zip(_of_sets(n_nodes), rngs, strict=True)]
    kept, order, bent = part.drawings[:n], np.lexsort((taught, part.lots[:n])).astype(np.int32), fields(bends)
    marks, passes = range(0, n_marked, ROWS), range(0, n, ROWS)
    n_steps, n_done = len(marks) + PASSES * len(passes), 0
    with ThreadPoolExecutor(SETS) as workers:
        for start in marks:
            list(workers.map(lambda each, at=start: _mark(part, taught, each.reads, each.counters, at), sets))
            n_done += 1
            yield _share(n_done, n_steps, part, changes), None
        for _ in range(PASSES):
            for each in sets:
                each.begin(order)
            for start in passes:
                list(workers.map(lambda each, at=start: each.go_on(kept, taught, bent, at), sets))
                n_done += 1
                yield _share(n_done, n_steps, part, changes), None
    yield 1.0, Studied(labels, reads, bends, tuple(np.concatenate(each.noted) for each in sets), counters)


def restored(
    part: Part, names: Sequence[str], config: RecallConfig, tensors: Mapping[str, np.ndarray]
) -> Studied | None:
    """Tell once more what was corrected: from `Studied.tensors`, or None when they say that nothing was.

    Raises
    ------
    AgentError
        Arrays that do not fit the lessons.
    """
    labels, taught = _told(part, names)
    n_events, n, shape = n_rows(tensors, "studied_sets"), part.n_lessons, (2, GRID, GRID)
    studied = len(tensors["studied_reads"]) > 0
    n_nodes = n_nodes_for(config, len(labels), n) if studied else 0
    if n_events > (SETS * PASSES * n if studied else 0):
        raise AgentError(f"expected at most {SETS * PASSES} corrections of each lesson, got {n_events:,} for {n:,}.")
    farthest = FRAME * 256
    expected = (
        ((SETS * n_nodes, config.tuple_size), np.uint16, 0, edges.PLANES * edges.PIXELS - 1),
        ((BENDS if studied else 0, *shape), np.int16, -farthest, farthest),
        ((n_events,), np.uint8, 0, SETS - 1),
        ((n_events,), np.int32, 0, n - 1),
        ((n_events,), np.int16, 0, BENDS),
        ((n_events,), np.uint8, 0, len(labels) - 1),
        ((n_events,), np.uint8, 1, STEP),
    )
    check_arrays(tensors, dict(zip(ARRAYS, expected, strict=True)))
    if not studied:
        return None
    reads, bends, sets, *columns = (tensors[name].copy() for name in ARRAYS)
    noted = np.stack([column.astype(np.int32) for column in columns], axis=1)
    events = tuple(noted[sets == number] for number in range(SETS))
    counters = np.zeros((len(reads), 1 << config.tuple_size, len(labels)), np.int8)

    def tell(number: int) -> None:
        of_set = _of_sets(n_nodes)[number]
        for start in range(0, part.n, ROWS):
            _mark(part, taught, reads[of_set], counters[of_set], start)
        kept = part.drawings[:n]
        kernels.retell(kept, taught, events[number], fields(bends), reads[of_set], counters[of_set])

    with ThreadPoolExecutor(SETS) as workers:
        list(workers.map(tell, range(SETS)))
    return Studied(labels, reads, bends, events, counters)


def n_nodes_for(config: RecallConfig, n_labels: int, n_lessons: int) -> int:
    """Say how many nodes of a set lessons warrant: their counters take a byte for each location and label.

    Examples
    --------
    >>> n_nodes_for(RecallConfig(), 10, 60_000), n_nodes_for(RecallConfig(), 10, 1_000)
    (1000, 310)
    >>> n_nodes_for(RecallConfig(n_nodes=150, tuple_size=14), 40, 60)
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected lessons enough to study 40 labels, got 60. Teach it more, or take shorter tuples.
    """
    free = max(0, MAX_BYTES - config.n_bytes(n_labels))
    of_node = SETS * n_labels << config.tuple_size
    n_nodes = min(NODES, min(MOST_COUNTERS, free + PER_LESSON * n_lessons) // of_node)
    if n_nodes < 1:
        raise AgentError(
            f"expected lessons enough to study {n_labels} labels, got {n_lessons:,}. "
            "Teach it more, or take shorter tuples."
        )
    return n_nodes


def _told(part: Part, names: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """The labels of a part's lessons, sorted, and which of them each lesson has: (N,) uint8."""
    taught = part.taught[: part.n_lessons]
    used = np.unique(taught).tolist()
    labels = tuple(sorted(names[slot] for slot in used))
    rank = np.zeros(256, np.uint8)
    rank[used] = [labels.index(names[slot]) for slot in used]
    return labels, rank[taught]


def _of_sets(n_nodes: int) -> list[slice]:
    """The nodes of each set."""
    return [slice(number * n_nodes, (number + 1) * n_nodes) for number in range(SETS)]


def _mark(part: Part, taught: np.ndarray, reads: np.ndarray, counters: np.ndarray, start: int) -> None:
    """Let some rows of a part mark their labels."""
    rows, kept = slice(start, min(start + ROWS, part.n)), part.drawings[: len(taught)]
    kernels.mark(kept, taught, part.lesson[rows], part.copy[rows], part.fields, reads, PRESENCE, counters)


def _share(n_done: int, n_steps: int, part: Part, changes: int) -> float:
    """The share done; AgentError when lessons have changed meanwhile."""
    if part.n_changes != changes:
        raise AgentError(CHANGED)
    return n_done / (n_steps + 1)
