"""Lessons taken back and taught again."""

import pytest
from agents import born

from agent.storage import serialization
from agent.ui.session import Session, UndoStack


def taught_in_turn(kind, lessons):
    pupil = born(kind)
    for drawing, label in lessons:
        pupil.learn_one(drawing, label)
    return pupil


def memory_of(pupil, folder):
    serialization.save(pupil, folder)
    return (folder / "agent.safetensors").read_bytes()


def test_redo_restores_the_memory_to_the_byte(kind, lessons, tmp_path):
    pairs = list(zip(*lessons, strict=True))[:5]
    pupil, undone = taught_in_turn(kind, pairs), UndoStack()
    before, told = memory_of(pupil, tmp_path / "before"), pupil.lessons.user_lessons()
    assert [undone.undo(pupil).label for _ in range(3)] == [label for _, label in pairs[:1:-1]]
    assert memory_of(pupil, tmp_path / "less") == memory_of(taught_in_turn(kind, pairs[:2]), tmp_path / "two")
    assert [undone.redo(pupil).label for _ in range(3)] == [label for _, label in pairs[2:]]
    assert memory_of(pupil, tmp_path / "after") == before
    assert [(each.label, each.guessed) for each in pupil.lessons.user_lessons()] == [
        (each.label, each.guessed) for each in told
    ]
    assert undone.redo(pupil) is None


@pytest.mark.parametrize("change", ["lesson", "relabel", "delete"])
def test_nothing_is_redone_once_something_else_happened(lessons, change):
    pairs = list(zip(*lessons, strict=True))
    pupil, undone = taught_in_turn("nearest", pairs[:3]), UndoStack()
    undone.undo(pupil)
    first = pupil.lessons.user_lessons()[0].number
    if change == "lesson":
        pupil.learn_one(*pairs[5])
    elif change == "relabel":
        pupil.relabel(first, "A")
    else:
        pupil.delete(first)
    told = pupil.lessons.user_lessons()
    assert undone.redo(pupil) is None
    assert pupil.lessons.user_lessons() == told


def test_another_agent_on_the_desk_is_not_taught_what_the_one_before_forgot(lessons):
    session = Session(taught_in_turn("nearest", list(zip(*lessons, strict=True))[:2]))
    session.undo_stack.undo(session.pupil)
    session.replace(born("nearest"))
    assert session.undo_stack.redo(session.pupil) is None and session.pupil.n_lessons == 0


def test_with_no_lesson_there_is_nothing_to_undo():
    pupil, undone = born("nearest"), UndoStack()
    assert undone.undo(pupil) is None and undone.redo(pupil) is None
