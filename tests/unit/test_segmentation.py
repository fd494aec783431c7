"""Several symbols in a picture: parted, put in order and read; one alone is read as before."""

import io

import handwriting
import naive
import numpy as np
import pytest
from PIL import Image

from agent import preprocessing
from agent.agents import new
from agent.datasets import strokes
from agent.errors import AgentError
from agent.kernels import parts


@pytest.fixture(scope="module")
def pupil():
    return new("recall", starter="everyday")


@pytest.fixture(scope="module")
def novice():
    return new("recall")


def text_of(readings):
    return "".join(reading.guess.label or "?" for reading in readings)


def lines_of(readings):
    lines = [[reading for reading in readings if reading.line == line] for line in range(readings[-1].line + 1)]
    return [text_of(line) for line in lines]


def test_a_number_is_read_from_left_to_right_and_boxes_hold_its_digits(pupil):
    page, boxes, _ = handwriting.number("4207", seed=11, touching=0)
    readings = pupil.read(page)
    assert text_of(readings) == "4207" and {reading.line for reading in readings} == {0}
    for reading, box in zip(readings, boxes, strict=True):
        assert np.abs(np.subtract(reading.box, box)).max() <= 4
        left, top, right, bottom = reading.box
        assert pupil.predict_one(reading.drawing).label == reading.guess.label
        assert (preprocessing.to_thumbnail(reading.drawing) == reading.drawing).all() and left < right and top < bottom


def test_boxes_are_in_pixels_of_the_picture_however_large_it_is(pupil):
    page, boxes, _ = handwriting.number("31", seed=5, touching=0)
    large = Image.fromarray(255 - page).resize((page.shape[1] * 9, page.shape[0] * 9))
    for reading, box in zip(pupil.read(large), boxes, strict=True):
        assert np.abs(np.subtract(reading.box, np.multiply(box, 9))).max() <= 36


def test_boxes_of_a_turned_photo_are_those_of_the_upright_picture(pupil):
    page, boxes, _ = handwriting.number("31", seed=5, touching=0)
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    Image.fromarray(255 - page).rotate(90, expand=True).save(file, "JPEG", exif=exif)
    assert [reading.box[0] > page.shape[1] // 3 for reading in pupil.read(Image.open(file))] == [False, True]


@pytest.mark.parametrize("style", ["4-open", "5-gap-bar", "0-dotted", "1-bare", "7-barred", "0-gap"])
def test_one_symbol_has_the_guess_that_it_had(pupil, style):
    for seed in range(4):
        drawing = strokes.draw(style, 700 + seed, 280)
        (reading,) = pupil.read(drawing)
        guess = pupil.predict_one(drawing)
        assert reading.guess.label == guess.label and (reading.guess.responses == guess.responses).all()
        assert (reading.drawing == preprocessing.to_thumbnail(drawing)).all()


def test_a_blank_picture_has_no_symbols(pupil):
    assert pupil.read(np.zeros((280, 280), np.uint8)) == pupil.read(None) == []


def test_what_is_no_picture_is_refused(pupil):
    with pytest.raises(AgentError, match="expected a picture"):
        pupil.read("42")


def test_most_broken_digits_stay_one_symbol(pupil):
    styles = strokes.styles()[::5]
    counts = [
        len(pupil.read(handwriting.broken(strokes.draw(style, seed, 140), seed))) for seed, style in enumerate(styles)
    ]
    assert np.mean([count == 1 for count in counts]) >= 0.95, counts


@pytest.mark.slow
def test_strokes_that_break_off_and_circles_above_each_other_stay_one_symbol(pupil):
    styles = strokes.styles()[::2]
    drawings = [handwriting.broken(strokes.draw(style, seed, 280), seed) for seed, style in enumerate(styles)]
    drawings += [strokes.draw("8-circles-apart", seed, 280) for seed in range(20)]
    counts = [len(pupil.read(drawing)) for drawing in drawings]
    assert sum(count == 1 for count in counts) >= 0.98 * len(counts)
    novice = new("recall")
    assert sum(len(novice.segment(drawing)) == 1 for drawing in drawings) >= 0.98 * len(counts)


def test_touching_digits_are_cut(pupil):
    texts = {seed: f"{37 * seed % 100:02}" for seed in range(100, 160)}
    read = [text_of(pupil.read(handwriting.number(text, seed, touching=1)[0])) for seed, text in texts.items()]
    assert sum(len(text) == 2 for text in read) >= 58, read
    assert sum(text == right for text, right in zip(read, texts.values(), strict=True)) >= 53, read


def test_who_knows_nothing_parts_symbols_by_gaps_alone(novice):
    page, boxes, _ = handwriting.number("4207", seed=11, touching=0)
    readings = novice.read(page)
    assert len(readings) == 4 and all(reading.guess.unsure for reading in readings)


def test_lines_are_read_from_top_to_bottom(pupil):
    first, second = (handwriting.number(text, seed, touching=0)[0] for text, seed in (("123", 3), ("4567", 4)))
    width = max(first.shape[1], second.shape[1])
    page = np.concatenate([np.pad(each, ((0, 0), (0, width - each.shape[1]))) for each in (first, second)])
    assert lines_of(pupil.read(page)) == ["123", "4567"]


@pytest.mark.slow
def test_photos_of_sheets_are_read_line_by_line(pupil):
    lines = ["01234567", "89012345", "67890123"]
    n_right = 0
    for seed in (1, 2, 3):
        read = lines_of(pupil.read(handwriting.sheet(lines, seed)))
        assert [len(line) for line in read] == [8, 8, 8], seed
        n_right += sum(a == b for got, line in zip(read, lines, strict=True) for a, b in zip(got, line, strict=True))
    assert n_right >= 0.93 * 72


def test_dots_far_away_and_dashes_do_not_fail(pupil):
    page = np.zeros((100, 300), np.uint8)
    page[50:54, 20:280] = 255
    assert len(pupil.read(page)) == 1
    rng = np.random.default_rng(3)
    assert len(pupil.read((rng.uniform(size=(200, 300)) > 0.97).astype(np.uint8) * 255)) <= 250


def test_the_cheapest_cut_is_that_of_its_plain_twin():
    page = handwriting.number("36", 3, touching=1)[0]
    above, below = (np.empty(page.shape, np.float32) for _ in range(2))
    parts.seams(page, above, below)
    for row, column in ((0, 7), (page.shape[0] // 2, page.shape[1] // 2), (page.shape[0] - 1, 30)):
        path = np.empty(page.shape[0], np.int64)
        parts.seam_through(above, below, row, column, path)
        cost = above[row, column] + below[row, column] - page[row, column] / 255
        assert path[row] == column and np.abs(np.diff(path)).max() <= 1
        assert naive.seam_cost(page, row, column) == pytest.approx(cost, abs=1e-3)
        crossed = page[np.arange(len(path)), path].sum() / 255 + 0.02 * np.abs(np.diff(path)).sum()
        assert crossed == pytest.approx(cost, abs=1e-3)
