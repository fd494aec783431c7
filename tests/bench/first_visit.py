"""What one visit costs: requests, bytes, seconds until the first guess, and what Lighthouse says: ``python -m tests.bench visit``.

Every visit is the first of a new process and a new browser, without anything stored.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import urllib.request
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "helpers"), str(ROOT / "tests" / "browser")]

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from served import ARGUMENTS, Server  # noqa: E402
from visitor import LOOKS, Visitor  # noqa: E402

from tests.bench import lighthouse  # noqa: E402

PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
N_STROKES = 10
TIMEOUT_S = 60


class Counted(Visitor):
    """A visitor who counts what the page asks for, and what comes in."""

    def __init__(self, context, url):
        self.n_requests = self.n_bytes = 0
        super().__init__(context, url)

    def open(self):
        """Load the page once, counting, until the pad takes ink."""
        self._fingers.send("Network.enable")
        self._fingers.on("Network.requestWillBeSent", self._ask)
        self._fingers.on("Network.loadingFinished", self._take)
        super().open()

    def _ask(self, event):
        self.n_requests += event["request"]["url"].startswith("http")

    def _take(self, event):
        self.n_bytes += event["encodedDataLength"]

    def stroke(self):
        """Draw one line down the middle of the pad, and wait until it is guessed."""
        box = self.page.locator("#pad").bounding_box()
        middle, top, height = box["x"] + box["width"] / 2, box["y"], box["height"]
        self._mouse_stroke([(middle, top + share * height) for share in (0.25, 0.4, 0.6, 0.75)])
        self.until_guessed()

    def since_painted_s(self) -> float:
        """Seconds since something was shown for the first time."""
        return self.page.evaluate(f"performance.now() - {PAINTED}") / 1000


def visit(n_times: int = 5) -> list[dict[str, str]]:
    """Visit so often, each time the first of all: the median of everything, and the worst; then ask Lighthouse."""
    from playwright.sync_api import sync_playwright

    seen = []
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        for _ in range(n_times):
            with tempfile.TemporaryDirectory() as folder:
                server = Server(folder)
                browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
                try:
                    visitor = Counted(browser.new_context(**LOOKS["desktop, light"]), server.url)
                    ready_s, painted_ms = visitor.since_painted_s(), visitor.page.evaluate(PAINTED)
                    cost = visitor.n_requests, visitor.n_bytes / 1e6
                    visitor.stroke()
                    seen.append((*cost, painted_ms, ready_s, visitor.since_painted_s(), stroke_ms(server.url)))
                finally:
                    browser.close()
                    server.stop()
    names = (
        "requests of a page load",
        "MB of a page load, compressed",
        "time to first paint, ms",
        "from first paint until the pad takes ink, s",
        "from first paint to the first guess, s",
        "guess after a stroke, on the server, ms",
    )
    digits = (0, 2, 0, 1, 1, 0)
    wanted = ("–", "–", "–", "–", "< 4", "< 150")
    return [
        {
            "first visit": name,
            "median": f"{statistics.median(values):,.{n}f}",
            "worst": f"{max(values):,.{n}f}",
            "bare gradio page": "–",
            "target": limit,
        }
        for name, n, limit, values in zip(names, digits, wanted, zip(*seen, strict=True), strict=True)
    ] + lighthouse.judged()


def stroke_ms(url: str) -> float:
    """Send strokes as the page does, and give the median time the server says it took for one."""
    asked = next(each for each in _read(url + "config")["dependencies"] if each["api_name"] == "see")
    page, times = np.zeros((280, 280), np.uint8), []
    session = uuid.uuid4().hex
    with tempfile.TemporaryDirectory() as folder:
        for number in range(N_STROKES):
            page[60:220, 100 + 8 * number : 112 + 8 * number] = 255
            file = Path(folder) / f"{number}.png"
            Image.fromarray(page).save(file)
            picture = {"path": _upload(url, file), "meta": {"_type": "gradio.FileData"}}
            pad = {"background": None, "layers": [], "composite": picture}
            body = {"data": [None, pad], "fn_index": asked["id"], "session_hash": session}
            _read(url + "gradio_api/queue/join", json.dumps(body).encode())
            times.append(1000 * _duration_s(url, session))
    return statistics.median(times)


def _upload(url: str, file: Path) -> str:
    head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{file.name}"\r\n\r\n'.encode()
    body = head + file.read_bytes() + b"\r\n--x--\r\n"
    return _read(url + "gradio_api/upload", body, "multipart/form-data; boundary=x")[0]


def _read(url: str, body: bytes | None = None, content_type: str = "application/json") -> object:
    request = urllib.request.Request(url, body, {"Content-Type": content_type})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        return json.load(answer)


def _duration_s(url: str, session: str) -> float:
    """Wait for the event's end, and give the time the server says it took."""
    with urllib.request.urlopen(f"{url}gradio_api/queue/data?session_hash={session}", timeout=TIMEOUT_S) as stream:
        for line in stream:
            told = json.loads(line[5:]) if line.startswith(b"data:") else {}
            if told.get("msg") == "process_completed":
                assert told["success"], told
                return told["output"]["duration"]
    raise AssertionError("expected the event to end, got the end of the stream.")


if __name__ == "__main__":
    for row in visit():
        print(row)
