"""Agents and wrappers of others in our environments: PPO of Stable-Baselines3, Monitor, RecordVideo, where they are installed."""

import csv
import itertools

import numpy as np
import pytest

from agent.environments import make

pytestmark = pytest.mark.nightly  # torch takes its time


@pytest.mark.parametrize("name", ["scroller", "page"])
def test_ppo_learns_from_frames_that_a_monitor_writes_down(name, tmp_path):
    sb3 = pytest.importorskip("stable_baselines3")
    from gymnasium.wrappers import TimeLimit
    from stable_baselines3.common.env_checker import check_env
    from stable_baselines3.common.monitor import Monitor

    check_env(make(name), warn=False)
    world = Monitor(TimeLimit(make(name), 50), str(tmp_path / "log"))
    agent = sb3.PPO("MlpPolicy", world, n_steps=64, batch_size=64, n_epochs=2, seed=1, device="cpu")
    before = [weights.detach().numpy().copy() for weights in agent.policy.parameters()]
    agent.learn(256)
    after = [weights.detach().numpy() for weights in agent.policy.parameters()]
    assert any((old != new).any() for old, new in zip(before, after, strict=True))
    assert all(np.isfinite(weights).all() for weights in after)
    action, _ = agent.predict(world.reset(seed=3)[0])
    assert world.action_space.contains(np.clip(action, world.action_space.low, world.action_space.high))
    world.close()
    with (tmp_path / "log.monitor.csv").open() as file:
        episodes = list(csv.DictReader(itertools.islice(file, 1, None)))
    assert [row["l"] for row in episodes] == ["50"] * 5


@pytest.mark.parametrize("name", ["scroller", "page"])
def test_a_video_is_recorded(name, tmp_path):
    pytest.importorskip("moviepy")
    from gymnasium.wrappers import RecordVideo

    world = RecordVideo(make(name), str(tmp_path / "videos"), video_length=20, step_trigger=lambda step: step == 0)
    world.reset(seed=1)
    for _ in range(25):
        world.step(world.action_space.sample())
    world.close()
    (video,) = tmp_path.glob("videos/*.mp4")
    assert video.stat().st_size > 1000
