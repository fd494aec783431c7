"""The visitor's agents: those before the one in use stay within reach, bounded, to open, rename, compare or remove."""

import threading

import gradio as gr
import numpy as np
import pytest

from agent.agents import new
from agent.errors import AgentError
from agent.ui import events, page
from agent.ui.parts import my_agents
from agent.ui.session import MAX_EARLIER, Session, Sessions
from agent.ui.tabs import share, teach


def taught(name):
    pupil = new("nearest", name=name)
    pupil.learn_one(np.eye(28, dtype=np.uint8) * 255, "1")
    return pupil


def press(session, do, name):
    pupil = next((other for other in session.earlier if other.name == name), None)
    return my_agents.change(session, {"do": do, "label": pupil and session.key(pupil)})


def names(session):
    return [pupil.name for pupil in session.earlier]


def test_the_last_five_that_had_a_lesson_stay_and_none_twice():
    session = Session(new("nearest"))
    for name in "ABCDEFG":
        session.replace(taught(name))
    assert MAX_EARLIER == 5 and names(session) == [*"FEDCB"] and session.pupil.name == "G"
    session.replace(new("nearest", name="empty"))
    session.replace(taught("H"))
    assert names(session) == [*"GFEDC"]
    assert "Opened: E, 1 lesson." in press(session, "open", "E") and session.pupil.name == "E"
    assert names(session) == [*"HGFDC"]


def test_large_agents_make_room_but_the_last_one_stays(monkeypatch):
    monkeypatch.setattr("agent.ui.session.MAX_EARLIER_BYTES", 1)
    session = Session(taught("A"))
    for name in "BC":
        session.replace(taught(name))
    assert names(session) == ["B"]


def test_removing_one_is_undone_and_comparing_lets_it_answer_beside():
    session = Session(taught("A"))
    session.replace(taught("B"))
    assert "A answers beside yours" in press(session, "beside", "A") and session.comparison_agent.name == "A"
    press(session, "remove", "A")
    assert names(session) == []
    assert session.undo().label == "A" and names(session) == ["A"]
    session.redo()
    with pytest.raises(AgentError, match="still there"):
        press(session, "open", "A")
    assert session.pupil.name == "B"


def test_any_of_them_is_renamed_and_that_is_undone():
    session = Session(taught("A"))
    session.replace(taught("B"))
    pressed = {"do": "rename", "of": session.key(session.earlier[0]), "label": " Ann "}
    assert my_agents.change(session, pressed) == "Renamed: Ann."
    assert (session.pupil.name, names(session)) == ("B", ["Ann"])
    my_agents.change(session, {"do": "rename", "label": "Bo"})
    for name, expected in (("Bo", ("B", ["Ann"])), ("Ann", ("B", ["A"]))):
        assert session.history.next_undo(session) == ("rename", name)
        session.undo()
        assert (session.pupil.name, names(session)) == expected
    session.redo()
    assert (session.pupil.name, names(session)) == ("B", ["Ann"])
    with pytest.raises(AgentError, match="still there"):
        my_agents.change(session, pressed | {"of": "gone"})


def test_a_drawing_stays_on_the_pad_for_the_next_agent():
    session = Session(taught("A"))
    session.pad.report(np.eye(28, dtype=np.uint8) * 255)
    session.replace(taught("B"))
    assert session.pad.drawing is not None


@pytest.mark.parametrize("name", ["", " ", "a" * 41, "a\nb", "\u3164", "a\ufe0f", None])
def test_a_name_that_is_none_changes_nothing(name):
    session = Session(taught("A"))
    assert "Write a name" in my_agents.change(session, {"do": "rename", "label": name}) and session.pupil.name == "A"


def test_the_menu_shows_names_as_text():
    session = Session(taught("<b>A"))
    session.replace(taught("B"))
    assert "<b>A" not in my_agents.menu(session) and "&lt;b&gt;A" in my_agents.menu(session)


def test_what_was_tested_is_shown_until_another_agent_takes_its_place(monkeypatch):
    monkeypatch.setattr(events, "SESSIONS", Sessions(lambda: Session(taught("A"))))
    monkeypatch.setattr(events.startup, "READY", threading.Event())
    events.startup.READY.set()
    list(teach.test("desk", "notebook", 100, [], 0))
    assert teach.refresh("desk")[3:] == (gr.skip(),) * 4
    with events.SESSIONS.open("desk") as session:
        session.replace(taught("B"))
    *_, curve, result, confusion = teach.refresh("desk")
    assert "learning curve appears here" in curve and "<b>–</b>" in result and "empty" in confusion


def test_what_a_tab_says_when_it_is_opened_takes_no_place_of_what_was_said_since():
    session = Session(taught("A"))
    about, *_ = page.render_status(session)
    assert "A has had 1 lesson" in about
    saved, *_ = page.render_status(session, "Saved: a.zip.")
    assert page._about(session, about, "share") == gr.skip()  # opened before, answered after
    assert page._about(session, saved, "share") == about  # opened again
    lines = [page.render_status(session, "Saved: a.zip.")[0] for _ in range(3)]
    assert lines[0] != lines[1] != lines[2]  # the same once more is shown once more
    assert "A has had" in page._about(session, "", "design")
    session.turn_page(session.language)
    assert page._about(session, "", "share") == about  # on a new page nothing was said


def test_the_field_of_the_name_is_filled_only_where_the_name_is_another():
    session = Session(taught("A"))
    assert page.name_of(session) == "A" and share._new_name(session) == gr.skip()
    session.replace(taught("B"))
    assert share._new_name(session) == "B" and share._new_name(session) == gr.skip()
