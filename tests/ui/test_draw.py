"""A drawing on the pad passes preprocessing once, whatever is done with it."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image

from agent import preprocessing, startup
from agent.agents import new
from agent.datasets import strokes
from agent.errors import AgentError
from agent.models import Guess
from agent.ui import events, html
from agent.ui.pad import sketchpad
from agent.ui.parts import notebook, reply
from agent.ui.session import Session, Sessions
from agent.ui.tabs import draw


@pytest.fixture
def session(monkeypatch):
    """A session named "mia" whose agent knows all examples, and another agent that is tried beside it."""
    startup.READY.set()
    pupil, other = new("nearest"), new("nearest")
    for style in sketchpad.example_styles():
        pupil.learn_one(sketchpad.example(style), strokes.label_of(style))
    session = Session(pupil, comparison_agent=other)
    monkeypatch.setattr(events, "SESSIONS", Sessions(lambda: session))
    return session


@pytest.fixture
def passes(monkeypatch):
    """Pictures that passed the gate so far."""
    passes, to_thumbnail, to_thumbnails = [], preprocessing.to_thumbnail, preprocessing.to_thumbnails
    monkeypatch.setattr(preprocessing, "to_thumbnail", lambda picture: passes.append(picture) or to_thumbnail(picture))
    monkeypatch.setattr(
        preprocessing, "to_thumbnails", lambda pictures: passes.extend(pictures) or to_thumbnails(pictures)
    )
    return passes


def pad(style):
    return {"background": None, "layers": [], "composite": sketchpad.example(style)}


def test_a_stroke_passes_preprocessing_once_and_its_guess_explanation_and_comparison_are_of_that_thumbnail(
    session, passes
):
    outputs = draw.see("mia", pad("7-plain"))
    assert len(passes) == 1 and "7" in outputs[0] and draw.texts.NOT_SURE in outputs[4]
    assert (session.pad.drawing == preprocessing.to_thumbnail(pad("7-plain"))).all()


def test_what_is_like_nothing_and_as_near_to_two_labels_is_taken_for_neither():
    even = replace(Guess.of(("0", "1"), np.array([700, 700])), unsure=True, unfamiliar=True)
    nearer = replace(Guess.of(("0", "1"), np.array([700, 600])), unsure=True, unfamiliar=True)
    said = [reply.guess_of(new("nearest"), ("0", "1"), guess) for guess in (even, nearer)]
    assert "nothing like it" in said[0] and "perhaps" not in said[0] and "perhaps 0?" in said[1]


@pytest.mark.parametrize("press", [draw.confirm, lambda *inputs: draw.teach_label(*inputs, "7")])
def test_a_lesson_passes_preprocessing_once(session, passes, press):
    n_lessons = session.pupil.n_lessons
    press("mia", pad("7-plain"))
    assert len(passes) == 1 and session.pupil.n_lessons == n_lessons + 1
    assert session.pupil.lessons.user_lessons()[-1].label == "7"


@pytest.mark.parametrize(
    ("responses", "words"), [([100, 40], "sure"), ([100, 60], "fairly sure"), ([100, 80], "or perhaps 8")]
)
def test_how_sure_a_guess_is_is_said_in_words_and_as_a_number_in_why(session, monkeypatch, responses, words):
    session.pupil = new("nearest")
    for style, label in (("7-plain", "3"), ("4-open", "8")):
        session.pupil.learn_one(sketchpad.example(style), label)
    guess = Guess.of(("3", "8"), np.array(responses, np.int32))
    monkeypatch.setattr(type(session.pupil.model), "predict_one", lambda model, drawing: guess)
    said = draw.see("mia", pad("1-bare"))[0]
    assert f'<p class="why">{words if "perhaps" in words else "the most alike of the 2 it knows"}</p>' in said
    session.pupil.learn_many(np.stack([sketchpad.example("7-plain")] * 10), ["3"] * 10)
    session.pad.reset()
    outputs = draw.see("mia", pad("1-bare"))
    assert f'<p class="why">{words}</p>' in outputs[0]
    share = round(100 * responses[0] / sum(responses))
    assert f"3 has {share} % and 8 has {100 - share} %." in outputs[3]


@pytest.mark.parametrize(
    ("drawing", "confidence", "is_near"), [("7-plain", 0.2, False), ("4-open", 0.2, True), ("7-plain", 0.6, None)]
)
def test_unless_a_guess_is_sure_why_names_the_nearest_lesson_of_the_second_best_label(
    session, monkeypatch, drawing, confidence, is_near
):
    session.pupil = new("nearest")
    for style, label in (("7-plain", "3"), ("4-open", "8")):
        session.pupil.learn_one(sketchpad.example(style), label)
    model, ink = session.pupil.model, preprocessing.to_thumbnail(sketchpad.example(drawing))
    because = partial(model.explain, ink, "3")
    guess = Guess("3", confidence, np.array([100, 80], np.int32), False, explain_later=because)
    monkeypatch.setattr(type(model), "predict_one", lambda model, drawing: guess)
    why = draw.see("mia", pad(drawing))[3]
    nearest = html.image(model.explain(ink, "8").because[0].drawing, "the nearest 8 it remembers")
    assert (nearest in why) == (is_near is not None)
    assert ("One 8 is as near, but more speaks for 3." in why) == (is_near is True)
    assert ("The nearest 8 it remembers is less like your drawing." in why) == (is_near is False)


def test_where_nothing_else_responds_no_share_is_told(session, monkeypatch):
    guess = Guess.of(session.pupil.labels, (np.array(session.pupil.labels) == "3").astype(np.int32))
    monkeypatch.setattr(type(session.pupil.model), "predict_one", lambda model, drawing: guess)
    assert "<p>Nothing but 3 responds.</p>" in draw.see("mia", pad("1-bare"))[3]


def test_what_came_of_a_lesson_is_shown_until_the_agent_learns_elsewhere(session):
    draw.teach_label("mia", pad("7-plain"), "7")
    assert "learned" in draw.answer_of(session)[0]
    session.pupil.learn_one(sketchpad.example("0-plain"), "0")
    assert "learned" not in draw.answer_of(session)[0]


def test_undo_brings_back_what_a_picture_took_the_place_of(session):
    seven = preprocessing.to_thumbnail(pad("7-plain"))
    draw.see("mia", pad("7-plain"))
    for style in ("0-plain", "1-bare"):  # of two pictures the ink under both
        draw._put(session, sketchpad.example(style))
    value = draw.undo_last("mia")[0]
    background = np.asarray(Image.open(value["background"]).convert("L"))
    assert (background == sketchpad.example("7-plain")).all() and (session.pad.drawing == seven).all()
    draw.undo_last("mia")
    assert session.pad.drawing is None


def test_a_symbol_is_renamed_everywhere_and_undone_in_one_step(session):
    before = len([lesson for lesson in session.pupil.lessons.user_lessons() if lesson.label == "7"])
    number = session.pupil.lessons.user_lessons()[-1].number
    label = session.pupil.lessons.user_lessons()[-1].label
    assert "data-all" in notebook.sheet(session, number)
    news = notebook.change(session, {"do": "relabel", "number": number, "label": "love", "all": True})
    assert news == "Renamed everywhere: each of them is a love now."
    labels = [lesson.label for lesson in session.pupil.lessons.user_lessons()]
    assert label not in session.pupil.labels and labels.count("love") == before
    session.undo()
    assert "love" not in session.pupil.labels and label in session.pupil.labels


def test_a_symbol_of_too_many_lessons_stays_as_it_is(session, monkeypatch):
    monkeypatch.setattr("agent.agents.pupil.RELABEL_S", -1)
    before, lesson, n_done = session.pupil.log, session.pupil.lessons.user_lessons()[-1], len(session.history.done)
    with pytest.raises(AgentError, match="one by one"):
        notebook.change(session, {"do": "relabel", "number": lesson.number, "label": "love", "all": True})
    assert session.pupil.log == before and len(session.history.done) == n_done and "love" not in session.pupil.labels


def test_ink_drawn_without_lifting_the_pen_is_one_symbol(session):
    arch = np.zeros((280, 280), np.uint8)
    arch[100:112, 40:240] = arch[100:150, 40:52] = arch[100:150, 134:146] = arch[100:150, 228:240] = 255
    session.pupil = new("nearest")
    assert len(session.pupil.segment(arch)) > 1
    draw.see("mia", {"background": None, "layers": [], "composite": arch})
    assert session.pad.symbols is None
    session.pad.reset()
    session.pad.has_picture = True
    draw.see("mia", {"background": None, "layers": [], "composite": arch})
    assert session.pad.symbols is not None


def test_a_drawing_that_undo_brings_back_is_one_symbol_as_it_was_taught(session):
    arch = np.zeros((280, 280), np.uint8)
    arch[100:112, 40:240] = arch[100:150, 40:52] = arch[100:150, 134:146] = arch[100:150, 228:240] = 255
    report = {"background": None, "layers": [], "composite": arch}
    session.pupil = new("nearest")
    draw.see("mia", report)
    draw.teach_label("mia", report, "7")
    draw.undo_last("mia")
    draw.see("mia", report)
    assert session.pad.symbols is None and session.pupil.n_lessons == 0
    more = arch.copy()
    more[180:260, 100:112] = 255
    draw.see("mia", {**report, "composite": more})
    assert not session.pad.is_one  # something was drawn on it
    session.pad.is_one = True
    draw.see("mia", report)
    draw.teach_label("mia", report, "7")
    assert np.array_equal(session.pupil.lessons.user_lessons()[0].drawing, preprocessing.to_thumbnail(arch))


def test_a_picture_on_the_pad_is_not_called_a_stroke(session):
    session.pad.place(preprocessing.to_thumbnail(sketchpad.example("7-plain")))
    assert draw.answer_of(session)[-2]["value"] == "Undo: picture"
    draw.see("mia", pad("0-plain"))
    assert draw.answer_of(session)[-2]["value"] == "Undo: stroke"


def test_what_cannot_be_done_is_said_in_a_quiet_colour(session):
    blank = {"background": None, "layers": [], "composite": None}
    assert "refusal" in draw.teach_label("mia", blank, "")[11]
    session.pupil = new("nearest")
    assert "refusal" in draw.undo_last("mia")[10]
