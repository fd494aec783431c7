"""Strangers' requests: ten thousand of them with ``python -m tests.bench.fuzz``, some hundred in a test.

Requests are made up from what the server serves itself: its functions and components from /config, its routes from
/gradio_api/openapi.json. Values are of the right kind, nearly right, or nothing of the sort. No answer may be a 500 or
show a traceback; no traceback in the server's log may lead through the project's own files; memory stays bounded.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import io
import json
import random
import re
import string
import sys
import tempfile
import urllib.parse
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "helpers"), str(ROOT / "tests" / "browser")]

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from served import Server  # noqa: E402

from agent.agents import new  # noqa: E402
from agent.storage import serialization  # noqa: E402

TIMEOUT_S = 20
STREAMS = ("heartbeat", "queue/data", "upload_progress", "startup-events", "dev/reload", "/call/", "mcp")  # never end
WORDS = (
    "",
    "4",
    "7",
    "\x00",
    "💥" * 9,
    "../../etc/passwd",
    "<script>",
    "${1/0}",
    "{{a}}",
    "A" * 5000,
    "-1",
    "NaN",
    "null",
    "CDFHJKMN",
    "Mia",
    "mia/zoe",
    ":everyday",
    "../..@main",
    "everyday",
    '{"format":1,"kind":"nearest","name":"x","settings":{}}\n{"event":"join"}',
)
REGRESSORS = (0, -1, 1, 59, 60, 60_001, 2**31, 2**63, 10**30, 1.5, -0.0, 1e308)
FILES = [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}]  # and some that were uploaded, mostly
TOOLS = ("new_agent", "guess", "teach", "forget", "imagine", "train")
EVENTS = (
    *("pick", "relabel", "forget", "tell", "piece", "none", "missed", "full", "start", "neuron", "close", "correct"),
    *("open", "chunk", "use", "away", "beside", "remove", "rename", "try", "step", "node", "place"),
)


def value(chance: random.Random, depth: int = 0) -> object:
    """Any JSON value."""
    make = chance.choice(
        [
            lambda: None,
            lambda: chance.random() < 0.5,
            lambda: chance.choice(REGRESSORS),
            lambda: chance.choice(WORDS),
            lambda: "".join(chance.choices(string.printable, k=chance.randrange(40))),
            lambda: dict(chance.choice(FILES)),
            lambda: {"background": None, "layers": [], "composite": chance.choice([None, *FILES, "x", 3])},
            lambda: [value(chance, depth + 1) for _ in range(chance.randrange(4))] if depth < 3 else [],
            lambda: {chance.choice(WORDS): value(chance, depth + 1) for _ in range(2)} if depth < 3 else {},
        ]
    )
    return make()


@dataclass
class Stranger:
    """Makes up requests to one server."""

    url: str
    seed: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.config = self._read("config")
        routes = self._read("gradio_api/openapi.json").get("paths", {})
        self.routes = [route for route in routes if not any(word in route for word in STREAMS)]
        self.named = [each["api_name"] for each in self.config["dependencies"] if each.get("api_name")]
        pupil = new("nearest")
        pupil.learn_one([[0] * 9 + [255] * 3] * 12, "1")
        picture = io.BytesIO()
        Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(picture, "PNG")
        log = f"{serialization.initial_config(pupil)}\n{pupil.log}".encode()
        files = (b"no picture", picture.getvalue(), serialization.zipped(serialization.to_files(pupil)), log)
        FILES[1:] = 3 * [FILES[0] | {"path": self._upload(content)} for content in files]
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.url).netloc, timeout=TIMEOUT_S)

    def _read(self, path: str) -> dict:
        with urllib.request.urlopen(self.url + path, timeout=TIMEOUT_S) as answer:
            return json.load(answer)

    def _upload(self, content: bytes) -> str:
        part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n' + content
        form = {"Content-Type": "multipart/form-data; boundary=x"}
        asked = urllib.request.Request(self.url + "gradio_api/upload", part + b"\r\n--x--\r\n", form)
        with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:
            return json.load(answer)[0]

    def event(self, name: str | None = None) -> dict[str, object]:
        """Ask for one of the functions, or for that of a name, with inputs of the right number or any."""
        chance = self.chance
        asked = chance.choice([each for each in self.config["dependencies"] if name in (None, each.get("api_name"))])
        n = len(asked["inputs"]) if chance.random() < 0.8 else chance.randrange(12)
        body: dict[str, object] = {
            "data": [value(chance) for _ in range(n)],
            "fn_index": chance.choice([asked["id"], asked["id"], asked["id"], -1, 10**9, "x", None]),
            "session_hash": chance.choice([f"s{chance.randrange(400)}", "s" * 500, None, 3]),
            "event_data": chance.choice([None, value(chance), self._pressed()]),
            "trigger_id": chance.choice([None, chance.randrange(400), "x"]),
        }
        for name in list(body):
            if chance.random() < 0.05:
                del body[name]
        return body

    def _pressed(self) -> dict[str, object]:
        chance = self.chance
        return {
            "do": chance.choice(EVENTS),
            "number": value(chance),
            "label": value(chance),
            "piece": value(chance),
            "at": value(chance),
            "n_chars": value(chance),
        }

    def _tool(self) -> dict[str, object]:
        """Call a tool over MCP, or ask for something else there."""
        chance = self.chance
        given = {name: value(chance) for name in ("agent", "drawing", "label") if chance.random() < 0.8}
        params = {"name": chance.choice([*TOOLS, None]), "arguments": chance.choice([given, value(chance)])}
        method = chance.choice(
            ["tools/call", "tools/call", "tools/list", "resources/read", "initialize", value(chance)]
        )
        return {"jsonrpc": "2.0", "id": chance.choice([1, "x", None]), "method": method, "params": params}

    def request(self) -> tuple[str, str, bytes, dict[str, str]]:
        """Make up one: method, path, body, headers."""
        chance = self.chance
        kind, headers = chance.random(), {"Content-Type": "application/json"}
        if kind < 0.05:
            return (
                "POST",
                "/gradio_api/mcp",
                self._written(self._tool()),
                headers | {"Accept": "application/json, text/event-stream"},
            )
        if kind < 0.55:
            name = chance.choice([*self.named, "predict", "no-such", "../x"])
            path = chance.choice(
                ["queue/join", "queue/join", "queue/join", f"call/{name}", f"run/{name}", f"api/{name}"]
            )
            is_named = name in self.named and path.startswith("call/")
            body = self.event(name) if is_named else self.event()
            return "POST", f"/gradio_api/{urllib.parse.quote(path)}", self._written(body), headers
        if kind < 0.65:
            body = {
                "session_hash": "s1",
                "component_id": value(chance),
                "fn_name": value(chance),
                "data": value(chance),
            }
            return "POST", "/gradio_api/component_server", self._written(body), headers
        if kind < 0.75:
            headers["Content-Type"] = chance.choice(
                ["multipart/form-data; boundary=x", "multipart/form-data", "text/x"]
            )
            part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="../../%s"\r\n\r\n%s\r\n--x--\r\n'
            body = part % (chance.choice([b"a.png", b"\x00", b"a" * 400]), chance.randbytes(chance.randrange(300)))
            return "POST", "/gradio_api/upload", body[: chance.choice([None, 20, 60])], headers
        if kind < 0.85:
            path = chance.choice(["/etc/passwd", "../app.py", "app.py", "https://127.0.0.1:9/x", "%00", "~/.netrc"])
            route = chance.choice(["file=", "proxy=", "static/", "assets/", "svelte/", "custom_component/", "stream/"])
            return "GET", f"/gradio_api/{route}{urllib.parse.quote(path)}", b"", {}
        route = re.sub(
            r"\{[^}]*\}", lambda _: urllib.parse.quote(str(value(chance))[:60], safe=""), chance.choice(self.routes)
        )
        return chance.choice(["GET", "POST", "PUT", "DELETE"]), route, self._written(value(chance)), headers

    def _written(self, body: object) -> bytes:
        text = json.dumps(body)
        if self.chance.random() < 0.05:
            text = text[: self.chance.randrange(len(text) + 1)]
        return text.encode()

    def ask(self) -> None:
        """Send one, and look at what comes back; the connection before may have been closed by the server."""
        method, path, body, headers = self.request()
        for is_new in (self.connection.sock is None, True):
            try:
                self.connection.request(method, path, body, headers)
                answer = self.connection.getresponse()
                status, text = answer.status, answer.read(200_000).decode(errors="replace")
                if not answer.isclosed():
                    self.connection.close()
                break
            except http.client.InvalidURL:
                return
            except (http.client.HTTPException, OSError) as error:
                self.connection.close()
                if is_new:
                    self.faults.append(f"{method} {path[:80]}: {type(error).__name__}")
                    return
        self.statuses[status] += 1
        if status == 500 or status > 503 or "Traceback (most" in text or re.search(r'File "[^"]+", line \d', text):
            self.faults.append(f"{method} {path[:80]} {body[:200]!r}: {status} {text[:200]}")


def own_tracebacks(log: str) -> list[str]:
    """Give what went wrong in the project's own files, from a server's log."""
    inside = re.compile(
        rf'  File "{re.escape(str(ROOT / "agent"))}/(?!ui/server/(limits|request_filter|serving)\.py)'
    )  # all pass through these
    found = []
    for part in log.split("Traceback (most recent call last):")[1:]:
        lines = part.strip().splitlines()
        last = next((row for row, line in enumerate(lines) if line and not line.startswith(" ")), len(lines) - 1)
        if any(map(inside.match, lines[: last + 1])):
            found.append(" | ".join(lines[max(0, last - 3) : last + 1]))
    return found


def fuzzed(folder: Path, n_requests: int, seed: int = 0) -> tuple[Counter[int], list[str], tuple[float, float]]:
    """Send so many requests to a new server: what it answered, what is wrong, and by how many MB it grew.

    Counted after the first hundred: until half of all, and in the second half, when all desks are taken.
    """
    from tests.bench.load import resident_mb

    server, sizes = Server(folder), []
    try:
        stranger = Stranger(server.url, seed)
        with contextlib.closing(stranger.connection):
            for n_more in (100, n_requests // 2 - 100, n_requests - n_requests // 2):
                for _ in range(n_more):
                    stranger.ask()
                sizes.append(resident_mb(server.process.pid))
    finally:
        server.stop()
    faults = stranger.faults + own_tracebacks(server.log.read_text())
    return stranger.statuses, faults, (sizes[1] - sizes[0], sizes[2] - sizes[1])


def harm(n_requests: int = 10_000) -> list[dict[str, str]]:
    """Send requests, and give a row for the results."""
    with tempfile.TemporaryDirectory() as folder:
        statuses, faults, grown = fuzzed(Path(folder), n_requests)
    answers = ", ".join(f"{status}: {n:,}" for status, n in sorted(statuses.items()))
    return [
        {
            "requests": f"{statuses.total():,}",
            "answers": answers,
            "faults": f"{len(faults)}",
            "memory growth, MB: first half, second half": f"{grown[0]:.0f}, {grown[1]:.0f}",
        }
    ]


def main() -> None:
    """Send requests, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        statuses, faults, grown = fuzzed(Path(folder), options.requests, options.seed)
    print(
        f"answers: {dict(sorted(statuses.items()))}; grown by {grown[0]:.0f} and {grown[1]:.0f} MB; {len(faults)} faults"
    )
    print("\n".join(sorted(set(faults))[:40]))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
