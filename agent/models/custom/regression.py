"""A user's class, function or object that predicts a number from a number, and the lessons it was taught."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Self

import numpy as np

from agent.datasets.copy_numbers import NumberLessons
from agent.models.base import n_rows
from agent.models.custom.adapters import Adapter, adapter_of, check_interface
from agent.models.custom.signature import MAX_TENSORS, Spaces, make
from agent.models.regression import Answer, RegressionModel, TrainingState, check_floats
from agent.user_code import own_code

SPACES = Spaces((), (1,), 1)


class CustomRegression(RegressionModel):
    """A user's model that predicts numbers: from x as a number, or as a row with one number."""

    NAME: ClassVar[str] = "plain"
    MAX_TENSORS: ClassVar[int] = MAX_TENSORS
    SUMMARY: ClassVar[str] = "a class of your own"
    made_of: ClassVar[Any]
    path: ClassVar[str]

    def __init__(self, config: Any) -> None:
        self.config, self.training = config, TrainingState()
        self._x, self._y = np.zeros(0), np.zeros(0)
        with own_code(self.path):
            self._inner = make(self.made_of, config, SPACES)
            check_interface(self._inner, self.path)
            self.adapter: Adapter = adapter_of(self._inner, SPACES, config, self._lessons)

    @property
    def max_saved_bytes(self) -> int:
        return 3 * sum(array.nbytes for array in self.tensors().values())

    def _lessons(self) -> tuple[np.ndarray, np.ndarray]:
        return self._x[:, None], self._y[:, None]

    def _learn_steps(self, lessons: NumberLessons, first: int, end: int) -> np.ndarray:
        x, y = lessons.x[first:end], lessons.y[first:end]
        with own_code(self.path):
            self.adapter.learn(x[:, None], y[:, None])
        self._x, self._y = np.concatenate([self._x, x]), np.concatenate([self._y, y])
        return x

    def predict(self, xs: Sequence[Decimal]) -> list[Answer]:
        if not self.training.n_steps:
            return [Answer(x, None, True) for x in xs]
        with own_code(self.path):
            answers = self.adapter.answer(np.array([[float(x)] for x in xs]).reshape(-1, 1))
            values = [float(np.asarray(answer).reshape(())) if answer is not None else np.nan for answer in answers]
        return [
            Answer(x, Decimal(value) if np.isfinite(value) else None, not self.training.covers(x))
            for x, value in zip(xs, values, strict=True)
        ]

    def stats(self) -> dict[str, str]:
        return {"rows": f"{len(self._x):,}"}

    def tensors(self) -> dict[str, np.ndarray]:
        return {"x": self._x, "y": self._y, **self.training.tensors(), **self.adapter.tensors()}

    @classmethod
    def restore(cls, config: Any, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        model, names = cls(config), ("x", "y", "steps", "range")
        saved = {name: array for name, array in tensors.items() if name in names}
        n_lessons = n_rows(tensors, "x")
        check_floats(saved, dict.fromkeys(("x", "y"), ((n_lessons,), np.float64)))
        model.training, model._x, model._y = TrainingState.restore(saved), saved["x"], saved["y"]
        state = {name: array for name, array in tensors.items() if name not in names}
        with own_code(cls.path):
            if not model.adapter.KEEPS_STATE and not state:
                model.adapter.learn(*model._lessons())
            else:
                model.adapter.load(state)
        return model
