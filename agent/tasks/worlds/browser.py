"""A real page in Chromium, seen and acted on. Optional and local: it needs Playwright, and a browser for it."""

from __future__ import annotations

import importlib
import io
import os
import shutil
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from agent.errors import AgentError
from agent.tasks.fovea import fovea
from agent.tasks.frames import MOVES_PX, World

VIEW_PX = (320, 240)
SCROLL_PX, PRESSED = 100, 0.5
BLANK = "about:blank"


class Browser(World):
    """A page of the web, or a file.

    It moves the mouse, scrolls and presses. A page may score by putting a number into ``window.pupilScore``: it is read
    and cleared at every frame. What a page does follows from more than a seed, so runs in it cannot be taken up again.

    Parameters
    ----------
    url : str
        The page it begins with.
    n_points, radius : int
        Of the fovea, and of what it sees in pixels.
    """

    NAME: ClassVar[str] = "browser"
    SUMMARY: ClassVar[str] = "a real page in Chromium, where Playwright is installed"
    n_channels = 3

    def __init__(self, url: str = BLANK, n_points: int = 300, radius: int = 100) -> None:
        if not isinstance(url, str) or not url.startswith(("http://", "https://", "file://", "data:", BLANK)):
            raise AgentError(
                f"expected the address of a page, got {str(url)[:60]!r}. Begin it with https:// or file://."
            )
        super().__init__(fovea(n_points, radius), VIEW_PX)
        self.url = url
        self._tab: Any = None

    def begin(self) -> None:
        self.close()
        try:
            playwright = importlib.import_module("playwright.sync_api")
        except ImportError as error:
            raise AgentError("expected Playwright for the world browser, got none. pip install playwright.") from error
        self._playwright = playwright.sync_playwright().start()
        path = os.environ.get("CHROMIUM") or shutil.which("chromium") or None
        try:
            self._browser = self._playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            self._tab = self._browser.new_page(viewport={"width": VIEW_PX[0], "height": VIEW_PX[1]})
            self._tab.goto(self.url)
        except playwright.Error as error:
            self._playwright.stop()
            self._tab = None
            raise AgentError(f"expected a page at {self.url[:60]}, got {str(error).splitlines()[0]}") from error

    def turn(self, action: np.ndarray) -> float | None:
        if action[3] >= PRESSED:
            self._tab.mouse.click(self.x, self.y)
        self.move(action, MOVES_PX)
        self._tab.mouse.move(self.x, self.y)
        self._tab.mouse.wheel(0, float(action[2]) * SCROLL_PX)
        told = self._tab.evaluate("() => { const s = window.pupilScore; window.pupilScore = null; return s }")
        return float(told) if isinstance(told, (int, float)) and not isinstance(told, bool) else None

    def page(self) -> np.ndarray:
        with Image.open(io.BytesIO(self._tab.screenshot(type="png"))) as image:
            return np.asarray(image.convert("RGB"))

    def close(self) -> None:
        """Close the browser."""
        if self._tab is not None:
            self._browser.close()
            self._playwright.stop()
            self._tab = None
