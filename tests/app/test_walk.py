"""The walk of a first visit: draw, guess, correct, undo, reload, save, load."""

import pytest
from visitor import DESKTOP, PHONE

from agent import store


@pytest.mark.parametrize(
    "context", [DESKTOP, PHONE | {"color_scheme": "dark"}], ids=["desktop in light", "phone in the dark"]
)
def test_a_first_visit_from_the_first_stroke_to_the_file(visit, context, tmp_path):
    visitor = visit(**context)
    page = visitor.page
    visitor.draw("4", 0)
    assert visitor.guess() == "Not sure"
    visitor.press("4")
    visitor.draw("7", 0)
    visitor.press("7")
    visitor.draw("4", 1)
    assert visitor.guess() == "4"
    visitor.press("4")
    visitor.read("#chip", "3 lessons")
    assert page.locator("#notebook .thumb").count() == 3
    page.locator("#undo").click()
    visitor.read("#status", "Forgotten: the last 4.")
    visitor.read("#chip", "2 lessons")

    visitor.enter()
    visitor.read("#chip", "2 lessons")
    visitor.draw("7", 1)
    assert visitor.guess() == "7"

    visitor.tab("Keep")
    with page.expect_download() as download:
        page.locator("#save").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert [lesson.label for lesson in store.load(file).lessons.own()] == ["4", "7"]

    page.locator("#start").click()
    page.locator("#start-sure").click()
    visitor.read("#chip", "0 lessons")
    page.locator("#file-in input[type=file]").set_input_files(file)
    visitor.read("#chip", "2 lessons")
    visitor.tab("Draw")
    visitor.draw("4", 2)
    assert visitor.guess() == "4"


def test_a_damaged_file_is_refused_with_words_and_changes_nothing(visit, tmp_path):
    visitor = visit(**DESKTOP)
    visitor.draw("3", 0)
    visitor.press("3")
    visitor.tab("Keep")
    damaged = tmp_path / "agent.zip"
    damaged.write_bytes(b"PK\x03\x04 not an agent at all")
    visitor.page.locator("#file-in input[type=file]").set_input_files(damaged)
    visitor.read(".toast-body", "Expected")
    visitor.read("#chip", "1 lesson")


def test_one_visitors_agent_never_meets_anothers(visit):
    first, second = visit(**DESKTOP), visit(**DESKTOP)
    first.draw("2", 0)
    first.press("2")
    second.draw("2", 0)
    assert second.guess() == "Not sure"
    second.press("5")
    first.draw("2", 0)
    assert first.guess() == "2"
    assert first.page.locator("#notebook .thumb").count() == 1
