"""Linear regression, y = w·x + b, with five training rules.

    mse           batch gradient descent on the mean squared error of all lessons
    exact         stochastic gradient descent on the squared error, one lesson a step (LMS; Widrow and Hoff 1960)
    slope         stochastic gradient ascent on the reward, whose formula is differentiated: a loss by another name
    two_tries     gradient ascent on the reward by two-sided finite differences of random sign (as SPSA; Spall 1992)
    reward_model  response surface method (Box and Wilson 1951): a quadratic model is fitted to the rewards of random
                  answers around the line, and the line moves to its maximum

The first two see the target, the third the gradient of the reward, the last two nothing but rewards of their answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np

from agent.datasets.copy_numbers import NumberLessons
from agent.errors import AgentError
from agent.kernels import regression as kernels
from agent.kernels import rng
from agent.models.regression import Answer, RegressionModel
from agent.validation import check_settings, setting

TEACHERS = {  # what each learns from
    "exact": "target",
    "mse": "target",
    "slope": "gradient",
    "two_tries": "reward",
    "reward_model": "reward",
}
PRECISIONS = ("float64", "float32")
BATCH = 1000  # lessons of a full batch
N_ROUNDS = 25  # of reward_model: one quadratic model each
REACH_RATIO = 400.0  # reach of the first round over that of the last
MAX_COEFFICIENT = 1e12  # a larger w or b counts as divergence
INIT_STREAM = np.uint64(2**63)  # of the random numbers, the part that initialises the line


@dataclass(frozen=True)
class LinearConfig:
    """Settings of `Linear`."""

    seed: int = setting(0, "fixes the initial line and random answers", le=2**63 - 1)
    teacher: str = setting("exact", "exact, mse, slope, two_tries or reward_model", choices=TEACHERS)
    lr: float = setting(0.01, "learning rate; too large a one diverges", ge=1e-9, le=10.0)
    steps: int = setting(25_000, "steps of a run: with mse over all lessons each, else over one", ge=1, le=10_000_000)
    batch_size: int = setting(0, "for mse: lessons of a step, one after another; 0: all", le=1_000_000)
    falls: bool = setting(False, "for slope: whether the learning rate falls to 0; two_tries always lets it")
    reach: float = setting(1.0, "for two_tries: initial distance of its two answers from the line", ge=1e-6, le=1e6)
    precision: str = setting(
        "float64", "float64, or float32, which has 24 bits for all digits of a number", choices=PRECISIONS
    )

    __post_init__ = check_settings


class Linear(RegressionModel):
    """Linear regression by one of five training rules, cited above."""

    NAME: ClassVar[str] = "linear"
    SUMMARY: ClassVar[str] = "answers w·x + b; five teachers, two of which only ever hear how good an answer was"
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "exact": {},
        "mse": {"teacher": "mse", "steps": 500, "precision": "float32"},
        "slope": {"teacher": "slope", "precision": "float32"},
        "two tries": {"teacher": "two_tries"},
        "reward model": {"teacher": "reward_model"},
    }
    Config: ClassVar[type] = LinearConfig

    def __init__(self, config: LinearConfig) -> None:
        super().__init__(config)
        init = [2 * rng.uniform(np.uint64(config.seed), INIT_STREAM, np.uint64(place)) - 1 for place in range(2)]
        self._line = np.array(init, config.precision)
        self._start = self._line.copy()  # line at the beginning of the current run
        self._moments = np.zeros((kernels.N_TERMS, kernels.N_TERMS + 1))  # of reward_model's round

    @property
    def feedback(self) -> str:
        return TEACHERS[self.config.teacher]

    def _arrays(self) -> dict[str, np.ndarray]:
        return {"line": self._line, "start": self._start, "moments": self._moments}

    @property
    def line(self) -> tuple[float, float]:
        return float(self._line[0]), float(self._line[1])

    @property
    def n_lessons(self) -> int:
        return BATCH if self.config.teacher == "mse" else self.config.steps

    def n_steps(self, lessons: NumberLessons) -> int:
        return self.config.steps

    def _begin(self, lessons: NumberLessons) -> None:
        if self.training.begin(self.config.steps):
            self._start[:] = self._line
            self._moments[:] = 0

    def _learn_steps(self, lessons: NumberLessons, first: int, end: int) -> np.ndarray:
        config, line, dtype = self.config, self._line, self._line.dtype.type
        xs, ys = lessons.x.astype(dtype), lessons.y.astype(dtype)
        rewarded = kernels.RewardedLessons(xs, ys, lessons.reward.codes, lessons.reward.constants)
        steps = kernels.Steps(first, end - first, config.steps, self.training.before)
        match config.teacher:
            case "mse":
                if not config.batch_size:
                    kernels.batch_descent(xs, ys, dtype(config.lr), end - first, line)
                for step in range(first, end) if config.batch_size else ():
                    rows = np.arange(step * config.batch_size, (step + 1) * config.batch_size) % len(xs)
                    kernels.batch_descent(xs[rows], ys[rows], dtype(config.lr), 1, line)
            case "exact":
                kernels.online_descent(xs, ys, dtype(config.lr), first, end - first, line)
            case "slope":
                kernels.reward_ascent(rewarded, steps, config.lr, config.falls, line)
            case "two_tries":
                kernels.two_point_ascent(rewarded, steps, np.uint64(config.seed), config.lr, config.reach, line)
            case "reward_model":
                self._explore(rewarded, lessons.x, first, end)
        if not (np.abs(line) < MAX_COEFFICIENT).all():
            line[:] = self._start
            self.training.done = self.training.total = 0
            raise AgentError(
                f"expected steps that settle, got a line beyond {MAX_COEFFICIENT:g} after {end:,}. "
                f"Take lr below {max_learning_rate(lessons.x, config.teacher):.2g} with these lessons."
            )
        return lessons.x if config.teacher == "mse" else lessons.x[: config.steps]

    def predict(self, xs: Sequence[Decimal]) -> list[Answer]:
        inputs = np.array([float(x) for x in xs], self._line.dtype)
        predictions = (self._line[0] * inputs + self._line[1]).tolist()
        return [Answer(x, Decimal(y), not self.training.covers(x)) for x, y in zip(xs, predictions, strict=True)]

    def stats(self) -> dict[str, str]:
        return {"w": repr(self.line[0]), "b": repr(self.line[1])}

    def _explore(self, rewarded: kernels.RewardedLessons, x: np.ndarray, first: int, last: int) -> None:
        """Sample answers in rounds, each around the line that the previous round's model led to."""
        n_total, low, high = self.config.steps, float(x.min()), float(x.max())
        middle, half = (low + high) / 2, max((high - low) / 2, 1e-9)
        widest = 2 * max(abs(low), abs(high), 1.0)  # no initial answer is further away from its target
        n_rounds = max(1, min(N_ROUNDS, n_total // 20))
        ends = [n_total * number // n_rounds for number in range(1, n_rounds + 1)]
        for number, end in enumerate(ends):
            if end <= first or first >= last:
                continue
            reach = widest * REACH_RATIO ** (-number / max(1, n_rounds - 1))
            stop = min(end, last)
            steps = kernels.Steps(first, stop - first, n_total, self.training.before)
            seed = np.uint64(self.config.seed)
            kernels.sample_rewards(rewarded, steps, seed, reach, middle, half, self._line, self._moments)
            first = stop
            if stop == end:
                slope, offset = _surrogate_step(self._moments)
                self._line += np.array([slope / half, offset - slope * middle / half]) * reach
                self._moments[:] = 0


def _surrogate_step(moments: np.ndarray) -> tuple[float, float]:
    """Fit the quadratic model of a round: the change of the line at the end of the range and in its middle, in reaches.

    The step goes to the maximum of a concave model, at most one reach away, else half a reach uphill.
    """
    terms = moments[:, :-1] + 1e-9 * np.eye(len(moments))
    model = np.linalg.solve(terms, moments[:, -1])
    offset, slope, curvature = model[3], model[4], model[5]
    size = abs(offset) + abs(slope)
    if not np.isfinite(size) or size == 0:
        return 0.0, 0.0
    share = min(1 / (2 * abs(curvature)), 1 / size) if curvature < 0 else 0.5 / size
    return float(slope * share), float(offset * share)


def max_learning_rate(x: np.ndarray, teacher: str) -> float:
    """Give the learning rate beyond which the line diverges.

    For ``mse``, 2 over the larger curvature of the mean squared error; for the others, 1 over the largest x² + 1, where
    one step would overshoot its lesson as far as it was off.

    Examples
    --------
    >>> round(max_learning_rate(np.arange(11.0), "mse"), 3)
    0.028
    """
    if teacher != "mse":
        return float(1 / (np.square(x).max() + 1))
    return float(2 / curvatures(x)[1])


def curvatures(x: np.ndarray) -> tuple[float, float]:
    """Give the eigenvalues of the Hessian of the mean squared error of w·x + b, the smaller first.

    Along the smaller one an error shrinks by lr · curvature a step, which limits the speed of learning.

    Examples
    --------
    >>> small, large = curvatures(np.arange(11.0))
    >>> round(small, 3), round(large, 2)
    (0.56, 71.44)
    """
    hessian = 2 * np.array([[np.square(x).mean(), x.mean()], [x.mean(), 1.0]])
    small, large = np.linalg.eigvalsh(hessian)
    return float(small), float(large)
