"""What sentences advise is true: each of them is followed here."""

import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
from test_cli_runs import environment

import agent
from agent import cli
from agent.__main__ import EXAMPLES, main
from agent.errors import AgentError
from agent.experiments import resolve, run
from agent.storage import serialization

pytestmark = pytest.mark.usefixtures("here")

QUICK = ["n_test=20", "n_held_out=0", "n_asked=5", "plots=false"]
OWN = """class M:
    def __init__(self, labels): self.last = labels[0]
    def learn_one(self, drawing, label): self.last = label
    def predict_one(self, drawing): return self.last
"""


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("seed=1,2", "Add -m to run them all."),
        ("agent.threshold=1,2", "Add -m to run them all."),
        ("task.labels=1,2", "or write task.labels=[1,2] for a list."),
        ("replay.save=true", "expected replay=VALUE, got replay.save: replay has no settings of its own."),
        ("+replay.save=true", "expected replay=VALUE, got replay.save"),
        ("lessons.x=1", "expected lessons=VALUE, got lessons.x"),
        ("Model=x", "Did you mean agent?"),
        ("Dataset=x", "Did you mean task?"),
        ("batch_size=3", "Did you mean agent.NAME?"),
        ("folder=ok.npz", "expected folder as a folder for runs, got the file ok.npz."),
        ("lesson=3", "Did you mean lessons?"),
        ("accelerate=true", "Did you mean shards?"),
        ("wandb=true", "Did you mean track?"),
        ("agent=./own.py.Model", "Did you mean ./own.py:Model?"),
        ("task=mnist", "Did you mean digits?"),
        ("task=CartPole-v1", "Did you mean task=frames task.world=CartPole-v1?"),
        ("task=own.py", "Did you mean own.py:CLASS?"),
        ("agent=./own.py", "Did you mean ./own.py:CLASS?"),
        ("task=page.pdf", "got 'page.pdf'. Files of data end in .npz .npy .csv .tsv .arff."),
        ("task=", "got ''."),
        ("train", "expected name=value, got 'train'. Write it as name=value. See --help."),
        ("--lessons=60", "got --lessons=60. Settings have none: name=value."),
        ("task=CIFAR10", "FILE.npz or FILE.py:Class, got 'CIFAR10'."),
    ],
)
def test_no_sentence_advises_what_is_refused(here, capsys, word, said):
    for name in ("ok.npz", "own.py", "page.pdf"):
        (here / name).write_bytes(b"")
    assert main([word]) == 2
    heard = capsys.readouterr().err
    assert said in heard and heard.count("\n") == 1 and ("list" in heard) == ("list" in said)


def test_a_list_that_is_advised_is_taken():
    assert resolve(**cli.keywords(cli.composed(["task.labels=[1,2]"]))).tasks["digits"].labels == [1, 2]


def test_every_example_of_the_help_page_can_be_run(here, capsys):
    (here / "mine.py").write_text(OWN.replace("labels)", "labels, depth=2)").replace("class M", "class Mine"))
    drawings, labels = agent.datasets.mnist("test")
    np.savez("marks.npz", drawings=drawings[:60], labels=np.array(labels[:60]))
    examples = [re.split(r"\s{2,}", line.strip())[0] for line in EXAMPLES.splitlines()]
    assert len(examples) >= 8 and all(example.startswith("python -m agent") for example in examples)
    for example in examples:
        words = [word for word in shlex.split(example)[3:] if word != "-m"]
        small = ["lessons=20", *QUICK] if "=60" not in example and "null" not in example else QUICK
        if "," not in example:
            assert main([*words, *small]) == 0, (example, capsys.readouterr().err)


def test_a_task_with_fewer_lessons_than_usual_gives_all_and_refuses_more(here):
    result = run("fonts", "nearest", n_test=20, n_held_out=0, plots=False)
    assert result.scores["n_lessons"] == 160
    with pytest.raises(AgentError, match="expected lessons from 1 to 160"):
        run("fonts", "nearest", lessons=601, experiment="more")
    with pytest.raises(AgentError, match="got 'mnits'"):
        run({"digits": {"sets": {"mnits": 5}}}, "nearest")


@pytest.mark.slow
def test_an_agent_of_a_class_of_ones_own_is_loaded_in_a_new_process(here):
    (here / "good.py").write_text(OWN)
    result = run("digits", "./good.py:M", lessons=20, n_test=20, n_held_out=0, plots=False)
    serialization.save(result.agent, here / "away.zip")
    for place in ("runs/default/M/digits_0", "runs/default/M/digits_0/agent"):
        code = f"import agent; a = agent.load({place!r}); print(a.kind, a.n_lessons, a.model.labels[:2])"
        done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True)
        assert done.stdout == f"M 20 {result.agent.model.labels[:2]}\n", done.stderr
    asked = [sys.executable, "-m", "agent"]
    done = subprocess.run(
        [*asked, "evaluate", "M digits", "n_test=20"], env=environment(), capture_output=True, text=True
    )
    assert done.stdout.startswith(f"digits: {100 * result.scores['accuracy']:.2f} % right"), done.stderr
    done = subprocess.run([*asked, "show", "away.zip"], env=environment(), capture_output=True, text=True)
    assert done.returncode == 2 and "is loaded from the folder of its run" in done.stderr
    (here / "good.py").unlink()
    done = subprocess.run([*asked, "show", "M digits"], env=environment(), capture_output=True, text=True)
    assert done.returncode == 2 and "expected a file of Python at good.py" in done.stderr
