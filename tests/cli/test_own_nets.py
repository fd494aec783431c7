"""Modules of torch as models: how they are trained, saved, resumed and refused, in every family."""

import numpy as np
import pytest
from corridor import CORRIDOR

torch = pytest.importorskip("torch")

import agent  # noqa: E402
from agent import user_code  # noqa: E402
from agent.__main__ import main  # noqa: E402
from agent.errors import AgentError  # noqa: E402
from agent.experiments import iter_run, run  # noqa: E402

pytestmark = pytest.mark.usefixtures("here")
QUICK = {"lessons": 60, "n_test": 30, "n_held_out": 10, "n_asked": 5, "plots": False}
NETS = '''
from torch import nn


class Net(nn.Module):
    """a convolution, normalised, and a layer"""

    def __init__(self, in_shape, n_labels, width=4, in_channels=1):
        super().__init__()
        assert in_shape[0] == in_channels
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, width, 3), nn.BatchNorm2d(width), nn.ReLU(), nn.Flatten(), nn.Dropout(0.1),
            nn.LazyLinear(n_labels),
        )

    def forward(self, x):
        return self.layers(x)


class Dense(nn.Module):
    def __init__(self, in_features, out_features, scale=1.0):
        super().__init__()
        self.layers, self.scale = nn.Linear(in_features, out_features), scale

    def forward(self, x):
        return self.scale * self.layers(x)


def build(in_shape, n_labels, depth=1):
    assert len(in_shape) in (1, 3)
    return nn.Sequential(nn.Flatten(), *[nn.LazyLinear(16) for _ in range(depth)], nn.LazyLinear(n_labels))


whole = nn.Linear(784, 10)
'''


@pytest.fixture
def nets(here):
    (here / "nets.py").write_text(NETS + CORRIDOR)
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 60, (100, 32, 32, 3)).astype(np.uint8), np.arange(100) % 3
    for picture, label in zip(x, y, strict=True):
        picture[4:20, 4:20, label] = 220
    np.savez(here / "colours.npz", x=x, y=np.array(["red ones", "green", "blue"])[y])
    return here


CASES = {
    "drawings": ("digits", {"kind": "./nets.py:Net", "epochs": 2}, QUICK),
    "arrays": ("./colours.npz", {"kind": "./nets.py:Net", "epochs": 3, "lr": 0.01}, QUICK),
    "numbers": ("copy", {"kind": "./nets.py:Dense", "lr": 0.05, "batch_size": 4}, {"steps": 600}),
    "frames": ({"frames": {"world": "./nets.py:Corridor", "chance": False}}, "./nets.py:Dense", {"steps": 220}),
}


@pytest.mark.parametrize("family", CASES)
def test_a_net_that_was_stopped_goes_on_to_the_same_bytes_and_loads_again(nets, family):
    task, kind, given = CASES[family]
    given = {**given, "plots": False}
    whole = run(task, kind, folder="whole", **given)
    steps = iter_run(task, kind, folder="parts", **given)
    next(steps), next(steps)
    steps.close()
    again = run(task, kind, folder="parts", **given)
    files = [(result.folder / "agent" / "agent.safetensors").read_bytes() for result in (whole, again)]
    assert files[0] == files[1] and b"net." in files[0] and not again.cached
    assert {**whole.scores, "seconds": 0, "frames_per_second": 0} == {
        **again.scores,
        "seconds": 0,
        "frames_per_second": 0,
    }
    loaded = agent.load(whole.folder)
    assert loaded.n_lessons == whole.agent.n_lessons and loaded.FAMILY == family
    tensors = loaded.model.tensors()
    assert all(np.array_equal(tensors[name], array) for name, array in whole.agent.model.tensors().items())


def test_a_module_may_give_its_outputs_as_transformers_do(nets):
    text = NETS.replace("return self.scale * self.layers(x)", "return types.SimpleNamespace(logits=self.layers(x))")
    (nets / "more.py").write_text(f"import types{text}")
    folders = [run("digits", f"./{file}.py:Dense", experiment=file, **QUICK).folder for file in ("nets", "more")]
    one, other = (folder.joinpath("agent/agent.safetensors").read_bytes() for folder in folders)
    assert one == other


def test_white_is_one_in_pictures_of_few_levels(nets):
    x = np.tile(np.arange(17, dtype=np.uint8), (40, 17, 1))
    np.savez("levels.npz", x=x, y=[0, 1] * 20)
    net = run("./levels.npz", "./nets.py:Dense", n_held_out=0, plots=False).agent.model.adapter
    assert net._batch(x).max() == 1


def test_channels_may_come_first_already(nets):
    with np.load("colours.npz") as file:
        x, y = file["x"], file["y"]
    np.savez("first.npz", x=np.moveaxis(x, -1, 1), y=y)
    last, first = (run(f"./{name}.npz", "./nets.py:Net", **QUICK).agent.model.adapter for name in ("colours", "first"))
    assert torch.equal(last._batch(x), first._batch(np.moveaxis(x, -1, 1)))


def test_nets_learn_in_every_family(nets):
    scores = {name: run(*case[:2], **{**case[2], "plots": False}).scores for name, case in CASES.items()}
    assert scores["arrays"]["accuracy"] >= 0.8 and scores["arrays"]["labels"] == ["blue", "green", "red ones"]
    assert scores["numbers"]["error"] < 1 and scores["frames"]["error"] < scores["frames"]["repeat_error"]
    assert scores["drawings"]["n_lessons"] == 120


@pytest.mark.parametrize("name", ["Net", "build", "whole"])
def test_classes_functions_and_objects_make_nets_and_settings_reach_them(nets, name, capsys):
    words = [f"agent=./nets.py:{name}", "agent.optim=SGD", "agent.lr=0.02", "agent.batch_size=16", "agent.device=cpu"]
    words += ["agent.epochs=2", "lessons=40", "n_test=20", "n_held_out=0", "plots=false"]
    assert main(words) == 0, capsys.readouterr()
    folder = next((nets / "runs/default").iterdir()) / "digits_0"
    net = agent.load(folder).model.adapter
    assert type(net.optimizer).__name__ == "SGD" and net.optimizer.param_groups[0]["lr"] == 0.02 and net.n_seen == 80


def test_the_same_seed_makes_the_same_net_and_leaves_the_generator_of_torch_alone(nets):
    run("digits", "./nets.py:Net", experiment="first", **QUICK)  # imports the file, which draws itself
    torch.manual_seed(5)
    expected = torch.rand(3)
    weights = []
    for number, seed in enumerate((0, 0, 1)):
        torch.manual_seed(5)
        result = run("digits", "./nets.py:Net", seed=seed, experiment=f"e{number}", **{**QUICK, "lessons": 20})
        assert torch.equal(torch.rand(3), expected)
        weights.append(result.agent.model.tensors()["net.layers.0.weight"])
    assert np.array_equal(weights[0], weights[1]) and not np.array_equal(weights[0], weights[2])


def test_a_net_takes_part_in_all_that_agents_do(nets):
    result = run("digits", "./nets.py:Net", starter="sixty", **QUICK)
    pupil, copied = result.agent, result.agent
    drawings, labels = agent.datasets.mnist("test")
    pupil.learn_one(drawings[0], labels[0])
    assert pupil.n_lessons == 121 and pupil.undo().label == labels[0]
    with pytest.raises(AgentError, match="expected labels that its net was made for, 0 1 2 3 4 5 6 7 8 9, got A"):
        copied.learn_one(drawings[0], "A")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"optim": "Adamm"}, "expected agent.optim among .* got Adamm. Did you mean Adam"),
        ({"device": "gpu"}, "expected agent.device as auto or a device of torch, got gpu"),
        ({"lr": -1.0}, "expected lr as a number from 0 to 100, got -1.0"),
        ({"batch_size": 0}, "expected batch_size as a whole number from 1"),
        ({"lrr": 0.1}, "got lrr. Did you mean lr?"),
        ({"optim": "SGD", "lr": 100.0, "scale": 1e30}, "Take a smaller agent.lr than 100|finite numbers, got nan"),
    ],
)
def test_settings_of_training_that_cannot_be_are_refused(nets, settings, said):
    with pytest.raises(AgentError, match=said):
        run("digits", {"kind": "./nets.py:Dense", **settings}, **QUICK)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return x.flatten(1)[:, :3] * self.w", r"to give 10 numbers for each input, got \(2, 3\) of two inputs"),
        ("raise KeyError('deep')", "expected ./bad.py:Bad to run, got KeyError: 'deep' in bad.py, line 7"),
    ],
)
def test_a_net_that_does_not_fit_is_one_sentence(here, body, said):
    lines = ["import torch", "class Bad(torch.nn.Module):", " def __init__(self):", "  super().__init__()"]
    lines += ["  self.w = torch.nn.Parameter(torch.ones(()))", " def forward(self, x):", f"  {body}"]
    (here / "bad.py").write_text("\n".join(lines))
    with pytest.raises(AgentError, match=said):
        run("digits", "./bad.py:Bad", **QUICK)


def test_an_edited_net_is_another_run_and_its_saved_state_is_not_forced_into_it(nets):
    result = run("digits", "./nets.py:Net", **QUICK)
    (nets / "nets.py").write_text(NETS.replace("nn.Conv2d(in_channels, width, 3)", "nn.Conv2d(in_channels, width, 5)"))
    with pytest.raises(AgentError, match="expected arrays that fit Net, got others. Was it changed since?"):
        agent.load(result.folder)
    assert not run("digits", "./nets.py:Net", **QUICK).cached


def test_the_last_lesson_of_a_net_can_be_forgotten(nets):
    model = run("digits", "./nets.py:Dense", **{**QUICK, "lessons": 5}).agent.model
    drawings, labels = model._drawings, list(model._labels)
    for drawing, label in zip(drawings, labels, strict=True):
        model.forget_one(drawing, label)
    assert model.n_lessons == 0 and model.labels == () and model.adapter.n_seen == 0
    model.learn_many(drawings, labels)
    assert model.n_lessons == 5 and model.adapter.n_seen == 5


def test_equal_nets_have_one_digest_and_others_another():
    def digest(width, seed):
        torch.manual_seed(seed)
        return user_code.content_of(user_code.given_path(torch.nn.Linear(width, 2)))

    assert digest(9, 0) == digest(9, 0) != digest(9, 1) != digest(8, 0)
