"""Looking inside the agent in a real browser."""

import re

from playwright.sync_api import TimeoutError as TooLong
from visitor import STROKE_MS

PICTURES = "document.querySelectorAll('#state .layers img')"
INNER = f"{PICTURES}[1].src"


def choose(visitor, kind, start_from, preset=None):
    """Start again with another kind, on purpose."""
    visitor.tab("Design")
    visitor.page.locator("#kind label", has_text=f"{kind}:").click()
    if preset:
        visitor.page.locator("#preset input").click()
        visitor.page.get_by_role("option", name=preset, exact=True).click()
    visitor.page.locator("#start-from label", has_text=start_from).click()
    visitor.press("#start")
    visitor.page.locator("#start-sure").click()
    visitor.until(f"document.querySelector('#chip').innerText.includes('{kind}')")


def turn_to(visitor, step):
    """Type the number of a state, again if the story was filled in anew meanwhile."""
    field = visitor.page.locator("#step input[type=number]")
    for _ in range(3):
        field.fill(str(step))
        field.press("Enter")
        try:
            visitor.until(
                "(text) => document.querySelector('#state').innerText.includes(text)", f"State {step} of", STROKE_MS
            )
            return
        except TooLong:
            continue
    raise AssertionError(f"expected state {step}, got {visitor.text('#state')[:40]!r} in three attempts.")


def last_state(visitor):
    """How many states the story has."""
    return int(re.search(r"State \d+ of (\d+)", visitor.text("#state"))[1])


def test_a_state_machine_settles_and_its_lessons_go_over_to_recall(visit, written):
    visitor = visit()
    choose(visitor, "State machine", "sixty handwritten digits", "reference design")
    visitor.tab("Draw")
    visitor.teach(written["7"][0], "7")
    visitor.draw(written["4"][0])
    visitor.tab("Inside")
    visitor.until_text("#looked", "reference design")
    visitor.until_text("#looked", "784 I, 784 Q, 4 Z")
    visitor.until_text("#state", "State ")
    inner = []
    for step in (1, 2, 3, last_state(visitor)):
        turn_to(visitor, step)
        inner.append(visitor.page.evaluate(INNER))
    assert len(set(inner)) > 2 and inner[0] != inner[1]
    assert last_state(visitor) == 11 or "Settled" in visitor.text("#state")  # its film ends where it settles
    assert visitor.page.locator("#state .bits button").count() == 4
    visitor.page.locator("#state img[data-grid]").click(position={"x": 60, "y": 90})
    visitor.until("!document.querySelector('#neuron h3').innerText.includes('406')")
    visitor.until_text("#neuron", "inputs it reads: 392")
    visitor.page.locator("#state .bits button").first.click()
    visitor.until_text("#neuron", "Output neuron 3")
    visitor.page.locator("#looked .thumb", has_text="7").click()
    visitor.until_text("#state", "State 1 of")
    turn_to(visitor, 2)
    visitor.until_text("#state", "It is taught")
    visitor.press("#play")
    visitor.until_text("#state", f"State {last_state(visitor)} of")
    visitor.until_text("#play", "Play")
    choose(visitor, "Quick memory", "the lessons of this agent")
    visitor.until_text("#chip", "61 lessons")
    visitor.tab("Inside")
    visitor.until_text("#looked", "locations written")
    visitor.until("!document.querySelector('#state')?.offsetParent")
    visitor.until("document.querySelectorAll('#images figure').length === 10")
    visitor.until_text("#votes", "300 nodes look at the drawing")
    visitor.page.locator("#votes img").click(position={"x": 100, "y": 120})
    visitor.until("document.querySelector('#node h3').innerText !== 'RAM node 0'")
    visitor.until_text("#node", "Location")
    before = visitor.text("#node h3")
    visitor.page.locator("#votes img").focus()
    for _ in range(3):
        visitor.page.keyboard.press("ArrowDown")
    visitor.until("(before) => document.querySelector('#node h3').innerText !== before", before)
    assert visitor.page.evaluate("document.activeElement.matches('#votes img')")
    visitor.page.locator("#draw-me button", has_text="7").click()
    visitor.until_text("#drawn", "a 7, from memory. It reads it as")
    assert not visitor.errors


def test_inside_of_a_newborn_says_what_to_do(visit):
    visitor = visit()
    visitor.tab("Inside")
    visitor.until_text("#looked", "Draw something, or teach it")
    visitor.until_text("#images", "Nothing yet")
    assert not visitor.errors
