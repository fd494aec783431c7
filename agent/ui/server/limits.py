"""Limits on requests, and how one is refused: size of a body, requests of a session, bytes of everybody's uploads.

A caller may invent sessions, but the queue, the number of sessions and the disk have limits of their own. Where
proxies can be trusted to say who asks (`PUPIL_PROXIES`, how many stand in front), each address has a share of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradio.context import LocalContext
from gradio.processing_utils import hash_bytes
from gradio.utils import get_upload_folder
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.ui.texts import server_texts

MAX_BODY_BYTES = 256_000  # a stroke is a few kB; files come through /upload, which has limits of its own
MAX_SESSIONS = 2_000
MAX_SESSION_CHARS = 64
EVENTS, EVENTS_PER_S = 150, 15.0  # a page that opens asks for a dozen at once, a quick drawer for five a second
SMALL_BYTES, SMALL_BYTES_PER_S = 50_000, 1e6  # of each file: strokes and drawings have a budget of their own
FILE_BYTES, FILE_BYTES_PER_S = 1e9, 150e3  # 2 GB until files are deleted; a Space has 50
PART_BYTES = 8_192  # that a file of a byte takes on a disk, with its folder
FILES_S = min(7_200.0, float(os.environ.get("PUPIL_IDLE_S", "inf")))  # after which what was uploaded or made is deleted
BROKEN_OFF_S, SWEEP_S = 3600.0, 600.0  # age at which the rest of a broken upload is removed; how often it is looked for

UPLOAD = "/gradio_api/upload"
MCP = "/gradio_api/mcp"
_PARTS = 8  # into which what all share is divided: one address gets no more than a part


class TokenBucket:
    """A budget: so much at once, and so much more each second.

    Examples
    --------
    >>> bucket = TokenBucket(2, 1.0, now=0.0)
    >>> [bucket.take(1, now) for now in (0.0, 0.0, 0.0, 1.0)]
    [True, True, False, True]
    """

    def __init__(self, capacity: float, per_s: float, now: float) -> None:
        self.capacity, self.per_s, self.left, self.when = capacity, per_s, capacity, now

    def take(self, amount: float, now: float) -> bool:
        """Take an amount out, if it is there."""
        self.left = min(self.capacity, self.left + self.per_s * (now - self.when))
        self.when = now
        if amount > self.left:
            return False
        self.left -= amount
        return True


def refusal(sentence: str, status: int = 400, **headers: str) -> JSONResponse:
    """Make an error response, its message under the two keys that pages and clients read."""
    return JSONResponse({"error": sentence, "detail": sentence}, status_code=status, headers=headers)


def has_body(scope: Scope) -> bool:
    """Say whether a request may have a body other than files."""
    return scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS") and not is_upload(scope)


def is_upload(scope: Scope) -> bool:
    """Say whether a request uploads files."""
    return scope["type"] == "http" and scope["method"] == "POST" and scope["path"].rstrip("/") == UPLOAD


async def read_body(receive: Receive, limit: int = MAX_BODY_BYTES) -> tuple[bytes, Receive]:
    """Read a body until it ends or exceeds the limit; also give a `receive` that hands it on once more."""
    body, more = b"", True
    while more and len(body) <= limit:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return body, replay


def announced_bytes(scope: Scope) -> int | None:
    """The length of the body as the request announces it."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) if length.isdigit() else None


class MaxBodySize:
    """ASGI middleware: refuses large bodies on every route but that for files. gradio itself has no such limit."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY_BYTES) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app
        if has_body(scope):
            n_bytes = announced_bytes(scope)
            if n_bytes is None:
                body, receive = await read_body(receive, self.limit)
                n_bytes = len(body)
            if n_bytes > self.limit:
                app = refusal(f"expected at most {self.limit:,} bytes, got more.", 413)
        await app(scope, receive, send)


class RateLimiter:
    """ASGI middleware: answers 429 and a sentence to a session that asks too often, and when uploads are too many."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self.clock = app, clock
        self.sessions: OrderedDict[str, TokenBucket] = OrderedDict()  # the least recently used first
        self.clients: OrderedDict[str, TokenBucket] = OrderedDict()  # likewise, of the bytes of an address
        self.files, self.small = (
            TokenBucket(FILE_BYTES, per_s, clock()) for per_s in (FILE_BYTES_PER_S, SMALL_BYTES_PER_S)
        )
        self._swept = clock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_upload(scope):
            await self._upload(scope, receive, send)
            return
        if has_body(scope):
            body, receive = await read_body(receive)
            reason = self._reason_to_refuse(scope["path"], body)
            if reason:
                await _too_many(reason)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the bytes of files as they come: what is announced and does not come costs nobody anything."""
        if self.clock() - self._swept > SWEEP_S:
            self._swept = self.clock()
            await asyncio.to_thread(sweep, Path(get_upload_folder()))
        begun, n_so_far, n_files, client = False, 0, 0, client_of(scope)

        async def counted() -> Message:
            nonlocal n_so_far
            message = await receive()
            n_bytes = len(message.get("body", b""))
            n_small = min(n_bytes, max(0, SMALL_BYTES - n_so_far))
            n_so_far += n_bytes
            if not (self.small.take(n_small, self.clock()) and self._has_room(client, n_bytes - n_small)):
                raise _FullError
            return message

        async def sending(message: Message) -> None:
            nonlocal begun, n_files
            begun = True
            n_files += message.get("body", b"").count(b'"') // 2  # the answer is a list of their paths
            await send(message)

        try:
            await self.app(scope, counted, sending)
            self.small.left -= n_files * PART_BYTES  # below zero: the next ones wait
        except _FullError:
            if begun:
                raise
            await _too_many(server_texts.DISK_BUSY)(scope, receive, send)

    def _reason_to_refuse(self, path: str, body: bytes) -> str | None:
        """Count a request for its session, or for its agent's key; say why it is refused, if it is."""
        is_tool = path.startswith(MCP)
        session, now = named(body, "agent" if is_tool else "session_hash"), self.clock()
        if session is None:  # without a session it shares an agent with nobody; the queue bounds it
            return None
        if len(session) > MAX_SESSION_CHARS:
            return None if is_tool else server_texts.NOT_UNDERSTOOD  # no key, as the tool will say
        is_taken = _bucket(self.sessions, session, EVENTS, EVENTS_PER_S, now).take(1, now)
        return None if is_taken else server_texts.TOO_FAST

    def _has_room(self, client: str | None, n_bytes: int) -> bool:
        """Take bytes from what all share, and from the part of an address where one is known."""
        now = self.clock()
        if client is not None:
            part = _bucket(self.clients, client, FILE_BYTES / _PARTS, FILE_BYTES_PER_S / _PARTS, now)
            if not part.take(n_bytes, now):
                return False
        return self.files.take(n_bytes, now)


def _bucket(
    buckets: OrderedDict[str, TokenBucket], name: str, capacity: float, per_s: float, now: float
) -> TokenBucket:
    """The bucket of a name, a full one if need be; the least recently used one makes room."""
    bucket = buckets.setdefault(name, TokenBucket(capacity, per_s, now))
    buckets.move_to_end(name)
    if len(buckets) > MAX_SESSIONS:
        buckets.popitem(last=False)
    return bucket


def named(body: bytes, key: str) -> str | None:
    r"""The last text under a key of a JSON body, as gradio and the tools will read it; None where there is none.

    Examples
    --------
    >>> named(b'{"session_hash": "new", "data": [], "session_\\u0068ash": "mine"}', "session_hash")
    'mine'
    """
    try:
        waiting: list[Any] = [json.loads(body)]
    except (ValueError, RecursionError):
        return None
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get(key), str):
                return value[key]
            value = [value[name] for name in ("params", "arguments") if name in value]
        if isinstance(value, list):
            waiting += value
    return None


def client_of(scope: Scope) -> str | None:
    """The address that a request comes from, where trusted proxies say so: the last that is not one of theirs.

    Examples
    --------
    >>> client_of({"headers": [(b"x-forwarded-for", b"forged, 192.0.2.7")]}) is None  # no proxy is trusted
    True
    """
    n_proxies = int(os.environ.get("PUPIL_PROXIES", "0"))
    hops = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").split(b",")
    return hops[-n_proxies].strip().decode("latin-1") or None if 0 < n_proxies <= len(hops) else None


def visitor() -> str | None:
    """Who the event in progress comes from: an address where one is known, else a page."""
    request = LocalContext.request.get(None)
    if request is None:
        return None
    inner = request.request  # gradio's own gives no scope
    return (client_of(inner.scope) if inner is not None else None) or request.session_hash


def _too_many(sentence: str) -> ASGIApp:
    return refusal(sentence, 429, **{"Retry-After": "2"})


def sweep(folder: Path) -> None:
    """Remove what broken uploads leave in gradio's folder, and folders of files that it deleted: gradio never does."""
    for path in folder.glob("*"):
        with contextlib.suppress(OSError):  # a folder that is not empty
            if time.time() - path.stat().st_mtime > BROKEN_OFF_S:
                if path.is_dir():
                    path.rmdir()
                elif path.name.startswith("tmp"):
                    path.unlink()


def write_bytes(name: str, content: bytes) -> str:
    """Write a file where gradio hands files out: the same content once, deleted as old uploads are."""
    path = Path(get_upload_folder(), hash_bytes(content), name)
    path.parent.mkdir(parents=True, exist_ok=True)
    spare = path.with_name(f".{secrets.token_hex(4)}")
    try:
        spare.write_bytes(content)
        os.replace(spare, path)  # whoever reads the one that was there reads all of it
    finally:
        spare.unlink(missing_ok=True)
    return str(path.resolve())


def temporary_folder(what: str) -> Path:
    """Make a folder for files of this server, which the next one removes if this one cannot."""
    return Path(tempfile.mkdtemp(prefix=f"pupil-{os.getpid()}-{what}-"))


def sweep_ended(folder: Path) -> None:
    """Remove temporary folders of servers that have ended."""
    for path in folder.glob("pupil-*-*-*"):
        pid = path.name.split("-")[1]
        if pid.isdigit() and (int(pid) == os.getpid() or not _is_running(int(pid))):
            shutil.rmtree(path, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


class _FullError(Exception):
    """There is no room for the rest of a file."""
