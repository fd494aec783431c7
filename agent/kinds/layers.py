"""Linearithmic dense layers and minimal gated units: what `recurrent` is made of.

A layer of N numbers has about d·n·N weights where a dense one has N², d the digits of N to the base n, and still every
input reaches every output. A minimal gated unit (Zhou, Wu, Zhang, Zhou 2016) keeps or renews each of its numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from agent.errors import AgentError
from agent.kernels import ldl

MAX_SIZE = 2**17


def axes(size: int, base: int, n_axes: int) -> list[int]:
    """Write a size as axes of at most ``base``, filled from the right; their product is the size or a little more.

    Examples
    --------
    >>> axes(784, 16, 3), axes(10, 16, 3), axes(32768, 16, 4)
    ([4, 16, 16], [1, 1, 10], [8, 16, 16, 16])
    """
    out, product = [1] * n_axes, 1
    for i in reversed(range(n_axes)):
        if product >= size:
            break
        out[i] = min(base, -(-size // product))
        product *= out[i]
    return out


@dataclass(frozen=True)
class Layer:
    """A linearithmic dense layer from ``n_in`` to ``n_out`` numbers.

    Attributes
    ----------
    n_in, n_out : int
        1 to 131,072.
    base : int
        How many numbers a sub-layer mixes at once, 2 to 256.
    local_first : bool
        Mix neighbours first and the most distant partners last; else the other way round, as in the fast Fourier
        transform.
    soft : bool
        Put x / (1 + |x|) before every sub-layer but the first; without it the layer is linear.
    skip : bool
        Add its input to what a sub-layer gives, where both have one size.

    Examples
    --------
    >>> layer = Layer(784, 784, base=16)
    >>> layer.n_weights, layer.n_biases
    (36864, 3072)
    >>> Layer(784, 10, base=16).n_weights
    1440
    """

    n_in: int
    n_out: int
    base: int = 4
    local_first: bool = False
    soft: bool = False
    skip: bool = False

    def __post_init__(self) -> None:
        for name, low, high in (("n_in", 1, MAX_SIZE), ("n_out", 1, MAX_SIZE), ("base", 2, 256)):
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise AgentError(f"expected {name} of a layer as a whole number from {low} to {high:,}, got {value!r}.")
        n_axes = 1
        while self.base**n_axes < max(self.n_in, self.n_out):
            n_axes += 1
        now, after = axes(self.n_in, self.base, n_axes), axes(self.n_out, self.base, n_axes)
        rows, at = [], 0
        for i in reversed(range(n_axes)) if self.local_first else range(n_axes):
            hi, a, b, lo = math.prod(now[:i]), now[i], after[i], math.prod(now[i + 1 :])
            turns = (hi * lo, 1) if self.local_first else (1, b)
            rows.append((hi, a, b, lo, at, at + hi * a * b * lo, *turns))
            at += hi * b * lo * (a + 1)
            now[i] = b
        plan = np.array(rows, np.int64)
        plan.setflags(write=False)
        object.__setattr__(self, "plan", plan)

    @property
    def n_weights(self) -> int:
        """Weights, without biases."""
        return int((self.plan[:, 0] * self.plan[:, 1] * self.plan[:, 2] * self.plan[:, 3]).sum())

    @property
    def n_biases(self) -> int:
        """Biases: one for each output of each sub-layer."""
        return int((self.plan[:, 0] * self.plan[:, 2] * self.plan[:, 3]).sum())

    @property
    def n_parameters(self) -> int:
        """Everything that is learned."""
        return self.n_weights + self.n_biases

    @property
    def n_tape(self) -> int:
        """Numbers to remember of a pass, for the way back."""
        return int((self.plan[:, 0] * self.plan[:, 1] * self.plan[:, 3]).sum())

    @property
    def widest(self) -> int:
        """The most numbers between two sub-layers."""
        return int((self.plan[:, 0] * self.plan[:, 1:3].max(axis=1) * self.plan[:, 3]).max())

    def born(self, rng: np.random.Generator, dtype: type = np.float32) -> np.ndarray:
        """Roll weights that keep the spread of the numbers, biases 0: (P,) float.

        What mixes ``a`` numbers gets weights of standard deviation 1/√a; padding, which is always 0, does not count.
        """
        out = np.zeros(self.n_parameters, dtype)
        live = np.arange(int(self.plan[0, [0, 1, 3]].prod())) < self.n_in
        for hi, a, b, lo, start, end, _, _ in self.plan.tolist():
            n_live = live.reshape(hi, a, lo).sum(axis=1)
            out[start:end] = (rng.standard_normal((a, b, lo, hi)) / np.sqrt(np.maximum(1, n_live.T))).ravel()
            live = np.repeat(n_live[:, None] > 0, b, axis=1).ravel()
        return out

    def partners(self) -> list[np.ndarray]:
        """Which input each weight of each sub-layer reads and which output it feeds: (2, weights) int64 for each.

        Examples
        --------
        >>> Layer(4, 4, base=2).partners()[0].T[:3].tolist()
        [[0, 0], [1, 1], [0, 2]]
        """
        found = []
        for hi, a, b, lo, *_ in self.plan.tolist():
            k, o, low, h = np.indices((a, b, lo, hi))
            found.append(np.stack([(h * a + k) * lo + low, (h * b + o) * lo + low]).reshape(2, -1))
        return found


def silent(layer: Layer, rng: np.random.Generator, dtype: type = np.float32) -> np.ndarray:
    """Roll weights of a layer that gives nothing at first: those of its last sub-layer are 0."""
    out = layer.born(rng, dtype)
    out[int(layer.plan[-1, 4]) :] = 0
    return out


class Tape(NamedTuple):
    """Room for what a pass through a layer leaves behind, and scratch."""

    seen: np.ndarray
    scratch: np.ndarray

    @classmethod
    def of(cls, layer: Layer, dtype: type = np.float32) -> Tape:
        """Make room for one pass."""
        return cls(np.zeros(layer.n_tape, dtype), np.empty((3, layer.widest), dtype))


def forward(layer: Layer, weights: np.ndarray, x: np.ndarray, tape: Tape) -> np.ndarray:
    """Run a layer: (n_in,) float -> (n_out,) float, both of the weights' type.

    Examples
    --------
    >>> layer = Layer(6, 3, base=2)
    >>> forward(layer, layer.born(np.random.default_rng(0)), np.zeros(6, np.float32), Tape.of(layer)).tolist()
    [0.0, 0.0, 0.0]
    """
    out = np.empty(layer.n_out, weights.dtype)
    ldl.forward(weights, layer.plan, layer.soft, layer.skip, x, tape.seen, tape.scratch, out)
    return out


def backward(layer: Layer, weights: np.ndarray, tape: Tape, up: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Run it back: slopes of its outputs -> slopes of its inputs; those of the weights are added to ``gradient``."""
    down = np.empty(layer.n_in, weights.dtype)
    ldl.backward(weights, layer.plan, layer.soft, layer.skip, tape.seen, up, tape.scratch, gradient, down)
    return down


@dataclass(frozen=True)
class Unit:
    """A minimal gated unit of linearithmic layers, from ``n_in`` to ``n_out`` numbers, n_in ≥ n_out.

    y = x, or a layer of x if the sizes differ; f = σ(z(y)); out = (1 − f)·x[:n_out] + f·gain·tanh(h(f·y)).

    Examples
    --------
    >>> Unit(8, 4, base=2).n_parameters == Layer(8, 4, 2).n_parameters + 2 * Layer(4, 4, 2).n_parameters
    True
    """

    n_in: int
    n_out: int
    base: int = 4
    local_first: bool = False
    skip: bool = False
    gain: float = 1.2

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The input layer if there is one, the gate's and the new values'."""
        how = (self.base, self.local_first, True, self.skip)
        square = Layer(self.n_out, self.n_out, *how)
        return (square, square) if self.n_in == self.n_out else (Layer(self.n_in, self.n_out, *how), square, square)

    @property
    def n_parameters(self) -> int:
        """Everything that is learned."""
        return sum(layer.n_parameters for layer in self.layers)

    def born(self, rng: np.random.Generator, dtype: type = np.float32) -> np.ndarray:
        """Roll all weights: (P,) float."""
        return np.concatenate([layer.born(rng, dtype) for layer in self.layers])


class UnitPass:
    """One pass through a unit, forwards and then back.

    Parameters
    ----------
    unit : Unit
    dtype : type
        numpy.float32, or numpy.float64 where gradients are checked.
    """

    def __init__(self, unit: Unit, dtype: type = np.float32) -> None:
        self.unit, self.dtype = unit, dtype
        self._layers = unit.layers
        self._tapes = [Tape.of(layer, dtype) for layer in self._layers]
        ends = np.cumsum([0, *(layer.n_parameters for layer in self._layers)]).tolist()
        self._slices = [slice(start, end) for start, end in zip(ends[:-1], ends[1:], strict=True)]

    def forward(self, weights: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(n_in,) float -> (n_out,) float."""
        self._x = x
        y = x
        if len(self._layers) == 3:
            self._entered = self._run(0, weights, x)
            y = self._entered / (1 + np.abs(self._entered))
        self._y = y
        self._f = 1 / (1 + np.exp(-self._run(-2, weights, y)))
        self._new = np.tanh(self._run(-1, weights, self._f * y))
        return (1 - self._f) * x[: self.unit.n_out] + self._f * self.dtype(self.unit.gain) * self._new

    def backward(self, weights: np.ndarray, up: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Slopes of the outputs -> slopes of the inputs; those of the weights are added to ``gradient``."""
        f, new, y, gain = self._f, self._new, self._y, self.dtype(self.unit.gain)
        kept = self._x[: self.unit.n_out]
        of_new = self._back(-1, weights, up * f * gain * (1 - new * new), gradient)
        of_f = up * (gain * new - kept) + of_new * y
        of_y = of_new * f + self._back(-2, weights, of_f * f * (1 - f), gradient)
        if len(self._layers) == 3:
            rest = 1 - np.abs(y)
            of_y = self._back(0, weights, of_y * rest * rest, gradient)
        of_y[: self.unit.n_out] += up * (1 - f)
        return of_y

    def _run(self, place: int, weights: np.ndarray, x: np.ndarray) -> np.ndarray:
        return forward(self._layers[place], weights[self._slices[place]], x, self._tapes[place])

    def _back(self, place: int, weights: np.ndarray, up: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        part = self._slices[place]
        return backward(self._layers[place], weights[part], self._tapes[place], up, gradient[part])


class Weights:
    """Parameters that learn by Adam, with the slopes that have been gathered since the last step.

    Examples
    --------
    >>> one = Weights(np.zeros(1, np.float32))
    >>> one.slopes[:] = 5
    >>> one.learn(0.01)
    >>> round(float(one.now[0]), 4), one.slopes.tolist()
    (-0.01, [0.0])
    """

    def __init__(self, born: np.ndarray) -> None:
        self.now = born
        self.mean, self.square, self.slopes = (np.zeros_like(born) for _ in range(3))
        self.n_steps = 0

    def learn(self, rate: float) -> None:
        """Take one step against the slopes, and clear them."""
        self.n_steps += 1
        ldl.adam(self.now, self.slopes, self.mean, self.square, self.n_steps, rate)

    def tensors(self, name: str) -> dict[str, np.ndarray]:
        """Give what must be saved."""
        return {name: self.now, f"{name}_mean": self.mean, f"{name}_square": self.square}

    def fill(self, name: str, tensors: Mapping[str, np.ndarray], n_steps: int) -> None:
        """Take back what `tensors` gave, already checked."""
        self.now[:], self.mean[:], self.square[:] = (tensors[each] for each in self.tensors(name))
        self.n_steps = n_steps
