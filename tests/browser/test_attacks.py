"""Attacks on the running app. What each would do, and what bounds it, stands in agent/ui/README.md."""

import ast
import io
import json
import os
import re
import secrets
import socket
import tempfile
import threading
import time
from pathlib import Path

import pytest
from PIL import Image
from raw import Stranger, file_at
from served import ROOT, Server

from agent.ui.server import gradio_patches, limits
from agent.ui.texts import server_texts
from tests.bench.fuzz import own_tracebacks
from tests.bench.load import resident_mb

FILE_KINDS = {"file", "uploadbutton", "sketchpad", "imageeditor", "downloadbutton"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server to attack: gradio may write into its log where it gave up, but nothing of the app's own may break."""
    server = Server(tmp_path_factory.mktemp("attacked"))
    yield server
    server.stop()
    assert not own_tracebacks(server.log.read_text())


@pytest.fixture
def stranger(server):
    """Somebody who writes requests by hand."""
    return Stranger(server.url)


@pytest.fixture(scope="module")
def listener():
    """A service on the server's own machine that nobody else may reach: its address, and how many have."""
    came = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.2)
        open_ = threading.Event()

        def wait():
            while not open_.is_set():
                try:
                    door.accept()[0].close()
                    came.append(1)
                except OSError:
                    continue

        thread = threading.Thread(target=wait)
        thread.start()
        yield f"127.0.0.1:{door.getsockname()[1]}", came
        open_.set()
        thread.join()


@pytest.fixture(scope="module")
def picture(written):
    """A drawn four, as a PNG."""
    file = io.BytesIO()
    Image.fromarray(written["4"][0]).save(file, "PNG")
    return file.getvalue()


def functions(stranger, kinds=FILE_KINDS):
    """Every function of the page that takes one of these kinds: its number, and the kinds of its inputs."""
    config = stranger.ask("GET", "config").told
    kind_of = {each["id"]: each["type"] for each in config["components"]}
    found = {each["id"]: [kind_of[number] for number in each["inputs"]] for each in config["dependencies"]}
    return {number: inputs for number, inputs in found.items() if kinds & {*inputs}}


def as_input(kind, path):
    """A path as the value of an input of this kind."""
    if kind in ("sketchpad", "imageeditor"):
        return {"background": None, "layers": [], "composite": file_at(path), "id": None}
    return file_at(path) if kind in FILE_KINDS else None


# ---------------------------------------------------------------- files and addresses


def test_no_function_takes_a_path_of_the_server(stranger, picture, tmp_path):
    session = secrets.token_hex(8)
    mine = file_at(stranger.upload("four.png", picture))
    assert stranger.call("teach", [mine, "4"], session)[0] == "complete"
    handed_out = Path(
        stranger.call("save", [], session)[1][0]["path"]
    )  # whoever knows that has it, so nobody may guess it
    assert re.fullmatch("[0-9a-f]{64}", handed_out.parent.name)
    theirs = tmp_path / "mia.zip"
    theirs.write_bytes(handed_out.read_bytes())
    paths = [
        "/etc/passwd",
        f"{ROOT}/app.py",
        "app.py",
        "../../../../etc/passwd",
        str(theirs),
        "file:///etc/passwd",
        os.path.dirname(mine["path"]) + "/../../passwd",
        os.path.dirname(mine["path"]),
        "/proc/self/environ",
    ]
    for name in ("guess", "teach", "forget", "load", "restore"):
        for path in paths:
            more = ["4"] if name in ("teach", "forget") else []
            told = stranger.call(name, [file_at(path), *more], secrets.token_hex(8))
            assert told == ("400", {"error": server_texts.NO_UPLOAD, "detail": server_texts.NO_UPLOAD}), (
                name,
                path,
                told,
            )
    found = functions(stranger)
    assert len(found) > 15
    for number, inputs in found.items():
        told = stranger.outcome(number, [as_input(kind, "/etc/passwd") for kind in inputs])
        assert told["detail"] == server_texts.NO_UPLOAD, (inputs, told)
    assert stranger.ask("POST", "gradio_api/run/guess", {"data": [mine]}).status == 404
    assert stranger.call("guess", [mine], session)[1][0]["label"] == "4"


def test_no_function_fetches_an_address(stranger, listener):
    where, came = listener
    port = where.split(":")[1]
    addresses = [
        f"http://{where}/x.png",
        f"https://{where}/x.png",
        f"http://localhost:{port}/",
        f"http://[::1]:{port}/",
        f"http://2130706433:{port}/x.png",
        "https://example.com/x.png",
    ]
    for address in addresses:
        assert stranger.call("guess", [file_at(address)]) == (
            "400",
            {"error": server_texts.NO_UPLOAD, "detail": server_texts.NO_UPLOAD},
        )
    for number, inputs in functions(stranger).items():
        told = stranger.outcome(number, [as_input(kind, addresses[0]) for kind in inputs])
        assert told["detail"] == server_texts.NO_UPLOAD
    body = json.dumps({"data": [file_at(f"http://{where}/x.png")]})
    hidden = [
        body.encode("utf-16"),
        body.replace("://", ":\\/\\/").encode(),
        body.replace("http", "\\u0068ttp").encode(),
    ]
    for each in hidden:
        told = stranger.ask("POST", "gradio_api/call/guess", each, {"Content-Type": "application/json"})
        assert (told.status, told.told["error"]) == (400, server_texts.NO_UPLOAD), each
    for path in (
        f"gradio_api/file=http://{where}/x",
        f"gradio_api/file/http://{where}/x",
        "gradio_api/file=https://example.com/",
    ):
        assert stranger.ask("GET", path).status == 404
    assert stranger.ask("GET", f"gradio_api/file=HTTP://{where}/x").status == 403
    assert not came


def test_routes_that_no_page_asks_for_are_closed(stranger):
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    film = b'--x\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n#EXTM3U\r\n--x--\r\n'
    asked = [
        ("POST", "process_recording", film, form),
        ("GET", "deep_link?session_hash=x", None, ()),
        ("POST", "vibe-edit", {"prompt": "x"}, ()),
        ("GET", "vibe-code", None, ()),
        ("GET", "runs", None, ()),
        ("GET", "custom_component/x/client/y/z%0Aforged line of the log", None, ()),
        ("POST", "stream/x", {}, ()),
        ("POST", "component_server", {"component_id": 1, "fn_name": "accept_blobs", "session_hash": "x"}, ()),
        ("POST", "run/guess", {"data": [None]}, ()),
        ("GET", "queue/status", None, ()),
        ("GET", "file=https://example.com/", None, ()),
    ]
    for method, route, body, headers in asked:
        told = stranger.ask(method, f"gradio_api/{route.replace(' ', '%20')}", body, headers)
        assert (told.status, told.told["error"]) == (404, server_texts.CLOSED), route
    for method, path in (("GET", "monitoring"), ("GET", "monitoring/summary"), ("GET", "docs"), ("POST", "login")):
        assert stranger.ask(method, path).told["error"] == server_texts.CLOSED, path


# ---------------------------------------------------------------- other sites, other kinds of files


def test_the_switches_of_the_server_are_as_they_were_set(stranger, server):
    config = stranger.ask("GET", "config").told
    assert config["show_error"] is False and config["mcp_server"] is False
    source = (ROOT / "agent/ui/server/serving.py").read_text()
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    launch = next(call for call in calls if getattr(call.func, "attr", "") == "launch")
    assert not {each.arg for each in launch.keywords} & {
        "share",
        "allowed_paths",
        "strict_cors",
        "root_path",
        "auth",
        None,
    }
    for origin in ("http://evil.example", "null", "http://localhost.evil.example"):
        for method, more in (("GET", {}), ("OPTIONS", {"Access-Control-Request-Method": "POST"})):
            told = stranger.ask(method, "config", None, {"Origin": origin, **more})
            assert "access-control-allow-origin" not in told.headers, (origin, method)
    own = stranger.ask("GET", "config", None, {"Origin": server.url.rstrip("/")})
    assert own.headers["access-control-allow-origin"] == server.url.rstrip("/")
    for path in (f"{ROOT}/data", f"{ROOT}/README.md", f"{ROOT}/assets/fonts", tempfile.gettempdir()):
        assert stranger.ask("GET", f"gradio_api/file={path}").status == 403


@pytest.mark.parametrize("name", ["x.svg", "x.html", "x.js", "x.xhtml", "x.png.html", "x"])
def test_an_uploaded_file_never_runs_where_the_page_does(stranger, name):
    path = stranger.upload(name, b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    for more in ({}, {"Range": "bytes=0-40"}):
        got = stranger.ask("GET", f"gradio_api/file={path}", None, more)
        assert got.status in (200, 206)
        assert got.headers["content-type"].split(";")[0] == "application/octet-stream"
        assert got.headers["content-disposition"].startswith("attachment")
        assert got.headers["x-content-type-options"] == "nosniff"
    picture = stranger.upload("x.png", b"<html><script>alert(1)</script>")
    got = stranger.ask("GET", f"gradio_api/file={picture}")
    assert (got.headers["content-type"], got.headers["x-content-type-options"]) == ("image/png", "nosniff")


def test_a_label_of_markup_is_shown_as_text(stranger, picture):
    session, mine = secrets.token_hex(8), file_at(stranger.upload("four.png", picture))
    labels = ["<b>x</b>", "${1/0}", "{{a}}", "`'\"&<"]
    for label in labels:
        assert stranger.call("teach", [mine, label], session)[0] == "complete"
    assert stranger.call("guess", [mine], session)[1][0]["label"] in labels
    config = stranger.ask("GET", "config").told
    state = next(each["id"] for each in config["components"] if each["type"] == "state")
    fills = [each for each in config["dependencies"] if each["inputs"] == [state] and each["targets"][0][1] == "select"]
    for fill in fills[:3]:  # of Draw, Teach and Inside
        told = str(stranger.outcome(fill["id"], [None], session)["output"]["data"])
        assert not any(label in told for label in ("<b>x</b>", "${1/0}", "{{a}}")), told[:2000]
        assert "&lt;b&gt;x&lt;/b&gt;" in told or fill is not fills[0]


# ---------------------------------------------------------------- pictures


def bomb(side, mode="1"):
    """A small file of a large picture."""
    file = io.BytesIO()
    Image.new(mode, (side, side)).save(file, "PNG", compress_level=9)
    return file.getvalue()


def test_small_files_of_large_pictures_take_no_memory_and_get_a_sentence(stranger, server):
    small, large = bomb(4900), bomb(20_000)
    before = resident_mb(server.process.pid)
    photo = next(number for number, inputs in functions(stranger).items() if "uploadbutton" in inputs)
    for content in (small, large):
        path = stranger.upload("bomb.png", content)
        ended, told = stranger.call("guess", [file_at(path)])
        assert ended == "error" and "xpected a" in str(told), told
        told = stranger.outcome(photo, [None, file_at(path)])
        assert told["success"] is False and "xpected a picture of at most" in str(told), told
        for number, inputs in functions(stranger, {"sketchpad", "imageeditor"}).items():
            told = stranger.outcome(number, [as_input(kind, path) for kind in inputs])
            assert told["success"] is False and "xpected a picture of at most" in str(told), told
    assert resident_mb(server.process.pid) - before < 60


# ---------------------------------------------------------------- sessions, courses, the queue


@pytest.mark.parametrize("session", ["", "s" * 300, "💥" * 20, "../../x", "\x00", "a b"])
def test_absurd_names_of_sessions_break_nothing(stranger, picture, session):
    mine = file_at(stranger.upload("four.png", picture))
    joined = stranger.ask("POST", "gradio_api/call/guess", {"data": [mine], "session_hash": session})
    assert joined.status in (200, 400, 422, 429) and {"detail", "event_id"} & joined.told.keys(), joined.text


@pytest.mark.parametrize("session", [{"a": 1}, ["x"], 3, True])
def test_names_of_sessions_that_are_no_text_are_refused(stranger, session):
    assert stranger.ask("POST", "gradio_api/call/undo", {"data": [], "session_hash": session}).status == 422


def test_only_the_very_name_of_a_session_leads_to_its_agent(stranger, picture):
    session, mine = secrets.token_hex(8) + "aB", file_at(stranger.upload("four.png", picture))
    assert stranger.call("teach", [mine, "4"], session)[0] == "complete"
    near = (session.upper(), session + " ", session[:-1], "x" + session, session + "\x00", None)
    for other in near:
        assert stranger.call("guess", [mine], other)[1][0]["unsure"], other
    save = next(number for number, inputs in functions(stranger, {"state"}).items() if inputs == ["state"])
    for claimed in (session, {"session_hash": session}, file_at("/etc/passwd")):
        assert stranger.call("guess", [mine], None)[1][0]["unsure"]
        stranger.outcome(save, [claimed])
    told = stranger.ask("GET", f"gradio_api/queue/data?session_hash={session}y").text
    assert "process_" not in told and "session_not_found" in told
    assert stranger.call("guess", [mine], session)[1][0]["label"] == "4"


def test_many_courses_of_one_desk_end_one_another_and_others_are_served(stranger, picture):
    mine, session = file_at(stranger.upload("four.png", picture)), secrets.token_hex(8)
    for n_lessons in (*[6_000] * 6, 1):
        joined = stranger.ask("POST", "gradio_api/call/train", {"data": [n_lessons], "session_hash": session})
        assert joined.status == 200
    assert stranger.call("guess", [mine])[0] == "complete"
    stream = stranger.ask("GET", f"gradio_api/queue/data?session_hash={session}").text
    messages = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: ")]
    ended = [each for each in messages if each["msg"] == "process_completed"]
    assert [each["success"] for each in ended] == [True] * 7
    assert stranger.call("teach", [mine, "4"], session)[1][0]["n_lessons"] < 4 * 6_000


def test_many_courses_of_many_desks_leave_room_for_strokes(stranger, picture):
    mine = file_at(stranger.upload("four.png", picture))
    sessions = [secrets.token_hex(8) for _ in range(6)]
    waiting, told = [], None
    for number in range(420):
        joined = stranger.ask(
            "POST",
            "gradio_api/call/train",
            {"data": [3_000], "session_hash": sessions[number // (limits.EVENTS // 2)]},
        )
        if joined.status != 200:
            told = joined
            break
        waiting.append(joined.told["event_id"])
    assert told is not None and (told.status, told.told["detail"]) == (503, server_texts.MANY_JOBS), len(waiting)
    assert gradio_patches.JOBS_WAITING <= len(waiting) <= gradio_patches.JOBS_WAITING + gradio_patches.JOBS_AT_ONCE
    start = time.monotonic()
    assert stranger.call("guess", [mine])[0] == "complete"
    assert time.monotonic() - start < 10
    for number, event in enumerate(waiting):
        stranger.ask("POST", "gradio_api/cancel", {"session_hash": f"c{number}", "fn_index": 0, "event_id": event})
    for session in sessions:  # what runs already ends with the next
        stranger.ask("POST", "gradio_api/call/train", {"data": [1], "session_hash": session})
    start = time.monotonic()
    assert stranger.call("guess", [mine])[0] == "complete"
    assert time.monotonic() - start < 30


@pytest.mark.parametrize("route", ["cancel", "reset", "stream/x", "component_server", "call/v2/guess", "mcp"])
def test_no_route_takes_a_large_body(stranger, route):
    large = {"data": ["x" * 300_000], "session_hash": "x", "event_id": "x", "fn_index": 0}
    assert stranger.ask("POST", f"gradio_api/{route}", large).status == 413
    assert stranger.ask("PUT", f"gradio_api/{route}", large).status == 413
    assert stranger.ask("POST", "login", large).status == 413
