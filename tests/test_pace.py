"""How much may come in: bodies, events of a session, files of everybody."""

import asyncio
import json
import os
import time

import pytest

from agent.ui import pace
from agent.ui import words_browser as said
from agent.ui.guard import BodyCap
from agent.ui.pace import Pace


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


def post(app, path, *parts, length=None):
    """Post a body in parts: the status, and what came back."""
    parts, sent = list(parts or (b"",)), []

    async def receive():
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    headers = [(b"content-length", str(length).encode())] if length is not None else []
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


JOIN = "/gradio_api/queue/join"


def event(session):
    return json.dumps({"data": [], "fn_index": 3, "session_hash": session}).encode()


def test_a_body_in_parts_is_handed_on_whole_through_both():
    body = event("one")
    app = BodyCap(Pace(inner, Clock()))
    assert post(app, JOIN, body[:7], body[7:30], body[30:]) == (200, body)
    assert post(app, JOIN, body, length=len(body)) == (200, body)


def test_one_session_that_asks_too_often_is_told_so_and_the_others_are_not():
    clock = Clock()
    app = Pace(inner, clock)
    got = [post(app, JOIN, event("fast"))[0] for _ in range(pace.EVENTS + 5)]
    assert got == [200] * pace.EVENTS + [429] * 5
    assert post(app, JOIN, event("slow"))[0] == 200
    assert json.loads(post(app, JOIN, event("fast"))[1]) == {"detail": said.TOO_FAST}
    clock.now = 1.0
    got = [post(app, JOIN, event("fast"))[0] for _ in range(20)]
    assert got.count(200) == pace.EVENTS_PER_S


def test_a_stroke_a_lesson_and_a_page_never_are_too_often():
    clock = Clock()
    app = Pace(inner, clock)
    for second in range(100):
        clock.now = float(second)
        assert [post(app, JOIN, event("me"))[0] for _ in range(10)] == [200] * 10


def test_a_stroke_in_a_form_is_counted_for_its_session_and_one_without_for_nobody():
    app = Pace(inner, Clock())
    form = b'--x\r\nContent-Disposition: form-data; name="session_hash"\r\n\r\n%s\r\n--x--\r\n'
    path = "/gradio_api/component_server"
    got = [post(app, path, form % b"one")[0] for _ in range(pace.EVENTS + 1)]
    assert got == [200] * pace.EVENTS + [429]
    assert post(app, path, form % b"two")[0] == 200
    assert {post(app, path, b"--x--")[0] for _ in range(2 * pace.EVENTS)} == {200}


def test_sessions_that_are_made_up_cost_a_bounded_memory():
    app = Pace(inner, Clock())
    for number in range(pace.MAX_SESSIONS + 50):
        post(app, JOIN, event(f"s{number}"))
    assert len(app.sessions) == pace.MAX_SESSIONS


def test_files_of_everybody_together_have_a_limit():
    clock = Clock()
    app = Pace(inner, clock)
    got = [post(app, "/gradio_api/upload", b"x", length=60_000_000)[0] for _ in range(30)]
    n_taken = int(pace.FILE_BYTES / 60_000_000)
    assert got == [200] * n_taken + [429] * (30 - n_taken)
    clock.now = 3600.0
    assert post(app, "/gradio_api/upload", b"x", length=60_000_000)[0] == 200


def test_files_of_unknown_length_are_counted_as_they_come_and_cut_off(monkeypatch):
    monkeypatch.setattr(pace, "FILE_BYTES", 1000)
    app = Pace(inner, Clock())
    assert post(app, "/gradio_api/upload", *[b"x" * 300] * 3) == (200, b"x" * 900)
    status, body = post(app, "/gradio_api/upload", *[b"x" * 60] * 3)
    assert status == 429 and json.loads(body) == {"detail": said.DISK_BUSY}


def test_what_is_left_of_broken_uploads_is_swept_away_and_nothing_else(tmp_path):
    old = time.time() - pace.BROKEN_OFF_S - 60
    (tmp_path / "tmp-folder").mkdir()
    for name in ("tmpabc", "agent.zip", "tmp-folder/tmpabc"):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (old, old))
    (tmp_path / "tmpnew").write_text("x")
    pace.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["agent.zip", "tmp-folder", "tmpnew"]
    assert (tmp_path / "tmp-folder" / "tmpabc").exists()


@pytest.mark.parametrize(("path", "name"), [(JOIN, "session_hash"), ("/gradio_api/mcp/", "agent")])
def test_names_of_sessions_have_a_length_and_keys_are_counted_as_sessions_are(path, name):
    app = Pace(inner, Clock())
    body = json.dumps({name: "k" * 22}).encode()
    assert [post(app, path, body)[0] for _ in range(pace.EVENTS + 1)] == [200] * pace.EVENTS + [429]
    assert post(app, path, json.dumps({name: "s" * 65}).encode())[0] == (429 if path == JOIN else 200)


def test_what_is_only_read_is_never_counted():
    app = Pace(inner, Clock())
    assert {post(app, "/gradio_api/heartbeat/x", b"")[0] for _ in range(400)} == {200}
