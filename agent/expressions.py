"""Arithmetic expressions written by a user: parsed, checked and compiled for `agent.kernels.regression`.

They are never executed as Python.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agent.errors import AgentError, nearest
from agent.kernels import regression as kernels

MAX_CHARS = 200
_BINARY: dict[type, int] = {
    ast.Add: kernels.ADD,
    ast.Sub: kernels.SUB,
    ast.Mult: kernels.MUL,
    ast.Div: kernels.DIV,
    ast.Pow: kernels.POW,
    ast.Lt: kernels.LESS,
    ast.Gt: kernels.MORE,
}
_UNARY_CALLS = {"abs": kernels.ABS, "sqrt": kernels.SQRT, "log": kernels.LOG, "exp": kernels.EXP}
_VARIADIC_CALLS = {"min": kernels.MIN, "max": kernels.MAX}
CALLS = {**_VARIADIC_CALLS, **_UNARY_CALLS}


@dataclass(frozen=True)
class Program:
    """An expression of one unknown as instructions of `agent.kernels.regression`: (I,) uint8 and (C,) float64."""

    text: str
    codes: np.ndarray
    constants: np.ndarray

    def __call__(self, unknown: float) -> float:
        """Its value; nan where it has none."""
        return float(kernels.value(self.codes, self.constants, float(unknown), np.empty((2, kernels.DEPTH))))

    def slope(self, unknown: float) -> float:
        """Its derivative; nan where it has no value."""
        return float(
            kernels.value_and_slope(self.codes, self.constants, float(unknown), np.empty((2, kernels.DEPTH)))[1]
        )


def check_expression(formula: object, what: str, known: Sequence[str]) -> str:
    """Check that an expression consists of known names, numbers, + - * / ** < >, brackets and functions of `CALLS`.

    A comparison is 1 where it holds and 0 where it does not.

    Raises
    ------
    AgentError
        It is no expression, longer than 200 characters, nested too deeply, or has something else in it.

    Examples
    --------
    >>> check_expression("1 - abs(e)", "reward", ["e"])
    '1 - abs(e)'
    >>> check_expression("1 - abs(f)", "reward", ["e"])
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected known names in reward, got f.
    """
    node = _parse(formula, what)
    _check(node, what, known)
    _compile(node, what, str(formula), dict.fromkeys(known, 1.0))
    return str(formula)


def evaluate(formula: object, values: Mapping[str, float | None]) -> float | None:
    """Value of an expression; None where it has none, as when it divides by zero or one of its names is None.

    Examples
    --------
    >>> evaluate("2*a/b", {"a": 3.0, "b": 4.0})
    1.5
    >>> evaluate("2*a/b", {"a": 3.0, "b": 0.0}) is None
    True
    """
    node = _parse(formula, "formula")
    known = {name: float(value) for name, value in values.items() if value is not None}
    if any(isinstance(part, ast.Name) and part.id not in known and part.id not in CALLS for part in ast.walk(node)):
        return None
    _check(node, "formula", list(known))
    value = _compile(node, "formula", str(formula), known)(math.nan)
    return value if math.isfinite(value) else None


def compile_expression(formula: object, what: str, unknown: str) -> Program:
    """Compile an expression of one unknown.

    Raises
    ------
    AgentError
        As `check_expression`.

    Examples
    --------
    >>> reward = compile_expression("exp(-abs(e)) - abs(e)*(abs(e) > 1)", "reward", "e")
    >>> round(reward(0.5), 4), round(reward(2), 4), round(reward.slope(2), 4)
    (0.6065, -1.8647, -1.1353)
    """
    node = _parse(formula, what)
    _check(node, what, [unknown])
    return _compile(node, what, str(formula), {})


def _compile(node: ast.expr, what: str, text: str, known: Mapping[str, float]) -> Program:
    """Compile a checked expression: known names become constants, another one is the unknown."""
    codes: list[int] = []
    constants: list[float] = []
    if _emit(node, known, codes, constants) > kernels.DEPTH:
        raise AgentError(f"expected at most {kernels.DEPTH} brackets in each other in {what}, got {text!r}.")
    return Program(text, np.array(codes, np.uint8), np.array(constants, np.float64))


def _parse(formula: object, what: str) -> ast.expr:
    if isinstance(formula, (int, float)) and not isinstance(formula, bool):
        formula = str(formula)
    if not isinstance(formula, str) or not 1 <= len(formula) <= MAX_CHARS:
        raise AgentError(f"expected 1 to {MAX_CHARS} characters for {what}, got {str(formula)[:40]!r}.")
    try:
        return ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise AgentError(f"expected a formula for {what}, got {formula!r}. Use names, numbers, + - * /.") from error


def _check(node: ast.expr, what: str, known: Sequence[str]) -> None:
    """Check that an expression holds only what it may."""
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            parts = []
        case ast.Name(id=word):
            if word not in known:
                raise AgentError(f"expected known names in {what}, got {word}.{nearest(word, known)}")
            parts = []
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            parts = [left, right]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _BINARY:
            parts = [left, right]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            parts = [operand]
        case ast.Call(func=ast.Name(id=word), args=args, keywords=[]) if _is_call(word, args):
            parts = args
        case _:
            raise AgentError(
                f"expected names, numbers, + - * / ** < >, brackets, {', '.join(CALLS)} in {what}, "
                f"got {ast.unparse(node)[:40]!r}."
            )
    for part in parts:
        _check(part, what, known)


def _is_call(word: str, args: Sequence[ast.expr]) -> bool:
    return (word in _UNARY_CALLS and len(args) == 1) or (word in _VARIADIC_CALLS and len(args) > 1)


def _emit(node: ast.expr, known: Mapping[str, float], codes: list[int], constants: list[float]) -> int:
    """Append the instructions of an expression; give the depth of the stack that they need."""
    match node:
        case ast.Constant(value=number):
            codes.append(kernels.CONSTANT)
            constants.append(float(number))
            return 1
        case ast.Name(id=word) if word in known:
            codes.append(kernels.CONSTANT)
            constants.append(known[word])
            return 1
        case ast.Name():
            codes.append(kernels.UNKNOWN)
            return 1
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            parts, code = [left, right], _BINARY[type(op)]
        case ast.UnaryOp(op=op, operand=operand):
            depth = _emit(operand, known, codes, constants)
            codes += [kernels.NEG] if isinstance(op, ast.USub) else []
            return depth
        case ast.Call(func=ast.Name(id=word), args=args):
            parts, code = args, CALLS[word]
    depth = _emit(parts[0], known, codes, constants)
    if len(parts) == 1:
        codes.append(code)
    for part in parts[1:]:
        depth = max(depth, 1 + _emit(part, known, codes, constants))
        codes.append(code)
    return depth
