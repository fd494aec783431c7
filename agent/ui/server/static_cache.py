"""gradio's own files from memory, compressed once, and compressed pages.

gradio compresses its hundred files again for each visitor, 0.3 s of the processor, and sends its pages of half a
megabyte as they are.
"""

from __future__ import annotations

import functools
from pathlib import Path

import brotli
from gradio.routes import BUILD_PATH_LIB
from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.ui.texts import OTHERS

FOLDER = Path(BUILD_PATH_LIB)
MEDIA_TYPES = {".js": "application/javascript", ".css": "text/css"}
PAGES = ("/", "/config", *(f"/{language.path}" for language in OTHERS))
# Files of the pad's library that gradio asks for one after the other, once the page is there.
LATE = ("WebGLRenderer", "browserAll", "FederatedEventTarget", "init")

FONTS = ("SourceSansPro/SourceSansPro-Regular", "SourceSansPro/SourceSansPro-Bold")


class StaticCache:
    """ASGI middleware: serves the files of gradio's pages for browsers to keep, and compresses the pages."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.compressed = app, GZipMiddleware(app, compresslevel=6)
        self.names = {path.name for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            name = scope["path"].removeprefix("/assets/")
            if name in self.names:
                app = asset(name, "br" in Headers(scope=scope).get("accept-encoding", ""))
            elif scope["path"] in PAGES:
                app = self.compressed
        await app(scope, receive, send)


@functools.cache  # of a few hundred files
def asset(name: str, is_compressed: bool) -> Response:
    """One of gradio's files. Its name is made from its content, so it never changes."""
    content = (FOLDER / name).read_bytes()
    headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}
    headers["x-content-type-options"] = "nosniff"
    if is_compressed:
        content = brotli.compress(content, brotli.MODE_TEXT, quality=4)
        headers["content-encoding"] = "br"
    return Response(content, headers=headers, media_type=MEDIA_TYPES[Path(name).suffix])


def early_links() -> str:
    """Links that let a browser fetch the late files of the pad's library and the page's fonts at once."""
    names = sorted(path.name for late in LATE for path in FOLDER.glob(f"{late}-*.js"))
    modules = "".join(f'<link rel="modulepreload" href="./assets/{name}">' for name in names)
    return modules + "".join(
        f'<link rel="preload" as="font" type="font/woff2" crossorigin href="./static/fonts/{font}.woff2">'
        for font in FONTS
    )
