"""The flagship: RAM tables propose, remembered drawings confirm.

    kept ─ canonical ─ edges ─┬─ planes of bits ─ RAM nodes ─ votes per label ──────────────┐
                              └─ signature ─ nearest rows ─ code ─ deformable difference ───┴─ responses, reasons

A lesson leaves rows: the drawing itself and warped copies of it, fewer the more lessons there are. A row is written
into every RAM node and can be found again by its signature. Nothing is fitted, so the order of lessons does not
matter, forgetting is exact, and joining two agents equals teaching one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from agent import retina
from agent.errors import AgentError
from agent.kernels import edges, match, ram
from agent.kernels import recall as kernels
from agent.kinds.base import Guess, Reason
from agent.kinds.checks import check_arrays, check_lessons, check_share, check_whole, n_rows
from agent.kinds.rows import HINT, Rows
from agent.kinds.warps import FRAME, GRID, draw_warps, fields

MAX_LOCATIONS = 8_388_608  # 64 MB of tables
WINDOWS = (9, 14)  # sides of the square a node reads from, in pixels
SCALE = 1000  # a response of 1000: as near as the nearest, and the most votes
LOOK_AGAIN = 8  # rows whose whole signature is compared, for each row chosen
REASONS = 8  # rows compared for reasons alone
N_REASONS = 3  # remembered drawings named in a guess
KNOWN = 2 * SCALE  # the response of a drawing remembered exactly

_BIRTH = ("pixels", "planes", "warps")


@dataclass(frozen=True)
class RecallConfig:
    """Settings of `Recall`. The defaults were chosen on a validation split of MNIST's training set."""

    seed: int = 0
    n_nodes: int = 300  # 32 kB each with the default tuple_size; more: little better, slower
    tuple_size: int = 12  # bits a node reads; a node has 2**tuple_size locations of 8 bytes
    n_warps: int = 100  # most warped copies of one lesson; 0.1 ms each to learn
    n_rows: int = 6000  # rows that copies may fill, own and bulk lessons each; 2.4 kB a row
    n_candidates: int = 150  # remembered rows compared deformably; 4 µs each
    votes_weight: int = 1000  # what all votes weigh against the difference, in thousandths
    votes_half: int = 20_000  # lessons after which votes weigh half: full tables say less
    plausible_lag: float = 0.2  # labels that lack more than this share of the nodes are not compared; larger: slower
    clear_lead: float = 0.1  # share of the nodes by which the first label leads when no comparison is needed

    def __post_init__(self) -> None:
        check_whole(
            self,
            {
                "seed": (0, 2**63 - 1),
                "n_nodes": (1, 2000),
                "tuple_size": (2, 14),
                "n_warps": (0, 200),
                "n_rows": (0, 20_000),
                "n_candidates": (3, 2000),
                "votes_weight": (0, 10_000),
                "votes_half": (1, 10_000_000),
            },
        )
        check_share(self, "plausible_lag", "clear_lead")
        if self.n_nodes << self.tuple_size > MAX_LOCATIONS:
            raise AgentError(
                f"expected n_nodes x 2**tuple_size of at most {MAX_LOCATIONS:,} locations, "
                f"got {self.n_nodes} x {1 << self.tuple_size:,}. Take fewer nodes or shorter tuples."
            )


class Recall:
    """RAM tables and remembered drawings; see `agent.kinds.base.Kind` for what the verbs promise."""

    NAME: ClassVar[str] = "recall"
    SUMMARY: ClassVar[str] = "proposes labels by RAM tables and confirms them by remembered drawings"
    ORDER_FREE: ClassVar[bool] = True
    MAX_LABELS: ClassVar[int] = 62
    Config: ClassVar[type] = RecallConfig

    def __init__(self, config: RecallConfig) -> None:
        rng = np.random.default_rng(config.seed)
        self._start(config, *_draw_mapping(config, rng), draw_warps(config.n_warps, rng))

    def _start(self, config: RecallConfig, pixels: np.ndarray, planes: np.ndarray, warps: np.ndarray) -> None:
        self.config = config
        self._pixels = pixels
        self._planes = planes
        self._warps = warps
        self._tables = np.zeros((config.n_nodes, 1 << config.tuple_size), np.uint64)
        self._slots: list[str] = []  # the label of each bit of a location
        self._rows = Rows(config.n_nodes)

    # ---------------------------------------------------------------- what it knows

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted(self._slots))

    @property
    def n_bytes(self) -> int:
        return self._tables.nbytes + self._rows.n_bytes

    # ---------------------------------------------------------------- learning

    def learn_one(self, kept: np.ndarray, label: str) -> None:
        self._learn(kept[None], [label], own=True)

    def learn_many(self, kept: np.ndarray, labels: Sequence[str]) -> None:
        self._learn(kept, labels, own=False)

    def _learn(self, kept: np.ndarray, labels: Sequence[str], own: bool) -> None:
        slots = np.array([self._slot(label) for label in labels], np.uint8)
        n_copies = self._n_copies(self._rows.n_lessons(own) + len(slots))
        if self._rows.trim(own, n_copies):
            self._rewrite_all()
        first = self._rows.n
        self._rows.add_lessons(kept, slots, own)
        self._look(kept, np.arange(len(kept)) + self._rows.n_all_lessons - len(kept), range(1 + n_copies))
        new = slice(first, self._rows.n)
        ram.write(self._rows.addresses[new], self._rows.slots[new], self._tables)

    def _look(self, kept: np.ndarray, lessons: np.ndarray, copies: range) -> None:
        """Add rows for some copies of lessons: copy 0 is the drawing itself."""
        new = self._rows.grow(np.repeat(lessons, len(copies)), np.tile(np.arange(copies.start, copies.stop), len(kept)))
        kernels.look_at_copies(
            kept,
            fields(self._warps),
            copies.start,
            copies.stop,
            self._pixels,
            self._planes,
            self._rows.addresses[new],
            self._rows.codes[new],
            self._rows.signatures[new],
        )
        self._rows.hints[new] = self._rows.signatures[new, HINT]

    def _n_copies(self, n_lessons: int) -> int:
        """Copies of each lesson so that all together fill at most ``n_rows`` rows, in few steps."""
        for n_copies in (200, 100, 40, 20, 10, 5, 2):
            if n_copies <= self.config.n_warps and n_copies * n_lessons <= self.config.n_rows:
                return n_copies
        return 0

    def _slot(self, label: str) -> int:
        if label not in self._slots:
            self._slots.append(label)
        return self._slots.index(label)

    # ---------------------------------------------------------------- forgetting

    def forget_one(self, kept: np.ndarray, label: str) -> None:
        lesson = self._find(kept, label)
        own, slot = bool(self._rows.own[lesson]), int(self._rows.taught[lesson])
        self._rows.drop_lesson(lesson)
        n_copies = self._n_copies(self._rows.n_lessons(own))
        if self._rows.n_copies(own) < n_copies:
            self._restore_copies(own, n_copies)
        if (self._rows.taught[: self._rows.n_all_lessons] == slot).any():
            rows = slice(self._rows.n)
            ram.rewrite(self._rows.addresses[rows], self._rows.slots[rows], slot, self._tables)
        else:
            self._slots.pop(slot)
            self._rows.drop_slot(slot)
            self._rewrite_all()

    def _find(self, kept: np.ndarray, label: str) -> int:
        """The newest lesson with this drawing and label, a person's before bulk."""
        if label in self._slots:
            lessons = self._rows.lessons_of(kept, self._slots.index(label))
            if len(lessons):
                return int(max(lessons, key=lambda lesson: (self._rows.own[lesson], lesson)))
        raise AgentError(f"expected a drawing taught as {label!r}, got one that never was. Nothing to forget.")

    def _restore_copies(self, own: bool, n_copies: int) -> None:
        """Make the copies again that were dropped when there were more lessons."""
        rows = self._rows
        lessons = np.flatnonzero(rows.own[: rows.n_all_lessons] == own).astype(np.int32)
        if len(lessons):
            first = rows.n
            self._look(rows.drawings[lessons], lessons, range(1 + rows.n_copies(own), 1 + n_copies))
            ram.write(rows.addresses[first : rows.n], rows.slots[first : rows.n], self._tables)
            rows.sort()

    def _rewrite_all(self) -> None:
        self._tables[:] = 0
        ram.write(self._rows.addresses[: self._rows.n], self._rows.slots[: self._rows.n], self._tables)

    # ---------------------------------------------------------------- answering

    def answer(self, kept: np.ndarray, reasons: bool = True) -> list[Guess]:
        labels = self.labels
        order = np.array([self._slots.index(label) for label in labels], np.int64)
        return [self._answer_one(drawing, labels, order, reasons) for drawing in kept]

    def _answer_one(self, kept: np.ndarray, labels: tuple[str, ...], order: np.ndarray, with_reasons: bool) -> Guess:
        nothing = np.zeros(len(labels), np.int32)
        if not labels or not retina.has_ink(kept):
            return Guess.of(labels, nothing)
        addresses, codes, signature = self._see(kept)
        votes = np.empty(len(labels), np.int32)
        ram.votes(addresses, self._tables, votes)
        second, most = np.sort(np.append(votes, 0))[-2:]
        if most == 0:
            return Guess.of(labels, nothing)
        clear = most - second > self.config.clear_lead * self.config.n_nodes
        if clear:
            responses = np.maximum(0, SCALE - (most - votes) * (3 * SCALE) // self.config.n_nodes).astype(np.int32)
        if not clear or with_reasons:
            lag = 0 if clear else self.config.plausible_lag * self.config.n_nodes
            rows, differences, smallest, n_found = self._compare(codes, signature, votes >= most - lag, clear)
        if not clear:
            responses = np.empty(len(labels), np.int32)
            half = self.config.votes_half
            weight = self.config.votes_weight * half // (half + self._rows.n_all_lessons)
            kernels.responses(votes, smallest, n_found, self.config.n_nodes, weight, SCALE, responses)
            self._know(kept, rows, differences, responses)
        guess = Guess.of(labels, responses[order])
        return replace(guess, because=self._reasons(guess.label, rows, differences)) if with_reasons else guess

    def _compare(
        self, codes: np.ndarray, signature: np.ndarray, plausible: np.ndarray, clear: bool
    ) -> tuple[np.ndarray, ...]:
        """Compare the drawing with the remembered rows of plausible labels whose signatures are nearest."""
        rows = slice(self._rows.n)
        listed = np.empty(self._rows.n + 1, np.int32)
        listed = listed[: match.rows_of(self._rows.slots[rows], plausible, listed)]
        n_chosen = REASONS if clear else self.config.n_candidates
        listed = _nearest(signature[HINT].copy(), self._rows.hints[rows], listed, LOOK_AGAIN * n_chosen)
        chosen = _nearest(signature, self._rows.signatures[rows], listed, n_chosen)
        differences = np.empty(len(chosen), np.int32)
        smallest = np.empty((len(self._slots) + 1, 3), np.int32)
        n_found = np.empty(len(self._slots) + 1, np.int32)
        match.three_nearest(
            codes, self._rows.codes[rows], self._rows.slots[rows], chosen, differences, smallest, n_found
        )
        return chosen, differences, smallest, n_found

    def _know(self, kept: np.ndarray, rows: np.ndarray, differences: np.ndarray, responses: np.ndarray) -> None:
        """Let the newest lesson with exactly this drawing decide."""
        lessons = self._rows.lesson[rows[differences == 0]]
        same = [lesson for lesson in lessons if (self._rows.drawings[lesson] == kept).all()]
        if same:
            responses[self._rows.taught[max(same)]] = KNOWN

    def _reasons(self, label: str | None, rows: np.ndarray, differences: np.ndarray) -> tuple[Reason, ...]:
        """Name the nearest lessons of the winning label, each once."""
        if label is None:
            return ()
        slot, found = self._slots.index(label), {}
        for place in np.argsort(differences, kind="stable"):
            lesson = int(self._rows.lesson[rows[place]])
            if self._rows.taught[lesson] == slot and lesson not in found:
                found[lesson] = Reason(label, self._rows.drawings[lesson].copy(), int(differences[place]))
                if len(found) == N_REASONS:
                    break
        return tuple(found.values())

    def _see(self, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        addresses = np.empty((1, self.config.n_nodes), np.uint16)
        codes = np.empty((1, retina.SIDE, retina.SIDE), np.uint8)
        signatures = np.empty((1, edges.SIGNATURE_WORDS), np.uint64)
        kernels.look_at_copies(
            kept[None], fields(self._warps), 0, 1, self._pixels, self._planes, addresses, codes, signatures
        )
        return addresses[0], codes[0], signatures[0]

    # ---------------------------------------------------------------- joining, imagining, saving

    def join(self, other: Self) -> None:
        mine, theirs = self.tensors(), other.tensors()
        if other.config != self.config or any((mine[name] != theirs[name]).any() for name in _BIRTH):
            raise AgentError(
                "expected an agent born with the same settings and mapping, got another one. "
                "Teach this one from the other's lessons instead."
            )
        for own in (False, True):
            lessons = np.flatnonzero(other._rows.own[: other._rows.n_all_lessons] == own)
            labels = [other._slots[slot] for slot in other._rows.taught[lessons]]
            if len(lessons):
                self._learn(other._rows.drawings[lessons], labels, own)

    def imagine(self, label: str) -> np.ndarray:
        if label not in self._slots:
            raise AgentError(f"expected one of the labels {list(self.labels)}, got {label!r}. Teach it first.")
        lessons = np.flatnonzero(self._rows.taught[: self._rows.n_all_lessons] == self._slots.index(label))
        ink = np.zeros((retina.SIDE, retina.SIDE), np.int64)
        for lesson in lessons:
            ink += retina.canonical(self._rows.drawings[lesson])
        return ((ink + len(lessons) // 2) // len(lessons)).astype(np.uint8)

    def tensors(self) -> dict[str, np.ndarray]:
        lessons = slice(self._rows.n_all_lessons)
        number = np.array([self.labels.index(label) for label in self._slots] or [0], np.uint8)
        return {
            "pixels": self._pixels,
            "planes": self._planes,
            "warps": self._warps,
            "drawings": retina.pack(self._rows.drawings[lessons]),
            "taught": number[self._rows.taught[lessons]],
            "own": self._rows.own[lessons].astype(np.uint8),
        }

    @classmethod
    def restore(cls, config: RecallConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        n_lessons, mapping = n_rows(tensors, "taught"), (config.n_nodes, config.tuple_size)
        farthest = FRAME * 256  # a whole frame, in steps of a control point
        check_arrays(
            tensors,
            {
                "pixels": (mapping, np.int32, 0, retina.SIDE**2 - 1),
                "planes": (mapping, np.uint8, 0, edges.PLANES - 1),
                "warps": ((config.n_warps, 2, GRID, GRID), np.int16, -farthest, farthest),
                "drawings": ((n_lessons, retina.PACKED_BYTES), np.uint8, 0, 255),
                "taught": ((n_lessons,), np.uint8, 0, len(labels) - 1),
                "own": ((n_lessons,), np.uint8, 0, 1),
            },
        )
        drawings, taught, own = retina.unpack(tensors["drawings"]), tensors["taught"], tensors["own"].astype(bool)
        check_lessons(drawings, taught, labels)
        agent = cls.__new__(cls)
        agent._start(config, tensors["pixels"].copy(), tensors["planes"].copy(), tensors["warps"].copy())
        slots = np.array([agent._slot(labels[number]) for number in taught], np.uint8)
        agent._rows.add_lessons(drawings, slots, own)
        for group in (False, True):
            lessons = np.flatnonzero(own == group).astype(np.int32)
            if len(lessons):
                agent._look(drawings[lessons], lessons, range(1 + agent._n_copies(len(lessons))))
        agent._rows.sort()
        agent._rewrite_all()
        return agent


def _nearest(bits: np.ndarray, rows: np.ndarray, listed: np.ndarray, limit: int) -> np.ndarray:
    """Choose at most ``limit`` of the listed rows, those whose bits differ least, nearest first."""
    distances = np.empty(len(listed), np.int32)
    match.hamming(bits, rows, listed, distances)
    places, counts = np.empty(limit, np.int32), np.empty(64 * len(bits) + 1, np.int32)
    return listed[places[: match.closest(distances, limit, counts, places)]]


def _draw_mapping(config: RecallConfig, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw which bits each node reads: distinct pixels of one window, each in a plane of one kind."""
    pixels = np.empty((config.n_nodes, config.tuple_size), np.int32)
    planes = np.empty((config.n_nodes, config.tuple_size), np.uint8)
    inner, half = retina.SIDE - 4, edges.PLANES // 2
    for node in range(config.n_nodes):
        side = WINDOWS[rng.integers(len(WINDOWS))]
        top, left = 2 + rng.integers(0, inner - side + 1, 2)
        inside = rng.choice(side * side, config.tuple_size, replace=False)
        pixels[node] = (top + inside // side) * retina.SIDE + left + inside % side
        planes[node] = half * rng.integers(2) + rng.integers(0, half, config.tuple_size)
    return pixels, planes
