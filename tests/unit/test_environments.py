"""Worlds: what is seen of them, that they follow from their seed, and what they refuse."""

import warnings

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from agent.agents.frame_agent import frame_of
from agent.environments import ENVIRONMENTS, make
from agent.environments.base import N_HEAD, ScoreScaler, fovea, square
from agent.environments.builtin import animate
from agent.errors import AgentError

DRAWN = [name for name in ENVIRONMENTS if name != "browser"]
PAGE = "data:text/html,<body style='background:rgb(200,0,0)' onclick='window.pupilScore=2;document.body.style.background=\"rgb(0,0,200)\"'>"


@pytest.mark.parametrize("name", [*DRAWN, "CartPole-v1", "MountainCarContinuous-v0", "FrozenLake-v1"])
def test_a_world_is_an_environment_of_gymnasium(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(name), skip_render_check=True)


@pytest.mark.parametrize("name", DRAWN)
def test_a_world_that_is_given_no_seed_begins_differently_each_time(name):
    world, begins = make(name), set()
    for _ in range(6):
        begins.add(world.reset()[0].tobytes() + b"".join(world.step(np.ones(4))[0].tobytes() for _ in range(9)))
    assert len(begins) > 1


@pytest.mark.parametrize("name", DRAWN)
def test_frames_are_flat_bounded_and_begin_with_the_score(name):
    world = make(name)
    frame = frame_of(world.reset(seed=1))
    rng = np.random.default_rng(0)
    for _ in range(60):
        assert frame.shape == world.observation_space.shape and frame.dtype == np.float32
        assert np.isnan(frame[1:4]).all() and frame[4] == 1
        seen = frame[~np.isnan(frame)]
        assert (-1 <= seen).all() and (seen <= 1).all()
        step = world.step(rng.uniform(world.action_space.low, 1))
        (seen, _, terminated, truncated, info), frame = step, frame_of(step)
        np.testing.assert_array_equal(seen, np.nan_to_num(frame))
        assert not terminated and not truncated and (info["score"] is None) == np.isnan(frame[0])
    assert world.picture(frame).shape[2] == 3 and world.render().shape[2] == 3
    assert world.places.shape == (len(frame), 3) and np.isnan(world.places[:N_HEAD]).all()


@pytest.mark.parametrize("name", [*DRAWN, "CartPole-v1", "FrozenLake-v1"])
def test_a_world_follows_from_its_seed_and_what_is_done(name):
    lives = []
    for seed in (3, 3, 4):
        world, rng = make(name), np.random.default_rng(0)
        frames = [frame_of(world.reset(seed=seed))]
        frames += [frame_of(world.step(rng.uniform(world.action_space.low, 1))) for _ in range(120)]
        lives.append(np.array(frames).tobytes())
        world.close()
    assert lives[0] == lives[1] != lives[2]


def test_scores_are_brought_to_scale_by_those_before():
    scores, known = ScoreScaler(), []
    rng = np.random.default_rng(0)
    for value in rng.normal(5, 3, 400):
        got = scores.scale(value)
        if known and np.var(known) > 0:
            expected = np.clip((value - np.mean(known)) / np.std(known) * 0.33, -0.99, 0.99)
            assert got == pytest.approx(expected, abs=1e-5)
        known.append(value)


def test_a_fovea_is_dense_in_the_middle_and_every_point_sees():
    eye = fovea(200, 50)
    far = np.hypot(*eye.places.T)
    assert 180 <= eye.n_points <= 200 and np.sum(far < 10) > 5 * np.sum((20 < far) & (far < 22.4))  # areas alike
    assert np.bincount(eye.of).min() >= 1 and len(eye.of) == len(eye.dx)
    nearest = [
        np.argmin((eye.dx[i] - eye.places[:, 0]) ** 2 + (eye.dy[i] - eye.places[:, 1]) ** 2)
        for i in range(0, len(eye.of), 97)
    ]
    assert np.mean(eye.of[::97] == nearest) > 0.8


@pytest.mark.parametrize("eye", [square(9), fovea(40, 12)], ids=["square", "fovea"])
def test_a_point_sees_the_mean_of_its_pixels_and_nothing_off_the_page(eye):
    page = np.random.default_rng(0).integers(0, 256, (20, 31, 2)).astype(np.uint8)
    for x, y in ((15, 10), (0, 0), (30, 19)):
        seen = eye.look(page, x, y)
        for point in range(eye.n_points):
            at = [(y + dy, x + dx) for dx, dy, of in zip(eye.dx, eye.dy, eye.of, strict=True) if of == point]
            there = [page[row, column] for row, column in at if 0 <= row < 20 and 0 <= column < 31]
            if there:
                np.testing.assert_allclose(seen[point], np.mean(there, axis=0) / 127.5 - 1, atol=1e-6)
            else:
                assert np.isnan(seen[point]).all()


def test_a_drifting_digit_comes_back_where_it_was():
    world = make("scroller", side=12, stays=0)
    first = frame_of(world.reset(seed=2))
    frames = [frame_of(world.step(np.zeros(4))) for _ in range(12)]
    np.testing.assert_array_equal(frames[-1], first)
    assert not np.array_equal(frames[0], first, equal_nan=True)


def test_a_film_shows_ever_more_of_the_strokes_and_then_begins_again():
    frames = animate([[(40, 40), (240, 240)], [(240, 40), (40, 240)]], 20, 30.0)
    inks = frames.astype(int).sum(axis=(1, 2))
    assert inks[0] == 0 and (np.diff(inks) >= 0).all() and inks[-1] > 0
    world = make("sketch", side=20, strokes=[[(40, 40), (240, 240)]])
    first = frame_of(world.reset(seed=0))
    again = [frame_of(world.step(np.zeros(4))) for _ in range(len(world.frames))][-1]
    np.testing.assert_array_equal(again, first)


def test_what_grew_on_a_canvas_is_drawn_again_and_another_drawing_begins_anew():
    canvases = np.zeros((3, 28, 28), np.uint8)
    canvases[:2, 4:24, 8:10] = 255  # a stroke, then a second one, then another drawing
    canvases[1, 4:24, 18:20] = 255
    canvases[2, 13:15, 4:24] = 255
    inks = make("sketch", canvases=canvases)
    inks.reset(seed=0)
    inks = (inks.frames > 0).sum(axis=(1, 2)).astype(int)
    breaks = np.flatnonzero(np.diff(inks) < 0)
    assert inks[0] == 0 and len(breaks) == 1 and inks[breaks[0]] == 2 * 10
    assert (np.diff(inks[: breaks[0]]) <= 2).all() and (inks[breaks[0] - 5 : breaks[0]] == 20).all()


def test_a_canvas_is_shown_live():
    world = make("sketch")
    world.reset(seed=0)
    world.show(np.full((280, 280), 255, np.uint8))
    assert (frame_of(world.step(np.zeros(4)))[N_HEAD:] == 1).all()
    world.show(None)
    assert (frame_of(world.step(np.zeros(4)))[N_HEAD:] < 1).any()
    with pytest.raises(AgentError, match="a drawing"):
        world.show(np.zeros((3, 3)))


def test_what_was_seen_is_what_is_pressed_and_it_rests():
    world = make("page", rest=3)
    world.reset(seed=0)
    press, wait = np.array([0, 0, 0, 1.0]), np.zeros(4)
    for place, score in ((0, 1.0), (2, -1.0)):
        world.x, world.y = world.buttons[place][0] + 4, world.buttons[place][1] + 4 - world.top
        if not 0 <= world.y < world.height:
            world.top, world.y = 40, world.buttons[place][1] + 4 - 40
        assert world.step(press)[1] == score
        assert world.step(wait)[1] == 0
    world.x, world.y, world.top = world.buttons[0][0] + 4, world.buttons[0][1] + 4, 0
    if world.y < world.height:
        assert [world.step(press)[1] for _ in range(7)] in (
            [1, 0, 0, 1, 0, 0, 1],
            [0, 1, 0, 0, 1, 0, 0],
            [0, 0, 1, 0, 0, 1, 0],
        )


def test_a_page_scrolls_and_the_pointer_stays_on_it():
    world = make("page")
    before = frame_of(world.reset(seed=0))
    after = frame_of(world.step(np.array([1, -1, 1, 0])))
    assert after[5] > before[5] and after[6] > before[6] and after[7] < before[7]
    for _ in range(40):
        after = frame_of(world.step(np.array([1, 1, 1, 0])))
    assert after[5:8].tolist() == [1, 1, 1]


def test_an_episode_that_is_over_begins_anew():
    world = make("CartPole-v1", sutton_barto_reward=True)
    frame = frame_of(world.reset(seed=0))
    scores = []
    for _ in range(200):
        assert (frame[5] == 1) == (not scores or scores[-1] == -1)
        step = world.step(np.array([1.0, 0.0]))
        frame, score = frame_of(step), step[1]
        scores.append(score)
    assert len(world.lengths) == scores.count(-1) > 10 and sum(world.lengths) <= 200


@pytest.mark.parametrize(("sign", "name"), [(-1, "CartPole-v1"), (1, "MountainCar-v0")])
def test_where_every_reward_is_the_same_the_end_of_an_episode_counts(sign, name, monkeypatch):
    world = make(name)
    world.reset(seed=0)
    step, ends = world.inner.step, []

    def ended(action):  # any episode is over after seven frames
        ends.append(len(ends) % 7 == 6)
        seen, score, *_ = step(action)
        return seen, score, ends[-1], False, {}

    monkeypatch.setattr(world.inner, "step", ended)
    scores = [float(frame_of(world.step(np.ones(len(world.actions))))[0]) for _ in range(21)]
    assert scores == [pytest.approx(sign * 0.99 if end else 0.0) for end in ends]
    assert world.lengths == [7] * 3 and world.returns == [-sign * 7.0] * 3


@pytest.mark.browser
def test_a_real_page_is_seen_and_pressed():
    world = make("browser", url=PAGE, n_points=30, radius=20)
    frame = frame_of(world.reset(seed=0))
    try:
        middle = frame[N_HEAD : N_HEAD + 3]
        assert middle[0] > 0.5 and middle[2] == -1
        step = world.step(np.array([0, 0, 0, 1.0]))
        frame, score, info = frame_of(step), step[1], step[4]
        assert score == 2 and info["score"] == 2 and frame[N_HEAD + 2] > 0.5
        assert np.isnan(frame_of(world.step(np.zeros(4)))[0])
    finally:
        world.close()


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("scroler", {}, "Did you mean scroller"),
        ("NoSuch-v0", {}, "environment of gymnasium"),
        ("scroller", {"side": 3}, "side as a whole number from 8 to 64, got 3"),
        ("scroller", {"sides": 20}, "settings of the environment scroller"),
        ("sketch", {"strokes": []}, "got 0. Draw something"),
        ("sketch", {"strokes": [[(1, 2, 3)]]}, "lists of x and y"),
        ("sketch", {"strokes": [[(1e9, 2)]]}, "canvas of 280"),
        ("sketch", {"n_sketches": 99}, "n_sketches as a whole number from 1 to 20, got 99"),
        ("sketch", {"canvases": []}, "1 to 100 canvases, got 0. Draw something"),
        ("sketch", {"canvases": [np.zeros((2, 2))]}, "a drawing"),
        ("page", {"n_good": 0}, "n_good as a whole number from 1 to 6, got 0"),
        ("page", {"n_points": 9000}, "enough for 9000 points"),
        ("browser", {"url": "ftp://x"}, "address of a page"),
    ],
)
def test_a_world_that_cannot_be_is_refused_in_a_sentence(name, settings, words):
    with pytest.raises(AgentError, match=words):
        make(name, **settings)


def test_an_action_that_is_none_is_refused():
    for name in ("page", "CartPole-v1"):
        world = make(name)
        world.reset(seed=0)
        for action in ([1], np.full(world.action_space.shape, np.nan)):
            with pytest.raises(AgentError, match="an action of"):
                world.step(action)
