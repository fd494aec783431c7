"""Joining agents and taking one out again: what both learned, nothing else, in any order."""

import itertools

import numpy as np
import pytest
from agents import born
from equality import responses

from agent.agents import new
from agent.datasets import digits
from agent.errors import AgentError
from agent.lessons import Lessons
from agent.storage import serialization


def three(kind, lessons, others):
    """Three agents of one birth: bulk lessons, more of them and own ones, own ones alone."""
    pupils = [born(kind, name=name) for name in ("Ann", "Ben", "Cid")]
    pupils[0].learn_many(lessons[0][:20], lessons[1][:20])
    pupils[1].learn_many(lessons[0][20:50], lessons[1][20:50])
    for drawing, label in list(zip(*others, strict=True))[:5]:
        pupils[1].learn_one(drawing, label)
    for drawing, label in zip(lessons[0][50:], lessons[1][50:], strict=True):
        pupils[2].learn_one(drawing, label)
    return pupils


def joined(first, *rest):
    for other in rest:
        first.join(other)
    return first


def test_joining_equals_learning_both(kind, lessons, others):
    both, (one, other, _) = born(kind), three(kind, lessons, others)
    both.learn_many(lessons[0][:50], lessons[1][:50])
    for drawing, label in list(zip(*others, strict=True))[:5]:
        both.learn_one(drawing, label)
    one.join(other)
    assert one.n_lessons == both.n_lessons == 55
    assert (responses(one, others[0]) == responses(both, others[0])).all()


@pytest.mark.slow
def test_the_order_of_joining_changes_nothing(kind, lessons, others):
    expected = None
    for order in itertools.permutations(range(3)):
        pupils = three(kind, lessons, others)
        got = responses(joined(*(pupils[place] for place in order)), others[0])
        expected = got if expected is None else expected
        assert (got == expected).all(), order
    ann, ben, cid = three(kind, lessons, others)
    assert (responses(joined(ann, joined(ben, cid)), others[0]) == expected).all()


@pytest.mark.parametrize("other_kind", ["recall", "nearest", "state"])
def test_agents_of_another_birth_are_taught_again(kind, other_kind, lessons, others):
    pupil, expected = born(kind), born(kind)
    stranger = new(other_kind, seed=4)
    selection = digits.Selection({"mnist": 20}, seed=8)
    for each in (stranger, expected):
        each.learn_many(*selection.draw(), source=selection.source)
        each.learn_many(lessons[0][:10], lessons[1][:10])
        each.learn_one(lessons[0][30], "A")
    stranger.forget_one(lessons[0][3], lessons[1][3])
    expected.forget_one(lessons[0][3], lessons[1][3])
    pupil.join(stranger)
    assert pupil.n_lessons == expected.n_lessons == 30
    assert (responses(pupil, others[0]) == responses(expected, others[0])).all()


def test_what_nobody_kept_is_refused_and_nothing_is_half_joined(kind, lessons):
    pupil, stranger = born(kind), new(kind, seed=4)
    pupil.learn_many(lessons[0][:9], lessons[1][:9])
    stranger.learn_one(lessons[0][10], "A")
    stranger.learn_many(lessons[0], lessons[1])
    text = stranger.lessons.to_jsonl().splitlines()
    bare = Lessons.from_jsonl("\n".join([text[0], stranger.lessons.to_jsonl(with_drawings=False).splitlines()[1]]))
    stranger.lessons, before = bare, serialization.to_files(pupil)
    if kind == "nearest":
        pupil.model.config = type(pupil.model.config)(threshold=120)
        before = serialization.to_files(pupil)
    with pytest.raises(AgentError, match="got none: they cannot be taught again"):
        pupil.join(stranger)
    assert serialization.to_files(pupil) == before


def test_the_last_joined_agent_can_be_taken_out(kind, lessons, others):
    ann, ben, cid = three(kind, lessons, others)
    expected = born(kind)
    expected.learn_many(lessons[0][:20], lessons[1][:20])
    expected.learn_one(others[0][20], "A")
    ann.join(ben)
    ann.join(cid)
    ann.learn_one(others[0][20], "A")
    loaded = serialization.from_zip(serialization.zipped(serialization.to_files(ann)))
    for pupil in (ann, loaded):
        assert pupil.unjoin() == "Cid"
        assert pupil.n_lessons == 20 + 35 + 1
        assert pupil.unjoin() == "Ben"
        assert pupil.labels == expected.labels and pupil.n_lessons == 21
        assert (responses(pupil, others[0]) == responses(expected, others[0])).all()
        with pytest.raises(AgentError, match="expected an agent that was joined, got none"):
            pupil.unjoin()


def test_a_lesson_taught_while_agents_are_joined_stops_it(lessons):
    pupil, stranger = born("nearest"), new("recall")
    stranger.learn_many(*lessons)
    for verb in (lambda: pupil.iter_join(stranger), pupil.iter_unjoin):
        steps = verb()
        next(steps)
        pupil.learn_one(lessons[0][5], "B")
        with pytest.raises(AgentError, match="expected no lessons while"):
            list(steps)
        pupil.join(stranger)
    assert len(pupil.lessons.user_lessons()) == 2


def test_without_the_drawings_of_people_nothing_of_them_is_left(kind, lessons, others):
    selection = digits.Selection({"mnist": 20}, seed=8)
    pupil, expected = born(kind, name="Mia"), born(kind, name="Mia")
    for each in (pupil, expected):
        each.learn_many(*selection.draw(), source=selection.source)
    pupil.learn_many(others[0][:5], others[1][:5])
    numbers = []
    for drawing, label in zip(lessons[0][:5], ["A", "B", *lessons[1][2:5]], strict=True):
        pupil.learn_one(drawing, label)
        numbers.append(pupil.lessons.user_lessons()[-1].number)
    pupil.relabel(numbers[2], "C")
    before = serialization.to_files(pupil)
    got = pupil.without_user_lessons()
    assert serialization.to_files(got) == serialization.to_files(expected)
    assert serialization.to_files(pupil) == before
    assert np.array_equal(responses(got, others[0]), responses(expected, others[0]))
