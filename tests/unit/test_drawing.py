"""Drawing from memory: what an agent draws is new, is read as its label, and is the same for a seed."""

import numpy as np
import pytest
from agents import born

from agent import preprocessing
from agent.datasets import digits
from agent.errors import AgentError


@pytest.fixture(scope="module")
def many():
    """Nine hundred digits, and others by two other agents' side."""
    return [digits.Selection({"mnist": 900}, seed=seed).draw() for seed in (21, 22)]


@pytest.mark.slow
def test_what_it_draws_is_read_as_its_label_and_is_new(many):
    pupil, reader = born("nearest"), born("nearest")
    pupil.learn_many(*many[0])
    reader.learn_many(*many[1])
    read = alike = 0
    for label in pupil.labels:
        known = np.stack([preprocessing.canonical(each) >= 96 for each in pupil.model.remembered(label)])
        apart = (known[:, None] != known[None]).sum(axis=(2, 3)) + 1000 * np.eye(len(known), dtype=np.int64)
        drawn = [pupil.draw_one(label, seed) for seed in range(5)]
        assert len({page.tobytes() for page in drawn}) == 5
        for page in drawn:
            assert page.shape == (28, 28) and set(np.unique(page)) == {0, 255}
            read += reader.predict_one(page).label == label
            alike += ((page > 0) != known).sum(axis=(1, 2)).min() <= min(3, apart.min())
    assert read >= 45 and alike == 0


def test_drawing_is_the_same_for_a_seed_and_needs_a_lesson(kind, lessons):
    pupil = born(kind)
    pupil.learn_many(*lessons)
    assert (pupil.draw_one("7", 3) == pupil.draw_one(7, 3)).all()
    assert (pupil.draw_one("7", 3) != pupil.draw_one("7", 4)).any()
    one = born(kind)
    one.learn_one(lessons[0][0], "A")
    assert ((one.draw_one("A") > 0) == (preprocessing.canonical(preprocessing.to_thumbnail(lessons[0][0])) >= 96)).all()
    with pytest.raises(AgentError, match="got 'B'"):
        one.draw_one("B")
    with pytest.raises(AgentError, match="expected seed .* got -1"):
        one.draw_one("A", -1)
