"""The copy task: inputs x with the target y = x, or only with a reward, a formula of the error e = answer − target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from agent import decimals
from agent.errors import AgentError, nearest
from agent.expressions import Program, compile_expression
from agent.kernels import rng
from agent.validation import check_settings, check_whole, setting

NAME = "copy"
SUMMARY = "numbers to be copied; a learner is shown the number, or only a reward"
ERROR = "e"  # the name that formulas have for the error
REWARDS = {  # formulas of the error
    "one_minus": "1 - abs(e)",
    "half_exp": "0.5*exp(-abs(e))",
    "exp10": "exp(-abs(e)/10)",
    "exp100": "exp(-abs(e)/100) - 1.333*abs(e)*(abs(e) > 0.01)",
    "committed": "exp(-abs(e)) - abs(e)*(abs(e) > 1)",
    "exp": "exp(-abs(e))",
}
MAX_SIZE = 1e12  # of x
MAX_LESSONS = 10_000_000
TEST_SEED = 2**40  # added to a seed for test numbers
N_TEST = 1000


@dataclass(frozen=True)
class NumberLessons:
    """Regression lessons: inputs, targets and the reward of an answer."""

    x: np.ndarray  # (N,) float64: inputs
    y: np.ndarray  # (N,) float64: targets
    reward: Program  # of an answer: a formula of its error
    is_supervised: bool = True  # whether a learner may use the targets; else only rewards of its answers

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Copy:
    """Settings of the task."""

    NAME: ClassVar[str] = NAME
    SUMMARY: ClassVar[str] = SUMMARY
    FAMILY: ClassVar[str] = "numbers"  # who learns it
    AGENT: ClassVar[str] = "linear"
    OLD_NAMES: ClassVar[dict[str, str]] = {"told": "supervised"}  # of settings, as earlier versions had them
    low: float = setting(0.0, "the least number shown", ge=-MAX_SIZE, le=MAX_SIZE)
    high: float = setting(10.0, "the largest", ge=-MAX_SIZE, le=MAX_SIZE)
    whole: bool = setting(False, "whether only whole numbers are shown")
    reward: str = setting("one_minus", f"{', '.join(REWARDS)}, or a formula of the error e")
    supervised: bool = setting(True, "whether the number to copy is shown; else only the reward of an answer is")

    def __post_init__(self) -> None:
        reward_of(self.reward)
        check_settings(self)
        if not self.low < self.high:
            raise AgentError(f"expected low below high, got {self.low:g} and {self.high:g}.")
        if self.whole and (self.low != int(self.low) or self.high != int(self.high)):
            raise AgentError(f"expected whole numbers for low and high, got {self.low:g} and {self.high:g}.")

    def lessons(self, n_lessons: int, seed: int) -> NumberLessons:
        """Draw lessons; a longer draw of the same seed begins with the shorter one.

        Examples
        --------
        >>> Copy(whole=True).lessons(5, seed=0).x
        array([0., 3., 4., 9., 9.])
        """
        check_whole("n_lessons", n_lessons, 1, MAX_LESSONS)
        x = np.empty(n_lessons)
        rng.draw(np.uint64(seed), np.uint64(0), self.low, self.high, self.whole, x)
        return NumberLessons(x, x.copy(), reward_of(self.reward), self.supervised)

    def test(self, n_numbers: int | None, seed: int) -> np.ndarray:
        """Draw test numbers of the same range: (N,) float64."""
        return self.lessons(n_numbers or N_TEST, seed + TEST_SEED).x


def number_lessons(x: object, y: object, reward: str = "one_minus") -> NumberLessons:
    """Make lessons of given inputs and targets.

    Examples
    --------
    >>> len(number_lessons([1, 2, 3], [2, 4, 6]))
    3
    """
    xs, ys = decimals.read_many(x), decimals.read_many(y)  # type: ignore[arg-type]  # anything is checked there
    if len(xs) != len(ys):
        raise AgentError(f"expected as many answers as numbers, got {len(xs)} numbers and {len(ys)} answers.")
    if not len(xs):
        raise AgentError("expected at least 1 lesson, got none.")
    return NumberLessons(xs, ys, reward_of(reward))


def reward_of(name: object) -> Program:
    """Find a reward by its name, or read it as a formula of the error e.

    Examples
    --------
    >>> reward_of("one_minus")(-3.0), reward_of("-e**2")(-3.0)
    (-2.0, -9.0)
    """
    if isinstance(name, str) and name in REWARDS:
        return compile_expression(REWARDS[name], "reward", ERROR)
    if not isinstance(name, str) or name.isidentifier() and name != ERROR:
        known = ", ".join(REWARDS)
        raise AgentError(
            f"expected reward among {known}, or a formula of e, got {str(name)[:40]!r}.{nearest(name, REWARDS)}"
        )
    return compile_expression(name, "reward", ERROR)
