"""Kernels of the weightless mind against their plain twins, and what its two memories promise."""

import naive_frames as naive
import numpy as np
import pytest

from agent.kernels import context_tables as kernel
from agent.models.frames import N_RECENT, FrameSpec, MedianBaseline
from agent.models.frames.cells import CellsConfig, ContextPredictor, TileCodedQ, find_neighbours


def scene_of(side=5, n_told=3):
    y, x = np.divmod(np.arange(side * side), side)
    placed = np.stack([x, y, 0 * x], axis=1).astype(np.float32)
    return FrameSpec(
        np.concatenate([np.full((5 + n_told, 3), np.nan, np.float32), placed]),
        np.array([-1, 0], np.float32),
        ("go right", "press"),
    )


@pytest.fixture(params=range(4))
def frames(request):
    rng = np.random.default_rng(request.param)
    scene = scene_of()
    now, before = (rng.integers(0, 4, scene.n_cells).astype(np.uint8) for _ in range(2))
    if request.param == 3:  # everything came from the left
        before = now.copy()
        now[9:] = before[8:-1]
    return now, before, find_neighbours(scene.places), np.nan_to_num(scene.places[:, 2], nan=15).astype(np.uint8)


@pytest.mark.parametrize("n_levels", [2, 12, 30])
def test_levels_are_those_of_the_twin(n_levels):
    frame = np.concatenate([np.linspace(-1, 1, 97), np.random.default_rng(0).uniform(-1, 1, 50)]).astype(np.float32)
    got = np.zeros(len(frame), np.uint8)
    kernel.levels(frame, n_levels, got)
    assert got.tolist() == naive.levels(frame, n_levels) and got.max() == n_levels - 1


@pytest.mark.parametrize("still", [0, 1, 40])
def test_frames_have_the_codes_of_the_twin(frames, still):
    got = np.zeros(2, np.uint64)
    kernel.frame_codes(frames[0], frames[1], still, got)
    assert got.tolist() == naive.frame_codes(frames[0], frames[1], still)


def test_standing_still_longer_is_another_moment():
    now, codes = np.arange(7, dtype=np.uint8), set()
    for still in range(50):
        got = np.zeros(2, np.uint64)
        kernel.frame_codes(now, now, still, got)
        codes.add(int(got[0]))
    assert len(codes) == 50


def test_drift_is_that_of_the_twin(frames):
    now, before, neighbours, _ = frames
    assert kernel.drift(now, before, neighbours) == naive.drift(now, before, neighbours)


def test_contexts_are_alike_where_those_of_the_twin_are(frames):
    now, before, neighbours, colours = frames
    for way in range(9):
        got = np.zeros((len(now), kernel.CONTEXTS), np.uint64)
        kernel.contexts(now, before, neighbours, colours, way, got)
        expected = np.array(naive.contexts(now, before, neighbours, colours, way))
        for c in range(kernel.CONTEXTS):
            of_text = dict(zip(expected[:, c], got[:, c].tolist(), strict=True))
            assert [of_text[text] for text in expected[:, c]] == got[:, c].tolist()
            assert len(set(of_text.values())) == len(of_text)  # other texts, other codes


@pytest.mark.parametrize("n_slots", [8, 64, 1024])  # eight: contexts push each other out all the time
def test_what_is_learned_and_expected_is_that_of_the_twin(n_slots):
    rng = np.random.default_rng(n_slots)
    known = rng.integers(0, 2**64, (30, kernel.CONTEXTS), np.uint64)
    shapes = {"tags": np.uint32, "met": np.uint8, "means": np.float32, "errors": np.float32}
    mine = {name: np.zeros(n_slots, kind) for name, kind in shapes.items()} | {
        "priors": np.full((kernel.CONTEXTS, 4), 0.05, np.float32)
    }
    twin = {
        name: array.astype(np.float64) if name in ("means", "errors", "priors") else array.copy()
        for name, array in mine.items()
    }
    n_known = 0
    for _ in range(40):
        codes, seen = known[rng.integers(0, len(known), 12)], rng.random(12) < 0.8
        frame = rng.uniform(-1, 1, 12).astype(np.float32)
        kernel.learn(codes, seen, frame, *mine.values())
        naive.learn(codes, seen, frame, *twin.values())
        for name in mine:
            np.testing.assert_allclose(mine[name], twin[name], atol=1e-5, err_msg=name)
        asked = known[rng.integers(0, len(known), 12)]
        chosen, out = np.zeros(12, np.int8), np.zeros(12, np.float32)
        kernel.expect(asked, *mine.values(), chosen, out)
        expected, means = naive.expect(asked, *twin.values(), np.zeros(12))
        assert chosen.tolist() == expected
        np.testing.assert_allclose(out, means, atol=1e-5)
        n_known += sum(each < kernel.CONTEXTS for each in expected)
    assert n_known > 40


def test_what_was_met_very_often_is_still_counted_once_more_and_no_more():
    codes, frame = np.full((1, kernel.CONTEXTS), 5 << 32, np.uint64), np.ones(1, np.float32)
    tags, met, means, errors = (np.zeros(8, kind) for kind in (np.uint32, np.uint8, np.float32, np.float32))
    for _ in range(300):
        kernel.learn(
            codes, np.ones(1, bool), frame, tags, met, means, errors, np.zeros((kernel.CONTEXTS, 4), np.float32)
        )
    assert met.tolist() == [255, 0, 0, 0, 0, 0, 0, 0] and means[0] == 1


def test_addresses_and_what_is_looked_up_there_are_those_of_the_twin():
    rng = np.random.default_rng(0)
    reads, shifts = rng.integers(0, 20, (6, 5)).astype(np.int32), rng.random((6, 5), np.float32)
    worth, tried = rng.standard_normal((6, 32, 4)).astype(np.float32), rng.integers(0, 9, (6, 32, 4)).astype(np.uint16)
    met = set()
    for _ in range(50):
        values, places = rng.uniform(-1, 1, 20).astype(np.float32), np.zeros(6, np.int64)
        kernel.tile_addresses(values, reads, shifts, 8, 32, places)
        assert places.tolist() == naive.addresses(values, reads, shifts, 8, 32)
        met |= set(places.tolist())
        got = np.zeros(4, np.float32), np.zeros(4, np.float32)
        kernel.mean_q_values(places, worth, tried, *got)
        np.testing.assert_allclose(got, naive.look_up(places, worth, tried), atol=1e-6)
    assert len(met) > 25  # addresses spread over the table


def test_credit_goes_once_to_what_was_done_again_and_again():
    rng = np.random.default_rng(0)
    trail, did = rng.integers(0, 3, (8, 4)), rng.integers(0, 2, 8)
    got = np.zeros((4, 3, 2), np.float32)
    kernel.apply_td_error(trail, did, 6, 0.5, 0.2, 0.7, got)
    np.testing.assert_allclose(got, naive.credit(trail, did, 6, 0.5, 0.2, 0.7, np.zeros((4, 3, 2))), atol=1e-7)


def test_neighbours_of_a_grid_are_the_eight_around():
    neighbours = find_neighbours(scene_of().places)
    middle = 8 + 2 * 5 + 2
    assert sorted(neighbours[middle].tolist()) == [
        8 + 5 * y + x for y in (1, 2, 3) for x in (1, 2, 3) if (x, y) != (2, 2)
    ]
    corner = neighbours[8]
    assert sorted(corner[corner >= 0].tolist()) == [9, 13, 14]
    assert (neighbours[:8] < 8).all()  # cells that lie nowhere have those beside them


def test_a_mean_is_what_followed_and_the_most_exact_context_is_believed():
    model, scene = ContextPredictor(CellsConfig(n_film=0)), scene_of()
    model.enter(scene.places)
    rng = np.random.default_rng(0)
    one, two = (rng.choice([-1.0, 0.0, 1.0], scene.n_cells).astype(np.float32) for _ in range(2))
    for frame in (one, two) * 4:
        model.learn(frame, np.ones(scene.n_cells, bool))
        model.predict(frame)
    np.testing.assert_array_equal(model.expected, one)  # after two came one, every time
    assert (model.context_used < kernel.CONTEXTS).all()


def test_cells_that_are_not_observed_teach_nothing():
    model, scene = ContextPredictor(CellsConfig()), scene_of()
    model.enter(scene.places)
    frame, unseen = np.zeros(scene.n_cells, np.float32), np.zeros(scene.n_cells, bool)
    model.predict(frame)
    before = {name: array.copy() for name, array in model.tensors().items()}
    model.learn(frame, unseen)
    changed = [name for name, array in model.tensors().items() if before[name].tobytes() != array.tobytes()]
    assert set(changed) <= {"film", "film_codes", "n_filmed"}


def test_frames_remembered_whole_are_the_newest():
    model, scene = ContextPredictor(CellsConfig(n_film=4)), scene_of()
    model.enter(scene.places)
    for number in range(9):
        frame = np.full(scene.n_cells, number / 10, np.float32)
        model.learn(frame, np.ones(scene.n_cells, bool))
        model.predict(frame)
    assert sorted(model.frame_memory[:, 0].round(1).tolist()) == pytest.approx([0.5, 0.6, 0.7, 0.8])


def test_a_choice_that_pays_is_found_and_said():
    chooser, scene = TileCodedQ(CellsConfig(seed=1, curiosity=5.0)), scene_of()
    chooser.enter(scene)
    got, score, tried = np.zeros(scene.n_cells, np.float32), None, []
    for _ in range(1500):
        action, explanation = chooser.choose(got, score)
        tried.append(explanation)
        score = 1.0 if action[1] == 1 else 0.0
    assert action.tolist() == [0, 1] and "press" in explanation and "the most of all" in explanation
    assert {chooser.name(choice) for choice in range(4)} == {"nothing", "go right", "go left", "press"}
    assert sum("never tried" in each for each in tried) == 4  # each choice once out of curiosity
    assert any("tried only" in each for each in tried)


def test_what_pays_later_is_sought_too():
    """Two rooms: to press in the left one goes to the right, to press there pays."""
    chooser, scene = TileCodedQ(CellsConfig(seed=2)), scene_of(side=2, n_told=1)
    chooser.enter(scene)
    got, score, paid = np.zeros(scene.n_cells, np.float32), None, []
    room = -1.0
    for _ in range(600):
        got[5] = room
        action, _ = chooser.choose(got, score)
        score = 0.0
        if action[1] == 1:
            score, room = (1.0, -1.0) if room > 0 else (0.0, 1.0)
        elif action[0]:
            room = -1.0  # whoever walks is back in the left room
        paid.append(score)
    assert np.mean(paid[-100:]) > 0.45  # every second frame at best


def test_nothing_in_particular_stays_nothing_while_the_mean_moves():
    usual = MedianBaseline()
    for mean in np.linspace(0, 0.3, 300):
        beyond = [usual.advantage(score - mean) for score in (0, 0, 1, 0)]
    assert abs(beyond[3]) < 0.02 and abs(beyond[2] - 1) < 0.02
    assert len(usual.recent) == N_RECENT
