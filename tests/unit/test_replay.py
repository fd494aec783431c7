"""Replay: a task draws the same lessons again from a reference, and refuses one from a hostile file."""

import json
from collections import Counter

import numpy as np
import pytest
from equality import same_draw

from agent.datasets import TASKS, LabelledDrawings, lazy, mixture, replay, strokes
from agent.datasets.digits import Selection
from agent.errors import AgentError
from agent.lessons import Lessons, check_amount, rebuild
from agent.models import MODELS
from agent.ui.parts.notebook import count_labels


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
        assert name == task.NAME and task.SUMMARY and callable(task.lazy)


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


@pytest.mark.parametrize(
    "source",
    [
        strokes.Selection(30, seed=4).source,
        strokes.SHIPPED.source | {"n": 40},
        Selection({"mnist": 40}, seed=2).source,
        Selection({"mnist": 20, "font:Gelasio": None}, seed=2).source,
        mixture([strokes.Selection(30, seed=4).source, Selection({"mnist": 9}).source], [20, 9], seed=1),
    ],
    ids=["strokes", "shipped strokes", "digits", "digits of two sizes", "mixture"],
)
def test_some_lessons_of_a_source_are_those_of_all(source):
    drawings, labels = replay(source)
    lessons, places = lazy(source), np.array([7, 3, 28, 0])
    assert lessons.labels == labels and len(lessons) == len(drawings)
    some = lessons.draw(places)
    assert all(np.array_equal(drawing, drawings[place]) for drawing, place in zip(some, places, strict=True))


def test_no_more_is_drawn_than_is_asked_for(monkeypatch):
    drawn, draw = [], strokes.draw
    monkeypatch.setattr(
        strokes, "draw", lambda style, *args, **fixed: drawn.append(style) or draw(style, *args, **fixed)
    )
    source = strokes.Selection(20_000, seed=4).source
    log = lessons_log([{"n_lessons": 1, "source": source, "start": 40 * n} for n in range(30)])
    rebuild(MODELS["nearest"], MODELS["nearest"].Config(), log)
    assert len(drawn) == 30
    assert count_labels(log).total() == 30 and len(drawn) == 30


def lessons_log(entries):
    """A log of bulk lessons of these fields."""
    lines = (json.dumps({"event": "bulk", "number": number} | entry) for number, entry in enumerate(entries))
    return Lessons.from_jsonl("\n".join(lines))


def test_labels_are_counted_as_often_as_they_were_taught():
    source, other = Selection({"mnist": 50}).source, {"task": "none of ours"}
    ranges = [(0, 20), (10, 5), (45, 20), (60, 3)]  # from, how many; the source has 50
    log = lessons_log([{"n_lessons": n, "source": source, "start": start} for start, n in ranges])
    log.add_many(LabelledDrawings(np.zeros((3, 28, 28), np.uint8), ("7",) * 3, other, 0))
    labels = replay(source)[1]
    assert count_labels(log) == Counter(label for start, n in ranges for label in labels[start : start + n])


def test_looking_up_many_sources_counts_as_work():
    entries = [
        {"n_lessons": 1, "source": Selection({"mnist": 50}, seed=n % 2).source, "start": 0} for n in range(3_001)
    ]
    with pytest.raises(AgentError, match="at most 300,000 lessons to be taught again, got 303,001"):
        check_amount(lessons_log(entries).standing())
    check_amount(lessons_log(entries[:2] * 2).standing())
