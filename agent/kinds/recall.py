"""The flagship: RAM tables propose, remembered drawings confirm.

    kept ─ canonical ─ edges ─┬─ planes of bits ─ RAM nodes ─ votes per label ──────────────────────────────┐
                              └─ signature ─ sketch ─ code ─ nearest rows, deformable difference ───────────┴─ responses

A lesson leaves rows: the drawing itself and warped copies of it, fewer the more lessons there are. A row is written
into every RAM node and can be found again by its signature. Nothing is fitted, so the order of lessons does not
matter, forgetting is exact, and joining two agents equals teaching one. Studying (`agent.kinds.study`) replaces the
votes of bulk lessons by those of nodes that were corrected, and is void when bulk lessons change.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from agent import retina
from agent.errors import AgentError
from agent.kernels import edges, ram
from agent.kernels import recall as kernels
from agent.kinds import study
from agent.kinds.base import Guess, Reason, Why
from agent.kinds.checks import check_arrays, check_birth, check_lessons, n_rows
from agent.kinds.found import Found
from agent.kinds.mapping import draw_mapping, reads_of
from agent.kinds.nodes import Nodes
from agent.kinds.part import HINT_WORDS, NARROW_LABELS, REST_WORDS, Birth, Part
from agent.kinds.recall_settings import MAX_BYTES, MAX_LABELS, RecallConfig
from agent.kinds.terms import SCALE, Terms
from agent.kinds.warps import FRAME, GRID, draw_warps, fields

CLOSE = 40  # a lead of responses below which a drawing is looked at bent, too, and compared with more rows
CLOSELY = np.array([2700, 900, 240])  # rows compared then: by signature, sketch, code
BENDS = 24  # ways to bend it then, those of copies
FOR_REASONS = np.array([90, 30, 6])  # drawings compared for reasons alone: by signature, sketch, code
N_REASONS = 3  # remembered drawings named in a guess
KNOWN = 2 * SCALE  # the response of a drawing remembered exactly

STUDIED_BEFORE = ("corrections", "study_")  # arrays of older versions, which studied otherwise: to be studied anew
_UNSTUDIED = np.zeros(0, np.uint16), np.zeros((0, 0, 0), np.int8)


class Recall:
    """RAM tables and remembered drawings; see `agent.kinds.base.Kind` for what the verbs promise."""

    NAME: ClassVar[str] = "recall"
    SUMMARY: ClassVar[str] = "proposes labels by RAM tables and confirms them by remembered drawings"
    ORDER_FREE: ClassVar[bool] = True
    STUDIES: ClassVar[bool] = True
    MAX_LABELS: int = MAX_LABELS
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {"as it is": {}}
    CHOICES: ClassVar[Mapping[str, Sequence[str]]] = {}
    Config: ClassVar[type] = RecallConfig

    def __init__(self, config: RecallConfig) -> None:
        self._start(config, *_drawn(config))

    def _start(self, config: RecallConfig, pixels: np.ndarray, planes: np.ndarray, warps: np.ndarray) -> None:
        self.config = config
        self.MAX_LABELS = MAX_LABELS if config.n_bytes(MAX_LABELS) <= MAX_BYTES else NARROW_LABELS
        self._pixels = pixels
        self._planes = planes
        self._warps = warps
        self._birth = Birth(reads_of(pixels, planes), fields(warps), 1 << config.tuple_size, config.n_rows)
        self._slots: list[str] = []  # the label of each bit of a location
        self._own, self._bulk = Part(self._birth), Part(self._birth)
        self._studied: study.Studied | None = None  # what studying the bulk lessons brought
        self._terms: Terms | None = None  # of the next answer, when nothing changed since the last

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        twin = copy.copy(self)  # what is drawn at birth and what was studied never changes in place
        twin._slots = list(self._slots)
        twin._own, twin._bulk = copy.deepcopy(self._own), copy.deepcopy(self._bulk)
        return twin

    # ---------------------------------------------------------------- what it knows

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted(self._slots))

    @property
    def n_bytes(self) -> int:
        return self._own.n_bytes + self._bulk.n_bytes + (0 if self._studied is None else self._studied.counters.nbytes)

    # ---------------------------------------------------------------- learning

    def learn_one(self, kept: np.ndarray, label: str) -> None:
        self._learn(self._own, kept[None], [label])

    def learn_many(self, kept: np.ndarray, labels: Sequence[str]) -> None:
        self._learn(self._bulk, kept, labels)

    def learn_apart(self, kept: np.ndarray, labels: Sequence[str], n_processes: int) -> None:
        """As `learn_many`, each process looking at a part of the lessons."""
        self._bulk.learn(kept, self._make_way(self._bulk, labels), n_processes)

    def _learn(self, part: Part, kept: np.ndarray, labels: Sequence[str]) -> None:
        part.learn(kept, self._make_way(part, labels))

    def _make_way(self, part: Part, labels: Sequence[str]) -> np.ndarray:
        """Prepare for lessons of these labels: (N,) uint8, their slots."""
        self._terms = None
        if part is self._bulk and len(labels):
            self._studied = None
        self._slots += [label for label in dict.fromkeys(labels) if label not in self._slots]
        slot = {label: number for number, label in enumerate(self._slots)}
        for each in (self._own, self._bulk):
            each.fit(len(self._slots))
        return np.array([slot[label] for label in labels], np.uint8)

    # ---------------------------------------------------------------- forgetting

    def forget_one(self, kept: np.ndarray, label: str) -> None:
        part, lesson = self._find(kept, label)
        slot = self._slots.index(label)
        self._terms = None
        part.forget(lesson)
        if part is self._bulk:
            self._studied = None
        if not any(each.teaches(slot) for each in (self._own, self._bulk)):
            self._slots.pop(slot)
            for each in (self._own, self._bulk):
                each.drop_slot(slot)
                each.fit(len(self._slots))

    def _find(self, kept: np.ndarray, label: str) -> tuple[Part, int]:
        """The newest lesson with this drawing and label, a person's before bulk."""
        if label in self._slots:
            for part in (self._own, self._bulk):
                lessons = part.lessons_of(kept, self._slots.index(label))
                if len(lessons):
                    return part, int(lessons[-1])
        raise AgentError(f"expected a drawing taught as {label!r}, got one that never was. Nothing to forget.")

    # ---------------------------------------------------------------- answering

    def answer(self, kept: np.ndarray) -> list[Guess]:
        return [self._answer_one(drawing) for drawing in kept]

    def _answer_one(self, kept: np.ndarray) -> Guess:
        terms = self._at_present()
        n_labels = len(terms.labels)
        if not n_labels or not retina.has_ink(kept):
            return Guess.of(terms.labels, np.zeros(n_labels, np.int32))
        _, seen, votes, every_node = self.propose(kept)
        if votes.max() <= 0:
            return Guess.of(terms.labels, np.zeros(n_labels, np.int32))
        votes += terms.ahead
        found = self._in_doubt(seen, votes, every_node)
        if found is None:
            lacking = (max(0, int(votes.max())) - votes.astype(np.int64)) * (3 * SCALE) // terms.all_votes
            responses = np.maximum(0, SCALE - lacking).astype(np.int32)
        else:
            responses = found.compare(terms.effort).responses(votes, terms.all_votes, terms.votes_weight, SCALE)
            known = found.same(kept)
            best, second = sorted([0, *responses.tolist()])[:-3:-1]
            if known is not None:
                responses[known] = KNOWN
            elif best - second < CLOSE:
                responses = self._look_closely(kept, found.wanted)
        return Guess.of(terms.labels, responses[terms.order])

    def _look_closely(self, kept: np.ndarray, plausible: np.ndarray) -> np.ndarray:
        """Compare the drawing and bent copies of it, with more rows: (L,) int32 responses.

        Two thirds of a response are the median of all copies, one third is that of the drawing itself.
        """
        terms = self._at_present()
        effort, responses = np.maximum(CLOSELY, terms.effort), []
        for bend in range(min(BENDS, len(self._warps)) + 1):
            _, seen, votes, _ = self.propose(kept, bend)
            found = Found((self._own, self._bulk), seen, plausible, 0).compare(effort)
            responses.append(found.responses(votes + terms.ahead, terms.all_votes, terms.votes_weight, SCALE))
        return ((2 * np.median(responses, axis=0) + responses[0]) // 3).astype(np.int32)

    def _in_doubt(self, seen: tuple[np.ndarray, ...], votes: np.ndarray, every_node: np.ndarray) -> Found | None:
        """Take a first look at the rows of plausible labels, unless one label leads by far.

        None where that one leads clearly and every other one is new to some node; else what is to be compared.
        """
        terms = self._at_present()
        most, second = sorted([0, *votes.tolist()])[:-3:-1]
        contested = bool((every_node & (votes < most)).any())
        if not contested and most - second > terms.lead_needed(0):
            return None
        plausible = (votes >= most - terms.plausible_lag) | every_node
        found = Found((self._own, self._bulk), seen, plausible, int(votes.argmax()))
        return None if not contested and most - second > terms.lead_needed(found.n_agreeing) else found

    def why(self, kept: np.ndarray, label: str) -> Why:
        """The lessons of the label that are nearest, and the pixels that voted for it.

        Where votes alone decide, drawings are compared with drawings; elsewhere with copies too, as for the answer.
        """
        if label not in self._slots or not retina.has_ink(kept):
            return Why()
        terms, slot = self._at_present(), self._slots.index(label)
        addresses, seen, votes, every_node = self.propose(kept)
        votes += terms.ahead
        clear, of_label = self._in_doubt(seen, votes, every_node) is None, np.arange(len(votes)) == slot
        found = Found((self._own, self._bulk), seen, of_label, slot, copies=not clear)
        nearest = found.compare(FOR_REASONS if clear else terms.effort).lessons(slot, N_REASONS)
        because = tuple(Reason(label, drawing, away) for drawing, away in nearest)
        return Why(because, self._voted(addresses, slot, votes))

    def propose(
        self, kept: np.ndarray, bend: int = 0
    ) -> tuple[np.ndarray, tuple[np.ndarray, ...], np.ndarray, np.ndarray]:
        """Look at a drawing, or at a copy of it, bent as copies of lessons are, and let the RAM nodes vote.

        Gives the addresses; what the drawing is compared by: hint, rest, sketch, code; the votes, (L,) int32, those of
        counters where that was studied; and which labels every node has seen here, as it has for a drawing that was
        taught: such a label is never ruled out, whatever counters say.
        """
        terms, n_nodes, n_labels = self._at_present(), self.config.n_nodes, len(self._slots)
        addresses = np.empty((1, n_nodes), np.uint16)
        codes = np.empty((1, retina.SIDE, edges.CODE_STRIDE), np.uint8)
        sketches = np.empty((1, edges.SKETCH, edges.SKETCH_STRIDE), np.uint8)
        signatures = np.empty((1, edges.SIGNATURE_WORDS), np.uint64)
        votes, every_node = np.empty(n_labels, np.int32), np.empty(n_labels, np.bool_)
        fields, looks = self._birth.fields, (addresses, codes, sketches, signatures)
        kernels.look_at_copies(kept[None], fields, bend, bend + 1, self._birth.reads, *looks)
        studied_row, counters = _UNSTUDIED
        if self._studied is not None:
            studied_row, counters = self._studied.look(kept, fields, bend), self._studied.counters
        tables, unit = (self._own.tables, self._bulk.tables), terms.all_votes // n_nodes
        kernels.propose(addresses[0], tables, studied_row, counters, terms.counted, unit, votes, every_node)
        hint, rest = signatures[0, HINT_WORDS], signatures[0, REST_WORDS]
        return addresses[0], (hint, rest, sketches[0], codes[0]), votes, every_node

    def _voted(self, addresses: np.ndarray, slot: int, votes: np.ndarray) -> np.ndarray:
        """Show which pixels spoke for a label and not for the other one with the most votes: (28, 28) uint8."""
        others = [other for other in np.argsort(-votes, kind="stable").tolist() if other != slot]
        shares = np.empty((retina.SIDE, retina.SIDE), np.uint8)
        tables = self._own.tables, self._bulk.tables
        ram.voting_pixels(addresses, *tables, self._pixels, slot, others[0] if others else -1, shares)
        return shares

    def nodes(self, kept: np.ndarray) -> Nodes:
        """Ask every RAM node about a drawing."""
        return Nodes(self.propose(kept)[0], self._pixels, (self._own, self._bulk), self._slots)

    def _at_present(self) -> Terms:
        """The terms of the next answer."""
        if self._terms is None:
            self._terms = Terms.at(self.config, self._slots, (self._own, self._bulk), self._studied)
        return self._terms

    # ---------------------------------------------------------------- studying

    def study(self) -> Iterator[float]:
        for share, studied in study.study(self._bulk, self._slots, self.config):
            if studied is not None:
                self._studied, self._terms = studied, None
            yield share

    # ---------------------------------------------------------------- joining, imagining, saving

    def born_like(self, other: Self) -> bool:
        return other.config == self.config and all(
            (getattr(self, name) == getattr(other, name)).all() for name in ("_pixels", "_planes", "_warps")
        )

    def join(self, other: Self) -> None:
        check_birth(self, other)
        for part, added in ((self._bulk, other._bulk), (self._own, other._own)):
            labels = [other._slots[slot] for slot in added.taught[: added.n_lessons]]
            part.join(added, self._make_way(part, labels))

    def imagine(self, label: str) -> np.ndarray:
        if label not in self._slots:
            raise AgentError(f"expected one of the labels {list(self.labels)}, got {label!r}. Teach it first.")
        slot = self._slots.index(label)
        inks = [part.ink(slot) for part in (self._own, self._bulk)]
        ink, n_drawings = sum(ink for ink, _ in inks), sum(n for _, n in inks)
        return ((ink + n_drawings // 2) // n_drawings).astype(np.uint8)

    def remembered(self, label: str) -> np.ndarray:
        slot = self._slots.index(label) if label in self._slots else -1
        return np.concatenate([part.drawings_of(slot) for part in (self._own, self._bulk)])

    def facts(self) -> dict[str, str]:
        parts = (self._own, self._bulk)
        written = np.count_nonzero(self._own.tables | self._bulk.tables)
        return {
            "rows": f"{sum(part.n for part in parts):,}",
            "nodes": f"{self.config.n_nodes:,}",
            "saturation": f"{100 * written / self._own.tables.size:.1f} %",
            "studied": "yes" if self._studied is not None else "no",
        }

    def tensors(self) -> dict[str, np.ndarray]:
        parts = (self._bulk, self._own)
        number = np.array([self.labels.index(label) for label in self._slots] or [0], np.uint8)
        return {
            "pixels": self._pixels,
            "planes": self._planes,
            "warps": self._warps,
            "drawings": retina.pack(np.concatenate([part.drawings[: part.n_lessons] for part in parts])),
            "taught": number[np.concatenate([part.taught[: part.n_lessons] for part in parts])],
            "own": np.repeat(np.array([0, 1], np.uint8), [part.n_lessons for part in parts]),
        } | (study.nothing(self.config.tuple_size) if self._studied is None else self._studied.tensors())

    @classmethod
    def restore(cls, config: RecallConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        n_lessons, mapping = n_rows(tensors, "taught"), (config.n_nodes, config.tuple_size)
        farthest = FRAME * 256  # a whole frame, in steps of a control point
        tensors = study.nothing(config.tuple_size) | dict(tensors)
        tensors = {name: array for name, array in tensors.items() if not name.startswith(STUDIED_BEFORE)}
        studied = {name: tensors.pop(name) for name in study.ARRAYS}
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
        if len(labels) > agent.MAX_LABELS:
            raise AgentError(f"expected at most {agent.MAX_LABELS} labels with these settings, got {len(labels)}.")
        for part, group in ((agent._bulk, ~own), (agent._own, own)):
            agent._learn(part, drawings[group], [labels[number] for number in taught[group]])
        agent._studied, agent._terms = study.restored(agent._bulk, agent._slots, config, studied), None
        return agent


@functools.lru_cache(maxsize=8)
def _drawn(config: RecallConfig) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw what an agent is born with, read-only and shared by all agents born alike: pixels, planes, warps."""
    rng = np.random.default_rng(config.seed)
    drawn = *draw_mapping(config.n_nodes, config.tuple_size, rng), draw_warps(config.n_warps, rng)
    for array in drawn:
        array.flags.writeable = False
    return drawn
