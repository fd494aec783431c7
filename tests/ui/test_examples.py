"""Examples and pictures put on the pad."""

import numpy as np
import pytest
from PIL import Image

from agent.datasets import strokes
from agent.errors import AgentError
from agent.ui.pad import sketchpad


def test_there_are_two_examples_of_each_digit_and_each_lies_on_the_pad_as_it_was_drawn():
    assert [strokes.label_of(style) for style in sketchpad.example_styles()] == [
        label for label in "0123456789" for _ in "ab"
    ]
    for style in sketchpad.example_styles():
        drawn = strokes.draw(style, sketchpad.EXAMPLE_SEED, 280)
        assert (sketchpad.example(style) == drawn).all()
        with Image.open(sketchpad.value(drawn)["background"]) as placed:
            assert (np.asarray(placed) == drawn).all()


@pytest.mark.parametrize("style", [None, "7-unheard-of", ["0-plain"], 7])
def test_what_is_no_example_is_refused_with_a_sentence(style):
    with pytest.raises(AgentError, match="expected one of the 20 examples, got"):
        sketchpad.example(style)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_a_photo_of_ink_on_paper_comes_out_as_ink_in_the_middle(tmp_path, mode):
    page = np.full((3000, 2200), 240, np.uint8)
    page[600:1800, 900:1000] = 20
    Image.fromarray(page).convert(mode).save(tmp_path / "one.png")
    ink = sketchpad.read_photo(str(tmp_path / "one.png"))
    rows, columns = np.nonzero(ink > 128)
    assert np.ptp(rows) > 8 * np.ptp(columns)
    assert abs(rows.mean() - 140) < 20 and abs(columns.mean() - 140) < 20


def test_what_is_no_picture_a_blank_one_or_too_large_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    Image.new("L", (60, 40), 255).save(tmp_path / "blank.png")
    Image.new("1", (6000, 5000), 1).save(tmp_path / "large.png")
    cases = {"text": "can be read", "blank": "a blank one", "large": "at most 24,000,000 pixels, got 6000 x 5000"}
    for name, said in cases.items():
        with pytest.raises(AgentError, match=said):
            sketchpad.read_photo(str(tmp_path / f"{name}.png"))
    with pytest.raises(AgentError, match="got none"):
        sketchpad.read_photo(None)
