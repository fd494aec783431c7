"""How much may come in: bodies, events of a session, files of everybody."""

import asyncio
import json
import os
import socket
import threading
import time

import pytest
import uvicorn

from agent.agents import new
from agent.errors import AgentError
from agent.ui import components
from agent.ui.server import connections, limits
from agent.ui.server.limits import MaxBodySize, RateLimiter
from agent.ui.session import Session
from agent.ui.texts import server_texts


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


async def inner(scope, receive, send):
    """An app that answers with what it was sent."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def post(app, path, *parts, length=None, forwarded=None):
    """Post a body in parts: the status, and what came back."""
    parts, sent = list(parts or (b"",)), []

    async def receive():
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    headers = [(b"content-length", str(length).encode())] if length is not None else []
    headers += [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


JOIN = "/gradio_api/queue/join"


def event(session):
    return json.dumps({"data": [], "fn_index": 3, "session_hash": session}).encode()


def test_a_body_in_parts_is_handed_on_whole_through_both():
    body = event("one")
    app = MaxBodySize(RateLimiter(inner, Clock()))
    assert post(app, JOIN, body[:7], body[7:30], body[30:]) == (200, body)
    assert post(app, JOIN, body, length=len(body)) == (200, body)


def test_one_session_that_asks_too_often_is_told_so_and_the_others_are_not():
    clock = Clock()
    app = RateLimiter(inner, clock)
    got = [post(app, JOIN, event("fast"))[0] for _ in range(limits.EVENTS + 5)]
    assert got == [200] * limits.EVENTS + [429] * 5
    assert post(app, JOIN, event("slow"))[0] == 200
    assert json.loads(post(app, JOIN, event("fast"))[1])["detail"] == server_texts.TOO_FAST
    clock.now = 1.0
    got = [post(app, JOIN, event("fast"))[0] for _ in range(20)]
    assert got.count(200) == limits.EVENTS_PER_S


def test_a_stroke_a_lesson_and_a_page_never_are_too_often():
    clock = Clock()
    app = RateLimiter(inner, clock)
    for second in range(100):
        clock.now = float(second)
        assert [post(app, JOIN, event("me"))[0] for _ in range(10)] == [200] * 10


def test_however_a_session_is_written_it_is_counted():
    app = RateLimiter(inner, Clock())
    bodies = (
        b'{"session_hash": "%d", "data": [], "session_hash": "mine"}',
        b'{"data": [%d], "session_\\u0068ash": "mine"}',
        b'{"\\u0073ession_hash": "m\\u0069ne", "data": [%d]}',
    )
    got = [post(app, JOIN, bodies[number % 3] % number)[0] for number in range(limits.EVENTS + 3)]
    assert got == [200] * limits.EVENTS + [429] * 3
    tool = b'{"jsonrpc": "2.0", "params": {"arguments": {"\\u0061gent": "key", "agent ": "%d"}}}'
    got = [post(app, "/gradio_api/mcp", tool % number)[0] for number in range(limits.EVENTS + 1)]
    assert got == [200] * limits.EVENTS + [429]
    assert {post(app, JOIN, body)[0] for body in (b"[" * 100_000, b"no JSON", b"[]", b"")} == {
        200
    }  # for gradio to refuse


def test_sessions_that_are_made_up_cost_a_bounded_memory():
    app = RateLimiter(inner, Clock())
    for number in range(limits.MAX_SESSIONS + 50):
        post(app, JOIN, event(f"s{number}"))
    assert len(app.sessions) == limits.MAX_SESSIONS


def test_files_of_everybody_together_have_a_limit_and_strokes_one_of_their_own(monkeypatch):
    monkeypatch.setattr(limits, "FILE_BYTES", 1_000_000)
    app = RateLimiter(inner, clock := Clock())
    got = [post(app, limits.UPLOAD, b"x" * 250_000)[0] for _ in range(8)]
    assert got == [200] * 5 + [429] * 3
    assert post(app, limits.UPLOAD, b"x" * 8_000)[0] == 200
    clock.now = 3600.0
    assert post(app, limits.UPLOAD, b"x" * 250_000)[0] == 200


def test_what_is_announced_and_does_not_come_costs_nothing():
    app = RateLimiter(inner, Clock())
    assert {post(app, limits.UPLOAD, b"", length=999_000_000)[0] for _ in range(100)} == {200}
    assert app.files.left == app.files.capacity


def test_an_address_that_a_proxy_tells_has_a_part_of_the_bytes(monkeypatch):
    monkeypatch.setattr(limits, "FILE_BYTES", 1_000_000)
    monkeypatch.setenv("PUPIL_PROXIES", "1")
    app = RateLimiter(inner, Clock())

    def upload(address):
        return post(app, limits.UPLOAD, b"x" * 100_000, forwarded=f"203.0.113.9, {address}")[0]

    assert [upload("192.0.2.1") for _ in range(4)] == [200, 200, 429, 429]
    assert upload("192.0.2.2") == 200


def test_files_of_unknown_length_are_counted_as_they_come_and_cut_off(monkeypatch):
    monkeypatch.setattr(limits, "FILE_BYTES", 1000)
    app = RateLimiter(inner, Clock())
    assert post(app, "/gradio_api/upload", *[b"x" * 300] * 3) == (200, b"x" * 900)
    status, body = post(app, "/gradio_api/upload", *[b"x" * 60] * 3)
    assert status == 429 and json.loads(body)["detail"] == server_texts.DISK_BUSY


def test_files_cost_the_room_that_they_take_on_a_disk_however_small_they_are(monkeypatch):
    monkeypatch.setattr(limits, "FILE_BYTES", 10 * limits.PART_BYTES)

    async def answering(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(["/files/a.png"] * 5).encode()})

    app = RateLimiter(answering, clock := Clock())
    assert [post(app, limits.UPLOAD, b"x" * 5)[0] for _ in range(4)] == [200, 200, 429, 429]
    clock.now = 60.0
    assert post(app, limits.UPLOAD, b"x" * 5)[0] == 200


def test_what_is_left_of_broken_uploads_is_swept_away_and_nothing_else(tmp_path):
    old = time.time() - limits.BROKEN_OFF_S - 60
    (tmp_path / "tmp-folder").mkdir()
    (tmp_path / "emptied").mkdir()
    os.utime(tmp_path / "emptied", (old, old))
    for name in ("tmpabc", "agent.zip", "tmp-folder/tmpabc"):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (old, old))
    (tmp_path / "tmpnew").write_text("x")
    limits.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["agent.zip", "tmp-folder", "tmpnew"]
    assert (tmp_path / "tmp-folder" / "tmpabc").exists()


@pytest.mark.parametrize(("path", "name"), [(JOIN, "session_hash"), ("/gradio_api/mcp/", "agent")])
def test_names_of_sessions_have_a_length_and_keys_are_counted_as_sessions_are(path, name):
    app = RateLimiter(inner, Clock())
    body = json.dumps({name: "k" * 22}).encode()
    assert [post(app, path, body)[0] for _ in range(limits.EVENTS + 1)] == [200] * limits.EVENTS + [429]
    assert post(app, path, json.dumps({name: "s" * 65}).encode())[0] == (429 if path == JOIN else 200)


def test_what_is_only_read_is_never_counted():
    app = RateLimiter(inner, Clock())
    assert {post(app, "/gradio_api/heartbeat/x", b"")[0] for _ in range(400)} == {200}


# ---------------------------------------------------------------- the outermost door


@pytest.fixture
def door(monkeypatch):
    """A server of a small app on loopback, with the connections of the app: its port."""
    monkeypatch.setattr(connections, "HEADERS_S", 0.5)
    monkeypatch.setattr(connections, "BODY_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        options = {"http": connections.Connection, "log_level": "critical", "lifespan": "off"}
        server = uvicorn.Server(uvicorn.Config(inner, **options))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


def sent(port, *pieces, wait_s=5.0):
    """What the server answers to pieces of a request until it closes the connection, and after how long."""
    with socket.create_connection(("127.0.0.1", port), wait_s) as line:
        got, start = b"", time.monotonic()
        try:
            for piece in pieces:
                line.sendall(piece)
            while piece := line.recv(65_536):
                got += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        return got, time.monotonic() - start


POST = b"POST / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.slow
def test_headers_without_end_are_refused(door):
    for begin in (b"GET / HTTP/1.1\r\nX: ", b"GET /", POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: "):
        got, took = sent(door, begin, *[b"a" * 65_536] * 40)
        assert took < 0.45 and got[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 200", b""), begin


@pytest.mark.slow
def test_requests_that_do_not_come_in_are_not_waited_for(door):
    for begin in (b"", b"GET / HT", POST + b"Content-Length: 100\r\n\r\nabc"):
        assert 0.3 < sent(door, begin)[1] < 4


@pytest.mark.slow
def test_a_request_that_comes_in_slowly_and_the_next_on_the_same_line_are_answered(door):
    with socket.create_connection(("127.0.0.1", door), 5) as line:
        for _ in range(2):
            line.sendall(POST + b"Content-Length: 8\r\n\r\n")
            for _ in range(8):
                time.sleep(0.1)
                line.sendall(b"x")
            got = b""
            while b"xxxxxxxx" not in got:
                got += line.recv(1000)
            assert got.startswith(b"HTTP/1.1 200")


# ---------------------------------------------------------------- what is written to the disk


def test_folders_of_servers_that_ended_are_swept_and_those_of_others_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(limits.tempfile, "tempdir", str(tmp_path))
    mine = limits.temporary_folder("runs")
    ended = tmp_path / "pupil-999999999-runs-abc"
    other = tmp_path / f"pupil-{os.getppid()}-download-abc"
    foreign = tmp_path / "pupil-x"
    for folder in (ended, other, foreign):
        folder.mkdir()
        (folder / "agent.zip").write_text("x")
    limits.sweep_ended(tmp_path)
    assert other.exists() and foreign.exists() and not ended.exists() and not mine.exists()


def test_saves_have_a_budget_and_none_is_left_where_it_is_spent(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    session = Session(new("nearest"))
    session.counters["megabyte"] = limits.TokenBucket(0.01, 1e-6, time.monotonic())
    written, refused = [], 0
    for _ in range(20):
        session.pupil.name = f"Mia {len(written)}"
        try:
            written.append(components.write_agent(session.pupil, session))
        except AgentError as error:
            refused += 1
            assert "MB within an hour" in str(error)
    assert 1 <= len(written) < 10 and refused == 20 - len(written)
    assert len(list(tmp_path.rglob("*.zip"))) == len(written)
