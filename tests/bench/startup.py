"""How long it takes until one can begin: the library, the first agent, the command line. Each in a new process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {  # what is started, and the seconds that it may take
    "python -c pass": (["-c", "pass"], None),
    "import agent": (["-c", "import agent"], 0.7),
    "import agent; agent.new()": (["-c", "import agent; agent.new()"], None),
    "python -m agent --help": (["-m", "agent", "--help"], 0.8),
    "python -m agent --cfg": (["-m", "agent", "--cfg"], None),
    "python -m agent lessons=60": (["-m", "agent", "lessons=60"], 6),  # and 10,000 asked
}
FIRST = "python -m agent", 2  # with an empty cache: until it says something


def measured(n_times: int) -> list[dict[str, str]]:
    """Start everything in turn, once to warm up and then so many times: medians and the slowest, in seconds."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(n_times + 1):
        for name, (words, _) in COMMANDS.items():
            seconds = _started(words)
            if turn:
                times[name].append(seconds)
    rows = {f"`{name}`": (times[name], most) for name, (_, most) in COMMANDS.items()}
    rows[f"`{FIRST[0]}`, nothing compiled yet, until it says so"] = [_first_word() for _ in range(n_times)], FIRST[1]
    return [
        {
            "started": name,
            "median, s": f"{statistics.median(took):.2f}",
            "slowest, s": f"{max(took):.2f}",
            "target, s": f"< {most}" if most else "–",
        }
        for name, (took, most) in rows.items()
    ]


def _started(words: list[str]) -> float:
    """Run Python with these words in an empty folder, and give the seconds until it has ended."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        subprocess.run([sys.executable, *words], cwd=folder, env=_environment(), check=True, **quiet)
        return time.perf_counter() - begun


def _first_word() -> float:
    """Run the command where nothing was compiled yet, and give the seconds until its first character."""
    with tempfile.TemporaryDirectory() as folder:
        given = {
            "cwd": folder,
            "env": _environment() | {"NUMBA_CACHE_DIR": f"{folder}/cache"},
            "stdout": subprocess.DEVNULL,
        }
        begun = time.perf_counter()
        with subprocess.Popen([sys.executable, *FIRST[0].split()[1:]], stderr=subprocess.PIPE, **given) as process:
            assert process.stderr is not None and process.stderr.read(1)
            seconds = time.perf_counter() - begun
            process.kill()
    return seconds


def _environment() -> dict[str, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # warm means compiled
    return environment
