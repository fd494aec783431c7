"""What is kept for a visitor is counted, and is no more than it says: the attack is a short file of a long history."""

import copy
import gc
import json
import tracemalloc

import numpy as np
import pytest

from agent.agents import new
from agent.errors import AgentError
from agent.lessons import MAX_ENTRIES, Lessons
from agent.storage import serialization
from agent.ui.session import Mistake, Session, Sessions
from tests.helpers.forge import signed

pytestmark = pytest.mark.slow  # memory is traced, which takes long


def ink(row=4):
    """A drawing of a bar."""
    drawing = np.zeros((28, 28), np.uint8)
    drawing[row, 4:24] = 255
    return drawing


def forged(*lines, kind="nearest"):
    """The .zip of an agent of one lesson, whose log goes on with other events."""
    pupil = new(kind)
    pupil.learn_one(ink(), "abcdefgh")
    files = serialization.to_files(pupil)
    log = files["lessons.jsonl"].decode() + "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    return serialization.zipped(signed(files | {"lessons.jsonl": log.encode()}))


RELABEL = {"event": "relabel", "number": 0, "label": "abcdefgh"}


def held(make):
    """Bytes that something takes, as Python counts them, and the thing."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        made = make()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before, made
    finally:
        tracemalloc.stop()


def test_a_short_file_of_a_long_history_is_no_more_than_its_lessons():
    content = forged(*[RELABEL] * 60_000)
    assert len(content) < 20_000
    serialization.from_zip(forged(RELABEL))  # which loads what a process loads once
    n_bytes, pupil = held(lambda: serialization.from_zip(content))
    assert n_bytes < 100_000 and len(pupil.lessons.events) == 1  # it was 30 MB
    assert [lesson.label for lesson in pupil.lessons.user_lessons()] == ["abcdefgh"]
    assert pupil.predict_one(ink()).label == "abcdefgh"


def test_a_log_that_is_compacted_says_what_it_said(monkeypatch):
    monkeypatch.setattr("agent.lessons.FREE_HISTORY", 4)
    log, other = Lessons(), Lessons()
    for row in range(3):
        log.add(ink(row + 3), "1", None)
        other.add(ink(row + 9), "2", "1")
    log.join(other, "Tom")
    log.add(ink(20), "3", None)
    for label in "4567" * 3:
        log.relabel(1, label)
    log.forget(5)
    log.forget(0)
    again = Lessons.from_jsonl(log.to_jsonl())
    said = [(lesson.label, lesson.guessed, lesson.drawing.tobytes()) for lesson in log.user_lessons()]
    assert [(lesson.label, lesson.guessed, lesson.drawing.tobytes()) for lesson in again.user_lessons()] == said
    assert len(again.events) == 6 and [entry.number for entry in again.standing()] == list(range(6))
    again.forget_many(again.numbers_of(again.last_joined().number))
    assert [lesson.label for lesson in again.user_lessons()] == ["7", "1", "3"]
    assert Lessons.from_jsonl(again.to_jsonl()).to_jsonl() == again.to_jsonl()


def test_a_file_of_more_entries_than_may_stand_is_refused():
    many = [bulk(number) for number in range(1, MAX_ENTRIES + 1)]
    with pytest.raises(AgentError, match="line 100001 of lessons.jsonl, got more than 100,000 entries"):
        serialization.from_zip(forged(*many))


def bulk(number):
    return {"event": "bulk", "number": number, "n_lessons": 1, "source": None, "start": 0}


def sourced(number):
    source = {"task": [[{"a": {}}] * 20] * 20}
    return bulk(number) | {"source": source}


@pytest.mark.parametrize(
    "lines",
    [
        [bulk(number) for number in range(1, 20_000)],
        [sourced(number) for number in range(1, 200)],
        [{"event": "join", "number": number, "name": "x", "end": number + 1} for number in range(1, 10_000)],
        [RELABEL] * 9_000,
    ],
    ids=["bulk", "sources", "joins", "relabels"],
)
def test_what_a_file_makes_the_server_keep_is_counted(lines):
    content = forged(*lines)
    n_bytes, pupil = held(lambda: serialization.from_zip(content))
    assert n_bytes < 1.2 * pupil.n_bytes + 200_000, (n_bytes, pupil.n_bytes)


def lesson_by_lesson(session):
    for row in range(28):
        for _ in range(4):
            session.pupil.learn_one(ink(row), str(row))


def history(session):
    session.pupil.learn_one(ink(), "1")
    for label in "12" * 100:
        session.pupil.relabel(0, label)


def undone(session):
    lesson_by_lesson(session)
    for _ in range(60):
        session.undo()


def agents(session):
    lesson_by_lesson(session)
    session.comparison_agent, *session.earlier = (new("recall") for _ in range(3))
    for pupil in (session.comparison_agent, *session.earlier):
        pupil.learn_one(ink(), "1")


def mistakes(session):
    session.mistakes = [Mistake(ink().copy(), str(number), None) for number in range(1_000)]


def copied(session):
    session.pupil.learn_one(ink(), "1")
    session.earlier = (copy.deepcopy(session.pupil),)


@pytest.mark.parametrize("do", [lesson_by_lesson, history, undone, agents, mistakes, copied])
def test_what_a_visitor_does_is_counted(do):
    do(Session(new("recall")))  # kernels, tables of all agents
    session = Session(new("recall"))
    before = session.n_bytes
    n_bytes, _ = held(lambda: do(session))
    assert n_bytes < 1.3 * (session.n_bytes - before) + 1_000_000, (n_bytes, session.n_bytes - before)


def test_arrays_that_agents_share_are_counted_once_and_wholly_by_the_last():
    pupil = new("recall")
    pupil.learn_one(ink(), "1")
    pupil.predict_one(ink(8))  # which leaves an index of its rows
    alone = pupil.model.n_bytes
    twin = copy.deepcopy(pupil)
    assert alone > 1_000_000 and alone - 2 <= pupil.model.n_bytes + twin.model.n_bytes <= alone
    twin.learn_one(ink(8), "2")
    assert pupil.model.n_bytes > 0.6 * alone and twin.model.n_bytes > 0.6 * alone
    del twin
    gc.collect()
    assert pupil.model.n_bytes == alone


def test_what_logs_take_puts_the_sessions_out_that_were_used_least():
    content = forged(*[bulk(number) for number in range(1, 10_000)])
    sessions = Sessions(lambda: Session(new("nearest")), max_bytes=30_000_000)
    for name in "abcde":
        with sessions.open(name) as session:
            session.take(serialization.from_zip(content))
    assert [name in sessions for name in "abcde"] == [False, False, True, True, True]
