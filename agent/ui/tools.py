"""What a language model can do with an agent. The key that `new_agent` gives stands for the agent in every call.

Whoever has the key has the agent, as with the id of a desk, which it is. Nothing is read from the server and nothing
is fetched for a caller: a drawing comes as text.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image

from agent import render, retina
from agent.errors import AgentError
from agent.ui import api, pictures, warm
from agent.ui import words_browser as said
from agent.ui.desk import DESKS, Desk, Id, is_id
from agent.ui.events import noted
from agent.ui.pace import Bucket

MAX_DRAWING_CHARS = 100_000
ROWS = (8, 64)  # of a drawing in # and ., and columns
MARGIN = 4  # of paper around such a drawing, so that nobody takes its ink for paper
NEW_AT_ONCE, NEW_PER_S = 30, 0.1  # agents: each takes the place of the desk that was left alone longest
_NEW = Bucket(NEW_AT_ONCE, NEW_PER_S, time.monotonic())
PARAMETERS = {
    "agent": "The key of your agent, as new_agent gave it.",
    "drawing": (
        "One digit or symbol: 8 to 64 rows of # (ink) and . (paper) with a line break after each row, best 20 to 28 "
        "rows with strokes two or three # wide; or a PNG or JPEG in base64. No address and no path of a file."
    ),
    "label": "What is drawn: 1 to 8 characters, such as 7 or A.",
}


def new_agent() -> dict[str, Any]:
    """Make an agent that knows nothing, and get its key. Keep the key: it is the only way to the agent.

    An agent that nobody calls for twelve hours may be gone.
    """
    if not _NEW.take(1, time.monotonic()):
        raise AgentError(said.MANY_AGENTS)
    key = Id()
    noted()
    warm.READY.wait()
    with DESKS.open(key) as desk:
        desk.browser.meet()
        return {"agent": key, "n_lessons": desk.pupil.n_lessons, "kind": desk.pupil.kind}


def guess(agent: str, drawing: str) -> dict[str, Any]:
    """Ask what a drawing shows: label (null when unsure), confidence, responses by label."""
    picture = drawn(drawing)
    with at(agent) as desk:
        return api.guessed(desk.pupil, picture)


def teach(agent: str, drawing: str, label: str) -> dict[str, Any]:
    """Teach what a drawing shows, one lesson: what had been guessed before, and how many lessons there are."""
    picture = drawn(drawing)
    with at(agent) as desk:
        desk.count("lesson")
        desk.pupil.learn_one(picture, label)
        lesson = desk.pupil.lessons.own()[-1]
        return {"label": lesson.label, "guessed": lesson.guessed, "n_lessons": desk.pupil.n_lessons}


def forget(agent: str, drawing: str, label: str) -> dict[str, Any]:
    """Forget a lesson as if it had never been taught: the same drawing and the label it was taught with."""
    picture = drawn(drawing)
    with at(agent) as desk:
        desk.pupil.forget_one(picture, label)
        return {"n_lessons": desk.pupil.n_lessons, "labels": list(desk.pupil.labels)}


def imagine(agent: str, label: str) -> tuple[bytes, str]:
    """See the mental image of a label, all its lessons on top of each other: a PNG of 28 x 28, and rows of # and ."""
    with at(agent) as desk:
        image = desk.pupil.imagine(label)
    rows = ("".join("#" if ink > 127 else "." for ink in row) for row in image)
    return render.png(render.picture(image)), "\n".join(rows)


OFFERED: tuple[Callable[..., Any], ...] = (new_agent, guess, teach, forget, imagine)


@contextlib.contextmanager
def at(key: str) -> Iterator[Desk]:
    """Open the desk of a key under its lock; AgentError when nobody has that key."""
    noted()
    warm.READY.wait()
    if not is_id(key) or key not in DESKS:
        raise AgentError(said.NO_SUCH_AGENT)
    with DESKS.open(key) as desk:
        yield desk


def drawn(text: str) -> np.ndarray | Image.Image:
    """Read a drawing: rows of # and ., or a picture in base64.

    Examples
    --------
    >>> drawn("...#....\\n" * 8).shape
    (16, 16)
    >>> drawn("/etc/passwd")
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected rows of # and ., or a picture in base64, got neither.
    """
    if len(text) > MAX_DRAWING_CHARS:
        raise AgentError(f"expected at most {MAX_DRAWING_CHARS:,} characters, got {len(text):,}. Draw it smaller.")
    if re.fullmatch(r"[#.\s]+", text):
        return _of_rows([row.rstrip() for row in text.strip("\r\n").splitlines()])
    content = re.sub(r"^data:image/[\w.+-]+;base64,", "", re.sub(r"\s+", "", text))
    try:
        return pictures.opened(base64.b64decode(content, validate=True), retina.LARGEST_PX**2)
    except binascii.Error as error:
        raise AgentError("expected rows of # and ., or a picture in base64, got neither.") from error


def _of_rows(rows: list[str]) -> np.ndarray:
    least, most = ROWS
    height, width = len(rows), max(map(len, rows), default=0)
    if not (least <= height <= most and least <= width <= most):
        raise AgentError(f"expected {least} to {most} rows of {least} to {most} signs, got {height} of up to {width}.")
    inked = np.array([[sign == "#" for sign in row.ljust(width, ".")] for row in rows])
    return np.pad(inked, MARGIN).astype(np.uint8) * 255
