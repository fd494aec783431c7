"""Messages are text: what strangers wrote into files and repos makes no form, link or picture of an error."""

import json

import pytest
from sharing import app_of, people, pull, taught

from agent.storage import serialization
from tests.helpers.forge import changed, signed

MARKUP = (
    "<h1>Session expired</h1><form action=http://127.0.0.1:9/f>Paste your token <input name=token>"
    "<button>Sign in</button></form><a href=http://127.0.0.1:9/>here</a><img src=http://127.0.0.1:9/pix>"
)
SHORT = "<img src=http://127.0.0.1:9/pix>"


def hostile(files):
    """Files with markup in each string that a message may repeat: what holds it, files."""
    config = json.loads(files["config.json"])
    log = [json.loads(line) for line in files["lessons.jsonl"].decode().splitlines()]
    line = {"line": [MARKUP], "commit": None, "joined": []}
    for name, more in (
        ("a setting", {"settings": config["settings"] | {MARKUP: 1}}),
        ("a setting's value", {"settings": dict.fromkeys(config["settings"], SHORT)}),
        ("labels", {"labels": [MARKUP]}),
        ("few labels", {"labels": [SHORT]}),
        ("the name", {"name": MARKUP}),
        ("the kind", {"kind": MARKUP}),
        ("the digest", {"digest": SHORT}),
        ("the format", {"format": SHORT}),
        ("the line", {"lineage": line}),
        ("the commit", {"lineage": line | {"line": [], "commit": MARKUP}}),
        ("a field", {MARKUP: 1}),
    ):
        yield name, changed(files, **more)
    yield "a name that stands twice", files | {"config.json": f'{{"{SHORT}": 1, "{SHORT}": 2}}'.encode()}
    for name, more in (
        ("a label of the log", {"label": SHORT}),
        ("an event's field", {MARKUP: 1}),
        ("an event's kind", {"event": MARKUP}),
        ("a guess", {"guessed": SHORT}),
        ("a drawing", {"drawing": MARKUP}),
    ):
        lines = "".join(json.dumps(event | more) + "\n" for event in log)
        yield name, signed(files | {"lessons.jsonl": lines.encode()})
    yield "an array", files | {"agent.safetensors": b"\x08\0\0\0\0\0\0\0" + SHORT.encode()}


@pytest.fixture(scope="module")
def hub(written):
    """A Hub with a repo for each kind of hostile files."""
    files = serialization.to_files(taught(written, "4"))
    with people() as hub:
        for place, (_, of_repo) in enumerate(hostile(files)):
            hub.write(f"mia/evil-{place}", of_repo, user="mia")
        yield hub


@pytest.fixture(scope="module")
def server(hub, tmp_path_factory):
    """An app whose Hub this is."""
    with app_of(hub, tmp_path_factory.mktemp("messages")) as server:
        yield server


def read(visitor, what):
    """Read a message and close it: nothing in it is an element of a stranger's."""
    toast = visitor.page.locator(".toast-body")
    toast.wait_for()
    kept = "form, input, h1, img[src*=pix], a[href*='127.0.0.1:9']"
    said = toast.inner_text()
    assert visitor.page.locator(".toast-wrap").locator(kept).count() == 0, (what, said)
    assert "None" not in said and "expected" in said.lower(), (what, said)
    visitor.press(".toast-close")
    toast.wait_for(state="detached")
    return said


def test_what_strangers_wrote_is_text_in_messages(visit, written, tmp_path):
    visitor = visit()
    visitor.tab("Share")
    files = serialization.to_files(taught(written, "4"))
    said = {}
    for place, (what, of_file) in enumerate(hostile(files)):
        path = tmp_path / "evil.zip"
        path.write_bytes(serialization.zipped(of_file))
        said[what] = visitor.refused(path)
        assert visitor.page.locator("#refused p > *").count() == 0, (what, said[what])
        assert "None" not in said[what] and "expected" in said[what].lower(), (what, said[what])
        if place % 4 == 0:
            pull(visitor, f"mia/evil-{place}")
            read(visitor, what)
    assert "&lt;h1&gt;Session expired&lt;/h1&gt;&lt;form action=" in said["a setting"]
    pull(visitor, SHORT)
    assert SHORT in read(visitor, "a repo")
    named = tmp_path / "<img src=pix onerror=alert(1)>.zip"
    named.write_bytes(b"no agent")
    visitor.refused(named)
    assert visitor.page.locator("#refused p > *").count() == 0
