"""Desks, limits and colours, without a browser."""

import asyncio
import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from agent import models
from agent.agents import new
from agent.datasets import digits
from agent.errors import AgentError
from agent.progress import Progress
from agent.ui import events, html, page
from agent.ui.parts import challenge, notebook
from agent.ui.server import api
from agent.ui.session import LESSON_BYTES, Session, Sessions
from agent.ui.tabs import draw, frames
from agent.ui.texts import ENGLISH

BLANK = {"background": np.zeros((280, 280), np.uint8), "layers": [], "composite": None}
CSS = (Path(draw.__file__).parents[1] / "static" / "theme.css").read_text()


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def small_desk():
    return Session(new("nearest"))


def test_the_least_recently_used_desk_makes_room():
    desks = Sessions(small_desk, max_sessions=2)
    for session_id in ("first", "second", "first", "third"):
        with desks.open(session_id):
            pass
    assert [session_id in desks for session_id in ("first", "second", "third")] == [True, False, True]
    assert desks.was_dropped("second") and not desks.was_dropped("second")


def test_desks_make_room_by_bytes_and_by_age():
    clock = Clock()
    desks = Sessions(small_desk, max_bytes=0, idle_s=60, clock=clock)
    for session_id in ("first", "second"):
        with desks.open(session_id) as session:
            session.pupil.learn_one(html.np.eye(28, dtype="uint8") * 255, "1")
    assert "first" not in desks and "second" in desks
    clock.now = 61
    with desks.open("third"):
        assert len(desks) == 1


def test_made_up_visitors_put_nobody_out_whose_agent_knows_something():
    desks = Sessions(small_desk, max_sessions=20)
    for name in ("mia", "tom"):
        with desks.open(name) as session:
            for row in (1, 2):
                session.pupil.learn_one(np.eye(28, k=row, dtype=np.uint8) * 255, "1")
    for number in range(100):  # a lesson each, or none
        with desks.open(f"made up {number}") as session:
            if number % 2:
                session.pupil.learn_one(np.eye(28, dtype=np.uint8) * 255, "1")
    assert "mia" in desks and "tom" in desks and len(desks) == 20


def test_who_has_only_drawn_stays_longer_than_who_has_not():
    desks = Sessions(small_desk, max_sessions=2)
    with desks.open("drew") as session:
        session.pad.report(np.eye(28, dtype=np.uint8) * 255)
    for name in ("looked", "next"):
        with desks.open(name):
            pass
    assert "drew" in desks and "looked" not in desks


def test_a_caller_whose_agent_had_to_make_room_is_told_so_once(monkeypatch):
    desks = Sessions(small_desk, max_sessions=1)
    for module in (events, api):
        monkeypatch.setattr(module, "SESSIONS", desks)
    monkeypatch.setattr(events.startup, "READY", threading.Event())
    events.startup.READY.set()
    for name in ("first", "second"):
        with desks.open(name) as session:
            session.pupil.learn_one(np.eye(28, dtype=np.uint8) * 255, "1")
    with pytest.raises(gr.Error, match="/restore"):
        api._unless_gone(api.undo)("first")
    with pytest.raises(gr.Error, match="lesson"):
        api._unless_gone(api.undo)("first")  # of the new one, which has none
    with pytest.raises(gr.Error, match="/restore"):
        next(api._unless_gone(api.train)("second", 10))


def test_beyond_the_bytes_whoever_takes_more_than_a_part_goes_first():
    desks = Sessions(small_desk, max_sessions=4, max_bytes=400_000)
    for name, n_lessons in (("small", 1), ("large", 300), ("other", 1)):
        with desks.open(name) as session:
            drawings = np.stack([np.eye(28, dtype=np.uint8) * 255] * n_lessons)
            session.pupil.learn_many(drawings, ["1"] * n_lessons)
    with desks.open("next"):
        assert "large" not in desks and "small" in desks and "other" in desks


def test_an_agent_that_is_taught_again_counts_and_ends_where_its_session_makes_room():
    desks = Sessions(small_desk, max_bytes=30_000_000)
    with desks.open("teaching") as session:
        session.browser.restoring, job = iter(()), session.start_job()
        steps, before = (
            session.retaught(Progress(n, 9_000, "teaching") for n in range(0, 9_000, 1_000)),
            session.n_bytes,
        )
        next(steps), next(steps)
    assert session.n_bytes == before + 1_000 * LESSON_BYTES and not job.cancelled
    with desks.open("teaching"):
        assert len([*zip(range(7), steps, strict=False)]) == 7
    for session_id in ("another", "one more"):  # which leaves it at 8,000 lessons, and is the last
        with desks.open(session_id) as other:
            other.n_retaught = 4_000
    assert "teaching" not in desks and job.cancelled and session.browser.restoring is None
    steps.close()
    assert session.n_bytes == before


def test_a_new_agent_keeps_those_before_within_reach_and_ends_the_course():
    session = small_desk()
    session.pupil.learn_one(np.eye(28, dtype=np.uint8) * 255, "1")
    before, token = session.pupil, session.start_job()
    session.replace(new("nearest"))
    assert session.earlier == (before,) and token.cancelled


@pytest.fixture
def pad(monkeypatch):
    """What the pad reports; desks for it to report to."""
    monkeypatch.setattr(events, "SESSIONS", Sessions(small_desk))
    monkeypatch.setattr(events.startup, "READY", threading.Event())
    events.startup.READY.set()
    return {"background": None, "layers": [], "composite": html.np.eye(28, dtype="uint8") * 255}


def test_a_late_report_of_a_taught_drawing_is_no_news(pad):
    draw.see("desk", pad)
    draw.teach_digit("desk", pad, gr.EventData(gr.Button("1"), None))
    assert "Learned" in events.with_session(draw.answer_of)("desk")[0]
    draw.see("desk", pad)
    assert "Learned" in events.with_session(draw.answer_of)("desk")[0]
    draw.see("desk", pad | {"composite": html.np.eye(28, dtype="uint8")[::-1] * 255})
    assert "Learned" not in events.with_session(draw.answer_of)("desk")[0]
    draw.see("desk", pad)
    assert "looks like" in events.with_session(draw.answer_of)("desk")[0]


@pytest.mark.parametrize("target", [None, gr.Textbox("a" * 100), gr.Button(""), gr.CheckboxGroup(["1"], value=["1"])])
def test_a_press_on_what_is_no_digit_teaches_nothing(pad, target):
    draw.see("desk", pad)
    with pytest.raises(gr.Error, match="(?i)expected"):
        draw.teach_digit("desk", pad, gr.EventData(target, None))
    with events.SESSIONS.open("desk") as session:
        assert not len(session.pupil.lessons) and session.pad.drawing is not None


def test_the_same_drawing_again_is_news_once_the_pad_was_empty(pad):
    draw.teach_digit("desk", pad, gr.EventData(gr.Button("1"), None))
    draw.see("desk", BLANK)
    draw.see("desk", pad)
    assert "looks like" in events.with_session(draw.answer_of)("desk")[0]


def test_what_was_put_on_the_pad_is_said_to_be_there_until_a_stroke_follows(pad):
    put = draw.put_example("desk", gr.EventData(None, {"label": "4-open"}))
    assert "It is on the pad" in put[-1]
    draw.see("desk", BLANK)  # from before
    placed = np.asarray(Image.open(put[0]["background"]))
    assert "It is on the pad" in draw.see("desk", BLANK | {"background": placed})[-1]
    assert "It is on the pad" not in draw.see("desk", pad)[-1]


def test_a_page_that_is_opened_has_an_empty_pad(pad, monkeypatch):
    monkeypatch.setattr(page, "SESSIONS", events.SESSIONS)
    session_id = uuid.uuid4().hex
    draw.teach_digit(session_id, pad, gr.EventData(gr.Button("1"), None))
    draw.see(session_id, pad | {"composite": html.np.eye(28, dtype="uint8")[::-1] * 255})
    assert "looks like" in events.with_session(draw.answer_of)(session_id)[0]
    page.enter(session_id, session_id)
    assert "Draw a digit" in events.with_session(draw.answer_of)(session_id)[0]


def test_undo_takes_back_the_word_that_it_was_learned(pad):
    draw.teach_digit("desk", pad, gr.EventData(gr.Button("1"), None))
    assert "Learned" not in draw.undo_last("desk")[1]


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "${alert(1)}", "`{{x}}`", "\\u003c"])
def test_foreign_text_stays_text(text):
    shown = html.safe(text)
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
    assert "Lessons per label" in notebook.show(pupil.lessons, pupil.labels)


def test_all_ten_digits_have_a_bar_before_anything_is_taught():
    assert re.findall(r"<b>(\d)</b>", html.bars((), None)) == list("0123456789")


def test_the_bars_are_shares_of_what_responds_and_the_best_is_the_guess():
    guess = models.Guess.of(("3", "8", "A"), html.np.array([10, -5, 30], "int32"))
    bars = html.bars(("3", "8", "A"), guess)
    assert re.findall(r'class="best"[^>]*><b>(\w)</b>.*?width:([\d.]+)', bars) == [("A", "75.0")]
    assert re.findall(r"<b>([38])</b>.*?width:([\d.]+)", bars) == [("3", "25.0"), ("8", "0.0")]


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
    shown = str(ENGLISH.texts)
    assert "!" not in shown and "please" not in shown.lower() and "successfully" not in shown.lower()


def test_a_sketch_draws_again_what_grew_on_the_pad():
    session = Session(new("nearest"))
    session.pad.strokes.append(np.eye(28, dtype=np.uint8) * 255)
    frames.choose(session, "sketch", "cells", 2, True, 0)
    film = session.state(frames.FramesState).panels[0].environment.frames
    assert not film[0].any() and (np.diagonal(film[-1]) > 0).all() and np.count_nonzero(film[-1]) == len(film[-1])


def test_a_mind_that_would_learn_nothing_is_refused_and_what_was_watched_stays():
    session = Session(new("nearest"))
    watched = frames.choose(session, "scroller", "cells", 2, True, 0).panels
    with pytest.raises(AgentError, match="got unroll=1 without synth, which learns nothing"):
        frames.choose(session, "scroller", "recurrent", 1, False, 0)
    assert session.state(frames.FramesState).panels == watched


def test_all_is_filled_in_again_where_a_lesson_overtook_what_filled_it_in(pad):
    opened, notes, session_id = page.Page(), gr.HTML(), uuid.uuid4().hex
    opened.at_start(events.with_session(lambda session: f"{len(session.pupil.lessons)} lessons"), [notes])
    assert opened._refresh_all(session_id) == {notes: "0 lessons"}
    assert opened._refresh_overtaken(session_id) == gr.skip()
    with events.open_session(session_id) as session:
        session.pupil.learn_one(np.eye(28, dtype=np.uint8) * 255, "1")
    assert opened._refresh_overtaken(session_id) == {notes: "1 lessons"}
    assert opened._refresh_overtaken(session_id) == gr.skip()

    with events.open_session(session_id) as session:
        session.pad.report(np.eye(28, dtype=np.uint8) * 255)  # a stroke
    assert opened._refresh_overtaken(session_id) == {notes: "1 lessons"}

    with events.open_session(session_id) as session:
        session.set_challenge(challenge.Challenge("new"))
    assert opened._refresh_overtaken(session_id) == {notes: "1 lessons"}
    with events.open_session(session_id) as session:
        session.set_challenge(None)
        session.pupil.name = "Mia"
    assert opened._refresh_overtaken(session_id) == {notes: "1 lessons"}
    with events.open_session(session_id) as session:
        session.comparison_agent = new("recall")
    assert opened._refresh_overtaken(session_id) == {notes: "1 lessons"}
    assert opened._refresh_overtaken(session_id) == gr.skip()

    def slow(session):  # a lesson comes while the second tab is filled in
        if len(session.pupil.lessons) == 1:
            session.pupil.learn_one(np.eye(28, dtype=np.uint8) * 255, "1")

    opened.at_start(events.with_session(slow), [gr.HTML()])
    assert opened._refresh_all(session_id)[notes] == "2 lessons"


def test_a_page_opened_while_the_app_wakes_up_says_so_until_it_is_ready(pad, monkeypatch):
    opened, guess = page.Page(), gr.HTML()
    opened.while_waking(guess, lambda what, how_long: f"{what}: {how_long}")
    monkeypatch.setattr(events.startup, "READY", threading.Event())
    monkeypatch.setattr(events.startup, "seconds_left", lambda: 17)

    async def words():
        steps = opened._wake()
        first = await anext(steps)
        events.startup.READY.set()
        return first, [step async for step in steps]

    with ThreadPoolExecutor(1) as pool:  # gradio has put an event loop of its own into this thread
        first, (last,) = pool.submit(asyncio.run, words()).result()
    assert first[guess] == "Waking up: Ready in about 17 s. What you draw and press until then is kept."
    assert "Waking up" in first[opened.header]
    assert guess not in last
