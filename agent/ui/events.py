"""How an event reaches a desk: by id, under its lock, and with mistakes told in plain words. The one such place."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from agent.errors import AgentError
from agent.ui import warm, words
from agent.ui.desk import DESKS, Desk

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def at_desk(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Let a handler written for a desk take the desk's id instead."""

    @functools.wraps(handle)
    def handler(desk_id: str, *inputs: Any, **fixed: Any) -> Any:
        with opened(desk_id) as desk:
            return handle(desk, *inputs, **fixed)

    return handler


def step_by_step(handle: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """As `at_desk` for a generator: the lock is held during each step, not between them."""

    @functools.wraps(handle)
    def handler(desk_id: str, *inputs: Any) -> Iterator[Any]:
        steps = None
        while True:
            with opened(desk_id) as desk:
                steps = steps or handle(desk, *inputs)
                try:
                    shown = next(steps)
                except StopIteration:
                    return
            yield shown

    return handler


@contextlib.contextmanager
def opened(desk_id: str) -> Iterator[Desk]:
    """Open a desk under its lock once the kernels are compiled, and tell mistakes in plain words."""
    warm.READY.wait()
    if DESKS.was_dropped(desk_id):
        gr.Warning(words.DROPPED)
    try:
        with DESKS.open(desk_id) as desk:
            yield desk
    except AgentError as error:
        raise gr.Error(sentence(error), print_exception=False) from error


def sentence(error: AgentError) -> str:
    """Begin an error's text with a capital."""
    text = str(error)
    return text[:1].upper() + text[1:]
