"""Undo as people mean it: strokes while there is ink, then whatever was done last, by name."""


def n_strokes(visitor):
    """How many strokes are on the pad."""
    return visitor.page.evaluate(
        """() => {
            let n = 0;
            for (let at = window.editor.command_manager.history; at.command?.name === "Draw"; at = at.previous) n += 1;
            return n;
        }"""
    )


def test_while_there_is_ink_the_button_takes_strokes_and_no_lesson(visit, written):
    visitor = visit("phone, upright")
    visitor.teach(written["1"][0], "1")
    visitor.draw(written["4"][0])
    n_drawn = n_strokes(visitor)
    assert n_drawn > 1
    visitor.until_text("#undo", "Undo: stroke")
    seen = visitor.seen
    visitor.press("#undo")
    visitor.until("(seen) => document.querySelector('#sees img').src !== seen", seen)
    assert n_strokes(visitor) == n_drawn - 1 and visitor.n_lessons == 1
    visitor.press("#redo")
    visitor.until("(seen) => document.querySelector('#sees img').src === seen", seen)
    for _ in range(n_drawn):
        visitor.press("#undo")
    visitor.until_text("#undo", "Undo: lesson “1”")
    visitor.until_empty()
    assert visitor.n_lessons == 1


def test_a_lesson_that_is_undone_puts_its_drawing_back_and_redone_takes_it(visit, written):
    visitor = visit()
    visitor.teach(written["7"][0], "7")
    seen = visitor.seen
    visitor.teach(written["0"][0], "0")
    for label in "07":
        visitor.page.keyboard.press("Control+z")
        visitor.until_text("#status", f"Undone: lesson “{label}”.")
        visitor.until_inked()
    visitor.until("(seen) => document.querySelector('#sees img').src === seen", seen)
    assert visitor.n_lessons == 0
    for label in "70":
        visitor.page.keyboard.press("Control+Shift+Z")
        visitor.until_text("#status", f"Redone: lesson “{label}”.")
    visitor.until_empty()
    assert visitor.n_lessons == 2
    visitor.press("#undo")
    visitor.until_text("#status", "Undone: lesson “0”.")
    visitor.until_inked()
    visitor.press("#label-8")  # it was an 8 after all
    visitor.until_learned("8")
    assert visitor.n_lessons == 2


def test_what_was_forgotten_comes_back_and_so_does_the_agent_before(visit, written):
    visitor = visit()
    visitor.teach(written["7"][0], "7")
    visitor.teach(written["0"][0], "0")
    visitor.press(".thumb >> nth=1")
    visitor.press(".sheet .forget")
    visitor.until_text("#status", "Forgotten: that 7.")
    visitor.until_text("#undo", "Undo: forgotten 7")
    visitor.open()
    visitor.press("#undo")
    visitor.until_text("#status", "Undone: forgotten 7.")
    visitor.until("() => document.querySelectorAll('.thumb b').length === 2")
    visitor.press("#chip")
    visitor.press('.menu button[data-label="sixty"]')
    visitor.until_text("#undo", "Undo: opening Pupil 2")
    visitor.press("#undo")
    visitor.until_text("#chip", "2 lessons")
    visitor.until_text("#redo", "Redo: opening Pupil 2")


def test_what_was_done_after_clearing_is_undone_before_it_and_its_name_is_read_whole(visit, written):
    visitor = visit()
    visitor.teach(written["7"][0], "7")
    visitor.draw(written["4"][0])
    visitor.press("#clear")
    visitor.until_text("#undo", "Undo: clearing")
    visitor.press(".thumb")
    visitor.press(".sheet .forget")
    visitor.until_text("#undo", "Undo: forgotten 7")
    assert visitor.page.evaluate("(({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight)(window.undo)")
    visitor.press("#undo")
    visitor.until_text("#status", "Undone: forgotten 7.")
    visitor.until_text("#undo", "Undo: lesson “7”")
    assert n_strokes(visitor) == 0 and visitor.n_lessons == 1


def test_undo_says_that_it_is_at_work_until_it_is_answered(visit, written):
    visitor = visit()
    visitor.teach(written["7"][0], "7")
    visitor.until_done()
    held = []
    visitor.page.route("**/queue/join*", lambda request: held.append(request))
    visitor.press("#undo")
    visitor.page.locator("#undo[aria-busy=true]").wait_for()
    bar = "getComputedStyle(document.querySelector('#undo'), '::after').backgroundColor"
    assert visitor.page.evaluate(bar) == "rgb(59, 91, 219)"
    visitor.page.unroute("**/queue/join*")  # and what was held goes on
    visitor.until_text("#status", "Undone: lesson “7”.")
    visitor.page.locator("#undo[aria-busy=false]").wait_for()


def test_an_example_is_taken_off_the_pad_before_any_lesson_is(visit, written):
    visitor = visit()
    visitor.teach(written["7"][0], "7")
    visitor.press("#no-pen .label-wrap")
    visitor.press(".examples button >> nth=4")
    visitor.until_inked()
    visitor.press("#undo")
    visitor.until_text("#status", "Undone: picture.")
    visitor.until_empty()
    assert visitor.n_lessons == 1


def test_clear_is_one_action_and_undo_brings_every_stroke_back(visit, written):
    visitor = visit("phone, upright")
    visitor.teach(written["1"][0], "1")
    visitor.draw(written["4"][0])
    n_drawn, seen = n_strokes(visitor), visitor.seen
    for _ in range(2):
        visitor.press("#clear")
        visitor.until_text("#undo", "Undo: clearing")
        visitor.until_text("#guess", "Draw a digit.")
        visitor.until_empty()
        visitor.press("#undo")
        visitor.until("(seen) => document.querySelector('#sees img').src === seen", seen)
        visitor.until_text("#undo", "Undo: stroke")
        assert n_strokes(visitor) == n_drawn and visitor.n_lessons == 1
    visitor.press("#redo")
    visitor.until_text("#undo", "Undo: clearing")
    visitor.until_empty()
    visitor.draw(written["0"][0])  # what was cleared is gone for good
    n_drawn = n_strokes(visitor)
    visitor.until_text("#undo", "Undo: stroke")
    for _ in range(n_drawn):
        visitor.press("#undo")
    visitor.until_text("#undo", "Undo: lesson “1”")
    visitor.until_empty()


def test_clear_takes_an_example_away_with_the_strokes_over_it(visit):
    visitor = visit()
    visitor.press("#no-pen .label-wrap")
    visitor.press(".examples button >> nth=4")
    visitor.until_inked()
    box = visitor.page.locator("#pad").bounding_box()
    visitor._stroke([(box["x"] + 60, box["y"] + share * box["height"]) for share in (0.3, 0.5, 0.7)])
    visitor.page.keyboard.press("Escape")
    visitor.until_empty()
    visitor.until_text("#undo", "Undo")
    assert n_strokes(visitor) == 0
