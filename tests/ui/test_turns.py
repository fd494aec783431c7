"""Courses take turns, and rest for the strokes of everybody else."""

import threading
import time

import anyio
import pytest

from agent import startup
from agent.agents import new
from agent.errors import AgentError
from agent.progress import CancelToken, Progress
from agent.ui import events
from agent.ui.session import Session, Sessions


@pytest.fixture(autouse=True)
def desks(monkeypatch):
    """Desks of this test's own, and nobody who owes a rest."""
    startup.READY.set()
    monkeypatch.setattr(events, "SESSIONS", Sessions(lambda: Session(new("nearest"))))
    monkeypatch.setattr(events._PAUSES, "not_before", 0.0)


@events.serialized
def course(session, steps):
    """Do what each step says, and tell in which thread."""
    for step in steps:
        step()
        yield threading.get_ident()


def test_steps_of_all_courses_are_done_in_one_thread_one_at_a_time():
    inside, together = set(), []

    def step():
        inside.add(threading.get_ident())
        together.append(len(inside))
        inside.discard(threading.get_ident())

    found = []
    threads = [threading.Thread(target=lambda name=name: found.extend(course(name, [step] * 20))) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 60 and len(set(found)) == 1 and set(together) == {1}


def test_a_mistake_in_a_step_is_told_in_plain_words_and_the_next_course_goes_on():
    def fails():
        raise AgentError("expected ink, got none.")

    steps = course("mia", [lambda: None, fails])
    next(steps)
    with pytest.raises(events.gr.Error, match="Expected ink, got none"):
        next(steps)
    assert len(list(course("ben", [lambda: None]))) == 1


def test_a_course_rests_for_the_strokes_that_came_in_during_a_step_and_for_nothing_else(monkeypatch):
    rested = []
    monkeypatch.setattr(events.time, "sleep", rested.append)
    monkeypatch.setattr(events.time, "monotonic", lambda: 100.0)
    stroke = events.with_session(lambda session: None)

    def during():
        for name in ("one", "other", "third"):
            stroke(name)

    list(course("mia", [during, lambda: None]))
    assert rested == pytest.approx([0, 3 * events._STROKE_S, 3 * events._STROKE_S])
    events._PAUSES.not_before = 0.0
    rested.clear()
    list(course("mia", [lambda: [stroke("one") for _ in range(1000)], lambda: None]))
    assert max(rested) == events._MAX_PAUSE_S


def test_a_course_waits_until_strokes_are_served_at_once_but_not_for_ever(monkeypatch):
    late, looked = [0.5, 0.5, 0.001], []
    monkeypatch.setattr(events, "_lateness_s", lambda: late.pop(0))
    monkeypatch.setattr(events.time, "sleep", looked.append)
    events._PAUSES.wait()
    assert looked == [0, events._POLL_S, events._POLL_S] and not late
    clock = iter(range(1000))
    monkeypatch.setattr(events, "_lateness_s", lambda: 0.5)
    monkeypatch.setattr(events.time, "monotonic", lambda: float(next(clock)))
    events._PAUSES.wait()
    assert next(clock) < 3 * events._MAX_WAIT_S


def test_a_loop_that_is_busy_is_late_and_where_there_is_none_nothing_is():
    is_there, is_busy, late = threading.Event(), threading.Event(), []

    def look():
        is_there.set()
        is_busy.wait()
        return events._lateness_s()

    async def ask():
        late.append(await anyio.to_thread.run_sync(look))

    async def busy():
        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            while not is_there.is_set():
                await anyio.sleep(0.001)
            is_busy.set()
            time.sleep(0.2)  # as a loop that has much to do
        return late[0]

    assert anyio.run(busy) > events._MAX_LATENESS_S > events._lateness_s()


def test_work_on_a_copy_takes_turns_and_ends_when_its_job_is_stopped():
    threads, job = [], CancelToken()

    def work(n_steps):
        for _ in range(n_steps):
            threads.append(threading.get_ident())
            yield Progress(0, n_steps)
        return "done"

    assert events.in_turns(work(5), job) == "done"
    assert len(threads) == 5 and {*threads} == {*course("mia", [lambda: None])}
    steps = work(5)
    job.cancel()
    assert events.in_turns(steps, job) is None and len(threads) == 5
    assert list(steps) == []


def test_a_mistake_in_work_on_a_copy_is_raised():
    def fails():
        yield Progress(0, 1)
        raise AgentError("expected ink, got none.")

    with pytest.raises(AgentError, match="expected ink, got none"):
        events.in_turns(fails(), CancelToken())
