"""Runs that replace others, meet others in one folder, or are stopped: no work is lost."""

import json
import os
import signal

import pytest

from agent.__main__ import main
from agent.errors import AgentError
from agent.experiments import iter_run, results, run
from agent.storage import serialization

pytestmark = pytest.mark.usefixtures("here")

QUICK = {"n_test": 20, "n_held_out": 0, "n_asked": 5, "plots": False}
TEXT = "class M:\n    def learn_one(self, d, l): {}\n    def predict_one(self, d): ...\n"


def test_a_finished_run_is_kept_until_the_one_that_replaces_it_is_finished(here):
    (here / "good.py").write_text(TEXT.format("pass"))
    first = run("digits", "./good.py:M", lessons=20, **QUICK)
    before = results.before_of(first.folder)
    (here / "good.py").write_text(TEXT.format("1 / 0"))
    with pytest.raises(AgentError, match="ZeroDivisionError"):
        run("digits", "./good.py:M", lessons=20, **QUICK)
    assert json.loads((before / "result.json").read_text()) == first.scores and (before / "agent").is_dir()
    assert results.list_runs("runs") == [first.folder]
    (here / "good.py").write_text(TEXT.format("pass"))
    again = run("digits", "./good.py:M", lessons=20, **QUICK)
    assert again.cached and again.scores == first.scores and not before.exists()
    assert run("digits", "./good.py:M", lessons=30, **QUICK).scores["n_lessons"] == 30 and not before.exists()


def test_a_second_run_in_a_folder_is_refused_while_the_first_is_at_work(here):
    steps = iter_run("digits", "nearest", lessons=60, **QUICK)
    next(steps)
    for n_lessons in (60, 30):
        with pytest.raises(AgentError, match="digits_0 free, got a run at work in it. Wait for it, or add experiment="):
            run("digits", "nearest", lessons=n_lessons, **QUICK)
    steps.close()
    assert run("digits", "nearest", lessons=60, **QUICK).scores["n_lessons"] == 60


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_a_sweep_saves_the_run_at_work(here, capsys, number, monkeypatch):
    append = results.write_csv

    def write(path, rows):
        append(path, rows)
        if rows[-1]["n_done"] == 50:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(results, "write_csv", write)
    words = ["-m", "agent=nearest", "seed=1,2", "lessons=100", "n_test=20", "n_held_out=0", "plots=false"]
    assert main(words) == 130 and "stopped." in capsys.readouterr().err
    folder = here / "runs/default/nearest"
    assert serialization.load(folder / "digits_1/agent").n_lessons == 50 and not (folder / "digits_2").exists()


def test_an_agent_to_load_keeps_its_settings_and_others_are_refused(here):
    first = run("digits", "nearest", lessons=20, **QUICK)
    other = {"kind": "nearest", "threshold": 50}
    with pytest.raises(AgentError, match="to load, agent.threshold=96, got agent.threshold=50. Say agent.threshold=96"):
        run("digits", other, lessons=30, load="nearest digits", experiment="more", **QUICK)
    assert not (here / "runs/more").exists() and first.folder.exists()
    run("digits", other, lessons=20, experiment="more", **QUICK)
    second = run("fonts", "nearest", lessons=20, load="more nearest", **QUICK)  # nothing else was asked for
    assert serialization.load(second.folder / "agent").model.config.threshold == 50
