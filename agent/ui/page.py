"""What all tabs share: the visitor's desk, the header, and filling tabs in when they are opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr

from agent.pupil import Pupil
from agent.starters import STARTERS
from agent.ui import words
from agent.ui.desk import DESKS, new_id
from agent.ui.events import QUIET
from agent.ui.markup import safe

HERE = Path(__file__).resolve().parent
# Read when it is asked for: a component that keeps values may not be there yet when the page is, and give none.
KEPT_ID_JS = "() => { try { return [localStorage.getItem('pupil-desk-id'), null]; } catch { return [null, null]; } }"
KEEP_ID_JS = "(id) => { try { localStorage.setItem('pupil-desk-id', id); } catch {} }"


class Page:
    """The page as the tabs' `build` sees it.

    Attributes
    ----------
    id : gradio.State
        The id of the visitor's desk: the first input of every handler made by `at_desk`.
    header : gradio.HTML
        Name, lessons and kind of the agent: an output of everything that changes them, filled by `chip`.
    """

    def __init__(self) -> None:
        self.id = gr.State(new_id)
        self._kept_id = gr.Textbox(visible="hidden")
        self.token: gr.Textbox | None = None  # the field for a token, of the tab that asks who one is
        self.header = gr.HTML(header(None), elem_id="header", js_on_load=(HERE / "pick.js").read_text(encoding="utf-8"))
        self._refilling: list[Any] = []
        self._on_open: list[tuple[Callable[..., Any], Sequence[Any], Any]] = []
        self._fills: list[tuple[Callable[..., Any], Sequence[gr.components.Component]]] = []

    def tab(self, module: ModuleType) -> None:
        """Build a tab; what its `build` gives is called whenever the tab is opened, and once at the start."""
        self._on_open = []
        with gr.Tab(module.TITLE, id=module.TITLE.lower()) as tab:
            fill, outputs = module.build(self)
        tab.select(fill, self.id, outputs, **QUIET)
        for handle, inputs, output in self._on_open:
            tab.select(handle, inputs, output, **QUIET)
        self.at_start(fill, outputs)

    def on_open(self, handle: Callable[..., Any], inputs: Sequence[Any], output: Any) -> None:
        """Do something more when the tab being built is opened, while it is filled in."""
        self._on_open.append((handle, inputs, output))

    def refill_after(self, event: Any) -> None:
        """Fill everything in again after an event that may happen on any tab."""
        self._refilling.append(event)

    def at_start(self, fill: Callable[..., Any], outputs: Sequence[gr.components.Component]) -> None:
        """Fill something in once: what a visitor writes into, so that opening a tab never overwrites it."""
        self._fills.append((fill, outputs))

    def open(self, demo: gr.Blocks) -> None:
        """Find the visitor's desk again when the page is loaded, and fill everything in."""
        outputs = [self.id, self._kept_id, self.header]
        entered = demo.load(enter, [self._kept_id, self.id], outputs, js=KEPT_ID_JS, **QUIET)
        entered.then(None, self._kept_id, None, js=KEEP_ID_JS, **QUIET)
        for event in (entered, *self._refilling):
            for fill, outputs in self._fills:
                event.then(fill, self.id, outputs, **QUIET)
        demo.load(None, js=(HERE / "keys.js").read_text(encoding="utf-8"), **QUIET)


def enter(kept_id: object, session_id: str) -> tuple[str, str, str]:
    """Give the desk this browser had before, or a new one."""
    known = isinstance(kept_id, str) and kept_id in DESKS
    if kept_id and not known:
        gr.Warning(words.DROPPED)
    desk_id = kept_id if known else session_id
    with DESKS.open(desk_id) as desk:
        return desk_id, desk_id, header(desk.pupil)


def header(pupil: Pupil | None, note: str = "") -> str:
    """Lay out the top line: whose page it is, the agent and what one may start with, help, light or dark."""
    lessons = words.count(pupil.n_lessons, "lesson") if pupil else ""
    chip = note or (f"<b>{safe(pupil.name)}</b> · {lessons} · {pupil.kind}" if pupil else "")
    starts = "".join(
        f'<button type="button" data-do="start" data-label="{name}">{words.STARTS[name]}</button>'
        for name in ("empty", *STARTERS)
    )
    keys = "".join(f"<dt><kbd>{key}</kbd></dt><dd>{meaning}</dd>" for key, meaning in words.KEYS)
    text = "".join(f"<p>{line}</p>" for line in (*words.HELP, words.DRAWINGS_PRIVATE))
    return (
        f'<div class="top"><h1>{words.TITLE}</h1><details class="menu"><summary class="chip" id="chip">{chip}</summary>'
        f"<div><h2>{words.START}</h2><p>{words.START_MENU_HINT}</p>{starts}</div></details>"
        f'<details class="help"><summary aria-label="{words.HELP_TITLE}">?</summary><div><h2>{words.HELP_TITLE}</h2>'
        f"{text}<dl>{keys}</dl></div></details>"
        f'<button type="button" class="round" data-theme aria-label="{words.THEME}" title="{words.THEME}">'
        "◐</button></div>"
    )
