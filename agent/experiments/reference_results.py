"""What was published of learners that copy a number, and the same settings again, with seeds.

The published numbers, of Machine-Learning-Simple-Net by anestercommprod (2024), are single runs without a seed: one
sample each of what `repeat` samples as often as needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.agents import new
from agent.agents.regressor import Regressor
from agent.datasets.copy_numbers import Copy

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
    _mse(10, 0.01, 115.7177),
    _mse(50, 0.01, 127.1819),
    _mse(250, 0.01, 125.4488),
    _mse(500, 0.01, 122.2405),
    _mse(500, 0.001, 127.0430),
    _mse(5000, 0.001, 122.4605),
)
REWARDS = (
    _slope("reward A", "one_minus", 25_000, 127.3472),
    _slope("reward A", "one_minus", 100_000, 125.2339),
    _slope("reward B", "committed", 25_000, 123.7488),
    _slope("reward C", "exp10", 25_000, 122.9376),
    _slope("reward D", "exp100", 25_000, 122.9963),
)
ROWS = (*SQUARED_ERROR, *REWARDS)


def repeat(row: Row, seed: int) -> float:
    """Repeat a published setting with a seed, and give the answer to 123.

    Examples
    --------
    >>> 120 < repeat(SQUARED_ERROR[3], seed=0) < 125
    True
    """
    regressor = new("linear", seed=seed, **row.settings)
    assert isinstance(regressor, Regressor)
    for _ in regressor.iter_learn_task(row.task, seed=seed):
        pass
    value = regressor.predict_one(ASKED).value
    assert value is not None  # a line always answers
    return float(value)
