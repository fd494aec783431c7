"""A state machine of bounded memory: what is used least gives way."""

import numpy as np
import pytest
from newborn import born

import agent
from agent.errors import AgentError
from agent.kinds.rows import DEEPEST, FIRST_IMPRESSION
from agent.replay import rebuild
from agent.tasks import digits


def bounded(max_rows, **settings):
    return agent.new("state", seed=3, max_rows=max_rows, connector="random", **settings)


def test_it_never_keeps_more_rows_than_it_may_and_always_the_last_lesson(lessons):
    pupil = bounded(12)
    for drawing, label in zip(*lessons, strict=True):
        pupil.learn_one(drawing, label)
        assert pupil.memory.machine.n_rows <= 12
        assert pupil.predict_one(drawing).label == label
    n_bytes = pupil.memory.n_bytes
    pupil.learn_many(*digits.Selection({"mnist": 60}, seed=9).draw())
    assert pupil.memory.n_bytes <= 1.25 * n_bytes
    assert pupil.n_lessons == 120  # the log tells all that was told


def test_lessons_that_are_used_outlive_those_that_are_not(lessons):
    drawings, labels = lessons
    pupil = bounded(16)
    for row in range(8):
        pupil.learn_one(drawings[row], labels[row])
    kept = [drawing.copy() for drawing in pupil.memory._drawings]
    for row in range(8, 40):
        pupil.memory.machine.use(*pupil.memory.settle(kept[2])[:-3:-1])
        pupil.learn_one(drawings[row], labels[row])
    left = [drawing.tobytes() for drawing in pupil.memory._drawings]
    assert kept[2].tobytes() in left
    assert sum(drawing.tobytes() in left for drawing in kept) <= 3


def test_impressions_deepen_by_use_and_fade_where_room_is_made(lessons):
    pupil = bounded(6, n_held=1)
    pupil.learn_one(lessons[0][0], lessons[1][0])
    assert pupil.memory.machine.rows.impressions == [FIRST_IMPRESSION]
    for _ in range(4):
        pupil.learn_one(lessons[0][0], lessons[1][0])
    assert max(pupil.memory.machine.rows.impressions) == DEEPEST
    pupil.memory.machine.rows.fade(1)
    assert max(pupil.memory.machine.rows.impressions) == DEEPEST - 1


def test_what_it_was_told_step_by_step_gives_way_too(lessons):
    pupil = bounded(5)
    for drawing, label in list(zip(*lessons, strict=True))[:20]:
        pupil.memory.next_state(drawing, label)
        assert pupil.memory.machine.n_rows <= 5
    pupil.learn_one(lessons[0][30], lessons[1][30])
    pupil.memory.next_state(lessons[0][31])
    assert pupil.predict_one(lessons[0][30]).label == lessons[1][30]


def test_it_is_saved_with_its_impressions(lessons, tmp_path):
    pupil = bounded(12)
    for drawing, label in list(zip(*lessons, strict=True))[:20]:
        pupil.learn_one(drawing, label)
    pupil.memory.next_state(lessons[0][40], "4")
    loaded = agent.load(agent.save(pupil, tmp_path / "bounded"))
    assert sorted(loaded.memory.machine.rows.impressions) == sorted(pupil.memory.machine.rows.impressions)
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
    pupil.delete(pupil.lessons.own()[4].number)
    for row in range(20, 30):
        other.learn_one(lessons[0][row], lessons[1][row])
        expected.learn_one(lessons[0][row], lessons[1][row])
    pupil.join(other)
    again = rebuild(type(pupil.memory), pupil.memory.config, pupil.lessons)
    for memory in (pupil.memory, again):
        assert [drawing.tobytes() for drawing in memory._drawings] == [
            drawing.tobytes() for drawing in expected.memory._drawings
        ]
        assert memory.machine.rows.impressions == expected.memory.machine.rows.impressions


@pytest.mark.parametrize("n", [1, 2, -1, 2_000_000, 2.0])
def test_a_bound_that_is_none_is_refused(n):
    with pytest.raises(AgentError, match="max_rows"):
        born("state", max_rows=n)


def test_without_a_bound_nothing_is_kept_of_use(lessons):
    pupil = born("state")
    pupil.learn_many(*lessons)
    assert "impressions" not in pupil.memory.tensors()
    assert np.unique(pupil.memory.machine.rows.impressions).tolist() == [FIRST_IMPRESSION]
