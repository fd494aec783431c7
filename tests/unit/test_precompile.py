"""Kernels are compiled once on a machine."""

import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest

from agent import kernels, startup
from agent.agents import new
from agent.errors import AgentError
from agent.models import precompile
from agent.models.recall import decision
from tests.unit.test_layers import ROOT

pytestmark = pytest.mark.slow  # processes of their own


@pytest.fixture(autouse=True)
def empty(monkeypatch, tmp_path):
    """A machine on which nothing has been compiled."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "kernels"))


def started(monkeypatch, program):
    """What is started when such a program takes the place of this interpreter."""
    monkeypatch.setattr(sys, "executable", shutil.which(program))
    return precompile.start("drawings")


def test_what_all_processes_have_compiled_is_not_compiled_again(monkeypatch):
    processes = started(monkeypatch, "true")
    assert len(processes) == len(precompile.PARTS["drawings"])
    precompile.finish("drawings", processes)
    assert started(monkeypatch, "true") == []


def test_what_failed_is_tried_again_the_next_time(monkeypatch):
    precompile.finish("drawings", started(monkeypatch, "false"))
    again = started(monkeypatch, "true")
    assert len(again) == len(precompile.PARTS["drawings"])
    precompile.finish("drawings", again)


def test_another_version_of_python_compiles_for_itself(monkeypatch):
    precompile.finish("drawings", started(monkeypatch, "true"))
    monkeypatch.setattr(sys, "version", "3.99.0")
    again = started(monkeypatch, "true")
    assert len(again) == len(precompile.PARTS["drawings"])
    precompile.finish("drawings", again)


def test_a_process_that_compiles_ends_with_the_one_that_started_it(tmp_path):
    code = """
import time
from agent.models import precompile
from agent.models.recall import decision
print(precompile.start("frames")[0].pid, flush=True)
time.sleep(60)
"""
    where = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}  # nothing is compiled there
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=where, stdout=subprocess.PIPE, text=True
    ) as parent:
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()
    deadline = time.monotonic() + 20
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_running(child)


def test_a_process_that_has_compiled_ends_without_error():
    code = "from agent.models import precompile; precompile.end_with_parent(); import time; time.sleep(0.2)"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE) as process:
        assert process.wait() == 0


def test_signatures_are_compiled_once_as_encoding_needs_them():
    code = """
from agent.kernels import edges
from agent.models import precompile
precompile.compile_gate()
precompile.compile_encoding()
print(len(edges.signature.signatures))
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout == "1\n"


def is_running(process_id):
    try:
        with open(f"/proc/{process_id}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_error_while_warming_up_is_reported_and_the_app_answers(monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("no more room")

    for name in ("start", "wait_for_lessons", "call_model", "compile_others", "compile_regression", "compile_frames"):
        monkeypatch.setattr(precompile, name, fail)
    monkeypatch.setattr(startup, "READY", threading.Event())
    startup.compile_kernels()
    startup.warm_up()
    assert startup.READY.wait(10) and kernels.MATCHING_READY.wait(10)
    assert "the app answers" in caplog.text


def test_a_first_lesson_does_not_wait_for_matching_and_the_guess_after_it_does(monkeypatch):
    monkeypatch.setattr(decision, "MATCHING_READY", event := threading.Event())
    pupil, drawing = new("recall"), np.eye(28, dtype=np.uint8) * 255
    assert pupil.predict_one(drawing).label is None
    pupil.learn_one(drawing, "1")
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(pupil.predict_one, drawing.T[::-1].copy())
        with pytest.raises(TimeoutError):
            asked.result(timeout=0.3)
        event.set()
        assert asked.result(timeout=60).label == "1"


# ---------------------------------------------------------------- folders that are damaged, full or read-only

CALL = """
import numpy as np
from agent import kernels
from agent.kernels import matching
one = np.ones(1, np.int32)
out = one.copy()
matching.hamming(np.array([7], np.uint64), np.zeros((1, 1), np.uint64), np.zeros(1, np.int32), out)
print(out[0], kernels.numba.config.CACHE_DIR)
"""


def called(folder, **environment):
    """The cache folder of a process that calls a kernel, and what it reports."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder)} | environment
    done = subprocess.run([sys.executable, "-c", CALL], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    distance, used = done.stdout.split()
    assert distance == "3"
    return used, done.stderr


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A folder in which the kernel has been compiled."""
    folder = tmp_path_factory.mktemp("compiled")
    called(folder)
    return folder


def test_what_was_compiled_is_read_again_without_a_word(compiled):
    files = {file: file.stat().st_mtime_ns for file in compiled.rglob("*.nb?")}
    folder, reported = called(compiled)
    assert folder.startswith(str(compiled)) and files and not reported
    assert files == {file: file.stat().st_mtime_ns for file in compiled.rglob("*.nb?")}


DAMAGE = {
    "an empty index": ("*.nbi", lambda old: b""),
    "another index": ("*.nbi", lambda old: old[: len(old) // 2] + bytes(9)),
    "half of the code": ("*.nbc", lambda old: old[: len(old) // 2]),
    "other bytes of code": ("*.nbc", lambda old: old.replace(b"\x7fELF", b"\x7fELG")),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_damaged_is_compiled_again(compiled, tmp_path, name):
    folder, (pattern, damage) = tmp_path / "damaged", DAMAGE[name]
    shutil.copytree(compiled, folder)
    for file in folder.rglob(pattern):
        file.write_bytes(damage(file.read_bytes()))
    assert called(folder)[1].count("damaged file") == 1
    assert called(folder)[1] == ""


def no_home():
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize("home", ["read-only", "full", "none"])
def test_where_nothing_can_be_kept_processes_share_a_private_folder(monkeypatch, home, caplog):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    if home == "none":
        monkeypatch.setattr(kernels.Path, "home", no_home)
    elif home == "full":
        monkeypatch.setattr(kernels, "_is_usable", lambda folder: False)
    else:
        monkeypatch.setattr(kernels.Path, "home", lambda: kernels.Path("/proc"))
    folder = kernels._cache_folder()
    private = os.environ["NUMBA_CACHE_DIR"]
    assert folder.is_relative_to(private) and os.stat(private).st_mode & 0o77 == 0
    assert "until the end of the program" in caplog.text
    if home != "full":
        assert kernels._cache_folder() == folder  # of a process that is started from here
    kernels._remove(private, os.getpid() + 1)
    assert os.path.exists(private)
    kernels._remove(private, os.getpid())
    assert not os.path.exists(private)


def test_without_any_folder_one_sentence_says_so(monkeypatch):
    def fail(**_):
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(kernels, "_is_usable", lambda folder: False)
    monkeypatch.setattr(kernels.tempfile, "mkdtemp", fail)
    with pytest.raises(AgentError, match="expected a folder that can be written to, got none: .* Set NUMBA_CACHE_DIR"):
        kernels._cache_folder()


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("mount"), reason="needs to mount")
@pytest.mark.parametrize("n_free", [0, 20_000])  # bytes: not a file, or not all of it
def test_a_disk_that_is_full(tmp_path, n_free):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("may not mount")
    try:
        (tmp_path / "filling").write_bytes(bytes(6 * 2**20 - n_free))
        assert "read-only or full" in called(tmp_path)[1]
        if n_free:  # else Python takes another temporary folder
            assert "No room" in called(tmp_path, TMPDIR=str(tmp_path))[1]
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_processes_that_compile_at_once_disturb_nobody(tmp_path):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", CALL]
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(5)
    ]
    for process in processes:
        answer, error = process.communicate(timeout=300)
        assert (process.returncode, answer.split()[:1], error) == (0, ["3"], "")
    assert called(tmp_path)[1] == ""
