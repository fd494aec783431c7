"""A state machine of bounded memory: what is used least gives way."""

import numpy as np
import pytest
from agents import born

import agent
from agent.datasets import digits
from agent.errors import AgentError
from agent.lessons import rebuild
from agent.models.state.rows import INITIAL_SCORE, MAX_SCORE


def bounded(max_rows, **settings):
    return agent.new("state", seed=3, max_rows=max_rows, connector="random", **settings)


def test_it_never_keeps_more_rows_than_it_may_and_always_the_last_lesson(lessons):
    pupil = bounded(12)
    for drawing, label in zip(*lessons, strict=True):
        pupil.learn_one(drawing, label)
        assert pupil.model.machine.n_rows <= 12
        assert pupil.predict_one(drawing).label == label
    n_bytes = pupil.model.n_bytes
    pupil.learn_many(*digits.Selection({"mnist": 60}, seed=9).draw())
    assert pupil.model.n_bytes <= 1.25 * n_bytes
    assert pupil.n_lessons == 120  # the log tells all that was told


def test_lessons_that_are_used_outlive_those_that_are_not(lessons):
    drawings, labels = lessons
    pupil = bounded(16)
    for row in range(8):
        pupil.learn_one(drawings[row], labels[row])
    thumbnail = [drawing.copy() for drawing in pupil.model._drawings]
    for row in range(8, 40):
        pupil.model.machine.use(*pupil.model.settle(thumbnail[2])[:-3:-1])
        pupil.learn_one(drawings[row], labels[row])
    left = [drawing.tobytes() for drawing in pupil.model._drawings]
    assert thumbnail[2].tobytes() in left
    assert sum(drawing.tobytes() in left for drawing in thumbnail) <= 3


def test_scores_rise_by_use_and_fall_at_an_eviction(lessons):
    pupil = bounded(6, n_held=1)
    pupil.learn_one(lessons[0][0], lessons[1][0])
    assert pupil.model.machine.rows.use_scores == [INITIAL_SCORE]
    for _ in range(4):
        pupil.learn_one(lessons[0][0], lessons[1][0])
    assert max(pupil.model.machine.rows.use_scores) == MAX_SCORE
    pupil.model.machine.rows.age(1)
    assert max(pupil.model.machine.rows.use_scores) == MAX_SCORE - 1


def test_what_it_was_told_step_by_step_gives_way_too(lessons):
    pupil = bounded(5)
    for drawing, label in list(zip(*lessons, strict=True))[:20]:
        pupil.model.next_state(drawing, label)
        assert pupil.model.machine.n_rows <= 5
    pupil.learn_one(lessons[0][30], lessons[1][30])
    pupil.model.next_state(lessons[0][31])
    assert pupil.predict_one(lessons[0][30]).label == lessons[1][30]


def test_it_is_saved_with_its_scores(lessons, tmp_path):
    pupil = bounded(12)
    for drawing, label in list(zip(*lessons, strict=True))[:20]:
        pupil.learn_one(drawing, label)
    pupil.model.next_state(lessons[0][40], "4")
    loaded = agent.load(agent.save(pupil, tmp_path / "bounded"))
    assert sorted(loaded.model.machine.rows.use_scores) == sorted(pupil.model.machine.rows.use_scores)
    for each in (pupil, loaded):
        for drawing, label in list(zip(*lessons, strict=True))[20:]:
            each.learn_one(drawing, label)
    for mine, theirs in zip(pupil.predict_many(lessons[0]), loaded.predict_many(lessons[0]), strict=True):
        assert (mine.responses == theirs.responses).all()


def test_taking_a_lesson_back_and_joining_replay_the_log(lessons):
    pupil, other, expected = (bounded(9) for _ in range(3))
    for row in range(12):
        pupil.learn_one(lessons[0][row], lessons[1][row])
        if row != 4:
            expected.learn_one(lessons[0][row], lessons[1][row])
    pupil.delete(pupil.lessons.user_lessons()[4].number)
    for row in range(20, 30):
        other.learn_one(lessons[0][row], lessons[1][row])
        expected.learn_one(lessons[0][row], lessons[1][row])
    pupil.join(other)
    again = rebuild(type(pupil.model), pupil.model.config, pupil.lessons)
    for model in (pupil.model, again):
        assert [drawing.tobytes() for drawing in model._drawings] == [
            drawing.tobytes() for drawing in expected.model._drawings
        ]
        assert model.machine.rows.use_scores == expected.model.machine.rows.use_scores


@pytest.mark.parametrize("n", [1, 2, -1, 2_000_000, 2.0])
def test_a_bound_that_is_none_is_refused(n):
    with pytest.raises(AgentError, match="max_rows"):
        born("state", max_rows=n)


def test_without_a_bound_nothing_is_kept_of_use(lessons):
    pupil = born("state")
    pupil.learn_many(*lessons)
    assert "impressions" not in pupil.model.tensors()
    assert np.unique(pupil.model.machine.rows.use_scores).tolist() == [INITIAL_SCORE]
