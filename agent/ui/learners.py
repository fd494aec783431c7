"""The learners of the Numbers tab: who they are, how they learn side by side, and what they say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.copier import Copier, Progress
from agent.errors import AgentError
from agent.families import new
from agent.kinds.linear import TEACHERS
from agent.tasks.copy import Copy

WEIGHTLESS = ("tuples", "symbols")
EVERYBODY = (*TEACHERS, *WEIGHTLESS)
N_LESSONS = 5000  # that the weightless ones and a full batch take at most


@dataclass(frozen=True)
class Chosen:
    """What a visitor has chosen."""

    who: tuple[str, ...]
    task: Copy
    lr: float
    steps: int
    precision: str
    falls: bool
    seed: int


@dataclass
class Learners:
    """Those of one desk.

    Attributes
    ----------
    copiers : dict of str to Copier
        The learners of the last course by name.
    curves : dict of str to list of Progress
        How they came along.
    faults : dict of str to str
        What went wrong with whom.
    asked : str
        The number that was asked last, as it was written.
    repeated : dict of str to list of float
        Answers of published settings again, a seed each, by the name of the setting.
    """

    copiers: dict[str, Copier] = field(default_factory=dict)
    curves: dict[str, list[Progress]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    chosen: Chosen | None = None
    asked: str = "123123123123"
    repeated: dict[str, list[float]] = field(default_factory=dict)

    @property
    def n_bytes(self) -> int:
        """Bytes of their memories."""
        return sum(copier.memory.n_bytes for copier in self.copiers.values())

    def begin(self, chosen: Chosen) -> Iterator[float]:
        """Let all that are chosen learn side by side; gives the share done, 0 … 1, once a round.

        AgentError when nothing can begin so; those before are still there then.
        """
        copiers = {name: _born(name, chosen) for name in chosen.who}
        lessons = {n: chosen.task.lessons(n, chosen.seed) for n in {_n_lessons(name, chosen) for name in chosen.who}}
        courses = {name: copier.learning_from(lessons[_n_lessons(name, chosen)]) for name, copier in copiers.items()}
        self.copiers, self.chosen, self.faults = copiers, chosen, {}
        self.curves = {name: [] for name in copiers}
        return self._rounds(courses)

    def _rounds(self, courses: dict[str, Iterator[Progress]]) -> Iterator[float]:
        """Let everybody take a part of the course in turn."""
        while courses:
            for name, course in list(courses.items()):
                try:
                    self.curves[name].append(next(course))
                except StopIteration:
                    del courses[name]
                except AgentError as error:
                    self.faults[name] = str(error)
                    del courses[name]
            yield 1.0 if not courses else self._share()

    def _share(self) -> float:
        """How far the course is, by rounds: they grow as their logarithm does."""
        lasts = [curve[-1] for curve in self.curves.values() if curve]
        return min((math.log1p(last.n_done) / math.log1p(last.n_total) for last in lasts), default=0.0)

    @property
    def n_done(self) -> int:
        """Steps of the learner who is farthest."""
        return max((curve[-1].n_done for curve in self.curves.values() if curve), default=0)


def _born(name: str, chosen: Chosen) -> Copier:
    """Make a learner that knows nothing."""
    settings: Mapping[str, Any] = {}
    if name in TEACHERS:
        settings = {"teacher": name, "lr": chosen.lr, "steps": chosen.steps, "precision": chosen.precision,
                    "falls": chosen.falls}  # fmt: skip
    copier = new(name if name in WEIGHTLESS else "linear", seed=chosen.seed, **settings)
    assert isinstance(copier, Copier)
    return copier


def _n_lessons(name: str, chosen: Chosen) -> int:
    """How many lessons a learner is given: a step each, but for a full batch and those that see each lesson once."""
    if name == "mse":
        return 1000
    return min(chosen.steps, N_LESSONS) if name in WEIGHTLESS else chosen.steps
