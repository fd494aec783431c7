"""What is no digit, to tell digits from: who knows it, what it changes, and that it is a matter of lessons alone."""

import numpy as np
import pytest
from agents import born

from agent import preprocessing
from agent.agents import new
from agent.datasets import digits, strokes
from agent.models.recall.row_store import background_rows
from agent.storage.serialization import from_files, to_files
from tests.bench import shipped, strangers


def drawn(label, n):
    """Letters by ways that are not those of the background, in the hand of version 1."""
    return strangers.another_hand(label)[:n]


def last_of_the_starter():
    with np.load(strokes.THUMBNAILS) as file:
        return preprocessing.unpack(file["drawings"][-1:]), strokes.SHIPPED.lesson_labels[-1:]


def taught(n=400, knows=True):
    """An agent of some MNIST digits that knows what is no digit, or one that does not."""
    pupil = born("recall")
    pupil.learn_many(*digits.Selection({"mnist": n}, seed=1).draw())
    if knows:
        pupil.learn_many(*last_of_the_starter())
    return pupil


def answers(pupil, drawings):
    guesses = pupil.predict_many(drawings)
    return [(guess.label, guess.unsure, guess.unfamiliar, guess.responses.tolist()) for guess in guesses]


def unfamiliar(pupil, drawings):
    return np.mean([guess.unfamiliar for guess in pupil.predict_many(drawings)])


def test_what_is_shipped_is_what_would_be_drawn():
    names, drawings, _ = strokes.background()
    with np.load(strokes.BACKGROUND) as file:
        ways, seeds = file["ways"].tolist(), file["seeds"].tolist()
    assert len(ways) > 100 and set(ways) <= shipped.WAYS.keys() and not set(names) & set("0123456789OolISZzbsgq")
    redrawn = [shipped.thumbnail_of(way, seed) for way, seed in zip(ways, seeds, strict=True)]
    assert np.array_equal(drawings, redrawn)


@pytest.mark.slow
def test_the_everyday_hand_is_unsure_of_letters_and_squares_and_sure_of_digits():
    pupil, without = new("recall", starter="everyday"), new("recall", starter="everyday")
    drawing, labels = last_of_the_starter()
    without.forget_one(drawing[0], labels[0])
    assert pupil.model.knows_background and not without.model.knows_background
    letters = {label: drawn(label, 20) for label in strangers.ANOTHER_HAND}
    assert np.mean([unfamiliar(pupil, some) for some in letters.values()]) > 0.9
    assert np.mean([unfamiliar(without, some) for some in letters.values()]) < 0.75
    assert unfamiliar(pupil, strangers.untaught()["D"]) > 0.6
    train, names = digits.mnist("train")
    asked = train[-1000:]
    assert unfamiliar(pupil, asked) < 0.015 and unfamiliar(without, asked) < 0.015
    right = [guess.label == name for guess, name in zip(pupil.predict_many(asked), names[-1000:], strict=True)]
    assert np.mean(right) > 0.98


def test_only_who_was_taught_the_last_of_the_starter_knows_what_is_no_digit():
    knowing, plain, letters = taught(), taught(knows=False), [*drawn("D", 12), *drawn("B", 12), *drawn("square", 12)]
    assert unfamiliar(knowing, letters) > unfamiliar(plain, letters) + 0.2
    assert not new("recall", starter="sixty").model.knows_background and not born("recall").model.knows_background
    drawing, labels = last_of_the_starter()
    knowing.forget_one(drawing[0], labels[0])
    assert answers(knowing, letters) == answers(plain, letters) and not knowing.model.knows_background


def test_what_a_person_teaches_is_known_at_once_whatever_it_is_called():
    pupil = taught()
    letters = drawn("D", 20)
    before = answers(pupil, letters)
    drawing = next(each for each, answer in zip(letters, before, strict=True) if answer[2])
    for label in ("D", "love", "0"):
        pupil.learn_one(drawing, label)
        assert pupil.predict_one(drawing).label == label and not pupil.predict_one(drawing).unsure
        thicker = np.maximum(drawing, np.roll(drawing, 1, axis=1))
        assert pupil.predict_one(thicker).label == label and not pupil.predict_one(thicker).unsure
        pupil.undo()
        assert answers(pupil, letters) == before
    names = strokes.background()[0]
    assert background_rows(frozenset({"D"})).n == len(names) - names.count("D") < background_rows().n


def test_answers_are_those_of_the_lessons_however_they_came():
    one, other = taught(200), taught(300, knows=False)
    asked = [*drawn("D", 10), *drawn("A", 10), *digits.Selection({"mnist": 40}, seed=9).draw()[0]]
    joined, twin = taught(200), taught(300, knows=False)
    joined.join(other)
    twin.join(one)
    assert answers(joined, asked) == answers(twin, asked)
    assert any(unsure for _, _, unsure, _ in answers(joined, asked))
    loaded = from_files(to_files(joined))
    assert answers(loaded, asked) == answers(joined, asked) and loaded.model.knows_background
    assert [guess.unfamiliar for guess in map(joined.predict_one, asked)] == [
        u for _, _, u, _ in answers(joined, asked)
    ]


def test_a_background_that_was_taught_altogether_is_none():
    pupil = taught(200)
    for name in dict.fromkeys(strokes.background()[0]):
        pupil.learn_one(drawn("A", 1)[0], name)
    assert pupil.model.knows_background and unfamiliar(pupil, drawn("D", 3)) in (0, 1 / 3, 2 / 3, 1)
