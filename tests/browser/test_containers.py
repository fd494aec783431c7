"""The whole app where it is not at home: whatever becomes of the cache of kernels, and whoever runs it, it answers."""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from PIL import Image
from raw import Stranger, file_at
from served import ROOT, Server, serving

NOT_SET, ROOT_ONLY = None, pytest.mark.skipif(os.geteuid() != 0, reason="only root may run it as somebody else")
AS = """import os, runpy, sys
os.setgroups([]); os.setgid({uid}); os.setuid({uid})
sys.path.insert(0, {root!r})
runpy.run_path("app.py", run_name="__main__")
"""


def answers(server, written):
    """Teach a digit, and see another one guessed."""
    stranger, session = Stranger(server.url), "c" * 12
    said = []
    for name, drawing, more in (("teach", written["4"][0], ["4"]), ("guess", written["4"][1], [])):
        png = io.BytesIO()
        Image.fromarray(255 - drawing).resize((140, 140)).save(png, "PNG")
        said.append(stranger.call(name, [file_at(stranger.upload("four.png", png.getvalue())), *more], session))
    assert [kind for kind, _ in said] == ["complete"] * 2, said
    return said[1][1][0]["label"] == "4"


@pytest.fixture
def open_path():
    """A temporary folder that others may enter: those of pytest are its user's alone."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def run_as(folder, uid):
    """A program that starts the app as another user, and a temporary folder of that user's."""
    program, own = folder / "start.py", folder / "own"
    program.write_text(AS.format(uid=uid, root=str(ROOT)))
    own.mkdir()
    os.chown(own, uid, uid)
    return str(program), {"NUMBA_CACHE_DIR": NOT_SET, "XDG_CACHE_HOME": NOT_SET, "TMPDIR": str(own)}


@ROOT_ONLY
@pytest.mark.nightly
@pytest.mark.parametrize("home", ["none", "read-only", "own"])
def test_it_starts_as_a_user_with_any_home_or_none(open_path, written, home):
    uid = 1000 if home == "own" else 54_321  # who has no entry in passwd
    looking = [sys.executable, "-c", "import json, numpy"]
    if subprocess.run(looking, cwd=ROOT, user=uid, group=uid, extra_groups=[], capture_output=True).returncode:
        pytest.skip("Python is where nobody else may read")
    program, environment = run_as(open_path, uid)
    folder = open_path / "home"
    folder.mkdir(mode=0o755)
    if home == "own":
        os.chown(folder, uid, uid)
    environment["HOME"] = NOT_SET if home == "none" else str(folder)
    with serving(open_path, environment, program) as server:
        assert answers(server, written)


@pytest.mark.nightly
def test_it_starts_with_a_cache_of_which_every_file_is_damaged(tmp_path, written):
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    with serving(tmp_path, environment) as server:
        assert answers(server, written)
    files = [file for file in (tmp_path / "cache").rglob("*.nb?") if file.is_file()]
    for file in files:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with serving(tmp_path, environment) as server:
        assert files and answers(server, written)


@ROOT_ONLY
@pytest.mark.nightly
def test_it_starts_with_a_cache_on_a_disk_that_fills_up(tmp_path, written):
    cache = tmp_path / "cache"
    cache.mkdir()
    if not shutil.which("mount") or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", cache]).returncode:
        pytest.skip("may not mount")
    try:
        server = Server(tmp_path, {"NUMBA_CACHE_DIR": str(cache)})
        assert answers(server, written)
        server.stop()
    finally:
        subprocess.run(["umount", "--lazy", cache], check=True)
    assert "Traceback" not in server.log.read_text()
