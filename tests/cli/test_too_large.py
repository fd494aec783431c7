"""Runs whose agents could not be saved are refused before the first lesson; as large as may be, they are saved."""

import pytest

import agent
from agent.agents.frame_agent import frame_of
from agent.errors import AgentError
from agent.experiments import run
from agent.storage import serialization

LARGE = {"kind": "recurrent", "base": 16, "n_replay": 32, "n_again": 1}


@pytest.mark.slow
@pytest.mark.parametrize("size", [32_768, pytest.param(65_536, marks=pytest.mark.nightly)])
def test_a_large_state_is_saved_and_loaded(tmp_path, size):
    result = run("frames", LARGE | {"size": size}, steps=3, folder=str(tmp_path), plots=False)
    assert (result.folder / "agent/agent.safetensors").stat().st_size > serialization.FILES["agent.safetensors"]
    for loaded in (result.agent, agent.load(result.folder)):
        assert loaded.n_lessons == 3 and loaded.model.config.size == size
    with pytest.raises(AgentError, match="at most 48,000,000 bytes in agent.safetensors"):
        serialization.load(result.folder)  # a stranger's may not be so large


def test_what_could_not_be_saved_is_refused_before_training(tmp_path, monkeypatch):
    given = {"folder": str(tmp_path / "runs"), "plots": False}
    with pytest.raises(
        AgentError, match="at most 256,000,000 bytes to save, got settings and lessons for .* Take smal"
    ):
        run("frames", LARGE | {"size": 131_072, "n_replay": 16, "observe": "merge"}, steps=3, **given)
    with pytest.raises(AgentError, match="size of at most 65,536 with observe=concat, got 131,072"):
        run("frames", LARGE | {"size": 131_072, "n_replay": 16}, steps=3, **given)
    monkeypatch.setitem(serialization.LOCAL_FILES, "agent.safetensors", 200_000)
    for task, kind in (("digits", "nearest"), ("frames", "cells")):
        with pytest.raises(AgentError, match="at most 200,000 bytes to save"):
            run(task, kind, **given)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("kind", ["cells", "recurrent"])
def test_the_bound_holds_when_an_agent_has_learned(kind):
    settings = {"n_film": 64} if kind == "cells" else {"n_replay": 16, "unroll": 5}
    learner, world = agent.new(kind, **settings), agent.environments.make("page")
    frame = frame_of(world.reset(seed=0))
    learner.enter(world)
    bound = learner.model.max_saved_bytes
    for _ in range(104):
        frame = frame_of(world.step(learner.observe(frame).action))
    assert sum(array.nbytes for array in learner.model.tensors().values()) <= bound


def test_a_lesson_takes_no_more_than_is_counted(kind, lessons):
    pupil = agent.new(kind)
    sizes = [sum(array.nbytes for array in pupil.model.tensors().values())]
    for half in (slice(0, 30), slice(30, 60)):
        pupil.learn_many(lessons[0][half], lessons[1][half])
        sizes.append(sum(array.nbytes for array in pupil.model.tensors().values()))
    assert sizes[2] - sizes[1] <= 30 * agent.models.base.LESSON_BYTES
