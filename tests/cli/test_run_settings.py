"""Bad settings of a run: one sentence, and no folder left behind."""

import numpy as np
import pytest

from agent import cli
from agent.errors import AgentError
from agent.experiments import resolve, results, run
from agent.models import MODELS
from agent.tasks import SOURCES

QUICK = {"n_test": 20, "n_held_out": 0, "n_asked": 5, "plots": False}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("task", "agent", "given", "message"),
    [
        ("digits", "nearest", {"lesons": 60}, "got lesons. Did you mean lessons"),
        ("digits", "nearest", {"lessons": 0}, "expected lessons as a whole number from 1 to 10,000,000 or null, got 0"),
        ("digits", "nearest", {"lessons": "many"}, "expected lessons as a whole number .* got 'many'"),
        ("digits", "nearest", {"lessons": 60_001}, "expected lessons from 1 to 60,000 in mnist, got 60,001"),
        ("digits", "nearest", {"seed": -1}, "expected seed as a whole number"),
        ("digits", "nearest", {"seed": 1.5}, "expected seed as a whole number"),
        ("digits", "nearest", {"order": "mixd"}, "got 'mixd'. Did you mean mixed"),
        ("digits", "nearest", {"stream": 1}, "expected stream as true or false, got 1"),
        ("digits", "nearest", {"epochs": 2}, "expected stream=false with epochs=2, got true"),
        ("digits", "nearest", {"starter": "sixti"}, "expected starter among .*sixty"),
        ("digits", "nearest", {"starter": "sixty", "load": True}, "a starter or an agent to load, got both"),
        ("digits", "nearest", {"study": True}, "expected a kind that studies, got nearest"),
        ("digits", "nearest", {"shards": 2, "epochs": 2, "stream": False}, "expected shards alone"),
        ("digits", "nearest", {"load": True}, "expected an agent in runs/default/nearest/digits_0, got none"),
        ("digits", "nearest", {"load": "./mia.zip"}, "got nothing there"),
        ("digits", "nearest", {"load": ["a"]}, "expected load as text"),
        ("digits", "nearest", {"replay": "fonts"}, "expected words that name a run in runs, got 'fonts'"),
        ("digits", "nearest", {"metrics": {"x": "os.system"}}, "in metrics.x, got 'os.system'"),
        ("digits", "nearest", {"experiment": "../up"}, "expected experiment as a name"),
        ("digits", "nearest", {"n_test": 0}, "expected n_test as a whole number"),
        ("digits", "nearst", {}, "got 'nearst'. Did you mean nearest"),
        ("digits", 3, {}, "expected an agent by its kind, got '3'"),
        ("digits", {"kind": "nearest", "treshold": 3}, {}, "got treshold. Did you mean threshold"),
        (
            "digits",
            {"kind": "nearest", "threshold": 300},
            {},
            "expected threshold as a whole number from 1 to 254, got 300",
        ),
        ("digits", {"kind": "state", "preset": "best"}, {}, "expected a preset of state among better eyes"),
        ("digits", "./mine.py:Mean", {}, "expected a file of Python at mine.py"),
        ("digits", "no.such.Mean", {}, "expected a module no.such"),
        ("digts", "nearest", {}, "got 'digts'. Did you mean digits"),
        ([], "nearest", {}, "expected a task, or several"),
        (3, "nearest", {}, "expected a task, or several"),
        ("./mine.npz", "nearest", {}, "got nothing at ./mine.npz"),
        ({"digits": {"balancd": True}}, "nearest", {}, "got balancd. Did you mean balanced"),
        ({"digits": {"balanced": "yes"}}, "nearest", {}, "expected task.balanced as true or false"),
        ({"digits": {"sets": {"mnits": None}}}, "nearest", {}, "got 'mnits'. Did you mean mnist"),
        ({"digits": {"sets": "mnist"}}, "nearest", {}, "expected task.sets as name: how many"),
        ({"digits": {"labels": {"a": 1}}}, "nearest", {}, "expected task.labels as a list"),
        ({"strokes": {"styles": ["7-bared"]}}, "nearest", {}, "expected styles among"),
        ({"fonts": {"fonts": ["Comic"]}}, "nearest", {}, "expected sets among"),
        ("generate", "nearest", {"label": "A"}, "expected label among 0 1 2 3 4 5 6 7 8 9, got 'A'"),
        ({"generate": {"n_drawings": 0}}, "nearest", {}, "expected task.n_drawings as a whole number"),
    ],
)
def test_a_bad_setting_is_one_sentence_and_leaves_no_folder(here, task, agent, given, message):
    with pytest.raises(AgentError, match=message) as caught:
        run(task, agent, **{"lessons": 20, **QUICK, **given})
    assert "\n" not in str(caught.value) and not list(here.iterdir())


def test_a_kind_whose_order_matters_is_not_taught_apart(here):
    with pytest.raises(AgentError, match="expected a kind whose order of lessons does not matter, got state"):
        (here / "mine.py").write_text(
            "from agent.models import State\nclass Ordered(State):\n    NAME, ORDER_FREE = 'state2', False\n"
        )
        run("digits", "./mine.py:Ordered", lessons=20, shards=2, **QUICK)


def test_a_run_is_loaded_by_words_that_name_it_alone(here):
    for seed in (1, 11):
        run("digits", "nearest", lessons=20, seed=seed, **QUICK)
    run("fonts", "nearest", lessons=20, seed=1, **QUICK)
    assert results.find_run("runs", "Digits 1").name == "digits_1"
    with pytest.raises(
        AgentError, match=r"'digits', which 2 have: default/nearest/digits_11, default/nearest/digits_1\."
    ):
        results.find_run("runs", "digits")
    with pytest.raises(AgentError, match="got 'digitz 1'. Did you mean digits.* Runs: default/nearest/fonts_1, "):
        results.find_run("runs", "digitz 1")
    begun = run("strokes", "nearest", lessons=20, load="fonts", **QUICK)
    assert (begun.scores["n_known"], begun.scores["n_lessons"]) == (20, 20)


def test_a_name_that_begins_another_can_be_said(here):
    for name in ("first", "first2"):
        run("digits", "nearest", lessons=20, experiment=name, **QUICK)
    assert results.find_run("runs", "first nearest").parts[1] == "first"
    assert results.find_run("runs", "first2").parts[1] == "first2"


def test_a_loaded_agent_is_of_the_kind_that_was_asked_for(here):
    run("digits", "nearest", lessons=20, **QUICK)
    with pytest.raises(AgentError, match="expected an agent of the kind recall, got nearest. Say agent=nearest"):
        run("fonts", "recall", lessons=20, load="nearest digits", **QUICK)


def test_load_true_goes_on_with_the_agent_of_this_very_folder(here):
    run("digits", "nearest", lessons=20, **QUICK)
    more = run("digits", "nearest", lessons=30, load=True, **QUICK)
    assert (more.scores["n_known"], more.scores["n_lessons"]) == (20, 30)


def test_a_file_of_drawings_in_the_current_folder_is_a_task(here):
    dice = np.random.default_rng(1)
    drawings = np.zeros((40, 20, 30), np.uint8)
    drawings[:20, 9, 3:27], drawings[20:, 3:18, 14] = 255, 255
    np.savez(
        here / "marks.npz",
        drawings=drawings | dice.integers(0, 2, drawings.shape, dtype=np.uint8),
        labels=["-"] * 20 + ["|"] * 20,
    )
    result = run("./marks.npz", "nearest", lessons=None, **QUICK)
    assert (result.scores["n_lessons"], result.scores["n_test"], result.scores["accuracy"]) == (32, 8, 1.0)
    assert result.folder.as_posix() == "runs/default/nearest/marks_0"


def test_a_damaged_folder_says_which_file_to_remove(here):
    result = run("digits", "nearest", lessons=20, **QUICK)
    (result.folder / "result.json").write_text("{")
    with pytest.raises(AgentError, match="expected .*result.json as a run left it"):
        run("digits", "nearest", lessons=20, **QUICK)


@pytest.mark.parametrize("name", ["digits", "fonts", "copy", "nan", "7", "1e5", "true", "my marks.2", "ä,b=c", "_"])
def test_a_file_is_never_mistaken_for_something_built_in(here, name):
    (here / "a").mkdir()
    for place in (here, here / "a"):
        np.savez(place / f"{name}.npz", drawings=np.zeros((5, 9, 9), np.uint8), labels=list("12121"))
    word = cli.word_of("task", f"./{name}.npz")
    config = cli.resolved(cli.composed([word])).config
    assert [table["source"] for table in config["task"].values()] == [f"./{name}.npz"] and not {"digits", "fonts"} & {
        *config["task"]
    }
    both = [f"./{name}.npz", f"./a/{name}.npz"]
    for tasks in (cli.resolved(cli.composed([cli.word_of("task", both)])).tasks, resolve(both).tasks):
        assert [task.path for task in tasks.values()] == both and not SOURCES.keys() & tasks


@pytest.mark.parametrize("name", ["recall", "linear", "reference_design", "digits"])
def test_a_class_is_never_mistaken_for_something_built_in(here, name):
    (here / "mine.py").write_text(
        f"class {name}:\n    def learn_one(self, d, l): ...\n    def predict_one(self, d): ...\n"
        "    def lessons(self, n, seed): ...\n    def test(self, n, seed): ...\n"
    )
    path = f"./mine.py:{name}"
    for spec in (cli.resolved(cli.composed([f"agent={path}", f"task={path}"])), resolve(path, path)):
        assert spec.agent["kind"] == path and spec.model.made_of.__name__ == name and spec.model.NAME not in MODELS
        assert type(*spec.tasks.values()).__name__ == name and spec.folder.as_posix().startswith("runs/default/own_")
