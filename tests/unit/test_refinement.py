"""Studying corrects votes, whatever the order of lessons, and what comes after it is as exact as before."""

import copy

import numpy as np
import pytest
from agents import born
from equality import memory_bytes, responses
from forge import signed
from safetensors.numpy import load, save

from agent.agents import new
from agent.agents.pupil import Pupil
from agent.errors import AgentError
from agent.lessons import rebuild
from agent.models.recall import refinement
from agent.storage import serialization

pytestmark = pytest.mark.slow  # agents of many lessons


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
    again = serialization.load(serialization.save(studied, tmp_path / "studied.zip"))
    log = type(studied.lessons).from_jsonl(studied.lessons.to_jsonl())
    rebuilt = Pupil(rebuild(type(studied.model), studied.model.config, log), log)
    for twin in (again, rebuilt, copy.deepcopy(studied)):
        assert memory_bytes(twin) == memory_bytes(studied)
        assert (responses(twin, others[0]) == responses(studied, others[0])).all()


def test_studying_half_way_changes_nothing_and_notices_new_lessons(studied, others):
    studied.learn_many(others[0][6:8], others[1][6:8])
    before = memory_bytes(studied)
    steps = studied.iter_study()
    assert 0 < next(steps).share < 1
    steps.close()
    assert memory_bytes(studied) == before
    steps = studied.iter_study()
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


def test_the_more_lessons_the_more_nodes_and_too_few_for_many_labels_are_refused(lessons, others):
    pupil = new("recall", n_warps=0)
    pupil.learn_many(*lessons)
    pupil.study()
    few = len(pupil.model._refined.reads)
    for number in range(8):
        pupil.learn_one(others[0][number], f"new {number}")
        assert pupil.predict_one(others[0][number]).label == f"new {number}"
    assert pupil.model.stats()["studied"] == "yes"  # labels of one's own need no counters
    pupil.learn_many(others[0], others[1])
    pupil.study()
    assert len(pupil.model._refined.reads) > few
    wide = new("recall", n_nodes=2000, tuple_size=7, n_rows=3500)
    assert refinement.n_nodes_for(wide.model.config, 16, 60) < refinement.N_NODES
    with pytest.raises(AgentError, match="expected lessons enough to study 62 labels, got 8. Teach it more"):
        refinement.n_nodes_for(type(pupil.model.config)(n_nodes=120, tuple_size=14), 62, 8)


@pytest.mark.parametrize("name", ["corrections", "study_sets"])
def test_an_agent_that_an_older_version_studied_is_as_before_it_studied(studied, lessons, others, name):
    files, plain = serialization.to_files(studied), born("recall")
    arrays = {name: array for name, array in load(files["agent.safetensors"]).items() if name not in refinement.ARRAYS}
    old = save(arrays | {name: np.zeros(100, np.uint8)})
    again = serialization.from_files(signed(files | {"agent.safetensors": old}))
    plain.learn_many(*lessons)
    plain.learn_many(others[0][:4], ["3"] * 4)
    assert again.model.stats()["studied"] == "no"
    assert (responses(again, others[0]) == responses(plain, others[0])).all()
    again.study()
    assert (responses(again, others[0]) == responses(studied, others[0])).all()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("studied_lessons", lambda array: array + 64),
        ("studied_copies", lambda array: array + 2000),
        ("studied_rivals", lambda array: array + 10),
        ("studied_steps", lambda array: array * 0),
        ("studied_sets", lambda array: array[:-1]),
        ("studied_sets", lambda array: array + 2),
        ("studied_reads", lambda array: array[:-1]),
        ("studied_bends", lambda array: array[:-1]),
    ],
)
def test_corrections_that_do_not_fit_the_lessons_are_refused(studied, name, change):
    files = serialization.to_files(studied)
    arrays = load(files["agent.safetensors"])
    spoiled = change(arrays[name]).astype(arrays[name].dtype)
    with pytest.raises(AgentError, match="expected studied_"):
        serialization.from_files(
            signed(files | {"agent.safetensors": save(arrays | {name: np.ascontiguousarray(spoiled)})})
        )


def test_more_corrections_than_there_can_be_are_refused_before_they_are_told(studied):
    files = serialization.to_files(studied)
    arrays = load(files["agent.safetensors"])
    n = refinement.N_SETS * refinement.N_PASSES * 64 + 1
    many = {name: np.resize(arrays[name], n) for name in refinement.ARRAYS[2:]}
    with pytest.raises(AgentError, match="expected at most 16 corrections of each lesson, got 1,025 for 64"):
        serialization.from_files(signed(files | {"agent.safetensors": save(arrays | many)}))
