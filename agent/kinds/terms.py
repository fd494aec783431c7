"""What a recall agent goes by when it answers: how much votes weigh, when they decide, how many rows are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from agent.kinds.part import Part
from agent.kinds.recall_settings import RecallConfig
from agent.kinds.study import Studied

SCALE = 1000  # a response of 1000: as near as the nearest, and the most votes
SIGNATURES = 3  # rows whose whole signature is compared, for each one whose sketch is
SKETCHES = (300, 450)  # rows whose sketch is compared, by a newborn and by an agent of endlessly many lessons
FEW = 0.4  # share of ``n_candidates`` that a newborn compares
AGREEING = 30  # rows that look most alike and have the first label, from which on a small lead is clear


@dataclass(frozen=True)
class Terms:
    """What an agent goes by when it answers; it changes with the number of lessons."""

    labels: tuple[str, ...]
    order: np.ndarray  # (L,) the slot of each label
    all_votes: int  # the most that votes add up to, before anything was corrected
    ahead: np.ndarray  # (L,) int32 votes in advance: rarely taught labels, whose locations are few, gain
    clear_lead: float  # votes by which the first label leads when no comparison is needed, if all nearest rows agree
    plausible_lag: float  # labels that lack more votes are not compared
    votes_weight: int  # what all votes weigh: full tables say less, corrected counters more
    effort: np.ndarray  # (3,) rows compared by signature, sketch, code: the more lessons, the more rows look alike
    counted: np.ndarray  # (L,) int64 the slots of the labels that studied nodes count

    @classmethod
    def at(cls, config: RecallConfig, slots: Sequence[str], parts: tuple[Part, Part], studied: Studied | None) -> Self:
        """Come to the terms of an agent that has these labels, lessons and studies now."""
        labels = tuple(sorted(slots))
        youth = config.votes_half / (config.votes_half + sum(part.n_lessons for part in parts))
        all_votes, weight, counted = config.n_nodes, config.votes_weight * youth, []
        if studied is not None:
            all_votes, counted = studied.most_votes, [slots.index(label) for label in studied.labels]
            weight += config.studied_weight * (1 - youth)
        counts = sum(part.counts(len(labels)) for part in parts)
        rarity = np.log2(counts.mean() / counts) if len(labels) else np.zeros(0)
        few, many = SKETCHES
        n_codes = max(3, round(config.n_candidates * (FEW + (1 - FEW) * (1 - youth))))
        n_sketches = max(n_codes, round(few + (many - few) * (1 - youth)))
        return cls(
            labels=labels,
            order=np.array([slots.index(label) for label in labels], np.int64),
            all_votes=all_votes,
            ahead=(rarity * youth * config.rare_bonus * all_votes / SCALE).astype(np.int32),
            clear_lead=config.clear_lead * all_votes,
            plausible_lag=config.plausible_lag * all_votes,
            votes_weight=int(weight),
            effort=np.array([SIGNATURES * n_sketches, n_sketches, n_codes]),
            counted=np.array(counted, np.int64),
        )

    def lead_needed(self, n_agreeing: int) -> float:
        """The votes by which the first label must lead, so that nothing is compared: the fewer, the more rows agree."""
        doubt = 1 - min(n_agreeing, AGREEING) / AGREEING
        return self.clear_lead + max(0.0, self.plausible_lag - self.clear_lead) * doubt
