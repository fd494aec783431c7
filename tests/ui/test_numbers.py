"""The Numbers tab's handlers without a browser: side by side, stopped at once, several visitors together."""

import threading

import pytest

from agent.datasets.copy_numbers import Copy
from agent.errors import AgentError
from agent.ui import events
from agent.ui.session import Sessions, new_session
from agent.ui.tabs import numbers
from agent.ui.tabs.numbers import LEARNERS, Choice, NumbersState

CHOICES = ([*LEARNERS], "0 10", 5000, 0.01, "float64", "one_minus", "", False, False, 0)


@pytest.fixture
def desks(monkeypatch):
    desks = Sessions(new_session)
    monkeypatch.setattr(events, "SESSIONS", desks)
    monkeypatch.setattr(events.startup, "READY", threading.Event())
    events.startup.READY.set()
    return desks


def chosen(**more):
    return Choice(
        **{
            "learners": LEARNERS,
            "task": Copy(),
            "lr": 0.01,
            "steps": 2000,
            "precision": "float64",
            "falls": False,
            "seed": 0,
            **more,
        }
    )


def curves(learners):
    return {name: [(seen.n_done, seen.error, seen.line) for seen in curve] for name, curve in learners.curves.items()}


def test_a_course_is_stopped_after_the_round_it_is_in(desks):
    frames = numbers.learn("ann", *CHOICES)
    for _ in range(5):
        next(frames)
    desks.stop("ann")
    rest = list(frames)
    assert len(rest) == 1 and "Stopped after" in rest[0][0]
    with desks.open("ann") as session:
        assert 0 < session.state(NumbersState).n_done < 5000


@pytest.mark.slow
def test_visitors_at_once_learn_what_each_would_alone(desks):
    alone = NumbersState()
    for _ in alone.iter_learn(chosen(steps=5000)):
        pass
    courses = [numbers.learn(name, *CHOICES) for name in ("ann", "ben", "cem")]
    while courses:
        courses = [course for course in courses if next(course, None) is not None]
    for name in ("ann", "ben", "cem"):
        with desks.open(name) as session:
            assert curves(session.state(NumbersState)) == curves(alone)


def test_a_course_that_cannot_begin_leaves_the_one_before(desks):
    list(numbers.learn("ann", *CHOICES))
    with desks.open("ann") as session:
        before = curves(session.state(NumbersState))
    for bad in (([], *CHOICES[1:]), (*CHOICES[:6], "1 - f", *CHOICES[7:])):
        with pytest.raises(events.gr.Error, match="Choose a learner first|Expected known names in reward, got f"):
            list(numbers.learn("ann", *bad))
    with desks.open("ann") as session:
        assert curves(session.state(NumbersState)) == before


def test_one_whose_steps_are_too_large_is_told_and_the_others_go_on():
    learners = NumbersState()
    for _ in learners.iter_learn(chosen(lr=0.03)):
        pass
    assert {"exact", "mse"} <= set(learners.faults) and "expected steps that settle" in learners.faults["mse"]
    assert learners.curves["tuples"][-1].n_done == learners.curves["symbols"][-1].n_done == 2000
    session = new_session()
    session.states[NumbersState] = learners
    assert "expected steps that settle" in numbers._answers(session)


def test_what_a_visitor_wrote_is_shown_as_text(desks):
    shown = numbers.ask("ann", "<b>${x}`")
    assert "<b>" not in shown and "${" not in shown and "`" not in shown and "Expected a number" in shown


def test_published_settings_are_repeated_until_stopped(desks):
    frames = numbers.repeat_published("ann")
    next(frames), next(frames), next(frames)
    desks.stop("ann")
    *_, last = frames
    assert "Stopped after 10 of 220" in last[0] and last[1].count("<circle") == 11 + 10


def test_nobody_is_kept_where_nobody_learned(desks):
    with pytest.raises(events.gr.Error, match="got none. Let some learn first"):
        numbers.save("ann", "mse", "Ann")
    with pytest.raises(AgentError, match="Choose a learner first"):
        numbers.choice_of([], *CHOICES[1:])
