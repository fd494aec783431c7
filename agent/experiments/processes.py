"""Teaching one agent in several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np

from agent.agents.pupil import Pupil
from agent.errors import AgentError
from agent.experiments.curriculum import Part
from agent.models import MODELS, Model
from agent.progress import can_fork


def check_shards(model: type[Model], n_shards: int, n_parts: int) -> None:
    """Check that what several processes learn can be joined."""
    if n_shards > 1 and not model.ORDER_FREE:
        raise AgentError(f"expected a kind whose order of lessons does not matter, got {model.NAME}. Set shards=1.")
    if n_shards > 1 and model.__module__.split(".")[0] != "agent":
        raise AgentError(f"expected a kind of Pupil's own with shards={n_shards}, got {model.NAME}. Set shards=1.")
    if n_shards > 1 and n_parts > 1:
        raise AgentError("expected lessons in one go with shards, got several parts. Set order=mixed.")


def iter_teach_parallel(pupil: Pupil, part: Part, n_shards: int) -> Iterator[int]:
    """Teach a new agent in several processes, with the same result as in one; yields the number of lessons done.

    A model that encodes lessons in threads of its own does so. Of another one, each process teaches a shard to a model
    of its own, and these are joined in the order of the lessons. The log holds them as one bulk lesson.
    """
    drawings, labels = part.lessons
    if hasattr(pupil.model, "learn_parallel"):
        pupil.model.learn_parallel(drawings, labels, n_shards)
        pupil.lessons.add_many(part.lessons)
        yield len(labels)
        return
    ends = [len(labels) * shard // n_shards for shard in range(n_shards + 1)]
    spans = [slice(*span) for span in zip(ends, ends[1:], strict=False) if span[0] < span[1]]
    context = multiprocessing.get_context("fork" if can_fork() else "spawn")  # a forked child has the drawings already
    work = [(pupil.kind, pupil.model.config, drawings[span], labels[span]) for span in spans]
    with ProcessPoolExecutor(len(spans) - 1 or 1, mp_context=context) as pool:
        others = [pool.submit(_learned_model, *arguments) for arguments in work[1:]]
        model = _learned_model(*work[0])  # the first shard in this process, while the others work
        yield ends[1]
        for span, other in zip(spans[1:], others, strict=True):
            model.join(other.result())
            yield span.stop
    pupil.model = model
    pupil.lessons.add_many(part.lessons)


def _learned_model(kind: str, config: Any, drawings: np.ndarray, labels: Sequence[str]) -> Model:
    model = MODELS[kind](config)
    model.learn_many(drawings, labels)
    return model
