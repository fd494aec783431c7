"""Components that several tabs use: headings, choices, the buttons of long jobs, and downloads."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import gradio as gr

from agent.agents import Agent
from agent.errors import AgentError
from agent.storage import serialization
from agent.ui.events import QUIET
from agent.ui.server.limits import FILE_BYTES, FILE_BYTES_PER_S, TokenBucket, write_bytes
from agent.ui.session import SESSIONS, Session
from agent.ui.texts import server_texts

MAX_SEED = 2**31 - 1
# Shared by all visitors: gradio keeps files for hours
_DOWNLOADS = TokenBucket(FILE_BYTES, FILE_BYTES_PER_S, time.monotonic())


def step_heading(number: int, title: str) -> gr.HTML:
    """Heading of one of the numbered steps of a tab."""
    return gr.HTML(f'<h2 class="step-title"><i>{number}</i>{title}</h2>')


def purpose(title: str, sentence: str) -> gr.HTML:
    """What a tab is for: a question, and a sentence."""
    return gr.HTML(f'<div class="asks"><h2>{title}</h2><p>{sentence}</p></div>')


def folded(title: str, elem_id: str) -> gr.Accordion:
    """A part of a tab that is closed until somebody wants it."""
    return gr.Accordion(title, open=False, elem_id=elem_id, elem_classes="fold")


def segments(
    choices: Sequence[Any], value: Any, label: str, elem_id: str | None = None, many: bool = False, **options: Any
) -> gr.Radio | gr.CheckboxGroup:
    """Buttons side by side, of which one is pressed; with ``many`` any number of them."""
    component = gr.CheckboxGroup if many else gr.Radio
    options.setdefault("elem_classes", "segments")
    return component(choices, value=value, label=label, elem_id=elem_id, **options)


def seed_number(label: str, hint: str) -> gr.Number:
    """Field for a seed."""
    return gr.Number(0, label=label, info=hint, precision=0, minimum=0, maximum=MAX_SEED)


# ---------------------------------------------------------------- long jobs


def progress_bar(share: float, text: str) -> str:
    """Bar that shows how far something is, 0 … 1; of the same height whatever the text."""
    return f'<div class="progress" aria-live="off"><span><i style="width:{share:.1%}"></i></span><p>{text}</p></div>'


class JobButtons:
    """Buttons that start long jobs, texts by element ids, the first one the primary one; and one that stops them."""

    def __init__(self, page: Any, starts: Mapping[str, str], stop_id: str, stop_text: str) -> None:
        self._page = page
        self.starts = [
            gr.Button(text, variant="secondary" if place else "primary", elem_id=elem_id, elem_classes="job")
            for place, (elem_id, text) in enumerate(starts.items())
        ]
        self._stop = gr.Button(stop_text, interactive=False, elem_id=stop_id, elem_classes="job")
        self._stop.click(SESSIONS.stop, page.id, None, queue=False, **QUIET)

    def connect(
        self,
        start: gr.Button,
        handle: Callable[..., Any],
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        **options: Any,
    ) -> None:
        """Let a button start a handler that yields tuples of outputs; meanwhile only the stop button can be pressed."""
        buttons, n_starts = [*self.starts, self._stop], len(self.starts)
        running = _with_busy_buttons(handle, n_starts)
        event = start.click(running, [self._page.id, *inputs], [*buttons, *outputs], **options, **QUIET)
        event.then(partial(_buttons, n_starts, False), None, buttons, **QUIET)


def _buttons(n_starts: int, is_busy: bool) -> tuple[gr.Button, ...]:
    return *(gr.Button(interactive=not is_busy) for _ in range(n_starts)), gr.Button(interactive=is_busy)


def _with_busy_buttons(handle: Callable[..., Any], n_starts: int) -> Callable[..., Any]:
    @functools.wraps(handle)
    def handler(*inputs: Any) -> Iterator[tuple[Any, ...]]:
        for outputs in handle(*inputs):
            yield *_buttons(n_starts, True), *outputs

    if hasattr(handle, "completed_by"):
        handler.completed_by = lambda complete: _with_busy_buttons(handle.completed_by(complete), n_starts)
    return handler


# ---------------------------------------------------------------- downloads


def download_button(elem_id: str) -> gr.DownloadButton:
    """Hidden button that holds a file; `download_after` presses it."""
    return gr.DownloadButton(visible="hidden", elem_id=elem_id)


def download_after(event: Any, button: gr.DownloadButton) -> None:
    """Press a download button once an event has put a file on it."""
    script = (
        f"() => {{ const it = document.querySelector('#{button.elem_id}'); (it.querySelector('a') ?? it).click(); }}"
    )
    event.success(None, None, None, js=script, **QUIET)


def write_agent(agent: Agent, session: Session, page: str | None = None) -> str:
    """Write an agent to a .zip named after it, or its web page, for download; AgentError after too many bytes."""
    content = serialization.zipped(serialization.to_files(agent)) if page is None else page.encode()
    stem = re.sub(r"[^\w-]+", "-", agent.name).strip("-").lower() or "agent"
    return write_counted(f"{stem}.{'zip' if page is None else 'html'}", content, session)


def write_counted(name: str, content: bytes, session: Session) -> str:
    """Write a file after counting its bytes; AgentError where there were too many."""
    session.count("megabyte", len(content) / 1e6)
    if not _DOWNLOADS.take(len(content), time.monotonic()):
        raise AgentError(server_texts.DISK_BUSY)
    return write_bytes(name, content)
