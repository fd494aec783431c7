"""Runs recorded by the real trackio, read back from its database; passed over where it is not installed."""

import contextlib
import importlib.util
import json
import os
import sqlite3
import subprocess
import sys

import pytest
from test_cli_runs import ROOT

from agent.experiments import results

pytestmark = pytest.mark.slow  # processes of their own

if importlib.util.find_spec("trackio") is None:
    pytest.skip("trackio is not installed", allow_module_level=True)

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


def test_a_run_that_was_stopped_goes_on_in_the_same_record(tmp_path):
    run(["-c", STOPPED.format(ASKED)], tmp_path)
    run(["-c", f"from agent.experiments import run; run(**{ASKED})"], tmp_path)
    ((_, rows),) = recorded(tmp_path)
    assert [step for step, _ in rows] == [0, 10, 20, 50, 60, 60]
    run(["-c", f"from agent.experiments import run; run(again=True, **{ASKED})"], tmp_path)
    assert [len(rows) for _, rows in recorded(tmp_path)] == [6, 6]
