"""Agents that an earlier version saved load and answer as they did then.

To the last bit, with two exceptions: recall combines votes and differences in another way since, so only nearly all of
its labels are the same; and numpy's tanh and exp, which the recurrent model uses, differ in the last bit by processor.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from agent.agents import FAMILIES, kinds
from agent.agents.frame_agent import frame_of
from agent.datasets.digits import Selection
from agent.environments import make
from agent.storage import serialization

FOLDER = Path(__file__).resolve().parents[1] / "golden" / "agents"
ANSWERS = json.loads((FOLDER / "answers.json").read_text())
NUMBERS = ["0", "7", "3.25", "123456", "-2"]


def named(key):
    return [name for name, answer in ANSWERS.items() if key in answer]


@pytest.fixture(scope="module")
def digits():
    return Selection({"mnist": 20}, split="test", seed=3).draw()[0]


def test_every_file_has_its_answers_and_every_model_a_file():
    assert {path.stem for path in FOLDER.glob("*.zip")} == set(ANSWERS)
    saved = {serialization.load(FOLDER / f"{name}.zip").kind for name in ANSWERS}
    assert saved == {
        name
        for name, kind in kinds().items()
        if kind.__module__.startswith("agent.") and not kind.__module__.startswith("agent.models.custom")
    }  # others come from other tests
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_500_000


@pytest.mark.parametrize("name", named("guesses"))
def test_an_agent_that_reads_drawings_answers_as_before(name, digits):
    pupil, answer = serialization.load(FOLDER / f"{name}.zip"), ANSWERS[name]
    assert (list(pupil.labels), pupil.n_lessons) == (answer["labels"], answer["n_lessons"])
    guesses = pupil.predict_many(digits)
    if pupil.kind != "recall":
        assert [[guess.label, guess.responses.tolist()] for guess in guesses] == answer["guesses"]
    labels = [guess.label for guess in guesses]
    assert sum(label == before for label, (before, _) in zip(labels, ANSWERS[name]["guesses"], strict=True)) >= 19


@pytest.mark.parametrize("name", named("values"))
def test_an_agent_that_answers_numbers_answers_as_before(name):
    regressor, answer = serialization.load(FOLDER / f"{name}.zip"), ANSWERS[name]
    assert regressor.n_lessons == answer["n_lessons"]
    values = [guess.value for guess in regressor.predict_many(NUMBERS)]
    assert [None if value is None else str(value) for value in values] == answer["values"]


@pytest.mark.parametrize("name", named("frames"))
def test_an_agent_that_watches_frames_goes_on_as_before(name):
    watcher, answer = serialization.load(FOLDER / f"{name}.zip"), ANSWERS[name]
    world = make(answer["world"], **answer["settings"])
    assert watcher.n_lessons == answer["n_frames"]
    watcher.enter(world, answer["world"])
    frame = frame_of(world.reset(seed=2))
    for prediction, action in answer["frames"]:
        expectation = watcher.observe(frame)
        tolerance = 1e-5 if name == "recurrent" else 0
        np.testing.assert_allclose(expectation.prediction, np.array(prediction, np.float32), 0, tolerance)
        np.testing.assert_allclose(expectation.action, np.array(action, np.float32), 0, tolerance)
        frame = frame_of(world.step(expectation.action))


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_saved_again_it_holds_the_same(name):
    agent = serialization.load(FOLDER / f"{name}.zip")
    again = serialization.from_files(serialization.to_files(agent))
    assert type(again) is FAMILIES[agent.FAMILY] and again.log == agent.log
    for tensor, array in agent.model.tensors().items():
        np.testing.assert_array_equal(array, again.model.tensors()[tensor])
