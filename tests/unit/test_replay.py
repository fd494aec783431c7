"""Replay: a task draws the same lessons again from a reference, and refuses one from a hostile file."""

import json

import pytest
from equality import same_draw

from agent.datasets import TASKS, mixture, replay
from agent.datasets.digits import Selection
from agent.errors import AgentError


@pytest.mark.parametrize(
    "selection",
    [
        Selection({"mnist": 25}, seed=3),
        Selection({"mnist": 25}, seed=2**63 - 1, balanced=False, split="test"),
        Selection({"mnist": 8, "font:Gelasio": None}, labels=["2", "9"], seed=1),
    ],
)
def test_replay_draws_the_same_lessons_from_a_reference_that_went_through_json(selection):
    assert same_draw(replay(json.loads(json.dumps(selection.source))), selection.draw())


def test_every_task_replays_and_says_what_it_is():
    for name, task in TASKS.items():
        assert name == task.NAME and task.SUMMARY and callable(task.replay)


GOOD = Selection({"mnist": 5}).source


@pytest.mark.parametrize(
    "source",
    [
        None,
        [],
        "digits",
        {},
        {"task": "digits"},
        GOOD | {"task": "numbers"},
        GOOD | {"task": ["digits"]},
        GOOD | {"task": None},
        GOOD | {"path": "/etc/passwd"},
        GOOD | {"sets": {}},
        GOOD | {"sets": []},
        GOOD | {"sets": "mnist"},
        GOOD | {"sets": None},
        GOOD | {"sets": [["mnist", 5]]},
        GOOD | {"sets": {"mnist": 0}},
        GOOD | {"sets": {"mnist": -1}},
        GOOD | {"sets": {"mnist": 60_001}},
        GOOD | {"sets": {"mnist": 10**30}},
        GOOD | {"sets": {"mnist": 5.0}},
        GOOD | {"sets": {"mnist": True}},
        GOOD | {"sets": {"mnist": "5"}},
        GOOD | {"sets": {"mnist": [5]}},
        GOOD | {"sets": {"fashion": 5}},
        GOOD | {"sets": {"font:../../x": 5}},
        GOOD | {"sets": {"font:Anton": 11}},
        GOOD | {"sets": {"../mnist": 5}},
        GOOD | {"sets": {f"font:{number}": 1 for number in range(300)}},
        GOOD | {"labels": "38"},
        GOOD | {"labels": None},
        GOOD | {"labels": [3]},
        GOOD | {"labels": ["x"]},
        GOOD | {"labels": [""]},
        GOOD | {"labels": ["123456789"]},
        GOOD | {"labels": ["1"] * 257},
        GOOD | {"labels": {"1": 1}},
        GOOD | {"labels": [["1"]]},
        GOOD | {"seed": -1},
        GOOD | {"seed": 2**63},
        GOOD | {"seed": 1.5},
        GOOD | {"seed": None},
        GOOD | {"seed": True},
        GOOD | {"seed": "0"},
        GOOD | {"balanced": 1},
        GOOD | {"balanced": None},
        GOOD | {"split": "validation"},
        GOOD | {"split": None},
        GOOD | {"split": ["train"]},
        GOOD | {"split": "test", "sets": {"font:Anton": 10}},
        {1: 2, **GOOD},
    ],
    ids=lambda source: json.dumps(source)[:60] if isinstance(source, dict) else str(source),
)
def test_a_reference_from_a_hostile_file_is_refused(source):
    with pytest.raises(AgentError, match="^expected "):
        replay(source)


PART = {"task": "strokes", "n": 3}
MIXED = mixture([PART, GOOD], [2, 5], seed=1)


def test_a_mixture_draws_the_first_lessons_of_each_source_in_one_order():
    drawings, labels = replay(json.loads(json.dumps(MIXED)))
    assert len(drawings) == len(labels) == 7 and same_draw(replay(MIXED), (drawings, labels))
    assert sorted(labels) == sorted([*replay(PART)[1][:2], *replay(GOOD)[1]])


@pytest.mark.parametrize(
    "change",
    [
        {"of": []},
        {"of": [PART] * 65, "counts": [1] * 65},
        {"of": [PART, "digits"]},
        {"of": [PART, {"task": "numbers"}]},
        {"of": [PART, MIXED]},
        {"counts": [2]},
        {"counts": [2, 6]},
        {"counts": [2, 0]},
        {"counts": [2, True]},
        {"counts": [100_000, 100_001]},
        {"counts": None},
        {"seed": -1},
        {"seed": 1.5},
        {"path": "x"},
    ],
)
def test_a_mixture_that_cannot_be_met_is_refused(change):
    with pytest.raises(AgentError, match="^expected .* got "):
        replay(MIXED | change)
