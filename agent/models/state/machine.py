"""A weightless neural state machine: every neuron is a look-up table over the bits that it reads.

    I inputs ──┬─> Q inner neurons ──> Z outputs     C control: label, pleasure, pain; any of them teaches
               └──   └─ previous Q       └─ previous Z

In the literature: a general neural unit with iconic training (Aleksander and Morton, "Neurons and Symbols", 1993;
Aleksander, "Impossible Minds", 1996). An inner neuron is taught the input bit at its own position, so inner states
become images of the inputs (iconic training); an output neuron is taught its bit of the label, or of the previous
output. An input that was not taught gets the bit of the rows at the smallest Hamming distance, as in a G-RAM.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from agent.errors import AgentError
from agent.kernels import state as kernels
from agent.models.state.config import Wiring
from agent.models.state.rows import (
    Rows,
    bit_at,
    compact,
    expand,
    has_stray_bits,
    n_words,
    pack,
    reachable_words,
    unpack,
)

RULES = {
    kernels.BY_CHANCE: "chance",
    kernels.BY_DISCRIMINATION: "discrimination distance",
    kernels.BY_HAMMING: "nearest rows",
    kernels.BY_TIE: "a tie of nearest rows",
}
MAX_WEIGHTS_BYTES = 56_000_000  # of discrimination distance: 41 MB with two bits a pixel, all connected


@dataclass(frozen=True)
class MachineState:
    """One state: I, Q, Z and C as packed bits, and the rule that each Q and Z neuron went by."""

    inputs: np.ndarray
    inner: np.ndarray
    output: np.ndarray
    control: np.ndarray
    rules: np.ndarray


@dataclass(frozen=True)
class FiringReason:
    """Why a neuron fired: its bit, the rule, and the nearest rows, the bits they taught and their Hamming distance."""

    bit: int
    rule: str
    rows: tuple[int, ...]
    targets: tuple[int, ...]
    distance: int


class Machine:
    """Layers of neurons: n_inputs of I and of Q, n_outputs of Z; their ``rows``, the current state, all ``states``."""

    def __init__(self, wiring: Wiring, seed: int) -> None:
        self._init_layers(len(wiring.q_inputs), len(wiring.z_inner), seed)
        self._q_words, self._q_masks = reachable_words(wiring.q_inputs, wiring.q_neighbours)
        self._z_words, self._z_masks = reachable_words(wiring.z_inputs, wiring.z_inner, wiring.z_neighbours)

    @classmethod
    def without_wiring(cls, n_inputs: int, n_outputs: int, seed: int) -> Self:
        """Make a machine without connections, for `restore` to fill; it takes hardly any memory."""
        machine = cls.__new__(cls)
        machine._init_layers(n_inputs, n_outputs, seed)
        machine._q_words, machine._q_masks = compact(np.zeros((n_inputs, 1), np.uint64))
        machine._z_words, machine._z_masks = compact(np.zeros((n_outputs, 1), np.uint64))
        return machine

    def _init_layers(self, n_inputs: int, n_outputs: int, seed: int) -> None:
        self.seed = seed
        self.n_inputs, self.n_outputs = n_inputs, n_outputs
        w, z = n_words(n_inputs), n_words(n_outputs)
        self._n_words, self._z_size = w, z
        self.rows = Rows(w, z)
        self._weights: tuple[np.ndarray, np.ndarray] | None = None
        self.states: list[MachineState] = []
        self.number = 0  # of the next state
        blank = (np.zeros(size, np.uint64) for size in (w, w, z, 1))
        self.current = MachineState(*blank, np.zeros(self.n_inputs + self.n_outputs, np.uint8))

    @property
    def n_bytes(self) -> int:
        """Bytes of all rows."""
        return self.rows.n_bytes

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.rows.n

    @property
    def n_connections(self) -> int:
        """Number of bits read, over all neurons."""
        return int(np.bitwise_count(self._q_masks).sum() + np.bitwise_count(self._z_masks).sum())

    def check_weights(self, dd: bool) -> None:
        """Refuse weights of discrimination distance that take too much memory."""
        n_bytes = 64 * 8 * (self._q_words.size + self._z_words.size) * dd
        if n_bytes > MAX_WEIGHTS_BYTES:
            raise AgentError(
                f"expected at most {MAX_WEIGHTS_BYTES:,} bytes of weights, got {n_bytes:,}. "
                "Take fewer bits or connections, or leave discrimination distance out."
            )

    # ---------------------------------------------------------------- states

    def reset_state(self, number: int | None = None) -> MachineState:
        """Append a random state; nothing is forgotten."""
        number = self.number if number is None else number
        self.number = number + 1
        return self._append(self.random_state(number))

    def next_state(
        self,
        inputs: np.ndarray,
        label: np.ndarray | None = None,
        *,
        pleasure: bool = False,
        pain: bool = False,
        dd: bool = False,
        hamming: bool = True,
        default: bool = True,
        unsequenced: bool = False,
    ) -> MachineState:
        """Show an input and update every neuron once.

        With a label, the outputs are the label; with pleasure, the previous outputs; with pain, the inverse of these;
        and all neurons learn. A label counts before pleasure, that before pain. Otherwise neurons look up what they
        were taught.

        Parameters
        ----------
        inputs, label : numpy.ndarray
            (I,) and (Z,) bool.
        dd, hamming, default : bool
            Which rules apply, in this order: discrimination distance, nearest rows, a random bit (else 0).
        unsequenced : bool
            First append a random state, so that nothing is learned of the previous state.
        """
        packed = self._pack_checked(inputs, self.n_inputs, "inputs")
        if unsequenced:
            self.reset_state()
        control = np.array([label is not None, pleasure, pain], bool)
        previous = self.current
        if label is not None:
            output = self._pack_checked(label, self.n_outputs, "label bits")
        elif pain and not pleasure:
            output = previous.output ^ pack(np.ones(self.n_outputs, bool))
        else:
            output = previous.output
        if control.any():
            state = self.clamp(packed, previous, output, control)
            self.learn(state, previous)
        else:
            state = self.fire(packed, previous, self.number, dd=dd, hamming=hamming, default=default)
        self.number += 1
        return self._append(state)

    def settle(self, inputs: np.ndarray, number: int, n_steps: int, **rules: bool) -> list[MachineState]:
        """Run ``n_steps`` from a random state with a constant input; the current state stays as it is.

        inputs (I,) bool; number: of the first state, the seed of its random bits -> n_steps + 1 states.
        """
        packed = self._pack_checked(inputs, self.n_inputs, "inputs")
        states = [self.random_state(number)]
        for step in range(1, n_steps + 1):
            previous = states[-1]
            if step > 2 and _is_fixed_point(states[-2], previous):
                states += [previous] * (n_steps + 1 - step)
                break
            states.append(self.fire(packed, previous, number + step, **rules))
        return states

    def random_state(self, number: int) -> MachineState:
        """A state of random bits, the same for the same number."""
        n = self.n_inputs
        inputs, inner = np.empty(self._n_words, np.uint64), np.empty(self._n_words, np.uint64)
        output = np.empty(self._z_size, np.uint64)
        for first, size, out in ((2 * n, n, inputs), (0, n, inner), (n, self.n_outputs, output)):
            kernels.noise(self.seed, number, first, size, out)
        rules = np.full(n + self.n_outputs, kernels.BY_CHANCE, np.uint8)
        return MachineState(inputs, inner, output, np.zeros(1, np.uint64), rules)

    def fire(
        self,
        inputs: np.ndarray,
        previous: MachineState,
        number: int,
        *,
        dd: bool = False,
        hamming: bool = True,
        default: bool = True,
    ) -> MachineState:
        """The next state by look-up: the inner neurons first, then the outputs, which read them."""
        n = self.n_inputs
        inner, output = np.empty(self._n_words, np.uint64), np.empty(self._z_size, np.uint64)
        rules = np.empty(n + self.n_outputs, np.uint8)
        q_weights, z_weights = self._discrimination_weights() if dd else (_NO_WEIGHTS, _NO_WEIGHTS)
        how = (hamming, default, self.seed, number)
        now = np.concatenate([inputs, previous.inner])
        layer = kernels.Layer(*self.rows.inner, self._q_words, self._q_masks, q_weights)
        kernels.fire(now, layer, *how, 0, inner, rules[:n])
        now = np.concatenate([inputs, inner, previous.output])
        layer = kernels.Layer(*self.rows.output, self._z_words, self._z_masks, z_weights)
        kernels.fire(now, layer, *how, n, output, rules[n:])
        return MachineState(inputs, inner, output, np.zeros(1, np.uint64), rules)

    def clamp(
        self, inputs: np.ndarray, previous: MachineState, output: np.ndarray, control: Sequence[bool] = (True,)
    ) -> MachineState:
        """The next state with inner neurons clamped to the input and outputs to their targets."""
        rules = np.full(self.n_inputs + self.n_outputs, kernels.BY_HAMMING, np.uint8)
        return MachineState(inputs, inputs, output, pack(np.array(control, bool)), rules)

    def pack_inputs(self, bits: np.ndarray) -> np.ndarray:
        """Check and pack input bits: (I,) bool -> (W,) uint64."""
        return self._pack_checked(bits, self.n_inputs, "inputs")

    # ---------------------------------------------------------------- rows

    def learn(self, state: MachineState, previous: MachineState, source: bytes = b"") -> None:
        """Store a state as the target of the previous one; the same row of one source is stored once."""
        q_row = np.concatenate([state.inputs, previous.inner])
        z_row = np.concatenate([state.inputs, state.inner, previous.output])
        self.add_rows((q_row[None], state.inner[None], z_row[None], state.output[None]), source)

    def add_rows(self, rows: tuple[np.ndarray, ...], source: bytes = b"") -> int:
        """Add rows as `agent.models.state.rows.Rows.take` gives them; returns how many were new."""
        self._weights = None
        return self.rows.add(rows, source)

    def forget(self, places: np.ndarray) -> None:
        """Drop rows; later ones move up. places (D,) int."""
        self._weights = None
        self.rows.forget(places)

    def distances(self, state: MachineState, previous: MachineState, neuron: int) -> np.ndarray:
        """Hamming distance of each row on the bits that one neuron reads: (R,) int32."""
        n = self.n_inputs
        if not 0 <= neuron < n + self.n_outputs:
            raise AgentError(f"expected a neuron from 0 to {n + self.n_outputs - 1}, got {neuron}.")
        if neuron < n:
            now, rows = (state.inputs, previous.inner), self.rows.inner[0]
            reach = self._q_words, self._q_masks, neuron
        else:
            now, rows = (state.inputs, state.inner, previous.output), self.rows.output[0]
            reach = self._z_words, self._z_masks, neuron - n
        distances = np.empty(self.n_rows, np.int32)
        kernels.distances(rows ^ np.concatenate(now), *reach, distances)
        return distances

    def use(self, state: MachineState, previous: MachineState) -> None:
        """Credit the rows that are nearest for any output neuron."""
        outputs = range(self.n_inputs, self.n_inputs + self.n_outputs)
        distances = [self.distances(state, previous, neuron) for neuron in outputs if self.n_rows]
        self.rows.credit({row for of_one in distances for row in np.flatnonzero(of_one == of_one.min()).tolist()})

    def explain(self, state: MachineState, previous: MachineState, neuron: int) -> FiringReason:
        """Say why a neuron fired: neurons 0 … Q − 1 are inner, the rest outputs."""
        distances = self.distances(state, previous, neuron)
        inner, at = neuron < self.n_inputs, neuron % self.n_inputs
        nearest = np.flatnonzero(distances == distances.min()) if self.n_rows else np.zeros(0, np.int64)
        targets = (self.rows.inner if inner else self.rows.output)[1]
        return FiringReason(
            bit=bit_at(state.inner if inner else state.output, at),
            rule=RULES[int(state.rules[neuron])],
            rows=tuple(nearest.tolist()),
            targets=tuple(bit_at(targets[row], at) for row in nearest),
            distance=int(distances.min()) if self.n_rows else 0,
        )

    def connections(self, neuron: int) -> tuple[np.ndarray, ...]:
        """What a neuron reads: (I,) and (Q,) bool; an output neuron also (Z,) bool."""
        inner, at = neuron < self.n_inputs, neuron % self.n_inputs
        words, masks = (self._q_words, self._q_masks) if inner else (self._z_words, self._z_masks)
        dense = expand(words[at : at + 1], masks[at : at + 1], self.rows.widths[0 if inner else 2])[0]
        n, w = self.n_inputs, self._n_words
        parts = unpack(dense[:w], n), unpack(dense[w : 2 * w], n)
        return parts if inner else (*parts, unpack(dense[2 * w :], self.n_outputs))

    def same_wiring(self, other: Machine) -> bool:
        """Whether all connections are the same."""
        return all(map(np.array_equal, self._dense(), other._dense()))

    # ---------------------------------------------------------------- saving

    def tensors(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The wiring, some rows, the current state and the history, as bytes. rows (R,) int."""
        wiring = dict(zip(("q_wiring", "z_wiring"), self._dense(), strict=True))
        saved_rows = dict(zip(_SAVED_ROWS, self.rows.take(rows), strict=True))
        states = [*self.states, self.current]
        history = {name: np.array([getattr(state, name) for state in states]) for name in ("inputs", "inner", "output")}
        history["control"] = np.array([state.control[:1] for state in states])
        arrays = {name: array.view(np.uint8) for name, array in {**wiring, **saved_rows, **history}.items()}
        rules = np.array([state.rules for state in states])
        return arrays | {"rules": rules, "number": np.array([self.number], np.int64)}

    def expected_arrays(self, tensors: Mapping[str, np.ndarray]) -> dict[str, tuple[tuple[int, ...], type, int, int]]:
        """What `restore` expects of each array: shape, type, minimum and maximum."""
        n, n_outputs, w, z = self.n_inputs, self.n_outputs, self._n_words, self._z_size
        n_taught, n_states = (len(tensors[name]) if name in tensors else 0 for name in ("q_rows", "rules"))
        shapes = {
            "q_wiring": (n, 2 * w),
            "z_wiring": (n_outputs, 2 * w + z),
            "q_rows": (n_taught, 2 * w),
            "q_taught": (n_taught, w),
            "z_rows": (n_taught, 2 * w + z),
            "z_taught": (n_taught, z),
            "inputs": (n_states, w),
            "inner": (n_states, w),
            "output": (n_states, z),
            "control": (n_states, 1),
        }
        expected = {name: ((rows, 8 * words), np.uint8, 0, 255) for name, (rows, words) in shapes.items()}
        expected["rules"] = ((max(1, n_states), n + n_outputs), np.uint8, 0, max(RULES))
        return expected | {"number": ((1,), np.int64, 0, 2**62)}

    def restore(self, tensors: Mapping[str, np.ndarray]) -> int:
        """Take over checked arrays of `tensors`; returns the number of rows."""
        words = {name: np.ascontiguousarray(array).view(np.uint64) for name, array in tensors.items() if name in _SAVED}
        sizes = {"q_wiring": (self.n_inputs, self.n_inputs), "z_wiring": (self.n_inputs, self.n_inputs, self.n_outputs)}
        for name, parts in sizes.items():
            if has_stray_bits(words[name], parts):
                raise AgentError(f"expected {name} of {parts} bits, got more. The file was changed.")
        self._q_words, self._q_masks = compact(words["q_wiring"])
        self._z_words, self._z_masks = compact(words["z_wiring"])
        self.add_rows(tuple(words[name] for name in _SAVED_ROWS))
        parts = (words["inputs"], words["inner"], words["output"], words["control"], tensors["rules"])
        states = [MachineState(*(part.copy() for part in state)) for state in zip(*parts, strict=True)]
        self.states, self.current, self.number = states[:-1], states[-1], int(tensors["number"][0])
        return self.n_rows

    def _dense(self) -> tuple[np.ndarray, np.ndarray]:
        return (
            expand(self._q_words, self._q_masks, self.rows.widths[0]),
            expand(self._z_words, self._z_masks, self.rows.widths[2]),
        )

    # ---------------------------------------------------------------- inside

    def _discrimination_weights(self) -> tuple[np.ndarray, np.ndarray]:
        if self._weights is None:
            q_weights, z_weights = (
                np.empty((len(words), 64 * words.shape[1]), np.int64) for words in (self._q_words, self._z_words)
            )
            kernels.weigh(*self.rows.inner, self._q_words, self._q_masks, q_weights)
            kernels.weigh(*self.rows.output, self._z_words, self._z_masks, z_weights)
            self._weights = q_weights, z_weights
        return self._weights

    def _append(self, state: MachineState) -> MachineState:
        self.current = state
        self.states.append(state)
        return state

    def _pack_checked(self, bits: Any, n: int, name: str) -> np.ndarray:
        array = np.asarray(bits)
        if array.shape != (n,) or array.dtype != bool:
            raise AgentError(f"expected {n} {name} (bool), got {array.shape} {array.dtype}.")
        return pack(array)


_SAVED_ROWS = ("q_rows", "q_taught", "z_rows", "z_taught")
_SAVED = ("q_wiring", "z_wiring", *_SAVED_ROWS, "inputs", "inner", "output", "control")
_NO_WEIGHTS = np.zeros((0, 0), np.int64)


def _is_fixed_point(previous: MachineState, state: MachineState) -> bool:
    """Whether every later state equals this one: nothing changed, and no neuron fired by chance."""
    equal = (previous.inner == state.inner).all() and (previous.output == state.output).all()
    return bool(equal) and not np.isin(state.rules, (kernels.BY_CHANCE, kernels.BY_TIE)).any()
