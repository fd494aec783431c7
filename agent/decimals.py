"""Exact decimal numbers from user input: text, numbers of Python and of NumPy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal

import numpy as np

from agent.errors import AgentError

MAX_CHARS = 60
MAX_EXPONENT = 30  # numbers must be below 10**30
MAX_PLACES = 40  # digits after the decimal point
EXACT = Context(prec=1400)  # precise enough to add any double and any number from `read` without rounding
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_SIGNS = str.maketrans({"\u2212": "-", "\u2009": None, "\u00a0": None, " ": None})  # of typeset numbers


def read(number: object) -> Decimal:
    """Read a number exactly.

    Parameters
    ----------
    number : str, int, float, numpy number or Decimal
        Text may have spaces or commas between thousands; a float has the value of its shortest representation.

    Raises
    ------
    AgentError
        It is no number, infinite, at least 10**30, or has more than 40 digits after the decimal point.

    Examples
    --------
    >>> read("123,123,123,123"), read(0.1), read("-2.5e3")
    (Decimal('123123123123'), Decimal('0.1'), Decimal('-2.5E+3'))
    >>> read("1e400")
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected a number smaller than 10**30, got '1e400'. Take a smaller one.
    """
    text = _text(number)
    if not text:
        raise AgentError("expected a number, got nothing. Write one, such as 123.")
    if len(text) > MAX_CHARS:
        raise AgentError(f"expected a number of at most {MAX_CHARS} characters, got {len(text):,}. Take a shorter one.")
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        raise AgentError(f"expected a number, got {text!r}, which is none. Write one, such as 123.")
    if not _NUMBER.fullmatch(text):
        raise AgentError(f"expected a number, got {str(number)[:40]!r}. Write one, such as 123 or -0.5.")
    value = Decimal(text)
    if value.is_zero():
        return Decimal(0)
    if value.adjusted() >= MAX_EXPONENT:
        raise AgentError(f"expected a number smaller than 10**{MAX_EXPONENT}, got {text!r}. Take a smaller one.")
    if -value.as_tuple().exponent > MAX_PLACES:
        raise AgentError(f"expected at most {MAX_PLACES} digits behind the point, got {text!r}. Leave some out.")
    return value


def read_many(numbers: Iterable[object]) -> np.ndarray:
    """Read many numbers as (N,) float64; NumPy arrays are checked as a whole.

    Examples
    --------
    >>> read_many(["1", 2.5, -3])
    array([ 1. ,  2.5, -3. ])
    """
    if isinstance(numbers, np.ndarray) and numbers.dtype.kind in "iuf":
        if numbers.ndim != 1:
            raise AgentError(f"expected numbers in one row, got an array of {numbers.shape}.")
        array = numbers.astype(np.float64)
        bad = np.flatnonzero(~(np.abs(array) < 10.0**MAX_EXPONENT))
        if len(bad):
            read(array[bad[0]].item())
        return array
    if isinstance(numbers, (str, bytes)) or not isinstance(numbers, Iterable):
        raise AgentError(f"expected numbers in a row, got {str(numbers)[:40]!r}.")
    return np.array([float(read(number)) for number in numbers], np.float64)


def minus(one: Decimal, other: Decimal) -> Decimal:
    """Subtract exactly.

    Examples
    --------
    >>> minus(Decimal(123123122176), Decimal("123123123123"))
    Decimal('-947')
    """
    return EXACT.subtract(one, other)


def plain(number: Decimal) -> str:
    """Format a number with all its digits, without exponent.

    Examples
    --------
    >>> plain(Decimal("1E+3")), plain(Decimal("-0.50"))
    ('1000', '-0.5')
    """
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(number: object) -> str:
    """Text of an input that may be a number."""
    if isinstance(number, (bool, np.bool_)):
        raise AgentError(f"expected a number, got {number!r}. Write one, such as 123.")
    if isinstance(number, Decimal):
        return str(number)
    if isinstance(number, (int, np.integer)):
        return str(int(number)) if abs(int(number)) < 10**MAX_CHARS else f"1e{MAX_CHARS}"
    if isinstance(number, (float, np.floating)):
        return repr(float(str(number)))
    if isinstance(number, str):
        text = number[:100_000].strip().translate(_SIGNS)
        return text.replace(",", "") if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", text, re.ASCII) else text
    raise AgentError(f"expected a number, got {type(number).__name__}. Write one, such as 123.")
