"""Numbers in a real browser: everybody learns, answers, stops, is kept; published settings are repeated."""

import json
import zipfile

import pytest

from agent.agents import new
from agent.storage import serialization

LONG = "123123123123"


def says(visitor, name):
    """What a learner answers, and how far it is off."""
    row = visitor.page.locator("#numbers-answers tbody tr").filter(has_text=name)
    return [row.locator(cell).inner_text() for cell in (".value", ".off")]


def learn(visitor, n_steps="25,000"):
    visitor.press("#numbers-learn")
    visitor.until_text("#numbers-bar", f"{n_steps} steps of")
    visitor.page.locator("#numbers-learn:enabled").wait_for()
    visitor.write("#number", LONG)
    visitor.until_text("#numbers-answers", "asked 123,123,123,123")


def choose_alone(visitor, *names):
    """Let these learn and nobody else."""
    visitor.unfold("#numbers-what")
    for name in ("squared error", "slope of the reward", "two tries", "RAM nodes", "symbols"):
        box = visitor.page.locator("#numbers-who label").filter(has_text=name).locator("input")
        box.uncheck()
    for name in names:
        visitor.choose("#numbers-who", name)


def test_learners_learn_side_by_side_and_answer_a_number_exactly(visit):
    visitor = visit()
    visitor.tab("Numbers")
    visitor.until_text("#numbers-answers", "Let some learn first.")
    assert visitor.page.evaluate("document.documentElement.scrollHeight / innerHeight") <= 2
    visitor.unfold("#numbers-how")
    learn(visitor)
    assert visitor.page.locator("#numbers-curves polyline").count() == 5 + 3 + 3
    assert says(visitor, "two tries") == ["123,123,123,123", "0, exactly"]
    assert says(visitor, "symbols") == ["123,123,123,123", "0, exactly"]
    assert says(visitor, "RAM nodes")[0].startswith("9.9")
    visitor.press("#numbers-quick button[data-label='-5']")
    visitor.until_text("#numbers-answers", "asked −5")
    assert says(visitor, "symbols") == ["not sure", "–"]
    visitor.until_text("#numbers-answers", "it was never shown “-”")
    visitor.write("#number", "3.25")
    visitor.until_text("#numbers-answers", "asked 3.25")
    assert float(says(visitor, "RAM nodes")[0]) == pytest.approx(3.25, abs=0.1)
    visitor.until_text("#numbers-answers", "inside of what it was shown, 0 to")


@pytest.mark.nightly
def test_single_precision_shows_what_it_cannot_hold(visit):
    visitor = visit()
    visitor.tab("Numbers")
    choose_alone(visitor, "exact")
    visitor.choose("#numbers-precision", "single")
    learn(visitor)
    visitor.write("#number", LONG)
    visitor.until_text("#numbers-answers", "asked 123,123,123,123")
    assert says(visitor, "exact") == ["123,123,122,176", "−947"]


def test_a_bad_number_gets_a_sentence_in_its_place_and_the_answers_stay(visit):
    visitor = visit()
    visitor.tab("Numbers")
    choose_alone(visitor, "symbols")
    learn(visitor)
    for bad in ("seven", "nan", "inf", "1e400", "9" * 400, ""):
        visitor.write("#number", bad)
        visitor.until_text("#numbers-answers .bad", "Expected a number")
        assert says(visitor, "symbols") == ["123,123,123,123", "0, exactly"]
        visitor.write("#number", LONG)
        visitor.until_text("#numbers-answers", "asked 123,123,123,123")
        assert visitor.page.locator("#numbers-answers .bad").count() == 0


@pytest.mark.nightly
def test_nobody_chosen_and_steps_that_are_too_large_are_told_and_the_others_go_on(visit):
    visitor = visit()
    visitor.tab("Numbers")
    choose_alone(visitor)
    visitor.press("#numbers-learn")
    visitor.page.get_by_text("Choose a learner first.").wait_for()
    visitor.page.locator("#numbers-learn:enabled").wait_for()
    visitor.write("#number", LONG)
    visitor.until_text("#numbers-answers", "asked 123,123,123,123")
    for name in ("exact", "squared error", "symbols"):
        visitor.choose("#numbers-who", name)
    visitor.choose("#numbers-rate", "0.03")
    learn(visitor)
    visitor.until_text("#numbers-answers", "expected steps that settle")
    assert says(visitor, "symbols") == ["123,123,123,123", "0, exactly"]


@pytest.mark.nightly
def test_a_course_and_a_repetition_can_be_stopped_at_once(visit):
    visitor = visit("phone, light")
    visitor.tab("Numbers")
    for part in ("#numbers-what", "#numbers-was"):
        visitor.unfold(part)
    visitor.choose("#numbers-steps", "100,000")
    visitor.press("#numbers-repeat")
    visitor.until("/^[1-9]\\d* of 220/m.test(document.querySelector('#numbers-repeating').innerText)")
    visitor.press("#numbers-stop")
    visitor.until_text("#numbers-repeating", "Stopped after")
    visitor.page.locator("#numbers-learn:enabled").wait_for()
    visitor.write("#number", LONG)
    visitor.until_text("#numbers-answers", "asked 123,123,123,123")
    learn(visitor, "100,000")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.nightly
def test_published_settings_are_repeated_with_twenty_seeds(visit):
    visitor = visit()
    visitor.tab("Numbers")
    visitor.unfold("#numbers-was")
    visitor.press("#numbers-repeat")
    done = "document.querySelector('#numbers-repeating').innerText.includes('220 runs in')"
    visitor.until(done, timeout_ms=240_000)  # nine seconds where nobody else works
    assert visitor.page.locator("#numbers-published .dots circle:not(.was)").count() == 220
    rows = visitor.page.locator("#numbers-published tbody tr").all()
    for row in rows:
        was, least, median, most = (float(each) for each in row.locator("td").all_inner_texts()[:4])
        assert least < was < most and least < median < most
    assert len(rows) == 11


def test_one_is_kept_in_a_file_and_comes_back(visit, tmp_path):
    visitor = visit()
    visitor.tab("Numbers")
    choose_alone(visitor, "two tries")
    learn(visitor)
    visitor.unfold("#numbers-keep")
    visitor.write("#number-name", "Ann")
    with visitor.page.expect_download() as download:
        visitor.press("#number-save")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "ann.zip" and serialization.load(file).predict_one(LONG).error == 0
    with zipfile.ZipFile(file) as archive:
        assert json.loads(archive.read("config.json"))["settings"]["teacher"] == "two_tries"
    other = visit()
    other.tab("Numbers")
    other.unfold("#numbers-keep")
    other.page.locator("#number-in input[type=file]").set_input_files(
        serialization.save(new("nearest"), tmp_path / "a.zip")
    )
    other.page.get_by_text("got one of the kind nearest").wait_for()
    other.press(".toast-close")
    other.page.locator(".toast-body").wait_for(state="detached")
    (tmp_path / "four.png").write_bytes(b"no agent")
    other.page.locator("#number-in input[type=file]").set_input_files(tmp_path / "four.png")
    other.until_told("error", "The file is four.png.")
    other.page.locator("#number-in input[type=file]").set_input_files(file)
    other.until_text("#number-status", "Loaded: Ann")
    assert says(other, "Ann") == ["123", "0, exactly"]
    other.tab("Share")
    other.load(file, told="It answers in the laboratory, under Numbers.")


@pytest.mark.parametrize("look", [pytest.param("desktop, light", marks=pytest.mark.nightly), "phone, dark"])
def test_nothing_moves_while_they_learn_and_all_can_be_pressed(visit, look):
    visitor = visit(look)
    visitor.tab("Numbers")
    for part in ("#numbers-what", "#numbers-how", "#numbers-was", "#numbers-keep"):
        visitor.unfold(part)
    parts = ("#numbers-learn", "#numbers-bar", "#numbers-curves svg >> nth=0", "#number", "#numbers-quick")
    learn(visitor)
    before = [visitor.box(part)[:3] for part in parts]
    learn(visitor)
    assert [visitor.box(part)[:3] for part in parts] == before
    small = visitor.page.evaluate(
        """() => [...document.querySelectorAll('.contain button, .contain summary, .contain label:has(> input)')]
            .filter((it) => it.checkVisibility({visibilityProperty: true}) && !it.closest('.visually-hidden'))
            .map((it) => [it.innerText || it.id, it.getBoundingClientRect()])
            .filter(([, box]) => box.width > 0 && (box.height < 44 || box.width < 40))
            .map(([name, box]) => [name, box.width, box.height])"""
    )
    assert small == [] or "desktop" in look
