"""Linearithmic layers and gated units: every input reaches every output, counts, spread and slopes."""

import itertools
import math

import naive_frames as naive
import numpy as np
import pytest

from agent.errors import AgentError
from agent.kernels import linearithmic
from agent.models.frames.layers import Layer, Tape, Unit, UnitPass, Weights, backward, forward

TRIPLES = [
    (784, 784, 16),
    (784, 784, 28),
    (784, 784, 10),
    (784, 10, 16),
    (10, 784, 16),
    (256, 256, 4),
    (512, 256, 4),
    (300, 300, 16),
    (27, 27, 3),
    (30, 11, 3),
    (11, 30, 3),
    (97, 89, 5),
    (64, 64, 2),
    (1, 7, 2),
    (7, 1, 2),
    (129, 64, 8),
]


@pytest.mark.parametrize(("n_in", "n_out", "base"), TRIPLES)
@pytest.mark.parametrize("local_first", [False, True])
def test_every_input_reaches_every_output(n_in, n_out, base, local_first):
    layer = Layer(n_in, n_out, base, local_first)
    reached = np.eye(math.prod(layer.plan[0, [0, 1, 3]].tolist()), n_in, dtype=bool).T  # inputs x places
    for pairs, (hi, _, b, lo, *_) in zip(layer.connections(), layer.plan.tolist(), strict=True):
        after = np.zeros((n_in, hi * b * lo), bool)
        for of, to in pairs.T:
            after[:, to] |= reached[:, of]
        reached = after
    assert reached[:, :n_out].all()


@pytest.mark.parametrize(("n_in", "n_out", "base"), TRIPLES)
def test_weights_are_unique_and_as_many_as_the_formula_says(n_in, n_out, base):
    layer = Layer(n_in, n_out, base)
    hi, a, b, lo = layer.plan[:, :4].T
    assert layer.n_weights == int((hi * lo * a * b).sum()) and layer.n_biases == int((hi * lo * b).sum())
    assert layer.n_parameters == layer.n_weights + layer.n_biases == len(layer.init(np.random.default_rng(0)))
    for pairs, (hi, a, b, lo, *_) in zip(layer.connections(), layer.plan.tolist(), strict=True):
        assert len({tuple(pair) for pair in pairs.T.tolist()}) == hi * a * b * lo  # no pair shares its weight


def test_counts_are_those_that_were_worked_out_by_hand():
    assert (Layer(784, 784, 16).n_weights, Layer(784, 784, 16).n_biases) == (36_864, 3_072)
    assert (Layer(784, 784, 28).n_weights, Layer(784, 784, 28).n_biases) == (43_904, 1_568)
    assert (Layer(784, 10, 16).n_weights, Layer(784, 10, 16).n_biases) == (1_440, 282)
    assert Layer(64, 64, 4).n_parameters + Layer(64, 10, 4).n_parameters == 1_160
    assert Layer(64, 256, 4).n_parameters + Layer(256, 10, 4).n_parameters == 4_872
    for n, d in ((2, 5), (4, 4), (8, 2)):
        assert Layer(n**d, n**d, n).n_weights == d * n * n**d


def test_far_partners_come_first_as_in_the_fast_fourier_transform():
    far, near = Layer(8, 8, 2), Layer(8, 8, 2, local_first=True)
    for layer, strides in ((far, (4, 2, 1)), (near, (1, 2, 4))):
        for pairs, stride in zip(layer.connections(), strides, strict=True):
            assert {abs(of - to) for of, to in pairs.T.tolist()} == {0, stride}


@pytest.mark.parametrize(("n_in", "n_out", "base"), [each for each in TRIPLES if min(each[:2]) > 1])
@pytest.mark.parametrize(("local_first", "skip"), [(False, False), (True, False), (False, True)])
def test_numbers_keep_their_spread_at_birth(n_in, n_out, base, local_first, skip):
    layer, outs = Layer(n_in, n_out, base, local_first, skip=skip), []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        weights, tape = layer.init(rng), Tape.of(layer)
        outs += [forward(layer, weights, rng.standard_normal(n_in).astype(np.float32), tape) for _ in range(20)]
    assert 0.8 <= np.std(outs) <= 1.2


@pytest.mark.parametrize(("n_in", "n_out", "base"), [(7, 7, 2), (30, 11, 3), (11, 30, 3), (27, 27, 3), (97, 89, 5)])
@pytest.mark.parametrize(("local_first", "soft", "skip"), [*itertools.product([False, True], repeat=3)])
def test_a_layer_is_its_plain_twin_and_its_slopes_are_right(n_in, n_out, base, local_first, soft, skip):
    layer, rng = Layer(n_in, n_out, base, local_first, soft, skip), np.random.default_rng(n_in)
    weights = layer.init(rng, np.float64) + 0.1 * rng.standard_normal(layer.n_parameters)
    x, up, tape = rng.standard_normal(n_in), rng.standard_normal(n_out), Tape.of(layer, np.float64)
    got, expected = forward(layer, weights, x, tape), naive.layer(weights, layer.plan, soft, skip, x)[:n_out]
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)
    gradient = np.zeros_like(weights)
    down = backward(layer, weights, tape, up, gradient)

    def loss(weights, x):
        return forward(layer, weights, x, Tape.of(layer, np.float64)) @ up

    for array, slopes in ((weights, gradient), (x, down)):
        for place in rng.choice(len(array), min(25, len(array)), replace=False):
            step = np.zeros_like(array)
            step[place] = 1e-6
            ends = [(weights + s * step, x) if array is weights else (weights, x + s * step) for s in (1, -1)]
            measured = (loss(*ends[0]) - loss(*ends[1])) / 2e-6
            assert abs(measured - slopes[place]) < 1e-6


@pytest.mark.parametrize(("n_in", "n_out"), [(12, 12), (24, 12), (20, 9)])
def test_slopes_of_a_gated_unit_are_right(n_in, n_out):
    unit, rng = Unit(n_in, n_out, base=3), np.random.default_rng(3)
    weights, x, up = unit.init(rng, np.float64), rng.standard_normal(n_in), rng.standard_normal(n_out)
    once, gradient = UnitPass(unit, np.float64), np.zeros(unit.n_parameters)
    once.forward(weights, x)
    down = once.backward(weights, up, gradient)
    for array, slopes in ((weights, gradient), (x, down)):
        for place in range(len(array)):
            ends = []
            for sign in (1e-6, -1e-6):
                moved = array.copy()
                moved[place] += sign
                given = (moved, x) if array is weights else (weights, moved)
                ends.append(UnitPass(unit, np.float64).forward(*given) @ up)
            assert abs((ends[0] - ends[1]) / 2e-6 - slopes[place]) < 1e-6


def test_a_unit_is_what_its_formula_says():
    unit, rng = Unit(6, 4, base=2), np.random.default_rng(1)
    weights, x = unit.init(rng, np.float64), rng.standard_normal(6)
    parts = np.split(weights, np.cumsum([layer.n_parameters for layer in unit.layers])[:-1])
    run = [
        lambda x, of=layer, w=part: naive.layer(w, of.plan, True, False, x)[: of.n_out]
        for layer, part in zip(unit.layers, parts, strict=True)
    ]
    y = run[0](x)
    y = y / (1 + abs(y))
    f = 1 / (1 + np.exp(-run[1](y)))
    expected = (1 - f) * x[:4] + f * 1.2 * np.tanh(run[2](f * y))
    np.testing.assert_allclose(UnitPass(unit, np.float64).forward(weights, x), expected, atol=1e-12)


def test_steps_of_adam_are_as_published():
    rng = np.random.default_rng(0)
    born, gradients = rng.standard_normal(9), rng.standard_normal((5, 9))
    weights = Weights(born.copy())
    for gradient in gradients:
        weights.gradients[:] = gradient
        weights.step(0.01)
    np.testing.assert_allclose(weights.values, naive.adam(born, gradients, 0.01), atol=1e-8)
    assert not weights.gradients.any() and weights.n_steps == 5


@pytest.mark.parametrize(("n_rows", "n_columns"), [(1, 6), (6, 1), (3, 5), (7, 4)])
def test_rows_are_turned_into_columns(n_rows, n_columns):
    numbers, got = np.random.default_rng(0).standard_normal(30 + n_rows * n_columns), np.zeros(n_rows * n_columns)
    linearithmic.turn(numbers, n_rows, got)
    assert (got == naive.turn(numbers, n_rows, len(got))).all()


@pytest.mark.parametrize("given", [(0, 4, 4), (4, 131_073, 4), (4, 4, 1), (4.0, 4, 4), (4, 4, 257)])
def test_a_layer_of_impossible_size_is_refused_with_its_number(given):
    with pytest.raises(AgentError, match=r"whole number from .*, got"):
        Layer(*given)
