"""What all tabs share: the visitor's session, the header, and filling tabs in when they are opened."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr

from agent import startup
from agent.agents.pupil import Pupil
from agent.errors import AgentError
from agent.progress import Progress, WithResult
from agent.ui import formatting, html
from agent.ui.events import QUIET, event_payload, open_session, serialized, with_session
from agent.ui.html import safe
from agent.ui.pad.sketchpad import PEN_JS
from agent.ui.parts import my_agents
from agent.ui.parts.browser_backup import SyncState, is_key, packed
from agent.ui.server.gradio_patches import listeners
from agent.ui.session import SESSIONS, Id, Session, is_id
from agent.ui.texts import ENGLISH, OTHERS, Language, current_locale, input_texts, server_texts, texts, with_locale

STATIC = Path(__file__).resolve().parent / "static"
PICK_JS = (STATIC / "clicks.js").read_text(encoding="utf-8")
REFILLS = 3  # at most, where lessons or strokes come while all tabs are filled in
AGAIN = "\u200b"  # has no width: what is said once more differs by it, so that the page shows and reads it anew
# localStorage is read in the load event's `js=`: a `gr.BrowserState` may not be mounted yet then, and give None.
STORED_ID_JS = "() => { try { return [localStorage.getItem('pupil-desk-id'), null]; } catch { return [null, null]; } }"


class Page:
    """The page as the tabs' `build` sees it."""

    def __init__(self) -> None:
        self.id = gr.State(Id())  # of the visitor's session: the first input of every handler made by `with_session`
        self._stored_id = gr.Textbox(visible="hidden")
        self.token: gr.Textbox | None = None  # the field for a token, of the tab that has one
        # name, lessons and kind of the agent: an output of everything that changes them
        self.header = gr.HTML(header(None), elem_id="header", js_on_load=PICK_JS)
        # what the browser stores of the lesson log: an output that is added to every handler of a session
        script = (STATIC / "lesson_backup.js").read_text(encoding="utf-8")
        self.backup = gr.HTML("", elem_id="backup", visible="hidden", js_on_load=script)
        self._refilling: list[Any] = []
        self._on_open: list[tuple[Callable[..., Any], Sequence[Any], Any]] = []
        self._refreshers: list[tuple[Callable[..., Any], Sequence[gr.components.Component]]] = []
        self._waking: dict[Any, Callable[[str, str], Any]] = {}
        self._groups: list[gr.Tab] = []  # that the tab being built is in

    def tab(self, module: ModuleType) -> None:
        """Build a tab; what its `build` gives is called whenever the tab is opened, and once at the start.

        The first tab is opened before the visitor's session is found: the start fills it in.
        """
        self._on_open = []
        name = module.__name__.rpartition(".")[2]
        with _tab(name) as tab:
            refresh, outputs = module.build(self)
        for opened in (tab, *self._groups):
            opened.select(_if_session_exists(refresh, len(outputs)), self.id, outputs, **QUIET)
        for handle, inputs, output in self._on_open:
            n_outputs = len(output) if isinstance(output, list) else 1
            handle = _if_session_exists(handle, n_outputs) if hasattr(handle, "completed_by") else handle
            for opened in (tab, *self._groups):
                opened.select(handle, inputs, output, **QUIET)
        self.at_start(refresh, outputs)

    def group(self, name: str, modules: Sequence[ModuleType]) -> None:
        """Build tabs within a tab."""
        with _tab(name) as tab, gr.Tabs(elem_id=name):
            self._groups.append(tab)
            for module in modules:
                self.tab(module)
            self._groups.pop()

    def tell_about(self, tab: str, status: gr.HTML) -> None:
        """Say what the agent is in the status line of the tab being built, whenever that is opened."""
        handle = with_session(lambda session, line: _about(session, line, tab))
        self.on_open(handle, [self.id, status], status)
        self.at_start(with_session(lambda session: _about(session, None, tab)), [status])

    def on_open(self, handle: Callable[..., Any], inputs: Sequence[Any], output: Any) -> None:
        """Do something more when the tab being built is opened, while it is filled in."""
        self._on_open.append((handle, inputs, output))

    def refill_after(self, event: Any) -> None:
        """Fill everything in again after an event that may happen on any tab."""
        self._refilling.append(event)

    def at_start(self, refresh: Callable[..., Any], outputs: Sequence[gr.components.Component]) -> None:
        """Fill something in once: fields that a visitor writes into, so that opening a tab never overwrites them."""
        self._refreshers.append((refresh, outputs))

    def while_waking(self, component: gr.components.Component, show: Callable[[str, str], Any]) -> None:
        """Let a component say that the app is waking up, until it is filled in: ``show(what, how_long)``."""
        self._waking[component] = show

    def open(self, demo: gr.Blocks) -> None:
        """Find the visitor's session again when the page is loaded, and fill everything in."""
        restoring = self.backup.log(restore_backup, self.id, self.header, trigger_mode="multiple", **QUIET)
        restoring.failure(with_session(header), self.id, self.header, **QUIET)
        self.refill_after(restoring)
        self.header.halt(SESSIONS.stop, self.id, None, queue=False, **QUIET)
        outputs = list(dict.fromkeys(output for _, outputs in self._refreshers for output in outputs))
        entered = list(dict.fromkeys([self.id, self.header, self.backup, *outputs]))
        unlimited = {"concurrency_limit": None, **QUIET}  # everybody is told at once
        demo.load(self._wake, None, [self.header, *self._waking], **unlimited)
        demo.load(self._enter, [self._stored_id, self.id], entered, js=STORED_ID_JS, **QUIET)
        for event in self._refilling:
            # By default the last of several events in a row would be dropped while the page is being filled in
            refilled = event.then(self._refresh_all, self.id, outputs, trigger_mode="multiple", **QUIET)
            refilled.then(self._refresh_overtaken, self.id, outputs, trigger_mode="multiple", **QUIET)
        for script in ((STATIC / "shortcuts.js").read_text(encoding="utf-8"), PEN_JS):
            demo.load(None, js=script, **QUIET)
        demo.load(None, js=f"() => {{ document.documentElement.lang = '{current_locale().code}' }}", **QUIET)
        self._add_backup(demo)
        localize(demo)
        self._mute_progress(demo)

    def _add_backup(self, demo: gr.Blocks) -> None:
        """Let every handler of a session send what is new in the lesson log to the browser."""
        for event in listeners(demo):
            completed_by = getattr(event.fn, "completed_by", None)
            if completed_by and event.api_visibility == "private":
                event.fn = completed_by(functools.partial(_with_backup, len(event.outputs)))
                event.outputs = [*event.outputs, self.backup]

    def _mute_progress(self, demo: gr.Blocks) -> None:
        """Show the progress of events on one hidden component.

        By default gradio reports it to every component that is an output: fifty, four times a stroke.
        """
        for event in listeners(demo):
            if event.show_progress == "hidden":
                event.show_progress_on = [self._stored_id]

    async def _wake(self) -> AsyncIterator[dict[Any, Any]]:
        """Say every second when the app will be ready; what visitors do until then waits for it in the queue."""
        while not startup.READY.is_set():
            what, how_long = server_texts.WAKING, server_texts.READY_IN.format(seconds=startup.seconds_left())
            values = {component: show(what, how_long) for component, show in self._waking.items()}
            yield {self.header: header(None, f"{what} …")} | values
            await asyncio.sleep(1)
        yield {self.header: gr.skip()}

    def _enter(self, stored_id: object, session_id: str) -> dict[Any, Any]:
        """Enter and fill everything in with one event: thirty pupils who open the page at once cause thirty."""
        session_id, top, backup = enter(stored_id, session_id)
        return self._refresh_all(session_id) | {self.id: session_id, self.header: top, self.backup: backup}

    def _refresh_all(self, session_id: str) -> dict[Any, Any]:
        """Fill in what every tab shows, anew where something changes meanwhile: some of it may wait for kernels."""
        values_of: dict[Any, Any] = {}
        _has_changed(session_id)
        for _ in range(REFILLS):
            for refresh, outputs in self._refreshers:
                values = refresh(session_id)
                values_of |= zip(outputs, values if len(outputs) > 1 else [values], strict=True)
            if not _has_changed(session_id):
                break
        return values_of

    def _refresh_overtaken(self, session_id: str) -> dict[Any, Any]:
        """Fill everything in again where a lesson or stroke was answered before what was computed without it."""
        return self._refresh_all(session_id) if _has_changed(session_id) else gr.skip()


def _has_changed(session_id: str) -> bool:
    """Say whether an agent that is shown, or what is on the pad, has changed since the last time this was asked."""
    with open_session(session_id) as session:
        drawing, before = session.pad.drawing, session.filled
        agents = filter(None, (session.pupil, session.at_pad, session.comparison_agent))
        states = [(session.key(agent), agent.name, len(agent.lessons.events)) for agent in agents]
        session.filled = states, None if drawing is None else drawing.tobytes()
    return session.filled != before


def _tab(name: str) -> gr.Tab:
    """A tab, which the page's address can name."""
    return gr.Tab(texts.TABS.get(name, formatting.readable(name)), id=name, elem_id=f"tab-{name}")


def localize(demo: gr.Blocks) -> None:
    """Let the handlers of the page that is being built answer in the language it is built in."""
    for event in listeners(demo):
        if event.fn is not None:
            event.fn = with_locale(current_locale(), event.fn)


def _with_backup(n_outputs: int, session: Session, outputs: Any) -> tuple[Any, ...]:
    """Add what is new in the lesson log to the outputs of a handler."""
    changes = session.browser.changes(session.pupil)
    before = (outputs,) if n_outputs == 1 else tuple(outputs or ())
    return *before, gr.skip() if changes is None else packed(changes | _agent_entry(session))


def _agent_entry(session: Session) -> dict[str, Any]:
    """Which agent a log is of, how the browser lists it among those it keeps, and whether it may be taught."""
    pupil, synced = session.pupil, session.browser.is_synced
    about, knows = f"{pupil.name} · {formatting.lessons(pupil)}", formatting.known(pupil.labels)
    return {"agent": session.key(pupil), "about": about, "knows": knows, "synced": synced}


def _if_session_exists(refresh: Callable[..., Any], n_outputs: int) -> Callable[..., Any]:
    """Fill in nothing for a session that is not there yet."""

    @functools.wraps(refresh)
    def handler(session_id: str, *defaults: Any) -> Any:  # gradio passes on the default arguments of what is wrapped
        if SESSIONS.knows(session_id):
            return refresh(session_id, *defaults)
        return (gr.skip(),) * n_outputs if n_outputs > 1 else gr.skip()

    if hasattr(refresh, "completed_by"):
        handler.completed_by = lambda complete: _if_session_exists(refresh.completed_by(complete), n_outputs + 1)
    return handler


def enter(stored_id: object, session_id: str) -> tuple[str, str, str]:
    """Open the session this browser had before, or a new one: its id, the header, and the first of the backup."""
    session_id = stored_id if isinstance(stored_id, str) and is_id(stored_id) else session_id
    with SESSIONS.open(session_id) as session:
        browser = session.browser
        if browser.state is SyncState.RESTORING:  # the page that had begun it is gone
            browser.request_backup()
        elif session_id != stored_id and browser.state is SyncState.UNSYNCED:  # a first visit
            browser.reset()
        session.turn_page(current_locale())
        backup = packed(browser.delta(session.pupil) | _agent_entry(session) | {"session": session_id})
        return session_id, header(session), backup


@serialized
def restore_backup(session: Session, event: gr.EventData) -> Iterator[str]:
    """Receive what the browser has stored, chunk by chunk, and rebuild the agent from it."""
    payload, browser = event_payload(event), session.browser
    if payload.get("do") == "open" and browser.is_synced:
        browser.request_backup()
        browser.opens = True
    elif payload.get("do") == "chunk":
        work = browser.receive_chunk(payload.get("chunk"), payload.get("at"), payload.get("n_chars"))
        if work is not None:
            yield from _rebuild(session, work, payload.get("agent"))
    elif payload.get("do") == "full":
        browser.state = SyncState.FULL
        gr.Warning(server_texts.NO_ROOM, title=server_texts.WARNING)
    elif browser.state is not SyncState.RESTORING:
        if browser.state is SyncState.UNSYNCED:
            gr.Warning(server_texts.NOTHING_KEPT, title=server_texts.WARNING)
        browser.reset()
    yield header(session)


def _rebuild(session: Session, work: Generator[Progress, None, Pupil], key: object) -> Iterator[str]:
    """Restore the agent that a browser has stored, unless another one was chosen meanwhile."""
    old, percent, rebuilt, opens = session.pupil, -1, WithResult(work), session.browser.opens
    try:
        for progress in session.retaught(rebuilt):
            if session.browser.restoring is not work:
                return
            if (now := int(100 * progress.share)) > percent:
                percent = now
                yield header(session, server_texts.COMING_BACK.format(share=percent))
    except AgentError:
        session.browser.reset()
        raise
    if session.browser.restoring is not work:
        return
    if session.pupil is old:
        if is_key(key):
            session.keys[rebuilt.result] = key
        if opens:
            session.replace(rebuilt.result)
        else:
            session.pupil = rebuilt.result
    session.browser.reset()


def header(session: Session | None, note: str = "", is_job: bool = False) -> str:
    """The top line: the title, the agents or a note on one that is loading, help, language, light or dark.

    ``is_job``: what the note tells of can be stopped.
    """
    pupil = session.at_pad if session else None
    busy = " busy" if note and session else ""
    stop = html.button("halt", texts.STOP, css="halt") if is_job else ""
    kind = f"<span class='kind'> · {formatting.kind(pupil.kind)}</span>" if pupil else ""
    chip = note or (f"<b>{safe(pupil.name)}</b> · {formatting.lessons(pupil)}{kind}" if pupil else "")
    keys = "".join(
        f"<dt><kbd>{key}</kbd></dt><dd>{meaning}</dd>" for key, meaning in (*texts.KEYS, input_texts.KEY_ARROWS)
    )
    text = "".join(f"<p>{line}</p>" for line in (*texts.HELP, texts.DRAWINGS_PRIVATE))
    others = "".join(_link(language) for language in (ENGLISH, *OTHERS) if language is not current_locale())
    return (
        f'<div class="top"><button type="button" class="skip" data-tab="draw">{texts.SKIP}</button>'
        f'<h1>{texts.TITLE}</h1><p class="purpose">{texts.PURPOSE}</p>{stop}<details class="menu">'
        f'<summary class="chip{busy}" id="chip">{chip}</summary><div>{my_agents.menu(session)}</div></details>'
        f'<details class="help"><summary aria-label="{texts.HELP_TITLE}">?</summary><div><h2>{texts.HELP_TITLE}</h2>'
        f"{text}<dl>{keys}</dl></div></details>{others}"
        f'<button type="button" class="round" data-theme data-dark="{texts.IS_DARK}" data-light="{texts.IS_LIGHT}"'
        f' aria-label="{texts.THEME}" title="{texts.THEME}">◐</button></div>'
    )


def status_of(session: Session, text: str = "", tab: str = "share") -> str:
    """The status line of a tab: a text, else what the agent is."""
    about, news = html.status(html.about(session.pupil)), html.status(text)
    news = html.status(text + AGAIN * session.news.get(tab, "").startswith(news))
    session.news[tab] = about if not text else news + about * (tab == "share")  # there news goes away again
    session.news[f"{tab} of"] = session.key(session.pupil)
    return session.news[tab]


def render_status(session: Session, text: str = "") -> tuple[Any, ...]:
    """The status on the Share tab, else what the agent is; its name, the header."""
    return status_of(session, text), name_of(session), header(session)


def name_of(session: Session) -> str:
    """The name of the agent, for the field on the Share tab."""
    session.news["name"] = session.pupil.name
    return session.pupil.name


def render_progress(session: Session, text: str, is_job: bool = False) -> tuple[Any, ...]:
    """The status and the header of an agent that is on its way, as `render_status` gives them."""
    return status_of(session, text), gr.skip(), header(session, text, is_job)


reset_status = with_session(render_status)  # after a failure


def _about(session: Session, line: str | None, tab: str) -> Any:
    """What the agent is, where a status line says this as its tab is opened, or, without a line, tells of another."""
    of, text = session.news.get(f"{tab} of"), session.news.get(tab, line)
    is_new = of == session.key(session.pupil) if line is None else text != line
    return gr.skip() if is_new else status_of(session, tab=tab)


def _link(language: Language) -> str:
    """Link to the page in another language: the session is the same there."""
    code, name = language.code, language.name
    return (
        f'<a class="round language" href="./{language.path}" lang="{code}" hreflang="{code}" aria-label="{name}" '
        f'title="{name}">{code.upper()}</a>'
    )
