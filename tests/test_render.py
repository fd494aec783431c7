"""Arrays to pictures."""

import numpy as np
import pytest
from PIL import Image

from agent import render


def test_each_pixel_becomes_a_square():
    drawing = np.arange(6, dtype=np.uint8).reshape(2, 3) * 50
    got = np.asarray(render.picture(drawing, zoom=4))
    assert got.shape == (8, 12)
    assert (got[::4, ::4] == drawing).all() and (got[3::4, 3::4] == drawing).all()


def test_a_strip_shows_every_drawing_at_one_height():
    drawings = [np.full((28, 14), 255, np.uint8), np.full((64, 64), 255, np.uint8)]
    got = np.asarray(render.strip(drawings, height_px=20, gap_px=5))
    assert got.shape == (20, 10 + 5 + 20)
    assert (got[:, :10] == 255).all() and (got[:, 10:15] == 0).all() and (got[:, 15:] == 255).all()


def test_a_strip_of_nothing_is_a_picture():
    assert render.strip([]).size == (1, 28)


def cell(page, row, column):
    """The colour near a corner of a cell, away from its number."""
    return page.getpixel(((column + 1) * render.CELL_PX + 3, (row + 1) * render.CELL_PX + 3))


@pytest.mark.parametrize("dark", [False, True])
def test_confusion_tells_right_from_wrong_and_from_never(dark):
    page = render.confusion(np.array([[9, 1, 0], [0, 5, 5]]), ("3", "8"), dark=dark)
    assert page.size == (4 * render.CELL_PX + 1, 3 * render.CELL_PX + 1)
    paper = page.getpixel((1, 1))
    assert cell(page, 1, 0) == cell(page, 0, 2) == paper
    assert len({cell(page, 0, 0), cell(page, 0, 1), cell(page, 1, 2), paper}) == 4


def test_rare_mistakes_stay_visible_and_frequent_ones_are_stronger():
    page = render.confusion(np.array([[999, 1, 0], [500, 500, 0]]), ("3", "8"))
    paper = page.getpixel((1, 1))

    def difference(at):
        return sum(abs(a - b) for a, b in zip(cell(page, *at), paper, strict=True))

    assert 0 < difference((0, 1)) < difference((1, 0))


def test_a_picture_travels_as_text():
    text = render.data_uri(Image.new("L", (3, 2), 7))
    assert text.startswith("data:image/png;base64,") and not set('"<>') & set(text)
