"""The architecture of a state machine: its settings, named ones, and the codes of its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent import retina
from agent.errors import AgentError
from agent.kinds.checks import check_whole
from agent.kinds.eyes import EYES
from agent.kinds.wiring import CONNECTORS, Wiring

PIXELS = retina.SIDE * retina.SIDE
DIGITS = "0123456789"
CODES = {"binary": "the label as a binary number", "one_hot": "one neuron for each label"}

CHOICES: dict[str, tuple[str, ...]] = {"eyes": (*EYES,), "code": (*CODES,), "connector": (*CONNECTORS,)}


@dataclass(frozen=True)
class StateConfig:
    """Settings of `State`: its architecture, and how it is taught and asked.

    The defaults are the preset "better eyes"; `PRESETS` has the others.
    """

    seed: int = 0
    eyes: str = "canonical"  # or "reference"
    threshold: int = 96  # ink from here on is a 1
    n_bits: int = 1  # bits a pixel, as a thermometer; rows and wiring grow with it, wiring with its square
    n_outputs: int = 4  # output neurons: 2**n labels in binary code, n in one-hot
    code: str = "binary"  # or "one_hot"
    connector: str = "rectangular"  # see `agent.kinds.wiring.CONNECTORS`
    q_inputs: int = 392  # for random: bits that each neuron reads; what a guess takes grows with them
    q_neighbours: int = 261
    z_inner: int = 784
    z_neighbours: int = 4
    reach_x: int = 0  # for rectangular and nearest_neighbour: how far an inner neuron sees
    reach_y: int = 0
    neighbour_x: int = 0  # the same, among inner neurons
    neighbour_y: int = 0
    z_reads_inputs: bool = False
    z_reads_outputs: bool = True  # for all but random
    n_held: int = 2  # steps a lesson is held; each is a row
    n_steps: int = 10  # steps a drawing is looked at
    max_rows: int = 0  # rows kept, 0.4 kB each: the least used give way, at a guess for each lesson; 0 keeps all
    dd: bool = False  # whether discrimination distance counts
    hamming: bool = True  # whether the nearest rows count
    default: bool = True  # whether a neuron that nothing decides fires by chance, or not at all

    def __post_init__(self) -> None:
        n = PIXELS * self.n_bits if type(self.n_bits) is int else PIXELS
        limits = {"seed": (0, 2**62), "threshold": (1, 255), "n_bits": (1, 8), "n_outputs": (1, 62), "n_held": (1, 20)}
        limits |= {"q_inputs": (0, n), "q_neighbours": (0, n), "z_inner": (0, n), "z_neighbours": (0, self.n_outputs)}
        limits |= dict.fromkeys(("reach_x", "reach_y", "neighbour_x", "neighbour_y"), (0, retina.SIDE))
        check_whole(self, limits | {"n_steps": (1, 100), "max_rows": (0, 1_000_000)})
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise AgentError(f"expected {name} among {', '.join(choices)}, got {getattr(self, name)!r}.")
        for name in ("z_reads_inputs", "z_reads_outputs", "dd", "hamming", "default"):
            if type(getattr(self, name)) is not bool:
                raise AgentError(f"expected {name} as True or False, got {getattr(self, name)!r}.")
        if 0 < self.max_rows < 3:
            raise AgentError(f"expected max_rows of 0, to keep all, or at least 3, got {self.max_rows}.")
        if self.code == "binary" and self.n_outputs > 6:
            raise AgentError(f"expected at most 6 n_outputs in binary code, got {self.n_outputs}. Or take one_hot.")

    @property
    def preset(self) -> str:
        """The name of the preset that these are the settings of, or that they are one's own."""
        same = (name for name, wanted in PRESETS.items() if self == StateConfig(**{"seed": self.seed, **wanted}))
        return next(same, "your own")

    @property
    def n_labels(self) -> int:
        """How many labels the outputs can tell apart, at most 62."""
        return min(62, 2**self.n_outputs if self.code == "binary" else self.n_outputs)


PRESETS: dict[str, dict[str, Any]] = {
    "better eyes": {},
    "reference design": {"eyes": "reference", "threshold": 200, "connector": "random", "n_held": 1},
    "reference design, better eyes": {"connector": "random", "n_held": 1},
    "windows": {
        "eyes": "reference", "threshold": 200, "reach_x": 9, "reach_y": 9, "neighbour_x": 3, "neighbour_y": 3,
        "z_reads_outputs": False,
    },
    "one-hot": {"code": "one_hot", "n_outputs": 16},
    "grey": {"n_bits": 3},
}  # fmt: skip


def wired(config: StateConfig) -> Wiring:
    """Draw the wiring that settings ask for."""
    return Wiring.draw(
        config.connector, retina.SIDE, config.n_bits, config.n_outputs, np.random.default_rng(config.seed),
        q_inputs=config.q_inputs, q_neighbours=config.q_neighbours, z_inner=config.z_inner,
        z_neighbours=config.z_neighbours, reach=(config.reach_x, config.reach_y),
        neighbours=(config.neighbour_x, config.neighbour_y), z_reads_inputs=config.z_reads_inputs,
        z_reads_outputs=config.z_reads_outputs,
    )  # fmt: skip


def codes_of(labels: Sequence[str], config: StateConfig) -> dict[str, int]:
    """The code of each label: a digit's is the digit, the others' come behind, then where digits were not taught.

    It depends on which labels there are, not on their order.
    """
    codes = {label: int(label) for label in labels if label in DIGITS and int(label) < config.n_labels}
    used = set(codes.values())
    free = [code for code in [*range(10, config.n_labels), *range(min(10, config.n_labels))] if code not in used]
    others = sorted(label for label in labels if label not in codes)
    return codes | dict(zip(others, free, strict=False))
