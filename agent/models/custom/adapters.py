"""Interfaces of learners that are taken as they are, each behind the same two methods.

``learn_one(x, y)`` and ``predict_one(x)`` get arrays as they come. Estimators of scikit-learn, ``partial_fit`` or
``fit`` and ``predict_proba`` or ``predict``, get rows of numbers, those of uint8 from 0 to 1. Models of river get the
same numbers as a dict by place. Modules of torch are in `agent.models.custom.net`.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from agent.errors import AgentError
from agent.models.custom.signature import Spaces, is_net

_VERBS = ("learn_one", "predict_one")
_INTERFACES = (_VERBS, *itertools.product(("partial_fit", "fit"), ("predict", "predict_proba")))
Lessons = tuple[np.ndarray, Sequence[Any]]


class Adapter(Protocol):
    """What learns: N inputs of one shape, and as targets N labels, or numbers (N, n_outputs)."""

    KEEPS_STATE: bool  # whether `tensors` holds all it has learned; else it is saved as its lessons

    def learn(self, inputs: np.ndarray, targets: Any) -> None:
        """Learn lessons: whether together or one by one makes a difference to nets alone, which learn in batches."""

    def answer(self, inputs: np.ndarray) -> Sequence[Any]:
        """Answer N inputs."""

    def tensors(self) -> dict[str, np.ndarray]:
        """What is saved of it beside its lessons."""

    def load(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Take over what another one learned; AgentError where it does not fit."""


def check_interface(thing: object, path: str) -> None:
    """Check that something has one of the interfaces."""
    if is_net(thing) or any(all(callable(getattr(thing, verb, None)) for verb in verbs) for verbs in _INTERFACES):
        return
    missing = next((verb for verb in _VERBS if not callable(getattr(thing, verb, None))), "predict")
    raise AgentError(f"expected {path} to have {' and '.join(_VERBS)}, or fit and predict, got none named {missing}.")


def adapter_of(thing: Any, spaces: Spaces, config: Any, lessons: Callable[[], Lessons]) -> Adapter:
    """Put the adapter of its interface in front of a learner; ``lessons`` gives all that it was taught so far."""
    if is_net(thing):
        from agent.models.custom.net import Net

        return Net(thing, spaces, config)
    if hasattr(thing, "learn_one"):
        is_river = any(one.__module__.split(".")[0] == "river" for one in type(thing).__mro__)
        return (Features if is_river or hasattr(thing, "predict_proba_one") else PlainAdapter)(thing, spaces)
    return (Rows if hasattr(thing, "partial_fit") else FittedRows)(thing, spaces, lessons)


class PlainAdapter:
    """A learner that gets arrays as they come; one number alone comes as a number."""

    KEEPS_STATE = False

    def __init__(self, inner: Any, spaces: Spaces) -> None:
        self.inner, self.labels, self.white = inner, spaces.labels, spaces.white

    def inputs(self, inputs: np.ndarray) -> Sequence[Any]:
        """Give inputs as the learner takes them, which may change them."""
        return inputs[:, 0].tolist() if inputs.shape[1:] == (1,) else inputs.copy()

    def learn(self, inputs: np.ndarray, targets: Any) -> None:
        targets = targets if self.labels else targets[:, 0].tolist() if targets.shape[1] == 1 else targets
        for x, y in zip(self.inputs(inputs), targets, strict=True):
            self.inner.learn_one(x, y)

    def answer(self, inputs: np.ndarray) -> Sequence[Any]:
        return [self.inner.predict_one(x) for x in self.inputs(inputs)]

    def tensors(self) -> dict[str, np.ndarray]:
        return {}

    def load(self, tensors: Mapping[str, np.ndarray]) -> None:
        raise AgentError("expected lessons alone of a model of your own, got other arrays. The file was changed.")


class Features(PlainAdapter):
    """A model of river."""

    def inputs(self, inputs: np.ndarray) -> Sequence[Any]:
        """Give dicts by place."""
        return [dict(enumerate(row.tolist())) for row in rows_of(inputs, self.white)]

    def answer(self, inputs: np.ndarray) -> Sequence[Any]:
        if self.labels and hasattr(self.inner, "predict_proba_one"):
            try:
                return [self.inner.predict_proba_one(x) for x in self.inputs(inputs)]
            except NotImplementedError:  # as some classifiers of river do
                pass
        return super().answer(inputs)


class Rows(PlainAdapter):
    """An estimator of scikit-learn that learns online."""

    def __init__(self, inner: Any, spaces: Spaces, lessons: Callable[[], Lessons]) -> None:
        super().__init__(inner, spaces)
        self.lessons = lessons
        names = inspect.signature(inner.partial_fit).parameters if hasattr(inner, "partial_fit") else ()
        self.classes = {"classes": np.array(sorted(spaces.labels))} if spaces.labels and "classes" in names else {}

    def learn(self, inputs: np.ndarray, targets: Any) -> None:
        for row, target in zip(rows_of(inputs, self.white), np.asarray(targets), strict=True):
            target = target if self.labels or len(target) > 1 else target[0]
            self.inner.partial_fit(row[None], np.array([target]), **self.classes)

    def answer(self, inputs: np.ndarray) -> Sequence[Any]:
        rows = rows_of(inputs, self.white)
        if self.labels and len(known := set(self.lessons()[1])) == 1:
            return [*known] * len(rows)
        if self.labels and hasattr(self.inner, "predict_proba"):
            classes = [str(label) for label in self.inner.classes_]
            return [dict(zip(classes, row, strict=True)) for row in self.inner.predict_proba(rows)]
        return list(self.inner.predict(rows))


class FittedRows(Rows):
    """An estimator of scikit-learn that learns all lessons together: when it is asked."""

    n_fitted = 0

    def learn(self, inputs: np.ndarray, targets: Any) -> None:
        """Wait until it is asked."""

    def answer(self, inputs: np.ndarray) -> Sequence[Any]:
        lessons, targets = self.lessons()
        is_alone = self.labels and len(set(targets)) == 1
        if self.n_fitted != len(targets) and not is_alone:
            targets = np.asarray(targets)
            self.inner.fit(
                rows_of(lessons, self.white), targets if self.labels or targets.shape[1] > 1 else targets[:, 0]
            )
            self.n_fitted = len(targets)
        return super().answer(inputs)


def rows_of(inputs: np.ndarray, white: int) -> np.ndarray:
    """Give inputs of any shape as rows of float64; uint8 as shares of white.

    Examples
    --------
    >>> rows_of(np.array([[[0, 16]]], np.uint8), 16).tolist(), rows_of(np.array([[3, 4]]), 16).tolist()
    ([[0.0, 1.0]], [[3.0, 4.0]])
    """
    rows = inputs.reshape(len(inputs), -1)
    return rows / white if rows.dtype == np.uint8 else rows.astype(np.float64)
