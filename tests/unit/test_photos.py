"""Photographs and scans: what a person reads on them, an agent that knows digits reads, too."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from agent import photos, preprocessing
from agent.agents import new
from agent.datasets import strokes
from agent.errors import AgentError

HEIGHT, WIDTH = 240, 320
ROWS, COLUMNS = np.mgrid[0:HEIGHT, 0:WIDTH] / [[[HEIGHT]], [[WIDTH]]]


@pytest.fixture(scope="module")
def pupil():
    return new("recall", starter="everyday")


@pytest.fixture(scope="module")
def drawn():
    """One digit of each label on a page: (H, W) float64, 0 paper … 1 ink, and its label."""
    chosen = {label: next(name for name in strokes.styles() if name[0] == label) for label in "0123456789"}
    pages = []
    for seed, (label, style) in enumerate(chosen.items()):
        page = np.zeros((HEIGHT, WIDTH))
        page[10:230, 40:260] = strokes.draw(style, seed + 900, side=220) / 255
        pages.append((page, label))
    return pages


def paper(page, dark=40.0, bright=235.0):
    return bright + (dark - bright) * page


def side_light(page, rng):
    return paper(page) * (0.5 + 0.5 * COLUMNS)


def vignette(page, rng):
    return paper(page) * (1 - ((ROWS - 0.5) ** 2 + (COLUMNS - 0.5) ** 2))


def hard_shadow(page, rng):
    return paper(page) * np.where(ROWS + 0.4 * COLUMNS > 0.6, 1.0, 0.6)


def noise(page, rng):
    return paper(page) + rng.normal(0, 12, page.shape)


def pencil(page, rng):
    return paper(page, dark=185) + rng.normal(0, 2, page.shape)


def blackboard(page, rng):
    return 60 + 160 * page + rng.normal(0, 3, page.shape)


def ruled(page, rng):
    picture = paper(page) + rng.normal(0, 2, page.shape)
    picture[9::30] *= 0.75
    picture[10::30] *= 0.75
    return picture


def desk(page, rng):
    picture = 60 + 8 * np.sin(50 * COLUMNS) + rng.normal(0, 3, page.shape)
    picture[30:210, 50:270] = np.asarray(Image.fromarray(paper(page)).resize((220, 180)))
    return picture


def red_ink(page, rng):
    return np.stack([235 - 35 * page, 232 - 190 * page, 225 - 175 * page], axis=2) * (0.7 + 0.3 * ROWS)[..., None]


def photographed(picture):
    file = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=88)
    return Image.open(file)


@pytest.mark.slow
@pytest.mark.parametrize(
    "scene",
    [side_light, vignette, hard_shadow, noise, pencil, blackboard, ruled, desk, red_ink],
    ids=lambda f: f.__name__,
)
def test_digits_are_read_in_every_light_and_on_every_paper(pupil, drawn, scene):
    rng = np.random.default_rng(5)
    read = [pupil.predict_one(photographed(scene(page, rng))).label for page, _ in drawn]
    assert sum(label == answer for label, (_, answer) in zip(read, drawn, strict=True)) >= 9, read


@pytest.mark.slow
def test_light_that_falls_off_has_no_cliff(pupil, drawn):
    for darkest in (1.0, 0.8, 0.77, 0.7, 0.6, 0.5):
        light = darkest + (1 - darkest) * COLUMNS
        read = [pupil.predict_one(photographed(paper(page) * light)).label for page, _ in drawn]
        assert sum(label == answer for label, (_, answer) in zip(read, drawn, strict=True)) >= 9, (darkest, read)


@pytest.mark.parametrize("side", [64, 200, 1000, 4096])
def test_the_same_picture_at_another_size_is_read_alike(pupil, drawn, side):
    rng = np.random.default_rng(6)
    picture = photographed(side_light(drawn[3][0], rng))
    resized = picture.resize((side, side * HEIGHT // WIDTH), Image.Resampling.BICUBIC)
    assert pupil.predict_one(resized).label == "3"


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation_in_the_metadata_is_heeded(pupil, drawn, orientation):
    turned = {1: 0, 3: 180, 6: 90, 8: -90}[orientation]
    picture = Image.fromarray(paper(drawn[3][0]).astype(np.uint8)).rotate(turned, expand=True)
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    picture.save(file, "JPEG", exif=exif)
    assert pupil.predict_one(Image.open(file)).label == "3"


@pytest.mark.parametrize("alpha", [40, 120, 130, 255])
def test_transparent_ink_is_read_however_faint(pupil, drawn, alpha):
    picture = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    picture[..., 3] = drawn[3][0] * alpha
    assert pupil.predict_one(Image.fromarray(picture, "RGBA")).label == "3"


def test_scans_of_sixteen_bits_and_floats_are_read(pupil, drawn):
    page = paper(drawn[3][0])
    for picture in (page.astype(np.uint16) * 257, page.astype(np.int32) * 100, page.astype(np.float32) * 3):
        assert pupil.predict_one(Image.fromarray(picture)).label == "3"
    assert pupil.predict_one(page.astype(np.uint16) * 257).label == "3"


def test_a_far_speck_does_not_shrink_a_drawing(drawn):
    page = (drawn[0][0] * 255).astype(np.uint8)
    with_speck = page.copy()
    with_speck[2:8, 310:317] = 255
    assert np.array_equal(preprocessing.to_thumbnail(with_speck), preprocessing.to_thumbnail(page))
    stack = np.stack([with_speck, page])
    assert np.array_equal(*preprocessing.to_thumbnails(stack))


def test_two_digits_are_no_speck(drawn):
    page = np.concatenate([(drawn[1][0] * 255), (drawn[2][0] * 255)], axis=1).astype(np.uint8)
    columns = np.flatnonzero(preprocessing.read(page).any(axis=0))
    assert columns[-1] - columns[0] > WIDTH


@pytest.mark.parametrize("level", [0, 90, 250])
def test_paper_without_ink_is_blank_in_uneven_light_and_noise(level):
    rng = np.random.default_rng(7)
    picture = np.full((HEIGHT, WIDTH), level) * (0.6 + 0.4 * COLUMNS) + rng.normal(0, 4, (HEIGHT, WIDTH))
    assert not preprocessing.read(photographed(picture)).any()


def test_a_clean_drawing_keeps_its_bits(drawn):
    page = (drawn[4][0] * 255).astype(np.uint8)
    assert photos.is_clean(page) and photos.is_clean(255 - page)
    assert np.array_equal(preprocessing.read(page), page) and np.array_equal(preprocessing.read(255 - page), page)


@pytest.mark.parametrize("n_turns", range(4))
def test_a_stroke_along_the_border_of_a_pad_is_ink(n_turns):
    inside, beside = np.zeros((2, 280, 280), np.uint8)
    inside[60:220, 40:54] = beside[60:220, :14] = 255
    thumbnails = preprocessing.to_thumbnails([np.rot90(inside, n_turns), np.rot90(beside, n_turns)])
    assert thumbnails[0].any() and np.array_equal(*thumbnails)


def test_a_stack_of_photographs_is_read_like_each_of_them(drawn):
    rng = np.random.default_rng(8)
    stack = np.stack([np.asarray(photographed(noise(page, rng))) for page, _ in drawn[:3]])
    assert np.array_equal(preprocessing.to_thumbnails(stack), [preprocessing.to_thumbnail(photo) for photo in stack])


def test_a_photo_of_twenty_four_megapixels_is_read_and_one_of_sixty_refused(pupil, drawn):
    picture = photographed(side_light(drawn[3][0], None)).resize((6000, 4000))
    file = io.BytesIO()
    picture.save(file, "JPEG")
    assert pupil.predict_one(Image.open(file)).label == "3"
    with pytest.raises(AgentError, match="at most 50 megapixels"):
        preprocessing.read(Image.new("L", (10_000, 6_000)))


def test_blurred_ink_is_read(pupil, drawn):
    picture = photographed(paper(drawn[3][0])).filter(ImageFilter.GaussianBlur(4))
    assert pupil.predict_one(picture).label == "3"


def on_rules(page, ink, paper_level, line, thickness=2, is_squared=False):
    picture, rules = paper(page, ink, paper_level), np.zeros(page.shape, bool)
    for offset in range(thickness):
        rules[9 + offset :: 34] = True
        rules[:, 9 + offset :: 34] |= is_squared
    return np.where(rules & (page < 0.5), line, picture).astype(np.uint8)


@pytest.mark.parametrize(
    "drawing", [(40, 235, 180), (20, 235, 80), (30, 235, 30), (30, 235, 170, 5), (255, 0, 70), (250, 25, 80, 2, True)]
)
def test_ruling_without_any_noise_is_no_ink(pupil, drawn, drawing):
    read = [pupil.predict_one(on_rules(page, *drawing)).label for page, _ in drawn]
    assert sum(label == answer for label, (_, answer) in zip(read, drawn, strict=True)) >= 9, read


def test_specks_all_over_a_clean_scan_are_no_ink(drawn):
    rng, page = np.random.default_rng(3), paper(drawn[3][0]).astype(np.uint8)
    speckled = page.copy()
    for y, x in zip(rng.integers(0, HEIGHT - 2, 40), rng.integers(0, WIDTH - 2, 40), strict=True):
        speckled[y : y + 2, x : x + 2] = 60
    assert photos.is_clean(speckled)
    clean, ink = (preprocessing.to_thumbnail(picture) > 0 for picture in (page, speckled))
    assert abs(ink.sum() - clean.sum()) < 0.3 * clean.sum()


def test_lines_on_a_pad_as_dark_as_its_strokes_are_ink():
    pad = np.zeros((280, 280), np.uint8)
    pad[100:112] = pad[160:172] = 255
    assert photos.is_clean(pad) and np.array_equal(preprocessing.read(pad), pad)
