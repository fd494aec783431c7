"""The command as a person sees it in a terminal: a real one, of the kind that programs open for others."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest
from test_cli_runs import QUICK, command, environment, results

pytestmark = pytest.mark.slow  # processes of their own

OWN_TERMINAL = (  # makes the terminal the one whose keys it hears, then becomes the command
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, '-m', 'agent', *sys.argv[1:]])"
)
BAR = re.compile(r"(teaching|testing) +(█*)(░*) ([\d,]+) of ([\d,]+)  ([\d.]+) % right *")


def in_terminal(*words, cwd, press=None):
    """Run the command in a terminal of its own until it ends; `press(text)` may give keys for what is seen so far."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", OWN_TERMINAL, *words], cwd=cwd, env=environment(), stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    seen = b""
    try:
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed, as Linux says it
                break
            if not part:
                break
            seen += part
            keys = press and press(seen.decode(errors="replace"))
            if keys:
                os.write(ours, keys)
                press = None
    finally:
        os.close(ours)
        if process.wait(120) is None:
            process.kill()
    return process.returncode, seen.decode()


def test_a_bar_grows_to_its_end_for_teaching_and_for_asking(tmp_path):
    code, seen = in_terminal("agent=nearest", "seed=3", *QUICK, "lessons=100", cwd=tmp_path)
    assert code == 0 and "Traceback" not in seen, seen
    bars = BAR.findall(seen)
    assert [what for what, *_ in bars] == ["teaching"] * 4 + ["testing"]
    assert [int(done) for _, _, _, done, _, _ in bars] == [10, 20, 50, 100, 20]
    assert [len(full) for _, full, *_ in bars] == [3, 6, 15, 30, 30] and {
        len(full + rest) for _, full, rest, *_ in bars
    } == {30}
    lines = [line for line in seen.split("\r\n") if "█" in line]
    assert [line.count("\r") for line in lines] == [4, 0], "each bar is drawn over the one before, on one line"
    result = json.loads((tmp_path / "runs/default/nearest/digits_3/result.json").read_text())
    assert f"{100 * result['accuracy']:.2f} %" in seen.split("testing")[-1]


def test_a_sweep_shows_which_run_it_is_at_and_its_bar(tmp_path):
    code, seen = in_terminal("-m", "agent=nearest", "seed=3,4", *QUICK, "lessons=20", cwd=tmp_path)
    assert code == 0 and "Traceback" not in seen, seen
    for number, seed in ((1, 3), (2, 4)):
        assert f"{number} of 2: runs/default/nearest/digits_{seed}\r\n" in seen
    assert [what for what, *_ in BAR.findall(seen)] == ["teaching", "teaching", "testing"] * 2


def test_ctrl_c_stops_saves_and_says_how_to_go_on(tmp_path):
    words = ["agent=nearest", "task=strokes", *QUICK, "lessons=3000"]
    stop = "10 of 3,000"
    code, seen = in_terminal(*words, cwd=tmp_path, press=lambda text: b"\x03" if stop in text else None)
    assert code == 130 and "Traceback" not in seen, seen
    assert seen.rstrip().endswith("agent: stopped. The same command goes on where the agent was saved last.")
    place = tmp_path / "runs/default/nearest/strokes_0"
    assert (place / "agent/agent.safetensors").exists() and not (place / "result.json").exists()
    begun = int((place / "progress.csv").read_text().splitlines()[-1].split(",")[1])
    assert 10 <= begun < 3000
    code, seen = in_terminal(*words, cwd=tmp_path)
    assert code == 0 and int(BAR.findall(seen)[0][3].replace(",", "")) > begun
    command(*words, "folder=whole", cwd=tmp_path)
    assert results(tmp_path / "runs") == results(tmp_path / "whole")


def test_a_run_that_replaces_another_says_so_in_a_line(tmp_path):
    words = ["agent=nearest", "task=fonts", *QUICK, "lessons=20"]

    def told(*more):
        done = subprocess.run(
            [sys.executable, "-m", "agent", *words, *more],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return [line for line in done.stderr.splitlines() if "replaces" in line]

    assert told() == [] == told()
    assert told("lessons=30") == ["replaces an earlier run of other settings: lessons 20 → 30"]
    assert told("lessons=30", "again=true", "save_every=5") == []
    several = ["agent.threshold=90", "agent.n_reasons=4", "n_test=19", "n_asked=6", "epochs=2", "stream=false"]
    assert told("-m", "lessons=30", *several) == [
        "replaces an earlier run of other settings: agent.threshold 96 → 90, agent.n_reasons 3 → 4, "
        "stream true → false, epochs 1 → 2, n_test 20 → 19, 1 more"
    ]
