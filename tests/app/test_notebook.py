"""Keys, the notebook and labels of one's own."""

from visitor import DESKTOP


def test_keys_do_what_the_buttons_do(visit):
    visitor = visit(**DESKTOP)
    page = visitor.page
    visitor.draw("6", 0)
    page.keyboard.press("6")
    visitor.read("#status", "Learned: this is a 6 (1 lesson of 6)")
    visitor.draw("6", 1)
    page.keyboard.press("Enter")
    visitor.read("#status", "Learned: this is a 6 (2 lessons of 6)")
    visitor.read("#share", "1 of the last 2")
    page.keyboard.press("Backspace")
    visitor.read("#status", "Forgotten: the last 6.")
    visitor.draw("6", 2)
    page.keyboard.press("Escape")
    visitor.read("#guess", "Draw a digit.")
    visitor.read("#chip", "1 lesson")


def test_a_lesson_is_relabelled_and_forgotten_from_the_notebook(visit):
    visitor = visit(**DESKTOP)
    page = visitor.page
    visitor.draw("1", 0)
    visitor.press("7")
    page.locator("#notebook .thumb").first.click()
    page.locator("#sheet [data-label='1']").click()
    visitor.read("#status", "Learned: that was a 1.")
    visitor.draw("1", 0)
    assert visitor.guess() == "1"
    page.locator("#notebook .thumb").first.click()
    page.locator("#sheet .forget").click()
    visitor.read("#status", "Forgotten: that 1.")
    visitor.read("#chip", "0 lessons")


def test_a_label_of_ones_own_is_text_whatever_it_says(visit):
    visitor = visit(**DESKTOP)
    page = visitor.page
    visitor.draw("0", 0)
    page.locator("#own-label input, #own-label textarea").first.fill("<b>`${1}")
    page.locator("#add").click()
    visitor.read("#status", "Learned: this is a <b>`${1}")
    visitor.draw("0", 0)
    assert visitor.guess() == "<b>`${1}"
    assert page.locator("#guess .big b").count() == 0
