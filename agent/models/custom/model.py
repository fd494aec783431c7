"""A user's class, function or object as a classifier of drawings, or of arrays of any shape; the rest is done here.

The lessons are stored beside the model, so that it can be saved as its lessons and trained on them again; what a net of
torch learned is saved itself.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from agent.errors import AgentError
from agent.models.base import LESSON_BYTES, BaseModel, Guess, LessonModel, lesson_arrays, newest_lesson, saved_lessons
from agent.models.custom.adapters import Adapter, adapter_of, check_interface
from agent.models.custom.frames import CustomFrames
from agent.models.custom.net import N_SEEN, PREFIXES
from agent.models.custom.regression import CustomRegression
from agent.models.custom.signature import (
    MAX_TENSORS,
    TRAINING,
    Spaces,
    config_class,
    constructor_defaults,
    is_maker,
    make,
    task_of,
)
from agent.user_code import own_code
from agent.validation import check_arrays

SCALE = 1000  # the best response


class CustomModel(LessonModel):
    """A user's model that classifies drawings, and the lessons it was taught."""

    NAME: ClassVar[str] = "plain"
    MAX_TENSORS: ClassVar[int] = MAX_TENSORS
    SUMMARY: ClassVar[str] = "a class of your own"
    ORDER_FREE: ClassVar[bool] = False
    Config: ClassVar[type]
    made_of: ClassVar[Any]  # a class, a function or an object
    path: ClassVar[str]
    training: ClassVar[frozenset[str]]  # names of settings that say how a net is trained
    lesson_bytes: int = LESSON_BYTES  # of a file, for each lesson

    def __init__(self, config: Any) -> None:
        self.config = config
        self.spaces = task_of(config)
        self._drawings = np.zeros((0, *self.spaces.shape), np.uint8)
        self._labels: list[str] = []
        with own_code(self.path):
            self._inner = make(self.made_of, config, self.spaces)
            check_interface(self._inner, self.path)
            self.adapter: Adapter = adapter_of(self._inner, self.spaces, config, self._lessons)

    @property
    def n_lessons(self) -> int:
        """How many lessons it had."""
        return len(self._labels)

    @property
    def n_bytes(self) -> int:
        return self._drawings.nbytes + self.n_state_bytes

    @property
    def n_state_bytes(self) -> int:
        """Most bytes of a file beside its lessons."""
        return getattr(self.adapter, "n_state_bytes", 0)

    def learn_many(self, thumbnails: np.ndarray, labels: Sequence[str]) -> None:
        if not len(labels):
            return
        with own_code(self.path):
            self.adapter.learn(thumbnails, labels)
        self._remember(thumbnails, labels)

    def _lessons(self) -> tuple[np.ndarray, Sequence[str]]:
        return self._drawings, self._labels

    def _remember(self, drawings: np.ndarray, labels: Sequence[str]) -> None:
        self._drawings = np.concatenate([self._drawings, drawings]) if len(self._drawings) else drawings
        self._labels = [*self._labels, *labels]

    def forget_one(self, thumbnail: np.ndarray, label: str, n_newer: int = 0) -> None:
        row = newest_lesson(self._drawings, self._labels, thumbnail, label, n_newer)
        drawings, labels = np.delete(self._drawings, row, axis=0), self._labels[:row] + self._labels[row + 1 :]
        before = dict(vars(self))
        try:
            type(self).__init__(self, self.config)
            self.learn_many(drawings, labels)
        except BaseException:
            vars(self).update(before)
            raise

    def predict(self, thumbnails: np.ndarray) -> list[Guess]:
        labels, is_asked = self.labels, self._are_asked(thumbnails)
        guesses = [Guess.of(labels, np.zeros(len(labels), np.int32))] * len(thumbnails)
        if not labels or not is_asked.any():
            return guesses
        with own_code(self.path):
            answers = self.adapter.answer(thumbnails[is_asked])
        for place, answer in zip(np.flatnonzero(is_asked), answers, strict=True):
            guesses[place] = Guess.of(labels, self._responses(answer, labels))
        return guesses

    def _are_asked(self, thumbnails: np.ndarray) -> np.ndarray:
        """Say which are no blank drawings: (N,) bool."""
        return thumbnails.any((1, 2))

    def _responses(self, answer: Any, labels: Sequence[str]) -> np.ndarray:
        """Read what was answered: (L,) int32. A label that the task has and no lesson had yet counts for nothing."""
        task_labels = self.spaces.labels
        scores = answer
        if isinstance(answer, (str, int, np.integer)) and not isinstance(answer, bool):
            scores = {str(answer): 1.0}
        elif answer is None:
            scores = {}
        elif isinstance(answer, (list, tuple, np.ndarray)) and np.ndim(answer) == 1:
            # one for each label of the task, or for each that was taught
            known = task_labels if len(answer) == len(task_labels) else labels
            scores = dict(zip(known, answer, strict=True)) if len(answer) == len(known) else None
        try:
            values = {str(label): float(value) for label, value in scores.items()}
        except (AttributeError, TypeError, ValueError) as error:
            known = "a label, None, label: number, or a number for each label"
            raise AgentError(f"expected {self.NAME} to answer with {known}, got {repr(answer)[:80]}.") from error
        unknown = sorted(set(values) - {*labels, *task_labels})
        if unknown:
            known = " ".join(sorted({*labels, *task_labels}))
            raise AgentError(f"expected {self.NAME} to answer among {known}, got {' '.join(unknown)[:80]}.")
        bad = [f"{value} for {label}" for label, value in values.items() if not np.isfinite(value)]
        if bad:
            raise AgentError(f"expected {self.NAME} to answer with finite numbers, got {', '.join(bad[:3])}.")
        values = {label: value for label, value in values.items() if label in labels}
        lowest = min(0.0, *values.values()) if len(values) > 1 else 0.0
        best = max((value - lowest for value in values.values()), default=0.0)
        scaled = [SCALE * (values.get(label, lowest) - lowest) / best if best > 0 else 0 for label in labels]
        return np.round(scaled).astype(np.int32)

    def tensors(self) -> dict[str, np.ndarray]:
        return lesson_arrays(self._drawings, self._labels) | self.adapter.tensors()

    @classmethod
    def restore(cls, config: Any, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        state = {name: array for name, array in tensors.items() if name.startswith(PREFIXES) or name == N_SEEN}
        rest = {name: array for name, array in tensors.items() if name not in state}
        model = cls(config)
        model._take_over(*model._saved_lessons(rest, labels), state)
        return model

    def _saved_lessons(
        self, tensors: Mapping[str, np.ndarray], labels: Sequence[str]
    ) -> tuple[np.ndarray, Sequence[str]]:
        return saved_lessons(tensors, labels)

    def _take_over(self, inputs: np.ndarray, labels: Sequence[str], state: Mapping[str, np.ndarray]) -> None:
        """Load the state of a net, or learn the lessons again."""
        if not self.adapter.KEEPS_STATE and not state:
            self.learn_many(inputs, labels)
        else:
            with own_code(self.path):
                self.adapter.load(state)
            self._remember(inputs, labels)


class CustomArrays(CustomModel):
    """A user's model that classifies arrays of one shape; lessons of a net are not kept."""

    MAX_LABELS: int = 200

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.keeps_lessons = not self.adapter.KEEPS_STATE
        self.lesson_bytes = 2 + (8 * math.prod(self.spaces.shape) if self.keeps_lessons else 0)

    def _remember(self, drawings: np.ndarray, labels: Sequence[str]) -> None:
        super()._remember(drawings if self.keeps_lessons else drawings[:0], labels)

    def check_shape(self, inputs: np.ndarray) -> None:
        """Check that inputs have the shape that the model was made for."""
        if inputs.shape[1:] != self.spaces.shape:
            raise AgentError(f"expected inputs of the shape {self.spaces.shape}, got {inputs.shape[1:]}.")

    def _are_asked(self, thumbnails: np.ndarray) -> np.ndarray:
        self.check_shape(thumbnails)
        return np.ones(len(thumbnails), bool)

    def tensors(self) -> dict[str, np.ndarray]:
        place = {label: number for number, label in enumerate(self.labels)}
        numbers = np.array([place[label] for label in self._labels], np.uint16)
        inputs = {"inputs": self._drawings.reshape(len(self._drawings), -1)} if self.keeps_lessons else {}
        return {"taught": numbers, **inputs, **self.adapter.tensors()}

    def _saved_lessons(
        self, tensors: Mapping[str, np.ndarray], labels: Sequence[str]
    ) -> tuple[np.ndarray, Sequence[str]]:
        inputs = tensors.get("inputs", np.zeros((0, 0), np.uint8))
        numbers, n_numbers = tensors.get("taught", np.zeros(0, np.uint16)), math.prod(self.spaces.shape)
        shapes = {"taught": ((numbers.size,), np.uint16, 0, max(0, len(labels) - 1))}
        shapes |= {"inputs": ((numbers.size, n_numbers), inputs.dtype.type)} if self.keeps_lessons else {}
        check_arrays(tensors, shapes)
        return inputs.reshape(-1, *self.spaces.shape) if inputs.size else inputs, [labels[number] for number in numbers]


_BASES: dict[str, type[BaseModel]] = {
    "drawings": CustomModel,
    "arrays": CustomArrays,
    "numbers": CustomRegression,
    "frames": CustomFrames,
}


def wrap_class(
    maker: Any, path: str, given: Mapping[str, Any], spaces: Spaces, name: str, family: str = "drawings"
) -> type[Any]:
    """Make a model called ``name`` of what was found at a path, with settings for its constructor.

    Raises
    ------
    AgentError
        A method is missing, a setting is unknown, or one has no value.
    """
    if family != "frames" and not (is_maker(maker) and not isinstance(maker, type)):  # that is seen when it is made
        check_interface(maker, path)
    config = config_class(maker, path, given, spaces, name)
    training = frozenset({*TRAINING} - {*constructor_defaults(maker)})
    summary = (inspect.getdoc(maker) or f"is {path}").splitlines()[0].rstrip(".")
    members = {"NAME": name, "SUMMARY": summary, "Config": config, "made_of": staticmethod(maker), "path": path}
    return type(name, (_BASES[family],), members | {"training": training})
