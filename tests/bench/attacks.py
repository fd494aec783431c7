"""Attacks on a server on loopback, each bounded, and what they cost an honest visitor meanwhile."""

from __future__ import annotations

import contextlib
import io
import json
import secrets
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "browser"), str(ROOT)]

from raw import Stranger, file_at  # noqa: E402
from served import Server  # noqa: E402

from agent.agents import new  # noqa: E402
from agent.datasets import digits  # noqa: E402
from agent.lessons import pack  # noqa: E402
from agent.storage import serialization  # noqa: E402
from tests.bench.load import megabytes_in, processor_s, resident_mb  # noqa: E402
from tests.helpers.forge import signed  # noqa: E402

N_RELABELS, N_JOINED, N_NEW, N_JOBS = 300_000, 12_000, 205, 304
MOST_MB, MOST_FILES_MB = 50, 20  # more than before, a minute after an attack
MCP_HEADERS = {"Accept": "application/json, text/event-stream"}
Row = dict[str, str]


def png() -> bytes:
    """A test digit, as a picture."""
    file = io.BytesIO()
    Image.fromarray(np.asarray(digits.mnist("test")[0][0])).save(file, "PNG")
    return file.getvalue()


def forged(lines: list[dict]) -> bytes:
    """The .zip of an agent of one lesson, whose log goes on with these events."""
    drawing = np.zeros((28, 28), np.uint8)
    drawing[4, 4:24] = 255
    pupil = new("nearest")
    pupil.learn_one(drawing, "abcdefgh")
    for line in lines:
        if line["event"] == "bulk":
            line |= {"drawings": pack(drawing[None]), "labels": ["abcdefgh"]}
    log = pupil.log + "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    return serialization.zipped(signed(serialization.to_files(pupil) | {"lessons.jsonl": log.encode()}))


class Honest:
    """Somebody who asks for a guess again and again, and how long each took; None: refused."""

    def __init__(self, server: Server) -> None:
        self.stranger, self.session = Stranger(server.url), secrets.token_hex(8)
        self.picture = file_at(self.stranger.upload("digit.png", png()))
        self.took: list[float | None] = []
        for label in "71":
            self.stranger.call("teach", [self.picture, label], self.session)

    def guess(self) -> None:
        """Ask once."""
        start = time.monotonic()
        with contextlib.suppress(OSError, ValueError, LookupError):
            if self.stranger.call("guess", [self.picture], self.session)[0] == "complete":
                self.took.append(time.monotonic() - start)
                return
        self.took.append(None)

    @contextlib.contextmanager
    def guessing(self) -> Iterator[None]:
        """Ask every 0.3 s meanwhile."""
        over = threading.Event()

        def ask() -> None:
            while not over.wait(0.3):
                self.guess()

        thread = threading.Thread(target=ask)
        thread.start()
        yield
        over.set()
        thread.join()


def load_histories(server: Server, honest: Honest) -> str:
    """Load a short file of a long history twice in each of eight sessions."""
    relabel = {"event": "relabel", "number": 0, "label": "abcdefgh"}
    file = file_at(honest.stranger.upload("a.zip", forged([relabel] * N_RELABELS)))
    before = resident_mb(server.process.pid)
    for _ in range(8):
        session = secrets.token_hex(8)
        for _ in range(2):
            honest.stranger.call("load", [file], session)
    return f"{resident_mb(server.process.pid) - before:.0f} MB more"


def take_out(server: Server, honest: Honest) -> str:
    """Take out a joined agent of many entries, while somebody trains on 60 digits."""
    bulk = [{"event": "bulk", "number": 2 + n, "n_lessons": 1, "source": None, "start": 0} for n in range(N_JOINED)]
    join = {"event": "join", "number": 1, "name": "x", "end": 2 + N_JOINED}
    stranger, session = honest.stranger, secrets.token_hex(8)
    stranger.call("load", [file_at(stranger.upload("a.zip", forged([join, *bulk])))], session)
    config = stranger.ask("GET", "config").told
    state = next(each["id"] for each in config["components"] if each["type"] == "state")
    of_button = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "unjoin")
    event = next(each for each in config["dependencies"] if [of_button, "click"] in map(list, each["targets"]))
    inputs = [None for number in event["inputs"]]
    assert event["inputs"][0] == state
    stranger.join(event["id"], inputs, session)
    start = time.monotonic()
    stranger.call("train", [60], secrets.token_hex(8))
    return f"another's 60 lessons took {time.monotonic() - start:.1f} s"


def fill_queue(server: Server, honest: Honest) -> str:
    """Ask for many trainings on all of MNIST, each in a new session; the server is left with them for half a minute."""
    statuses = [
        honest.stranger.ask(
            "POST", "gradio_api/call/train", {"data": [60_000], "session_hash": secrets.token_hex(8)}
        ).status
        for _ in range(N_JOBS)
    ]
    time.sleep(30)
    return f"{statuses.count(200)} of {N_JOBS} taken"


def make_sessions(server: Server, honest: Honest) -> str:
    """Open many sessions."""
    for _ in range(N_NEW):
        honest.stranger.call("undo", [], secrets.token_hex(8))
    answer = honest.stranger.call("undo", [], honest.session)
    return "the honest agent stayed" if answer[0] == "complete" else "the honest agent was lost"


def announce_uploads(server: Server, honest: Honest) -> str:
    """Announce files that do not come, then upload pictures."""
    head = "POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    lines = []
    for _ in range(80):
        line = socket.create_connection(("127.0.0.1", server.port))
        line.sendall(f"{head}Content-Length: 60000000\r\n\r\n".encode())
        lines.append(line)
    time.sleep(1)
    refused = 0
    for _ in range(20):
        try:
            honest.stranger.upload("digit.png", png())
        except (KeyError, ValueError):
            refused += 1
    for line in lines:
        line.close()
    return f"{refused} of 20 pictures refused"


def endless_header(server: Server, honest: Honest) -> str:
    """Send one header for ever, 60 MB at most."""
    before, n_bytes = processor_s(server.process.pid), 0
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 60) as line:
        line.sendall(b"GET / HTTP/1.1\r\nX: ")
        while n_bytes < 60_000_000:
            line.sendall(b"a" * 65_536)
            n_bytes += 65_536
    return f"{n_bytes / 1e6:.1f} MB taken, {processor_s(server.process.pid) - before:.1f} s of the processor"


def half_requests(server: Server, honest: Honest) -> str:
    """Begin requests and do not end them."""
    lines = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    for line in lines:
        line.sendall(b"GET / HTTP/1.1\r\nX: ")
    time.sleep(22)
    alive = 0
    for line in lines:
        line.setblocking(False)
        try:
            alive += line.recv(10) != b""
        except BlockingIOError:
            alive += 1
        except OSError:
            pass
        line.close()
    return f"{alive} of 200 are alive after 22 s"


def make_agents(server: Server, honest: Honest) -> str:
    """Make agents over MCP, as another caller wants one."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "new_agent", "arguments": {}}}
    told = [honest.stranger.ask("POST", "gradio_api/mcp", call, MCP_HEADERS).told["result"] for _ in range(60)]
    return f"{sum(each['isError'] for each in told)} of 60 refused"


def hide_session(server: Server, honest: Honest) -> str:
    """Write the session twice, so that another one is counted."""
    statuses = []
    for _ in range(400):
        body = b'{"session_hash": "%s", "data": [], "session_hash": "hidden"}' % secrets.token_hex(8).encode()
        headers = {"Content-Type": "application/json"}
        statuses.append(honest.stranger.ask("POST", "gradio_api/call/undo", body, headers).status)
    return f"{statuses.count(429)} of 400 told to wait"


def save_often(server: Server, honest: Honest) -> str:
    """Save an agent of 6,000 lessons under ever new names for 20 s."""
    session = secrets.token_hex(8)
    honest.stranger.call("train", [6_000], session)
    written, end, n = 0, time.monotonic() + 20, 0
    while time.monotonic() < end:
        answer = honest.stranger.call("save", [], session)
        n += answer[0] == "complete"
        written += Path(answer[1][0]["path"]).stat().st_size if answer[0] == "complete" else 0
    return f"{n} saves, {written / 1e6:.0f} MB"


ATTACKS: dict[str, Callable[[Server, Honest], str]] = {
    "a 16 MB history in a short file, loaded 16 times": load_histories,
    f"take out a joined agent of {N_JOINED:,} entries": take_out,
    f"{N_JOBS} trainings on all of MNIST": fill_queue,
    f"{N_NEW} new sessions": make_sessions,
    "80 uploads announced, none sent": announce_uploads,
    "one endless header": endless_header,
    "200 requests that never end": half_requests,
    "60 agents over MCP": make_agents,
    "a session that is written twice": hide_session,
    "saves for 20 s": save_often,
}


def measured(only: str = "") -> list[Row]:
    """Attack a new server in each way, and give a row for each."""
    rows = []
    for name, attack in ATTACKS.items():
        if only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder, "tmp")
            files.mkdir()
            server = Server(Path(folder), {"TMPDIR": str(files)})
            try:
                honest = Honest(server)
                before, files_before = resident_mb(server.process.pid), megabytes_in(files)
                with honest.guessing():
                    outcome = attack(server, honest)
                more = resident_mb(server.process.pid) - before
                after, files_after = _a_minute_later(server, files, before, files_before)
                took = sorted(each for each in honest.took if each is not None)
                row = {
                    "attack": name,
                    "outcome": outcome,
                    "honest guesses": f"{len(honest.took)}",
                    "refused": f"{honest.took.count(None)}",
                    "median, s": f"{statistics.median(took):.2f}" if took else "–",
                    "95 %, s": f"{took[int(0.95 * len(took))]:.2f}" if took else "–",
                    "memory, MB more": f"{more:.0f}",
                    "within a minute": f"{after:.0f}",
                    "files, MB more": f"{files_after:.0f}",
                }
            finally:
                server.process.kill()
                server.process.wait()
        print(row, flush=True)
        rows.append(row)
    return rows


def _a_minute_later(server: Server, files: Path, before: float, files_before: float) -> tuple[float, float]:
    """Wait until memory and files are nearly as before, a minute at most: how many megabytes more they are."""
    end = time.monotonic() + 60
    while True:
        more = resident_mb(server.process.pid) - before, megabytes_in(files) - files_before
        if time.monotonic() > end or (more[0] < MOST_MB and more[1] < MOST_FILES_MB):
            return more
        time.sleep(2)


if __name__ == "__main__":
    measured(*sys.argv[1:])
