"""The named endpoints. Each client session has a desk of its own.

What teaches or forgets gives the news of the lesson log along, as a browser gets them: a caller that keeps those has
every lesson that was acknowledged, and /restore raises the agent again from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from agent import render, store
from agent.errors import AgentError
from agent.pupil import Pupil
from agent.retold import MAX_BIRTH_CHARS, MAX_CHARS, retelling
from agent.tasks import digits
from agent.train import progressive
from agent.ui import keep, pictures
from agent.ui.desk import Desk
from agent.ui.events import at_desk, in_turn
from agent.ui.page import Page

NAMES = ("guess", "teach", "forget", "undo", "imagine", "train", "save", "load", "restore")
MAX_TRAINED = 60_000
# What goes in and out as it is: gradio would send each value through a thread of its own, and leave a file for each.
AS_IT_IS = {"preprocess": False, "postprocess": False}
Sent = dict[str, Any] | None  # an uploaded file: gradio has seen that its path is that of an upload


def build(page: Page) -> None:
    """Offer the endpoints; nothing of this is seen on the page."""
    drawing = gr.File(label="drawing", file_types=["image"], visible=False)
    label = gr.Textbox(label="name of what was drawn", visible=False)
    file = gr.File(label="agent", file_types=[".zip"], visible=False)
    log = gr.File(label="log", file_types=[".jsonl"], visible=False)
    n_lessons = gr.Number(60, label="lessons", precision=0, visible=False)
    told, saved = gr.JSON(visible=False), gr.File(visible=False)
    for handle, inputs, output, how in (
        (guess, [drawing], told, AS_IT_IS),
        (teach, [drawing, label], told, AS_IT_IS),
        (forget, [drawing, label], told, AS_IT_IS),
        (undo, [], told, AS_IT_IS),
        (imagine, [label], saved, {}),
        (train, [n_lessons], told, {}),
        (save, [], saved, {}),
        (load, [file], told, {}),
        (restore, [log], told, {}),
    ):
        name, button = handle.__name__, gr.Button(visible=False)
        button.click(handle, [page.id, *inputs], output, api_name=name, api_description=handle.__doc__, **how)


def seal(demo: gr.Blocks) -> None:
    """Offer nothing else: what gradio adds by itself, such as a State's factory, stays private."""
    for block in demo.fns.values():
        if block.api_name not in NAMES:
            block.api_visibility = "private"


@at_desk
def guess(desk: Desk, drawing: Sent) -> dict[str, Any]:
    """Guess a picture of one digit or symbol: label (null when unsure), confidence, responses by label."""
    return guessed(desk.pupil, _picture(drawing))


@at_desk
def teach(desk: Desk, drawing: Sent, label: str) -> dict[str, Any]:
    """Teach what a picture shows: what had been guessed before, how many lessons there are, what is new in the log."""
    picture = _picture(drawing)
    desk.count("lesson")
    desk.pupil.learn_one(picture, label)
    lesson = desk.pupil.lessons.own()[-1]
    return {"label": lesson.label, "guessed": lesson.guessed} | _now(desk)


@at_desk
def forget(desk: Desk, drawing: Sent, label: str) -> dict[str, Any]:
    """Forget a lesson: the same picture and the label it was taught with."""
    desk.pupil.forget_one(_picture(drawing), label)
    return _now(desk)


@at_desk
def undo(desk: Desk) -> dict[str, Any]:
    """Forget the last lesson taught with /teach."""
    return {"label": desk.pupil.undo().label} | _now(desk)


@at_desk
def imagine(desk: Desk, label: str) -> str:
    """Draw the mental image of a label: a PNG of 28 x 28 pixels."""
    return keep.write_file("imagined.png", render.png(render.picture(desk.pupil.imagine(label))))


@in_turn
def train(desk: Desk, n_lessons: int) -> Iterator[dict[str, Any]]:
    """Teach the first lessons of MNIST, 1 to 60,000: how many are done, until all are or another course begins."""
    if type(n_lessons) is not int or not 1 <= n_lessons <= MAX_TRAINED:
        raise AgentError(f"expected 1 to {MAX_TRAINED:,} lessons, got {n_lessons!r}.")
    selection = digits.Selection({"mnist": n_lessons if n_lessons < MAX_TRAINED else None})
    mine = desk.course = object()  # one of a desk: it ends the one before
    for progress in progressive(desk.pupil, *selection.draw(), source=selection.source):
        yield {"n_done": progress.n_done, "n_asked": n_lessons} | _now(desk)
        if desk.course is not mine:
            return


@at_desk
def save(desk: Desk) -> str:
    """Save the agent: a .zip that /load and the Share tab take."""
    return keep.write(desk.pupil)


@at_desk
def load(desk: Desk, file: str) -> dict[str, Any]:
    """Load an agent from a .zip; one that cannot be read changes nothing."""
    if file is None:
        raise AgentError("expected a .zip file of an agent, got none.")
    pupil = store.load(file)
    desk.take(pupil)
    return {"name": pupil.name, "kind": pupil.kind, "n_lessons": pupil.n_lessons, "labels": list(pupil.labels)}


@in_turn
def restore(desk: Desk, file: str) -> Iterator[dict[str, Any]]:
    """Raise an agent again from what a caller kept: a .jsonl file, first the birth, then the lines of the log."""
    if file is None:
        raise AgentError("expected a .jsonl file of a birth and a log, got none.")
    if Path(file).stat().st_size > MAX_BIRTH_CHARS + MAX_CHARS:
        raise AgentError(f"expected at most {MAX_BIRTH_CHARS + MAX_CHARS:,} bytes, got more.")
    try:
        told, _, log = Path(file).read_text(encoding="utf-8").partition("\n")
    except UnicodeDecodeError as error:
        raise AgentError("expected text in the .jsonl file, got other bytes.") from error
    again = retelling(told, log)
    while True:
        try:
            yield {"share": next(again)}
        except StopIteration as done:
            desk.take(done.value)
            yield {"name": desk.pupil.name, "kind": desk.pupil.kind, "labels": list(desk.pupil.labels)} | _now(desk)
            return


def guessed(pupil: Pupil, picture: object) -> dict[str, Any]:
    """Guess a picture, in plain numbers and words."""
    answer = pupil.predict_many([picture])[0]
    responses = dict(zip(pupil.labels, answer.responses.tolist(), strict=True))
    return {"label": answer.label, "unsure": answer.unsure, "confidence": answer.confidence, "responses": responses}


def _now(desk: Desk) -> dict[str, Any]:
    """How many lessons there are, and what is new in the log: a caller keeps no other."""
    if not desk.browser.is_known:
        desk.browser.meet()
    return {"n_lessons": desk.pupil.n_lessons, "log": desk.browser.news(desk.pupil)}


def _picture(sent: Sent) -> Image.Image:
    if sent is None:
        raise AgentError("expected a picture file, got none.")
    return pictures.opened(sent["path"])
