"""The named endpoints /guess /teach /undo /save /load. Each client session has a desk of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image, UnidentifiedImageError

from agent import store
from agent.errors import AgentError
from agent.ui import keep
from agent.ui.desk import Desk
from agent.ui.events import at_desk
from agent.ui.page import Page

NAMES = ("guess", "teach", "undo", "save", "load")


def build(page: Page) -> None:
    """Offer the endpoints; nothing of this is seen on the page."""
    drawing = gr.File(label="drawing", file_types=["image"], visible=False)
    label = gr.Textbox(label="name of what was drawn", visible=False)
    file = gr.File(label="agent", file_types=[".zip"], visible=False)
    told, saved = gr.JSON(visible=False), gr.File(visible=False)
    for handle, inputs, output in (
        (guess, [drawing], told),
        (teach, [drawing, label], told),
        (undo, [], told),
        (save, [], saved),
        (load, [file], told),
    ):
        button = gr.Button(visible=False)
        button.click(handle, [page.id, *inputs], output, api_name=handle.__name__, api_description=handle.__doc__)


def seal(demo: gr.Blocks) -> None:
    """Offer nothing else: what gradio adds by itself, such as a State's factory, stays private."""
    for block in demo.fns.values():
        if block.api_name not in NAMES:
            block.api_visibility = "private"


@at_desk
def guess(desk: Desk, drawing: str) -> dict[str, Any]:
    """Guess a picture of one digit or symbol: label (null when unsure), confidence, responses by label."""
    answer = desk.pupil.predict_one(_picture(drawing))
    responses = dict(zip(desk.pupil.labels, answer.responses.tolist(), strict=True))
    return {"label": answer.label, "unsure": answer.unsure, "confidence": answer.confidence, "responses": responses}


@at_desk
def teach(desk: Desk, drawing: str, label: str) -> dict[str, Any]:
    """Teach what a picture shows, one lesson: what had been guessed before, and how many lessons there are now."""
    desk.pupil.learn_one(_picture(drawing), label)
    lesson = desk.pupil.lessons.own()[-1]
    return {"label": lesson.label, "guessed": lesson.guessed, "n_lessons": desk.pupil.n_lessons}


@at_desk
def undo(desk: Desk) -> dict[str, Any]:
    """Forget the last lesson taught with /teach."""
    return {"label": desk.pupil.undo().label, "n_lessons": desk.pupil.n_lessons}


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


def _picture(path: str | None) -> Image.Image:
    if path is None:
        raise AgentError("expected a picture file, got none.")
    try:
        return Image.open(path)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise AgentError(f"expected a readable picture, got {Path(path).name}. Save it as PNG or JPEG.") from error
