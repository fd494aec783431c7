"""Baseline: the nearest stored drawing gives the label.

In the literature: 1-nearest-neighbour classification (Cover & Hart 1967) by Hamming distance. Each lesson is one row
with one bit a pixel of the canonical drawing. Other models must beat it to justify their memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from agent import preprocessing
from agent.kernels import matching
from agent.models.base import Exemplar, Explanation, Guess, LessonModel, newest_lesson
from agent.validation import check_settings, setting

PIXELS = preprocessing.SIDE * preprocessing.SIDE
WORDS = -(-PIXELS // 64)


@dataclass(frozen=True)
class NearestConfig:
    """Settings of `Nearest`."""

    seed: int = setting(0, "unused: nothing is random here", le=2**63 - 1)
    threshold: int = setting(96, "ink above this is a 1", ge=1, le=254)
    n_reasons: int = setting(3, "remembered drawings named in a guess", le=20)

    __post_init__ = check_settings


class Nearest(LessonModel):
    """1-nearest-neighbour classifier (Cover and Hart 1967) by Hamming distance."""

    NAME: ClassVar[str] = "nearest"
    SUMMARY: ClassVar[str] = "answers with the label of the most similar drawing it remembers"
    ORDER_FREE: ClassVar[bool] = True
    Config: ClassVar[type] = NearestConfig

    def __init__(self, config: NearestConfig) -> None:
        self.config = config
        self._room = np.zeros((0, preprocessing.SIDE, preprocessing.SIDE), np.uint8), np.zeros((0, WORDS), np.uint64)
        self._labels: list[str] = []  # as many of the drawings and rows count, the rest is room

    @property
    def n_bytes(self) -> int:
        return sum(array.nbytes for array in self._room) + 8 * len(self._labels)

    @property
    def _drawings(self) -> np.ndarray:
        return self._room[0][: len(self._labels)]

    @property
    def _rows(self) -> np.ndarray:
        return self._room[1][: len(self._labels)]

    def learn_many(self, thumbnails: np.ndarray, labels: Sequence[str]) -> None:
        first, last = len(self._labels), len(self._labels) + len(labels)
        if last > len(self._room[0]):
            more = last + last // 4 - first
            drawings, rows = (np.pad(array[:first], [(0, more), *[(0, 0)] * (array.ndim - 1)]) for array in self._room)
            self._room = drawings, rows
        self._room[0][first:last], self._room[1][first:last] = thumbnails, self._bits(thumbnails)
        self._labels += labels

    def forget_one(self, thumbnail: np.ndarray, label: str, n_newer: int = 0) -> None:
        row = newest_lesson(self._drawings, self._labels, thumbnail, label, n_newer)
        self._room = np.delete(self._drawings, row, axis=0), np.delete(self._rows, row, axis=0)
        del self._labels[row]

    def relabel_one(self, thumbnail: np.ndarray, label: str, new_label: str, n_newer: int = 0) -> None:
        self._labels[newest_lesson(self._drawings, self._labels, thumbnail, label, n_newer)] = new_label

    def predict(self, thumbnails: np.ndarray) -> list[Guess]:
        labels = self.labels
        index = {label: number for number, label in enumerate(labels)}
        of_row = np.array([index[label] for label in self._labels], np.int64)
        distances = np.empty(len(self._labels), np.int32)
        every_row = np.arange(len(of_row), dtype=np.int32)
        guesses = []
        for drawing, bits in zip(thumbnails, self._bits(thumbnails), strict=True):
            responses = np.zeros(len(labels), np.int32)
            if not len(of_row) or not drawing.any():
                guesses.append(Guess.of(labels, responses))
                continue
            matching.hamming(bits, self._rows, every_row, distances)
            np.maximum.at(responses, of_row, PIXELS - distances)
            equal = [row for row in np.flatnonzero(distances == 0) if (self._drawings[row] == drawing).all()]
            if equal:  # of contradicting lessons the newest counts
                responses[of_row[equal[-1]]] = PIXELS + 1
            guesses.append(Guess.of(labels, responses))
        return guesses

    def explain(self, thumbnail: np.ndarray, label: str) -> Explanation:
        rows = np.array([row for row, lesson_label in enumerate(self._labels) if lesson_label == label], np.int32)
        distances = np.empty(len(rows), np.int32)
        matching.hamming(self._bits(thumbnail[None])[0], self._rows, rows, distances)
        nearest = np.argsort(distances, kind="stable")[: self.config.n_reasons]
        exemplars = (Exemplar(label, self._drawings[rows[at]].copy(), int(distances[at])) for at in nearest)
        return Explanation(tuple(exemplars))

    def _bits(self, thumbnails: np.ndarray) -> np.ndarray:
        """Pack one bit a pixel of each canonical drawing: (N, 28, 28) uint8 -> (N, W) uint64."""
        padded = np.zeros((len(thumbnails), WORDS * 64), bool)
        for row, drawing in enumerate(thumbnails):
            padded[row, :PIXELS] = (preprocessing.canonical(drawing) > self.config.threshold).ravel()
        return np.packbits(padded, axis=1).view(np.uint64)
