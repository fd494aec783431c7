"""The page as Lighthouse judges it, on a simulated slow phone and on a desktop, beside a bare page of gradio."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from served import Server, free_port

VERSION = "13"  # of Lighthouse, from npm
BARE = "import gradio as gr\nwith gr.Blocks() as demo: gr.Sketchpad()\ndemo.launch(server_port={port})"
MEASURES = {  # as Lighthouse calls them: the name, what a second or a point of a hundred is, digits
    "first-contentful-paint": ("first paint, s", 1000, 1),
    "largest-contentful-paint": ("largest paint, s", 1000, 1),
    "interactive": ("interactive, s", 1000, 1),
    "cumulative-layout-shift": ("layout shift", 1, 3),
    "performance": ("performance", 0.01, 0),
    "accessibility": ("accessibility", 0.01, 0),
    "best-practices": ("best practices", 0.01, 0),
    "seo": ("search engines", 0.01, 0),
}
TARGETS = {
    "slow phone": ("≤ 2.5", "≤ 4", "≤ 8", "≤ 0.02", "–", "100", "100", "–"),
    "desktop": ("–", "–", "≤ 1.5", "≤ 0.02", "≥ 85", "100", "100", "–"),
}


def judged(n_times: int = 3) -> list[dict[str, str]]:
    """Visit both pages in turn so often: the median of everything, and the worst of ours."""
    seen: dict[tuple[str, str], list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder, _bare() as bare:
        server = Server(folder)
        try:
            program = _installed(folder)
            for turn in range(n_times + 1):
                for screen in TARGETS:
                    for whose, url in (("app", server.url), ("bare", bare)):
                        found = _figures(program, url, screen, folder)
                        if turn:  # the first fills the caches of both servers
                            seen.setdefault((screen, whose), []).append(found)
        finally:
            server.stop()
    return [
        {
            "first visit": f"{screen}: {name}",
            "median": f"{statistics.median(ours):.{digits}f}",
            "worst": f"{(min if unit == 0.01 else max)(ours):.{digits}f}",
            "bare gradio page": f"{statistics.median(each[measure] for each in seen[screen, 'bare']):.{digits}f}",
            "target": target,
        }
        for screen, targets in TARGETS.items()
        for (measure, (name, unit, digits)), target in zip(MEASURES.items(), targets, strict=True)
        for ours in [[each[measure] for each in seen[screen, "app"]]]
    ]


def _installed(folder: str) -> str:
    """Install Lighthouse there, and give its program."""
    words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, f"lighthouse@{VERSION}"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return f"{folder}/node_modules/.bin/lighthouse"


def _figures(program: str, url: str, screen: str, folder: str) -> dict[str, float]:
    """What Lighthouse says of a page, in the units of the table."""
    file = Path(folder, "report.json")
    words = [
        program,
        url,
        "--quiet",
        "--output=json",
        f"--output-path={file}",
        "--chrome-flags=--headless=new --no-sandbox",
    ]
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
    environment = os.environ | {"CHROME_PATH": chromium}
    subprocess.run([*words, *(["--preset=desktop"] * (screen == "desktop"))], check=True, env=environment)
    report = json.loads(file.read_text(encoding="utf-8"))
    raw = {name: audit.get("numericValue") for name, audit in report["audits"].items()}
    raw |= {name: category["score"] for name, category in report["categories"].items()}
    return {measure: raw[measure] / unit for measure, (_, unit, _) in MEASURES.items()}


@contextlib.contextmanager
def _bare() -> Iterator[str]:
    """Serve a page of gradio that holds a Sketchpad, and give its address."""
    port = free_port()
    page = subprocess.Popen([sys.executable, "-c", BARE.format(port=port)], stdout=subprocess.DEVNULL)
    try:
        while page.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        page.terminate()
        page.wait()
