"""What is closed to strangers, request by request, without a server."""

import asyncio
import contextlib
import io
import json
import re
import subprocess
import sys
import zlib

import gradio as gr
import pytest
from PIL import Image, PngImagePlugin

from agent.agents import new
from agent.errors import AgentError
from agent.ui import events
from agent.ui.pad import sketchpad
from agent.ui.server import request_filter
from agent.ui.session import LIMITS, Session
from agent.ui.tabs import share


async def seen(scope, headers=(), **more):
    """What the app behind the closed door gets to see of a request."""
    got = {}

    async def app(scope, receive, send):
        got.update(scope)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})

    async def receive():
        return {"type": "http.request", "body": b"{}"}

    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/gradio_api/queue/join", "headers": [*headers]} | scope
    await request_filter.RequestFilter(app)(scope, receive, send)
    return got, sent


OWN = [(b"host", b"mia-pupil.hf.space"), (b"cookie", b"session=mia")]


@pytest.mark.parametrize("origin", [b"https://evil.example", b"null", b"https://mia-pupil.hf.space.evil.example", b""])
def test_a_page_of_another_site_is_nobody_here(origin):
    scope = {"session": {"oauth_info": "mia"}}
    got, _ = asyncio.run(seen(scope, [*OWN, (b"origin", origin)]))
    assert got["session"] == {} and b"cookie" not in dict(got["headers"])
    assert scope["session"] == {"oauth_info": "mia"}  # she stays signed in


def test_a_space_knows_its_own_addresses(monkeypatch):
    monkeypatch.setenv("SPACE_HOST", "mia-pupil.hf.space, pupil.example")
    got, _ = asyncio.run(
        seen({"session": {"a": 1}}, [(b"host", b"inside:7860"), (b"origin", b"https://pupil.example")])
    )
    assert got["session"] == {"a": 1}


@pytest.mark.parametrize(
    "more",
    [
        [],
        [(b"origin", b"https://mia-pupil.hf.space")],
        [(b"origin", b"https://pupil.example"), (b"x-forwarded-host", b"pupil.example, x")],
    ],
)
def test_the_apps_own_page_keeps_its_cookie(more):
    got, sent = asyncio.run(seen({"session": {"oauth_info": "mia"}}, [*OWN, *more]))
    assert got["session"] == {"oauth_info": "mia"} and dict(got["headers"])[b"cookie"] == b"session=mia"
    assert (b"x-content-type-options", b"nosniff") in sent[0]["headers"]


OTHERS = ("http://a/b", "HTTPS://a", " http://a", "/etc/passwd", "app.py", "../x", "", "\x00", "file:///etc/passwd")


@pytest.mark.parametrize("place", ["top", "data", "deep"])
@pytest.mark.parametrize("path", OTHERS)
def test_what_nobody_uploaded_is_found_wherever_a_file_may_be_named(place, path):
    file = {"path": path}
    body = {"top": file, "data": {"data": [None, file]}, "deep": {"data": [{"layers": [[file]], "path": 3}]}}[place]
    for encoding in ("utf-8", "utf-16", "utf-32", "utf-8-sig"):
        assert request_filter.names_no_upload(json.dumps(body).encode(encoding))
    assert request_filter.names_no_upload(json.dumps(body).replace("path", "p\\u0061th", 1).encode())
    assert not request_filter.names_no_upload(json.dumps({"data": [path, {"url": path}]}).encode())


def test_an_upload_may_be_named_but_no_folder_and_no_way_out_of_it(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    (tmp_path / "gradio" / "abc").mkdir(parents=True)
    for name in ("gradio/abc/four.png", "secret"):
        (tmp_path / name).write_text("x")
    named = {"abc/four.png": False, "abc": True, "../secret": True, "abc/../../secret": True, "abc/none": True}
    for name, refused in named.items():
        assert request_filter.names_no_upload(json.dumps({"path": f"{tmp_path}/gradio/{name}"}).encode()) is refused, (
            name
        )


def png(*chunks, **more):
    """A small PNG with something more in it."""
    file, info = io.BytesIO(), PngImagePlugin.PngInfo()
    for name, content in chunks:
        info.add(name, content)
    Image.new("L", (20, 20), 255).save(file, "PNG", pnginfo=info, **more)
    return file.getvalue()


BOMBS = {
    "text": png((b"zTXt", b"a\0\0" + zlib.compress(b"x" * 90_000_000, 9))),
    "program": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n(x) print\n",
    "nothing": b"",
    "cut": png()[:20],
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_picture_that_is_a_program_or_unpacks_to_much_is_refused(name):
    with pytest.raises(AgentError, match="expected a picture that can be read"):
        sketchpad.open_picture(BOMBS[name])


def test_the_pad_reads_no_layers_and_no_picture_that_is_too_large(tmp_path):
    pad = sketchpad.sketchpad()
    (tmp_path / "drawn.png").write_bytes(png())
    Image.new("1", (5000, 5000)).save(tmp_path / "large.png")
    drawn, large = ({"path": str(tmp_path / name)} for name in ("drawn.png", "large.png"))
    value = pad.preprocess(pad.data_model(composite=drawn, layers=[large] * 1000, id="another's"))
    assert value["composite"].shape == (20, 20) and value["layers"] == [] and value["background"] is None
    for picture in ("composite", "background"):
        with pytest.raises(gr.Error, match="Expected a picture of at most"):
            pad.preprocess(pad.data_model(**{picture: large}))


NEEDED = {
    "GET": "/ /de /config /config/ /assets/index.js /static/img/logo.svg /svelte/svelte.js /theme.css /favicon.ico /robots.txt /manifest.json "
    "/login/huggingface /login/callback /logout /gradio_api/info /gradio_api/openapi.json /gradio_api/startup-events "
    "/gradio_api/app_id /gradio_api/theme.css /gradio_api/heartbeat/abc /gradio_api/upload_progress "
    "/gradio_api/file=/uploads/a.png /gradio_api/queue/data /gradio_api/call/guess/abc /gradio_api/call/v2/guess/abc",
    "POST": "/gradio_api/upload /gradio_api/queue/join /gradio_api/call/guess /gradio_api/call/v2/guess "
    "/gradio_api/cancel /gradio_api/reset /gradio_api/mcp /gradio_api/mcp/",
}
UNUSED = {
    "GET": "/openapi.json /docs /pwa_icon /pwa_icon/512 /monitoring /monitoring/ /monitoring/summary /monitoring/key "
    "/gradio_api/deep_link /gradio_api/user /gradio_api/token /gradio_api/login_check /gradio_api/dev/reload "
    "/gradio_api/runs /gradio_api/run-history/buckets /gradio_api/run-history/records "
    "/gradio_api/run-history/records/a/b/assets/c /gradio_api/custom_component/a/client/b/c /gradio_api/proxy=https://a "
    "/gradio_api/file=http://a/b /gradio_api/file=https://a/b /gradio_api/file//etc/passwd /file=/etc/passwd "
    "/gradio_api/stream/a/1/2/playlist.m3u8 /gradio_api/stream/a/1/2/3.ts /gradio_api/stream/a/1/2/playlist-file "
    "/gradio_api/queue/status /gradio_api/vibe-code /gradio_api/profiling/traces /gradio_api/profiling/summary "
    "/de/x /fr /assets/ /gradio_api/ /gradio_api/call/guess /gradio_api/upload",
    "POST": "/ /config /login /login/ /gradio_api/run-history/connect /gradio_api/stream/a /gradio_api/stream/a/close "
    "/gradio_api/api/guess /gradio_api/run/guess /gradio_api/component_server /gradio_api/component_server/ "
    "/gradio_api/process_recording /gradio_api/vibe-edit /gradio_api/undo-vibe-edit /gradio_api/vibe-code "
    "/gradio_api/vibe-starter-queries /gradio_api/profiling/clear /gradio_api/call/ /gradio_api/mcp/sse "
    "/gradio_api/queue/data /gradio_api/upload/x",
}


def test_the_routes_in_use_are_there_and_no_others():
    for method, paths in NEEDED.items():
        assert [path for path in paths.split() if not request_filter.is_allowed(method, path)] == []
    for method, paths in UNUSED.items():
        assert [path for path in paths.split() if request_filter.is_allowed(method, path)] == []
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"):
        assert not request_filter.is_allowed(method, "/config")
    assert request_filter.is_allowed("HEAD", "/") and not request_filter.is_allowed("HEAD", "/monitoring")


PRINT_ROUTES = """
import gradio
routes = [getattr(route, "original_router", route) for route in gradio.routes.App.create_app(gradio.Blocks()).router.routes]
print(*(each.path_regex.pattern for route in routes for each in getattr(route, "routes", [route])), sep="\\n")
"""  # in a process of its own: gradio leaves event loops behind


@pytest.mark.slow
def test_every_route_of_gradio_is_named_here():
    """Whoever raises gradio's version decides whether its new routes are needed."""
    done = subprocess.run([sys.executable, "-c", PRINT_ROUTES], capture_output=True, text=True, check=True)
    named = [path for paths in (*NEEDED.values(), *UNUSED.values()) for path in paths.split()]
    named += [f"{path}/" for path in named]
    patterns = done.stdout.split("\n")[:-1]
    assert len(patterns) > 60
    assert [pattern for pattern in patterns if not any(map(re.compile(pattern).match, named))] == []


@pytest.mark.parametrize("what", LIMITS)
def test_one_desk_has_so_many_lessons_and_shares_an_hour(what, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("agent.ui.session.time.monotonic", lambda: clock[0])
    session, other = Session(new("nearest")), Session(new("nearest"))
    most = LIMITS[what]
    for _ in range(most):
        session.count(what)
    with pytest.raises(
        AgentError, match=rf"expected .*at most {most:,} .* within an hour, got .*more. Wait \d+ minute"
    ):
        session.count(what)
    other.count(what)
    clock[0] = 3600.0 / most + 0.01
    session.count(what)
    with pytest.raises(AgentError, match="within an hour"):
        session.count(what)


def finish(steps):
    """Run a streaming handler to its end, with what it asks for done in between."""
    output = next(steps)
    with contextlib.suppress(StopIteration):
        while True:
            reply = output.reply() if isinstance(output, events.Unlocked) else None
            output = steps.throw(reply) if isinstance(reply, Exception) else steps.send(reply)


def test_a_push_counts_as_one_whatever_comes_of_it():
    session, said = Session(new("nearest")), []
    for _ in range(LIMITS["share"] + 1):
        with pytest.raises(AgentError) as refused:
            finish(share.push.__wrapped__(session, "mine", "", "public", "", False, None, None))
        said.append(str(refused.value))
    assert ["within an hour" in each for each in said] == [False] * LIMITS["share"] + [True]
    with pytest.raises(AgentError, match="within an hour"):
        finish(share.contribute.__wrapped__(session, "mia/zoe", "", "public", "", False, None))
