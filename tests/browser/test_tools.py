"""The tools, as a language model's client calls them: the mcp package's own, over HTTP."""

import asyncio
import base64
import io
import json

import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from PIL import Image
from raw import Stranger, file_at
from served import ROOT, aside, serving

from agent.ui.texts import server_texts

WRONG = ("", "x", "-" * 22, "../../etc/passwd", "a" * 5_000)


def rows_of(drawing):
    """A drawing in # and ."""
    return "\n".join("".join("#" if ink > 100 else "." for ink in row) for row in drawing)


def in_base64(drawing):
    """A drawing as a PNG in base64."""
    file = io.BytesIO()
    Image.fromarray(drawing).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def walk(server, steps):
    """Let a client do some steps."""

    async def done():
        async with (
            streamable_http_client(f"{server.url}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await steps(session)

    return aside(asyncio.run, done())


async def ask(session, name, **given):
    """Call a tool: what it told, or the sentence why not."""
    answer = await session.call_tool(name, given)
    if answer.isError:
        return answer.content[0].text
    return answer.structuredContent if answer.structuredContent is not None else answer.content


def test_only_the_tools_are_offered_and_all_say_what_they_do(server):
    async def steps(session):
        offered = (await session.list_tools()).tools
        assert [tool.name for tool in offered] == ["new_agent", "guess", "read", "teach", "forget", "imagine"]
        for tool in offered:
            assert tool.description and set(tool.inputSchema["required"]) == set(tool.inputSchema["properties"])
            assert all(
                each["type"] == "string" and each["description"] for each in tool.inputSchema["properties"].values()
            )
        for private in ("train", "push", "save", "see", "enter", "load"):
            assert "Expected a tool among new_agent, guess" in await ask(session, private)

    walk(server, steps)


def test_a_model_raises_an_agent_and_two_keys_never_mix(server, written):
    async def steps(session):
        mine, other = [(await ask(session, "new_agent"))["agent"] for _ in range(2)]
        four, seven = rows_of(written["4"][0]), in_base64(written["7"][0])
        assert (await ask(session, "guess", agent=mine, drawing=four))["unsure"]
        assert await ask(session, "teach", agent=mine, drawing=four, label="4") == {
            "label": "4",
            "guessed": None,
            "n_lessons": 1,
        }
        assert (await ask(session, "teach", agent=mine, drawing=seven, label="7"))["n_lessons"] == 2
        assert (await ask(session, "guess", agent=mine, drawing=in_base64(written["4"][1])))["label"] == "4"
        assert (await ask(session, "guess", agent=mine, drawing=f"data:image/png;base64,{seven}"))["label"] == "7"
        assert (await ask(session, "guess", agent=other, drawing=four))["responses"] == {}
        image, text = await ask(session, "imagine", agent=mine, label="7")
        with Image.open(io.BytesIO(base64.b64decode(image.data))) as picture:
            assert (image.mimeType, picture.size) == ("image/png", (28, 28))
        assert len(text.text.split("\n")) == 28 and 20 < text.text.count("#") < 300
        assert await ask(session, "forget", agent=mine, drawing=seven, label="7") == {"n_lessons": 1, "labels": ["4"]}
        assert (await ask(session, "guess", agent=mine, drawing=four))["responses"].keys() == {"4"}
        return mine

    key = walk(server, steps)

    async def later(session):  # another client, the same key
        assert (await ask(session, "guess", agent=key, drawing=rows_of(written["4"][0])))["label"] == "4"

    walk(server, later)


def test_what_cannot_be_done_is_said_in_a_sentence(server, written):
    four = rows_of(written["4"][0])

    async def steps(session):
        key = (await ask(session, "new_agent"))["agent"]
        for wrong in (*WRONG, key[:-1], key.swapcase()):
            assert "Expected the key of an agent" in await ask(session, "teach", agent=wrong, drawing=four, label="4")
        paths = (
            "/etc/passwd",
            f"{ROOT}/app.py",
            "../app.py",
            "file:///etc/passwd",
            f"{server.url}config",
            "https://example.com/a.png",
        )
        for path in paths:
            told = await ask(session, "guess", agent=key, drawing=path)
            assert told == "Expected rows of # and ., or a picture in base64, got neither.", told
        passwd = base64.b64encode(b"/etc/passwd").decode()
        assert "can be read" in await ask(session, "guess", agent=key, drawing=passwd)
        assert "8 to 64 rows" in await ask(session, "guess", agent=key, drawing="#.#")
        assert "at most 100,000 characters" in await ask(session, "guess", agent=key, drawing="#" * 100_001)
        assert "label of 1 to 8" in await ask(session, "teach", agent=key, drawing=four, label="far too long")
        assert "Expected" in await ask(session, "imagine", agent=key, label="9")
        assert "Expected texts for agent, drawing" in await ask(session, "guess", agent=key)
        assert "Expected texts" in await ask(session, "guess", agent=key, drawing=["/etc/passwd"])
        assert "Expected texts" in await ask(session, "guess", agent=key, drawing={"text": four})
        assert (await ask(session, "guess", agent=key, drawing=four))["unsure"]

    walk(server, steps)


def test_one_key_that_asks_too_often_is_told_so_and_nobody_uses_up_new_agents(server):
    stranger = Stranger(server.url)
    headers = {"Accept": "application/json, text/event-stream"}

    def call(name, **given):
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": given}}
        return stranger.ask("POST", "gradio_api/mcp", body, headers)

    key = json.loads(call("new_agent").told["result"]["content"][0]["text"])["agent"]
    statuses = {call("imagine", agent=key, label="1").status}
    while 429 not in statuses:
        last = call("imagine", agent=key, label="1")
        statuses.add(last.status)
    assert statuses == {200, 429} and last.told["detail"] == server_texts.TOO_FAST
    other = call("guess", agent=key[::-1], drawing=file_at("/etc/passwd"))
    assert (other.status, other.told["error"]) == (400, server_texts.NO_UPLOAD)
    assert not any(call("new_agent").told["result"]["isError"] for _ in range(60))  # no caller denies it to others
    for method, path, status in (
        ("GET", "gradio_api/mcp", 405),
        ("DELETE", "gradio_api/mcp/", 405),
        ("POST", "gradio_api/mcp/sse", 404),
        ("GET", "gradio_api/mcp/schema", 404),
    ):
        assert stranger.ask(method, path, None if method == "GET" else {}, headers).status == status
    assert stranger.ask("POST", "gradio_api/mcp", b"{", headers | {"Content-Type": "application/json"}).status == 400


@pytest.mark.nightly
def test_they_can_be_switched_off(tmp_path):
    with serving(tmp_path, {"PUPIL_MCP": "0"}) as server:
        assert Stranger(server.url).ask("POST", "gradio_api/mcp", {}).status in (404, 405)
