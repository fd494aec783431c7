"""Agents that watch: what they learn, what nothing observed costs, what a file brings back."""

import numpy as np
import pytest

import agent
from agent.agents.frame_agent import FrameAgent, frame_of
from agent.environments import make
from agent.errors import AgentError
from agent.models import FRAMES
from agent.models.frames import FrameSpec
from tests.bench.frames import watched


@pytest.fixture(params=list(FRAMES))
def mind(request):
    """The name of every mind in turn."""
    return request.param


def living(mind, world="page", n_frames=60, seed=0, **settings):
    """An agent that has lived in a world for a while, the world, and the frame to come."""
    watcher, made = agent.new(mind, seed=seed, **settings), make(world)
    frame = frame_of(made.reset(seed=seed))
    watcher.enter(made, world)
    for _ in range(n_frames):
        frame = frame_of(made.step(watcher.observe(frame).action))
    return watcher, made, frame


def same(one, other):
    one, other = one.model.tensors(), other.model.tensors()
    return set(one) == set(other) and all(one[name].tobytes() == other[name].tobytes() for name in one)


@pytest.mark.slow
def test_the_net_beats_the_last_frame_again_on_five_of_five_seeds():
    for seed in range(5):
        errors = watched("recurrent", {"reward": False}, "scroller", seed, 1200)["errors"][-700:].mean(axis=0)
        assert errors[0] < 0.9 * errors[1], (seed, errors)


def test_a_synthetic_gradient_lets_one_frame_learn_at_all():
    """With unroll=1 no true gradient reaches a weight: what is learned came through the synthetic one."""
    errors = watched("recurrent", {"reward": False, "unroll": 1}, "scroller", 1, 1200)["errors"]
    assert errors[-500:, 0].mean() < 0.9 * errors[-500:, 1].mean()
    with pytest.raises(AgentError, match=r"got unroll=1 without synth, which learns nothing.*Take unroll=2"):
        agent.new("recurrent", unroll=1, synth=False)


@pytest.mark.slow
def test_cells_err_less_than_the_net_and_know_a_film_after_one_pass():
    for world in ("scroller", "sketch"):
        errors = {mind: watched(mind, {"reward": False}, world, 3, 500)["errors"][1:].mean(axis=0) for mind in FRAMES}
        assert errors["cells"][0] < 0.5 * errors["recurrent"][0], (world, errors)
    seen = watched("cells", {"reward": False}, "sketch", 4, 300)
    n_film = len(seen["environment"].frames)
    second = seen["errors"][n_film + 2 : 2 * n_film].mean(axis=0)
    assert second[0] < 0.1 * second[1]


@pytest.mark.slow
def test_cells_find_what_is_worth_pressing():
    chance = [watched("cells", {"reward": False}, "page", seed, 10)["scores"].mean() for seed in range(3)]
    assert chance == [0, 0, 0]  # it only watches, and presses nothing
    scores = watched("cells", {}, "page", 2, 2500)["scores"]
    assert scores[-500:].mean() > 0.1 > scores[:200].mean()


@pytest.mark.parametrize("share", [0.1, 0.7])
def test_what_is_not_observed_never_reaches_a_sum(mind, share):
    watcher, world, frame = living(mind, n_frames=5)
    rng = np.random.default_rng(0)
    for _ in range(80):
        frame[rng.random(len(frame)) < share] = np.nan
        seen = watcher.observe(frame)
        assert np.isfinite(seen.prediction).all() and np.isfinite(seen.action).all()
        frame = frame_of(world.step(seen.action))
    assert all(np.isfinite(array).all() for array in watcher.model.tensors().values())


def test_a_cell_that_is_not_observed_costs_nothing():
    """The slopes of the net are those of the observed cells alone: what it expects elsewhere is free."""
    one, other = (agent.new("recurrent", seed=3, reward=False) for _ in range(2))
    rng = np.random.default_rng(1)
    for number in range(30):
        frame = rng.uniform(-1, 1, 40).astype(np.float32)
        frame[20:] = np.nan
        shorter = frame.copy()
        for watcher, cells in ((one, frame), (other, shorter)):
            watcher.observe(cells)
        assert one.observe(frame).error == other.observe(shorter).error, number
    assert same(one, other)
    free = one.model.observe(np.full(40, np.nan, np.float32)).prediction
    assert np.isfinite(free).all()


def test_eyes_closed_it_dreams_on(mind):
    watcher, _, _ = living(mind, "scroller", 200)
    dreams = [watcher.predict_open_loop() for _ in range(20)]
    assert all(np.isfinite(each.prediction).all() and each.error is None for each in dreams)
    if mind == "cells":  # what drifts goes on drifting
        assert not np.array_equal(dreams[0].prediction, dreams[1].prediction)
    with pytest.raises(AgentError, match="An agent that has observed no frame"):
        agent.new(mind).predict_open_loop()


def test_frames_may_change_their_size_at_any_time(mind):
    watcher = agent.new(mind)
    rng = np.random.default_rng(0)
    for n_cells in (20, 20, 31, 31, 31, 12, 12, 200, 20):
        seen = watcher.observe(rng.uniform(-1, 1, n_cells))
        assert seen.prediction.shape == (n_cells,)
    if mind == "recurrent":
        with pytest.raises(AgentError, match=r"at most 256 numbers in a frame and an action, got 300.*at least 300"):
            watcher.observe(np.zeros(300))
        assert watcher.observe(np.zeros(20)).prediction.shape == (20,)  # nothing was lost


@pytest.mark.slow
@pytest.mark.parametrize(("world", "n_frames"), [("page", 203), ("scroller", 101)])
def test_a_file_brings_it_back_to_the_byte(mind, world, n_frames, tmp_path):
    settings = {"unroll": 4} if mind == "recurrent" else {}
    watcher, made, frame = living(mind, world, n_frames, seed=5, **settings)
    back = agent.load(agent.save(watcher, tmp_path / "mia.zip"))
    assert isinstance(back, FrameAgent) and back.kind == mind and back.n_lessons == n_frames and same(watcher, back)
    back.enter(made)
    for _ in range(60):
        one, other = watcher.observe(frame.copy()), back.observe(frame.copy())
        assert one.prediction.tobytes() == other.prediction.tobytes() and one.action.tobytes() == other.action.tobytes()
        assert one.because == other.because
        frame = frame_of(made.step(one.action))
    assert same(watcher, back) and back.log == watcher.log


def test_two_of_one_seed_are_the_same_and_of_another_are_not(mind):
    one, two, three = (living(mind, seed=seed)[0] for seed in (1, 1, 2))
    assert same(one, two) and not same(one, three)


def test_a_persons_reward_counts_into_the_next_frame(mind):
    watcher, world, frame = living(mind, "scroller", 30)
    watcher.reward(1)
    frame[0] = np.nan
    seen = []
    original = watcher.model.observe
    watcher.model.observe = lambda cells: (seen.append(cells[0]), original(cells))[1]
    watcher.observe(frame)
    watcher.observe(frame)
    assert seen[0] == np.float32(0.99) and np.isnan(seen[1])
    assert watcher.events[-1]["praised"] == 1
    with pytest.raises(AgentError, match="a reward as a number from -1 to 1, got 3"):
        watcher.reward(3)


def test_praise_and_blame_change_what_it_seeks():
    """Praised whenever it would go right, it goes right; then blamed for that and praised for the left, it goes left."""
    watcher, world, frame = living("cells", "scroller", 50, seed=1)
    gone = {}
    for way in (1, -1):
        moves = []
        for _ in range(300):
            action = watcher.observe(frame).action
            moves.append(float(action[0]))
            if action[0]:
                watcher.reward(1 if action[0] * way > 0 else -1)
            frame = frame_of(world.step(action))
        gone[way] = np.mean(moves[-100:])
    assert gone[1] > 0.3 and gone[-1] < -0.3, gone


@pytest.mark.parametrize("frame", [np.zeros((3, 3)), [np.inf] * 9, "frame", [0, 1], np.zeros(200_000)])
def test_what_is_no_frame_is_refused_and_nothing_changes(mind, frame):
    watcher, _, _ = living(mind, n_frames=12)
    before = {name: array.copy() for name, array in watcher.model.tensors().items()}
    with pytest.raises(AgentError, match="expected"):
        watcher.observe(frame)
    assert all(before[name].tobytes() == array.tobytes() for name, array in watcher.model.tensors().items())


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        '{"event": "watch"}',
        '{"event": "watch", "world": "", "begun": 0, "praised": 0, "blamed": 0}',
        '{"event": "watch", "world": "page", "begun": -1, "praised": 0, "blamed": 0}',
    ],
)
def test_a_log_that_tells_what_cannot_be_is_refused(line):
    with pytest.raises(AgentError, match="in the log, got"):
        FrameAgent.restored(FRAMES["cells"](FRAMES["cells"].Config()), line, "Mia")


def test_arrays_that_do_not_fit_are_refused(mind):
    watcher, _, _ = living(mind, n_frames=20)
    kind, good = FRAMES[mind], watcher.model.tensors()
    for name, array in good.items():
        for bad in (
            np.zeros((3, 1, 2), array.dtype),
            array.astype(np.float64 if array.dtype != np.float64 else np.float32),
        ):
            with pytest.raises(AgentError):
                kind.restore(watcher.model.config, [], {**good, name: bad})
    with pytest.raises(AgentError):
        kind.restore(watcher.model.config, [], {name: array for name, array in good.items() if name != "recent"})


def test_a_scene_of_nothing_told_has_room_for_anything():
    scene = FrameSpec.unknown(7, 2)
    assert scene.n_cells == 7 and scene.n_actions == 2 and np.isnan(scene.places).all()
