"""Teaching parts of many lessons in processes of their own and joining what they learned."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np

from agent.errors import AgentError
from agent.kinds import KINDS, Kind
from agent.kinds.apart import can_fork
from agent.pupil import Pupil
from agent.runs.courses import Part


def check_shards(kind: type[Kind], n_shards: int, n_parts: int) -> None:
    """Check that what several processes learn can be joined."""
    if n_shards > 1 and not kind.ORDER_FREE:
        raise AgentError(f"expected a kind whose order of lessons does not matter, got {kind.NAME}. Set shards=1.")
    if n_shards > 1 and kind.__module__.split(".")[0] != "agent":
        raise AgentError(f"expected a kind of Pupil's own with shards={n_shards}, got {kind.NAME}. Set shards=1.")
    if n_shards > 1 and n_parts > 1:
        raise AgentError("expected lessons in one go with shards, got several parts. Set order=mixed.")


def teaching_apart(pupil: Pupil, part: Part, n_shards: int) -> Iterator[int]:
    """Teach a newborn in several processes: the same agent as in one, lesson for lesson. Gives how many are done.

    Kinds that can have their lessons looked at in several processes at once do that. Of others, what each process
    learned is joined in the order of the lessons. The log tells it as one course.
    """
    drawings, labels = part.lessons.drawings, part.lessons.labels
    if hasattr(pupil.memory, "learn_apart") and can_fork():
        pupil.memory.learn_apart(drawings, labels, n_shards)
        pupil.lessons.add_many(drawings, labels, part.lessons.source, part.lessons.start)
        yield len(labels)
        return
    ends = [len(labels) * shard // n_shards for shard in range(n_shards + 1)]
    spans = [slice(*span) for span in zip(ends, ends[1:], strict=False) if span[0] < span[1]]
    context = multiprocessing.get_context("fork" if can_fork() else "spawn")  # forked, they have the drawings already
    work = [(pupil.kind, pupil.memory.config, drawings[span], labels[span]) for span in spans]
    with ProcessPoolExecutor(len(spans) - 1 or 1, mp_context=context) as pool:
        others = [pool.submit(_taught, *each) for each in work[1:]]
        memory = _taught(*work[0])  # the first part here, while the others are at work
        yield ends[1]
        for span, other in zip(spans[1:], others, strict=True):
            memory.join(other.result())
            yield span.stop
    pupil.memory = memory
    pupil.lessons.add_many(drawings, labels, part.lessons.source, part.lessons.start)


def _taught(kind: str, config: Any, drawings: np.ndarray, labels: Sequence[str]) -> Kind:
    memory = KINDS[kind](config)
    memory.learn_many(drawings, labels)
    return memory
