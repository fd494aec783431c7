"""Models of a user's own: classes, functions and objects of three interfaces, and what goes wrong in them."""

import copy
import sys
import threading
import types

import numpy as np
import pytest
from corridor import CORRIDOR

import agent
from agent import user_code
from agent.__main__ import main
from agent.errors import AgentError
from agent.experiments import resolve, run
from agent.models import MODELS

pytestmark = pytest.mark.usefixtures("here")

QUICK = {"lessons": 20, "n_test": 20, "n_held_out": 0, "n_asked": 5, "plots": False}


class Base:
    """answers with the label of the nearest lesson"""

    def __init__(self):
        self.seen = []

    def learn_one(self, drawing, label):
        self.seen.append((drawing.astype(float), label))

    def predict_one(self, drawing):
        return min(self.seen, key=lambda lesson: np.abs(lesson[0] - drawing).sum())[1]


class Soft(Base):
    """answers with a number for every label of the task, taught or not, as a net does"""

    def __init__(self, labels, width, as_array=False):
        super().__init__()
        self.labels, self.width, self.as_array = labels, width, as_array

    def predict_one(self, drawing):
        best = super().predict_one(drawing)
        scores = [float(label == best) + 0.1 for label in self.labels]
        return np.array(scores) if self.as_array else dict(zip(self.labels, scores, strict=True))


class Rows:
    """an estimator as scikit-learn has them"""

    def fit(self, rows, labels):
        assert rows.shape[1:] == (784,) and rows.max() <= 1
        self.rows, self.labels = rows, labels
        return self

    def predict(self, rows):
        return self.labels[[np.abs(self.rows - row).sum(1).argmin() for row in rows]]


class Proba(Rows):
    def partial_fit(self, rows, labels, classes=None):
        rows = np.concatenate([self.rows, rows]) if hasattr(self, "rows") else rows
        labels = np.concatenate([self.labels, labels]) if hasattr(self, "labels") else labels
        self.classes_ = classes
        return self.fit(rows, labels)

    def predict_proba(self, rows):
        return (self.predict(rows)[:, None] == self.classes_).astype(float)


class Features:
    """a classifier as river has them"""

    def __init__(self):
        self.inner = Base()

    def learn_one(self, x, y):
        self.inner.learn_one(np.array(list(x.values())), y)

    def predict_proba_one(self, x):
        return {self.inner.predict_one(np.array(list(x.values()))): 1.0}

    def predict_one(self, x):
        return max(self.predict_proba_one(x))


def made(labels, width=3):
    return Soft(labels, width)


def test_classes_functions_and_objects_of_three_interfaces_learn_the_same(here):
    expected = run("digits", Base, **QUICK).scores["accuracy"]
    assert expected > 0.3
    soft = {"kind": Soft, "width": 3}
    for number, given in enumerate(
        (soft, {**soft, "as_array": True}, Base(), made, lambda: Base(), Rows, Rows(), Proba, Proba(), Features())
    ):
        result = run("digits", given, experiment=f"e{number}", **QUICK)
        assert result.scores["accuracy"] == expected, given
    result = agent.launch("lessons=20 n_test=20", agent=Soft(tuple("0123456789"), 1), plots=False, n_held_out=0)
    assert result.scores["accuracy"] == expected and result.folder.parent.name == "Soft2"  # beside the class


def test_an_edited_class_is_another_run_and_an_unchanged_one_is_not(here):
    text = "class M:\n    def learn_one(self, d, l): ...\n    def predict_one(self, d): return '1'\n"
    (here / "good.py").write_text(text)
    first = run("digits", "./good.py:M", **QUICK)
    assert run("digits", "./good.py:M", **QUICK).cached
    (here / "good.py").write_text(text.replace("'1'", "'7'"))
    second = run("digits", "./good.py:M", **QUICK)
    assert not second.cached and first.scores["by_label"] != second.scores["by_label"]


def test_an_edited_file_of_drawings_is_another_run(here):
    for n_drawings in (40, 50):
        drawings = np.zeros((n_drawings, 20, 20), np.uint8)
        drawings[::2, 9, 3:17] = drawings[1::2, 3:17, 9] = 255
        np.savez(here / "c.npz", drawings=drawings, labels=np.tile([0, 1], n_drawings // 2))
        for cached in (False, True):
            result = run("./c.npz", "nearest", **QUICK)
            assert (result.cached, result.scores["n_test"]) == (cached, n_drawings // 5)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def __init__(self): raise KeyError('x')", r"expected ./bad.py:M to run, got KeyError: 'x' in bad.py, line 2"),
        ("def learn_one(self, d, l): 1 / 0", "got ZeroDivisionError: division by zero in bad.py, line 2"),
        ("def predict_one(self, d): raise RuntimeError('no')", "got RuntimeError: no in bad.py, line 2"),
        ("def predict_one(self, d): return {'1': float('nan')}", "to answer with finite numbers, got nan for 1"),
        ("def predict_one(self, d): return 'A'", "to answer among 0 1 2 3 4 5 6 7 8 9, got A"),
        (
            "def __init__(self, width): ...",
            "expected agent.width, which ./bad.py:M asks for, got none. Add agent.width=",
        ),
    ],
)
def test_what_goes_wrong_in_own_code_is_one_sentence(here, body, said):
    rest = [f"def {verb}: ..." for verb in ("learn_one(self, d, l)", "predict_one(self, d)") if verb[:9] not in body]
    (here / "bad.py").write_text("class M:\n    " + "\n    ".join([body, *rest]) + "\n")
    with pytest.raises(AgentError, match=said):
        run("digits", "./bad.py:M", **QUICK)


ODD = """
import functools, os
class Base:
    def learn_one(self, x, y): self.last = y
    def predict_one(self, x): return self.last
class Named(Base):
    def __init__(self, name="x", kind="cnn", preset="a", asked=3, in_white=4): assert (kind, in_white) == ("cnn", 4)
class Lists(Base):
    def __init__(self, hidden=(64,)): self.hidden = hidden
class Wanders(Base):
    def learn_one(self, x, y): os.chdir("/"), super().learn_one(x, y)
class Spoils(Base):
    def learn_one(self, x, y): x[:] = 0
    def predict_one(self, x): x[:] = 0
class Outer:
    class Inner(Base): ...
class Wordy(Base):
    def predict_one(self, x): return "x" * 9000
class Keras:
    def fit(self, x, y): self.labels = sorted(set(y))
    def predict(self, x): return [[float(label == y) for label in self.labels] for y in [self.labels[-1]] * len(x)]
partly = functools.partial(Lists, hidden=3)
"""


@pytest.mark.parametrize("name", ["Named", "Wanders", "Spoils", "Outer.Inner", "Keras", "partly"])
def test_odd_classes_are_taken_as_they_are(here, name):
    (here / "my nets").mkdir()
    (here / "my nets/odd one.py").write_text(ODD)
    result = run("digits", f"./my nets/odd one.py:{name}", **QUICK)
    loaded = agent.load(result.folder)
    assert loaded.n_lessons == 20 and (here / result.folder / "result.json").exists()
    assert all(drawing.any() for drawing in loaded.model._drawings), "what it does to its inputs is its own affair"


def test_a_list_is_a_setting_that_is_saved_loaded_and_compared(here):
    (here / "odd.py").write_text(ODD)
    given = {"kind": "./odd.py:Lists", "hidden": [30, 20]}
    assert run("digits", given, **QUICK).agent.model._inner.hidden == (30, 20)
    assert run("digits", given, **QUICK).cached
    for load in (True, "Lists digits"):
        assert run("digits", "./odd.py:Lists", load=load, **QUICK).scores["n_known"]
    with pytest.raises(AgentError, match=r"text, or a list of these, got \(\[1\],\)"):
        run("digits", {**given, "hidden": [[1]]}, **QUICK)


def test_what_is_answered_is_told_in_a_sentence_that_ends(here):
    (here / "odd.py").write_text(ODD)
    with pytest.raises(AgentError, match="to answer among 0 1 2 3 4 5 6 7 8 9, got x{80}.$"):
        run("digits", "./odd.py:Wordy", **QUICK)


def test_what_cannot_be_a_model_is_refused_with_a_sentence():
    with pytest.raises(AgentError, match="got an agent of the kind nearest. Save it, and say load=FILE"):
        agent.launch([], agent=agent.new("nearest"))
    with pytest.raises(AgentError, match="expected given:object to have learn_one and predict_one"):
        run("digits", object, **QUICK)


TASK = "    def lessons(self, n, seed): return self.draw()\n    def test(self, n, seed): return self.draw()\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def draw(self): return [][0]", "expected the task T to run, got IndexError: .* in task.py, line 2"),
        ("def __init__(self): {}['x']", "expected ./task.py:T to run, got KeyError: 'x' in task.py, line 2"),
        ("def __init__(self): int('x')", "got ValueError: .* in task.py, line 2"),
    ],
)
def test_what_goes_wrong_in_a_task_is_one_sentence(here, body, said):
    (here / "task.py").write_text(f"class T:\n    {body}\n{TASK}")
    with pytest.raises(AgentError, match=said):
        run("./task.py:T", "nearest", **QUICK)


def test_a_sweep_goes_on_after_a_class_that_raises_and_says_which_run_it_was(here, capsys):
    (here / "bad.py").write_text(
        "class M:\n    def learn_one(self, d, l): raise OSError('no')\n    def predict_one(self, d): ...\n"
    )
    words = ["-m", "agent=./bad.py:M,nearest", "lessons=20", "n_test=20", "n_held_out=0", "plots=false"]
    assert main(words) == 2
    out, said = capsys.readouterr()
    assert "nearest" in out and "agent: runs/default/M/digits_0: expected ./bad.py:M to run, got OSError: no" in said
    assert "Traceback" not in said and (here / "runs/default/nearest/digits_0/result.json").exists()


def test_a_result_gives_its_agent_and_a_run_is_loaded_by_its_folder(here):
    for _ in range(2):  # the second is the finished one
        result = run("digits", Base, **QUICK)
        for pupil in (result.agent, agent.load(result.folder), agent.load(str(result.folder / "agent"))):
            assert pupil.n_lessons == 20 and pupil.model.path == "given:Base"
        MODELS.pop("Base")


def test_an_estimator_of_scikit_learn_is_named_by_its_module(here):
    pytest.importorskip("sklearn")
    given = {"kind": "sklearn.linear_model.SGDClassifier", "alpha": 0.01}
    result = run("digits", given, **QUICK)
    assert result.scores["accuracy"] >= 0.3 and result.config["agent"]["alpha"] == 0.01
    assert result.agent.model._inner.alpha == 0.01 and result.agent.model._inner.random_state == 0


LINE = """
class Line:
    def __init__(self, rate=0.01):
        self.slope, self.rate = 0.0, rate

    def learn_one(self, x, y):
        self.slope += self.rate * (y - self.slope * x) * x

    def predict_one(self, x):
        return self.slope * x
"""


class Slope:
    """an estimator of scikit-learn's interface that predicts a number"""

    def fit(self, rows, numbers):
        self.slope = float((rows[:, 0] * numbers).sum() / ((rows[:, 0] ** 2).sum() + 1e-9))

    def predict(self, rows):
        return rows[:, 0] * self.slope


def test_models_of_ones_own_copy_numbers_and_are_loaded_again(here):
    (here / "line.py").write_text(LINE)
    for kind in ({"kind": "./line.py:Line", "rate": 0.02}, Slope):
        result = run("copy", kind, steps=300, plots=False)
        assert result.scores["error"] < 0.01 and result.agent.FAMILY == "numbers"
        loaded = agent.load(result.folder)
        assert loaded.predict_one("7").value == result.agent.predict_one("7").value and loaded.n_lessons == 300
    with pytest.raises(AgentError, match="expected a learner that makes do with a reward, got Line"):
        run({"copy": {"supervised": False}}, "./line.py:Line", steps=30)


class Same:
    """expects the frame before once more, and goes right"""

    def __init__(self, n_features, out_features):
        self.n_actions = n_features - out_features

    def observe(self, frame):
        return np.nan_to_num(frame), np.arange(self.n_actions) / 9


class Still(Same):
    def observe(self, frame):
        return super().observe(frame)[0]


class Rowwise:
    """learns (frame, action) -> next frame"""

    def __init__(self, out_features):
        self.answer = np.zeros(out_features)

    def learn_one(self, x, y):
        self.answer = self.answer + (y - self.answer) / 8

    def predict_one(self, x):
        return self.answer


@pytest.mark.parametrize("kind", [Same, Still, Rowwise])
def test_models_of_ones_own_watch_and_act_in_an_environment_of_ones_own(here, kind):
    (here / "corridor.py").write_text(CORRIDOR)
    world = {"world": "./corridor.py:Corridor", "settings": {"length": 4}, "chance": False}
    result = run({"frames": world}, kind, steps=200, plots=False)
    assert result.scores["error"] is not None and result.scores["episode_return"] == 1
    again, loaded = result.agent, agent.load(result.folder)
    assert loaded.n_lessons == 200 and np.array_equal(loaded.model.expected, again.model.expected)
    frame = np.zeros(10)
    assert np.array_equal(loaded.observe(frame).prediction, again.observe(frame).prediction)


@pytest.mark.parametrize(("name", "n_cells"), [("Corridor", 5), ("short", 3), ("one", 4)])
def test_an_environment_is_a_class_a_function_or_an_object_by_its_path(here, name, n_cells):
    (here / "corridor.py").write_text(CORRIDOR)
    world = {"world": f"./corridor.py:{name}", "chance": False}
    result = run({"frames": world}, "cells", steps=120, plots=False)
    assert result.agent.model.spec.n_cells == 6 + n_cells and "episode_length" in result.scores
    assert run({"frames": world}, "cells", steps=120, plots=False).cached
    (here / "corridor.py").write_text(CORRIDOR + "# edited\n")
    assert not run({"frames": world}, "cells", steps=120, plots=False).cached


def test_what_goes_wrong_in_an_environment_is_one_sentence(here):
    (here / "corridor.py").write_text(CORRIDOR)
    wall = {"world": "./corridor.py:Corridor", "settings": {"fails_at": 2}}
    with pytest.raises(
        AgentError, match="./corridor.py:Corridor to run, got RuntimeError: a wall in corridor.py, line"
    ):
        run({"frames": wall}, "cells", steps=200)
    for body, said in (
        ("def step(self, action): return self.see(), float('nan'), False, False, {}", "a finite reward of .*, got nan"),
        ("def see(self): return [0.0, 1.0]", "an observation of ./odd.py:World in its space, Box.* got .0.0, 1.0"),
        ("action_space = property(lambda self: None, lambda self, value: None)", "expected actions of .*, got None"),
    ):
        (here / "odd.py").write_text(f"{CORRIDOR}\nclass World(Corridor):\n    {body}\n")
        with pytest.raises(AgentError, match=said):
            run({"frames": {"world": "./odd.py:World"}}, "cells", steps=20)
    with pytest.raises(AgentError, match="An environment is task=frames task.world=./corridor.py:Corridor"):
        run("./corridor.py:Corridor", "recall")
    with pytest.raises(AgentError, match="expected given:Base to be a gymnasium.Env, or to make one, got Base"):
        run({"frames": {"world": Base}}, "cells", steps=20)


class Failing(Same):
    def observe(self, frame):
        return [float("nan")] * len(frame)


def test_an_environment_of_the_old_interface_is_told_what_step_returns(here):
    head = "import gymnasium, numpy\nclass Old(gymnasium.Env):\n"
    head += "    observation_space, action_space = gymnasium.spaces.Box(0, 1, (3,)), gymnasium.spaces.Discrete(2)\n"
    head += "    def reset(self, *, seed=None, options=None): return numpy.zeros(3, numpy.float32), {}\n"
    (here / "old.py").write_text(
        head + "    def step(self, action): return numpy.zeros(3, numpy.float32), 0.0, False, {}\n"
    )
    with pytest.raises(AgentError, match="step of ./old.py:Old to return observation, reward, term.* got 4 values"):
        run({"frames": {"world": "./old.py:Old"}}, steps=50, plots=False)


def test_a_file_in_a_package_imports_its_neighbours(here, capsys, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("nets/__init__.py", "nets/deep/__init__.py"):
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).touch()
    (here / "nets/base.py").write_text("class Base:\n    def predict_one(self, drawing): return self.label\n")
    learns = "    def learn_one(self, drawing, label): self.label = label\n"
    (here / "nets/net.py").write_text("from .base import Base\nclass Net(Base):\n" + learns)
    (here / "nets/deep/net.py").write_text("from ..base import Base\nclass Deep(Base):\n" + learns)
    assert run("digits", "./nets/net.py:Net", **QUICK).scores["n_lessons"] == 20
    assert run("digits", "./nets/deep/net.py:Deep", **QUICK).agent.n_lessons == 20
    assert main(["agent=nets.net:Net"]) == 2 and "Did you mean nets.net.Net?" in capsys.readouterr().err


def test_an_estimator_may_give_shares_alone(here):
    class Shares(Rows):
        predict = None

        def fit(self, rows, labels):
            self.classes_ = sorted(set(labels))
            return super().fit(rows, labels)

        def predict_proba(self, rows):
            best = Rows.predict(self, rows)
            return [[float(label == name) for name in self.classes_] for label in best]

    assert run("digits", Shares, **QUICK).scores["accuracy"] == run("digits", Rows, **QUICK).scores["accuracy"]


def test_what_a_model_of_frames_or_numbers_does_wrong_is_one_sentence(here):
    with pytest.raises(AgentError, match="expected the next frame of given:Failing as 204 finite numbers, got"):
        run({"frames": {"chance": False}}, Failing, steps=20)
    with pytest.raises(AgentError, match="expected given:Rows to learn frame by frame, with learn_one or partial_fit"):
        run({"frames": {"chance": False}}, Rows, steps=20)
    with pytest.raises(AgentError, match="expected given:object to have learn_one and predict_one"):
        run("copy", object, steps=20)


def test_settings_of_a_model_of_ones_own_are_of_any_size_and_shown_by_help(here, capsys):
    (here / "wide.py").write_text(LINE.replace("rate=0.01", "rate=100.0, depth=-3").replace("y - ", "0 * y - 0 * "))
    assert main(["agent=./wide.py:Line", "--help"]) == 0
    assert "agent.rate=100.0" in capsys.readouterr().out
    (here / "task.py").write_text(f'class T:\n    """mine"""\n    def __init__(self, n=7): ...\n{TASK}')
    assert main(["task=./task.py:T", "--help"]) == 0
    assert capsys.readouterr().out == "task=./task.py:T: mine\n  task.n=7\n"
    assert run("copy", {"kind": "./wide.py:Line", "rate": 1e9}, steps=10).config["agent"]["depth"] == -3


def test_a_copied_agent_learns_for_itself(here):
    first = run("digits", Rows, **QUICK).agent
    other = copy.deepcopy(first)
    drawings, labels = agent.datasets.mnist("test")
    other.learn_many(drawings[:30], labels[:30])
    assert [guess.label for guess in other.predict_many(drawings[:30])] == list(labels[:30])
    assert first.n_lessons == 20 and other.n_lessons == 50


class Forgetful(Base):
    """cannot learn six lessons once it is told so"""

    fails = False

    def learn_one(self, drawing, label):
        if Forgetful.fails and len(self.seen) == 5:
            raise RuntimeError("full")
        super().learn_one(drawing, label)


@pytest.mark.parametrize("kind", [Forgetful, Rows, Proba])
def test_a_lesson_that_cannot_be_forgotten_is_kept_and_the_last_one_can_be(here, kind, monkeypatch):
    model = run("digits", kind, **QUICK).agent.model
    drawings, labels = model._drawings, list(model._labels)
    if kind is Forgetful:
        monkeypatch.setattr(Forgetful, "fails", True)
        expected = [guess.label for guess in model.predict(drawings)]
        with pytest.raises(AgentError, match="got RuntimeError: full"):
            model.forget_one(drawings[0], labels[0])
        assert model.n_lessons == 20 and [guess.label for guess in model.predict(drawings)] == expected
        monkeypatch.setattr(Forgetful, "fails", False)
    for drawing, label in zip(drawings, labels, strict=True):
        model.forget_one(drawing, label)
    assert model.n_lessons == 0 and model.labels == ()
    model.learn_many(drawings, labels)
    assert [guess.label for guess in model.predict(drawings)] == labels


class Weights:
    def __init__(self, part=None):
        self.numbers, self.part = np.zeros(5000), part

    def learn_one(self, drawing, label): ...

    def predict_one(self, drawing):
        return "1"


def answering(label):
    class Answer(Weights):
        def predict_one(self, drawing):
            return label

    return Answer


def test_two_things_of_one_name_are_two_and_the_same_thing_is_one(here):
    one, other = lambda: answering("1")(), lambda: answering("7")()
    pairs = [(one, other), (answering("1"), answering("7")), (Weights(1), Weights(2)), (Weights, Weights())]
    for pair in pairs:
        paths = [user_code.given_path(thing) for thing in pair]
        assert len({*paths}) == 2 and all(
            user_code.maker_of(path) is thing for path, thing in zip(paths, pair, strict=True)
        )
        assert [user_code.given_path(thing) for thing in pair] == paths
    first, again, wider = (user_code.given_path(lambda width=width: width) for width in (1, 1, 2))
    assert first == again != wider
    folders = [run("digits", Weights(part), **QUICK).folder for part in (8, 9, 8)]
    assert folders[0] == folders[2] != folders[1]


@pytest.fixture
def cell(monkeypatch):
    """Run code in a module that stays, as a notebook does with its cells."""
    module = types.ModuleType("cell")
    monkeypatch.setitem(sys.modules, "cell", module)
    return lambda text: exec(text, vars(module)) or module


def test_a_class_that_a_module_defines_anew_keeps_its_name(here, cell):
    text = "class M:\n def learn_one(self, x, y): ...\n def predict_one(self, x): return {!r}\n"
    results = [run("digits", cell(text.format(label)).M, **QUICK) for label in ("1", "7")]
    assert results[0].folder == results[1].folder and not results[1].cached
    assert results[0].scores["by_label"] != results[1].scores["by_label"]


def test_classes_that_a_loop_makes_under_one_name_are_two(here, cell):
    text = "def learn_one(self, x, y): ...\ndef made(label): return type('M', (), {'learn_one': learn_one, "
    text += "'predict_one': lambda self, x: label})\nboth = [made('1'), made('7')]\n"
    both = cell(text).both
    specs = [resolve("digits", one, **QUICK) for one in both]
    assert specs[0].folder != specs[1].folder
    assert [user_code.maker_of(spec.agent["kind"]) for spec in specs] == both


def digest_of(thing):
    return user_code.content_of(user_code.given_path(thing))


def test_what_an_object_holds_tells_its_runs_apart_and_not_where_it_lies_in_memory(here):
    weights, same, other = Weights(), Weights(), Weights()
    other.numbers[2500] = 7
    assert digest_of(weights) == digest_of(same) != digest_of(other)
    assert digest_of(Weights(Weights())) == digest_of(Weights(Weights()))
    held = Weights(lambda: 1)  # copied, but not pickled
    assert digest_of(held) != digest_of(held)
    assert not any(run("digits", held, **QUICK).cached for _ in range(2))


def test_code_of_a_module_without_a_file_has_a_digest():
    assert user_code.content_of("builtins.dict") == user_code.content_of("builtins.dict")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import sys\nsys.exit(3)\n", "expected Python that runs in bad.py, got SystemExit: 3"),
        (
            "class M:\n    def learn_one(self, x, y): raise SystemExit('bye')\n    def predict_one(self, x): ...\n",
            "bye",
        ),
    ],
)
def test_own_code_that_ends_the_program_is_one_sentence(here, text, said, monkeypatch):
    (here / "bad.py").write_text(text)
    with pytest.raises(AgentError, match=said):
        run("digits", "./bad.py:M", **QUICK)
    monkeypatch.syspath_prepend(here)
    if "learn_one" not in text:
        with pytest.raises(AgentError, match="expected a module bad, got SystemExit: 3. FILE.py:Class names"):
            run("digits", "bad.M", **QUICK)


class Locked(Same):
    def __init__(self, n_features, out_features):
        super().__init__(n_features, out_features)
        self.lock = threading.Lock()


def test_an_agent_that_cannot_be_copied_has_no_film_but_a_result(here, caplog):
    result = run({"frames": {"chance": False}}, Locked, steps=20, render=True)
    assert (result.folder / "result.json").is_file() and not (result.folder / "film.webp").exists()
    assert "left out film and frames.png: expected an agent that can be copied, got TypeError" in caplog.text
