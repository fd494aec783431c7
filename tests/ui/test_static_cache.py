"""What reaches a browser: gradio's own files as they are, pages compressed for those that can read them."""

import asyncio
import gzip
import re
from collections import Counter

import brotli
import pytest

from agent.ui.server import static_cache

PAGE = b"<p>" + 1000 * b"digit " + b"</p>"


def asked(path, method="GET", accept="gzip, deflate, br"):
    """Ask: who answered, the status, the headers, the body."""
    sent = []

    async def gradio(scope, receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"%d" % len(PAGE))]})
        await send({"type": "http.response.body", "body": PAGE})

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"accept-encoding", accept.encode())]}
    asyncio.run(static_cache.StaticCache(gradio)(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return "here" if sent[0]["status"] == 200 else "gradio", headers, b"".join(each.get("body", b"") for each in sent)


@pytest.mark.slow
def test_every_part_of_the_page_comes_as_it_is_and_may_be_kept():
    kinds = Counter()
    for file in static_cache.FOLDER.iterdir():
        if file.suffix in static_cache.MEDIA_TYPES:
            who, headers, body = asked(f"/assets/{file.name}")
            assert (who, headers["content-encoding"], headers["content-length"]) == ("here", "br", str(len(body)))
            assert brotli.decompress(body) == static_cache._OWN.get(file.name, file.read_bytes())
            assert headers["content-type"].startswith(static_cache.MEDIA_TYPES[file.suffix])
            assert "immutable" in headers["cache-control"] and headers["x-content-type-options"] == "nosniff"
            assert re.search(r"[-_][\w-]{7,}\.(js|css)$", file.name), "a name that tells nothing of what is in it"
            kinds[file.suffix] += 1
    assert kinds[".js"] > 100 and kinds[".css"] > 30


@pytest.mark.parametrize("accept", ["", "identity"])
def test_who_cannot_read_it_compressed_gets_it_plain(accept):
    name = next(file.name for file in static_cache.FOLDER.glob("core-*.js"))
    who, headers, body = asked(f"/assets/{name}", accept=accept)
    assert who == "here" and "content-encoding" not in headers and headers["vary"] == "Accept-Encoding"
    assert body == (static_cache.FOLDER / name).read_bytes()
    assert asked("/", accept=accept)[2] == PAGE


@pytest.mark.parametrize(
    ("accept", "encoding", "unpacked"),
    [("gzip, deflate, br", "br", brotli.decompress), ("gzip, deflate", "gzip", gzip.decompress)],
)
@pytest.mark.parametrize("path", ["/", "/de", "/config"])
def test_pages_are_compressed(path, accept, encoding, unpacked):
    _, headers, body = asked(path, accept=accept)
    assert headers["content-encoding"] == encoding and headers.get("content-length", str(len(body))) == str(len(body))
    assert len(body) < 100 and unpacked(body) == PAGE


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/assets/"),
        ("GET", "/assets/none.js"),
        ("GET", "/assets/../index.html"),
        ("GET", "/gradio_api/queue/data"),
        ("GET", "/assets//etc/passwd"),
        ("POST", "/"),
        ("POST", "/assets/none.js"),
    ],
)
def test_all_else_is_gradios(method, path):
    assert asked(path, method)[::2] == ("gradio", PAGE)


def test_what_the_first_tab_and_its_pad_ask_for_is_there_to_be_asked_for_early():
    links = re.findall(
        r'<link rel="modulepreload" fetchpriority="low" href="\./assets/(.+?)">', static_cache.early_links()
    )
    stems = {link.partition("-")[0] for link in links}
    assert {*static_cache.LATE, "Blocks", "HTML", "core", "index"} <= stems and len(links) < 90
    assert all((static_cache.FOLDER / link).is_file() for link in links) and len({*links}) == len(links)


def test_styles_of_gradios_components_are_one_file_and_the_page_says_that_they_are_there():
    style, *parts = re.findall(
        r'<link rel="stylesheet"( disabled)? href="\./assets/(.+?)">', static_cache.early_links()
    )
    assert not style[0] and all(is_disabled for is_disabled, _ in parts)
    together = asked(f"/assets/{style[1]}")[2]
    files = [(static_cache.FOLDER / name).read_bytes() for _, name in parts]
    assert brotli.decompress(together) == b"\n".join(files) and len(files) > 30
    assert not any(
        word in text for text in files for word in (b"url(", b"@import", b"@charset")
    )  # of a place, or the first


def test_files_of_our_own_are_named_after_what_is_in_them():
    address = static_cache.publish("few.css", b"p { color: red }")
    _, headers, body = asked(address.removeprefix("."))
    assert brotli.decompress(body) == b"p { color: red }" and "immutable" in headers["cache-control"]
    assert address != static_cache.publish("few.css", b"p { color: blue }")
