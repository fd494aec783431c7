"""Lessons of several sources shuffled together, or of one source in another order.

A mixture is a reference like any other: it names the sources, how many of the first lessons of each, and a seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from agent.errors import AgentError

NAME = "mixed"
SUMMARY = "lessons of several sources shuffled together"
MAX_PARTS = 64
MAX_LESSONS = 200_000  # of all parts together: 157 MB of drawings of 28 x 28
MAX_SEED = 2**63 - 1


def shuffled(n_lessons: int, seed: int) -> np.ndarray:
    """Draw an order of so many lessons, the same on every machine: (n,) int64.

    Examples
    --------
    >>> sorted(shuffled(4, seed=1).tolist())
    [0, 1, 2, 3]
    """
    return np.argsort(np.random.PCG64([seed, *b"mixed"]).random_raw(n_lessons), kind="stable")


def mixture(sources: Sequence[dict[str, Any]], counts: Sequence[int], seed: int) -> dict[str, Any]:
    """Give the source of the first ``counts`` lessons of each of the ``sources``, shuffled.

    Examples
    --------
    >>> fonts = [{"task": "digits", "sets": {f"font:{name}": None}} for name in ("Anton", "Carlito")]
    >>> drawings, labels = replay(mixture(fonts, (10, 10), seed=3))
    >>> len(drawings), labels.count("7")
    (20, 2)
    """
    return {"task": NAME, "of": list(sources), "counts": list(counts), "seed": seed}


def replay(source: dict[str, Any]) -> tuple[list[np.ndarray], Sequence[str]]:
    """Draw the lessons of a `mixture` again; AgentError when it is anything else."""
    from agent.tasks import TASKS  # this task is one of them

    _check(source)
    drawings: list[np.ndarray] = []
    labels: list[str] = []
    for part, count in zip(source["of"], source["counts"], strict=True):
        if part.get("task") not in TASKS or part["task"] == NAME:
            raise AgentError(f"expected a mixture of other tasks, got {str(part.get('task'))[:40]!r}.")
        drawn, names = TASKS[part["task"]].replay(part)
        if len(names) < count:
            raise AgentError(f"expected {count} lessons of {part['task']} in a mixture, got {len(names)}.")
        drawings += [drawing.copy() for drawing in drawn[:count]]  # the others need not be kept
        labels += list(names[:count])
    order = shuffled(len(labels), source["seed"])
    return [drawings[row] for row in order], tuple(labels[row] for row in order)


def _check(source: dict[str, Any]) -> None:
    if set(source) != {"task", "of", "counts", "seed"}:
        raise AgentError(f"expected a mixture of, counts and seed, got {sorted(map(str, source))[:8]}.")
    parts, counts, seed = source["of"], source["counts"], source["seed"]
    if not isinstance(parts, list) or not 1 <= len(parts) <= MAX_PARTS or not all(isinstance(p, dict) for p in parts):
        raise AgentError(f"expected a mixture of 1 to {MAX_PARTS} sources, got {str(parts)[:40]}.")
    whole = [type(count) is int and 1 <= count <= MAX_LESSONS for count in counts] if isinstance(counts, list) else []
    if len(whole) != len(parts) or not all(whole) or sum(counts) > MAX_LESSONS:
        raise AgentError(
            f"expected how many lessons of each source, at most {MAX_LESSONS:,} together, got {str(counts)[:40]}."
        )
    if type(seed) is not int or not 0 <= seed <= MAX_SEED:
        raise AgentError(f"expected a seed from 0 to {MAX_SEED}, got {str(seed)[:40]}.")
