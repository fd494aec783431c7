"""Arrays to pictures: thumbnails, what the agent sees, rows of drawings, a result card."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

CARD_PX, CARD_EDGE_PX, CARD_ACCENT = (1280, 720), 64, "#3B5BDB"
FILM_PX, FILM_MS = 224, 100
MAX_STRIP_PX = 62 * 32, 28  # of the mental images of all labels that an agent may know
PAPER, INK, FAINT, LINES = "#FFFFFF", "#1F2430", "#5F6470", "#E4E0D8"


def picture(drawing: np.ndarray, zoom: int = 1) -> Image.Image:
    """Show a drawing (H, W) uint8, each pixel as a square of zoom x zoom: mode L, white ink on black.

    Examples
    --------
    >>> picture(np.zeros((28, 20), np.uint8), zoom=3).size
    (60, 84)
    """
    return Image.fromarray(np.repeat(np.repeat(drawing, zoom, axis=0), zoom, axis=1))


def tinted(drawing: np.ndarray, saliency: np.ndarray) -> Image.Image:
    """Show a drawing in grey and, over it, the saliency of each pixel, in amber; both are (H, W) uint8.

    Examples
    --------
    >>> tinted(np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)).getpixel((3, 3))
    (255, 169, 77)
    """
    share = saliency[..., None] / 255.0
    mixed = drawing[..., None] * 0.55 * (1 - share) + np.array([255, 169, 77]) * share
    return Image.fromarray(np.clip(mixed + 0.5, 0, 255).astype(np.uint8), "RGB")


def strip(drawings: Sequence[np.ndarray], height_px: int = 28, gap_px: int = 4) -> Image.Image:
    """Show drawings side by side, scaled to one height.

    Examples
    --------
    >>> strip([np.zeros((28, 28), np.uint8)] * 10, height_px=20, gap_px=2).size
    (218, 20)
    """
    scaled = [_to_height(drawing, height_px) for drawing in drawings]
    width = sum(image.width for image in scaled) + gap_px * max(0, len(scaled) - 1)
    row, left = Image.new("L", (max(1, width), height_px)), 0
    for image in scaled:
        row.paste(image, (left, 0))
        left += image.width + gap_px
    return row


def sheet(drawings: Sequence[np.ndarray], n_columns: int = 10, zoom: int = 2, gap_px: int = 6) -> Image.Image:
    """Lay drawings of one size out in rows.

    Examples
    --------
    >>> sheet([np.zeros((28, 28), np.uint8)] * 13, n_columns=5, zoom=1, gap_px=2).size
    (152, 92)
    """
    height, width = (zoom * side + gap_px for side in drawings[0].shape)
    n_columns = min(n_columns, len(drawings))
    page = Image.new("L", (n_columns * width + gap_px, -(-len(drawings) // n_columns) * height + gap_px), 255)
    for place, drawing in enumerate(drawings):
        row, column = divmod(place, n_columns)
        page.paste(picture(drawing, zoom), (gap_px + column * width, gap_px + row * height))
    return page


def film(pages: Iterable[np.ndarray]) -> bytes:
    """Show pages (H, W, 3) uint8 one after another, ten a second: a WebP film, each 224 pixels high.

    Examples
    --------
    >>> film([np.zeros((28, 56, 3), np.uint8)] * 3)[8:12]
    b'WEBP'
    """
    images = [enlarged(page, FILM_PX) for page in pages]
    file = io.BytesIO()
    images[0].save(file, "WEBP", save_all=True, append_images=images[1:], duration=FILM_MS, loop=0, lossless=True)
    return file.getvalue()


def rows(pages: Sequence[np.ndarray], n_columns: int = 2, gap_px: int = 8) -> Image.Image:
    """Lay pages (H, W, 3) uint8 of one size out in rows, each 112 pixels high.

    Examples
    --------
    >>> rows([np.zeros((28, 56, 3), np.uint8)] * 4).size
    (472, 248)
    """
    images = [enlarged(page, FILM_PX // 2) for page in pages]
    width, height = (side + gap_px for side in images[0].size)
    sheet = Image.new("RGB", (n_columns * width + gap_px, -(-len(images) // n_columns) * height + gap_px), PAPER)
    for place, page in enumerate(images):
        row, column = divmod(place, n_columns)
        sheet.paste(page, (gap_px + column * width, gap_px + row * height))
    return sheet


def enlarged(page: np.ndarray, height_px: int) -> Image.Image:
    """Show a page (H, W, 3) uint8 at a height, each pixel as a square."""
    width_px = round(page.shape[1] * height_px / page.shape[0])
    return Image.fromarray(page).resize((width_px, height_px), Image.Resampling.NEAREST)


def card(lines: Sequence[str], drawings: Sequence[tuple[np.ndarray, str]]) -> Image.Image:
    """Draw a result card, 1280 x 720: title, result in large type, meaning, up to ten drawings with labels, foot.

    Lines that are too wide are set smaller.

    Examples
    --------
    >>> card(("Pupil", "61 % right", "of 500", "Mia"), [(np.zeros((28, 28), np.uint8), "4")]).size
    (1280, 720)
    """
    page = Image.new("RGB", CARD_PX, PAPER)
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, CARD_PX[0], 12), fill=CARD_ACCENT)
    width = CARD_PX[0] - 2 * CARD_EDGE_PX
    rows = zip(lines, (40, 144, 36, 30), (92, 236, 360, 656), (INK, CARD_ACCENT, INK, FAINT), strict=True)
    for text, size, middle, colour in rows:
        draw.text((CARD_EDGE_PX, middle), text, fill=colour, font=_fitting(text, size, width), anchor="lm")
    for place, (drawing, label) in enumerate(drawings[:10]):
        left = CARD_EDGE_PX + place * (width + 16) // 10
        page.paste(picture(drawing, 3), (left, 436))
        draw.text((left + 42, 556), label, fill=INK, font=_fitting(label, 34, 100), anchor="mm")
    draw.line((CARD_EDGE_PX, 606, CARD_PX[0] - CARD_EDGE_PX, 606), fill=LINES, width=2)
    return page


def strip_png(content: bytes) -> bytes | None:
    """Re-encode an untrusted strip of mental images; None when it is no picture of that size.

    Examples
    --------
    >>> strip_png(png(strip([np.zeros((28, 28), np.uint8)]))) is not None, strip_png(b"<svg>")
    (True, None)
    """
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            if not (image.height <= MAX_STRIP_PX[1] and image.width <= MAX_STRIP_PX[0]):
                return None
            return png(image.convert("L"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def png_uri(content: bytes) -> str:
    """Data URI of a PNG file."""
    return "data:image/png;base64," + base64.b64encode(content).decode()


def data_uri(image: Image.Image) -> str:
    """Data URI of a picture.

    Examples
    --------
    >>> data_uri(picture(np.zeros((28, 28), np.uint8)))[:22]
    'data:image/png;base64,'
    """
    return png_uri(png(image))


def png(image: Image.Image) -> bytes:
    """Pack a picture as a PNG file.

    Examples
    --------
    >>> png(picture(np.zeros((28, 28), np.uint8)))[1:4]
    b'PNG'
    """
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _to_height(drawing: np.ndarray, height_px: int) -> Image.Image:
    image = Image.fromarray(drawing)
    return image.resize((max(1, round(image.width * height_px / image.height)), height_px), Image.Resampling.LANCZOS)


def _fitting(text: str, size_px: int, width_px: int) -> ImageFont.FreeTypeFont:
    """Choose the size in which a text is no wider than this."""
    face = ImageFont.load_default(size_px)
    wide = face.getlength(text)
    return face if wide <= width_px else ImageFont.load_default(max(8, int(size_px * width_px / wide)))
