"""An environment of a user's own, as text for a file: a corridor whose far end scores."""

CORRIDOR = """
import gymnasium
import numpy as np


class Corridor(gymnasium.Env):
    def __init__(self, length=5, fails_at=None):
        self.observation_space = gymnasium.spaces.Box(0, 1, (length,), np.float32)
        self.action_space, self.fails_at = gymnasium.spaces.Discrete(2), fails_at

    def see(self):
        return np.eye(self.observation_space.shape[0], dtype=np.float32)[self.at]

    def reset(self, *, seed=None, options=None):
        self.at = 0
        return self.see(), {}

    def step(self, action):
        self.at = max(0, self.at + (1 if action else -1))
        if self.at == self.fails_at:
            raise RuntimeError("a wall")
        is_over = self.at == self.observation_space.shape[0] - 1
        return self.see(), float(is_over), is_over, False, {}


def short():
    return Corridor(3)


one = Corridor(4)
"""
