"""Curriculum of a run: the lessons of its tasks, or of another agent's log, in the order they are taught."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent.agents.pupil import Pupil
from agent.datasets import MAX_LESSONS, MAX_PARTS, LabelledDrawings, arrays, mixture, shuffled
from agent.errors import AgentError
from agent.experiments.config import N_LESSONS, Settings
from agent.lessons import Bulk, Joined, Lesson, Lessons, Studied, bulk_lessons
from agent.models import MODELS, Model
from agent.models.custom.signature import Spaces
from agent.progress import Progress, can_fork
from agent.tasks import ARRAYS, DRAWINGS, Task, as_arrays, as_labelled_drawings
from agent.training import iter_progressive_validation
from agent.user_code import own_code


@dataclass(frozen=True)
class Part:
    """Lessons taught in one go, named after their task.

    ``user_lessons`` are those of a person, taught one by one as they were then.
    """

    name: str
    lessons: LabelledDrawings
    user_lessons: tuple[Lesson, ...] = ()

    def __len__(self) -> int:
        return len(self.lessons.labels)


@dataclass(frozen=True)
class Curriculum:
    """Parts in the order they are taught, and the test drawings of every task."""

    parts: tuple[Part, ...]
    tests: Mapping[str, LabelledDrawings]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @property
    def spaces(self) -> Spaces:
        """Shapes and labels of the task, as the constructor of a user's class may ask for them."""
        lessons = [part.lessons for part in self.parts]
        labels = {label for drawings in (*lessons, *self.tests.values()) for label in drawings.labels}
        white = arrays.white_of(max(part.drawings.max(initial=0) for part in lessons))
        return Spaces(tuple(sorted(labels)), check_shapes([*lessons, *self.tests.values()]), white=white)

    def held_out(self, n_drawings: int) -> LabelledDrawings | None:
        """Give a few test drawings, equally many of each task; None where ``n_drawings`` is 0."""
        if not n_drawings:
            return None
        tests = [test.first(-(-n_drawings // len(self.tests))) for test in self.tests.values()]
        labels = tuple(label for test in tests for label in test.labels)
        return LabelledDrawings(np.concatenate([test.drawings for test in tests]), labels)


def curriculum(tasks: Mapping[str, Task], settings: Settings, log: Lessons | None = None) -> Curriculum:
    """Draw the lessons and the test drawings of a run; AgentError where a task has too few.

    Examples
    --------
    >>> from agent.tasks import Digits, Fonts
    >>> parts = curriculum({"digits": Digits(), "fonts": Fonts()}, Settings(lessons=30, n_test=20)).parts
    >>> [(part.name, len(part)) for part in parts]
    [('digits+fonts', 60)]
    """
    seed, tests = settings.seed, test_drawings(tasks, settings)
    if log is not None:
        return Curriculum(tuple(_parts_of(log)), tests)
    lessons = {}
    for name, task in tasks.items():
        with own_code(f"the task {name}"):
            lessons[name] = _checked(task, _lessons_of(task, settings.lessons, seed))
    check_shapes(list(lessons.values()))
    groups = {name: [drawings] for name, drawings in lessons.items()}
    if settings.order == "mixed":
        groups = {"+".join(lessons): [*lessons.values()]}
    parts = []
    for epoch in range(settings.epochs):
        for name, group in groups.items():
            in_order = epoch == 0 and len(group) == 1  # the first pass over one task keeps its order
            parts.append(Part(name, group[0] if in_order else mix(group, seed + epoch)))
    return Curriculum(tuple(parts), tests)


def check_shapes(lessons: Sequence[LabelledDrawings]) -> tuple[int, ...]:
    """Give the shape of one input, which all lessons share."""
    shapes = list(dict.fromkeys(part.drawings.shape[1:] for part in lessons))
    if len(shapes) > 1:
        raise AgentError(f"expected inputs of one shape, got {shapes[0]} and {shapes[1]}. Scale them.")
    return shapes[0]


def test_drawings(tasks: Mapping[str, Task], settings: Settings) -> dict[str, LabelledDrawings]:
    """Draw the test drawings of every task."""
    tests = {}
    for name, task in tasks.items():
        with own_code(f"the task {name}"):
            tests[name] = _checked(task, task.test(settings.n_test, settings.seed))
    return tests


def _checked(task: Task, pairs: Any) -> LabelledDrawings:
    return as_arrays(pairs) if getattr(task, "FAMILY", DRAWINGS) == ARRAYS else as_labelled_drawings(pairs)


def _lessons_of(task: Task, n_lessons: int | None, seed: int) -> Any:
    """Draw lessons; of a task that has fewer than the usual number, all."""
    try:
        return task.lessons(n_lessons, seed)
    except AgentError:
        lessons = task.lessons(None, seed) if n_lessons == N_LESSONS else ((), ())
        if not 0 < len(lessons[1] if isinstance(lessons, tuple) else lessons) < N_LESSONS:
            raise
        return lessons


def mix(lessons: Sequence[LabelledDrawings], seed: int) -> LabelledDrawings:
    """Shuffle lessons of several sources together."""
    drawings = np.concatenate([part.drawings for part in lessons])
    labels = [label for part in lessons for label in part.labels]
    order, source = shuffled(len(labels), seed), None
    if len(lessons) <= MAX_PARTS and len(labels) <= MAX_LESSONS and all(_can_be_mixed(part) for part in lessons):
        source = mixture([part.source for part in lessons if part.source], [len(part.labels) for part in lessons], seed)
    return LabelledDrawings(drawings[order], tuple(labels[row] for row in order), source)


def iter_teach(
    pupil: Pupil, part: Part, n_taught: int, held_out: LabelledDrawings | None, n_asked: int
) -> Iterator[Progress]:
    """Teach a part from its lesson ``n_taught`` on."""
    if not part.user_lessons:
        yield from iter_progressive_validation(
            pupil, part.lessons, held_out=held_out, n_asked=n_asked, n_taught=n_taught
        )
        return
    for n_done, lesson in enumerate(part.user_lessons[n_taught:], n_taught + 1):
        guess = pupil.model.predict(lesson.drawing[None])[0].label
        pupil.model.learn_one(lesson.drawing, lesson.label)
        pupil.lessons.add(lesson.drawing, lesson.label, guess, lesson.when)
        yield Progress(n_done, len(part), "teaching", None, float(guess == lesson.label), 1)


def check_shards(model: type[Model], n_shards: int, n_parts: int) -> None:
    """Check that what several processes learn can be joined."""
    if n_shards > 1 and not model.ORDER_FREE:
        raise AgentError(f"expected a kind whose order of lessons does not matter, got {model.NAME}. Set shards=1.")
    if n_shards > 1 and model.__module__.split(".")[0] != "agent":
        raise AgentError(f"expected a kind of Pupil's own with shards={n_shards}, got {model.NAME}. Set shards=1.")
    if n_shards > 1 and n_parts > 1:
        raise AgentError("expected lessons in one go with shards, got several parts. Set order=mixed.")


def iter_teach_parallel(pupil: Pupil, part: Part, n_shards: int) -> Iterator[int]:
    """Teach a new agent in several processes, with the same result as in one; yields the number of lessons done.

    A model that encodes lessons in threads of its own does so. Of another one, each process teaches a shard to a model
    of its own, and these are joined in the order of the lessons. The log holds them as one bulk lesson.
    """
    drawings, labels = part.lessons
    if hasattr(pupil.model, "learn_parallel"):
        pupil.model.learn_parallel(drawings, labels, n_shards)
        pupil.lessons.add_many(part.lessons)
        yield len(labels)
        return
    ends = [len(labels) * shard // n_shards for shard in range(n_shards + 1)]
    spans = [slice(*span) for span in zip(ends, ends[1:], strict=False) if span[0] < span[1]]
    context = multiprocessing.get_context("fork" if can_fork() else "spawn")  # a forked child has the drawings already
    work = [(pupil.kind, pupil.model.config, drawings[span], labels[span]) for span in spans]
    with ProcessPoolExecutor(len(spans) - 1 or 1, mp_context=context) as pool:
        others = [pool.submit(_learned_model, *arguments) for arguments in work[1:]]
        model = _learned_model(*work[0])  # the first shard in this process, while the others work
        yield ends[1]
        for span, other in zip(spans[1:], others, strict=True):
            model.join(other.result())
            yield span.stop
    pupil.model = model
    pupil.lessons.add_many(part.lessons)


def _learned_model(kind: str, config: Any, drawings: np.ndarray, labels: Sequence[str]) -> Model:
    model = MODELS[kind](config)
    model.learn_many(drawings, labels)
    return model


def _can_be_mixed(lessons: LabelledDrawings) -> bool:
    """Say whether lessons have a source that they can be drawn from again, which is no mixture itself."""
    return lessons.source is not None and lessons.start == 0 and lessons.source.get("task") != "mixed"


def _parts_of(log: Lessons) -> list[Part]:
    """Split a log into bulk lessons and stretches of user lessons; AgentError when part of a bulk was forgotten."""
    parts: list[Part] = []
    user_lessons: list[Lesson] = []
    for entry in [*log.standing(), None]:
        if user_lessons and not isinstance(entry, Lesson):
            drawings = np.stack([lesson.drawing for lesson in user_lessons])
            labels = tuple(lesson.label for lesson in user_lessons)
            parts.append(Part("own", LabelledDrawings(drawings, labels), tuple(user_lessons)))
            user_lessons = []
        if isinstance(entry, Bulk):
            parts.append(Part(str((entry.source or {}).get("task", "own")), bulk_lessons(entry)))
        elif isinstance(entry, Lesson):
            user_lessons.append(entry)
        elif not isinstance(entry, (Studied, Joined, type(None))):
            raise AgentError("expected a log of lessons that all stand, got one of which a bulk lesson was forgotten.")
    if not parts:
        raise AgentError("expected a run or an agent that was taught something, got one without lessons.")
    return parts
