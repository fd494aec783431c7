"""The flagship: an n-tuple classifier whose votes are confirmed by deformable nearest neighbours.

    thumbnail ─ canonical ─ edges ─┬─ bit planes ─ RAM nodes ─ votes per label ───────────────────────┐
                                   └─ signature ─ sketch ─ code ─ nearest rows, their differences ────┴─ responses

In the literature: the n-tuple classifier WiSARD (Aleksander, Thomas & Bowden 1984), followed by nearest neighbours
under the image distortion model (Keysers et al. 2007).

A lesson leaves rows: the drawing itself and warped copies of it, fewer the more lessons there are. A row is written
into every RAM node and can be found again by its signature. Nothing is fitted, so the order of lessons does not
matter, forgetting is exact, and joining two agents equals teaching one. Refinement (`refinement`) replaces the votes of
bulk lessons by those of nodes that were corrected; it is dropped when bulk lessons change.

One answer is read in four files: this one, `row_store`, `decision` and `refinement`.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from agent import preprocessing
from agent.datasets.fonts import DIGITS
from agent.errors import AgentError
from agent.kernels import edges, ram
from agent.kernels import recall as kernels
from agent.kernels.preprocessing import FRAME
from agent.models.base import Exemplar, Explanation, Guess, check_lessons, check_same_params, n_rows
from agent.models.recall import refinement
from agent.models.recall.decision import SCALE, DecisionParams, RowMatches
from agent.models.recall.inspection import Nodes
from agent.models.recall.params import (
    GRID,
    MAX_BYTES,
    MAX_LABELS,
    NARROW_LABELS,
    SQUEEZED,
    TURNED,
    FixedParams,
    RecallConfig,
    bit_indices,
    proportion_field,
    sample_params,
    warp_fields,
)
from agent.models.recall.row_store import PREFIX_WORDS, SUFFIX_WORDS, RowStore
from agent.validation import check_arrays

DOUBTFUL_LEAD = 150  # lead of responses below which the drawing is matched squeezed, too
NEARER_SCALED, NEARER_TURNED = 0.82, 0.75  # shares of a drawing's least difference below which its copy is answered
FAR_DIFFERENCE = 9.0  # least difference from which on a drawing is turned
REASONS_BUDGET = np.array([90, 30, 6])  # rows selected for reasons where votes alone decided
PLAIN_STRANGENESS = 14_000  # up to which no drawing is unfamiliar, however alike the lessons are
BESIDE_BACKGROUND = 1.25  # times as strange a drawing must be for that where the background tells letters, too
N_TYPICAL, MIN_TYPICAL = 32, 8  # lessons that say how strange lessons are to their own label; at least so many must
N_REASONS = 3  # lessons named as reasons of a guess
EXACT_MATCH_RESPONSE = 2 * SCALE

MANY = 500  # lessons from which on two threads encode them
N_THREADS = min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
OLD_REFINEMENT = ("corrections", "study_")  # arrays of older versions, refined in another way: left out
_NOT_REFINED = np.zeros(0, np.uint16), np.zeros((0, 0, 0), np.int8)


class Votes(NamedTuple):
    """A drawing encoded, and the votes of the RAM nodes for it."""

    addresses: np.ndarray  # (M,) uint16
    query: kernels.Query  # features that stored rows are matched with
    votes: np.ndarray  # (L,) int32, of refined nodes where there are any
    unanimous: np.ndarray  # (L,) bool: every node has seen the label, as for all that was taught; it is always matched


class Evidence(NamedTuple):
    """What an answer rests on."""

    params: DecisionParams  # parameters of the decision
    encoded: Votes  # the drawing, and the votes for it
    votes: np.ndarray  # (L,) int32, with those that rare labels get in advance
    matches: RowMatches | None  # matches among the stored rows; None where votes alone decide
    is_plain: bool = False  # the leader's nearest row is so near that nothing about the drawing is strange


class Recall:
    """N-tuple classifier with deformable nearest neighbours; see `agent.models.base.Model` for its methods."""

    NAME: ClassVar[str] = "recall"
    SUMMARY: ClassVar[str] = "proposes labels by RAM tables and confirms them by remembered drawings"
    ORDER_FREE: ClassVar[bool] = True
    STUDIES: ClassVar[bool] = True
    VIEWS: ClassVar[tuple[str, ...]] = ("nodes",)
    MAX_LABELS: int = MAX_LABELS
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {"as it is": {}}
    Config: ClassVar[type] = RecallConfig

    def __init__(self, config: RecallConfig) -> None:
        self._init_from(config, *sample_params(config))

    def _init_from(self, config: RecallConfig, pixels: np.ndarray, planes: np.ndarray, warps: np.ndarray) -> None:
        self.config = config
        self.MAX_LABELS = MAX_LABELS if config.n_bytes(MAX_LABELS) <= MAX_BYTES else NARROW_LABELS
        self._pixels = pixels
        self._planes = planes
        self._warps = warps
        self._fixed = FixedParams(
            bit_indices(pixels, planes), warp_fields(warps), 1 << config.tuple_size, config.n_rows
        )
        self._label_list: list[str] = []  # the label of each label id, a bit of a location
        self._user, self._bulk = RowStore(self._fixed), RowStore(self._fixed)
        self._refined: refinement.RefinedNodes | None = None
        self._params: DecisionParams | None = None  # cached until lessons change
        self._typical: tuple[DecisionParams, int] | None = None  # cached for these parameters

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        clone = copy.copy(self)  # fixed parameters and refined nodes never change in place
        clone._label_list = list(self._label_list)
        clone._user, clone._bulk = copy.deepcopy(self._user), copy.deepcopy(self._bulk)
        return clone

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted(self._label_list))

    @property
    def n_bytes(self) -> int:
        return self._user.n_bytes + self._bulk.n_bytes + (0 if self._refined is None else self._refined.counters.nbytes)

    @property
    def is_refined(self) -> bool:
        """Whether it was studied since its bulk lessons changed."""
        return self._refined is not None

    @property
    def knows_background(self) -> bool:
        """Whether it tells digits from what is no digit: it was taught all of `agent.datasets.strokes.SHIPPED`."""
        return self._decision_params().background is not None

    @property
    def _stores(self) -> tuple[RowStore, RowStore]:
        return self._user, self._bulk

    # ---------------------------------------------------------------- learning and forgetting

    def learn_one(self, thumbnail: np.ndarray, label: str) -> None:
        self._learn(self._user, thumbnail[None], [label])

    def learn_many(self, thumbnail: np.ndarray, labels: Sequence[str]) -> None:
        self._learn(self._bulk, thumbnail, labels, N_THREADS if len(labels) >= MANY else 1)

    def learn_parallel(self, thumbnail: np.ndarray, labels: Sequence[str], n_threads: int) -> None:
        """As `learn_many`, each thread encoding a part of the lessons."""
        self._learn(self._bulk, thumbnail, labels, n_threads)

    def _learn(self, store: RowStore, thumbnail: np.ndarray, labels: Sequence[str], n_threads: int = 1) -> None:
        store.learn(thumbnail, self._register_labels(store, labels), n_threads)

    def _register_labels(self, store: RowStore, labels: Sequence[str]) -> np.ndarray:
        """Prepare for lessons of these labels in a store: (N,) uint8, their label ids."""
        self._params = None
        if store is self._bulk and len(labels):
            self._refined = None
        self._label_list += [label for label in dict.fromkeys(labels) if label not in self._label_list]
        label_id = {label: number for number, label in enumerate(self._label_list)}
        for resized in self._stores:
            resized.fit(len(self._label_list))
        return np.array([label_id[label] for label in labels], np.uint8)

    def forget_one(self, thumbnail: np.ndarray, label: str, n_newer: int = 0) -> None:
        store, lesson = self._find(thumbnail, label, n_newer)
        self._params = None
        store.forget(lesson)
        if store is self._bulk:
            self._refined = None
        self._drop_if_unused(label)

    def relabel_one(self, thumbnail: np.ndarray, label: str, new_label: str, n_newer: int = 0) -> None:
        store, lesson = self._find(thumbnail, label, n_newer)
        store.relabel(lesson, int(self._register_labels(store, [new_label])[0]))
        self._drop_if_unused(label)

    def _drop_if_unused(self, label: str) -> None:
        """Forget a label without lessons."""
        label_id = self._label_list.index(label)
        if not any(remaining.counts(len(self._label_list))[label_id] for remaining in self._stores):
            self._label_list.pop(label_id)
            for remaining in self._stores:
                remaining.drop_label(label_id)
                remaining.fit(len(self._label_list))

    def _find(self, thumbnail: np.ndarray, label: str, n_newer: int) -> tuple[RowStore, int]:
        """The newest lesson but ``n_newer`` with this drawing and label, the user's before bulk ones."""
        if label in self._label_list:
            for store in self._stores:
                lessons = store.lessons_of(thumbnail, self._label_list.index(label))
                if len(lessons) > n_newer:
                    return store, int(lessons[-1 - n_newer])
                n_newer -= len(lessons)
        raise AgentError(f"expected a drawing taught as {label!r}, got one that never was. Nothing to forget.")

    # ---------------------------------------------------------------- answering

    def predict(self, thumbnail: np.ndarray) -> list[Guess]:
        return [self._answer(drawing)[0] for drawing in thumbnail]

    def predict_one(self, thumbnail: np.ndarray) -> Guess:
        guess, evidence = self._answer(thumbnail)
        if guess.label is None:
            return guess
        return replace(guess, explain_later=partial(self._explain, thumbnail, guess.label, evidence))

    def _answer(self, thumbnail: np.ndarray) -> tuple[Guess, Evidence | None]:
        """Guess a drawing: by votes alone where they are clear, else by votes and matches."""
        params = self._decision_params()
        no_responses = np.zeros(len(params.labels), np.int32)
        if not params.labels or not thumbnail.any():
            return Guess.of(params.labels, no_responses), None
        evidence = self._gather(thumbnail)
        encoded, votes, matches = evidence.encoded, evidence.votes, evidence.matches
        if encoded.votes.max() <= 0:
            return Guess.of(params.labels, no_responses), evidence
        if matches is None:
            missing = (max(0, int(votes.max())) - votes.astype(np.int64)) * (3 * SCALE) // params.all_votes
            responses = np.maximum(0, SCALE - missing).astype(np.int32)
        else:
            responses = matches.responses(votes, params)
            exact = matches.exact_label(thumbnail)
            best, second = _two_largest(responses)
            if exact is not None:
                responses[exact] = EXACT_MATCH_RESPONSE
            elif best - second < DOUBTFUL_LEAD:
                squeezed = self._match_warped(thumbnail, SQUEEZED, matches.compared)
                responses = matches.responses(votes, params, squeezed)
        guess = Guess.of(params.labels, responses[params.order])
        if guess.label is None or responses.max() == EXACT_MATCH_RESPONSE:
            return guess, evidence
        strangeness = self._unfamiliarity(evidence, int(responses.argmax()))
        nearer = None if matches is None else self._nearer_copy(thumbnail, matches)
        if nearer is not None:
            responses = nearer.responses(np.zeros_like(votes), params)
            guess = Guess.of(params.labels, responses[params.order])
        return replace(guess, unsure=True, unfamiliar=True) if strangeness else guess, evidence

    def _nearer_copy(self, thumbnail: np.ndarray, matches: RowMatches) -> RowMatches | None:
        """Match copies of usual proportions and turned ones; the nearest, if far nearer than the drawing, else None."""
        as_drawn, field = matches.least_difference, proportion_field(thumbnail)
        fields = [] if field is None else [(field, NEARER_SCALED)]
        if as_drawn > FAR_DIFFERENCE:
            fields += [(turned[None], NEARER_TURNED) for turned in TURNED]
        copies = [(self._match_warped(thumbnail, field, matches.labels_mask), share) for field, share in fields]
        nearer = [copy for copy, share in copies if copy.least_difference < share * as_drawn]
        return min(nearer, key=lambda copy: copy.least_difference, default=None)

    def _unfamiliarity(self, evidence: Evidence, label_id: int) -> int:
        """Strangeness of a drawing that is much stranger to a label than lessons are to their own labels; else 0.

        So is a drawing that is about as near to the background of digits as to the digit.
        """
        matches, params, query = evidence.matches, evidence.params, evidence.encoded.query
        of_digits = params.background if self._label_list[label_id] in tuple(DIGITS) else None
        is_plain = evidence.is_plain
        if is_plain and of_digits is None:
            return 0
        if matches is None:
            matches = RowMatches(self._stores, query, np.arange(len(evidence.votes)) == label_id, label_id)
            is_plain = is_plain or matches.is_plain
        background = None if of_digits is None else matches.near_background(of_digits)
        if is_plain and background is None:
            return 0
        if evidence.matches is None:
            matches.compare(params.budget)
        strangeness = matches.strangeness(label_id)
        if background is not None and matches.is_background(label_id, background.compare(params.budget)):
            return max(0, strangeness)
        if is_plain or strangeness <= PLAIN_STRANGENESS:
            return 0
        bound = self._typical_strangeness() * self.config.unfamiliar
        bound *= 1 if params.background is None else BESIDE_BACKGROUND
        return strangeness if 0 < bound < strangeness else 0

    def _typical_strangeness(self) -> int:
        """Median strangeness of some lessons to the other lessons of their labels; 0 where too few have others."""
        params = self._decision_params()
        if self._typical is None or self._typical[0] is not params:
            values = []
            for drawing, label_id, drawing_hash in self._lessons_of_lowest_hashes():
                query = _query(self._encode(drawing, SQUEEZED, 0))
                of_label = RowMatches(self._stores, query, np.arange(len(params.labels)) == label_id, label_id)
                n_own = sum(store.n_rows_of(drawing_hash) for store in self._stores)  # which do not count, but are near
                values.append(of_label.compare(params.budget + n_own).strangeness(label_id, but=drawing_hash))
            known = sorted(value for value in values if value > 0)
            self._typical = params, known[len(known) // 2] if len(known) >= MIN_TYPICAL else 0
        return self._typical[1]

    def _lessons_of_lowest_hashes(self) -> list[tuple[np.ndarray, int, int]]:
        """Drawing, label id and hash of `N_TYPICAL` lessons, each drawing once, whatever order they came in."""
        hashes = [store.drawing_hashes[: store.n_lessons] for store in self._stores]
        lowest = np.unique(np.concatenate(hashes))[:N_TYPICAL]
        drawings: dict[int, tuple[str, np.ndarray]] = {}
        for store, of_store in zip(self._stores, hashes, strict=True):
            for lesson in np.flatnonzero(of_store <= lowest[-1]):
                label, drawing_hash = self._label_list[store.lesson_label_ids[lesson]], int(of_store[lesson])
                if drawing_hash not in drawings or label < drawings[drawing_hash][0]:
                    drawings[drawing_hash] = label, store.drawings[lesson]
        return [(drawing, self._label_list.index(label), at) for at, (label, drawing) in sorted(drawings.items())]

    def _gather(self, thumbnail: np.ndarray) -> Evidence:
        """Encode a drawing, let the nodes vote, and match stored rows unless one label leads clearly.

        A label leads clearly if its lead in votes is large, the smaller the more of the nearest rows agree with it, and
        if no other label is unanimous.
        """
        params, encoded = self._decision_params(), self.vote(thumbnail)
        votes = encoded.votes + params.rarity_prior
        best, second = _two_largest(votes)
        contested = bool((encoded.unanimous & (votes < best)).any())
        if not contested and best - second > params.lead_needed(0):
            return Evidence(params, encoded, votes, None)
        matches = RowMatches(self._stores, encoded.query, np.ones(len(votes), bool), int(votes.argmax()))
        if not contested and best - second > params.lead_needed(matches.n_agreeing):
            return Evidence(params, encoded, votes, None, matches.is_plain)
        return Evidence(params, encoded, votes, matches.compare(params.budget))

    def _match_warped(self, thumbnail: np.ndarray, field: np.ndarray, labels_mask: np.ndarray) -> RowMatches:
        """Match a copy of a drawing that a field warps. Squeezed, long hooks, flags and bars get shorter."""
        query = _query(self._encode(thumbnail, field, 1))
        return RowMatches(self._stores, query, labels_mask, 0).compare(self._decision_params().budget)

    def _encode(self, thumbnail: np.ndarray, fields: np.ndarray, copy: int) -> kernels.Features:
        """Encode one drawing, or a copy of it that one of the fields warps, as for `kernels.encode_copies`."""
        features = kernels.Features(
            np.empty((1, self.config.n_nodes), np.uint16),
            np.empty((1, preprocessing.SIDE, edges.CODE_STRIDE), np.uint8),
            np.empty((1, edges.SKETCH, edges.SKETCH_STRIDE), np.uint8),
            np.empty((1, edges.SIGNATURE_WORDS), np.uint64),
        )
        kernels.encode_copies(thumbnail[None], fields, copy, copy + 1, self._fixed.reads, features)
        return features

    def vote(self, thumbnail: np.ndarray) -> Votes:
        """Encode a drawing and let the RAM nodes vote."""
        params, n_labels = self._decision_params(), len(self._label_list)
        features = self._encode(thumbnail, SQUEEZED, 0)
        votes, unanimous = np.empty(n_labels, np.int32), np.empty(n_labels, np.bool_)
        addresses, counters = _NOT_REFINED
        if self._refined is not None:
            addresses, counters = self._refined.addresses_of(thumbnail), self._refined.counters
        refined = kernels.Refined(
            addresses, counters, params.refined_label_ids, params.all_votes // self.config.n_nodes
        )
        kernels.vote(features.addresses[0], self._user.tables, self._bulk.tables, refined, votes, unanimous)
        return Votes(features.addresses[0], _query(features), votes, unanimous)

    def _decision_params(self) -> DecisionParams:
        if self._params is None:
            self._params = DecisionParams.at(self.config, self._label_list, self._stores, self._refined)
        return self._params

    # ---------------------------------------------------------------- explaining

    def explain(self, thumbnail: np.ndarray, label: str) -> Explanation:
        """The nearest lessons of a label, and the pixels that voted for it.

        Where votes alone decide, drawings are matched with drawings; elsewhere with copies too, as for the answer.
        """
        if label not in self._label_list or not thumbnail.any():
            return Explanation()
        return self._explain(thumbnail, label, self._gather(thumbnail))

    def _explain(self, thumbnail: np.ndarray, label: str, evidence: Evidence) -> Explanation:
        """Explain from the evidence of an answer; lessons are matched again only where too few of the label were."""
        if evidence.params is not self._params:  # lessons have changed since, and row numbers with them
            return self.explain(thumbnail, label)
        params, encoded, votes, matches, _ = evidence
        label_id = self._label_list.index(label)
        lessons = [] if matches is None else matches.lessons(label_id, N_REASONS)
        if len(lessons) < N_REASONS:
            mask, budget = np.arange(len(votes)) == label_id, REASONS_BUDGET if matches is None else params.budget
            of_label = RowMatches(self._stores, encoded.query, mask, label_id, copies=matches is not None)
            lessons = of_label.compare(budget).lessons(label_id, N_REASONS)
        exemplars = tuple(Exemplar(label, drawing, distance) for drawing, distance in lessons)
        return Explanation(exemplars, self._saliency(encoded.addresses, label_id, votes))

    def _saliency(self, addresses: np.ndarray, label_id: int, votes: np.ndarray) -> np.ndarray:
        """Pixels that voted for a label and not for the other one with the most votes: (28, 28) uint8."""
        rivals = [other for other in np.argsort(-votes, kind="stable").tolist() if other != label_id]
        saliency = np.empty((preprocessing.SIDE, preprocessing.SIDE), np.uint8)
        tables = self._user.tables, self._bulk.tables
        ram.voting_pixels(addresses, *tables, self._pixels, label_id, rivals[0] if rivals else -1, saliency)
        return saliency

    def nodes(self, thumbnail: np.ndarray) -> Nodes:
        """All RAM nodes for a drawing."""
        return Nodes(self.vote(thumbnail).addresses, self._pixels, self._stores, self._label_list)

    # ---------------------------------------------------------------- refining, joining, imagining, saving

    def study(self) -> Iterator[float]:
        for share, refined in refinement.iter_refine(self._bulk, self._label_list, self.config):
            if refined is not None:
                self._refined, self._params = refined, None
            yield share

    def same_params(self, other: Self) -> bool:
        return other.config == self.config and all(
            (getattr(self, name) == getattr(other, name)).all() for name in ("_pixels", "_planes", "_warps")
        )

    def join(self, other: Self) -> None:
        check_same_params(self, other)
        for store, added in ((self._bulk, other._bulk), (self._user, other._user)):
            labels = [other._label_list[label_id] for label_id in added.lesson_label_ids[: added.n_lessons]]
            store.join(added, self._register_labels(store, labels))

    def imagine(self, label: str) -> np.ndarray:
        if label not in self._label_list:
            raise AgentError(f"expected one of the labels {list(self.labels)}, got {label!r}. Teach it first.")
        label_id = self._label_list.index(label)
        inks = [store.ink(label_id) for store in (self._user, self._bulk)]
        ink, n_drawings = sum(ink for ink, _ in inks), sum(n for _, n in inks)
        return ((ink + n_drawings // 2) // n_drawings).astype(np.uint8)

    def remembered(self, label: str) -> np.ndarray:
        label_id = self._label_list.index(label) if label in self._label_list else -1
        return np.concatenate([store.drawings_of(label_id) for store in (self._user, self._bulk)])

    def stats(self) -> dict[str, str]:
        stores = (self._user, self._bulk)
        written = np.count_nonzero(self._user.tables | self._bulk.tables)
        return {
            "rows": f"{sum(store.n for store in stores):,}",
            "nodes": f"{self.config.n_nodes:,}",
            "saturation": f"{100 * written / self._user.tables.size:.1f} %",
            "studied": "yes" if self.is_refined else "no",
        }

    def tensors(self) -> dict[str, np.ndarray]:
        stores = (self._bulk, self._user)
        number = np.array([self.labels.index(label) for label in self._label_list] or [0], np.uint8)
        return {
            "pixels": self._pixels,
            "planes": self._planes,
            "warps": self._warps,
            "drawings": preprocessing.pack(np.concatenate([store.drawings[: store.n_lessons] for store in stores])),
            "taught": number[np.concatenate([store.lesson_label_ids[: store.n_lessons] for store in stores])],
            "own": np.repeat(np.array([0, 1], np.uint8), [store.n_lessons for store in stores]),
        } | (refinement.empty_arrays(self.config.tuple_size) if self._refined is None else self._refined.tensors())

    @classmethod
    def restore(cls, config: RecallConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        n_lessons, mapping = n_rows(tensors, "taught"), (config.n_nodes, config.tuple_size)
        max_shift = FRAME * 256  # a whole frame, in steps of control points
        tensors = refinement.empty_arrays(config.tuple_size) | dict(tensors)
        tensors = {name: array for name, array in tensors.items() if not name.startswith(OLD_REFINEMENT)}
        refined = {name: tensors.pop(name) for name in refinement.ARRAYS}
        check_arrays(
            tensors,
            {
                "pixels": (mapping, np.int32, 0, preprocessing.SIDE**2 - 1),
                "planes": (mapping, np.uint8, 0, edges.PLANES - 1),
                "warps": ((config.n_warps, 2, GRID, GRID), np.int16, -max_shift, max_shift),
                "drawings": ((n_lessons, preprocessing.PACKED_BYTES), np.uint8, 0, 255),
                "taught": ((n_lessons,), np.uint8, 0, len(labels) - 1),
                "own": ((n_lessons,), np.uint8, 0, 1),
            },
        )
        drawings, label_ids = preprocessing.unpack(tensors["drawings"]), tensors["taught"]
        is_user = tensors["own"].astype(bool)
        check_lessons(drawings, label_ids, labels)
        agent = cls.__new__(cls)
        agent._init_from(config, tensors["pixels"].copy(), tensors["planes"].copy(), tensors["warps"].copy())
        if len(labels) > agent.MAX_LABELS:
            raise AgentError(f"expected at most {agent.MAX_LABELS} labels with these settings, got {len(labels)}.")
        for store, group in ((agent._bulk, ~is_user), (agent._user, is_user)):
            agent._learn(store, drawings[group], [labels[number] for number in label_ids[group]])
        agent._refined, agent._params = refinement.restore(agent._bulk, agent._label_list, config, refined), None
        return agent


def _query(features: kernels.Features) -> kernels.Query:
    """The features of one drawing, as rows are matched with them."""
    signature = features.signatures[0]
    return kernels.Query(signature[PREFIX_WORDS], signature[SUFFIX_WORDS], features.sketches[0], features.codes[0])


def _two_largest(values: np.ndarray) -> tuple[int, int]:
    """The largest and the second largest of some values, 0 where there are none."""
    best, second = sorted([0, *values.tolist()])[:-3:-1]
    return best, second
