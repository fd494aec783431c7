"""Limits on what may come in: request bodies and the pad's uploads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from authlib.integrations.base_client.errors import OAuthError
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse

MAX_BODY_BYTES = 256_000  # a stroke is a few kB; files come through /upload, which has its own cap
MAX_BLOBS = 256  # a stroke's picture is needed for about a second
GUARDED = tuple(f"/gradio_api/{route}" for route in ("queue/join", "run/", "call/", "component_server", "api/"))

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


class BodyCap:
    """ASGI middleware: refuses large JSON bodies, which gradio itself does not limit."""

    def __init__(self, app: Callable[..., Awaitable[None]], limit: int = MAX_BODY_BYTES) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith(GUARDED):
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
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message["type"] == "http.request" and message.get("more_body", False)
            if len(body) > self.limit:
                await self._refuse(scope, receive, send)
                return
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        await self.app(scope, replay, send)

    async def _refuse(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        answer = JSONResponse({"error": f"expected at most {self.limit:,} bytes, got more."}, status_code=413)
        await answer(scope, receive, send)


HANDLERS = {OAuthError: refused_login}
