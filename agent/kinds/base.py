"""What every kind of agent promises, and what it answers with.

A kind is the memory alone: it sees kept drawings that have passed the gate and labels that have been checked.
`agent.pupil.Pupil` adds the gate, the lesson log and the public verbs, once for all kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np


@dataclass(frozen=True)
class Reason:
    """One remembered drawing that spoke for a label: ``drawing`` (28, 28) uint8, ``distance`` 0 = the same."""

    label: str
    drawing: np.ndarray
    distance: int


class Why(NamedTuple):
    """What an answer rests on: see `Guess.because` and `Guess.voted`."""

    because: tuple[Reason, ...] = ()
    voted: np.ndarray | None = None


@dataclass(frozen=True)
class Guess:
    """An answer: the label, how sure, and why.

    Reasons are looked for when they are first read, in what the agent remembers by then. A copy of a guess, or one that
    is pickled, has its reasons with it, not the agent.

    Attributes
    ----------
    label : str or None
        The best label; None when the agent is unsure.
    confidence : float
        (best − second) / best response, 0 … 1.
    responses : numpy.ndarray
        (L,) int32 in the order of the agent's ``labels``; more is better, 0 is no evidence at all.
    unsure : bool
        Nothing responds, or the two best responses are equal.
    because : tuple of Reason
        The remembered drawings of the label that are nearest, nearest first; empty for kinds that remember none.
    voted : numpy.ndarray or None
        (28, 28) uint8: how much each pixel of the canonical drawing spoke for the label and not for the second best;
        None where nothing is known of it.
    """

    label: str | None
    confidence: float
    responses: np.ndarray
    unsure: bool
    look_for_why: Callable[[], Why] = field(default=Why, repr=False)

    @cached_property
    def _why(self) -> Why:
        return self.look_for_why()

    @property
    def because(self) -> tuple[Reason, ...]:
        return self._why.because

    @property
    def voted(self) -> np.ndarray | None:
        return self._why.voted

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"look_for_why": partial(Why, *self._why)}

    @classmethod
    def of(cls, labels: Sequence[str], responses: np.ndarray) -> Self:
        """Read a guess off the responses; a tie is reported, never broken.

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


class Kind(Protocol):
    """A memory that learns labels of drawings.

    All drawings are kept drawings, (28, 28) uint8 as `agent.retina.keep` gives them, with ink. A kind is
    deep-copyable plain arrays. ``ORDER_FREE`` says that the order of lessons does not matter and that forgetting a
    lesson restores every byte; where it is False, `Pupil` forgets by replaying the log.
    """

    NAME: ClassVar[str]
    SUMMARY: ClassVar[str]  # one sentence for menus and cards
    ORDER_FREE: bool  # of this agent; of the class: with the settings it is born with by default
    STUDIES: ClassVar[bool]  # whether `study` does anything
    MAX_LABELS: int  # of this agent; of the class: the most that settings allow
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]]  # named settings; the first are the defaults
    CHOICES: ClassVar[Mapping[str, Sequence[str]]]  # what settings that are words may be
    Config: ClassVar[type]
    config: Any  # a frozen dataclass, every field with a default, among them ``seed: int``

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels taught so far, sorted."""

    @property
    def n_bytes(self) -> int:
        """Bytes of memory this agent holds, without what all agents share."""

    def learn_one(self, kept: np.ndarray, label: str) -> None:
        """Learn one lesson from a person: afterwards this drawing is answered with this label."""

    def learn_many(self, kept: np.ndarray, labels: Sequence[str]) -> None:
        """Learn (N, 28, 28) lessons in order, one pass."""

    def forget_one(self, kept: np.ndarray, label: str) -> None:
        """Take one lesson back; AgentError when it was never taught."""

    def answer(self, kept: np.ndarray) -> list[Guess]:
        """Guess (N, 28, 28) drawings, without reasons; a blank drawing is unsure."""

    def why(self, kept: np.ndarray, label: str) -> Why:
        """What speaks for a label of a (28, 28) drawing; nothing when the label was never taught."""

    def born_like(self, other: Self) -> bool:
        """Say whether an agent of the same kind has the same settings and drew the same at birth: such ones add up."""

    def join(self, other: Self) -> None:
        """Add the memory of an agent that was born like this one; AgentError when it was not."""

    def study(self) -> Iterator[float]:
        """Go over the lessons once more and get better; gives the share done, 0 … 1. Nothing changes before the end."""

    def imagine(self, label: str) -> np.ndarray:
        """Draw the mental image of a label: (28, 28) uint8."""

    def remembered(self, label: str) -> np.ndarray:
        """Give the kept drawings taught as a label, (N, 28, 28) uint8; none when it was never taught."""

    def facts(self) -> dict[str, str]:
        """Numbers about the memory worth showing: names known to `agent.ui.words.FACTS`, and their values."""

    def tensors(self) -> dict[str, np.ndarray]:
        """Give every array that must be saved."""

    @classmethod
    def restore(cls, config: Any, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        """Build the agent back from its saved arrays; AgentError when they do not fit the settings."""
