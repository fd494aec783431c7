"""Fonts: each has its licence and draws ten lining digits; one dropped in is there, a broken one is refused."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, features

from agent import preprocessing
from agent.datasets import digits, fonts
from agent.errors import AgentError

FONTS = digits.fonts()


def test_there_are_twenty_fonts_or_more():
    assert len(FONTS) >= 20 and list(FONTS) == sorted(set(FONTS))


@pytest.mark.parametrize("name", FONTS)
def test_every_font_draws_ten_different_digits_with_ink(name):
    drawings, labels = digits.font(name)
    thumbnail = [preprocessing.to_thumbnail(drawing) for drawing in drawings]
    assert (drawings.shape, drawings.dtype, "".join(labels)) == ((10, fonts.SIDE, fonts.SIDE), np.uint8, "0123456789")
    assert len({drawing.tobytes() for drawing in thumbnail}) == 10
    bright = [(preprocessing.canonical(drawing) >= 128).sum() for drawing in thumbnail]
    assert min(bright) >= 20, f"thin strokes vanish: {bright}"
    assert max(bright) <= 400, f"a black box: {bright}"


@pytest.mark.parametrize("name", FONTS)
def test_every_digit_stands_clear_of_the_border(name):
    drawings, _ = digits.font(name)
    assert not drawings[:, [0, -1]].any() and not drawings[:, :, [0, -1]].any()


@pytest.mark.parametrize("name", FONTS)
def test_every_font_has_its_licence(name):
    found = [path for path in (fonts.FOLDER / "LICENSES").iterdir() if path.name.startswith(name + "-")]
    assert len(found) == 1 and len(found[0].read_text()) > 200


def test_every_font_is_in_the_table():
    table = (fonts.FOLDER / "README.md").read_text()
    missing = [name for name in FONTS if f"| {name}." not in table]
    assert missing == []


def test_all_digits_of_a_font_are_drawn_at_one_size():
    drawings, _ = digits.font("PatrickHand")
    heights = drawings.any(axis=2).sum(axis=1)
    assert heights.max() - heights.min() <= 2  # one cap height
    widths = drawings.any(axis=1).sum(axis=1)
    assert widths[1] < widths[0] < heights[0]


def heights_px(file: bytes) -> list[int]:
    face = ImageFont.truetype(io.BytesIO(file), 200, layout_engine=ImageFont.Layout.BASIC)
    return [bottom - top for _, top, _, bottom in (face.getbbox(digit, anchor="ls") for digit in fonts.DIGITS)]


def test_old_style_figures_become_lining_figures():
    file = (fonts.FOLDER / "Gelasio.ttf").read_bytes()
    before, after = heights_px(file), heights_px(fonts.with_lining_figures(file))
    assert min(before) < 0.8 * max(before)
    assert min(after) > 0.9 * max(after)


def test_a_font_without_other_figures_is_left_as_it_is():
    file = (fonts.FOLDER / "Anton.ttf").read_bytes()
    assert fonts.with_lining_figures(file) is file


def printed(face: ImageFont.FreeTypeFont, digit: str, **options) -> np.ndarray:
    page = Image.new("L", (400, 500))
    ImageDraw.Draw(page).text((20, 400), digit, font=face, fill=255, anchor="ls", **options)
    return np.asarray(page).astype(int)


@pytest.mark.skipif(not features.check("raqm"), reason="needs a shaping library as its oracle")
@pytest.mark.parametrize("name", FONTS)
def test_lining_figures_are_those_a_shaping_library_takes(name):
    path = fonts._files()[name]
    file = io.BytesIO(fonts.with_lining_figures(path.read_bytes()))
    ours = ImageFont.truetype(file, 400, layout_engine=ImageFont.Layout.BASIC)
    theirs = ImageFont.truetype(path, 400, layout_engine=ImageFont.Layout.RAQM)
    for digit in fonts.DIGITS:
        expected = printed(theirs, digit, features=["lnum"])
        apart = np.abs(printed(ours, digit) - expected).sum() / expected.sum()
        assert apart < 0.06, digit  # they hint differently; most old-style figures are apart by 0.3 to 1.6


def test_a_font_file_dropped_into_the_folder_is_a_font(monkeypatch, tmp_path):
    (tmp_path / "Mine.otf").write_bytes((fonts.FOLDER / "ComicNeue.otf").read_bytes())
    (tmp_path / "README.md").write_text("not a font")
    monkeypatch.setattr(fonts, "FOLDER", tmp_path)
    assert digits.fonts() == ("Mine",)
    assert digits.sets() == ("mnist", "font:Mine", *digits.data_sets())
    assert digits.font("Mine")[0].any(axis=(1, 2)).all()


@pytest.mark.parametrize("n_bytes", [0, 3, 11, 12, 100, 500, 5_000, 20_000, 30_000])
def test_a_font_file_cut_off_is_refused(tmp_path, n_bytes):
    path = tmp_path / "Short.ttf"
    path.write_bytes((fonts.FOLDER / "Gelasio.ttf").read_bytes()[:n_bytes])
    with pytest.raises(AgentError, match=r"Short\.ttf"):
        fonts.draw_digits(path)


@pytest.mark.parametrize("name", ["", "Arial", "../fonts/Anton", "Anton.ttf", None, 7, ["Anton"]])
def test_an_unknown_font_is_refused(name):
    with pytest.raises(AgentError, match="expected a font among Anton, "):
        digits.font(name)
