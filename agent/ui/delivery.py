"""How the page reaches the browser: compressed, its parts from memory, and those that are needed late asked for early.

gradio sends its page of half a megabyte as it is, reads and compresses each of a hundred files anew for every visitor,
and lets no browser keep them.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import brotli
from gradio.brotli_middleware import BrotliResponder, Mode
from gradio.routes import BUILD_PATH_LIB
from starlette.datastructures import Headers
from starlette.responses import Response

from agent.ui.guard import Receive, Send
from agent.ui.language import OTHERS

PARTS = Path(BUILD_PATH_LIB)
AT = "/assets/"
KINDS = {".js": "application/javascript", ".css": "text/css"}
QUALITY, WINDOW, SMALL_BYTES = 4, 22, 400  # of brotli, as gradio has them
PLAIN = ("/", "/config", *(f"/{other.path}" for other in OTHERS))  # what gradio does not compress
KEPT = {"cache-control": "public, max-age=31536000, immutable"}  # their names tell what is in them
# Files of the pad's library that are asked for one after the other, once the page is there.
LATE = ("WebGLRenderer", "browserAll", "FederatedEventTarget", "init")


class Delivery:
    """ASGI middleware: gives gradio's own files from memory, for browsers to keep, and compresses its pages."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app
        self.names = frozenset(path.name for path in PARTS.iterdir() if path.suffix in KINDS)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        app = self.app
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            name = scope["path"].removeprefix(AT)
            if name in self.names:
                app = part(name, _reads_brotli(scope))
            elif scope["path"] in PLAIN and _reads_brotli(scope):
                app = BrotliResponder(app, QUALITY, Mode.text, WINDOW, 0, SMALL_BYTES)
        await app(scope, receive, send)


def _reads_brotli(scope: MutableMapping[str, Any]) -> bool:
    return "br" in Headers(scope=scope).get("accept-encoding", "")


@functools.cache  # of a few hundred names
def part(name: str, is_packed: bool) -> Response:
    """Give one of gradio's files, read and compressed once."""
    content = (PARTS / name).read_bytes()
    headers = KEPT | {"vary": "Accept-Encoding", "x-content-type-options": "nosniff"}
    if is_packed:
        content = brotli.compress(content, brotli.MODE_TEXT, QUALITY, WINDOW)
        headers["content-encoding"] = "br"
    return Response(content, headers=headers, media_type=KINDS[Path(name).suffix])


def early() -> str:
    """Give the links that let a browser fetch at once what the pad would ask for late, file after file."""
    names = sorted(path.name for late in LATE for path in PARTS.glob(f"{late}-*.js"))
    return "".join(f'<link rel="modulepreload" href=".{AT}{name}">' for name in names)
