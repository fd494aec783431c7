"""The agent that learns labels of arrays of any shape, with a model of a user's own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from agent import render
from agent.agents.base import Agent
from agent.datasets import LabelledDrawings, arrays
from agent.errors import AgentError
from agent.models import ARRAYS, Guess

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 28  # pixels of its picture


class Classifier(Agent):
    """An agent that learns arrays of one shape as they are; its model is a user's own, in ``agent.models.custom``."""

    FAMILY: ClassVar[str] = "arrays"
    MODELS: ClassVar[dict[str, type[Any]]] = ARRAYS
    PIPELINE_TAG: ClassVar[str] = "tabular-classification"
    TAGS: ClassVar[tuple[str, ...]] = ()
    MAX_LABEL_CHARS: ClassVar[int] = arrays.MAX_CHARS

    @classmethod
    def restored(cls, model: Any, log: str, name: str) -> Self:
        """Build an agent from a saved model and log; AgentError when the log is one of other lessons."""
        agent = cls(model, name)
        if log != agent.log:
            raise AgentError(f"expected a log of {agent.n_lessons:,} lessons of arrays, got {log[:80]!r}.")
        return agent

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels taught so far, sorted: the order of ``Guess.responses``."""
        return self.model.labels

    @property
    def n_lessons(self) -> int:
        """How many lessons it had."""
        return self.model.n_lessons

    @property
    def log(self) -> str:
        """The lesson log as a file holds it: the lessons are in the data they came from, so only their number."""
        return json.dumps({"event": "arrays", "n_lessons": self.n_lessons}) + "\n"

    def picture(self) -> Image:
        """Draw nothing: arrays are no pictures."""
        return render.strip([np.zeros((SIDE, SIDE), np.uint8)])

    def learn_many(self, inputs: LabelledDrawings | Any, labels: Iterable[str] = ()) -> None:
        """Learn N inputs of the model's shape with N labels, in order; AgentError for another shape."""
        lessons = inputs if isinstance(inputs, LabelledDrawings) else LabelledDrawings(inputs, tuple(labels))
        self.check_lessons(lessons)
        self.model.learn_many(lessons.drawings, lessons.labels)

    def check_lessons(self, lessons: LabelledDrawings) -> None:
        """Check that lessons have the shape that the model was made for."""
        self.model.check_shape(lessons.drawings)

    def predict_many(self, inputs: np.ndarray) -> list[Guess]:
        """Guess N inputs of the model's shape."""
        return self.model.predict(inputs)
