"""Teach and test in a real browser."""


def test_sixty_digits_are_taught_and_tested_and_a_mistake_is_corrected(visit):
    visitor = visit()
    visitor.tab("Teach")
    visitor.press("#teach-now")
    visitor.until_text("#course", "Learned 60 lessons")
    assert visitor.n_lessons == 60
    assert visitor.page.locator("#curve polyline").count() == 2
    visitor.choose("#test-n", "100")
    visitor.press("#test-now")
    visitor.until_text("#accuracy", "right of 100")
    right = float(visitor.text("#accuracy b").split()[0])
    assert right >= 85
    visitor.page.locator("#confusion svg").wait_for()
    n_mistakes = visitor.page.locator("button.missed").count()
    assert n_mistakes == round(100 - right)
    visitor.press("button.missed")
    visitor.page.locator(".thumb.corrected").wait_for()
    visitor.until_text("#news", "Learned: this is a")  # read aloud
    visitor.until_text("#chip", "61 lessons")
    assert visitor.page.locator("button.missed").count() == n_mistakes - 1


def test_lessons_are_studied_and_studying_can_be_stopped(visit):
    visitor = visit()
    visitor.tab("Teach")
    visitor.press("#study")
    visitor.page.get_by_text("lessons to study, got none").wait_for()
    visitor.page.locator("#study:enabled").wait_for()
    visitor.choose("#mnist", "6,000")
    visitor.press("#teach-now")
    visitor.until_text("#course", "Learned 6,000 lessons")
    visitor.page.locator("#study:enabled").wait_for()
    visitor.press_as_soon_as("#course", "Studying 6,000 lessons", "#teach-stop")
    visitor.press("#study")
    visitor.until_text("#course", "Stopped: nothing has changed.")
    visitor.page.locator("#study:enabled").wait_for()
    visitor.press("#study")
    visitor.until_text("#course", "Studied 6,000 lessons in")


def test_a_course_can_be_stopped_and_keeps_what_it_learned(visit):
    visitor = visit()
    visitor.tab("Teach")
    visitor.choose("#mnist", "all 60,000")
    visitor.press("#teach-now")
    visitor.until("/^[1-9][\\d,]* of 60,000/m.test(document.querySelector('#course').innerText)")
    visitor.press("#teach-stop")
    visitor.until_text("#course", "Stopped after")
    done = int(visitor.text("#course").split("after ")[1].split(" of")[0].replace(",", ""))
    assert 0 < done < 60_000
    assert visitor.n_lessons == done
    visitor.page.locator("#teach-now:enabled").wait_for()


def test_a_test_can_be_stopped(visit):
    visitor = visit()
    visitor.tab("Teach")
    visitor.press("#teach-now")
    visitor.until_text("#course", "Learned 60 lessons")
    visitor.choose("#test-n", "10,000")
    visitor.press("#test-now")
    visitor.until_text("#accuracy", "of 10,000 asked")
    visitor.press("#test-stop")
    visitor.until_text("#accuracy", "Stopped after")


def test_fonts_and_the_notebook_can_be_taught(visit, written):
    visitor = visit()
    visitor.teach(written["3"][0], "3")
    visitor.tab("Teach")
    visitor.until_text("#notebook-set", "1 drawing")
    visitor.choose("#mnist", "none")
    visitor.press("#teach-now")
    visitor.page.get_by_text("Choose something to teach first").wait_for()
    visitor.choose("#fonts", "Anton")
    visitor.choose("#notebook-set", "My notebook")
    visitor.press("#teach-now")
    visitor.until_text("#course", "Learned 11 lessons")
    assert visitor.n_lessons == 12
