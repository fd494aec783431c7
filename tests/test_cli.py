"""The command line: groups, recipes, who wins over whom, and one sentence for every mistake."""

import pytest

import agent
from agent import command
from agent.__main__ import main
from agent.errors import AgentError
from agent.runs import groups


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with a person's own task, agent and recipes."""
    monkeypatch.chdir(tmp_path)
    head = "# @package _global_\n"
    texts = {
        "recipe/base.yaml": head + "defaults:\n  - _self_\n  - override /agent: state\n  - override /task: [digits, fonts]\nlessons: 70\nseed: 5\ntask:\n  balanced: false\n",
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


def test_the_files_of_groups_say_what_the_dataclasses_say():
    for name, text in groups.files().items():
        assert (groups.FOLDER / name).read_text() == text, f"{name}: python -c 'from agent.runs import groups; groups.write()'"
    written = {path.relative_to(groups.FOLDER).as_posix() for path in groups.FOLDER.rglob("*.yaml") if path.parent.name != "recipe"}
    assert written == set(groups.files())


def test_every_recipe_of_pupils_own_can_be_planned():
    from agent.runs import planned

    for path in (groups.FOLDER / "recipe").glob("*.yaml"):
        assert planned(**command.asked([f"recipe={path.stem}"])).place.name, path.name


def test_words_win_over_code_code_over_recipes_and_recipes_over_defaults():
    words = command.merged({"recipe": "middle", "lessons": 50, "n_test": 40}, ["n_test=30"])
    got = command.asked(words)
    assert (got["n_test"], got["lessons"], got["seed"], got["epochs"]) == (30, 50, 6, 1)
    assert command.asked(["recipe=middle"])["lessons"] == 70 and command.asked([])["lessons"] == 600


def test_recipes_import_recipes_and_what_they_choose_survives():
    got = command.asked(["recipe=top"])
    assert (got["lessons"], got["seed"], got["n_test"], got["experiment"]) == (70, 6, 9, "x6")
    assert got["agent"]["kind"] == "state" and list(got["task"]) == ["digits", "fonts"]
    assert got["task"]["digits"]["balanced"] is False
    assert command.asked(["recipe=top", "agent=nearest", "task=strokes"])["agent"]["kind"] == "nearest"


def test_a_recipe_a_task_and_an_agent_of_the_current_folder_are_found(here):
    got = command.asked(["task=sevens", "agent=few", "recipe=alone"])
    assert got["task"] == {"sevens": {"source": "digits", "labels": ["7", "1"]}} and got["lessons"] == 8
    assert (got["agent"]["name"], got["agent"]["kind"], got["agent"]["n_nodes"]) == ("few", "recall", 50)
    assert command.asked(["recipe=./alone.yaml"])["lessons"] == 8


def test_several_tasks_may_be_set_one_by_one_or_together():
    got = command.asked(["task=[fonts,strokes]", "task.strokes.labels=[7]", "task.balanced=false"])["task"]
    assert list(got) == ["fonts", "strokes"] and got["strokes"]["labels"] == [7]
    assert got["strokes"]["balanced"] is False and "balanced" not in got["fonts"]


def test_a_class_is_chosen_by_its_path_and_receives_what_is_set():
    got = command.asked(["agent=./mine.py:Mine", "agent.depth=5", "+agent.width=4"])["agent"]
    assert got == {"name": "Mine", "kind": "./mine.py:Mine", "depth": 5, "width": 4}


def test_presets_are_agents_by_name():
    for words in (["agent.preset=reference design"], ["agent=state", "agent.preset='reference design'"], ["agent=reference_design"]):
        got = command.asked(words)["agent"]
        assert (got["name"], got["kind"], got["eyes"]) == ("reference_design", "state", "reference")


def test_a_sweep_of_presets_lies_beside_other_agents():
    got = command.sweep(["agent.preset=reference design,one-hot", "lessons=20,30"], command.keywords)
    assert [(each["agent"]["name"], each["experiment"]) for each in got] == [
        ("reference_design", "default/lessons=20"), ("reference_design", "default/lessons=30"),
        ("one_hot", "default/lessons=20"), ("one_hot", "default/lessons=30"),
    ]  # fmt: skip
    assert {each["experiment"] for each in command.sweep(["agent.preset=windows,grey"], command.keywords)} == {"default"}


def test_metrics_are_named_on_the_command_line():
    assert command.asked(["metrics.F1='2*precision*recall/(precision+recall)'"])["metrics"] == {"F1": "2*precision*recall/(precision+recall)"}


def test_code_may_give_whatever_python_holds():
    given = {"task": ["digits", "fonts"], "agent": {"kind": "nearest", "threshold": 99}, "lessons": None, "load": "it's, a [run]", "plots": False}
    got = command.asked(command.merged(given, ["agent.threshold=98"]))
    assert (got["lessons"], got["load"], got["plots"], got["agent"]["threshold"]) == (None, "it's, a [run]", False, 98)
    assert list(got["task"]) == ["digits", "fonts"]


def test_launch_runs_what_code_says_and_words_win():
    result = agent.launch(["lessons=20"], agent="nearest", lessons=30, n_test=10, n_held_out=0, plots=False)
    assert result.scores["n_lessons"] == 20
    with pytest.raises(AgentError, match="Did you mean lessons"):
        agent.launch(lesons=20)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("lesons=60", "got lesons. Did you mean lessons?"),
        ("+lesons=60", "got lesons. Did you mean lessons?"),
        ("lessons=many", "expected lessons as a whole number from 1 to 10,000,000 or null, got 'many'."),
        ("lessons=-1", "expected lessons as a whole number"),
        ("lessons", "expected name=value, got 'lessons'. Write it as name=value."),
        ("lessons=[1", "expected name=value, got 'lessons=[1'."),
        ("seed=1,2", "expected one value for seed, got 1,2. Add -m to run them all, or write seed=[1,2] for a list."),
        ("seed=range(1,3)", "Add -m to run them all"),
        ("agent=nearst", "got 'nearst'. Did you mean nearest?"),
        ("agent=[nearest,recall]", "expected one agent"),
        ("agent=null", "expected agent among"),
        ("agent=./mine.py:Min", "expected a class Min in ./mine.py, got Mine, Half. Did you mean Mine?"),
        ("agent=./other.py:Mine", "expected a file of Python at other.py"),
        ("agent=no.such.Kind", "expected a module no.such"),
        ("agent.tuple_siz=9", "got tuple_siz. Did you mean tuple_size? +agent.tuple_siz=… adds one."),
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
        ("track=true", "expected trackio for track=true, got none. Install it: pip install trackio."),
        ("--frob", "expected a flag among -m"),
        ("--config-dir", "expected a folder after --config-dir, got none."),
        ("-m seed=1,2 lessons=60,many", "got 'many'."),
        ("-m agent=recall,nearst", "Did you mean nearest?"),
        ("-m seed=1,2 agent.n_nods=60", "expected settings of agent among kind, "),
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
    own = {name for name, kind in groups.kinds().items() if not kind.__module__.startswith("agent.")}  # of other tests
    words = ("default", "sevens", "few", "base", "lessons", "compare", "deploy", "-m")
    for word in (*groups.SOURCES, *sorted({*groups.kinds()} - own), *words):
        assert f" {word} " in page, word
    assert max(len(line) for line in page.splitlines()) <= 120


def test_all_settings_are_shown_without_running_anything(here, capsys):
    assert main(["--cfg", "lessons=7", "task=fonts"]) == 0
    shown = capsys.readouterr().out
    assert "lessons: 7" in shown and "fonts:" in shown and not (here / "runs").exists()
