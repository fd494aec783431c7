"""Runs of learners of numbers, by the real command in processes of its own and in code."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.__main__ import main
from agent.datasets.copy_numbers import Copy
from agent.errors import AgentError
from agent.experiments import iter_run, run
from agent.experiments.results import read_csv
from agent.storage import serialization

ROOT = Path(__file__).resolve().parents[2]


def command(here, *words):
    """Run the real command."""
    return subprocess.run(
        [sys.executable, "-m", "agent", *words],
        cwd=here,
        capture_output=True,
        text=True,
        env={**__import__("os").environ, "PYTHONPATH": str(ROOT)},
    )


def result(folder):
    return json.loads((folder / "result.json").read_text())


@pytest.mark.slow
def test_the_command_teaches_a_line_from_rewards_and_leaves_its_answers(here):
    done = command(here, "task=copy", "agent.teacher=two_tries", "task.reward=exp100", "task.supervised=false")
    assert done.returncode == 0 and "error" in done.stdout, done.stderr
    folder = here / "runs/default/linear/copy_0"
    got = result(folder)
    assert abs(got["answers"]["1"] - 1) < 1e-9 and abs(got["answers"]["123"] - 123) < 1e-3
    assert got["answers"]["123123123123"] == 123123123123 and got["extrapolated"][-1] == "123123123123"
    assert abs(got["w"] - 1) < 1e-9 and abs(got["b"]) < 1e-9 and got["error"] < 1e-9 and 0 < got["seconds"] < 60
    assert {path.name for path in folder.iterdir()} == {
        "agent",
        "config.json",
        "learning.svg",
        "progress.csv",
        "result.json",
    }
    assert serialization.load(folder / "agent").predict_one("123").extrapolated
    rows = list(csv.DictReader((folder / "progress.csv").read_text().splitlines()))
    assert int(rows[-1]["n_done"]) == 25_000 and float(rows[-1]["error"]) < 1e-9 < float(rows[5]["error"])


@pytest.mark.parametrize(("recipe", "agent", "off"), [("published", "mse", 2), ("rewards", "two_tries", 1e-3)])
def test_recipes_copy_a_number(here, recipe, agent, off):
    assert main([f"recipe={recipe}", "plots=false"]) == 0
    assert abs(result(here / f"runs/default/{agent}/copy_0")["answers"]["123"] - 123) < off


@pytest.mark.slow
def test_a_sweep_is_compared_over_its_seeds(here, capsys):
    assert main(["-m", "task=copy", "agent=tuples,symbols,reward_model", "seed=1,2", "plots=false"]) == 0
    assert main(["compare"]) == 0
    table = (here / "runs/compare/results.md").read_text()
    assert table.count("\n| default |") == 3 and "| error |" in table and "accuracy" not in table
    assert (here / "runs/compare/error.svg").exists() and not (here / "runs/compare/confusion.svg").exists()
    assert "symbols" in capsys.readouterr().out


def test_a_run_that_was_stopped_goes_on_and_ends_in_the_same_bytes(here):
    for agent in ({"kind": "linear", "teacher": "reward_model"}, {"kind": "tuples"}, {"kind": "symbols"}):
        whole = run("copy", agent, folder="whole", plots=False)
        steps = iter_run("copy", agent, folder="parts", plots=False)
        for _ in range(9):
            next(steps)
        steps.close()
        parts = run("copy", agent, folder="parts", plots=False)
        files = [(each.folder / "agent/agent.safetensors").read_bytes() for each in (whole, parts)]
        assert files[0] == files[1] and whole.scores["answers"] == parts.scores["answers"]
        assert len((parts.folder / "progress.csv").read_text().splitlines()) == len(
            (whole.folder / "progress.csv").read_text().splitlines()
        )


def test_a_finished_run_is_not_run_again_and_an_agent_is_loaded_by_words(here):
    first = run("copy", "tuples", steps=300, plots=False)
    assert first.scores["n_lessons"] == 300 and run("copy", "tuples", steps=300, plots=False).cached
    more = run("copy", "tuples", steps=300, seed=1, load="tuples copy 0", plots=False)
    assert serialization.load(more.folder / "agent").n_lessons == 600


def test_that_a_run_replaces_another_is_said_once(here, capsys):
    for steps in (100, 200):
        assert main(["task=copy", "agent=linear", f"steps={steps}", "plots=false"]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "replaces" in line]
    assert told == ["replaces an earlier run of other settings: steps 100 → 200"]


def test_a_formula_of_ones_own_may_use_the_error(here):
    got = run("copy", "tuples", plots=False, metrics={"thousandths": "1000 * error"}).scores
    assert got["thousandths"] == pytest.approx(1000 * got["error"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["agent.teacher=two_trys"], "Did you mean two_tries"),
        (["agent=recall"], "linear, tuples, symbols, got recall"),
        (["task.reward=exp1000"], "Did you mean exp100"),
        (["agent=symbols", "task.told=false"], "makes do with a reward"),
        (["lessons=5"], "no lessons for agents of numbers"),
        (["task.high=-1"], "low below high"),
        (["agent.lr=0.03", "agent.teacher=mse"], "steps that settle"),
        (["task.low=nan"], "expected low"),
        (["agent.teecher=mse"], "teecher"),
        (["task.rewart=exp"], "Did you mean reward"),
        (["agent.lr=fast"], "expected lr"),
    ],
)
def test_a_mistake_is_one_sentence(here, capsys, words, message):
    assert main(["task=copy", "plots=false", *words]) == 2
    said = capsys.readouterr().err
    assert message in said and "Traceback" not in said


def test_drawings_and_numbers_do_not_mix(here):
    with pytest.raises(AgentError, match="expected tasks of drawings, or one task"):
        run(["digits", "copy"])
    with pytest.raises(AgentError, match="got linear"):
        run("digits", "linear", lessons=10)


def test_a_run_tells_its_answers_its_steps_and_its_mean_squared_error(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["task=copy", "steps=500", "agent.lr=0.01", "metrics.root=mse**0.5"]) == 0
    heard = capsys.readouterr()
    place = tmp_path / "runs/default/linear/copy_0"
    got, rows = json.loads((place / "result.json").read_text()), read_csv(place / "progress.csv")
    for number, answer in got["answers"].items():
        (line,) = [line for line in heard.out.splitlines() if line.split(" → ")[0].strip() == number]
        assert f"→ {answer}" in line and ("outside" in line) == (number in got["extrapolated"])
    lines = heard.err.splitlines()
    assert len(lines) == len(rows) - 1 > 10 and lines[-1].startswith("teaching  500 of 500  error ")
    assert all(f"mse {row['mse']:.4g}" in line for row, line in zip(rows[1:], lines, strict=True))
    assert 0 < got["error"] ** 2 <= got["mse"] and got["root"] == pytest.approx(got["mse"] ** 0.5)
    drawing = (place / "learning.svg").read_text()
    assert "mean squared error" in drawing and "mean absolute error" in drawing


@pytest.mark.parametrize("kind", [{"kind": "linear"}, {"kind": "linear", "teacher": "two_tries"}, "tuples"])
def test_every_step_is_told_and_the_agent_is_the_same(tmp_path, kind):
    name = kind if isinstance(kind, str) else kind["kind"]
    given = {"steps": 300, "plots": False}
    plain = run("copy", kind, folder=str(tmp_path / "plain"), **given)
    steps = iter_run("copy", kind, folder=str(tmp_path / "told"), trace=True, save_every=1, **given)
    for _ in range(9):
        next(steps)
    steps.close()  # and goes on where it was stopped
    told = run("copy", kind, folder=str(tmp_path / "told"), trace=True, save_every=1, **given)
    rows = read_csv(told.folder / "steps.csv")
    assert [row["step"] for row in rows] == list(range(1, 301)) and not told.cached
    lessons = Copy().lessons(300, 0)
    assert [row["input"] for row in rows] == lessons.x.tolist()
    answered = [row for row in rows if row["answer"] is not None]
    assert len(answered) >= 290 and all(row["error"] == row["answer"] - row["input"] for row in answered)
    assert all(row["reward"] == pytest.approx(1 - abs(row["error"])) for row in answered)
    same = [(each.folder / "agent/agent.safetensors").read_bytes() for each in (plain, told)]
    assert same[0] == same[1] and plain.scores["answers"] == told.scores["answers"], name


def test_steps_over_all_lessons_are_told_by_their_error_and_too_many_are_refused(tmp_path):
    mse = {"kind": "linear", "teacher": "mse"}
    rows = read_csv(run("copy", mse, steps=40, trace=True, folder=str(tmp_path), plots=False).folder / "steps.csv")
    assert len(rows) == 40 and rows[0]["input"] is None and rows[0]["error"] > rows[-1]["error"] > 0
    with pytest.raises(AgentError, match="expected at most 100,000 steps with trace=true, got 200,000"):
        run("copy", "linear", steps=200_000, trace=True, folder=str(tmp_path / "more"))
    with pytest.raises(AgentError, match="expected no trace for agents of drawings"):
        run("digits", "nearest", trace=True, folder=str(tmp_path / "more"))
    assert not (tmp_path / "more").exists()


def test_a_run_of_an_earlier_version_without_a_setting_of_the_agent_is_the_same_run(tmp_path):
    result = run("copy", "linear", steps=20, folder=str(tmp_path), plots=False)
    config = json.loads((result.folder / "config.json").read_text())
    del config["agent"]["batch_size"]
    (result.folder / "config.json").write_text(json.dumps(config))
    assert run("copy", "linear", steps=20, folder=str(tmp_path), plots=False).cached


def test_a_run_of_an_earlier_version_without_a_setting_is_the_same_run(tmp_path):
    result = run("copy", "linear", steps=20, folder=str(tmp_path), plots=False)
    config = json.loads((result.folder / "config.json").read_text())
    del config["trace"]
    (result.folder / "config.json").write_text(json.dumps(config))
    assert run("copy", "linear", steps=20, folder=str(tmp_path), plots=False).cached
