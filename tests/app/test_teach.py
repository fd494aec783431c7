"""Teach and Test: sixty digits, a curve, a stop, an accuracy, mistakes to correct."""

from visitor import DESKTOP


def test_sixty_digits_are_taught_and_tested_and_a_mistake_is_corrected(visit):
    visitor = visit(**DESKTOP)
    page = visitor.page
    visitor.tab("Teach")
    page.locator("#mnist").get_by_text("60", exact=True).click()
    page.locator("#teach-now").click()
    visitor.read("#course", "Learned 60 lessons")
    visitor.read("#chip", "60 lessons")
    page.locator("#test-n").get_by_text("100", exact=True).click()
    page.locator("#test-now").click()
    visitor.read("#accuracy", "of 100")
    share = float(page.locator("#accuracy").inner_text().split("%")[0].strip().replace("\u202f", ""))
    assert 80 <= share <= 100
    mistakes = page.locator("#mistakes button")
    if mistakes.count():
        mistakes.first.click()
        visitor.read("#chip", "61 lessons")


def test_a_long_course_is_stopped_and_what_was_learned_stays(visit):
    visitor = visit(**DESKTOP)
    page = visitor.page
    visitor.tab("Teach")
    page.locator("#mnist").get_by_text("all 60,000", exact=True).click()
    page.locator("#teach-now").click()
    page.locator("#curve circle, #curve path").first.wait_for()
    page.locator("#teach-stop").click()
    visitor.read("#course", "Stopped after")
    taught = page.locator("#course").inner_text().split("Stopped after ")[1].split(" ")[0]
    visitor.read("#chip", f"{taught} lessons")
