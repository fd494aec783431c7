"""A person in front of the page: draws, presses, reads, and waits for conditions, never for time."""

import io
import re

import numpy as np
from PIL import Image
from strokes import strokes

DEADLINE_MS = 20_000  # a stroke takes a second or two to arrive where the graphics are drawn in software
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
# The pad redraws itself sixty times a second for nobody: where a processor does the drawing, five are plenty.
CALM = "window.requestAnimationFrame = (draw) => setTimeout(() => draw(performance.now()), 200)"
HARMLESS = ("WebGL", "GPU stall")


class Visitor:
    """One browser with one page of the app."""

    def __init__(self, context, url, touch=False):
        self.context, self.url, self.touch = context, url, touch
        self.errors, self.outside = [], []
        context.add_init_script(CALM)
        self.page = context.new_page()
        self.page.set_default_timeout(DEADLINE_MS)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        context.on("request", self._watch)
        self.open()

    def _note(self, message):
        if message.type == "error" and not any(word in message.text for word in HARMLESS):
            self.errors.append(message.text)

    def _watch(self, request):
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.outside.append(request.url)

    # ------------------------------------------------------------ coming and going

    def open(self):
        """Load the page and wait until the agent is on the desk and the pad takes ink."""
        self.page.goto(self.url)
        self.page.locator("#pad canvas").first.wait_for()
        self.until("document.querySelector('#chip')?.innerText.includes('lesson')")
        self.until("document.querySelector('#pad button[aria-label=Brush]')?.classList.contains('highlight')")
        self.until("document.querySelector('.notebook') !== null")

    def tab(self, name):
        self.page.get_by_role("tab", name=name).click()

    # ------------------------------------------------------------ drawing

    def draw(self, drawing):
        """Trace a digit with the pen, in the middle of an empty pad."""
        self.until_pad(empty=True)
        self.page.evaluate("document.querySelector('#pad').scrollIntoView({block: 'center'})")
        box = self.page.locator("#pad").bounding_box()
        side = 0.9 * min(box["width"], box["height"])
        left, top = box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2
        for stroke in strokes(drawing):
            points = [(left + x * side, top + y * side) for x, y in [*stroke[:-1:3], stroke[-1]]]
            (self._touch_stroke if self.touch else self._mouse_stroke)(points)
        self.until_pad(empty=False)

    def _mouse_stroke(self, points):
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point)
        self.page.mouse.up()

    def _touch_stroke(self, points):
        session = self.context.new_cdp_session(self.page)
        for number, (x, y) in enumerate(points):
            kind = "touchMove" if number else "touchStart"
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        session.detach()

    def until_pad(self, empty):
        """Wait until the pad shows no ink, or some."""
        for _ in range(200):
            shown = np.asarray(Image.open(io.BytesIO(self.page.locator("#pad").screenshot())).convert("L"))
            if (shown[20:-20, 20:-20].max() < 128) == empty:
                return
        raise AssertionError(f"expected the pad to be {'empty' if empty else 'drawn on'} by now.")

    # ------------------------------------------------------------ pressing

    def press(self, selector):
        self.page.locator(selector).first.click()

    def teach(self, drawing, label):
        """Draw, wait for the guess, press the label, wait until it is learned."""
        self.draw(drawing)
        self.until_guessed()
        self.press(f"#label-{label}")
        self.until_learned(label)

    # ------------------------------------------------------------ reading

    def until(self, condition, argument=None):
        self.page.wait_for_function(condition, arg=argument)

    def until_text(self, selector, text):
        """Wait until something says this; tell what it said when it does not."""
        try:
            self.until("([at, text]) => document.querySelector(at)?.innerText.includes(text)", [selector, text])
        except Exception as error:
            raise AssertionError(f"expected {text!r} in {selector}, got {self.text(selector)!r}.") from error

    def until_guessed(self, label=None):
        """Wait for a guess of what is on the pad; of this label, if one is given."""
        self.page.locator(".answer.sure, .answer.unsure").wait_for()
        if label is not None:
            self.until_text("#guess .big", label)

    def until_learned(self, label):
        self.page.locator(".answer.learned").wait_for()
        self.until_text("#status", f"Learned: this is a {label}")

    def text(self, selector):
        found = self.page.locator(selector)
        return found.first.inner_text() if found.count() else None

    @property
    def n_lessons(self):
        return int(re.search(r"([\d,]+) lesson", self.text("#chip"))[1].replace(",", ""))

    def box(self, selector):
        box = self.page.locator(selector).bounding_box()
        scrolled = self.page.evaluate("window.scrollY")
        return [round(box[side] + (scrolled if side == "y" else 0)) for side in ("x", "y", "width", "height")]
