"""The first ten seconds: what it is, the one thing to do, and how it may start; all of it on a phone's first screen."""

import pytest

IN_SIGHT = """(parts) => parts.filter((part) => {
    const box = document.querySelector(part).getBoundingClientRect();
    return box.top < 0 || box.left < 0 || box.bottom > innerHeight || box.right > innerWidth || !box.height;
})"""
DESK = ("#pad", "#guess", "#undo", "#clear", *(f"#label-{digit}" for digit in "0123456789"), "#right")


def test_a_first_visit_says_what_it_is_and_what_to_do_next(visit, written):
    visitor = visit()
    assert "Teach a small machine to read your handwriting." in visitor.text("#header")
    assert "Draw a 3, then press 3." in visitor.text("#guess")
    assert visitor.page.locator(".starts button").all_inner_texts()[2].startswith("Already reads digits")
    assert visitor.page.locator("#right").is_disabled()
    visitor.teach(written["3"][0], "3")
    assert "Now draw something else, such as a 7." in visitor.text("#guess")
    assert visitor.page.locator(".starts").count() == 0
    visitor.teach(written["7"][0], "7")
    assert "Now draw another 3" in visitor.text("#guess")
    visitor.draw(written["3"][0])
    visitor.until_guessed("3")
    visitor.until_text("#right", "Yes, 3")
    visitor.press("#right")
    visitor.until_text("#guess", "It was right: 3")


def test_one_press_before_the_first_lesson_starts_with_sixty_digits(visit, written):
    visitor = visit("phone, upright")
    visitor.press('.starts button[data-label="sixty"]')
    visitor.until_text("#chip", "60 lessons")
    visitor.until("""document.querySelector('.starts [aria-pressed="true"]')?.dataset.label === 'sixty'""")
    assert "Draw a digit" in visitor.text("#guess")
    visitor.draw(written["0"][1])
    visitor.until_guessed("0")
    visitor.press("#clear")
    visitor.page.locator(".starts").wait_for()  # until there is a lesson
    visitor.press('.starts button[data-label="empty"]')
    visitor.until_text("#chip", "0 lessons")


@pytest.mark.parametrize("look", ["phone, upright", "phone, across"])
def test_on_a_phone_the_pad_the_guess_and_all_digits_are_in_sight(visit, written, look):
    visitor = visit(look)
    top = visitor.box("#pad")[1] - 8 if look == "phone, across" else 0  # held across, the tabs may be scrolled away
    visitor.page.evaluate("(top) => scrollTo(0, top)", top)
    assert visitor.page.evaluate(IN_SIGHT, DESK) == []
    before = {part: visitor.box(part)[:2] for part in DESK}
    visitor.teach(written["3"][0], "3")
    visitor.draw(written["3"][1])
    visitor.until_guessed("3")
    assert {part: visitor.box(part)[:2] for part in DESK} == before
    pad, width = visitor.box("#pad"), visitor.page.viewport_size["width"]
    assert width - pad[0] - pad[2] >= 44  # a gutter to scroll by
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
