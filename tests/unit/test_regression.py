"""Promises of every kind of learner of numbers, and of the gate in front of them."""

import copy
import dataclasses
from decimal import Decimal
from fractions import Fraction

import naive_numbers
import numpy as np
import pytest

from agent import decimals
from agent.agents import new
from agent.agents.regressor import Regressor
from agent.datasets.copy_numbers import Copy, reward_of
from agent.errors import AgentError
from agent.hub import pull, push
from agent.models import REGRESSORS
from agent.models.regression.linear import TEACHERS
from agent.storage import serialization
from agent.validation import settings_of

LEARNERS = [
    *(
        ("linear", {"teacher": teacher, "steps": 500, "precision": precision})
        for teacher in TEACHERS
        for precision in ("float64", "float32")
    ),
    ("tuples", {"n_nodes": 9, "tuple_size": 7, "n_bits": 50}),
    ("symbols", {}),
]
ASKED = ["0", "1", "-3.25", "123", "123123123123", "0.1", "9.999999999999999"]
TASK = Copy(low=-5, high=5, reward="committed")


@pytest.fixture(params=LEARNERS, ids=lambda param: " ".join(map(str, (param[0], *param[1].values()))))
def born(request):
    """How to make every kind of learner in turn."""
    kind, settings = request.param
    return lambda seed=3: new(kind, seed=seed, **settings)


@pytest.fixture
def taught(born):
    copier = born()
    for _ in copier.iter_learn_task(TASK, 300, 7):
        pass
    return copier


def same_bytes(one, other):
    mine, theirs = one.model.tensors(), other.model.tensors()
    return {k: v.tobytes() for k, v in mine.items()} == {k: v.tobytes() for k, v in theirs.items()}


def restored(copier):
    model = copier.model
    return Regressor(type(model).restore(model.config, [], model.tensors()), copier.name)


def test_a_newborn_has_seen_nothing_so_every_answer_is_extrapolated(born):
    for answer in born().predict_many(ASKED):
        assert answer.extrapolated and (answer.unsure or born().model.line is not None)
    assert born().n_lessons == 0


def test_one_and_many_answer_alike_and_copies_are_equal(taught):
    assert taught.predict_many(ASKED) == [taught.predict_one(x) for x in ASKED]
    assert copy.deepcopy(taught).predict_many(ASKED) == taught.predict_many(ASKED)


def test_saved_arrays_make_an_agent_that_answers_the_same_and_saves_the_same(taught):
    again = restored(taught)
    assert again.predict_many(ASKED) == taught.predict_many(ASKED) and same_bytes(again, taught)
    assert again.n_lessons == taught.n_lessons > 0


def test_the_same_seed_teaches_the_same_bytes_and_another_one_other_bytes(born, taught):
    twin, other = born(), born(4)
    for copier in (twin, other):
        for _ in copier.iter_learn_task(TASK, 300, 7):
            pass
    assert same_bytes(twin, taught)
    assert same_bytes(other, taught) == (taught.kind == "symbols")  # in which nothing is random


def test_a_course_that_was_stopped_and_saved_ends_in_the_same_bytes(born, taught):
    copier = born()
    for _ in range(40):
        steps = copier.iter_learn_task(TASK, 300, 7)
        progress = [next(steps), next(steps, None)][-1]
        steps.close()
        copier = restored(copier)
        if progress is None or progress.n_done == progress.n_total:
            break
    else:
        raise AssertionError("expected the course to end.")
    assert same_bytes(copier, taught)


def test_progress_ends_with_all_steps_and_an_error_that_is_the_answers_own(born):
    lessons, copier = TASK.lessons(300, 7), born()
    *_, last = copier.iter_learn(lessons)
    assert last.n_done == last.n_total == copier.n_lessons == (500 if copier.kind == "linear" else 300)
    asked = lessons.x[np.unique(np.linspace(0, 299, 101).astype(int))]
    answers = [float(answer.value) for answer in copier.predict_many(asked)]
    assert last.error == pytest.approx(np.mean(np.abs(answers - asked)), rel=1e-9, abs=1e-15)
    assert last.line == copier.model.line


def test_a_second_course_goes_on_from_the_first(taught):
    n_before = taught.n_lessons
    for _ in taught.iter_learn_task(TASK, 300, 8):
        pass
    assert taught.n_lessons == 2 * n_before


def test_a_course_of_another_length_is_a_new_one(born):
    copier = born()
    steps = copier.iter_learn_task(TASK, 300, 7)
    next(steps), next(steps)
    steps.close()
    n_before, kind = copier.n_lessons, copier.kind
    for _ in copier.iter_learn_task(TASK, 40, 7):
        pass
    assert 0 < n_before and copier.n_lessons == (500 if kind == "linear" else n_before + 40)


def test_lessons_of_ones_own_are_learned(born):
    copier = born()
    copier.learn_many(["1", 2.5, np.float32(3)], [1, "2.5", Decimal(3)])
    assert copier.n_lessons > 0 and not copier.predict_one(2).extrapolated and copier.predict_one(0.9).extrapolated


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2], [1], "2 numbers and 1 answers"),
        ([], [], "at least 1 lesson"),
        ("12", [1], "numbers in a row"),
        ([1, "two"], [1, 2], "got 'two'"),
        ([1.0, np.nan], [1, 2], "got 'nan'"),
        (np.array([1, np.inf]), [1, 2], "'inf'"),
        ([1], [True], "got True"),
        ([None], [1], "got NoneType"),
        (np.ones((2, 2)), [1, 2], r"an array of \(2, 2\)"),
        (5, [1], "numbers in a row, got '5'"),
    ],
)
def test_bad_lessons_are_refused_and_change_nothing(born, x, y, message):
    copier = born()
    with pytest.raises(AgentError, match=message):
        copier.learn_many(x, y)
    assert same_bytes(copier, born())


BAD = {
    "": "expected a number, got nothing. Write one, such as 123.",
    "   ": "expected a number, got nothing. Write one, such as 123.",
    "hello": "expected a number, got 'hello'. Write one, such as 123 or -0.5.",
    "nan": "expected a number, got 'nan', which is none. Write one, such as 123.",
    "-inf": "expected a number, got '-inf', which is none. Write one, such as 123.",
    "1e400": "expected a number smaller than 10**30, got '1e400'. Take a smaller one.",
    "9" * 400: "expected a number of at most 60 characters, got 400. Take a shorter one.",
    "1,2": "expected a number, got '1,2'. Write one, such as 123 or -0.5.",
    "1e-41": "expected at most 40 digits behind the point, got '1e-41'. Leave some out.",
    "0x10": "expected a number, got '0x10'. Write one, such as 123 or -0.5.",
    "1_000": "expected a number, got '1_000'. Write one, such as 123 or -0.5.",
    "١٢٣": "expected a number, got '١٢٣'. Write one, such as 123 or -0.5.",
    "${1}": "expected a number, got '${1}'. Write one, such as 123 or -0.5.",
    float("nan"): "expected a number, got 'nan', which is none. Write one, such as 123.",
    float("inf"): "expected a number, got 'inf', which is none. Write one, such as 123.",
    10**400: "expected a number smaller than 10**30, got '1e60'. Take a smaller one.",
    None: "expected a number, got NoneType. Write one, such as 123.",
    True: "expected a number, got True. Write one, such as 123.",
    b"7": "expected a number, got bytes. Write one, such as 123.",
}


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: repr(bad)[:20])
def test_what_is_no_number_gets_a_sentence(taught, bad):
    with pytest.raises(AgentError) as refused:
        taught.predict_one(bad)
    assert str(refused.value) == BAD[bad]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("123,123,123,123", "123123123123"),
        (" −5 ", "-5"),
        ("1e29", "1E+29"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-0", "0"),
        (np.float32(0.1), "0.1"),
        (np.int64(-7), "-7"),
        (1e16, "1E+16"),
        (Decimal("1.50"), "1.50"),
        ("+7", "7"),
    ],
)
def test_numbers_are_read_exactly_however_they_are_written(text, expected):
    assert decimals.read(text) == Decimal(expected) and str(decimals.read(text)) == expected


def test_errors_are_exact_to_the_last_bit():
    copier = new("linear")
    copier.learn_many(range(11), range(11))
    for x in ("0.1", "3.3", "123456789.123456789", "1e29", "-0.7"):
        answer = copier.predict_one(x)
        w, b = copier.model.line
        assert Fraction(answer.value) == Fraction(w * float(x) + b)
        assert Fraction(answer.error) == Fraction(answer.value) - Fraction(x)


@pytest.mark.parametrize("kind", REGRESSORS)
def test_settings_out_of_range_or_of_another_type_are_refused_by_name(kind):
    bad = {
        int: (-1, 1.5, "3", None, 2**70),
        float: ("fast", None, True, -1.0, float("nan"), float("inf"), 1e30),
        str: ("nothing", 7, None),
        bool: (1, "true", None),
    }
    for field in dataclasses.fields(REGRESSORS[kind].Config):
        for value in bad[type(field.default)]:
            with pytest.raises(AgentError, match=f"expected {field.name} "):
                new(kind, **{field.name: value})


def test_unknown_kinds_and_settings_are_refused_by_name():
    with pytest.raises(AgentError, match="linear, tuples, symbols, .*got 'liner'. Did you mean linear?"):
        new("liner")
    with pytest.raises(AgentError, match="got teachr. Did you mean teacher?"):
        new("linear", teachr="mse")
    with pytest.raises(AgentError, match="Did you mean two_tries?"):
        new("linear", teacher="two_trys")


def test_every_kind_says_what_it_is_and_its_presets_are_born(born):
    model = born().model
    assert model.SUMMARY and model.n_bytes > 0 and all(isinstance(fact, str) for fact in model.stats().values())
    for settings in model.PRESETS.values():
        new(model.NAME, **settings)
    for each in settings_of(model.config):
        assert not each.choices or getattr(model.config, each.name) in each.choices


def spoiled(tensors):
    """Every way to spoil saved arrays: one gone, one too many, another type, another shape, wild values."""
    yield {}
    yield tensors | {"more": np.zeros(1)}
    for name, array in tensors.items():
        yield {other: each for other, each in tensors.items() if other != name}
        yield tensors | {name: array.astype(np.float16)}
        yield tensors | {name: array[:-1]}
        yield tensors | {name: np.stack([array, array])}
        if array.dtype.kind == "f":
            yield tensors | {name: np.full_like(array, np.nan)}
    yield tensors | {"steps": np.array([-1, 0, 0])}
    yield tensors | {"steps": np.array([2**41, 0, 0])}
    yield tensors | {"steps": np.array([0, 7, 7])}
    yield tensors | {"range": np.array([2.0, 1.0])}
    yield tensors | {"steps": np.zeros(3, np.int64)}
    for name, high in {"mapping": 2**20, "counts": -1, "alone": 2**15, "between": 2**14}.items():
        if name in tensors:
            yield tensors | {name: np.full_like(tensors[name], high)}


def test_spoiled_arrays_are_refused(taught):
    model, n_refused = taught.model, 0
    for tensors in spoiled(model.tensors()):
        with pytest.raises(AgentError, match="expected"):
            type(model).restore(model.config, [], tensors)
        n_refused += 1
    assert n_refused > 15


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"low": 5, "high": 5}, "low below high"),
        ({"low": "a"}, "expected low"),
        ({"high": float("nan")}, "expected high"),
        ({"high": 1e13}, "expected high"),
        ({"whole": True, "high": 1.5}, "whole numbers for low and high"),
        ({"whole": 1}, "expected whole"),
        ({"supervised": None}, "expected supervised"),
        ({"reward": 5}, "expected reward among"),
        ({"reward": "exp1000"}, "Did you mean exp100"),
        ({"reward": "e.real"}, "names, numbers"),
        ({"reward": "1 - abs(f)"}, "known names in reward, got f"),
        ({"reward": "1 -"}, "a formula for reward"),
        ({"reward": "abs(" * 40 + "e" + ")" * 40}, "characters|formula"),
        ({"reward": ""}, "characters for reward"),
        (
            {"reward": "+".join(f"(e{'' if n else ''}" for n in range(60)) + ")" * 60},
            "brackets in each other|characters",
        ),
    ],
)
def test_bad_tasks_are_refused_by_name(settings, message):
    with pytest.raises(AgentError, match=message):
        Copy(**settings)


def test_a_formula_may_be_nested_as_deep_as_the_stack_and_no_deeper():
    deep = "1-(" * 31 + "e" + ")" * 31
    assert reward_of(deep)(2.0) == -1.0
    with pytest.raises(AgentError, match="at most 32 brackets in each other"):
        reward_of("1-(" + deep + ")")


@pytest.mark.parametrize("n", [0, -1, 1.5, None, 10**8])
def test_a_number_of_lessons_that_cannot_be_is_refused(n):
    with pytest.raises(AgentError, match="expected n_lessons as a whole number from 1 to 10,000,000"):
        Copy().lessons(n, 0)


def test_lessons_and_numbers_asked_in_the_end_are_different_draws():
    task = Copy()
    assert not set(task.lessons(5000, 0).x) & set(task.test(1000, 0))
    assert (task.lessons(10, 0).x == task.lessons(5000, 0).x[:10]).all()
    assert len(set(Copy(low=-3, high=3, whole=True).lessons(500, 1).x)) == 7


def test_an_agent_of_numbers_is_saved_and_loaded_as_any_other(taught, tmp_path):
    for name in ("mia.zip", "mia"):
        again = serialization.load(serialization.save(taught, tmp_path / name))
        assert again.predict_many(ASKED) == taught.predict_many(ASKED) and same_bytes(again, taught)
        assert (again.kind, again.name, again.n_lessons) == (taught.kind, taught.name, taught.n_lessons)
    files = serialization.to_files(taught)
    with pytest.raises(AgentError, match="digest"):
        serialization.from_files(files | {"lessons.jsonl": b"{}"})
    with pytest.raises(AgentError, match="expected a log of"):
        Regressor.restored(taught.model, "", "Mia")


def test_an_agent_of_numbers_is_pushed_and_pulled_as_any_other(hub):
    copier = new("linear", teacher="two_tries", steps=2000, name="Ann")
    copier.learn_many(range(11), range(11), reward="exp100")
    push(copier, "mia/ann", "hf_mia")
    pulled = pull("mia/ann")
    assert same_bytes(pulled, copier) and pulled.name == "Ann" and pulled.lineage.home == "mia/ann"
    assert pulled.predict_many(ASKED) == copier.predict_many(ASKED)


def test_its_picture_of_a_copy_is_the_diagonal():
    copier = new("linear")
    copier.learn_many(range(11), range(11))
    assert (np.asarray(copier.picture()) == 255 * np.eye(28)[::-1]).all()


def test_batches_come_one_after_another_and_begin_again():
    regressor = new("linear", teacher="mse", batch_size=4, steps=30, lr=0.001)
    lessons, line = Copy().lessons(10, seed=3), regressor.model.line
    for _ in regressor.iter_learn(lessons):
        pass
    for step in range(30):
        rows = [(4 * step + place) % 10 for place in range(4)]
        line = naive_numbers.batch([lessons.x[row] for row in rows], [lessons.y[row] for row in rows], 0.001, 1, line)
    assert regressor.model.line == pytest.approx(line, rel=1e-12)
