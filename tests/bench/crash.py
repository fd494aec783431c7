"""Servers killed in the middle of lessons: what was shown as learned comes back. ``python -m tests.bench.crash`` does it often.

Nothing is sent a warning: the process gets SIGKILL, at a moment drawn by chance around a press. The page finds the new
process by itself; every lesson that was shown as learned has to be there, in its order, as what it was, and so
has the one that was pressed when nobody answered any more. ``--empty`` gives each process an empty cache of kernels.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "helpers"), str(ROOT / "tests" / "browser")]

from playwright.sync_api import TimeoutError as TooLong  # noqa: E402
from served import ARGUMENTS, Server, free_port, written_digits  # noqa: E402
from visitor import ARRIVED, LOOKS, Visitor  # noqa: E402

LABELS = "[...document.querySelectorAll('.notebook .thumb b')].map((label) => label.innerText).reverse()"
KEPT = "JSON.parse(localStorage.getItem('pupil-log'))?.lines.length ?? 0"
TOLD = "document.querySelector('#status')?.innerText"
WORDS = "document.querySelector('#kept p').innerText || document.querySelector('#guess')?.innerText"


class Patient(Visitor):
    """One who waits until an app whose kernels are compiled anew is awake, however busy the machine."""

    def arrive(self):
        self.until(ARRIVED, timeout_ms=600_000)


def kill(server: Server) -> None:
    """End the process as a machine that loses its power does."""
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(20)


def shown(visitor: Visitor, pressed: list[str]) -> list[str]:
    """Give the labels in the notebook, oldest first, once they are those that were pressed, or will not be any more."""
    with contextlib.suppress(TooLong):
        visitor.until(f"(pressed) => {LABELS}.join() === pressed.join()", pressed)
    return visitor.page.evaluate(LABELS)


def one_round(visitor: Visitor, server: Server, drawings: dict, taught: list[str], delay_ms: float) -> list[str]:
    """Teach a lesson, begin another one, kill the server meanwhile; give the labels of those shown as learned."""
    first, second = (str((len(taught) + more) % 10) for more in (0, 1))
    visitor.teach(drawings[first][0], first)
    taught = [*taught, first]
    visitor.draw(drawings[second][1])
    visitor.until_guessed()
    before = visitor.page.evaluate(TOLD)
    visitor.leaving = True  # that nobody answers any more is no error
    visitor.press(f"#label-{second}")
    visitor.page.wait_for_timeout(delay_ms)
    kill(server)
    try:
        visitor.until("(old) => document.querySelector('.answer.learned')", before, 300)
        taught = [*taught, second]
    except TooLong:
        pass
    return taught


def started(folder: Path, port: int, is_empty: bool) -> Server:
    """Start a server; with an empty cache of kernels if asked for."""
    return Server(folder, {"NUMBA_CACHE_DIR": tempfile.mkdtemp(dir=folder)} if is_empty else {}, port=port)


def rounds(
    browser, folder: Path, n_rounds: int, seed: int = 0, tell=lambda line: None, is_empty: bool = False
) -> tuple[int, int]:
    """Kill and return so often; gives how many lessons were shown as learned, and how many were there at the end."""
    chance, drawings, port, taught = random.Random(seed), written_digits(), free_port(), []
    server, visitor = started(folder, port, is_empty), None
    context = browser.new_context(**LOOKS["desktop, light"])
    try:
        for number in range(n_rounds):
            visitor = visitor or Patient(context, server.url)
            pressed = [*taught, *(str((len(taught) + more) % 10) for more in (0, 1))]
            taught = one_round(visitor, server, drawings, taught, chance.uniform(0, 250))
            said = visitor.page.evaluate(WORDS)
            server = started(folder, port, is_empty)
            visitor.arrive()  # the page mends itself
            visitor.leaving = False
            got = shown(visitor, pressed)
            assert got == pressed, f"expected {pressed}, got {got}"
            assert said, "expected words while nobody answers, got none"
            tell(f"killed {number + 1} times: {len(taught)} lessons shown as learned, {len(got)} there")
            taught = got  # one that was learned but not shown may be there
        return len(taught), visitor.n_lessons
    finally:
        kill(server)
        context.close()


def killed(n_times: int = 20, seed: int = 0, tell=lambda line: None, is_empty: bool = True) -> list[dict[str, str]]:
    """Kill a server so often, and give a row for the results."""
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        n_shown, n_there = rounds(browser, Path(folder), n_times, seed, tell, is_empty)
    return [
        {"times killed": f"{n_times}", "lessons shown as learned": f"{n_shown}", "still there at the end": f"{n_there}"}
    ]


def main() -> None:
    """Kill a server so often, and tell what came back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--empty", action="store_true")
    options = parser.parse_args()
    print(killed(options.times, options.seed, lambda line: print(line, flush=True), options.empty))


if __name__ == "__main__":
    main()
