"""The settings of a recall agent, and how much they may make of a few lessons."""

from __future__ import annotations

from dataclasses import dataclass

from agent.errors import AgentError
from agent.kinds.checks import check_share, check_whole
from agent.kinds.part import NARROW_LABELS, row_bytes

MAX_LABELS = 62
MAX_BYTES = 46_000_000  # of tables and of the rows of copies: what a few lessons may unfold to; else fewer labels


@dataclass(frozen=True)
class RecallConfig:
    """Settings of `Recall`. The defaults were chosen on a validation split of MNIST's training set."""

    seed: int = 0
    n_nodes: int = 300  # 8 kB each with the default tuple_size and up to 16 labels; more: no better, slower
    tuple_size: int = 12  # bits a node reads; a node has 2**tuple_size locations
    n_warps: int = 80  # most warped copies of one lesson; 0.05 ms each to learn
    n_rows: int = 6000  # rows that copies may fill, own and bulk lessons each; 1.9 kB a row
    n_candidates: int = 120  # remembered rows compared deformably once lessons are many; 4 µs each
    votes_weight: int = 1000  # what all votes weigh against the difference, in thousandths
    studied_weight: int = 3500  # likewise, for the votes of studied nodes once lessons are many
    rare_bonus: int = 150  # votes a label gets in advance for each halving of its lessons, in thousandths of all
    votes_half: int = 20_000  # lessons after which votes weigh half: full tables say less
    plausible_lag: float = 0.2  # labels that lack more than this share of the nodes are not compared; larger: slower
    clear_lead: float = 0.04  # share of the nodes by which a first label leads and nothing is compared, if rows agree

    def __post_init__(self) -> None:
        check_whole(
            self,
            {
                "seed": (0, 2**63 - 1),
                "n_nodes": (1, 2000),
                "tuple_size": (2, 14),
                "n_warps": (0, 200),
                "n_rows": (0, 20_000),
                "n_candidates": (3, 1000),
                "votes_weight": (0, 10_000),
                "studied_weight": (0, 10_000),
                "rare_bonus": (0, 1000),
                "votes_half": (1, 10_000_000),
            },
        )
        check_share(self, "plausible_lag", "clear_lead")
        if self.n_bytes(NARROW_LABELS) > MAX_BYTES:
            raise AgentError(
                f"expected at most {MAX_BYTES:,} bytes of tables and rows, got {self.n_bytes(NARROW_LABELS):,} for "
                f"{self.n_nodes} nodes of {1 << self.tuple_size:,} locations and {self.n_rows:,} rows of copies. "
                "Take fewer nodes, shorter tuples or fewer rows."
            )

    def n_bytes(self, n_labels: int) -> int:
        """Bytes that the tables and the rows of copies take at most, for so many labels."""
        tables = (self.n_nodes << self.tuple_size) * (2 if n_labels <= NARROW_LABELS else 8)
        return 2 * (tables + self.n_rows * row_bytes(self.n_nodes) * 9 // 8)  # two parts, with room to grow
