"""How soon an app that starts can be used, and what compiling each kernel costs."""

from __future__ import annotations

import collections
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("gate", "encoding", "matching", "others", "regression", "frames")
N_TIMES, N_SHOWN, LONGEST_S = 3, 15, 300
STAGES = ("the page is served", "first guess", "first lesson", "a guess after it", "everything is compiled")
Row = dict[str, str]


def woken() -> list[Row]:
    """Seconds from `python app.py` on until each stage: with an empty cache, then with a full one; medians."""
    empty, warm = [], []
    for _ in range(N_TIMES):
        with tempfile.TemporaryDirectory() as cache:
            empty.append(_started(cache))
            warm.append(_started(cache))
    return [
        {
            "from the start until": stage,
            "empty cache, s": f"{statistics.median(times[stage] for times in empty):.1f}",
            "slowest, s": f"{max(times[stage] for times in empty):.1f}",
            "warm, s": f"{statistics.median(times[stage] for times in warm):.1f}",
        }
        for stage in STAGES
    ]


def _started(cache: str) -> dict[str, float]:
    """Start the app with this folder of compiled loops, and use it as soon as it answers."""
    from gradio_client import Client, handle_file
    from PIL import Image, ImageDraw

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    four = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(four).line([(80, 60), (80, 150), (200, 150), (170, 150), (170, 60), (170, 240)], 0, 18)
    picture = Path(cache, "four.png")
    four.save(picture)
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache, "GRADIO_SERVER_PORT": str(port)}
    begun, times = time.monotonic(), {}
    app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/"
        while not _is_served(url):
            time.sleep(0.05)
            if app.poll() is not None or time.monotonic() - begun > LONGEST_S:
                raise RuntimeError(f"the app did not start (exit code {app.poll()})")
        times[STAGES[0]] = time.monotonic() - begun
        client = Client(url, verbose=False)
        for stage, words in zip(STAGES[1:4], ((), ("4",), ()), strict=True):
            client.predict(handle_file(str(picture)), *words, api_name="/teach" if words else "/guess")
            times[stage] = time.monotonic() - begun
        while len(list(Path(cache).rglob("all-*"))) < len(("drawings", "numbers", "frames", "others")):
            time.sleep(0.1)
        times[STAGES[4]] = time.monotonic() - begun
    finally:
        app.terminate()
        app.wait()
    return times


def _is_served(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def compiled() -> list[Row]:
    """Processor seconds that each part takes to compile, and the functions of it that take longest."""
    rows = []
    for part in PARTS:
        with tempfile.TemporaryDirectory() as cache:
            run = subprocess.run(
                [sys.executable, "-c", f"from tests.bench import wake; wake.compile_part({part!r})"],
                cwd=ROOT,
                env={**os.environ, "NUMBA_CACHE_DIR": cache},
                check=True,
                capture_output=True,
                text=True,
            )
        rows += [dict(zip(("part", "function", "times", "s"), line.split("\t"))) for line in run.stdout.splitlines()]  # noqa: B905
    return rows


def compile_part(part: str) -> None:
    """Compile one part in this process, and print a line for all of it and for each function that takes long."""
    from numba.core import event

    from agent.models import precompile

    spent: collections.Counter[str] = collections.Counter()
    times: collections.Counter[str] = collections.Counter()

    class Clock(event.Listener):
        def __init__(self) -> None:
            self.running: list[list[float]] = []  # when it began, and what those called inside took

        def on_start(self, event: event.Event) -> None:
            self.running.append([time.process_time(), 0.0])

        def on_end(self, event: event.Event) -> None:
            begun, inside = self.running.pop()
            took = time.process_time() - begun
            function = event.data["dispatcher"].py_func
            name = f"{function.__module__}.{function.__qualname__}".replace(".<locals>.", ".").removeprefix("agent.")
            spent[name] += took - inside
            times[name] += 1
            if self.running:
                self.running[-1][1] += took

    event.register("numba:compile", Clock())
    getattr(precompile, f"compile_{part}")()
    print(part, f"all {len(times)} functions", times.total(), f"{spent.total():.1f}", sep="\t")
    for name, seconds in spent.most_common(N_SHOWN):
        print(part, f"`{name}`", times[name], f"{seconds:.2f}", sep="\t")
