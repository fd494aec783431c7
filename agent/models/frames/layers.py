"""Linearithmic dense layers and minimal gated units, the parts of `agent.models.frames.recurrent`.

In the literature: butterfly factorisations of linear layers (Dao et al. 2019), here of any radix (`base`), and the
minimal gated unit (Zhou et al. 2016). A layer of N numbers has about d·n·N weights where a dense one has N², d the
digits of N to the base n, and still every input reaches every output.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from agent.kernels import linearithmic
from agent.validation import check_settings, setting

MAX_SIZE = 2**17


def axes(size: int, base: int, n_axes: int) -> list[int]:
    """Factor a size into axes of at most ``base``, filled from the right; their product is at least the size.

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

    Examples
    --------
    >>> layer = Layer(784, 784, base=16)
    >>> layer.n_weights, layer.n_biases
    (36864, 3072)
    >>> Layer(784, 10, base=16).n_weights
    1440
    """

    n_in: int = setting(ge=1, le=MAX_SIZE)
    n_out: int = setting(ge=1, le=MAX_SIZE)
    base: int = setting(4, ge=2, le=256)  # numbers that a sub-layer mixes at once (the radix)
    # mix neighbours first, the most distant partners last; else the other way round, as in the FFT
    local_first: bool = False
    soft: bool = False  # put x / (1 + |x|) before every sub-layer but the first; without it the layer is linear
    skip: bool = False  # add its input to what a sub-layer gives, where both have one size

    def __post_init__(self) -> None:
        check_settings(self, "a layer's ")
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
        """Weights and biases."""
        return self.n_weights + self.n_biases

    @property
    def n_tape(self) -> int:
        """Numbers that a forward pass stores for the backward pass."""
        return int((self.plan[:, 0] * self.plan[:, 1] * self.plan[:, 3]).sum())

    @property
    def widest(self) -> int:
        """The largest number of values between two sub-layers."""
        return int((self.plan[:, 0] * self.plan[:, 1:3].max(axis=1) * self.plan[:, 3]).max())

    def init(self, rng: np.random.Generator, dtype: type = np.float32) -> np.ndarray:
        """Draw weights that keep the variance of the values, biases 0: (P,) float.

        A sub-layer that mixes ``a`` numbers gets weights of standard deviation 1/√a; padding does not count.
        """
        out = np.zeros(self.n_parameters, dtype)
        live = np.arange(int(self.plan[0, [0, 1, 3]].prod())) < self.n_in
        for hi, a, b, lo, start, end, _, _ in self.plan.tolist():
            n_live = live.reshape(hi, a, lo).sum(axis=1)
            out[start:end] = (rng.standard_normal((a, b, lo, hi)) / np.sqrt(np.maximum(1, n_live.T))).ravel()
            live = np.repeat(n_live[:, None] > 0, b, axis=1).ravel()
        return out

    def connections(self) -> list[np.ndarray]:
        """Which input each weight of each sub-layer reads and which output it feeds: (2, weights) int64 a sub-layer.

        Examples
        --------
        >>> Layer(4, 4, base=2).connections()[0].T[:3].tolist()
        [[0, 0], [1, 1], [0, 2]]
        """
        pairs = []
        for hi, a, b, lo, *_ in self.plan.tolist():
            k, o, low, h = np.indices((a, b, lo, hi))
            pairs.append(np.stack([(h * a + k) * lo + low, (h * b + o) * lo + low]).reshape(2, -1))
        return pairs


def zero_init(layer: Layer, rng: np.random.Generator) -> np.ndarray:
    """Draw weights of a layer whose outputs are 0 at first: its last sub-layer is 0."""
    out = layer.init(rng)
    out[int(layer.plan[-1, 4]) :] = 0
    return out


class Tape(NamedTuple):
    """Activations that a forward pass stores for the backward pass, and scratch."""

    activations: np.ndarray
    scratch: np.ndarray

    @classmethod
    def of(cls, layer: Layer, dtype: type = np.float32) -> Tape:
        """Allocate the tape of one pass."""
        return cls(np.zeros(layer.n_tape, dtype), np.empty((3, layer.widest), dtype))


def forward(layer: Layer, weights: np.ndarray, x: np.ndarray, tape: Tape) -> np.ndarray:
    """Forward pass: (n_in,) float -> (n_out,) float, both of the weights' type.

    Examples
    --------
    >>> layer = Layer(6, 3, base=2)
    >>> forward(layer, layer.init(np.random.default_rng(0)), np.zeros(6, np.float32), Tape.of(layer)).tolist()
    [0.0, 0.0, 0.0]
    """
    out = np.empty(layer.n_out, weights.dtype)
    linearithmic.forward(weights, layer.plan, layer.soft, layer.skip, x, tape.activations, tape.scratch, out)
    return out


def backward(layer: Layer, weights: np.ndarray, tape: Tape, up: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Backward pass: gradient of the outputs -> of the inputs; that of the weights is added to ``gradient``."""
    down = np.empty(layer.n_in, weights.dtype)
    plan, soft, skip = layer.plan, layer.soft, layer.skip
    linearithmic.backward(weights, plan, soft, skip, tape.activations, up, tape.scratch, gradient, down)
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
        """The input layer, if sizes differ, the gate's and the candidate's."""
        how = (self.base, self.local_first, True, self.skip)
        square = Layer(self.n_out, self.n_out, *how)
        return (square, square) if self.n_in == self.n_out else (Layer(self.n_in, self.n_out, *how), square, square)

    @property
    def n_parameters(self) -> int:
        """Weights and biases."""
        return sum(layer.n_parameters for layer in self.layers)

    def init(self, rng: np.random.Generator, dtype: type = np.float32) -> np.ndarray:
        """Draw all weights: (P,) float."""
        return np.concatenate([layer.init(rng, dtype) for layer in self.layers])


class UnitPass:
    """One forward and backward pass through a unit.

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
            self._projected = self._run(0, weights, x)
            y = self._projected / (1 + np.abs(self._projected))
        self._y = y
        self._f = 1 / (1 + np.exp(-self._run(-2, weights, y)))
        self._new = np.tanh(self._run(-1, weights, self._f * y))
        return (1 - self._f) * x[: self.unit.n_out] + self._f * self.dtype(self.unit.gain) * self._new

    def backward(self, weights: np.ndarray, up: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Gradient of the outputs -> of the inputs; that of the weights is added to ``gradient``."""
        f, new, y, gain = self._f, self._new, self._y, self.dtype(self.unit.gain)
        carried = self._x[: self.unit.n_out]
        of_new = self._back(-1, weights, up * f * gain * (1 - new * new), gradient)
        of_f = up * (gain * new - carried) + of_new * y
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
    """Parameters with Adam (Kingma and Ba 2015), and the gradient accumulated since the last step.

    Examples
    --------
    >>> one = Weights(np.zeros(1, np.float32))
    >>> one.gradients[:] = 5
    >>> one.step(0.01)
    >>> round(float(one.values[0]), 4), one.gradients.tolist()
    (-0.01, [0.0])
    """

    def __init__(self, init: np.ndarray) -> None:
        self.values = init
        self.mean, self.square, self.gradients = (np.zeros_like(init) for _ in range(3))
        self.n_steps = 0

    def step(self, learning_rate: float) -> None:
        """Take one step of Adam and clear the gradient."""
        self.n_steps += 1
        linearithmic.adam(self.values, self.gradients, self.mean, self.square, self.n_steps, learning_rate)

    def tensors(self, name: str) -> dict[str, np.ndarray]:
        """Arrays to save."""
        return {name: self.values, f"{name}_mean": self.mean, f"{name}_square": self.square}

    def load_tensors(self, name: str, tensors: Mapping[str, np.ndarray], n_steps: int) -> None:
        """Load arrays that `tensors` gave, once they are checked."""
        self.values[:], self.mean[:], self.square[:] = (tensors[part] for part in self.tensors(name))
        self.n_steps = n_steps
