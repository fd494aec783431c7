"""Teaching in one thread and in several, measured side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

import agent
from agent import preprocessing
from agent.datasets import digits

N_TIMES = 5


def measured(n_threads: int) -> list[float]:
    """Teach all of MNIST to a newborn in one thread and in several, in turn; gives how many times as fast that was."""
    drawings, labels = digits.mnist("train")
    thumbnail = preprocessing.to_thumbnails(drawings)
    agent.new("recall").model.learn_parallel(thumbnail[:100], labels[:100], 1)  # compiles
    return [_seconds(thumbnail, labels, 1) / _seconds(thumbnail, labels, n_threads) for _ in range(N_TIMES)]


def _seconds(thumbnail: np.ndarray, labels: Sequence[str], n_threads: int) -> float:
    model = agent.new("recall").model
    begun = time.perf_counter()
    model.learn_parallel(thumbnail, labels, n_threads)
    return time.perf_counter() - begun
