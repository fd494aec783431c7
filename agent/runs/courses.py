"""What a run teaches, in which order: the lessons of its tasks, or those of another agent's log."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent.errors import AgentError
from agent.kinds.plain import Spaces
from agent.lessons import Bulk, Joined, Lesson, Lessons, Studied
from agent.pupil import Pupil
from agent.replay import bulk_lessons
from agent.runs.settings import Settings
from agent.runs.sources import Drawn, Source, drawn
from agent.tasks.mixed import MAX_LESSONS, MAX_PARTS, mixture, shuffled
from agent.train import Progress, progressive


@dataclass(frozen=True)
class Part:
    """Lessons taught in one go, under the name of their task; ``own`` ones one by one, as a person taught them."""

    name: str
    lessons: Drawn
    own: tuple[Lesson, ...] = ()

    def __len__(self) -> int:
        return len(self.lessons.labels)


@dataclass(frozen=True)
class Course:
    """All parts in their order, and what is asked: before and between a few, in the end all."""

    parts: tuple[Part, ...]
    tests: Mapping[str, Drawn]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @property
    def spaces(self) -> Spaces:
        """What an agent is shown and asked for."""
        every = [each.labels for each in (*(part.lessons for part in self.parts), *self.tests.values())]
        return Spaces(tuple(sorted(set().union(*every))))

    def held_out(self, n_drawings: int) -> tuple[np.ndarray, list[str]] | None:
        """Give a few test drawings, as many of each task."""
        each = [test.first(-(-n_drawings // len(self.tests))) for test in self.tests.values()]
        if not n_drawings:
            return None
        return np.concatenate([few.drawings for few in each]), [label for few in each for label in few.labels]


def course(sources: Mapping[str, Source], settings: Settings, log: Lessons | None = None) -> Course:
    """Draw what a run teaches and asks; everything that is not there is noticed here.

    Examples
    --------
    >>> from agent.runs.sources import Digits, Fonts
    >>> parts = course({"digits": Digits(), "fonts": Fonts()}, Settings(lessons=30, n_test=20)).parts
    >>> [(part.name, len(part)) for part in parts]
    [('digits+fonts', 60)]
    """
    tests = {name: drawn(source.test(settings.n_test, settings.seed)) for name, source in sources.items()}
    if log is not None:
        return Course(tuple(_parts_of(log)), tests)
    lessons = {name: drawn(source.lessons(settings.lessons, settings.seed)) for name, source in sources.items()}
    together = {name: [each] for name, each in lessons.items()}
    if settings.order == "mixed":
        together = {"+".join(lessons): [*lessons.values()]}
    parts = []
    for epoch in range(settings.epochs):  # the first time as they come, where they come from one task
        for name, each in together.items():
            as_it_comes = epoch == 0 and len(each) == 1
            parts.append(Part(name, each[0] if as_it_comes else mixed(each, settings.seed + epoch)))
    return Course(tuple(parts), tests)


def mixed(lessons: Sequence[Drawn], seed: int) -> Drawn:
    """Shuffle lessons of several sources together."""
    drawings, labels = np.concatenate([each.drawings for each in lessons]), [n for each in lessons for n in each.labels]
    order, source = shuffled(len(labels), seed), None
    if len(lessons) <= MAX_PARTS and len(labels) <= MAX_LESSONS and all(_is_again(each) for each in lessons):
        source = mixture([each.source for each in lessons if each.source], [len(each.labels) for each in lessons], seed)
    return Drawn(drawings[order], tuple(labels[row] for row in order), source)


def teaching(
    pupil: Pupil, part: Part, n_taught: int, held_out: tuple[np.ndarray, list[str]] | None, n_asked: int
) -> Generator[Progress, None, None]:
    """Teach a part, or what is left of it."""
    if not part.own:
        lessons = part.lessons
        yield from progressive(
            pupil, lessons.drawings, lessons.labels, source=lessons.source, start=lessons.start, held_out=held_out,
            n_asked=n_asked, n_taught=n_taught,
        )  # fmt: skip
        return
    for n_done, lesson in enumerate(part.own[n_taught:], n_taught + 1):
        guess = pupil.predict_many(lesson.drawing[None])[0].label
        pupil.memory.learn_one(lesson.drawing, lesson.label)
        pupil.lessons.add(lesson.drawing, lesson.label, guess, lesson.when)
        yield Progress(n_done, len(part), float(guess == lesson.label), None, 0.0, 1)


def _is_again(lessons: Drawn) -> bool:
    """Whether lessons can be drawn again, and are no mixture themselves."""
    return lessons.source is not None and lessons.start == 0 and lessons.source.get("task") != "mixed"


def _parts_of(log: Lessons) -> list[Part]:
    """Take a log apart; AgentError when something was taken out of the middle of it."""
    parts: list[Part] = []
    own: list[Lesson] = []
    for entry in [*log.standing(), None]:
        if own and not isinstance(entry, Lesson):
            both = np.stack([lesson.drawing for lesson in own]), tuple(lesson.label for lesson in own)
            parts.append(Part("own", Drawn(*both), tuple(own)))
            own = []
        if isinstance(entry, Bulk):
            drawings, labels = bulk_lessons(entry)
            given = entry.source if entry.drawings is None else None
            parts.append(Part(_name(entry.source), Drawn(np.asarray(drawings), tuple(labels), given, entry.start)))
        elif isinstance(entry, Lesson):
            own.append(entry)
        elif not isinstance(entry, (Studied, Joined, type(None))):
            raise AgentError("expected a log of lessons that all stand, got one of which a bulk lesson was forgotten.")
    if not parts:
        raise AgentError("expected a run or an agent that was taught something, got one without lessons.")
    return parts


def _name(source: dict[str, Any] | None) -> str:
    return str((source or {}).get("task", "own"))
