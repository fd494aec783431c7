"""Every kernel of numbers does exactly what its plain twin does."""

import naive_numbers as naive
import numpy as np
import pytest

from agent.datasets.copy_numbers import REWARDS
from agent.expressions import compile_expression, evaluate
from agent.kernels import regression, rng

FORMULAS = [
    *REWARDS.values(),
    "-e**2 / (1 + e*e)",
    "max(1 - abs(e), -3, 0.5*e) - min(e, 2)",
    "sqrt(abs(e) + 1) - log(e*e + 2)",
    "-(e < 0.5) * e + +3",
    "2**(0 - e)",
]


@pytest.fixture
def lessons():
    xs = np.empty(37)
    rng.draw(np.uint64(5), np.uint64(0), -3.0, 8.0, False, xs)
    return xs, 2 * xs - 1


@pytest.mark.parametrize("whole", [False, True])
def test_numbers_are_drawn_as_its_plain_twin_draws_them(whole):
    got = np.empty(300)
    rng.draw(np.uint64(7), np.uint64(11), -4.0, 9.0, whole, got)
    assert got.tolist() == naive.draw(7, 11, -4.0, 9.0, whole, 300)
    assert got.min() >= -4 and got.max() <= 9 and (not whole or set(got) == set(range(-4, 10)))


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_translated_formula_has_the_value_that_python_computes(formula):
    program = compile_expression(formula, "reward", "e")
    for error in np.linspace(-7, 7, 57).tolist():
        assert program(error) == pytest.approx(naive.computed(formula, {"e": error}), rel=1e-14, abs=1e-14)
        assert evaluate(formula, {"e": error}) == program(error)


@pytest.mark.parametrize("formula", FORMULAS)
def test_its_slope_is_the_difference_of_two_values_near_by(formula):
    program = compile_expression(formula, "reward", "e")
    for error in np.linspace(-6.93, 7.01, 57).tolist():  # beside every corner
        assert program.slope(error) == pytest.approx(naive.slope(formula, error), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("formula", ["1/e", "log(e)", "sqrt(e - 1)", "e**-1", "0**(e - 1)", "2**(999 + e)"])
def test_where_a_formula_has_no_value_it_is_nan(formula):
    assert np.isnan(compile_expression(formula, "reward", "e")(0.0)) and evaluate(formula, {"e": 0.0}) is None


def test_full_batch_steps_are_those_of_the_plain_twin(lessons):
    line = np.array([0.3, -0.7])
    regression.batch_descent(*lessons, 0.01, 60, line)
    assert line == pytest.approx(naive.batch(*lessons, 0.01, 60, (0.3, -0.7)), rel=1e-12)


def test_steps_of_one_lesson_are_those_of_the_plain_twin(lessons):
    line = np.array([0.3, -0.7])
    regression.online_descent(*lessons, 0.01, 5, 100, line)
    assert line == pytest.approx(naive.online(*lessons, 0.01, 5, 100, (0.3, -0.7)), rel=1e-12)


def test_single_precision_stays_single(lessons):
    xs, ys = (each.astype(np.float32) for each in lessons)
    line, expected = np.array([0.3, -0.7], np.float32), np.array([0.3, -0.7], np.float32)
    regression.online_descent(xs, ys, np.float32(0.01), 0, 50, line)
    for step in range(50):
        x, y = xs[step % 37], ys[step % 37]
        error = expected[0] * x + expected[1] - y
        expected -= np.float32(0.02) * error * np.array([x, 1], np.float32)
    assert line == pytest.approx(expected, rel=1e-5) and (line != expected.astype(np.float64) + 1e-9).all()


@pytest.mark.parametrize("falls", [False, True])
@pytest.mark.parametrize("name", REWARDS)
def test_steps_up_a_slope_are_those_of_the_plain_twin(lessons, name, falls):
    program, line = compile_expression(REWARDS[name], "reward", "e"), np.array([0.3, -0.7])
    rewarded = regression.RewardedLessons(*lessons, program.codes, program.constants)
    regression.reward_ascent(rewarded, regression.Steps(3, 40, 50, 0), 0.01, falls, line)
    expected = naive.up_the_slope(*lessons, REWARDS[name], 0.01, falls, 3, 40, 50, (0.3, -0.7))
    assert line == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", REWARDS)
def test_two_tries_are_those_of_the_plain_twin(lessons, name):
    program, line = compile_expression(REWARDS[name], "reward", "e"), np.array([0.3, -0.7])
    rewarded = regression.RewardedLessons(*lessons, program.codes, program.constants)
    regression.two_point_ascent(rewarded, regression.Steps(3, 80, 100, 1000), np.uint64(9), 0.01, 1.5, line)
    expected = naive.two_tries(*lessons, REWARDS[name], 9, 0.01, 1.5, 1000, 3, 80, 100, (0.3, -0.7))
    assert line == pytest.approx(expected, rel=1e-9)


def test_a_model_is_fitted_from_the_sums_of_the_plain_twin(lessons):
    program, got = compile_expression(REWARDS["committed"], "reward", "e"), np.zeros((6, 7))
    for first, n_steps in ((2, 30), (32, 41)):
        rewarded = regression.RewardedLessons(*lessons, program.codes, program.constants)
        steps, line = regression.Steps(first, n_steps, 100, 1000), np.array([0.3, -0.7])
        regression.sample_rewards(rewarded, steps, np.uint64(9), 4.0, 2.5, 5.5, line, got)
    expected = naive.explore(*lessons, REWARDS["committed"], 9, 4.0, 1000, 2, 71, 2.5, 5.5, (0.3, -0.7))
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_ram_nodes_say_the_means_that_the_plain_twin_says(lessons):
    dice = np.random.default_rng(4)
    mapping = np.stack([np.sort(dice.choice(20, 5, replace=False)) for _ in range(7)])
    places = np.stack([np.searchsorted(bits, np.arange(21)) for bits in mapping]).astype(np.uint16)
    levels, asked = dice.integers(3, 9, 37).astype(np.int32), np.arange(21, dtype=np.int32)
    sums, counts = np.zeros((7, 6)), np.zeros((7, 6), np.int64)
    regression.write_means(levels, lessons[1], places, sums, counts)
    means, speaking = np.empty(21), np.empty(21, np.int32)
    regression.read_means(asked, places, sums, counts, means, speaking)
    expected = naive.tuples(mapping, levels, lessons[1], asked)
    assert means == pytest.approx([mean for mean, _ in expected]) and speaking.tolist() == [n for _, n in expected]
    assert 0 in speaking or speaking.min() < 7  # somewhere not all have something to say


@pytest.mark.parametrize("seed", range(8))
def test_tables_of_symbols_write_what_the_plain_twin_writes(seed):
    dice = np.random.default_rng(seed)
    lessons = []
    for n in dice.integers(1, 9, 12):  # what is written depends on two symbols, and now and then on chance
        now = dice.integers(0, 4, n)
        lessons.append((now, (now + np.append(0, now[:-1]) % 2 + (dice.random(n) < 0.1)) % 5))
    tables = [np.zeros(shape, np.uint16) for shape in ((13,), (13, 14), (13, 14, 14))]
    read, written = (np.concatenate([pair[side] for pair in lessons]).astype(np.uint8) for side in (0, 1))
    regression.write_symbols(read, written, np.cumsum([len(pair[0]) for pair in lessons]), *tables)
    decided = 0
    for _ in range(40):
        asked = dice.integers(0, 5, 6).astype(np.uint8)
        out = np.zeros(6, np.uint8)
        n = regression.read_symbols(asked, *tables, out)
        expected, n_expected = naive.symbols([(a.tolist(), b.tolist()) for a, b in lessons], asked.tolist())
        assert n == n_expected and (expected is None or out.tolist() == expected)
        decided += n
    assert decided > 0
