"""Arrays to pictures: thumbnails, what the agent sees, rows of drawings, confusion. Knows no gradio."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

CELL_PX = 34
CARD_PX, CARD_EDGE_PX, CARD_ACCENT = (1280, 720), 64, "#3B5BDB"
MAX_STRIP_PX = 62 * 32, 28  # of the mental images of all labels that an agent may know
PALETTES = {  # paper, ink, faint ink, lines, right, wrong
    False: ("#FFFFFF", "#1F2430", "#5F6470", "#E4E0D8", (43, 138, 62), (230, 119, 0)),
    True: ("#1B1E24", "#E8E6E1", "#A3A6AE", "#2A2E37", (105, 219, 124), (255, 192, 120)),
}


def picture(drawing: np.ndarray, zoom: int = 1) -> Image.Image:
    """Show a drawing, each pixel as a crisp square.

    Parameters
    ----------
    drawing : numpy.ndarray
        (H, W) uint8, 0 paper … 255 ink.
    zoom : int
        Pixels of the picture along each side of a pixel of the drawing.

    Returns
    -------
    PIL.Image.Image
        Mode L, white ink on black, (zoom·W, zoom·H).

    Examples
    --------
    >>> picture(np.zeros((28, 20), np.uint8), zoom=3).size
    (60, 84)
    """
    return Image.fromarray(np.repeat(np.repeat(drawing, zoom, axis=0), zoom, axis=1))


def tinted(drawing: np.ndarray, voted: np.ndarray) -> Image.Image:
    """Show a drawing in grey and, over it, how much each pixel voted, in amber.

    Parameters
    ----------
    drawing, voted : numpy.ndarray
        (H, W) uint8 each.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, (W, H).

    Examples
    --------
    >>> tinted(np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)).getpixel((3, 3))
    (255, 169, 77)
    """
    share = voted[..., None] / 255.0
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
    width = sum(each.width for each in scaled) + gap_px * max(0, len(scaled) - 1)
    row, left = Image.new("L", (max(1, width), height_px)), 0
    for each in scaled:
        row.paste(each, (left, 0))
        left += each.width + gap_px
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


def confusion(table: np.ndarray, labels: Sequence[str], unsure: str = "?", dark: bool = False) -> Image.Image:
    """Show what was said for what it was.

    The share of each row decides how strong a cell is; right answers have one colour, wrong and missing ones another.

    Parameters
    ----------
    table : numpy.ndarray
        (L, L + 1) counts: rows what it was, columns what was said, the last one unsure.
    labels : sequence of str
        The L labels.
    unsure : str
        The name of the last column.
    dark : bool
        Light ink on dark paper.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, (L + 2, L + 1) cells of 34 pixels.
    """
    paper, ink, faint, lines, right, wrong = PALETTES[dark]
    n_labels = len(labels)
    page = Image.new("RGB", ((n_labels + 2) * CELL_PX + 1, (n_labels + 1) * CELL_PX + 1), paper)
    draw, face = ImageDraw.Draw(page), ImageFont.load_default(14)
    for place, name in enumerate([*labels, unsure], 1):
        _centred(draw, place, 0, name[:3], faint, face)
    totals = np.maximum(table.sum(axis=1), 1)
    for row, name in enumerate(labels):
        _centred(draw, 0, row + 1, name[:3], faint, face)
        for column in range(n_labels + 1):
            n_times = int(table[row, column])
            colour = right if row == column else wrong
            strength = float(n_times / totals[row]) ** 0.5 if n_times else 0.0  # rare mistakes stay visible
            box = [(column + 1) * CELL_PX, (row + 1) * CELL_PX, (column + 2) * CELL_PX, (row + 2) * CELL_PX]
            draw.rectangle(box, fill=_mixed(page.getpixel((0, 0)), colour, 0.75 * strength), outline=lines)
            if n_times:
                _centred(draw, column + 1, row + 1, f"{n_times}", ink, face)
    return page


def card(lines: Sequence[str], drawings: Sequence[tuple[np.ndarray, str]]) -> Image.Image:
    """Draw a card to show around: a title, a result in large type, what it means, drawings with their labels, a foot.

    Parameters
    ----------
    lines : sequence of str
        Title, result, meaning, foot; what is too wide is set smaller.
    drawings : sequence of (numpy.ndarray, str)
        Up to ten drawings (28, 28) uint8, and the label of each.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, 1280 x 720.

    Examples
    --------
    >>> card(("Pupil", "61 % right", "of 500", "Mia"), [(np.zeros((28, 28), np.uint8), "4")]).size
    (1280, 720)
    """
    paper, ink, faint, lines_colour, *_ = PALETTES[False]
    page = Image.new("RGB", CARD_PX, paper)
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, CARD_PX[0], 12), fill=CARD_ACCENT)
    width = CARD_PX[0] - 2 * CARD_EDGE_PX
    rows = zip(lines, (40, 144, 36, 30), (92, 236, 360, 656), (ink, CARD_ACCENT, ink, faint), strict=True)
    for text, size, middle, colour in rows:
        draw.text((CARD_EDGE_PX, middle), text, fill=colour, font=_fitting(text, size, width), anchor="lm")
    for place, (drawing, label) in enumerate(drawings[:10]):
        left = CARD_EDGE_PX + place * (width + 16) // 10
        page.paste(picture(drawing, 3), (left, 436))
        draw.text((left + 42, 556), label, fill=ink, font=_fitting(label, 34, 100), anchor="mm")
    draw.line((CARD_EDGE_PX, 606, CARD_PX[0] - CARD_EDGE_PX, 606), fill=lines_colour, width=2)
    return page


def strip_png(content: bytes) -> bytes | None:
    """Read a stranger's strip of mental images and pack it anew; None when it is no picture of that size.

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
    """Pack a PNG file into a text that HTML and CSS take as its address."""
    return "data:image/png;base64," + base64.b64encode(content).decode()


def data_uri(image: Image.Image) -> str:
    """Pack a picture into a text that HTML and CSS take as its address.

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


def _centred(
    draw: ImageDraw.ImageDraw, column: int, row: int, text: str, colour: str, face: ImageFont.FreeTypeFont
) -> None:
    middle = ((column + 0.5) * CELL_PX, (row + 0.5) * CELL_PX)
    size = face if len(text) < 4 else ImageFont.load_default(11)
    draw.text(middle, text, fill=colour, font=size, anchor="mm")


def _fitting(text: str, size_px: int, width_px: int) -> ImageFont.FreeTypeFont:
    """Choose the size in which a text is no wider than this."""
    face = ImageFont.load_default(size_px)
    wide = face.getlength(text)
    return face if wide <= width_px else ImageFont.load_default(max(8, int(size_px * width_px / wide)))


def _mixed(paper: tuple[int, ...], colour: tuple[int, ...], strength: float) -> tuple[int, ...]:
    return tuple(round(a + (b - a) * strength) for a, b in zip(paper, colour, strict=True))
