"""The menu at the top: the visitor's agents, and what a new one may start with."""

import re

from sharing import taught

from agent.storage import serialization

BUSY = "() => document.querySelector('#chip').classList.contains('busy')"


def test_a_first_visit_may_start_with_sixty_digits(visit, written):
    visitor = visit()
    visitor.press("#chip")
    visitor.press('.menu button[data-label="sixty"]')
    visitor.until_text("#chip", "60 lessons")
    visitor.until("!document.querySelector('.menu').open")
    visitor.until_text("#notebook", "Lessons per label")
    visitor.draw(written["0"][1])
    visitor.until_guessed("0")
    visitor.press("#chip")
    assert visitor.page.locator(".my-agents li").count() == 0  # the one before had learned nothing


def test_escape_and_a_press_elsewhere_close_the_menu(visit):
    visitor = visit("phone, light")
    for close in (lambda: visitor.page.keyboard.press("Escape"), lambda: visitor.press("#notebook")):
        visitor.press("#chip")
        visitor.until("document.querySelector('.menu').open")
        close()
        visitor.until("!document.querySelector('.menu').open")
    assert visitor.n_lessons == 0


def test_no_agent_is_lost_and_each_is_opened_compared_renamed_and_removed(visit, written, tmp_path):
    visitor = visit("phone, upright")
    visitor.teach(written["4"][0], "4")
    visitor.press("#chip")
    visitor.page.locator(".menu input").fill("Fours")
    visitor.page.keyboard.press("Enter")
    visitor.until_text("#chip", "Fours · 1 lesson")
    visitor.draw(written["4"][0])
    visitor.until_guessed("4")
    visitor.press("#chip")
    visitor.press('.menu button[data-label="sixty"]')
    visitor.until_text("#chip", "60 lessons")
    visitor.tab("Share")
    visitor.load(serialization.save(taught(written, "04", "Ben"), tmp_path / "ben.zip"))
    visitor.tab("Draw")
    visitor.until_text("#chip", "Ben · 2 lessons")
    visitor.until_guessed("4")  # the drawing is still there, and is guessed anew
    visitor.press("#chip")
    lines = visitor.page.locator(".my-agents [data-do=open]")

    def names():
        """The agents in the menu, each with what it knows, without the time it began."""
        return [re.split(r" · [A-Z]", each)[0] for each in lines.all_inner_texts()]

    assert names() == ["Pupil 60 lessons · 0–9", "Fours 1 lesson · 4"]
    assert all(
        re.search(r" · [A-Z]\w\w \d+, 20\d\d, \d+:\d\d", each) for each in lines.all_inner_texts()
    )  # when it began
    visitor.press('.my-agents li:has-text("Fours") .rename summary')
    visitor.page.locator('.my-agents li:has-text("Fours") .rename input').fill("Only fours")
    visitor.page.keyboard.press("Enter")
    visitor.until_text("#status", "Renamed: Only fours.")
    visitor.press("#chip")
    assert names() == ["Pupil 60 lessons · 0–9", "Only fours 1 lesson · 4"]
    assert visitor.page.locator(".my-agents .rename[open]").count() == 0
    visitor.press('.my-agents li:has-text("fours") [data-do=beside]')
    visitor.until_text("#guest", "Only fours says 4")
    visitor.press("#chip")
    visitor.press('.my-agents li:has-text("Pupil") [data-do=remove]')
    visitor.until_text("#status", "Removed: Pupil.")
    visitor.press("#chip")
    assert names() == ["Only fours 1 lesson · 4"]
    visitor.press('.my-agents [data-do=open]:has-text("fours")')
    visitor.until_text("#chip", "Only fours · 1 lesson")
    visitor.until("document.querySelectorAll('#notebook .thumb').length === 1")
    assert visitor.page.locator("#guest b").count() == 0


def test_the_browser_keeps_agents_that_the_server_has_forgotten(visit, written):
    visitor = visit()
    visitor.teach(written["4"][0], "4")
    visitor.until_done()
    visitor.press("#chip")
    visitor.press('.menu button[data-label="sixty"]')
    visitor.until_text("#chip", "60 lessons")
    visitor.until("localStorage.getItem('pupil-agents')?.includes('1 lesson')")
    visitor.page.evaluate("localStorage.setItem('pupil-desk-id', 'A'.repeat(22))")  # of no session that there is
    visitor.open()
    visitor.until_text("#chip", "60 lessons")
    visitor.until(f"() => !({BUSY})()")
    visitor.press("#chip")
    visitor.press("#kept-agents [data-dropped]")
    visitor.until("!localStorage.getItem('pupil-agents')?.includes('1 lesson')")
    visitor.press("#kept-agents button:has-text('Bring back')")
    visitor.press("#kept-agents .rename summary")
    visitor.page.locator("#kept-agents .rename input").fill('My "four"')
    visitor.press("#kept-agents .rename button")
    visitor.press("""#kept-agents button:has-text('My "four" 1 lesson · 4 · ')""")
    visitor.until_text("#chip", 'My "four" · 1 lesson')
    visitor.until("document.querySelectorAll('#notebook .thumb').length === 1")
    visitor.until(f"() => !({BUSY})()")
    visitor.press("#chip")
    assert visitor.text(".my-agents [data-do=open]").startswith(
        "Pupil 2 60 lessons"
    )  # told from the first by its number
    assert visitor.page.locator("#kept-agents li").count() == 0  # it is the one in use


def test_while_an_agent_is_made_the_answers_are_locked(visit, written):
    visitor = visit()
    visitor.draw(written["4"][0])
    visitor.until_guessed()
    visitor.page.evaluate("""() => new MutationObserver(() => {
        const chip = document.querySelector('#chip.busy');
        if (!chip || window.locked) return;
        window.locked = getComputedStyle(document.querySelector('#label-4')).pointerEvents;
        document.dispatchEvent(new KeyboardEvent('keydown', {key: '4'}));
    }).observe(document.querySelector('#header'), {childList: true, subtree: true})""")
    visitor.press("#chip")
    visitor.press('.menu button[data-label="everyday"]')
    visitor.until_text("#chip", "20,200 lessons")
    visitor.until("window.locked === 'none'")
    visitor.until(f"() => !({BUSY})()")
    assert visitor.page.locator("#notebook .thumb").count() == 0


def test_an_agent_that_is_made_can_be_stopped_wherever_one_looks(visit, written):
    visitor = visit("phone, upright")
    visitor.teach(written["4"][0], "4")
    visitor.tab("Share")
    visitor.press("#chip")
    visitor.press('.menu button[data-label="mnist"]')
    visitor.press(".top .halt")
    visitor.until_text("#chip", "1 lesson")
    visitor.until(f"() => !({BUSY})()")
    assert visitor.page.locator(".halt").count() == 0
    visitor.tab("Draw")
    visitor.until_text("#status", "Stopped. The agent you had is still here.")


def test_the_menu_stays_open_with_what_is_written_while_an_agent_is_on_its_way(visit, written):
    visitor = visit()
    visitor.press("#chip")
    visitor.press('.menu button[data-label="mnist"]')  # the last test: once it was made to its end, it is there at once
    visitor.until(BUSY)
    visitor.press("#chip")
    field = visitor.page.locator(".menu input").first
    field.fill("Mia")
    visitor.until_text("#chip", "60,000 lessons")
    visitor.until("document.querySelector('.menu').open")
    assert field.input_value() == "Mia"
    visitor.page.keyboard.press("Enter")  # the cursor is still there
    visitor.until_text("#chip", "Mia · 60,000 lessons")
    visitor.until("!document.querySelector('.menu').open")


def test_the_menu_lies_over_everything_and_an_agent_is_one_line_of_it(visit, written):
    visitor = visit()
    visitor.teach(written["4"][0], "4")
    visitor.tab("Design")
    visitor.choose("#start-from", "sixty handwritten digits")
    visitor.until_done()
    visitor.press("#start")
    visitor.press("#start-sure")
    visitor.until_text("#chip", "60 lessons")
    visitor.tab("Share")
    visitor.press("#chip")
    tops = [each.bounding_box()["y"] for each in visitor.page.locator(".my-agents li > *").all()]
    assert len(tops) == 4 and len(set(tops)) == 1
    shining = """() => {
        const menu = document.querySelector(".menu > div"), inside = menu.getBoundingClientRect();
        return [...document.querySelectorAll("#token span")].map((each) => each.getBoundingClientRect())
            .filter((box) => box.width && box.right > inside.left + 4 && box.bottom < inside.bottom)
            .map((box) => menu.contains(document.elementFromPoint(box.right - 2, box.top + 4)));
    }"""
    assert set(visitor.page.evaluate(shining)) == {True}
