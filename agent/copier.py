"""One learner of numbers as its user meets it: the gate in front, a memory behind."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent import numbers
from agent.errors import AgentError, nearest
from agent.kinds import NUMBERS, Answer, Learner
from agent.lineage import Lineage
from agent.tasks.copy import Copy, Shown, shown

N_PROBES = 101  # lessons asked to see how far a learner is


@dataclass(frozen=True)
class Progress:
    """How far a course is: steps done of all, the mean absolute error on lessons, the line if there is one, seconds."""

    n_done: int
    n_total: int
    error: float | None
    line: tuple[float, float] | None
    seconds: float


def new_copier(kind: str = "linear", *, seed: int = 0, name: str = "Pupil", **settings: Any) -> Copier:
    """Make a learner of numbers that knows nothing yet.

    Parameters
    ----------
    kind : str
        One of ``agent.kinds.NUMBERS``.
    seed : int
        Fixes everything that is drawn at birth.
    name : str
        What people call it.
    **settings
        Fields of the kind's ``Config``.

    Raises
    ------
    AgentError
        Unknown kind or setting, or a value out of range.

    Examples
    --------
    >>> copier = new_copier("linear", teacher="two_tries")
    >>> for step in copier.learning(Copy(reward="exp100"), 25_000):
    ...     pass
    >>> print(copier.predict_one("123").value, copier.predict_one("123").extrapolated)
    123 True
    """
    if not isinstance(kind, str) or kind not in NUMBERS:
        hint = nearest(kind, NUMBERS)
        raise AgentError(f"expected a kind among {', '.join(NUMBERS)}, got {str(kind)[:40]!r}.{hint}")
    config_type = NUMBERS[kind].Config
    known = [field.name for field in dataclasses.fields(config_type)]
    for setting in settings:
        if setting not in known:
            raise AgentError(f"expected settings among {', '.join(known)}, got {setting}.{nearest(setting, known)}")
    return Copier(NUMBERS[kind](config_type(seed=seed, **settings)), name)


class Copier:
    """An agent for numbers: learn, answer.

    Attributes
    ----------
    memory : agent.kinds.numbers.Learner
        What it knows.
    name : str
        What people call it.
    lineage : Lineage
        Where it comes from.
    """

    def __init__(self, memory: Learner, name: str = "Pupil") -> None:
        self.memory = memory
        self.name = name
        self.lineage = Lineage()

    @property
    def kind(self) -> str:
        """The name of the kind of memory."""
        return self.memory.NAME

    @property
    def n_lessons(self) -> int:
        """How many lessons it has had; for a line, how many steps."""
        return self.memory.course.before + self.memory.course.done

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

    def learning(self, task: Copy, n_lessons: int, seed: int = 0) -> Iterator[Progress]:
        """Learn a task, step by step; closed early, it goes on there when called again, and ends in the same bytes."""
        return self.learning_from(task.lessons(n_lessons, seed))

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
