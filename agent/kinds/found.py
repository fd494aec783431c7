"""What comparing a drawing with remembered rows has brought."""

from __future__ import annotations

from typing import Self

import numpy as np

from agent.kernels import match
from agent.kernels import recall as kernels
from agent.kinds.part import Part


class Found:
    """What comparing a drawing with the remembered rows of some labels brings: a first look, then `compare`."""

    def __init__(
        self,
        parts: tuple[Part, Part],
        seen: tuple[np.ndarray, ...],
        wanted: np.ndarray,
        first: int,
        copies: bool = True,
    ) -> None:
        self._parts, self._seen, self.wanted = parts, seen, wanted
        self._remembered = parts[0].rows(copies), parts[1].rows(copies)
        self._distances, n_agreeing = kernels.look_at_hints(seen[0], *self._remembered, wanted, first)
        self.n_agreeing = int(n_agreeing)  # rows of the first label that look more alike than any of another

    def compare(self, effort: np.ndarray) -> Self:
        """Look again, closer and closer: at so many rows by signature, sketch and code."""
        rows, differences = np.empty(effort[1], np.int32), np.empty(effort[1], np.int32)
        self._smallest = np.empty((len(self.wanted) + 1, 3), np.int32)
        self._n_found = np.empty(len(self.wanted) + 1, np.int32)
        brought = rows, differences, self._smallest, self._n_found
        n = kernels.compare(self._seen, *self._remembered, self.wanted, self._distances, effort, *brought)
        self._rows, self._differences = rows[:n], differences[:n]
        return self

    def responses(self, votes: np.ndarray, all_votes: int, votes_weight: int, scale: int) -> np.ndarray:
        """Add up votes and differences: (L,) int32, 0 … ``scale``."""
        responses = np.empty_like(votes)
        kernels.responses(votes, self._smallest, self._n_found, all_votes, votes_weight, scale, responses)
        return responses

    def same(self, kept: np.ndarray) -> int | None:
        """The slot of the newest lesson with exactly this drawing, a person's before bulk."""
        if self._smallest[-1, 0] > 0:
            return None
        same = [self._lesson(row) for row in self._rows[self._differences == 0]]
        same = [(part, lesson) for part, lesson in same if (part.drawings[lesson] == kept).all()]
        if not same:
            return None
        part, lesson = max(same, key=lambda found: (found[0] is self._parts[0], found[1]))
        return int(part.taught[lesson])

    def lessons(self, slot: int, limit: int) -> list[tuple[np.ndarray, int]]:
        """The drawings of the nearest lessons of a label, each once, and how far away they are."""
        nearest: dict[tuple[int, int], tuple[np.ndarray, int]] = {}
        order = np.argsort(self._differences, kind="stable")
        for row, difference in zip(self._rows[order].tolist(), self._differences[order].tolist(), strict=True):
            part, lesson = self._lesson(row)
            if difference < match.FAR and part.taught[lesson] == slot and (id(part), lesson) not in nearest:
                nearest[id(part), lesson] = part.drawings[lesson].copy(), difference
                if len(nearest) == limit:
                    break
        return list(nearest.values())

    def _lesson(self, row: int) -> tuple[Part, int]:
        own, bulk = self._parts
        return (own, int(own.lesson[row])) if row < own.n else (bulk, int(bulk.lesson[row - own.n]))
