"""Regression models: what they promise, what they answer with, and where their training stands.

A model sees lessons of `agent.datasets.copy_numbers` and numbers that `agent.decimals` has read;
`agent.agents.regressor.Regressor` adds that and the public verbs, once for all models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

import numpy as np

from agent import decimals
from agent.datasets.copy_numbers import NumberLessons
from agent.errors import AgentError
from agent.models.base import BaseModel
from agent.validation import check_arrays

N_CHECKPOINTS = 24  # at which a training run reports, and can be stopped
N_LESSONS = 5000  # of a training run that does not say how many


@dataclass(frozen=True)
class Answer:
    """Prediction for one number."""

    x: Decimal  # the input, exactly
    value: Decimal | None  # the prediction, exactly, to the last bit of a float; None when the model is unsure
    extrapolated: bool  # whether x lies outside the range of the lessons
    because: str = ""  # why it is unsure: the symbol that is not known in its context, or the unreadable result

    @property
    def unsure(self) -> bool:
        """Whether there is no prediction."""
        return self.value is None

    @property
    def error(self) -> Decimal | None:
        """How far the answer is from a copy of x, exactly; None when it is unsure.

        Examples
        --------
        >>> Answer(Decimal("0.1"), Decimal(0.1), False).error
        Decimal('5.5511151231257827021181583404541015625E-18')
        """
        return None if self.value is None else decimals.minus(self.value, self.x)


@dataclass
class TrainingState:
    """Where training stands: steps of finished runs, of the unfinished one, and the range of the lessons."""

    before: int = 0  # steps of finished runs
    done: int = 0  # of the unfinished run; 0 when there is none
    total: int = 0  # likewise
    low: float = 0.0  # smallest x so far; 0 before the first
    high: float = 0.0  # largest x

    @property
    def n_steps(self) -> int:
        """Steps taken so far."""
        return self.before + self.done

    def note_range(self, x: np.ndarray) -> None:
        """Widen the range by the x of lessons; call it before `advance`."""
        known = [self.low, self.high] if self.n_steps else []
        self.low, self.high = float(min([x.min(), *known])), float(max([x.max(), *known]))

    def covers(self, x: Decimal) -> bool:
        """Whether a number lies within the range of the lessons."""
        return self.n_steps > 0 and Decimal(self.low) <= x <= Decimal(self.high)

    def begin(self, n_total: int) -> bool:
        """Begin a run of ``n_total`` steps, or resume an unfinished one of that length; True if it begins."""
        if self.total != n_total:
            self.before, self.done, self.total = self.n_steps, 0, n_total
        return self.done == 0

    def advance(self, n_done: int) -> None:
        """Note how many steps of the run are done, and finish it after the last."""
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
            raise AgentError(f"expected steps of a run that is not over, got {done} of {total}.")
        if low > high or (before + done == 0 and (low, high) != (0, 0)):
            raise AgentError(f"expected a range of lessons, got {low} to {high} after {before + done} steps.")
        return cls(before, done, total, low, high)


def checkpoints(n_total: int) -> list[int]:
    """Choose the steps at which a run reports: geometrically spaced, the last one included.

    Examples
    --------
    >>> checkpoints(25_000)[:8], checkpoints(25_000)[-2:], len(checkpoints(25_000))
    ([1, 2, 4, 6, 9, 14, 22, 34], [16096, 25000], 23)
    """
    steps = np.unique(np.rint(np.geomspace(1, n_total, N_CHECKPOINTS)).astype(int))
    return steps.tolist()


class RegressionModel(BaseModel):
    """A model that predicts a number from a number; the defaults suit one pass over lessons with targets."""

    # what it learns from: the ``target``, the ``gradient`` of the reward, or the ``reward`` alone
    feedback: str = "target"
    line: tuple[float, float] | None = None  # slope and intercept of its predictions w·x + b; None if it has none
    n_lessons: int = N_LESSONS  # how many lessons a task should draw for a run

    def __init__(self, config: Any) -> None:
        self.config = config
        self.training = TrainingState()

    @property
    def n_bytes(self) -> int:
        return sum(array.nbytes for array in self._arrays().values())

    def _arrays(self) -> dict[str, np.ndarray]:
        """What learning changes, by the names under which it is saved."""
        raise NotImplementedError

    def _limits(self) -> dict[str, tuple[float, float]]:
        """Smallest and largest value of those saved arrays that cannot hold any."""
        return {}

    def n_steps(self, lessons: NumberLessons) -> int:
        """Steps of a run over these lessons."""
        return len(lessons)

    def iter_learn(self, lessons: NumberLessons, every_step: bool = False) -> Iterator[int]:
        """Learn, yielding the number of steps done at `checkpoints` or after every step, ``n_steps`` in the end.

        Closed early, it resumes there with the same lessons and ends in the same bytes. AgentError when the steps are
        too large to converge; the model is then as it was before the run.
        """
        self._begin(lessons)
        n_steps = self.n_steps(lessons)
        for checkpoint in range(1, n_steps + 1) if every_step else checkpoints(n_steps):
            if checkpoint <= self.training.done:
                continue
            self.training.note_range(self._learn_steps(lessons, self.training.done, checkpoint))
            self.training.advance(checkpoint)
            yield checkpoint

    def _begin(self, lessons: NumberLessons) -> None:
        """Begin a run, or resume an unfinished one."""
        self.training.begin(self.n_steps(lessons))

    def _learn_steps(self, lessons: NumberLessons, first: int, end: int) -> np.ndarray:
        """Take some steps of a run, and give the x of all lessons that they may have been learned from."""
        raise NotImplementedError

    def predict(self, xs: Sequence[Decimal]) -> list[Answer]:
        """Predict for each number."""
        raise NotImplementedError

    def tensors(self) -> dict[str, np.ndarray]:
        return {name: array.copy() for name, array in self._arrays().items()} | self.training.tensors()

    @classmethod
    def restore(cls, config: Any, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        model = cls(config)
        arrays, limits = model._arrays(), model._limits()
        shapes = {name: (array.shape, array.dtype.type, *limits.get(name, ())) for name, array in arrays.items()}
        check_floats(tensors, shapes)
        model.training = TrainingState.restore(tensors)
        for name, array in arrays.items():
            array[...] = tensors[name]
        return model


def check_floats(tensors: Mapping[str, np.ndarray], expected: Mapping[str, tuple[Any, ...]]) -> None:
    """Check saved arrays, with those of a `TrainingState`; see `agent.validation.check_arrays`."""
    check_arrays(tensors, {**expected, "steps": ((3,), np.int64, 0, 2**40), "range": ((2,), np.float64)})
