"""The story of a state machine ends where nothing changes any more."""

import numpy as np

from agent.agents import new
from agent.ui.session import Session
from agent.ui.tabs import inside


def test_a_film_ends_at_the_first_look_that_changes_nothing():
    session, drawing = Session(new("state", n_steps=12)), np.eye(28, dtype=np.uint8) * 255
    session.pupil.learn_one(drawing, "1")
    session.pad.report(np.fliplr(drawing))
    inside.all_of(session)
    *_, (before, last), (how, state) = story = session.inside.trajectory
    whole = session.pupil.model.trajectory(session.pad.drawing)
    assert len(story) == len(inside.until_settled(whole)) < len(whole)
    assert before == how == "looked" and np.array_equal(last.inner, state.inner)
    for (_, one), (_, other) in zip(story[:-2], story[1:-1], strict=True):
        assert not (np.array_equal(one.inner, other.inner) and np.array_equal(one.output, other.output))
    session.inside.step = len(story)
    assert "Settled" in inside._state(session.pupil.model, session.inside)
    assert len(inside.until_settled(whole[:2])) == 2
