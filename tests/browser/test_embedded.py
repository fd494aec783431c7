"""The exported page in another page: it speaks to its parent alone, answers bad messages, and keeps nothing of others."""

import functools
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from drawings import random_drawing
from playwright.sync_api import expect
from visitor import DEADLINE_MS

import agent
from agent.preprocessing import to_thumbnail

README = Path(agent.__file__).parent / "export/README.md"
ASK = """([name, request]) => new Promise((resolve) => {
    const id = Math.random();
    window.addEventListener("message", ({ origin, data }) => data.id === id && resolve({ origin, ...data }));
    document.getElementById(name).contentWindow.postMessage({ id, ...request }, "*");
})"""
BLANK = {"width": 8, "height": 8, "ink": [0] * 64}
MARKED = {"width": 8, "height": 8, "ink": [0, 0, 0, 255, 255, 0, 0, 0] * 8}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def served_at(tmp_path):
    """Serve a folder at two addresses; gives both."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path)) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield [f"http://127.0.0.1:{server.server_port}" for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def page(browser):
    context, faults = browser.new_context(), []
    page = context.new_page()
    page.set_default_timeout(DEADLINE_MS)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


def test_the_example_of_the_page_works(page, tmp_path):
    agent.new("recall", name="Mia").export_html(tmp_path / "mia.html")
    (tmp_path / "index.html").write_text(
        re.search(r"```html\n(.*?)```", README.read_text("utf-8"), re.DOTALL)[1], "utf-8"
    )
    page.goto((tmp_path / "index.html").as_uri())
    expect(page.locator("#said")).to_have_text("1 after 1 lessons", timeout=DEADLINE_MS)
    expect(page.frame_locator("#mia").locator("#about")).to_have_text("1 lessons · 1")


def test_answers_are_those_of_python_and_go_to_the_origin_that_asks(page, tmp_path, served_at, lessons):
    here, there = served_at
    pupil = agent.new("recall", name="Mia")
    for drawing, label in zip(*lessons, strict=True):
        pupil.learn_one(drawing, label)
    pupil.export_html(tmp_path / "mia.html", drawings=True)
    (tmp_path / "index.html").write_text(f'<iframe id="mia" src="{there}/mia.html"></iframe>', "utf-8")
    page.goto(f"{here}/index.html")
    ask = functools.partial(page.evaluate, ASK)
    told = ask(["mia", {"pupil": "labels"}])
    assert (told["origin"], told["name"], told["n_lessons"]) == (there, "Mia", 60)
    assert tuple(told["labels"]) == pupil.labels
    for seed in range(5):
        drawing = random_drawing(seed, 90, 70)
        sent = {"width": 70, "height": 90, "ink": drawing.ravel().tolist()}
        guess, expected = ask(["mia", {"pupil": "guess", "drawing": sent}]), pupil.predict_one(to_thumbnail(drawing))
        assert list(guess["responses"].values()) == expected.responses.tolist()
        assert (guess["label"], guess["unsure"]) == (expected.label, expected.unsure)
    assert ask(["mia", {"pupil": "teach", "drawing": sent, "label": " Ж "}])["n_lessons"] == 61
    assert ask(["mia", {"pupil": "guess", "drawing": sent}])["label"] == "Ж"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"pupil": "save"}, "expected one of labels, guess, teach, got save."),
        ({"pupil": "constructor"}, "expected one of"),
        ({"pupil": {"toString": 1}}, "got object"),
        ({"pupil": "guess"}, "expected width and height from 8 to 2048, got undefined"),
        ({"pupil": "guess", "drawing": BLANK | {"width": 4, "height": 16}}, "got 4 and 16"),
        ({"pupil": "guess", "drawing": BLANK | {"ink": "0" * 64}}, "expected ink as 64 whole numbers"),
        ({"pupil": "guess", "drawing": BLANK | {"ink": [0] * 63}}, "got 63"),
        ({"pupil": "guess", "drawing": BLANK | {"ink": [0.5] * 64}}, "from 0 to 255"),
        ({"pupil": "teach", "drawing": BLANK, "label": "1"}, "got a blank one"),
        ({"pupil": "teach", "drawing": MARKED, "label": 7}, "expected a label of 1 to 8 visible characters, got 7."),
        ({"pupil": "teach", "drawing": MARKED, "label": "\u3164"}, "expected a label"),
    ],
)
def test_bad_messages_are_answered_with_an_error(page, tmp_path, served_at, request_, said):
    agent.new("recall").export_html(tmp_path / "mia.html")
    (tmp_path / "index.html").write_text('<iframe id="mia" src="mia.html"></iframe>', "utf-8")
    page.goto(f"{served_at[0]}/index.html")
    assert said in page.evaluate(ASK, ["mia", request_])["error"]
    assert page.evaluate(ASK, ["mia", {"pupil": "labels"}])["n_lessons"] == 0


def test_only_the_parent_is_answered_and_what_a_person_taught_is_nobodys(page, tmp_path, served_at):
    here, there = served_at
    agent.new("recall", name="Mia").export_html(tmp_path / "mia.html")
    page.goto(f"{there}/mia.html")
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    page.evaluate("page.pad.fillRect(0, 0, 1, 1), page.stroke(140, 60), page.stroke(140, 220)")
    page.locator("#own").fill("secret")
    page.keyboard.press("Enter")
    expect(page.locator("#about")).to_have_text("1 lessons · secret")
    (tmp_path / "index.html").write_text(
        f'<iframe id="mia" src="{there}/mia.html"></iframe><iframe id="other" src="{there}/other.html"></iframe>',
        "utf-8",
    )
    (tmp_path / "other.html").write_text("<title>Another</title>", "utf-8")
    page.goto(f"{here}/index.html")
    frame = page.frame_locator("#mia")
    expect(frame.locator("#about")).to_have_text("1 lessons · secret")  # nobody has spoken yet
    page.evaluate("window.heard = []; window.addEventListener('message', ({ data }) => window.heard.push(data))")
    spoken = "parent.frames[0].postMessage({ pupil: 'teach', label: 'x', drawing: {} }, '*')"
    page.frame(url=f"{there}/other.html").evaluate(
        f"window.onmessage = (e) => parent.postMessage(e.data, '*'), {spoken}"
    )
    page.evaluate("for (const data of [1, null, 'pupil', {}, []]) frames[0].postMessage(data, '*')")
    assert page.evaluate(ASK, ["mia", {"pupil": "labels"}])["labels"] == []
    assert len(page.evaluate("window.heard")) == 1
    assert page.evaluate(ASK, ["mia", {"pupil": "teach", "drawing": MARKED, "label": "1"}])["n_lessons"] == 1
    page.goto(f"{there}/mia.html")
    expect(page.locator("#about")).to_have_text("1 lessons · secret")
