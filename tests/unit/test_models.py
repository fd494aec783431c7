"""Promises that every kind of agent keeps."""

import copy
import pickle

import numpy as np
import pytest
from agents import born
from equality import memory_bytes, responses

from agent import models, preprocessing
from agent.agents import new
from agent.agents.pupil import Pupil
from agent.datasets import digits
from agent.errors import AgentError
from agent.lessons import rebuild
from agent.models import Explanation

ORDER_FREE = [name for name, kind in models.MODELS.items() if kind.ORDER_FREE]


def test_a_newborn_is_unsure_of_everything(kind, others):
    guess = born(kind).predict_one(others[0][0])
    assert guess.unsure and guess.label is None and guess.confidence == 0 and len(guess.responses) == 0


def test_a_blank_page_is_unsure_and_cannot_be_taught(kind, lessons):
    pupil = born(kind)
    pupil.learn_many(*lessons)
    before = memory_bytes(pupil)
    blank = np.zeros((40, 50), np.uint8)
    assert pupil.predict_one(blank).unsure and pupil.predict_one(None).unsure
    with pytest.raises(AgentError, match="blank"):
        pupil.learn_one(blank, "3")
    with pytest.raises(AgentError, match="1 blank ones, the first at 2"):
        pupil.learn_many([*lessons[0][:2], blank], ["1", "2", "3"])
    assert memory_bytes(pupil) == before and pupil.n_lessons == 60


def test_after_any_lesson_the_taught_drawing_is_answered_right(kind, lessons, others):
    pupil = born(kind)
    for drawing, label in zip(*lessons, strict=True):
        pupil.learn_one(drawing, label)
        assert pupil.predict_one(drawing).label == label
    for drawing, label in zip(*others, strict=True):
        wrong = str((int(label) + 1) % 10)
        pupil.learn_one(drawing, wrong)
        assert pupil.predict_one(drawing).label == wrong


def test_an_agent_rebuilt_from_its_log_is_the_same_to_the_byte(kind, lessons, others):
    pupil = born(kind)
    selection = digits.Selection({"mnist": 30, "font:Anton": None}, seed=8)
    pupil.learn_many(*selection.draw(), source=selection.source)
    for drawing, label in list(zip(*others, strict=True))[:20]:
        pupil.learn_one(drawing, label)
    pupil.undo()
    pupil.relabel(pupil.lessons.user_lessons()[3].number, "A")
    pupil.delete(pupil.lessons.user_lessons()[5].number)
    pupil.learn_many(*lessons)
    log = type(pupil.lessons).from_jsonl(pupil.lessons.to_jsonl())
    again = Pupil(rebuild(type(pupil.model), pupil.model.config, log), log)
    assert again.labels == pupil.labels and again.n_lessons == pupil.n_lessons
    assert (responses(again, others[0]) == responses(pupil, others[0])).all()


def test_lessons_in_chunks_equal_lessons_at_once(kind, lessons, others):
    drawings, labels = lessons
    whole, chunks = born(kind), born(kind)
    whole.learn_many(drawings, labels)
    for start, stop in ((0, 3), (3, 20), (20, 60)):
        chunks.learn_many(drawings[start:stop], labels[start:stop])
    assert memory_bytes(chunks) == memory_bytes(whole)


@pytest.mark.parametrize("kind", ORDER_FREE)
def test_the_order_of_lessons_does_not_matter(kind, lessons, others):
    drawings, labels = lessons
    forth, back = born(kind), born(kind)
    forth.learn_many(drawings, labels)
    back.learn_many(drawings[::-1], labels[::-1])
    assert (responses(forth, others[0]) == responses(back, others[0])).all()


def test_one_and_many_answer_alike_and_copies_are_equal(kind, lessons, others):
    pupil = born(kind)
    pupil.learn_many(*lessons)
    twin = copy.deepcopy(pupil)
    for drawing, guess in zip(others[0], pupil.predict_many(others[0]), strict=True):
        one = pupil.predict_one(drawing)
        assert one.label == guess.label and (one.responses == guess.responses).all()
        assert (twin.predict_one(drawing).responses == guess.responses).all()
        assert guess.responses.dtype == np.int32 and len(guess.responses) == len(pupil.labels)


def test_reasons_are_drawings_that_were_taught_as_the_label(kind, lessons, others):
    pupil = born(kind)
    pupil.learn_many(*lessons)
    taught = {(preprocessing.to_thumbnail(d).tobytes(), label) for d, label in zip(*lessons, strict=True)}
    for drawing in others[0]:
        for reason in pupil.predict_one(drawing).because:
            assert (reason.drawing.tobytes(), reason.label) in taught
    reason = pupil.predict_one(lessons[0][9]).because[0]
    assert reason.distance == 0 and (reason.drawing == preprocessing.to_thumbnail(lessons[0][9])).all()


def test_reasons_are_looked_for_when_they_are_read_and_copies_have_them(kind, lessons, others):
    pupil = born(kind)
    pupil.learn_many(*lessons)
    asked = others[0][0]
    guess, early = pupil.predict_one(asked), pupil.predict_one(asked)
    assert early.because and pupil.predict_many(others[0][:1])[0].because == ()
    pupil.learn_one(asked, guess.label)
    assert guess.because[0].distance == 0 < early.because[0].distance  # read before the lesson and after it
    for twin in (copy.deepcopy(early), pickle.loads(pickle.dumps(early))):
        assert [reason.distance for reason in twin.because] == [reason.distance for reason in early.because]
    assert len(pickle.dumps(early)) < 20_000  # the agent does not go with it
    assert pupil.model.explain(preprocessing.to_thumbnail(asked), "never taught") == Explanation()
    assert pupil.predict_one(np.zeros((28, 28), np.uint8)).because == ()


def test_the_mental_image_of_one_drawing_is_that_drawing(kind, lessons):
    pupil = born(kind)
    pupil.learn_one(lessons[0][0], "A")
    assert (pupil.imagine("A") == preprocessing.canonical(preprocessing.to_thumbnail(lessons[0][0]))).all()
    with pytest.raises(AgentError, match=r"\['A'\], got 'B'"):
        pupil.imagine("B")


def test_any_short_labels_are_learned_as_many_as_there_is_room_for(kind):
    drawings, _ = digits.mnist("test")
    pupil = born(kind)
    n = pupil.model.MAX_LABELS
    names = [*(chr(ord("A") + number) for number in range(26)), *(f"~{number}" for number in range(36))][:n]
    pupil.learn_many(drawings[:n], names)
    assert pupil.labels == tuple(sorted(names))
    assert [guess.label for guess in pupil.predict_many(drawings[:n])] == names
    before = memory_bytes(pupil)
    for refused in (lambda: pupil.learn_one(drawings[70], "one more"), lambda: pupil.relabel(0, "B")):
        with pytest.raises(AgentError):
            refused()
    assert memory_bytes(pupil) == before


@pytest.mark.parametrize("label", ["", "  ", "ninechars", "a\nb", None, 1.5, True, "\u200b", b"7"])
def test_what_is_no_label_is_refused(kind, lessons, label):
    with pytest.raises(AgentError, match="expected a label"):
        born(kind).learn_one(lessons[0][0], label)


def test_numbers_are_labels_too(kind, lessons):
    pupil = born(kind)
    pupil.learn_one(lessons[0][0], np.uint8(7))
    assert pupil.labels == ("7",)


def test_unequal_numbers_of_drawings_and_labels_are_refused(kind, lessons):
    with pytest.raises(AgentError, match="3 drawings and 2 labels"):
        born(kind).learn_many(lessons[0][:3], ["1", "2"])


def test_unknown_kinds_and_settings_are_refused_by_name():
    with pytest.raises(AgentError, match="recall.*got 'recal'"):
        new("recal")
    with pytest.raises(AgentError, match="got tuple_sise"):
        new("recall", tuple_sise=3)
