"""The Compare tab in a real browser: runs made, compared, opened, drawn on, continued, stopped, removed."""

import csv
import re

import pytest
from served import serving
from visitor import Visitor

from agent.experiments import results, run

QUICK = {"n_test": 40, "n_held_out": 20, "n_asked": 10, "plots": False}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Four runs of two agents, one that was never finished, and one that a stranger wrote."""
    folder = tmp_path_factory.mktemp("runs")
    for agent in ("recall", "nearest"):
        for seed in (1, 2):
            run("digits", agent, lessons=60, seed=seed, folder=str(folder), experiment="A", **QUICK)
    (folder / "half").mkdir()
    (folder / "half/config.json").write_text("{}")
    (folder / "evil").mkdir()
    (folder / "evil/config.json").write_text("<img src=x onerror=alert(1)>")
    (folder / "evil/result.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def server(runs, tmp_path_factory):
    """An app that finds these runs."""
    with serving(tmp_path_factory.mktemp("server"), {"PUPIL_RUNS": str(runs)}) as server:
        yield server


def files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def open_run(visitor, name):
    visitor.page.get_by_role("button", name=f"Open {name}", exact=True).click()
    visitor.until_text("#opened h2", name)


def test_runs_are_compared_chosen_and_downloaded(visit, tmp_path):
    visitor = visit()
    visitor.tab("Compare")
    visitor.until_text("#results", "Quick memory, digits, 60 lessons")
    assert visitor.page.locator("#results tbody tr").count() == 2
    assert visitor.page.locator("#comparison .curve polyline").count() == 2
    assert visitor.page.locator("#comparison .curve .baseline polyline").count() == 1
    assert visitor.page.locator("#comparison .curve polygon").count() == 2
    assert "After 60 lessons" in visitor.text("#comparison")
    assert visitor.page.locator("#comparison .confusion svg").count() == 2
    visitor.press(".left-out summary")
    said = visitor.page.locator(".left-out li").all_inner_texts()
    assert [each.split(",")[0] for each in said] == [
        "expected evil/config.json as a run left it",
        "expected half/result.json",
    ]
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "results.csv")
    with (tmp_path / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["agent"], row["runs"]) for row in rows] == [("recall", "2"), ("nearest", "2")]
    assert rows[0]["accuracy"] in visitor.text("#results tbody tr:first-child")
    visitor.choose("#by-agent", "Look-alike")
    visitor.until("document.querySelectorAll('#results tbody tr').length === 1")
    assert "Look-alike" in visitor.text("#results tbody")


def test_a_run_is_opened_and_its_agent_drawn_on(visit, written):
    visitor = visit("phone, dark")
    visitor.teach(written["4"][0], "4")
    visitor.tab("Compare")
    open_run(visitor, "Quick memory, digits, seed 2")
    assert "accuracy" in visitor.text("#opened") and visitor.page.locator("#remove-run").count() == 0
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    visitor.press("#draw-on")
    visitor.until_text("#chip", "60 lessons")
    visitor.until_text("#status", "Yours now: Quick memory, digits, seed 2.")
    visitor.draw(written["0"][0])
    visitor.until_guessed("0")
    visitor.press("#chip")
    visitor.press(".my-agents [data-do=open]")
    visitor.until_text("#chip", "1 lesson")


@pytest.mark.nightly
def test_a_run_is_continued_beside_it_and_what_is_ones_own_can_be_removed(visit, runs):
    before, visitor = files(runs), visit()
    visitor.tab("Compare")
    open_run(visitor, "Quick memory, digits, seed 1")
    visitor.choose("#more-lessons", "10")
    visitor.press("#continue-now")
    visitor.until_text("#continue-progress", "Made: 1 run.")
    visitor.until_text("#opened", "A/60+10")
    assert re.search(r"lessons before\s*60", visitor.text("#opened"))
    visitor.page.locator("#continue-now:enabled").wait_for()
    visitor.press("#remove-run")
    visitor.until("document.querySelectorAll('#results tbody tr').length === 2")
    assert files(runs) == before


@pytest.mark.nightly
def test_runs_are_made_stopped_and_gone_on_with(visit, runs):
    before, visitor, other = files(runs), visit(), visit("phone, light")
    visitor.tab("Compare")
    visitor.choose("#make-sizes", "600")
    visitor.choose("#make-agents", "State machine")  # which takes its time
    visitor.press("#make-now")
    visitor.until("/of \\d+ asked|lessons$/m.test(document.querySelector('#make-progress').innerText)")
    visitor.press("#make-stop")
    visitor.until_text("#make-progress", "Stopped after")
    visitor.page.locator("#make-now:enabled").wait_for()
    visitor.page.locator("#make-sizes label").filter(has_text="600").locator("input").uncheck()
    for said in ("Made: ", "finished before."):
        visitor.press("#make-now")
        visitor.until_text("#make-progress", said)
        visitor.page.locator("#make-now:enabled").wait_for()
    visitor.until_text("#results", "here/lessons=60")
    other.tab("Compare")
    assert "here/lessons=60" not in other.text("#results") and files(runs) == before


@pytest.mark.nightly
def test_too_much_at_once_is_refused_with_its_numbers(visit):
    visitor = visit()
    visitor.tab("Compare")
    for size in ("10", "600"):
        visitor.page.locator("#make-sizes label").get_by_text(size, exact=True).click()
    visitor.choose("#make-agents", "State machine")
    visitor.choose("#make-seeds", "3")
    visitor.press("#make-now")
    visitor.page.get_by_text("Expected at most 18 runs of 4,000 lessons in all, got 27 of 6,030").wait_for()


@pytest.mark.nightly
def test_a_folder_without_runs_says_what_to_do(browser, tmp_path):
    with serving(tmp_path, {"PUPIL_RUNS": str(tmp_path / "nowhere")}) as server:
        visitor = Visitor(browser.new_context(), server.url)
        visitor.tab("Compare")
        visitor.until_text("#runs-head", "No runs yet. Make some: python -m agent")
        assert visitor.page.locator("#results:visible, #comparison:visible, #opened:visible").count() == 0
        visitor.page.locator("#make-now:enabled").wait_for()
        visitor.context.close()


@pytest.mark.nightly
def test_a_run_taken_away_meanwhile_is_told(visit, runs):
    run("fonts", "nearest", lessons=10, folder=str(runs), experiment="B", **QUICK)
    visitor = visit()
    visitor.tab("Compare")
    open_run(visitor, "Look-alike, fonts, seed 0")
    visitor.press("#opened .close")
    visitor.page.locator("#opened").wait_for(state="hidden")
    results.clear(runs / "B/nearest/fonts_0")
    (runs / "B/nearest/fonts_0").rmdir()
    visitor.page.get_by_role("button", name="Open Look-alike, fonts, seed 0", exact=True).click()
    visitor.page.get_by_text("This run is no longer there").wait_for()
