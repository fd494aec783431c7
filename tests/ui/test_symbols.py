"""Several symbols on the pad and in a photo, without a browser: shown, chosen, corrected, each a lesson of its own."""

import threading

import gradio as gr
import handwriting
import numpy as np
import pytest

from agent.agents import new
from agent.datasets import digits
from agent.ui import events
from agent.ui.pad import sketchpad
from agent.ui.session import Session, Sessions
from agent.ui.tabs import draw


@pytest.fixture(scope="module")
def reader():
    pupil = new("recall")
    pupil.learn_many(*digits.Selection({"mnist": 1000}).draw())
    return pupil


@pytest.fixture
def sessions(monkeypatch, reader):
    from copy import deepcopy

    sessions = Sessions(lambda: Session(deepcopy(reader)))
    monkeypatch.setattr(events, "SESSIONS", sessions)
    monkeypatch.setattr(events.startup, "READY", threading.Event())
    events.startup.READY.set()
    return sessions


def on_pad(text, seed=3):
    """What the pad reports when a number is written on it."""
    page = handwriting.number(text, seed, touching=0)[0]
    side = 280
    height, width = (min(side, n) for n in page.shape)
    pad = np.zeros((side, side), np.uint8)
    pad[(side - height) // 2 :, (side - width) // 2 :][:height, :width] = page[:height, :width]
    return {"background": None, "layers": [], "composite": pad}


BLANK = {"background": np.zeros((280, 280), np.uint8), "layers": [], "composite": None}


def lessons(sessions):
    with sessions.open("desk") as session:
        return [lesson.label for lesson in session.pupil.lessons.user_lessons()]


def pick(pad, **said):
    return draw.choose_symbol("desk", pad, gr.EventData(None, said))


def test_a_number_is_shown_with_a_box_for_each_digit(sessions):
    answer = draw.see("desk", on_pad("42"))
    assert "It looks like<" in answer[0] and answer[0].count('class="symbol') == 2
    assert answer[5].count('data-do="choose"') == 2 and answer[5].count("aria-pressed") == 1
    assert draw.see("desk", on_pad("42"))[0] == gr.skip()  # the same report again is no news


def test_a_label_corrects_the_chosen_one_and_right_teaches_the_rest(sessions):
    pad = on_pad("42")
    draw.see("desk", pad)
    shown = pick(pad, do="choose", number=1)
    assert 'data-number="1"' in shown[6].partition("aria-pressed")[0].rpartition("<button")[2] + shown[6]
    cleared = draw.teach_digit("desk", pad, gr.EventData(gr.Button("7"), None))
    assert cleared[0] == gr.skip() and lessons(sessions) == ["7"] and "1 left" in cleared[10]
    done = draw.confirm("desk", pad)
    assert done[0] != gr.skip() and len(lessons(sessions)) == 2 and "Learned: 2 lessons" in done[1]
    assert done[6] == ""


def test_a_lesson_that_is_undone_is_left_to_be_taught_again(sessions):
    pad = on_pad("42")
    draw.see("desk", pad)
    draw.teach_digit("desk", pad, gr.EventData(gr.Button("7"), None))
    boxes = draw.undo_last("desk")[6]
    assert "knew" not in boxes and boxes.count('data-do="choose"') == 2


def test_a_press_before_the_pad_was_reported_teaches_one_symbol(sessions):
    draw.teach_digit("desk", on_pad("42"), gr.EventData(gr.Button("4"), None))
    assert lessons(sessions) == ["4"]


def test_clearing_the_pad_forgets_the_boxes(sessions):
    pad = on_pad("42")
    draw.see("desk", pad)
    assert draw.clear_pad("desk", pad)[6] == ""


@pytest.mark.parametrize("number", [None, -1, 2, "1", True, 1.0])
def test_a_choice_of_what_is_not_there_changes_nothing(sessions, number):
    pad = on_pad("42")
    before = draw.see("desk", pad)
    assert pick(pad, do="choose", number=number)[6] == before[5]


def test_a_photo_of_a_sheet_is_shown_corrected_and_taught(sessions, tmp_path):
    path = tmp_path / "sheet.jpg"
    handwriting.sheet(["0123", "4567"], seed=2).save(path)
    put = draw.put_photo("desk", str(path))
    assert put[6].count('data-do="choose"') == 8 and "Found 8 symbols" in put[-1]
    draw.see("desk", BLANK)  # what the pad reports meanwhile changes nothing
    pick(BLANK, do="choose", number=7)
    draw.teach_digit("desk", BLANK, gr.EventData(gr.Button("7"), None))
    done = pick(BLANK, do="all")
    assert len(lessons(sessions)) == 8 and lessons(sessions)[0] == "7" and done[6] == ""
    assert sum(a == b for a, b in zip(lessons(sessions)[1:], "0123456", strict=True)) >= 5


def test_a_photo_is_one_symbol_for_who_says_so(sessions, tmp_path):
    path = tmp_path / "number.jpg"
    handwriting.sheet(["42"], seed=2).save(path)
    draw.take_as_one("desk")  # too late, or too early: there is nothing to take
    guess = draw.put_photo("desk", str(path))[1]
    assert guess.count('class="symbol') >= 2 and 'data-do="one"' in guess
    shown = draw.take_as_one("desk")
    assert shown[0] != gr.skip() and 'class="symbol' not in shown[1] and shown[6] == ""
    pad = BLANK | {"composite": sketchpad.read_photo(str(path))}
    assert draw.see("desk", pad)[5] == ""  # also once the pad reports it
    draw.teach_digit("desk", pad, gr.EventData(gr.Button("7"), None))
    assert lessons(sessions) == ["7"]


def test_one_digit_is_answered_as_ever(sessions):
    answer = draw.see("desk", on_pad("4"))
    assert "It looks like<" in answer[0] and answer[5] == ""
