"""The agent that predicts numbers: checks of input in front of a regression model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from agent import decimals, render
from agent.agents.base import Agent
from agent.datasets.copy_numbers import Copy, NumberLessons, number_lessons
from agent.errors import AgentError
from agent.models import REGRESSORS, Answer, RegressionModel
from agent.models.regression import checkpoints
from agent.progress import Progress

if TYPE_CHECKING:
    from PIL.Image import Image

Trace = Callable[..., None]
N_PROBES = 101  # lessons that the error of a training run is measured on
SIDE = 28  # pixels of its picture


class Regressor(Agent):
    """An agent that learns to predict a number from a number; its model is an `agent.models.RegressionModel`.

    Examples
    --------
    >>> regressor = Regressor(REGRESSORS["linear"](REGRESSORS["linear"].Config(teacher="two_tries")))
    >>> for step in regressor.iter_learn_task(Copy(reward="exp100")):
    ...     pass
    >>> print(regressor.predict_one("123").value, regressor.predict_one("123").extrapolated)
    123 True
    """

    FAMILY: ClassVar[str] = "numbers"
    MODELS: ClassVar[dict[str, type[RegressionModel]]] = REGRESSORS
    PIPELINE_TAG: ClassVar[str] = "tabular-regression"
    TAGS: ClassVar[tuple[str, ...]] = ("numbers",)

    @property
    def n_lessons(self) -> int:
        """Training steps so far, for most models one a lesson."""
        return self.model.training.n_steps

    def picture(self) -> Image:
        """Plot predictions (up) over the range of the lessons (right), 28 x 28 pixels: a copy is the diagonal."""
        low, high = self.model.training.low, self.model.training.high
        page = np.zeros((SIDE, SIDE), np.uint8)
        xs = np.linspace(low, high, SIDE)
        for column, answer in enumerate(self.predict_many(xs.tolist()) if high > low else ()):
            share = None if answer.value is None else (float(answer.value) - low) / (high - low)
            if share is not None and 0 <= share <= 1:
                page[SIDE - 1 - round((SIDE - 1) * share), column] = 255
        return render.strip([page])

    def learn_many(self, x: Iterable[object], y: Iterable[object], *, reward: str = "one_minus") -> None:
        """Learn the targets y of N numbers x; models that learn from rewards see the rewards alone.

        Numbers are as `agent.decimals.read` takes them, and ``reward`` as `agent.datasets.copy_numbers.reward_of` does.
        AgentError for anything else, unequal lengths, or steps too large to converge; nothing was learned then.
        """
        for _ in self.iter_learn(number_lessons(x, y, reward)):
            pass

    def iter_learn_task(self, task: Copy, n_lessons: int | None = None, seed: int = 0) -> Iterator[Progress]:
        """Learn a task from ``n_lessons`` lessons, by default as many as the model asks for; yields progress.

        Closed early, it resumes there when called again, and ends in the same bytes.
        """
        return self.iter_learn(task.lessons(n_lessons or self.model.n_lessons, seed))

    def iter_learn(self, lessons: NumberLessons, trace: Trace | None = None) -> Iterator[Progress]:
        """Learn from lessons that were drawn before; yields progress and can be resumed as `iter_learn_task`.

        ``trace`` is called with the number of every step, its input, and answer, error and reward before it; of a step
        over all lessons only with the mean absolute error.
        """
        feedback = self.model.feedback
        if not lessons.is_supervised and feedback != "reward":
            what = "what would be right" if feedback == "target" else "the slope of the reward"
            raise AgentError(
                f"expected a learner that makes do with a reward, got {self.kind}, which needs {what}. "
                "Take agent.teacher=two_tries or reward_model, or task.supervised=true."
            )
        return self._steps(lessons, trace)

    def _steps(self, lessons: NumberLessons, trace: Trace | None) -> Iterator[Progress]:
        n_total, started = self.model.n_steps(lessons), time.perf_counter()
        probes = np.unique(np.linspace(0, len(lessons) - 1, N_PROBES).astype(int))
        xs = [decimals.read(x) for x in lessons.x[probes].tolist()]
        targets = lessons.y[probes]
        spent, training, reports = 0.0, self.model.training, set(checkpoints(n_total))
        row = self._before(lessons, training.done if training.total == n_total else 0) if trace else ()
        for n_done in self.model.iter_learn(lessons, trace is not None):
            spent += time.perf_counter() - started
            if trace:
                trace(n_done, *row)
                row = self._before(lessons, n_done)
            if n_done not in reports:
                started = time.perf_counter()
                continue
            error, squared = _mean_errors(self.model.predict(xs), targets)
            line = self.model.line
            yield Progress(n_done, n_total, "teaching", error=error, line=line, seconds=spent, squared_error=squared)
            started = time.perf_counter()

    def _before(self, lessons: NumberLessons, n_done: int) -> tuple[float | None, ...]:
        """Give input, answer, error and reward of the next step."""
        n_total = self.model.n_steps(lessons)
        if n_done == n_total:
            return ()
        if len(lessons) != n_total:  # every step goes over all of them
            return None, None, _mean_errors(self.predict_many(lessons.x.tolist()), lessons.y)[0], None
        x, y = float(lessons.x[n_done]), float(lessons.y[n_done])
        value = self.predict_one(x).value
        if value is None:
            return x, None, None, None
        return x, float(value), float(value) - y, lessons.reward(float(value) - y)

    def predict_one(self, x: object) -> Answer:
        """Predict for one number, exactly as computed; AgentError when it is no number."""
        return self.model.predict([decimals.read(x)])[0]

    def predict_many(self, xs: Iterable[object]) -> list[Answer]:
        """Predict for many numbers."""
        return self.model.predict([decimals.read(x) for x in xs])


def _mean_errors(answers: list[Answer], targets: np.ndarray) -> tuple[float | None, float | None]:
    """Mean absolute and mean squared error; None if any answer is unsure."""
    if any(answer.value is None for answer in answers):
        return None, None
    errors = [abs(float(answer.value) - target) for answer, target in zip(answers, targets.tolist(), strict=True)]
    return float(np.mean(errors)), float(np.mean(np.square(errors)))
