"""Runs compared: who is put together, what is averaged, what is drawn."""

import csv
import re
from xml.etree import ElementTree

import pytest

from agent import charts
from agent.__main__ import main
from agent.errors import AgentError
from agent.experiments import run
from agent.experiments.compare import compare, grouped, markdown, table
from agent.experiments.results import read_runs

QUICK = {"n_test": 30, "n_held_out": 20, "n_asked": 5, "plots": False}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Eight runs of two experiments: two kinds, two seeds each."""
    folder = str(tmp_path_factory.mktemp("runs"))
    for agent in ("nearest", {"kind": "recall", "n_warps": 5, "n_nodes": 60, "tuple_size": 8}):
        for seed in (1, 2):
            run(
                "digits",
                agent,
                lessons=30,
                seed=seed,
                folder=folder,
                experiment="A",
                metrics={"double": "2*accuracy"},
                **QUICK,
            )
            run("digits", agent, lessons=20, seed=seed, folder=folder, experiment="B/lessons=20", **QUICK)
    return folder


def test_runs_that_differ_by_their_seeds_alone_are_one_row(runs):
    groups = grouped(read_runs(runs)[0])
    assert [(group.experiment, group.agent, group.lessons, len(group.runs)) for group in groups] == [
        ("A", "nearest", 30, 2),
        ("A", "recall", 30, 2),
        ("B/lessons=20", "nearest", 20, 2),
        ("B/lessons=20", "recall", 20, 2),
    ]


def test_a_row_is_the_mean_and_the_spread_of_its_runs(runs):
    group = grouped(read_runs(runs)[0], agent=["nearest"])[0]
    one, two = (run.scores["accuracy"] for run in group.runs)
    mean, spread = group.score("accuracy")
    assert mean == pytest.approx((one + two) / 2) and spread == pytest.approx(abs(one - two) / 2**0.5)
    row = table([group])[0]
    assert (
        row["accuracy"] == f"{100 * mean:.2f} ± {100 * spread:.2f}"
        and row["double"] == f"{2 * mean:.4g} ± {2 * spread:.4g}"
    )
    assert [step for step, _, _ in group.curve] == [0, 10, 20, 30]
    assert group.confusion[0].sum() == 60


def test_tables_and_pictures_are_written(runs, tmp_path, capsys):
    assert main(["compare", "experiment=[A,B]", f"folder={runs}", f"to={tmp_path / 'out'}"]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "results.csv",
        "results.md",
        "learning.svg",
        "bars.svg",
        "confusion.svg",
        "by_label.svg",
    }
    written = (tmp_path / "out/results.md").read_text()
    assert written in capsys.readouterr().out and written.count("\n") == 6
    with (tmp_path / "out/results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert markdown(rows) == written and {row["runs"] for row in rows} == {"2"}
    for path in (tmp_path / "out").glob("*.svg"):
        drawing = ElementTree.fromstring(path.read_bytes())
        assert drawing.tag.endswith("svg") and float(drawing.get("width")) >= 400, path.name


def test_the_same_runs_give_the_same_bytes(runs, tmp_path):
    for name in ("one", "two"):
        compare(["A"], folder=runs, to=str(tmp_path / name))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("experiment=[A,C]", "expected finished runs of experiment C, got those of A, B, B/lessons=20."),
        ("agent=recal", "Did you mean recall?"),
        ("task=fonts", "expected finished runs of task fonts, got those of digits"),
        ("experment=A", "got experment=A. Did you mean experiment?"),
        ("folder=nowhere", "expected finished runs in nowhere, got none."),
        ("folder=", "expected compare NAME=VALUE of experiment, agent, task, folder, to, got folder=."),
    ],
)
def test_what_is_not_there_is_named(runs, tmp_path, monkeypatch, capsys, word, message):
    monkeypatch.chdir(tmp_path)
    words = [word] if word.startswith("folder") else [word, f"folder={runs}"]
    assert main(["compare", *words]) == 2
    assert message in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_a_run_draws_its_curve_and_its_confusion(tmp_path):
    place = run("fonts", "nearest", lessons=20, folder=str(tmp_path), **{**QUICK, "plots": True}).folder
    assert {"learning.svg", "confusion.svg"} <= {path.name for path in place.iterdir()}


def test_nothing_finished_cannot_be_compared(tmp_path):
    with pytest.raises(AgentError, match="expected finished runs in"):
        compare(folder=str(tmp_path))


def test_a_comparison_leaves_nothing_of_an_earlier_one_and_names_only_what_was_asked(
    runs, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    for name in ("A", "B"):
        run("digits", "nearest", lessons=20, experiment=name, **QUICK)
        (tmp_path / "runs" / name / "recall/digits_7").mkdir(parents=True)
        (tmp_path / "runs" / name / "recall/digits_7/config.json").write_text("{}")
    run("copy", "linear", steps=50, experiment="C", plots=False)
    assert main(["compare", "experiment=A"]) == 0
    assert "A/recall/digits_7" in (heard := capsys.readouterr().err) and "B/recall" not in heard
    (tmp_path / "runs/compare/notes.txt").write_text("mine")
    assert main(["compare", "experiment=C"]) == 0 and not capsys.readouterr().err
    left = {path.name for path in (tmp_path / "runs/compare").iterdir()}
    assert left == {"results.csv", "results.md", "error.svg", "notes.txt"}


def test_squared_errors_are_not_put_beside_absolute_ones(tmp_path):
    folder = str(tmp_path / "runs")
    run("copy", "linear", steps=50, folder=folder, plots=False)
    run("frames", "cells", steps=200, folder=folder, plots=False)
    where, groups, _ = compare(folder=folder)
    assert {group.measure for group in groups} == {"error", "squared_error"}
    frames, numbers = sorted(table(groups), key=lambda row: row["task"] == "copy")
    assert frames["error"] == "–" == numbers["squared_error"] and frames["squared_error"] != "–" != numbers["error"]
    assert "mean squared error" in (where / "squared_error.svg").read_text()
    assert "mean absolute error" in (where / "error.svg").read_text()


def test_more_than_eight_lines_can_be_told_apart():
    drawing = charts.learning({f"agent {number}": [(0, 0.0, 0.0), (10, 0.5, 0.1)] for number in range(24)}).decode()
    classes = re.findall(r'<g class="([^"]+)"><polyline points="[\d., -]+"/><circle', drawing)
    assert len(set(classes)) == 24 and ".d2 polyline{stroke-dasharray" in drawing
