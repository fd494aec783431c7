"""Tools for language models over MCP: streamable HTTP without sessions, one request, one answer.

`new_agent` gives a key that stands for the agent in every other call: whoever has the key has the agent. A drawing
comes as text; nothing is read from the server and nothing is fetched for a caller. This is not gradio's own MCP server:
there all callers share one session, each named endpoint is a tool, and addresses given as files are fetched.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import functools
import inspect
import json
import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from PIL import Image
from starlette.types import ASGIApp, Receive, Scope, Send

from agent import preprocessing, render, startup
from agent.errors import AgentError
from agent.ui import formatting
from agent.ui.events import count_event
from agent.ui.pad.sketchpad import open_picture
from agent.ui.server.api import guessed, symbols
from agent.ui.server.limits import MAX_BODY_BYTES, MCP, refusal
from agent.ui.session import SESSIONS, Id, Session, is_id
from agent.ui.texts import server_texts, texts

AT_ONCE, MAX_WAITING = 4, 64  # calls, as in gradio's queue; one more gets an error
_LOG = logging.getLogger(__name__)
MAX_DRAWING_CHARS = 100_000
ROWS = (8, 64)  # of a drawing in # and ., and columns
MARGIN = 4  # of paper around such a drawing: without it, ink may be taken for paper
PARAMETERS = {
    "agent": "The key of your agent, as new_agent gave it.",
    "drawing": (
        "One digit or symbol, or several for read: 8 to 64 rows of # (ink) and . (paper) with a line break after each "
        "row, best 20 to 28 rows with strokes two or three # wide; or a PNG or JPEG in base64. No address and no path "
        "of a file."
    ),
    "label": "What is drawn: 1 to 8 characters, such as 7 or A.",
}


def new_agent() -> dict[str, Any]:
    """Make an agent that knows nothing, and get its key. Keep the key: it is the only way to the agent.

    An agent that nobody calls for twelve hours may be gone, one that was taught nothing sooner.
    """
    key = Id()
    count_event()
    startup.READY.wait()
    with SESSIONS.open(key) as session:
        session.browser.reset()
        return {"agent": key, "n_lessons": session.pupil.n_lessons, "kind": session.pupil.kind}


def guess(agent: str, drawing: str) -> dict[str, Any]:
    """Ask what a drawing shows: label (null: no best one), unsure, confidence, responses by label."""
    picture = read_drawing(drawing)
    with open_agent(agent) as session:
        return guessed(session.pupil, picture)


def read(agent: str, drawing: str) -> dict[str, Any]:
    """Read a drawing of several symbols: the text, and each symbol's line, box (left, top, right, bottom) and guess."""
    picture = read_drawing(drawing)
    with open_agent(agent) as session:
        return symbols(session.pupil, picture)


def teach(agent: str, drawing: str, label: str) -> dict[str, Any]:
    """Teach what a drawing shows, one lesson: what had been guessed before, and how many lessons there are."""
    picture = read_drawing(drawing)
    with open_agent(agent) as session:
        session.count("lesson")
        session.pupil.learn_one(picture, label)
        lesson = session.pupil.lessons.user_lessons()[-1]
        return {"label": lesson.label, "guessed": lesson.guessed, "n_lessons": session.pupil.n_lessons}


def forget(agent: str, drawing: str, label: str) -> dict[str, Any]:
    """Forget a lesson as if it had never been taught: the same drawing and the label it was taught with."""
    picture = read_drawing(drawing)
    with open_agent(agent) as session:
        session.pupil.forget_one(picture, label)
        return {"n_lessons": session.pupil.n_lessons, "labels": list(session.pupil.labels)}


def imagine(agent: str, label: str) -> tuple[bytes, str]:
    """See the mental image of a label, all its lessons on top of each other: a PNG of 28 x 28, and rows of # and ."""
    with open_agent(agent) as session:
        image = session.pupil.imagine(label)
    rows = ("".join("#" if ink > 127 else "." for ink in row) for row in image)
    return render.png(render.picture(image)), "\n".join(rows)


TOOLS: tuple[Callable[..., Any], ...] = (new_agent, guess, read, teach, forget, imagine)


@contextlib.contextmanager
def open_agent(key: str) -> Iterator[Session]:
    """Open the session of a key under its lock; AgentError when there is none."""
    count_event()
    startup.READY.wait()
    if not is_id(key) or key not in SESSIONS:
        raise AgentError(server_texts.NO_SUCH_AGENT)
    with SESSIONS.open(key) as session:
        yield session


def read_drawing(text: str) -> np.ndarray | Image.Image:
    """Read a drawing: rows of # and ., or a picture in base64.

    Examples
    --------
    >>> read_drawing("...#....\\n" * 8).shape
    (16, 16)
    >>> read_drawing("/etc/passwd")
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected rows of # and ., or a picture in base64, got neither.
    """
    if len(text) > MAX_DRAWING_CHARS:
        raise AgentError(f"expected at most {MAX_DRAWING_CHARS:,} characters, got {len(text):,}. Draw it smaller.")
    if re.fullmatch(r"[#.\s]+", text):
        return _of_rows([row.rstrip() for row in text.strip("\r\n").splitlines()])
    content = re.sub(r"^data:image/[\w.+-]+;base64,", "", re.sub(r"\s+", "", text))
    try:
        return open_picture(base64.b64decode(content, validate=True), preprocessing.LARGEST_PX**2)
    except binascii.Error as error:
        raise AgentError("expected rows of # and ., or a picture in base64, got neither.") from error


def _of_rows(rows: list[str]) -> np.ndarray:
    low, high = ROWS
    height, width = len(rows), max(map(len, rows), default=0)
    if not (low <= height <= high and low <= width <= high):
        raise AgentError(f"expected {low} to {high} rows of {low} to {high} signs, got {height} of up to {width}.")
    inked = np.array([[sign == "#" for sign in row.ljust(width, ".")] for row in rows])
    return np.pad(inked, MARGIN).astype(np.uint8) * 255


# ---------------------------------------------------------------- the server of the tools

READ_ONLY = (guess, read, imagine)
_THREADS = ThreadPoolExecutor(AT_ONCE, "tools")
_BY_NAME = {tool.__name__: tool for tool in TOOLS}


def describe(tool: Callable[..., Any]) -> types.Tool:
    """Describe a tool by its docstring and what its parameters mean."""
    names = list(inspect.signature(tool).parameters)
    properties = {name: {"type": "string", "description": PARAMETERS[name]} for name in names}
    return types.Tool(
        name=tool.__name__,
        description=inspect.getdoc(tool),
        inputSchema={"type": "object", "properties": properties, "required": names, "additionalProperties": False},
        annotations=types.ToolAnnotations(readOnlyHint=tool in READ_ONLY, openWorldHint=False),
    )


class Calls:
    """Calls of tools: `AT_ONCE` run, `MAX_WAITING` wait, and one more is refused."""

    def __init__(self) -> None:
        self.n_inside = 0

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """Call a tool; AgentError when it cannot be called, or not now."""
        tool = _BY_NAME.get(name)
        if tool is None:
            raise AgentError(f"expected a tool among {', '.join(_BY_NAME)}, got {name!r}.")
        names = set(inspect.signature(tool).parameters)
        if set(arguments) != names or not all(isinstance(value, str) for value in arguments.values()):
            raise AgentError(f"expected texts for {', '.join(sorted(names)) or 'nothing'}, got {sorted(arguments)}.")
        if self.n_inside >= AT_ONCE + MAX_WAITING:
            raise AgentError(server_texts.MANY_CALLS)
        self.n_inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(_THREADS, functools.partial(tool, **arguments))
        finally:
            self.n_inside -= 1


def tool_server() -> Server[Any, Any]:
    """Make the server of the tools."""
    server: Server[Any, Any] = Server(texts.TITLE, instructions=server_texts.TOOLS)
    calls = Calls()

    @server.list_tools()
    async def list_tools() -> list[types.Tool]:
        return [describe(tool) for tool in TOOLS]

    async def call_tool(request: types.CallToolRequest) -> types.ServerResult:
        try:
            result = await calls.call(request.params.name, request.params.arguments or {})
        except AgentError as error:
            return _result(formatting.capitalized(error), is_error=True)
        except Exception:
            _LOG.exception("a tool failed")
            return _result(formatting.capitalized(AgentError(server_texts.TOOL_FAILED)), is_error=True)
        if isinstance(result, dict):
            return _result(json.dumps(result, ensure_ascii=False), result)
        png, rows = result
        picture = base64.b64encode(png).decode()
        return _result(rows, image=types.ImageContent(type="image", data=picture, mimeType="image/png"))

    # Not by the decorator `server.call_tool`: it logs what callers send.
    server.request_handlers[types.CallToolRequest] = call_tool
    return server


def _result(
    text: str, structured: dict[str, Any] | None = None, image: types.ImageContent | None = None, is_error: bool = False
) -> types.ServerResult:
    content = [*([image] if image else []), types.TextContent(type="text", text=text)]
    return types.ServerResult(types.CallToolResult(content=content, structuredContent=structured, isError=is_error))


MANAGER = StreamableHTTPSessionManager(
    tool_server(), json_response=True, stateless=True, max_request_body_size=MAX_BODY_BYTES
)


class ToolRequests:
    """ASGI middleware: hands requests for tools to their server. `MANAGER.run()` has to be entered before."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{MCP}/"):
            await self.app(scope, receive, send)
        elif scope["method"] == "POST" and scope["path"].rstrip("/") == MCP:
            await MANAGER.handle_request(scope, receive, send)
        else:
            await refusal(server_texts.TOOLS_HERE, 405, Allow="POST")(scope, receive, send)
