"""Pictures that strangers send: of a few formats, and so large at most, both known before anything is decoded."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from agent import retina
from agent.errors import AgentError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")  # no others: who reads an EPS runs a program
MAX_FILE_BYTES = 40_000_000
MAX_PX = 24_000_000  # of a telephone's camera
MAX_LAYERS = 2  # of a picture on the pad: it has one

Image.MAX_IMAGE_PIXELS = 2 * MAX_PX  # whoever opens one here; Pillow only warns of more, unless told otherwise
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def opened(source: str | bytes, most_px: int = MAX_PX) -> Image.Image:
    """Open a picture, decoding nothing yet; AgentError when it is none, or one too large.

    Examples
    --------
    >>> opened(b"no picture")
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
        raise AgentError(f"expected a picture of at most {most_px:,} pixels, got more. Make it smaller.") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise AgentError("expected a picture that can be read, got another file. Save it as PNG or JPEG.") from error
    width, height = picture.size
    if width * height > most_px:
        raise AgentError(f"expected a picture of at most {most_px:,} pixels, got {width} x {height}. Make it smaller.")
    return picture


def bound(pad: gr.Sketchpad) -> None:
    """Let the pad take no other pictures, and no more layers than it can have: gradio itself takes any number."""
    read, take = pad.preprocess, pad.accept_blobs

    def preprocess(payload: Any) -> Any:
        told = payload if payload is None or payload.id is None else pad.blob_storage.get(payload.id)
        for each in (told.background, *(told.layers or ()), told.composite) if told is not None else ():
            if each is not None:
                _check(each if isinstance(each, bytes) else each.path)
        return read(payload)

    def accept_blobs(data: Any) -> None:
        index = data.data.get("index")
        if index and index != "null" and not 0 <= int(index) < MAX_LAYERS:
            raise ValueError(f"expected a layer from 0 to {MAX_LAYERS - 1}, got {index!r}.")
        take(data)

    pad.preprocess, pad.accept_blobs = preprocess, gr.components.base.server(accept_blobs)


def _check(source: str | bytes) -> None:
    try:
        opened(source, retina.LARGEST_PX**2).close()
    except AgentError as error:
        text = str(error)
        raise gr.Error(text[:1].upper() + text[1:], print_exception=False) from error
