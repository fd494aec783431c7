"""What one sees keeps its place, and what one presses is large enough."""

import pytest

MOST_SHIFT = 0.02  # of the layout, as browsers measure it: the share of the page that moves, times how far
WATCH_SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((each) => each.value)))
    .observe({ type: "layout-shift", buffered: true });"""
FETCHED_FONTS = "performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.woff2')).length"
LOADED_FONTS = "[...document.fonts].filter(({ status }) => status === 'loaded').map(({ family }) => family)"


def test_nothing_moves_while_the_page_loads(visit):
    for look, path in (("desktop, light", ""), ("phone, upright", "de")):
        visitor = visit(look, prepare=lambda context: context.add_init_script(WATCH_SHIFTS), path=path)
        visitor.until_done()
        visitor.until_still()
        assert sum(visitor.page.evaluate("window.shifts")) <= MOST_SHIFT, look
        assert visitor.page.evaluate(FETCHED_FONTS) == 0  # they come with the page itself
        assert any("Pupil Sans" in family for family in visitor.page.evaluate(LOADED_FONTS))


@pytest.mark.parametrize("look", [pytest.param("desktop, light", marks=pytest.mark.nightly), "phone, light"])
def test_nothing_moves_while_one_draws_and_teaches(visit, written, look):
    visitor = visit(look)
    parts = ("#pad", "#guess", "#bars", "#label-0", "#right", "#add", "#notebook")

    def places():
        return {part: visitor.box(part)[:2] for part in parts}

    before = places()
    visitor.draw(written["2"][0])
    visitor.until_guessed("Not sure")
    assert places() == before
    visitor.press("#label-2")
    visitor.until_learned("2")
    assert places() == before
    visitor.draw(written["2"][0])
    visitor.until_guessed("2")
    assert places() == before


def test_everything_one_can_press_on_a_phone_is_44_pixels_large(visit, written):
    visitor = visit("phone, light")
    visitor.teach(written["6"][0], "6")
    visitor.press(".thumb")
    visitor.page.locator(".sheet").wait_for()
    for name in ("Draw", "Teach", "Share", "Compare"):
        if name != "Draw":
            visitor.page.keyboard.press("Escape")
            visitor.tab(name)
        visitor.until_still()
        small = visitor.page.evaluate(
            """() => [...document.querySelectorAll('.contain button, .contain summary, .contain label:has(> input)')]
                .filter((it) => it.checkVisibility({visibilityProperty: true}) && !it.closest('.visually-hidden'))
                .map((it) => [it.innerText || it.id, it.getBoundingClientRect()])
                .filter(([, box]) => box.width > 0 && (box.height < 44 || box.width < 40))
                .map(([name, box]) => [name, box.width, box.height])"""
        )
        assert small == [], name
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_tap_leaves_no_hover_behind_and_a_pointer_shows_one(visit):
    for look, changes in (("phone, light", False), ("desktop, light", True)):
        visitor = visit(look)
        for selector in ("#clear", "#label-3", ".starts button[data-label=sixty]"):
            place = visitor.page.locator(selector)
            looks = "(it) => { const { backgroundColor, borderColor } = getComputedStyle(it); return backgroundColor + borderColor; }"
            before = place.evaluate(looks)
            place.hover()
            visitor.until_still()
            assert (place.evaluate(looks) != before) == changes, selector
            visitor.page.mouse.move(1, 1)
            visitor.until_still()


def test_what_is_unfolded_at_the_foot_of_the_screen_comes_into_sight(visit):
    visitor = visit()
    visitor.page.set_viewport_size({"width": 1280, "height": 760})
    visitor.unfold("#challenge")
    visitor.until("document.querySelector('#challenge .ten button')?.getBoundingClientRect().bottom < innerHeight")


def test_a_field_for_a_label_counts_its_characters(visit, written):
    visitor = visit("phone, light")
    visitor.teach(written["6"][0], "6")
    visitor.press(".thumb")
    for field in (".sheet .own input", "#own-label :is(input, textarea)"):
        place = visitor.page.locator(field)
        shown = "(it) => getComputedStyle(it.parentElement, '::after').content"
        assert place.evaluate(shown) == "none"
        place.press_sequentially("nightingale")
        assert place.input_value() == "nighting" and place.evaluate(shown) == '"8 / 8"'
        over = (
            "(it) => getComputedStyle(it.parentElement, '::after').zIndex > (Number(getComputedStyle(it).zIndex) || 0)"
        )
        assert place.evaluate(over), "the count is not behind the field"
        place.fill("")
        assert place.evaluate(shown) == "none"
        visitor.page.keyboard.press("Escape")
