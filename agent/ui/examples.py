"""Something on the pad for those who cannot draw: examples to choose from, and pictures of one's own."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from agent import render, retina
from agent.errors import AgentError
from agent.tasks import strokes
from agent.ui import markup, pictures
from agent.ui import words_visit as words

SIDE_PX = 280
SEED = 4  # of the hand that draws the examples: none of them is a lesson or a test digit anywhere
N_OF_EACH = 2


@functools.cache
def offered() -> tuple[str, ...]:
    """Name the styles that are offered, two ways to write each digit.

    Examples
    --------
    >>> offered()[:3], len(offered())
    (('0-plain', '0-open', '1-bare'), 20)
    """
    of_each = {label: [each for each in strokes.styles() if strokes.label_of(each) == label] for label in markup.DIGITS}
    return tuple(style for styles in of_each.values() for style in styles[:N_OF_EACH])


def show() -> str:
    """Lay the examples out as buttons."""
    buttons = "".join(
        f'<button type="button" class="thumb plain" data-do="example" data-label="{style}" '
        f'aria-label="{words.EXAMPLE.format(label=strokes.label_of(style))}">'
        f"{markup.image(strokes.draw(style, SEED, 56), '')}</button>"
        for style in offered()
    )
    return f'<p><small>{words.NO_PEN_HINT}</small></p><div class="examples">{buttons}</div>'


def example(style: object) -> dict[str, Any]:
    """Put an example on the pad: a value of the pad."""
    if style not in offered():
        raise AgentError(f"expected one of the {len(offered())} examples, got {str(style)[:20]!r}. Press one.")
    return on_pad(strokes.draw(style, SEED, SIDE_PX))


def photo(path: str | None) -> dict[str, Any]:
    """Put what a picture file shows on the pad, as the agent will keep it; AgentError when nothing can be read."""
    if path is None:
        raise AgentError("expected a picture, got none. Choose a PNG or JPEG.")
    try:
        with pictures.opened(path) as picture:
            picture.thumbnail((retina.LARGEST_PX, retina.LARGEST_PX))  # a camera's is larger than a drawing may be
            kept = retina.keep(picture)
    except AgentError:
        raise
    except (OSError, ValueError, SyntaxError) as error:
        raise AgentError("expected a picture that can be read, got one that breaks off. Save it again.") from error
    if not retina.has_ink(kept):
        raise AgentError("expected a picture with something on it, got a blank one. Choose another.")
    return on_pad(np.asarray(render.picture(kept, SIDE_PX // retina.SIDE)))


def on_pad(drawing: np.ndarray) -> dict[str, Any]:
    """Make (280, 280) uint8 ink a value of the pad."""
    return {"background": np.repeat(drawing[..., None], 3, axis=2), "layers": [], "composite": None}
