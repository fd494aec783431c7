"""Watching in a real browser: live, paused at once, praised and blamed, asleep, and kept as a film."""

import pytest
from PIL import Image

N_FRAMES = (
    "Number((document.querySelector('#frames-live h3 small')?.innerText ?? '0').split(' ')[0].replaceAll(',', ''))"
)


def watching(visit, world="a drifting digit"):
    """A visitor for whom a mind has begun to watch."""
    visitor = visit()
    visitor.tab("Frames")
    visitor.choose("#frames-world", world)
    visitor.press("#frames-play")
    visitor.until(f"{N_FRAMES} >= 20")
    return visitor


def pause(visitor):
    visitor.press("#frames-pause")
    visitor.page.locator("#frames-play:enabled").wait_for()
    return visitor.page.evaluate(N_FRAMES)


def one_frame(visitor):
    """Let one frame pass; gives why it did what it did."""
    n_frames = visitor.page.evaluate(N_FRAMES)
    visitor.press("#frames-step")
    visitor.until(f"{N_FRAMES} > {n_frames}")
    return visitor.text("#frames-live .because")


def test_a_mind_watches_live_is_paused_and_goes_on_a_frame_at_a_time(visit):
    visitor = watching(visit)
    visitor.page.locator("#frames-live .pair img").nth(1).wait_for()
    visitor.unfold("#frames-errors")
    visitor.page.locator("#frames-curves polyline").first.wait_for()
    n_frames = pause(visitor)
    visitor.press("#frames-step")
    visitor.until(f"{N_FRAMES} === {n_frames + 1}")
    visitor.unfold("#frames-more")
    with visitor.page.expect_download() as download:
        visitor.press("#frames-film")
    with Image.open(download.value.path()) as film:
        assert film.format == "WEBP" and film.n_frames >= 20 and film.size[0] == 2 * film.size[1]
    visitor.press("#frames-anew")
    visitor.until_text("#frames-live", "Press Play")


@pytest.mark.nightly
def test_praise_and_blame_change_what_it_seeks(visit):
    """Praised whenever it goes one way and blamed when it goes the other, it goes that way more often; all by buttons."""
    visitor = visit()
    visitor.tab("Frames")
    visitor.unfold("#frames-more")
    gone = {}
    for way, other in (("right", "left"), ("left", "right")):
        visitor.press("#frames-anew")
        visitor.until_text("#frames-live", "Press Play")
        for _ in range(30):
            because = one_frame(visitor)
            if f"move {way}" in because or f"move {other}" in because:
                visitor.press("#frames-good" if f"move {way}" in because else "#frames-bad")
        said = [one_frame(visitor) for _ in range(12)]
        gone[way] = sum(f"move {way}" in each for each in said), sum(f"move {other}" in each for each in said)
    assert all(mine > theirs for mine, theirs in gone.values()), gone


@pytest.mark.nightly
def test_it_dreams_with_its_eyes_closed_and_two_minds_watch_side_by_side(visit):
    visitor = watching(visit, "a page with buttons")
    visitor.unfold("#frames-more")
    visitor.choose("#frames-eyes", "Close its eyes")
    visitor.until_text("#frames-live", "eyes are closed")
    pause(visitor)
    visitor.choose("#frames-mind", "both, side by side")
    visitor.press("#frames-play")
    visitor.until("document.querySelectorAll('#frames-live section').length === 2")
    pause(visitor)
    visitor.unfold("#frames-wires")
    assert visitor.page.locator("#frames-wiring svg line").count() == 256 + 128


def test_a_world_is_there_at_once_and_the_whole_page_shows_where_it_looks(visit):
    visitor = visit("phone, upright")
    visitor.tab("Frames")
    assert visitor.page.evaluate("document.documentElement.scrollHeight / innerHeight") <= 2
    visitor.choose("#frames-world", "a page with buttons")
    visitor.page.locator("#frames-live .whole i").wait_for()
    assert visitor.page.locator("#frames-live figcaption").all_inner_texts() == [
        "the whole page, and where it looks",
        "seen",
        "expected next",
    ]
    page, eye = (visitor.page.locator(f"#frames-live .whole {part}").bounding_box() for part in ("img", "i"))
    middle = eye["x"] + eye["width"] / 2
    assert page["x"] <= middle <= page["x"] + page["width"] and eye["width"] < page["width"]
    visitor.choose("#frames-world", "a drifting digit")
    visitor.page.locator("#frames-live .whole").wait_for(state="detached")
    assert visitor.page.locator("#frames-live .pair img").count() == 2


def test_good_and_bad_keep_their_place_in_sight_while_it_watches(visit):
    visitor = visit()
    visitor.page.set_viewport_size({"width": 1280, "height": 720})
    visitor.tab("Frames")
    before = visitor.box("#frames-good")
    visitor.choose("#frames-world", "a page with buttons")
    visitor.press("#frames-play")
    visitor.until(f"{N_FRAMES} >= 20")
    assert visitor.box("#frames-good") == before and before[1] + before[3] < 720
