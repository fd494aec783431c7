"""Environments from outside: any environment of gymnasium, and web pages in Chromium."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import io
import math
import os
import shutil
from typing import Any, ClassVar

import gymnasium
import numpy as np
from PIL import Image

from agent.environments.base import (
    MAX_CELLS,
    MAX_SCORE,
    MOVES_PX,
    N_SCORES,
    NAN,
    FrameEnvironment,
    ScoreScaler,
    check_action,
    fovea,
    frame_space,
    observed,
)
from agent.errors import AgentError
from agent.user_code import own_code

VIEW_PX = (320, 240)
SCROLL_PX, PRESSED = 100, 0.5
BLANK = "about:blank"
PATIENCE_S = 60  # for each answer of a browser
MAX_CHOICES = 1_000
ADVANCE = """async () => {  // when what the mouse did is drawn
  await Promise.race([new Promise(requestAnimationFrame), new Promise(done => setTimeout(done, 500))]);
  const score = window.pupilScore; window.pupilScore = null; return score }"""


class Gym(gymnasium.Env):
    """An environment of gymnasium by its id.

    Observations are scaled to −1 … 1: by their bounds where they are bounded, else as x / (1 + |x|). Discrete
    observations and actions are one-hot, and the largest action is taken. Cell 5 is 1 in the first frame of an episode.
    The score is the environment's reward. Where every reward so far was the same, it says nothing, and the end of an
    episode counts in its place, as bad where rewards were positive and as good where they were negative.

    Parameters
    ----------
    id : str
        Such as ``CartPole-v1``.
    inner : gymnasium.Env, optional
        The environment itself, where ``id`` only names it.
    **settings
        For `gymnasium.make`.

    Examples
    --------
    >>> env = Gym("CartPole-v1", sutton_barto_reward=True)
    >>> frame, _ = env.reset(seed=0)
    >>> frame.shape, env.actions
    ((10,), ('0', '1'))
    """

    NAME: ClassVar[str] = "gym"
    SUMMARY: ClassVar[str] = "an environment of gymnasium, by its id"
    SHOWS_CANVAS: ClassVar[bool] = False
    IS_SLOW: ClassVar[bool] = False
    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

    def __init__(self, id: str, inner: gymnasium.Env | None = None, **settings: Any) -> None:
        self._id = id
        if id.startswith("ALE/"):
            with contextlib.suppress(ImportError):  # gymnasium says what to install
                importlib.import_module("ale_py")
        try:
            self.inner = gymnasium.make(id, **settings) if inner is None else inner
        except (gymnasium.error.Error, ImportError, TypeError, ValueError) as error:
            raise AgentError(f"expected an environment of gymnasium, got {id[:40]!r} ({error}).") from error
        space = getattr(self.inner, "action_space", None)
        n_actions = _size(space, MAX_CHOICES, "actions")
        self.actions = tuple(str(place) for place in range(n_actions))
        low = np.full(n_actions, 0 if isinstance(space, gymnasium.spaces.Discrete) else -1, np.float32)
        self.action_space = gymnasium.spaces.Box(low, np.ones_like(low))
        n_cells = N_SCORES + 2 + _size(getattr(self.inner, "observation_space", None), MAX_CELLS, "observations")
        self.observation_space = frame_space(n_cells)
        self.places = np.full((n_cells, 3), np.nan, np.float32)
        self.lengths: list[int] = []
        self.returns: list[float] = []

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        """Start the first episode."""
        super().reset(seed=seed)
        with own_code(self._id):
            seen, _ = self.inner.reset(seed=seed)
        self.scaler, self.frame, self._episode_frames, self._episode_return = ScoreScaler(), 0, 0, 0.0
        self.lengths, self.returns = [], []
        observation, mask = observed(self._cells(seen, NAN, True))
        return observation, {"observed": mask}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Apply an action, as `agent.environments.base.FrameEnvironment.step`."""
        inner_action = self._inner_action(check_action(action, self.action_space))
        with own_code(self._id):
            result = self.inner.step(inner_action)
            if len(result) != 5:
                names = "observation, reward, terminated, truncated and info"
                raise AgentError(f"expected step of {self._id} to return {names}, got {len(result)} values.")
            seen, score, terminated, truncated, _ = result
            score = float(score)
        if not math.isfinite(score):
            raise AgentError(f"expected a finite reward of {self._id}, got {score}.")
        self.frame += 1
        scaled = self.scaler.scale(score)
        if terminated and score and self.scaler.variance == 0:
            scaled = np.float32(-math.copysign(MAX_SCORE, score))
        self._episode_frames += 1
        self._episode_return += score
        if terminated or truncated:
            self.lengths.append(self._episode_frames)
            self.returns.append(self._episode_return)
            self._episode_frames, self._episode_return = 0, 0.0
            with own_code(self._id):
                seen, _ = self.inner.reset()
        observation, mask = observed(self._cells(seen, scaled, terminated or truncated))
        return observation, score, False, False, {"score": score, "observed": mask}

    def close(self) -> None:
        """Close the environment."""
        self.inner.close()

    def picture(self, cells: np.ndarray) -> np.ndarray:
        """Image of the cells, one grey pixel each: (n, n, 3) uint8, NaN dark."""
        values = cells[N_SCORES + 2 :]
        side = math.ceil(math.sqrt(len(values)))
        page = np.full(side * side, 30, np.uint8)
        page[: len(values)] = np.where(np.isnan(values), 30, np.round(np.clip(values + 1, 0, 2) * 127.5))
        return np.repeat(page.reshape(side, side, 1), 3, axis=2)

    def _inner_action(self, action: np.ndarray) -> Any:
        space = self.inner.action_space
        if isinstance(space, gymnasium.spaces.Discrete):
            return int(space.start + np.argmax(action))
        low, high = np.maximum(space.low, -1e3), np.minimum(space.high, 1e3)
        return (low + (np.clip(action.reshape(space.shape), -1, 1) + 1) / 2 * (high - low)).astype(space.dtype)

    def _cells(self, seen: Any, score: np.float32, first: bool) -> np.ndarray:
        space = self.inner.observation_space
        is_discrete = isinstance(space, gymnasium.spaces.Discrete)
        if not (space.contains(seen) if is_discrete else np.shape(seen) == space.shape):
            raise AgentError(f"expected an observation of {self._id} in its space, {space}, got {str(seen)[:60]}.")
        if is_discrete:
            scaled = np.full(int(space.n), -1, np.float32)
            scaled[int(seen) - int(space.start)] = 1
        else:
            low, high, x = (np.asarray(array, np.float64).ravel() for array in (space.low, space.high, seen))
            bounded = (np.abs(low) < 1e6) & (np.abs(high) < 1e6)
            span = np.where(bounded, high - low, 1)
            scaled = np.where(
                bounded, 2 * (x - np.where(bounded, low, 0)) / np.where(span > 0, span, 1) - 1, x / (1 + np.abs(x))
            )
        return np.concatenate([[score, NAN, NAN, NAN, 1, 2 * first - 1], np.clip(scaled, -1, 1)]).astype(np.float32)


def _size(space: gymnasium.Space | None, max_size: int, what: str) -> int:
    """Numbers of a space, one for each choice of a discrete one; AgentError for another type, or too many."""
    n_numbers = math.prod(space.shape) if isinstance(space, gymnasium.spaces.Box) else 0
    size = int(space.n) if isinstance(space, gymnasium.spaces.Discrete) else n_numbers
    if not 1 <= size <= max_size:
        raise AgentError(f"expected {what} of 1 to {max_size:,} choices or numbers, got {space}. Take another one.")
    return size


class Browser(FrameEnvironment):
    """A page of the web, or a file, in Chromium. Optional and local: it needs Playwright and a browser for it.

    Actions move the mouse, scroll and press. A page scores by putting a number into ``window.pupilScore``, which is
    read and cleared every frame. A run that goes on does so to the same bytes where the page shows the same each time.

    Parameters
    ----------
    url : str
        Address of the first page.
    n_points, radius : int
        Points and radius of the fovea, the latter in pixels.
    """

    NAME: ClassVar[str] = "browser"
    SUMMARY: ClassVar[str] = "a real page in Chromium, where Playwright is installed"
    IS_SLOW: ClassVar[bool] = True
    n_channels = 3

    def __init__(self, url: str = BLANK, n_points: int = 300, radius: int = 100) -> None:
        if not isinstance(url, str) or not url.startswith(("http://", "https://", "file://", "data:", BLANK)):
            raise AgentError(f"expected the address of a page, https:// or file://, got {str(url)[:60]!r}.")
        super().__init__(fovea(n_points, radius), VIEW_PX)
        self.url = url
        self._loop: Any = None

    def reset_page(self) -> None:
        self.close()
        try:
            playwright = importlib.import_module("playwright.async_api")
        except ImportError as error:
            raise AgentError("expected Playwright for a browser, got none. pip install playwright.") from error
        self._loop = asyncio.new_event_loop()
        self._playwright = self._wait(playwright.async_playwright().start())
        path = os.environ.get("CHROMIUM") or shutil.which("chromium") or None
        own_signals = {f"handle_sig{name}": False for name in ("int", "term", "hup")}  # a stopped run closes it
        chromium = self._playwright.chromium
        browser = self._wait(chromium.launch(executable_path=path, args=["--no-sandbox"], **own_signals))
        self._tab = self._wait(browser.new_page(viewport={"width": VIEW_PX[0], "height": VIEW_PX[1]}))
        self._tab.set_default_timeout(0)  # `_wait` has its own
        answer = self._wait(self._tab.goto(self.url))
        if answer is not None and answer.status >= 400:
            self.close()
            raise AgentError(f"expected a page at {self.url[:60]}, got an error page of status {answer.status}.")

    def advance(self, action: np.ndarray) -> float | None:
        if action[3] >= PRESSED:
            self._wait(self._tab.mouse.click(self.x, self.y))
        self.move(action, MOVES_PX)
        self._wait(self._tab.mouse.move(self.x, self.y))
        self._wait(self._tab.mouse.wheel(0, float(action[2]) * SCROLL_PX))
        score = self._wait(self._tab.evaluate(ADVANCE))
        return float(score) if isinstance(score, (int, float)) and not isinstance(score, bool) else None

    def page(self) -> np.ndarray:
        with Image.open(io.BytesIO(self._wait(self._tab.screenshot(type="png")))) as image:
            return np.asarray(image.convert("RGB"))

    def close(self) -> None:
        """Close the browser."""
        if self._loop:
            with contextlib.suppress(Exception):  # it has ended by itself
                self._loop.run_until_complete(asyncio.wait_for(self._playwright.stop(), PATIENCE_S))
            self._loop.close()
            self._loop = None

    def _wait(self, answer: Any) -> Any:
        """Wait for the browser's answer; AgentError, and no browser, if it fails or a script keeps it too busy."""
        task = self._loop.create_task(answer)
        try:
            for _ in range(PATIENCE_S):  # by the second: of one in which this process is suspended nothing is known
                if not task.done():
                    self._loop.run_until_complete(asyncio.wait([task], timeout=1))
            return task.result()
        except Exception as error:
            is_late, got = task.cancel(), str(error).partition("\n")[0]
            self.close()
            got = "none that goes on: its script may never end. Repair it." if is_late else got
            raise AgentError(f"expected a page at {self.url[:60]}, got {got}") from error
        finally:
            task.cancel()
