"""How an event reaches a desk: by id, under its lock, and with mistakes told in plain words. The one such place."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import gradio as gr
from anyio import from_thread

from agent.errors import AgentError
from agent.ui import warm
from agent.ui import words_browser as said
from agent.ui.desk import DESKS, Desk

_END = object()


_TURNS = ThreadPoolExecutor(1, "turns")
_STROKE_S = 0.06  # what all of a stroke takes, where two cores serve fifty people
_MOST_REST_S = 2.0
_LATE_S, _LOOK_S, _PATIENCE_S = 0.01, 0.2, 10.0  # the event loop is late; looked for so often; and not for ever


@dataclass
class _Pace:
    """How long courses have to rest, so that strokes have the cores they need.

    A priority of its own for the thread of courses is no way: one that is put aside keeps the interpreter from all.
    """

    n_events: int = 0  # that were no steps of courses
    rest_until: float = 0.0

    def rest(self) -> None:
        """Wait until it is time for a step again, and, for a while, until strokes are served at once."""
        time.sleep(max(0.0, self.rest_until - time.monotonic()))
        patience = time.monotonic() + _PATIENCE_S
        while time.monotonic() < patience and _lateness_s() > _LATE_S:
            time.sleep(_LOOK_S)

    def worked(self, n_events: int) -> None:
        """Owe a rest for the events that came in during a step."""
        self.rest_until = max(self.rest_until, time.monotonic()) + min(n_events * _STROKE_S, _MOST_REST_S)


def _lateness_s() -> float:
    """How long the event loop lets something wait that takes no time; none where no loop has sent this thread."""
    asked = time.monotonic()
    with contextlib.suppress(RuntimeError):
        from_thread.run_sync(int)
    return time.monotonic() - asked


_PACE = _Pace()
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def noted() -> None:
    """Count an event that is no step of a course: courses rest for it."""
    _PACE.n_events += 1


def at_desk(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Let a handler written for a desk take the desk's id instead."""

    @functools.wraps(handle)
    def handler(desk_id: str, *inputs: Any, **fixed: Any) -> Any:
        noted()
        with opened(desk_id) as desk:
            return handle(desk, *inputs, **fixed)

    return handler


def step_by_step(
    handle: Callable[..., Iterator[Any]], do: Callable[..., Any] = next, wait: Callable[[], None] = lambda: None
) -> Callable[..., Iterator[Any]]:
    """As `at_desk` for a generator: the lock is held during each step, not between them."""

    @functools.wraps(handle)
    def handler(desk_id: str, *inputs: Any) -> Iterator[Any]:
        steps = None
        while True:
            wait()
            with opened(desk_id) as desk:
                steps = steps or handle(desk, *inputs)
                shown = do(steps, _END)
            if shown is _END:
                return
            yield shown

    return handler


def in_turn(handle: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """As `step_by_step` for what keeps a core busy: whoever they are of, one such step is done at a time.

    So courses take turns, first come, first served, and rest for the strokes of all others. Not for what waits for the
    network.
    """
    return step_by_step(handle, _at_its_turn, _PACE.rest)


def _at_its_turn(steps: Iterator[Any], end: object) -> Any:
    """Do a step in the one thread of those that take turns, and wait for it."""

    def step() -> Any:
        n_before = _PACE.n_events
        try:
            return next(steps, end)
        finally:
            _PACE.worked(_PACE.n_events - n_before)

    return _TURNS.submit(contextvars.copy_context().run, step).result()


@contextlib.contextmanager
def opened(desk_id: str) -> Iterator[Desk]:
    """Open a desk under its lock once the kernels are compiled, and tell mistakes in plain words."""
    warm.READY.wait()
    if DESKS.was_dropped(desk_id):
        gr.Warning(said.AWAY, title=said.WARNING)
    try:
        with DESKS.open(desk_id) as desk:
            yield desk
    except AgentError as error:
        raise gr.Error(sentence(error), title=said.ERROR, print_exception=False) from error


def pressed(event: gr.EventData) -> dict[str, Any]:
    """What a press on the page tells; nothing where it is anything else, as a stranger's may be."""
    return event._data if isinstance(event._data, dict) else {}


def sentence(error: AgentError) -> str:
    """Begin an error's text with a capital."""
    text = str(error)
    return text[:1].upper() + text[1:]
