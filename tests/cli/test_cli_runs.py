"""The real command in processes of its own: what it leaves, what it says, what it costs."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # processes of their own

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["lessons=20", "n_test=20", "n_held_out=5", "n_asked=5", "plots=false"]
MINE = '''
class Mine:
    """remembers how many lessons it had"""
    def __init__(self, in_shape, n_labels, seed, depth=3):
        assert in_shape == (28, 28) and n_labels == 10 and seed == 4
        self.depth, self.known = depth, {}
    def learn_one(self, drawing, label):
        self.known[label] = self.known.get(label, 0) + self.depth
    def predict_one(self, drawing):
        return dict(self.known)
'''


def environment(warnings="error"):
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": warnings, "COLUMNS": "120"}


def command(*words, cwd, code=0, warnings="error"):
    """Run the command as a person does; gives what it prints."""
    called = [sys.executable, "-m", "agent", *words]
    done = subprocess.run(called, cwd=cwd, env=environment(warnings), capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout if not code else done.stderr


def results(folder):
    """Every result under a folder, without the time it took."""
    found = {}
    for path in Path(folder).rglob("result.json"):
        found[path.parent.relative_to(folder).as_posix()] = {
            k: v for k, v in json.loads(path.read_text()).items() if k != "seconds"
        }
    return found


def test_one_command_teaches_asks_and_keeps_everything(tmp_path):
    said = command("task=digits", "agent=nearest", "seed=3", *QUICK, cwd=tmp_path)
    place = tmp_path / "runs/default/nearest/digits_3"
    assert {path.name for path in place.iterdir()} == {"agent", "config.json", "progress.csv", "result.json"}
    result = json.loads((place / "result.json").read_text())
    assert f"{100 * result['accuracy']:.2f} %" in said and "runs/default/nearest/digits_3" in said
    again = command("task=digits", "agent=nearest", "seed=3", *QUICK, cwd=tmp_path)
    assert "finished before" in again
    begun = command("task=fonts", "agent=nearest", "load=nearest digits 3", *QUICK, cwd=tmp_path)
    assert "runs/default/nearest/fonts_0" in begun
    assert results(tmp_path / "runs")["default/nearest/fonts_0"]["n_known"] == 20
    wrong = command("load=digits 4", *QUICK, cwd=tmp_path, code=2)
    assert wrong.startswith("agent: expected words that name a run") and "default/nearest/digits_3" in wrong


def test_a_class_of_ones_own_receives_what_it_asks_for_and_what_is_added(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    command("agent=./mine.py:Mine", "agent.depth=5", "seed=4", *QUICK, cwd=tmp_path)
    config = json.loads((tmp_path / "runs/default/Mine/digits_4/config.json").read_text())
    assert config["agent"] == {"name": "Mine", "kind": "./mine.py:Mine", "depth": 5}
    (tmp_path / "mine.py").write_text(
        MINE.replace("depth=3", "depth=3, **more").replace("self.depth,", "assert more == {'width': 7}; self.depth,")
    )
    command("agent=mine.Mine", "+agent.width=7", "seed=4", "experiment=more", *QUICK, cwd=tmp_path)
    (tmp_path / "own.py").write_text(
        "import agent\nresult = agent.launch(agent='nearest', lessons=30, seed=9, n_test=10, plots=False)\nprint(result.folder)\n"
    )
    script = [sys.executable, "own.py", "lessons=20", "experiment=code"]
    done = subprocess.run(script, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "runs/code/nearest/digits_9"
    assert results(tmp_path / "runs")["code/nearest/digits_9"]["n_lessons"] == 20
    wrong = subprocess.run([*script[:2], "lesons=20"], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert wrong.returncode == 2 and wrong.stderr.startswith("agent: ") and wrong.stderr.count("\n") == 1


def test_a_run_killed_at_any_moment_ends_as_if_it_had_not_been(tmp_path):
    words = [
        "agent=nearest",
        "task=strokes",
        "lessons=400",
        "n_test=30",
        "n_asked=5",
        "n_held_out=5",
        "plots=false",
        "save_every=20",
    ]
    killed = subprocess.Popen(
        [sys.executable, "-m", "agent", *words, "folder=killed"],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
    )
    place = tmp_path / "killed/default/nearest/strokes_0"
    wait_for(killed, (place / "agent").exists)
    killed.kill()
    killed.communicate()
    command(*words, "folder=killed", cwd=tmp_path)
    command(*words, "folder=whole", cwd=tmp_path)
    assert results(tmp_path / "killed") == results(tmp_path / "whole")
    for name in ("agent.safetensors", "lessons.jsonl", "config.json", "labels.png"):
        whole = tmp_path / "whole/default/nearest/strokes_0/agent" / name
        assert (place / "agent" / name).read_bytes() == whole.read_bytes(), name


def test_a_sweep_killed_in_the_middle_and_resumed_is_the_sweep(tmp_path):
    words = ["-m", "agent=recall,state,nearest", "lessons=20,40", "seed=1,2,3", "hydra/launcher=joblib", *QUICK[1:]]
    killed = subprocess.Popen(
        [sys.executable, "-m", "agent", *words, "folder=killed"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for(killed, lambda: len(results(tmp_path / "killed")) >= 5)
    os.killpg(killed.pid, 9)
    killed.wait()
    n_before = len(results(tmp_path / "killed"))
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "killed").rglob("result.json")}
    assert 5 <= n_before < 18
    command(*words, "folder=killed", cwd=tmp_path)
    command(*words, "folder=whole", cwd=tmp_path)
    assert all(path.stat().st_mtime_ns == when for path, when in times.items())
    whole = results(tmp_path / "whole")
    assert results(tmp_path / "killed") == whole and len(whole) == 18
    assert "default/lessons=40/state/digits_3" in whole
    tables = [command("compare", f"folder={name}", f"to=tables/{name}", cwd=tmp_path) for name in ("killed", "whole")]
    assert tables[0].replace("killed", "whole") == tables[1] and tables[0].count("| 3 |") == 6


def test_a_sweep_on_two_workers_of_a_local_ray_is_the_sweep(tmp_path):
    pytest.importorskip("hydra_plugins.hydra_ray_launcher")
    words = ["-m", "agent=recall,nearest", "lessons=20", "seed=1,2", *QUICK[1:]]
    command(*words, "folder=here", cwd=tmp_path)
    two = ["hydra/launcher=ray", "+hydra.launcher.ray.init.num_cpus=2"]
    command(*words, *two, "folder=there", cwd=tmp_path, warnings="default")  # Ray has warnings of its own
    assert results(tmp_path / "there") == results(tmp_path / "here") and len(results(tmp_path / "here")) == 4


def test_neither_the_library_nor_the_command_loads_more_than_it_needs(tmp_path):
    for module in ("agent", "agent.__main__"):
        code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
        told = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
        )
        assert not {"gradio", "hydra", "matplotlib", "huggingface_hub", "joblib"} & set(told.stdout.split()), module


@pytest.mark.parametrize("words", [["--help"], ["--cfg"], ["agent=nearest", "task=fonts", *QUICK], ["compare"]])
def test_no_command_loads_the_app(tmp_path, words):
    if words == ["compare"]:
        command("agent=nearest", "task=fonts", *QUICK, cwd=tmp_path)
    code = (
        "import sys; from agent.__main__ import main; assert not main(sys.argv[1:]); assert 'gradio' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def wait_for(process, condition, most_s=120):
    """Look again and again until something is so, or the process has ended."""
    deadline = time.monotonic() + most_s
    while not condition() and process.poll() is None:
        assert time.monotonic() < deadline, "waited too long"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
