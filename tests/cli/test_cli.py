"""The command line: groups, recipes, who wins over whom, and one sentence for every mistake."""

import contextlib
import dataclasses
import re
from pathlib import Path

import numba
import pytest

import agent
from agent import cli
from agent.__main__ import _compile_first, main
from agent.agents import FAMILIES
from agent.errors import AgentError
from agent.experiments.config import RECIPES, agent_choices
from agent.models import precompile
from agent.models.nearest import Nearest
from agent.tasks import DRAWINGS, SOURCES
from agent.validation import setting


def asked(words):
    return cli.keywords(cli.composed(words))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with a person's own task, agent and recipes."""
    monkeypatch.chdir(tmp_path)
    head = "# @package _global_\n"
    texts = {
        "recipe/base.yaml": head
        + "defaults:\n  - _self_\n  - override /agent: state\n  - override /task: [digits, fonts]\nlessons: 70\nseed: 5\ntask:\n  balanced: false\n",
        "recipe/middle.yaml": head + "defaults:\n  - base\n  - _self_\nseed: 6\n",
        "recipe/top.yaml": head + "defaults:\n  - middle\n  - _self_\nn_test: 9\nexperiment: x${seed}\n",
        "recipe/round.yaml": head + "defaults:\n  - trip\n",
        "recipe/trip.yaml": head + "defaults:\n  - round\n",
        "recipe/headless.yaml": "lessons: 3\n",
        "recipe/broken.yaml": head + "lessons: [1\n",
        "recipe/lost.yaml": head + "lessons: ${no.such}\n",
        "recipe/orphan.yaml": head + "defaults:\n  - nobody\n",
        "alone.yaml": "lessons: 8\n",
        "task/sevens.yaml": "source: digits\nlabels: ['7', '1']\n",
        "agent/few.yaml": "defaults:\n  - recall\n  - _self_\nn_nodes: 50\n",
        "mine.py": "class Mine:\n    def __init__(self, in_shape, depth=3, **more): ...\n    def learn_one(self, d, l): ...\n    def predict_one(self, d): ...\nclass Half:\n    def lessons(self, n, seed): ...\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.slow
def test_every_recipe_of_pupils_own_can_be_planned():
    from agent.experiments import resolve

    for path in (RECIPES / "recipe").glob("*.yaml"):
        assert resolve(**asked([f"recipe={path.stem}"])).folder.name, path.name


@pytest.mark.slow
def test_every_task_and_every_agent_begins_with_the_defaults_of_its_dataclass():
    from agent.experiments import resolve

    for task, source in SOURCES.items():
        family = getattr(source, "FAMILY", DRAWINGS)
        for name, (model, preset) in agent_choices().items():
            if model.NAME in FAMILIES[family].MODELS:
                in_code = {"name": name, "kind": model.NAME, **({"preset": preset} if preset else {})}
                words = [f"agent={name}", f"task={task}"]
                assert resolve(**asked(words)).config == resolve(task, in_code).config, words


def test_words_win_over_code_code_over_recipes_and_recipes_over_defaults():
    words = cli.merged({"recipe": "middle", "lessons": 50, "n_test": 40}, ["n_test=30"])
    got = asked(words)
    assert (got["n_test"], got["lessons"], got["seed"], got["epochs"]) == (30, 50, 6, 1)
    assert asked(["recipe=middle"])["lessons"] == 70 and asked([])["lessons"] == 600


def test_recipes_import_recipes_and_what_they_choose_survives():
    got = asked(["recipe=top"])
    assert (got["lessons"], got["seed"], got["n_test"], got["experiment"]) == (70, 6, 9, "x6")
    assert got["agent"]["kind"] == "state" and list(got["task"]) == ["digits", "fonts"]
    assert got["task"]["digits"]["balanced"] is False
    assert asked(["recipe=top", "agent=nearest", "task=strokes"])["agent"]["kind"] == "nearest"


def test_a_recipe_a_task_and_an_agent_of_the_current_folder_are_found(here):
    got = asked(["task=sevens", "agent=few", "recipe=alone"])
    assert got["task"] == {"sevens": {"source": "digits", "labels": ["7", "1"]}} and got["lessons"] == 8
    assert (got["agent"]["name"], got["agent"]["kind"], got["agent"]["n_nodes"]) == ("few", "recall", 50)
    assert asked(["recipe=./alone.yaml"])["lessons"] == 8


def test_several_tasks_may_be_set_one_by_one_or_together():
    got = asked(["task=[fonts,strokes]", "task.strokes.labels=[7]", "task.balanced=false"])["task"]
    assert list(got) == ["fonts", "strokes"] and got["strokes"]["labels"] == [7]
    assert got["strokes"]["balanced"] is False and "balanced" not in got["fonts"]


def test_a_class_is_chosen_by_its_path_and_receives_what_is_set():
    got = asked(["agent=./mine.py:Mine", "agent.depth=5", "+agent.width=4"])["agent"]
    assert got == {"name": "Mine", "kind": "./mine.py:Mine", "depth": 5, "width": 4}


def test_presets_are_agents_by_name():
    for words in (
        ["agent.preset=reference design"],
        ["agent=state", "agent.preset='reference design'"],
        ["agent=reference_design"],
    ):
        got = asked(words)["agent"]
        assert (got["name"], got["kind"], got["eyes"]) == ("reference_design", "state", "reference")


@pytest.mark.slow
def test_a_sweep_of_presets_lies_beside_other_agents():
    got = cli.sweep(["agent.preset=reference design,one-hot", "lessons=20,30"], cli.keywords)
    assert [(each["agent"]["name"], each["experiment"]) for each in got] == [
        ("reference_design", "default/lessons=20"),
        ("reference_design", "default/lessons=30"),
        ("one_hot", "default/lessons=20"),
        ("one_hot", "default/lessons=30"),
    ]
    assert {each["experiment"] for each in cli.sweep(["agent.preset=windows,grey"], cli.keywords)} == {"default"}


def test_metrics_are_named_on_the_command_line():
    assert asked(["metrics.F1='2*precision*recall/(precision+recall)'"])["metrics"] == {
        "F1": "2*precision*recall/(precision+recall)"
    }


def test_code_may_give_whatever_python_holds():
    given = {
        "task": ["digits", "fonts"],
        "agent": {"kind": "nearest", "threshold": 99},
        "lessons": None,
        "load": "it's, a [run]",
        "plots": False,
    }
    got = asked(cli.merged(given, ["agent.threshold=98"]))
    assert (got["lessons"], got["load"], got["plots"], got["agent"]["threshold"]) == (None, "it's, a [run]", False, 98)
    assert list(got["task"]) == ["digits", "fonts"]


def test_launch_runs_what_code_says_and_words_win():
    result = agent.launch(["lessons=20"], agent="nearest", lessons=30, n_test=10, n_held_out=0, plots=False)
    assert result.scores["n_lessons"] == 20
    with pytest.raises(AgentError, match="Did you mean lessons"):
        agent.launch(lesons=20)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("lesons=60", "got lesons. Did you mean lessons?"),
        ("+lesons=60", "got lesons. Did you mean lessons?"),
        ("lessons=many", "expected lessons as a whole number from 1 to 10,000,000 or null, got 'many'."),
        ("lessons=-1", "expected lessons as a whole number"),
        ("lessons", "expected name=value, got 'lessons'. Write it as name=value."),
        ("lessons=[1", "expected name=value, got 'lessons=[1'."),
        ("seed=1,2", "expected one value for seed, got 1,2. Add -m to run them all."),
        ("seed=range(1,3)", "Add -m to run them all"),
        ("agent=nearst", "got 'nearst'. Did you mean nearest?"),
        ("agent=[nearest,recall]", "expected one agent"),
        ("agent=null", "expected agent among"),
        ("agent=./mine.py:Min", "expected a class Min in ./mine.py, got Mine, Half. Did you mean Mine?"),
        ("agent=./other.py:Mine", "expected a file of Python at other.py"),
        ("agent=no.such.Kind", "expected a module no.such"),
        ("agent.tuple_siz=9", "expected settings of recall among n_nodes, "),
        ("agent.tuple_siz=9", "got tuple_siz. Did you mean tuple_size?"),
        ("+agent.tuple_siz=9", "got tuple_siz. Did you mean tuple_size?"),
        ("agent.n_nodes=9999", "expected n_nodes as a whole number from 1 to 2000, got 9999."),
        ("agent.clear_lead=high", "expected clear_lead as a share from 0.0 to 1.0, got 'high'."),
        ("agent.preset=best", "expected agent.preset among"),
        ("task=digts", "got 'digts'. Did you mean digits?"),
        ("task=[]", "expected task among"),
        ("recipe=null", "expected recipe among"),
        ("task={a:1}", "expected task among"),
        ("task=./mine.py:Half", "expected ./mine.py:Half to have lessons and test, got none named test."),
        ("task=./none.npz", "expected a file at ./none.npz, got none."),
        ("task.balancd=true", "got balancd. Did you mean balanced?"),
        ("task.sets.mnits=5", "got 'mnits'. Did you mean mnist?"),
        ("task.labels=[8,x]", "none of x"),
        ("recipe=nope", "expected recipe among"),
        ("recipe=./nope.yaml", "expected a file at ./nope.yaml, got none."),
        ("recipe=round", "expected recipes that come to an end, got recipe=round, which imports itself in a circle."),
        ("recipe=headless", "expected a recipe that begins with the line '# @package _global_', got one without it."),
        ("recipe=broken", "expected settings that can be composed, got"),
        ("recipe=lost", "expected settings that can be read, got"),
        ("recipe=orphan", "expected recipe among"),
        ("load=true", "expected an agent in runs/default/recall/digits_0, got none. Runs: none."),
        ("load=some words", "expected words that name a run in runs, got 'some words'."),
        ("replay=./none.zip", "expected a run or an agent at ./none.zip, got nothing there."),
        ("metrics.x=__import__", "expected known names in metrics.x, got __import__"),
        ("order=mix", "expected order among mixed, one_after_another, got 'mix'."),
        (
            "track=true",
            "expected trackio or tensorboard for track=true, got neither. Install one: pip install trackio.",
        ),
        ("--frob", "expected a flag among -m"),
        ("--config-dir", "expected a folder after --config-dir, got none."),
        ("-m seed=1,2 lessons=60,many", "got 'many'."),
        ("-m agent=recall,nearst", "Did you mean nearest?"),
        ("-m seed=1,2 agent.n_nods=60", "expected settings of recall among n_nodes, "),
        ("hydra/launcher=joblab", "got 'joblab'. Did you mean joblib?"),
        ("-m hydra/launcher=joblib,basic", "expected one value for hydra/launcher, got joblib,basic: all runs"),
        ("-m seed=interval(1,2)", "expected settings that can be composed, got"),
        ("~agent", "expected one agent"),
        ("-m lessons=choice(1", "expected name=value"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing_behind(here, capsys, words, expected):
    before = sorted(here.rglob("*"))
    parts = words.split(" ") if words.startswith("-") else [words]
    assert main(parts) == 2
    said = capsys.readouterr().err
    assert said.startswith("agent: ") and said.count("\n") == 1 and expected in said
    assert [path for path in sorted(here.rglob("*")) if "__pycache__" not in path.parts] == before


def test_the_page_of_help_names_every_choice_and_every_setting(capsys):
    assert main(["--help"]) == 0
    page = capsys.readouterr().out
    words = ("default", "sevens", "few", "base", "lessons", "compare", "deploy", "-m")
    for word in (*SOURCES, *agent_choices(), *words):
        assert f" {word} " in page, word
    assert max(len(line) for line in page.splitlines()) <= 120


def test_a_new_setting_of_an_agent_shows_up_in_the_help(capsys, monkeypatch):
    @dataclasses.dataclass(frozen=True)
    class Wider(Nearest.Config):
        width: int = setting(3, "how far a drawing may lie away")

    monkeypatch.setattr(Nearest, "Config", Wider)
    assert main(["--help"]) == 0
    assert "    agent.width             how far a drawing may lie away\n" in capsys.readouterr().out
    assert asked(["agent=nearest", "agent.width=4"])["agent"]["width"] == 4
    assert "width: 3" in cli.text_of(cli.composed(["agent=nearest"]))


def test_all_settings_are_shown_without_running_anything(here, capsys):
    assert main(["--cfg", "lessons=7", "task=fonts"]) == 0
    shown = capsys.readouterr().out
    assert "lessons: 7" in shown and "fonts:" in shown and not (here / "runs").exists()


class Started:
    """A process that compiles, and has ended when somebody waits for it."""

    def __init__(self, name):
        self.name, self.events = name, []
        self.stdout = self  # where it writes the names of its parts

    def __repr__(self):
        return self.name

    def readline(self):
        self.events.append("waited for")

    kill = communicate = lambda self: self.events.append("abandoned")


@pytest.mark.parametrize("mistake", [None, "before compiling", "after compiling"])
def test_compiling_is_announced_as_soon_as_preparing_needs_it_and_a_mistake_before_it_says_nothing(
    capfd, monkeypatch, mistake
):
    process, heard = Started("gate"), []
    monkeypatch.setattr(precompile, "start", lambda family: [process])
    monkeypatch.setattr(precompile, "finish", lambda family, processes: None)

    def prepare():
        heard.append(capfd.readouterr().err)
        if mistake == "before compiling":
            raise AgentError("expected other data.")
        assert numba.njit(lambda number: number + 1)(1) == 2 and process.events == ["waited for"]
        heard.append(capfd.readouterr().err)
        if mistake:
            raise AgentError("expected other data.")
        return "prepared"

    if mistake:
        with pytest.raises(AgentError, match="other data"):
            _compile_first("drawings", prepare)
        assert process.events[-1] == "abandoned"
    else:
        assert _compile_first("drawings", prepare) == "prepared"
    compiling = "compiling for this machine, once: half a minute or more …"
    end = {None: r" done after \d+ s\n", "before compiling": "", "after compiling": "\n"}[mistake]
    assert heard == ["", compiling][: len(heard)] and re.fullmatch(end, capfd.readouterr().err)


def test_compiling_is_announced_and_over_before_anything_is_taught(here, capfd, monkeypatch):
    events = []
    monkeypatch.setattr(precompile, "start", lambda family: events.append(f"start {family}") or [Started("gate")])
    monkeypatch.setattr(precompile, "finish", lambda family, processes: events.append(f"finish {family} {processes}"))
    monkeypatch.setattr(agent.agents.pupil.Pupil, "learn_many", lambda *_: events.append("lesson"))
    monkeypatch.setattr(agent.agents.pupil.Pupil, "learn_one", lambda *_: events.append("lesson"))
    with contextlib.suppress(Exception):  # nothing is learned here
        main(["lessons=2", "n_test=1", "agent=nearest", "plots=false"])
    assert events[:2] == ["start drawings", "finish drawings [gate]"]
    said = capfd.readouterr().err
    assert re.match(r"compiling for this machine, once: half a minute or more … done after \d+ s\n", said), said


def test_nothing_is_said_where_everything_is_compiled(capfd, monkeypatch):
    monkeypatch.setattr(precompile, "start", lambda family: [])
    _compile_first("drawings")
    assert capfd.readouterr().err == ""


def test_every_test_of_the_readme_is_there():
    folder = Path(__file__).parent
    named = re.findall(r"([\w./]+\.py)::(\w+)", (folder / "README.md").read_text(encoding="utf-8"))
    assert len(named) > 60
    for file, test in named:
        assert f"def {test}(" in (folder / file).read_text(encoding="utf-8"), (file, test)
