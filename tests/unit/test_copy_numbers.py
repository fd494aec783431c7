"""Learners that copy a number: what was published and what is really going on, each of it witnessed."""

import numpy as np
import pytest

from agent.agents import new
from agent.datasets.copy_numbers import REWARDS, Copy
from agent.errors import AgentError
from agent.experiments import reference_results
from agent.experiments.config import same_config
from agent.models.regression.linear import curvatures

pytestmark = pytest.mark.slow  # claims about what is learned in thousands of steps

SEEDS = range(20)
WHOLE = Copy(whole=True)


def taught(seed, task=WHOLE, n_lessons=25_000, kind="linear", **settings):
    copier = new(kind, seed=seed, **settings)
    for _ in copier.iter_learn_task(task, n_lessons, seed):
        pass
    return copier


def said(copier, x):
    return float(copier.predict_one(x).value)


def after_epochs(seed, epochs, lr):
    return said(taught(seed, WHOLE, 1000, teacher="mse", steps=epochs, lr=lr, precision="float32"), 123)


@pytest.mark.parametrize("row", reference_results.ROWS, ids=lambda row: row.name)
def test_what_was_published_lies_within_twenty_seeds_of_the_same_settings(row):
    answers = [reference_results.repeat(row, seed) for seed in SEEDS]
    assert min(answers) < row.answer < max(answers)
    assert min(answers) < 123 < max(answers)


@pytest.mark.parametrize(("few", "many"), [((50, 0.01), (500, 0.001)), ((500, 0.01), (5000, 0.001))])
def test_ten_times_the_epochs_at_a_tenth_of_the_rate_is_the_same(few, many):
    for seed in SEEDS:
        one, other = after_epochs(seed, *few), after_epochs(seed, *many)
        assert abs(one - other) < 0.02 * abs(one - 123) + 0.01


@pytest.mark.parametrize(("epochs", "lr"), [(250, 0.01), (500, 0.01), (1000, 0.02), (5000, 0.001)])
def test_what_is_left_of_the_error_is_what_the_smaller_curvature_leaves(epochs, lr):
    for seed in SEEDS:
        copier = new("linear", seed=seed, teacher="mse", steps=epochs, lr=lr)
        lessons = WHOLE.lessons(1000, seed)
        bowl = 2 * np.array([[np.square(lessons.x).mean(), lessons.x.mean()], [lessons.x.mean(), 1]])
        slow = np.linalg.eigh(bowl)[1][:, 0]
        before = slow @ (np.array(copier.model.line) - (1, 0))
        for _ in copier.iter_learn(lessons):
            pass
        after = np.array(copier.model.line) - (1, 0)
        left = (1 - lr * curvatures(lessons.x)[0]) ** epochs
        assert after == pytest.approx(left * before * slow, rel=1e-6, abs=1e-9)
        assert 0.5 < curvatures(lessons.x)[0] < 0.62 and 68 < curvatures(lessons.x)[1] < 76


def test_more_epochs_are_better_there_is_no_overfitting():
    for seed in SEEDS:
        assert abs(said(taught(seed, WHOLE, 1000, teacher="mse", steps=5000), 123) - 123) < 1e-4


def test_steps_beyond_what_the_larger_curvature_allows_are_refused_and_nothing_changes():
    copier = new("linear", teacher="mse", lr=0.03)
    before = copier.model.line
    with pytest.raises(AgentError, match=r"expected steps that settle, got a line beyond 1e\+12.*lr below 0\.028"):
        copier.learn_many(range(11), range(11))
    assert copier.model.line == before and copier.n_lessons == 0
    for teacher in ("exact", "slope"):
        with pytest.raises(AgentError, match="lr below 0.0001"):
            new("linear", teacher=teacher).learn_many(range(101), range(101), reward="-e**2")


@pytest.mark.parametrize("reward", ["one_minus", "committed", "exp100"])
def test_constant_steps_jitter_and_falling_ones_do_not(reward):
    def off(falls):
        copiers = [taught(seed, Copy(reward=reward), teacher="slope", falls=falls) for seed in SEEDS]
        return np.median([abs(said(copier, 123) - 123) for copier in copiers])

    assert off(True) * 1000 < off(False)


def test_a_reward_whose_slope_is_zero_far_away_teaches_the_slope_nothing_there():
    far = Copy(low=50, high=60, reward="exp")
    newborn, copier = new("linear", teacher="slope"), taught(0, far, teacher="slope")
    assert copier.model.line == pytest.approx(newborn.model.line, abs=1e-6)
    model = taught(0, far, teacher="reward_model")
    assert abs(said(model, 123) - 123) < 1


def test_the_exact_teacher_ends_in_the_line_itself():
    for seed in SEEDS:
        copier = taught(seed, Copy())
        for x in (*range(1, 11), 0, 123, "123123123123"):
            assert abs(copier.predict_one(x).error) < 0.00005
        assert copier.model.line[0] == 1 and abs(copier.model.line[1]) < 1e-12


def test_single_precision_cannot_hold_a_number_of_twelve_digits_and_shows_it():
    copier = taught(0, Copy(reward="exp100"), teacher="two_tries", precision="float32")
    assert copier.model.line[0] == 1 and abs(copier.model.line[1]) < 1e-6
    answer = copier.predict_one("123123123123")
    assert str(answer.value) == "123123122176" and str(answer.error) == "-947"
    assert np.spacing(np.float32(123123122176)) == 8192


@pytest.mark.parametrize("reward", ["-abs(e)", "committed", "exp100", "one_minus"])
def test_two_tries_learn_from_rewards_alone(reward):
    task = Copy(reward=reward, supervised=False)
    for seed in SEEDS:
        assert abs(said(taught(seed, task, teacher="two_tries"), 123) - 123) < 1e-3


@pytest.mark.parametrize("reward", [*REWARDS, "-e*e"])
def test_a_model_of_the_reward_learns_from_rewards_alone(reward):
    task = Copy(reward=reward, supervised=False)
    for seed in SEEDS:
        assert abs(said(taught(seed, task, teacher="reward_model"), 123) - 123) < 0.2


STAIRS = "-((abs(e) > 0.1) + (abs(e) > 1) + (abs(e) > 2) + (abs(e) > 4) + (abs(e) > 8))"


def test_two_tries_climb_stairs_that_have_no_slope_anywhere():
    newborn, up = new("linear", teacher="slope"), taught(0, Copy(reward=STAIRS), teacher="slope")
    assert up.model.line == newborn.model.line
    for seed in range(5):
        tried = taught(seed, Copy(reward=STAIRS, supervised=False), teacher="two_tries", lr=0.005)
        assert abs(said(tried, 5) - 5) < 0.5


@pytest.mark.parametrize(
    ("kind", "settings", "what"),
    [
        ("linear", {}, "what would be right"),
        ("linear", {"teacher": "mse"}, "what would be right"),
        ("linear", {"teacher": "slope"}, "the slope of the reward"),
        ("tuples", {}, "what would be right"),
        ("symbols", {}, "what would be right"),
    ],
)
def test_who_needs_more_than_a_reward_says_so(kind, settings, what):
    with pytest.raises(AgentError, match=f"makes do with a reward, got {kind}, which needs {what}"):
        new(kind, **settings).iter_learn_task(Copy(supervised=False), 100)


# ---------------------------------------------------------------- weightless


def test_ram_nodes_copy_inside_what_they_were_shown_and_flag_what_is_outside():
    for seed in SEEDS:
        copier = taught(seed, Copy(), 5000, "tuples")
        asked = Copy().test(1000, seed)
        answers = copier.predict_many(asked)
        assert np.mean([abs(float(answer.error)) for answer in answers]) <= 0.05
        assert sum(answer.extrapolated for answer in answers) <= 5
        far = copier.predict_one(123)
        assert far.extrapolated and 9 < far.value < 10 and -114 < far.error < -113
        assert copier.predict_one(-1).extrapolated and not copier.predict_one(5).extrapolated


def test_symbols_copy_numbers_of_twelve_digits_that_they_never_saw():
    dice = np.random.default_rng(12)
    for seed in SEEDS:
        copier = taught(seed, WHOLE, 100, "symbols")
        for x in [*dice.integers(10**11, 10**12, 50).tolist(), 123123123123, 999999999999]:
            answer = copier.predict_one(x)
            assert answer.error == 0 and answer.extrapolated


def test_symbols_copy_what_has_a_sign_and_a_point_once_they_were_shown_some():
    numbers = ("-123456789012.25", "0.1", "-0.000001", "31415926535.897932384626433832795")
    whole = taught(0, WHOLE, 100, "symbols")
    for x, unknown in zip(numbers, ("-", ".", "-", "."), strict=True):
        answer = whole.predict_one(x)
        assert answer.unsure and answer.error is None and answer.because in (unknown, ".")
    shown = taught(0, Copy(low=-10, high=10), 1000, "symbols")
    assert [str(shown.predict_one(x).error.normalize()) for x in numbers] == ["0"] * 4


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (lambda x: x + 1, "123123123124"),
        (lambda x: 2 * x, "246246246246"),
        (lambda x: 3 * x, "369369369369"),
        (lambda x: 9 * x, "1108108108107"),
        (lambda x: -x, "-123123123123"),
    ],
)
def test_symbols_learn_other_rules_with_a_carry_so_copying_is_not_built_in(rule, expected):
    copier = new("symbols")
    copier.learn_many(range(1, 1000), [rule(x) for x in range(1, 1000)])
    assert str(copier.predict_one("123123123123").value) == expected
    assert str(copier.predict_one("999999999999").value) == str(rule(999999999999))


def test_symbols_that_were_taught_a_contradiction_say_where_they_are_undecided():
    copier = new("symbols")
    copier.learn_many([1, 2, 2], [1, 2, 3])
    assert copier.predict_one(11).error == 0
    assert copier.predict_one(12).unsure and copier.predict_one(12).because == "2"
    assert copier.predict_one(13).because == "3"


def test_a_run_that_an_earlier_version_saved_is_the_same_run_by_the_setting_s_present_name():
    saved = {"task": {"copy": {"source": "copy", "told": False}}, "load": False}
    assert same_config(saved, {"task": {"copy": {"source": "copy", "supervised": False}}, "load": False})
    assert not same_config(saved, {"task": {"copy": {"source": "copy", "supervised": True}}, "load": False})
