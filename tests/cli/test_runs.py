"""Runs: what they leave, how they go on, what they refuse."""

import collections
import json

import pytest
from agents import SMALL
from equality import memory_bytes, responses

from agent import preprocessing
from agent.__main__ import main
from agent.experiments import iter_run, results, run
from agent.models.nearest import Nearest
from agent.storage import serialization

pytestmark = pytest.mark.slow  # many whole runs

QUICK = {"n_test": 20, "n_held_out": 10, "n_asked": 5, "plots": False, "seed": 3}


def small(kind: str) -> dict:
    return {"kind": kind, **SMALL.get(kind, {})}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(place):
    """All files of a run but those in which time passes."""
    thumbnail = {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    rows = [
        {name: value for name, value in row.items() if name != "seconds"}
        for row in results.read_csv(place / "progress.csv")
    ]
    scores = json.loads(thumbnail.pop("result.json"))
    del scores["seconds"], thumbnail["progress.csv"]
    return thumbnail, rows, scores


def test_a_run_leaves_its_settings_its_agent_its_log_its_curve_and_its_result(here):
    result = run("digits", small("recall"), lessons=60, **QUICK)
    assert result.folder.as_posix() == "runs/default/recall/digits_3"
    assert {path.name for path in result.folder.iterdir()} == {"agent", "config.json", "progress.csv", "result.json"}
    config, scores = (json.loads((result.folder / name).read_text()) for name in ("config.json", "result.json"))
    assert config["lessons"] == 60 and config["agent"]["n_nodes"] == 60 and config["agent"]["votes_half"] == 4000
    assert (scores["n_test"], scores["n_lessons"]) == (20, 60) and scores["accuracy"] > 0.6 and scores["seconds"] > 0
    assert {"precision", "recall", "f1", "confusion", "prequential", "by_label"} <= set(scores)
    rows = results.read_csv(result.folder / "progress.csv")
    assert [row["n_done"] for row in rows] == [0, 10, 20, 50, 60]
    assert serialization.load(result.folder / "agent").n_lessons == 60


def test_settings_are_built_once_and_every_drawing_is_preprocessed_once(here, monkeypatch):
    counts = collections.Counter()
    check, one, many = Nearest.Config.__post_init__, preprocessing.to_thumbnail, preprocessing.to_thumbnails
    monkeypatch.setattr(Nearest.Config, "__post_init__", lambda config: counts.update(configs=1) or check(config))
    monkeypatch.setattr(preprocessing, "to_thumbnail", lambda given: counts.update(drawings=1) or one(given))
    monkeypatch.setattr(preprocessing, "to_thumbnails", lambda given: counts.update(drawings=len(given)) or many(given))
    assert main(["agent=nearest", "lessons=60", "n_test=200", "plots=false"]) == 0
    assert counts == {"configs": 1, "drawings": 60 + 200} and (here / "runs/default/nearest/digits_0").exists()


def test_a_finished_run_is_not_run_again_unless_asked(here):
    first = run("digits", "nearest", lessons=20, **QUICK)
    again = run("digits", "nearest", lessons=20, **QUICK)
    assert again.cached and again.scores == first.scores
    assert not run("digits", "nearest", lessons=20, again=True, **QUICK).cached


def test_a_run_of_other_settings_replaces_what_lay_there(here):
    run("digits", "nearest", lessons=20, order="one_after_another", **QUICK)
    other = run("digits", "nearest", lessons=30, **QUICK)
    assert other.scores["n_lessons"] == 30 and not (other.folder / "forgetting.csv").exists()


@pytest.mark.parametrize("n_steps", [1, 2, 4, 6, 8])
def test_a_run_that_was_stopped_ends_as_if_it_had_not_been(kind, here, n_steps):
    asked = {"task": ["fonts", "digits"], "order": "one_after_another", "agent": small(kind), "lessons": 30, **QUICK}
    steps = iter_run(folder="stopped", **asked)
    for _ in range(n_steps):
        next(steps)
    steps.close()
    got, expected = run(folder="stopped", **asked), run(folder="whole", **asked)
    got, expected = files(got.folder), files(expected.folder)
    assert json.loads(got[0].pop("config.json"))["folder"] == "stopped" and expected[0].pop("config.json")
    assert got == expected


def test_a_run_killed_while_it_saves_goes_on_from_what_was_saved_before(here, monkeypatch):
    asked = {"agent": "nearest", "lessons": 100, "save_every": 20, **QUICK}
    save, saved = serialization.save, []
    monkeypatch.setattr(serialization, "save", lambda *where: saved or saved.append(save(*where)))
    steps = iter_run(folder="killed", **asked)
    for _ in range(4):
        next(steps)
    steps.close()
    assert serialization.load(saved[0]).n_lessons == 20 and len(results.read_csv(saved[0].parent / "progress.csv")) == 5
    monkeypatch.undo()
    monkeypatch.chdir(here)
    got, expected = run(folder="killed", **asked), run(folder="whole", **asked)
    assert files(got.folder)[1:] == files(expected.folder)[1:]


def test_studying_is_part_of_a_run_and_is_not_done_twice(here):
    asked = {"agent": small("recall"), "lessons": 60, "study": True, **QUICK}
    steps = iter_run(folder="stopped", **asked)
    while next(steps).what != "testing":
        pass
    steps.close()
    assert [event["event"] for event in serialization.load("stopped/default/recall/digits_3/agent").lessons.events] == [
        "bulk",
        "study",
    ]
    got, expected = run(folder="stopped", **asked), run(folder="whole", **asked)
    assert files(got.folder)[1:] == files(expected.folder)[1:]


def test_tasks_one_after_another_are_all_asked_after_each(here):
    result = run(["fonts", "digits"], "nearest", lessons=60, order="one_after_another", **QUICK)
    rows = results.read_csv(result.folder / "forgetting.csv")
    assert [(row["after"], row["n_done"]) for row in rows] == [("fonts", 60), ("digits", 120)]
    assert rows[1]["digits"] > rows[0]["digits"] and rows == result.scores["forgetting"]
    assert result.folder.name == "fonts+digits_3" and set(result.scores["tasks"]) == {"fonts", "digits"}
    assert [event["source"]["task"] for event in serialization.load(result.folder / "agent").lessons.events] == [
        "digits",
        "digits",
    ]


def test_mixed_tasks_are_one_course_that_can_be_drawn_again(here):
    from agent.lessons import rebuild

    pupil = serialization.load(run(["fonts", "strokes"], "nearest", lessons=30, **QUICK).folder / "agent")
    (event,) = pupil.lessons.events
    assert event["source"]["task"] == "mixed" and event["n_lessons"] == 60
    model = rebuild(type(pupil.model), pupil.model.config, pupil.lessons)
    assert all((model.tensors()[name] == array).all() for name, array in pupil.model.tensors().items())


def test_epochs_teach_the_same_lessons_in_other_orders(here):
    pupil = serialization.load(run("digits", "nearest", lessons=20, stream=False, epochs=3, **QUICK).folder / "agent")
    drawings = pupil.model._drawings.reshape(3, 20, -1)
    assert len({epoch.tobytes() for epoch in drawings}) == 3
    assert len({b"".join(sorted(row.tobytes() for row in epoch)) for epoch in drawings}) == 1


def test_another_kind_is_taught_the_lessons_of_a_run_in_its_order(here):
    first = run(["fonts", "digits"], small("recall"), lessons=30, order="one_after_another", **QUICK)
    other = run(["fonts", "digits"], "nearest", replay="recall fonts", **QUICK)
    one, two = (serialization.load(result.folder / "agent") for result in (first, other))
    assert one.lessons.to_jsonl() == two.lessons.to_jsonl() and other.scores["n_lessons"] == 60


def test_own_lessons_are_replayed_one_by_one_as_they_were_told(here, taught, others):
    serialization.save(taught, "mia.zip")
    result = run("digits", small("recall"), replay="./mia.zip", **QUICK)
    pupil = serialization.load(result.folder / "agent")
    assert [lesson.when for lesson in pupil.lessons.user_lessons()] == [
        lesson.when for lesson in taught.lessons.user_lessons()
    ]
    if taught.kind == "recall":
        assert (responses(pupil, others[0]) == responses(taught, others[0])).all()


@pytest.mark.parametrize("n_shards", [2, 3])
@pytest.mark.parametrize("name", ["recall", "nearest", "state"])
def test_parts_taught_apart_and_joined_are_the_agent_of_one_process(here, name, n_shards):
    one, many = (run("digits", small(name), lessons=61, shards=n, experiment=f"x{n}", **QUICK) for n in (1, n_shards))
    assert (many.scores["accuracy"], many.scores["n_lessons"]) == (one.scores["accuracy"], 61)
    pupils = [serialization.load(result.folder / "agent") for result in (one, many)]
    assert memory_bytes(pupils[0]) == memory_bytes(pupils[1])
    assert pupils[0].lessons.to_jsonl() == pupils[1].lessons.to_jsonl()


def test_formulas_are_computed_from_what_was_measured(here):
    mine = {"F1": "2*precision*recall/(precision+recall)", "gap": "F1 - f1"}
    scores = run("digits", "nearest", lessons=20, metrics=mine, **QUICK).scores
    assert scores["F1"] == 2 * scores["precision"] * scores["recall"] / (scores["precision"] + scores["recall"])
    assert scores["gap"] == scores["F1"] - scores["f1"]


def test_what_is_drawn_from_memory_is_laid_out_on_a_sheet(here):
    from PIL import Image

    result = run({"generate": {"n_drawings": 3}}, "nearest", lessons=20, label="7", **QUICK)
    with Image.open(result.folder / "sheet.png") as sheet:
        assert sheet.size == (3 * 62 + 6, 68)


def test_steps_say_what_is_done_and_how_well_it_goes(here):
    steps = list(iter_run("digits", "nearest", lessons=20, **QUICK))
    assert [(step.what, step.n_done, step.n_total) for step in steps] == [
        ("teaching", 10, 20),
        ("teaching", 20, 20),
        ("testing", 20, 20),
    ]
    assert all(0 <= step.accuracy <= 1 for step in steps)
