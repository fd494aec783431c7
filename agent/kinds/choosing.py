"""What `cells` does: it looks up what each choice brought in moments like this one, and how often it was tried."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from agent.errors import AgentError
from agent.kernels import cells as kernel
from agent.kinds.mind import Scene

FIRST_TOLD = 5  # cells before it are scores and a constant
MAX_VALUES = 200  # that it chooses by
MAX_WORTHS = 2_000_000  # numbers in all tables
TRAIL = 16  # moments that a credit reaches back


class Choosing:
    """Memory of what choices brought.

    A choice is to do nothing, or to do one thing fully, one way or the other. A moment is like another one where what
    it is told, and what it looks at in the middle, fall into the same tiles; every node has tiles of its own.

    Parameters
    ----------
    config : agent.kinds.cells.CellsConfig
        Its seed and everything from n_nodes on.
    """

    def __init__(self, config: Any) -> None:
        self.config = config
        self.n_chosen = 0
        self._scene = Scene.unknown(0, 0)
        self._shape = (-1, -1)
        self.enter(self._scene)

    def enter(self, scene: Scene) -> None:
        """Get ready for a scene; what was learned is kept where there is as much to tell and to do as before."""
        config, self._scene = self.config, scene
        told = np.flatnonzero(np.isnan(scene.places[:, 0]))
        there = np.flatnonzero(~np.isnan(scene.places[:, 0]))
        away = np.hypot(scene.places[there, 0], scene.places[there, 1])
        near = np.unique(away)[: config.n_looks]
        self._values = np.concatenate([told[told >= FIRST_TOLD], there[np.isin(away, near)]])[:MAX_VALUES]
        self._choices = [(-1, 0.0), *((place, 1.0) for place in range(scene.n_actions))]
        self._choices += [(place, -1.0) for place in range(scene.n_actions) if scene.low[place] < 0]
        shape = (len(self._values), len(self._choices))
        if shape == self._shape:
            return
        self._shape = shape
        rng = np.random.default_rng([config.seed, *shape])
        n_reads = min(config.n_reads, len(self._values))
        rolls = rng.random((config.n_nodes, len(self._values)))
        self._reads = np.argsort(rolls, axis=1)[:, :n_reads].astype(np.int32)
        self._shifts = rng.random((config.n_nodes, n_reads), np.float32)
        most = int(math.log2(MAX_WORTHS / (config.n_nodes * len(self._choices))))
        self.n_slots = 1 << max(4, min(config.node_slots, most))
        tables = (config.n_nodes, self.n_slots, len(self._choices))
        self.worth, self.tried = np.zeros(tables, np.float32), np.zeros(tables, np.uint16)
        self.trail = np.zeros((TRAIL, config.n_nodes), np.int64)
        self.did = np.zeros(TRAIL, np.int64)
        self.n_trail = 0

    def choose(self, got: np.ndarray, score: float | None) -> tuple[np.ndarray, str]:
        """Credit a score to what was done before it, then choose: an action (n_actions,) float32, and why."""
        config, n_choices = self.config, len(self._choices)
        places = np.empty(config.n_nodes, np.int64)
        kernel.addresses(got[self._values], self._reads, self._shifts, config.n_tiles, self.n_slots, places)
        worth, times = np.empty(n_choices, np.float32), np.empty(n_choices, np.float32)
        kernel.look_up(places, self.worth, self.tried, worth, times)
        if score is not None and self.n_trail:
            last, did = self.trail[0], int(self.did[0])
            before = float(self.worth[np.arange(config.n_nodes), last, did].mean())
            surprise = score + config.discount * float(worth.max()) - before
            kernel.credit(
                self.trail, self.did, self.n_trail, surprise, config.rate, config.fade * config.discount, self.worth
            )
            kernel.look_up(places, self.worth, self.tried, worth, times)
        choice, why = self._best(worth, times)
        self.trail[1:], self.did[1:] = self.trail[:-1].copy(), self.did[:-1].copy()
        self.trail[0], self.did[0] = places, choice
        self.n_trail = min(TRAIL, self.n_trail + 1)
        each = np.arange(config.n_nodes)
        self.tried[each, places, choice] = np.minimum(self.tried[each, places, choice], 65534) + 1
        self.n_chosen += 1
        action = np.zeros(self._scene.n_actions, np.float32)
        place, amount = self._choices[choice]
        if place >= 0:
            action[place] = amount
        return action, why

    def _best(self, worth: np.ndarray, times: np.ndarray) -> tuple[int, str]:
        """The choice with the best worth and curiosity together; of several, one by chance."""
        hopes = worth + self.config.curiosity / np.sqrt(times + 1)
        best = np.flatnonzero(hopes >= hopes.max() - 1e-6)
        choice = int(best[np.random.default_rng([self.config.seed, 2, self.n_chosen]).integers(len(best))])
        name, n_times = self.name(choice), times[choice]
        if worth[choice] >= worth.max() - 1e-6 and n_times >= 1:
            so_often = "once" if n_times < 1.5 else f"{n_times:.0f} times"
            return choice, f"{name}: {worth[choice]:+.2f} followed, the most of all, tried {so_often}"
        if n_times < 1:
            return choice, f"{name}: never tried in a moment like this"
        return choice, f"{name}: tried only {'once' if n_times < 1.5 else f'{n_times:.0f} times'}"

    def name(self, choice: int) -> str:
        """Say what a choice is."""
        place, amount = self._choices[choice]
        if place < 0:
            return "nothing"
        opposite = {"right": "left", "down": "up"}
        words = self._scene.actions[place].split()
        return " ".join(words if amount > 0 else [opposite.get(word, word) for word in words])

    def tensors(self) -> dict[str, np.ndarray]:
        """Give every array that must be saved."""
        numbers = np.array([self.n_chosen, self.n_trail], np.int64)
        return {
            "worth": self.worth,
            "tried": self.tried,
            "trail": self.trail,
            "did": self.did,
            "chosen_numbers": numbers,
        }

    def fill(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Take back what `tensors` gave, already checked but for what it counts with."""
        n_chosen, n_trail = (int(each) for each in tensors["chosen_numbers"])
        slots = (tensors["trail"] >= 0) & (tensors["trail"] < self.n_slots)
        known = (tensors["did"] >= 0) & (tensors["did"] < len(self._choices))
        if not (slots.all() and known.all() and 0 <= n_trail <= TRAIL and n_chosen >= 0):
            raise AgentError("expected a trail of choices that it has, got others. The file was changed.")
        for name in ("worth", "tried", "trail", "did"):
            setattr(self, name, tensors[name].copy())
        self.n_chosen, self.n_trail = n_chosen, n_trail
