"""An agent as one web page: how large it is, how soon it opens, what a guess and a lesson take in Chromium."""

from __future__ import annotations

import base64
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]

import numpy as np  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from served import ARGUMENTS  # noqa: E402

import agent  # noqa: E402
from agent.datasets import digits  # noqa: E402

N_TIMES, N_GUESSES, N_LESSONS, SLOWER, LONGEST_MS = 5, 100, 20, 4, 120_000
GUESSED = """(asked) => asked.map((drawing) => {
    const begun = performance.now();
    page.pupil.model.predict_one(to_thumbnail(from_base64(drawing), 28, 28));
    return performance.now() - begun;
})"""
TAUGHT = """async (asked) => {
    const times = [];
    for (const drawing of asked) {
        const begun = performance.now();
        await page.pupil.learn_one(to_thumbnail(from_base64(drawing), 28, 28), "7");
        times.push(performance.now() - begun);
    }
    return times;
}"""
SHOWN = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
Row = dict[str, str]


def pages() -> list[Row]:
    """A row for each agent: medians, and what 95 % stay below."""
    drawings, labels = digits.mnist("train")
    taught = agent.new("recall")
    for drawing, label in zip(drawings[:60], labels, strict=False):
        taught.learn_one(drawing, label)
    agents = {"60 lessons of one's own": taught, "everyday": agent.new("recall", starter="everyday")}
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        rows = [
            _row(browser, name, pupil.export_html(f"{folder}/{name[:2]}.html", drawings=True))
            for name, pupil in agents.items()
        ]
        browser.close()
    return rows


def _row(browser, name: str, path: Path) -> Row:
    drawings, _ = digits.mnist("test")
    asked = [base64.b64encode(np.ascontiguousarray(drawing).tobytes()).decode() for drawing in drawings[:N_GUESSES]]
    shown, opened = [], []
    for _ in range(N_TIMES):
        page = browser.new_page()
        page.goto(path.as_uri())
        page.locator("body[data-ready]").wait_for(timeout=LONGEST_MS)
        opened.append(page.evaluate("performance.now()") / 1000)
        shown.append(page.evaluate(SHOWN) / 1000)
        if len(opened) < N_TIMES:
            page.close()
    return {
        "agent": name,
        "file, kB": f"{path.stat().st_size / 1000:,.0f}",
        "its pad takes ink after, s": f"{statistics.median(shown):.2f}",
        "it answers after, s": f"{statistics.median(opened):.2f}",
        "a guess, ms": _times(page.evaluate(GUESSED, asked)),
        f"on a processor {SLOWER} times as slow": _times(_slowed(page, GUESSED, asked)),
        "a lesson, ms": _times(page.evaluate(TAUGHT, asked[:N_LESSONS])),
    }


def _slowed(page: Page, script: str, asked: list[str]) -> list[float]:
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    try:
        return page.evaluate(script, asked)
    finally:
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})


def _times(times: list[float]) -> str:
    return f"{statistics.median(times):.1f} / {np.percentile(times, 95):.1f}"
