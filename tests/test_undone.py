"""Lessons taken back and taught again."""

import pytest
from newborn import born

from agent import store
from agent.ui.desk import Desk
from agent.ui.undone import Undone


def taught_in_turn(kind, lessons):
    pupil = born(kind)
    for drawing, label in lessons:
        pupil.learn_one(drawing, label)
    return pupil


def memory_of(pupil, folder):
    store.save(pupil, folder)
    return (folder / "agent.safetensors").read_bytes()


def test_redo_restores_the_memory_to_the_byte(kind, lessons, tmp_path):
    pairs = list(zip(*lessons, strict=True))[:5]
    pupil, undone = taught_in_turn(kind, pairs), Undone()
    before, told = memory_of(pupil, tmp_path / "before"), pupil.lessons.own()
    assert [undone.undo(pupil).label for _ in range(3)] == [label for _, label in pairs[:1:-1]]
    assert memory_of(pupil, tmp_path / "less") == memory_of(taught_in_turn(kind, pairs[:2]), tmp_path / "two")
    assert [undone.redo(pupil).label for _ in range(3)] == [label for _, label in pairs[2:]]
    assert memory_of(pupil, tmp_path / "after") == before
    assert [(each.label, each.guessed) for each in pupil.lessons.own()] == [(each.label, each.guessed) for each in told]
    assert undone.redo(pupil) is None


@pytest.mark.parametrize("change", ["lesson", "relabel", "delete"])
def test_nothing_is_redone_once_something_else_happened(lessons, change):
    pairs = list(zip(*lessons, strict=True))
    pupil, undone = taught_in_turn("nearest", pairs[:3]), Undone()
    undone.undo(pupil)
    first = pupil.lessons.own()[0].number
    if change == "lesson":
        pupil.learn_one(*pairs[5])
    elif change == "relabel":
        pupil.relabel(first, "A")
    else:
        pupil.delete(first)
    told = pupil.lessons.own()
    assert undone.redo(pupil) is None
    assert pupil.lessons.own() == told


def test_another_agent_on_the_desk_is_not_taught_what_the_one_before_forgot(lessons):
    desk = Desk(taught_in_turn("nearest", list(zip(*lessons, strict=True))[:2]))
    desk.undone.undo(desk.pupil)
    desk.replace(born("nearest"))
    assert desk.undone.redo(desk.pupil) is None and desk.pupil.n_lessons == 0


def test_with_no_lesson_there_is_nothing_to_undo():
    pupil, undone = born("nearest"), Undone()
    assert undone.undo(pupil) is None and undone.redo(pupil) is None
