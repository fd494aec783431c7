"""The challenge in a real browser, with examples for drawings."""

import io
import urllib.request

from PIL import Image


def test_ten_drawings_make_a_card_to_download_and_the_own_agent_is_back(visit, written):
    visitor = visit("phone, light")
    visitor.teach(written["5"][0], "5")
    visitor.press("#challenge button.label-wrap")
    visitor.press("#ten button[data-do=begin]")
    visitor.until_text("#ten", "Drawing 1 of 10.")
    visitor.until_text("#chip", "Ten drawings · 0 lessons")
    visitor.until("() => document.querySelector('#pad').getBoundingClientRect().top >= 0")  # where one draws now
    visitor.press("#chip")
    assert visitor.page.locator(".menu > div > .own").count() == 0  # no name is asked for, of an agent not named here
    visitor.press("#chip")
    visitor.press("#no-pen button.label-wrap")
    for number, label in enumerate("0123456789", 1):
        visitor.press(f'#examples button[data-label^="{label}-"]')
        visitor.until_text("#status", "It is on the pad.")
        visitor.until_inked()
        visitor.press(f"#label-{label}")
        visitor.until_text(
            "#status",
            "right after ten drawings: your card is below." if number == 10 else f"Drawing {number + 1} of 10.",
        )
    visitor.page.locator("#ten img.result").wait_for()
    with urllib.request.urlopen(visitor.page.locator("#ten a").get_attribute("href")) as file:
        assert Image.open(io.BytesIO(file.read())).size == (1280, 720)
    with visitor.page.expect_download() as download:
        visitor.press("#ten a")
    assert download.value.suggested_filename == "pupil-ten-drawings.png"
    assert visitor.n_lessons == 1 and visitor.page.locator(".thumb.told").count() == 1
    assert visitor.page.locator(".menu > div > .own input").input_value() == "Pupil"
    visitor.press("#ten button[data-do=keep]")
    visitor.until_text("#chip", "Ten drawings · 10 lessons")
    visitor.press("#chip")
    visitor.until_text(".my-agents [data-do=open]", "Pupil 1 lesson · 5 · ")
