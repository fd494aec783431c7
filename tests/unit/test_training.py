"""Training and testing: chunks, honest scores, a Stop that leaves nothing half done."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from agent import preprocessing, training
from agent.agents import new
from agent.datasets.digits import Selection
from agent.errors import AgentError
from agent.lessons import Lessons, rebuild
from agent.progress import Progress
from agent.training import MAX_CHUNK, _chunk_ends, evaluate, iter_progressive_validation, scores


def strokes(labels: str) -> list[np.ndarray]:
    """Draw, for each label, a horizontal (h), vertical (v) or slanting (s) stroke on a page of its own size."""
    drawings = []
    for number, label in enumerate(labels):
        height, width = 30 + number % 4, 41 + number % 3
        page = np.zeros((height, width), np.uint8)
        for step in range(20):
            row, column = {"h": (12, 5 + step), "v": (4 + step, 20), "s": (4 + step, 5 + step)}[label]
            page[row : row + 2 + number % 2, column : column + 2] = 255
        drawings.append(page)
    return drawings


def taught(labels: str):
    pupil = new("nearest")
    pupil.learn_many(strokes(labels), labels)
    return pupil


def answers(model, thumbnail: np.ndarray) -> list[list[int]]:
    return [guess.responses.tolist() for guess in model.predict(thumbnail)]


@pytest.mark.parametrize(
    ("n_lessons", "expected"),
    [
        (1, [1]),
        (10, [10]),
        (11, [10, 11]),
        (60, [10, 20, 50, 60]),
        (1_500, [10, 20, 50, 100, 200, 500, 1_000, 1_500]),
    ],
)
def test_chunks_end_at_round_numbers(n_lessons, expected):
    pupil = new("nearest")
    got = [
        progress.n_done
        for progress in iter_progressive_validation(pupil, strokes("h" * n_lessons), "h" * n_lessons, n_asked=1)
    ]
    assert got == expected and pupil.n_lessons == n_lessons


def test_no_chunk_keeps_stop_waiting():
    ends = list(_chunk_ends(60_000))
    assert max(np.diff([0, *ends])) <= MAX_CHUNK and ends[-1] == 60_000
    assert {10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000} <= set(ends)


def test_progress_counts_what_was_right_before_it_was_told():
    # ten h; ten v, never seen; then ten v and twenty h, all seen
    labels = "h" * 10 + "v" * 10 + "v" * 10 + "h" * 20
    course = iter_progressive_validation(new("nearest"), strokes(labels), labels)
    got = [(progress.n_done, progress.n_total, progress.prequential, progress.n_asked) for progress in course]
    assert got == [(10, 50, 0.0, 10), (20, 50, 0.0, 10), (50, 50, 1.0, 30)]


def test_only_a_sample_of_each_chunk_is_asked_spread_over_it(monkeypatch):
    drawings, labels = Selection({"mnist": 30}, seed=1).draw()
    pupil, asked = new("nearest"), []
    predict = pupil.model.predict
    monkeypatch.setattr(pupil.model, "predict", lambda thumbnail: asked.append(thumbnail) or predict(thumbnail))
    list(iter_progressive_validation(pupil, drawings, labels, n_asked=4))
    for got, rows in zip(asked, ([0, 3, 6, 9], [10, 13, 16, 19], [20, 23, 26, 29]), strict=True):
        assert np.array_equal(got, [preprocessing.to_thumbnail(drawings[row]) for row in rows])


def test_the_cost_of_asking_is_bounded():
    labels = "hv" * 100
    got = [
        progress.n_asked
        for progress in iter_progressive_validation(new("nearest"), strokes(labels), labels, n_asked=15)
    ]
    assert got == [10, 10, 15, 15, 15]


def test_held_out_drawings_are_asked_after_each_chunk_and_never_taught():
    pupil = new("nearest")
    labels = "h" * 20 + "v" * 30
    course = iter_progressive_validation(pupil, strokes(labels), labels, held_out=(strokes("hhhv"), "hhhv"))
    assert [progress.accuracy for progress in course] == [0.75, 0.75, 1.0]
    assert pupil.n_lessons == 50
    without = iter_progressive_validation(new("nearest"), strokes(labels), labels)
    assert {progress.accuracy for progress in without} == {None}


def test_seconds_grow_and_progress_cannot_be_changed():
    course = list(iter_progressive_validation(new("nearest"), strokes("hv" * 20), "hv" * 20))
    assert 0 < course[0].seconds < course[1].seconds < course[2].seconds
    with pytest.raises(dataclasses.FrozenInstanceError):
        course[0].n_done = 3
    assert isinstance(course[0], Progress)


@pytest.mark.parametrize("n_chunks", [0, 1, 2, 3, 4])
def test_stopping_leaves_exactly_the_lessons_taught_so_far(n_chunks):
    selection = Selection({"mnist": 40, "font:Anton": 10}, seed=6)
    drawings, labels = selection.draw()
    pupil = new("nearest")
    course = iter_progressive_validation(pupil, drawings, labels, source=selection.source)
    n_done = 0
    for _ in range(n_chunks):
        n_done = next(course, Progress(50, 50)).n_done
    course.close()
    expected = new("nearest")
    if n_done:
        expected.learn_many(drawings[:n_done], labels[:n_done])
    asked = np.stack([preprocessing.to_thumbnail(drawing) for drawing in drawings])
    assert n_done == (0, 10, 20, 50, 50)[n_chunks] == pupil.n_lessons
    assert answers(pupil.model, asked) == answers(expected.model, asked)
    log = Lessons.from_jsonl(pupil.lessons.to_jsonl())
    assert answers(rebuild(type(pupil.model), pupil.model.config, log), asked) == answers(pupil.model, asked)


def test_a_course_with_a_source_is_one_line_of_the_log():
    selection = Selection({"mnist": 300}, seed=1)
    pupil = new("nearest")
    list(iter_progressive_validation(pupil, *selection.draw(), source=selection.source))
    (event,) = pupil.lessons.events
    assert (event["n_lessons"], event["source"], event["start"]) == (300, selection.source, 0)


def test_a_stopped_course_and_another_one_rebuild_in_their_order():
    pupil = new("nearest")
    for seed, n_chunks in ((1, 2), (2, 1), (1, 3)):
        selection = Selection({"mnist": 60}, seed=seed)
        course = iter_progressive_validation(pupil, *selection.draw(), source=selection.source)
        for _ in range(n_chunks):
            next(course)
        course.close()
    assert [event["n_lessons"] for event in pupil.lessons.events] == [20, 10, 50]
    rebuilt = rebuild(type(pupil.model), pupil.model.config, pupil.lessons)
    assert all(np.array_equal(rebuilt.tensors()[name], array) for name, array in pupil.model.tensors().items())


@pytest.mark.parametrize(
    ("drawings", "labels", "message"),
    [
        ([*strokes("h" * 30), np.zeros((20, 30), np.uint8)], "h" * 31, "1 blank ones, the first at 30"),
        ([*strokes("h" * 30), "no drawing"], "h" * 31, "expected a picture"),
        ([*strokes("h" * 30), np.full((3, 30), 200, np.uint8)], "h" * 31, "got 3 x 30"),
        (strokes("h" * 31), ["h"] * 30 + [""], "expected a label of 1 to 8"),
        (strokes("h" * 31), ["h"] * 30 + [None], "expected a label of 1 to 8"),
        (strokes("h" * 31), "h" * 30, "got 31 drawings and 30 labels"),
        (strokes("h" * 70), [str(number) for number in range(70)], "expected at most 62 labels, got 71"),
        ([], [], "expected at least 1 lesson, got none"),
    ],
)
def test_a_bad_lesson_is_refused_before_the_first_one_is_taught(drawings, labels, message):
    pupil = taught("v")
    before = pupil.lessons.to_jsonl()
    with pytest.raises(AgentError, match=message):
        iter_progressive_validation(pupil, drawings, labels)
    assert pupil.lessons.to_jsonl() == before and pupil.labels == ("v",)


def test_bad_held_out_lessons_are_refused_before_the_first_lesson():
    with pytest.raises(AgentError, match="got 1 drawings and 2 labels"):
        iter_progressive_validation(new("nearest"), strokes("h"), "h", held_out=(strokes("h"), "hv"))


@pytest.mark.parametrize("n_asked", [0, -1, 1.5, None, True])
def test_at_least_one_drawing_is_asked(n_asked):
    with pytest.raises(AgentError, match="expected n_asked as a whole number from 1 to 200,000, got"):
        iter_progressive_validation(new("nearest"), strokes("h"), "h", n_asked=n_asked)


def test_an_evaluation_adds_up_at_every_snapshot():
    pupil = taught("hhvv")
    labels = "hvsvh" * 5  # s was never learned
    drawings = [*strokes(labels[:-1]), np.zeros((20, 30), np.uint8)]  # a blank drawing: unsure
    course = list(evaluate(pupil, drawings, labels, chunk=7))
    assert [seen.n_done for seen in course] == [7, 14, 21, 25]
    for seen in course:
        assert (seen.n_total, seen.labels, seen.confusion.shape) == (25, ("h", "s", "v"), (3, 4))
        assert seen.confusion.sum() == seen.n_done and np.trace(seen.confusion) == seen.n_right
        assert seen.confusion[:, -1].sum() == seen.n_unsure
        assert len(seen.mistakes) == seen.n_done - seen.n_right and seen.accuracy == seen.n_right / seen.n_done
        rows = [sum(label == name for label in labels[: seen.n_done]) for name in seen.labels]
        assert seen.confusion.sum(axis=1).tolist() == rows


def test_the_mistakes_name_the_drawing_what_it_is_and_what_was_said():
    pupil = taught("hv")
    *_, seen = evaluate(pupil, [*strokes("hsv"), np.zeros((20, 30), np.uint8)], "hsvh", chunk=2)
    got = [(mistake.index, mistake.label, mistake.guessed) for mistake in seen.mistakes]
    said = pupil.predict_many(strokes("hsv"))[1].label
    assert got == [(1, "s", said), (3, "h", None)]
    assert (seen.n_right, seen.n_unsure, seen.accuracy) == (2, 1, 0.5)


def test_labels_the_agent_never_learned_count_as_wrong():
    *_, seen = evaluate(taught("hv"), strokes("ss"), "ss")
    assert (seen.n_right, seen.accuracy, seen.labels) == (0, 0.0, ("h", "s", "v"))


def test_an_agent_that_knows_nothing_is_unsure_of_everything():
    *_, seen = evaluate(new("nearest"), strokes("hv"), "hv")
    assert (seen.n_unsure, seen.accuracy, seen.confusion.tolist()) == (2, 0.0, [[0, 0, 1], [0, 0, 1]])


def test_snapshots_do_not_change_when_the_test_goes_on():
    course = evaluate(taught("hv"), strokes("hvs" * 4), "hvs" * 4, chunk=3)
    first = next(course)
    before = first.confusion.tolist()
    list(course)
    assert first.confusion.tolist() == before and len(first.mistakes) == 1
    with pytest.raises(ValueError, match="read-only"):
        first.confusion[0, 0] = 9


def test_evaluating_teaches_nothing():
    pupil = taught("hv")
    before = {name: array.copy() for name, array in pupil.model.tensors().items()}
    list(evaluate(pupil, strokes("hvs"), "hvs"))
    assert pupil.n_lessons == 2
    assert all(np.array_equal(array, before[name]) for name, array in pupil.model.tensors().items())


@pytest.mark.parametrize(
    ("drawings", "labels", "chunk", "message"),
    [
        ([], [], 10, "expected at least 1 lesson, got none"),
        (strokes("h"), "hv", 10, "got 1 drawings and 2 labels"),
        (["x"], "h", 10, "expected a picture"),
        (strokes("h"), "h", 0, "expected chunk as a whole number from 1 to 200,000, got 0"),
        (strokes("h"), "h", 2.5, "got 2.5"),
    ],
)
def test_a_bad_test_is_refused_at_once(drawings, labels, chunk, message):
    with pytest.raises(AgentError, match=message):
        evaluate(taught("h"), drawings, labels, chunk=chunk)


def test_real_digits_are_learned_and_the_curve_rises():
    selection = Selection({"mnist": 500}, seed=0)
    held_out = selection.held_out(200)
    pupil = new("nearest")
    curve = list(
        iter_progressive_validation(pupil, *selection.draw(), source=selection.source, held_out=held_out.draw())
    )
    *_, result = evaluate(pupil, *held_out.draw())
    assert curve[0].accuracy < 0.75 < 0.8 < curve[-1].accuracy == result.accuracy
    assert result.labels == tuple("0123456789")


def test_the_score_of_an_agent_is_over_digits_it_was_never_taught(monkeypatch):
    drawings, labels = Selection({"mnist": 1000}, split="test").draw()
    selection = Selection({"mnist": 60}, seed=1)
    pupil, asked = new("nearest"), []
    pupil.learn_many(*selection.draw(), source=selection.source)
    pupil.learn_many(drawings[:40], labels[:40])
    pupil.learn_one(drawings[50], labels[50])
    other = new("nearest", name="Other")
    other.learn_many(drawings[60:65], labels[60:65])
    other.learn_one(drawings[70], labels[70])
    pupil.join(other)
    predict = pupil.model.predict
    monkeypatch.setattr(pupil.model, "predict", lambda thumbnail: asked.extend(thumbnail) or predict(thumbnail))
    (got,) = scores(pupil)
    taught = [preprocessing.to_thumbnail(drawings[row]).tobytes() for row in [*range(40), 50, *range(60, 65), 70]]
    expected = [row for row in range(1000) if preprocessing.to_thumbnail(drawings[row]).tobytes() not in taught]
    assert got.n_asked == len(asked) == len(expected) <= 1000 - 47
    assert [drawing.tobytes() for drawing in asked] == [
        preprocessing.to_thumbnail(drawings[row]).tobytes() for row in expected
    ]
    right = sum(
        guess.label == labels[row] for guess, row in zip(pupil.predict_many(drawings[expected]), expected, strict=True)
    )
    assert got.n_right == right > 500 and got.accuracy == right / len(expected)


def test_no_score_without_all_ten_digits_or_after_test_digits_were_taught():
    drawings, labels = Selection({"mnist": 60}, seed=1).draw()
    pupil = new("nearest")
    assert scores(pupil) == []
    for drawing, label in zip(drawings, labels, strict=True):
        if label != "3":
            pupil.learn_one(drawing, label)
    assert scores(pupil) == []
    pupil.learn_one(drawings[labels.index("3")], "3")
    assert scores(pupil, 20)[0].n_asked == 20
    selection = Selection({"mnist": 10}, split="test")
    pupil.learn_many(*selection.draw(), source=selection.source)
    assert scores(pupil) == []


def test_a_slow_agent_is_asked_fewer_digits(monkeypatch):
    selection, now = Selection({"mnist": 60}, seed=1), [0.0]
    pupil = new("nearest")
    pupil.learn_many(*selection.draw(), source=selection.source)
    predict = pupil.model.predict

    def slow(thumbnail):
        now[0] += 4
        return predict(thumbnail)

    monkeypatch.setattr(pupil.model, "predict", slow)
    monkeypatch.setattr(training, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    assert [score.n_asked for score in scores(pupil)] == [3 * training.SCORED_AT_ONCE]
    assert scores(pupil, budget_s=0) == [] and now == [12]
