"""Decision of the recall model: its parameters at this number of lessons, and a drawing's matches among stored rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from agent.datasets import strokes
from agent.kernels import MATCHING_READY, edges, matching
from agent.kernels import recall as kernels
from agent.models.recall.params import RecallConfig
from agent.models.recall.refinement import RefinedNodes
from agent.models.recall.row_store import NO_ROWS, RowStore, background_rows

LONGEST_WAIT_S = 60.0  # for another process that compiles matching; then it is compiled here
SCALE = 1000  # the best response by votes and matches: as near as the nearest row, and the most votes
BUDGET_SHARES = np.array([16.0, 3.2, 1.0])  # rows of a label selected by prefix and by signature, for each by sketch
LABELS_COMPARED = 8  # a label's share of ``n_candidates`` is that of one among so many
MAX_RARITY = 1.0  # halvings of lessons beyond which a label counts as no rarer
RARITY_HALF = 20  # mean lessons of a label at which the rarity prior has half its initial weight
NEAR_PREFIX = 3  # tenths of a signature prefix's bits that may differ from the nearest row's for a plain match
NEARER_BACKGROUND = 130  # hundredths of the difference to the best label at which the background is as near
NEAR_BACKGROUND = 180  # likewise, of the signature prefix's: beyond it rows of the background are not compared
AGREEMENT_K = 30  # nearest rows with the leader's label from which on ``clear_lead`` suffices
_STRENGTHS = sum((part - edges.CODE_ZERO) ** 2 for part in (np.arange(256) & 15, np.arange(256) >> 4))  # of each code


@dataclass(frozen=True)
class DecisionParams:
    """Decision parameters; they change with the number of lessons."""

    labels: tuple[str, ...]  # all, sorted
    order: np.ndarray  # (L,) int64, the label id of each
    all_votes: int  # the most votes a label can have before any counter is corrected
    rarity_prior: np.ndarray  # (L,) int32, votes added to labels with few lessons, which few locations know
    clear_lead: float  # lead in votes at which the leader is decided without matching, if the nearest rows agree
    unconfirmed_lead: float  # lead in votes at which the leader is decided whatever the nearest rows are
    votes_weight: int  # what all votes weigh against the distance of rows, in thousandths
    budget: np.ndarray  # (3,) int64, rows of a label selected by prefix, by signature and by sketch
    refined_label_ids: np.ndarray  # (L',) int64, label ids of the labels of the refined nodes
    background: RowStore | None  # rows of what is no digit and was not taught, where the starter's digits were

    @classmethod
    def at(
        cls,
        config: RecallConfig,
        label_list: Sequence[str],
        stores: tuple[RowStore, RowStore],
        refined: RefinedNodes | None,
    ) -> Self:
        """Decision parameters of a model with these labels, in the order of their ids, these lessons and nodes."""
        labels = tuple(sorted(label_list))
        novice_weight = config.votes_half / (config.votes_half + sum(store.n_lessons for store in stores))
        all_votes, weight, refined_ids = config.n_nodes, config.votes_weight * novice_weight, []
        if refined is not None:
            all_votes, refined_ids = refined.max_votes, [label_list.index(label) for label in refined.labels]
            weight += config.studied_weight * (1 - novice_weight)
        counts = sum(store.counts(len(labels)) for store in stores)
        names, _, mark = strokes.background()
        is_known = (stores[1].drawing_hashes[: stores[1].n_lessons] == mark).any()
        return cls(
            labels=labels,
            order=np.array([label_list.index(label) for label in labels], np.int64),
            all_votes=all_votes,
            rarity_prior=(rarity(counts) * config.rare_bonus * all_votes / SCALE).astype(np.int32),
            clear_lead=config.clear_lead * all_votes,
            unconfirmed_lead=config.plausible_lag * all_votes,
            votes_weight=int(weight),
            budget=(max(3, config.n_candidates // LABELS_COMPARED) * BUDGET_SHARES).astype(np.int64),
            refined_label_ids=np.array(refined_ids, np.int64),
            background=background_rows(frozenset(names).intersection(labels)) if is_known else None,
        )

    def lead_needed(self, n_agreeing: int) -> float:
        """Lead in votes at which no matching is needed: the smaller, the more of the nearest rows agree."""
        doubt = 1 - min(n_agreeing, AGREEMENT_K) / AGREEMENT_K
        return self.clear_lead + max(0.0, self.unconfirmed_lead - self.clear_lead) * doubt


def rarity(counts: np.ndarray) -> np.ndarray:
    """Rarity of each label, in halvings of its lessons from the mean, for `rarity_prior`: (L,) float64.

    A label with few lessons is known at few locations, so it lacks votes even for drawings of its own. That matters
    while a label has a handful of lessons; with `RARITY_HALF` a label and more the warped copies fill the tables. The
    prior fades with the mean number of lessons, and is bounded: one lesson of a new label, however many others there
    are, must not change the guesses for all other drawings.

    Examples
    --------
    >>> rarity(np.array([4, 4, 1])).round(2).tolist()
    [-0.36, -0.36, 0.87]
    >>> rarity(np.array([6000, 1])).round(3).tolist()
    [-0.007, 0.007]
    """
    if not len(counts):
        return np.zeros(0)
    halvings = np.log2(counts.mean() / counts)
    return np.clip(halvings, -MAX_RARITY, MAX_RARITY) * RARITY_HALF / (RARITY_HALF + counts.mean())


class RowMatches:
    """Matches of a drawing among the stored rows of some labels: prefiltered when made, then ranked by `compare`.

    ``labels_mask`` (L,) bool are the label ids whose rows are searched, and ``n_agreeing`` is the number of rows of the
    leader that are nearer, by signature prefix, than any row of another label. It differs in ``lowest`` bits at least.
    """

    def __init__(
        self,
        stores: tuple[RowStore, RowStore],
        query: kernels.Query,
        labels_mask: np.ndarray,
        leader: int,
        copies: bool = True,
    ) -> None:
        if not MATCHING_READY.wait(LONGEST_WAIT_S):
            MATCHING_READY.set()
        self._stores, self._query, self.labels_mask = stores, query, labels_mask
        self._rows = stores[0].rows(copies), stores[1].rows(copies)
        self._distances, n_agreeing = kernels.hamming_prefilter(query.prefix, *self._rows, labels_mask, leader)
        self.n_agreeing = int(n_agreeing)
        self.lowest = int(self._distances.min()) if self._distances.size else int(matching.FAR)

    def compare(self, budget: np.ndarray) -> Self:
        """Rank the rows of each label in stages; ``budget`` (3,) as in `DecisionParams`."""
        n_labels = len(self.labels_mask)
        matches = kernels.Matches(
            np.empty(n_labels * budget[1], np.int32),
            np.empty(n_labels * budget[1], np.int32),
            np.empty((n_labels, 3), np.int32),
            np.empty((n_labels, 8), np.int32),
        )
        n = kernels.compare(self._query, *self._rows, self.labels_mask, self._distances, budget, matches)
        self._matches = matches._replace(rows=matches.rows[:n], differences=matches.differences[:n])
        return self

    @property
    def compared(self) -> np.ndarray:
        """Labels with rows that were compared to the end: (L,) bool."""
        return self._matches.nearest[:, 0] < matching.FAR

    def responses(self, votes: np.ndarray, params: DecisionParams, squeezed: Self | None = None) -> np.ndarray:
        """Combine matches, those of the squeezed drawing if any, and votes: (L,) int32, 0 … ``SCALE``."""
        responses, matches = np.empty_like(votes), self._matches
        second = matches if squeezed is None else squeezed._matches
        kernels.responses(votes, matches, second, params.all_votes, params.votes_weight, SCALE, responses)
        return responses

    @property
    def least_difference(self) -> float:
        """Difference of the nearest row, as a share of what the drawing's own gradients amount to."""
        return int(self._matches.nearest[:, 0].min()) / max(1, int(_STRENGTHS[self._query.code].sum()))

    def exact_label(self, thumbnail: np.ndarray) -> int | None:
        """Label id of the newest lesson with exactly this drawing, the user's before bulk ones; None without any."""
        rows, differences, _, _ = self._matches
        lessons = [self._lesson(row) for row in rows[differences == 0]]
        equal = [(store, lesson) for store, lesson in lessons if (store.drawings[lesson] == thumbnail).all()]
        if not equal:
            return None
        store, lesson = max(equal, key=lambda at: (at[0] is self._stores[0], at[1]))
        return int(store.lesson_label_ids[lesson])

    @property
    def is_plain(self) -> bool:
        """Whether some row's signature prefix is so near that nothing about the drawing can be strange."""
        return 10 * self.lowest <= NEAR_PREFIX * sum(int(word).bit_count() for word in self._query.prefix)

    def near_background(self, background: RowStore) -> Self | None:
        """Matches among the rows of the background, where some signature prefix is about as near as any here."""
        matches = type(self)((NO_ROWS, background), self._query, np.ones(1, bool), 0)
        return matches if 100 * matches.lowest <= NEAR_BACKGROUND * self.lowest else None

    def is_background(self, label_id: int, background: Self) -> bool:
        """Whether the background is about as near as the label, and no lesson of the user is what is nearest."""
        (rows, differences, nearest, _), users = self._matches, self._stores[0]
        difference = int(nearest[label_id, 0])
        is_own = any(self._lesson(row)[0] is users for row in rows[differences == difference])
        return not is_own and 100 * int(background._matches.nearest[0, 0]) < NEARER_BACKGROUND * difference

    def strangeness(self, label_id: int, but: int | None = None) -> int:
        """How strange the drawing is to a label, as `agent.kernels.recall.strangeness` says it; -1 without rows.

        Lessons whose drawing has the hash ``but`` do not count.
        """
        rows, differences, _, _ = self._matches
        if but is not None:
            hashes = np.array([store.drawing_hashes[lesson] for store, lesson in map(self._lesson, rows)], np.uint64)
            rows, differences = rows[hashes != but], differences[hashes != but]
        return int(kernels.strangeness(self._query, *self._rows, label_id, rows, differences))

    def lessons(self, label_id: int, limit: int) -> list[tuple[np.ndarray, int]]:
        """Drawings of the nearest lessons of a label, each once, and their differences."""
        nearest: dict[tuple[int, int], tuple[np.ndarray, int]] = {}
        rows, differences, _, _ = self._matches
        order = np.argsort(differences, kind="stable")
        for row, difference in zip(rows[order].tolist(), differences[order].tolist(), strict=True):
            store, lesson = self._lesson(row)
            if store.lesson_label_ids[lesson] == label_id and (id(store), lesson) not in nearest:
                nearest[id(store), lesson] = store.drawings[lesson].copy(), difference
                if len(nearest) == limit:
                    break
        return list(nearest.values())

    def _lesson(self, row: int) -> tuple[RowStore, int]:
        user, bulk = self._stores
        return (user, int(user.lesson_ids[row])) if row < user.n else (bulk, int(bulk.lesson_ids[row - user.n]))
