"""Pictures of every tab, for tests/golden/README.md: ``python -m tests.bench.pictures``, or of some: ``… Teach Inside``.

The app is started as anybody starts it, and used as a visitor would: an agent with a notebook is loaded, something is
drawn, a course is taught and tested, runs are made, a mind watches. Each tab is taken in six looks.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "helpers"), str(ROOT / "tests" / "browser")]

from PIL import Image  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from served import ARGUMENTS, serving, written_digits  # noqa: E402
from visitor import LOOKS, SMALL, Visitor  # noqa: E402

from agent.agents import new  # noqa: E402
from agent.datasets import digits  # noqa: E402
from agent.storage import serialization  # noqa: E402

FOLDER = ROOT / "tests" / "golden" / "tabs"
SHOWN = {"desktop": "desktop, light", "dark": "desktop, dark", "phone": "phone, light"}
SHOWN |= {"small": "phone, upright", "across": "phone, across", "german": "desktop, light"}
HEIGHT_PX = {"desktop": 1120, "dark": 1120, "german": 1120}  # of others as it is
N_FRAMES = 60  # watched before the picture of Frames is taken
MAX_BYTES = 90_000
QUALITIES = (88, 80, 70, 60, 50)  # the best one that is small enough is taken


def pupil_file(folder: Path) -> Path:
    """Save an agent with a notebook of forty lessons, none of them a test digit."""
    pupil = new("recall", name="Mia")
    drawings, labels = digits.mnist("train")
    for drawing, label in zip(drawings[:40], labels[:40], strict=True):
        pupil.learn_one(drawing, label)
    return serialization.save(pupil, folder / "mia.zip")


def draw(visitor: Visitor, written: dict) -> None:
    """Draw a four, and let it say why."""
    visitor.draw(written["4"][2])
    visitor.until_guessed("4")


def teach(visitor: Visitor, written: dict) -> None:
    """Teach sixty digits, and ask it a hundred."""
    visitor.press("#teach-now")
    visitor.until_text("#course", "Learned 60 lessons")
    visitor.choose("#test-n", "100")
    visitor.press("#test-now")
    visitor.until_text("#accuracy", "right of 100")


def inside(visitor: Visitor, written: dict) -> None:
    """Wait for the time line, the last part of what is shown of an agent with lessons."""
    visitor.until_text("#past", "By label")


def numbers(visitor: Visitor, written: dict) -> None:
    """Let some learn."""
    visitor.press("#numbers-learn")
    visitor.until_text("#numbers-bar", "steps of")
    visitor.page.locator("#numbers-learn:enabled").wait_for()


def frames(visitor: Visitor, written: dict) -> None:
    """Let a mind watch; the picture is taken while it does."""
    visitor.press("#frames-play")
    visitor.until(f"parseInt(document.querySelector('#frames-live h3 small')?.innerText ?? '0') >= {N_FRAMES}")


def compare(visitor: Visitor, written: dict) -> None:
    """Make runs of two agents."""
    visitor.press("#make-now")
    visitor.until_text("#results", "recall")
    visitor.page.locator("#make-now:enabled").wait_for()


SCENES = {  # picture -> (tab, what is done there)
    "Draw": ("Draw", draw),
    "Teach": ("Teach", teach),
    "Inside": ("Inside", inside),
    "Life": ("Inside", inside),
    "Share": ("Share", None),
    "Overview": ("Overview", None),
    "Design": ("Design", None),
    "Numbers": ("Numbers", numbers),
    "Compare": ("Compare", compare),
    "Frames": ("Frames", frames),  # the last one: it goes on watching
}


def save(picture: bytes, path: Path) -> int:
    """Write a picture as WebP, as good as may be; gives its bytes."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for quality in QUALITIES:
        image.save(path, "WEBP", quality=quality, method=6)
        if path.stat().st_size <= MAX_BYTES:
            break
    return path.stat().st_size


def take(visitor: Visitor, look: str, names: list[str], written: dict) -> None:
    """Take the pictures of these names in one look."""
    for name in names:
        tab, do = SCENES[name]
        visitor.tab(tab)
        if do:
            do(visitor, written)
        if look == "german":
            in_german(visitor, tab)
        visitor.page.evaluate("scrollTo(0, 0)")
        if name == "Life":
            visitor.page.evaluate("document.querySelector('#past').scrollIntoView({block: 'end'})")
        path = FOLDER / f"{name.lower()}-{look}.webp"
        print(f"{path.name}: {save(visitor.page.screenshot(), path):,} bytes", flush=True)
        if look == "german":
            visitor.open()


def in_german(visitor: Visitor, tab: str) -> None:
    """Open the same tab of the same session on the German page."""
    visitor.page.goto(f"{visitor.url}de?tab={tab.lower()}")
    visitor.arrive()
    if tab == "Draw":
        visitor.until_guessed()  # the drawing came along
    else:
        visitor.until(f"document.querySelector('#tab-{tab.lower()}-button')?.matches('.selected')")
    visitor.until_done()
    visitor.until_still()


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENES))
    names = parser.parse_args().names or [*SCENES]
    if not set(names) <= set(SCENES):
        parser.error(f"expected names among {', '.join(SCENES)}, got {', '.join(names)}.")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    FOLDER.mkdir(parents=True, exist_ok=True)
    written = written_digits()
    with tempfile.TemporaryDirectory() as folder, serving(folder) as server, sync_playwright() as playwright:
        file = pupil_file(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for look, name in SHOWN.items():
            screen = (LOOKS | SMALL)[name]
            size = screen["viewport"] | ({"height": HEIGHT_PX[look]} if look in HEIGHT_PX else {})
            context = browser.new_context(**screen | {"viewport": size})
            visitor = Visitor(context, server.url, touch="phone" in name)
            visitor.tab("Share")
            visitor.load(file)
            take(visitor, look, names, written)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
