"""The gate has a defined answer for every picture."""

import numpy as np
import pytest
from PIL import Image

from agent import preprocessing
from agent.datasets import digits
from agent.errors import AgentError


@pytest.fixture(scope="module")
def four():
    """A real 4, (28, 28) uint8, white on black."""
    drawings, labels = digits.mnist("test")
    return np.array(drawings[labels.index("4")])


def on_canvas(digit, side=280, scale=6, top=40, left=70):
    """The digit on a larger canvas, elsewhere."""
    canvas = np.zeros((side, side + 20), np.uint8)
    large = np.array(Image.fromarray(digit).resize((28 * scale, 28 * scale), Image.Resampling.BILINEAR))
    canvas[top : top + 28 * scale, left : left + 28 * scale] = large
    return canvas


def alike(one, other):
    """The share of ink two canonical drawings have in common."""
    one, other = one.astype(float), other.astype(float)
    return np.minimum(one, other).sum() / np.maximum(one, other).sum()


def test_white_on_black_and_black_on_white_are_the_same_drawing(four):
    assert (preprocessing.to_thumbnail(255 - four) == preprocessing.to_thumbnail(four)).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I", "CMYK"])
def test_every_picture_mode_gives_the_same_drawing_but_for_rounding(four, mode):
    expected = preprocessing.to_thumbnail(np.where(four > 127, 255, 0) if mode == "1" else four)
    picture = Image.fromarray(np.where(four > 127, 255, 0).astype(np.uint8) if mode == "1" else four).convert(mode)
    assert np.abs(preprocessing.to_thumbnail(picture).astype(int) - expected).max() <= 17


def test_ink_on_a_transparent_page_is_read_by_what_is_solid(four):
    for colour in ((0, 0, 0), (255, 255, 255), (200, 30, 30)):
        page = np.zeros((28, 28, 4), np.uint8)
        page[..., :3] = colour
        page[..., 3] = four
        assert (preprocessing.to_thumbnail(page) == preprocessing.to_thumbnail(four)).all()


def test_a_sketchpad_value_is_read_by_its_composite(four):
    blank = {"background": np.zeros((280, 280, 3), np.uint8), "layers": [], "composite": None}
    assert not preprocessing.to_thumbnail(blank).any()
    assert (preprocessing.to_thumbnail({**blank, "composite": four}) == preprocessing.to_thumbnail(four)).all()
    assert not preprocessing.to_thumbnail(None).any()


def test_bool_and_float_arrays_are_scaled(four):
    assert (preprocessing.to_thumbnail(four / 255) == preprocessing.to_thumbnail(four)).all()
    assert (preprocessing.to_thumbnail(four.astype(np.int64)) == preprocessing.to_thumbnail(four)).all()
    assert (
        preprocessing.to_thumbnail(four > 127)
        == preprocessing.to_thumbnail(np.where(four > 127, 255, 0).astype(np.uint8))
    ).all()


@pytest.mark.parametrize("grey", [0, 1, 128, 255])
@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (280, 300), (2048, 9)])
def test_a_picture_of_one_colour_is_blank(grey, shape):
    assert not preprocessing.to_thumbnail(np.full(shape, grey, np.uint8)).any()


@pytest.mark.parametrize("shape", [(8, 8), (31, 57), (2048, 2048)])
def test_one_dot_is_a_dot_in_the_middle(shape):
    page = np.zeros(shape, np.uint8)
    page[shape[0] // 3, shape[1] // 2] = 255
    thumbnail = preprocessing.to_thumbnail(page)
    assert thumbnail.sum() == 255 and thumbnail[13, 13] == 255
    seen = preprocessing.canonical(thumbnail)
    assert seen[13, 13] == 255 or seen[14, 14] == 255


def test_a_drawing_that_fills_the_page_to_its_borders_keeps_its_ink(four):
    rows, columns = np.flatnonzero(four.any(axis=1)), np.flatnonzero(four.any(axis=0))
    tight = four[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert (preprocessing.to_thumbnail(tight) == preprocessing.to_thumbnail(four)).all()


def test_keeping_what_was_kept_changes_nothing():
    drawings, _ = digits.mnist("test")
    for drawing in [*drawings[:300], *digits.font("Anton")[0], *digits.font("GreatVibes")[0]]:
        thumbnail = preprocessing.to_thumbnail(drawing)
        assert (preprocessing.to_thumbnail(thumbnail) == thumbnail).all()


@pytest.mark.parametrize("scale, top, left", [(2, 0, 0), (4, 100, 100), (9, 10, 30), (3, 190, 200)])
def test_size_and_place_on_the_canvas_do_not_matter(four, scale, top, left):
    seen = preprocessing.canonical(preprocessing.to_thumbnail(on_canvas(four, scale=scale, top=top, left=left)))
    assert alike(seen, preprocessing.canonical(preprocessing.to_thumbnail(four))) > 0.8


def test_the_smallest_and_the_largest_pictures_are_read(four):
    small = np.array(Image.fromarray(four).resize((8, 8), Image.Resampling.BOX))
    large = np.array(Image.fromarray(four).resize((2048, 2048), Image.Resampling.BILINEAR))
    expected = preprocessing.canonical(preprocessing.to_thumbnail(four))
    assert alike(preprocessing.canonical(preprocessing.to_thumbnail(large)), expected) > 0.8
    assert preprocessing.to_thumbnail(small).any()


def test_slanted_writing_is_set_upright():
    page = np.zeros((60, 50), np.uint8)
    for y in range(10, 50):
        page[y, 40 - y // 2 : 44 - y // 2] = 255
    columns = np.flatnonzero((preprocessing.canonical(preprocessing.to_thumbnail(page)) > 100).any(axis=0))
    assert len(columns) <= 5


def test_a_canonical_drawing_has_its_centre_of_mass_in_the_middle_and_full_ink():
    drawings, _ = digits.mnist("test")
    for drawing in drawings[:100]:
        seen = preprocessing.canonical(preprocessing.to_thumbnail(drawing)).astype(float)
        ys, xs = np.mgrid[:28, :28]
        centre = (seen * ys).sum() / seen.sum(), (seen * xs).sum() / seen.sum()
        assert seen.max() == 255 and np.abs(np.array(centre) - 13.5).max() < 0.6


def test_packed_drawings_unpack_to_the_same():
    thumbnail = np.stack([preprocessing.to_thumbnail(drawing) for drawing in digits.mnist("test")[0][:50]])
    assert (preprocessing.unpack(preprocessing.pack(thumbnail)) == thumbnail).all()


@pytest.mark.parametrize(
    "picture, words",
    [
        (np.zeros((7, 30), np.uint8), "7 x 30"),
        (np.zeros((30, 2049), np.uint8), "30 x 2049"),
        (Image.new("L", (5000, 20)), "20 x 5000"),
        (np.zeros(30, np.uint8), "(30,)"),
        (np.zeros((30, 30, 5), np.uint8), "(30, 30, 5)"),
        (np.zeros((0, 30), np.uint8), "(0, 30)"),
        (np.full((30, 30), np.nan), "nan"),
        (np.full((30, 30), 1e9), "1e+09"),
        (np.full((30, 30), -1), "-1"),
        (np.zeros((30, 30), complex), "ndarray"),
        ("a picture", "str"),
        (object(), "object"),
        ({"composite": "no"}, "str"),
        ([[1, 2], [3]], "list"),
    ],
)
def test_what_is_no_drawing_is_refused_with_its_numbers(picture, words):
    with pytest.raises(AgentError) as caught:
        preprocessing.read(picture)
    assert words in str(caught.value) and str(caught.value).startswith("expected")


def test_two_hundred_odd_pictures_give_a_drawing_or_an_agent_error(four):
    rng = np.random.default_rng(0)
    n_drawings = n_refused = 0
    for number in range(200):
        picture = odd_picture(four, rng)
        try:
            drawing = preprocessing.read(picture)
        except AgentError:
            n_refused += 1
            continue
        n_drawings += 1
        assert drawing.dtype == np.uint8 and drawing.ndim == 2, number
        thumbnail = preprocessing.to_thumbnail(picture)
        assert thumbnail.shape == (28, 28) and (preprocessing.to_thumbnail(thumbnail) == thumbnail).all(), number
        assert preprocessing.canonical(thumbnail).any() == thumbnail.any(), number
    assert n_drawings > 100 and n_refused > 10


def odd_picture(four, rng):
    """A real drawing, badly treated."""
    picture = on_canvas(four, side=int(rng.integers(200, 400)), scale=int(rng.integers(1, 6)), top=5, left=9)
    for _ in range(rng.integers(1, 4)):
        treatment = rng.integers(10)
        if treatment == 0:
            picture = picture[: rng.integers(1, 200), : rng.integers(1, 200)]
        elif treatment == 1:
            picture = 255 - picture
        elif treatment == 2:
            picture = np.minimum(picture, rng.integers(0, 60)).astype(picture.dtype)
        elif treatment == 3:
            picture = picture.astype(rng.choice([np.float32, np.int16, np.uint32, np.float64]))
        elif treatment == 4 and picture.ndim == 2:
            picture = np.repeat(picture[..., None], rng.integers(1, 6), axis=2)
        elif treatment == 5:
            picture = np.where(rng.random(picture.shape) < 0.02, 255, picture).astype(picture.dtype)
        elif treatment == 6 and picture.dtype.kind == "f" and picture.size:
            picture = picture.copy()
            picture.flat[0] = rng.choice([np.nan, np.inf, -5.0])
        elif treatment == 7:
            picture = np.rot90(picture)
        elif treatment == 8:
            picture = picture.T
        else:
            picture = np.asfortranarray(picture)[::2]
    return picture
