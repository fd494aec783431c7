"""What all tabs share: the visitor's desk, the header, and filling tabs in when they are opened."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr

from agent.errors import AgentError
from agent.pupil import Pupil
from agent.starters import STARTERS
from agent.ui import words, words_visit
from agent.ui import words_browser as said
from agent.ui.browser import Stand, packed
from agent.ui.desk import DESKS, Desk, Id, is_id
from agent.ui.events import QUIET, in_turn, pressed
from agent.ui.language import ENGLISH, OTHERS, Language, speaker, spoken
from agent.ui.markup import safe

HERE = Path(__file__).resolve().parent
# Read when it is asked for: a component that keeps values may not be there yet when the page is, and give none.
KEPT_ID_JS = "() => { try { return [localStorage.getItem('pupil-desk-id'), null]; } catch { return [null, null]; } }"


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
        self.id = gr.State(Id())
        self._kept_id = gr.Textbox(visible="hidden")
        self.token: gr.Textbox | None = None  # the field for a token, of the tab that asks who one is
        scripts = "".join((HERE / name).read_text(encoding="utf-8") for name in ("pick.js", "log.js"))
        self.header = gr.HTML(header(None), elem_id="header", js_on_load=scripts)
        self._refilling: list[Any] = []
        self._on_open: list[tuple[Callable[..., Any], Sequence[Any], Any]] = []
        self._fills: list[tuple[Callable[..., Any], Sequence[gr.components.Component]]] = []

    def tab(self, module: ModuleType) -> None:
        """Build a tab; what its `build` gives is called whenever the tab is opened, and once at the start.

        The first tab is opened before the visitor's desk is found: the start fills it in.
        """
        self._on_open = []
        with gr.Tab(module.title(), id=module.__name__.rpartition(".")[2]) as tab:
            fill, outputs = module.build(self)
        tab.select(_once_found(fill, len(outputs)), self.id, outputs, **QUIET)
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
        """Find the visitor's desk again when the page is loaded, and fill everything in, in the language spoken."""
        self.refill_after(self.header.log(come_back, self.id, self.header, **QUIET))
        outputs = list(dict.fromkeys(output for _, outputs in self._fills for output in outputs))
        shown = list(dict.fromkeys([self.id, self.header, *outputs]))
        demo.load(self._enter, [self._kept_id, self.id], shown, js=KEPT_ID_JS, **QUIET)
        for event in self._refilling:
            event.then(self._fill, self.id, outputs, **QUIET)
        for script in ("keys.js", "pen.js"):
            demo.load(None, js=(HERE / script).read_text(encoding="utf-8"), **QUIET)
        demo.load(None, js=f"() => {{ document.documentElement.lang = '{spoken().code}' }}", **QUIET)
        speak(demo)
        self._hush(demo)

    def _hush(self, demo: gr.Blocks) -> None:
        """Tell how far an event is to one hidden component: gradio tells all that any event ever showed something on.

        That is fifty components each time, four times for every stroke, and none of them shows it.
        """
        for event in demo.fns.values():
            if event.page == demo.current_page and event.show_progress == "hidden":
                event.show_progress_on = [self._kept_id]

    def _enter(self, kept_id: object, session_id: str) -> dict[Any, Any]:
        """Enter and fill everything in with one event: thirty pupils who open the page at once ask for thirty."""
        desk_id, top = enter(kept_id, session_id)
        return self._fill(desk_id) | {self.id: desk_id, self.header: top}  # with what is new in the log

    def _fill(self, desk_id: str) -> dict[Any, Any]:
        """Fill in what every tab shows."""
        shown: dict[Any, Any] = {}
        for fill, outputs in self._fills:
            values = fill(desk_id)
            shown |= zip(outputs, values if len(outputs) > 1 else [values], strict=True)
        return shown


def speak(demo: gr.Blocks) -> None:
    """Let whoever answers on the page that is being built speak the language it is built in."""
    for event in demo.fns.values():
        if event.fn is not None and event.page == demo.current_page:
            event.fn = speaker(spoken(), event.fn)


def _once_found(fill: Callable[[str], Any], n_outputs: int) -> Callable[[str], Any]:
    """Fill in nothing for a desk that nobody has found yet."""

    @functools.wraps(fill)
    def handler(desk_id: str) -> Any:
        if DESKS.knows(desk_id):
            return fill(desk_id)
        return (gr.skip(),) * n_outputs if n_outputs > 1 else gr.skip()

    return handler


def enter(kept_id: object, session_id: str) -> tuple[str, str]:
    """Give the desk this browser had before, or a new one; it is asked for the lessons of one that is gone."""
    desk_id = kept_id if isinstance(kept_id, str) and is_id(kept_id) else session_id
    with DESKS.open(desk_id) as desk:
        if desk.browser.stand is Stand.RETURNING:  # that page has gone
            desk.browser.ask()
        elif desk_id != kept_id and desk.browser.stand is Stand.UNKNOWN:  # a first visit
            desk.browser.meet()
        desk.turn_page(spoken())
        return desk_id, header(desk, desk_id=desk_id)


@in_turn
def come_back(desk: Desk, event: gr.EventData) -> Iterator[str]:
    """Hear what the browser keeps, piece by piece, and teach it again."""
    told, browser = pressed(event), desk.browser
    if told.get("do") == "piece":
        again = browser.take(told.get("piece"), told.get("at"), told.get("n_chars"))
        if again is not None:
            yield from _taught_again(desk, again)
    elif told.get("do") == "full":
        browser.stand = Stand.FULL
        gr.Warning(said.NO_ROOM, title=said.WARNING)
    elif browser.stand is not Stand.RETURNING:
        if browser.stand is Stand.UNKNOWN:
            gr.Warning(said.NOTHING_KEPT, title=said.WARNING)
        browser.meet()
    yield header(desk)


def _taught_again(desk: Desk, again: Generator[float, None, Pupil]) -> Iterator[str]:
    """Put the agent a browser has told of on the desk, unless there is another one meanwhile."""
    old, shown = desk.pupil, -1
    try:
        while desk.browser.again is again:
            share = int(100 * next(again))
            if share > shown:
                shown = share
                yield header(desk, said.COMING_BACK.format(share=share))
    except StopIteration as done:
        desk.pupil = done.value if desk.pupil is old else desk.pupil
        desk.browser.meet()
    except AgentError:
        desk.browser.meet()
        raise


def header(desk: Desk | None, note: str = "", desk_id: str = "") -> str:
    """Lay out the top line: whose page it is, the agent and what one may start with, help, light or dark.

    What is new in the log goes with it, and the id of the desk that was entered, for the browser to keep.
    """
    pupil, news = (desk.pupil, packed(desk.browser.news(desk.pupil))) if desk else (None, "")
    lessons = words.count(pupil.n_lessons, "lesson") if pupil else ""
    chip = note or (f"<b>{safe(pupil.name)}</b> · {lessons} · {pupil.kind}" if pupil else "")
    starts = "".join(
        f'<button type="button" data-do="start" data-label="{name}">{words.STARTS[name]}</button>'
        for name in ("empty", *STARTERS)
    )
    keys = "".join(
        f"<dt><kbd>{key}</kbd></dt><dd>{meaning}</dd>" for key, meaning in (*words.KEYS, words_visit.KEY_ARROWS)
    )
    text = "".join(f"<p>{line}</p>" for line in (*words.HELP, words.DRAWINGS_PRIVATE))
    others = "".join(_link(each) for each in (ENGLISH, *OTHERS) if each is not spoken())
    return (
        f'<div class="top" data-log="{news}" data-desk="{desk_id}"><h1>{words.TITLE}</h1>'
        f'<details class="menu"><summary class="chip" id="chip">{chip}</summary>'
        f"<div><h2>{words.START}</h2><p>{words.START_MENU_HINT}</p>{starts}</div></details>"
        f'<details class="help"><summary aria-label="{words.HELP_TITLE}">?</summary><div><h2>{words.HELP_TITLE}</h2>'
        f"{text}<dl>{keys}</dl></div></details>{others}"
        f'<button type="button" class="round" data-theme aria-label="{words.THEME}" title="{words.THEME}">'
        "◐</button></div>"
    )


def _link(language: Language) -> str:
    """Lead to the page in another language: the desk is the same there."""
    code, name = language.code, language.name
    return (
        f'<a class="round language" href="./{language.path}" lang="{code}" hreflang="{code}" aria-label="{name}" '
        f'title="{name}">{code.upper()}</a>'
    )
