"""Ten drawings for a fresh agent, while the visitor's own one waits."""

import io
import threading

import gradio as gr
import numpy as np
import pytest
from agents import born
from PIL import Image

from agent.agents import new
from agent.datasets import digits
from agent.ui import events
from agent.ui.parts import challenge
from agent.ui.session import Session, Sessions
from agent.ui.tabs import draw


@pytest.fixture
def desks(monkeypatch):
    desks = Sessions(lambda: Session(born("nearest")))
    monkeypatch.setattr(events, "SESSIONS", desks)
    monkeypatch.setattr(events.startup, "READY", threading.Event())
    events.startup.READY.set()
    return desks


@pytest.fixture
def ten():
    """Ten digits, one of each."""
    return digits.Selection({"mnist": 10}, seed=5).draw()


def on_pad(drawing):
    return {"background": None, "layers": [], "composite": np.asarray(Image.fromarray(drawing).resize((280, 280)))}


def press(do):
    return draw.begin_or_stop_challenge("desk", gr.EventData(None, {"do": do}))


def status(desks):
    with desks.open("desk") as session:
        return session.status


@pytest.mark.slow
def test_ten_lessons_go_to_a_fresh_agent_and_the_visitors_own_one_is_left_as_it_was(desks, ten):
    draw.teach_digit("desk", on_pad(ten[0][0]), gr.EventData(gr.Button("A"), None))
    with desks.open("desk") as session:
        own, log = session.pupil, session.pupil.log
    press("begin")
    expected = new(challenge.KIND)
    for number, (drawing, label) in enumerate(zip(*ten, strict=True), 1):
        shown = draw.teach_digit("desk", on_pad(drawing), gr.EventData(gr.Button(label), None))
        with desks.open("desk") as session:
            expected.learn_one(session.pad.finished, label)
        if number < challenge.N_LESSONS:
            assert status(desks) == f"Drawing {number + 1} of 10." and shown[-2].count('class="open"') == 10 - number
    drawings, labels = digits.mnist("test")
    answers = [expected.predict_one(drawing).label for drawing in drawings[: challenge.N_TEST]]
    right = sum(answer == label for answer, label in zip(answers, labels, strict=False))
    with desks.open("desk") as session:
        result = session.challenge.result
        assert session.at_pad is session.pupil is own and own.log == log
        assert result.n_right == right and 0.2 < right / challenge.N_TEST < 0.9
        assert [lesson.label for lesson in result.lessons] == list(ten[1])
    assert (
        status(desks) == f"{result.share} right after ten drawings: your card is below." and result.share in shown[-2]
    )


def test_undo_takes_back_a_lesson_of_the_challenge_and_never_one_of_the_visitors_own(desks, ten):
    drawings, labels = ten
    draw.teach_digit("desk", on_pad(drawings[0]), gr.EventData(gr.Button("A"), None))
    press("begin")
    draw.teach_digit("desk", on_pad(drawings[1]), gr.EventData(gr.Button(labels[1]), None))
    draw.undo_last("desk")
    assert status(desks) == f"Undone: lesson “{labels[1]}” of ten."
    draw.undo_last("desk")
    assert status(desks) == "Undone: ten drawings."
    draw.redo_last("desk")
    assert status(desks) == "Redone: ten drawings."
    press("stop")
    draw.redo_last("desk")
    assert status(desks) == "Nothing to redo."
    with desks.open("desk") as session:
        assert session.challenge is None and [each.label for each in session.pupil.lessons.user_lessons()] == ["A"]


def test_what_is_on_the_pad_stays_there(desks, ten):
    """Nobody is told that it would go."""
    draw.see("desk", on_pad(ten[0][0]))
    for do in ("begin", "stop"):
        assert press(do)[0] == gr.skip()
        with desks.open("desk") as session:
            assert session.pad.drawing is not None
    press("begin")
    draw.teach_digit("desk", on_pad(ten[0][0]), gr.EventData(gr.Button(ten[1][0]), None))
    assert status(desks) == "Drawing 2 of 10."


def test_another_agent_on_the_desk_ends_the_challenge(desks):
    press("begin")
    with desks.open("desk") as session:
        session.replace(born("nearest"))
        assert session.challenge is None and session.at_pad is session.pupil


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Mia", "M" * 40, "<b>`${1}"])
def test_the_card_is_a_picture_and_a_name_is_text_whatever_it_says(ten, name):
    one = challenge.Challenge(name)
    for drawing, label in zip(*ten, strict=True):
        one.pupil.learn_one(drawing, label)
    one.advance()
    with Image.open(io.BytesIO(challenge.card(name, one.result))) as card:
        assert card.format == "PNG" and card.size == (1280, 720)
        shown = np.asarray(card.convert("L"))
    assert (shown[:, -40:][20:] == 255).all(), "nothing runs over the edge"
    assert "<b>" not in challenge.show(one).replace("<b>4", "")
