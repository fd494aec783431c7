"""One new thing, one place: a setting, a tab, a model show up on the page by what they say of themselves."""

import dataclasses
import threading
from types import ModuleType
from typing import ClassVar

import gradio as gr
import numpy as np
import pytest
from gradio import queueing, utils

from agent.agents import new
from agent.models import MODELS
from agent.models.nearest import Nearest, NearestConfig
from agent.ui import events
from agent.ui.page import Page
from agent.ui.server import gradio_patches
from agent.ui.session import Session, Sessions
from agent.ui.tabs import design, inside
from agent.validation import setting


@dataclasses.dataclass(frozen=True)
class DummyConfig(NearestConfig):
    """The settings of nearest and one more."""

    n_dummies: int = setting(3, "dummies that are counted", ge=1, le=9)


class Dummy(Nearest):
    """A model of one file."""

    NAME: ClassVar[str] = "dummy"
    SUMMARY: ClassVar[str] = "does as nearest does"
    Config: ClassVar[type] = DummyConfig

    def stats(self):
        return {"n_dummies": "3"}


@pytest.fixture(autouse=True)
def without_loops(monkeypatch):
    """No event loop is left behind by a page."""
    for place, name in ((utils, "safe_get_lock"), (queueing, "safe_get_lock"), (utils, "safe_get_stop_event")):
        monkeypatch.setattr(place, name, getattr(place, name))  # as it is here, again afterwards
    gradio_patches.make_locks_without_loops()


@pytest.fixture
def dummy(monkeypatch):
    """One entry in the list of models."""
    monkeypatch.setitem(MODELS, "dummy", Dummy)


def form():
    """The components of the form of a new agent, by elem_id."""
    with gr.Blocks() as demo:
        page = Page()
        design.build(page)
    return {block.elem_id: block for block in demo.blocks.values() if getattr(block, "elem_id", None)}


def test_a_setting_is_a_field_of_the_form_with_its_own_help(dummy):
    field = form()["dummy-n_dummies"]
    assert (field.label, field.info, field.value) == ("Dummies", "dummies that are counted", 3)


def test_a_model_can_be_chosen_taught_and_looked_into(dummy):
    assert any("does as nearest does" in text for text, _ in form()["kind"].choices)
    session = Session(new("dummy"))
    session.pupil.learn_one(np.eye(28, dtype=np.uint8) * 255, "1")
    shown = inside.all_of(session)
    assert "<dt>Dummies</dt><dd>3</dd>" in shown[0]
    assert not shown[1].visible and not shown[5].visible  # it has neither a trajectory nor RAM nodes


def test_a_tab_is_one_module_and_its_lessons_reach_the_browser(monkeypatch):
    events.startup.READY.set()
    monkeypatch.setattr(events, "SESSIONS", Sessions(lambda: Session(new("nearest"))))
    monkeypatch.setattr(events.startup, "READY", threading.Event())
    events.startup.READY.set()
    tab = ModuleType("agent.ui.tabs.dummy")

    @events.with_session
    def teach(session):
        session.pupil.learn_one(np.eye(28, dtype=np.uint8) * 255, "1")
        return "learned"

    def build(page):
        text = gr.HTML("")
        gr.Button("Teach").click(teach, page.id, text, **events.QUIET)
        return events.with_session(lambda session: str(session.pupil.n_lessons)), [text]

    tab.build = build
    with gr.Blocks() as demo:
        page = Page()
        with gr.Tabs():
            page.tab(tab)
        page.open(demo)
    assert "Dummy" in [block.label for block in demo.blocks.values() if isinstance(block, gr.Tab)]
    handler = next(event for event in demo.fns.values() if event.fn and event.fn.__name__ == "teach")
    assert handler.outputs[-1] is page.backup
    text, backup = handler.fn("mia")
    assert text == "learned" and backup  # nothing but the page has seen to it
    with events.SESSIONS.open("mia") as session:
        assert session.pupil.n_lessons == 1
