"""A person at the app: draws real digits on the pad, presses, reads. Waits for what happens, never for time alone."""

from strokes import strokes

from agent.tasks import digits

DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
PATIENCE_MS = 30_000
QUIET_MS = 2000  # a drawing has arrived when what the agent sees has not changed for so long
WATCH = """
  window.lastSeen = 0;
  document.addEventListener("DOMContentLoaded", () => new MutationObserver((all) => {
    if (all.some((one) => one.target.closest?.("#sees"))) window.lastSeen = performance.now();
  }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true }));
"""


class Visitor:
    """One browser context on the app.

    Attributes
    ----------
    page : playwright.sync_api.Page
        The page.
    errors, outside : list of str
        Console errors, and requests that left the machine.
    """

    def __init__(self, context, url):
        self.context, self.url, self.errors, self.outside = context, url, [], []
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(WATCH)
        self.page = context.new_page()
        self.page.on("console", lambda told: self.errors.append(told.text) if told.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._note)
        self.touch = None
        self.enter()

    def _note(self, request):
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.outside.append(request.url)

    def enter(self):
        """Open or reload the page, and wait until the pad takes strokes: a dot is seen, then cleared."""
        self.page.goto(self.url)
        self.page.locator("#pad canvas").first.wait_for()
        self.read("#chip", "lesson")
        for _ in range(6):
            since = self.page.evaluate("performance.now()")
            self._stroke([(0.5, 0.45), (0.5, 0.55)])
            if self._arrived(since, patience_ms=5000):
                break
        else:
            raise AssertionError("the pad takes no strokes")
        self.page.locator("#clear").click()
        self.read("#guess", "Draw a digit.")

    def draw(self, label, number=0):
        """Draw one of MNIST's test digits as pen strokes, and wait until all of it is seen."""
        drawings, labels = digits.mnist("test")
        chosen = [row for row, name in enumerate(labels) if name == label][number]
        since = self.page.evaluate("performance.now()")
        for stroke in strokes(drawings[chosen]):
            self._stroke(stroke[::2] + stroke[-1:])
        assert self._arrived(since, PATIENCE_MS), "the drawing was not seen"

    def press(self, label):
        """Say what it is, and wait until it is learned."""
        self.page.locator(f"#label-{label}").click()
        self.read("#status", f"Learned: this is a {label}")

    def read(self, selector, text):
        """Wait until an element shows a text."""
        self.page.locator(selector).filter(has_text=text).first.wait_for()

    def guess(self):
        """What is shown in large type."""
        return self.page.locator("#guess .big").inner_text().strip()

    def tab(self, name):
        """Go to a tab."""
        self.page.get_by_role("tab", name=name, exact=True).click()

    def leave(self):
        """Go, and say whether anything went wrong."""
        self.context.close()
        assert not self.errors, self.errors
        assert not self.outside, self.outside

    def _arrived(self, since, patience_ms):
        try:
            self.page.wait_for_function(
                "([since, quiet]) => !document.querySelector('#guess .idle') && lastSeen > since"
                " && performance.now() - lastSeen > quiet",
                arg=[since, QUIET_MS],
                timeout=patience_ms,
            )
        except Exception as error:
            if "Timeout" not in type(error).__name__:
                raise
            return False
        return True

    def _stroke(self, points):
        """Draw a line through points in 0 … 1 of the drawing square."""
        box = self.page.locator("#pad canvas").first.bounding_box()
        side = 0.75 * min(box["width"], box["height"])
        left, top = box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2
        places = [(left + x * side, top + y * side) for x, y in points]
        if self.page.evaluate("'ontouchstart' in window"):
            self._touch(places)
            return
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for x, y in places[1:]:
            self.page.mouse.move(x, y, steps=3)
        self.page.mouse.up()

    def _touch(self, places):
        self.touch = self.touch or self.context.new_cdp_session(self.page)
        for number, (x, y) in enumerate(places):
            kind = "touchMove" if number else "touchStart"
            self.touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        self.touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
