"""Teaching a memory what a log tells, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np

from agent import retina, tasks
from agent.errors import AgentError
from agent.kinds import Kind
from agent.lessons import Bulk, Lesson, Lessons, Lost, Studied
from agent.steps import finished

AT_ONCE = 1000  # bulk lessons between two looks at how far it is


def rebuild(kind: type[Kind], config: Any, log: Lessons) -> Kind:
    """Teach a newborn memory everything in a log, in order.

    Raises
    ------
    AgentError
        Some bulk lessons were logged neither with their drawings nor with a source.
    """
    return finished(rebuilding(kind, config, log))


def rebuilding(kind: type[Kind], config: Any, log: Lessons) -> Generator[float, None, Kind]:
    """As `rebuild`, step by step: gives the share done, 0 … 1, and returns the memory."""
    memory = kind(config)
    yield from replaying(memory, log)
    return memory


def replaying(memory: Kind, log: Lessons, n_known: int = 0) -> Iterator[float]:
    """Teach a memory everything in a log, in order, but for the first entries it knows: gives the share done, 0 … 1."""
    entries = log.standing()[n_known:]
    n_all = sum(entry.n_lessons if isinstance(entry, Bulk) else 1 for entry in entries)
    n_done = 0
    for entry in entries:
        if isinstance(entry, Lesson):
            if entry.label not in memory.labels and len(memory.labels) >= memory.MAX_LABELS:
                raise AgentError(f"expected at most {memory.MAX_LABELS} labels, got {entry.label!r} as one more.")
            memory.learn_one(entry.drawing, entry.label)
        elif isinstance(entry, Lost):
            memory.forget_one(entry.drawing, entry.label)
        elif isinstance(entry, Studied):
            yield from (n_done / n_all for _ in memory.study())
        elif isinstance(entry, Bulk):
            drawings, labels = bulk_lessons(entry)
            n_labels = len({*memory.labels, *labels})
            if n_labels > memory.MAX_LABELS:
                raise AgentError(f"expected at most {memory.MAX_LABELS} labels, got {n_labels} with those of a source.")
            for start in range(0, len(labels), AT_ONCE):
                part = slice(start, start + AT_ONCE)
                memory.learn_many(drawings[part], labels[part])
                yield (n_done + start) / n_all
        n_done += entry.n_lessons if isinstance(entry, Bulk) else 1
        yield n_done / n_all


def bulk_lessons(bulk: Bulk) -> tuple[np.ndarray, Sequence[str]]:
    """Find the drawings and labels of bulk lessons again; AgentError when nobody kept them."""
    if bulk.drawings is not None and bulk.labels is not None:
        return bulk.drawings, bulk.labels
    if bulk.source is None:
        raise AgentError(
            f"expected a source for {bulk.n_lessons} bulk lessons, got none: they cannot be taught again. "
            "Teach them through a task, or in parts of at most 5,000."
        )
    drawings, labels = tasks.replay(bulk.source)
    taught = slice(bulk.start, bulk.start + bulk.n_lessons)
    return retina.keep_many(drawings[taught]), labels[taught]
