"""How much may come in within a while: events of one session, and bytes of files of everybody together.

All visitors come through one proxy, so nobody is told apart by address. A stranger may make up sessions, and shares the
queue, the desks and the disk with everybody else then: those have limits of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder
from starlette.responses import JSONResponse

from agent.ui import words_browser as said
from agent.ui.guard import TOOLS, Bounded, Message, Receive, Send, has_body, is_upload, whole

MAX_SESSIONS = 2_000
EVENTS, EVENTS_PER_S = 150, 15.0  # a page that opens asks for a dozen at once, whoever draws fast for five a second
FILE_BYTES, FILE_BYTES_PER_S = 1e9, 150e3  # 14 GB a day, after which gradio throws files away; a Space has 50
MAX_SESSION_BYTES = 64
BROKEN_OFF_S, SWEEP_S = 3600.0, 600.0  # after which what is left of a broken upload goes; how often it is looked for
_SESSION = re.compile(rb'"session_hash"(?:\s*:\s*"|\r\n\r\n)([^"\\\r\n]{1,65})')  # in JSON, or in a form
_AGENT = re.compile(rb'"agent"\s*:\s*"([^"\\]{1,65})')  # the key that tools take


class Bucket:
    """So much at once, and so much more each second.

    Examples
    --------
    >>> bucket = Bucket(2, 1.0, now=0.0)
    >>> [bucket.take(1, now) for now in (0.0, 0.0, 0.0, 1.0)]
    [True, True, False, True]
    """

    def __init__(self, most: float, per_s: float, now: float) -> None:
        self.most, self.per_s, self.left, self.when = most, per_s, most, now

    def take(self, amount: float, now: float) -> bool:
        """Take so much out, if it is there."""
        self.left = min(self.most, self.left + self.per_s * (now - self.when))
        self.when = now
        if amount > self.left:
            return False
        self.left -= amount
        return True


class Pace:
    """ASGI middleware: answers 429 and a sentence to whoever asks too much; what it reads it hands on whole."""

    def __init__(self, app: Callable[..., Awaitable[None]], clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self.clock = app, clock
        self.sessions = Bounded(MAX_SESSIONS)
        self.files = Bucket(FILE_BYTES, FILE_BYTES_PER_S, clock())
        self._swept = clock()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if is_upload(scope):
            await self._upload(scope, receive, send)
            return
        if has_body(scope):
            body, receive = await whole(receive)
            refused = self._refused(scope["path"], body)
            if refused:
                await _refuse(refused, scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _upload(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Count the bytes of files: those that are announced before they come, all others as they come."""
        if self.clock() - self._swept > SWEEP_S:
            self._swept = self.clock()
            await asyncio.to_thread(sweep, Path(get_upload_folder()))
        begun = False

        async def counted() -> Message:
            message = await receive()
            if not self.files.take(len(message.get("body", b"")), self.clock()):
                raise _FullError
            return message

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        length = dict(scope["headers"]).get(b"content-length", b"")
        if length.isdigit():
            if self.files.take(int(length), self.clock()):
                await self.app(scope, receive, send)
            else:
                await _refuse(said.DISK_BUSY, scope, receive, send)
            return
        try:
            await self.app(scope, counted, sending)
        except _FullError:
            if begun:
                raise
            await _refuse(said.DISK_BUSY, scope, receive, send)

    def _refused(self, path: str, body: bytes) -> str | None:
        """Say why a body is refused, if it is."""
        is_tool = path.startswith(TOOLS)
        found = (_AGENT if is_tool else _SESSION).search(body)
        if found is None:  # whoever names none shares no desk with anybody; the queue is what bounds them
            return None
        session, now = found[1], self.clock()
        if len(session) > MAX_SESSION_BYTES:
            return None if is_tool else said.NOT_UNDERSTOOD  # that is no key, as the tool will say
        bucket = self.sessions.get(session) or Bucket(EVENTS, EVENTS_PER_S, now)
        self.sessions[session] = bucket
        return None if bucket.take(1, now) else said.TOO_FAST


def sweep(folder: Path) -> None:
    """Remove what is left in gradio's folder of uploads that broke off: it never does."""
    for path in folder.glob("tmp*"):
        with contextlib.suppress(OSError):
            if path.is_file() and time.time() - path.stat().st_mtime > BROKEN_OFF_S:
                path.unlink()


class _FullError(Exception):
    """There is no room for the rest of a file."""


async def _refuse(sentence: str, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    answer = JSONResponse({"detail": sentence}, status_code=429, headers={"Retry-After": "2"})
    await answer(scope, receive, send)
