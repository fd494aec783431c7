"""Which neurons of a state machine are connected to which.

Channels stand on a grid, one for each pixel, a bit or several each. An inner neuron (Q) reads inputs (I) and other
inner neurons; an output neuron (Z) reads inner neurons, inputs if so wished, and the outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from agent.errors import AgentError

CONNECTORS = {
    "full": "every input, every inner neuron",
    "forward_full": "every input, its own channel",
    "forward_forward": "its own channel alone",
    "random": "as many as named, drawn at birth",
    "nearest_neighbour": "a star: along row and column, and along the diagonals",
    "rectangular": "a box around its own channel",
}


@dataclass(frozen=True)
class Wiring:
    """The connections of all neurons, as booleans: True where a neuron reads a bit.

    Attributes
    ----------
    q_inputs, q_neighbours
        (Q, I) and (Q, Q) bool, what each inner neuron reads; there are as many inner neurons as inputs.
    z_inputs, z_inner, z_neighbours
        (Z, I), (Z, Q) and (Z, Z) bool, what each output neuron reads.
    """

    q_inputs: np.ndarray
    q_neighbours: np.ndarray
    z_inputs: np.ndarray
    z_inner: np.ndarray
    z_neighbours: np.ndarray

    def __post_init__(self) -> None:
        n, n_outputs = len(self.q_inputs), len(self.z_inner)
        shapes = ((n, n), (n, n), (n_outputs, n), (n_outputs, n), (n_outputs, n_outputs))
        for name, shape in zip(self.__dataclass_fields__, shapes, strict=True):
            array = getattr(self, name)
            if array.shape != shape or array.dtype != bool:
                raise AgentError(f"expected {name} of {shape} bool, got {array.shape} {array.dtype}.")

    @classmethod
    def draw(
        cls,
        connector: str,
        side: int,
        n_bits: int,
        n_outputs: int,
        rng: np.random.Generator,
        *,
        q_inputs: int = 0,
        q_neighbours: int = 0,
        z_inner: int = 0,
        z_neighbours: int = 0,
        reach: tuple[int, int] = (0, 0),
        neighbours: tuple[int, int] | None = None,
        z_reads_inputs: bool = False,
        z_reads_outputs: bool = True,
    ) -> Self:
        """Connect the neurons of a grid of ``side`` x ``side`` channels of ``n_bits`` bits.

        Parameters
        ----------
        connector : str
            One of `CONNECTORS`.
        q_inputs, q_neighbours, z_inner, z_neighbours : int
            For ``random``: how many bits each neuron reads, drawn without replacement.
        reach : (int, int)
            For ``rectangular`` x and y: the box is 2 x + 1 wide and 2 y + 1 high. For ``nearest_neighbour``: how far
            along row and column, and how far along the diagonals.
        neighbours : (int, int), optional
            The same for what is read of the other inner neurons; as ``reach`` unless given.
        z_reads_inputs, z_reads_outputs : bool
            Whether output neurons read every input as well, and, but for ``random``, the outputs before.

        Raises
        ------
        AgentError
            An unknown connector, or more bits to draw than there are.

        Examples
        --------
        >>> wiring = Wiring.draw("rectangular", 5, 1, 4, np.random.default_rng(0), reach=(1, 0))
        >>> np.flatnonzero(wiring.q_inputs[7]).tolist()
        [6, 7, 8]
        """
        if connector not in CONNECTORS:
            raise AgentError(f"expected a connector among {', '.join(CONNECTORS)}, got {connector!r}.")
        n = side * side * n_bits
        everything, own = np.ones((n, n), bool), _channels(np.eye(side * side, dtype=bool), n_bits)
        z_all, z_own = np.ones((n_outputs, n), bool), np.full((n_outputs, n_outputs), z_reads_outputs)
        z_sees = z_all if z_reads_inputs else ~z_all
        if connector == "random":
            return cls(
                _drawn(n, n, "q_inputs", q_inputs, rng),
                _drawn(n, n, "q_neighbours", q_neighbours, rng),
                z_sees,
                _drawn(n_outputs, n, "z_inner", z_inner, rng),
                _drawn(n_outputs, n_outputs, "z_neighbours", z_neighbours, rng),
            )
        near = {
            "full": (everything, everything),
            "forward_full": (everything, own),
            "forward_forward": (own, own),
        }.get(connector)
        if near is None:
            reaches = (reach, reach if neighbours is None else neighbours)
            near = tuple(_channels(_around(connector, side, *each), n_bits) for each in reaches)
        return cls(*near, z_sees, z_all, z_own)


def _channels(grid: np.ndarray, n_bits: int) -> np.ndarray:
    """Connect all bits of channels that are connected."""
    return np.repeat(np.repeat(grid, n_bits, axis=0), n_bits, axis=1)


def _around(connector: str, side: int, reach_x: int, reach_y: int) -> np.ndarray:
    """Which channels lie around each channel: (C, C) bool."""
    y, x = np.divmod(np.arange(side * side), side)
    across, down = np.abs(x[:, None] - x), np.abs(y[:, None] - y)
    if connector == "rectangular":
        return (across <= reach_x) & (down <= reach_y)
    straight = (np.minimum(across, down) == 0) & (np.maximum(across, down) <= reach_x)
    return straight | ((across == down) & (across <= reach_y))


def _drawn(n_neurons: int, n: int, name: str, n_drawn: int, rng: np.random.Generator) -> np.ndarray:
    """For each neuron some bits of ``n``, without replacement: (N, n) bool."""
    if not 0 <= n_drawn <= n:
        raise AgentError(f"expected {name} from 0 to {n}, got {n_drawn}.")
    reads = np.zeros((n_neurons, n), bool)
    for neuron in range(n_neurons):
        reads[neuron, rng.choice(n, n_drawn, replace=False)] = True
    return reads
