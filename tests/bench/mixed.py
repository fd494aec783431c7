"""Twenty minutes of everything at once: thirty visitors draw, teach, save, load, train, photograph; what the server keeps.

Seeded: each visitor does the same in the same order every time. Files, threads, descriptors and memory of the server
are read every ten seconds; the table says how they stand when the last half begins and when it ends.
"""

from __future__ import annotations

import base64
import io
import json
import re
import secrets
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "browser"), str(ROOT / "tests" / "helpers"), str(ROOT)]

import handwriting  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from raw import Stranger, file_at  # noqa: E402
from served import HARMLESS, Server  # noqa: E402

from agent.datasets import digits  # noqa: E402
from tests.bench.load import megabytes_in, resident_mb  # noqa: E402

N_VISITORS, SECONDS, EVERY_S = 30, 1200, 10
PAUSE_S = (0.5, 3.0)  # between what one visitor does
STAYS = 60  # actions after which a visitor leaves and another one comes
# How often each is done, of a hundred
ACTIONS = {"guess": 46, "teach": 22, "undo": 6, "photo": 6, "save": 5, "load": 4, "train": 3, "page": 4, "tool": 4}
MCP_HEADERS = {"Accept": "application/json, text/event-stream"}
Row = dict[str, str]


class Guest:
    """A visitor, and then the next one, in one thread."""

    def __init__(self, url: str, number: int, over: threading.Event) -> None:
        self.stranger, self.over = Stranger(url), over
        self.rng = np.random.default_rng(number)
        self.took: list[float] = []
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []
        self._come()

    def _come(self) -> None:
        self.session, self.n_taught, self.saved, self.key = secrets.token_hex(8), 0, None, None

    def stay(self) -> None:
        """Do one thing after the other until it is over."""
        while not self.over.is_set():
            for _ in range(STAYS):
                if self.over.wait(self.rng.uniform(*PAUSE_S)):
                    return
                name = self.rng.choice(list(ACTIONS), p=np.array(list(ACTIONS.values())) / 100)
                try:
                    fault = getattr(self, f"_{name}")()
                except Exception as error:  # whatever a server does to its client is counted
                    fault = f"{type(error).__name__}: {error}"
                self.done[str(name)] += 1
                if fault:
                    self.faults.append(f"{name}: {fault}"[:300])
            self._come()

    def _drawn(self) -> tuple[dict, str]:
        drawings, labels = digits.mnist("test")
        place = int(self.rng.integers(1000))
        return file_at(self.stranger.upload("digit.png", _png(drawings[place]))), str(labels[place])

    def _call(self, name: str, *values: object) -> object:
        """Call an endpoint: its value, or a fault as text."""
        outcome, value = self.stranger.call(name, list(values), self.session)
        return value[0] if outcome == "complete" else f"fault {outcome} {value}"

    def _guess(self) -> str:
        picture, _ = self._drawn()
        start = time.monotonic()
        value = self._call("guess", picture)
        self.took.append(time.monotonic() - start)
        return value if isinstance(value, str) else ""

    def _teach(self) -> str:
        value = self._call("teach", *self._drawn())
        self.n_taught += not isinstance(value, str)
        return value if isinstance(value, str) else ""

    def _undo(self) -> str:
        if not self.n_taught:
            return self._teach()
        self.n_taught -= 1
        value = self._call("undo")
        return value if isinstance(value, str) else ""

    def _photo(self) -> str:
        line = "".join(map(str, self.rng.integers(0, 10, 4)))
        file = io.BytesIO()
        handwriting.sheet([line], int(self.rng.integers(10**6))).save(file, "JPEG")
        value = self._call("read", file_at(self.stranger.upload("photo.jpg", file.getvalue())))
        return value if isinstance(value, str) else ""

    def _save(self) -> str:
        value = self._call("save")
        if isinstance(value, str):
            return value
        self.saved = self.stranger.ask("GET", f"gradio_api/file={value['path']}").body
        return ""

    def _load(self) -> str:
        if self.saved is None:
            return self._save()
        value = self._call("load", file_at(self.stranger.upload("agent.zip", self.saved)))
        if isinstance(value, str):
            return value
        self.n_taught = 0  # what can be undone is what is taught from here on
        return ""

    def _train(self) -> str:
        value = self._call("train", int(self.rng.choice([60, 600, 3000])))
        self.n_taught = 0
        return value if isinstance(value, str) else ""

    def _page(self) -> str:
        statuses = [self.stranger.ask("GET", path).status for path in ("", "config", "theme.css")]
        return "" if statuses == [200] * 3 else f"statuses {statuses}"

    def _tool(self) -> str:
        if self.key is None:
            told = self._tool_call("new_agent")
            if told.get("isError"):
                return told["content"][0]["text"]
            text = told["content"][0]["text"]
            self.key = json.loads(text)["agent"] if text.startswith("{") else text
            return ""
        drawing = "data:image/png;base64," + base64.b64encode(_png(digits.mnist("test")[0][0])).decode()
        told = self._tool_call("guess", agent=self.key, drawing=drawing)
        text = told["content"][0]["text"] if told.get("isError") else ""
        if "call new_agent again" in text:  # as it is after two minutes without a call
            self.key = None
            return ""
        return text

    def _tool_call(self, name: str, **arguments: str) -> dict:
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        return self.stranger.ask("POST", "gradio_api/mcp", call, MCP_HEADERS).told["result"]


def _png(drawing: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.asarray(drawing)).save(file, "PNG")
    return file.getvalue()


def measured(seconds: float = SECONDS) -> list[Row]:
    """Let them all come, and give what the server held when the last half began and when it ended."""
    over = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder, "tmp")
        kept.mkdir()
        told = Path(folder, "told")
        environment = {"TMPDIR": str(kept), "PUPIL_IDLE_S": "120", "TOLD": str(told)}
        server = Server(folder, environment, "tests/bench/told_app.py")
        proc = Path("/proc", str(server.process.pid))
        reads: dict[str, Callable[[], float]] = {
            "memory, MB": lambda: resident_mb(server.process.pid),
            "sessions": lambda: float(f"{told.read_text()} 0 0".split()[0]),
            "what they hold, MB": lambda: float(f"{told.read_text()} 0 0".split()[1]),
            "memory besides, MB": lambda: resident_mb(server.process.pid) - reads["what they hold, MB"](),
            "files, MB": lambda: megabytes_in(kept),
            "threads": lambda: len(list((proc / "task").iterdir())),
            "descriptors": lambda: len(list((proc / "fd").iterdir())),
        }
        seen: list[dict[str, float]] = []
        try:
            guests = [Guest(server.url, number, over) for number in range(N_VISITORS)]
            guests[0]._guess()  # everything is compiled
            guests[0].took.clear()
            threads = [threading.Thread(target=guest.stay, daemon=True) for guest in guests]
            for thread in threads:
                thread.start()
            begun = time.monotonic()
            while time.monotonic() < begun + seconds:
                time.sleep(EVERY_S)
                seen.append({name: read() for name, read in reads.items()})
            over.set()
            for thread in threads:
                thread.join(60)
        finally:
            server.stop()
        log = server.log.read_text()
    for fault in [fault for guest in guests for fault in guest.faults][:20]:
        print(fault, file=sys.stderr)
    took = sorted(each for guest in guests for each in guest.took)
    done = sum((guest.done for guest in guests), Counter())
    half, last = len(seen) // 2, len(seen) // 5  # four minutes: two rounds in which files that nobody needs are deleted
    rows = [
        {
            "what": name,
            "as the last half begins": f"{statistics.median(each[name] for each in seen[half : half + last]):.0f}",
            "as it ends": f"{statistics.median(each[name] for each in seen[-last:]):.0f}",
            "most": f"{max(each[name] for each in seen):.0f}",
        }
        for name in reads
    ]
    n_tracebacks = log.count("Traceback") - len(re.findall(HARMLESS, log, re.MULTILINE))
    n_faults = sum(len(guest.faults) for guest in guests)
    ends = {
        f"done by {N_VISITORS} visitors in {seconds / 60:.0f} minutes": f"{done.total():,}",
        "… that failed": f"{n_faults}",
        "guesses, 95 %, s": f"{took[int(0.95 * len(took))]:.2f}",
        "tracebacks, warnings in the log": f"{n_tracebacks}, {len(re.findall('Warning', log))}",
    }
    return rows + [{**dict.fromkeys(rows[0], "–"), "what": name, "as it ends": value} for name, value in ends.items()]


if __name__ == "__main__":
    for row in measured(*map(float, sys.argv[1:])):
        print(row)
