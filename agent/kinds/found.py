"""What comparing a drawing with remembered rows has brought."""

from __future__ import annotations

import numpy as np

from agent.kernels import match
from agent.kernels import recall as kernels
from agent.kinds.part import Part


class Found:
    """What comparing a drawing with the remembered rows of plausible labels has brought."""

    def __init__(
        self, own: Part, bulk: Part, seen: tuple[np.ndarray, ...], plausible: np.ndarray, effort: np.ndarray
    ) -> None:
        self._parts = own, bulk
        rows, differences = np.empty(effort[1], np.int32), np.empty(effort[1], np.int32)
        self.smallest = np.empty((len(plausible) + 1, 3), np.int32)
        self.n_found = np.empty(len(plausible) + 1, np.int32)
        n = kernels.compare(
            seen, own.rows(), bulk.rows(), plausible, -1, effort, rows, differences, self.smallest, self.n_found
        )
        self._rows, self._differences = rows[:n], differences[:n]

    def same(self, kept: np.ndarray) -> int | None:
        """The slot of the newest lesson with exactly this drawing, a person's before bulk."""
        same = [self._lesson(row) for row in self._rows[self._differences == 0]]
        same = [(part, lesson) for part, lesson in same if (part.drawings[lesson] == kept).all()]
        if not same:
            return None
        part, lesson = max(same, key=lambda found: (found[0] is self._parts[0], found[1]))
        return int(part.taught[lesson])

    def lessons(self, slot: int, limit: int) -> list[tuple[np.ndarray, int]]:
        """The drawings of the nearest lessons of a label, each once, and how far away they are."""
        nearest: dict[tuple[int, int], tuple[np.ndarray, int]] = {}
        for place in np.argsort(self._differences, kind="stable"):
            part, lesson = self._lesson(self._rows[place])
            if part.taught[lesson] == slot and self._differences[place] < match.FAR:
                nearest.setdefault((id(part), lesson), (part.drawings[lesson].copy(), int(self._differences[place])))
                if len(nearest) == limit:
                    break
        return list(nearest.values())

    def _lesson(self, row: int) -> tuple[Part, int]:
        own, bulk = self._parts
        return (own, int(own.lesson[row])) if row < own.n else (bulk, int(bulk.lesson[row - own.n]))
