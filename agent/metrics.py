"""What a table of answers says: accuracy, precision, recall, F1, and formulas over them that a person wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from agent import formulas as arithmetic
from agent.errors import AgentError

NAMES = ("accuracy", "precision", "recall", "f1", "unsure", "prequential", "n_lessons", "n_test", "seconds", "error")


def scores(confusion: np.ndarray) -> dict[str, float | None]:
    """Sum a confusion table up.

    Precision, recall and F1 are means over the labels that were asked, each counting the same. A label that was never
    said has precision 0.

    Parameters
    ----------
    confusion : numpy.ndarray
        (L, L + 1) counts: rows what it was, columns what was said, the last one unsure.

    Returns
    -------
    dict of str to float or None
        ``accuracy``, ``precision``, ``recall``, ``f1``, ``unsure``, 0 … 1; None where nothing was asked.

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
    right, was, said = np.diag(confusion), confusion.sum(axis=1), confusion[:, :-1].sum(axis=0)
    asked = was > 0
    precision = right[asked] / np.maximum(said[asked], 1)
    recall = right[asked] / was[asked]
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
    was = confusion.sum(axis=1)
    return {label: float(confusion[row, row] / was[row]) for row, label in enumerate(labels) if was[row]}


def check_formulas(formulas: object, others: Sequence[str] = ()) -> dict[str, str]:
    """Check formulas by name before anything is run.

    They may use the names of `NAMES` and ``others``, and of the formulas before them, and what `agent.formulas` knows.

    Raises
    ------
    AgentError
        No formulas, a name that is taken, or a formula with something else in it.

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
    known = [*NAMES, *others]
    for name, formula in formulas.items():
        if not isinstance(name, str) or not name.isidentifier() or name in known or name in arithmetic.CALLS:
            raise AgentError(f"expected a new name for a metric, got {str(name)[:40]!r}. Take another word.")
        arithmetic.checked(formula, f"metrics.{name}", known)
        known.append(name)
    return {name: str(formula) for name, formula in formulas.items()}


def value_of(formula: str, values: Mapping[str, float | None]) -> float | None:
    """Compute a formula; None where it has no value, as when it divides by zero or needs what was not measured.

    Examples
    --------
    >>> value_of("2*precision*recall/(precision+recall)", {"precision": 0.5, "recall": 1.0})
    0.6666666666666666
    >>> value_of("precision/recall", {"precision": 0.5, "recall": 0.0}) is None
    True
    """
    return arithmetic.computed(formula, values)
