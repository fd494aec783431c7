"""The named endpoints. Each client session has an agent of its own.

Every call that teaches or forgets also returns what is new in the lesson log, as a browser gets it: a caller that keeps
these lines has every lesson that was acknowledged, and /restore rebuilds the agent from them. An agent that had to make
room for others is told of once: the call after that begins a new one.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from agent import render
from agent.agents.pupil import Pupil
from agent.datasets import digits
from agent.errors import AgentError
from agent.models import Guess
from agent.progress import WithResult
from agent.segmentation import text_of
from agent.storage import serialization
from agent.storage.serialization import MAX_CHARS, MAX_CONFIG_CHARS, iter_restore
from agent.training import iter_progressive_validation
from agent.ui import components
from agent.ui.classroom import N_ASKED
from agent.ui.events import serialized, with_session
from agent.ui.pad.sketchpad import open_picture
from agent.ui.page import Page
from agent.ui.parts import classes
from agent.ui.session import SESSIONS, Session
from agent.ui.texts import server_texts

NAMES = ("guess", "read", "teach", "forget", "undo", "imagine", "train", "save", "load", "restore", "hand_in")
MAX_TRAINED = 60_000
# What goes in and out as it is: gradio would send each value through a thread of its own, and leave a file for each.
AS_IT_IS = {"preprocess": False, "postprocess": False}
Sent = dict[str, Any] | None  # an uploaded file: gradio has seen that its path is that of an upload


def build(page: Page) -> None:
    """Add the endpoints, as components that the page does not show."""
    drawing = gr.File(label="drawing", file_types=["image"], visible=False)
    label = gr.Textbox(label="name of what was drawn", visible=False)
    file = gr.File(label="agent", file_types=[".zip"], visible=False)
    log = gr.File(label="log", file_types=[".jsonl"], visible=False)
    code, name = (gr.Textbox(label=text, visible=False) for text in ("code of the class", "first name"))
    drawings = gr.Checkbox(False, label="drawings go along", visible=False)
    n_lessons = gr.Number(60, label="lessons", precision=0, visible=False)
    value, download = gr.JSON(visible=False), gr.File(visible=False)
    for handle, inputs, output, how in (
        (guess, [drawing], value, AS_IT_IS),
        (read, [drawing], value, AS_IT_IS),
        (teach, [drawing, label], value, AS_IT_IS),
        (forget, [drawing, label], value, AS_IT_IS),
        (undo, [], value, AS_IT_IS),
        (imagine, [label], download, {}),
        (train, [n_lessons], value, {}),
        (save, [], download, {}),
        (load, [file], value, {}),
        (restore, [log], value, {}),
        (hand_in, [page.id, code, name, drawings], value, {}),
    ):
        name, button = handle.__name__, gr.Button(visible=False)
        handle = handle if handle in (load, restore) else _unless_gone(handle)
        button.click(handle, [page.id, *inputs], output, api_name=name, api_description=handle.__doc__, **how)


def seal(demo: gr.Blocks) -> None:
    """Offer nothing else: what gradio adds by itself, such as a State's factory, stays private."""
    for block in demo.fns.values():
        if block.api_name not in NAMES:
            block.api_visibility = "private"


def _unless_gone(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Tell a caller, once, that its agent had to make room for others, instead of answering for a new one."""

    def check(session_id: str) -> None:
        if SESSIONS.was_dropped(session_id):
            raise gr.Error(server_texts.GONE, title=server_texts.ERROR, print_exception=False)

    @functools.wraps(handle)
    def answer(session_id: str, *inputs: Any, **fixed: Any) -> Any:
        check(session_id)
        return handle(session_id, *inputs, **fixed)

    @functools.wraps(handle)
    def steps(session_id: str, *inputs: Any, **fixed: Any) -> Iterator[Any]:
        check(session_id)
        yield from handle(session_id, *inputs, **fixed)

    return steps if inspect.isgeneratorfunction(handle) else answer


@with_session
def guess(session: Session, drawing: Sent) -> dict[str, Any]:
    """Guess a picture of one digit or symbol: label (null: no best one), unsure, confidence, responses by label."""
    return guessed(session.pupil, _picture(drawing))


@with_session
def read(session: Session, drawing: Sent) -> dict[str, Any]:
    """Read a picture of several digits or symbols: the text, and each symbol with its line, box and guess, in order."""
    return symbols(session.pupil, _picture(drawing))


@with_session
def teach(session: Session, drawing: Sent, label: str) -> dict[str, Any]:
    """Teach what a picture shows: what had been guessed before, how many lessons there are, what is new in the log."""
    picture = _picture(drawing)
    session.count("lesson")
    session.pupil.learn_one(picture, label)
    lesson = session.pupil.lessons.user_lessons()[-1]
    return {"label": lesson.label, "guessed": lesson.guessed} | _now(session)


@with_session
def forget(session: Session, drawing: Sent, label: str) -> dict[str, Any]:
    """Forget a lesson: the same picture and the label it was taught with."""
    session.pupil.forget_one(_picture(drawing), label)
    return _now(session)


@with_session
def undo(session: Session) -> dict[str, Any]:
    """Forget the last lesson taught with /teach."""
    return {"label": session.pupil.undo().label} | _now(session)


@with_session
def imagine(session: Session, label: str) -> str:
    """Draw the mental image of a label: a PNG of 28 x 28 pixels."""
    return components.write_bytes("imagined.png", render.png(render.picture(session.pupil.imagine(label))))


@serialized
def train(session: Session, n_lessons: int) -> Iterator[dict[str, Any]]:
    """Teach the first lessons of MNIST, 1 to 60,000: how many are done, until all are or another training begins."""
    if type(n_lessons) is not int or not 1 <= n_lessons <= MAX_TRAINED:
        raise AgentError(f"expected 1 to {MAX_TRAINED:,} lessons, got {n_lessons!r}.")
    selection = digits.Selection({"mnist": n_lessons if n_lessons < MAX_TRAINED else None})
    token = session.start_job()
    for progress in iter_progressive_validation(session.pupil, *selection.draw(), source=selection.source):
        yield {"n_done": progress.n_done, "n_asked": n_lessons} | _now(session)
        if token.cancelled:
            return


@with_session
def save(session: Session) -> str:
    """Save the agent: a .zip that /load and the Share tab take."""
    return components.write_agent(session.pupil, session)


@with_session
def load(session: Session, file: str) -> dict[str, Any]:
    """Load an agent from a .zip; one that cannot be read changes nothing."""
    if file is None:
        raise AgentError("expected a .zip file of an agent, got none.")
    pupil = serialization.load(file)
    session.take(pupil)
    return {"name": pupil.name, "kind": pupil.kind, "n_lessons": pupil.n_lessons, "labels": list(pupil.labels)}


@serialized
def restore(session: Session, file: str) -> Iterator[dict[str, Any]]:
    """Rebuild an agent from what a caller kept: a .jsonl file, first the birth, then the lines of the log."""
    if file is None:
        raise AgentError("expected a .jsonl file of a birth and a log, got none.")
    if Path(file).stat().st_size > MAX_CONFIG_CHARS + MAX_CHARS:
        raise AgentError(f"expected at most {MAX_CONFIG_CHARS + MAX_CHARS:,} bytes, got more.")
    try:
        config, _, log = Path(file).read_text(encoding="utf-8").partition("\n")
    except UnicodeDecodeError as error:
        raise AgentError("expected text in the .jsonl file, got other bytes.") from error
    token, work = session.start_job(), WithResult(iter_restore(config, log))
    for progress in session.retaught(work):
        if token.cancelled:
            return
        yield {"share": progress.share}
    session.take(work.result)
    pupil = session.pupil
    yield {"name": pupil.name, "kind": pupil.kind, "labels": list(pupil.labels)} | _now(session)


@serialized
def hand_in(session: Session, key: str, code: str, name: str, drawings: bool = False) -> Iterator[dict[str, Any]]:
    """Hand a copy of the agent in to a class: the code of the class, a first name, and how many digits were right."""
    work = WithResult(classes.iter_handing_in(session, key, code, name, drawings))
    for progress in work:
        yield {"share": progress.share}
    member, mistakes = work.result
    yield {"n_lessons": member.n_lessons, "n_asked": N_ASKED, "n_right": N_ASKED - len(mistakes)}


def guessed(pupil: Pupil, picture: object) -> dict[str, Any]:
    """Guess a picture, in plain numbers and words."""
    return _plain(pupil, pupil.predict_many([picture])[0])


def symbols(pupil: Pupil, picture: object) -> dict[str, Any]:
    """Read a picture, in plain numbers and words; in the text an unsure symbol is ``?``."""
    readings = pupil.read(picture)
    places = [{"line": reading.line, "box": list(reading.box)} for reading in readings]
    parts = [place | _plain(pupil, reading.guess) for place, reading in zip(places, readings, strict=True)]
    return {"text": text_of(readings), "symbols": parts}


def _plain(pupil: Pupil, answer: Guess) -> dict[str, Any]:
    responses = dict(zip(pupil.labels, answer.responses.tolist(), strict=True))
    return {
        "label": answer.label,
        "unsure": answer.unsure,
        "unfamiliar": answer.unfamiliar,
        "confidence": answer.confidence,
        "responses": responses,
    }


def _now(session: Session) -> dict[str, Any]:
    """How many lessons there are, and what is new in the log: a caller keeps no other."""
    if not session.browser.is_synced:
        session.browser.reset()
    return {"n_lessons": session.pupil.n_lessons, "log": session.browser.delta(session.pupil)}


def _picture(sent: Sent) -> Image.Image:
    if sent is None:
        raise AgentError("expected a picture file, got none.")
    return open_picture(sent["path"])
