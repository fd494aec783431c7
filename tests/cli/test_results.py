"""Runs read back: what a stranger or a crash may leave, and numbers of agents that read no drawings."""

import json
import os

import pytest

from agent.__main__ import main
from agent.experiments import run
from agent.experiments.compare import grouped, pictures, table
from agent.experiments.results import MAX_FILE_BYTES, read_run, read_runs

QUICK = {"n_test": 20, "n_held_out": 10, "n_asked": 5, "plots": False}
CONFIG = {
    "experiment": "A",
    "agent": {"name": "linear", "kind": "linear"},
    "task": {"copy": {"source": "copy"}},
    "seed": 1,
}
GOOD = {"n_lessons": 100, "error": 0.25, "score": 12}


def put(folder, name="linear/copy_1", config=CONFIG, result=GOOD, progress="n_done,error\n10,3.5\n100,0.25\n"):
    """Write a run as somebody may have left it."""
    place = folder / name
    place.mkdir(parents=True)
    for file, content in (("config.json", config), ("result.json", result), ("progress.csv", progress)):
        if content is not None:
            content = json.dumps(content) if isinstance(content, dict) else content
            (place / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    return place


def changed(config=None, **result):
    return {"config": CONFIG | (config or {}), "result": GOOD | result}


def test_numbers_of_agents_without_labels_are_read_compared_and_drawn(tmp_path):
    put(tmp_path)
    put(tmp_path, "linear/copy_2", CONFIG | {"seed": 2}, GOOD | {"error": 0.75})
    (group,) = grouped(read_runs(tmp_path)[0])
    assert (group.measure, group.confusion, group.by_label) == ("error", None, {})
    assert group.curve == [(10, 3.5, 0.0), (100, 0.25, 0.0)]
    row = table([group])[0]
    assert row["error"] == "0.5 ± 0.3536" and row["score"] == "12 ± 0" and "accuracy" not in row
    assert set(pictures([group])) == {"error.svg"}


def test_runs_of_all_families_lie_in_one_table(tmp_path):
    put(tmp_path)
    run("digits", "nearest", lessons=20, folder=str(tmp_path), **QUICK)
    rows = {row["agent"]: row for row in table(grouped(read_runs(tmp_path)[0]))}
    assert rows["linear"]["accuracy"] == "–" == rows["nearest"]["error"]
    assert set(pictures(grouped(read_runs(tmp_path)[0]))) == {
        "learning.svg",
        "error.svg",
        "bars.svg",
        "confusion.svg",
        "by_label.svg",
    }


SPOILED = {
    "no result": ({"result": None}, "result.json, got none: the run is not finished"),
    "no JSON": ({"result": "{"}, "result.json as a run left it"),
    "a list": ({"result": "[]"}, "result.json as a run left it, got a list"),
    "too deep": ({"result": "[" * 100_000}, "result.json as a run left it"),
    "no agent": (changed({"agent": "linear"}), "with an agent and a task"),
    "no task": (changed({"task": {}}), "with an agent and a task"),
    "a number for a name": (changed({"agent": {"name": 3, "kind": "linear"}}), "names of 1 to 400 characters"),
    "an endless name": (changed({"experiment": "A" * 1000}), "names of 1 to 400 characters"),
    "a name with a line break": (changed({"experiment": "A\nB"}), "names of 1 to 400 characters"),
    "a seed that is none": (changed({"seed": "1"}), "seed of"),
    "less than no lessons": (changed(n_lessons=-1), "n_lessons of"),
    "more than all right": (changed(accuracy=7), "accuracy of"),
    "a curve above all": ({"progress": "n_done,held_out\n10,3.5\n"}, "as shares from 0 to 1"),
    "a curve in no language": ({"progress": b"n_done,error\n\xff\xfe,1\n"}, "progress.csv as a run left it"),
    "a cell without end": ({"progress": "n_done,error\n" + "1" * 200_000}, "progress.csv as a run left it"),
    "more cells than names": ({"progress": "n_done,error\n1,2,3\n"}, "progress.csv as a run left it"),
    "rows that miss cells": (changed(labels=["0", "1"], confusion=[[1, 2, 3], [1, 2]]), "2 rows of 3 counts"),
    "counts below nothing": (changed(labels=["0"], confusion=[[-1, 2]]), "1 rows of 2 counts"),
    "labels twice": (changed(labels=["0", "0"], confusion=[[1, 2, 3]] * 2), "2 rows of 3 counts"),
    "labels without end": (changed(labels=["0"] * 1000, confusion=[]), "1 to 200 labels"),
    "a file too large": ({"progress": "n_done\n" + "1\n" * (MAX_FILE_BYTES // 2)}, "of at most 4,000,000 bytes"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_run_is_left_out_with_a_sentence_and_the_others_stay(tmp_path, name):
    given, sentence = SPOILED[name]
    put(tmp_path, "good")
    put(tmp_path, "spoiled", **given)
    found, left_out = read_runs(tmp_path)
    assert [run.folder.name for run in found] == ["good"] and len(left_out) == 1
    assert sentence in left_out[0] and "spoiled" in left_out[0] and str(tmp_path) not in left_out[0]


def test_numbers_that_are_none_are_passed_over(tmp_path):
    place = put(
        tmp_path,
        result='{"n_lessons": 5, "error": NaN, "score": Infinity, "huge": 1' + "0" * 400 + ', "yes": true, "fine": 2}',
    )
    assert read_run(place).scores == {"fine": 2}


@pytest.mark.parametrize("what", ["folder", "pipe", "loop"])
def test_what_is_no_file_is_never_read(tmp_path, what):
    place = put(tmp_path, result=None)
    path = place / "result.json"
    {"folder": path.mkdir, "pipe": lambda: os.mkfifo(path), "loop": lambda: path.symlink_to(path)}[what]()
    found, left_out = read_runs(tmp_path)
    assert found == [] and len(left_out) == 1


def test_a_run_is_read_again_when_it_was_changed(tmp_path):
    place = put(tmp_path)
    assert read_run(place) is read_run(place)
    (place / "result.json").write_text(json.dumps(GOOD | {"error": 0.125}))
    assert read_run(place).scores["error"] == 0.125


def test_the_command_says_what_it_leaves_out(tmp_path, capsys):
    put(tmp_path, "good")
    put(tmp_path, "spoiled", result="{")
    assert main(["compare", f"folder={tmp_path}"]) == 0
    told = capsys.readouterr()
    assert told.err.count("\n") == 1 and told.err.startswith("agent: left out: expected spoiled/result.json")
    assert "| A | linear | copy | 100 | 1 |" in told.out
