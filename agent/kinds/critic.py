"""What learns which score follows a frame and an action, and how an action would have to change for more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agent.kinds.layers import Layer, Tape, Weights, backward, forward, silent

SLOW = 0.99  # how much of the slow copy stays at each step


class Critic:
    """Two linearithmic layers from a frame and an action to the score to come, later ones counting less.

    It learns from remembered moments: the score and, discounted, what a slow copy of it makes of the moment after.

    Parameters
    ----------
    size : int
        Numbers in a moment.
    config : agent.kinds.recurrent.RecurrentConfig
        Its base, rate, discount, n_replay, n_again and seed.
    rng : numpy.random.Generator
        For the weights.
    """

    def __init__(self, size: int, config: Any, rng: np.random.Generator) -> None:
        self.config = config
        n_hidden = max(8, size // 4)
        self._layers = Layer(size, n_hidden, config.base, soft=True), Layer(n_hidden, 1, n_hidden)
        self._tapes = [Tape.of(layer) for layer in self._layers]
        self._end = self._layers[0].n_parameters
        self.weights = Weights(np.concatenate([self._layers[0].born(rng), silent(self._layers[1], rng)]))
        self.slow = self.weights.now.copy()
        self._unused = np.zeros_like(self.slow)
        self.before, self.after = (np.zeros((config.n_replay, size), np.float32) for _ in range(2))
        self.scores = np.zeros(config.n_replay, np.float32)
        self.n_lived = 0

    def judge(self, moment: np.ndarray) -> float:
        """The score that is to come, discounted, of a moment (size,) float32."""
        return self._forward(self.weights.now, moment)

    def slope(self, moment: np.ndarray) -> np.ndarray:
        """Its slope in the moment, by the slow copy: (size,) float32."""
        self._forward(self.slow, moment)
        down = self._backward(self.slow, np.ones(1, np.float32), self._unused)
        self._unused[:] = 0
        return down

    def learn(self, before: np.ndarray, score: float, after: np.ndarray) -> None:
        """Remember what followed a moment, and go over some remembered ones, this one among them."""
        place = self.n_lived % self.config.n_replay
        self.before[place], self.scores[place], self.after[place] = before, score, after
        self.n_lived += 1
        n_known, n_again = min(self.n_lived, self.config.n_replay), self.config.n_again
        rng = np.random.default_rng([self.config.seed, 1, self.n_lived])
        for each in (place, *rng.integers(n_known, size=n_again - 1)):
            target = self.scores[each] + self.config.discount * self._forward(self.slow, self.after[each])
            error = self._forward(self.weights.now, self.before[each]) - target
            self._backward(self.weights.now, np.array([error / n_again], np.float32), self.weights.slopes)
        self.weights.learn(self.config.rate)
        self.slow += np.float32(1 - SLOW) * (self.weights.now - self.slow)

    def _forward(self, weights: np.ndarray, moment: np.ndarray) -> float:
        wide = forward(self._layers[0], weights[: self._end], moment, self._tapes[0])
        self._soft = wide / (1 + np.abs(wide))
        return float(forward(self._layers[1], weights[self._end :], self._soft, self._tapes[1])[0])

    def _backward(self, weights: np.ndarray, up: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        down = backward(self._layers[1], weights[self._end :], self._tapes[1], up, slopes[self._end :])
        rest = 1 - np.abs(self._soft)
        return backward(self._layers[0], weights[: self._end], self._tapes[0], down * rest * rest, slopes[: self._end])

    def tensors(self) -> dict[str, np.ndarray]:
        """Give every array that must be saved."""
        known = slice(min(self.n_lived, self.config.n_replay))
        lived = {"before": self.before[known], "after": self.after[known], "scores": self.scores[known]}
        return {**self.weights.tensors("critic"), "critic_slow": self.slow, **lived}

    def fill(self, tensors: Mapping[str, np.ndarray], n_lived: int) -> None:
        """Take back what `tensors` gave, already checked."""
        self.n_lived = n_lived
        self.weights.fill("critic", tensors, n_lived)
        self.slow[:] = tensors["critic_slow"]
        known = slice(min(n_lived, self.config.n_replay))
        self.before[known], self.after[known], self.scores[known] = (
            tensors[each] for each in ("before", "after", "scores")
        )
