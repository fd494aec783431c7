"""The library and the command line without the app's packages: nothing of gradio is asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # processes of their own

ROOT = Path(__file__).resolve().parents[2]
BLOCKED = """
import sys
for name in ("gradio", "gradio_client", "starlette", "fastapi", "authlib", "pandas"):
    sys.modules[name] = None  # importing it fails as if it were not installed
"""
LIBRARY = """
import agent
from agent.storage.serialization import initial_config, iter_restore
from agent.progress import run_to_completion

drawings, labels = agent.datasets.digits.mnist("train")
pupil = agent.new("nearest", name="Mia")
pupil.learn_many(drawings[:20], labels[:20])
pupil.learn_one(drawings[20], "A")
agent.save(pupil, "mia.zip")
loaded = agent.load("mia.zip")
assert loaded.predict_one(drawings[20]).label == "A" and loaded.imagine("A").shape == (28, 28)
loaded.undo()
assert pupil.n_lessons == 21 and loaded.n_lessons == 20
import agent.hub, agent.experiments, agent.training
print("alone")
"""
COMMAND = """
import runpy
sys.argv = ["agent", "task=digits", "agent=nearest", "lessons=10", "n_test=20"]
runpy.run_module("agent", run_name="__main__")
"""


@pytest.mark.parametrize("work, said", [(LIBRARY, "alone"), (COMMAND, "nearest")])
def test_it_works_where_gradio_is_not_installed(work, said, tmp_path):
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED + work], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0 and said in done.stdout + done.stderr, done.stderr


def test_the_app_does_need_it_so_that_the_block_is_one(tmp_path):
    code = BLOCKED + "import agent.ui.session, agent.ui.page"
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode != 0 and "gradio" in done.stderr
