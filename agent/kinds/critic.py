"""What learns which score follows a frame and an action, and climbs to the action that promises the most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agent.kinds.layers import Layer, Tape, Weights, backward, forward, silent

SLOW = 0.98  # how much of the slow copy stays at each step
EFFORT = 0.01  # what the square of an action costs, so that what promises nothing is not done


class Critic:
    """A linearithmic layer from a frame to what it is worth and to what each action would add.

    The score to come, later ones counting less, is v(s) + g(s)·a − ½·effort·|a|². Its slope in the action is g(s) −
    effort·a, so the way up, the weights held, ends at a = g(s) / effort, or at a bound. It learns from remembered
    moments: the score, and what a slow copy of it makes of the frame after.

    Parameters
    ----------
    size : int
        Numbers in a frame, at most; the rest are 0.
    n_actions : int
        Numbers in an action.
    config : agent.kinds.recurrent.RecurrentConfig
        Its base, score_rate, discount, n_replay, n_again and seed.
    """

    def __init__(self, size: int, n_actions: int, config: Any) -> None:
        self.config, self.n_actions = config, n_actions
        self._layer = Layer(size, 1 + n_actions, config.base, soft=True)
        self._tape = Tape.of(self._layer)
        self.weights = Weights(silent(self._layer, np.random.default_rng([config.seed, 4])))
        self.slow = self.weights.now.copy()
        self.before, self.after = (np.zeros((config.n_replay, size), np.float32) for _ in range(2))
        self.did = np.zeros((config.n_replay, n_actions), np.float32)
        self.scores = np.zeros(config.n_replay, np.float32)
        self.n_lived = 0

    def climb(self, frame: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, float]:
        """The action that promises the most after a frame (size,) float32, and what it promises, by present weights."""
        return self._top(self.weights.now, frame, low)

    def learn(self, before: np.ndarray, did: np.ndarray, score: float, after: np.ndarray, low: np.ndarray) -> None:
        """Remember what followed a frame and an action, and go over some such moments, this one among them."""
        place = self.n_lived % self.config.n_replay
        self.before[place], self.did[place], self.scores[place], self.after[place] = before, did, score, after
        self.n_lived += 1
        n_known, n_again = min(self.n_lived, self.config.n_replay), self.config.n_again
        rng = np.random.default_rng([self.config.seed, 1, self.n_lived])
        for each in (place, *rng.integers(n_known, size=n_again - 1)):
            target = self.scores[each] + self.config.discount * self._top(self.slow, self.after[each], low)[1]
            worth = forward(self._layer, self.weights.now, self.before[each], self._tape)
            action = self.did[each]
            error = worth[0] + worth[1:] @ action - EFFORT / 2 * action @ action - target
            slopes = (np.concatenate([[1], action]) * error / n_again).astype(np.float32)
            backward(self._layer, self.weights.now, self._tape, slopes, self.weights.slopes)
        self.weights.learn(self.config.score_rate)
        self.slow += np.float32(1 - SLOW) * (self.weights.now - self.slow)

    def _top(self, weights: np.ndarray, frame: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, float]:
        worth = forward(self._layer, weights, frame, self._tape)
        action = np.clip(worth[1:] / EFFORT, low, 1).astype(np.float32)
        return action, float(worth[0] + worth[1:] @ action - EFFORT / 2 * action @ action)

    def tensors(self) -> dict[str, np.ndarray]:
        """Give every array that must be saved."""
        known = slice(min(self.n_lived, self.config.n_replay))
        lived = {name: getattr(self, name)[known] for name in ("before", "after", "did", "scores")}
        return {**self.weights.tensors("critic"), "critic_slow": self.slow, **lived}

    def fill(self, tensors: Mapping[str, np.ndarray], n_lived: int) -> None:
        """Take back what `tensors` gave, already checked."""
        self.n_lived = n_lived
        self.weights.fill("critic", tensors, n_lived)
        self.slow[:] = tensors["critic_slow"]
        for name in ("before", "after", "did", "scores"):
            getattr(self, name)[: len(tensors[name])] = tensors[name]
