"""What the recall agent remembers: its lessons, and the rows that the copies of each lesson leave.

Arrays grow by doubling; only their first ``n`` entries count, the rest is zero. Rows are ordered by lesson, then copy.
"""

from __future__ import annotations

import numpy as np

from agent.kernels.edges import SIGNATURE_WORDS
from agent.kernels.retina import SIDE

_LESSON = ("drawings", "taught", "own")
_ROW = ("lesson", "copy", "slots", "addresses", "codes", "signatures", "hints")
HINT = slice(None, None, 4)  # the words of a signature that are looked at first


class Rows:
    """Lessons and rows of one agent.

    Attributes
    ----------
    drawings, taught, own
        One entry a lesson: (28, 28) uint8 kept drawing, uint8 slot of its label, bool whether a person taught it.
    lesson, copy, slots
        One entry a row: which lesson (int32), which copy of it (uint8, 0 is the drawing itself), its label's slot.
    addresses, codes, signatures, hints
        One entry a row: (M,) uint16, (28, 28) uint8, (22,) uint64, (6,) uint64, the part of the signature that is
        looked at first: what lies close together in memory is found sooner.
    n, n_all_lessons : int
        How many rows and lessons count.
    """

    def __init__(self, n_nodes: int) -> None:
        self.n = 0
        self.n_all_lessons = 0
        self.drawings = np.zeros((0, SIDE, SIDE), np.uint8)
        self.taught = np.zeros(0, np.uint8)
        self.own = np.zeros(0, bool)
        self.lesson = np.zeros(0, np.int32)
        self.copy = np.zeros(0, np.uint8)
        self.slots = np.zeros(0, np.uint8)
        self.addresses = np.zeros((0, n_nodes), np.uint16)
        self.codes = np.zeros((0, SIDE, SIDE), np.uint8)
        self.signatures = np.zeros((0, SIGNATURE_WORDS), np.uint64)
        self.hints = self.signatures[:, HINT]

    @property
    def n_bytes(self) -> int:
        """Bytes held, the room to grow included."""
        return sum(getattr(self, name).nbytes for name in (*_LESSON, *_ROW))

    def n_lessons(self, own: bool) -> int:
        """Count a person's lessons, or the bulk lessons."""
        return int((self.own[: self.n_all_lessons] == own).sum())

    def n_copies(self, own: bool) -> int:
        """Count the warped copies each of these lessons has."""
        of_group = self.own[self.lesson[: self.n]] == own
        return int(self.copy[: self.n][of_group].max(initial=0))

    def add_lessons(self, kept: np.ndarray, slots: np.ndarray, own: bool | np.ndarray) -> None:
        """Append lessons, without rows yet."""
        first, last = self.n_all_lessons, self.n_all_lessons + len(slots)
        self._make_room(_LESSON, last)
        self.drawings[first:last] = kept
        self.taught[first:last] = slots
        self.own[first:last] = own
        self.n_all_lessons = last

    def grow(self, lessons: np.ndarray, copies: np.ndarray) -> slice:
        """Append empty rows for the copies of lessons and say where they are."""
        first, last = self.n, self.n + len(lessons)
        self._make_room(_ROW, last)
        self.lesson[first:last] = lessons
        self.copy[first:last] = copies
        self.slots[first:last] = self.taught[lessons]
        self.n = last
        return slice(first, last)

    def trim(self, own: bool, n_copies: int) -> bool:
        """Drop the copies beyond ``n_copies`` of a person's lessons, or of bulk lessons; say whether there were any."""
        drop = (self.own[self.lesson[: self.n]] == own) & (self.copy[: self.n] > n_copies)
        if drop.any():
            self._select(np.flatnonzero(~drop))
        return bool(drop.any())

    def sort(self) -> None:
        """Put rows that were added late where they belong."""
        self._select(np.lexsort((self.copy[: self.n], self.lesson[: self.n])))

    def drop_lesson(self, number: int) -> None:
        """Remove a lesson and its rows; later ones move up."""
        first, last = np.searchsorted(self.lesson[: self.n], [number, number + 1])
        self._close_gap(_ROW, first, last, self.n)
        self.n -= int(last - first)
        self.lesson[first : self.n] -= 1
        self._close_gap(_LESSON, number, number + 1, self.n_all_lessons)
        self.n_all_lessons -= 1

    def drop_slot(self, slot: int) -> None:
        """Number the labels behind a label that has no lessons left one lower."""
        taught = self.taught[: self.n_all_lessons]
        taught[taught > slot] -= 1
        slots = self.slots[: self.n]
        slots[slots > slot] -= 1

    def lessons_of(self, kept: np.ndarray, slot: int) -> np.ndarray:
        """Find the lessons that taught exactly this drawing as the label of a slot."""
        of_label = np.flatnonzero(self.taught[: self.n_all_lessons] == slot)
        return of_label[(self.drawings[of_label] == kept).all(axis=(1, 2))]

    def _make_room(self, names: tuple[str, ...], n: int) -> None:
        for name in names:
            old = getattr(self, name)
            if len(old) < n:
                new = np.zeros((max(n, min(2 * len(old), len(old) + 4096)), *old.shape[1:]), old.dtype)
                new[: len(old)] = old
                setattr(self, name, new)

    def _select(self, rows: np.ndarray) -> None:
        for name in _ROW:
            array = getattr(self, name)
            array[: len(rows)] = array[rows]
            array[len(rows) :] = 0
        self.n = len(rows)

    def _close_gap(self, names: tuple[str, ...], first: int, last: int, n: int) -> None:
        for name in names:
            array = getattr(self, name)
            array[first : n - (last - first)] = array[last:n]
            array[n - (last - first) : n] = 0
