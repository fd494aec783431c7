"""The first minute: something to see and to do before scripts, while the app wakes up, and while nobody answers."""

import base64
import json
import re

import pytest
from served import Server, serving
from strokes import strokes
from visitor import LOOKS, Visitor

from tests.bench.crash import kill

PARTS = (
    "h1",
    "#chip",
    ".tab-wrapper",
    "#pad",
    "#undo",
    "#redo",
    "#clear",
    ".starts",
    "#label-0",
    "#label-9",
    "#own-label",
    "#right",
    "#no-pen",
    "#challenge",
    "#why",
    "#notebook .strip",
)
BOXES = """([root, parts]) => Object.fromEntries(parts.map((part) => {
    const {x, y, width, height} = document.querySelector(`${root} ${part}`).getBoundingClientRect();
    return [part, part === '#chip' ? [y] : [x, y, width, height].map((n) => Math.round(n))];
}))"""
SHIFTS = """window.shifts = [];
const name = ({node, previousRect, currentRect}) => [
    `${node?.id || node?.parentElement?.id}.${node?.className}`, ...[previousRect, currentRect].map((box) => box.toJSON()),
];
new PerformanceObserver((list) => list.getEntries().forEach((each) => {
    window.shifts.push([each.value, Math.round(each.startTime), JSON.stringify(each.sources.map(name))]);
})).observe({type: 'layout-shift', buffered: true});"""
KEPT = "document.querySelector('#kept p').innerText"
FULL = json.dumps({"detail": "Queue is full. Max size is 300 and size is 300."})
PAPER = "**/pad.png"
SCRIPTS = re.compile(r"/assets/index-[\w-]+\.js$")


class Early(Visitor):
    """Somebody who does not wait until the page is filled in."""

    def open(self):
        self.page.goto(self.url + self.path, wait_until="commit")
        self.page.locator("#kept canvas").wait_for(state="attached")

    def scrawl(self, drawing):
        """Draw without looking what becomes of it."""
        self.until("() => document.querySelector('#pad')?.getBoundingClientRect().width")
        box = self.page.evaluate("document.querySelector('#pad').getBoundingClientRect().toJSON()")
        side = 0.9 * box["width"]
        left, top = box["x"] + 0.05 * box["width"], box["y"] + 0.05 * box["width"]
        for stroke in strokes(drawing):
            self._mouse_stroke([(left + x * side, top + y * side) for x, y in [*stroke[:-1:3], stroke[-1]]])


def go_on(visitor, held):
    """Let go what is held, once it was asked for."""
    while not held:
        visitor.page.wait_for_timeout(20)
    held[0].continue_()


@pytest.fixture
def early(server, browser):
    """Open the app, and go on at once; afterwards nobody may have seen an error."""
    visitors = []

    def new(look="desktop, light", prepare=lambda context: None, url=server.url):
        context = browser.new_context(**LOOKS[look])
        prepare(context)
        visitors.append(Early(context, url))
        return visitors[-1]

    yield new
    for visitor in visitors:
        visitor.context.close()
        assert (visitor.errors, visitor.outside) == ([], [])


@pytest.mark.parametrize("look", ["desktop, light", "phone, dark"])
def test_what_is_shown_before_scripts_stands_where_it_stays(early, look):
    held = []
    visitor = early(look, lambda context: context.route(SCRIPTS, lambda route: held.append(route)))
    first = visitor.page.evaluate(BOXES, ["#early", PARTS])
    assert "Teach a small machine" in visitor.text("#early")
    go_on(visitor, held)
    visitor.arrive()
    assert visitor.page.evaluate(BOXES, ["gradio-app", PARTS]) == first and not visitor.page.locator("#early").count()


@pytest.mark.parametrize("look", ["desktop, light", "phone, light"])
def test_nothing_moves_while_the_page_loads(early, look):
    visitor = early(look, lambda context: context.add_init_script(SHIFTS))
    visitor.arrive()
    visitor.until_done()
    assert visitor.page.evaluate("window.shifts.reduce((sum, [size]) => sum + size, 0)") < 0.02, visitor.page.evaluate(
        "window.shifts"
    )
    sheets = visitor.page.evaluate(
        "performance.getEntriesByType('resource').map((at) => at.name.match(/(\\w+)[-.][^/]*css/)?.[1])"
    )
    assert {*sheets} - {None} == {"index", "parts", "theme"}


def test_what_is_drawn_and_pressed_before_scripts_is_done(early, written):
    held = []
    visitor = early(prepare=lambda context: context.route(SCRIPTS, lambda route: held.append(route)))
    visitor.scrawl(written["4"][0])
    visitor.press("#early #label-5")
    visitor.until(f"() => /Kept: 1/.test({KEPT})")
    visitor.press("#early #undo")  # gives the drawing back
    visitor.until(f"() => !{KEPT}")
    visitor.press("#early #label-4")
    visitor.until(f"() => /Kept: 1/.test({KEPT})")
    visitor.scrawl(written["4"][1])
    go_on(visitor, held)
    visitor.until_guessed("4")
    assert visitor.n_lessons == 1


def test_what_is_drawn_and_pressed_before_the_paper_is_laid_is_done(early, written):
    held = []
    visitor = early(prepare=lambda context: context.route(PAPER, lambda route: held.append(route)))
    visitor.until("document.querySelector('#pad button.highlight') && document.querySelector('gradio-app .notebook')")
    visitor.scrawl(written["4"][0])
    visitor.press("gradio-app #label-4")
    visitor.until(f"() => /Kept: 1/.test({KEPT})")
    visitor.context.unroute(PAPER)  # and what was held goes on
    visitor.until_learned("4")


def test_what_is_drawn_by_keys_before_the_paper_is_laid_is_done(early):
    held = []
    visitor = early(prepare=lambda context: context.route(PAPER, lambda route: held.append(route)))
    visitor.until("document.querySelector('#pad button.highlight') && document.querySelector('gradio-app .notebook')")
    visitor.page.locator("#pen").focus()
    for key in (*["ArrowUp"] * 8, " ", *["ArrowDown"] * 16, " "):
        visitor.page.keyboard.press(key)
    visitor.press("gradio-app #label-1")
    visitor.until(f"() => /Kept: 1/.test({KEPT})")
    visitor.context.unroute(PAPER)  # and what was held goes on
    visitor.until_learned("1")
    assert visitor.n_lessons == 1


def test_undo_of_a_press_that_is_being_done_waits_for_it(early, written):
    held = []
    visitor = early(prepare=lambda context: context.route(SCRIPTS, lambda route: held.append(route)))
    visitor.scrawl(written["4"][0])
    visitor.press("#early #label-4")
    go_on(visitor, held)
    visitor.until("window.editor?.command_manager.history.command?.name === 'Draw'")
    visitor.press("gradio-app #undo")
    visitor.until_text("#status", "Undone: lesson “4”.")
    assert visitor.n_lessons == 0


def test_a_full_queue_says_so_and_every_stroke_and_press_gets_its_turn(early, written):
    visitor, refused = early(), []
    visitor.arrive()

    def refuse(route):
        refused.append(route)
        route.fulfill(status=503, content_type="application/json", body=FULL) if len(refused) < 4 else route.continue_()

    visitor.leaving = True  # Chromium notes the refusals
    visitor.page.route("**/queue/join*", refuse)
    visitor.scrawl(written["4"][0])
    visitor.until(f"() => /your turn comes/.test({KEPT})")
    visitor.press("#label-4")
    visitor.until_text("#chip", "1 lesson")
    visitor.until(f"() => !{KEPT}")


def test_what_is_drawn_and_pressed_without_a_connection_is_done_when_it_is_back(early, written):
    visitor = early()
    visitor.arrive()
    visitor.leaving = True
    visitor.scrawl(written["4"][0])
    visitor.until_guessed()
    visitor.context.set_offline(True)
    visitor.press("#label-4")
    visitor.until(f"() => /No connection/.test({KEPT})")
    visitor.scrawl(written["7"][0])
    visitor.press("#label-7")
    visitor.scrawl(written["4"][1])
    visitor.context.set_offline(False)
    visitor.until_text("#chip", "2 lessons")
    visitor.until_guessed("4")


def test_a_restarted_server_finds_the_lessons_and_what_was_pressed_meanwhile(early, written, tmp_path):
    first = Server(tmp_path)
    visitor = early(url=first.url)
    visitor.arrive()
    visitor.leaving = True
    visitor.teach(written["4"][0], "4")
    kill(first)
    visitor.until(f"() => /No connection/.test({KEPT})")
    visitor.scrawl(written["7"][0])
    visitor.press("#label-7")
    visitor.scrawl(written["4"][1])
    with serving(tmp_path, port=first.port):
        visitor.until_text("#chip", "2 lessons")
        visitor.until_guessed("4")
        visitor.context.close()


@pytest.mark.nightly
def test_a_first_four_is_learned_while_the_kernels_are_compiled(early, written, tmp_path):
    film, said = tmp_path / "film", []
    film.mkdir()
    with serving(tmp_path, {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}) as server:
        visitor = early(url=server.url)
        visitor.scrawl(written["4"][0])
        visitor.press("#label-4")
        visitor.scrawl(written["4"][1])
        for second in range(90):
            said.append(visitor.text("#guess"))
            picture = visitor._fingers.send("Page.captureScreenshot", {"format": "png"})
            (film / f"{second:02d}.png").write_bytes(base64.b64decode(picture["data"]))
            if visitor.page.locator(".answer.sure").count():
                break
            visitor.page.wait_for_timeout(1000)
        visitor.until_guessed("4")
        assert visitor.n_lessons == 1 and all(said), said  # the page is never without a word
        visitor.context.close()
