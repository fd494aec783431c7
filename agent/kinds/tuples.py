"""Numbers by RAM nodes: n-tuple regression (Kolcz and Allinson 1996; as Regression WiSARD, Lusquino Filho et al. 2019).

A thermometer of bits shows how large x is: a bit is on where x is beyond it. A node reads some of the bits; they name a
location, which keeps the mean of what was right there. The answer is the mean of what all nodes say. Of 2**T addresses
of bits that a thermometer shows, only T + 1 can occur, how many of them are on: so that number is the location.

Outside of what it was shown it answers as at the edge: there is no line in it to go on along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

import numpy as np

from agent.kernels import tuples as kernels
from agent.kinds.checks import check_whole
from agent.kinds.numbers import N_LESSONS, Answer, Course, check_floats, check_within, marks
from agent.tasks.copy import Shown


@dataclass(frozen=True)
class TuplesConfig:
    """Settings of `Tuples`."""

    seed: int = 0  # fixes which bits each node reads
    n_bits: int = 1024  # of the thermometer: what it can tell apart
    tuple_size: int = 64  # bits a node reads: more are finer, and need more lessons
    n_nodes: int = 100  # RAM nodes: more are smoother, and slower

    def __post_init__(self) -> None:
        check_whole(self, {"seed": (0, 2**63 - 1), "n_bits": (8, 65_536), "n_nodes": (1, 1000)})
        check_whole(self, {"tuple_size": (1, min(self.n_bits, 1024))})


class Tuples:
    """RAM nodes that keep means; see `agent.kinds.numbers.Learner` for what the verbs promise."""

    NAME: ClassVar[str] = "tuples"
    SUMMARY: ClassVar[str] = "RAM nodes that read a thermometer and keep the mean of what was right"
    MAX_LABELS: ClassVar[int] = 0
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "fine": {},
        "classic tuples": {"n_bits": 256, "tuple_size": 16, "n_nodes": 16},
    }
    CHOICES: ClassVar[Mapping[str, Sequence[str]]] = {}
    Config: ClassVar[type] = TuplesConfig
    needs: ClassVar[str] = "told"
    line: ClassVar[None] = None
    n_lessons: ClassVar[int] = N_LESSONS

    def __init__(self, config: TuplesConfig) -> None:
        self.config = config
        self.course = Course()
        dice = np.random.Generator(np.random.PCG64(config.seed))
        self._mapping = np.stack([
            np.sort(dice.choice(config.n_bits, config.tuple_size, replace=False)) for _ in range(config.n_nodes)
        ]).astype(np.int32)  # fmt: skip
        self._ends = np.zeros(2)  # of the thermometer: hung up when the first lessons come
        self._sums = np.zeros((config.n_nodes, config.tuple_size + 1))
        self._counts = np.zeros(self._sums.shape, np.int64)
        self._find_places()

    @property
    def n_bytes(self) -> int:
        return self._mapping.nbytes + self._places.nbytes + self._sums.nbytes + self._counts.nbytes

    def n_steps(self, lessons: Shown) -> int:
        return len(lessons)

    def learning(self, lessons: Shown) -> Iterator[int]:
        if not self.course.n_steps:
            self._ends[:] = lessons.x.min(), lessons.x.max()
        self.course.begin(len(lessons))
        for mark in marks(len(lessons)):
            if mark <= self.course.done:
                continue
            x, y = lessons.x[self.course.done : mark], lessons.y[self.course.done : mark]
            kernels.write(self._levels(x), y, self._places, self._sums, self._counts)
            self.course.show(x)
            self.course.advance(mark)
            yield mark

    def answer(self, asked: Sequence[Decimal]) -> list[Answer]:
        x = np.array([float(each) for each in asked], np.float64)
        means, speaking = np.empty(len(x)), np.empty(len(x), np.int32)
        kernels.read(self._levels(x), self._places, self._sums, self._counts, means, speaking)
        return [
            Answer(each, Decimal(mean) if n else None, not self.course.is_inside(each))
            for each, mean, n in zip(asked, means.tolist(), speaking.tolist(), strict=True)
        ]

    def facts(self) -> dict[str, str]:
        written = (self._counts > 0).mean()
        return {"nodes": f"{self.config.n_nodes:,}", "saturation": f"{100 * written:.0f} %"}

    def tensors(self) -> dict[str, np.ndarray]:
        own = {"mapping": self._mapping, "ends": self._ends, "sums": self._sums, "counts": self._counts}
        return {name: array.copy() for name, array in own.items()} | self.course.tensors()

    @classmethod
    def restore(cls, config: TuplesConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        memory = cls(config)
        expected = {name: (array.shape, array.dtype.type) for name, array in memory.tensors().items()}
        check_floats(tensors, expected)
        check_within(tensors, {"mapping": (0, config.n_bits - 1), "counts": (0, 2**40)})
        memory.course = Course.restore(tensors)
        memory._mapping = np.sort(tensors["mapping"], axis=1)
        memory._sums, memory._counts = tensors["sums"].copy(), tensors["counts"].copy()
        memory._ends = tensors["ends"].copy()
        memory._find_places()
        return memory

    def _find_places(self) -> None:
        """Find the location of each level of the thermometer: how many of a node's bits are on then."""
        levels = np.arange(self.config.n_bits + 1)
        self._places = np.stack([np.searchsorted(bits, levels) for bits in self._mapping]).astype(np.uint16)

    def _levels(self, x: np.ndarray) -> np.ndarray:
        """Read the thermometer: how many bits are on, (N,) int32; at most all, at least none."""
        low, high = self._ends
        if not high > low:
            return np.zeros(len(x), np.int32)
        share = np.clip((x - low) / (high - low), 0, 1)
        return np.rint(share * self.config.n_bits).astype(np.int32)
