"""The agent as a page, opened from a file by Chromium without a network: the same answers, and teaching goes both ways."""

import base64

import numpy as np
import pytest
from agents import born
from drawings import random_drawing
from playwright.sync_api import expect
from visitor import DEADLINE_MS, LOOKS, violations

import agent
from agent.datasets import digits, strokes
from agent.preprocessing import to_thumbnail
from agent.storage.serialization import from_zip, to_files
from tests.bench import strangers

ANSWER = """(asked) => asked.map(([grey, height, width]) => {
    const thumbnail = to_thumbnail(from_base64(grey), height, width), { model } = page.pupil;
    const { label, responses, unsure, unfamiliar, ...rest } = model.predict_one(thumbnail);
    const because = model.because({ label, ...rest }).map((drawing) => hexadecimal(packed(drawing)));
    return [hexadecimal(packed(thumbnail)), label, responses, unsure, unfamiliar, because];
})"""
TEACH = """async ([grey, height, width, label]) =>
    page.pupil.learn_one(to_thumbnail(from_base64(grey), height, width), label)"""
UNDO = "() => page.pupil.undo()"


@pytest.fixture
def opened(browser, tmp_path):
    """Open the page of an agent, offline; afterwards it may have asked for nothing and logged no error."""
    contexts, faults = [], []

    def new(pupil, look="desktop, light", language="en"):
        path = pupil.export_html(tmp_path / "mia.html", language, drawings=True)
        context = browser.new_context(offline=True, accept_downloads=True, **LOOKS[look])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(DEADLINE_MS)
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: request.url.startswith(("file:", "blob:")) or faults.append(request.url))
        page.goto(path.as_uri())
        ready(page)
        return page

    yield new
    for context in contexts:
        context.close()
    assert faults == []


def ready(page):
    expect(page.locator("body")).to_have_attribute("data-ready", "yes", timeout=DEADLINE_MS)


def asked(n=200):
    """Drawings: half of them digits of MNIST, then pen strokes, some squeezed, and pads with scribbles and specks."""
    drawings, _ = digits.mnist("test")
    styles = strokes.styles()
    pens = [strokes.draw(styles[at % len(styles)], seed=7 + at // len(styles)) for at in range(3 * n // 10)]
    pens[::6], pens[3::6] = [pen[:, ::2] for pen in pens[::6]], [pen[::2] for pen in pens[3::6]]
    pads = [random_drawing(seed, 280, 280) for seed in range(n // 5)]
    for seed, pad in enumerate(pads[::4]):
        pad[6 + seed % 200 : 9 + seed % 200, 6:9] = 255
    return [*drawings[: n // 2], *pens, *pads]


def sent(drawing):
    return [base64.b64encode(np.ascontiguousarray(drawing).tobytes()).decode(), *drawing.shape]


def answers(pupil, drawings):
    """What the page is to answer: thumbnail, label, responses, doubts, and the lessons that are the reasons."""
    found = []
    for thumbnail in map(to_thumbnail, drawings):
        guess = pupil.predict_one(thumbnail)
        because = [agent.preprocessing.pack(each.drawing[None]).tobytes().hex() for each in guess.because]
        packed = agent.preprocessing.pack(thumbnail[None]).tobytes().hex()
        found.append([packed, guess.label, guess.responses.tolist(), guess.unsure, guess.unfamiliar, because])
    return found


def saved(page):
    """Press Save and load what comes."""
    with page.expect_download() as download:
        page.locator("#save").click()
    content = download.value.path().read_bytes()
    return from_zip(content)


def remembered(pupil):
    """Everything that is equal where two agents have learned the same at different times."""
    lessons = [(each.number, each.label, each.drawing.tobytes(), each.guessed) for each in pupil.lessons.user_lessons()]
    return to_files(pupil)["agent.safetensors"], lessons, [event["event"] for event in pupil.lessons.events]


@pytest.mark.parametrize(("n_asked", "n_taught"), [(200, 10), pytest.param(2000, 200, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("n_lessons", [0, 60, 600, pytest.param(6000, marks=pytest.mark.nightly)])
def test_the_page_answers_and_learns_as_python_does(opened, n_lessons, n_asked, n_taught):
    drawings, labels = digits.mnist("train")
    pupil = agent.new("recall", name="Mia")
    pupil.learn_many(drawings[: max(0, n_lessons - 60)], labels[: max(0, n_lessons - 60)])
    for drawing, label in zip(
        drawings[max(0, n_lessons - 60) : n_lessons], labels[max(0, n_lessons - 60) :], strict=False
    ):
        pupil.learn_one(drawing, label)
    page, asking = opened(pupil), asked(n_asked)
    for at in range(0, n_asked, 100):
        some = asking[at : at + 100]
        assert page.evaluate(ANSWER, [sent(drawing) for drawing in some]) == answers(pupil, some)
    names = "A0é🙂12Z7"
    for number in range(n_taught):
        drawing, label = asking[(11 * number) % len(asking)], names[number % len(names)]
        assert page.evaluate(TEACH, [*sent(drawing), label])
        pupil.learn_one(drawing, label)
        if number % 3 == 2:
            assert page.evaluate(UNDO) == pupil.undo().label
        some = asking[number :: n_asked // 3]
        assert page.evaluate(ANSWER, [sent(drawing) for drawing in some]) == answers(pupil, some)
    assert remembered(saved(page)) == remembered(pupil)


def test_the_page_tells_digits_from_what_is_no_digit_as_python_does(opened):
    pupil, plain = agent.new("recall", name="Mia"), agent.new("recall")
    for each in (pupil, plain):
        each.learn_many(*digits.Selection({"mnist": 300}, seed=1).draw())
    with np.load(strokes.THUMBNAILS) as file:
        pupil.learn_many(agent.preprocessing.unpack(file["drawings"][-1:]), strokes.SHIPPED.lesson_labels[-1:])
    assert pupil.model.knows_background and not plain.model.knows_background
    asking = [drawing for drawings in strangers.untaught().values() for drawing in drawings[::30]] + asked()[::20]
    page, found = opened(pupil), answers(pupil, asking)
    assert page.evaluate(ANSWER, [sent(drawing) for drawing in asking]) == found
    is_new = [known[4] and not unknown[4] for known, unknown in zip(found, answers(plain, asking), strict=True)]
    assert sum(is_new) > 5
    for label in ("D", "love", "0"):
        drawing = asking[is_new.index(True)]
        assert page.evaluate(TEACH, [*sent(drawing), label])
        pupil.learn_one(drawing, label)
        assert page.evaluate(ANSWER, [sent(drawing) for drawing in asking]) == answers(pupil, asking)
    assert page.evaluate(UNDO) == pupil.undo().label == "0"
    assert page.evaluate(ANSWER, [sent(drawing) for drawing in asking]) == answers(pupil, asking)
    assert remembered(saved(page)) == remembered(pupil)


def with_many_labels():
    """Forty labels, some lessons relabelled, some bulk."""
    drawings, labels = digits.mnist("train")
    names = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZéß🙂Ж٣0123456789"]
    of = [names[(7 * int(label) + number % 13) % len(names)] for number, label in enumerate(labels[:220])]
    pupil = born("recall")
    for drawing, label in zip(drawings[:120], of, strict=False):
        pupil.learn_one(drawing, label)
    for number in range(20):
        pupil.relabel(number, "q")
    pupil.learn_many(drawings[120:220], of[120:])
    return pupil


def with_least_settings():
    """Two bits a node, no copies, and everything is compared and soon strange."""
    drawings, labels = digits.mnist("train")
    settings = {"n_warps": 0, "n_rows": 0, "n_nodes": 7, "tuple_size": 2, "n_candidates": 3}
    pupil = agent.new("recall", **settings, rare_bonus=1000, clear_lead=0.0, plausible_lag=0.0, unfamiliar=1.0)
    for drawing, label in zip(drawings[:90], labels[:90], strict=True):
        pupil.learn_one(drawing, label)
    pupil.undo()
    return pupil


def with_another_joined():
    """Wide addresses, and lessons of two agents, one of them forgotten."""
    drawings, labels = digits.mnist("train")
    settings = {"n_warps": 5, "n_rows": 300, "n_nodes": 50, "tuple_size": 14, "votes_half": 10}
    pupil, other = agent.new("recall", **settings), agent.new("recall", **settings, name="Ben")
    pupil.learn_many(drawings[:200], labels[:200])
    for drawing, label in zip(drawings[200:230], labels[200:230], strict=True):
        other.learn_one(drawing, label)
    pupil.join(other)
    pupil.forget_one(drawings[5], labels[5])
    return pupil


def with_nearest_drawings():
    """The baseline, with a drawing that was taught as two labels."""
    drawings, labels = digits.mnist("train")
    pupil = agent.new("nearest", threshold=120)
    pupil.learn_many(drawings[:50], labels[:50])
    for drawing, label in zip(drawings[40:70], "ABC" * 10, strict=True):
        pupil.learn_one(drawing, label)
    return pupil


@pytest.mark.parametrize("made", [with_nearest_drawings, with_many_labels, with_least_settings, with_another_joined])
def test_pages_of_other_agents_answer_as_they_do(opened, made):
    pupil, asking = made(), asked()[2::5]
    page = opened(pupil)
    found = page.evaluate(ANSWER, [sent(drawing) for drawing in asking])
    assert found == answers(pupil, asking)
    assert pupil.kind == "nearest" or any(unfamiliar for *_, unfamiliar, _ in found)
    images = page.evaluate("page.pupil.labels.map((label) => [...page.pupil.model.imagine(label)])")
    assert images == [pupil.imagine(label).ravel().tolist() for label in pupil.labels]
    for drawing in asking[:3]:
        assert page.evaluate(TEACH, [*sent(drawing), "q"])
        pupil.learn_one(drawing, "q")
    assert page.evaluate(UNDO) == pupil.undo().label == "q"
    assert page.evaluate(ANSWER, [sent(drawing) for drawing in asking]) == answers(pupil, asking)
    assert remembered(saved(page)) == remembered(pupil)


def test_drawing_correcting_and_taking_back_lasts_and_goes_home(opened, lessons):
    pupil = born("recall", name='<img src=x onerror="alert(1)">')
    for drawing, label in zip(*lessons, strict=True):
        pupil.learn_one(drawing, label)
    pupil.learn_one(lessons[0][0], "<b>7</b>")
    page = opened(pupil)
    expect(page.locator("h1")).to_have_text(pupil.name)
    expect(page.locator("#about")).to_have_text(f"61 lessons · {' '.join(pupil.labels)}")
    stroke(page, (0.3, 0.25), (0.7, 0.25), (0.45, 0.8))
    expect(page.locator("#label")).to_have_text("7")
    expect(page.locator("#reason")).to_have_text("It looks like this 7")
    page.locator("#own").fill("\u2028")
    page.get_by_role("button", name="Teach").click()
    expect(page.locator("#status")).to_have_text("A label has 1 to 8 visible characters.")
    page.locator("#own").fill("Ж")
    page.get_by_role("button", name="Teach").click()
    expect(page.locator("#label")).to_have_text("Ж")
    page.get_by_role("button", name="1", exact=True).click()  # it is a lesson already
    expect(page.locator("#status")).to_have_text("Draw something first.")
    stroke(page, (0.5, 0.2), (0.5, 0.8))
    page.keyboard.press("4")
    expect(page.locator("#about")).to_contain_text("63 lessons")
    page.keyboard.press("Control+z")
    expect(page.locator("#about")).to_contain_text("62 lessons")
    first = saved(page)
    page.reload()
    ready(page)
    expect(page.locator("#about")).to_have_text(f"62 lessons · {' '.join(first.labels)}")
    again = saved(page)
    assert to_files(again) == to_files(first)
    assert (first.n_lessons, first.name, first.lineage) == (62, pupil.name, pupil.lineage)
    assert first.lessons.user_lessons()[-1].label == "Ж" and first.lessons.user_lessons()[-1].guessed == "7"
    for number in range(2):  # the last one taught here, and one that it came with
        page.get_by_role("button", name="Take back last lesson").click()
        expect(page.locator("#about")).to_contain_text(f"{61 - number} lessons")
    page.reload()
    ready(page)
    pupil.undo()
    assert remembered(saved(page))[:2] == remembered(pupil)[:2]
    home = opened(first)
    assert to_files(saved(home)) == to_files(first)


# The agent is read when the test says so
HELD = """const read = Response.prototype.arrayBuffer, held = new Promise((go) => { window.go_on = go; });
Response.prototype.arrayBuffer = async function () { await held; return read.call(this); };"""


def test_what_is_drawn_while_the_agent_is_opened_is_answered_then(browser, lessons, tmp_path):
    pupil = born("recall")
    for drawing, label in zip(*lessons, strict=True):
        pupil.learn_one(drawing, label)
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.add_init_script(HELD)
    page.goto(pupil.export_html(tmp_path / "mia.html", drawings=True).as_uri())
    stroke(page, (0.3, 0.25), (0.7, 0.25), (0.45, 0.8))
    page.keyboard.press("1")  # nothing can be taught yet
    assert page.evaluate("by_id('save').inert && !page.is_open")
    page.evaluate("window.go_on()")
    expect(page.locator("#label")).to_have_text("7")
    expect(page.locator("#about")).to_contain_text("60 lessons")
    assert saved(page).n_lessons == 60
    context.close()


@pytest.mark.parametrize(
    "workers", ["", "Worker = null", "Worker = class extends Worker { constructor() { super('data:,') } }"]
)
def test_workers_open_the_page_and_where_there_are_none_it_does_so_itself(browser, lessons, tmp_path, workers):
    pupil, asking = born("recall"), asked()[::20]
    for drawing, label in zip(*lessons, strict=True):
        pupil.learn_one(drawing, label)
    context, started = browser.new_context(offline=True), []
    page = context.new_page()
    page.add_init_script(workers)
    page.on("worker", lambda worker: started.append(worker.url))
    page.goto(pupil.export_html(tmp_path / "mia.html", drawings=True).as_uri())
    ready(page)
    assert page.evaluate(ANSWER, [sent(drawing) for drawing in asking]) == answers(pupil, asking)
    assert workers or (started and all(url.startswith("blob:") for url in started))
    context.close()


@pytest.mark.parametrize("look", ["desktop, dark", "phone, light"])
def test_keys_alone_draw_and_teach(opened, look):
    page = opened(agent.new("recall", name="Mia"), look, "de")
    expect(page.locator("#sure")).to_have_text("Kann noch nichts: Zeichne etwas und sag, was es ist.")
    page.locator("#pad").focus()
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("#status")).to_have_text("Stift aufgesetzt, Spalte 15, Zeile 27")
    page.keyboard.press("Space")
    page.locator("#own").fill("1")
    page.keyboard.press("Enter")
    expect(page.locator("#label")).to_have_text("1")
    assert saved(page).labels == ("1",)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == {}


def stroke(page, *points):
    """Draw with the mouse through points, as shares of the pad."""
    box = page.locator("#pad").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()
