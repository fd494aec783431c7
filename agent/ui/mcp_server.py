"""The tools over MCP, streamable HTTP, without sessions: one request, one answer.

A server of its own, not gradio's: that one has one session for all callers, and a session is a desk here; it offers
every named endpoint; and it fetches the addresses it is given as files.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import inspect
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.responses import JSONResponse

from agent.errors import AgentError
from agent.ui import tools, words
from agent.ui import words_browser as said
from agent.ui.events import sentence
from agent.ui.guard import MAX_BODY_BYTES, TOOLS, Receive, Send

AT_ONCE, MAX_WAITING = 4, 64  # calls, as in gradio's queue; one more is told so
READ_ONLY = (tools.guess, tools.imagine)
_LOG = logging.getLogger(__name__)
_HANDS = ThreadPoolExecutor(AT_ONCE, "tools")
_BY_NAME = {tool.__name__: tool for tool in tools.OFFERED}


def described(tool: Callable[..., Any]) -> types.Tool:
    """Describe a tool: its docstring, and what its parameters mean."""
    names = list(inspect.signature(tool).parameters)
    properties = {name: {"type": "string", "description": tools.PARAMETERS[name]} for name in names}
    return types.Tool(
        name=tool.__name__,
        description=inspect.getdoc(tool),
        inputSchema={"type": "object", "properties": properties, "required": names, "additionalProperties": False},
        annotations=types.ToolAnnotations(readOnlyHint=tool in READ_ONLY, openWorldHint=False),
    )


class Calls:
    """Calls of tools, so many at once, and so many that wait."""

    def __init__(self) -> None:
        self.n_inside = 0

    async def call(self, name: str, given: dict[str, Any]) -> Any:
        """Call a tool; AgentError when it cannot be, or not now."""
        tool = _BY_NAME.get(name)
        if tool is None:
            raise AgentError(f"expected a tool among {', '.join(_BY_NAME)}, got {name!r}.")
        names = set(inspect.signature(tool).parameters)
        if set(given) != names or not all(isinstance(value, str) for value in given.values()):
            raise AgentError(f"expected texts for {', '.join(sorted(names)) or 'nothing'}, got {sorted(given)}.")
        if self.n_inside >= AT_ONCE + MAX_WAITING:
            raise AgentError(said.MANY_CALLS)
        self.n_inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(_HANDS, functools.partial(tool, **given))
        finally:
            self.n_inside -= 1


def serve() -> Server[Any, Any]:
    """Make the server of the tools."""
    server: Server[Any, Any] = Server(words.TITLE, instructions=said.TOOLS)
    calls = Calls()

    @server.list_tools()
    async def list_tools() -> list[types.Tool]:
        return [described(tool) for tool in tools.OFFERED]

    async def call_tool(asked: types.CallToolRequest) -> types.ServerResult:
        try:
            told = await calls.call(asked.params.name, asked.params.arguments or {})
        except AgentError as error:
            return _told(sentence(error), is_error=True)
        except Exception:
            _LOG.exception("a tool failed")
            return _told(sentence(AgentError(said.TOOL_FAILED)), is_error=True)
        if isinstance(told, dict):
            return _told(json.dumps(told, ensure_ascii=False), told)
        png, rows = told
        picture = base64.b64encode(png).decode()
        return _told(rows, image=types.ImageContent(type="image", data=picture, mimeType="image/png"))

    # Not by the server's own decorator: that one writes into the log what strangers ask for.
    server.request_handlers[types.CallToolRequest] = call_tool
    return server


def _told(
    text: str, structured: dict[str, Any] | None = None, image: types.ImageContent | None = None, is_error: bool = False
) -> types.ServerResult:
    """Put an answer together."""
    content = [*([image] if image else []), types.TextContent(type="text", text=text)]
    return types.ServerResult(types.CallToolResult(content=content, structuredContent=structured, isError=is_error))


MANAGER = StreamableHTTPSessionManager(
    serve(), json_response=True, stateless=True, max_request_body_size=MAX_BODY_BYTES
)


@contextlib.asynccontextmanager
async def running(app: object) -> AsyncIterator[None]:
    """Take requests as long as the app runs."""
    async with MANAGER.run():
        yield


class Tools:
    """ASGI middleware: hands the requests for tools to their server."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{TOOLS}/"):
            await self.app(scope, receive, send)
        elif scope["method"] == "POST" and scope["path"].rstrip("/") == TOOLS:
            await MANAGER.handle_request(scope, receive, send)
        else:
            answer = JSONResponse({"detail": said.TOOLS_HERE}, status_code=405, headers={"Allow": "POST"})
            await answer(scope, receive, send)
