"""Arrays to pictures."""

import numpy as np
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


def test_a_picture_travels_as_text():
    text = render.data_uri(Image.new("L", (3, 2), 7))
    assert text.startswith("data:image/png;base64,") and not set('"<>') & set(text)
