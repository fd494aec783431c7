"""What is closed to strangers, request by request, without a server."""

import asyncio
import io
import json
import zlib

import pytest
from PIL import Image, PngImagePlugin

from agent.errors import AgentError
from agent.families import new
from agent.ui import closed, draw, pictures, publish
from agent.ui.desk import LIMITS, Desk


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
    await closed.Closed(app)(scope, receive, send)
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
    got, _ = asyncio.run(seen({"session": {"a": 1}}, [(b"host", b"inside:7860"), (b"origin", b"https://pupil.example")]))
    assert got["session"] == {"a": 1}


@pytest.mark.parametrize("more", [[], [(b"origin", b"https://mia-pupil.hf.space")],
                                  [(b"origin", b"https://pupil.example"), (b"x-forwarded-host", b"pupil.example, x")]])  # fmt: skip
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
        assert closed.names_no_upload(json.dumps(body).encode(encoding))
    assert closed.names_no_upload(json.dumps(body).replace("path", "p\\u0061th", 1).encode())
    assert not closed.names_no_upload(json.dumps({"data": [path, {"url": path}]}).encode())


def test_an_upload_may_be_named_but_no_folder_and_no_way_out_of_it(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    (tmp_path / "gradio" / "abc").mkdir(parents=True)
    for name in ("gradio/abc/four.png", "secret"):
        (tmp_path / name).write_text("x")
    named = {"abc/four.png": False, "abc": True, "../secret": True, "abc/../../secret": True, "abc/none": True}
    for name, refused in named.items():
        assert closed.names_no_upload(json.dumps({"path": f"{tmp_path}/gradio/{name}"}).encode()) is refused, name


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
        pictures.opened(BOMBS[name])


def test_the_pad_takes_no_layer_that_it_cannot_have():
    pad = draw._pad()
    data = type("Told", (), {"data": {"type": "layer", "index": str(10**9), "id": "a"}, "files": [("a", b"x")]})
    with pytest.raises(ValueError, match="expected a layer from 0 to 1"):
        pad.accept_blobs(data)
    data.data = data.data | {"index": "0"}
    pad.accept_blobs(data)
    assert pad.blob_storage["a"].layers == [b"x"] and pad.accept_blobs._is_server_fn


@pytest.mark.parametrize("what", LIMITS)
def test_one_desk_has_so_many_lessons_and_shares_an_hour(what, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("agent.ui.desk.time.monotonic", lambda: clock[0])
    desk, other = Desk(new("nearest")), Desk(new("nearest"))
    most = LIMITS[what]
    for _ in range(most):
        desk.count(what)
    with pytest.raises(AgentError, match=rf"expected at most {most:,} .* within an hour, got one more. Wait \d+ minute"):
        desk.count(what)
    other.count(what)
    clock[0] = 3600.0 / most + 0.01
    desk.count(what)
    with pytest.raises(AgentError, match="within an hour"):
        desk.count(what)


def test_a_push_counts_as_one_whatever_comes_of_it():
    desk, said = Desk(new("nearest")), []
    for _ in range(LIMITS["share"] + 1):
        with pytest.raises(AgentError) as refused:
            list(publish.push.__wrapped__(desk, "mine", "", "public", False, "", None))
        said.append(str(refused.value))
    assert ["within an hour" in each for each in said] == [False] * LIMITS["share"] + [True]
    with pytest.raises(AgentError, match="within an hour"):
        list(publish.contribute.__wrapped__(desk, "mia/zoe", "", "public", False, "", None))
