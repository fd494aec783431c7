"""Limits on what may come in: request bodies and the pad's uploads; and an answer to what nobody understands."""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from authlib.integrations.base_client.errors import OAuthError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse

from agent.ui import words_browser as said

MAX_BODY_BYTES = 256_000  # a stroke is a few kB; files come through /upload, which has its own cap
MAX_BLOBS = 256  # a stroke's picture is needed for about a second
UPLOAD = "/gradio_api/upload"
TOOLS = "/gradio_api/mcp"  # where gradio has them, and people look for them
BODILESS = ("GET", "HEAD", "OPTIONS")

_LOG = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Bounded(OrderedDict):
    """A dict that forgets its oldest entries: the pad keeps every stroke's picture for ever otherwise.

    Examples
    --------
    >>> kept = Bounded(2)
    >>> kept.update(a=1, b=2, c=3)
    >>> list(kept)
    ['b', 'c']
    """

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        while len(self) > self.limit:
            self.popitem(last=False)


async def refused_login(request: Request, error: Exception) -> RedirectResponse:
    """Lead a visitor whose sign-in was refused back to the page, which says so."""
    return RedirectResponse("/?login=refused")


def has_body(scope: MutableMapping[str, Any]) -> bool:
    """Say whether a request may bring a body other than files, whatever its route."""
    return scope["type"] == "http" and scope["method"] not in BODILESS and not is_upload(scope)


def is_upload(scope: MutableMapping[str, Any]) -> bool:
    """Say whether a request brings files."""
    return scope["type"] == "http" and scope["method"] == "POST" and scope["path"].rstrip("/") == UPLOAD


class BodyCap:
    """ASGI middleware: refuses large bodies on every route but that for files; gradio itself does not limit them."""

    def __init__(self, app: Callable[..., Awaitable[None]], limit: int = MAX_BODY_BYTES) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if not has_body(scope):
            await self.app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"")
        if length.isdigit():
            if int(length) > self.limit:
                await self._refuse(scope, receive, send)
            else:
                await self.app(scope, receive, send)
            return
        await self._counted(scope, receive, send)

    async def _counted(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Read a body of unknown length up to the limit, then hand it on whole."""
        body, receive = await whole(receive, self.limit)
        if len(body) > self.limit:
            await self._refuse(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _refuse(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        answer = JSONResponse({"error": f"expected at most {self.limit:,} bytes, got more."}, status_code=413)
        await answer(scope, receive, send)


class Answered:
    """ASGI middleware: a request that gradio breaks off at gets a sentence and 400, not 500; the log has a line of it.

    Unknown components and functions raise KeyError there; a call past the queue answers 500 to all that fails in it.
    A stream of events tells its reader itself that nobody knows the session, and ends.
    """

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, failed = False, None

        async def checked(message: Message) -> None:
            nonlocal begun, failed
            if message.get("status") == 500:
                failed = b""
            elif failed is None:
                begun = True
                await send(message)
            else:
                failed += message.get("body", b"")
                if not message.get("more_body", False):
                    await refused(_sentence_in(failed))(scope, receive, send)

        try:
            await self.app(scope, receive, checked)
        except ClientDisconnect:  # nobody is there to be answered
            return
        except Exception as error:
            if begun:
                if not isinstance(error.__cause__, HTTPException):
                    raise
                await send({"type": "http.response.body"})
                return
            _LOG.warning("refused %s %.100r: %.200r in %s", scope["method"], scope["path"], error, _place(error))
            await refused(said.NOT_UNDERSTOOD)(scope, receive, send)


def refused(sentence: str, status: int = 400) -> JSONResponse:
    """Answer with a sentence, as pages and clients read it."""
    return JSONResponse({"error": sentence, "detail": sentence}, status_code=status)


def _sentence_in(body: bytes) -> str:
    """Find the sentence a handler wrote for the visitor in an answer of 500."""
    try:
        told = json.loads(body)
    except ValueError:
        return said.NOT_UNDERSTOOD
    sentence = told.get("error") if isinstance(told, dict) else None
    return sentence if isinstance(sentence, str) and sentence else said.NOT_UNDERSTOOD


def _place(error: BaseException) -> str:
    """Name the file and line that raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "nowhere"


async def whole(receive: Receive, limit: int = MAX_BODY_BYTES) -> tuple[bytes, Receive]:
    """Read a body until it ends or is longer than the limit, and give it with what hands it on once more."""
    body, more = b"", True
    while more and len(body) <= limit:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return body, again


HANDLERS = {OAuthError: refused_login}
