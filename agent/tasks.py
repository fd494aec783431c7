"""Tasks of runs: what they teach, and what they hold out for the test. To add one, write its class below."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from agent.datasets import LabelledDrawings, arrays, digits, files, labelled, shuffled, strokes
from agent.datasets.copy_numbers import Copy
from agent.errors import AgentError, nearest
from agent.progress import Progress
from agent.user_code import class_of, given_path, is_given, is_path, own_code
from agent.validation import MAX_LABEL_CHARS, check_bool, check_choice, check_names, check_settings, setting

EVERY = 5  # every fifth font, and every fifth drawing of a set without a test set, is held out
TEST_SEED = 2**40  # added to a seed where a pen draws the test
N_DRAWN_TEST = 1000
N_FRAMES = 5_000  # of a run that does not say how many
CHUNK = 100  # frames between two progress reports
LAST = 500  # frames, the last ones, over which the score is averaged
RANDOM_RUNS = 5  # episodes of random actions with which a score is compared
METHODS = ("lessons", "test")
DRAWINGS, ARRAYS, DEFAULT_AGENT = "drawings", "arrays", "recall"
Pairs = tuple[Sequence[np.ndarray] | np.ndarray, Sequence[str]]


class Task(Protocol):
    """A task as a run knows it: a frozen dataclass of its settings, every one with a default.

    ``lessons(n_lessons, seed)`` and ``test(n_drawings, seed)`` give (drawings, labels), all there are for None. What
    ``test`` gives is never among the lessons of that seed.
    """

    NAME: ClassVar[str]
    SUMMARY: ClassVar[str]
    FAMILY: ClassVar[str] = DRAWINGS  # of the agents that it teaches; others than drawings have methods of their own
    AGENT: ClassVar[str] = DEFAULT_AGENT  # who is taught where nobody is named

    def lessons(self, n_lessons: int | None, seed: int) -> LabelledDrawings | Pairs:
        """Draw lessons; AgentError when there are fewer than ``n_lessons``."""

    def test(self, n_drawings: int | None, seed: int) -> LabelledDrawings | Pairs:
        """Draw at most ``n_drawings`` to test with."""


@dataclass(frozen=True)
class Digits:
    """Digits of MNIST, of fonts and of data sets, asked the digits that MNIST keeps apart."""

    NAME: ClassVar[str] = "digits"
    SUMMARY: ClassVar[str] = "digits that 500 people wrote; asked 10,000 digits of others"
    sets: Mapping[str, int | None] = setting({"mnist": None}, "at most how many of each")
    labels: Sequence[str] = setting((), "only these; none: all")
    balanced: bool = setting(True, "as many of each label as there are")

    def lessons(self, n_lessons: int | None, seed: int) -> LabelledDrawings:
        names = _texts(self.labels, "task.labels")
        if not isinstance(self.sets, Mapping) or not self.sets:
            raise AgentError(f"expected task.sets as name: how many, got {str(self.sets)[:40]!r}. Null takes all.")
        for name in self.sets:
            check_choice("sets", name, digits.sets())
        everything = digits.Selection(self.sets, names, seed, self.balanced)
        n_available = len(everything)
        n_wanted = n_available if n_lessons is None else n_lessons
        if n_wanted > n_available:
            raise AgentError(f"expected lessons from 1 to {n_available:,} in {', '.join(self.sets)}, got {n_wanted:,}.")
        selection = digits.Selection(_spread(n_wanted, dict(everything.sets)), names, seed, self.balanced)
        lessons = as_labelled_drawings(selection.draw(), selection.source)
        missing = sorted(set(names) - set(lessons.labels)) if n_wanted >= len(names) and self.balanced else []
        if missing:
            raise AgentError(f"expected labels that {', '.join(self.sets)} have, got none of {', '.join(missing)}.")
        return lessons

    def test(self, n_drawings: int | None, seed: int) -> LabelledDrawings:
        names = _texts(self.labels, "task.labels")
        n_available = sum(not names or label in names for label in digits.mnist("test")[1])
        count = min(n_available, n_drawings or n_available) or None
        return as_labelled_drawings(digits.Selection({"mnist": count}, names, 0, balanced=False, split="test").draw())


@dataclass(frozen=True)
class Fonts:
    """Printed digits: some fonts are taught, every fifth of all there are is asked."""

    NAME: ClassVar[str] = "fonts"
    SUMMARY: ClassVar[str] = "digits printed in many fonts; asked in others"
    fonts: Sequence[str] = setting((), "those taught; none: all that are not asked")

    def lessons(self, n_lessons: int | None, seed: int) -> LabelledDrawings:
        names = [digits.FONT + name for name in _texts(self.fonts, "task.fonts") or self._all(is_test=False)]
        return Digits(dict.fromkeys(names)).lessons(n_lessons, seed)

    def test(self, n_drawings: int | None, seed: int) -> LabelledDrawings:
        names = [name for name in self._all(is_test=True) if name not in self.fonts]
        if not names:
            raise AgentError("expected a font to ask that is not taught, got none. Name fewer fonts to teach.")
        selection = digits.Selection(dict.fromkeys(digits.FONT + name for name in names))
        return as_labelled_drawings(selection.draw()).first(n_drawings)

    def _all(self, is_test: bool) -> list[str]:
        return [name for place, name in enumerate(digits.fonts(), 1) if (place % EVERY == 0) == is_test]


@dataclass(frozen=True)
class Strokes:
    """Digits drawn by an unsteady pen; asked those of another hand."""

    NAME: ClassVar[str] = "strokes"
    SUMMARY: ClassVar[str] = strokes.SUMMARY
    labels: Sequence[str] = setting((), "only these; none: all")
    styles: Sequence[str] = setting((), "only these ways to write them; none: all")
    balanced: bool = setting(True, "as many of each label as there are")

    def lessons(self, n_lessons: int | None, seed: int) -> LabelledDrawings:
        return self._draw(strokes.MAX_LESSONS if n_lessons is None else n_lessons, seed)

    def test(self, n_drawings: int | None, seed: int) -> LabelledDrawings:
        return self._draw(N_DRAWN_TEST if n_drawings is None else n_drawings, seed + TEST_SEED)

    def _draw(self, count: int, seed: int) -> LabelledDrawings:
        names = _texts(self.labels, "task.labels")
        selection = strokes.Selection(count, names, _texts(self.styles, "task.styles"), seed, self.balanced)
        return as_labelled_drawings(selection.draw(), selection.source)


@dataclass(frozen=True)
class DataSet:
    """A user's drawings and labels; every fifth is kept apart, where the data have no test of their own."""

    NAME: ClassVar[str] = "data_set"
    SUMMARY: ClassVar[str] = "data of your own: task=./FILE.npz, .npy, .csv, .arff, or a folder of pictures by label"
    path: str = setting("", "the file or the folder, or the name of a file in data/")

    def lessons(self, n_lessons: int | None, seed: int) -> LabelledDrawings:
        train, test = self._read()
        rows = shuffled(len(train.labels), seed)
        rows = rows if test is not None else rows[len(rows) // EVERY :]
        if n_lessons is not None and n_lessons > len(rows):
            raise AgentError(f"expected lessons from 1 to {len(rows):,} in {self.path}, got {n_lessons:,}.")
        return self._preprocessed(train.rows(rows[:n_lessons]), train)

    def test(self, n_drawings: int | None, seed: int) -> LabelledDrawings:
        train, test = self._read()
        held_out = train if test is None else test
        rows = shuffled(len(held_out.labels), seed)
        rows = (rows if test is not None else rows[: len(rows) // EVERY])[:n_drawings]
        if not len(rows):
            raise AgentError(f"expected at least {EVERY} drawings in {self.path}, got {len(held_out.labels)}.")
        return self._preprocessed(held_out.rows(rows), train)

    def _read(self) -> arrays.Splits:
        if not self.path:
            raise AgentError("expected a file of drawings and labels, got none. Say task=./FILE.npz.")
        if self.path in files.data_sets():
            return arrays.Splits(arrays.checked(*files.data_set(self.path), self.path), None)
        return arrays.read(self.path)

    def _preprocessed(self, pairs: arrays.Arrays, train: arrays.Arrays) -> LabelledDrawings:
        """Make drawings of what was read."""
        labels = arrays.short_labels(pairs.labels, self.path, MAX_LABEL_CHARS)
        pictures = arrays.as_pictures(pairs.inputs, self.path, arrays.scale_of(train.inputs))
        return as_labelled_drawings((pictures, labels))


class ArraySet(DataSet):
    """The same data as they are, for agents that learn arrays."""

    FAMILY: ClassVar[str] = ARRAYS

    def _preprocessed(self, pairs: arrays.Arrays, train: arrays.Arrays) -> LabelledDrawings:
        return as_arrays((pairs.inputs, pairs.labels), self.path)


@dataclass(frozen=True)
class Generate:
    """Digits are taught, then drawn from memory onto a sheet."""

    NAME: ClassVar[str] = "generate"
    SUMMARY: ClassVar[str] = "draws from memory what it was taught, or what the agent to load knows, onto a sheet"
    n_drawings: int = setting(20, "of each label", ge=1, le=100)
    sets: Mapping[str, int | None] = setting({"mnist": None}, "at most how many of each")

    def __post_init__(self) -> None:
        check_settings(self, "task.")

    def lessons(self, n_lessons: int | None, seed: int) -> LabelledDrawings:
        return Digits(self.sets).lessons(n_lessons, seed)

    def test(self, n_drawings: int | None, seed: int) -> LabelledDrawings:
        return Digits(self.sets).test(n_drawings, seed)


@dataclass(frozen=True)
class Frames:
    """Settings of the task.

    Examples
    --------
    >>> Frames(world="scroller", settings={"side": 12}).make_environment().side
    12
    """

    NAME: ClassVar[str] = "frames"
    SUMMARY: ClassVar[str] = "an environment whose frames are predicted and in which the agent acts for score"
    FAMILY: ClassVar[str] = "frames"
    AGENT: ClassVar[str] = "cells"
    world: str = setting(
        "scroller", "scroller, sketch, page, browser, one of gymnasium such as CartPole-v1, or ./FILE.py:Class"
    )
    settings: Mapping[str, Any] = setting({}, "of the environment, such as side: 20")
    chance: bool = setting(True, "whether random actions are tried in the end, to compare the score with theirs")

    def __post_init__(self) -> None:
        check_bool("task.chance", self.chance)
        if is_given(self.world):
            object.__setattr__(self, "world", given_path(self.world))
        if not isinstance(self.world, str) or not 0 < len(self.world) <= 200:
            raise AgentError(f"expected task.world as a name, got {str(self.world)[:40]!r}.")
        if not isinstance(self.settings, Mapping) or any(not isinstance(name, str) for name in self.settings):
            raise AgentError(f"expected task.settings as name: value, got {str(self.settings)[:40]!r}.")

    def make_environment(self) -> Any:
        """The environment, a `gymnasium.Env`; AgentError when there is none of that name or those settings."""
        from agent.environments import make  # and gymnasium, which no other task needs

        return make(self.world, **dict(self.settings))


def iter_random(task: Frames, seed: int, n_frames: int) -> Generator[Progress, None, tuple[list[float], list[float]]]:
    """Take random actions, step by step; returns their mean scores, and the returns of the episodes that ended.

    A mean is one of `LAST` frames, or fewer, of each of `RANDOM_RUNS` episodes; there is none without a score. In a
    slow environment there is one episode of at most `LAST` frames.

    Examples
    --------
    >>> from agent.progress import run_to_completion
    >>> scores, returns = run_to_completion(iter_random(Frames("page"), seed=0, n_frames=50))
    >>> len(scores), returns
    (5, [])
    """
    means, returns, number, n_runs = [], [], 0, RANDOM_RUNS
    while number < n_runs:
        env, rng = task.make_environment(), np.random.default_rng([seed, number])
        if env.IS_SLOW:
            n_frames, n_runs = min(n_frames, LAST), 1
        try:
            env.reset(seed=seed)
            low, high, scores = env.action_space.low, env.action_space.high, []
            while len(scores) < n_frames:
                scores.append(env.step(rng.uniform(low, high))[4]["score"])
                if len(scores) % CHUNK == 0 or len(scores) == n_frames:
                    yield Progress(number * n_frames + len(scores), n_runs * n_frames, "by chance")
            returns += getattr(env, "returns", [])
        finally:
            env.close()
        stretches = [scores[start : start + LAST] for start in range(0, n_frames, LAST)]
        means += [mean for mean in map(mean_known, stretches) if mean is not None]
        number += 1
    return means, returns


def mean_known(values: Sequence[float | None]) -> float | None:
    """Give the mean of the values that are known; None where none is."""
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


_ALL = (Digits, Fonts, Strokes, DataSet, Generate, Copy, Frames)
SOURCES: dict[str, type[Task]] = {source.NAME: source for source in _ALL}


def task_of(name: object, given: Mapping[str, Any]) -> Task:
    """Find a task by its name, by the path of its class or by the path of its data, and set it up.

    Examples
    --------
    >>> task_of("digits", {"balanced": False})
    Digits(sets={'mnist': None}, labels=(), balanced=False)
    """
    if arrays.is_data(name):
        check_names(given, ("path",), f"settings of {name}")
        return DataSet(**{"path": name, **given})
    if is_path(name):
        task = class_of(str(name))
        for method in METHODS:
            if not callable(getattr(task, method, None)):
                more = f" An environment is task=frames task.world={name}." if hasattr(task, "step") else ""
                raise AgentError(f"expected {name} to have {' and '.join(METHODS)}, got none named {method}.{more}")
    elif isinstance(name, str) and name in SOURCES:
        task = SOURCES[name]
        given = with_new_names(task, given)
        check_names(given, [field.name for field in dataclasses.fields(task)], f"settings of {name}")
        check_bool("task.balanced", given.get("balanced", True))
    else:
        hint = nearest(name, SOURCES)
        raise AgentError(
            f"expected a task among {', '.join(SOURCES)}, FILE.npz, .npy, .csv, .arff, ./FOLDER or FILE.py:Class, "
            f"got {str(name)[:60]!r}.{hint}"
        )
    try:
        inspect.signature(task).bind(**given)
        with own_code(str(name)):
            return task(**given)
    except TypeError as error:
        raise AgentError(f"expected settings that {name} takes, got {', '.join(given) or 'none'} ({error}).") from error


def with_new_names(task: type[Task] | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give settings of a task by the names that they have now.

    Examples
    --------
    >>> with_new_names(Copy, {"supervised": True, "told": False})
    {'supervised': False}
    """
    old_names = getattr(task, "OLD_NAMES", {})
    return {old_names.get(name, name): value for name, value in given.items()}


def as_labelled_drawings(
    pairs: LabelledDrawings | Sequence[Any], source: dict[str, Any] | None = None
) -> LabelledDrawings:
    """Check what a task drew and preprocess it."""
    if isinstance(pairs, LabelledDrawings):
        return pairs
    if not isinstance(pairs, Sequence) or len(pairs) != 2 or len(pairs[0]) != len(pairs[1]):
        raise AgentError(f"expected a task to draw (drawings, labels), as many of each, got {type(pairs).__name__}.")
    drawings, labels = pairs
    if not len(labels):
        raise AgentError("expected a task to draw at least 1 lesson, got none.")
    return labelled(drawings, labels, source)


def as_arrays(pairs: LabelledDrawings | Sequence[Any], name: str = "the task") -> LabelledDrawings:
    """Check what a task drew for agents that learn arrays, and leave it as it is."""
    if isinstance(pairs, LabelledDrawings):
        return pairs
    inputs, labels = arrays.checked(pairs[0], pairs[1], name)
    if not isinstance(inputs, np.ndarray):
        sizes = list(dict.fromkeys(np.shape(one) for one in inputs))
        if len(sizes) > 1:
            raise AgentError(f"expected pictures of one size in {name}, got {sizes[0]} and {sizes[1]}. Scale them.")
        inputs = np.stack(inputs)
    return LabelledDrawings(inputs, tuple(labels))


def _spread(n_wanted: int, sizes: Mapping[str, int]) -> dict[str, int]:
    """Take so many lessons from sets, of each in proportion to its size.

    >>> _spread(5, {"a": 10, "b": 10, "c": 1})
    {'a': 3, 'b': 2}
    """
    total, counts, before = sum(sizes.values()), {}, 0
    for name, size in sizes.items():
        upto = -(-n_wanted * (before + size) // total)
        counts[name] = upto - -(-n_wanted * before // total)
        before += size
    return {name: count for name, count in counts.items() if count}


def _texts(values: object, what: str) -> list[str]:
    """Read a list of words; numbers are words too."""
    if isinstance(values, (str, int)) and not isinstance(values, bool):
        values = [values]
    if not isinstance(values, Sequence):
        raise AgentError(f"expected {what} as a list, got {str(values)[:40]!r}.")
    return [str(value) for value in values]
