"""A browser in another language: the page, and what gradio says on it, keep the language of the page."""

import pytest
from visitor import ABROAD


@pytest.mark.parametrize(
    "look", [pytest.param(at, marks=[pytest.mark.nightly] * (at != "desktop, ar")) for at in ABROAD]
)
def test_strokes_are_drawn_guessed_taught_and_undone(visit, written, look):
    visitor = visit(look)
    visitor.teach(written["4"][0], "4")
    visitor.draw(written["4"][1])
    visitor.until_guessed("4")
    while not visitor.page.locator("#undo").is_disabled() and visitor.page.locator("body.stroke-undo").count():
        visitor.press("#undo")
    visitor.until_empty()
    visitor.press("#redo")
    visitor.until_inked()
    visitor.press("#clear")
    visitor.until_empty()
    assert visitor.n_lessons == 1
