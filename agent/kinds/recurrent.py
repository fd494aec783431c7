"""Gradient frames: a recurrent net that expects the next frame, learning from every difference.

    state ─ merge what is observed ─ minimal gated unit ─ state: its first numbers are the next frame as expected,
                                                           its last numbers, backwards, what it does

Losses are carried back through `unroll` frames (truncated back-propagation); beyond them a second net, the synthetic
gradient (Jaderberg and others 2017), says what it has learned that later frames make of a state. A third net, the
critic, learns what score follows a frame and an action; the actions climb its slope, its weights held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from agent.errors import AgentError
from agent.kinds.checks import check_numbers, check_whole
from agent.kinds.critic import Critic
from agent.kinds.layers import Layer, Tape, Unit, UnitPass, Weights, backward, forward, silent
from agent.kinds.mind import Scene, Thought
from agent.kinds.usual import Usual

INPUTS = ("concat", "merge", "add", "ignore")
MAX_REPLAY = 2_097_152  # numbers in all moments remembered, before and after each
HELD = 4  # frames that an action tried by chance lasts
EXPLORES = 1500  # frames in which it tries less and less by chance
N_SCORES = 4  # cells of a frame that the critic does not see


@dataclass(frozen=True)
class RecurrentConfig:
    """Settings of `Recurrent`."""

    seed: int = 0
    size: int = 256  # numbers in the state: at least those of a frame and an action; time and memory grow with it
    base: int = 4  # numbers that a sub-layer mixes at once; near √size or 16 is fastest
    local_first: bool = False  # mix neighbours first, or the most distant partners
    skip: bool = False  # add the input of each sub-layer to its output
    unroll: int = 2  # frames that a loss is carried back through
    synth: bool = True  # whether a synthetic gradient stands for the frames beyond; unroll=1 needs it
    synth_rate: float = 0.03  # its own rate of learning
    observe: str = "concat"  # how a frame enters the state: concat, merge, add or ignore
    gain: float = 1.2  # so that −1 and 1 are within reach of tanh
    rate: float = 0.001  # of learning (Adam)
    reward: bool = True  # whether it seeks score
    discount: float = 0.9  # what a score is worth a frame later
    score_rate: float = 0.006  # of learning which score follows
    n_replay: int = 2048  # remembered moments that the critic learns from; 2 kB each at size 256
    n_again: int = 32  # of them gone over at every frame that has a score; 10 µs each
    explore: float = 0.1  # share of the time in which it tries actions by chance, in the end

    def __post_init__(self) -> None:
        check_whole(self, {"seed": (0, 2**62), "size": (8, 131_072), "base": (2, 256), "unroll": (1, 64),
                           "n_replay": (16, 4096), "n_again": (1, 64)})  # fmt: skip
        for name in ("local_first", "skip", "synth", "reward"):
            if type(getattr(self, name)) is not bool:
                raise AgentError(f"expected {name} as True or False, got {getattr(self, name)!r}.")
        limits = {
            "synth_rate": (0, 1),
            "gain": (1, 2),
            "rate": (0, 1),
            "score_rate": (0, 1),
            "discount": (0, 0.999),
            "explore": (0, 1),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if type(value) is not float or not low <= value <= high:
                raise AgentError(f"expected {name} as a number from {low} to {high}, got {value!r}.")
        if self.observe not in INPUTS:
            raise AgentError(f"expected observe among {', '.join(INPUTS)}, got {self.observe!r}.")
        if self.n_replay * self.size > MAX_REPLAY:
            raise AgentError(
                f"expected n_replay of at most {MAX_REPLAY // self.size} at size={self.size}, got {self.n_replay}. "
                "Take less of one of them."
            )
        if self.unroll == 1 and not self.synth:
            raise AgentError(
                "expected unroll of 2 or more, or synth, got unroll=1 without synth, which learns nothing: "
                "no loss would ever reach a weight. Take unroll=2, or synth=true."
            )


@dataclass(frozen=True)
class Moment:
    """What happened in a frame: what was seen or else expected, where, and what was done."""

    got: np.ndarray
    seen: np.ndarray
    done: np.ndarray


class Recurrent:
    """A recurrent net; see `agent.kinds.mind.Mind` for what the verbs promise."""

    NAME: ClassVar[str] = "recurrent"
    SUMMARY: ClassVar[str] = "expects the next frame with a recurrent net that learns by gradients"
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {"as it is": {}}
    CHOICES: ClassVar[Mapping[str, Sequence[str]]] = {"observe": INPUTS}
    MAX_LABELS: int = 0
    Config: ClassVar[type] = RecurrentConfig

    def __init__(self, config: RecurrentConfig) -> None:
        self.config = config
        rng = np.random.default_rng(config.seed)
        size, how = config.size, (config.base, config.local_first, True, config.skip)
        n_in = 2 * size if config.observe == "concat" else size
        self.unit = Unit(n_in, size, config.base, config.local_first, config.skip, config.gain)
        self._passes = [UnitPass(self.unit) for _ in range(config.unroll)]
        self._weights = Weights(self.unit.born(rng))
        self.guide = Layer(size, size, *how)  # the synthetic gradient: from a state to its slope
        self._guide, self._guide_tape = Weights(silent(self.guide, rng)), Tape.of(self.guide)
        self.critic = Critic(size, 0, config)
        self._state = np.zeros(size, np.float32)
        self._window: list[Moment] = []
        self._began = self._state  # the state at the beginning of the window
        self._usual = Usual()
        self.scene = Scene.unknown(0, 0)
        self._did: tuple[np.ndarray, np.ndarray] | None = None  # the frame and action that the next score is for
        self.n_frames = 0

    @property
    def n_bytes(self) -> int:
        return sum(array.nbytes for array in self.tensors().values())

    @property
    def expected(self) -> np.ndarray:
        return np.clip(self._state[: self.scene.n_cells], -1, 1)

    def enter(self, scene: Scene) -> None:
        if scene.n_cells + scene.n_actions > self.config.size:
            raise AgentError(
                f"expected at most {self.config.size} numbers in a frame and an action, got {scene.n_cells} and "
                f"{scene.n_actions}. Take a larger size, at least {scene.n_cells + scene.n_actions}."
            )
        if (scene.n_cells, scene.n_actions) != (self.scene.n_cells, self.scene.n_actions):
            self._learn_window()  # what it remembers has the old sizes
            self._did = None
        if scene.n_actions != self.scene.n_actions:
            self.critic = Critic(self.config.size, scene.n_actions, self.config)
        self.scene = scene

    def observe(self, frame: np.ndarray) -> Thought:
        seen = ~np.isnan(frame)
        got = np.where(seen, np.clip(frame, -1, 1), self._state[: len(frame)]).astype(np.float32)
        done, why = self._decided(got, self._usual.beyond(float(frame[0]) if seen[0] else None))
        if not self._window:
            self._began = self._state
        self._window.append(Moment(got, seen, done))
        state = self._passes[0].forward(self._weights.now, self._entered(self._state, got, seen))
        self._state = self._acted(state, done)
        self.n_frames += 1
        if len(self._window) == self.config.unroll:
            self._learn_window()
        return Thought(self.expected, done, why)

    # ---------------------------------------------------------------- from state to state

    def _entered(self, state: np.ndarray, got: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """What the unit is given of a state and a frame."""
        how, n_cells = self.config.observe, len(got)
        if how == "ignore":
            return state
        merged = state.copy()
        if how == "add":
            merged[:n_cells] += np.where(seen, got, 0)
        else:
            merged[:n_cells] = np.where(seen, got, state[:n_cells])
        return np.concatenate([merged, state]) if how == "concat" else merged

    def _left(self, down: np.ndarray, moment: Moment) -> np.ndarray:
        """Slopes of the state from those of what the unit was given."""
        how, size, n_cells = self.config.observe, self.config.size, len(moment.got)
        out = down[:size].copy()
        if how in ("concat", "merge"):
            out[:n_cells][moment.seen] = 0
        return out + down[size:] if how == "concat" else out

    def _acted(self, state: np.ndarray, done: np.ndarray) -> np.ndarray:
        """A state that knows what was done: its last numbers, backwards."""
        if len(done):
            state[::-1][: len(done)] = done
        return state

    def _decided(self, got: np.ndarray, score: float | None) -> tuple[np.ndarray, str]:
        """Learn what score followed, then decide what to do, (n_actions,) float32, and say why.

        It climbs the expected score. Now and then, ever more rarely, it does what chance says, for some frames.
        """
        low, config = self.scene.low, self.config
        if not config.reward or not len(low):
            return np.zeros(len(low), np.float32), "it only watches"
        frame = np.zeros(config.size, np.float32)
        frame[N_SCORES : len(got)] = got[N_SCORES:]
        if self._did is not None and score is not None:
            self.critic.learn(*self._did, score, frame, low)
        share = max(config.explore, 1 - self.n_frames / EXPLORES)
        rng = np.random.default_rng([config.seed, self.n_frames // HELD])
        done, promised = self.critic.climb(frame, low)
        why = f"it expects a score of {promised:+.2f} to follow"
        if rng.random() < share:
            done, why = rng.uniform(low, 1).astype(np.float32), "by chance, to try something"
        self._did = frame, done
        return done, why

    # ---------------------------------------------------------------- learning

    def _learn_window(self) -> None:
        """Carry the losses of the frames since the last time back through them, and take one step."""
        window, config = self._window, self.config
        if not window:
            return
        states, n_actions = [self._began], self.scene.n_actions
        for moment, once in zip(window, self._passes, strict=False):
            state = once.forward(self._weights.now, self._entered(states[-1], moment.got, moment.seen))
            states.append(self._acted(state, moment.done))
        slopes = np.zeros(config.size, np.float32)
        if config.synth:
            slopes = forward(self.guide, self._guide.now, states[-1], self._guide_tape)
        for place in range(len(window) - 1, -1, -1):
            moment, state = window[place], states[place]
            slopes[self.config.size - n_actions :] = 0  # what was done is told, not learned
            down = self._passes[place].backward(self._weights.now, slopes, self._weights.slopes)
            slopes = self._left(down, moment)
            slopes[: len(moment.got)] += np.where(moment.seen, state[: len(moment.got)] - moment.got, 0)
        self._weights.learn(config.rate)
        if config.synth:
            claimed = forward(self.guide, self._guide.now, states[0], self._guide_tape)
            backward(self.guide, self._guide.now, self._guide_tape, claimed - slopes, self._guide.slopes)
            self._guide.learn(config.synth_rate)
        self._window = []

    # ---------------------------------------------------------------- saving

    def facts(self) -> dict[str, str]:
        n_all = self.unit.n_parameters + self.guide.n_parameters * self.config.synth + len(self.critic.slow)
        n_dense = sum((layer.n_in + 1) * layer.n_out for layer in (*self.unit.layers, self.guide))
        return {"frames": f"{self.n_frames:,}", "weights": f"{n_all:,}", "dense_weights": f"{n_dense:,}"}

    def tensors(self) -> dict[str, np.ndarray]:
        window, n_cells, n_actions = self._window, self.scene.n_cells, self.scene.n_actions
        stacked = {
            "got": np.array([each.got for each in window], np.float32).reshape(len(window), n_cells),
            "seen": np.array([each.seen for each in window], np.uint8).reshape(len(window), n_cells),
            "done": np.array([each.done for each in window], np.float32).reshape(len(window), n_actions),
        }
        did = np.array([] if self._did is None else [np.concatenate(self._did)], np.float32)
        counts = (self.n_frames, self._weights.n_steps, self._guide.n_steps, self.critic.n_lived)
        return {
            **self._weights.tensors("unit"), **self._guide.tensors("guide"), **self.critic.tensors(), **stacked,
            "state": self._state, "began": self._began, "last": did.reshape(-1, self.config.size + n_actions),
            "recent": self._usual.recent,
            "counts": np.array(counts, np.int64), **self.scene.tensors(),
        }  # fmt: skip

    @classmethod
    def restore(cls, config: RecurrentConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        n_in = config.size * (2 if config.observe == "concat" else 1)
        n_weights = Unit(n_in, config.size, config.base, config.local_first, config.skip).n_parameters
        if len(tensors.get("unit", ())) != n_weights:  # before room is made for as many
            raise AgentError(f"expected {n_weights:,} weights of a unit, got {len(tensors.get('unit', ())):,}.")
        mind, scene = cls(config), Scene.saved(tensors)
        mind.enter(scene)
        counts = tensors.get("counts")
        check_numbers({"counts": counts} if counts is not None else {}, {"counts": ((4,), np.int64)})
        if counts.min() < 0:
            raise AgentError(f"expected counts from 0, got {counts.tolist()}. The file was changed.")
        mind.n_frames, n_unit, n_guide, n_lived = counts.tolist()
        mind.critic.n_lived = n_lived
        n_window, n_last = (len(tensors.get(name, ())) for name in ("got", "last"))
        if n_window >= config.unroll or n_last > 1:
            raise AgentError(
                f"expected at most {config.unroll - 1} frames under way, got {n_window}. The file was changed."
            )
        shapes = {name: (array.shape, array.dtype.type) for name, array in mind.tensors().items()}
        shapes |= {"got": ((n_window, scene.n_cells), np.float32), "seen": ((n_window, scene.n_cells), np.uint8),
                   "done": ((n_window, scene.n_actions), np.float32),
                   "last": ((n_last, config.size + scene.n_actions), np.float32)}  # fmt: skip
        check_numbers(tensors, shapes)
        mind._weights.fill("unit", tensors, n_unit)
        mind._guide.fill("guide", tensors, n_guide)
        mind.critic.fill(tensors, n_lived)
        mind._state, mind._began = tensors["state"].copy(), tensors["began"].copy()
        if n_last:
            mind._did = tensors["last"][0, : config.size].copy(), tensors["last"][0, config.size :].copy()
        mind._usual = Usual(tensors["recent"].copy())
        rows = zip(*(tensors[name] for name in ("got", "seen", "done")), strict=True)
        mind._window = [Moment(got.copy(), seen != 0, done.copy()) for got, seen, done in rows]
        return mind
