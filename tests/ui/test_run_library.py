"""Runs on a desk: whose they are, how many, and what may be done with them."""

import gc
import json

import pytest

from agent.agents import new
from agent.errors import AgentError
from agent.experiments import run
from agent.ui.parts import runs
from agent.ui.parts.runs import RunLibrary
from agent.ui.session import Session
from agent.ui.tabs import compare

QUICK = {"n_test": 20, "n_held_out": 10, "n_asked": 5, "plots": False}
EVIL = "<img src=x onerror=alert(1)>${x}"


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """The folder of the app with one run."""
    monkeypatch.setenv("PUPIL_RUNS", str(tmp_path / "shared"))
    run("fonts", "nearest", lessons=10, folder=str(tmp_path / "shared"), **QUICK)
    return tmp_path / "shared"


@pytest.fixture
def session(shared):
    session = Session(new("nearest"))
    session.state(RunLibrary).read()
    return session


def spoil(folder, **changed):
    """Change the settings that a run wrote down."""
    (path,) = [path for path in folder.rglob("config.json") if path.parent.name != "agent"]
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def made(session, *asked):
    return list(runs.iter_sweep(session, asked))


def asked(**changed):
    return runs.sweep("fonts", ["nearest"], [10], 1)[0] | QUICK | changed


def test_a_number_names_a_run_as_long_as_it_is_there_and_nothing_else_does(session, shared):
    assert session.state(RunLibrary).run(0).folder.is_relative_to(shared)
    for number in (1, -1, True, 0.0, "0", None, "../../etc", [0]):
        with pytest.raises(AgentError, match="no longer there"):
            session.state(RunLibrary).run(number)
    assert made(session, asked())[-1].text == "Made: 1 run."
    session.state(RunLibrary).read()
    assert (
        list(session.state(RunLibrary).runs) == [1, 0]
        and session.state(RunLibrary).is_removable(session.state(RunLibrary).run(1))
        and not session.state(RunLibrary).is_removable(session.state(RunLibrary).run(0))
    )


def test_what_everybody_sees_cannot_be_removed(session):
    with pytest.raises(AgentError, match="expected a run of yours"):
        session.state(RunLibrary).remove(0)
    assert session.state(RunLibrary).run(0).folder.is_dir()


def test_a_desk_takes_its_runs_with_it(shared):
    mine = RunLibrary()
    folder = mine.folder
    assert folder.is_dir() and mine.folder == folder and RunLibrary().folder != folder
    del mine
    gc.collect()
    assert not folder.exists()


def test_a_desk_holds_so_many_runs_and_bytes(session, monkeypatch):
    monkeypatch.setattr(runs, "MAX_RUNS", 1)
    assert made(session, asked(), asked(seed=2))[-1].text == (
        "Made: 1 run. Expected at most 1 runs and 48.0 MB in a session, got that many. Remove some first."
    )
    assert made(session, asked())[-1].text == "Made: 0 runs; 1 finished before."
    monkeypatch.setattr(runs, "MAX_RUNS", 9)
    monkeypatch.setattr(runs, "MAX_BYTES", 1)
    assert "Expected at most 9 runs" in made(session, asked(seed=2))[-1].text


def test_a_course_that_begins_elsewhere_stops_the_runs_and_they_go_on_later(session):
    steps = runs.iter_sweep(session, [asked(), asked(seed=2)])
    next(steps)
    session.cancel_job()
    assert [each.text for each in steps] == ["Stopped after 0 runs. The same choice goes on where it was stopped."]
    assert made(session, asked(), asked(seed=2))[-1].text == "Made: 2 runs."


def test_the_run_under_way_is_told_in_the_words_of_the_page(session):
    assert "Quick memory, seed 1" in made(session, asked(agent="recall"))[0].text


def test_what_goes_wrong_with_one_run_is_told_and_the_others_are_made(session):
    last = made(session, asked(lessons=700), asked())[-1]
    assert (
        last.text.startswith("Made: 1 run. Expected lessons from 1 to")
        and str(session.state(RunLibrary).folder) not in last.text
    )


def test_sweeps_are_small_and_of_what_is_offered():
    assert len(runs.sweep("strokes", ["recall", "nearest"], [10, 60], 3)) == 12
    for wrong in (
        ("digits", [], [10], 1),
        ("digits", ["recall"], [], 1),
        ("../x", ["recall"], [10], 1),
        ("digits", ["./x.py:X"], [10], 1),
        ("digits", ["recall"], [7], 1),
        ("digits", ["recall"], [10], 4),
        ("digits", ["recall", "state", "nearest"], [60, 600], 3),
    ):
        with pytest.raises(AgentError, match="expected"):
            runs.sweep(*wrong)


def test_a_continued_run_teaches_other_lessons_each_time(session):
    first = session.state(RunLibrary).run(0)
    for times in range(2):
        given = runs.continuation(session.state(RunLibrary), first, 10) | QUICK
        assert (given["experiment"], given["seed"]) == ("default/10+10", 1 + times)
        (*_, last, _) = made(session, given)
        session.state(RunLibrary).open(last.folder)
        run_made = session.state(RunLibrary).run(session.state(RunLibrary).opened)
        assert (run_made.known, run_made.lessons) == (10, 10)
    further = runs.continuation(session.state(RunLibrary), run_made, 60)
    assert further["experiment"] == "default/10+10/20+60"


@pytest.mark.parametrize(
    "config",
    [
        {"task": {"x": {"source": "./evil.py:Evil"}}},
        {"task": {"x": 3}},
        {"agent": {"name": "x", "kind": "./evil.py:Evil"}},
    ],
)
def test_a_run_of_somebodys_own_class_or_file_is_shown_but_never_continued(session, shared, config):
    spoil(shared, **config)
    session.state(RunLibrary).read()
    assert not runs.can_continue(session.state(RunLibrary).run(0))
    with pytest.raises(AgentError, match="expected a run of digits, fonts or strokes"):
        runs.continuation(session.state(RunLibrary), session.state(RunLibrary).run(0), 10)


def test_names_of_strangers_stay_text_and_places_stay_here(session, shared):
    spoil(
        shared,
        experiment=EVIL,
        load=str(shared / "a/b"),
        task={EVIL: {"source": EVIL}},
        agent={"name": EVIL, "kind": EVIL},
    )
    session.state(RunLibrary).read()
    session.state(RunLibrary).opened = 0
    groups = compare.in_order(compare.compare.grouped([session.state(RunLibrary).run(0)]))
    shown = (
        compare.results_table(groups, {session.state(RunLibrary).run(0).folder: 0})
        + compare.pictures_of(groups * 2)
        + compare.run_detail(session.state(RunLibrary))
    )
    assert EVIL not in shown and "onerror=alert" in shown and "${" not in shown and "<img src=x" not in shown
    assert str(shared) not in shown and "a/b" in shown
