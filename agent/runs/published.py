"""What was published of learners that copy a number, and the same settings again, with seeds.

The published numbers are single runs without a seed: one draw each of what `again` draws as often as one likes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.copier import Copier
from agent.families import new
from agent.tasks.copy import Copy

ASKED = 123


@dataclass(frozen=True)
class Row:
    """A published setting: its teacher and settings, the task, and what it answered to 123."""

    name: str
    settings: Mapping[str, Any]
    task: Copy
    answer: float


def _mse(epochs: int, lr: float, answer: float) -> Row:
    settings = {"teacher": "mse", "steps": epochs, "lr": lr, "precision": "float32"}
    return Row(f"{epochs:,} epochs, lr {lr:g}", settings, Copy(whole=True), answer)


def _slope(name: str, reward: str, steps: int, answer: float) -> Row:
    settings = {"teacher": "slope", "steps": steps, "precision": "float32"}
    return Row(f"{name}, {steps:,} steps", settings, Copy(reward=reward), answer)


SQUARED_ERROR = (
    _mse(10, 0.01, 115.7177), _mse(50, 0.01, 127.1819), _mse(250, 0.01, 125.4488), _mse(500, 0.01, 122.2405),
    _mse(500, 0.001, 127.0430), _mse(5000, 0.001, 122.4605),
)  # fmt: skip
REWARDS = (
    _slope("reward A", "one_minus", 25_000, 127.3472), _slope("reward A", "one_minus", 100_000, 125.2339),
    _slope("reward B", "committed", 25_000, 123.7488), _slope("reward C", "exp10", 25_000, 122.9376),
    _slope("reward D", "exp100", 25_000, 122.9963),
)  # fmt: skip
ROWS = (*SQUARED_ERROR, *REWARDS)


def again(row: Row, seed: int) -> float:
    """Teach a learner as a row says and give its answer to 123.

    Examples
    --------
    >>> 120 < again(SQUARED_ERROR[3], seed=0) < 125
    True
    """
    copier = new("linear", seed=seed, **row.settings)
    assert isinstance(copier, Copier)
    for _ in copier.learning(row.task, seed=seed):
        pass
    value = copier.predict_one(ASKED).value
    assert value is not None  # a line always answers
    return float(value)
