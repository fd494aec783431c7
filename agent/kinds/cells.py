"""Weightless frames: every cell looks up what followed what it and its neighbours showed; so do the actions.

    frame ─ levels ─┬─ the whole frame, and the one before: was this moment met before? ─ the frame that followed it
                    ├─ each cell's surroundings, in five contexts ─ tables of means ─ the one known to be most exact
                    └─ what it is told and looks at ─ nodes ─ what each choice brought, and how often it was tried

The inner state is the frame before and the way in which things drift. Nothing has a slope: one pass, counts and means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from agent.errors import AgentError
from agent.kinds.checks import check_numbers, check_whole
from agent.kinds.choosing import Choosing
from agent.kinds.expecting import Expecting
from agent.kinds.mind import Scene, Thought
from agent.kinds.usual import Usual


@dataclass(frozen=True)
class CellsConfig:
    """Settings of `Cells`."""

    seed: int = 0
    n_levels: int = 12  # values a cell tells apart in contexts, 2 to 30
    slots: int = 18  # contexts remembered, as a power of two: 13 bytes each, so 3.4 MB
    n_film: int = 2048  # frames remembered whole, the oldest give way
    reward: bool = True  # whether it seeks score
    n_nodes: int = 16  # tables that look up what a choice brought
    n_tiles: int = 8  # parts that each number a node reads is told apart in
    n_reads: int = 32  # numbers that a node reads, of those it is told and looks at
    n_looks: int = 1  # points around the middle of the eye that it looks at when it chooses
    node_slots: int = 13  # of a node, as a power of two
    discount: float = 0.9  # what a score is worth a frame later
    rate: float = 0.2  # how fast what is looked up follows what came
    fade: float = 0.8  # how much of a credit the frame before gets, too
    curiosity: float = 0.2  # what a choice is worth that was never tried; one tried n times 1 / √(n + 1) of it

    def __post_init__(self) -> None:
        check_whole(self, {"seed": (0, 2**62), "n_levels": (2, 30), "slots": (8, 20), "n_film": (0, 100_000),
                           "n_nodes": (1, 64), "n_tiles": (1, 60), "n_reads": (1, 32), "n_looks": (0, 100),
                           "node_slots": (4, 16)})  # fmt: skip
        if type(self.reward) is not bool:
            raise AgentError(f"expected reward as True or False, got {self.reward!r}.")
        for name, (low, high) in {"discount": (0, 0.999), "rate": (0, 1), "fade": (0, 1), "curiosity": (0, 10)}.items():
            value = getattr(self, name)
            if type(value) is not float or not low <= value <= high:
                raise AgentError(f"expected {name} as a number from {low} to {high}, got {value!r}.")


class Cells:
    """Look-up tables; see `agent.kinds.mind.Mind` for what the verbs promise."""

    NAME: ClassVar[str] = "cells"
    SUMMARY: ClassVar[str] = "looks up what followed, cell by cell, and what each action brought"
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "as it is": {},
        "far-sighted": {"discount": 0.97, "curiosity": 0.05},
    }
    CHOICES: ClassVar[Mapping[str, Sequence[str]]] = {}
    MAX_LABELS: int = 0
    Config: ClassVar[type] = CellsConfig

    def __init__(self, config: CellsConfig) -> None:
        self.config = config
        self.expecting, self.choosing = Expecting(config), Choosing(config)
        self._usual = Usual()
        self.scene = Scene.unknown(0, 0)
        self.n_frames = 0

    @property
    def n_bytes(self) -> int:
        return sum(array.nbytes for array in self.tensors().values())

    @property
    def expected(self) -> np.ndarray:
        return self.expecting.expected

    def enter(self, scene: Scene) -> None:
        if len(scene.places) != self.scene.n_cells or not np.array_equal(
            scene.places, self.scene.places, equal_nan=True
        ):
            self.expecting.enter(scene.places)
        self.choosing.enter(scene)
        self.scene = scene

    def observe(self, frame: np.ndarray) -> Thought:
        seen = ~np.isnan(frame)
        got = np.where(seen, np.clip(frame, -1, 1), self.expecting.expected).astype(np.float32)
        self.expecting.learn(got, seen)
        expected = self.expecting.expect(got)
        self.n_frames += 1
        if not self.config.reward or not self.scene.n_actions:
            return Thought(expected, np.zeros(self.scene.n_actions, np.float32), self.expecting.why())
        action, why = self.choosing.choose(got, self._usual.beyond(float(frame[0]) if seen[0] else None))
        return Thought(expected, action, why)

    def facts(self) -> dict[str, str]:
        n_contexts = int(np.count_nonzero(self.expecting.met))
        n_film = min(self.expecting.n_filmed, len(self.expecting.film))
        return {"frames": f"{self.n_frames:,}", "contexts": f"{n_contexts:,}", "film": f"{n_film:,}"}

    def tensors(self) -> dict[str, np.ndarray]:
        counts = {"counts": np.array([self.n_frames], np.int64), "recent": self._usual.recent}
        return {**self.expecting.tensors(), **self.choosing.tensors(), **self.scene.tensors(), **counts}

    @classmethod
    def restore(cls, config: CellsConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        mind, scene = cls(config), Scene.saved(tensors)
        mind.enter(scene)
        n_film = len(tensors.get("film", ()))
        if n_film > len(mind.expecting.film):
            raise AgentError(f"expected at most {len(mind.expecting.film):,} frames remembered, got {n_film:,}.")
        shapes = {name: (array.shape, array.dtype.type) for name, array in mind.tensors().items()}
        shapes |= {"film": ((n_film, scene.n_cells), np.float32), "film_codes": ((n_film, 2), np.uint64)}  # fmt: skip
        check_numbers(tensors, shapes)
        mind.expecting.fill({name: tensors[name] for name in mind.expecting.tensors()})
        mind.choosing.fill({name: tensors[name] for name in mind.choosing.tensors()})
        mind._usual, mind.n_frames = Usual(tensors["recent"].copy()), int(tensors["counts"][0])
        return mind
