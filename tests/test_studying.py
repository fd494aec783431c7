"""Studying corrects votes, whatever the order of lessons, and what comes after it is as exact as before."""

import copy

import pytest
from alike import memory_bytes, responses
from newborn import born

from agent import store
from agent.errors import AgentError
from agent.families import new
from agent.pupil import Pupil
from agent.replay import rebuild


@pytest.fixture
def studied(lessons, others):
    """An agent that has studied sixty lessons, four of which mislead."""
    pupil = born("recall")
    pupil.learn_many(*lessons)
    pupil.learn_many(others[0][:4], ["3"] * 4)
    pupil.study()
    return pupil


def test_studying_corrects_the_votes_whatever_the_order_of_lessons(studied, lessons, others):
    other = born("recall")
    other.learn_many(others[0][:4], ["3"] * 4)
    other.learn_many(lessons[0][::-1], lessons[1][::-1])
    before = responses(other, others[0])
    other.study()
    assert (responses(other, others[0]) == responses(studied, others[0])).all()
    assert (responses(other, others[0]) != before).any()


def test_a_lesson_after_studying_holds_and_is_forgotten_exactly(studied, others):
    before, answers = memory_bytes(studied), responses(studied, others[0])
    for drawing, label in zip(*others, strict=True):
        for name in (label, "new", "3"):
            studied.learn_one(drawing, name)
            assert studied.predict_one(drawing).label == name
    for _ in range(3 * len(others[0])):
        studied.undo()
    assert memory_bytes(studied) == before and (responses(studied, others[0]) == answers).all()


@pytest.mark.parametrize("change", ["learn", "forget"])
def test_what_was_found_is_void_when_the_bulk_lessons_change(studied, lessons, others, change):
    without = born("recall")
    without.learn_many(*lessons)
    if change == "learn":
        studied.learn_many(others[0][4:5], others[1][4:5])
        without.learn_many([*others[0][:4], others[0][4]], ["3"] * 4 + [others[1][4]])
    else:
        for drawing in others[0][:4]:
            studied.forget_one(drawing, "3")
    assert memory_bytes(studied) == memory_bytes(without)


def test_a_studied_agent_is_saved_and_rebuilt_to_the_byte(studied, others, tmp_path):
    studied.learn_one(others[0][5], "A")
    again = store.load(store.save(studied, tmp_path / "studied.zip"))
    log = type(studied.lessons).from_jsonl(studied.lessons.to_jsonl())
    rebuilt = Pupil(rebuild(type(studied.memory), studied.memory.config, log), log)
    for twin in (again, rebuilt, copy.deepcopy(studied)):
        assert memory_bytes(twin) == memory_bytes(studied)
        assert (responses(twin, others[0]) == responses(studied, others[0])).all()


def test_studying_half_way_changes_nothing_and_notices_new_lessons(studied, others):
    studied.learn_many(others[0][6:8], others[1][6:8])
    before = memory_bytes(studied)
    steps = studied.studying()
    assert 0 < next(steps) < 1
    steps.close()
    assert memory_bytes(studied) == before
    steps = studied.studying()
    next(steps)
    studied.learn_many(others[0][8:9], others[1][8:9])
    with pytest.raises(AgentError, match="Study again"):
        list(steps)


def test_studying_nothing_or_by_a_kind_that_cannot_is_refused(lessons):
    with pytest.raises(AgentError, match="lessons to study, got none"):
        born("recall").study()
    other = born("nearest")
    other.learn_many(*lessons)
    with pytest.raises(AgentError, match="got nearest"):
        other.study()


def test_corrections_for_more_labels_than_the_lessons_warrant_are_refused_or_void(lessons, others):
    pupil = new("recall", n_warps=0)
    pupil.learn_many(*lessons)
    pupil.study()
    answers = responses(pupil, others[0])
    for number in range(4):
        assert pupil.memory.facts()["studied"] == "yes"
        pupil.learn_one(others[0][number], f"new {number}")
    assert len(pupil.labels) == 14 and pupil.memory.facts()["studied"] == "no"
    again = store.from_files(store.to_files(pupil))
    assert memory_bytes(again) == memory_bytes(pupil)
    with pytest.raises(AgentError, match="after 60 bulk lessons, got 1,228,800 x 14. Teach it more"):
        pupil.study()
    for _ in range(4):
        pupil.undo()
    pupil.study()
    assert (responses(pupil, others[0]) == answers).all()
