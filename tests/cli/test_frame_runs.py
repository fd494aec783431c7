"""Runs of agents that watch: the real command, and runs that were stopped."""

import contextlib
import itertools
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence
from test_cli_runs import command, results

import agent
from agent.__main__ import main
from agent.environments import external
from agent.errors import AgentError
from agent.experiments import iter_run
from agent.experiments.compare import compare
from agent.experiments.results import read_csv
from agent.progress import run_to_completion

pytestmark = pytest.mark.slow  # whole runs, some in processes of their own

NAMES = {"error", "repeat_error", "mean_error", "score", "random_score", "frames_per_second"}


def bytes_of(place):
    """What a run leaves but for what the clock says."""
    files = {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    rows = [line.rsplit(",", 1)[0] for line in files.pop("progress.csv").decode().splitlines()]
    result = json.loads(files.pop("result.json"))
    for name in ("seconds", "frames_per_second"):
        result.pop(name)
    files.pop("config.json")
    return files, rows, result


def test_one_command_watches_acts_and_keeps_everything(tmp_path):
    said = command("task=frames", "task.world=page", "steps=300", "seed=2", cwd=tmp_path)
    place = tmp_path / "runs/default/cells/frames_2"
    assert {path.name for path in place.iterdir()} == {
        "actions.npy",
        "agent",
        "config.json",
        "frames.png",
        "learning.svg",
        "progress.csv",
        "result.json",
        "score.svg",
    }
    with Image.open(place / "frames.png") as picture:
        assert picture.size == (8 + 2 * (2 * 112 + 8), 8 + 4 * (112 + 8))
    result = json.loads((place / "result.json").read_text())
    assert set(result) >= NAMES and result["n_lessons"] == 300 and "repeat_error" in said
    assert agent.load(place / "agent").n_lessons == 300
    swept = command(
        "-m",
        "task=frames",
        "agent=recurrent,cells",
        "agent.reward=false",
        "seed=1,2",
        "steps=100",
        "plots=false",
        cwd=tmp_path,
    )
    assert swept.count("frames") >= 4
    compared = command("compare", cwd=tmp_path)
    assert "recurrent" in compared and "repeat_error" in compared
    begun = command("task=frames", "steps=50", "load=cells frames 2", "experiment=on", "plots=false", cwd=tmp_path)
    assert "runs/on/cells/frames_0" in begun
    assert results(tmp_path / "runs")["on/cells/frames_0"]["n_lessons"] == 50


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["task.world=scroler"], "Did you mean scroller"),
        (
            ["agent=recurrent", "agent.unroll=1", "agent.synth=false"],
            "got unroll=1 without synth, which learns nothing",
        ),
        (["agent=recall"], "expected an agent for task=frames among recurrent, cells, got recall"),
        (["lessons=5"], "no lessons for agents of frames, got 5"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_folder(words, said, tmp_path):
    assert said in command("task=frames", *words, cwd=tmp_path, code=2)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(("kind", "settings"), [("cells", {}), ("recurrent", {"unroll": 3})])
@pytest.mark.parametrize("world", ["page", "CartPole-v1"])
def test_a_run_that_was_stopped_ends_with_the_same_bytes(kind, settings, world, tmp_path):
    def asked(name):
        return {
            "task": {"frames": {"world": world}},
            "agent": {"kind": kind, **settings},
            "steps": 350,
            "folder": str(tmp_path / name),
            "render": kind == "cells",
            "save_every": 100,
        }

    whole = run_to_completion(iter_run(**asked("whole")))
    steps = iter_run(**asked("parts"))
    next(steps), next(steps)
    steps.close()
    again = run_to_completion(iter_run(**asked("parts")))
    assert not again.cached and bytes_of(whole.folder) == bytes_of(again.folder)
    assert (whole.folder / "returns.svg").exists() == (world == "CartPole-v1")
    assert (whole.folder / "film.webp").exists() == (kind == "cells")


def test_a_film_shows_what_was_seen_beside_what_was_expected(tmp_path):
    given = {"task": "frames", "agent": "cells", "steps": 500, "folder": str(tmp_path)}
    result = agent.run(**given, render=True)
    with Image.open(result.folder / "film.webp") as film:
        assert film.format == "WEBP" and film.n_frames == 150 and film.size == (448, 224)
        shown = [np.asarray(page.convert("L"), float) for page in ImageSequence.Iterator(film)]
    off = [np.mean(np.abs(page[:, :224] - page[:, 224:])) for page in shown]
    still = [np.mean(np.abs(one[:, :224] - two[:, :224])) for one, two in itertools.pairwise(shown)]
    assert np.mean(off) < 0.5 * np.mean(still), "it is closer to what came than the frame before is"
    plain = agent.run(**given, plots=False, experiment="plain")
    assert {path.name for path in plain.folder.iterdir()}.isdisjoint({"film.webp", "frames.png", "score.svg"})
    for name in ("lessons.jsonl", "agent.safetensors"):
        assert (plain.folder / "agent" / name).read_bytes() == (result.folder / "agent" / name).read_bytes()


def test_formulas_may_use_the_scores_of_their_family_alone(tmp_path):
    given = {"task": "frames", "agent": "cells", "steps": 200, "folder": str(tmp_path), "plots": False}
    scores = agent.run(**given, metrics={"gain": "repeat_error - error"}).scores
    assert scores["gain"] == pytest.approx(scores["repeat_error"] - scores["error"])
    for formula in ("accuracy", "w"):
        with pytest.raises(AgentError, match=f"expected known names in metrics.x, got {formula}"):
            agent.run(**given, metrics={"x": formula})


def test_runs_that_watch_are_compared_with_the_last_frame_and_by_their_scores(tmp_path):
    for seed in (1, 2):
        agent.run({"frames": {"world": "page"}}, "cells", steps=300, seed=seed, folder=str(tmp_path), plots=False)
    where, _, _ = compare(folder=str(tmp_path))
    drawn = (where / "squared_error.svg").read_text()
    assert "the last frame again" in drawn and ">mean squared error<" in drawn and ">frames<" in drawn
    assert ">0<" in drawn and ">100<" in drawn and ">200<" in drawn, "frames on a linear axis from 0"
    assert ">score a frame<" in (where / "score.svg").read_text()


def test_returns_and_lengths_of_episodes_are_told_beside_those_by_chance(tmp_path):
    given = {"task": {"frames": {"world": "CartPole-v1"}}, "agent": "cells", "steps": 400, "folder": str(tmp_path)}
    result = agent.run(**given)
    scores, rows = result.scores, read_csv(result.folder / "progress.csv")
    assert scores["episode_return"] == scores["episode_length"] > 1 and scores["random_return"] > 1
    lengths = [row["episode_length"] for row in rows[1:]]
    assert (
        len(lengths) == 4
        and rows[0]["episode_return"] is None
        and all(length is None or length > 1 for length in lengths)
    )
    again = agent.run(**given | {"experiment": "alone", "task": {"frames": {"world": "CartPole-v1", "chance": False}}})
    assert again.scores["random_score"] is None and "random_return" not in again.scores
    assert again.scores["episode_return"] == scores["episode_return"]


def test_what_is_tried_by_chance_is_shown_and_short_in_a_slow_world(tmp_path, monkeypatch):
    def tried(name):
        steps = iter_run("frames", "cells", steps=2000, folder=str(tmp_path / name), plots=False)
        return [step.n_done for step in steps if step.what == "by chance"]

    assert tried("fast") == list(range(100, 10_001, 100))
    monkeypatch.setattr("agent.environments.builtin.Scroller.IS_SLOW", True)
    assert tried("slow") == [100, 200, 300, 400, 500]


def test_a_run_of_an_earlier_version_is_the_same_run(tmp_path):
    result = agent.run("frames", "cells", steps=20, folder=str(tmp_path), plots=False)
    config = json.loads((result.folder / "config.json").read_text())
    del config["task"]["frames"]["chance"]
    (result.folder / "config.json").write_text(json.dumps(config))
    assert agent.run("frames", "cells", steps=20, folder=str(tmp_path), plots=False).cached


def test_a_task_of_numbers_is_not_for_those_who_watch(tmp_path):
    with pytest.raises(AgentError, match="expected an agent for task=copy"):
        agent.run("copy", "cells", folder=str(tmp_path))


def children():
    """The processes that this one has started and not ended."""
    begun = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            begun |= {status.parent.name} if f"\nPPid:\t{os.getpid()}\n" in status.read_text() else set()
    return begun


@pytest.mark.browser
@pytest.mark.parametrize(
    "script",
    [
        "while (true);",
        pytest.param("setTimeout(() => { while (true); }, 500)", marks=pytest.mark.nightly),
        pytest.param("onmousemove = () => { while (true); }", marks=pytest.mark.nightly),
    ],
)
def test_a_page_that_does_not_go_on_is_one_sentence_and_its_browser_is_closed(here, capsys, monkeypatch, script):
    monkeypatch.setattr(external, "PATIENCE_S", 15)
    Path("mine.html").write_text(f"<body style='height: 3000px'>some text<script>{script}</script>")
    before, words = children(), "task=frames task.world=browser steps=2000 task.chance=false plots=false"
    assert main([*words.split(), f"task.settings.url=file://{here}/mine.html"]) == 2
    heard = capsys.readouterr().err
    assert "Traceback" not in heard and heard.count("\nagent:") + heard.startswith("agent:") == 1, heard
    assert "agent: expected a page at file://" in heard and "goes on: its script may never end. Repair it." in heard
    assert children() <= before and not list(here.rglob("result.json"))
