"""The Numbers tab's handlers without a browser: side by side, stopped at once, several visitors together."""

import threading

import pytest

from agent.errors import AgentError
from agent.tasks.copy import Copy
from agent.ui import events, number_views, numbers
from agent.ui.desk import Desks, new_desk
from agent.ui.learners import EVERYBODY, Chosen, Learners

CHOICES = ([*EVERYBODY], "0 10", 5000, 0.01, "float64", "one_minus", "", False, False, 0)


@pytest.fixture
def desks(monkeypatch):
    desks = Desks(new_desk)
    monkeypatch.setattr(events, "DESKS", desks)
    monkeypatch.setattr(events.warm, "READY", threading.Event())
    events.warm.READY.set()
    return desks


def chosen(**more):
    return Chosen(**{"who": EVERYBODY, "task": Copy(), "lr": 0.01, "steps": 2000, "precision": "float64",
                     "falls": False, "seed": 0, **more})  # fmt: skip


def curves(learners):
    return {name: [(seen.n_done, seen.error, seen.line) for seen in curve] for name, curve in learners.curves.items()}


def test_a_course_is_stopped_after_the_round_it_is_in(desks):
    frames = numbers.learn("ann", *CHOICES)
    for _ in range(5):
        next(frames)
    desks.stop("ann")
    rest = list(frames)
    assert len(rest) == 1 and "Stopped after" in rest[0][3]
    with desks.open("ann") as desk:
        assert 0 < desk.learners.n_done < 5000


def test_visitors_at_once_learn_what_each_would_alone(desks):
    alone = Learners()
    for _ in alone.begin(chosen(steps=5000)):
        pass
    courses = [numbers.learn(name, *CHOICES) for name in ("ann", "ben", "cem")]
    while courses:
        courses = [course for course in courses if next(course, None) is not None]
    for name in ("ann", "ben", "cem"):
        with desks.open(name) as desk:
            assert curves(desk.learners) == curves(alone)


def test_a_course_that_cannot_begin_leaves_the_one_before(desks):
    list(numbers.learn("ann", *CHOICES))
    with desks.open("ann") as desk:
        before = curves(desk.learners)
    for bad in (([], *CHOICES[1:]), (*CHOICES[:6], "1 - f", *CHOICES[7:])):
        with pytest.raises(events.gr.Error, match="Choose a learner first|Expected known names in reward, got f"):
            list(numbers.learn("ann", *bad))
    with desks.open("ann") as desk:
        assert curves(desk.learners) == before


def test_one_whose_steps_are_too_large_is_told_and_the_others_go_on():
    learners = Learners()
    for _ in learners.begin(chosen(lr=0.03)):
        pass
    assert {"exact", "mse"} <= set(learners.faults) and "expected steps that settle" in learners.faults["mse"]
    assert learners.curves["tuples"][-1].n_done == learners.curves["symbols"][-1].n_done == 2000
    assert "expected steps that settle" in number_views.answers(learners, None)


def test_what_a_visitor_wrote_is_shown_as_text(desks):
    shown = numbers.ask("ann", "<b>${x}`")
    assert "<b>" not in shown and "${" not in shown and "`" not in shown and "Expected a number" in shown


def test_published_settings_are_repeated_until_stopped(desks):
    frames = numbers.repeat_published("ann")
    next(frames), next(frames), next(frames)
    desks.stop("ann")
    *_, last = frames
    assert "Stopped after 10 of 220" in last[3] and last[4].count("<circle") == 11 + 10


def test_nobody_is_kept_where_nobody_learned(desks):
    with pytest.raises(events.gr.Error, match="got none. Let some learn first"):
        numbers.save("ann", "mse", "Ann")
    with pytest.raises(AgentError, match="Choose a learner first"):
        numbers.chosen([], *CHOICES[1:])
