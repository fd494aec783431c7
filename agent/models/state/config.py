"""Settings of a state machine, its presets, its connectivity and the codes of its labels.

Pixels stand on a grid, each with one or more bits (a channel). An inner neuron (Q) reads inputs (I) and other inner
neurons; an output neuron (Z) reads inner neurons, optionally inputs, and the previous outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from agent import preprocessing
from agent.errors import AgentError
from agent.validation import check_settings, check_whole, setting

PIXELS = preprocessing.SIDE * preprocessing.SIDE
DIGITS = "0123456789"
CODES = {"binary": "the label as a binary number", "one_hot": "one neuron for each label"}
EYES = {
    "reference": "the drawing as it is, its centre of mass in the middle as MNIST has it",
    "canonical": "the drawing set upright, at one size, in the middle",
}
CONNECTORS = {
    "full": "every input, every inner neuron",
    "forward_full": "every input, its own channel",
    "forward_forward": "its own channel alone",
    "random": "a given number, drawn from the seed",
    "nearest_neighbour": "a star: x along row and column, y along the diagonals",
    "rectangular": "a box around its own channel, 2 x + 1 wide and 2 y + 1 high",
}
PRESETS: dict[str, dict[str, Any]] = {
    "better eyes": {},
    "reference design": {"eyes": "reference", "threshold": 200, "connector": "random", "n_held": 1},
    "reference design, better eyes": {"connector": "random", "n_held": 1},
    "windows": {
        "eyes": "reference",
        "threshold": 200,
        "reach_x": 9,
        "reach_y": 9,
        "neighbour_x": 3,
        "neighbour_y": 3,
        "z_reads_outputs": False,
    },
    "one-hot": {"code": "one_hot", "n_outputs": 16},
    "grey": {"n_bits": 3},
}


@dataclass(frozen=True)
class StateConfig:
    """Settings of `State`: its architecture, and how it is taught and asked.

    The defaults are the preset "better eyes"; `PRESETS` has the others.
    """

    seed: int = setting(0, "fixes the wiring, and what fires by chance")
    eyes: str = setting("canonical", "or reference", choices=EYES)
    threshold: int = setting(96, "ink from here on is a 1", ge=1, le=255)
    n_bits: int = setting(
        1, "bits a pixel, as a thermometer; rows and wiring grow with it, wiring with its square", ge=1, le=8
    )
    n_outputs: int = setting(4, "output neurons: 2**n labels in binary code, n in one-hot", ge=1, le=62)
    code: str = setting("binary", "or one_hot", choices=CODES)
    connector: str = setting("rectangular", "see CONNECTORS in agent/models/state/config.py", choices=CONNECTORS)
    q_inputs: int = setting(
        392, "for random: bits that each neuron reads; what a guess takes grows with them", le=8 * PIXELS
    )
    q_neighbours: int = setting(261, "for random: inner neurons that each inner neuron reads", le=8 * PIXELS)
    z_inner: int = setting(784, "for random: inner neurons that each output reads", le=8 * PIXELS)
    z_neighbours: int = setting(4, "for random: outputs that each output reads", le=62)
    reach_x: int = setting(
        0, "for rectangular and nearest_neighbour: how far an inner neuron sees", le=preprocessing.SIDE
    )
    reach_y: int = setting(0, "the same, down", le=preprocessing.SIDE)
    neighbour_x: int = setting(0, "the same, among inner neurons", le=preprocessing.SIDE)
    neighbour_y: int = setting(0, "the same, among inner neurons, down", le=preprocessing.SIDE)
    z_reads_inputs: bool = setting(False, "for all but random: whether outputs read inputs")
    z_reads_outputs: bool = setting(True, "for all but random: whether outputs read outputs")
    n_held: int = setting(2, "steps a lesson is held; each is a row", ge=1, le=20)
    n_steps: int = setting(10, "steps a drawing is looked at", ge=1, le=100)
    max_rows: int = setting(
        0, "rows remembered, 0.4 kB each: the least used give way, at a guess for each lesson; 0 for all", le=1_000_000
    )
    dd: bool = setting(False, "whether discrimination distance counts")
    hamming: bool = setting(True, "whether the nearest rows count")
    default: bool = setting(True, "whether a neuron that nothing decides fires by chance, or not at all")

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("q_inputs", "q_neighbours", "z_inner"):
            check_whole(name, getattr(self, name), 0, PIXELS * self.n_bits)
        check_whole("z_neighbours", self.z_neighbours, 0, self.n_outputs)
        if 0 < self.max_rows < 3:
            raise AgentError(f"expected max_rows of 0, to keep all, or at least 3, got {self.max_rows}.")
        if self.code == "binary" and self.n_outputs > 6:
            raise AgentError(f"expected at most 6 n_outputs in binary code, got {self.n_outputs}. Or take one_hot.")

    @property
    def preset(self) -> str:
        """The name of the preset that equals these settings, or "your own"."""
        same = (name for name, preset in PRESETS.items() if self == StateConfig(**{"seed": self.seed, **preset}))
        return next(same, "your own")

    @property
    def n_labels(self) -> int:
        """How many labels the outputs can encode, at most 62."""
        return min(62, 2**self.n_outputs if self.code == "binary" else self.n_outputs)


def label_codes(labels: Sequence[str], config: StateConfig) -> dict[str, int]:
    """Give each label its code: a digit's is the digit; other labels take the codes from 10 on, then unused digits.

    The codes depend on the set of labels, not on their order.
    """
    codes = {label: int(label) for label in labels if label in DIGITS and int(label) < config.n_labels}
    used = set(codes.values())
    free = [code for code in [*range(10, config.n_labels), *range(min(10, config.n_labels))] if code not in used]
    others = sorted(label for label in labels if label not in codes)
    return codes | dict(zip(others, free, strict=False))


@dataclass(frozen=True)
class Wiring:
    """The connections of all neurons, as booleans: True where a neuron reads a bit."""

    q_inputs: np.ndarray  # (Q, I) bool, what each inner neuron reads; there are as many as inputs
    q_neighbours: np.ndarray  # (Q, Q)
    z_inputs: np.ndarray  # (Z, I) bool, what each output neuron reads
    z_inner: np.ndarray  # (Z, Q)
    z_neighbours: np.ndarray  # (Z, Z)

    def __post_init__(self) -> None:
        n, n_outputs = len(self.q_inputs), len(self.z_inner)
        shapes = ((n, n), (n, n), (n_outputs, n), (n_outputs, n), (n_outputs, n_outputs))
        for name, shape in zip(self.__dataclass_fields__, shapes, strict=True):
            array = getattr(self, name)
            if array.shape != shape or array.dtype != bool:
                raise AgentError(f"expected {name} of {shape} bool, got {array.shape} {array.dtype}.")

    @classmethod
    def from_config(cls, config: StateConfig, side: int = preprocessing.SIDE) -> Self:
        """Connect the neurons of a grid of ``side`` x ``side`` channels as the settings say.

        Examples
        --------
        >>> wiring = Wiring.from_config(StateConfig(connector="rectangular", reach_x=1), side=5)
        >>> np.flatnonzero(wiring.q_inputs[7]).tolist()
        [6, 7, 8]
        """
        n, n_outputs, n_bits = side * side * config.n_bits, config.n_outputs, config.n_bits
        z_all = np.ones((n_outputs, n), bool)
        z_inputs = np.full((n_outputs, n), config.z_reads_inputs)
        if config.connector == "random":
            rng = np.random.default_rng(config.seed)
            return cls(
                _random_reads(n, n, config.q_inputs, rng),
                _random_reads(n, n, config.q_neighbours, rng),
                z_inputs,
                _random_reads(n_outputs, n, config.z_inner, rng),
                _random_reads(n_outputs, n_outputs, config.z_neighbours, rng),
            )
        everything, channel = np.ones((n, n), bool), _channels(np.eye(side * side, dtype=bool), n_bits)
        match config.connector:
            case "full":
                reads = everything, everything
            case "forward_full":
                reads = everything, channel
            case "forward_forward":
                reads = channel, channel
            case connector:
                reaches = (config.reach_x, config.reach_y), (config.neighbour_x, config.neighbour_y)
                reads = tuple(_channels(_neighbourhood(connector, side, *reach), n_bits) for reach in reaches)
        return cls(*reads, z_inputs, z_all, np.full((n_outputs, n_outputs), config.z_reads_outputs))


def _channels(grid: np.ndarray, n_bits: int) -> np.ndarray:
    """Connect all bits of connected channels: (C, C) bool -> (C n_bits, C n_bits) bool."""
    return np.repeat(np.repeat(grid, n_bits, axis=0), n_bits, axis=1)


def _neighbourhood(connector: str, side: int, reach_x: int, reach_y: int) -> np.ndarray:
    """Which channels lie in the neighbourhood of each channel: (C, C) bool."""
    y, x = np.divmod(np.arange(side * side), side)
    across, down = np.abs(x[:, None] - x), np.abs(y[:, None] - y)
    if connector == "rectangular":
        return (across <= reach_x) & (down <= reach_y)
    straight = (np.minimum(across, down) == 0) & (np.maximum(across, down) <= reach_x)
    return straight | ((across == down) & (across <= reach_y))


def _random_reads(n_neurons: int, n: int, n_reads: int, rng: np.random.Generator) -> np.ndarray:
    """Draw which bits of ``n`` each neuron reads, without replacement: (N, n) bool."""
    reads = np.zeros((n_neurons, n), bool)
    for neuron in range(n_neurons):
        reads[neuron, rng.choice(n, n_reads, replace=False)] = True
    return reads
