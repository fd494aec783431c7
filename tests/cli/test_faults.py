"""Faults in the middle: processes that are killed, a disk that is full, two at work in one folder. Nothing is lost, nothing half."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import agent
from agent.datasets import digits
from agent.errors import AgentError
from agent.experiments import results
from agent.storage import serialization
from agent.ui.parts.runs import RunLibrary

pytestmark = pytest.mark.slow  # processes of their own

ROOT = Path(__file__).resolve().parents[2]
SAVING = """
import sys, agent
from agent.datasets import digits
agents = []
for n in (20, 40):
    agents.append(agent.new("nearest", name="Mia"))
    agents[-1].learn_many(*digits.Selection({"mnist": n}).draw())
agent.save(agents[0], sys.argv[1])
print("saved", flush=True)
while True:
    for each in agents:
        agent.save(each, sys.argv[1])
"""
QUICK = ["n_test=20", "n_held_out=0", "n_asked=5", "plots=false", "lessons=300"]
WHERE = os.environ | {"PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("name", ["mia", pytest.param("mia.zip", marks=pytest.mark.nightly)])
def test_an_agent_is_whole_when_its_process_is_killed_while_it_saves(tmp_path, name):
    chance, target = random.Random(5), tmp_path / name
    for _ in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", SAVING, target], env=WHERE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline() == "saved\n"
            time.sleep(chance.uniform(0, 0.2))
            process.kill()
        assert agent.load(target).n_lessons in (20, 40)
    pupil = agent.new("nearest", name="Mia")
    pupil.learn_many(*digits.Selection({"mnist": 60}).draw())
    agent.save(pupil, target)
    assert agent.load(target).n_lessons == 60


@pytest.mark.skipif(sys.platform != "linux", reason="folders change places at once on Linux alone")
def test_there_is_no_moment_without_a_saved_folder(tmp_path, monkeypatch):
    pupil = agent.new("nearest", name="Mia")
    agent.save(pupil, tmp_path / "mia")
    monkeypatch.setattr(serialization.os, "replace", lambda *_: pytest.fail("expected one exchange, got a move"))
    pupil.learn_many(*digits.Selection({"mnist": 20}).draw())
    agent.save(pupil, tmp_path / "mia")
    assert agent.load(tmp_path / "mia").n_lessons == 20
    assert [path.name for path in tmp_path.iterdir()] == ["mia"]
    monkeypatch.undo()
    monkeypatch.setattr(serialization, "_exchange", lambda *_: False)  # a file system that cannot
    pupil.learn_one(digits.mnist("test")[0][0], "A")
    agent.save(pupil, tmp_path / "mia")
    assert agent.load(tmp_path / "mia").n_lessons == 21
    assert [path.name for path in tmp_path.iterdir()] == ["mia"]


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("mount"), reason="needs to mount")
@pytest.mark.parametrize("name", ["mia", "mia.zip"])
def test_a_full_disk_is_a_sentence_and_what_was_saved_stays(tmp_path, name):
    small, large = agent.new("nearest", name="Mia"), agent.new("nearest", name="Mia")
    small.learn_many(*digits.Selection({"mnist": 20}).draw())
    large.learn_many(*digits.Selection({"mnist": 20_000}).draw())
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("may not mount")
    try:
        agent.save(small, tmp_path / name)
        with pytest.raises(AgentError, match="expected to write .*, got No space left on device"):
            agent.save(large, tmp_path / name)
        assert agent.load(tmp_path / name).n_lessons == 20
        agent.save(small, tmp_path / name)
        assert [path.name for path in tmp_path.iterdir()] == [name]
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def sweep(folder, *words):
    """A process that makes runs there."""
    command = [sys.executable, "-m", "agent", "-m", "agent=nearest", *QUICK, *words]
    return subprocess.Popen(command, cwd=folder, env=WHERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_and_two_servers_on_one_folder_of_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("PUPIL_RUNS", str(tmp_path / "runs"))
    servers, seen = (RunLibrary(), RunLibrary()), set()
    processes = [sweep(tmp_path, f"seed={seeds}") for seeds in ("1,2,3,4", "4,1,3,2")]
    deadline = time.monotonic() + 120
    while any(process.poll() is None for process in processes) and time.monotonic() < deadline:
        for server in servers:  # a page that is opened meanwhile
            server.read()
            for run in server.runs.values():
                seen.add((run.folder.name, run.lessons))
        time.sleep(0.05)
    said = [process.communicate(timeout=20) for process in processes]
    for process, (_, error) in zip(processes, said, strict=True):
        assert "Traceback" not in error
        assert process.returncode == 0 or "free, got a run at work in it. Wait for it" in error, error
    assert {n for _, n in seen} <= {300}
    again = sweep(tmp_path, "seed=1,2,3,4")
    assert (again.communicate(timeout=100), again.returncode)[1] == 0
    folders = results.list_runs(tmp_path / "runs")
    assert sorted(folder.name for folder in folders) == [f"digits_{seed}" for seed in (1, 2, 3, 4)]
    for folder in folders:
        assert json.loads((folder / "result.json").read_text())["n_lessons"] == 300
        assert agent.load(folder / "agent").n_lessons == 300
    for server in servers:
        server.read()
        assert len(server.runs) == 4 and not server.left_out
