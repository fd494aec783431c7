"""What is closed to strangers: routes nobody needs, files that nobody uploaded, a visitor's cookie on another site."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder

from agent.ui import words_browser as said
from agent.ui.guard import Message, Receive, Send, has_body, refused, whole

# What gradio offers besides and no page of this app asks for: it writes files, runs ffmpeg, fetches addresses, prints
# what strangers say. No page streams either.
CLOSED = (
    *("/gradio_api/" + route for route in ("deep_link", "process_recording", "stream/", "proxy=", "custom_component/")),
    *("/gradio_api/" + route for route in ("vibe-", "undo-vibe-edit", "run-history/", "runs", "profiling/")),
    "/monitoring",
)
ADDRESSES = ("http://", "https://")  # which gradio would fetch


class Closed:
    """ASGI middleware: closes routes nobody needs, and refuses an address or a path of its own as a file.

    The server fetches nothing for strangers: neither from its own network nor from any other. What it sends is what it
    says it is. A page of another site that sends a visitor's cookie along is nobody here: it pushes in nobody's name.
    """

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            send = _typed(send)
            if is_foreign(scope):  # a copy: gradio reads the cookie before, and keeps what it read
                headers = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
                scope = {**scope, "headers": headers, "session": {}}
            if scope["path"].startswith(CLOSED) or _file_of(scope["path"]).startswith(ADDRESSES):
                await refused(said.CLOSED, 404)(scope, receive, send)
                return
            if has_body(scope):
                body, receive = await whole(receive)
                if names_no_upload(body):
                    await refused(said.NO_UPLOAD)(scope, receive, send)
                    return
        await self.app(scope, receive, send)


def is_foreign(scope: MutableMapping[str, Any]) -> bool:
    """Say whether a request comes from a page of another site."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    told = (headers.get(b"host", b""), headers.get(b"x-forwarded-host", b""), os.environ.get("SPACE_HOST", "").encode())
    own = {name.strip().lower() for each in told for name in each.split(b",")} - {b""}
    return origin is not None and origin.partition(b"://")[2].lower() not in own


def _typed(send: Send) -> Send:
    """Tell browsers to take nothing for anything else than it is said to be."""

    async def typed(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"x-content-type-options", b"nosniff")]}
        await send(message)

    return typed


def _file_of(path: str) -> str:
    """What a route that serves files is asked for."""
    return re.sub("^/gradio_api/file[=/]", "", path) if path.startswith("/gradio_api/file") else ""


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
