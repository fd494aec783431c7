"""Runs recorded by the real trackio and TensorBoard, read back; passed over where they are not installed."""

import contextlib
import importlib.util
import json
import os
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from test_cli_runs import ROOT

from agent.experiments import results

pytestmark = pytest.mark.slow  # processes of their own


def needs(name):
    return pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed")


STOPPED = "from agent.experiments import iter_run; steps = iter_run(**{}); next(steps), next(steps), next(steps); steps.close()"
ASKED = {
    "task": "fonts",
    "agent": "nearest",
    "lessons": 60,
    "n_test": 20,
    "n_held_out": 10,
    "n_asked": 5,
    "plots": False,
    "track": True,
}


def run(code, cwd):
    """Run code in a process of its own, whose trackio writes below this folder; gives what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TRACKIO_DIR": str(cwd / "db"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, *code], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def recorded(folder):
    """The runs in the database: the name of each and its rows (step, numbers), in order."""
    with contextlib.closing(sqlite3.connect(folder / "db/pupil.db")) as database:
        found = database.execute("SELECT run_id, run_name, step, metrics FROM metrics ORDER BY id").fetchall()
    runs = {}
    for run_id, name, step, numbers in found:
        runs.setdefault((run_id, name), []).append((step, json.loads(numbers)))
    return [(name, rows) for (_, name), rows in runs.items()]


@needs("trackio")
def test_every_row_of_the_curve_and_the_result_are_recorded(tmp_path):
    words = [f"{name}={str(value).lower() if value in (True, False) else value}" for name, value in ASKED.items()]
    said = run(["-m", "agent", *words], tmp_path)
    assert said.lstrip().startswith("experiment") and "rackio" not in said
    ((name, rows),) = recorded(tmp_path)
    assert name == "runs/default/nearest/fonts_0"
    expected = results.read_csv(tmp_path / name / "progress.csv")
    assert [step for step, _ in rows] == [0, 10, 20, 50, 60, 60]
    assert [numbers["held_out"] for _, numbers in rows[:-1]] == [row["held_out"] for row in expected]
    result = json.loads((tmp_path / name / "result.json").read_text())
    assert rows[-1][1] == {key: value for key, value in result.items() if isinstance(value, (int, float))}


@needs("trackio")
def test_a_run_that_was_stopped_goes_on_in_the_same_record(tmp_path):
    run(["-c", STOPPED.format(ASKED)], tmp_path)
    run(["-c", f"from agent.experiments import run; run(**{ASKED})"], tmp_path)
    ((_, rows),) = recorded(tmp_path)
    assert [step for step, _ in rows] == [0, 10, 20, 50, 60, 60]
    run(["-c", f"from agent.experiments import run; run(again=True, **{ASKED})"], tmp_path)
    assert [len(rows) for _, rows in recorded(tmp_path)] == [6, 6]


@needs("tensorboard")
def test_a_run_stopped_and_resumed_leaves_every_row_in_event_files(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    run(["-c", STOPPED.format(ASKED)], tmp_path)
    run(["-c", f"from agent.experiments import run; run(**{ASKED})"], tmp_path)
    place = tmp_path / "runs/default/nearest/fonts_0"
    read = EventAccumulator(str(place / "tensorboard"))
    read.Reload()
    found = [(event.step, float(make_ndarray(event.tensor_proto))) for event in read.Tensors("held_out")]
    rows = results.read_csv(place / "progress.csv")
    assert np.array(found) == pytest.approx(np.array([(row["n_done"], row["held_out"]) for row in rows]), abs=1e-6)
    (accuracy,) = read.Tensors("accuracy")
    assert accuracy.step == 60
    run(["-c", f"from agent.experiments import run; run(again=True, **{ASKED})"], tmp_path)
    assert len(list((place / "tensorboard").iterdir())) == 1, "nothing of the run that was replaced is left"
