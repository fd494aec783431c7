"""Interface of models that classify drawings, their guesses, and what models that store their lessons share.

A model sees thumbnails and checked labels only. `agent.agents.pupil.Pupil` adds preprocessing, the lesson log and the
public methods, once for all models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np

from agent import preprocessing
from agent.errors import AgentError
from agent.kernels.matching import synthesise
from agent.validation import check_arrays

DRAWN_INK = 96  # grey value from which a pixel counts as ink
DRAWN_FROM = 1000  # lessons at most; each takes 0.1 ms
DRAWN_SLACK = 3  # context pixels by which a lesson may fit worse than the nearest and still be a candidate
DRAWN_ATTEMPTS = 8
_NEXT_ATTEMPT = 2**48 + 1  # added to a seed


@dataclass(frozen=True)
class Exemplar:
    """A lesson that supports a label: ``drawing`` (28, 28) uint8, ``distance`` to the drawing guessed, 0 = equal."""

    label: str
    drawing: np.ndarray
    distance: int


class Explanation(NamedTuple):
    """Reasons of a guess: see `Guess.because` and `Guess.saliency`."""

    because: tuple[Exemplar, ...] = ()
    saliency: np.ndarray | None = None


@dataclass(frozen=True)
class Guess:
    """Prediction for one drawing: label, confidence, responses and reasons.

    Reasons are computed when they are first read, from what the agent remembers by then. A copy of a guess, or one that
    is pickled, holds its reasons, not the agent.

    Attributes
    ----------
    label : str or None
        The best label; None when nothing responds or the two best responses are equal.
    confidence : float
        (best − second) / best response, 0 … 1.
    responses : numpy.ndarray
        (L,) int32 in the order of the agent's ``labels``; more is better, 0 is no evidence at all.
    unsure : bool
        There is no best label, or the drawing is unfamiliar.
    unfamiliar : bool
        Nothing the agent remembers is like the drawing: the label is only what is least unlike it.
    because : tuple of Exemplar
        The nearest lessons of the label, nearest first; empty for models that store none.
    saliency : numpy.ndarray or None
        (28, 28) uint8: how much each pixel of the canonical drawing supports the label against the second best; None
        where the model cannot say.
    """

    label: str | None
    confidence: float
    responses: np.ndarray
    unsure: bool
    unfamiliar: bool = False
    explain_later: Callable[[], Explanation] = field(default=Explanation, repr=False)

    @cached_property
    def _explanation(self) -> Explanation:
        return self.explain_later()

    @property
    def because(self) -> tuple[Exemplar, ...]:
        return self._explanation.because

    @property
    def saliency(self) -> np.ndarray | None:
        return self._explanation.saliency

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"explain_later": partial(Explanation, *self._explanation)}

    @classmethod
    def of(cls, labels: Sequence[str], responses: np.ndarray) -> Self:
        """Make a guess from responses; a tie is reported, never broken.

        Examples
        --------
        >>> Guess.of(("3", "8"), np.array([10, 40], np.int32)).confidence
        0.75
        >>> Guess.of(("3", "8"), np.array([40, 40], np.int32)).unsure
        True
        """
        best, second = sorted([0, 0, *responses.tolist()])[:-3:-1]
        if best == second:
            return cls(None, 0.0, responses, True)
        return cls(labels[int(responses.argmax())], (best - second) / best, responses, False)


class BaseModel(Protocol):
    """What the models of all families have; the defaults suit models without labels."""

    NAME: ClassVar[str]
    SUMMARY: ClassVar[str]  # one sentence for menus and cards
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {"as it is": {}}  # named settings; the first are the defaults
    MAX_LABELS: int = 0
    Config: ClassVar[type]
    config: Any  # a frozen dataclass, every field with a default, among them ``seed: int``

    @property
    def n_bytes(self) -> int:
        """Bytes of memory it holds, without what models share."""
        return sum(array.nbytes for array in self.tensors().values())

    @property
    def max_saved_bytes(self) -> int:
        """Most bytes that its saved arrays can come to, however long it learns with its settings, where it is."""
        return sum(array.nbytes for array in self.tensors().values())

    def stats(self) -> dict[str, str]:
        """Figures about the model to show: names, which ``FACTS`` of the page's texts may know, and their values."""
        raise NotImplementedError

    def tensors(self) -> dict[str, np.ndarray]:
        """All arrays to save, enough to resume to the byte."""
        raise NotImplementedError

    @classmethod
    def restore(cls, config: Any, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        """Build a model from its saved arrays; AgentError when they do not fit the settings."""
        raise NotImplementedError


class Model(BaseModel, Protocol):
    """Online classifier of drawings.

    All drawings are thumbnails with ink, (28, 28) uint8 as `agent.preprocessing.to_thumbnail` gives them. Models can
    be deep-copied. ``ORDER_FREE`` says that the order of lessons does not matter and that forgetting a lesson restores
    every byte; where it is False, `Pupil` forgets by replaying the log.
    """

    ORDER_FREE: bool  # of this instance; of the class: with default settings
    STUDIES: ClassVar[bool]  # whether `study` does anything
    VIEWS: ClassVar[tuple[str, ...]]  # what else a page can show of it: "nodes", "trajectory"
    MAX_LABELS: int  # of this instance; of the class: the most that settings allow

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels taught so far, sorted."""

    def learn_one(self, thumbnail: np.ndarray, label: str) -> None:
        """Learn one lesson of the user: afterwards this drawing is answered with this label."""

    def learn_many(self, thumbnails: np.ndarray, labels: Sequence[str]) -> None:
        """Learn (N, 28, 28) lessons in order, one pass."""

    def forget_one(self, thumbnail: np.ndarray, label: str, n_newer: int = 0) -> None:
        """Forget the newest lesson but ``n_newer`` with this drawing and label; AgentError when it was never taught."""

    def relabel_one(self, thumbnail: np.ndarray, label: str, new_label: str, n_newer: int = 0) -> None:
        """Let that lesson be as if it had been taught with another label; only of models with ``ORDER_FREE``."""

    def predict(self, thumbnails: np.ndarray) -> list[Guess]:
        """Guess (N, 28, 28) drawings, without reasons; a blank drawing is unsure."""

    def predict_one(self, thumbnail: np.ndarray) -> Guess:
        """Guess one (28, 28) drawing, with what its reasons need."""

    def explain(self, thumbnail: np.ndarray, label: str) -> Explanation:
        """Reasons for a label of a (28, 28) drawing; empty when the label was never taught."""

    def same_params(self, other: Self) -> bool:
        """Say whether another model of this class has equal settings and sampled parameters, so that they can join."""

    def join(self, other: Self) -> None:
        """Add the lessons of a model with the same parameters; AgentError when they differ."""

    def study(self) -> Iterator[float]:
        """Refine the model on its bulk lessons; yields the share done, 0 … 1. Nothing changes before the end."""

    def imagine(self, label: str) -> np.ndarray:
        """Mental image of a label: (28, 28) uint8, the mean of its canonical drawings; AgentError without any."""

    def remembered(self, label: str) -> np.ndarray:
        """Thumbnails taught as a label, (N, 28, 28) uint8; none when it was never taught."""


LESSON_BYTES = preprocessing.SIDE**2 // 2 + 2  # of a lesson in a file: packed, with its label


class LessonModel(BaseModel):
    """Mixin for models that store lessons in ``_drawings`` and ``_labels``: what of `Model` follows from these."""

    STUDIES: ClassVar[bool] = False
    VIEWS: ClassVar[tuple[str, ...]] = ()
    MAX_LABELS: int = 62
    _drawings: np.ndarray | list[np.ndarray]  # (N, 28, 28) uint8
    _labels: list[str]  # N labels

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted(set(self._labels)))

    def learn_one(self, thumbnail: np.ndarray, label: str) -> None:
        self.learn_many(thumbnail[None], [label])

    def predict_one(self, thumbnail: np.ndarray) -> Guess:
        guess = self.predict(thumbnail[None])[0]
        if guess.label is None:
            return guess
        return replace(guess, explain_later=partial(self.explain, thumbnail, guess.label))

    def explain(self, thumbnail: np.ndarray, label: str) -> Explanation:
        return Explanation()

    def same_params(self, other: Self) -> bool:
        return other.config == self.config

    def study(self) -> Iterator[float]:
        return iter(())

    def imagine(self, label: str) -> np.ndarray:
        drawings = self.remembered(label)
        if not len(drawings):
            raise AgentError(f"expected one of the labels {list(self.labels)}, got {label!r}. Teach it first.")
        return np.round(np.mean([preprocessing.canonical(drawing) for drawing in drawings], axis=0)).astype(np.uint8)

    def join(self, other: Self) -> None:
        check_same_params(self, other)
        self.learn_many(other._drawings, other._labels)

    def remembered(self, label: str) -> np.ndarray:
        drawings = [drawing for drawing, name in zip(self._drawings, self._labels, strict=True) if name == label]
        return np.array(drawings, np.uint8).reshape(-1, preprocessing.SIDE, preprocessing.SIDE)

    def stats(self) -> dict[str, str]:
        return {"rows": f"{len(self._labels):,}"}

    def tensors(self) -> dict[str, np.ndarray]:
        return lesson_arrays(self._drawings, self._labels)

    @classmethod
    def restore(cls, config: Any, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        model = cls(config)
        model.learn_many(*saved_lessons(tensors, labels))
        return model


def newest_lesson(
    drawings: Sequence[np.ndarray] | np.ndarray,
    lesson_labels: Sequence[str],
    thumbnail: np.ndarray,
    label: str,
    n_newer: int = 0,
) -> int:
    """Number of the newest lesson but ``n_newer`` with this drawing and label; AgentError when it was never taught."""
    equal = [row for row, name in enumerate(lesson_labels) if name == label and (drawings[row] == thumbnail).all()]
    if len(equal) <= n_newer:
        raise AgentError(f"expected a drawing taught as {label!r}, got one that never was. Nothing to forget.")
    return equal[-1 - n_newer]


def lesson_arrays(drawings: np.ndarray, lesson_labels: Sequence[str]) -> dict[str, np.ndarray]:
    """Pack lessons into arrays to be saved: (N, 28, 28) uint8 thumbnails and their N labels."""
    place = {label: number for number, label in enumerate(sorted(set(lesson_labels)))}
    return {
        "drawings": preprocessing.pack(drawings),
        "taught": np.array([place[label] for label in lesson_labels], np.uint8),
    }


def lesson_shapes(n_lessons: int, n_labels: int) -> dict[str, tuple[tuple[int, ...], type, int, int]]:
    """Shapes, types and ranges of the arrays of `lesson_arrays`, for `check_arrays`."""
    drawings = ((n_lessons, preprocessing.PACKED_BYTES), np.uint8, 0, 255)
    return {"drawings": drawings, "taught": ((n_lessons,), np.uint8, 0, max(0, n_labels - 1))}


def saved_lessons(tensors: Mapping[str, np.ndarray], labels: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Drawings and labels from arrays that hold nothing else, checked."""
    check_arrays(tensors, lesson_shapes(n_rows(tensors, "taught"), len(labels)))
    drawings = preprocessing.unpack(tensors["drawings"])
    check_lessons(drawings, tensors["taught"], labels)
    return drawings, [labels[number] for number in tensors["taught"]]


def check_lessons(drawings: np.ndarray, lesson_labels: np.ndarray, labels: Sequence[str]) -> None:
    """Check that drawings are thumbnails with ink, and that every label has one."""
    if not preprocessing.are_inked_thumbnails(drawings):
        raise AgentError("expected thumbnails with ink, got other drawings. The file was changed.")
    n_used = len(np.unique(lesson_labels))
    if n_used != len(labels):
        raise AgentError(f"expected lessons for all {len(labels)} labels, got {n_used}.")


def check_same_params(one: Model, other: Model) -> None:
    """Check that two models can be joined."""
    if not one.same_params(other):
        raise AgentError(
            "expected an agent of the same settings and sampled parameters, got another one. "
            "Teach this one from the other's lessons instead."
        )


def n_rows(tensors: Mapping[str, np.ndarray], name: str) -> int:
    """Length of a flat array, 0 when there is none: other shapes follow from it."""
    return len(tensors[name]) if name in tensors and tensors[name].ndim == 1 else 0


def drawn_image(thumbnails: np.ndarray, seed: int) -> np.ndarray:
    """Synthesise a new drawing from thumbnails of one label, (N, 28, 28) uint8: see `Pupil.draw_one`."""
    some = thumbnails[:: -(-len(thumbnails) // DRAWN_FROM)]
    ink = np.stack([preprocessing.canonical(drawing) >= DRAWN_INK for drawing in some]).astype(np.uint8)
    distances = differing(ink, ink) + ink.size * np.eye(len(ink), dtype=np.int64)
    farthest, page = -1, np.empty((preprocessing.SIDE, preprocessing.SIDE), np.uint8)
    for attempt in range(DRAWN_ATTEMPTS):
        synthesise(ink, seed + attempt * _NEXT_ATTEMPT, DRAWN_SLACK, page)
        distance = int(differing(page[None], ink).min())
        if distance > farthest:
            farthest, best = distance, page * np.uint8(255)
        if distance > distances.min():
            break
    return best


def differing(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Numbers of differing pixels of two sets of drawings: (N, H, W) and (M, H, W), 0 or 1 -> (N, M) int64.

    Examples
    --------
    >>> differing(np.zeros((1, 2, 2)), np.array([[[1, 0], [0, 1]], [[0, 0], [0, 0]]])).tolist()
    [[2, 0]]
    """
    a, b = (drawings.reshape(len(drawings), -1).astype(np.float32) for drawings in (one, other))  # BLAS takes floats
    return np.rint(a.sum(axis=1)[:, None] + b.sum(axis=1)[None] - 2 * (a @ b.T)).astype(np.int64)
