"""Arithmetic that a person wrote: read, checked, computed, and never executed as Python."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agent.errors import AgentError, nearest
from agent.kernels import formula as kernels

MAX_CHARS = 200
MAX_POWER = 100  # more would only be a way to keep a computer busy
_TWO: dict[type, tuple[Callable[[float, float], float], int]] = {
    ast.Add: (operator.add, kernels.ADD), ast.Sub: (operator.sub, kernels.SUB), ast.Mult: (operator.mul, kernels.MUL),
    ast.Div: (operator.truediv, kernels.DIV), ast.Pow: (operator.pow, kernels.POW), ast.Lt: (operator.lt, kernels.LESS),
    ast.Gt: (operator.gt, kernels.MORE),
}  # fmt: skip
_ONE: dict[type, Callable[[float], float]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_OF_ONE: dict[str, tuple[Callable[[float], float], int]] = {
    "abs": (abs, kernels.ABS), "sqrt": (math.sqrt, kernels.SQRT), "log": (math.log, kernels.LOG),
    "exp": (math.exp, kernels.EXP),
}  # fmt: skip
_OF_SOME: dict[str, tuple[Callable[..., float], int]] = {"min": (min, kernels.MIN), "max": (max, kernels.MAX)}
CALLS = {**_OF_SOME, **_OF_ONE}


@dataclass(frozen=True)
class Program:
    """A formula of one unknown as instructions of `agent.kernels.formula`: (I,) uint8 and (C,) float64."""

    text: str
    codes: np.ndarray
    constants: np.ndarray

    def __call__(self, unknown: float) -> float:
        """Compute its value; nan where it has none."""
        return float(kernels.value(self.codes, self.constants, float(unknown), np.empty((2, kernels.DEPTH))))

    def slope(self, unknown: float) -> float:
        """Compute its derivative; nan where it has no value."""
        return float(kernels.with_slope(self.codes, self.constants, float(unknown), np.empty((2, kernels.DEPTH)))[1])


def checked(formula: object, what: str, known: Sequence[str]) -> str:
    """Check that a formula holds known names, numbers, + - * / ** < >, brackets, the functions of `CALLS`, and no more.

    A comparison is 1 where it holds and 0 where it does not.

    Raises
    ------
    AgentError
        It is no formula, is longer than 200 characters, or has something else in it.

    Examples
    --------
    >>> checked("1 - abs(e)", "reward", ["e"])
    '1 - abs(e)'
    >>> checked("1 - abs(f)", "reward", ["e"])
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected known names in reward, got f.
    """
    _check(_parsed(formula, what), what, known)
    return str(formula)


def computed(formula: object, values: Mapping[str, float | None]) -> float | None:
    """Compute a formula; None where it has no value, as when it divides by zero or a value of its names is None.

    Examples
    --------
    >>> computed("2*a/b", {"a": 3.0, "b": 4.0})
    1.5
    >>> computed("2*a/b", {"a": 3.0, "b": 0.0}) is None
    True
    """
    try:
        value = _value(_parsed(formula, "formula"), values)
    except (ZeroDivisionError, OverflowError, ValueError, TypeError, KeyError) as error:
        if isinstance(error, AgentError):
            raise
        return None
    return value if isinstance(value, (int, float)) and math.isfinite(value) else None


def compiled(formula: object, what: str, unknown: str) -> Program:
    """Translate a formula of one unknown for `agent.kernels.formula`.

    Raises
    ------
    AgentError
        As `checked`, or it is nested too deeply.

    Examples
    --------
    >>> reward = compiled("exp(-abs(e)) - abs(e)*(abs(e) > 1)", "reward", "e")
    >>> round(reward(0.5), 4), round(reward(2), 4), round(reward.slope(2), 4)
    (0.6065, -1.8647, -1.1353)
    """
    node = _parsed(formula, what)
    _check(node, what, [unknown])
    codes: list[int] = []
    constants: list[float] = []
    if _translate(node, codes, constants) > kernels.DEPTH:
        raise AgentError(f"expected at most {kernels.DEPTH} brackets in each other in {what}, got {str(formula)!r}.")
    return Program(str(formula), np.array(codes, np.uint8), np.array(constants, np.float64))


def _parsed(formula: object, what: str) -> ast.expr:
    if isinstance(formula, (int, float)) and not isinstance(formula, bool):
        formula = str(formula)
    if not isinstance(formula, str) or not 1 <= len(formula) <= MAX_CHARS:
        raise AgentError(f"expected 1 to {MAX_CHARS} characters for {what}, got {str(formula)[:40]!r}.")
    try:
        return ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise AgentError(f"expected a formula for {what}, got {formula!r}. Use names, numbers, + - * /.") from error


def _check(node: ast.expr, what: str, known: Sequence[str]) -> None:
    """Check that a formula holds only what it may."""
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            parts = []
        case ast.Name(id=word):
            if word not in known:
                raise AgentError(f"expected known names in {what}, got {word}.{nearest(word, known)}")
            parts = []
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _TWO:
            parts = [left, right]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _TWO:
            parts = [left, right]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _ONE:
            parts = [operand]
        case ast.Call(func=ast.Name(id=word), args=args, keywords=[]) if _may_be_called(word, args):
            parts = args
        case _:
            raise AgentError(
                f"expected names, numbers, + - * / ** < >, brackets, {', '.join(CALLS)} in {what}, "
                f"got {ast.unparse(node)[:40]!r}."
            )
    for part in parts:
        _check(part, what, known)


def _may_be_called(word: str, args: Sequence[ast.expr]) -> bool:
    return (word in _OF_ONE and len(args) == 1) or (word in _OF_SOME and len(args) > 1)


def _value(node: ast.expr, values: Mapping[str, float | None]) -> float:
    match node:
        case ast.Constant(value=number):
            return float(number)
        case ast.Name(id=word):
            return float(values[word])  # type: ignore[arg-type]  # what was not measured is None: a TypeError
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            one, two = _value(left, values), _value(right, values)
            if isinstance(op, ast.Pow) and abs(two) > MAX_POWER:
                raise OverflowError
            value = _TWO[type(op)][0](one, two)
            return float(value) if isinstance(value, bool) else value
        case ast.UnaryOp(op=op, operand=operand):
            return _ONE[type(op)](_value(operand, values))
        case ast.Call(func=ast.Name(id=word), args=args):
            return CALLS[word][0](*(_value(part, values) for part in args))
    raise AgentError(f"expected a formula, got {ast.unparse(node)[:40]!r}.")


def _translate(node: ast.expr, codes: list[int], constants: list[float]) -> int:
    """Append a formula's instructions; give how deep the stack becomes."""
    match node:
        case ast.Constant(value=number):
            codes.append(kernels.CONSTANT)
            constants.append(float(number))
            return 1
        case ast.Name():
            codes.append(kernels.UNKNOWN)
            return 1
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            parts, code = [left, right], _TWO[type(op)][1]
        case ast.UnaryOp(op=op, operand=operand):
            deep = _translate(operand, codes, constants)
            codes += [kernels.NEG] if isinstance(op, ast.USub) else []
            return deep
        case ast.Call(func=ast.Name(id=word), args=args):
            parts, code = args, CALLS[word][1]
    deep = _translate(parts[0], codes, constants)
    if len(parts) == 1:
        codes.append(code)
    for part in parts[1:]:
        deep = max(deep, 1 + _translate(part, codes, constants))
        codes.append(code)
    return deep
