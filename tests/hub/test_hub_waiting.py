"""While the Hub takes its time, the visitor who waits for it is served: no lock is held over the network."""

import contextlib
import threading
import time

import gradio as gr
import numpy as np
import pytest
from localhub import Fault

from agent.agents import new
from agent.hub import push
from agent.ui import events
from agent.ui.parts import gallery
from agent.ui.session import Session, Sessions
from agent.ui.tabs import draw, share

PAD = {"background": None, "layers": [], "composite": np.eye(28, dtype=np.uint8) * 255}


@pytest.fixture
def sessions(monkeypatch):
    """Sessions of this test's own."""
    events.startup.READY.set()
    monkeypatch.setattr(events, "SESSIONS", Sessions(lambda: Session(new("nearest", name="Zoe"))))
    draw.teach_digit("mia", PAD, gr.EventData(gr.Button("1"), None))
    return events.SESSIONS


@contextlib.contextmanager
def waiting(hub, fault, handler, *inputs):
    """Run a handler in a thread of its own, as far as the request that the Hub leaves unanswered."""
    hub.faults.add(fault)
    outputs, n_before = [], len(hub.log)

    def run():
        outputs.extend(handler("mia", *inputs))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        until = time.monotonic() + 30
        while not any(asked.path == fault.path and asked.status is None for asked in hub.log[n_before:]):
            assert time.monotonic() < until and thread.is_alive()
            time.sleep(0.005)
        yield outputs
        assert thread.is_alive()  # the Hub has not answered yet
    finally:
        hub.stopping.set()  # it answers what it has delayed
        thread.join()


def test_a_stroke_is_answered_and_a_lesson_learned_while_a_push_waits(hub, sessions):
    fault = Fault("POST", "/api/repos/create", delay=60)
    inputs = ("sevens", "first", "public", "hf_mia", True, None, gr.Request(headers={}))
    with waiting(hub, fault, share.push, *inputs) as outputs:
        assert "looks like" in draw.see("mia", PAD | {"composite": PAD["composite"][::-1]})[0]
        draw.teach_digit("mia", PAD, gr.EventData(gr.Button("2"), None))
        with sessions.open("mia") as session:
            assert session.pupil.n_lessons == 2 and session.pupil.lineage.home is None
    assert "Published" in outputs[-1][0]
    with sessions.open("mia") as session:
        assert session.pupil.lineage.home == "mia/sevens" and session.pupil.n_lessons == 2
    from agent import hub as hub_room

    assert hub_room.pull("mia/sevens").n_lessons == 1  # the copy from before


@pytest.mark.parametrize("card", ["pull", "gallery"])
def test_a_lesson_is_learned_while_a_pull_waits_and_stays_with_the_agent_before(hub, sessions, card, lessons):
    other = new("nearest", name="Other")
    other.learn_many(lessons[0][:5], lessons[1][:5])
    push(other, "ben/other", "hf_ben")
    fault = Fault("GET", "/api/models/ben/other", delay=60)
    if card == "pull":
        handler, inputs = share.pull, ("ben/other", None, "", None)
    else:
        handler, inputs = gallery.pull, (gr.EventData(None, {"do": "start", "label": "ben/other"}),)
    with waiting(hub, fault, handler, *inputs):
        assert "Learned" in draw.teach_digit("mia", PAD, gr.EventData(gr.Button("2"), None))[1]
    with sessions.open("mia") as session:
        assert session.pupil.n_lessons == 5 and session.earlier[0].n_lessons == 2
