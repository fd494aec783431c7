"""Make the README's pictures: ``PYTHONPATH=.:tests/app python tests/app/screenshots.py``."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from served import ARGUMENTS, Server, written_digits
from visitor import LOOKS, Visitor

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def main(chromium):
    """Teach a few digits, draw another, and take the Draw tab in light, in the dark and on a phone."""
    GOLDEN.mkdir(exist_ok=True)
    written = written_digits()
    server = Server(tempfile.mkdtemp())
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            for look, name in (("desktop, light", "draw"), ("phone, dark", "phone")):
                visitor = Visitor(browser.new_context(**LOOKS[look]), server.url, touch="phone" in look)
                for label in "473":
                    visitor.teach(written[label][0], label)
                visitor.draw(written["4"][2])
                visitor.until_guessed("4")
                visitor.page.evaluate("scrollTo(0, 0)")
                visitor.page.screenshot(path=GOLDEN / f"{name}.png")
                visitor.context.close()
            browser.close()
    finally:
        server.stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
