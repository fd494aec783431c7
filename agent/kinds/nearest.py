"""The baseline: the remembered drawing with the fewest differing pixels gives the label.

One bit a pixel of the canonical drawing, one row a lesson, the smallest Hamming distance wins. It keeps the other
kinds honest: whatever cannot beat it is not worth its memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from agent import retina
from agent.kernels import match
from agent.kinds.base import Guess, Reason, Why
from agent.kinds.checks import check_birth, check_whole, lesson_arrays, newest_lesson, saved_lessons
from agent.kinds.images import mental_image

PIXELS = retina.SIDE * retina.SIDE
WORDS = -(-PIXELS // 64)


@dataclass(frozen=True)
class NearestConfig:
    """Settings of `Nearest`."""

    seed: int = 0  # unused: nothing is random here
    threshold: int = 96  # ink above this is a 1; costs nothing
    n_reasons: int = 3  # remembered drawings named in a guess

    def __post_init__(self) -> None:
        check_whole(self, {"seed": (0, 2**63 - 1), "threshold": (1, 254), "n_reasons": (0, 20)})


class Nearest:
    """Hamming-nearest remembered drawing; see `agent.kinds.base.Kind` for what the verbs promise."""

    NAME: ClassVar[str] = "nearest"
    SUMMARY: ClassVar[str] = "answers with the label of the most similar drawing it remembers"
    ORDER_FREE: ClassVar[bool] = True
    STUDIES: ClassVar[bool] = False
    MAX_LABELS: int = 62
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {"as it is": {}}
    CHOICES: ClassVar[Mapping[str, Sequence[str]]] = {}
    Config: ClassVar[type] = NearestConfig

    def __init__(self, config: NearestConfig) -> None:
        self.config = config
        self._drawings = np.zeros((0, retina.SIDE, retina.SIDE), np.uint8)
        self._rows = np.zeros((0, WORDS), np.uint64)
        self._taught: list[str] = []

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted(set(self._taught)))

    @property
    def n_bytes(self) -> int:
        return self._drawings.nbytes + self._rows.nbytes

    def learn_one(self, kept: np.ndarray, label: str) -> None:
        self.learn_many(kept[None], [label])

    def learn_many(self, kept: np.ndarray, labels: Sequence[str]) -> None:
        self._drawings = np.concatenate([self._drawings, kept])
        self._rows = np.concatenate([self._rows, self._bits(kept)])
        self._taught = [*self._taught, *labels]

    def forget_one(self, kept: np.ndarray, label: str) -> None:
        row = newest_lesson(self._drawings, self._taught, kept, label)
        self._drawings = np.delete(self._drawings, row, axis=0)
        self._rows = np.delete(self._rows, row, axis=0)
        self._taught = self._taught[:row] + self._taught[row + 1 :]

    def answer(self, kept: np.ndarray) -> list[Guess]:
        labels = self.labels
        index = {label: number for number, label in enumerate(labels)}
        of_row = np.array([index[label] for label in self._taught], np.int64)
        distances = np.empty(len(self._taught), np.int32)
        every_row = np.arange(len(of_row), dtype=np.int32)
        guesses = []
        for drawing, bits in zip(kept, self._bits(kept), strict=True):
            responses = np.zeros(len(labels), np.int32)
            if not len(of_row) or not retina.has_ink(drawing):
                guesses.append(Guess.of(labels, responses))
                continue
            match.hamming(bits, self._rows, every_row, distances)
            np.maximum.at(responses, of_row, PIXELS - distances)
            same = [row for row in np.flatnonzero(distances == 0) if (self._drawings[row] == drawing).all()]
            if same:  # of lessons that contradict each other the newest counts
                responses[of_row[same[-1]]] = PIXELS + 1
            guesses.append(Guess.of(labels, responses))
        return guesses

    def why(self, kept: np.ndarray, label: str) -> Why:
        rows = np.array([row for row, taught in enumerate(self._taught) if taught == label], np.int32)
        distances = np.empty(len(rows), np.int32)
        match.hamming(self._bits(kept[None])[0], self._rows, rows, distances)
        nearest = np.argsort(distances, kind="stable")[: self.config.n_reasons]
        return Why(tuple(Reason(label, self._drawings[rows[at]].copy(), int(distances[at])) for at in nearest))

    def born_like(self, other: Self) -> bool:
        return other.config == self.config

    def join(self, other: Self) -> None:
        check_birth(self, other)
        self.learn_many(other._drawings, other._taught)

    def study(self) -> Iterator[float]:
        return iter(())

    def imagine(self, label: str) -> np.ndarray:
        return mental_image(self.remembered(label), label, self.labels)

    def remembered(self, label: str) -> np.ndarray:
        return self._drawings[[row for row, name in enumerate(self._taught) if name == label]]

    def facts(self) -> dict[str, str]:
        return {"rows": f"{len(self._taught):,}"}

    def tensors(self) -> dict[str, np.ndarray]:
        return lesson_arrays(self._drawings, self._taught)

    @classmethod
    def restore(cls, config: NearestConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        agent = cls(config)
        agent.learn_many(*saved_lessons(tensors, labels))
        return agent

    def _bits(self, kept: np.ndarray) -> np.ndarray:
        """Pack one bit a pixel of each canonical drawing: (N, 28, 28) uint8 -> (N, W) uint64."""
        padded = np.zeros((len(kept), WORDS * 64), bool)
        for row, drawing in enumerate(kept):
            padded[row, :PIXELS] = (retina.canonical(drawing) > self.config.threshold).ravel()
        return np.packbits(padded, axis=1).view(np.uint64)
