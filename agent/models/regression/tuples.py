"""N-tuple regression: RAM nodes that average targets.

In the literature: the n-tuple regression network (Kolcz and Allinson 1996), later Regression WiSARD (Lusquino Filho et
al. 2019). A thermometer code represents x: a bit is on where x is above its threshold. A node reads T bits; their
address selects a location, which holds the mean of its targets. The prediction is the mean over all nodes.
Of the 2**T addresses only T + 1 occur with a thermometer code, so the number of bits that are on is the address.

Outside the range of its lessons a model predicts what it predicts at the edge; it does not extrapolate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

import numpy as np

from agent.datasets.copy_numbers import NumberLessons
from agent.kernels import regression as kernels
from agent.models.regression import Answer, RegressionModel
from agent.validation import check_settings, check_whole, setting


@dataclass(frozen=True)
class TuplesConfig:
    """Settings of `Tuples`."""

    seed: int = setting(0, "fixes which bits each node reads", le=2**63 - 1)
    n_bits: int = setting(1024, "of the thermometer: what it can tell apart", ge=8, le=65_536)
    tuple_size: int = setting(64, "bits a node reads: more are finer, and need more lessons", ge=1, le=1024)
    n_nodes: int = setting(100, "RAM nodes: more are smoother, and slower", ge=1, le=1000)

    def __post_init__(self) -> None:
        check_settings(self)
        check_whole("tuple_size", self.tuple_size, 1, min(self.n_bits, 1024))


class Tuples(RegressionModel):
    """N-tuple regression network (Kolcz and Allinson 1996): RAM nodes that hold means of targets."""

    NAME: ClassVar[str] = "tuples"
    SUMMARY: ClassVar[str] = "RAM nodes that read a thermometer and keep the mean of what was right"
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "fine": {},
        "classic tuples": {"n_bits": 256, "tuple_size": 16, "n_nodes": 16},
    }
    Config: ClassVar[type] = TuplesConfig

    def __init__(self, config: TuplesConfig) -> None:
        super().__init__(config)
        generator = np.random.Generator(np.random.PCG64(config.seed))
        self._mapping = np.stack(
            [np.sort(generator.choice(config.n_bits, config.tuple_size, replace=False)) for _ in range(config.n_nodes)]
        ).astype(np.int32)
        self._ends = np.zeros(2)  # range of the thermometer, set by the first lessons
        self._sums = np.zeros((config.n_nodes, config.tuple_size + 1))
        self._counts = np.zeros(self._sums.shape, np.int64)
        self._index_levels()

    @property
    def n_bytes(self) -> int:
        return super().n_bytes + self._places.nbytes

    def _arrays(self) -> dict[str, np.ndarray]:
        return {"mapping": self._mapping, "ends": self._ends, "sums": self._sums, "counts": self._counts}

    def _limits(self) -> dict[str, tuple[float, float]]:
        return {"mapping": (0, self.config.n_bits - 1), "counts": (0, 2**40)}

    def _begin(self, lessons: NumberLessons) -> None:
        if not self.training.n_steps:
            self._ends[:] = lessons.x.min(), lessons.x.max()
        super()._begin(lessons)

    def _learn_steps(self, lessons: NumberLessons, first: int, end: int) -> np.ndarray:
        x, y = lessons.x[first:end], lessons.y[first:end]
        kernels.write_means(self._levels(x), y, self._places, self._sums, self._counts)
        return x

    def predict(self, xs: Sequence[Decimal]) -> list[Answer]:
        inputs = np.array([float(x) for x in xs], np.float64)
        means, n_nodes = np.empty(len(xs)), np.empty(len(xs), np.int32)
        kernels.read_means(self._levels(inputs), self._places, self._sums, self._counts, means, n_nodes)
        return [
            Answer(x, Decimal(mean) if n else None, not self.training.covers(x))
            for x, mean, n in zip(xs, means.tolist(), n_nodes.tolist(), strict=True)
        ]

    def stats(self) -> dict[str, str]:
        written = (self._counts > 0).mean()
        return {"nodes": f"{self.config.n_nodes:,}", "saturation": f"{100 * written:.0f} %"}

    @classmethod
    def restore(cls, config: TuplesConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        model = super().restore(config, labels, tensors)
        model._mapping.sort(axis=1)
        model._index_levels()
        return model

    def _index_levels(self) -> None:
        """Compute the address of each node at each level of the thermometer: how many of its bits are on."""
        levels = np.arange(self.config.n_bits + 1)
        self._places = np.stack([np.searchsorted(bits, levels) for bits in self._mapping]).astype(np.uint16)

    def _levels(self, x: np.ndarray) -> np.ndarray:
        """Encode x: how many bits of the thermometer are on, (N,) int32."""
        low, high = self._ends
        if not high > low:
            return np.zeros(len(x), np.int32)
        share = np.clip((x - low) / (high - low), 0, 1)
        return np.rint(share * self.config.n_bits).astype(np.int32)
