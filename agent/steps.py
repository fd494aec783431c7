"""Work done step by step, so that it can be watched and stopped, and done in one go."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

Made = TypeVar("Made")


def finished(steps: Generator[Any, None, Made]) -> Made:
    """Take all steps and give what they make.

    Examples
    --------
    >>> def counting():
    ...     yield 0.5
    ...     return "done"
    >>> finished(counting())
    'done'
    """
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value
