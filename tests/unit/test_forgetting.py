"""Lessons undone, deleted, relabelled or forgotten leave what would be without them."""

import random

import pytest
from agents import born
from equality import memory_bytes, responses

from agent.agents.pupil import Pupil
from agent.errors import AgentError
from agent.lessons import rebuild


def test_undo_restores_every_byte_of_the_memory(kind, lessons, others):
    pupil = born(kind)
    states = []
    for drawing, label in zip(*lessons, strict=True):
        states.append((memory_bytes(pupil), pupil.labels))
        pupil.learn_one(drawing, label)
    for before, labels in reversed(states):
        pupil.undo()
        assert memory_bytes(pupil) == before and pupil.labels == labels
    with pytest.raises(AgentError, match="got none"):
        pupil.undo()


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 7, 30, 59])
def test_deleting_a_lesson_leaves_what_would_be_without_it(kind, lessons, others, number):
    drawings, labels = lessons
    pupil, without = born(kind), born(kind)
    for row, (drawing, label) in enumerate(zip(drawings, labels, strict=True)):
        pupil.learn_one(drawing, label)
        if row != number:
            without.learn_one(drawing, label)
    pupil.delete(pupil.lessons.user_lessons()[number].number)
    assert (responses(pupil, others[0]) == responses(without, others[0])).all()
    assert pupil.labels == without.labels


def test_relabelling_a_lesson_equals_having_taught_it_so(kind, lessons, others):
    pupil, expected = born(kind), born(kind)
    for row, (drawing, label) in enumerate(zip(*lessons, strict=True)):
        pupil.learn_one(drawing, label)
        expected.learn_one(drawing, "X" if row == 11 else label)
    pupil.relabel(pupil.lessons.user_lessons()[11].number, "X")
    assert pupil.labels == expected.labels
    assert (responses(pupil, others[0]) == responses(expected, others[0])).all()


def test_forgetting_one_of_many_lessons_is_exact_and_survives_in_the_log(kind, lessons, others):
    drawings, labels = lessons
    pupil, without = born(kind), born(kind)
    pupil.learn_many(drawings, labels)
    without.learn_many([*drawings[:4], *drawings[5:]], [*labels[:4], *labels[5:]])
    pupil.forget_one(drawings[4], labels[4])
    assert pupil.n_lessons == 59
    assert (responses(pupil, others[0]) == responses(without, others[0])).all()
    again = rebuild(type(pupil.model), pupil.model.config, pupil.lessons)
    assert memory_bytes(Pupil(again, pupil.lessons)) == memory_bytes(pupil)


def test_forgetting_what_was_never_taught_changes_nothing(kind, lessons, others):
    pupil = born(kind)
    pupil.learn_many(*lessons)
    before = memory_bytes(pupil)
    for drawing, label in ((others[0][0], "7"), (lessons[0][0], "none"), (lessons[0][0], "0123456789")):
        with pytest.raises(AgentError):
            pupil.forget_one(drawing, label)
    assert memory_bytes(pupil) == before


def test_a_contradiction_is_settled_by_the_newest_lesson_and_undone_exactly(kind, lessons):
    pupil = born(kind)
    pupil.learn_many(*lessons)
    drawing = lessons[0][0]
    for label in ("A", "B", "A", "C"):
        pupil.learn_one(drawing, label)
        assert pupil.predict_one(drawing).label == label
    pupil.undo()
    assert pupil.predict_one(drawing).label == "A"


@pytest.mark.parametrize("number", range(4))
def test_changing_one_of_several_lessons_with_the_same_drawing_is_what_the_log_says(kind, lessons, number):
    for change in (lambda pupil: pupil.delete(number), lambda pupil: pupil.relabel(number, "Z")):
        pupil = born(kind)
        for label in ("A", "B", "A", "C"):
            pupil.learn_one(lessons[0][0], label)
        change(pupil)
        again = rebuild(type(pupil.model), pupil.model.config, pupil.lessons)
        assert pupil.predict_one(lessons[0][0]).label == Pupil(again, pupil.lessons).predict_one(lessons[0][0]).label


def test_changes_among_many_equal_drawings_are_what_the_log_says(kind, lessons, others):
    chance, pupil = random.Random(7), born(kind)
    pupil.learn_many(lessons[0][:6], ["A", "B", "A", "7", "B", "A"])
    for step in range(60):
        own = pupil.lessons.user_lessons()
        if own and step % 3 == 2:
            number = chance.choice(own).number
            pupil.delete(number) if chance.random() < 0.5 else pupil.relabel(number, chance.choice("ABCZ"))
        else:
            pupil.learn_one(lessons[0][chance.randrange(3)], chance.choice("ABC"))
    again = Pupil(rebuild(type(pupil.model), pupil.model.config, pupil.lessons), pupil.lessons)
    assert pupil.labels == again.labels
    asked = [*lessons[0][:3], *others[0][:10]]
    assert (responses(pupil, asked) == responses(again, asked)).all()


def test_a_change_among_equal_drawings_is_one_change_of_the_model(kind, lessons, monkeypatch):
    pupil, calls = born(kind), []
    for label in "ABAABA" * 5:
        pupil.learn_one(lessons[0][0], label)
    for name in ("learn_one", "forget_one", "relabel_one"):
        monkeypatch.setattr(type(pupil.model), name, lambda *_, name=name: calls.append(name), raising=False)
    if pupil.model.ORDER_FREE:
        pupil.delete(0)
        pupil.relabel(2, "Z")
        assert calls == ["forget_one", "relabel_one"]
