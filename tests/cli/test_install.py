"""The project as a package: what `pip install .` leaves, and the command it gives."""

import os
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASIDE = shutil.ignore_patterns(".*", "__pycache__", "tests", "build", "*.egg-info", "runs")


def test_every_folder_of_the_package_is_listed():
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    folders = {path.parent.relative_to(ROOT) for path in ROOT.glob("agent/**/*") if path.is_file()}
    folders |= {path.parent.relative_to(ROOT) for name in ("assets", "data") for path in ROOT.glob(f"{name}/*/**/*.*")}
    names = {".".join(path.parts if path.parts[0] == "agent" else ("agent", *path.parts)) for path in folders}
    assert listed - {"agent.data"} == {name for name in names if "__pycache__" not in name}


@pytest.mark.slow
def test_an_installed_package_gives_a_command_that_needs_nothing_else(tmp_path):
    source, home = tmp_path / "source", tmp_path / "home"
    shutil.copytree(ROOT, source, ignore=ASIDE)
    venv.create(home, with_pip=False)
    (there,) = home.glob("lib/python*/site-packages")
    others = [path for path in sys.path if path.endswith("site-packages")]  # the packages that it needs, and pip
    (there / "others.pth").write_text("".join(f"{path}\n" for path in others))
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def done(*words):
        return subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=True, timeout=500)

    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    done(home / "bin/python", "-m", "pip", "wheel", *options, "--wheel-dir", tmp_path, source)
    (wheel,) = tmp_path.glob("pupil-*.whl")
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = [path.relative_to(source) for name in ("agent", "assets", "data") for path in (source / name).rglob("*.*")]
    expected = {path if path.parts[0] == "agent" else "agent" / path for path in files if (source / path).is_file()}
    assert inside == {path.as_posix() for path in expected}
    done(home / "bin/python", "-m", "pip", "install", *options, wheel)
    shutil.rmtree(source)
    assert done(home / "bin/pupil", "--version").stdout.startswith("pupil ")
    code = "import agent; print(agent.datasets.mnist('test')[0].shape, agent.datasets.digits.font('Anton')[0].shape)"
    assert done(home / "bin/python", "-c", code).stdout == "(10000, 28, 28) (10, 64, 64)\n"
    assert "forgetting " in done(home / "bin/pupil", "--help").stdout, "a recipe"
    refused = subprocess.run([home / "bin/pupil", "deploy", "mia/pupil"], env=env, capture_output=True, text=True)
    assert refused.returncode == 2 and "expected the project to upload" in refused.stderr
