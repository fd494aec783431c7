"""What was done to an agent, undone and redone: the same bytes, whatever it was and whatever came before."""

import copy

import numpy as np
import pytest
from agents import born
from equality import memory_bytes

from agent.agents import new
from agent.errors import AgentError
from agent.lessons import Lessons
from agent.storage import serialization
from agent.ui import history
from agent.ui.parts import my_agents
from agent.ui.parts.challenge import Challenge
from agent.ui.session import Session

SMALL = {"n_nodes": 40, "tuple_size": 6, "n_warps": 4, "n_rows": 200}


def ink(row, column=3):
    drawing = np.zeros((28, 28), np.uint8)
    drawing[row, column:22] = drawing[4:24, column] = 255
    return drawing


def files(session):
    """Everything a visitor has: files and memory of the agent in use and of the one that is drawn for; which others."""
    agents = dict.fromkeys((session.pupil, session.at_pad))
    others = [(pupil, pupil.name) for pupil in session.earlier]
    return [(pupil, serialization.to_files(pupil), memory_bytes(pupil)) for pupil in agents], session.challenge, others


def teach(session, rng):
    drawing, label = ink(int(rng.integers(4, 24)), int(rng.integers(3, 9))), "0123A"[rng.integers(5)]
    with session.history.lesson(session, session.at_pad, drawing, label):
        pass


def numbers(session):
    return [lesson.number for lesson in session.at_pad.lessons.user_lessons()]


def relabel(session, rng):
    if numbers(session):
        number, label = rng.choice(numbers(session)), "0123B"[rng.integers(5)]
        with session.history.change(session, "relabel", label):
            session.at_pad.relabel(int(number), label)


def forget(session, rng):
    if numbers(session):
        with session.history.change(session, "forget"):
            session.at_pad.delete(int(rng.choice(numbers(session))))


def teach_many(session, rng):
    drawings = np.stack([ink(4 + row % 20, 3 + row % 5) for row in rng.integers(0, 100, 6)])

    def work():
        for start in (0, 3):
            session.pupil.learn_many(drawings[start : start + 3], list("012"))
            yield start

    assert list(session.history.steps(session, "many", "6", work())) == [0, 3]


def join(session, rng):
    other = new("recall", name="Tom", **SMALL)
    other.learn_one(ink(int(rng.integers(4, 24))), "4")
    list(session.history.steps(session, "join", "Tom", session.pupil.iter_join(other)))


def replace(session, rng):
    session.replace(new("recall", name="New", **SMALL))


def challenge(session, rng):
    session.set_challenge(Challenge("Mia", new("recall", **SMALL)) if session.challenge is None else None)


def load(session, rng):
    other = new("recall", name="Ben", **SMALL)
    other.learn_one(ink(int(rng.integers(4, 24))), "5")
    session.take(serialization.from_files(serialization.to_files(other)))


def open_another(session, rng):
    if session.earlier:
        session.replace(session.earlier[rng.integers(len(session.earlier))])


def press_of_menu(session, rng, do, label=None):
    """Press something on the row of one of My agents, or, to rename it, of the one in use."""
    if session.earlier:
        key = session.key(session.earlier[rng.integers(len(session.earlier))])
        my_agents.change(session, {"do": do, "label": key} if label is None else {"do": do, "label": label, "of": key})
    elif label is not None:
        my_agents.change(session, {"do": do, "label": label})


def rename(session, rng):
    press_of_menu(session, rng, "rename", str(rng.choice(["Ann", "Bo", "Cy"])))


def remove(session, rng):
    press_of_menu(session, rng, "remove")


def reload(session, rng=None):
    """What a page that is opened anew does."""
    session.turn_page(session.language)


ACTIONS = [*[teach] * 6, relabel, forget, teach_many, join, replace, challenge]
ACTIONS += [load, open_another, open_another, rename, remove, reload]


@pytest.mark.parametrize(
    "seed",
    [
        *range(6),
        *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(6, 20)),
        *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(20, 500)),
    ],
)
def test_any_actions_are_undone_and_redone_to_the_same_bytes(seed):
    rng = np.random.default_rng(seed)
    session = Session(new("recall", **SMALL))
    states = [files(session)]
    for action in rng.choice(ACTIONS, 40):
        action(session, rng)
        if len(session.history.done) == len(states):
            states.append(files(session))
    reload(session)
    for _ in range(2):
        place = len(states) - 1
        for turn in [-1] * int(rng.integers(1, place + 1)) + [1] * place:
            step = session.undo() if turn < 0 else session.redo()
            assert (step is None) == (place == len(states) - 1 and turn > 0)
            place += turn if step is not None else 0
            assert files(session) == states[place]
        reload(session)
    while session.history.done:
        session.undo()
    assert files(session) == states[0] and session.history.next_redo(session) is not None


@pytest.mark.parametrize("change", ["lesson", "relabel", "elsewhere"])
def test_nothing_is_redone_once_something_else_happened(change):
    session, rng = Session(new("recall", **SMALL)), np.random.default_rng(0)
    teach(session, rng)
    teach(session, rng)
    session.undo()
    if change == "elsewhere":  # by a program that shares the session
        session.pupil.learn_one(ink(9), "7")
    else:
        {"lesson": teach, "relabel": relabel}[change](session, rng)
    before = files(session)
    assert session.history.next_redo(session) is None and session.redo() is None and files(session) == before


def test_without_a_history_the_last_lesson_is_undone_and_redone(kind, lessons):
    """As of an agent that came back with its log after the server was started anew."""
    pupil = born(kind)
    for drawing, label in list(zip(*lessons, strict=True))[:5]:
        pupil.learn_one(drawing, label)
    pupil.relabel(0, "A")
    session = Session(pupil)
    states = [memory_bytes(pupil)]
    for n_left in (4, 3, 2):
        assert session.history.next_undo(session) == ("lesson", pupil.lessons.user_lessons()[-1].label)
        session.undo()
        assert session.pupil.n_lessons == n_left
        states.append(memory_bytes(session.pupil))
    for state in states[-2::-1]:
        session.redo()
        assert memory_bytes(session.pupil) == state
    assert session.redo() is None


def test_undo_after_forget_brings_the_forgotten_lesson_back_and_takes_no_other():
    session = Session(new("nearest"))
    for row in (5, 9, 13):
        with session.history.lesson(session, session.pupil, ink(row), str(row)[-1]):
            pass
    with session.history.change(session, "forget", "5"):
        session.pupil.delete(0)
    assert session.history.next_undo(session) == ("forget", "5")
    session.undo()
    assert [lesson.label for lesson in session.pupil.lessons.user_lessons()] == ["5", "9", "3"]


def test_what_happens_between_the_steps_of_a_job_is_an_action_of_its_own():
    session = Session(new("nearest"))
    job = session.history.steps(session, "many", "3", (session.pupil.learn_one(ink(row), "1") for row in (5, 9, 13)))
    next(job)
    with session.history.lesson(session, session.pupil, ink(20), "2"):
        pass
    list(job)
    assert [(step.what, step.label) for step in session.history.done] == [("many", "3"), ("lesson", "2"), ("many", "3")]
    for n_lessons in (2, 1, 0):
        session.undo()
        assert session.pupil.n_lessons == n_lessons


def test_a_job_that_is_undone_takes_no_further_step():
    session = Session(new("nearest"))
    token = session.start_job()
    work = (session.pupil.learn_one(ink(row), "1") for row in (5, 9, 13))
    job = session.history.steps(session, "many", "3", work, token)
    next(job)
    session.undo()
    assert list(job) == [] and session.pupil.n_lessons == 0 and session.redo().what == "many"


def test_what_fails_is_no_action():
    session = Session(new("nearest"))
    with pytest.raises(AgentError), session.history.lesson(session, session.pupil, ink(5), "much too long"):
        pass
    with pytest.raises(AgentError), session.history.change(session, "forget"):
        session.pupil.delete(7)
    assert not session.history.done and session.undo() is None


def test_the_tenth_lesson_of_a_challenge_is_undone_with_its_result():
    session = Session(new("nearest"))
    session.set_challenge(Challenge("Mia", new("nearest")))
    with session.history.lesson(session, session.at_pad, ink(5), "1"):
        session.challenge.result = result = object()
    assert session.at_pad is session.pupil
    session.undo()
    assert session.at_pad is session.challenge.pupil and session.challenge.result is None
    session.redo()
    assert session.challenge.result is result
    session.undo()
    session.undo()
    assert session.challenge is None and session.undo() is None


def test_a_history_is_bounded_in_steps_and_bytes_and_what_it_keeps_is_counted(monkeypatch):
    monkeypatch.setattr(history, "MAX_STEPS", 5)
    session, rng = Session(new("recall", **SMALL)), np.random.default_rng(0)
    for _ in range(8):
        teach(session, rng)
    assert len(session.history.done) == 5
    before = session.n_bytes
    relabel(session, rng)
    teach(session, rng)  # the copy shares no arrays any more
    kept = session.history.n_bytes([session.pupil.model, session.pupil.lessons])
    assert kept > 50_000 and session.n_bytes >= before + 50_000
    monkeypatch.setattr(history, "MAX_BYTES", 30_000)
    teach(session, rng)
    assert session.history.n_bytes([session.pupil.model, session.pupil.lessons]) <= 30_000


def test_a_lesson_taken_back_leaves_the_log_as_it_was():
    log = Lessons()
    for row in range(4, 8):
        log.add(ink(row), "1", None)
    before, whole = copy.deepcopy(log), log.to_jsonl()
    log.add(ink(9), "2", "1")
    log.take_back()
    assert log.to_jsonl() == whole and (len(log), log.n_bytes) == (len(before), before.n_bytes)
    assert log.add(ink(9), "2", "1") == before.add(ink(9), "2", "1")
