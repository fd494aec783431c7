"""For people who do not see the page, or have no pointer."""

import re

import numpy as np
import pytest
from PIL import Image
from sharing import taught
from visitor import LOOKS, violations

from agent.storage import serialization

TABS = ("Draw", "Teach", "Inside", "Share", "Numbers", "Frames", "Compare", "Design", "Overview")


def looks(short):
    """Every look, all but one of them left to those tests that take long."""
    return [pytest.param(look, marks=[pytest.mark.nightly] * (look != short)) for look in LOOKS]


@pytest.mark.parametrize("look", looks("phone, dark"))
def test_axe_finds_nothing_wrong_on_any_tab(visit, written, look):
    visitor = visit(look)
    assert violations(visitor.page) == {}
    visitor.teach(written["4"][0], "4")
    visitor.draw(written["4"][1])
    visitor.until_guessed("4")
    for name in TABS:
        if name != "Draw":
            visitor.tab(name)
        assert violations(visitor.page) == {}, name


@pytest.mark.parametrize("look", looks("desktop, light"))
def test_axe_finds_nothing_wrong_in_what_opens(visit, written, look):
    visitor = visit(look)
    visitor.teach(written["4"][0], "4")
    for part in ("#no-pen", "#challenge", "#why"):
        visitor.press(f"{part} button.label-wrap")
    visitor.press(".help summary")
    assert violations(visitor.page) == {}, "help"
    visitor.press("#chip")
    assert violations(visitor.page) == {}, "menu"
    visitor.page.keyboard.press("Escape")
    visitor.press(".thumb.told")
    visitor.page.locator(".sheet").wait_for()
    assert violations(visitor.page) == {}, "sheet"


@pytest.mark.parametrize("look", looks("phone, light"))
def test_axe_finds_nothing_wrong_where_something_was_done(visit, look):
    visitor = visit(look)
    visitor.tab("Teach")
    visitor.press("#teach-now")
    visitor.until_text("#course", "Learned 60 lessons")
    visitor.press("#test-now")
    visitor.until_text("#accuracy", "right of")
    assert violations(visitor.page) == {}, "Teach"
    visitor.tab("Inside")
    visitor.press("#draw-me button")
    visitor.until_text("#drawn", "from memory")
    assert violations(visitor.page) == {}, "Inside"
    visitor.tab("Numbers")
    visitor.press("#numbers-learn")
    visitor.until_text("#numbers-bar", "steps of")
    visitor.page.locator("#numbers-learn:enabled").wait_for()
    assert violations(visitor.page) == {}, "Numbers"
    visitor.tab("Frames")
    visitor.press("#frames-step")
    visitor.page.locator("#frames-live .pair img").first.wait_for()
    assert violations(visitor.page) == {}, "Frames"


def test_arrows_move_between_tabs(visit):
    visitor = visit()
    tabs = visitor.page.locator("#tabs [role=tablist] [role=tab]")
    names = tabs.all_inner_texts()
    tabs.first.focus()
    for key, name in (("ArrowRight", names[1]), ("End", names[-1]), ("ArrowRight", names[0]), ("ArrowLeft", names[-1])):
        visitor.page.keyboard.press(key)
        visitor.until("(name) => document.querySelector('#tabs [role=tab].selected').innerText === name", name)
        assert visitor.page.evaluate("document.activeElement.innerText") == name
    visitor.page.keyboard.press("Home")
    visitor.until_text("#tabs [role=tab].selected", names[0])


def test_everything_is_done_by_keys_alone(visit):
    visitor = visit()
    keyboard = visitor.page.keyboard

    def until_focused(selector, text="", key="Tab"):
        for _ in range(60):
            keyboard.press(key)
            if visitor.page.evaluate(
                "([at, text]) => document.activeElement?.closest(at)?.innerText.includes(text) ?? false",
                [selector, text],
            ):
                return
        raise AssertionError(f"expected the focus to reach {selector} {text} with {key}, it did not.")

    def open_tab(name):
        until_focused("[role=tab]", name, "Shift+Tab")
        keyboard.press("Enter")

    def draw_a_line():
        for _ in range(2):
            keyboard.press("Shift+ArrowUp")
        keyboard.press(" ")
        for _ in range(4):
            keyboard.press("Shift+ArrowDown")
        keyboard.press(" ")
        visitor.until_guessed()
        assert visitor.page.locator("#symbols .symbol").count() == 0  # a line, not two dots

    def place_of_pen():
        return visitor.page.evaluate(
            "[document.querySelector('#pen i').style.left, document.querySelector('#pen i').style.top]"
        )

    until_focused("#pen")
    middle = place_of_pen()
    draw_a_line()
    assert place_of_pen() != middle
    keyboard.press("1")
    visitor.until_learned("1")
    visitor.until_empty()
    assert place_of_pen() == middle
    draw_a_line()
    visitor.until_guessed("1")
    keyboard.press("Enter")
    visitor.until_text(".answer.learned", "2 lessons for 1 so far")
    keyboard.press("Backspace")
    visitor.until_text("#status", "Undone: lesson “1”.")
    keyboard.press("Shift+Backspace")
    visitor.until_text("#status", "Redone: lesson “1”.")
    open_tab("Teach")
    visitor.until_text("#notebook-set", "1 drawing")  # the same line twice
    until_focused("#teach-now")
    keyboard.press("Enter")
    visitor.until_text("#course", "Learned 60 lessons")
    open_tab("Share")
    visitor.until_text("#share-status", "62 lessons")
    until_focused("#save")
    with visitor.page.expect_download() as download:
        keyboard.press("Enter")
    assert download.value.suggested_filename == "pupil.zip"
    open_tab("Draw")
    until_focused("#pen")


def test_an_example_and_a_picture_are_put_on_the_pad(visit, tmp_path, written):
    visitor = visit("phone, light")
    visitor.press("#no-pen button.label-wrap")
    visitor.press('#examples button[data-label="0-plain"]')
    visitor.until_text("#status", "It is on the pad. Say what it is")
    visitor.until_guessed("Not sure")
    visitor.press("#label-0")
    visitor.until_learned("0")
    visitor.press('#examples button[data-label="0-plain"]')
    visitor.until_guessed("0")
    photo = tmp_path / "four.png"
    paper = np.full((900, 700), 235, np.uint8)  # dark ink on paper, as a camera sees it
    paper[200:760, 100:660] -= np.repeat(np.repeat(written["4"][0], 20, axis=0), 20, axis=1) // 255 * 200
    Image.fromarray(paper).save(photo)
    seen = visitor.seen
    visitor.page.locator("#tools input[type=file]").set_input_files(photo)
    visitor.until("(seen) => document.querySelector('#sees img').src !== seen", seen)
    visitor.press("#label-4")
    visitor.until_learned("4")
    assert visitor.page.locator(".thumb.told").count() == 2


def test_results_are_read_aloud_politely_and_once(visit, written, tmp_path):
    visitor = visit()
    visitor.page.evaluate("""() => {
        window.heard = [];
        const news = document.querySelector("#news");
        new MutationObserver(() => window.heard.push(news.textContent)).observe(news, { childList: true });
    }""")
    assert visitor.page.locator("#news").get_attribute("aria-live") == "polite" and visitor.text("#news") == ""
    visitor.tab("Teach")
    visitor.press("#teach-now")
    visitor.until_text("#news", "Learned 60 lessons")
    visitor.page.locator("#test-now:enabled").wait_for()
    visitor.choose("#test-n", "100")
    visitor.press("#test-now")
    visitor.until_text("#news", "right of 100")
    visitor.tab("Inside")
    visitor.press('#draw-me [data-label="7"]')
    visitor.until_text("#news", "a 7, from memory. It reads it as")
    visitor.tab("Share")
    path = serialization.save(taught(written, "17", "Ben"), tmp_path / "ben.zip")
    visitor.load(path)
    visitor.until_text("#news", "Loaded: Ben, 2 lessons.")
    visitor.load(path)  # the same once more is told once more
    visitor.until("window.heard.length > 4")
    heard = visitor.page.evaluate("window.heard")
    assert [each.split()[0] for each in heard] == ["Learned", heard[1].split()[0], "a", "Loaded:", "Loaded:"], heard
    assert re.match(r"[\d.]+ % right of 100", heard[1]), heard


def test_the_focus_is_seen_and_is_never_thrown_to_the_top(visit):
    visitor = visit()
    keyboard = visitor.page.keyboard

    def stand_on(selector):
        for _ in range(60):
            keyboard.press("Tab")
            if visitor.page.evaluate("at => document.activeElement.matches(at)", selector):
                return
        raise AssertionError(f"expected the focus to reach {selector}, it did not.")

    stand_on("#pen")
    hint = visitor.page.evaluate("getComputedStyle(document.querySelector('#pen'), '::after').content")
    assert "Space puts it down" in hint
    keyboard.press("Space")
    keyboard.press("Shift+ArrowDown")
    keyboard.press("1")
    visitor.until_learned("1")
    stand_on("#own-label textarea")
    assert visitor.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    stand_on(".thumb")
    keyboard.press("Enter")
    visitor.page.wait_for_function("document.activeElement.matches('.sheet .close')")
    keyboard.press("Shift+Tab")
    assert visitor.page.evaluate("document.activeElement.matches('.sheet .forget')")
    keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.matches('.sheet .close')")
    keyboard.press("Escape")
    visitor.page.wait_for_function("document.activeElement.matches('.thumb')")


def test_the_focus_goes_on_where_what_is_pressed_goes_away(visit, written):
    visitor = visit()
    keyboard = visitor.page.keyboard

    def press(selector, then):
        visitor.page.locator(selector).first.focus()
        keyboard.press("Enter")
        visitor.until("(at) => document.activeElement.matches(at)", then)

    visitor.teach(written["4"][0], "4")
    press("#chip", "#chip")
    press(".menu [data-do=start]", "#chip")
    visitor.until_text("#chip", "0 lessons")
    press("#challenge .label-wrap", "#challenge .label-wrap")
    press("#ten [data-do=begin]", "#pen")
    visitor.until("document.querySelector('#ten [data-do=stop]')")
    visitor.tab("Frames")
    press("#frames-play", "#frames-pause")
    press("#frames-pause", "#frames-play")


def test_keys_skip_to_the_pad_and_do_nothing_to_it_from_elsewhere(visit, written):
    visitor = visit()
    keyboard = visitor.page.keyboard
    visitor.draw(written["4"][0])
    visitor.until_text("#undo", "Undo: stroke")
    visitor.page.locator("#otherwise button").first.focus()
    for key in ("Escape", "Backspace"):
        keyboard.press(key)
    visitor.until_done()
    assert "Undo: stroke" in visitor.text("#undo")
    visitor.tab("Teach")
    visitor.page.evaluate("document.activeElement.blur()")
    visitor.page.locator(".skip").focus()
    keyboard.press("Enter")
    visitor.until("document.activeElement.matches('#pen')")
    keyboard.press("Escape")
    visitor.until_text("#undo", "Undo: clearing")
    visitor.page.locator("[data-theme]").focus()
    keyboard.press("Enter")
    visitor.until_text("#news", "dark now")


@pytest.mark.parametrize("look", looks("phone, light"))
def test_what_is_said_of_an_action_is_in_sight_in_its_place_or_at_the_foot(visit, written, look):
    visitor = visit(look)
    visitor.teach(written["4"][0], "4")
    assert not visitor.page.locator("#foot").is_visible()
    visitor.press("#notebook .thumb")
    visitor.press(".sheet .forget")
    place = "document.querySelector('#status .status')"
    is_in_sight = visitor.page.evaluate(f"{place}.getBoundingClientRect().top > 0")
    assert is_in_sight == look.startswith("desktop")
    said = place if is_in_sight else "document.querySelector('#foot.there')"
    visitor.until(f"{said}?.innerText.includes('Forgotten')")
    visitor.until("!document.querySelector('#foot.there')")


def test_arrows_go_through_all_options_of_a_choice(visit):
    visitor = visit()
    visitor.tab("Teach")
    chosen = "document.activeElement.type === 'radio' && document.activeElement.checked && document.activeElement.value"
    visitor.page.locator("input[type=radio][value='60']").first.focus()
    for value in ("600", "6000", "60000"):
        visitor.page.keyboard.press("ArrowRight")
        visitor.until(f"{chosen} === '{value}'")
        visitor.until_done()  # gradio names the options anew
