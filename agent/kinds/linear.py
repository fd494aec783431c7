"""A line, y = w·x + b, with five teachers.

    mse           steps down the slope of the mean squared error of all lessons
    exact         one lesson a step, down the slope of its squared error
    slope         one lesson a step, up the slope of the reward: its formula is known, nothing is tried
    two_tries     two answers a step, and their two rewards; no slope is ever given
    reward_model  answers around the line, a model fitted to their rewards, and the line moved to the model's top

The first two are told what would be right. The third is what "learning from a reward" is when the reward is
differentiated: a loss of another name. The last two are told how good an answer was, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

import numpy as np

from agent.errors import AgentError, nearest
from agent.kernels import chance
from agent.kernels import linear as kernels
from agent.kinds.checks import check_whole
from agent.kinds.numbers import Answer, Course, check_floats, check_number, marks
from agent.tasks.copy import Shown

TEACHERS = {  # what each learns from
    "exact": "told", "mse": "told", "slope": "slope", "two_tries": "reward", "reward_model": "reward",
}  # fmt: skip
PRECISIONS = ("float64", "float32")
BATCH = 1000  # lessons of a full batch
N_ROUNDS = 25  # of reward_model: a model each
NEAREST = 400.0  # how many times nearer the tries of the last round are than those of the first
LARGEST = 1e12  # a line beyond this does not settle
BIRTH = np.uint64(2**63)  # the moment from which a newborn's line is drawn


@dataclass(frozen=True)
class LinearConfig:
    """Settings of `Linear`."""

    seed: int = 0  # fixes the line at birth, and all tries
    teacher: str = "exact"  # exact, mse, slope, two_tries or reward_model
    lr: float = 0.01  # the learning rate: how far a step goes; twice as far is twice as fast, until it is too far
    steps: int = 25_000  # of a course: with mse each goes over all lessons, else each takes one
    falls: bool = False  # for slope: whether the learning rate falls to 0; two_tries always lets it
    reach: float = 1.0  # for two_tries: how far its first tries are from its answer
    precision: str = "float64"  # float64, or float32, which has 24 bits for all digits of a number

    def __post_init__(self) -> None:
        check_whole(self, {"seed": (0, 2**63 - 1), "steps": (1, 10_000_000)})
        check_number(self, {"lr": (1e-9, 10.0), "reach": (1e-6, 1e6)})
        for name, known in (("teacher", TEACHERS), ("precision", PRECISIONS)):
            value = getattr(self, name)
            if value not in known:
                raise AgentError(f"expected {name} among {', '.join(known)}, got {value!r}.{nearest(value, known)}")
        if type(self.falls) is not bool:
            raise AgentError(f"expected falls as true or false, got {self.falls!r}.")


class Linear:
    """A line and its teacher; see `agent.kinds.numbers.Learner` for what the verbs promise."""

    NAME: ClassVar[str] = "linear"
    SUMMARY: ClassVar[str] = "answers w·x + b; five teachers, two of which only ever hear how good an answer was"
    MAX_LABELS: ClassVar[int] = 0
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "exact": {},
        "mse": {"teacher": "mse", "steps": 500, "precision": "float32"},
        "slope": {"teacher": "slope", "precision": "float32"},
        "two tries": {"teacher": "two_tries"},
        "reward model": {"teacher": "reward_model"},
    }
    CHOICES: ClassVar[Mapping[str, Sequence[str]]] = {"teacher": tuple(TEACHERS), "precision": PRECISIONS}
    Config: ClassVar[type] = LinearConfig

    def __init__(self, config: LinearConfig) -> None:
        self.config = config
        self.course = Course()
        born = [2 * chance.uniform(np.uint64(config.seed), BIRTH, np.uint64(place)) - 1 for place in range(2)]
        self._line = np.array(born, config.precision)
        self._start = self._line.copy()  # of the present course
        self._moments = np.zeros((kernels.N_TERMS, kernels.N_TERMS + 1))  # of the present round of reward_model

    @property
    def needs(self) -> str:
        return TEACHERS[self.config.teacher]

    @property
    def n_bytes(self) -> int:
        return self._line.nbytes + self._start.nbytes + self._moments.nbytes

    @property
    def line(self) -> tuple[float, float]:
        return float(self._line[0]), float(self._line[1])

    @property
    def n_lessons(self) -> int:
        return BATCH if self.config.teacher == "mse" else self.config.steps

    def n_steps(self, lessons: Shown) -> int:
        return self.config.steps

    def learning(self, lessons: Shown) -> Iterator[int]:
        n_total = self.config.steps
        if self.course.begin(n_total):
            self._start[:] = self._line
            self._moments[:] = 0
        taught = self._teacher(lessons)
        shown = lessons.x if self.config.teacher == "mse" else lessons.x[:n_total]
        for mark in marks(n_total):
            if mark <= self.course.done:
                continue
            taught(self.course.done, mark)
            if not (np.abs(self._line) < LARGEST).all():
                self._line[:] = self._start
                self.course.done = self.course.total = 0
                raise AgentError(
                    f"expected steps that settle, got a line beyond {LARGEST:g} after {mark:,}. Take lr below "
                    f"{largest_rate(lessons.x, self.config.teacher):.2g} with these lessons."
                )
            self.course.show(shown)
            self.course.advance(mark)
            yield mark

    def answer(self, asked: Sequence[Decimal]) -> list[Answer]:
        given = np.array([float(x) for x in asked], self._line.dtype)
        said = (self._line[0] * given + self._line[1]).tolist()
        return [Answer(x, Decimal(y), not self.course.is_inside(x)) for x, y in zip(asked, said, strict=True)]

    def facts(self) -> dict[str, str]:
        return {"w": repr(self.line[0]), "b": repr(self.line[1])}

    def tensors(self) -> dict[str, np.ndarray]:
        own = {"line": self._line, "start": self._start, "moments": self._moments}
        return {name: array.copy() for name, array in own.items()} | self.course.tensors()

    @classmethod
    def restore(cls, config: LinearConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        memory = cls(config)
        line = ((2,), memory._line.dtype.type)
        check_floats(tensors, {"line": line, "start": line, "moments": (memory._moments.shape, np.float64)})
        memory.course = Course.restore(tensors)
        memory._line, memory._start = tensors["line"].copy(), tensors["start"].copy()
        memory._moments = tensors["moments"].copy()
        return memory

    # ---------------------------------------------------------------- teachers

    def _teacher(self, lessons: Shown) -> Callable[[int, int], None]:
        """Give what takes the steps from one to another."""
        config, line, dtype = self.config, self._line, self._line.dtype.type
        xs, ys = lessons.x.astype(dtype), lessons.y.astype(dtype)
        rewards = xs, ys, lessons.reward.codes, lessons.reward.constants
        seed, before, n_total = np.uint64(config.seed), self.course.before, config.steps

        def mse(first: int, last: int) -> None:
            kernels.batch(xs, ys, dtype(config.lr), last - first, line)

        def exact(first: int, last: int) -> None:
            kernels.online(xs, ys, dtype(config.lr), first, last - first, line)

        def slope(first: int, last: int) -> None:
            kernels.up_the_slope(*rewards, config.lr, config.falls, first, last - first, n_total, line)

        def two_tries(first: int, last: int) -> None:
            kernels.two_tries(*rewards, seed, config.lr, config.reach, before, first, last - first, n_total, line)

        def reward_model(first: int, last: int) -> None:
            self._explore(rewards, lessons.x, first, last)

        return {"mse": mse, "exact": exact, "slope": slope, "two_tries": two_tries, "reward_model": reward_model}[
            config.teacher
        ]

    def _explore(self, rewards: tuple[np.ndarray, ...], x: np.ndarray, first: int, last: int) -> None:
        """Try answers round by round, each around the line that the model of the round before led to."""
        n_total, low, high = self.config.steps, float(x.min()), float(x.max())
        middle, half = (low + high) / 2, max((high - low) / 2, 1e-9)
        widest = 2 * max(abs(low), abs(high), 1.0)  # a newborn's answers are at most this far away
        n_rounds = max(1, min(N_ROUNDS, n_total // 20))
        ends = [n_total * number // n_rounds for number in range(1, n_rounds + 1)]
        for number, end in enumerate(ends):
            if end <= first or first >= last:
                continue
            reach = widest * NEAREST ** (-number / max(1, n_rounds - 1))
            stop = min(end, last)
            kernels.explore(*rewards, np.uint64(self.config.seed), reach, self.course.before, first, stop - first,
                            middle, half, self._line, self._moments)  # fmt: skip
            first = stop
            if stop == end:
                steeper, higher = _climbed(self._moments)
                self._line += np.array([steeper / half, higher - steeper * middle / half]) * reach
                self._moments[:] = 0


def _climbed(moments: np.ndarray) -> tuple[float, float]:
    """Fit the model of a round and say how far the line moves, in reaches, at the end of the range and in its middle.

    The model's best try is a line: where it bends down, its top, at most one reach away; else half a reach uphill.
    """
    terms = moments[:, :-1] + 1e-9 * np.eye(len(moments))
    model = np.linalg.solve(terms, moments[:, -1])
    higher, steeper, bend = model[3], model[4], model[5]
    size = abs(higher) + abs(steeper)
    if not np.isfinite(size) or size == 0:
        return 0.0, 0.0
    share = min(1 / (2 * abs(bend)), 1 / size) if bend < 0 else 0.5 / size
    return float(steeper * share), float(higher * share)


def largest_rate(x: np.ndarray, teacher: str) -> float:
    """Say beyond which learning rate the line grows without end.

    For ``mse``, 2 over the larger curvature of the mean squared error; for the others, 1 over the largest x² + 1, where
    one step would overshoot its lesson as far as it was off.

    Examples
    --------
    >>> round(largest_rate(np.arange(11.0), "mse"), 3)
    0.028
    """
    if teacher != "mse":
        return float(1 / (np.square(x).max() + 1))
    return float(2 / curvatures(x)[1])


def curvatures(x: np.ndarray) -> tuple[float, float]:
    """Give the two curvatures of the mean squared error of w·x + b, the smaller first.

    Along the smaller one an error shrinks by the share lr · curvature a step: that is the pace of learning.

    Examples
    --------
    >>> small, large = curvatures(np.arange(11.0))
    >>> round(small, 3), round(large, 2)
    (0.56, 71.44)
    """
    bowl = 2 * np.array([[np.square(x).mean(), x.mean()], [x.mean(), 1.0]])
    small, large = np.linalg.eigvalsh(bowl)
    return float(small), float(large)
