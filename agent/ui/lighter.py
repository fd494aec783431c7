"""What gradio does for every stroke and every visitor, made lighter: two cores serve fifty people at once.

Attributes of the pinned gradio and of the packages below it are set from outside, here and nowhere else; a test asks
whether each is still what it was.
"""

from __future__ import annotations

import functools
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from gradio import processing_utils, queueing
from gradio.blocks import Blocks
from gradio.state_holder import SessionState
from PIL import Image

# What takes microseconds: six of the seven turns of other threads that a stroke would wait for.
AT_ONCE = {
    "App.create_app.<locals>.login_check",
    "BufferedRandom.write",
    "BufferedRandom.seek",
    "Queue.compute_analytics_summary",
}
FIRST = ("/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/upload")  # of eighty routes


def keep_no_values() -> None:
    """Let gradio keep nothing of a session but its desk; deep links need the rest, nothing else does.

    That is what was written into fields, such as a token, and what each component of the pages is like: 60 ms of
    processor and 0.6 MB for each visitor and language.
    """
    begin = SessionState.__init__

    def begin_bare(self: SessionState, blocks: Any) -> None:
        begin(self, SimpleNamespace(default_config=blocks.default_config, blocks={}))

    SessionState.__init__ = begin_bare
    SessionState._update_value_in_config = lambda self, key, value: None


def do_at_once() -> None:
    """Let what takes microseconds be done where it is asked for, not in a thread of its own."""
    in_thread = to_thread.run_sync

    async def run_sync(function: Callable[..., Any], *given: Any, **how: Any) -> Any:
        asked = function.func if isinstance(function, functools.partial) else function
        if getattr(asked, "__qualname__", "") in AT_ONCE:
            return function(*given)
        return await in_thread(function, *given, **how)

    to_thread.run_sync = queueing.run_sync = run_sync


def write_once() -> None:
    """Let a picture that is handed out be written once, and whole: gradio writes it anew while others read it."""

    def save(img: Image.Image, cache_dir: str, name: str = "image", format: str = "webp") -> str:
        content = processing_utils.encode_pil_to_bytes(img, format)
        file = Path(cache_dir).resolve() / processing_utils.hash_bytes(content) / f"{name}.{format}"
        try:
            os.utime(file)  # it is needed again: old ones are deleted
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True)
            begun = file.with_name(uuid.uuid4().hex)
            begun.write_bytes(content)
            begun.replace(file)
        return str(file)

    processing_utils.save_pil_to_cache = save


def look_less(demo: Blocks) -> None:
    """Let a queue without work look for some 200 times a second, not 1,000."""
    demo._queue.sleep_when_free = 0.005


def ask_first(app: FastAPI) -> None:
    """Try the routes that every stroke takes before all others."""
    app.router.routes.sort(key=lambda route: hasattr(route, "path"))  # gradio's own router, which has none, first
    for router in (route.original_router for route in app.router.routes if not hasattr(route, "path")):
        router.routes.sort(key=lambda route: route.path not in FIRST)
