"""Classification metrics of confusion tables: accuracy, precision, recall, F1; and checks of formulas over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agent import expressions
from agent.errors import AgentError

_CLASSIFIED = ("accuracy", "precision", "recall", "f1", "unsure", "prequential", "n_lessons", "n_test", "seconds")
NAMES = {  # of the scores of runs that formulas may use, by family
    **dict.fromkeys(("drawings", "arrays"), _CLASSIFIED),
    "numbers": ("error", "mse", "unsure", "w", "b", "n_lessons", "n_test", "seconds"),
    "frames": ("error", "repeat_error", "mean_error", "score", "random_score", "random_spread", "episode_return")
    + ("episode_length", "random_return", "n_lessons", "frames_per_second", "seconds"),
}


@dataclass(frozen=True)
class Score:
    """How well an agent answered: right of asked drawings of a set, such as "MNIST, test"."""

    on: str
    n_right: int
    n_asked: int

    @property
    def accuracy(self) -> float:
        """The share that was right."""
        return self.n_right / self.n_asked


def scores(confusion: np.ndarray) -> dict[str, float | None]:
    """Accuracy, precision, recall, F1 and share of unsure answers, 0 … 1; None where nothing was asked.

    Precision, recall and F1 are macro averages over the labels that were asked; the precision of a label that was never
    predicted is 0. The confusion table is (L, L + 1) counts: rows are labels, columns predictions, the last one unsure.

    Examples
    --------
    >>> scores(np.array([[3, 1, 0], [0, 2, 2]]))["accuracy"]
    0.625
    >>> {name: round(value, 3) for name, value in scores(np.array([[3, 1, 0], [0, 2, 2]])).items()}
    {'accuracy': 0.625, 'precision': 0.833, 'recall': 0.625, 'f1': 0.714, 'unsure': 0.25}
    """
    n_asked = int(confusion.sum())
    if not n_asked:
        return dict.fromkeys(("accuracy", "precision", "recall", "f1", "unsure"))
    right, support = np.diag(confusion), confusion.sum(axis=1)
    n_predicted = confusion[:, :-1].sum(axis=0)
    present = support > 0
    precision = right[present] / np.maximum(n_predicted[present], 1)
    recall = right[present] / support[present]
    f1 = 2 * precision * recall / np.where(precision + recall > 0, precision + recall, 1)
    return {
        "accuracy": float(right.sum() / n_asked),
        "precision": float(precision.mean()),
        "recall": float(recall.mean()),
        "f1": float(f1.mean()),
        "unsure": float(confusion[:, -1].sum() / n_asked),
    }


def of_labels(confusion: np.ndarray, labels: Sequence[str]) -> dict[str, float]:
    """Give the share answered right for each label that was asked.

    Examples
    --------
    >>> of_labels(np.array([[3, 1, 0], [0, 0, 0]]), ("1", "7"))
    {'1': 0.75}
    """
    support = confusion.sum(axis=1)
    return {label: float(confusion[row, row] / support[row]) for row, label in enumerate(labels) if support[row]}


def sum_confusions(tables: Sequence[tuple[np.ndarray, Sequence[str]]]) -> tuple[np.ndarray, list[str]]:
    """Add up confusion tables, each with its labels: the sum, and all labels, sorted.

    Examples
    --------
    >>> table, labels = sum_confusions([(np.array([[3, 1]]), ["7"]), (np.array([[2, 0]]), ["1"])])
    >>> table.tolist(), labels
    ([[2, 0, 0], [0, 3, 1]], ['1', '7'])
    """
    labels = sorted({label for _, names in tables for label in names})
    total = np.zeros((len(labels), len(labels) + 1), np.int64)
    for table, names in tables:
        rows = [labels.index(label) for label in names]
        total[np.ix_(rows, [*rows, -1])] += table
    return total, labels


def check_formulas(formulas: object, family: str | None = None) -> dict[str, str]:
    """Check formulas by name: `agent.expressions` of the names in `NAMES`, and of formulas before them.

    AgentError for a name that is taken, or a formula of something else. Without a family those of all have scores.

    Examples
    --------
    >>> check_formulas({"F1": "2*precision*recall/(precision+recall)"})
    {'F1': '2*precision*recall/(precision+recall)'}
    >>> check_formulas({"F1": "2*precison"})
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected known names in metrics.F1, got precison. Did you mean precision?
    """
    if not isinstance(formulas, Mapping):
        raise AgentError(f"expected metrics as name: formula, got {str(formulas)[:40]!r}.")
    known = list(NAMES[family] if family else dict.fromkeys(name for names in NAMES.values() for name in names))
    for name, formula in formulas.items():
        if not isinstance(name, str) or not name.isidentifier() or name in known or name in expressions.CALLS:
            raise AgentError(f"expected a new name for a metric, got {str(name)[:40]!r}. Take another word.")
        expressions.check_expression(formula, f"metrics.{name}", known)
        known.append(name)
    return {name: str(formula) for name, formula in formulas.items()}
