"""Runs that replace others, meet others in one folder, or are stopped: no work is lost."""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from test_cli_runs import environment

from agent import cli
from agent.__main__ import main
from agent.errors import AgentError
from agent.experiments import iter_run, results, run
from agent.storage import serialization

pytestmark = pytest.mark.usefixtures("here")

QUICK = {"n_test": 20, "n_held_out": 0, "n_asked": 5, "plots": False}
FIND = importlib.util.find_spec
TEXT = "class M:\n    def learn_one(self, d, l): {}\n    def predict_one(self, d): ...\n"


def test_a_finished_run_is_kept_until_the_one_that_replaces_it_is_finished(here):
    (here / "good.py").write_text(TEXT.format("pass"))
    first = run("digits", "./good.py:M", lessons=20, **QUICK)
    before = results.before_of(first.folder)
    (here / "good.py").write_text(TEXT.format("1 / 0"))
    with pytest.raises(AgentError, match="ZeroDivisionError"):
        run("digits", "./good.py:M", lessons=20, **QUICK)
    assert json.loads((first.folder / "result.json").read_text()) == first.scores and not before.exists()
    assert results.list_runs("runs") == [first.folder] and (first.folder / "agent").is_dir()
    (here / "good.py").write_text(TEXT.format("pass"))
    steps = iter_run("digits", "./good.py:M", lessons=30, **QUICK)
    next(steps), next(steps), steps.close()
    assert json.loads((before / "result.json").read_text()) == first.scores and (before / "agent").is_dir()
    assert results.list_runs("runs") == [first.folder]
    again = run("digits", "./good.py:M", lessons=20, **QUICK)
    assert again.cached and again.scores == first.scores and not before.exists()
    assert run("digits", "./good.py:M", lessons=30, **QUICK).scores["n_lessons"] == 30 and not before.exists()


def test_a_run_that_fails_leaves_what_it_can_go_on_from_or_nothing(here, capsys):
    fails = "self.n = getattr(self, 'n', 0) + 1; assert self.n < 40"
    (here / "fails.py").write_text(TEXT.format(fails))
    words = ["agent=./fails.py:M", "lessons=60", "n_test=20", "n_held_out=0", "n_asked=1", "plots=false"]
    for more in ([], ["save=false", "save_every=10"], ["-m", "seed=1,2"]):
        assert main([*more, *words]) == 2 and "AssertionError in fails.py, line 2" in capsys.readouterr().err
        assert not any(path.is_file() or path.name[-2:-1] == "_" for path in here.rglob("runs/**/*"))
    assert main([*words, "save_every=10"]) == 2
    folder = here / "runs/default/M/digits_0"
    assert serialization.load(folder / "agent").n_lessons == 20 and not (folder / "result.json").exists()


def test_a_second_run_in_a_folder_is_refused_while_the_first_is_at_work(here):
    steps = iter_run("digits", "nearest", lessons=60, **QUICK)
    next(steps)
    for n_lessons in (60, 30):
        with pytest.raises(AgentError, match="digits_0 free, got a run at work in it. Wait for it, or add experiment="):
            run("digits", "nearest", lessons=n_lessons, **QUICK)
    steps.close()
    assert run("digits", "nearest", lessons=60, **QUICK).scores["n_lessons"] == 60


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_a_sweep_saves_the_run_at_work(here, capsys, number, monkeypatch):
    append, before = results.write_csv, signal.getsignal(number)
    signal.signal(number, signal.default_int_handler)  # whatever started the tests may let them ignore it

    def write(path, rows):
        append(path, rows)
        if rows[-1]["n_done"] == 50:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(results, "write_csv", write)
    words = ["-m", "agent=nearest", "seed=1,2", "lessons=100", "n_test=20", "n_held_out=0", "plots=false"]
    assert main(words) == 130 and "stopped." in capsys.readouterr().err
    folder = here / "runs/default/nearest"
    assert serialization.load(folder / "digits_1/agent").n_lessons == 50 and not (folder / "digits_2").exists()
    assert signal.getsignal(number) is signal.default_int_handler
    signal.signal(number, before)


def test_a_hang_up_that_is_ignored_stops_nothing(here, monkeypatch):
    """As nohup asks for."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    write = results.write_json
    monkeypatch.setattr(results, "write_json", lambda *given: (signal.raise_signal(signal.SIGHUP), write(*given)))
    assert main(["agent=nearest", "lessons=20", "n_test=20", "n_held_out=0", "plots=false"]) == 0
    assert signal.signal(signal.SIGHUP, before) is signal.SIG_IGN


def test_an_agent_to_load_keeps_its_settings_and_others_are_refused(here):
    first = run("digits", "nearest", lessons=20, **QUICK)
    other = {"kind": "nearest", "threshold": 50}
    with pytest.raises(AgentError, match="to load, agent.threshold=96, got agent.threshold=50. Say agent.threshold=96"):
        run("digits", other, lessons=30, load="nearest digits", experiment="more", **QUICK)
    assert not (here / "runs/more").exists() and first.folder.exists()
    run("digits", other, lessons=20, experiment="more", **QUICK)
    second = run("fonts", "nearest", lessons=20, load="more nearest", **QUICK)  # nothing else was asked for
    assert serialization.load(second.folder / "agent").model.config.threshold == 50


def test_what_nobody_chose_is_as_in_the_agent_to_load_and_config_json_says_so(here, capsys):
    quick = ["agent=nearest", "lessons=20", "n_test=20", "n_held_out=0", "plots=false"]
    assert main([*quick, "agent.threshold=50", "experiment=first"]) == 0
    assert main([*quick, "load=first", "agent.threshold=96", "experiment=second"]) == 2
    assert "Say agent.threshold=50." in capsys.readouterr().err and not (here / "runs/second").exists()
    for _ in range(2):
        assert main([*quick, "load=first", "experiment=second"]) == 0
    assert "finished before" in capsys.readouterr().out
    config = json.loads((here / "runs/second/nearest/digits_0/config.json").read_text())
    assert config["agent"]["threshold"] == 50


def test_a_class_of_ones_own_is_loaded_with_what_it_was_made_with(here):
    (here / "own.py").write_text(
        TEXT.format("pass").replace("class M:", "class M:\n    def __init__(self, width): ...")
    )
    run("digits", {"kind": "./own.py:M", "width": 3}, lessons=20, **QUICK)
    second = run("fonts", "./own.py:M", lessons=20, load="M digits", **QUICK)
    assert json.loads((second.folder / "config.json").read_text())["agent"]["width"] == 3
    with pytest.raises(AgentError, match="Say agent.width=3"):
        run("fonts", {"kind": "./own.py:M", "width": 4}, lessons=20, load="M digits", experiment="more", **QUICK)


def test_a_class_that_asks_for_its_task_goes_on_with_it_alone(here):
    init = "class M:\n    def __init__(self, in_shape, labels, width=2): ..."
    (here / "own.py").write_text(TEXT.format("pass").replace("class M:", init))
    np.savez(here / "rows.npz", x=np.arange(80.0).reshape(20, 4), y=["a", "b"] * 10)
    run("./rows.npz", {"kind": "./own.py:M", "width": 3}, **QUICK)
    for load in (True, True, "M rows"):
        assert run("./rows.npz", "./own.py:M", load=load, **QUICK).config["agent"]["width"] == 3
    with pytest.raises(AgentError, match=r"the labels a b and inputs of the shape \(4,\), as .* got the labels 0 1 2"):
        run("digits", "./own.py:M", load="M rows", lessons=20, **QUICK)


def test_an_agent_goes_on_as_often_as_it_is_told_to(here):
    given = {"lessons": 20, "load": True, **QUICK}
    run("digits", "nearest", lessons=20, **QUICK)
    assert [run("digits", "nearest", **given).scores["n_known"] for _ in range(2)] == [20, 40]
    steps = iter_run("digits", "nearest", **given)
    next(steps), next(steps)
    steps.close()
    assert run("digits", "nearest", **given).scores["n_known"] == 60


def test_a_run_may_keep_its_scores_alone(here, monkeypatch):
    monkeypatch.setitem(serialization.LOCAL_FILES, "agent.safetensors", 100_001)
    with pytest.raises(AgentError, match="or save=false"):
        run("digits", "nearest", lessons=20, **QUICK)
    result = run("digits", "nearest", lessons=20, save=False, **QUICK)
    assert sorted(path.name for path in result.folder.iterdir()) == ["config.json", "progress.csv", "result.json"]
    assert run("digits", "nearest", lessons=20, save=False, **QUICK).cached
    with pytest.raises(AgentError, match="or with save=false"):
        run("fonts", "nearest", load="digits", save=False, **QUICK)


def test_a_finished_run_whose_agent_is_gone_is_made_again(here):
    result = run("digits", "nearest", lessons=20, **QUICK)
    shutil.rmtree(result.folder / "agent")
    assert not run("digits", "nearest", lessons=20, **QUICK).cached and result.agent.n_lessons == 20


def test_a_signal_in_the_last_moment_of_a_run_ends_the_sweep(here, capsys, monkeypatch):
    write = results.write_json

    def written(path, content):
        write(path, content)
        if path.name == "result.json":
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(results, "write_json", written)
    words = ["-m", "agent=nearest", "seed=1,2", "lessons=20", "n_test=20", "n_held_out=0", "plots=false"]
    assert main(words) == 130 and "stopped." in capsys.readouterr().err
    assert sorted(path.name for path in (here / "runs/default/nearest").iterdir()) == ["digits_1"]


@pytest.mark.slow
def test_a_termination_before_anything_is_learned_is_a_sentence(here):
    code = "import signal, sys\nfrom agent import __main__ as m, cli\n"
    code += "cli.composed = lambda *_: signal.raise_signal(signal.SIGTERM)\nsys.exit(m.main(['lessons=20']))"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True)
    assert done.returncode == 130 and done.stderr.strip().startswith("agent: stopped.")


def test_what_goes_wrong_while_a_sweep_of_workers_stops_is_said(here, capsys, monkeypatch):
    def swept(*_):
        signal.raise_signal(signal.SIGINT)
        raise OSError("no space left")

    monkeypatch.setattr(cli, "sweep", swept)
    assert main(["-m", "hydra/launcher=joblib", "seed=1,2"]) == 130
    said = capsys.readouterr().err
    assert "agent: while it was stopping, OSError: no space left\n" in said and "agent: stopped." in said


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("hydra_plugins") is None, reason="no launcher with workers is installed")
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.nightly)])
def test_a_signal_in_a_sweep_of_workers_saves_every_run_at_work(here, number):
    words = ["-m", "hydra/launcher=joblib", "agent=nearest", "task=strokes", "seed=1,2,3,4", "lessons=3000"]
    words += ["n_test=20", "n_held_out=5", "n_asked=5", "plots=false"]
    command = [sys.executable, "-m", "agent", *words]
    given = {"env": environment("ignore"), "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, start_new_session=True, **given) as process:
        while process.poll() is None and len(list(here.rglob("progress.csv"))) < 2:
            time.sleep(0.02)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does
        else:
            process.terminate()  # as systemd, docker and kill do
        _, said = process.communicate(timeout=300)
    assert process.returncode == 130 and "Traceback" not in said and "stopped." in said, said
    runs = [path.parent for path in here.rglob("progress.csv")]
    for path in runs:
        with results.lock(path):  # no worker is left that holds it
            pass
    assert len(runs) >= 2 and all((path / "agent/agent.safetensors").exists() for path in runs)
    assert sum((path / "result.json").exists() for path in runs) < 4


SWEEP = (
    "-m agent=nearest,state task=strokes lessons=300 save_every=0 n_test=40 n_held_out=5 n_asked=5 seed=1 plots=false"
)
WATCHED = "task=frames agent=cells steps=1500 seed=2 task.world=page"
BROWSER = (
    "task=frames task.world=browser task.settings.url=file://{here}/page.html steps=200 task.chance=false plots=false"
)
MOMENTS = [  # a command, what lies in its folder at that moment, and how many lines or files of it
    (SWEEP, "*/config.json", 1),
    (SWEEP, "nearest/progress.csv", 4),
    (SWEEP, "nearest/result.json", 1),
    (SWEEP, "state/config.json", 1),
    (SWEEP, "state/progress.csv", 5),
    (WATCHED, "cells/config.json", 1),
    (WATCHED, "cells/progress.csv", 3),
    (WATCHED, "cells/frames.png", 1),  # while random actions are watched
    pytest.param(BROWSER, "*/progress.csv", 2, marks=pytest.mark.skipif(not FIND("playwright"), reason="no browser")),
]


@pytest.mark.nightly
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("words", "pattern", "n"), MOMENTS)
def test_a_real_command_that_is_stopped_at_any_moment_goes_on_to_the_same_bytes(here, words, pattern, n, number):
    (here / "page.html").write_text("<body style='height:3000px'>" + "<p>some text</p>" * 60)
    command = [sys.executable, "-m", "agent", *words.format(here=here).split()]
    given = {"env": environment("ignore"), "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}

    def is_moment():
        found = [path for path in here.glob(f"runs/default/{pattern.replace('/', '/*/')}") if path.exists()]
        return found and (found[0].suffix != ".csv" or len(found[0].read_text().splitlines()) >= n)

    with subprocess.Popen(command, **given) as process:
        while process.poll() is None and not is_moment():
            time.sleep(0.01)
        process.send_signal(number)
        said, _ = process.communicate(timeout=600)
    assert process.returncode == 130 and "Traceback" not in said and "agent: stopped." in said, said
    begun = [path.parent for path in here.rglob("progress.csv")]
    assert all((path / "agent/agent.safetensors").exists() for path in begun), begun
    for more in ([], ["folder=whole"]):
        done = subprocess.run([*command, *more], **given)
        assert done.returncode == 0, done.stdout
    for path in (here / "whole").rglob("agent/*"):
        assert (here / "runs" / path.relative_to(here / "whole")).read_bytes() == path.read_bytes(), path
