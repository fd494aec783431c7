"""Agents told by their birth and their log alone: the same agent again, or a sentence; and what a browser is told."""

import json

import numpy as np
import pytest
from agents import born
from equality import responses

from agent.agents import new
from agent.errors import AgentError
from agent.lessons import MAX_REPLAYED, MAX_STUDIED, Lessons
from agent.progress import run_to_completion
from agent.storage import serialization
from agent.storage.serialization import initial_config, iter_restore
from agent.ui.parts import browser_backup as browsers
from agent.ui.parts.browser_backup import BrowserBackup, SyncState


def retold(pupil):
    return run_to_completion(iter_restore(initial_config(pupil), pupil.log))


def test_an_agent_told_again_answers_the_same_to_the_last_bit(taught, others):
    again = retold(taught)
    assert np.array_equal(responses(again, others[0]), responses(taught, others[0]))
    assert (again.name, again.labels, again.log, again.model.config) == (
        taught.name,
        taught.labels,
        taught.log,
        taught.model.config,
    )


def test_one_that_began_with_a_starter_shares_its_memory_again(lessons):
    pupil = new("recall", starter="sixty", n_nodes=20, tuple_size=4)
    for drawing, label in list(zip(*lessons, strict=True))[:5]:
        pupil.learn_one(drawing, label)
    pupil.undo()
    steps = list(iter_restore(initial_config(pupil), pupil.log))
    assert steps[-1].n_total == 4  # its own lessons alone
    assert serialization.to_files(retold(pupil)) == serialization.to_files(pupil)


def test_what_stands_after_joining_and_forgetting_is_told_again(lessons):
    pupil, other = born("recall"), born("recall", name="Ben")
    drawings, labels = lessons
    pupil.learn_one(drawings[0], labels[0])
    other.learn_many(drawings[1:5], labels[1:5])
    other.learn_one(drawings[6], "B")
    pupil.join(other)
    pupil.learn_one(drawings[7], labels[7])
    again = retold(pupil)
    assert np.array_equal(responses(again, drawings), responses(pupil, drawings))
    assert again.unjoin() == "Ben" and again.n_lessons == 2


def lesson(number=0, label="4", **changed):
    drawing = np.zeros((28, 28), np.uint8)
    drawing[2:26, 14] = 255
    log = Lessons()
    log.add(drawing, label, None, when=0)
    return log.events[0] | {"number": number} | changed


BULK = {"event": "bulk", "number": 0, "n_lessons": 60, "source": {"task": "digits", "sets": {"mnist": 60}}, "start": 0}
HOSTILE = {
    "no log": ["[]"],
    "a label that is none": [lesson(label="")],
    "more lessons than may be taught again": [BULK | {"n_lessons": MAX_REPLAYED + 1}],
    "many times as many": [BULK | {"number": number, "n_lessons": MAX_REPLAYED // 2 + 1} for number in range(2)],
    "nothing to study": [lesson(), {"event": "study", "number": 1}],
    "studied again and again": [BULK, *({"event": "study", "number": n + 1} for n in range(MAX_STUDIED + 1))],
    "bulk lessons that nobody kept": [BULK | {"source": None}],
    "a source that is none": [BULK | {"source": {"task": "../../etc"}}],
    "a lesson lost that was never taught": [
        lesson(),
        {"event": "lose", "number": 1, "label": "9", "drawing": lesson()["drawing"]},
    ],
    "more labels than fit": [lesson(number, f"l{number}") for number in range(70)],
    "a number twice": [lesson(), lesson()],
    "ink where none is kept": [lesson(drawing="c$@(N0RR")],
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("name", ["recall", "nearest"])
def test_a_strangers_log_is_refused_with_a_sentence(case, name):
    log = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in HOSTILE[case])
    with pytest.raises(AgentError, match="xpected"):
        run_to_completion(iter_restore(initial_config(born(name)), log))


@pytest.mark.parametrize(
    "told",
    [
        "",
        "[]",
        "{}",
        '{"format":1,"kind":"linear","name":"x","settings":{}}',
        '{"format":1,"kind":"recall","name":"x","settings":{"n_nodes":100000000}}',
        '{"format":1,"kind":"recall","name":"x","settings":{"n_nodes":true}}',
        '{"format":1,"kind":["recall"],"name":"x","settings":{}}',
        '{"format":1,"kind":"recall","name":"' + 30_000 * "x" + '","settings":{}}',
    ],
)
def test_a_strangers_birth_is_refused_with_a_sentence(told):
    with pytest.raises(AgentError, match="xpected"):
        run_to_completion(iter_restore(told, ""))


# ---------------------------------------------------------------- what a browser is told


class Kept:
    """What a browser does with its delta, in Python."""

    def __init__(self):
        self.key, self.lines = None, []

    def hear(self, delta):
        assert delta["start"] == 0 or (self.key == delta["key"] and len(self.lines) >= delta["start"])
        self.key, self.birth = delta["key"], delta["birth"]
        self.lines[delta["start"] :] = delta["lines"]

    @property
    def text(self):
        return "\n".join([self.birth, *self.lines])


def chunks_of(text):
    size = browsers.CHUNK_CHARS
    return [(text[at : at + size], at, len(text)) for at in range(0, len(text), size)]


def test_a_browser_that_hears_every_delta_keeps_the_log_whatever_happens(lessons):
    pupil, browser, thumbnail = born("recall", name="Mia"), BrowserBackup(), Kept()
    drawings, labels = lessons

    def happens(change):
        change()
        thumbnail.hear(browser.delta(pupil))
        assert thumbnail.lines == pupil.log.splitlines()

    for row in range(4):
        happens(lambda row=row: pupil.learn_one(drawings[row], labels[row]))
    happens(lambda: pupil.relabel(1, "A"))
    happens(lambda: pupil.delete(0))
    source = {"task": "digits", "sets": {"mnist": 60}}
    happens(lambda: pupil.learn_many(drawings[:30], labels[:30], source=source))
    happens(lambda: pupil.learn_many(drawings[30:], labels[30:], source=source, start=30))
    happens(pupil.undo)
    other = born("recall", name="Ben")
    other.learn_one(drawings[9], "B")
    happens(lambda: pupil.join(other))
    happens(pupil.unjoin)
    happens(browser.reset)
    assert "A" in pupil.labels and json.loads(thumbnail.birth)["name"] == "Mia"


def test_a_lesson_costs_its_own_line_and_a_forgotten_drawing_leaves_the_browser(lessons):
    pupil, browser, thumbnail = born("recall"), BrowserBackup(), Kept()
    for row in range(20):
        pupil.learn_one(lessons[0][row], lessons[1][row])
        delta = browser.delta(pupil)
        assert (delta["start"], len(delta["lines"])) == (row, 1)
        thumbnail.hear(delta)
    drawing = json.loads(thumbnail.lines[7])["drawing"]
    pupil.delete(7)
    thumbnail.hear(browser.delta(pupil))
    assert drawing not in thumbnail.text


def test_a_desk_asks_for_the_log_in_chunks_and_raises_the_agent_again(lessons, monkeypatch):
    monkeypatch.setattr(browsers, "CHUNK_CHARS", 700)
    pupil, thumbnail = born("recall", name="Mia"), Kept()
    pupil.learn_one(lessons[0][0], "4")
    pupil.learn_many(lessons[0][:9], lessons[1][:9])
    thumbnail.hear(BrowserBackup().delta(pupil))
    browser = BrowserBackup(SyncState.UNSYNCED)
    *first, last = chunks_of(thumbnail.text)
    assert len(first) > 1 and not browser.is_synced
    for chunk in first:
        assert browser.delta(pupil) == {"at": chunk[1]}
        assert browser.receive_chunk(*chunk) is None
        assert browser.receive_chunk(*chunk) is None  # asked twice, answered twice
    again = browser.receive_chunk(*last)
    assert browser.state is SyncState.RESTORING and browser.delta(pupil) == {}
    assert serialization.to_files(run_to_completion(again)) == serialization.to_files(pupil)


def test_a_browser_that_was_asked_twice_hears_that_it_is_in_step():
    pupil, browser = born("nearest"), BrowserBackup()
    browser.delta(pupil)
    assert browser.changes(pupil) is None
    assert browser.receive_chunk("x", 0, 1) is None and browser.changes(pupil)["lines"] == []
    assert browser.changes(pupil) is None


@pytest.mark.parametrize(
    "chunk",
    [("", 0, 0), (None, 0, 9), ("x", 0, 10**9), ("x", 0, 0), ("x", True, 9), ("x", 0, 9.0), ("x" * 60_001, 0, 60_001)],
)
def test_a_chunk_that_is_none_is_refused_and_the_desk_begins_anew(chunk):
    browser = BrowserBackup(SyncState.UNSYNCED)
    with pytest.raises(AgentError, match="xpected chunks"):
        browser.receive_chunk(*chunk)
    assert browser.is_synced and browser.n_bytes == 0
