"""One learner of numbers as its user meets it: the gate in front, a memory behind."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from agent import numbers, render
from agent.errors import AgentError
from agent.kinds import NUMBERS, Answer, Learner
from agent.lineage import Lineage
from agent.tasks.copy import Copy, Shown, shown

if TYPE_CHECKING:
    from PIL.Image import Image

N_PROBES = 101  # lessons asked to see how far a learner is
SIDE = 28  # pixels of its picture


@dataclass(frozen=True)
class Progress:
    """How far a course is: steps done of all, the mean absolute error on lessons, the line if there is one, seconds."""

    n_done: int
    n_total: int
    error: float | None
    line: tuple[float, float] | None
    seconds: float


class Copier:
    """An agent that learns numbers: learn, answer.

    Attributes
    ----------
    memory : agent.kinds.numbers.Learner
        What it knows.
    name : str
        What people call it.
    lineage : Lineage
        Where it comes from.

    Examples
    --------
    >>> copier = Copier(NUMBERS["linear"](NUMBERS["linear"].Config(teacher="two_tries")))
    >>> for step in copier.learning(Copy(reward="exp100")):
    ...     pass
    >>> print(copier.predict_one("123").value, copier.predict_one("123").extrapolated)
    123 True
    """

    FAMILY: ClassVar[str] = "numbers"
    KINDS: ClassVar[dict[str, type[Learner]]] = NUMBERS
    PIPELINE_TAG: ClassVar[str] = "tabular-regression"
    TAGS: ClassVar[tuple[str, ...]] = ("numbers",)
    labels: ClassVar[tuple[str, ...]] = ()

    def __init__(self, memory: Learner, name: str = "Pupil") -> None:
        self.memory = memory
        self.name = name
        self.lineage = Lineage()

    @classmethod
    def restored(cls, memory: Learner, log: str, name: str) -> Self:
        """Put an agent together from what a file holds; AgentError when its log tells of other lessons."""
        copier = cls(memory, name)
        if log != copier.log:
            raise AgentError(f"expected a log of {copier.n_lessons:,} lessons of numbers, got {log[:80]!r}.")
        return copier

    @property
    def kind(self) -> str:
        """The name of the kind of memory."""
        return self.memory.NAME

    @property
    def n_lessons(self) -> int:
        """How many lessons it has had; for a line, how many steps."""
        return self.memory.course.n_steps

    @property
    def log(self) -> str:
        """What it was taught, as a file holds it: lessons of a task can be drawn again, so only their number."""
        return json.dumps({"event": "numbers", "n_lessons": self.n_lessons}) + "\n"

    def picture(self) -> Image:
        """Draw its answers (up) to the numbers it was shown (to the right), 28 x 28 pixels: a copy is the diagonal."""
        low, high = self.memory.course.low, self.memory.course.high
        page = np.zeros((SIDE, SIDE), np.uint8)
        asked = np.linspace(low, high, SIDE)
        for column, answer in enumerate(self.predict_many(asked.tolist()) if high > low else ()):
            share = None if answer.value is None else (float(answer.value) - low) / (high - low)
            if share is not None and 0 <= share <= 1:
                page[SIDE - 1 - round((SIDE - 1) * share), column] = 255
        return render.strip([page])

    def without_own(self) -> Self:
        """Give the same agent: nobody's drawings are in it."""
        return copy.copy(self)

    def learn_many(self, x: Iterable[object], y: Iterable[object], *, reward: str = "one_minus") -> None:
        """Learn what is right for each number; a teacher of rewards hears only these.

        Parameters
        ----------
        x, y
            N numbers each, as `agent.numbers.read` takes them.
        reward : str
            As `agent.tasks.copy.reward_of`.

        Raises
        ------
        AgentError
            Something that is no number, unequal lengths, or steps too large to settle; nothing has been learned then.
        """
        for _ in self.learning_from(shown(x, y, reward)):
            pass

    def learning(self, task: Copy, n_lessons: int | None = None, seed: int = 0) -> Iterator[Progress]:
        """Learn a task, step by step, from so many lessons, or as many as suit the learner.

        Closed early, it goes on there when called again, and ends in the same bytes.
        """
        return self.learning_from(task.lessons(n_lessons or self.memory.n_lessons, seed))

    def learning_from(self, lessons: Shown) -> Iterator[Progress]:
        """As `learning`, from lessons that were drawn before."""
        needs = self.memory.needs
        if not lessons.is_told and needs != "reward":
            what = "what would be right" if needs == "told" else "the slope of the reward"
            raise AgentError(
                f"expected a learner that makes do with a reward, got {self.kind}, which needs {what}. "
                "Take agent.teacher=two_tries or reward_model, or task.told=true."
            )
        return self._learning(lessons)

    def _learning(self, lessons: Shown) -> Iterator[Progress]:
        n_total, begun = self.memory.n_steps(lessons), time.perf_counter()
        probes = np.unique(np.linspace(0, len(lessons) - 1, N_PROBES).astype(int))
        asked = [numbers.read(x) for x in lessons.x[probes].tolist()]
        right = lessons.y[probes]
        spent = 0.0
        for n_done in self.memory.learning(lessons):
            spent += time.perf_counter() - begun
            error = _mean_error(self.memory.answer(asked), right)
            yield Progress(n_done, n_total, error, self.memory.line, spent)
            begun = time.perf_counter()

    def predict_one(self, x: object) -> Answer:
        """Answer a number, exactly as it is computed; AgentError when it is no number."""
        return self.memory.answer([numbers.read(x)])[0]

    def predict_many(self, xs: Iterable[object]) -> list[Answer]:
        """Answer many numbers."""
        return self.memory.answer([numbers.read(x) for x in xs])


def _mean_error(answers: list[Answer], right: np.ndarray) -> float | None:
    """Give the mean absolute error; None where something has no answer."""
    if any(answer.value is None for answer in answers):
        return None
    return float(np.mean([abs(float(a.value) - y) for a, y in zip(answers, right.tolist(), strict=True)]))
