"""What strangers write into their repos is shown as text, or not at all: no script runs, nothing breaks the page."""

import io

import pytest
from PIL import Image
from sharing import app_of, card, people, pull, put, take, taught

from agent.storage import serialization

LABELS = ("<script>", "${1/0}`", "{{a}}", '"><b>x', "'&amp;'", "مرحبا", "WWWWWWWW", "\\u0041")
NAMES = {
    "markup": '<img src=x onerror="window.hacked=1">',
    "templates": "${window.hacked=2}`{{hacked}}<%= 1 %>",
    "long": "W" * 60,
    "quotes": "\"'></p></div><script>hacked=3</script>",
    "reversed": "אבגד هوز " * 5,
}
TITLE = "<img src=x onerror=hacked=4>${window.hacked=5}`{{1}}"
CARD = """---
tags: [pupil-agent, "pupil:kind=recall", "pupil:lessons=LESSONS", "pupil:labels=%3Cb%3E,%24%7Bx%7D,%60,%7B%7Bx%7D%7DMORE"]
---
# <script>window.hacked=6</script> <img src=x onerror=window.hacked=7> ${window.hacked=8}
"""
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.hacked=9"><script>window.hacked=9</script></svg>'


def described(lessons="3", more=""):
    """The card of a repo, that tells strange things."""
    return {"README.md": CARD.replace("LESSONS", lessons).replace("MORE", more).encode()}


def bomb():
    """A small file of a large picture."""
    file = io.BytesIO()
    Image.new("1", (24_000, 24_000)).save(file, "PNG")
    return file.getvalue()


PICTURES = {"markup": SVG, "templates": b"<script>window.hacked=10</script>", "long": bomb(), "quotes": b""}


def repo_of(key):
    """Where an agent lives."""
    return f"mia/{'x' * 80 if key == 'long' else key}"


@pytest.fixture(scope="module")
def hub(written):
    """A Hub full of strangers' ideas."""
    with people() as hub:
        for key, name in NAMES.items():
            pupil = taught(written, "479", name)
            for row, label in enumerate(LABELS):
                pupil.learn_one(written["2"][row], label)
            changed = {"labels.png": PICTURES[key]} if key in PICTURES else {}
            changed |= {} if key == "long" else described()
            put(hub, repo_of(key), pupil, TITLE, **changed)
        files = serialization.to_files(taught(written, "4"))
        hub.write("mia/<img src=x onerror=hacked=11>", files | described(), user="mia")
        hub.write("ben/reversed-labels", files | described(more=",%E2%80%AE"), user="ben")
        hub.write("ben/lies", files | described(lessons="<b>${x}"), user="ben")
        yield hub


@pytest.fixture(scope="module")
def server(hub, tmp_path_factory):
    """An app whose Hub this is."""
    with app_of(hub, tmp_path_factory.mktemp("hostile")) as server:
        yield server


def watch(context):
    """Note every dialog."""
    context.add_init_script(
        "window.dialogs = 0; for (const it of ['alert', 'confirm', 'prompt']) window[it] = () => dialogs++"
    )


def harmless(visitor):
    """No script ran, nothing of a stranger is an element, nothing is wider than the page."""
    assert visitor.page.evaluate("[window.hacked ?? null, window.dialogs]") == [None, 0]
    assert visitor.page.locator("img[src=x], .card script, .known b").count() == 0
    width = visitor.page.viewport_size["width"]
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
    wide = visitor.page.evaluate(
        """(width) => [...document.querySelectorAll('.contain *')].filter((it) => it.checkVisibility()
            && it.getBoundingClientRect().right > width + 1 && !it.closest('.strip, .columns, .bars, #pad'))
            .map((it) => [it.tagName, it.className, it.innerText?.slice(0, 40)])""",
        width,
    )
    assert not wide, wide


@pytest.mark.parametrize("look", ["desktop, light", "phone, light"])
def test_strangers_texts_and_pictures_stay_what_they_are(visit, hub, look):
    visitor = visit(look, prepare=watch)
    visitor.tab("Share")
    for key in NAMES:
        shown = card(visitor, repo_of(key))
        assert shown.locator("img").count() == (key == "reversed")
    assert visitor.page.locator(".agents article").count() == len(NAMES) + 2
    assert "<b> ${x} ` {{x}}" in card(visitor, "mia/markup").inner_text()
    harmless(visitor)
    for key in NAMES:
        repo_id = repo_of(key)
        take(visitor, repo_id, "start")
        visitor.until_text("#share-status", f"Opened: {repo_id},")
        visitor.until_text("#chip", NAMES[key].strip())
        harmless(visitor)
    take(visitor, repo_of("long"), "try")
    visitor.until_text("#guest-name", "11 lessons")
    visitor.press("#compare")
    visitor.until_text("#compared", "300 of 300 asked")
    pull(visitor, "mia/markup")
    visitor.until_text("#share-status", "Fetched: mia/markup, version")
    visitor.press("#look")
    visitor.until_text("#versions", TITLE)
    harmless(visitor)
    take(visitor, "mia/quotes", "join")  # whose versions are not those listed
    visitor.until_text("#share-status", "Joined: mia/quotes. Yours has had 22 lessons now.")
    for tab in ("Draw", "Teach", "Inside", "Share"):
        visitor.tab(tab)
        harmless(visitor)
