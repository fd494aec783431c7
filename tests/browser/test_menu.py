"""The menu at the top: what an agent may start with."""


def test_a_first_visit_may_start_with_sixty_digits(visit, written):
    visitor = visit()
    visitor.press("#chip")
    visitor.press('.menu button[data-label="sixty"]')
    visitor.until_text("#chip", "60 lessons")
    visitor.until("!document.querySelector('.menu').open")
    visitor.until_text("#notebook", "Lessons per label")
    visitor.draw(written["0"][1])
    visitor.until_guessed("0")
    visitor.tab("Share")
    visitor.until_text("#back", "Back to Pupil, 0 lessons")


def test_escape_and_a_press_elsewhere_close_the_menu(visit):
    visitor = visit("phone, light")
    for close in (lambda: visitor.page.keyboard.press("Escape"), lambda: visitor.press("#notebook")):
        visitor.press("#chip")
        visitor.until("document.querySelector('.menu').open")
        close()
        visitor.until("!document.querySelector('.menu').open")
    assert visitor.n_lessons == 0
