"""Learners that copy a number, measured: published answers beside ours, and what everybody reaches, and how fast."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from agent.agents import new
from agent.datasets.copy_numbers import Copy
from agent.experiments.reference_results import ROWS, repeat

SEEDS = range(20)
LEARNERS: dict[str, tuple[str, dict[str, Any], Copy]] = {
    "exact": ("linear", {"teacher": "exact"}, Copy()),
    "mse, 500 epochs": ("linear", {"teacher": "mse", "steps": 500}, Copy(whole=True)),
    "mse, 5,000 epochs": ("linear", {"teacher": "mse", "steps": 5000}, Copy(whole=True)),
    "slope, one_minus": ("linear", {"teacher": "slope"}, Copy()),
    "slope, one_minus, falling": ("linear", {"teacher": "slope", "falls": True}, Copy()),
    "two_tries, one_minus": ("linear", {"teacher": "two_tries"}, Copy(supervised=False)),
    "two_tries, committed": ("linear", {"teacher": "two_tries"}, Copy(reward="committed", supervised=False)),
    "two_tries, exp100": ("linear", {"teacher": "two_tries"}, Copy(reward="exp100", supervised=False)),
    "two_tries, exp": ("linear", {"teacher": "two_tries"}, Copy(reward="exp", supervised=False)),
    "reward_model, one_minus": ("linear", {"teacher": "reward_model"}, Copy(supervised=False)),
    "reward_model, exp": ("linear", {"teacher": "reward_model"}, Copy(reward="exp", supervised=False)),
    "tuples": ("tuples", {}, Copy()),
    "tuples of 16, 256 bits": ("tuples", {"n_bits": 256, "tuple_size": 16, "n_nodes": 16}, Copy()),
    "symbols": ("symbols", {}, Copy()),
}
LONG = "123123123123"


def published() -> list[dict[str, str]]:
    """Published answers to 123 beside the least, the median and the largest of twenty seeds."""
    rows = []
    for row in ROWS:
        answers = [repeat(row, seed) for seed in SEEDS]
        teacher = "squared error" if row.settings["teacher"] == "mse" else "slope of the reward"
        rows.append(
            {"taught by": teacher, "setting": row.name, "published": f"{row.answer:.4f}"}
            | {"least": f"{min(answers):.4f}", "median": f"{np.median(answers):.4f}", "largest": f"{max(answers):.4f}"}
        )
        print(rows[-1], flush=True)
    return rows


def reached() -> list[dict[str, str]]:
    """How far everybody is off after a course: the mean inside, at 123 and at 123123123123 the worst of the seeds."""
    rows = []
    for name, (kind, settings, task) in LEARNERS.items():
        found = [one(kind, settings, task, seed) for seed in SEEDS]
        rows.append(
            {
                "learner": name,
                "learns from": "rewards"
                if not task.told
                else "the slope of the reward"
                if "slope" in name
                else "the answer",
                "steps": f"{found[0]['steps']:,}",
                "mean error inside": f"{np.mean([each['inside'] for each in found]):.2g}",
                "worst at 123": f"{max(each['123'] for each in found):.2g}",
                "worst at 123123123123": f"{max(each[LONG] for each in found):.2g}",
                "ms": f"{1e3 * np.median([each['seconds'] for each in found]):.1f}",
            }
        )
        print(rows[-1], flush=True)
    return rows


def one(kind: str, settings: Mapping[str, Any], task: Copy, seed: int) -> dict[str, float]:
    """Teach one, time the steps alone, and ask it; settings once before, so that nothing is compiled meanwhile."""
    copier = new(kind, seed=seed, **settings)
    lessons = task.lessons(copier.model.n_lessons, seed)
    for _ in new(kind, seed=seed, **settings).model.iter_learn(lessons):
        pass
    start = time.perf_counter()
    for _ in copier.model.iter_learn(lessons):
        pass
    seconds = time.perf_counter() - start
    asked = task.test(1000, seed)
    off = {x: abs(float(copier.predict_one(x).error)) for x in ("123", LONG)}
    inside = np.mean([abs(float(answer.error)) for answer in copier.predict_many(asked)])
    return {"steps": copier.n_lessons, "inside": float(inside), "seconds": seconds, **off}
