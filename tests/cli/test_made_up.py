"""Command lines made up from a seed, with a mistake in each: a sentence that names it, and nothing lost or left behind."""

import hashlib
import os
import random
import re
import signal
from pathlib import Path

import pytest
import rows

from agent.__main__ import main
from agent.experiments import results

GOOD = (
    "lessons=20",
    "seed=3",
    "n_test=20",
    "n_held_out=0",
    "plots=false",
    "agent=nearest",
    "task=fonts",
    "experiment=made",
)
NAMES = (
    "lessons",
    "seed",
    "n_test",
    "experiment",
    "plots",
    "stream",
    "epochs",
    "shards",
    "steps",
    "order",
    "save_every",
)
VALUES = {  # that no such setting takes
    "lessons": ("many", "-3", "1.5", "[1,2]", "{}", "1e400", "true", "''", "0", "99999999999"),
    "seed": ("-1", "x", "2.5", "null", "[3]", "9" * 40, "nan"),
    "n_test": ("0", "few", "-1", "false", "0.5"),
    "plots": ("maybe", "3", "null", "[]"),
    "stream": ("yes please", "7"),
    "epochs": ("0", "1001", "x"),
    "shards": ("0", "65", "two"),
    "order": ("sorted", "null", "5"),
    "save_every": ("-1", "often"),
    "experiment": ("../up", "/etc", "a//b", "..", "''", "a/b/c/d/e", "x\\ty"),
    "agent.threshold": ("high", "-1", "1e9", "null", "[]"),
    "task": ("digts", "./none.npz", "./bad.npz", "./nan.npz", "./text.txt", "./run1.py:Nobody", "./broken.py:X", "[]", "{}"),
    "agent": ("nearst", "./none.py:M", "./run1.py:Nobody", "./broken.py:X", "run1.Nobody", "[]", "./marks.py:Marks", "./run1.py:Raises"),
    "recipe": ("nowhere", "./none.yaml", "bad", "[]"),
    "load": ("nobody", "./none.zip", "bad.npz", "''"),
    "replay": ("nobody", "x" * 300),
    "starter": ("nothing", "7"),
    "label": ("unheardof",),
    "folder": ("bad.npz", "''", "/proc/none"),
    "metrics.x": ("1+", "__import__", "nothing*2", "mse", "''"),
    "track": ("perhaps",),
}  # fmt: skip
WORDS = ("=", "=3", "lessons", "-x", "--hepl", "---", "a b=1", "lessons==3", "agent.=1", ".=", "@x=1", "+", "~", "~~lessons", "${x}=1", "lessons=${y}", "\\ud800=1", "🙂=1", "hydra/launcher=nothing", "hydra.mode=x", "-m=1", "--config-dir", "--config-dir=none", "agent@x=nearest", "task.labels=1,2", "seed=1,2", "x" * 5000 + "=1", "[=1", "lessons=[1", "lessons='1", "agent=nearest agent=recall", "%=1", "\\0=1", "lessons=\\0")  # fmt: skip
VERBS = (
    "compare experiment=nowhere", "compare folder=bad.npz", "compare x", "compare =", "compare agent=", "compare folder=none", "ask", "ask nobody 3",
    "ask bad.npz 3", "ask kept none.png", "ask kept bad.npz", "ask kept page.html", "ask kept recipe", "evaluate kept task=nothing", "evaluate kept lessons=5",
    "evaluate kept n_test=none", "evaluate bad.npz task=fonts", "show", "show none.zip", "show bad.npz", "show ../..", "show a b c", "export kept", "export kept nowhere/x/y.html --lang xx",
    "layers", "layers 0", "layers 8.5", "layers 300", "layers 8 --base 0", "completion", "completion cmd", "read none.png", "read bad.npz", "teach none.png --labels 1",
    "teach bad.npz --labels 12", "evaluate", "askk kept 3", "deploy", "layers 8 --to bad.npz",
)  # fmt: skip

FOUND = (  # in earlier lines of other seeds, and what the sentence is to name
    ("ask kept " + "x" * 5000, "too long"), ("ask kept dir.png", "dir.png"), ("ask kept text.txt/a.png", "text.txt"),
    ("read " + "x" * 5000, "xxx"), ("evaluate kept task=./" + "x" * 5000 + "/a.npz", "xxx"), ("show " + "é" * 300, "é"),
    ("compare experiment=kept to=text.txt/x", "expected to write text.txt"), ("export kept text.txt/x.html", "x.html"),
    ("layers 8 --to text.txt/x", "text.txt"), ("task=./loop.npz", "loop.npz"), ("task=./empty.npz", "empty.npz"),
    ("task=./words.csv", "row 2"), ("folder=text.txt/x", "text.txt"), ("folder=" + "x" * 300, "xxx"),
    ("-m agent=nearest seed=range(1,3,0)", "seed"), ("-m agent=nearest lessons=glob(x)", "glob"),
    ("task=copy task.reward={a:1}", "reward"), ("recipe=bytes", "recipe"), ("agent=nearest load=text.txt/x", "text.txt"),
)  # fmt: skip


def furnish(folder):
    """A user's files, good and bad, and a finished run whose bytes must stay."""
    rows.furnish(folder)
    (folder / "bad.npz").write_bytes(b"no archive")
    (folder / "nan.npz").write_bytes(b"PK\x03\x04 broken")
    (folder / "text.txt").write_text("some text")
    (folder / "broken.py").write_text("class X(:\n")
    (folder / "recipe/bad.yaml").write_text("lessons: [1\n")
    (folder / "recipe/bytes.yaml").write_bytes(bytes(range(128, 256)))
    (folder / "dir.png").mkdir()
    (folder / "empty.npz").touch()
    (folder / "loop.npz").symlink_to("loop.npz")
    (folder / "words.csv").write_text("a,b,label\n1,2,x\n,2,y\n")
    assert main([*GOOD, "experiment=kept"]) == 0


def made_up(rng):
    """A command line with a mistake, and what the sentence should hold: the mistaken word, where it has one."""
    kind = rng.choice(("typo", "value", "value", "value", "word", "verb"))
    words = rng.sample(GOOD, rng.randrange(4))
    if kind == "verb":
        return rng.choice(VERBS).split(" "), ("",)
    if kind == "word":
        return [*words, rng.choice(WORDS)], ("",)
    if kind == "value":
        name = rng.choice(sorted(VALUES))
        value = rng.choice(VALUES[name])
        words = [word for word in words if not word.startswith((f"{name}=", "agent=" if "." in name else "-"))]
        words += ["agent=nearest"] * (name == "agent.threshold")
        return [*words, f"{name}={value}"], (name.rpartition(".")[2], re.split(r"[/:]", value)[-1])
    name, place = rng.choice(NAMES), rng.randrange(1, 4)
    wrong = rng.choice((name[:place] + name[place + 1 :], name[:place] + "q" + name[place:], name[1:], name + "s"))
    return [*words, f"{wrong}=1"], (wrong,)


def digest(folder):
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def check(words, named, here, capsys):
    """Run a made-up line and check what holds for every one of them."""
    before = digest(here)
    capsys.readouterr()
    try:
        code = main(words)
    except SystemExit as ended:
        code = ended.code
    heard = capsys.readouterr()
    told = f"{[word[:80] for word in words]}: {code}\n{heard.err[-800:]}"
    assert code == 2, told
    assert "Traceback" not in heard.err and "agent: expected" in heard.err, told
    assert heard.err.count("\n") == 1 and len(heard.err) < 1500, told
    assert any(part in heard.err for part in named), f"none of {named} is named. {told}"
    after = digest(here)
    assert after == before, f"{sorted(set(after.items()) ^ set(before.items()))} {told}"


@pytest.mark.parametrize(
    "n", [12, pytest.param(40, marks=pytest.mark.slow), pytest.param(300, marks=pytest.mark.nightly)]
)
def test_a_made_up_mistake_is_one_sentence_and_changes_nothing(n, here, capsys, monkeypatch):
    monkeypatch.syspath_prepend(here)
    furnish(here)
    failed = []
    lines = [made_up(random.Random(seed)) for seed in range(n)] + [(line.split(" "), (part,)) for line, part in FOUND]
    for words, named in lines:
        try:
            check(words, named, here, capsys)
        except Exception as error:  # noqa: BLE001 - whatever comes is a failure of that line
            failed.append(f"{type(error).__name__}: {error}")
    assert not failed, f"{len(failed)} of {len(lines)}:\n" + "\n".join(failed)


@pytest.mark.parametrize("n", [1, pytest.param(4, marks=pytest.mark.slow), pytest.param(40, marks=pytest.mark.nightly)])
def test_a_made_up_signal_loses_nothing(n, here, capsys, monkeypatch):
    written = results.write_file
    for seed in range(n):
        rng = random.Random(seed)
        words = [*GOOD, f"lessons={rng.choice((30, 60))}", f"experiment=e{seed}", f"save_every={rng.choice((0, 10))}"]
        words = ["-m", *words, "seed=1,2"] if rng.random() < 0.5 else words
        countdown = [rng.randrange(1, 12)]

        def write(path, content, countdown=countdown, rng=rng):
            written(path, content)
            countdown[0] -= 1
            if not countdown[0]:
                os.kill(os.getpid(), rng.choice((signal.SIGINT, signal.SIGTERM)))

        monkeypatch.setattr(results, "write_file", write)
        code = main(words)
        monkeypatch.setattr(results, "write_file", written)
        assert code == (130 if countdown[0] <= 0 else 0), (seed, words)
        if code == 130:
            assert "stopped." in capsys.readouterr().err
        assert main(words) == 0 and main([*words, f"folder=whole{seed}"]) == 0, seed
        for path in Path(f"whole{seed}").rglob("agent/*"):
            other = Path("runs", *path.parts[1:])
            assert other.read_bytes() == path.read_bytes(), (seed, words, other)
