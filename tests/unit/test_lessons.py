"""The log remembers what was taught, and forgets what was taken back."""

import json
import time
from functools import partial

import numpy as np
import pytest

from agent import lessons, preprocessing
from agent.agents import new
from agent.datasets import LabelledDrawings, digits
from agent.errors import AgentError
from agent.models.nearest import Nearest
from agent.progress import run_to_completion


@pytest.fixture
def drawings():
    return np.stack([preprocessing.to_thumbnail(drawing) for drawing in digits.mnist("test")[0][:12]])


@pytest.fixture
def log(drawings):
    log = lessons.Lessons()
    for number, drawing in enumerate(drawings[:6]):
        log.add(drawing, str(number), guessed=str(number) if number % 2 else None, when=1000.0 + number)
    return log


def test_a_drawing_costs_a_few_hundred_bytes(drawings):
    assert max(len(lessons.pack(drawing[None])) for drawing in drawings) < 400


def test_a_log_reads_back_as_it_was_written(log, drawings):
    log.relabel(2, "Z")
    log.forget(4)
    log.add_many(LabelledDrawings(drawings, [str(n) for n in range(12)]))
    log.forget_bulk(drawings[3], "3")
    again = lessons.Lessons.from_jsonl(log.to_jsonl())
    assert again.events == log.events and len(again) == len(log) == 5 + 12 - 1
    for got, expected in zip(again.user_lessons(), log.user_lessons(), strict=True):
        assert (got.drawing == expected.drawing).all() and got.label == expected.label


def test_the_same_drawing_thousands_of_times_reads_back(drawings):
    log = lessons.Lessons()
    for _ in range(5):
        log.add_many(LabelledDrawings(np.repeat(drawings[:1], 5000, axis=0), ["3"] * 5000))
    other = lessons.Lessons()
    other.join(log, "Ben")
    log.join(log, "Mia")
    for each in (log, other):
        again = lessons.Lessons.from_jsonl(each.to_jsonl())
        assert again.events == each.events and len(again) == len(each) > 20_000
        assert ["drawings" in event for event in again.events if event["event"] == "bulk"][:2] == [True, False]


def test_a_forgotten_drawing_is_wiped_from_the_log(log, drawings):
    packed = lessons.pack(drawings[4][None])
    assert packed in log.to_jsonl()
    log.forget(4)
    assert packed not in log.to_jsonl()
    assert [lesson.number for lesson in log.user_lessons()] == [0, 1, 2, 3, 5]
    assert [lesson.number for lesson in lessons.Lessons.from_jsonl(log.to_jsonl()).user_lessons()] == [0, 1, 2, 3, 5]


def test_a_log_can_be_given_away_without_its_drawings(log, drawings):
    text = log.to_jsonl(with_drawings=False)
    assert lessons.pack(drawings[0][None]) not in text
    assert len(lessons.Lessons.from_jsonl(text).user_lessons()) == 0


def test_prequential_counts_counts_standing_lessons(log):
    assert log.prequential_counts() == (3, 6)
    assert log.prequential_counts(last=1) == (1, 1)
    log.forget(1)
    assert log.prequential_counts() == (2, 5)
    log.relabel(3, "9")
    assert log.prequential_counts() == (1, 5)


def test_lessons_that_go_on_where_the_source_stopped_extend_it(drawings):
    log, source = lessons.Lessons(), {"task": "digits", "seed": 1}
    log.add_many(LabelledDrawings(drawings[:4], ["1"] * 4, source, start=0))
    log.add_many(LabelledDrawings(drawings[4:9], ["1"] * 5, source, start=4))
    assert [(bulk.start, bulk.n_lessons) for bulk in log.standing()] == [(0, 9)]
    log.add(drawings[0], "1", None)
    log.add_many(LabelledDrawings(drawings[9:], ["1"] * 3, source, start=9))
    assert len(log.standing()) == 3 and len(log) == 13


def test_numbers_are_never_given_twice(log, drawings):
    log.forget(5)
    assert log.add(drawings[7], "7", None) == 6


def test_a_lesson_that_is_gone_cannot_be_forgotten_or_relabelled(log):
    log.forget(2)
    for refused in (lambda: log.forget(2), lambda: log.relabel(2, "3"), lambda: log.forget(77)):
        with pytest.raises(AgentError, match="number of a lesson"):
            refused()


def test_joining_appends_the_other_log(log, drawings):
    other = lessons.Lessons()
    other.add(drawings[9], "9", "9")
    other.add_many(LabelledDrawings(drawings[:3], ["0", "1", "2"]))
    log.join(other, "Tom")
    assert len(log) == 10 and log.user_lessons()[-1].label == "9"
    assert log.last_joined().name == "Tom"
    assert lessons.Lessons.from_jsonl(log.to_jsonl()).events == log.events


def test_a_joined_log_is_taken_out_whole_and_the_last_one_first(log, drawings):
    before = [entry.number for entry in log.standing()]
    for name in ("Tom", "Zoe"):
        other = lessons.Lessons()
        other.add(drawings[9], "9", "9")
        other.add_many(LabelledDrawings(drawings[:3], ["0", "1", "2"]))
        log.join(other, name)
    later = log.add(drawings[7], "7", None)
    log.forget_many(log.numbers_of(log.last_joined().number))
    assert log.last_joined().name == "Tom" and len(log) == 11
    log.forget_many(log.numbers_of(log.last_joined().number))
    assert log.last_joined() is None
    assert [entry.number for entry in log.standing()] == [*before, later]
    assert lessons.Lessons.from_jsonl(log.to_jsonl()).events == log.events


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        "{}",
        '{"event":"lesson"}',
        '{"event":"lesson","number":0,"label":"1","when":1,"guessed":null,"drawing":"!!"}',
        '{"event":"lesson","number":0,"label":1,"when":1,"guessed":null}',
        '{"event":"lesson","number":5,"label":"1","when":1,"guessed":null}',
        '{"event":"lesson","number":0,"label":"1","when":true,"guessed":null}',
        '{"event":"forget","number":3}',
        '{"event":"join","number":0,"name":"Tom","end":0}',
        '{"event":"join","number":0,"name":"Tom","end":9999999999}',
        '{"event":"relabel","number":3,"label":"1"}',
        '{"event":"bulk","number":0,"n_lessons":0,"source":null,"start":0}',
        '{"event":"bulk","number":0,"n_lessons":99999999999,"source":null,"start":0}',
        '{"event":"bulk","number":0,"n_lessons":2,"source":null,"start":0,"drawings":"","labels":["1"]}',
        '{"event":"hack","number":0}',
        '{"event":"study","number":0,"number":0}',
        '{"event":"bulk","number":0,"n_lessons":1,"source":{"task":NaN},"start":0}',
        '{"event":"bulk","number":0,"n_lessons":1,"source":{"task":[[[[[]]]]]},"start":0}',
        '{"event":"bulk","number":0,"n_lessons":1,"source":{"task":"' + "x" * 60_000 + '"},"start":0}',
        "[" * 100_000,
    ],
)
def test_lines_that_are_no_lessons_are_refused(line):
    with pytest.raises(AgentError, match="line 1 of lessons.jsonl"):
        lessons.Lessons.from_jsonl(line + "\n")


def test_packed_drawings_that_unfold_too_far_are_refused():
    bomb = lessons.pack(np.zeros((90_000, 28, 28), np.uint8))
    assert len(bomb) < 60_000
    with pytest.raises(AgentError, match="expected packed drawings"):
        lessons.unpack(bomb)
    with pytest.raises(AgentError, match="at most 609 characters, got 610"):
        lessons.unpack("0" * 610, 1)
    noise = np.random.default_rng(0).integers(16, size=(5_000, 28, 28), dtype=np.uint8) * np.uint8(17)
    assert (lessons.unpack(lessons.pack(noise)) == noise).all()


def test_a_log_unfolds_only_as_far_as_its_length_warrants(drawings):
    log = lessons.Lessons()
    log.add_many(LabelledDrawings(np.repeat(drawings[:1], 5_000, axis=0), ["1"] * 5_000))
    assert len(lessons.Lessons.from_jsonl(log.to_jsonl())) == 5_000
    text = "".join(json.dumps(log.events[0] | {"number": number}, separators=(",", ":")) + "\n" for number in range(4))
    with pytest.raises(AgentError, match=r"line 3 .* more than 1\d,\d{3} drawings in 1\d\d,\d{3} characters"):
        lessons.Lessons.from_jsonl(text)


def test_a_joined_agent_that_ends_behind_the_log_is_refused(log, drawings):
    other = lessons.Lessons()
    other.add(drawings[9], "9", "9")
    log.join(other, "Tom")
    text = log.to_jsonl()
    assert lessons.Lessons.from_jsonl(text).last_joined().end == 8
    with pytest.raises(AgentError, match="lessons up to 9 in lessons.jsonl, got 8"):
        lessons.Lessons.from_jsonl(text.replace('"end":8', '"end":9'))


def seconds(do):
    """The least that something takes in two attempts; it is made anew for each."""
    took = []
    for _ in range(2):
        run = do()
        start = time.perf_counter()
        run()
        took.append(time.perf_counter() - start)
    return min(took)


def of_many(n, drawings):
    """An agent of one lesson, that was joined with one of so many bulk lessons, each by itself."""
    pupil, log = new("nearest"), lessons.Lessons()
    pupil.learn_one(drawings[0], "1")
    event = {"event": "bulk", "n_lessons": 1, "source": None, "start": 0, "labels": ["2"]}
    event["drawings"] = lessons.pack(drawings[1][None])
    bulk = lessons.Bulk(0, 1, None, 0, drawings[1][None], ("2",))
    for _ in range(n):
        log._adopt(event, bulk)
    pupil.lessons.join(log, "Tom")
    return pupil


PATHS = {
    "unjoin": lambda pupil: pupil.unjoin(),
    "join": lambda pupil: of_many(1, DRAWINGS).join(pupil),
    "without_user_lessons": lambda pupil: pupil.without_user_lessons(),
    "compact": lambda pupil: run_to_completion(pupil.lessons.iter_compact()),
    "read": lambda pupil: lessons.Lessons.from_jsonl(pupil.log),
}
DRAWINGS = np.zeros((2, 28, 28), np.uint8)
DRAWINGS[0, 4:24, 14] = DRAWINGS[1, 14, 4:24] = 255


@pytest.mark.parametrize("path", PATHS)
def test_what_a_file_may_ask_for_takes_time_in_proportion(path):
    few, many = (seconds(lambda n=n: partial(PATHS[path], of_many(n, DRAWINGS))) for n in (1_000, 8_000))
    assert many < 24 * few + 0.1, (few, many)  # eight times as much; a quadratic path takes 64 times


def test_every_step_of_taking_an_agent_out_is_short():
    steps, longest, last = of_many(20_000, DRAWINGS).iter_unjoin(), 0.0, time.perf_counter()
    for _ in steps:
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    assert longest < 0.3


class Clock:
    """A hundredth of a second passes from one look at it to the next."""

    now = 0.0

    def monotonic(self):
        self.now += 0.01
        return self.now


@pytest.mark.parametrize(
    "iterate",
    [
        lambda pupil: lessons.Lessons.iter_from_jsonl(pupil.log),
        lambda pupil: lessons.iter_check_log(pupil.lessons, None),
        lambda pupil: pupil.iter_without_user_lessons(),
        lambda pupil: pupil.iter_unjoin(),
        lambda pupil: pupil.lessons.iter_compact(),
        lambda pupil: pupil.lessons._fold(),
    ],
    ids=["read", "check", "without_user_lessons", "unjoin", "compact", "fold"],
)
def test_work_on_a_long_log_is_done_in_steps_and_can_be_stopped(monkeypatch, iterate):
    pupil, selection = of_many(3_000, DRAWINGS), digits.Selection({"mnist": 20})
    pupil.learn_many(*selection.draw(), source=selection.source)
    monkeypatch.setattr(lessons, "time", Clock())
    before, steps = pupil.log, iterate(pupil)
    n_steps = sum(1 for _ in zip(range(3), steps, strict=False))
    steps.close()
    assert n_steps == 3 and pupil.log == before


def test_the_labels_of_a_model_are_not_gathered_for_each_lesson(monkeypatch, drawings):
    log, gathered, labels = lessons.Lessons(), [], Nearest.labels
    for number in range(200):
        log.add(drawings[number % 12], str(number % 60), None)
        log.add_many(LabelledDrawings(drawings[:1], ("61",)))
    monkeypatch.setattr(Nearest, "labels", property(lambda model: gathered.append(1) or labels.fget(model)))
    lessons.rebuild(Nearest, Nearest.Config(), log)
    assert len(gathered) < 5


def test_a_label_that_was_forgotten_leaves_room_for_another(drawings):
    log = lessons.Lessons()
    for number in range(Nearest.MAX_LABELS):
        log.add_many(LabelledDrawings(drawings[:1], (str(number),)))
    full = log.to_jsonl()
    log.forget_bulk(drawings[0], "5")
    for more in (
        lambda log: log.add(drawings[1], "A", None),
        lambda log: log.add_many(LabelledDrawings(drawings[:1], ("A",))),
    ):
        roomy, crowded = (lessons.Lessons.from_jsonl(text) for text in (log.to_jsonl(), full))
        more(roomy)
        assert len(lessons.rebuild(Nearest, Nearest.Config(), roomy).labels) == Nearest.MAX_LABELS
        more(crowded)
        with pytest.raises(AgentError, match="at most 62 labels, got"):
            lessons.rebuild(Nearest, Nearest.Config(), crowded)
