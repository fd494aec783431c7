"""What three systems could do that this one stands for, row by row: the commands that do it here, and what must be seen.

The systems: a PyTorch agent over web pages (webenv), a training toolbox (UnifiedML), and a net that copies a number
(Machine-Learning-Simple-Net). `seen` runs a row in the current folder, which `furnish` fills with a user's own files.
"""

import contextlib
import io
import shlex
import textwrap
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from agent.__main__ import main

SYSTEMS = {2: "webenv", 3: "UnifiedML", 4: "Machine-Learning-Simple-Net"}
QUICK = "n_test=20 n_held_out=5 n_asked=5"


@dataclass(frozen=True)
class Row:
    """A feature, the commands that show it here, and what must be printed, or lie there as ``file NAME``.

    A command is words of the command line, after ``!`` those that must be refused, after ``py`` code.
    """

    system: int
    number: int
    feature: str
    commands: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()  # modules without which it is passed over
    nightly: bool = False
    no_sense: str = ""  # the reason, and what replaces it


FILES = {
    "run1.py": """
        class Model:
            def __init__(self, labels, in_shape, out_shape, in_channels, in_features, in_dim, out_features, out_dim,
                         out_channels, n_labels, depth=1):
                assert (in_shape, in_channels, in_features, in_dim) == ((28, 28), 1, 784, 784)
                assert {out_features, out_dim, out_channels, n_labels, *out_shape} == {len(labels)}
                self.labels, self.depth, self.sums = labels, depth, {}
            def learn_one(self, drawing, label):
                self.sums.setdefault(label, []).append(drawing.astype(float))
            def predict_one(self, drawing):
                far = {label: abs(drawing - sum(seen) / len(seen)).sum() for label, seen in self.sums.items()}
                return {label: -far.get(label, 1e9) * self.depth for label in self.labels}
        class Required(Model):
            def __init__(self, labels, width):
                self.labels, self.depth, self.sums = labels, width, {}
        def build(labels, depth=2):
            made = Model.__new__(Model)
            made.labels, made.depth, made.sums = labels, depth, {}
            return made
        model = build(tuple("0123456789"))
        class Raises(Required):
            def __init__(self): raise RuntimeError("not today")
        """,
    "marks.py": """
        import numpy as np
        class Marks:
            def lessons(self, n, seed): return self.draw(n or 20)
            def test(self, n, seed): return self.draw(n or 10)
            def draw(self, n):
                drawings = np.zeros((n, 20, 30), np.uint8)
                drawings[::2, 9, 3:27], drawings[1::2, 3:18, 14] = 255, 255
                return drawings, ["-" if row % 2 == 0 else "|" for row in range(n)]
        """,
    "minds.py": """
        import numpy as np
        class Line:
            def __init__(self): self.seen = []
            def learn_one(self, x, y): self.seen.append((float(x), float(y)))
            def predict_one(self, x): return min(self.seen, key=lambda pair: abs(pair[0] - float(x)))[1]
        class Still:
            def __init__(self, in_features, out_features): self.n_actions = in_features - out_features
            def observe(self, frame): return np.nan_to_num(frame), [0.0] * self.n_actions
        """,
    "myenv.py": """
        import gymnasium, numpy as np
        class Corridor(gymnasium.Env):
            observation_space = gymnasium.spaces.Box(-1, 1, (5,), np.float32)
            action_space = gymnasium.spaces.Discrete(2)
            def reset(self, *, seed=None, options=None):
                super().reset(seed=seed)
                self.at = 2
                return self.seen(), {}
            def seen(self): return np.eye(5, dtype=np.float32)[self.at]
            def step(self, action):
                self.at = min(4, max(0, self.at + 2 * int(action) - 1))
                return self.seen(), float(self.at == 4), self.at in (0, 4), False, {}
        if "Corridor-v0" not in gymnasium.registry:
            gymnasium.register("Corridor-v0", Corridor)
        """,
    "net.py": """
        import torch
        class Net(torch.nn.Module):
            def __init__(self, in_shape, n_labels, width=16):
                super().__init__()
                self.layers = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(width), torch.nn.ReLU(),
                                                  torch.nn.Linear(width, n_labels))
            def forward(self, x): return self.layers(x.float())
        """,
    "Run.py": "import agent\nprint(agent.launch(agent='nearest', lessons=40, n_test=20, plots=False).scores['n_lessons'])",
    "recipe/inner.yaml": "# @package _global_\nlessons: 22\nn_test: 20\nn_held_out: 0\nplots: false\n",
    "recipe/outer.yaml": "# @package _global_\ndefaults:\n  - inner\n  - _self_\n  - override /agent: nearest\nseed: 6\n",
    "page.html": "<body onload='window.pupilScore=1' onclick='window.pupilScore=1'>a page<p style='height:3000px'>",
}


def furnish(folder: Path) -> None:
    """Write a user's own files into a folder."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))
    rng = np.random.default_rng(0)
    drawings, labels = rng.integers(0, 2, (60, 20, 30), np.uint8), np.array(["-", "|"] * 30)
    drawings[::2, 9, 3:27], drawings[1::2, 3:18, 14] = 255, 255
    np.savez(folder / "digits.npz", drawings=drawings, labels=labels)
    np.savez(folder / "7.npz", drawings=drawings, labels=labels)
    colour = np.repeat(np.repeat(drawings[:, :, :20, None], 3, 3) / 255, 1, 1)
    np.savez(folder / "colour.npz", drawings=colour, labels=(np.arange(60) % 2).astype(np.int64))
    np.savez(
        folder / "vectors.npz",
        drawings=drawings.reshape(60, -1).astype(np.float32),
        labels=["horizontal", "upright"] * 30,
    )
    rows = [
        ",".join([*(f"{value:.3f}" for value in rng.normal(3 * (row % 2), 1, 6)), "ab"[row % 2]]) for row in range(80)
    ]
    (folder / "table.csv").write_text("a,b,c,d,e,f,label\n" + "\n".join(rows) + "\n")


def seen(row: Row) -> str:
    """Run a row in the current folder and give what it printed; AssertionError where it is not what must be seen."""
    printed = io.StringIO()
    for command in row.commands:
        if command.split()[0] == "py":
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                exec(command[3:], {"here": Path.cwd()})
            continue
        words, code = shlex.split(command.removeprefix("!")), 2 if command.startswith("!") else 0
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            got = main(words)
        assert got == code, f"{command}: {got}\n{printed.getvalue()[-1500:]}"
    text = printed.getvalue()
    for part in row.seen:
        found = list(Path().glob(part[5:])) if part.startswith("file ") else part in text
        assert found, (
            f"expected {part!r}, got {sorted(map(str, Path().rglob('*.*')))[:60] if part[:5] == 'file ' else text[-1500:]}"
        )
    return text


def run(*commands: str) -> tuple[str, ...]:
    """Commands that have few lessons asked and no pictures, where they say nothing else."""
    return tuple(f"{command} {QUICK} plots=false" for command in commands)


def frames(*commands: str) -> tuple[str, ...]:
    """Commands of the task frames without a comparison with random actions."""
    return tuple(f"{command} task=frames task.chance=false" for command in commands)


STOPPED = """py
import os, signal, hashlib
from pathlib import Path
from agent.__main__ import main
from agent.experiments import results
append = results.write_csv
def write(path, rows):
    append(path, rows)
    if len(rows) == 3 and not Path("stopped").exists():
        Path("stopped").touch()
        os.kill(os.getpid(), signal.{signal})
words = {words!r}.split()
results.write_csv = write
try:
    assert main(words) == 130
finally:
    results.write_csv = append
assert list(Path("runs").rglob("agent.safetensors")) and not list(Path("runs").rglob("result.json"))
assert main(words) == 0 and main([*words, "folder=whole"]) == 0
for name in ("agent.safetensors", "lessons.jsonl"):
    (one,), (other,) = (list(Path(folder).rglob(name)) for folder in ("runs", "whole"))
    assert one.read_bytes() == other.read_bytes(), name
"""
SERVED = """py
import functools, http.server, threading
from agent.__main__ import main
class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
try:
    words = f"task=frames task.world=browser task.settings.url=http://127.0.0.1:{{server.server_port}}/{page} steps={steps}"
    assert main(words.split() + {more!r}.split()) == {code}
finally:
    server.shutdown(), server.server_close()
"""
BROWSER_STOPPED = """py
import os, signal, threading
from agent.__main__ import main
from agent.experiments import results
append = results.write_csv
def write(path, rows):
    append(path, rows)
    if len(rows) == 2: os.kill(os.getpid(), signal.SIGINT)
results.write_csv = write
try:
    code = main(f"task=frames task.world=browser task.settings.url=file://{here}/page.html steps=300".split())
finally:
    results.write_csv = append
assert code == 130 and list(here.rglob("agent.safetensors"))
"""
MSE = "recipe=published agent.steps={} agent.lr={} n_test=null experiment=e{}_{}"
AGAIN = """py
from agent.experiments.reference_results import ROWS, repeat
row = ROWS[{}]
answers = [repeat(row, seed) for seed in range(20)]
print(row.name, min(answers), row.answer, max(answers))
assert min(answers) <= row.answer <= max(answers)
"""
BROWSER = ("playwright",)
ROWS = (
    # ------------------------------------------------------------ webenv
    Row(2, 1, "one command starts it", frames("agent=recurrent agent.unroll=2 steps=300"), ("repeat_error",)),
    Row(
        2,
        2,
        "stop with Ctrl-C, go on to the same bytes",
        (STOPPED.format(signal="SIGINT", words="task=frames steps=1500 plots=false task.chance=false"),),
    ),
    Row(
        2,
        3,
        "a real web page",
        (SERVED.format(page="page.html", steps=60, more="", code=0),),
        ("frames_per_second", "by chance"),
        BROWSER,
        nightly=True,
    ),
    Row(2, 4, "Ctrl-C on a real page saves", (BROWSER_STOPPED,), ("stopped.",), BROWSER, nightly=True),
    Row(
        2,
        5,
        "a page that is not there",
        (
            SERVED.format(page="none.html", steps=60, more="", code=2),
            "!task=frames task.world=browser task.settings.url=http://127.0.0.1:9/ steps=60",
        ),
        ("got an error page of status 404", "expected a page at http://127.0.0.1:9/"),
        BROWSER,
        nightly=True,
    ),
    Row(
        2,
        6,
        "back-propagation through time",
        frames("-m agent=recurrent agent.unroll=1,2,4 agent.size=256 steps=200"),
        ("agent.unroll=4",),
    ),
    Row(
        2,
        7,
        "a synthetic gradient with a rate of its own",
        (
            *frames("agent=recurrent agent.synth=false steps=100", "agent=recurrent agent.synth_rate=0.1 steps=100"),
            "!task=frames agent=recurrent agent.unroll=1 agent.synth=false",
        ),
        ("got unroll=1 without synth",),
    ),
    Row(
        2,
        8,
        "unroll 2 is better than unroll 1",
        (
            *frames("-m agent=recurrent agent.unroll=1,2 agent.size=256 seed=1,2 steps=2000 experiment=u"),
            "py\nfrom agent.experiments.compare import compare\none, two = (group.score('squared_error')[0] for group in compare(['u'])[1])\nassert two < one, (one, two)",
        ),
    ),
    Row(
        2,
        9,
        "the figure of it",
        (
            *frames("-m agent=recurrent agent.unroll=1,2 agent.size=256 steps=600 experiment=u"),
            "compare experiment=u",
            "py\ntext = (here / 'runs/compare/squared_error.svg').read_text()\nassert all(part in text for part in ('>mean squared error<', 'the last frame again', '>frames<', '>0<')), text",
        ),
    ),
    Row(
        2,
        10,
        "counts of linearithmic layers",
        (
            "py\nfrom agent.models.frames.layers import Layer\ncounts = {(784, 784, 16): (36864, 3072), (784, 784, 28): (43904, 1568), (784, 10, 16): (1440, 282), (64, 64, 4): (768, 192)}\nassert {key: (Layer(*key).n_weights, Layer(*key).n_biases) for key in counts} == counts",
        ),
    ),
    Row(
        2,
        11,
        "every input reaches every output",
        (
            "py\nimport numpy as np\nfrom agent.models.frames.layers import Layer\nfor size, base in ((8, 2), (64, 8), (784, 10), (16, 4)):\n    reach = np.eye(size)\n    for pairs in Layer(size, size, base).connections():\n        step = np.zeros((max(len(reach), pairs[0].max() + 1), pairs[1].max() + 1))\n        step[pairs[0], pairs[1]] = 1\n        reach = np.pad(reach, ((0, 0), (0, len(step) - reach.shape[1]))) @ step\n    assert (reach[:, :size] > 0).all()",
        ),
    ),
    Row(
        2,
        12,
        "pictures of layers of 8 and 64",
        ("layers 8 64 --base 8",),
        ("file dense_8.svg", "file linearithmic_8.svg", "file dense_64.svg", "file linearithmic_64.svg"),
    ),
    Row(
        2,
        13,
        "states of 32,768 and 65,536 numbers",
        frames(
            *(
                f"agent=recurrent agent.size={size} agent.base=16 agent.n_replay=32 steps=20 plots=false experiment=s{size}"
                for size in (32768, 65536)
            )
        ),
        ("file runs/s65536/recurrent/frames_0/agent/agent.safetensors",),
        nightly=True,
    ),
    Row(
        2,
        14,
        "it learns to score",
        (
            "task=frames task.world=page steps=2000 'metrics.gain=score-random_score'",
            "py\nimport json\nassert json.loads(next(here.rglob('result.json')).read_text())['gain'] > 0.1",
        ),
        nightly=True,
    ),
    Row(
        2,
        15,
        "settings from outside",
        frames(
            "agent=recurrent agent.observe=add agent.gain=1.1 agent.local_first=true agent.skip=true agent.synth_rate=0.01 agent.size=256 agent.base=8 agent.reward=false steps=50"
        ),
        ("repeat_error",),
    ),
    Row(
        2,
        16,
        "TensorBoard",
        run("agent=nearest lessons=20 track=true"),
        ("file runs/default/nearest/digits_0/tensorboard/events*",),
        ("tensorboard",),
    ),
    Row(
        2,
        17,
        "runs from another folder",
        run("agent=nearest lessons=20"),
        ("file runs/default/nearest/digits_0/result.json",),
    ),
    Row(
        2,
        18,
        "saved and loaded, with its settings",
        (
            *frames(
                "agent=recurrent agent.unroll=2 steps=50 experiment=first",
                "agent=recurrent load=first steps=50 experiment=second",
            ),
            "!task=frames agent=recurrent agent.unroll=4 load=first steps=50 experiment=third",
        ),
        ("Say agent.unroll=2.",),
    ),
    Row(
        2,
        19,
        "loaded by words, also by a name that begins another",
        frames(
            "steps=20 experiment=unroll2",
            "steps=20 experiment=unroll2ns",
            "load='unroll2 cells frames 0' steps=20 experiment=on",
        ),
        ("runs/on/cells/frames_0",),
    ),
    Row(
        2,
        20,
        "a prediction beside what was observed",
        frames("steps=200"),
        ("file runs/default/cells/frames_0/frames.png",),
    ),
    Row(2, 21, "a film", frames("steps=200 render=true"), ("file runs/default/cells/frames_0/film.webp",)),
    Row(2, 22, "how the loss goes down", frames("steps=300"), ("file runs/default/cells/frames_0/learning.svg",)),
    Row(
        2,
        23,
        "how the reward goes up",
        (*frames("task.world=page steps=300"), "compare"),
        ("file runs/default/cells/frames_0/score.svg", "file runs/compare/score.svg"),
    ),
    Row(
        2,
        24,
        "one's own idea in place of a part",
        frames("agent=./minds.py:Still steps=50"),
        ("repeat_error",),
    ),
    Row(
        2,
        25,
        "one's own world",
        frames(
            "task.world=myenv:Corridor-v0 steps=50 experiment=a", "task.world=./myenv.py:Corridor steps=50 experiment=b"
        ),
        ("runs/b/cells/frames_0",),
    ),
    Row(
        2,
        26,
        "dreams and thumbs",
        (
            "py\nfrom agent.agents import new\nfrom agent.agents.frame_agent import frame_of\nfrom agent.environments import make\nworld, agent = make('scroller'), new('cells')\nframe = frame_of(world.reset(seed=0))\nagent.enter(world, 'scroller')\nagent.observe(frame)\nagent.reward(1.0)\nassert agent.predict_open_loop().prediction.shape == frame.shape",
        ),
    ),
    Row(
        2,
        27,
        "worlds are of gymnasium",
        (
            "py\nfrom gymnasium.utils.env_checker import check_env\nfrom agent.environments import make\nfor name in ('scroller', 'sketch', 'page', 'CartPole-v1'):\n    check_env(make(name), skip_render_check=True)",
        ),
    ),
    # ------------------------------------------------------------ UnifiedML
    Row(
        3,
        1,
        "a command of its own",
        (
            "py\nimport tomllib, agent\nfrom pathlib import Path\nproject = tomllib.loads((Path(agent.__file__).parents[1] / 'pyproject.toml').read_text())\nassert project['project']['scripts'] == {'pupil': 'agent.__main__:main'}",
            "--version",
        ),
        ("pupil ",),
    ),
    Row(
        3,
        2,
        "a class by its module",
        run("agent=run1.Model lessons=60"),
        ("file runs/default/Model/digits_0/result.json",),
    ),
    Row(
        3,
        3,
        "a class by its file",
        (*run("agent=./run1.py:Model stream=false epochs=3 lessons=20"), "!agent=./run1.py.Model"),
        ("FILE.py:Class",),
    ),
    Row(
        3,
        4,
        "an object, a function",
        run("agent=run1.model lessons=20 experiment=a", "agent=run1.build lessons=20 experiment=b agent.depth=3"),
        ("runs/a/model", "runs/b/build"),
    ),
    Row(
        3,
        5,
        "a model and a data set named together",
        run("agent=run1.Required agent.width=2 task=./colour.npz lessons=20"),
        ("runs/default/Required",),
    ),
    Row(
        3,
        6,
        "built-in data and models",
        (
            *run(
                "-m agent=recall,nearest,state task=fonts lessons=20", "-m agent=nearest task=digits,strokes lessons=20"
            ),
            "!agent=CNN",
            "!task=CIFAR10",
        ),
        ("expected agent among", "expected task among"),
    ),
    Row(
        3,
        7,
        "launched from code, by name, class or object",
        (
            "py\nimport agent, run1\nquick = dict(lessons=20, n_test=20, n_held_out=0, plots=False)\nfor number, given in enumerate(('nearest', run1.model, run1.build, lambda: run1.build(tuple('0123456789')))):\n    assert agent.launch(agent=given, experiment=f'e{number}', **quick).scores['n_lessons'] == 20",
        ),
    ),
    Row(3, 8, "it is told the shapes it asks for", run("agent=run1.Model lessons=20"), ("accuracy",)),
    Row(
        3,
        9,
        "a class and its arguments",
        (
            *run("agent=run1.Model agent.depth=5 lessons=20"),
            "py\nimport json\nassert json.loads(next(here.rglob('digits_0/config.json')).read_text())['agent']['depth'] == 5",
        ),
    ),
    Row(
        3,
        10,
        "an argument without a default",
        (
            *run("agent=run1.Required agent.width=3 lessons=20", "+agent.depth=3 agent=run1.Model lessons=20"),
            "!agent=run1.Required lessons=20",
        ),
        ("Add agent.width=VALUE.",),
    ),
    Row(
        3,
        11,
        "all cores",
        run("-m agent=nearest lessons=20 seed=1,2", "shards=2 agent=nearest lessons=60 experiment=two"),
        ("runs/two",),
    ),
    Row(
        3,
        12,
        "one's own data",
        run(
            "task=./digits.npz agent=nearest lessons=null",
            "task=./7.npz agent=nearest lessons=null",
            "task=./marks.py:Marks agent=nearest lessons=20",
            "task=./colour.npz agent=nearest lessons=null",
            "task=./vectors.npz agent=run1.Required agent.width=1 lessons=null",
        ),
        ("own_digits", "own_7", "Marks", "colour", "vectors"),
    ),
    Row(
        3,
        13,
        "answers of a saved agent",
        (
            *run("agent=nearest lessons=60"),
            "py\nimport numpy as np\nfrom PIL import Image\nfrom agent.datasets import digits\nImage.fromarray(255 - digits.mnist('test')[0][0]).save('seven.png')",
            "ask 'nearest digits 0' seven.png",
        ),
        ("seven.png → 7",),
    ),
    Row(
        3,
        14,
        "optimisers, rates, batches",
        run(
            "agent=./net.py:Net agent.optim=Adam agent.lr=1e-3 agent.batch_size=16 agent.epochs=2 agent.device=cpu lessons=60"
        ),
        ("runs/default/Net",),
        ("torch",),
    ),
    Row(
        3,
        15,
        "many environments",
        (
            *frames(
                "-m task.world=CartPole-v1,MountainCarContinuous-v0,Pendulum-v1,Acrobot-v1,FrozenLake-v1 steps=200 plots=false"
            ),
            "!task=frames task.world=Blackjack-v1",
            "!task=frames task.world=CartPol-v1",
        ),
        ("episode_return", "CartPole"),
    ),
    Row(
        3,
        16,
        "a sweep by the command line alone",
        run("-m agent=nearest agent.threshold=choice(80,120) lessons=20"),
        ("agent.threshold=120",),
    ),
    Row(
        3,
        17,
        "a script and a command line",
        (
            "py\nimport os, subprocess, sys, agent\nfrom pathlib import Path\nroot = str(Path(agent.__file__).parents[1])\ndone = subprocess.run([sys.executable, 'Run.py', 'lessons=25'], env={**os.environ, 'PYTHONPATH': root}, capture_output=True, text=True)\nassert done.stdout.split()[-1] == '25', done.stderr",
        ),
    ),
    Row(
        3,
        18,
        "words in code",
        (
            "py\nimport agent\nfor words in (['agent.threshold=90'], 'agent.threshold=90'):\n    result = agent.launch(words, agent='nearest', lessons=20, n_test=20, plots=False, again=True)\n    assert result.config['agent']['threshold'] == 90",
        ),
    ),
    Row(
        3,
        19,
        "recipes that import recipes",
        ("recipe=outer", "recipe=./recipe/outer.yaml again=true"),
        ("runs/default/nearest/digits_6",),
    ),
    Row(
        3,
        20,
        "the command line wins over code, code over recipes",
        (
            "py\nimport agent\nresult = agent.launch(['seed=4'], recipe='outer', lessons=21)\nassert (result.config['seed'], result.config['lessons'], result.config['n_test']) == (4, 21, 20)",
        ),
    ),
    Row(
        3,
        21,
        "a class as a data set",
        (
            "py\nimport agent, marks\nresult = agent.launch(agent='nearest', task=marks.Marks, lessons=20, plots=False)\nassert result.scores['accuracy'] == 1",
        ),
    ),
    Row(
        3,
        22,
        "ResNet18 on CIFAR10 to 94 %",
        no_sense="nothing here needs 11 million weights or brings colour photographs; a network and data of one's own are agent=./net.py:Net task=./photos.npz",
    ),
    Row(
        3,
        23,
        "comparisons drawn",
        (
            *run("-m agent=nearest,state lessons=20 seed=1,2 experiment=a", "agent=nearest lessons=20 experiment=b"),
            "compare experiment=a agent=[nearest,state] task=digits",
        ),
        ("file runs/compare/learning.svg", "file runs/compare/bars.svg", "file runs/compare/by_label.svg", "± "),
    ),
    Row(
        3, 24, "experiments by name", run("agent=nearest lessons=20 experiment=a/b/c"), ("runs/a/b/c/nearest/digits_0",)
    ),
    Row(3, 25, "recorded by a tracker", run("agent=nearest lessons=20 track=true"), (), ("trackio",)),
    Row(
        3,
        26,
        "environments that must be installed",
        tuple(
            f"{'!' * (find_spec(package) is None)}task=frames task.chance=false steps=100 task.world={world}"
            for package, world in (("mujoco", "HalfCheetah-v5"), ("ale_py", "ALE/Pong-v5"))
        ),
        ("runs/default" if all(map(find_spec, ("mujoco", "ale_py"))) else "expected an environment of gymnasium",),
    ),
    Row(
        3,
        27,
        "a run as a video",
        frames("steps=200 render=true task.world=page"),
        ("file runs/default/cells/frames_0/film.webp",),
    ),
    Row(
        3,
        28,
        "sweeps over environments and seeds",
        (
            *frames("-m task.world=CartPole-v1,Acrobot-v1 seed=range(1,3) steps=100 plots=false"),
            "!-m task=frames steps=100 seed=1,x",
        ),
        ("task.world=Acrobot-v1",),
    ),
    Row(
        3,
        29,
        "several experiments compared",
        (
            *run("agent=nearest lessons=20 experiment=a", "agent=nearest lessons=20 experiment=b"),
            "compare experiment=[a,b]",
        ),
        ("| a |", "| b |"),
    ),
    Row(
        3,
        30,
        "it generates",
        run("task=generate label=7 task.n_drawings=10 lessons=60"),
        ("file runs/default/recall/generate_0/sheet.png",),
    ),
    Row(
        3,
        31,
        "norm, offline, Eyes, Pool",
        no_sense="a network's parts and its normalisation stand in the user's class; data is always read offline",
    ),
    Row(
        3,
        32,
        "Sequentials as words",
        no_sense="a function or an object in a file makes the model: agent=./net.py:build",
    ),
    Row(
        3,
        33,
        "saved in the end",
        run("agent=nearest lessons=20"),
        ("file runs/default/nearest/digits_0/agent/agent.safetensors",),
    ),
    Row(
        3,
        34,
        "not saved",
        (*run("agent=nearest lessons=20 save=false"), "py\nassert not list(here.rglob('agent.safetensors'))"),
    ),
    Row(
        3,
        35,
        "saved on the way, resumed to the same bytes",
        (STOPPED.format(signal="SIGTERM", words="agent=nearest lessons=600 save_every=10 n_test=20 plots=false"),),
    ),
    Row(
        3,
        36,
        "load=true goes on",
        run("agent=nearest lessons=20", "agent=nearest lessons=20 load=true", "agent=nearest lessons=20 load=true")
        + ("show 'nearest digits 0'",),
        ("lessons         60",),
    ),
    Row(
        3,
        37,
        "loaded by words",
        run("agent=nearest lessons=20 seed=3", "load='nearest digits 3' agent=nearest task=fonts lessons=20")
        + ("!load='nearst' agent=nearest",),
        ("Did you mean nearest?",),
    ),
    Row(
        3,
        38,
        "loaded by a path",
        (
            *run("agent=nearest lessons=20"),
            "py\nimport agent\nagent.save(agent.load('runs/default/nearest/digits_0'), 'it.zip')",
            *run(
                *(
                    f"load={path} agent=nearest lessons=20 experiment=e{number}"
                    for number, path in enumerate(
                        ("runs/default/nearest/digits_0", "./runs/default/nearest/digits_0/agent", "./it.zip")
                    )
                )
            ),
        ),
        ("runs/e2",),
    ),
    Row(
        3,
        39,
        "loaded with other settings",
        (
            *run("agent=nearest agent.threshold=50 lessons=20", "agent=nearest load=nearest lessons=20 experiment=on"),
            "!agent=nearest agent.threshold=96 load=default lessons=20 experiment=more",
            "py\nimport json\nassert json.loads((here / 'runs/on/nearest/digits_0/config.json').read_text())['agent']['threshold'] == 50",
        ),
        ("Say agent.threshold=50.",),
    ),
    Row(
        3,
        40,
        "agents loaded in code",
        (
            *run("agent=./run1.py:Required agent.width=2 lessons=20"),
            "py\nimport agent\nloaded = agent.load('runs/default/Required/digits_0')\nassert loaded.n_lessons == 20\ntry:\n    agent.launch(agent=loaded)\nexcept agent.AgentError as error:\n    print(error)",
        ),
        ("say load=FILE",),
    ),
    Row(
        3,
        41,
        "the result's agent",
        (
            "py\nimport agent\nresult = agent.launch(agent='nearest', lessons=20, n_test=20, plots=False)\nassert result.agent.n_lessons == 20",
        ),
    ),
    Row(
        3,
        42,
        "lessons replayed",
        run("agent=nearest lessons=20 seed=3", "agent=state replay='nearest digits 3'") + ("!replay.save=true",),
        ("file runs/default/nearest/digits_3/agent/lessons.jsonl", "expected replay=VALUE"),
    ),
    Row(
        3,
        43,
        "a stream, or epochs",
        run("agent=nearest lessons=20", "agent=nearest lessons=20 stream=false epochs=3"),
        ("60",),
    ),
    Row(
        3,
        44,
        "several tasks in one agent",
        run("task=[digits,fonts,strokes] order=one_after_another agent=nearest lessons=20"),
        ("after fonts", "after strokes"),
    ),
    Row(
        3,
        45,
        "evaluated only",
        (*run("agent=nearest lessons=20"), "evaluate 'nearest digits' task=fonts n_test=20"),
        ("% right, 20 asked",),
    ),
    Row(
        3,
        46,
        "metrics as arithmetic",
        (
            *run("agent=nearest lessons=20 'metrics.F1=2*precision*recall/(precision+recall)'"),
            *frames("steps=100 'metrics.gain=repeat_error-error'"),
            "task=copy steps=20 'metrics.rmse=sqrt(mse)'",
            "!metrics.x=__import__ lessons=20",
        ),
        ("F1", "gain", "rmse"),
    ),
    Row(
        3,
        47,
        "logs",
        run("agent=nearest lessons=20"),
        (
            "file runs/default/nearest/digits_0/progress.csv",
            "file runs/default/nearest/digits_0/result.json",
            "testing   20 of 20",
        ),
    ),
    # ------------------------------------------------------------ Machine-Learning-Simple-Net
    *(
        Row(4, 1 + number, f"squared error, {name}", (AGAIN.format(number),))
        for number, name in enumerate(
            ("10 epochs", "50 epochs", "250 epochs", "500 epochs", "500 epochs at 0.001", "5,000 epochs at 0.001")
        )
    ),
    *(
        Row(
            4,
            7 + number,
            f"reward {name}",
            (AGAIN.format(6 + number), f"task=copy agent=slope task.reward={reward} agent.steps=2000 plots=false"),
            ("123 →",),
        )
        for number, (name, reward) in enumerate(
            (
                ("A, 25,000 steps", "one_minus"),
                ("A, 100,000 steps", "one_minus"),
                ("B", "committed"),
                ("C", "exp10"),
                ("D", "exp100"),
            )
        )
    ),
    Row(
        4,
        12,
        "pure mathematics, 25,000 steps",
        ("task=copy steps=25000",),
        ("9 → 9\n", "123 → 123  (", "123123123123 → 123123123123  ("),
    ),
    Row(4, 13, "2,500 steps", ("task=copy steps=2500",), ("123 → 122.99",)),
    Row(4, 14, "answers in a table", ("task=copy steps=500",), ("0 → ", "10 → ", "123123123123 → ")),
    Row(
        4,
        15,
        "a typed number on the console",
        ("task=copy", "ask linear 123 -5 3.5", "!ask linear abc"),
        ("123 → 123  (", "-5 → -5  (", "3.5 → 3.5", "expected a number, got 'abc'"),
    ),
    Row(
        4,
        16,
        "a typed number in the app",
        (
            "py\nfrom agent.ui.tabs import numbers\nstate = numbers.NumbersState()\nfor _ in state.iter_learn(numbers.Choice(learners=('exact',), task=numbers.Copy(), lr=0.01, steps=25000, precision='float64', falls=False, seed=0)): pass\nprint([row for row in state.curves])",
        ),
    ),
    Row(
        4,
        17,
        "a log of epochs on the console",
        ("recipe=published agent.steps=50",),
        ("teaching  1 of 50", "mse ", "  w "),
    ),
    Row(
        4,
        18,
        "every step in a CSV",
        (
            "task=copy steps=20 trace=true",
            "py\nassert (next(here.rglob('steps.csv')).read_text().splitlines()[0]) == 'step,input,answer,error,reward'",
        ),
    ),
    Row(
        4,
        19,
        "the squared error drawn",
        ("recipe=published", "py\nassert 'mean squared error' in next(here.rglob('learning.svg')).read_text()"),
        ("mse",),
    ),
    Row(4, 20, "time of training", ("task=copy steps=500",), ("seconds",)),
    Row(
        4,
        21,
        "what the learning rate does",
        ("recipe=published agent.lr=0.001 agent.steps=500", "!recipe=published agent.lr=0.5 agent.steps=500"),
        ("Take lr below",),
    ),
    Row(
        4,
        22,
        "a reward of one's own",
        (
            "task=copy agent=two_tries \"task.reward='-e**2'\" steps=500",
            "!task=copy agent=two_tries task.reward=__import__",
        ),
        ("123 →",),
    ),
    Row(
        4,
        23,
        "weights saved and loaded",
        (
            "task=copy steps=500",
            "py\nimport agent\nagent.save(agent.load('runs/default/linear/copy_0'), 'ann.zip')",
            "ask ann.zip 5",
            "task=copy load=./ann.zip experiment=on",
        ),
        ("runs/on/linear/copy_0",),
    ),
    Row(
        4,
        24,
        "from rewards alone",
        ("-m task=copy task.supervised=false agent=two_tries,reward_model", "ask two_tries 123"),
        ("123 → 123",),
    ),
    Row(
        4,
        25,
        "rewards compared",
        (
            "-m task=copy agent=slope task.reward=one_minus,exp10,exp100 seed=1,2 experiment=rewards plots=false",
            "compare experiment=rewards",
        ),
        ("task.reward=exp100", "file runs/compare/error.svg"),
    ),
    Row(4, 26, "a batch size", ("task=copy agent=mse agent.batch_size=32 steps=500",), ("123 →",)),
    Row(
        4,
        27,
        "one's own learner of numbers",
        ("task=copy agent=./minds.py:Line steps=50",),
        ("runs/default/Line",),
    ),
)
