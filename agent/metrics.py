"""What a table of answers says: accuracy, precision, recall, F1, and formulas over them that a person wrote."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from agent.errors import AgentError, nearest

NAMES = ("accuracy", "precision", "recall", "f1", "unsure", "prequential", "n_lessons", "n_test", "seconds")
MAX_FORMULA_CHARS = 200
MAX_POWER = 100  # more would only be a way to keep a computer busy
_TWO: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}  # fmt: skip
_ONE: dict[type, Callable[[float], float]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_CALLS: dict[str, Callable[..., float]] = {"min": min, "max": max, "abs": abs, "sqrt": math.sqrt, "log": math.log}


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

    They may use the names of `NAMES` and ``others``, and of the formulas before them; numbers, + - * / **, brackets,
    min, max, abs, sqrt and log.

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
        if not isinstance(name, str) or not name.isidentifier() or name in known or name in _CALLS:
            raise AgentError(f"expected a new name for a metric, got {str(name)[:40]!r}. Take another word.")
        _names(_parsed(name, formula), name, known)
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
    try:
        value = _value(_parsed("formula", formula), values)
    except (ZeroDivisionError, OverflowError, ValueError, TypeError, KeyError) as error:
        if isinstance(error, AgentError):
            raise
        return None
    return value if isinstance(value, (int, float)) and math.isfinite(value) else None


def _parsed(name: str, formula: object) -> ast.expr:
    if isinstance(formula, (int, float)) and not isinstance(formula, bool):
        formula = str(formula)
    if not isinstance(formula, str) or not 1 <= len(formula) <= MAX_FORMULA_CHARS:
        shown = str(formula)[:40]
        raise AgentError(f"expected 1 to {MAX_FORMULA_CHARS} characters for metrics.{name}, got {shown!r}.")
    try:
        return ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise AgentError(f"expected a formula for metrics.{name}, got {formula!r}. Use names, numbers, + - * /.") from (
            error
        )


def _names(node: ast.expr, name: str, known: Sequence[str]) -> None:
    """Check that a formula holds only what it may."""
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return
        case ast.Name(id=word):
            if word not in known:
                raise AgentError(f"expected known names in metrics.{name}, got {word}.{nearest(word, known)}")
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _TWO:
            _names(left, name, known)
            _names(right, name, known)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _ONE:
            _names(operand, name, known)
        case ast.Call(func=ast.Name(id=word), args=args, keywords=[]) if word in _CALLS and args:
            for part in args:
                _names(part, name, known)
        case _:
            raise AgentError(
                f"expected names, numbers, + - * / **, brackets, {', '.join(_CALLS)} in metrics.{name}, "
                f"got {ast.unparse(node)[:40]!r}."
            )


def _value(node: ast.expr, values: Mapping[str, float | None]) -> float:
    match node:
        case ast.Constant(value=number):
            return float(number)
        case ast.Name(id=word):
            return float(values[word])  # type: ignore[arg-type]  # what was not measured is None: a TypeError
        case ast.BinOp(left=left, op=op, right=right):
            one, two = _value(left, values), _value(right, values)
            if isinstance(op, ast.Pow) and abs(two) > MAX_POWER:
                raise OverflowError
            return _TWO[type(op)](one, two)
        case ast.UnaryOp(op=op, operand=operand):
            return _ONE[type(op)](_value(operand, values))
        case ast.Call(func=ast.Name(id=word), args=args):
            return _CALLS[word](*(_value(part, values) for part in args))
    raise AgentError(f"expected a formula, got {ast.unparse(node)[:40]!r}.")
