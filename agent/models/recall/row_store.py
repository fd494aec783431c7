"""Lessons, their rows and the RAM tables of a recall model: one store for bulk lessons, one for the user's.

A lesson leaves rows: the drawing itself and warped copies of it. The number of copies depends only on how many lessons
there are and on a hash of the drawing, so a store does not depend on the order of its lessons.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import weakref
from typing import Self

import numpy as np

from agent.datasets import strokes
from agent.kernels import ram
from agent.kernels import recall as kernels
from agent.kernels.edges import CODE_STRIDE, SIGNATURE_WORDS, SKETCH, SKETCH_STRIDE
from agent.kernels.preprocessing import SIDE
from agent.models.recall.params import NARROW_LABELS, SQUEEZED, FixedParams
from agent.preprocessing import canonical
from agent.progress import thread_map

PREFIX_WORDS = np.arange(0, SIGNATURE_WORDS, 4)  # words of a signature that the prefilter compares
SUFFIX_WORDS = np.setdiff1d(np.arange(SIGNATURE_WORDS), PREFIX_WORDS)
N_LABEL_IDS = 256  # label ids are uint8

_LESSON = ("drawings", "lesson_label_ids", "drawing_hashes", "n_copies")
_ROW = ("lesson_ids", "copies", "label_ids", "addresses", "codes", "sketches", "prefixes", "suffixes")


class RowStore:
    """Lessons, their rows, and the RAM tables the rows are written into.

    Arrays are allocated with spare capacity: only the first ``n`` or ``n_lessons`` entries count, the rest is zero. A
    copy shares its arrays until one of the two changes.
    """

    def __init__(self, fixed: FixedParams) -> None:
        n_nodes = len(fixed.reads)
        self._fixed = fixed
        self._owners: weakref.WeakSet[Self] = weakref.WeakSet([self])  # copies that share these arrays
        self._inks: dict[int, tuple[np.ndarray, int]] = {}
        self._counts = np.zeros(0, np.int64)
        self._rows: dict[bool, kernels.StoredRows] = {}
        self.n_changes = 0
        self.n = 0
        self.n_lessons = 0
        # one entry a lesson: its thumbnail, label id, hash and number of warped copies
        self.drawings = np.zeros((0, SIDE, SIDE), np.uint8)
        self.lesson_label_ids = np.zeros(0, np.uint8)
        self.drawing_hashes = np.zeros(0, np.uint64)
        self.n_copies = np.zeros(0, np.int16)
        # one entry a row: its lesson, which copy of it (0 is the drawing itself), its label id, and its features
        self.lesson_ids = np.zeros(0, np.int32)
        self.copies = np.zeros(0, np.uint8)
        self.label_ids = np.zeros(0, np.uint8)
        self.addresses = np.zeros((0, n_nodes), np.uint16)
        self.codes = np.zeros((0, SIDE, CODE_STRIDE), np.uint8)
        self.sketches = np.zeros((0, SKETCH, SKETCH_STRIDE), np.uint8)
        self.prefixes = np.zeros((0, len(PREFIX_WORDS)), np.uint64)
        self.suffixes = np.zeros((0, len(SUFFIX_WORDS)), np.uint64)
        self.tables = np.zeros((n_nodes, fixed.n_locations), np.uint16)

    @property
    def fields(self) -> np.ndarray:
        """Displacement fields of warped copies: (F, 2, 32, 32) float32."""
        return self._fixed.fields

    @property
    def n_bytes(self) -> int:
        """Bytes allocated, spare capacity and caches included; of arrays that several stores share, its part."""
        stored = sum(getattr(self, name).nbytes for name in (*_LESSON, *_ROW, "tables"))
        cached = sum(rows.by_label.nbytes + rows.prefixes.nbytes for rows in list(self._rows.values()))
        return (stored + cached) // max(1, len(self._owners)) + sum(ink.nbytes for ink, _ in list(self._inks.values()))

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        clone = object.__new__(type(self))
        clone.__dict__.update(self.__dict__)
        self._owners.add(clone)
        return clone

    # ---------------------------------------------------------------- changing

    def learn(self, thumbnails: np.ndarray, label_ids: np.ndarray, n_threads: int = 1) -> None:
        """Add (N, 28, 28) lessons with label ids (N,) uint8; several threads may encode them."""
        if not len(label_ids):
            return
        self._unshare()
        first, last = self.n_lessons, self.n_lessons + len(label_ids)
        self._make_room(_LESSON, last)
        self.drawings[first:last] = thumbnails
        self.lesson_label_ids[first:last] = label_ids
        self.drawing_hashes[first:last] = drawing_hashes(thumbnails)
        self.n_copies[first:last] = -1  # none, not even the drawing itself, is encoded yet
        self.n_lessons = last
        self._balance_copies(n_threads)

    def join(self, other: Self, label_ids: np.ndarray) -> None:
        """Add the lessons and encoded rows of a store with equal parameters; the same as `learn`."""
        if not len(label_ids):
            return
        self._unshare()
        first, last, rows = self.n_lessons, self.n_lessons + len(label_ids), slice(self.n, self.n + other.n)
        self._make_room(_LESSON, last)
        self._make_room(_ROW, rows.stop)
        for names, ours, theirs in ((_LESSON, slice(first, last), len(label_ids)), (_ROW, rows, other.n)):
            for name in names:
                getattr(self, name)[ours] = getattr(other, name)[:theirs]
        self.lesson_label_ids[first:last] = label_ids
        self.lesson_ids[rows] += first
        self.label_ids[rows] = self.lesson_label_ids[self.lesson_ids[rows]]
        ram.write(self.addresses[rows], self.label_ids[rows], self.tables)
        self.n_lessons, self.n = last, rows.stop
        self._balance_copies()

    def forget(self, lesson: int) -> None:
        """Remove a lesson and its rows; later lessons move up."""
        self._unshare()
        self._drop(np.flatnonzero(self.lesson_ids[: self.n] == lesson))
        self.lesson_ids[: self.n] -= self.lesson_ids[: self.n] > lesson
        for name in _LESSON:
            array = getattr(self, name)
            array[lesson : self.n_lessons - 1] = array[lesson + 1 : self.n_lessons]
            array[self.n_lessons - 1] = 0
        self.n_lessons -= 1
        self._balance_copies()

    def relabel(self, lesson: int, label_id: int) -> None:
        """Give a lesson and its rows another label id."""
        self._unshare()
        rows = np.flatnonzero(self.lesson_ids[: self.n] == lesson)
        addresses, before = self.addresses[rows], self.label_ids[rows]
        self.lesson_label_ids[lesson] = self.label_ids[rows] = label_id
        ram.write(addresses, self.label_ids[rows], self.tables)
        ram.erase(addresses, before, self.addresses[: self.n], self.label_ids[: self.n], self.tables)

    def drop_label(self, label_id: int) -> None:
        """Lower by one the label ids above that of a label without lessons."""
        if (self.lesson_label_ids[: self.n_lessons] > label_id).any():
            self._unshare()
            for array in (self.lesson_label_ids[: self.n_lessons], self.label_ids[: self.n]):
                array -= array > label_id
            self.tables[:] = 0
            ram.write(self.addresses[: self.n], self.label_ids[: self.n], self.tables)

    def fit(self, n_labels: int) -> None:
        """Set the width of a location, 16 or 64 bits, to what the number of labels needs."""
        width = np.uint16 if n_labels <= NARROW_LABELS else np.uint64
        if self.tables.dtype != width:
            self.tables = self.tables.astype(width)

    def _balance_copies(self, n_threads: int = 1) -> None:
        """Add and remove rows until every lesson has the copies that are due."""
        n_due = self._n_copies_due()
        n_present = self.n_copies[: self.n_lessons]
        if (n_present > n_due).any():
            self._drop(np.flatnonzero(self.copies[: self.n] > n_due[self.lesson_ids[: self.n]]))
        missing = np.flatnonzero(n_present < n_due)
        n_rows = self.n + int((n_due[missing] - n_present[missing]).sum())
        self._make_room(_ROW, n_rows)  # once: growing holds an array twice
        for start, stop in np.unique(np.stack([n_present[missing], n_due[missing]], axis=1), axis=0) + 1:
            group = missing[(n_present[missing] + 1 == start) & (n_due[missing] + 1 == stop)]
            self._encode(group, int(start), int(stop), n_threads)
        self.n_copies[: self.n_lessons] = n_due

    def _n_copies_due(self) -> np.ndarray:
        """Copies due to each lesson: together they fill ``n_rows`` rows, and fewer once lessons are many."""
        n, max_rows = self.n_lessons, self._fixed.n_rows
        rows = min(n * len(self._fixed.fields), max_rows, max(0, 2 * (max_rows - n)))
        return (self.drawing_hashes[:n] / 2.0**64 + rows / max(1, n)).astype(np.int16)

    def _encode(self, lessons: np.ndarray, start: int, stop: int, n_threads: int) -> None:
        """Encode copies start … stop - 1 of some lessons as new rows; copy 0 is the drawing itself."""
        n_each = stop - start
        first, last = self.n, self.n + len(lessons) * n_each
        new = slice(first, last)
        self.lesson_ids[new] = np.repeat(lessons, n_each)
        self.copies[new] = np.tile(np.arange(start, stop), len(lessons))
        self.label_ids[new] = self.lesson_label_ids[self.lesson_ids[new]]

        def encode(missing: slice) -> None:
            rows = slice(first + missing.start * n_each, first + missing.stop * n_each)
            signatures = np.empty((rows.stop - rows.start, SIGNATURE_WORDS), np.uint64)
            features = kernels.Features(self.addresses[rows], self.codes[rows], self.sketches[rows], signatures)
            thumbnails = self.drawings[lessons[missing]]
            kernels.encode_copies(thumbnails, self._fixed.fields, start, stop, self._fixed.reads, features)
            self.prefixes[rows], self.suffixes[rows] = signatures[:, PREFIX_WORDS], signatures[:, SUFFIX_WORDS]

        thread_map(encode, len(lessons), n_threads)
        ram.write(self.addresses[new], self.label_ids[new], self.tables)
        self.n = last

    def _drop(self, rows: np.ndarray) -> None:
        """Remove rows: the last ones fill their places."""
        by_label = rows[np.argsort(self.label_ids[rows], kind="stable")]
        addresses, label_ids = self.addresses[by_label], self.label_ids[by_label]
        left = self.n - len(rows)
        holes = rows[rows < left]
        movers = np.setdiff1d(np.arange(left, self.n), rows)
        for name in _ROW:
            array = getattr(self, name)
            array[holes] = array[movers]
            array[left : self.n] = 0
        self.n = left
        ram.erase(addresses, label_ids, self.addresses[:left], self.label_ids[:left], self.tables)

    # ---------------------------------------------------------------- finding

    def counts(self, n_labels: int) -> np.ndarray:
        """Count the lessons of each label: (L,) int64."""
        if len(self._counts) != n_labels:
            self._counts = np.bincount(self.lesson_label_ids[: self.n_lessons], minlength=n_labels)
        return self._counts

    def ink(self, label_id: int) -> tuple[np.ndarray, int]:
        """Sum of the canonical drawings of a label, (28, 28) int64, and their number."""
        if label_id not in self._inks:
            of_label = np.flatnonzero(self.lesson_label_ids[: self.n_lessons] == label_id)
            total = np.zeros((SIDE, SIDE), np.int64)
            for lesson in of_label:
                total += canonical(self.drawings[lesson])
            self._inks[label_id] = total, len(of_label)
        return self._inks[label_id]

    def n_rows_of(self, drawing_hash: int) -> int:
        """Count the rows of lessons whose drawing has a hash."""
        n = self.n_lessons
        return int((self.n_copies[:n][self.drawing_hashes[:n] == drawing_hash] + 1).sum())

    def drawings_of(self, label_id: int) -> np.ndarray:
        """Thumbnails of the lessons of a label: (N, 28, 28) uint8."""
        return self.drawings[: self.n_lessons][self.lesson_label_ids[: self.n_lessons] == label_id]

    def lessons_of(self, thumbnail: np.ndarray, label_id: int) -> np.ndarray:
        """Lessons with exactly this drawing and label: (K,) int64."""
        of_label = np.flatnonzero(self.lesson_label_ids[: self.n_lessons] == label_id)
        return of_label[(self.drawings[of_label] == thumbnail).all(axis=(1, 2))]

    def rows(self, copies: bool = True) -> kernels.StoredRows:
        """Rows as `agent.kernels.recall.compare` reads them, indexed by label; without ``copies``, only copy 0."""
        if copies not in self._rows:
            n = self.n
            by_label = np.argsort(self.label_ids[:n], kind="stable").astype(np.int32)
            by_label = by_label if copies else by_label[self.copies[by_label] == 0]
            begins = np.searchsorted(self.label_ids[by_label], np.arange(N_LABEL_IDS + 1)).astype(np.int32)
            arrays = (self.label_ids, self.suffixes, self.sketches, self.codes)
            prefixes = np.ascontiguousarray(self.prefixes[by_label].T)
            self._rows[copies] = kernels.StoredRows(*(array[:n] for array in arrays), by_label, begins, prefixes)
        return self._rows[copies]

    # ---------------------------------------------------------------- arrays

    def _unshare(self) -> None:
        """Copy arrays that are shared, and drop caches: called before every change."""
        self.n_changes += 1
        self._inks, self._counts, self._rows = {}, np.zeros(0, np.int64), {}
        if len(self._owners) > 1:
            for name in (*_LESSON, *_ROW, "tables"):
                setattr(self, name, getattr(self, name).copy())
            self._owners.discard(self)
            self._owners = weakref.WeakSet([self])

    def _make_room(self, names: tuple[str, ...], n: int) -> None:
        """Reserve at least ``n`` entries: capacity doubles until copies fill their rows, then grows by an eighth."""
        for name in names:
            old = getattr(self, name)
            if len(old) < n:
                room = min(2 * len(old), max(self._fixed.n_rows, len(old) + len(old) // 8))
                new = np.zeros((max(n, room), *old.shape[1:]), old.dtype)
                new[: len(old)] = old
                setattr(self, name, new)


@functools.lru_cache(maxsize=16)
def background_rows(but: frozenset[str] = frozenset()) -> RowStore:
    """Rows of the background of digits, as of one label, without copies, but for drawings of what is named; shared."""
    names, drawings, _ = strokes.background()
    others, store = drawings[[name not in but for name in names]], copy.deepcopy(NO_ROWS)
    store.learn(others, np.zeros(len(others), np.uint8))
    return store


def drawing_hashes(thumbnails: np.ndarray) -> np.ndarray:
    """Hash of each drawing: (N,) uint64."""
    digests = b"".join(hashlib.blake2b(drawing, digest_size=8).digest() for drawing in np.ascontiguousarray(thumbnails))
    return np.frombuffer(digests, "<u8")


NO_ROWS = RowStore(FixedParams(np.zeros((1, 1), np.uint16), SQUEEZED, n_locations=2, n_rows=0))
