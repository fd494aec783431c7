"""Printed digits of the fonts in assets/fonts.

Old-style figures are replaced by lining figures (OpenType feature "lnum"). Applying features takes a shaping library
that is not on every machine, and lessons must be drawn alike everywhere; so the substitution is looked up here and
written into the character map of the font, and any renderer then draws lining figures.
"""

from __future__ import annotations

import functools
import io
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from agent.datasets.files import shipped
from agent.errors import AgentError
from agent.validation import check_choice

FOLDER = shipped("assets") / "fonts"
SIDE = 64  # of a drawing; thumbnails have 24 x 24 pixels of ink, so more would be lost
FINE = 4  # supersampling
LARGEST = 52  # the larger side of the largest digit of a font, in pixels of the drawing
THINNEST = 0.11  # mean stroke width below this share of LARGEST is thickened to it; MNIST has 0.10 to 0.15
DIGITS = "0123456789"
SINGLE, EXTENSION = 1, 7  # GSUB lookup types


def fonts() -> tuple[str, ...]:
    """Names of the fonts in assets/fonts, sorted: file names without suffix.

    Examples
    --------
    >>> "Anton" in fonts()
    True
    """
    return tuple(sorted(_files()))


def font(name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Draw the ten digits of one of `fonts`: (10, 64, 64) uint8, read-only, and the labels "0" … "9".

    All digits of a font are drawn at one size, as in print: lining figures where the font has them, supersampled, and
    hair-thin strokes thickened so that they survive downscaling. AgentError where a file is no font or lacks digits.

    Examples
    --------
    >>> drawings, labels = font("Anton")
    >>> drawings.shape, labels[3]
    ((10, 64, 64), '3')
    """
    files = _files()
    check_choice("a font", name, sorted(files))
    return _digits_of(files[name], files[name].stat().st_mtime_ns), tuple(DIGITS)


def _files() -> dict[str, Path]:
    return {path.stem: path for path in sorted(FOLDER.iterdir()) if path.suffix.lower() in (".ttf", ".otf")}


@functools.lru_cache(maxsize=256)
def _digits_of(path: Path, changed: int) -> np.ndarray:
    """Draw a font, cached until its file changes."""
    return draw_digits(path)


def draw_digits(path: Path) -> np.ndarray:
    """Draw the ten digits of a font file: (10, 64, 64) uint8, read-only; AgentError when it has not ten."""
    try:
        file = with_lining_figures(path.read_bytes())
        face = _face(file, FINE * SIDE)
        boxes = np.array([face.getbbox(digit, anchor="ls") for digit in DIGITS])
        largest = int(max((boxes[:, 2] - boxes[:, 0]).max(), (boxes[:, 3] - boxes[:, 1]).max()))
        face = _face(file, FINE * SIDE * FINE * LARGEST / max(1, largest))
        thicken_px = _missing_px(np.stack([_digit(face, digit, 0.0) for digit in DIGITS]))
        fine = np.stack([_digit(face, digit, thicken_px) for digit in DIGITS])
    except (OSError, ValueError, struct.error) as error:
        raise AgentError(f"expected a TrueType or OpenType font, got {path.name}: {error}. Replace it.") from error
    drawings = np.round(fine.reshape(10, SIDE, FINE, SIDE, FINE).mean(axis=(2, 4))).astype(np.uint8)
    n_distinct = len({drawing.tobytes() for drawing in drawings if drawing.any()})
    if n_distinct < len(DIGITS):
        raise AgentError(f"expected ten digits in {path.name}, got {n_distinct} different ones. Take another font.")
    drawings.setflags(write=False)
    return drawings


def _face(file: bytes, size_px: float) -> ImageFont.FreeTypeFont:
    """Load a font without a shaping library, so that all machines draw the same."""
    return ImageFont.truetype(io.BytesIO(file), size_px, layout_engine=ImageFont.Layout.BASIC)


def _digit(face: ImageFont.FreeTypeFont, digit: str, thicken_px: float) -> np.ndarray:
    """Draw one digit in the middle of a fine page."""
    side = FINE * SIDE
    left, top, right, bottom = face.getbbox(digit, anchor="ls", stroke_width=thicken_px)
    page = Image.new("L", (side, side))
    place = ((side - left - right) // 2, (side - top - bottom) // 2)
    ImageDraw.Draw(page).text(place, digit, fill=255, font=face, anchor="ls", stroke_width=thicken_px)
    return np.asarray(page)


def _missing_px(fine: np.ndarray) -> float:
    """Pixels by which strokes must grow on each side to be `THINNEST`.

    A stroke of width w and length l covers w·l pixels and has 2·l pixels of edge.
    """
    ink = fine > 127
    inner = ink[:, 1:-1, 1:-1] & ink[:, :-2, 1:-1] & ink[:, 2:, 1:-1] & ink[:, 1:-1, :-2] & ink[:, 1:-1, 2:]
    edge = ink.sum() - inner.sum()
    width_px = 2 * ink.sum() / max(1, int(edge))
    return max(0.0, round((THINNEST * FINE * LARGEST - float(width_px)) / 2, 1))


def with_lining_figures(font: bytes) -> bytes:
    """Give a TrueType or OpenType font whose digits are lining figures, by a character map of the ten digits alone.

    The font itself where they are already, or where it has none; struct.error when its tables point outside the file.
    """
    tables = _tables(font)
    if "GSUB" not in tables or "cmap" not in tables:
        return font
    glyphs = {digit: _glyph(font, tables["cmap"], ord(digit)) for digit in DIGITS}
    lining = dict(_substitutions(font, tables["GSUB"], b"lnum"))
    if not set(glyphs.values()) & set(lining):
        return font
    groups = [(ord(digit), ord(digit), lining.get(glyph, glyph)) for digit, glyph in glyphs.items()]
    return _with_table(font, b"cmap", _character_map(groups))


def _tables(font: bytes) -> dict[str, int]:
    """Read the table directory: tag -> offset."""
    (n_tables,) = struct.unpack_from(">H", font, 4)
    records = (struct.unpack_from(">4sLLL", font, 12 + 16 * number) for number in range(n_tables))
    return {tag.decode("latin-1"): offset for tag, _, offset, _ in records}


def _glyph(font: bytes, cmap: int, code: int) -> int:
    """Look a character up in the font's Unicode maps: its glyph, 0 when it has none."""
    (n_maps,) = struct.unpack_from(">H", font, cmap + 2)
    for number in range(n_maps):
        platform, _, offset = struct.unpack_from(">HHL", font, cmap + 4 + 8 * number)
        (form,) = struct.unpack_from(">H", font, cmap + offset)
        if platform in (0, 3) and form in (4, 12):
            glyph = (_glyph_by_segment if form == 4 else _glyph_by_group)(font, cmap + offset, code)
            if glyph:
                return glyph
    return 0


def _glyph_by_segment(font: bytes, at: int, code: int) -> int:
    """Look up in a map of format 4: parallel arrays of segment ends, starts, deltas and glyph-array offsets."""
    (width,) = struct.unpack_from(">H", font, at + 6)  # two bytes a segment
    for end_at in range(at + 14, at + 14 + width, 2):
        start_at = end_at + width + 2
        if struct.unpack_from(">H", font, end_at)[0] < code:
            continue
        (start,) = struct.unpack_from(">H", font, start_at)
        (delta,) = struct.unpack_from(">H", font, start_at + width)
        (indirect,) = struct.unpack_from(">H", font, start_at + 2 * width)
        if start > code:
            return 0
        glyph = code
        if indirect:
            (glyph,) = struct.unpack_from(">H", font, start_at + 2 * width + indirect + 2 * (code - start))
        return (glyph + delta) & 0xFFFF if glyph else 0
    return 0


def _glyph_by_group(font: bytes, at: int, code: int) -> int:
    """Look up in a map of format 12: groups of first character, last character, first glyph."""
    (n_groups,) = struct.unpack_from(">L", font, at + 12)
    for number in range(n_groups):
        first, last, glyph = struct.unpack_from(">LLL", font, at + 16 + 12 * number)
        if first <= code <= last:
            return glyph + code - first
    return 0


def _substitutions(font: bytes, gsub: int, feature: bytes) -> Iterator[tuple[int, int]]:
    """Give the pairs (glyph, substitute) of a feature's single substitutions."""
    _, _, features, lookups = struct.unpack_from(">LHHH", font, gsub)
    features, lookups = gsub + features, gsub + lookups
    (n_features,) = struct.unpack_from(">H", font, features)
    for number in range(n_features):
        tag, offset = struct.unpack_from(">4sH", font, features + 2 + 6 * number)
        if tag != feature:
            continue
        for lookup in _shorts(font, features + offset + 2):
            (start,) = struct.unpack_from(">H", font, lookups + 2 + 2 * lookup)
            yield from _lookup(font, lookups + start)


def _lookup(font: bytes, at: int) -> Iterator[tuple[int, int]]:
    (kind,) = struct.unpack_from(">H", font, at)
    for offset in _shorts(font, at + 4):
        table, of = at + offset, kind
        if kind == EXTENSION:
            _, of, further = struct.unpack_from(">HHL", font, table)
            table += further
        if of == SINGLE:
            yield from _single(font, table)


def _single(font: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Read a single substitution: one delta for all covered glyphs, or a list of substitutes."""
    form, coverage = struct.unpack_from(">HH", font, at)
    glyphs = _covered(font, at + coverage)
    if form == 1:
        (delta,) = struct.unpack_from(">H", font, at + 4)
        yield from ((glyph, (glyph + delta) & 0xFFFF) for glyph in glyphs)
    else:
        yield from zip(glyphs, _shorts(font, at + 4), strict=False)


def _covered(font: bytes, at: int) -> list[int]:
    """Read a coverage table: a list of glyphs, or of ranges of them."""
    (form,) = struct.unpack_from(">H", font, at)
    if form == 1:
        return list(_shorts(font, at + 2))
    (n_ranges,) = struct.unpack_from(">H", font, at + 2)
    ranges = (struct.unpack_from(">HHH", font, at + 4 + 6 * number) for number in range(n_ranges))
    return [glyph for first, last, _ in ranges for glyph in range(first, last + 1)]


def _shorts(font: bytes, at: int) -> tuple[int, ...]:
    """Read a count and that many 16-bit numbers."""
    (count,) = struct.unpack_from(">H", font, at)
    return struct.unpack_from(f">{count}H", font, at + 2)


def _character_map(groups: list[tuple[int, int, int]]) -> bytes:
    """Write a character map of format 12 from (first character, last character, first glyph)."""
    body = b"".join(struct.pack(">LLL", *group) for group in groups)
    subtable = struct.pack(">HHLLL", 12, 0, 16 + len(body), 0, len(groups)) + body
    return struct.pack(">HHHHL", 0, 1, 3, 10, 12) + subtable


def _with_table(font: bytes, tag: bytes, table: bytes) -> bytes:
    """Point a tag of the table directory to a new table at the end of the file."""
    out = bytearray(font) + bytes(-len(font) % 4)
    (n_tables,) = struct.unpack_from(">H", out, 4)
    for record in range(12, 12 + 16 * n_tables, 16):
        if out[record : record + 4] == tag:
            struct.pack_into(">LL", out, record + 8, len(out), len(table))
    return bytes(out + table)
