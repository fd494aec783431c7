"""What came out of a run, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agent import metrics, plots, render
from agent.pupil import Pupil
from agent.runs.settings import Settings
from agent.train import Evaluation

SHEET_ROW = 10  # drawings side by side


@dataclass(frozen=True)
class Result:
    """A run that is finished: where it lies, its exact settings, and its numbers as in result.json."""

    folder: Path
    config: Mapping[str, Any]
    scores: Mapping[str, Any]
    was_there: bool = False  # whether it had been finished before


def scores_of(
    settings: Settings,
    rows: Sequence[Mapping[str, Any]],
    forgetting: Sequence[Mapping[str, Any]],
    seen: Mapping[str, Evaluation],
) -> dict[str, Any]:
    """Sum a run of drawings up: what result.json is to hold."""
    labels, confusion = _together(list(seen.values()))
    n_asked = sum(row["n_asked"] for row in rows)
    scores: dict[str, Any] = metrics.scores(confusion)
    scores |= {
        "prequential": sum(row["n_right"] for row in rows) / n_asked if n_asked else None,
        "n_test": int(confusion.sum()),
        "n_lessons": rows[-1]["n_done"],
        "seconds": rows[-1]["seconds"],
    }
    for name, formula in settings.metrics.items():
        scores[name] = metrics.value_of(formula, scores)
    scores["n_known"] = rows[0]["n_lessons"]
    if len(seen) > 1:
        scores["tasks"] = {
            name: {**metrics.scores(each.confusion), "n_test": each.n_done} for name, each in seen.items()
        }
    if forgetting:
        scores["forgetting"] = list(forgetting)
    scores |= {"labels": list(labels), "by_label": metrics.of_labels(confusion, labels)}
    scores["confusion"] = confusion.tolist()
    return scores


def forgetting_row(task: str, n_done: int, seen: Mapping[str, Evaluation]) -> dict[str, Any]:
    """Say how every task goes after one of them was taught."""
    return {"after": task, "n_done": n_done} | {name: each.accuracy for name, each in seen.items()}


def sheet_of(pupil: Pupil, settings: Settings, n_drawings: int) -> bytes:
    """Draw from memory onto a sheet: so many of each label, as a PNG file."""
    labels = [settings.label] if settings.label else pupil.labels
    drawn = [pupil.draw_one(label, settings.seed + number) for label in labels for number in range(n_drawings)]
    return render.png(render.sheet(drawn, SHEET_ROW))


def pictures_of(agent: str, scores: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """Draw a run's learning curve and its confusion."""
    curve = [(row["n_done"], row["held_out"], 0.0) for row in rows if row["held_out"] is not None]
    confusion = render.confusion(np.array(scores["confusion"]), scores["labels"])
    drawn = {"confusion.png": render.png(confusion)}
    return drawn | ({"learning.png": plots.learning({agent: curve})} if len(curve) > 1 else {})


def _together(seen: Sequence[Evaluation]) -> tuple[tuple[str, ...], np.ndarray]:
    """Add up the tables of several tasks, whose labels may differ."""
    labels = tuple(sorted({label for each in seen for label in each.labels}))
    confusion = np.zeros((len(labels), len(labels) + 1), np.int64)
    for each in seen:
        rows = [labels.index(label) for label in each.labels]
        confusion[np.ix_(rows, [*rows, -1])] += each.confusion
    return labels, confusion
