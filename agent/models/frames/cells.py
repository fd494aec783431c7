"""Table-based frame model: hashed neighbourhood contexts predict the next frame, tile-coded Q-learning picks actions.

    frame ─ levels ─┬─ this frame and the previous one, hashed ─ frame memory ─ the frame that followed last time
                    ├─ each cell's neighbourhood, in five contexts ─ tables of means ─ the context of the lowest error
                    └─ inputs without a place or in the middle of the eye ─ tilings ─ values of the choices

In the literature: `ContextPredictor` predicts by hashed contexts of several sizes, as PPM does (Cleary and Witten
1984), with running means in place of symbol counts; `TileCodedQ` is tile coding (Sutton and Barto, "Reinforcement
Learning", 2nd ed., 9.5) with naive Q(λ) and replacing traces (ibid. 12). Nothing is differentiated: one pass, counts
and means. The state is the previous frame and the direction in which its content drifts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from agent.errors import AgentError
from agent.kernels import context_tables as kernel
from agent.models.frames import Decision, FrameModel, FrameSpec, MedianBaseline
from agent.validation import check_arrays, check_settings, setting

DIRECTIONS = 8
MAX_MEMORY_NUMBERS = 4_000_000  # in all frames of the frame memory
ERROR_RATE = 0.02  # learning rate of running errors
FIRST_INPUT = 5  # the cells before it are scores and a constant
MAX_INPUTS = 200  # cells that the tilings may read
MAX_Q_VALUES = 2_000_000  # numbers in all tables
TRACE_LENGTH = 16  # frames that a reward is credited to
_SAVED = {  # saved name: attribute
    **{name: name for name in ("tags", "means", "errors", "priors", "trust", "expected", "codes", "frame_codes")},
    "met": "counts",
    "guesses": "candidates",
    "by": "match_order",
    "levels": "levels",
    "still": "n_still",
    "chosen": "context_used",
}
_SAVED_VALUES = {  # saved name: attribute
    "worth": "q_values",
    "tried": "visit_counts",
    "trail": "eligibility_trace",
    "did": "trace_choices",
}


@dataclass(frozen=True)
class CellsConfig:
    """Settings of `Cells`."""

    seed: int = setting(0, "fixes what the nodes read, and breaks ties between actions")
    n_levels: int = setting(12, "quantisation levels of cells in contexts", ge=2, le=30)
    slots: int = setting(18, "contexts remembered, as a power of two: 13 bytes each, so 3.4 MB", ge=8, le=20)
    n_film: int = setting(2048, "frames remembered whole; the oldest give way", le=100_000)
    reward: bool = setting(True, "whether it seeks score")
    n_nodes: int = setting(16, "tilings, one table of action values each", ge=1, le=64)
    n_tiles: int = setting(8, "tiles along every number that a node reads", ge=1, le=60)
    n_reads: int = setting(32, "numbers that a node reads", ge=1, le=32)
    n_looks: int = setting(1, "rings of points around the middle of the eye that nodes may read", le=100)
    node_slots: int = setting(13, "rows of a node's table, as a power of two", ge=4, le=16)
    discount: float = setting(0.9, "discount factor of later scores", ge=0.0, le=0.999)
    rate: float = setting(0.2, "learning rate of action values")
    fade: float = setting(0.8, "trace decay λ")
    curiosity: float = setting(
        0.2, "exploration bonus of an untried choice; divided by √(n + 1) after n tries", ge=0.0, le=10.0
    )

    __post_init__ = check_settings


class Cells(FrameModel):
    """Look-up tables: context prediction of frames, tile-coded Q(λ) for actions, both cited above."""

    NAME: ClassVar[str] = "cells"
    SUMMARY: ClassVar[str] = "looks up what followed, cell by cell, and what each action brought"
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "as it is": {},
        "far-sighted": {"discount": 0.97, "curiosity": 0.05},
    }
    Config: ClassVar[type] = CellsConfig

    def __init__(self, config: CellsConfig) -> None:
        super().__init__(config)
        self.predictor, self.policy = ContextPredictor(config), TileCodedQ(config)

    @property
    def expected(self) -> np.ndarray:
        return self.predictor.expected

    def enter(self, spec: FrameSpec) -> None:
        if len(spec.places) != self.spec.n_cells or not np.array_equal(spec.places, self.spec.places, equal_nan=True):
            self.predictor.enter(spec.places)
        self.policy.enter(spec)
        self.spec = spec

    def observe(self, frame: np.ndarray) -> Decision:
        mask = ~np.isnan(frame)
        observed = np.where(mask, np.clip(frame, -1, 1), self.predictor.expected).astype(np.float32)
        self.predictor.learn(observed, mask)
        prediction = self.predictor.predict(observed)
        self.n_frames += 1
        if not self.config.reward or not self.spec.n_actions:
            return Decision(prediction, np.zeros(self.spec.n_actions, np.float32), self.predictor.explain())
        action, explanation = self.policy.choose(observed, self._advantage(frame))
        return Decision(prediction, action, explanation)

    def stats(self) -> dict[str, str]:
        n_contexts = int(np.count_nonzero(self.predictor.counts))
        n_film = min(self.predictor.n_memorised, len(self.predictor.frame_memory))
        return {"frames": f"{self.n_frames:,}", "contexts": f"{n_contexts:,}", "film": f"{n_film:,}"}

    @property
    def max_saved_bytes(self) -> int:
        film = self.predictor.frame_memory.nbytes + self.predictor.memory_codes.nbytes
        return super().max_saved_bytes + film

    def tensors(self) -> dict[str, np.ndarray]:
        counts = {"counts": np.array([self.n_frames], np.int64), "recent": self._baseline.recent}
        return {**self.predictor.tensors(), **self.policy.tensors(), **self.spec.tensors(), **counts}

    @classmethod
    def restore(cls, config: CellsConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        model, spec = cls(config), FrameSpec.from_tensors(tensors)
        model.enter(spec)
        n_film, max_film = len(tensors.get("film", ())), len(model.predictor.frame_memory)
        if n_film > max_film:
            raise AgentError(f"expected at most {max_film:,} frames remembered, got {n_film:,}.")
        shapes = {name: (array.shape, array.dtype.type) for name, array in model.tensors().items()}
        shapes |= {"film": ((n_film, spec.n_cells), np.float32), "film_codes": ((n_film, 2), np.uint64)}
        check_arrays(tensors, shapes)
        model.predictor.load_tensors({name: tensors[name] for name in model.predictor.tensors()})
        model.policy.load_tensors({name: tensors[name] for name in model.policy.tensors()})
        model._baseline, model.n_frames = MedianBaseline(tensors["recent"].copy()), int(tensors["counts"][0])
        return model


def find_neighbours(places: np.ndarray) -> np.ndarray:
    """Find each cell's neighbour in eight directions: the nearest of its colour within 22.5 degrees; −1 for none.

    The neighbours of cells without a place are the cells beside them in the frame.

    Examples
    --------
    >>> here = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    >>> find_neighbours(here)[0].tolist()
    [1, -1, 2, -1, -1, -1, -1, -1]
    """
    neighbours = np.full((len(places), DIRECTIONS), -1, np.int32)
    nowhere = np.flatnonzero(np.isnan(places[:, 0]))
    for d, step in enumerate((1, 2, 3, 4, -1, -2, -3, -4)):
        beside = np.arange(len(nowhere)) + step
        exists = (0 <= beside) & (beside < len(nowhere))
        neighbours[nowhere[exists], d] = nowhere[beside[exists]]
    for colour in np.unique(places[~np.isnan(places[:, 0]), 2]):
        same = np.flatnonzero(places[:, 2] == colour)
        x, y = places[same, 0], places[same, 1]
        for place, cell in enumerate(same):
            dx, dy = x - x[place], y - y[place]
            distance = np.hypot(dx, dy)
            distance[place] = np.inf
            sector = np.round(np.arctan2(dy, dx) / (np.pi / 4)).astype(int) % DIRECTIONS
            reach = 2.5 * distance.min()
            for d in range(DIRECTIONS):
                in_sector = np.where((sector == d) & (distance <= reach), distance, np.inf)
                if np.isfinite(in_sector).any():
                    neighbours[cell, d] = same[np.argmin(in_sector)]
    return neighbours


class ContextPredictor:
    """Predictor of the next frame: exact matches of whole frames, else per-cell contexts.

    Parameters
    ----------
    config : agent.models.frames.cells.CellsConfig
        Its n_levels, slots and n_film.
    """

    def __init__(self, config: Any) -> None:
        self.config = config
        n_slots = 1 << config.slots
        self.tags, self.counts = np.zeros(n_slots, np.uint32), np.zeros(n_slots, np.uint8)
        self.means, self.errors = np.zeros(n_slots, np.float32), np.zeros(n_slots, np.float32)
        base = np.array([0.0, 0.02, 0.05, 0.1, 0.2], np.float32)  # initial errors prefer larger contexts
        self.priors = np.repeat(base[:, None], 4, axis=1)
        self.trust = np.array([0.0, 0.02, 0.05], np.float32)  # running errors: matches of two frames, of one, tables
        self.enter(np.zeros((0, 3), np.float32))

    def enter(self, places: np.ndarray) -> None:
        """Prepare for frames with cells at these places; the frame memory is emptied."""
        self.places, n_cells = places.astype(np.float32), len(places)
        self._neighbours = find_neighbours(self.places)
        self._colours = np.nan_to_num(self.places[:, 2], nan=15).astype(np.uint8)
        n_film = min(self.config.n_film, MAX_MEMORY_NUMBERS // max(1, n_cells))
        self.frame_memory, self.memory_codes = np.zeros((n_film, n_cells), np.float32), np.zeros((n_film, 2), np.uint64)
        self.n_memorised = 0
        self.expected = np.zeros(n_cells, np.float32)
        self.candidates = np.zeros((2, n_cells), np.float32)  # of the frame memory and of the tables
        self.match_order = np.array([-1], np.int64)  # in the memory: 0 of two frames, 1 of one, −1 none
        self.codes = np.zeros((n_cells, kernel.CONTEXTS), np.uint64)
        self.frame_codes = np.zeros(2, np.uint64)  # hashes of the last two frames, and of the last one
        self.levels = np.zeros(n_cells, np.uint8)
        self.n_still = np.zeros(1, np.int64)  # frames since the last change
        self.context_used = np.full(n_cells, kernel.CONTEXTS, np.int8)

    def learn(self, observed: np.ndarray, mask: np.ndarray) -> None:
        """Learn that this frame followed, where it was observed: (n_cells,) float32 without NaN, and bool."""
        if not self.frame_codes[1]:
            return
        kernel.learn(self.codes, mask, observed, self.tags, self.counts, self.means, self.errors, self.priors)
        if mask.any():
            table_error = float(np.mean((self.candidates[1] - observed)[mask] ** 2))
            self.trust[2] += ERROR_RATE * (table_error - self.trust[2])
            if self.match_order[0] >= 0:
                memory_error = float(np.mean((self.candidates[0] - observed)[mask] ** 2))
                self.trust[self.match_order[0]] += ERROR_RATE * 5 * (memory_error - self.trust[self.match_order[0]])
            if len(self.frame_memory):
                place = self.n_memorised % len(self.frame_memory)
                self.frame_memory[place], self.memory_codes[place] = observed, self.frame_codes
                self.n_memorised += 1

    def predict(self, observed: np.ndarray) -> np.ndarray:
        """Predict the frame after this one: (n_cells,) float32."""
        levels, previous = np.empty(len(observed), np.uint8), self.levels
        kernel.levels(observed, self.config.n_levels, levels)
        direction = kernel.drift(levels, previous, self._neighbours)
        kernel.contexts(levels, previous, self._neighbours, self._colours, direction, self.codes)
        self.n_still = self.n_still + 1 if np.array_equal(levels, previous) else np.zeros(1, np.int64)
        self.frame_codes = np.empty(2, np.uint64)
        kernel.frame_codes(levels, previous, int(self.n_still[0]), self.frame_codes)
        self.levels = levels
        from_tables = observed.copy()
        tables = self.tags, self.counts, self.means, self.errors, self.priors
        kernel.expect(self.codes, *tables, self.context_used, from_tables)
        self.candidates[1] = from_tables
        self.match_order[0] = -1
        for order in (0, 1):
            same = np.flatnonzero(self.memory_codes[:, order] == self.frame_codes[order])
            if len(same):
                age = (self.n_memorised - 1 - same) % max(1, len(self.frame_memory))
                self.candidates[0] = self.frame_memory[same[np.argmin(age)]]
                self.match_order[0] = order
                break
        self.expected = self.candidates[0 if self._uses_memory() else 1].copy()
        return self.expected

    def _uses_memory(self) -> bool:
        """Whether the frame memory has a match, and is as exact as the tables."""
        order = self.match_order[0]
        return bool(order >= 0 and self.trust[order] <= self.trust[2])

    def explain(self) -> str:
        """Say where the last prediction comes from."""
        if self._uses_memory():
            return ("it has met the last two frames before", "it has met this frame before")[self.match_order[0]]
        known = int(np.count_nonzero(self.context_used < kernel.CONTEXTS))
        return f"{known:,} of {len(self.context_used):,} cells looked up what followed"

    def tensors(self) -> dict[str, np.ndarray]:
        """Arrays to save."""
        n_film = min(self.n_memorised, len(self.frame_memory))
        memory = {"film": self.frame_memory[:n_film], "film_codes": self.memory_codes[:n_film]}
        arrays = {name: getattr(self, attribute) for name, attribute in _SAVED.items()}
        return arrays | memory | {"n_filmed": np.array([self.n_memorised], np.int64)}

    def load_tensors(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Load arrays that `tensors` gave, once shapes and types are checked, for frames of the same places.

        Positions that would point outside the arrays are refused.
        """
        if not -1 <= int(tensors["by"][0]) <= 1 or int(tensors["n_filmed"][0]) < len(tensors["film"]):
            raise AgentError("expected what a memory of frames can hold, got other numbers. The file was changed.")
        n_film = len(tensors["film"])
        self.frame_memory[:n_film], self.memory_codes[:n_film] = tensors["film"], tensors["film_codes"]
        self.n_memorised = int(tensors["n_filmed"][0])
        for name, attribute in _SAVED.items():
            setattr(self, attribute, tensors[name].copy())


class TileCodedQ:
    """Q-learning over hashed tilings: tables of action values, one for each tiling (node).

    Unlike Watkins's Q(λ), traces are not cut after exploratory actions, but after `TRACE_LENGTH` frames. Choices are
    greedy with a count-based exploration bonus of 1 / √(n + 1) (as MBIE-EB; Strehl and Littman 2008).

    A choice is no action, or one action at a bound. Each node reads some of the inputs, which are the cells without a
    place and those nearest to the middle of the eye, and hashes their tiles to a row of its table. The value of a
    choice is the mean over all nodes.

    Parameters
    ----------
    config : agent.models.frames.cells.CellsConfig
        Its seed and everything from n_nodes on.
    """

    def __init__(self, config: Any) -> None:
        self.config = config
        self.n_choices_made = 0
        self._spec = FrameSpec.unknown(0, 0)
        self._shape = (-1, -1)
        self.enter(self._spec)

    def enter(self, spec: FrameSpec) -> None:
        """Prepare for an environment; values are kept if it has as many inputs and choices as the one before."""
        config, self._spec = self.config, spec
        nowhere = np.flatnonzero(np.isnan(spec.places[:, 0]))
        placed = np.flatnonzero(~np.isnan(spec.places[:, 0]))
        distance = np.hypot(spec.places[placed, 0], spec.places[placed, 1])
        near = np.unique(distance)[: config.n_looks]
        self._inputs = np.concatenate([nowhere[nowhere >= FIRST_INPUT], placed[np.isin(distance, near)]])[:MAX_INPUTS]
        self._choices = [(-1, 0.0), *((place, 1.0) for place in range(spec.n_actions))]
        self._choices += [(place, -1.0) for place in range(spec.n_actions) if spec.low[place] < 0]
        shape = (len(self._inputs), len(self._choices))
        if shape == self._shape:
            return
        self._shape = shape
        rng = np.random.default_rng([config.seed, *shape])
        n_reads = min(config.n_reads, len(self._inputs))
        draws = rng.random((config.n_nodes, len(self._inputs)))
        self._reads = np.argsort(draws, axis=1)[:, :n_reads].astype(np.int32)
        self._shifts = rng.random((config.n_nodes, n_reads), np.float32)
        max_log2_slots = int(math.log2(MAX_Q_VALUES / (config.n_nodes * len(self._choices))))
        self.n_slots = 1 << max(4, min(config.node_slots, max_log2_slots))
        tables = (config.n_nodes, self.n_slots, len(self._choices))
        self.q_values, self.visit_counts = np.zeros(tables, np.float32), np.zeros(tables, np.uint16)
        self.eligibility_trace = np.zeros((TRACE_LENGTH, config.n_nodes), np.int64)
        self.trace_choices = np.zeros(TRACE_LENGTH, np.int64)
        self.n_trace = 0

    def choose(self, observed: np.ndarray, score: float | None) -> tuple[np.ndarray, str]:
        """Learn from the score of the last action, then choose one: (n_actions,) float32, and why."""
        config, n_choices, nodes = self.config, len(self._choices), np.arange(self.config.n_nodes)
        tiles = np.empty(config.n_nodes, np.int64)
        kernel.tile_addresses(observed[self._inputs], self._reads, self._shifts, config.n_tiles, self.n_slots, tiles)
        values, visits = np.empty(n_choices, np.float32), np.empty(n_choices, np.float32)
        kernel.mean_q_values(tiles, self.q_values, self.visit_counts, values, visits)
        if score is not None and self.n_trace:
            last_tiles, last_choice = self.eligibility_trace[0], int(self.trace_choices[0])
            last_value = float(self.q_values[nodes, last_tiles, last_choice].mean())
            td_error = score + config.discount * float(values.max()) - last_value
            traces = self.eligibility_trace, self.trace_choices, self.n_trace
            trace_decay = config.fade * config.discount
            kernel.apply_td_error(*traces, td_error, config.rate, trace_decay, self.q_values)
            kernel.mean_q_values(tiles, self.q_values, self.visit_counts, values, visits)
        choice, explanation = self._best_choice(values, visits)
        for trace, newest in ((self.eligibility_trace, tiles), (self.trace_choices, choice)):
            trace[1:] = trace[:-1].copy()
            trace[0] = newest
        self.n_trace = min(TRACE_LENGTH, self.n_trace + 1)
        self.visit_counts[nodes, tiles, choice] = np.minimum(self.visit_counts[nodes, tiles, choice], 65534) + 1
        self.n_choices_made += 1
        action = np.zeros(self._spec.n_actions, np.float32)
        place, amount = self._choices[choice]
        if place >= 0:
            action[place] = amount
        return action, explanation

    def _best_choice(self, values: np.ndarray, visits: np.ndarray) -> tuple[int, str]:
        """The choice of the highest value plus exploration bonus, ties broken at random, and why."""
        optimistic = values + self.config.curiosity / np.sqrt(visits + 1)
        best = np.flatnonzero(optimistic >= optimistic.max() - 1e-6)
        choice = int(best[np.random.default_rng([self.config.seed, 2, self.n_choices_made]).integers(len(best))])
        name, n_times = self.name(choice), visits[choice]
        if values[choice] >= values.max() - 1e-6 and n_times >= 1:
            so_often = "once" if n_times < 1.5 else f"{n_times:.0f} times"
            return choice, f"{name}: {values[choice]:+.2f} followed, the most of all, tried {so_often}"
        if n_times < 1:
            return choice, f"{name}: never tried in a moment like this"
        return choice, f"{name}: tried only {'once' if n_times < 1.5 else f'{n_times:.0f} times'}"

    def name(self, choice: int) -> str:
        """The name of a choice."""
        place, amount = self._choices[choice]
        if place < 0:
            return "nothing"
        opposite = {"right": "left", "down": "up"}
        words = self._spec.actions[place].split()
        return " ".join(words if amount > 0 else [opposite.get(word, word) for word in words])

    def tensors(self) -> dict[str, np.ndarray]:
        """Arrays to save."""
        numbers = np.array([self.n_choices_made, self.n_trace], np.int64)
        arrays = {name: getattr(self, attribute) for name, attribute in _SAVED_VALUES.items()}
        return arrays | {"chosen_numbers": numbers}

    def load_tensors(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Load arrays that `tensors` gave, once shapes and types are checked; positions in them are checked here."""
        n_choices_made, n_trace = (int(number) for number in tensors["chosen_numbers"])
        slots = (tensors["trail"] >= 0) & (tensors["trail"] < self.n_slots)
        known = (tensors["did"] >= 0) & (tensors["did"] < len(self._choices))
        if not (slots.all() and known.all() and 0 <= n_trace <= TRACE_LENGTH and n_choices_made >= 0):
            raise AgentError("expected a trace of choices that it has, got others. The file was changed.")
        for name, attribute in _SAVED_VALUES.items():
            setattr(self, attribute, tensors[name].copy())
        self.n_choices_made, self.n_trace = n_choices_made, n_trace
