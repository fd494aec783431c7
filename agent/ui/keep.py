"""Keep: name the agent, save it to a file, load one, start again."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from agent import store
from agent.kinds import KINDS
from agent.pupil import Pupil, new, rebuilding
from agent.starters import STARTERS
from agent.tasks import digits
from agent.ui import words
from agent.ui.desk import DEFAULT_KIND, Desk
from agent.ui.events import QUIET, at_desk, step_by_step
from agent.ui.markup import safe, status
from agent.ui.page import Page, header

TITLE = words.KEEP
MAX_NAME_CHARS = 40
DOWNLOAD = "() => { const it = document.querySelector('#file-out'); (it.querySelector('a') ?? it).click(); }"
STARTS = (
    (words.START_EMPTY, "empty"),
    (words.START_EVERYDAY, "everyday"),
    (words.START_SIXTY, "sixty"),
    (words.START_NOTEBOOK, "lessons"),
)
_SAVED: deque[Path] = deque()  # folders of the last saves: gradio copies the file before the next but 31


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    said = gr.HTML(status(""), elem_id="keep-status")
    with gr.Row(elem_classes="keep"):
        with gr.Column(elem_classes="card"):
            gr.HTML(f"<h2>{words.NAME}</h2><p>{words.NAME_HINT}</p>")
            with gr.Row(elem_classes="name"):
                name = gr.Textbox(label=words.NAME, show_label=False, container=False, max_length=MAX_NAME_CHARS,
                                  elem_id="name")  # fmt: skip
                renamed = gr.Button(words.RENAME, elem_id="rename")
        with gr.Column(elem_classes="card"):
            gr.HTML(f"<h2>{words.SAVE}</h2><p>{words.SAVE_HINT}</p>")
            saved = gr.Button(words.SAVE, variant="primary", elem_id="save")
            out = gr.DownloadButton(words.SAVE, visible="hidden", elem_id="file-out")
        with gr.Column(elem_classes="card"):
            gr.HTML(f"<h2>{words.LOAD}</h2><p>{words.LOAD_HINT}</p>")
            file = gr.File(label=words.LOAD, show_label=False, file_types=[".zip"], height=132, elem_id="file-in")
            back = gr.Button(words.BACK, interactive=False, elem_id="back")
        with gr.Column(elem_classes="card"):
            kind, preset, start_from, ask, sure, keep_it, question = _start_card()
    shown = [said, name, back, page.header]
    gr.on([renamed.click, name.submit], rename, [page.id, name], shown, **QUIET)
    saved.click(save, page.id, [out, *shown], **QUIET).success(None, None, None, js=DOWNLOAD, **QUIET)
    file.upload(load, [page.id, file], [file, *shown], **QUIET).failure(lambda: None, None, file, **QUIET)
    back.click(go_back, page.id, shown, **QUIET)
    asking = [question, ask, sure, keep_it]
    ask.click(ask_first, page.id, asking, **QUIET)
    keep_it.click(ask_no_more, None, asking, **QUIET)
    kind.change(offer_presets, kind, preset, **QUIET)
    started = sure.click(start, [page.id, kind, preset, start_from], shown, **QUIET)
    started.then(ask_no_more, None, asking, **QUIET)
    page.at_start(fill_name, [name])
    return fill, [said, back, page.header]


def _start_card() -> tuple[gr.components.Component, ...]:
    gr.HTML(f"<h2>{words.START}</h2><p>{words.START_HINT}</p>")
    kinds = [(f"{name}: {kind.SUMMARY}", name) for name, kind in KINDS.items()]
    kind = gr.Radio(kinds, value=DEFAULT_KIND, label=words.KIND, elem_id="kind")
    preset = gr.Dropdown(label=words.PRESET, visible=False, elem_id="preset")
    start_from = gr.Radio(STARTS, value="empty", label=words.START_FROM, elem_id="start-from")
    question = gr.HTML("", elem_id="question")
    ask = gr.Button(words.START_NOW, elem_id="start")
    with gr.Row(elem_classes="are-you-sure"):
        sure = gr.Button(words.START_SURE, variant="stop", visible=False, elem_id="start-sure")
        keep_it = gr.Button(words.START_NOT, visible=False, elem_id="start-not")
    return kind, preset, start_from, ask, sure, keep_it, question


def shown_of(desk: Desk, text: str = "") -> tuple[Any, ...]:
    """What just happened, the name, the way back, the header."""
    before = desk.previous
    label = words.BACK if before is None else words.BACK_TO.format(name=before.name, lessons=_lessons(before))
    return (
        status(text or about(desk.pupil)),
        desk.pupil.name,
        gr.Button(label, interactive=before is not None),
        header(desk.pupil),
    )


def about(pupil: Pupil) -> str:
    """Say in one line what the agent is."""
    labels, size = words.count(len(pupil.labels), "label"), words.size(pupil.memory.n_bytes)
    return (
        f"<span>{words.ABOUT.format(name=safe(pupil.name), lessons=_lessons(pupil), labels=labels, size=size)}</span>"
    )


def write(pupil: Pupil) -> str:
    """Write an agent to a file named after it, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="pupil-"))
    _SAVED.append(folder)
    while len(_SAVED) > 32:
        shutil.rmtree(_SAVED.popleft(), ignore_errors=True)
    stem = re.sub(r"[^\w-]+", "-", pupil.name).strip("-").lower() or "agent"
    return str(store.save(pupil, folder / f"{stem}.zip"))


def _lessons(pupil: Pupil) -> str:
    return words.count(pupil.n_lessons, "lesson")


# ---------------------------------------------------------------- events


@at_desk
def fill(desk: Desk) -> tuple[Any, ...]:
    """Show the desk as it is, but for the name: somebody may be writing it."""
    said, _, back, top = shown_of(desk)
    return said, back, top


@at_desk
def fill_name(desk: Desk) -> str:
    """Show the name."""
    return desk.pupil.name


@at_desk
def rename(desk: Desk, name: str) -> tuple[Any, ...]:
    """Give the agent another name."""
    name = (name or "").strip()
    if not 1 <= len(name) <= MAX_NAME_CHARS or not name.isprintable():
        return shown_of(desk, words.NO_NAME)
    desk.pupil.name = name
    return shown_of(desk, words.RENAMED.format(name=safe(name)))


@at_desk
def save(desk: Desk) -> tuple[Any, ...]:
    """Write the agent to a file and hand it out."""
    path = write(desk.pupil)
    return path, *shown_of(desk, words.SAVED.format(name=safe(Path(path).name)))


@at_desk
def load(desk: Desk, path: str | None) -> tuple[Any, ...]:
    """Put the agent of a file on the desk; one that cannot be read changes nothing."""
    if path is None:
        return None, *shown_of(desk)
    desk.replace(store.load(path))
    said = words.LOADED.format(name=safe(desk.pupil.name), lessons=_lessons(desk.pupil))
    return None, *shown_of(desk, said)


@at_desk
def go_back(desk: Desk) -> tuple[Any, ...]:
    """Swap the agent with the one before."""
    if desk.previous is None:
        return shown_of(desk, words.NOTHING_BEFORE)
    desk.replace(desk.previous)
    return shown_of(desk, words.BACK_DONE.format(name=safe(desk.pupil.name), lessons=_lessons(desk.pupil)))


@step_by_step
def start(desk: Desk, kind: str, preset: str | None, start_from: str) -> Iterator[tuple[Any, ...]]:
    """Put a new agent on the desk; while it is taught the lessons of this one, tell how far it is."""
    settings = KINDS[kind].PRESETS.get(preset or "", {})
    pupil = new(kind, name=words.TITLE, starter=start_from if start_from in STARTERS else None, **settings)
    if start_from == "sixty":
        lessons = digits.Selection({"mnist": 60})
        pupil.learn_many(*lessons.draw(), source=lessons.source)
    elif start_from == "lessons":
        log = type(desk.pupil.lessons).from_jsonl(desk.pupil.lessons.to_jsonl())
        steps = rebuilding(type(pupil.memory), pupil.memory.config, log)
        shown, memory = -1, None
        while memory is None:
            try:
                share = int(100 * next(steps))
            except StopIteration as done:
                memory = done.value
            else:
                if share > shown:
                    shown = share
                    yield shown_of(desk, words.RETEACHING.format(share=share))
        pupil = Pupil(memory, log, desk.pupil.name)
    desk.replace(pupil)
    yield shown_of(desk, words.STARTED.format(lessons=_lessons(pupil)))


@at_desk
def ask_first(desk: Desk) -> tuple[Any, ...]:
    """Ask before starting again."""
    question = words.START_ASK.format(name=safe(desk.pupil.name), lessons=_lessons(desk.pupil))
    return f"<p>{question}</p>", gr.Button(visible=False), gr.Button(visible=True), gr.Button(visible=True)


def offer_presets(kind: str) -> gr.Dropdown:
    """Let the visitor choose among the named settings of a kind, where there are several."""
    names = list(KINDS[kind].PRESETS)
    return gr.Dropdown(choices=names, value=names[0], visible=len(names) > 1)


def ask_no_more() -> tuple[Any, ...]:
    """Leave the question."""
    return "", gr.Button(visible=True), gr.Button(visible=False), gr.Button(visible=False)
