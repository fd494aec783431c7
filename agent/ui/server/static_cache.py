"""gradio's own files from memory, compressed once, and compressed pages.

gradio compresses its hundred files again for each visitor, 0.3 s of the processor, and sends its pages of half a
megabyte as they are.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import brotli
from gradio.brotli_middleware import BrotliMiddleware
from gradio.routes import BUILD_PATH_LIB
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.ui.texts import OTHERS

FOLDER = Path(BUILD_PATH_LIB)
MEDIA_TYPES = {".js": "application/javascript", ".css": "text/css"}
PAGES = ("/", "/config", *(f"/{language.path}" for language in OTHERS))
# What the first tab is made of, and files of the pad's library: gradio asks for each once it has read the one before.
COMPONENTS = "state html textbox tabs tabitem column row form imageeditor button accordion uploadbutton"
LATER_COMPONENTS = "number radio checkbox checkboxgroup dropdown file slider downloadbutton"  # whose styles come along
LATE = ("WebGLRenderer", "browserAll", "FederatedEventTarget", "init")
QUALITY = 5  # of brotli: at 9 files are a hundredth smaller, in ten times the time

_OWN: dict[str, bytes] = {}


@functools.cache
def publish(name: str, content: bytes) -> str:
    """Serve a file of our own among gradio's; gives its address."""
    stem, dot, suffix = name.rpartition(".")
    name = f"{stem}-{hashlib.sha256(content).hexdigest()[:8]}{dot}{suffix}"
    _OWN[name] = content
    return f"./assets/{name}"


def replace(stem: str, changes: Mapping[str, str]) -> None:
    """Serve one of gradio's files with changes, regular expressions and what takes their place, each where it fits."""
    path = next(FOLDER.glob(f"{stem}-*.js"))
    text = path.read_text(encoding="utf-8")
    for pattern, new in changes.items():
        text = re.sub(pattern, new, text, count=1)
    _OWN[path.name] = text.encode()


class CompressedPages(BrotliMiddleware):
    """ASGI middleware: compresses all that it serves; gradio's looks at the ending of a file, which pages have not."""

    def _is_compressible_file_type(self, scope: Scope) -> bool:
        return True


class StaticCache:
    """ASGI middleware: serves the files of gradio's pages for browsers to keep, and compresses the pages."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.compressed = app, CompressedPages(app, QUALITY)
        self.names = {path.name for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            name = scope["path"].removeprefix("/assets/")
            if name in self.names or name in _OWN:
                app = asset(name, "br" in Headers(scope=scope).get("accept-encoding", ""))
            elif scope["path"] in PAGES:
                app = self.compressed
        await app(scope, receive, send)


@functools.cache  # of a few hundred files
def asset(name: str, is_compressed: bool) -> Response:
    """One of gradio's files or of our own. Its name is made from its content, so it never changes."""
    content = _OWN.get(name) or (FOLDER / name).read_bytes()
    headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}
    headers["x-content-type-options"] = "nosniff"
    if is_compressed:
        content = brotli.compress(content, brotli.MODE_TEXT, quality=QUALITY)
        headers["content-encoding"] = "br"
    return Response(content, headers=headers, media_type=MEDIA_TYPES[Path(name).suffix])


def early_links() -> str:
    """Links that let a browser fetch at once all that the first tab is made of, after what is painted before that.

    gradio asks for thirty style sheets of a kilobyte each, six at a time. Here they are one; gradio loads none that
    the page already links to, and what is disabled no browser fetches.
    """
    start = re.search(r"index-[\w-]+\.js", (FOLDER.parent / "index.html").read_text(encoding="utf-8"))[0]
    main, core = _parts(start, r"import\(`\./Index-"), next(FOLDER.glob("core-*.js")).name
    names = main + _parts(main[0], r"import\(`\./Blocks-")
    first, others = (
        [part for component in kind.split() for part in _parts(core, rf"[{{,]{component}:\{{.*?component:")]
        for kind in (COMPONENTS, LATER_COMPONENTS)
    )
    names += [*first, *(part for part in others if part.endswith(".css"))]
    names += sorted(path.name for late in LATE for path in FOLDER.glob(f"{late}-*.js"))
    names = [
        name for name in dict.fromkeys([start, *names]) if not re.match(r"index-.*css", name)
    ]  # that is in the page
    styles = [name for name in names if name.endswith(".css")]
    style = publish("parts.css", b"\n".join((FOLDER / name).read_bytes() for name in styles))
    links = {
        ".js": '<link rel="modulepreload" fetchpriority="low" href="./assets/{}">',
        ".css": '<link rel="stylesheet" disabled href="./assets/{}">',
    }
    others = "".join(links[Path(name).suffix].format(name) for name in names)
    return f'<link rel="stylesheet" href="{style}">{others}'


def _parts(name: str, place: str) -> list[str]:
    """The files that one of gradio's loads together, by what stands before that: as Vite writes it."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    known = re.findall(r'"\./([^"]+)"', re.search(r"m\.f=\[([^\]]*)\]", text)[1])
    listed = re.search(place + r".*?__vite__mapDeps\(\[([\d,]+)\]\)", text)
    return [known[int(number)] for number in listed[1].split(",")]
