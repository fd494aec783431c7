"""Name the agent, save it to a file, load one, start again: the first cards of the Share tab."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import deque
from pathlib import Path
from typing import Any

import gradio as gr

from agent import store
from agent.pupil import Pupil
from agent.ui import markup, publish, start, words
from agent.ui.desk import Desk
from agent.ui.events import QUIET, at_desk
from agent.ui.markup import safe
from agent.ui.page import Page

MAX_NAME_CHARS = 40
DOWNLOAD = "() => { const it = document.querySelector('#file-out'); (it.querySelector('a') ?? it).click(); }"
_SAVED: deque[Path] = deque()  # folders of the last saves: gradio copies the file before the next but 31


def build(page: Page, said: gr.HTML) -> list[gr.components.Component]:
    """Lay out the cards and connect them; gives the status, the name, the way back and the header."""
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
            publish.build_pull(page, [said, name, back, page.header])
        with gr.Column(elem_classes="card"):
            start.build(page, [said, name, back])
    shown = [said, name, back, page.header]
    gr.on([renamed.click, name.submit], rename, [page.id, name], shown, **QUIET)
    saved.click(save, page.id, [out, *shown], **QUIET).success(None, None, None, js=DOWNLOAD, **QUIET)
    file.upload(load, [page.id, file], [file, *shown], **QUIET).failure(lambda: None, None, file, **QUIET)
    back.click(go_back, page.id, shown, **QUIET)
    page.at_start(fill_name, [name])
    return shown


def shown_of(desk: Desk, text: str = "") -> tuple[Any, ...]:
    """What just happened, else what the agent is; the name, the way back, the header."""
    return start.told(desk, text or markup.about(desk.pupil))


def write(pupil: Pupil) -> str:
    """Write an agent to a file named after it, in a folder of its own."""
    stem = re.sub(r"[^\w-]+", "-", pupil.name).strip("-").lower() or "agent"
    return str(store.save(pupil, _folder() / f"{stem}.zip"))


def write_file(name: str, content: bytes) -> str:
    """Write a file in a folder of its own."""
    path = _folder() / name
    path.write_bytes(content)
    return str(path)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pupil-"))
    _SAVED.append(folder)
    while len(_SAVED) > 32:
        shutil.rmtree(_SAVED.popleft(), ignore_errors=True)
    return folder


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
    loaded = store.load(path)
    where = desk.take(loaded)
    return None, *shown_of(desk, words.LOADED.format(name=safe(loaded.name), lessons=start.lessons_of(loaded)) + where)


@at_desk
def go_back(desk: Desk) -> tuple[Any, ...]:
    """Swap the agent with the one before."""
    if desk.previous is None:
        return shown_of(desk, words.NOTHING_BEFORE)
    desk.replace(desk.previous)
    return shown_of(desk, words.BACK_DONE.format(name=safe(desk.pupil.name), lessons=start.lessons_of(desk.pupil)))
