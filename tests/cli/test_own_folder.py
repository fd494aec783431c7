"""The page about a folder of one's own: every file of it is made, every command of it is run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli_runs import environment, results

pytestmark = pytest.mark.slow  # processes of their own

PAGE = Path(__file__).resolve().parents[2] / "agent/recipes/README.md"


def test_the_page_does_what_it_says(tmp_path):
    python = tmp_path / "bin/python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    said = {}
    for language, text in re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.M | re.S):
        if language == "bash":
            for line in text.splitlines():
                where = {**environment(), "PATH": f"{python.parent}:/usr/bin:/bin"}
                done = subprocess.run(line, shell=True, cwd=tmp_path, env=where, capture_output=True, text=True)
                assert done.returncode == 0, f"{line}\n{done.stderr}"
                said[line] = done.stdout
        else:
            name, _, body = text.partition("\n")
            file = tmp_path / name.removeprefix("# ")
            file.parent.mkdir(exist_ok=True)
            file.write_text(body)
    got = results(tmp_path / "runs")
    assert set(got) == {
        "default/Mean/digits_0",
        "default/mean/Marks_0",
        "default/nearest/slashes_0",
        "default/mean/digits+fonts_0",
        *(f"default/{name}/digits+fonts_{seed}" for name in ("mean", "nearest") for seed in (1, 2)),
        "default/mean/digits+fonts_3",
    }
    assert got["default/mean/Marks_0"]["accuracy"] > 0.9 and got["default/Mean/digits_0"]["accuracy"] > 0.6
    assert got["default/mean/digits+fonts_3"]["n_lessons"] == 40 and "F1" in got["default/mean/digits+fonts_0"]
    assert "| default | nearest | digits+fonts | 100 | 2 |" in said["python -m agent compare experiment=default"]
    assert said["python run.py lessons=20"].startswith("runs/default/mean/digits+fonts_3 0.")
