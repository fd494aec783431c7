"""How the app is served: its queue, the layers that a request passes, and gradio's options."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import importlib.util
import json
import logging
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import gradio as gr
from authlib.integrations.base_client.errors import OAuthError
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.agents import forget_starters
from agent.ui.early import THEME, css, pages
from agent.ui.server import connections, gradio_patches
from agent.ui.server.gradio_patches import sentence_for
from agent.ui.server.limits import MaxBodySize, RateLimiter, refusal, sweep_ended
from agent.ui.server.request_filter import RequestFilter
from agent.ui.server.static_cache import StaticCache
from agent.ui.session import IDLE_S
from agent.ui.texts import LocaleMiddleware, server_texts

M_MMAP_THRESHOLD = -3  # of mallopt(3)
MAX_THREADS = 100  # jobs take a dozen, calls of the Hub a dozen more: strokes never wait for one
RETURN_S = 15
LARGE_BYTES = 256 * 1024  # an agent's tables are larger, what a guess allocates for a moment is smaller
_LOG = logging.getLogger(__name__)


class ErrorResponses:
    """ASGI middleware: answers 400 and a sentence where gradio fails with 500, and logs one line.

    gradio raises KeyError for unknown components and functions, and answers 500 to every error of a call past the
    queue. A stream of events tells its reader itself that its session is unknown, and ends.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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
                    await refusal(_sentence_in(failed))(scope, receive, send)

        try:
            await self.app(scope, receive, checked)
        except ClientDisconnect:
            return
        except Exception as error:
            if begun:
                if not isinstance(error.__cause__, HTTPException):
                    raise
                await send({"type": "http.response.body"})
                return
            _LOG.warning("refused %s %.100r: %.200r in %s", scope["method"], scope["path"], error, _place(error))
            await refusal(sentence_for(error))(scope, receive, send)


LAYERS = [StaticCache, LocaleMiddleware, ErrorResponses, MaxBodySize, RequestFilter, RateLimiter]  # the outermost first
HAS_MCP = importlib.util.find_spec("mcp") is not None and os.environ.get("PUPIL_MCP", "1") != "0"
if HAS_MCP:
    from agent.ui.server import mcp

    LAYERS.append(mcp.ToolRequests)


def launch(demo: gr.Blocks) -> None:
    """Serve the app until it is stopped."""
    # 30 visitors who open the page at once send 90 events. Who waits gets the place in the queue every 2 s.
    demo.queue(max_size=300, default_concurrency_limit=4, api_open=False, status_update_rate=2)
    sys.setswitchinterval(0.0005)  # strokes need the interpreter often and for short: training must let go of it
    _return_large_arrays()
    sweep_ended(Path(tempfile.gettempdir()))
    gradio_patches.share_jobs(demo)
    gradio_patches.paint_early(pages())
    connections.install()
    demo.launch(
        theme=THEME,
        css=css(),
        ssr_mode=False,
        run_history=False,
        max_file_size="64mb",
        max_threads=MAX_THREADS,
        footer_links=["api"],
        show_error=False,
        enable_monitoring=False,
        mcp_server=False,  # agent/ui/server/mcp.py has one with keys
        state_session_capacity=500,  # a session of gradio only holds the id of one of ours
        app_kwargs={
            "middleware": [Middleware(layer) for layer in LAYERS],
            "lifespan": _lifespan,
            "exception_handlers": {OAuthError: _refused_login},
        },
    )


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Prepare before the first request, and serve the tools while the app runs."""
    gc.collect()
    gc.freeze()  # most objects were there before the first visitor: never search them again, 0.2 s each time
    tidying = asyncio.create_task(_return_memory_every(RETURN_S))
    async with mcp.MANAGER.run() if HAS_MCP else contextlib.nullcontext():
        yield
    tidying.cancel()


async def _return_memory_every(pause_s: float) -> None:
    """Return free memory again and again: what a visitor leaves is freed when whoever used it last is done."""
    while True:
        await asyncio.sleep(pause_s)
        forget_starters(IDLE_S)
        await asyncio.to_thread(_return_memory)


def _return_memory() -> None:
    """Let glibc return the free pages between small objects to the system."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


async def _refused_login(request: Request, error: Exception) -> RedirectResponse:
    """Lead a visitor whose sign-in was refused back to the page, which says so."""
    return RedirectResponse("/?login=refused")


def _return_large_arrays() -> None:
    """Let glibc return large arrays to the system when they are freed: it keeps 5 MB for each visitor who left."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def _sentence_in(body: bytes) -> str:
    """The sentence that a handler wrote for the visitor, in the body of an answer of 500."""
    try:
        answer = json.loads(body)
    except ValueError:
        return server_texts.NOT_UNDERSTOOD
    sentence = answer.get("error") if isinstance(answer, dict) else None
    return sentence if isinstance(sentence, str) and sentence else server_texts.NOT_UNDERSTOOD


def _place(error: BaseException) -> str:
    """The file and line that raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "nowhere"
