"""One part of what the recall agent remembers: the bulk lessons, or a person's own.

A lesson leaves rows: the drawing itself and warped copies of it. How many copies a lesson gets depends on the number
of lessons alone, and on a lot that its drawing draws, so a part is the same whatever the order of its lessons was.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

import numpy as np

from agent.kernels import ram
from agent.kernels import recall as kernels
from agent.kernels.edges import CODE_STRIDE, SIGNATURE_WORDS, SKETCH, SKETCH_STRIDE
from agent.kernels.retina import SIDE
from agent.kinds.apart import Zeros, apart, zeros
from agent.retina import canonical

HINT_WORDS = np.arange(0, SIGNATURE_WORDS, 4)  # the words of a signature that are looked at first
REST_WORDS = np.setdiff1d(np.arange(SIGNATURE_WORDS), HINT_WORDS)
N_SLOTS = 256  # at most: they are uint8
NARROW_LABELS = 16  # up to so many labels a location is 16 bits wide, beyond it 64

_LESSON = ("drawings", "taught", "lots", "n_copies")
_ROW = ("lesson", "copy", "slots", "addresses", "codes", "sketches", "hints", "rests")


def row_bytes(n_nodes: int) -> int:
    """Bytes that one row takes.

    Examples
    --------
    >>> row_bytes(300)
    1902
    """
    return 6 + 2 * n_nodes + SIDE * CODE_STRIDE + SKETCH * SKETCH_STRIDE + 8 * SIGNATURE_WORDS


@dataclass(frozen=True)
class Birth:
    """What an agent is born with, shared by its parts: reads (M, T) uint16, fields (R, 2, 32, 32) float32."""

    reads: np.ndarray
    fields: np.ndarray
    n_locations: int  # of one node
    n_rows: int  # rows that the copies of one part may fill


class Part:
    """Lessons, their rows, and the RAM tables the rows are written into.

    Arrays have room to grow: only their first entries count, the rest is zero. A copy of a part shares its arrays until
    one of the two changes.

    Attributes
    ----------
    drawings, taught, lots, n_copies
        One entry a lesson: (28, 28) uint8 kept drawing, uint8 slot of its label, uint64 lot, int16 copies.
    lesson, copy, slots
        One entry a row: which lesson (int32), which copy of it (uint8, 0 is the drawing itself), its label's slot.
    addresses, codes, sketches, hints, rests
        One entry a row: (M,) uint16, (28, 32) uint8, (14, 16) uint8, (6,) and (16,) uint64, the parts of the signature
        that are looked at first and later: what lies close together in memory is found sooner.
    tables
        (M, A) uint16 or uint64: the labels seen at each location, one bit a slot.
    n, n_lessons, n_changes : int
        How many rows and lessons count, and how often something changed.
    """

    def __init__(self, birth: Birth) -> None:
        n_nodes = len(birth.reads)
        self._birth = birth
        self._shared = False
        self._inks: dict[int, tuple[np.ndarray, int]] = {}
        self._counts = np.zeros(0, np.int64)
        self._rows: dict[bool, tuple[np.ndarray, ...]] = {}
        self.n_changes = 0
        self.n = 0
        self.n_lessons = 0
        self.drawings = np.zeros((0, SIDE, SIDE), np.uint8)
        self.taught = np.zeros(0, np.uint8)
        self.lots = np.zeros(0, np.uint64)
        self.n_copies = np.zeros(0, np.int16)
        self.lesson = np.zeros(0, np.int32)
        self.copy = np.zeros(0, np.uint8)
        self.slots = np.zeros(0, np.uint8)
        self.addresses = np.zeros((0, n_nodes), np.uint16)
        self.codes = np.zeros((0, SIDE, CODE_STRIDE), np.uint8)
        self.sketches = np.zeros((0, SKETCH, SKETCH_STRIDE), np.uint8)
        self.hints = np.zeros((0, len(HINT_WORDS)), np.uint64)
        self.rests = np.zeros((0, len(REST_WORDS)), np.uint64)
        self.tables = np.zeros((n_nodes, birth.n_locations), np.uint16)

    @property
    def fields(self) -> np.ndarray:
        """How copies are bent: (F, 2, 32, 32) float32."""
        return self._birth.fields

    @property
    def n_bytes(self) -> int:
        """Bytes held, the room to grow included; 0 while they are shared."""
        return 0 if self._shared else sum(getattr(self, name).nbytes for name in (*_LESSON, *_ROW, "tables"))

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        twin = object.__new__(type(self))
        self._shared = True
        twin.__dict__.update(self.__dict__)
        return twin

    # ---------------------------------------------------------------- changing

    def learn(self, kept: np.ndarray, slots: np.ndarray, n_processes: int = 1) -> None:
        """Add (N, 28, 28) lessons; ``slots`` (N,) uint8 are those of their labels; several processes look at them."""
        if not len(slots):
            return
        self._unshare()
        first, last = self.n_lessons, self.n_lessons + len(slots)
        self._make_room(_LESSON, last)
        self.drawings[first:last] = kept
        self.taught[first:last] = slots
        self.lots[first:last] = _lots(kept)
        self.n_copies[first:last] = -1  # not even the drawing itself yet
        self.n_lessons = last
        self._settle(n_processes)

    def join(self, other: Self, slots: np.ndarray) -> None:
        """Add the lessons of a part of the same birth, and the rows it has looked at already: the same as `learn`."""
        if not len(slots):
            return
        self._unshare()
        first, last, rows = self.n_lessons, self.n_lessons + len(slots), slice(self.n, self.n + other.n)
        self._make_room(_LESSON, last)
        self._make_room(_ROW, rows.stop)
        for names, mine, theirs in ((_LESSON, slice(first, last), len(slots)), (_ROW, rows, other.n)):
            for name in names:
                getattr(self, name)[mine] = getattr(other, name)[:theirs]
        self.taught[first:last] = slots
        self.lesson[rows] += first
        self.slots[rows] = self.taught[self.lesson[rows]]
        ram.write(self.addresses[rows], self.slots[rows], self.tables)
        self.n_lessons, self.n = last, rows.stop
        self._settle()

    def forget(self, lesson: int) -> None:
        """Take a lesson and its rows out; later lessons move up."""
        self._unshare()
        self._drop(np.flatnonzero(self.lesson[: self.n] == lesson))
        self.lesson[: self.n] -= self.lesson[: self.n] > lesson
        for name in _LESSON:
            array = getattr(self, name)
            array[lesson : self.n_lessons - 1] = array[lesson + 1 : self.n_lessons]
            array[self.n_lessons - 1] = 0
        self.n_lessons -= 1
        self._settle()

    def drop_slot(self, slot: int) -> None:
        """Number the labels behind a label that has no lessons left one lower."""
        if (self.taught[: self.n_lessons] > slot).any():
            self._unshare()
            for array in (self.taught[: self.n_lessons], self.slots[: self.n]):
                array -= array > slot
            self.tables[:] = 0
            ram.write(self.addresses[: self.n], self.slots[: self.n], self.tables)

    def fit(self, n_labels: int) -> None:
        """Make the locations just wide enough for so many labels."""
        width = np.uint16 if n_labels <= NARROW_LABELS else np.uint64
        if self.tables.dtype != width:
            self.tables = self.tables.astype(width)

    def _settle(self, n_processes: int = 1) -> None:
        """Give every lesson the copies it should have: no more, no fewer."""
        wanted = self._wanted()
        have = self.n_copies[: self.n_lessons]
        if (have > wanted).any():
            self._drop(np.flatnonzero(self.copy[: self.n] > wanted[self.lesson[: self.n]]))
        few = np.flatnonzero(have < wanted)
        n_rows = self.n + int((wanted[few] - have[few]).sum())
        self._make_room(_ROW, n_rows, zeros if n_processes > 1 else np.zeros)  # at once: growing holds an array twice
        for start, stop in np.unique(np.stack([have[few], wanted[few]], axis=1), axis=0) + 1:
            group = few[(have[few] + 1 == start) & (wanted[few] + 1 == stop)]
            self._look(group, int(start), int(stop), n_processes)
        self.n_copies[: self.n_lessons] = wanted

    def _wanted(self) -> np.ndarray:
        """The copies of each lesson, so that all fill ``n_rows`` rows, and fewer and fewer once lessons are many."""
        n, most = self.n_lessons, self._birth.n_rows
        rows = min(n * len(self._birth.fields), most, max(0, 2 * (most - n)))
        return (self.lots[:n] / 2.0**64 + rows / max(1, n)).astype(np.int16)

    def _look(self, lessons: np.ndarray, start: int, stop: int, n_processes: int) -> None:
        """Add rows for some copies of lessons: copy 0 is the drawing itself."""
        n_each = stop - start
        first, last = self.n, self.n + len(lessons) * n_each
        new = slice(first, last)
        self.lesson[new] = np.repeat(lessons, n_each)
        self.copy[new] = np.tile(np.arange(start, stop), len(lessons))
        self.slots[new] = self.taught[self.lesson[new]]

        def see(few: slice) -> None:
            rows = slice(first + few.start * n_each, first + few.stop * n_each)
            signatures = np.empty((rows.stop - rows.start, SIGNATURE_WORDS), np.uint64)
            seen = (self.addresses[rows], self.codes[rows], self.sketches[rows], signatures)
            kept = self.drawings[lessons[few]]
            kernels.look_at_copies(kept, self._birth.fields, start, stop, self._birth.reads, *seen)
            self.hints[rows], self.rests[rows] = signatures[:, HINT_WORDS], signatures[:, REST_WORDS]

        apart(see, len(lessons), n_processes)
        ram.write(self.addresses[new], self.slots[new], self.tables)
        self.n = last

    def _drop(self, rows: np.ndarray) -> None:
        """Take rows out: the last ones fill their places."""
        by_slot = rows[np.argsort(self.slots[rows], kind="stable")]
        addresses, slots = self.addresses[by_slot], self.slots[by_slot]
        left = self.n - len(rows)
        holes = rows[rows < left]
        movers = np.setdiff1d(np.arange(left, self.n), rows)
        for name in _ROW:
            array = getattr(self, name)
            array[holes] = array[movers]
            array[left : self.n] = 0
        self.n = left
        ram.erase(addresses, slots, self.addresses[:left], self.slots[:left], self.tables)

    # ---------------------------------------------------------------- finding

    def teaches(self, slot: int) -> bool:
        """Say whether any lesson has the label of a slot."""
        return bool((self.taught[: self.n_lessons] == slot).any())

    def counts(self, n_labels: int) -> np.ndarray:
        """Count the lessons of each label: (L,) int64."""
        if len(self._counts) != n_labels:
            self._counts = np.bincount(self.taught[: self.n_lessons], minlength=n_labels)
        return self._counts

    def ink(self, slot: int) -> tuple[np.ndarray, int]:
        """Add up the canonical drawings of a label: (28, 28) int64, and how many they are."""
        if slot not in self._inks:
            of_label = np.flatnonzero(self.taught[: self.n_lessons] == slot)
            total = np.zeros((SIDE, SIDE), np.int64)
            for lesson in of_label:
                total += canonical(self.drawings[lesson])
            self._inks[slot] = total, len(of_label)
        return self._inks[slot]

    def drawings_of(self, slot: int) -> np.ndarray:
        """The kept drawings taught as the label of a slot: (N, 28, 28) uint8."""
        return self.drawings[: self.n_lessons][self.taught[: self.n_lessons] == slot]

    def lessons_of(self, kept: np.ndarray, slot: int) -> np.ndarray:
        """Find the lessons that taught exactly this drawing as the label of a slot."""
        of_label = np.flatnonzero(self.taught[: self.n_lessons] == slot)
        return of_label[(self.drawings[of_label] == kept).all(axis=(1, 2))]

    def rows(self, copies: bool = True) -> tuple[np.ndarray, ...]:
        """What `agent.kernels.recall.compare` reads of all rows.

        slots, rests, sketches, codes; and by_slot (R,) int32, the rows of one label after those of another, begins
        (257,) int32, where those of each slot begin, and ordered (6, R) uint64, the hints in that order. These three
        without copies, if so wished: then drawings are compared with drawings alone.
        """
        if copies not in self._rows:
            n = self.n
            by_slot = np.argsort(self.slots[:n], kind="stable").astype(np.int32)
            by_slot = by_slot if copies else by_slot[self.copy[by_slot] == 0]
            begins = np.searchsorted(self.slots[by_slot], np.arange(N_SLOTS + 1)).astype(np.int32)
            arrays = (self.slots, self.rests, self.sketches, self.codes)
            ordered = np.ascontiguousarray(self.hints[by_slot].T)
            self._rows[copies] = (*(array[:n] for array in arrays), by_slot, begins, ordered)
        return self._rows[copies]

    # ---------------------------------------------------------------- arrays

    def _unshare(self) -> None:
        """Before anything changes: stop sharing arrays with a copy."""
        self.n_changes += 1
        self._inks, self._counts, self._rows = {}, np.zeros(0, np.int64), {}
        if self._shared:
            for name in (*_LESSON, *_ROW, "tables"):
                setattr(self, name, getattr(self, name).copy())
            self._shared = False

    def _make_room(self, names: tuple[str, ...], n: int, zeros: Zeros = np.zeros) -> None:
        """Let arrays have at least ``n`` entries: twice as many as they had until copies fill it all, then few more."""
        for name in names:
            old = getattr(self, name)
            if len(old) < n:
                room = min(2 * len(old), max(self._birth.n_rows, len(old) + len(old) // 8))
                new = zeros((max(n, room), *old.shape[1:]), old.dtype)
                new[: len(old)] = old
                setattr(self, name, new)


def _lots(kept: np.ndarray) -> np.ndarray:
    """Draw a number for each drawing that depends on it alone: (N,) uint64."""
    drawn = b"".join(hashlib.blake2b(drawing, digest_size=8).digest() for drawing in np.ascontiguousarray(kept))
    return np.frombuffer(drawn, "<u8")
