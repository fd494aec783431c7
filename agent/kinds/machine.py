"""A state machine of neurons that look up what they were taught.

    I inputs ──┬─> Q inner neurons ──> Z outputs     C: label, pleasure, pain, instincts: what is learned
               └──   └─ Q before         └─ Z before

Every neuron keeps the patterns that its connections showed and the bit to give for each. An inner neuron learns the
input it stands for (iconic training), an output neuron its bit of the label, or of its own past.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from agent.errors import AgentError
from agent.kernels import state as kernels
from agent.kinds.packed import bool_at, compact, n_words, pack, reached, spread, strays, unpack
from agent.kinds.rows import Rows
from agent.kinds.wiring import Wiring

RULES = {
    kernels.BY_CHANCE: "chance",
    kernels.BY_DISCRIMINATION: "discrimination distance",
    kernels.BY_HAMMING: "nearest rows",
    kernels.BY_TIE: "a tie of nearest rows",
}
MAX_WEIGHTS_BYTES = 56_000_000  # of discrimination distance: two bits a pixel, every neuron reading all, take 41 MB
LABEL, PLEASURE, PAIN, INSTINCTS = 0, 1, 2, 3  # control neurons; instincts from the fourth on


@dataclass(frozen=True)
class Moment:
    """One state: I, Q, Z and C as packed bits, and the rule that each Q and Z neuron went by."""

    inputs: np.ndarray
    inner: np.ndarray
    output: np.ndarray
    control: np.ndarray
    rules: np.ndarray


@dataclass(frozen=True)
class Why:
    """Why a neuron fired: its bit, the rule, and the nearest rows, what they taught it and how far they are."""

    bit: int
    rule: str
    rows: tuple[int, ...]
    taught: tuple[int, ...]
    distance: int


class Machine:
    """Layers, rows and the present state.

    Attributes
    ----------
    n_inputs, n_outputs : int
        Neurons of I (and of Q), and of Z.
    moments : list of Moment
        The story so far, from the first state on.
    rows : agent.kinds.rows.Rows
        What all neurons remember.
    """

    def __init__(self, wiring: Wiring, seed: int, n_instincts: int = 0) -> None:
        self._start(len(wiring.q_inputs), len(wiring.z_inner), seed, n_instincts)
        self._q_words, self._q_masks = reached(wiring.q_inputs, wiring.q_neighbours)
        self._z_words, self._z_masks = reached(wiring.z_inputs, wiring.z_inner, wiring.z_neighbours)

    @classmethod
    def unwired(cls, n_inputs: int, n_outputs: int, seed: int) -> Self:
        """Make a machine whose neurons read nothing, until `restore` connects them; it takes hardly any memory."""
        machine = cls.__new__(cls)
        machine._start(n_inputs, n_outputs, seed, 0)
        machine._q_words, machine._q_masks = compact(np.zeros((n_inputs, 1), np.uint64))
        machine._z_words, machine._z_masks = compact(np.zeros((n_outputs, 1), np.uint64))
        return machine

    def _start(self, n_inputs: int, n_outputs: int, seed: int, n_instincts: int) -> None:
        self.seed = seed
        self.n_inputs, self.n_outputs = n_inputs, n_outputs
        self.n_instincts = n_instincts
        w, z = n_words(n_inputs), n_words(n_outputs)
        self._n_words, self._z_size = w, z
        self.rows = Rows(w, z)
        self._weights: tuple[np.ndarray, np.ndarray] | None = None
        self.moments: list[Moment] = []
        self.number = 0  # of the next state
        blank = (np.zeros(size, np.uint64) for size in (w, w, z, 1))
        self.present = Moment(*blank, np.zeros(self.n_inputs + self.n_outputs, np.uint8))

    @property
    def n_bytes(self) -> int:
        """Bytes of all rows."""
        return self.rows.n_bytes

    @property
    def n_rows(self) -> int:
        """How many states all neurons remember."""
        return self.rows.n

    @property
    def n_connections(self) -> int:
        """How many bits all neurons read together."""
        return int(np.bitwise_count(self._q_masks).sum() + np.bitwise_count(self._z_masks).sum())

    def check_weights(self, dd: bool) -> None:
        """Check that the weights of discrimination distance, if it counts, are not too many."""
        n_bytes = 64 * 8 * (self._q_words.size + self._z_words.size) * dd
        if n_bytes > MAX_WEIGHTS_BYTES:
            raise AgentError(
                f"expected at most {MAX_WEIGHTS_BYTES:,} bytes of weights, got {n_bytes:,}. "
                "Take fewer bits or connections, or leave discrimination distance out."
            )

    # ---------------------------------------------------------------- states

    def reset_state(self, number: int | None = None) -> Moment:
        """Let all neurons fire by chance: one more state, nothing is forgotten."""
        moment = self.noise(self._next(number))
        return self._enter(moment)

    def next_state(
        self,
        inputs: np.ndarray,
        label: np.ndarray | None = None,
        *,
        pleasure: bool = False,
        pain: bool = False,
        instincts: Sequence[bool] = (),
        dd: bool = False,
        hamming: bool = True,
        default: bool = True,
        unsequenced: bool = False,
    ) -> Moment:
        """Show an input and let every neuron fire once.

        With a label, the outputs are the label; with pleasure or an instinct, what they were before; with pain, the
        inverse of it; and all neurons learn. Otherwise they look up what they were taught.

        Parameters
        ----------
        inputs : numpy.ndarray
            (I,) bool, what is shown.
        label : numpy.ndarray, optional
            (Z,) bool. A label counts before pleasure, that before pain, that before instincts.
        pleasure, pain : bool
            Learn this input with the previous output, or with its inverse.
        instincts : sequence of bool
            Which instincts fire, at most ``n_instincts``: any of them learns as pleasure does.
        dd, hamming, default : bool
            Which rules count: discrimination distance, nearest rows, a random bit (else 0).
        unsequenced : bool
            First let all neurons fire by chance, so that nothing is learned of what came before.

        Raises
        ------
        AgentError
            Inputs, a label or instincts of another number.
        """
        shown = self._bits(inputs, self.n_inputs, "inputs")
        if len(instincts) > self.n_instincts:
            raise AgentError(f"expected at most {self.n_instincts} instincts, got {len(instincts)}.")
        if unsequenced:
            self.reset_state()
        control = np.array([label is not None, pleasure, pain, *instincts], bool)
        before = self.present
        if label is not None:
            output = self._bits(label, self.n_outputs, "label bits")
        elif pain and not pleasure:
            output = before.output ^ pack(np.ones(self.n_outputs, bool))
        else:
            output = before.output
        if control.any():
            moment = self.taught(shown, before, output, control)
            self.learn(moment, before)
        else:
            moment = self.fired(shown, before, self.number, dd=dd, hamming=hamming, default=default)
        self.number += 1
        return self._enter(moment)

    def settle(self, inputs: np.ndarray, number: int, n_steps: int, **rules: bool) -> list[Moment]:
        """Fire by chance, then look at an input for ``n_steps``: the states on the way; the present state stays.

        inputs (I,) bool; number: that of the first state, which its chance depends on.
        """
        shown = self._bits(inputs, self.n_inputs, "inputs")
        moments = [self.noise(number)]
        for step in range(1, n_steps + 1):
            before = moments[-1]
            if step > 2 and _stands_still(moments[-2], before):
                moments += [before] * (n_steps + 1 - step)
                break
            moments.append(self.fired(shown, before, number + step, **rules))
        return moments

    def noise(self, number: int) -> Moment:
        """The state in which all neurons fire by chance."""
        n = self.n_inputs
        inputs, inner = np.empty(self._n_words, np.uint64), np.empty(self._n_words, np.uint64)
        output = np.empty(self._z_size, np.uint64)
        for first, size, out in ((2 * n, n, inputs), (0, n, inner), (n, self.n_outputs, output)):
            kernels.noise(self.seed, number, first, size, out)
        rules = np.full(n + self.n_outputs, kernels.BY_CHANCE, np.uint8)
        return Moment(inputs, inner, output, np.zeros(1, np.uint64), rules)

    def fired(
        self, shown: np.ndarray, before: Moment, number: int, *, dd: bool = False, hamming: bool = True,
        default: bool = True,
    ) -> Moment:  # fmt: skip
        """The state after looking up: first the inner neurons, then, reading them, the outputs."""
        n = self.n_inputs
        inner, output = np.empty(self._n_words, np.uint64), np.empty(self._z_size, np.uint64)
        rules = np.empty(n + self.n_outputs, np.uint8)
        q_weights, z_weights = self._weighed() if dd else (_NO_WEIGHTS, _NO_WEIGHTS)
        how = (hamming, default, self.seed, number)
        now = np.concatenate([shown, before.inner])
        kernels.fire(now, *self.rows.inner, self._q_words, self._q_masks, q_weights, *how, 0, inner, rules[:n])
        now = np.concatenate([shown, inner, before.output])
        kernels.fire(now, *self.rows.output, self._z_words, self._z_masks, z_weights, *how, n, output, rules[n:])
        return Moment(shown, inner, output, np.zeros(1, np.uint64), rules)

    def taught(
        self, shown: np.ndarray, before: Moment, output: np.ndarray, control: Sequence[bool] = (True,)
    ) -> Moment:
        """The state in which the inner neurons are the input and the outputs what they shall be."""
        rules = np.full(self.n_inputs + self.n_outputs, kernels.BY_HAMMING, np.uint8)
        return Moment(shown, shown, output, pack(np.array(control, bool)), rules)

    def packed_inputs(self, bits: np.ndarray) -> np.ndarray:
        """Check and pack what the inputs see: (I,) bool -> (W,) uint64."""
        return self._bits(bits, self.n_inputs, "inputs")

    # ---------------------------------------------------------------- rows

    def learn(self, moment: Moment, before: Moment, source: bytes = b"") -> None:
        """Let all neurons remember a state and what came before it; nothing of one source is kept twice."""
        q_row = np.concatenate([moment.inputs, before.inner])
        z_row = np.concatenate([moment.inputs, moment.inner, before.output])
        self.add_rows((q_row[None], moment.inner[None], z_row[None], moment.output[None]), source)

    def add_rows(self, rows: tuple[np.ndarray, ...], source: bytes = b"") -> int:
        """Add rows as `agent.kinds.rows.Rows.take` gives them; returns how many were new."""
        self._weights = None
        return self.rows.add(rows, source)

    def forget(self, places: np.ndarray) -> None:
        """Drop rows; later ones move up. places (D,) int."""
        self._weights = None
        self.rows.forget(places)

    def distances(self, moment: Moment, before: Moment, neuron: int) -> np.ndarray:
        """How many bits each row differs in from what a neuron is shown: (R,) int32."""
        n = self.n_inputs
        if not 0 <= neuron < n + self.n_outputs:
            raise AgentError(f"expected a neuron from 0 to {n + self.n_outputs - 1}, got {neuron}.")
        if neuron < n:
            now, rows = (moment.inputs, before.inner), self.rows.inner[0]
            reach = self._q_words, self._q_masks, neuron
        else:
            now, rows = (moment.inputs, moment.inner, before.output), self.rows.output[0]
            reach = self._z_words, self._z_masks, neuron - n
        distances = np.empty(self.n_rows, np.int32)
        kernels.distances(rows ^ np.concatenate(now), *reach, distances)
        return distances

    def use(self, moment: Moment, before: Moment) -> None:
        """Deepen the impressions of the rows that are nearest for an output neuron."""
        outputs = range(self.n_inputs, self.n_inputs + self.n_outputs)
        away = [self.distances(moment, before, neuron) for neuron in outputs if self.n_rows]
        self.rows.deepen({row for each in away for row in np.flatnonzero(each == each.min()).tolist()})

    def why(self, moment: Moment, before: Moment, neuron: int) -> Why:
        """Say why a neuron fired as it did: neuron 0 … Q − 1 are inner, the rest outputs."""
        distances = self.distances(moment, before, neuron)
        inner, at = neuron < self.n_inputs, neuron % self.n_inputs
        nearest = np.flatnonzero(distances == distances.min()) if self.n_rows else np.zeros(0, np.int64)
        taught = (self.rows.inner if inner else self.rows.output)[1]
        return Why(
            bit=bool_at(moment.inner if inner else moment.output, at),
            rule=RULES[int(moment.rules[neuron])],
            rows=tuple(nearest.tolist()),
            taught=tuple(bool_at(taught[row], at) for row in nearest),
            distance=int(distances.min()) if self.n_rows else 0,
        )

    def connections(self, neuron: int) -> tuple[np.ndarray, ...]:
        """What a neuron reads: (I,) and (Q,) bool; an output neuron also (Z,) bool."""
        inner, at = neuron < self.n_inputs, neuron % self.n_inputs
        words, masks = (self._q_words, self._q_masks) if inner else (self._z_words, self._z_masks)
        dense = spread(words[at : at + 1], masks[at : at + 1], self.rows.widths[0 if inner else 2])[0]
        n, w = self.n_inputs, self._n_words
        parts = unpack(dense[:w], n), unpack(dense[w : 2 * w], n)
        return parts if inner else (*parts, unpack(dense[2 * w :], self.n_outputs))

    def same_wiring(self, other: Machine) -> bool:
        """Whether all connections are the same."""
        return all((mine == theirs).all() for mine, theirs in zip(self._dense(), other._dense(), strict=True))

    # ---------------------------------------------------------------- saving

    def tensors(self, told: np.ndarray) -> dict[str, np.ndarray]:
        """The wiring, some rows, the present state and the story, as bytes."""
        wiring = dict(zip(("q_wiring", "z_wiring"), self._dense(), strict=True))
        rows = dict(zip(_SAVED_ROWS, self.rows.take(told), strict=True))
        moments = [*self.moments, self.present]
        story = {
            name: np.array([getattr(moment, name) for moment in moments]) for name in ("inputs", "inner", "output")
        }
        story["control"] = np.array([moment.control[:1] for moment in moments])
        arrays = {name: array.view(np.uint8) for name, array in {**wiring, **rows, **story}.items()}
        return arrays | {
            "rules": np.array([moment.rules for moment in moments]),
            "number": np.array([self.number], np.int64),
        }

    def expected(self, tensors: Mapping[str, np.ndarray]) -> dict[str, tuple[tuple[int, ...], type, int, int]]:
        """What `restore` expects of each array: shape, type, least and most."""
        n, n_outputs, w, z = self.n_inputs, self.n_outputs, self._n_words, self._z_size
        n_told, n_moments = (len(tensors[name]) if name in tensors else 0 for name in ("q_rows", "rules"))
        shapes = {
            "q_wiring": (n, 2 * w), "z_wiring": (n_outputs, 2 * w + z), "q_rows": (n_told, 2 * w),
            "q_taught": (n_told, w), "z_rows": (n_told, 2 * w + z), "z_taught": (n_told, z),
            "inputs": (n_moments, w), "inner": (n_moments, w), "output": (n_moments, z), "control": (n_moments, 1),
        }  # fmt: skip
        expected = {name: ((rows, 8 * words), np.uint8, 0, 255) for name, (rows, words) in shapes.items()}
        expected["rules"] = ((max(1, n_moments), n + n_outputs), np.uint8, 0, max(RULES))
        return expected | {"number": ((1,), np.int64, 0, 2**62)}

    def restore(self, tensors: Mapping[str, np.ndarray]) -> int:
        """Take over checked arrays of `tensors`; returns how many rows there are now."""
        words = {name: np.ascontiguousarray(array).view(np.uint64) for name, array in tensors.items() if name in _SAVED}
        sizes = {"q_wiring": (self.n_inputs, self.n_inputs), "z_wiring": (self.n_inputs, self.n_inputs, self.n_outputs)}
        for name, parts in sizes.items():
            if strays(words[name], parts):
                raise AgentError(f"expected {name} of {parts} bits, got more. The file was changed.")
        self._q_words, self._q_masks = compact(words["q_wiring"])
        self._z_words, self._z_masks = compact(words["z_wiring"])
        self.add_rows(tuple(words[name] for name in _SAVED_ROWS))
        parts = (words["inputs"], words["inner"], words["output"], words["control"], tensors["rules"])
        moments = [Moment(*(part.copy() for part in moment)) for moment in zip(*parts, strict=True)]
        self.moments, self.present, self.number = moments[:-1], moments[-1], int(tensors["number"][0])
        return self.n_rows

    def _dense(self) -> tuple[np.ndarray, np.ndarray]:
        return (
            spread(self._q_words, self._q_masks, self.rows.widths[0]),
            spread(self._z_words, self._z_masks, self.rows.widths[2]),
        )

    # ---------------------------------------------------------------- inside

    def _weighed(self) -> tuple[np.ndarray, np.ndarray]:
        if self._weights is None:
            weights = []
            for rows, words, masks in ((self.rows.inner, self._q_words, self._q_masks),
                                       (self.rows.output, self._z_words, self._z_masks)):  # fmt: skip
                out = np.empty((len(words), 64 * words.shape[1]), np.int64)
                kernels.weigh(*rows, words, masks, out)
                weights.append(out)
            self._weights = weights[0], weights[1]
        return self._weights

    def _next(self, number: int | None) -> int:
        number = self.number if number is None else number
        self.number = number + 1
        return number

    def _enter(self, moment: Moment) -> Moment:
        self.present = moment
        self.moments.append(moment)
        return moment

    def _bits(self, bits: Any, n: int, name: str) -> np.ndarray:
        array = np.asarray(bits)
        if array.shape != (n,) or array.dtype != bool:
            raise AgentError(f"expected {n} {name} (bool), got {array.shape} {array.dtype}.")
        return pack(array)


_SAVED_ROWS = ("q_rows", "q_taught", "z_rows", "z_taught")
_SAVED = ("q_wiring", "z_wiring", *_SAVED_ROWS, "inputs", "inner", "output", "control")
_NO_WEIGHTS = np.zeros((0, 0), np.int64)


def _stands_still(before: Moment, moment: Moment) -> bool:
    """Whether the next state must be this one again: nothing changed, and no neuron went by chance."""
    alike = (before.inner == moment.inner).all() and (before.output == moment.output).all()
    return bool(alike) and not np.isin(moment.rules, (kernels.BY_CHANCE, kernels.BY_TIE)).any()
