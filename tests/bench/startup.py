"""How long it takes until one can begin: the library, the first agent, the command line. Warm, each in a new process."""

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
    "python -m agent --help": (["-m", "agent", "--help"], 1.5),
    "python -m agent --cfg": (["-m", "agent", "--cfg"], None),
}


def measured(n_times: int) -> list[dict[str, str]]:
    """Start everything in turn, once to warm up and then so many times: medians and the slowest, in seconds."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(n_times + 1):
        for name, (words, _) in COMMANDS.items():
            seconds = _started(words)
            if turn:
                times[name].append(seconds)
    return [
        {
            "started": f"`{name}`",
            "median, s": f"{statistics.median(took):.2f}",
            "slowest, s": f"{max(took):.2f}",
            "target, s": f"< {most}" if most else "–",
        }
        for (name, (_, most)), took in zip(COMMANDS.items(), times.values(), strict=True)
    ]


def _started(words: list[str]) -> float:
    """Run Python with these words in an empty folder, and give the seconds until it has ended."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # warm means compiled
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        subprocess.run([sys.executable, *words], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begun
