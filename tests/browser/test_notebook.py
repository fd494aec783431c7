"""Keys, the notebook and labels of one's own."""


def test_keys_teach_confirm_undo_and_clear(visit, written):
    visitor = visit()
    keyboard = visitor.page.keyboard
    visitor.draw(written["7"][0])
    keyboard.press("7")
    visitor.until_learned("7")
    visitor.draw(written["7"][0])
    visitor.until_guessed("7")
    keyboard.press("Enter")
    visitor.until_text(".answer.learned", "2 lessons for 7 so far")
    keyboard.press("Backspace")
    visitor.until_text("#status", "Undone: lesson “7”.")
    keyboard.press("Shift+Backspace")
    visitor.until_text("#status", "Redone: lesson “7”.")
    visitor.until_text("#chip", "2 lessons")
    keyboard.press("Shift+Backspace")
    visitor.until_text("#status", "Nothing to redo.")
    keyboard.press("Backspace")
    visitor.until_text("#status", "Undone: lesson “7”.")
    visitor.until_inked()  # its drawing is back
    keyboard.press("Escape")
    visitor.draw(written["1"][0])
    visitor.until_guessed()
    keyboard.press("Escape")
    visitor.page.locator(".answer.idle").wait_for()
    visitor.until_empty()
    assert visitor.n_lessons == 1


def test_keys_in_a_text_field_are_text(visit):
    visitor = visit()
    visitor.page.locator("#own-label textarea").press_sequentially("4A")
    visitor.page.keyboard.press("Backspace")
    assert visitor.page.locator("#own-label textarea").input_value() == "4"
    assert visitor.n_lessons == 0


def test_a_blank_pad_teaches_nothing_and_says_so(visit):
    visitor = visit()
    assert visitor.page.locator("#right").is_disabled()
    visitor.press("#label-3")
    visitor.until_text("#status", "Draw something first.")
    for button in ("#undo", "#redo"):  # there is nothing to press for
        assert visitor.page.locator(button).get_attribute("aria-disabled") == "true"
        visitor.page.locator(button).click(force=True)
        visitor.page.locator(button).press("Enter")
    visitor.until_done()
    assert visitor.text("#status") == "Draw something first."
    visitor.page.keyboard.press("Backspace")
    visitor.until_text("#status", "Nothing to undo.")
    assert visitor.n_lessons == 0


def test_a_symbol_is_drawn_five_more_times_with_a_press_each_whatever_the_guess(visit, written):
    visitor = visit("phone, upright")
    for label in "170":
        visitor.teach(written[label][0], label)
    text, button = (visitor.page.locator(f"#guess {part}").bounding_box() for part in (".why", "[data-do=series]"))
    assert text["y"] + text["height"] <= button["y"], (text, button)
    visitor.press("#guess [data-do=series]")
    visitor.until_text("#status", "Draw another 0: 5 left.")
    for n_left in (4, 3, 2, 1):
        visitor.draw(written["1"][5 - n_left])  # it would guess something else
        visitor.until_text("#right", f"0 again ↵ {n_left + 1} left")
        visitor.page.locator("#right:enabled").wait_for()
        visitor.page.keyboard.press("Enter")
        visitor.until_text("#guess", f"Draw another 0: {n_left} left.")
    visitor.draw(written["1"][6])
    visitor.page.locator("#right:enabled").wait_for()
    visitor.press("#right")
    visitor.until_text(".answer.learned", "6 lessons for 0 so far")
    visitor.draw(written["7"][1])
    visitor.until_text("#right", "Yes, 7")


def test_a_label_of_ones_own_is_shown_as_text_whatever_it_says(visit, written):
    visitor = visit()
    visitor.draw(written["8"][0])
    visitor.page.locator("#own-label textarea").fill("<b>${1}")
    visitor.press("#add")
    visitor.until_learned("<b>${1}")
    assert visitor.text("#own-labels button b") == "<b>${1}"
    assert visitor.page.locator(".bars li").count() == 11
    visitor.draw(written["8"][0])
    visitor.until_guessed("<b>${1}")
    visitor.press("#own-labels button")
    visitor.until_text(".answer.learned", "2 lessons for <b>${1} so far")
    visitor.until_text("#own-labels button small", "2 lessons")
    assert visitor.page.locator("#own-labels button .ink").count() == 2


def test_a_lesson_in_the_notebook_can_be_relabelled_and_forgotten(visit, written):
    visitor = visit()
    visitor.teach(written["9"][0], "4")
    visitor.press(".thumb")
    visitor.until_text(".sheet", "Taught as a 4.")
    visitor.page.keyboard.press("9")
    visitor.until_text("#status", "Learned: that was a 9.")
    assert visitor.text(".thumb") == "9"
    visitor.press(".thumb")
    visitor.until_text(".sheet", "Taught as a 9.")
    visitor.page.keyboard.press("Escape")
    visitor.page.locator(".sheet").wait_for(state="detached")
    visitor.press(".thumb")
    visitor.press(".sheet .forget")
    visitor.until_text("#status", "Forgotten: that 9.")
    assert visitor.n_lessons == 0
