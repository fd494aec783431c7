"""Lining figures: digits of one height, for fonts whose own digits dance above and below the line.

Old-style figures are asked to stand in line by the OpenType feature "lnum". Applying features takes a shaping library
that is not on every machine, and lessons must be drawn alike everywhere; so the substitution is looked up here and
written into the font's character map, and any renderer then draws lining figures.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

DIGITS = "0123456789"
SINGLE, EXTENSION = 1, 7  # GSUB lookup types


def with_lining_figures(font: bytes) -> bytes:
    """Give a font whose digits are lining figures; the font itself where they are already, or where it has none.

    Parameters
    ----------
    font : bytes
        A TrueType or OpenType font file.

    Returns
    -------
    bytes
        The font, in the second case with a character map of its ten digits alone.

    Raises
    ------
    struct.error
        The tables point outside the file.
    """
    tables = _tables(font)
    if "GSUB" not in tables or "cmap" not in tables:
        return font
    own = {digit: _glyph(font, tables["cmap"], ord(digit)) for digit in DIGITS}
    lining = dict(_substitutions(font, tables["GSUB"], b"lnum"))
    if not set(own.values()) & set(lining):
        return font
    groups = [(ord(digit), ord(digit), lining.get(glyph, glyph)) for digit, glyph in own.items()]
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
    """Read a single substitution: one delta for all covered glyphs, or one substitute each."""
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
