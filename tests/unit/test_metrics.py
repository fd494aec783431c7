"""Numbers that sum a test up, and formulas over them that can do nothing else."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from agent.agents import FAMILIES
from agent.errors import AgentError
from agent.expressions import evaluate
from agent.metrics import NAMES, check_formulas, of_labels, scores


def test_precision_recall_and_f1_are_those_of_a_library_that_others_use():
    dice = np.random.default_rng(4)
    truth, said = dice.integers(0, 5, 400), dice.integers(0, 5, 400)
    table = np.zeros((5, 6), np.int64)
    np.add.at(table, (truth, said), 1)
    got = scores(table)
    expected = precision_recall_fscore_support(truth, said, average="macro")
    assert [got["precision"], got["recall"], got["f1"]] == pytest.approx(expected[:3])
    assert got["accuracy"] == (truth == said).mean()


def test_unsure_answers_are_wrong_and_counted():
    got = scores(np.array([[2, 0, 2], [0, 4, 0]]))
    assert (got["accuracy"], got["unsure"], got["precision"]) == (0.75, 0.25, 1.0)


def test_labels_that_nobody_asked_count_for_nothing():
    table = np.array([[3, 1, 0, 0], [0, 0, 0, 0], [0, 0, 4, 0]])
    assert scores(table)["recall"] == 0.875 and of_labels(table, ("1", "2", "7")) == {"1": 0.75, "7": 1.0}


def test_nothing_asked_has_no_numbers():
    assert set(scores(np.zeros((3, 4), np.int64)).values()) == {None}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("2*precision*recall/(precision+recall)", 2 / 3),
        ("-accuracy ** 2", -0.0625),
        ("max(accuracy, recall) - min(precision, 1)", 0.5),
        ("1e3 * abs(accuracy - 1)", 750),
        ("sqrt(accuracy)", 0.5),
        ("accuracy / unsure", None),
        ("log(unsure)", None),
        ("prequential + 1", None),
        ("10 ** 101", None),
        ("sqrt(0 - 1)", None),
        ("recall + missing", None),
    ],
)
def test_a_formula_has_a_value_or_none(formula, expected):
    values = {"accuracy": 0.25, "precision": 0.5, "recall": 1.0, "unsure": 0.0, "prequential": None}
    got = evaluate(formula, values)
    assert got == (expected if expected is None else pytest.approx(expected))


def test_a_formula_may_use_the_one_before_it():
    assert list(check_formulas({"half": "accuracy/2", "quarter": "half/2"})) == ["half", "quarter"]
    with pytest.raises(AgentError, match="got half"):
        check_formulas({"quarter": "half/2", "half": "accuracy/2"})


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os').system('true')",
        "accuracy.__class__",
        "[accuracy for _ in range(9)]",
        "lambda: 1",
        "accuracy if recall else 1",
        "accuracy == 1",
        "open('x')",
        "accuracy; recall",
        "f'{accuracy}'",
        "max()",
        "min(*[1])",
        "round(accuracy, ndigits=1)",
        "True",
        "'7'",
        "accuracy @ recall",
        "(" * 150 + "1" + ")" * 49,
        "1 +",
        "",
        "1" * 300,
        None,
        ["accuracy"],
        "9" * 199 + "\0",
    ],
)
def test_a_formula_holds_arithmetic_and_nothing_else(formula):
    with pytest.raises(AgentError, match="expected"):
        check_formulas({"mine": formula})


@pytest.mark.parametrize("name", ["accuracy", "max", "two words", "", "1st", 7])
def test_a_metric_needs_a_name_of_its_own(name):
    with pytest.raises(AgentError, match="expected a new name for a metric"):
        check_formulas({name: "accuracy"})


@pytest.mark.parametrize("formulas", [None, "accuracy", ["accuracy"], 3])
def test_metrics_are_formulas_by_name(formulas):
    with pytest.raises(AgentError, match="expected metrics as name: formula"):
        check_formulas(formulas)


def test_formulas_know_the_scores_of_every_family():
    assert set(NAMES) == set(FAMILIES)
    assert check_formulas({"F1": "2*precision*recall/(precision+recall)"}, "arrays")
