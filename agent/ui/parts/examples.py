"""Examples to put on the pad for those who cannot draw, and visitors' own pictures."""

from __future__ import annotations

import functools

import numpy as np

from agent import preprocessing, render
from agent.datasets import strokes
from agent.errors import AgentError
from agent.ui import html
from agent.ui.html import DIGITS
from agent.ui.pad import sketchpad
from agent.ui.texts import input_texts, with_label

EXAMPLE_SEED = 4  # of the examples: none of them is a lesson or a test digit anywhere
EXAMPLES_A_DIGIT = 2


@functools.cache
def example_styles() -> tuple[str, ...]:
    """Name the styles of the examples, two ways to write each digit.

    Examples
    --------
    >>> example_styles()[:3], len(example_styles())
    (('0-plain', '0-overlap', '1-bare'), 20)
    """
    styles_of = {label: [style for style in strokes.styles() if strokes.label_of(style) == label] for label in DIGITS}
    return tuple(style for styles in styles_of.values() for style in styles[:EXAMPLES_A_DIGIT])


def buttons() -> str:
    """The examples as buttons."""
    content = "".join(
        html.button(
            "example",
            html.image(strokes.draw(style, EXAMPLE_SEED, 56), ""),
            css="thumb plain",
            data_label=style,
            aria_label=with_label(input_texts.EXAMPLE, strokes.label_of(style)),
        )
        for style in example_styles()
    )
    return f'<p><small>{input_texts.NO_PEN_HINT}</small></p><div class="examples">{content}</div>'


def example(style: object) -> np.ndarray:
    """Draw an example: (280, 280) uint8."""
    if style not in example_styles():
        raise AgentError(f"expected one of the {len(example_styles())} examples, got {str(style)[:20]!r}. Press one.")
    return strokes.draw(style, EXAMPLE_SEED, sketchpad.SIDE_PX)


def photo(path: str | None) -> np.ndarray:
    """Read the drawing in a picture file: (280, 280) uint8; AgentError when nothing can be read."""
    if path is None:
        raise AgentError("expected a picture, got none. Choose a PNG or JPEG.")
    try:
        with sketchpad.open_picture(path) as picture:
            largest = preprocessing.LARGEST_PX  # a camera's picture is larger than a drawing may be
            picture.thumbnail((largest, largest))
            thumbnail = preprocessing.to_thumbnail(picture)
    except AgentError:
        raise
    except (OSError, ValueError, SyntaxError) as error:
        raise AgentError("expected a picture that can be read, got one that breaks off. Save it again.") from error
    if not thumbnail.any():
        raise AgentError("expected a picture with something on it, got a blank one. Choose another.")
    return np.asarray(render.picture(thumbnail, sketchpad.SIDE_PX // preprocessing.SIDE))
