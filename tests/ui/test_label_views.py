"""Labels of one's own as cards."""

import re

import numpy as np

from agent.agents import new
from agent.ui.parts import notebook


def line(n):
    drawing = np.zeros((28, 28), np.uint8)
    drawing[4:24, 4 + 2 * n : 6 + 2 * n] = 255
    return drawing


def test_each_label_of_ones_own_has_a_card_with_its_count_and_its_last_drawings():
    pupil = new("nearest")
    pupil.learn_one(line(0), "7")
    for n in range(5):
        pupil.learn_one(line(n + 1), "snail")
    pupil.learn_one(line(6), "<b>")
    cards = notebook.label_cards(pupil)
    assert re.findall(r"<b>(.*?)</b>", cards) == ["&lt;b&gt;", "snail"]
    assert re.findall(r"<small[^>]*>(.*?)</small>", cards) == ["1 lesson", "5 lessons"]
    assert cards.count("<img") == 3 + 1
    pupil.forget_one(line(6), "<b>")
    assert re.findall(r"<b>(.*?)</b>", notebook.label_cards(pupil)) == ["snail"]


def test_digits_have_no_cards_but_their_buttons_show_their_last_drawings():
    pupil = new("nearest")
    pupil.learn_one(line(0), "7")
    assert re.fullmatch(
        r'<style>#label-7\{--samples:url\("data:image/png;base64,[\w+/=]+"\)\}</style>', notebook.label_cards(pupil)
    )
