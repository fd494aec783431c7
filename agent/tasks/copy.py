"""Copying a number: a task that shows x and reveals x, or only how well an answer a was, a reward of e = a − x."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from agent import numbers
from agent.errors import AgentError, nearest
from agent.formulas import Program, compiled
from agent.kernels import chance

NAME = "copy"
SUMMARY = "numbers to be copied; a learner is told the number, or only a reward"
ERROR = "e"  # the name that formulas have for the error
REWARDS = {  # formulas of the error
    "one_minus": "1 - abs(e)",
    "half_exp": "0.5*exp(-abs(e))",
    "exp10": "exp(-abs(e)/10)",
    "exp100": "exp(-abs(e)/100) - 1.333*abs(e)*(abs(e) > 0.01)",
    "committed": "exp(-abs(e)) - abs(e)*(abs(e) > 1)",
    "exp": "exp(-abs(e))",
}
MAX_SIZE = 1e12  # of the numbers shown
MAX_LESSONS = 10_000_000
TEST_SEED = 2**40  # added to a seed for the numbers asked in the end
N_ASKED = 1000


@dataclass(frozen=True)
class Shown:
    """Lessons as a task gives them: what is shown, what may be learned from, and nothing else.

    Attributes
    ----------
    x, y : numpy.ndarray
        (N,) float64: the numbers shown, and what would be right.
    reward : agent.formulas.Program
        How well an answer is: a formula of how far it is from what would be right.
    is_told : bool
        Whether what would be right is told; else only the reward of an answer is.
    """

    x: np.ndarray
    y: np.ndarray
    reward: Program
    is_told: bool = True

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Copy:
    """Settings of the task."""

    NAME: ClassVar[str] = NAME
    SUMMARY: ClassVar[str] = SUMMARY
    FAMILY: ClassVar[str] = "numbers"  # who learns it
    AGENT: ClassVar[str] = "linear"
    low: float = 0.0  # the least number shown
    high: float = 10.0  # the largest
    whole: bool = False  # whether only whole numbers are shown
    reward: str = "one_minus"  # one_minus, half_exp, exp10, exp100, committed, exp, or a formula of the error e
    told: bool = True  # whether the number to copy is told; else only the reward of an answer is

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            value = getattr(self, name)
            if type(value) not in (int, float) or not abs(value) <= MAX_SIZE:
                raise AgentError(f"expected {name} as a number from -1e12 to 1e12, got {value!r}.")
            object.__setattr__(self, name, float(value))
        for name in ("whole", "told"):
            if type(getattr(self, name)) is not bool:
                raise AgentError(f"expected {name} as true or false, got {getattr(self, name)!r}.")
        if not self.low < self.high:
            raise AgentError(f"expected low below high, got {self.low:g} and {self.high:g}.")
        if self.whole and (self.low != int(self.low) or self.high != int(self.high)):
            raise AgentError(f"expected whole numbers for low and high, got {self.low:g} and {self.high:g}.")
        reward_of(self.reward)

    def lessons(self, n_lessons: int, seed: int) -> Shown:
        """Draw so many lessons by chance; the first ones are the same however many are drawn.

        Examples
        --------
        >>> Copy(whole=True).lessons(5, seed=0).x
        array([0., 3., 4., 9., 9.])
        """
        if type(n_lessons) is not int or not 1 <= n_lessons <= MAX_LESSONS:
            raise AgentError(f"expected 1 to {MAX_LESSONS:,} lessons, got {n_lessons!r}.")
        x = np.empty(n_lessons)
        chance.draw(np.uint64(seed), np.uint64(0), self.low, self.high, self.whole, x)
        return Shown(x, x.copy(), reward_of(self.reward), self.told)

    def test(self, n_numbers: int | None, seed: int) -> np.ndarray:
        """Draw other numbers of the same range to ask: (N,) float64."""
        return self.lessons(n_numbers or N_ASKED, seed + TEST_SEED).x


def shown(x: object, y: object, reward: str = "one_minus", told: bool = True) -> Shown:
    """Make lessons of a person's own: numbers shown, and what would be right for each.

    Examples
    --------
    >>> len(shown([1, 2, 3], [2, 4, 6]))
    3
    """
    xs, ys = numbers.read_many(x), numbers.read_many(y)  # type: ignore[arg-type]  # the gate takes anything
    if len(xs) != len(ys):
        raise AgentError(f"expected as many answers as numbers, got {len(xs)} numbers and {len(ys)} answers.")
    if not len(xs):
        raise AgentError("expected at least 1 lesson, got none.")
    return Shown(xs, ys, reward_of(reward), told)


def reward_of(name: object) -> Program:
    """Find a reward by its name, or read it as a formula of the error e.

    Examples
    --------
    >>> reward_of("one_minus")(-3.0), reward_of("-e**2")(-3.0)
    (-2.0, -9.0)
    """
    if isinstance(name, str) and name in REWARDS:
        return compiled(REWARDS[name], "reward", ERROR)
    if not isinstance(name, str) or name.isidentifier() and name != ERROR:
        known = ", ".join(REWARDS)
        raise AgentError(
            f"expected reward among {known}, or a formula of e, got {str(name)[:40]!r}.{nearest(name, REWARDS)}"
        )
    return compiled(name, "reward", ERROR)
