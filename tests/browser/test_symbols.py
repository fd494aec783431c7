"""Several symbols on the pad and in a photo, and who may draw: as a visitor finds it."""

import io

import handwriting
import numpy as np
import pytest
from PIL import Image

from agent.agents import new
from agent.datasets import digits
from agent.storage import serialization


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """The file of an agent that reads digits."""
    pupil = new("recall", name="Mia")
    pupil.learn_many(*digits.Selection({"mnist": 2000}).draw())
    return serialization.save(pupil, tmp_path_factory.mktemp("reader") / "mia.zip")


FOUR = ([(0.16, 0.25), (0.12, 0.5), (0.36, 0.52)], [(0.32, 0.22), (0.3, 0.5), (0.28, 0.78)])
TWO = ([(0.6, 0.34), (0.7, 0.24), (0.82, 0.3), (0.8, 0.44), (0.6, 0.76), (0.74, 0.75), (0.9, 0.76)],)


def write(visitor, *paths):
    """Write strokes on the pad: points as shares of its side."""
    visitor.page.evaluate("document.querySelector('#pad').scrollIntoView({block: 'center'})")
    box = visitor.page.locator("#pad").bounding_box()
    for path in paths:
        points = []
        for (x0, y0), (x1, y1) in zip(path[:-1], path[1:], strict=True):
            points += [(x0 + (x1 - x0) * t / 6, y0 + (y1 - y0) * t / 6) for t in range(6)]
        visitor._stroke([(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in [*points, path[-1]]])


def arrive(visit, look, reader):
    visitor = visit(look)
    visitor.tab("Share")
    visitor.load(reader)
    visitor.tab("Draw")
    return visitor


@pytest.mark.parametrize("look", ["desktop, light", "phone, light"])
def test_a_number_is_read_one_digit_corrected_and_the_other_confirmed(visit, reader, look):
    visitor = arrive(visit, look, reader)
    before = visitor.n_lessons
    write(visitor, *FOUR, *TWO)
    visitor.until("document.querySelectorAll('#symbols .symbol').length === 2")
    visitor.until_text("#guess", "It looks like")
    visitor.page.locator("#symbols .symbol b").nth(1).click()
    visitor.until("document.querySelectorAll('#symbols .symbol')[1].hasAttribute('aria-pressed')")
    visitor.press("#label-7")
    visitor.until_text("#status", "Learned: this is a 7")
    visitor.until_text("#status", "1 left")
    visitor.press("#right")
    visitor.until(f"document.querySelector('#chip').innerText.includes('{before + 2:,} lessons')")
    visitor.until_empty()
    assert visitor.page.locator("#symbols .symbol").count() == 0


def test_what_looks_like_two_is_one_symbol_for_who_says_so(visit, reader, tmp_path):
    visitor = arrive(visit, "phone, light", reader)
    before = visitor.n_lessons
    write(visitor, *FOUR, *TWO)
    visitor.until("document.querySelectorAll('#symbols .symbol').length === 2")
    write(visitor, [(0.06, 0.94), (0.3, 0.94)])  # a stroke may begin anywhere
    visitor.until_text("#guess", "It looks like")
    one = "#guess [data-do=one]"
    assert visitor.text(one) == "One symbol" and visitor.box(one)[3] >= 44
    visitor.press(one)
    visitor.page.locator("#symbols .symbol").first.wait_for(state="detached")
    write(visitor, [(0.1, 0.9), (0.4, 0.9)])  # and stays one
    assert visitor.page.locator("#symbols .symbol").count() == 0
    visitor.write("#own-label", "♥")
    visitor.press("#add")
    visitor.until_learned("♥")
    visitor.until_empty()
    assert visitor.n_lessons == before + 1
    write(visitor, *FOUR, *TWO)  # the next drawing may be several again
    visitor.until("document.querySelectorAll('#symbols .symbol').length === 2")
    handwriting.sheet(["42"], seed=2).save(tmp_path / "sheet.jpg")
    visitor.page.locator("#tools input[type=file]").first.set_input_files(tmp_path / "sheet.jpg")
    visitor.page.locator("#symbols .photo-sheet").wait_for()
    visitor.press(one)
    visitor.until_text("#status", "It is on the pad.")
    visitor.until_inked()
    visitor.press("#own-labels [data-label='♥']")
    visitor.until_text(".answer.learned", "2 lessons for ♥ so far")


def test_a_photo_of_a_sheet_is_corrected_and_taught(visit, reader, tmp_path):
    visitor = arrive(visit, "desktop, light", reader)
    before = visitor.n_lessons
    handwriting.sheet(["01234", "56789"], seed=4).save(tmp_path / "sheet.jpg")
    visitor.page.locator("#tools input[type=file]").first.set_input_files(tmp_path / "sheet.jpg")
    visitor.until("document.querySelectorAll('#symbols .symbol').length === 10")
    visitor.press("#symbols .symbol[data-number='9']")
    visitor.until("document.querySelectorAll('#symbols .symbol')[9].hasAttribute('aria-pressed')")
    visitor.press("#label-9")
    visitor.until_text("#status", "9 left")
    visitor.press("#symbols .teach-all")
    visitor.until(f"document.querySelector('#chip').innerText.includes('{before + 10:,} lessons')")


# ---------------------------------------------------------------- who draws


def ink(visitor):
    """Where there is ink on the pad, as the page shows it: (H, W) bool."""
    visitor.page.mouse.move(5, 5)
    shown = np.asarray(Image.open(io.BytesIO(visitor.page.locator("#pad").screenshot())).convert("L")) > 128
    return shown[20:-20, 20:-20]


def touch(visitor, kind, *points):
    box = visitor.page.locator("#pad").bounding_box()
    contacts = [
        {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"], "id": number} for number, x, y in points
    ]
    visitor._fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": contacts})


def test_a_palm_during_a_stroke_neither_erases_nor_draws(visit):
    visitor = visit("phone, light")
    touch(visitor, "touchStart", (0, 0.3, 0.2))
    for step in range(1, 6):
        touch(visitor, "touchMove", (0, 0.3, 0.2 + 0.05 * step))
    touch(visitor, "touchStart", (0, 0.3, 0.45), (1, 0.8, 0.8))
    for step in range(1, 7):
        touch(visitor, "touchMove", (0, 0.3, 0.45 + 0.05 * step), (1, 0.8 - 0.05 * step, 0.8))
    touch(visitor, "touchEnd")
    visitor.until_guessed()
    rows, columns = np.nonzero(ink(visitor))
    height, width = ink(visitor).shape
    assert np.ptp(rows) > 0.4 * height and np.ptp(columns) < 0.2 * width
    write(visitor, [(0.6, 0.3), (0.6, 0.6)])  # and the next stroke draws again
    assert np.ptp(np.nonzero(ink(visitor))[1]) > 0.2 * width


def test_a_pinch_draws_nothing(visit):
    visitor = visit("phone, light")
    touch(visitor, "touchStart", (0, 0.4, 0.5))
    touch(visitor, "touchStart", (0, 0.4, 0.5), (1, 0.6, 0.5))
    for step in range(1, 7):
        touch(visitor, "touchMove", (0, 0.4 - 0.05 * step, 0.5), (1, 0.6 + 0.05 * step, 0.5))
    touch(visitor, "touchEnd")
    visitor.page.evaluate("() => new Promise((done) => setTimeout(done, 300))")
    assert ink(visitor).sum() < 30
    write(visitor, [(0.6, 0.3), (0.6, 0.6)])
    visitor.until_guessed()


def test_the_right_mouse_button_draws_nothing(visit):
    visitor = visit()
    box = visitor.page.locator("#pad").bounding_box()
    visitor.page.mouse.move(box["x"] + 100, box["y"] + 100)
    visitor.page.mouse.down(button="right")
    for step in range(8):
        visitor.page.mouse.move(box["x"] + 100 + 20 * step, box["y"] + 100)
    visitor.page.mouse.up(button="right")
    visitor.page.evaluate("() => new Promise((done) => setTimeout(done, 300))")
    assert ink(visitor).sum() < 30
    write(visitor, [(0.6, 0.3), (0.6, 0.6)])
    visitor.until_guessed()
