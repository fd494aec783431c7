"""What a saved agent is asked on the command line: numbers, drawings, a test, its facts."""

import io
import os
import pty
import select
import shutil
import subprocess
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import agent
from agent import __main__, verbs
from agent.__main__ import main
from agent.datasets import digits
from agent.experiments import run
from agent.storage import serialization

QUICK = {"n_test": 20, "n_held_out": 0, "n_asked": 5, "plots": False}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with runs of numbers and of drawings, an agent in a .zip, and a few drawings."""
    monkeypatch.chdir(tmp_path)
    run("copy", {"kind": "linear", "teacher": "two_tries"}, plots=False)
    run("fonts", "nearest", lessons=60, seed=3, **QUICK)
    pupil = agent.new("nearest", name="Mia")
    drawings, labels = digits.mnist("train")
    pupil.learn_many(drawings[:20], labels[:20])
    pupil.learn_one(drawings[20], "A")
    agent.save(pupil, "mia.zip")
    (tmp_path / "some/more").mkdir(parents=True)
    for number, name in enumerate(("some/b.png", "some/more/c.PNG", "a.png"), 18):
        Image.fromarray(255 - np.kron(drawings[number], np.ones((4, 4), np.uint8))).save(name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "some/notes.txt").write_text("no picture")
    return tmp_path


def told(capsys, *words, code=0):
    """What a command prints and what it says is wrong, line by line."""
    capsys.readouterr()
    assert main(words) == code
    heard = capsys.readouterr()
    return heard.out.splitlines(), heard.err.splitlines()


@pytest.mark.parametrize("name", ["linear copy", "runs/default/linear/copy_0", "runs/default/linear/copy_0/agent"])
def test_an_agent_of_numbers_is_asked_numbers(folder, capsys, name):
    outside = "  (outside of what it was shown)"
    lines, _ = told(capsys, "ask", name, "123", "-5", "3.5", "-1e5")
    assert lines == [f"123 → 123{outside}", f"-5 → -5{outside}", "3.5 → 3.5", f"-1e5 → -100000{outside}"]


def test_an_agent_of_drawings_is_asked_files_and_folders(folder, capsys):
    lines, _ = told(capsys, "ask", "mia.zip", "a.png", "some")
    assert [line.split("  ")[0] for line in lines] == ["a.png → A", "some/b.png → 6", "some/more/c.PNG → 9"]


def test_whoever_asks_nothing_is_asked_for_it_until_there_is_nothing_more(folder, capsys, monkeypatch):
    for typed, n_answers in (("1\n2,5\n7\n\n8\n", 2), ("1\nq\n2\n", 1), ("1\n2\n3", 3), ("", 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        lines, errors = told(capsys, "ask", "linear", code=2 if "," in typed else 0)
        assert len(lines) == n_answers and len(errors) == typed.count(",")
    monkeypatch.setattr("sys.stdin", io.StringIO("'a.png'\nsome/b.png\n"))
    assert len(told(capsys, "ask", "mia.zip")[0]) == 2


def test_every_drawing_in_a_file_of_data_is_asked(folder, capsys):
    pictures, _ = agent.datasets.mnist("test")
    np.savez("some.npz", x=pictures[:3], y=[0, 1, 2])
    lines, _ = told(capsys, "ask", "mia.zip", "./some.npz", "a.png")
    assert [line.split(" → ")[0] for line in lines] == [*(f"./some.npz, {number}" for number in (1, 2, 3)), "a.png"]


def test_an_agent_is_tested_and_taught_nothing(folder, capsys):
    before = (folder / "mia.zip").read_bytes()
    lines, errors = told(capsys, "evaluate", "mia.zip", "task=[fonts,strokes]", "n_test=30", "seed=4")
    assert [line.split(":")[0] for line in lines] == ["fonts", "strokes"]
    assert all(" % right, 30 asked, " in line for line in lines) and len(errors) == 2
    assert (folder / "mia.zip").read_bytes() == before
    right = agent.experiments.run("fonts", "nearest", lessons=60, seed=3, **QUICK).scores["accuracy"]
    lines, _ = told(capsys, "evaluate", "nearest fonts 3", "n_test=20")
    assert lines[0].startswith(f"fonts: {100 * right:.2f} % right, 20 asked"), "the task and the seed are the run's"
    assert " asked, 0 unsure" in told(capsys, "evaluate", "linear")[0][0]


def test_facts_settings_and_lessons_are_shown(folder, capsys):
    text = "\n".join(told(capsys, "show", "mia.zip")[0])
    for part in ("Mia", "nearest, an agent of drawings", "0 1 2 3", "agent.threshold", "ink above", "1 given one at a"):
        assert part in text, part
    text = "\n".join(told(capsys, "show", "linear")[0])
    assert "runs/default/linear/copy_0" in text and "agent.teacher              two_tries" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ask linear 1 abc", "expected a number, got 'abc'"),
        ("ask liner 1", "got 'liner'. Did you mean linear?"),
        ("ask", "the following arguments are required: agent. Add --help"),
        ("ask mia.zip nothing.png", "expected a picture at nothing.png"),
        ("ask mia.zip some/notes.txt", "expected a picture at some/notes.txt"),
        ("ask mia.zip empty", "expected pictures in empty, got none that ends in .png"),
        (f"ask {'x' * 300} 1", ": File name too long."),
        ("ask none.zip 1", "got nothing at 'none.zip'"),
        ("evaluate mia.zip task=copy", "expected a task for agents of drawings, got copy, one for agents of numbers."),
        ("evaluate mia.zip lesson=5", "expected evaluate with task=…, n_test=…, seed=…, got lesson."),
        ("evaluate mia.zip tsk=fonts", "got tsk. Did you mean task?"),
        ("evaluate mia.zip task=fnts", "Did you mean fonts?"),
        (
            "evaluate",
            "expected what python -m agent evaluate takes, got other or fewer words: the following arguments are required: agent.",
        ),
        ("show", "the following arguments are required: agent"),
        ("show runs", "expected the folder of a run or of an agent, got 'runs', which is none."),
        (
            "ask mia.zip some/b.jpg",
            "expected a picture at some/b.jpg, got none that can be read (No such file or direc",
        ),
        ("show mia.zip more", "got 'mia.zip more'"),
        ("--help task=digts", "Did you mean digits?"),
        ("layers 1", "expected the size of a layer as a whole number from 2 to 256, got 1."),
        ("layers 8 x", "got 'x'"),
        ("layers 8 --base 1", "expected a layer's base as a whole number from 2 to 256, got 1."),
        ("completion fish", "invalid choice: 'fish'"),
    ],
)
def test_every_mistake_is_one_sentence(folder, capsys, words, said):
    before = sorted(folder.rglob("*"))
    lines, errors = told(capsys, *words.split(), code=2)
    assert not lines and len(errors) == 1 and said in errors[0] and sorted(folder.rglob("*")) == before


def test_words_that_name_a_run_need_no_quotes_and_a_home_is_found(folder, capsys, monkeypatch):
    lines, _ = told(capsys, "show", "nearest", "fonts", "3")
    assert "run             runs/default/nearest/fonts_3" in lines
    monkeypatch.setenv("HOME", str(folder / "some"))
    lines, _ = told(capsys, "ask", "~/../mia.zip", "~/b.png")  # as no shell expands within quotes
    assert lines == [f"{folder}/some/b.png → 6{lines[0].partition(' → 6')[2]}"]
    lines, _ = told(capsys, "--cfg", "load=~/agent.zip", "replay='a ~/b'")
    assert f"load: {folder}/some/agent.zip" in lines and "replay: a ~/b" in lines


def test_agents_that_watch_are_asked_nothing(folder, capsys):
    run("frames", "cells", steps=20, plots=False)
    for verb in ("ask", "evaluate"):
        assert "expected an agent of drawings or numbers" in told(capsys, verb, "cells", code=2)[1][0]
    assert '"world": "scroller"' in told(capsys, "show", "cells")[0][-1]


@pytest.mark.parametrize(
    ("name", "family"),
    [("mia.zip", "drawings"), ("linear", "numbers"), ("runs/default/nearest/fonts_3/agent", "drawings")],
)
def test_what_a_family_needs_is_compiled_before_its_agent_is_loaded(folder, monkeypatch, capsys, name, family):
    events, load = [], serialization.from_files
    monkeypatch.setattr("agent.models.precompile.start", lambda family: events.append(family) or [])
    monkeypatch.setattr(serialization, "from_files", lambda *given: events.append("load") or load(*given))
    assert main(["show", name]) == 0 and events == [family, "load"]


@pytest.mark.parametrize("verb", ["ask", "evaluate", "show", "read", "teach", "deploy", "layers", "completion"])
def test_a_verb_explains_itself(capsys, verb):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert not ended.value.code and f"python -m agent {verb}" in capsys.readouterr().out


def test_the_version_and_the_help_of_one_task_or_agent_are_shown(capsys):
    assert told(capsys, "--version")[0] == [f"pupil {agent.__version__}"]
    lines, _ = told(capsys, "task=copy", "agent=linear", "--help")
    assert lines[0].startswith("task=copy: ") and any(line.startswith("agent=linear: ") for line in lines)
    assert any("agent.teacher=exact" in line and "(exact, mse, slope, two_tries" in line for line in lines)
    assert "experiment=[A,B]" in "\n".join(told(capsys, "compare", "--help")[0])


def test_layers_of_any_size_are_drawn(folder, capsys):
    said, _ = told(capsys, "layers", "8", "64", "--base", "8", "--to", "wired")
    assert said == [
        "wired/dense_8.svg: 64 weights",
        "wired/linearithmic_8.svg: 64 weights",
        "wired/dense_64.svg: 4,096 weights",
        "wired/linearithmic_64.svg: 1,024 weights",
    ]
    drawing = ElementTree.fromstring((folder / "wired/linearithmic_64.svg").read_bytes())
    assert (
        len(list(drawing.iter("{http://www.w3.org/2000/svg}line"))) == 1024
        and len(list(drawing.iter("{http://www.w3.org/2000/svg}circle"))) == 3 * 64
    )


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_bash_completes_words(folder, capsys):
    script = "\n".join(told(capsys, "completion", "bash")[0])
    script += """
    ask() { COMP_LINE="$1"; COMP_POINT=${#1}; COMPREPLY=(); _pupil; echo "${COMPREPLY[@]}"; }
    ask "pupil ev"; ask "pupil task=fr"; ask "pupil lessons=20 order=o"; ask "pupil agent.unr"; ask "pupil tra"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    said = ["evaluate", "frames", "one_after_another", "agent.unroll=", "trace=true trace=false track=true track=false"]
    assert done.stdout.splitlines() == said and not done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_completes_words_that_are_typed(folder, capsys):
    script = "\n".join(told(capsys, "completion", "zsh")[0])
    script = script.replace("compinit && compinit", "compinit && compinit -u")  # whoever owns the shell's own functions
    (folder / "words.zsh").write_text(script)
    ours, its = pty.openpty()
    given = {"env": {**os.environ, "TERM": "dumb"}, "stdin": its, "stdout": its, "stderr": its}
    typed = (
        "source words.zsh; echo re''ady\n",
        "pupil ev\t",
        "\x15pupil task=fr\t",
        "\x15pupil order=o\t",
        "\x15pupil agent.unr\t",
    )
    with subprocess.Popen(["zsh", "-f", "-i"], start_new_session=True, **given) as shell:
        for keys, expected in zip(
            typed, (b"ready", b"evaluate", b"frames", b"one_after_another", b"agent.unroll="), strict=True
        ):
            os.write(ours, keys.encode())
            seen = b""
            while expected not in seen:
                assert select.select([ours], [], [], 60)[0], (keys, seen)
                seen += os.read(ours, 65536)
        shell.kill()
    os.close(ours)
    os.close(its)


def test_to_deploy_takes_a_token_in_the_words_of_the_command_line(folder, capsys, monkeypatch):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(folder / "none"))
    for words in (["mia/pupil"], ["--static", "mia/page"]):
        assert main(["deploy", *words]) == 2
        assert "got none. Say --token=hf_…, or set HF_TOKEN." in capsys.readouterr().err


def test_help_and_version_are_words_too(capsys):
    for words, flag in ((["help"], "--help"), (["help", "task=fonts"], "--help"), (["version"], "--version")):
        expected = told(capsys, flag, *words[1:])
        assert told(capsys, *words) == expected and expected[0]
    assert told(capsys, "-V") == told(capsys, "--version")


def test_a_device_without_end_is_no_picture(folder, capsys, monkeypatch):
    monkeypatch.setattr(verbs.arrays, "MAX_BYTES", 1000)
    assert main(["read", "/dev/zero"]) == 2 and "expected a picture at /dev/zero" in capsys.readouterr().err


def test_every_verb_is_completed():
    assert sorted(verbs.VERBS) == sorted(__main__.VERBS) and set(verbs.FLAGS) <= set(__main__.FLAGS)
