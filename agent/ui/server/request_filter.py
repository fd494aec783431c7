"""Requests that are refused: unused routes, files that nobody uploaded, and cookies on requests of other sites."""

from __future__ import annotations

import functools
import json
import os
import re
from pathlib import Path

from gradio.utils import get_upload_folder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.ui.server.limits import has_body, read_body, refusal
from agent.ui.texts import ENGLISH, OTHERS, server_texts

# The routes that the pages and the clients use. gradio has fifty more, which write files, run ffmpeg, fetch addresses
# or show what other visitors did: here they do not exist.
_PAGES = "|".join(re.escape(language.path) for language in (ENGLISH, *OTHERS))
_ROUTES = (
    ("GET", rf"/({_PAGES})"),
    ("GET", r"/config/?"),
    ("GET", r"/(assets|static|svelte)/.+"),
    ("GET", r"/(favicon\.ico|manifest\.json|robots\.txt|theme\.css)"),
    ("GET", r"/login/(huggingface|callback)"),
    ("GET", r"/logout"),
    ("GET", r"/gradio_api/(app_id|info|openapi\.json|startup-events|theme\.css)"),
    ("GET", r"/gradio_api/heartbeat/[^/]+"),
    ("POST", r"/gradio_api/upload"),
    ("GET", r"/gradio_api/upload_progress"),
    ("GET", r"/gradio_api/file=(?!https?://).+"),  # an address would be fetched
    ("POST", r"/gradio_api/queue/join"),
    ("GET", r"/gradio_api/queue/data"),
    ("POST", r"/gradio_api/run/predict"),  # events that do not queue, such as pausing a job
    ("POST", r"/gradio_api/call/(v2/)?[^/]+"),
    ("GET", r"/gradio_api/call/(v2/)?[^/]+/[^/]+"),
    ("POST", r"/gradio_api/(cancel|reset)"),
    ("POST", r"/gradio_api/mcp/?"),
    ("GET", r"/gradio_api/mcp/?"),  # this and the next answer that there is only POST, as MCP demands
    ("DELETE", r"/gradio_api/mcp/?"),
)
_ALLOWED = {
    method: re.compile("|".join(pattern for route_method, pattern in _ROUTES if route_method == method))
    for method in ("GET", "POST", "DELETE")
}
_ALLOWED["HEAD"] = _ALLOWED["GET"]


class RequestFilter:
    """ASGI middleware: allows the routes in use, and no address or path of the server as a file.

    The server fetches nothing for a caller, neither from its own network nor from any other. Cookies of a request that
    a page of another site makes are dropped (CSRF). Browsers are told not to guess content types.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            send = _without_sniffing(send)
            if is_foreign(scope):  # a copy: gradio reads the cookie before, and keeps what it read
                headers = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
                scope = {**scope, "headers": headers, "session": {}}
            if not is_allowed(scope["method"], scope["path"]):
                await refusal(server_texts.CLOSED, 404)(scope, receive, send)
                return
            if has_body(scope):
                body, receive = await read_body(receive)
                if names_no_upload(body):
                    await refusal(server_texts.NO_UPLOAD)(scope, receive, send)
                    return
        await self.app(scope, receive, send)


def is_allowed(method: str, path: str) -> bool:
    """Say whether a page or a client of this app uses a route.

    Examples
    --------
    >>> is_allowed("GET", "/config"), is_allowed("POST", "/config"), is_allowed("GET", "/monitoring")
    (True, False, False)
    """
    return method in _ALLOWED and _ALLOWED[method].fullmatch(path) is not None


def is_foreign(scope: Scope) -> bool:
    """Say whether a request comes from a page of another site."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    candidates = (
        headers.get(b"host", b""),
        headers.get(b"x-forwarded-host", b""),
        os.environ.get("SPACE_HOST", "").encode(),
    )
    hosts = {host.strip().lower() for names in candidates for host in names.split(b",")} - {b""}
    return origin is not None and origin.partition(b"://")[2].lower() not in hosts


def _without_sniffing(send: Send) -> Send:
    """Tell browsers to believe content types."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"x-content-type-options", b"nosniff")]}
        await send(message)

    return sending


def names_no_upload(body: bytes) -> bool:
    """Say whether a JSON body names as a file what nobody uploaded here: an address, or another path.

    Examples
    --------
    >>> names_no_upload(b'{"data": [{"path": "/etc/passwd", "url": null}]}'), names_no_upload(b'{"data": ["path"]}')
    (True, False)
    """
    if not any(sign in body for sign in (b'"path"', b"\\", b"\0")):  # escaped, or two bytes a character
        return False
    try:
        waiting = [json.loads(body)]
    except (ValueError, RecursionError):
        return False
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            path = value.get("path")
            if isinstance(path, str) and not _is_upload(path):
                return True
            value = list(value.values())
        if isinstance(value, list):
            waiting += value
    return False


def _is_upload(path: str) -> bool:
    """Whether a file lies where gradio keeps what was uploaded, and what it hands out."""
    try:
        file = Path(path).resolve()
        return file.is_relative_to(_resolved(get_upload_folder())) and file.is_file()
    except ValueError:  # a path that cannot be, such as one with a zero byte
        return False


@functools.cache
def _resolved(folder: str) -> Path:
    """Where a folder really is."""
    return Path(folder).resolve()
