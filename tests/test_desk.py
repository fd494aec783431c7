"""Desks, limits and colours, without a browser."""

import re
import threading
import uuid
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from agent import kinds
from agent.errors import AgentError
from agent.families import new
from agent.tasks import digits
from agent.ui import (
    draw,
    events,
    frames,
    guard,
    markup,
    notebook,
    page,
    words,
    words_browser,
    words_challenge,
    words_compare,
    words_frames,
    words_life,
    words_numbers,
    words_visit,
)
from agent.ui.desk import Desk, Desks

CSS = (Path(draw.__file__).parent / "theme.css").read_text()


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def small_desk():
    return Desk(new("nearest"))


def test_the_least_recently_used_desk_makes_room():
    desks = Desks(small_desk, max_desks=2)
    for desk_id in ("first", "second", "first", "third"):
        with desks.open(desk_id):
            pass
    assert [desk_id in desks for desk_id in ("first", "second", "third")] == [True, False, True]
    assert desks.was_dropped("second") and not desks.was_dropped("second")


def test_desks_make_room_by_bytes_and_by_age():
    clock = Clock()
    desks = Desks(small_desk, max_bytes=0, idle_s=60, clock=clock)
    for desk_id in ("first", "second"):
        with desks.open(desk_id) as desk:
            desk.pupil.learn_one(markup.np.eye(28, dtype="uint8") * 255, "1")
    assert "first" not in desks and "second" in desks
    clock.now = 61
    with desks.open("third"):
        assert len(desks) == 1


def test_a_new_agent_keeps_the_one_before_within_reach_and_ends_the_course():
    desk = small_desk()
    before, desk.course = desk.pupil, object()
    desk.replace(new("nearest"))
    assert desk.previous is before and desk.course is None


@pytest.fixture
def pad(monkeypatch):
    """What the pad reports; desks for it to report to."""
    monkeypatch.setattr(events, "DESKS", Desks(small_desk))
    monkeypatch.setattr(events.warm, "READY", threading.Event())
    events.warm.READY.set()
    return {"background": None, "layers": [], "composite": markup.np.eye(28, dtype="uint8") * 255}


def test_a_late_report_of_a_taught_drawing_is_no_news(pad):
    draw.see("desk", pad)
    draw.tell("desk", pad, gr.EventData(gr.Button("1"), None))
    assert "Learned" in draw.refresh("desk")[0]
    draw.see("desk", pad)
    assert "Learned" in draw.refresh("desk")[0]
    draw.see("desk", pad | {"composite": markup.np.eye(28, dtype="uint8")[::-1] * 255})
    assert "Learned" not in draw.refresh("desk")[0]
    draw.see("desk", pad)
    assert "looks like" in draw.refresh("desk")[0]


@pytest.mark.parametrize("target", [None, gr.Textbox("a" * 100), gr.Button(""), gr.CheckboxGroup(["1"], value=["1"])])
def test_a_press_on_what_is_no_digit_teaches_nothing(pad, target):
    draw.see("desk", pad)
    with pytest.raises(gr.Error, match="(?i)expected"):
        draw.tell("desk", pad, gr.EventData(target, None))
    with events.DESKS.open("desk") as desk:
        assert not len(desk.pupil.lessons) and desk.showing is not None


def test_the_same_drawing_again_is_news_once_the_pad_was_empty(pad):
    draw.tell("desk", pad, gr.EventData(gr.Button("1"), None))
    draw.see("desk", draw.BLANK)
    draw.see("desk", pad)
    assert "looks like" in draw.refresh("desk")[0]


def test_what_was_put_on_the_pad_is_said_to_be_there_until_a_stroke_follows(pad):
    put = draw.put_example("desk", gr.EventData(None, {"label": "4-open"}))
    assert "It is on the pad" in put[-1]
    draw.see("desk", draw.BLANK)  # from before
    assert "It is on the pad" in draw.see("desk", put[0])[-1]
    assert "It is on the pad" not in draw.see("desk", pad)[-1]


def test_a_page_that_is_opened_has_an_empty_pad(pad, monkeypatch):
    monkeypatch.setattr(page, "DESKS", events.DESKS)
    desk_id = uuid.uuid4().hex
    draw.tell(desk_id, pad, gr.EventData(gr.Button("1"), None))
    draw.see(desk_id, pad | {"composite": markup.np.eye(28, dtype="uint8")[::-1] * 255})
    assert "looks like" in draw.refresh(desk_id)[0]
    page.enter(desk_id, desk_id)
    assert "Draw a digit" in draw.refresh(desk_id)[0]


def test_undo_takes_back_the_word_that_it_was_learned(pad):
    draw.tell("desk", pad, gr.EventData(gr.Button("1"), None))
    assert "Learned" not in draw.undo_lesson("desk")[0]


def test_the_pad_forgets_old_strokes():
    pad = draw._pad()
    for number in range(3 * guard.MAX_BLOBS):
        pad.blob_storage[str(number)] = {}
    assert len(pad.blob_storage) == guard.MAX_BLOBS


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "${alert(1)}", "`{{x}}`", "\\u003c"])
def test_foreign_text_stays_text(text):
    shown = markup.safe(text)
    assert not set("<>`${\\") & set(shown)


def test_the_notebook_counts_whatever_stands():
    pupil, other = new("recall", n_nodes=20, tuple_size=4), new("recall", n_nodes=20, tuple_size=4)
    drawings, labels = digits.mnist("train")
    pupil.learn_many(drawings[:20], labels[:20])
    pupil.forget_one(drawings[0], labels[0])
    pupil.study()
    other.learn_one(drawings[20], "A")
    pupil.join(other)
    counts = notebook.count_labels(pupil.lessons)
    assert counts.total() == pupil.n_lessons == 20 and counts["A"] == 1
    assert "Lessons per label" in notebook.show(pupil)


def test_all_ten_digits_have_a_bar_before_anything_is_taught():
    assert re.findall(r"<b>(\d)</b>", markup.bars((), None)) == list("0123456789")


def test_the_best_bar_is_the_guess():
    guess = kinds.Guess.of(("3", "A"), markup.np.array([10, 40], "int32"))
    assert re.findall(r'class="best"[^>]*><b>(\w)</b>.*?width:([\d.]+)', markup.bars(("3", "A"), guess)) == [
        ("A", "100.0")
    ]


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [":root", ".dark"])
def test_text_has_enough_contrast(theme):
    colours = dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6})", CSS.split(theme + " {")[1].split("}")[0]))
    pairs = [(text, paper) for text in ("ink", "faint", "learned", "wrong", "accent") for paper in ("paper", "card")]
    for text, paper in [*pairs, ("on-accent", "accent"), ("ink", "track")]:
        light, dark = sorted((luminance(colours[text]), luminance(colours[paper])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (theme, text, paper)


def test_words_do_not_shout():
    modules = (
        words, words_browser, words_challenge, words_compare, words_frames, words_life, words_numbers, words_visit
    )  # fmt: skip
    texts = " ".join(str(value) for each in modules for name, value in vars(each).items() if name.isupper())
    assert "!" not in texts and "please" not in texts.lower() and "successfully" not in texts.lower()


def test_a_sketch_draws_again_what_grew_on_the_pad():
    desk = Desk(new("nearest"))
    desk.strokes.append(np.eye(28, dtype=np.uint8) * 255)
    frames.chosen(desk, "sketch", "cells", 2, True, 0)
    film = desk.watch.seats[0].world.film
    assert not film[0].any() and (np.diagonal(film[-1]) > 0).all() and np.count_nonzero(film[-1]) == len(film[-1])


def test_a_mind_that_would_learn_nothing_is_refused_and_what_was_watched_stays():
    desk = Desk(new("nearest"))
    watched = frames.chosen(desk, "scroller", "cells", 2, True, 0)
    with pytest.raises(AgentError, match="got unroll=1 without synth, which learns nothing"):
        frames.chosen(desk, "scroller", "recurrent", 1, False, 0)
    assert desk.watch is watched
