"""The walk of a first visit, on every kind of screen: draw, guess, correct, undo, reload, save, load."""

import pytest
from visitor import LOOKS

LONG = ("desktop, dark", "phone, light", "phone, dark")  # the challenge is met on a phone


@pytest.mark.parametrize("look", [pytest.param(look, marks=[pytest.mark.nightly] * (look in LONG)) for look in LOOKS])
def test_a_walk_from_the_first_four_to_the_loaded_file(visit, written, tmp_path, look):
    visitor = visit(look)
    dark = visitor.page.evaluate("document.body.classList.contains('dark')")
    assert dark == ("dark" in look)
    assert "Draw a 3, then press 3." in visitor.text("#guess")
    visitor.draw(written["4"][0])
    visitor.until_guessed("Not sure")
    visitor.press("#label-4")
    visitor.until_learned("4")
    assert "1 lesson for 4 so far" in visitor.text(".answer.learned")
    visitor.teach(written["0"][0], "0")
    visitor.draw(written["4"][1])
    visitor.until_guessed("4")
    assert "because it resembles this 4 you drew" in visitor.text("#guess")
    visitor.press("#right")
    visitor.until_learned("4")
    assert visitor.n_lessons == 3
    visitor.press("#undo")
    visitor.until_text("#status", "Undone: lesson “4”.")
    assert visitor.n_lessons == 2
    visitor.open()
    assert visitor.n_lessons == 2
    visitor.until("() => document.querySelectorAll('.thumb').length === 2")
    visitor.tab("Share")
    with visitor.page.expect_download() as download:
        visitor.press("#save")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "pupil.zip"
    visitor.press("#chip")
    visitor.press('.menu button[data-label="empty"]')
    visitor.until_text("#chip", "0 lessons")
    visitor.page.locator("#file-in input[type=file]").set_input_files(file)
    visitor.until_text("#share-status", "Loaded: Pupil, 2 lessons.")
    visitor.tab("Draw")
    visitor.draw(written["4"][1])
    visitor.until_guessed("4")


def test_why_shows_the_pixels_that_voted_the_mental_image_and_the_nearest_drawings(visit, written):
    visitor = visit("phone, dark")
    visitor.teach(written["4"][0], "4")
    visitor.teach(written["0"][0], "0")
    visitor.draw(written["4"][1])
    visitor.until_guessed("4")
    visitor.press("#why button.label-wrap")
    visitor.until_text("#why", "its idea of a 4")
    captions = visitor.page.locator("#why figcaption").all_inner_texts()
    assert captions == ["pixels that voted for it", "its idea of a 4", "the nearest 4 it remembers"]
    tops = [visitor.page.locator(f"#{name}").bounding_box()["y"] for name in ("paper", "bars", "why", "notebook")]
    assert tops == sorted(tops)


def test_two_visitors_never_meet(visit, written):
    one, other = visit(), visit("phone, light")
    one.teach(written["5"][0], "5")
    other.open()
    assert (one.n_lessons, other.n_lessons) == (1, 0)
    other.draw(written["5"][0])
    other.until_guessed("Not sure")
