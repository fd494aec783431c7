"""Presses of twenty-five tasks on the page, with a mouse, a finger and keys alone."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "helpers"), str(ROOT / "tests" / "browser")]

from served import ARGUMENTS, written_digits  # noqa: E402
from sharing import app_of, people  # noqa: E402
from tasks import TASKS, WAYS, Walk  # noqa: E402
from visitor import LOOKS, SMALL, Visitor  # noqa: E402


def measured() -> list[dict[str, str]]:
    """Do each task in each way, as a new visitor."""
    from playwright.sync_api import sync_playwright

    chromium, written = os.environ.get("CHROMIUM") or shutil.which("chromium"), written_digits()
    rows = {task: {"to": task, "before": str(before or "not possible")} for task, (_, before) in TASKS.items()}
    with (
        tempfile.TemporaryDirectory() as name,
        people() as hub,
        app_of(hub, Path(name)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for way, look in WAYS.items():
            for task, (do, _) in TASKS.items():
                context = browser.new_context(accept_downloads=True, **(LOOKS | SMALL)[look])
                visitor = Visitor(context, server.url, touch=way == "finger")
                walk = Walk(visitor, written, Path(name), with_keys=way == "keys")
                do(walk)
                rows[task][way] = str(walk.n_presses)
                print(way, task, walk.n_presses, flush=True)
                context.close()
        browser.close()
    return [*rows.values()]
