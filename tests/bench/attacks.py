"""Attacks on a server on loopback, each bounded, and what they cost an honest visitor meanwhile."""

from __future__ import annotations

import contextlib
import io
import json
import re
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
from tests.bench import __main__ as results  # noqa: E402
from tests.bench.load import megabytes_in, processor_s, resident_mb  # noqa: E402
from tests.helpers.forge import signed  # noqa: E402

N_RELABELS, N_JOINED, N_NEW, N_JOBS = 300_000, 12_000, 600, 304
N_LARGE, N_LONG = 60_000, 20_000  # drawings of a large agent, lessons of a long log
IDLE_S = "15"  # after which sessions and files are dropped in this measurement, so that it ends
MOST_MB, MOST_FILES_MB = 50, 20  # more than before, a minute after an attack
MCP_HEADERS = {"Accept": "application/json, text/event-stream"}
Row = dict[str, str]


def png() -> bytes:
    """A test digit, as a picture."""
    file = io.BytesIO()
    Image.fromarray(np.asarray(digits.mnist("test")[0][0])).save(file, "PNG")
    return file.getvalue()


def forged(lines: list[dict], with_drawings: bool = True) -> bytes:
    """The .zip of an agent of one lesson, whose log goes on with these events, those of bulk lessons with drawings."""
    drawing = np.zeros((28, 28), np.uint8)
    drawing[4, 4:24] = 255
    pupil = new("nearest")
    pupil.learn_one(drawing, "abcdefgh")
    for line in lines:
        if line["event"] == "bulk" and with_drawings:
            line |= {"drawings": pack(drawing[None]), "labels": ["abcdefgh"]}
    log = pupil.log + "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    return serialization.zipped(signed(serialization.to_files(pupil) | {"lessons.jsonl": log.encode()}))


class Honest:
    """Somebody who asks for a guess again and again, and how long each took; None: refused."""

    def __init__(self, server: Server) -> None:
        self.stranger, self.session = Stranger(server.url), secrets.token_hex(8)
        self.took: list[float | None] = []
        for label in "71":
            picture = file_at(self.stranger.upload("digit.png", png()))
            self.stranger.call("teach", [picture, label], self.session)
        self.stranger.call("train", [60], secrets.token_hex(8))  # MNIST is read once

    def guess(self) -> None:
        """Ask once."""
        start = time.monotonic()
        with contextlib.suppress(OSError, ValueError, LookupError):
            picture = file_at(self.stranger.upload("digit.png", png()))
            outcome, value = self.stranger.call("guess", [picture], self.session)
            if outcome == "complete" and value[0]["label"] in ("7", "1"):
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
    content = forged([relabel] * N_RELABELS)
    before = resident_mb(server.process.pid)
    for _ in range(8):
        file, session = file_at(honest.stranger.upload("a.zip", content)), secrets.token_hex(8)
        for _ in range(2):
            honest.stranger.call("load", [file], session)
    return f"{resident_mb(server.process.pid) - before:.0f} MB more"


def _press(stranger: Stranger, elem_id: str, session: str, waits: bool = False) -> str:
    """Press a button of the page; its answer as text, if it is waited for."""
    config = stranger.ask("GET", "config").told
    state = next(each["id"] for each in config["components"] if each["type"] == "state")
    of_button = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == elem_id)
    event = next(each for each in config["dependencies"] if [of_button, "click"] in map(list, each["targets"]))
    assert event["inputs"][0] == state
    inputs = [None for number in event["inputs"]]
    return json.dumps((stranger.outcome if waits else lambda *_: stranger.join(*_)[0])(event["id"], inputs, session))


def _at_once(do: Callable[[], object], n: int) -> None:
    """Do something in so many threads."""
    threads = [threading.Thread(target=do) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def take_out(server: Server, honest: Honest) -> str:
    """Take out a joined agent of many entries, while somebody trains on 60 digits."""
    bulk = [{"event": "bulk", "number": 2 + n, "n_lessons": 1, "source": None, "start": 0} for n in range(N_JOINED)]
    join = {"event": "join", "number": 1, "name": "x", "end": 2 + N_JOINED}
    stranger, session = honest.stranger, secrets.token_hex(8)
    stranger.call("load", [file_at(stranger.upload("a.zip", forged([join, *bulk])))], session)
    _press(stranger, "unjoin", session)
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
    honest.stranger.call("teach", [file_at(honest.stranger.upload("digit.png", png())), "1"], honest.session)
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


def load_large(server: Server, honest: Honest) -> str:
    """Load an agent of many drawings, 50 kB as a file, in eight sessions at once."""
    pupil = new("recall")
    pupil.learn_one(np.pad(np.full((20, 2), 255, np.uint8), ((4, 4), (13, 13))), "1")
    tensors = pupil.model.tensors()
    many = {name: np.repeat(tensors[name], N_LARGE, 0) for name in ("drawings", "taught")}
    many["own"] = np.zeros(N_LARGE, np.uint8)
    log = {"event": "bulk", "number": 0, "n_lessons": N_LARGE, "source": None, "start": 0}
    files = {
        "agent.safetensors": serialization.write_tensors(tensors | many),
        "lessons.jsonl": json.dumps(log).encode(),
    }
    content = serialization.zipped(signed(serialization.to_files(pupil) | files))
    outcomes = []

    def load() -> None:
        file = file_at(honest.stranger.upload("a.zip", content))
        outcomes.append(honest.stranger.call("load", [file], secrets.token_hex(8))[0])

    start = time.monotonic()
    _at_once(load, 8)
    return f"{outcomes.count('complete')} loaded in {time.monotonic() - start:.0f} s"


def teach_again(server: Server, honest: Honest) -> str:
    """Let agents of 300,000 lessons by reference be taught again in twelve sessions, and leave after 20 s."""
    source = digits.Selection({"mnist": 60_000}).source
    event = {"event": "bulk", "n_lessons": 60_000, "source": source, "start": 0}
    lines = [json.dumps({**event, "number": number}) for number in range(5)]
    content = "\n".join([serialization.initial_config(new("recall")), *lines]).encode()
    for _ in range(12):
        file = file_at(honest.stranger.upload("a.jsonl", content))
        body = {"data": [file], "session_hash": secrets.token_hex(8)}
        honest.stranger.ask("POST", "gradio_api/call/restore", body)
    time.sleep(20)
    return "left"


def read_nothing(server: Server, honest: Honest) -> str:
    """Ask for answers of 5 MB, ten times, and read none."""
    source = new("nearest")
    source.learn_one(np.pad(np.full((20, 2), 255, np.uint8), ((4, 4), (13, 13))), "abcdefgh")
    lesson = json.loads(source.log)
    content = forged([{**lesson, "number": number} for number in range(1, N_LONG)])
    stranger, session = honest.stranger, secrets.token_hex(8)
    for _ in range(10):
        stranger.call("load", [file_at(stranger.upload("a.zip", content))], session)
        picture = file_at(stranger.upload("digit.png", png()))
        body = {"data": [picture, "1"], "session_hash": session}
        stranger.ask("POST", "gradio_api/call/teach", body)
    return "10 taught"


def tiny_files(server: Server, honest: Honest) -> str:
    """Upload files of a byte, 900 in each of twenty requests."""
    statuses = []
    for request in range(20):
        part = '--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        body = "".join(f"{part}{request} {number}\r\n" for number in range(900)) + "--x--\r\n"
        form = {"Content-Type": "multipart/form-data; boundary=x"}
        statuses.append(honest.stranger.ask("POST", "gradio_api/upload", body.encode(), form).status)
    return f"{statuses.count(200)} of 20 taken"


def reload_pages(server: Server, honest: Honest) -> str:
    """Ask for the page and what describes it, in four threads for 10 s."""
    end, n = time.monotonic() + 10, []

    def reload() -> None:
        while time.monotonic() < end:
            for path in ("", "config", "gradio_api/info", "de", "gradio_api/openapi.json"):
                n.append(len(honest.stranger.ask("GET", path).body))

    _at_once(reload, 4)
    return f"{len(n)} answers, {sum(n) / 1e6:.0f} MB"


def join_references(server: Server, honest: Honest) -> str:
    """Hand agents of 60,000 lessons by reference in to a class, each of another source, and join them for 30 s."""
    teacher, stranger = secrets.token_hex(8), honest.stranger
    code = re.search(r"class=(\w{8})", _press(stranger, "class-make", teacher, waits=True))[1]
    outcomes = []
    for number in range(6):
        source = digits.Selection({"mnist": 60_000}, seed=number).source
        bulk = {"event": "bulk", "number": 1, "n_lessons": 60_000, "source": source, "start": 0}
        pupil, session = forged([bulk], with_drawings=False), secrets.token_hex(8)
        stranger.call("load", [file_at(stranger.upload("a.zip", pupil))], session)
        outcomes.append(stranger.call("hand_in", [code, f"Pupil {number}", False], session)[0])
    _press(stranger, "class-join", teacher)
    start = time.monotonic()
    stranger.call("train", [60], secrets.token_hex(8))
    took = time.monotonic() - start
    time.sleep(20)
    return f"{outcomes.count('complete')} handed in, another's 60 lessons took {took:.1f} s"


def many_ranges(server: Server, honest: Honest) -> str:
    """Ask for a file in as many overlapping ranges as headers have room for, ten times."""
    path = honest.stranger.upload("a.bin", bytes(1_000_000))
    ranges, before = "bytes=" + ",".join(f"{n}-" for n in range(9_000)), processor_s(server.process.pid)
    answers = [honest.stranger.ask("GET", f"gradio_api/file={path}", headers={"Range": ranges}) for _ in range(10)]
    n_bytes = sum(len(answer.body) for answer in answers)
    return f"status {answers[0].status}, {n_bytes / 1e6:.0f} MB, {processor_s(server.process.pid) - before:.1f} s"


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
    f"an agent of {N_LARGE:,} drawings loaded 8 times at once": load_large,
    "12 agents of 300,000 lessons by reference, taught again": teach_again,
    "10 answers of 5 MB that nobody reads": read_nothing,
    "18,000 files of a byte": tiny_files,
    "the page and its description for 10 s": reload_pages,
    "a class of agents by reference, joined": join_references,
    "a file in 9,000 ranges, 10 times": many_ranges,
}


# What an inspection measured on two busy cores before the first of these was closed
BEFORE = {
    load_histories: "2,692 MB more",
    take_out: "another's 60 lessons took 25.5 s",
    fill_queue: "57 of 74 honest guesses refused",
    make_sessions: "after 205 every other agent was gone",
    announce_uploads: "46 of 73 honest uploads refused",
    endless_header: "90 MB taken, 12.7 s; others waited for 26 s",
    half_requests: "200 of 200 alive after 22 s",
    make_agents: "32 of 60 refused, and everybody else",
    hide_session: "0 of 400 told to wait",
    save_often: "111 MB in 32 s, without a bound",
}


def measured(only: str = "") -> list[Row]:
    """Attack a new server in each way, or in those that are named, and give a row for each: others as they were."""
    rows, known = [], {row["attack"]: row for row in results.read_table("attacks") if "within a minute" in row}
    for name, attack in ATTACKS.items():
        if only not in name:
            rows += [known[name]] if name in known else []
            continue
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder, "tmp")
            files.mkdir()
            server = Server(Path(folder), {"TMPDIR": str(files), "PUPIL_IDLE_S": IDLE_S})
            try:
                honest = Honest(server)
                before, files_before = resident_mb(server.process.pid), megabytes_in(files)
                with honest.guessing():
                    try:
                        outcome = attack(server, honest)
                    except Exception as error:  # a server that refuses in the middle is an outcome
                        outcome = f"{type(error).__name__}: {error}"[:120]
                more = resident_mb(server.process.pid) - before
                after, files_after = _a_minute_later(server, honest, files, before, files_before)
                took = sorted(each for each in honest.took if each is not None)
                row = {
                    "attack": name,
                    "before": BEFORE.get(attack, "–"),
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


def _a_minute_later(
    server: Server, honest: Honest, files: Path, before: float, files_before: float
) -> tuple[float, float]:
    """Guess on, and wait until memory and files are nearly as before, a minute at most: how many megabytes more they are."""
    end = time.monotonic() + 60
    while True:
        more = resident_mb(server.process.pid) - before, megabytes_in(files) - files_before
        if time.monotonic() > end or (more[0] < MOST_MB and more[1] < MOST_FILES_MB):
            return more
        honest.guess()
        time.sleep(1)


if __name__ == "__main__":
    results.write("attacks", f"{results.PARTS['attacks'][1]}\n\n{results.table(measured(*sys.argv[1:]))}")
