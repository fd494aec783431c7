"""A person in front of the page: draws, presses, reads, and waits for conditions, never for time."""

import io
import re

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import TimeoutError as TooLong
from strokes import strokes

STROKE_MS = 10_000
DEADLINE_MS = 60_000  # a stroke takes a second or two to arrive where the graphics are drawn in software
LOOKS = {
    "desktop, light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "desktop, dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone, light": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "phone, dark": {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "color_scheme": "dark",
        "is_mobile": True,
    },
}
ABROAD = {f"desktop, {locale}": LOOKS["desktop, light"] | {"locale": locale} for locale in ("es-ES", "de-DE", "ar")}
SMALL = {  # a phone whose browser shows its bars, and one held across
    "phone, upright": LOOKS["phone, light"] | {"viewport": {"width": 390, "height": 664}},
    "phone, across": LOOKS["phone, light"] | {"viewport": {"width": 844, "height": 390}},
}
ARRIVED = """() => document.querySelector('#pad canvas') && document.querySelector('#kept').hidden
    && document.querySelector('#pad button.highlight')
    && /lesson|Lektion/.test(document.querySelector('#chip')?.innerText) && document.querySelector('gradio-app .notebook')"""
ANSWER = """() => document.querySelector('#sees img')?.src + (document.querySelector('#symbols')?.innerHTML ?? '')"""
LABORATORY = {
    "Overview": "Overview",
    "Numbers": "Numbers",
    "Frames": "Watching",
    "Compare": "Experiments",
    "Design": "Design",
}
STILL = """() => document.getAnimations().every(
    (each) => each.playState !== 'running' || each.effect.getTiming().iterations === Infinity)"""
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
RING = 500  # pixels of the ring that shows the brush, at most: it is no ink
HARMLESS = ("WebGL", "GPU stall")
NOTE_TOASTS = """window.toasts = [];
new MutationObserver(() => {
    for (const each of document.querySelectorAll('.toast-body:not([data-noted])')) {
        each.dataset.noted = 'yes';
        window.toasts.push(each.className + ': ' + each.innerText);
    }
}).observe(document, {childList: true, subtree: true});"""


def violations(page):
    """What axe finds wrong on a page as soon as nothing on it moves or fades: rule -> where."""
    page.wait_for_function(STILL)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return {rule["id"]: [node["target"] for node in rule["nodes"]] for rule in found}


class Visitor:
    """One browser with one page of the app."""

    def __init__(self, context, url, touch=False, known=(), path=""):
        self.context, self.url, self.touch, self.path = context, url, touch, path
        self.errors, self.outside, self.leaving, self._answering = [], [], False, set()
        self.known = (url, "data:", "blob:", *known)  # what the page may ask for
        self.page = context.new_page()
        self.page.set_default_timeout(DEADLINE_MS)
        self.page.add_init_script(NOTE_TOASTS)
        self._fingers = context.new_cdp_session(self.page)  # one for all strokes: a finger lifted by detaching is lost
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.leaving or self.errors.append(str(error)))
        context.on("request", self._watch)
        self.page.on("request", lambda request: "/queue/data" in request.url and self._answering.add(request))
        for ended in ("requestfinished", "requestfailed"):
            self.page.on(ended, lambda request: self._answering.discard(request))
        self.page.on("framenavigated", lambda _: self._answering.clear())  # of a page that is left, nobody tells
        self.open()

    def _note(self, message):
        if message.type == "error" and not self.leaving and not any(word in message.text for word in HARMLESS):
            self.errors.append(message.text)

    def _watch(self, request):
        if not request.url.startswith(self.known):
            self.outside.append(request.url)

    # ------------------------------------------------------------ coming and going

    def open(self):
        """Load the page and wait until it is filled in."""
        self.leaving = True  # what the page left behind breaks off is no error
        self.page.goto(self.url + self.path)
        self.leaving = False
        self.arrive()

    def arrive(self):
        """Wait until the agent is on the desk and the pad takes ink."""
        self.until(ARRIVED)

    def tab(self, name):
        """Open a tab and wait until it is filled in."""
        if name in LABORATORY:
            self.page.get_by_role("tab", name="Laboratory").click()
        self.page.get_by_role("tab", name=LABORATORY.get(name, name)).click()
        filled = {
            "Draw": ("#share", "Right before"),
            "Teach": ("#notebook-set", "drawing"),
            "Inside": ("#images", "Mental images"),
            "Share": ("#share-status", "and knows"),
            "Numbers": ("#numbers-answers .asked", ""),
            "Compare": ("#runs-head", "Experiments so far"),
            "Frames": ("#frames-live .seats", ""),
            "Design": ("#design-status", "and knows"),
            "Overview": ("#overview", "What comes next?"),
        }
        self.until_text(*filled[name])
        self.page.evaluate(TWO_FRAMES)  # what a tab shows first is filled in once more with its next frame

    # ------------------------------------------------------------ drawing

    def draw(self, drawing):
        """Trace a digit with the pen, in the middle of an empty pad; the next stroke begins when the last was seen.

        Where a processor draws the graphics, the pad may lose a stroke begun while it still reads the one before; as
        a person would, draw it again.
        """
        self.until_empty()
        self.page.evaluate(TWO_FRAMES)  # a pad just cleared takes its time: a stroke begun before may be wiped with it
        self.page.evaluate("document.querySelector('#pad').scrollIntoView({block: 'center'})")
        box = self.page.locator("#pad").bounding_box()
        side = 0.9 * min(box["width"], box["height"])
        left, top = box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2
        for stroke in strokes(drawing):
            points = [(left + x * side, top + y * side) for x, y in [*stroke[:-1:3], stroke[-1]]]
            self._stroke(points)

    def _stroke(self, points):
        answer = self.page.evaluate(ANSWER)
        trace = self._touch_stroke if self.touch else self._mouse_stroke
        for _ in range(3):
            trace(points)
            try:
                self.until(f"(answer) => ({ANSWER})() !== answer", answer, STROKE_MS)
                return
            except TooLong:
                continue
        raise AssertionError("expected the pad to take a stroke, got none in three attempts.")

    def _mouse_stroke(self, points):
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point)
        self.page.mouse.up()

    def _touch_stroke(self, points):
        for number, (x, y) in enumerate(points):
            kind = "touchMove" if number else "touchStart"
            self._fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        self._fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def until_empty(self):
        """Wait until there is no ink on the pad."""
        self._until_ink(lambda n_pixels: n_pixels < RING, "expected the pad to be empty by now.")

    def until_inked(self):
        """Wait until there is ink on the pad, put there by a press."""
        self._until_ink(lambda n_pixels: n_pixels > 2 * RING, "expected a drawing on the pad by now.")

    def _until_ink(self, enough, otherwise):
        for _ in range(200):
            shown = np.asarray(Image.open(io.BytesIO(self.page.locator("#pad").screenshot())).convert("L"))
            if enough((shown[20:-20, 20:-20] > 128).sum()):
                return
        raise AssertionError(otherwise)

    # ------------------------------------------------------------ pressing

    def press(self, selector):
        self.page.locator(selector).first.click()

    def press_as_soon_as(self, at, text, selector):
        """Press what can be pressed at the very moment that some text appears: half a second later may be too late."""
        self.page.evaluate(
            """([at, text, selector]) => {
                const watched = document.querySelector(at);
                const press = () => {
                    const button = document.querySelector(selector);
                    button.disabled ? requestAnimationFrame(press) : button.click();
                };
                const observer = new MutationObserver(() => {
                    if (!watched.innerText.includes(text)) return;
                    observer.disconnect();
                    press();
                });
                observer.observe(watched, {childList: true, subtree: true, characterData: true});
            }""",
            [at, text, selector],
        )

    def unfold(self, part):
        """Open a part that is folded."""
        if not self.page.locator(f"{part} > button.label-wrap.open").count():
            self.press(f"{part} > button.label-wrap")
            self.page.locator(f"{part} > button.label-wrap.open").wait_for()

    def choose(self, group, text):
        """Choose an option, and see that it is chosen."""
        option = self.page.locator(f"{group} label").filter(has_text=text).filter(has=self.page.locator("input")).first
        option.locator("input").check()
        self.until(
            "([at, text]) => [...document.querySelectorAll(at + ' label:has(input:checked)')].some("
            "(label) => label.innerText.includes(text))",
            [group, text],
        )

    def teach(self, drawing, label):
        """Draw, wait for the guess, press the label, wait until it is learned."""
        self.draw(drawing)
        self.until_guessed()
        self.press(f"#label-{label}")
        self.until_learned(label)

    def write(self, field, text):
        """Write into a field, in place of what stood there."""
        self.page.locator(f"{field} textarea, {field} input").first.fill(text)

    def load(self, path, told="Loaded:"):
        """Load the file of an agent, on the Share tab, and read what is told of it: it goes away again."""
        self.page.locator("#file-in input[type=file]").set_input_files(path)
        self.until_text("#share-status", told)

    def refused(self, path):
        """Load a file that is no agent, and read why not beside the box, which takes the next file."""
        self.page.evaluate("document.querySelector('#refused p')?.setAttribute('data-old', '')")
        self.page.locator("#file-in input[type=file]").set_input_files(path)
        said = self.page.locator("#refused p:not([data-old])")
        said.wait_for()
        assert self.page.locator("#file-in [data-testid=status-tracker]:not(.hide)").count() == 0
        return said.inner_html()

    # ------------------------------------------------------------ reading

    def until(self, condition, argument=None, timeout_ms=DEADLINE_MS):
        self.page.wait_for_function(condition, arg=argument, timeout=timeout_ms)

    def until_text(self, selector, text):
        """Wait until something says this; tell what it said when it does not."""
        try:
            self.until("([at, text]) => document.querySelector(at)?.innerText.includes(text)", [selector, text])
        except Exception as error:
            got, toasts = self.text(selector), self.page.evaluate("window.toasts")
            raise AssertionError(f"expected {text!r} in {selector}, got {got!r} and the messages {toasts}.") from error

    def until_told(self, kind, text):
        """Wait for a message, or for one that has gone again: a slow page is ready later than a message lasts."""
        try:
            self.until(
                "([kind, text]) => window.toasts.some((each) => each.includes(kind) && each.includes(text))",
                [kind, text],
            )
        except Exception as error:
            toasts = self.page.evaluate("window.toasts")
            raise AssertionError(f"expected the message {text!r}, got {toasts}.") from error

    def until_done(self):
        """Give events under way a moment to end: what they show comes just before, and until then none begins anew.

        Some go on for longer, and are waited for no more: whatever is pressed next has to show that it was taken.
        """
        for _ in range(40):
            self.page.evaluate(TWO_FRAMES)
            if not self._answering:
                return

    def until_still(self):
        """Wait until what opens or changes its colour has done so; what goes on for ever may."""
        self.until(STILL)

    def until_guessed(self, label=None):
        """Wait for a guess of what is on the pad; of this label, if one is given."""
        self.page.locator(".answer.sure, .answer.unsure").wait_for()
        if label is not None:
            self.until_text("#guess .big", label)

    def until_learned(self, label):
        self.until_text(".answer.learned", f"for {label} so far")

    def text(self, selector):
        found = self.page.locator(selector)
        return found.first.inner_text() if found.count() else None

    @property
    def seen(self):
        """What the agent says it sees, as the address of a picture."""
        return self.page.evaluate("document.querySelector('#sees img')?.src ?? null")

    @property
    def n_lessons(self):
        return int(re.search(r"([\d,]+) lesson", self.text("#chip"))[1].replace(",", ""))

    def box(self, selector):
        box = self.page.locator(selector).bounding_box()
        scrolled = self.page.evaluate("window.scrollY")
        return [round(box[side] + (scrolled if side == "y" else 0)) for side in ("x", "y", "width", "height")]
