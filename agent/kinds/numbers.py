"""What every kind of learner of numbers promises, and what it answers with.

A kind is the memory alone: it sees lessons of `agent.tasks.copy` and numbers that have passed the gate.
`agent.copier.Copier` adds the gate and the public verbs, once for all kinds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from agent import numbers
from agent.errors import AgentError
from agent.tasks.copy import Shown

N_MARKS = 24  # how often a course can be looked at, and stopped, on its way
N_LESSONS = 5000  # that a learner is given where nobody says how many


@dataclass(frozen=True)
class Answer:
    """What a learner says to a number.

    Attributes
    ----------
    x : decimal.Decimal
        What it was asked, exactly.
    value : decimal.Decimal or None
        What it answers, exactly, to the last bit of a float; None when it is unsure.
    extrapolated : bool
        Whether x lies outside all that it was shown.
    unsure : bool
        It has nothing to answer with.
    because : str
        Why it is unsure, if there is more to say: the symbol that it does not know here.
    """

    x: Decimal
    value: Decimal | None
    extrapolated: bool
    because: str = ""

    @property
    def unsure(self) -> bool:
        """Whether it has nothing to answer with."""
        return self.value is None

    @property
    def error(self) -> Decimal | None:
        """How far the answer is from a copy of x, exactly; None when it is unsure.

        Examples
        --------
        >>> Answer(Decimal("0.1"), Decimal(0.1), False).error
        Decimal('5.5511151231257827021181583404541015625E-18')
        """
        return None if self.value is None else numbers.minus(self.value, self.x)


@dataclass
class Course:
    """How far a learner is: what it was shown, and where it stands in lessons that were not finished.

    Attributes
    ----------
    before : int
        Steps of the courses that are over.
    done, total : int
        Steps done and to be done of the one that is not; 0 between two courses.
    low, high : float
        The least and the largest number shown so far; both 0 before the first.
    """

    before: int = 0
    done: int = 0
    total: int = 0
    low: float = 0.0
    high: float = 0.0

    @property
    def n_steps(self) -> int:
        """How many steps were taken so far."""
        return self.before + self.done

    def show(self, x: np.ndarray) -> None:
        """Note numbers that were shown, before the steps that show them are noted."""
        known = [self.low, self.high] if self.n_steps else []
        self.low, self.high = float(min([x.min(), *known])), float(max([x.max(), *known]))

    def is_inside(self, x: Decimal) -> bool:
        """Whether a number lies among those shown."""
        return self.n_steps > 0 and Decimal(self.low) <= x <= Decimal(self.high)

    def begin(self, n_total: int) -> bool:
        """Begin a course of so many steps, or go on with one that was not finished; say whether it is a new one."""
        if self.total != n_total:
            self.before, self.done, self.total = self.n_steps, 0, n_total
        return self.done == 0

    def advance(self, n_done: int) -> None:
        """Note how many steps are done; a finished course becomes one of those before."""
        self.done = n_done
        if self.done == self.total:
            self.before, self.done, self.total = self.n_steps, 0, 0

    def tensors(self) -> dict[str, np.ndarray]:
        """Give what must be saved."""
        return {"steps": np.array([self.before, self.done, self.total]), "range": np.array([self.low, self.high])}

    @classmethod
    def restore(cls, tensors: Mapping[str, np.ndarray]) -> Self:
        """Read back what was saved, once `check_floats` has seen it."""
        (before, done, total), (low, high) = tensors["steps"].tolist(), tensors["range"].tolist()
        if done and done >= total:
            raise AgentError(f"expected steps of a course that is not over, got {done} of {total}.")
        if low > high or (before + done == 0 and (low, high) != (0, 0)):
            raise AgentError(f"expected a range of numbers shown, got {low} to {high} after {before + done} steps.")
        return cls(before, done, total, low, high)


def marks(n_total: int) -> list[int]:
    """Choose the steps at which a course is looked at: close together at first, the last one included.

    Examples
    --------
    >>> marks(25_000)[:8], marks(25_000)[-2:], len(marks(25_000))
    ([1, 2, 4, 6, 9, 14, 22, 34], [16096, 25000], 23)
    """
    steps = np.unique(np.rint(np.geomspace(1, n_total, N_MARKS)).astype(int))
    return steps.tolist()


class Learner(Protocol):
    """A memory that learns numbers."""

    NAME: ClassVar[str]
    SUMMARY: ClassVar[str]  # one sentence for menus and cards
    MAX_LABELS: ClassVar[int] = 0  # numbers have none
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]]  # named settings; the first are the defaults
    CHOICES: ClassVar[Mapping[str, Sequence[str]]]  # what settings that are words may be
    Config: ClassVar[type]
    config: Any  # a frozen dataclass, every field with a default, among them ``seed: int``
    course: Course

    @property
    def needs(self) -> str:
        """What it learns from: ``told`` what would be right, a ``slope`` of the reward, or the ``reward`` alone."""

    @property
    def n_bytes(self) -> int:
        """Bytes of memory it holds."""

    @property
    def line(self) -> tuple[float, float] | None:
        """The w and b of its answers w·x + b; None where it has no such line."""

    @property
    def n_lessons(self) -> int:
        """How many lessons a task had better draw for a course."""

    def n_steps(self, lessons: Shown) -> int:
        """How many steps a course of these lessons takes."""

    def learning(self, lessons: Shown) -> Iterator[int]:
        """Learn, step by step: gives how many steps are done, ``n_steps`` in the end.

        Closed early, it goes on there with the same lessons, and ends with the same bytes. AgentError when the steps
        are too large to settle; the memory is then what it was before the course.
        """

    def answer(self, asked: Sequence[Decimal]) -> list[Answer]:
        """Answer numbers."""

    def facts(self) -> dict[str, str]:
        """Numbers about the memory worth showing: names known to `agent.ui.words.FACTS`, and their values."""

    def tensors(self) -> dict[str, np.ndarray]:
        """Give every array that must be saved."""

    @classmethod
    def restore(cls, config: Any, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        """Build it back from its saved arrays; AgentError when they do not fit the settings."""


def check_floats(tensors: Mapping[str, np.ndarray], expected: Mapping[str, tuple[tuple[int, ...], type]]) -> None:
    """Check names, shapes and types of saved arrays, those of a `Course` among them, and that numbers are finite."""
    expected = {**expected, "steps": ((3,), np.int64), "range": ((2,), np.float64)}
    if set(tensors) != set(expected):
        raise AgentError(f"expected the arrays {sorted(expected)}, got {sorted(tensors)}. The file is not one of ours.")
    for name, (shape, dtype) in expected.items():
        array = tensors[name]
        if array.shape != shape or array.dtype != dtype:
            raise AgentError(f"expected {name} of {shape} {np.dtype(dtype)}, got {array.shape} {array.dtype}.")
        if not np.isfinite(array).all():
            raise AgentError(f"expected finite numbers in {name}, got others.")
    if (tensors["steps"] < 0).any() or (tensors["steps"] > 2**40).any():
        raise AgentError(f"expected steps from 0 to 2**40, got {tensors['steps'].tolist()}.")


def check_number(config: object, limits: Mapping[str, tuple[float, float]]) -> None:
    """Check that settings are numbers within their limits; whole ones become floats.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_number(SimpleNamespace(lr=2.5), {"lr": (0.0, 1.0)})
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected lr as a number from 0 to 1, got 2.5.
    """
    for name, (low, high) in limits.items():
        value = getattr(config, name)
        if type(value) not in (int, float) or not low <= value <= high:
            raise AgentError(f"expected {name} as a number from {low:g} to {high:g}, got {value!r}.")
        if type(value) is int:
            object.__setattr__(config, name, float(value))


def check_within(tensors: Mapping[str, np.ndarray], limits: Mapping[str, tuple[int, int]]) -> None:
    """Check that whole numbers in saved arrays are within their limits."""
    for name, (low, high) in limits.items():
        least, most = int(tensors[name].min()), int(tensors[name].max())
        if not low <= least <= most <= high:
            raise AgentError(f"expected {name} from {low} to {high}, got {least} to {most}.")
