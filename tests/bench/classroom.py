"""A class of thirty on this machine: ``python -m tests.bench classroom``.

Eight pages in Chromium, one of them the teacher's, and thirty clients draw at the same time; seven pages and 23 clients
hand in, in the middle of it. Measured are the guesses of the clients, whole, as in `tests.bench.load`, and whether the
teacher's page shows of everybody what was taught and answered.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.bench.load import ARRIVE_S, Caller, Seen  # puts the folders of the tests on the path

import numpy as np  # isort: skip
from PIL import Image  # isort: skip
from playwright.sync_api import sync_playwright  # isort: skip
from served import ARGUMENTS, Server, aside, written_digits  # isort: skip
from visitor import LOOKS, Visitor  # isort: skip

N_CLIENTS, N_PAGES, N_MEMBERS = 30, 8, 30
N_HANDING_IN = N_MEMBERS - (N_PAGES - 1)  # of the clients: the others only draw
N_PROCESSES, SECONDS = 3, 90.0


def pupils(url: str, numbers: Sequence[int], pictures: Sequence[Path], code: str, begin: float) -> tuple[Seen, dict]:
    """Let some clients draw, hand in, and draw on; gives what they saw and what each was told."""
    callers, told = [Caller(url, number, pictures) for number in numbers], {}

    def take_part(caller: Caller) -> None:
        caller.visit(begin, SECONDS / 2)
        try:
            if caller.number < N_HANDING_IN:
                got = caller.client.predict(code, f"Client {caller.number}", False, api_name="/hand_in")
                told[f"Client {caller.number}"] = (got["n_right"], got["n_lessons"])
        except Exception as error:  # whatever a client raises is counted
            caller.seen.faults.append(f"{type(error).__name__}: {error}"[:200])
        caller.visit(time.time(), SECONDS / 2)

    threads = [threading.Thread(target=take_part, args=(caller,), daemon=True) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(4 * SECONDS)
    together = Seen()
    for caller in callers:
        caller.client.close()
        together.times_ms += caller.seen.times_ms
        together.faults += caller.seen.faults
        together.n_taught += caller.seen.n_taught
    return together, told


def classroom() -> list[dict[str, str]]:
    """Hold the class, and give rows for the results."""
    drawings = written_digits()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pictures = [Path(folder) / f"{label}.png" for label in "49"]
        for path in pictures:
            Image.fromarray(drawings[path.stem][0]).save(path)
        server = Server(folder)
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM"), args=ARGUMENTS)
        try:
            return _held(server.url, browser, drawings, pictures)
        finally:
            browser.close()
            server.stop()


def _held(url: str, browser, drawings: dict, pictures: list[Path]) -> list[dict[str, str]]:
    aside(lambda: Caller(url, N_CLIENTS, pictures).client.close())
    teacher, *pages = (Visitor(browser.new_context(**LOOKS["desktop, light"]), url) for _ in range(N_PAGES))
    teacher.tab("Share")
    teacher.press("#class-make")
    teacher.until_text("#class-room", "0 of 30")
    code = teacher.text("#class-room .class-code b").removeprefix("Code: ")
    begin, n_drawn, expected = time.time() + ARRIVE_S, 0, {}
    with ProcessPoolExecutor(N_PROCESSES, get_context("spawn")) as pool:
        parts = [range(N_CLIENTS)[place::N_PROCESSES] for place in range(N_PROCESSES)]
        clients = [pool.submit(pupils, url, numbers, pictures, code, begin) for numbers in parts]
        time.sleep(max(0.0, begin - time.time()))
        while time.time() < begin + SECONDS or n_drawn < len(pages):
            page = pages[n_drawn % len(pages)]
            label = str(n_drawn % 10)
            page.teach(drawings[label][n_drawn // 10], label)
            n_drawn += 1
        seen, told = zip(*(client.result() for client in clients), strict=True)
    for place, page in enumerate(pages):
        page.tab("Share")
        page.write("#class-code", code)
        page.write("#class-name", f"Page {place}")
        page.press("#class-hand-in")
        page.until_text("#class-handed-in", "digits right")
        said = page.text("#class-handed-in").split(": ")[1].split()  # such as: 2 lessons, 20 of 100 digits right.
        expected[f"Page {place}"] = (int(said[2]), int(said[0]))
    expected |= {name: got for part in told for name, got in part.items()}
    teacher.until_text("#class-room", "30 of 30")
    teacher.until("() => !document.querySelector('#class-room').innerText.includes('being tested')")
    table = teacher.page.locator("#class-room table").first.locator("tbody tr").all_inner_texts()
    shown = {name: (int(right), int(lessons)) for name, right, lessons, *_ in (row.split("\t") for row in table)}
    teacher.press("#class-join")
    teacher.until_text("#class-progress", "30 joined")
    together = int(teacher.page.locator("#class-room .together td").first.inner_text())
    times = np.concatenate([each.times_ms for each in seen])
    faults = [fault for each in seen for fault in each.faults]
    print(*faults[:5], sep="\n")
    measured: dict[str, tuple[str, str]] = {
        "clients, pages in Chromium": (f"{N_CLIENTS}, {N_PAGES}", "–"),
        "guesses of the clients": (f"{len(times):,}", "–"),
        "median, ms": (f"{np.median(times):,.0f}", "–"),
        "95 %, ms": (f"{np.quantile(times, 0.95):,.0f}", "< 1,000"),
        "slowest, ms": (f"{times.max():,.0f}", "–"),
        "lessons drawn in pages meanwhile": (f"{n_drawn}", "–"),
        "faults": (f"{len(faults)}", "0"),
        "agents handed in, shown to the teacher as they were": (
            f"{len(expected)}, {sum(shown.get(name) == got for name, got in expected.items())}",
            "30, 30",
        ),
        "right of 100 digits, the best alone and all joined": (
            f"{max(right for right, _ in expected.values())}, {together}",
            "–",
        ),
    }
    return [{"quantity": name, "measured": got, "target": target} for name, (got, target) in measured.items()]
