"""Gradient-based frame model: a recurrent net predicts the next frame, a critic values the actions.

    state ─ merge the observed frame ─ minimal gated unit ─ state: its first numbers are the predicted frame,
                                                            its last numbers, backwards, the action

In the literature: a minimal gated unit (Zhou et al. 2016) trained online by truncated back-propagation through time
(Williams and Peng 1990) over `unroll` frames; a synthetic gradient (Jaderberg et al. 2017) predicts the gradient of the
frames beyond. Actions maximise a learned critic; see `Critic`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from agent.errors import AgentError
from agent.models.frames import Decision, FrameModel, FrameSpec, MedianBaseline
from agent.models.frames.layers import Layer, Tape, Unit, UnitPass, Weights, backward, forward, zero_init
from agent.validation import check_arrays, check_settings, setting

INPUTS = ("concat", "merge", "add", "ignore")
MAX_SIZE = 131_072
MAX_REPLAY = 2_097_152  # numbers in the replay buffer, for frames before and as many for frames after
ACTION_REPEAT = 4  # frames that a random action lasts
EXPLORE_FRAMES = 1500  # in which the share of random actions falls from 1
N_SCORES = 4  # cells of a frame that the critic does not read
TARGET_DECAY = 0.98  # of the moving average of the critic's weights
ACTION_COST = 0.01  # what the square of an action costs, so that what promises nothing is not action
_SAVED_REPLAY = {"before": "before", "after": "after", "did": "actions", "scores": "scores"}  # saved name: attribute


@dataclass(frozen=True)
class RecurrentConfig:
    """Settings of `Recurrent`."""

    seed: int = setting(0, "fixes initial weights and random actions")
    size: int = setting(
        256,
        "numbers in the state: at least those of a frame and an action; time and memory grow with it",
        ge=8,
        le=MAX_SIZE,
    )
    base: int = setting(4, "radix: numbers that a sub-layer mixes at once; near √size or 16 is fastest", ge=2, le=256)
    local_first: bool = setting(False, "mix neighbours first, or the most distant partners")
    skip: bool = setting(False, "add the input of each sub-layer to its output")
    unroll: int = setting(2, "frames of truncated back-propagation", ge=1, le=64)
    synth: bool = setting(True, "whether a synthetic gradient stands for the frames beyond; unroll=1 needs it")
    synth_rate: float = setting(0.03, "learning rate of the synthetic gradient")
    observe: str = setting("concat", "how a frame enters the state: concat, merge, add or ignore", choices=INPUTS)
    gain: float = setting(1.2, "factor after tanh, so that it reaches −1 and 1", ge=1.0, le=2.0)
    rate: float = setting(0.001, "learning rate of Adam")
    reward: bool = setting(True, "whether it seeks score")
    discount: float = setting(0.9, "discount factor of later scores", ge=0.0, le=0.999)
    score_rate: float = setting(0.006, "learning rate of the critic")
    n_replay: int = setting(2048, "transitions in the replay buffer", cost="2 kB each at size 256", ge=16, le=4096)
    n_again: int = setting(32, "transitions replayed at every frame that has a score", cost="10 µs each", ge=1, le=64)
    explore: float = setting(0.1, "final share of frames with random actions")

    def __post_init__(self) -> None:
        check_settings(self)
        if self.n_replay * self.size > MAX_REPLAY:
            raise AgentError(
                f"expected n_replay of at most {MAX_REPLAY // self.size} at size={self.size}, got {self.n_replay}. "
                "Take less of one of them."
            )
        if self.observe == "concat" and self.size > MAX_SIZE // 2:  # a frame and a state come together
            raise AgentError(
                f"expected size of at most {MAX_SIZE // 2:,} with observe=concat, got {self.size:,}. "
                "Take observe=merge."
            )
        if self.unroll == 1 and not self.synth:
            raise AgentError(
                "expected unroll of 2 or more, or synth, got unroll=1 without synth, which learns nothing: "
                "no loss would ever reach a weight. Take unroll=2, or synth=true."
            )


@dataclass(frozen=True)
class ObservedFrame:
    """One step of the window: the frame, predicted where not observed; the mask of observed cells; the action."""

    observed: np.ndarray
    mask: np.ndarray
    action: np.ndarray


class Recurrent(FrameModel):
    """A minimal gated unit (Zhou et al. 2016) with a critic; trained by truncated back-propagation through time."""

    NAME: ClassVar[str] = "recurrent"
    SUMMARY: ClassVar[str] = "expects the next frame with a recurrent net that learns by gradients"
    Config: ClassVar[type] = RecurrentConfig

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__(config)
        rng = np.random.default_rng(config.seed)
        size, how = config.size, (config.base, config.local_first, True, config.skip)
        n_in = 2 * size if config.observe == "concat" else size
        self.unit = Unit(n_in, size, config.base, config.local_first, config.skip, config.gain)
        self._passes = [UnitPass(self.unit) for _ in range(config.unroll)]
        self._weights = Weights(self.unit.init(rng))
        self.synthetic_gradient = Layer(size, size, *how)  # from a state to the gradient of the loss there
        self._synth_weights = Weights(zero_init(self.synthetic_gradient, rng))
        self._synth_tape = Tape.of(self.synthetic_gradient)
        self.critic = Critic(size, 0, config)
        self._state = np.zeros(size, np.float32)
        self._window: list[ObservedFrame] = []
        self._window_start = self._state  # state at the beginning of the window
        self._last_action: tuple[np.ndarray, np.ndarray] | None = None  # frame and action, for the next score

    @property
    def expected(self) -> np.ndarray:
        return np.clip(self._state[: self.spec.n_cells], -1, 1)

    def enter(self, spec: FrameSpec) -> None:
        if spec.n_cells + spec.n_actions > self.config.size:
            raise AgentError(
                f"expected at most {self.config.size} numbers in a frame and an action, got {spec.n_cells} and "
                f"{spec.n_actions}. Take a larger size, at least {spec.n_cells + spec.n_actions}."
            )
        if (spec.n_cells, spec.n_actions) != (self.spec.n_cells, self.spec.n_actions):
            self._learn_window()  # its frames have the old sizes
            self._last_action = None
        if spec.n_actions != self.spec.n_actions:
            self.critic = Critic(self.config.size, spec.n_actions, self.config)
        self.spec = spec

    def observe(self, frame: np.ndarray) -> Decision:
        mask = ~np.isnan(frame)
        observed = np.where(mask, np.clip(frame, -1, 1), self._state[: len(frame)]).astype(np.float32)
        action, explanation = self._act(observed, self._advantage(frame))
        if not self._window:
            self._window_start = self._state
        self._window.append(ObservedFrame(observed, mask, action))
        state = self._passes[0].forward(self._weights.values, self._unit_input(self._state, observed, mask))
        self._state = self._write_action(state, action)
        self.n_frames += 1
        if len(self._window) == self.config.unroll:
            self._learn_window()
        return Decision(self.expected, action, explanation)

    # ---------------------------------------------------------------- state transition

    def _unit_input(self, state: np.ndarray, observed: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Input of the gated unit: the state, merged with a frame as `observe` says."""
        how, n_cells = self.config.observe, len(observed)
        if how == "ignore":
            return state
        merged = state.copy()
        if how == "add":
            merged[:n_cells] += np.where(mask, observed, 0)
        else:
            merged[:n_cells] = np.where(mask, observed, state[:n_cells])
        return np.concatenate([merged, state]) if how == "concat" else merged

    def _grad_wrt_state(self, grad_input: np.ndarray, step: ObservedFrame) -> np.ndarray:
        """Gradient with respect to the state, from that of the unit's input."""
        how, size, n_cells = self.config.observe, self.config.size, len(step.observed)
        out = grad_input[:size].copy()
        if how in ("concat", "merge"):
            out[:n_cells][step.mask] = 0
        return out + grad_input[size:] if how == "concat" else out

    def _write_action(self, state: np.ndarray, action: np.ndarray) -> np.ndarray:
        """Write an action into the last numbers of a state, backwards."""
        if len(action):
            state[::-1][: len(action)] = action
        return state

    def _act(self, observed: np.ndarray, score: float | None) -> tuple[np.ndarray, str]:
        """Teach the critic the score of the last action, then choose one: (n_actions,) float32, and why.

        The action maximises the critic's value; a falling share of the time it is random, for some frames.
        """
        low, config = self.spec.low, self.config
        if not config.reward or not len(low):
            return np.zeros(len(low), np.float32), "it only watches"
        frame = np.zeros(config.size, np.float32)
        frame[N_SCORES : len(observed)] = observed[N_SCORES:]
        if self._last_action is not None and score is not None:
            self.critic.learn(*self._last_action, score, frame, low)
        share = max(config.explore, 1 - self.n_frames / EXPLORE_FRAMES)
        rng = np.random.default_rng([config.seed, self.n_frames // ACTION_REPEAT])
        action, value = self.critic.best_action(frame, low)
        explanation = f"it expects a score of {value:+.2f} to follow"
        if rng.random() < share:
            action, explanation = rng.uniform(low, 1).astype(np.float32), "by chance, to try something"
        self._last_action = frame, action
        return action, explanation

    # ---------------------------------------------------------------- learning

    def _learn_window(self) -> None:
        """Back-propagate the losses of the frames in the window, and take one step of Adam."""
        window, config = self._window, self.config
        if not window:
            return
        states, n_actions = [self._window_start], self.spec.n_actions
        for step, unit_pass in zip(window, self._passes, strict=False):
            state = unit_pass.forward(self._weights.values, self._unit_input(states[-1], step.observed, step.mask))
            states.append(self._write_action(state, step.action))
        gradient = np.zeros(config.size, np.float32)
        if config.synth:
            gradient = forward(self.synthetic_gradient, self._synth_weights.values, states[-1], self._synth_tape)
        for place in range(len(window) - 1, -1, -1):
            step, state = window[place], states[place]
            gradient[self.config.size - n_actions :] = 0  # the action is an input, not a prediction
            grad_input = self._passes[place].backward(self._weights.values, gradient, self._weights.gradients)
            gradient = self._grad_wrt_state(grad_input, step)
            n_cells = len(step.observed)
            gradient[:n_cells] += np.where(step.mask, state[:n_cells] - step.observed, 0)
        self._weights.step(config.rate)
        if config.synth:
            layer, weights, tape = self.synthetic_gradient, self._synth_weights, self._synth_tape
            error = forward(layer, weights.values, states[0], tape) - gradient
            backward(layer, weights.values, tape, error, weights.gradients)
            weights.step(config.synth_rate)
        self._window = []

    # ---------------------------------------------------------------- saving

    def stats(self) -> dict[str, str]:
        n_synth = self.synthetic_gradient.n_parameters * self.config.synth
        n_all = self.unit.n_parameters + n_synth + len(self.critic.target_weights)
        n_dense = sum((layer.n_in + 1) * layer.n_out for layer in (*self.unit.layers, self.synthetic_gradient))
        return {"frames": f"{self.n_frames:,}", "weights": f"{n_all:,}", "dense_weights": f"{n_dense:,}"}

    @property
    def max_saved_bytes(self) -> int:
        replay = sum(getattr(self.critic, attribute).nbytes for attribute in _SAVED_REPLAY.values())
        n_window = self.config.unroll * (5 * self.spec.n_cells + 4 * self.spec.n_actions)
        return super().max_saved_bytes + replay + n_window + 4 * self.config.size

    def tensors(self) -> dict[str, np.ndarray]:
        window, n_cells, n_actions = self._window, self.spec.n_cells, self.spec.n_actions
        stacked = {
            "got": np.array([step.observed for step in window], np.float32).reshape(len(window), n_cells),
            "seen": np.array([step.mask for step in window], np.uint8).reshape(len(window), n_cells),
            "done": np.array([step.action for step in window], np.float32).reshape(len(window), n_actions),
        }
        last = np.array([] if self._last_action is None else [np.concatenate(self._last_action)], np.float32)
        counts = (self.n_frames, self._weights.n_steps, self._synth_weights.n_steps, self.critic.n_transitions)
        return {
            **self._weights.tensors("unit"),
            **self._synth_weights.tensors("guide"),
            **self.critic.tensors(),
            **stacked,
            "state": self._state,
            "began": self._window_start,
            "last": last.reshape(-1, self.config.size + n_actions),
            "recent": self._baseline.recent,
            "counts": np.array(counts, np.int64),
            **self.spec.tensors(),
        }

    @classmethod
    def restore(cls, config: RecurrentConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        n_in = config.size * (2 if config.observe == "concat" else 1)
        n_weights = Unit(n_in, config.size, config.base, config.local_first, config.skip).n_parameters
        if len(tensors.get("unit", ())) != n_weights:  # before arrays of that size are allocated
            raise AgentError(f"expected {n_weights:,} weights of a unit, got {len(tensors.get('unit', ())):,}.")
        model, spec = cls(config), FrameSpec.from_tensors(tensors)
        model.enter(spec)
        counts = tensors.get("counts")
        check_arrays({"counts": counts} if counts is not None else {}, {"counts": ((4,), np.int64)})
        if counts.min() < 0:
            raise AgentError(f"expected counts from 0, got {counts.tolist()}. The file was changed.")
        model.n_frames, n_unit_steps, n_synth_steps, n_transitions = counts.tolist()
        model.critic.n_transitions = n_transitions
        n_window, n_last = (len(tensors.get(name, ())) for name in ("got", "last"))
        if n_window >= config.unroll or n_last > 1:
            max_frames = config.unroll - 1
            raise AgentError(f"expected at most {max_frames} frames under way, got {n_window}. The file was changed.")
        shapes = {name: (array.shape, array.dtype.type) for name, array in model.tensors().items()}
        shapes |= {
            "got": ((n_window, spec.n_cells), np.float32),
            "seen": ((n_window, spec.n_cells), np.uint8),
            "done": ((n_window, spec.n_actions), np.float32),
            "last": ((n_last, config.size + spec.n_actions), np.float32),
        }
        check_arrays(tensors, shapes)
        model._weights.load_tensors("unit", tensors, n_unit_steps)
        model._synth_weights.load_tensors("guide", tensors, n_synth_steps)
        model.critic.load_tensors(tensors, n_transitions)
        model._state, model._window_start = tensors["state"].copy(), tensors["began"].copy()
        if n_last:
            model._last_action = tensors["last"][0, : config.size].copy(), tensors["last"][0, config.size :].copy()
        model._baseline = MedianBaseline(tensors["recent"].copy())
        rows = zip(*(tensors[name] for name in ("got", "seen", "done")), strict=True)
        model._window = [ObservedFrame(observed.copy(), mask != 0, action.copy()) for observed, mask, action in rows]
        return model


class Critic:
    """Action-value function that is quadratic in the action: a linearithmic layer from a frame to v and g.

    In the literature: normalized advantage functions (Gu et al. 2016), here with a constant curvature. The discounted
    score to come is Q(s, a) = v(s) + g(s)·a − ½·cost·|a|², so the best action is a = g(s) / cost, clipped to bounds. It
    learns by Q-learning from a replay buffer (Lin 1992), with a moving average of its weights in the targets.

    Parameters
    ----------
    size : int
        Numbers in a frame, padded with 0.
    n_actions : int
        Numbers in an action.
    config : agent.models.frames.recurrent.RecurrentConfig
        Its base, score_rate, discount, n_replay, n_again and seed.
    """

    def __init__(self, size: int, n_actions: int, config: Any) -> None:
        self.config, self.n_actions = config, n_actions
        self._layer = Layer(size, 1 + n_actions, config.base, soft=True)
        self._tape = Tape.of(self._layer)
        self.weights = Weights(zero_init(self._layer, np.random.default_rng([config.seed, 4])))
        self.target_weights = self.weights.values.copy()
        self.before, self.after = (np.zeros((config.n_replay, size), np.float32) for _ in range(2))
        self.actions = np.zeros((config.n_replay, n_actions), np.float32)
        self.scores = np.zeros(config.n_replay, np.float32)
        self.n_transitions = 0

    def best_action(self, frame: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, float]:
        """The action of the highest value after a frame (size,) float32, and that value."""
        return self._maximum(self.weights.values, frame, low)

    def learn(self, before: np.ndarray, action: np.ndarray, score: float, after: np.ndarray, low: np.ndarray) -> None:
        """Store a transition in the replay buffer and learn from some of it, this transition included."""
        place = self.n_transitions % self.config.n_replay
        self.before[place], self.actions[place], self.scores[place], self.after[place] = before, action, score, after
        self.n_transitions += 1
        n_known, n_again = min(self.n_transitions, self.config.n_replay), self.config.n_again
        rng = np.random.default_rng([self.config.seed, 1, self.n_transitions])
        for row in (place, *rng.integers(n_known, size=n_again - 1)):
            next_value = self._maximum(self.target_weights, self.after[row], low)[1]
            target = self.scores[row] + self.config.discount * next_value
            output = forward(self._layer, self.weights.values, self.before[row], self._tape)
            action = self.actions[row]
            error = output[0] + output[1:] @ action - ACTION_COST / 2 * action @ action - target
            gradient = (np.concatenate([[1], action]) * error / n_again).astype(np.float32)
            backward(self._layer, self.weights.values, self._tape, gradient, self.weights.gradients)
        self.weights.step(self.config.score_rate)
        self.target_weights += np.float32(1 - TARGET_DECAY) * (self.weights.values - self.target_weights)

    def _maximum(self, weights: np.ndarray, frame: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, float]:
        output = forward(self._layer, weights, frame, self._tape)
        action = np.clip(output[1:] / ACTION_COST, low, 1).astype(np.float32)
        return action, float(output[0] + output[1:] @ action - ACTION_COST / 2 * action @ action)

    def tensors(self) -> dict[str, np.ndarray]:
        """Arrays to save."""
        known = slice(min(self.n_transitions, self.config.n_replay))
        replay = {name: getattr(self, attribute)[known] for name, attribute in _SAVED_REPLAY.items()}
        return {**self.weights.tensors("critic"), "critic_slow": self.target_weights, **replay}

    def load_tensors(self, tensors: Mapping[str, np.ndarray], n_transitions: int) -> None:
        """Load arrays that `tensors` gave, once they are checked."""
        self.n_transitions = n_transitions
        self.weights.load_tensors("critic", tensors, n_transitions)
        self.target_weights[:] = tensors["critic_slow"]
        for name, attribute in _SAVED_REPLAY.items():
            getattr(self, attribute)[: len(tensors[name])] = tensors[name]
