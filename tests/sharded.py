"""Teaching in one process and in several, measured side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

import agent
from agent import retina
from agent.kinds.apart import can_fork
from agent.tasks import digits

N_TIMES = 5


def measured(n_processes: int) -> list[float]:
    """Teach all of MNIST to a newborn in one process and in several, in turn; gives how many times as fast that was."""
    assert can_fork(), "expected a process of one thread"
    drawings, labels = digits.mnist("train")
    kept = retina.keep_many(drawings)
    agent.new("recall").memory.learn_apart(kept[:100], labels[:100], 1)  # compiles
    return [_seconds(kept, labels, 1) / _seconds(kept, labels, n_processes) for _ in range(N_TIMES)]


def _seconds(kept: np.ndarray, labels: Sequence[str], n_processes: int) -> float:
    memory = agent.new("recall").memory
    begun = time.perf_counter()
    memory.learn_apart(kept, labels, n_processes)
    return time.perf_counter() - begun
