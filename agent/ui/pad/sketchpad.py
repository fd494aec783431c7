"""The Sketchpad component: its construction, its values, the pen for the keyboard, and what else can be put on it:
examples, and pictures of visitors.

A picture may be of a few formats and a limited size, both checked before anything is decoded.
"""

from __future__ import annotations

import functools
import io
import warnings
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from agent import preprocessing, render
from agent.datasets import strokes
from agent.errors import AgentError
from agent.ui import components, formatting, html
from agent.ui.html import DIGITS
from agent.ui.texts import input_texts, texts, with_label

SIDE_PX = 280
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")  # no others: Pillow runs a program to read an EPS
EXAMPLE_SEED = 4  # of the examples: none of them is a lesson or a test digit anywhere
EXAMPLES_A_DIGIT = 2
MAX_FILE_BYTES = 40_000_000
MAX_PX = 24_000_000  # a telephone's camera
FOLDER = Path(__file__).resolve().parent
PAD_JS = (FOLDER / "pad.js").read_text(encoding="utf-8")  # runs before the pad is there
KEPT_JS = (FOLDER / "kept.js").read_text(encoding="utf-8")  # runs once its layer is there
PEN_JS = (FOLDER / "pen.js").read_text(encoding="utf-8")  # runs when the page is loaded

Image.MAX_IMAGE_PIXELS = 2 * MAX_PX  # for everything that opens a picture in this process
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)  # Pillow itself only warns


def sketchpad() -> gr.Sketchpad:
    """Build the pad. Its value reaches handlers as a dict of grey pictures, of which only the composite has ink."""
    pad = gr.Sketchpad(
        blank(),
        elem_id="pad",
        label=texts.PAD,
        show_label=False,
        image_mode="L",
        canvas_size=(SIDE_PX, SIDE_PX),
        fixed_canvas=True,
        layers=False,
        transforms=(),
        buttons=[],
        height=380,
        format="png",
        brush=gr.Brush(default_size=12, colors=["#ffffff"], color_mode="fixed"),
    )
    read = pad.preprocess

    def preprocess(payload: Any) -> Any:
        """Read the pad's pictures after checking their size; a caller may send any number of layers: ignore them."""
        if payload is None:
            return None
        for picture in filter(None, (payload.background, payload.composite)):
            _check(picture.path)
        return read(payload.model_copy(update={"layers": [], "id": None}))

    pad.preprocess = preprocess
    return pad


def _check(path: str) -> None:
    try:
        open_picture(path, preprocessing.LARGEST_PX**2).close()
    except AgentError as error:
        raise gr.Error(formatting.capitalized(error), print_exception=False) from error


def value(drawing: np.ndarray) -> dict[str, Any]:
    """Make (280, 280) uint8 ink a value of the pad: a file, which gradio copies once, by its content."""
    background = components.write_bytes("pad.png", render.png(render.picture(drawing)))
    return {"background": background, "layers": [], "composite": None}


def blank() -> dict[str, Any]:
    """Make the value that clears the pad. None would take the brush away until the visitor picks it again."""
    return value(np.zeros((SIDE_PX, SIDE_PX), np.uint8))


def pen() -> str:
    """Lay out the pen that the arrow keys move over the pad."""
    up, down = f'data-up="{input_texts.PEN_UP}"', f'data-down="{input_texts.PEN_DOWN}" data-pad="{texts.PAD}"'
    return (
        f'<div id="pen" tabindex="0" role="application" aria-label="{texts.PAD}. {input_texts.PEN}" {up} {down}>'
        '<i></i><span class="unseen" aria-live="polite"></span></div>'
    )


def open_picture(source: str | bytes, max_px: int = MAX_PX) -> Image.Image:
    """Open a picture without decoding it; AgentError when it cannot be read or is too large.

    Examples
    --------
    >>> open_picture(b"no picture")
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected a picture that can be read, got another file. Save it as PNG or JPEG.
    """
    if isinstance(source, str):
        if Path(source).stat().st_size > MAX_FILE_BYTES:
            raise AgentError(f"expected a file of at most {MAX_FILE_BYTES:,} bytes, got a larger one. Make it smaller.")
        source = Path(source).read_bytes()
    try:
        picture = Image.open(io.BytesIO(source), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise AgentError(f"expected a picture of at most {max_px:,} pixels, got more. Make it smaller.") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise AgentError("expected a picture that can be read, got another file. Save it as PNG or JPEG.") from error
    width, height = picture.size
    if width * height > max_px:
        raise AgentError(f"expected a picture of at most {max_px:,} pixels, got {width} x {height}. Make it smaller.")
    return picture


# ---------------------------------------------------------------- for those who cannot draw


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


def example_buttons() -> str:
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
    return strokes.draw(style, EXAMPLE_SEED, SIDE_PX)


def read_photo(path: str | None) -> np.ndarray:
    """Read the drawing in a picture file: (280, 280) uint8; AgentError when nothing can be read."""
    if path is None:
        raise AgentError("expected a picture, got none. Choose a PNG or JPEG.")
    try:
        with open_picture(path) as picture:
            largest = preprocessing.LARGEST_PX  # a camera's picture is larger than a drawing may be
            picture.thumbnail((largest, largest))
            thumbnail = preprocessing.to_thumbnail(picture)
    except AgentError:
        raise
    except (OSError, ValueError, SyntaxError) as error:
        raise AgentError("expected a picture that can be read, got one that breaks off. Save it again.") from error
    if not thumbnail.any():
        raise AgentError("expected a picture with something on it, got a blank one. Choose another.")
    return np.asarray(render.picture(thumbnail, SIDE_PX // preprocessing.SIDE))
