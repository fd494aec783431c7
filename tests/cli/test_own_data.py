"""Data of a user's own: files, folders and splits of any shape, for agents of drawings and for models of one's own."""

import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image
from test_cli_runs import environment

import agent
from agent.__main__ import main
from agent.datasets import arrays
from agent.errors import AgentError
from agent.experiments import run
from agent.models.custom.signature import Spaces
from agent.tasks import task_of

pytestmark = pytest.mark.usefixtures("here")

QUICK = {"n_held_out": 0, "n_asked": 5, "plots": False}
NAMES = ("automobile", "two words")


class Nearest:
    """answers with the label of the nearest lesson, and remembers what it was shown"""

    def __init__(self, in_shape, n_features, labels):
        self.seen, self.told = [], (in_shape, n_features, labels)

    def learn_one(self, x, y):
        assert x.shape == self.told[0] and x.size == self.told[1] and y in self.told[2]
        self.seen.append((x.astype(float), y))

    def predict_one(self, x):
        return min(self.seen, key=lambda lesson: np.abs(lesson[0] - x).sum())[1]


def bars(shape, n=40, dtype=np.uint8):
    """Draw an upright or a level bar on each of n dark pictures."""
    pictures, rng = np.zeros((n, *shape), np.float64), np.random.default_rng(0)
    for number, picture in enumerate(pictures):
        at = rng.integers(2, 8)
        picture[(slice(2, 9), slice(at, at + 2)) if number % 2 else (slice(at, at + 2), slice(2, 9))] = 1
    scaled = pictures if dtype in (np.float32, np.float64) else pictures * 255
    return scaled.astype(dtype), np.array([NAMES[number % 2] for number in range(n)])


@pytest.mark.parametrize("shape", [(12, 12), (12, 12, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_pictures_of_any_type_teach_an_agent_of_drawings_and_a_model_of_ones_own(here, shape, dtype):
    x, y = bars(shape, dtype=dtype)
    np.savez(here / "digits.npz", images=x, target=y)
    drawn = run("./digits.npz", "nearest", **QUICK)
    own = run("./digits.npz", Nearest, **QUICK)
    assert [result.scores["accuracy"] for result in (drawn, own)] == [1.0, 1.0]
    assert sorted(drawn.scores["labels"]) == ["automobi", "two word"] and own.scores["labels"] == list(NAMES)
    told = own.agent.model._inner.told
    assert told == (shape, int(np.prod(shape)), NAMES) and own.agent.kind == "Nearest" and own.folder.name[:4] == "own_"


def test_rows_of_a_square_number_of_pixels_are_drawings_and_other_rows_are_not(here):
    x, y = bars((12, 12))
    np.savez(here / "rows.npz", x=x.reshape(40, 144) / 255, y=y)
    assert run("./rows.npz", "nearest", **QUICK).scores["accuracy"] == 1
    np.savez(here / "rows.npz", x=x.reshape(40, 144)[:, :7], y=y)
    with pytest.raises(AgentError, match=r"expected pictures \(N, H, W\) .* got \(N, 7\). Take a model of your own"):
        run("./rows.npz", "nearest", **QUICK)


class Brightest:
    """what gets numbers by their places, as models of river do; it checks that white is 1"""

    def __init__(self):
        self.inner = Nearest((144,), 144, NAMES)

    def learn_one(self, x, y):
        self.inner.learn_one(np.array([*x.values()]), y)

    def predict_proba_one(self, x):
        assert max(x.values()) == 1
        return {self.inner.predict_one(np.array([*x.values()])): 1.0}

    def predict_one(self, x): ...


@pytest.mark.parametrize("white", [1, 16, 255])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_white_is_one_for_learners_of_numbers_in_pictures_of_few_levels(here, white, dtype):
    x, y = bars((12, 12))
    np.savez(here / "levels.npz", x=(x // 255 * white).astype(dtype), y=y)
    model = {"kind": Brightest}
    result = run("./levels.npz", model, **QUICK)
    assert result.scores["accuracy"] == 1
    assert result.agent.model.spaces.white == white  # also of an agent that was saved and loaded
    assert run("./levels.npz", model, load=True, **QUICK).scores["accuracy"] == 1


def test_data_with_a_test_of_their_own_are_asked_that(here):
    x, y = bars((12, 12), 60)
    np.savez("a.npz", x_train=x[:50], y_train=y[:50], x_test=x[50:], y_test=y[50:])
    result = run("./a.npz", Nearest, **QUICK)
    assert (result.scores["n_lessons"], result.scores["n_test"], result.scores["accuracy"]) == (50, 10, 1.0)


def test_tables_arrays_and_folders_hold_the_same(here):
    x, y = bars((12, 12), 50)
    rows = x.reshape(50, 144) / 255
    lines = [",".join([*(f"{number:g}" for number in row), label]) for row, label in zip(rows, y, strict=True)]
    head = ",".join([*(f"p{place}" for place in range(144)), "label"])
    (here / "a.csv").write_text("\n".join([head, *lines]))
    (here / "b.tsv").write_text("\n".join(lines).replace(",", "\t"))
    attributes = [f"@attribute p{place} numeric" for place in range(144)] + [
        "@attribute class {automobile,'two words'}"
    ]
    quoted = [line.replace("two words", "'two words'") for line in lines]
    quoted[9:9] = ["% a remark", ""]
    (here / "c.arff").write_text("\n".join(["% remark", "@relation c", *attributes, "@data", *quoted]))
    np.save(here / "d.npy", rows)
    np.save(here / "d_labels.npy", y)
    for number, (picture, label) in enumerate(zip(x, y, strict=True)):
        (here / "e" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(here / "e" / label / f"{number}.png")
    scores = [run(f"./{name}", Nearest, **QUICK).scores for name in ("a.csv", "b.tsv", "c.arff", "d.npy", "e")]
    assert all(score["accuracy"] == 1 and score["labels"] == list(NAMES) for score in scores)
    assert run("./e", "nearest", **QUICK).scores["accuracy"] == 1


@pytest.mark.parametrize("name", ["digits.npz", "nan.npz", "7.npz", "copy.npz", "é ü.npz", "x.y.npz", "a,b=(1).NPZ"])
def test_a_file_is_never_taken_for_something_else_whatever_its_name(here, name, capsys):
    x, y = bars((12, 12))
    with (here / name).open("wb") as file:
        np.savez(file, x=x, y=y)
    words = ["agent=nearest", "n_held_out=0", "plots=false"]
    assert main([f"task='./{name}'", *words]) == 0 and main([f"task='{name}'", *words]) == 0
    out, _ = capsys.readouterr()
    assert out.count("100.00 %") >= 2 and not (here / "runs/default/nearest/digits_0").exists()


@pytest.mark.parametrize(
    ("name", "held", "said"),
    [
        ("a.npz", {"drawings": np.zeros((5, 9, 9))}, "expected the arrays drawings and labels in a.npz, or x and y"),
        ("a.npz", {"x": np.full((5, 9), np.nan), "y": np.arange(5)}, "got NaN or infinity in row 0"),
        ("a.npz", {"x": np.zeros((5, 9)), "y": np.zeros((5, 3))}, r"expected labels \(N,\) in a.npz"),
        ("a.npz", {"x": np.zeros((5, 9)), "y": np.arange(4)}, "as many labels as drawings in a.npz, got 4 and 5"),
        ("a.npz", {"x": np.array([None, 1]), "y": np.arange(2)}, "got objects, which would be pickled"),
        ("a.npz", b"text", "got something else: save them with numpy.savez"),
        ("a.npy", b"text", "expected the labels of a.npy in a_labels.npy beside it, got none"),
        (
            "a.csv",
            b"a,b,label\n1,x,3\n2,y,4\n",
            "expected rows of numbers and a label in a.csv, got 'x' for a number in row 1",
        ),
        ("a.csv", b"a,b,label\n1,,3\n", "expected rows of numbers and a label in a.csv"),
        ("a.csv", b"a,b,label\n1,2,3\n1,,3\n", "in a.csv, got '' for a number in row 2; write or leave out what is "),
        ("a.csv", b"a;b;label\n1,5;2;x\n", "in a.csv, got '1,5' for a number in row 1; write or leave out what is "),
        ("a.csv", b"a,b,label\n1,2,3\n1,2\n", "rows of numbers and a label in a.csv, got .*row 2"),
        ("a.csv", b"a,b,target\n1,2,0.5\n3,4,2\n", "expected labels as words or whole numbers in a.csv, got 0.5"),
        ("a.csv", b"", "got an empty file"),
        ("a.arff", b"@attribute a real\n@attribute b {x}\n@data\n% none\n", "in a.arff, got no rows"),
        ("a.arff", b"@data\n1,2\n", "got 0 nominal attributes, where one is the label"),
    ],
)
def test_what_is_wrong_with_data_is_said_with_what_is_wanted(here, name, held, said):
    if isinstance(held, bytes):
        (here / name).write_bytes(held)
    else:
        np.savez(here / name, **held)
    for kind in (Nearest, "nearest"):
        with pytest.raises(AgentError, match=said):
            run(f"./{name}", kind, **QUICK)


def test_what_a_system_puts_into_folders_of_pictures_is_no_picture(here):
    x, y = bars((12, 12))
    for number, (picture, label) in enumerate(zip(x, y, strict=True)):
        for folder in (here / "pics" / label, here / "pics/.ipynb_checkpoints"):
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(folder / f"{number}.png")
    before = arrays.digest("./pics")
    (here / "pics/deep/er/er").mkdir(parents=True)
    for place in (".DS_Store", f"{y[0]}/.DS_Store", f"{y[0]}/._0.png", "._0.png", "notes", "deep/er/er/0.png"):
        (here / "pics" / place).write_bytes(b"Bud1")
    assert arrays.digest("./pics") == before
    read = arrays.read("./pics").train
    assert len(read.labels) == len(y) and set(read.labels) == set(NAMES)
    assert main(["agent=nearest", "task=./pics", "n_held_out=0", "plots=false"]) == 0
    assert main(["ask", "runs/default/nearest/pics_0", f"pics/{y[0]}"]) == 0
    with pytest.raises(AgentError, match=rf"pictures in pics/{y[0]}/LABEL/, a folder .* got none there that"):
        arrays.read(f"./pics/{y[0]}")


def test_a_folder_that_is_too_large_is_refused(here, monkeypatch, capsys):
    (here / "pics/deep/a").mkdir(parents=True)
    for number in range(3):
        Image.new("L", (30, 30), number).save(here / f"pics/deep/a/{number}.png")
    monkeypatch.setattr("agent.verbs.MAX_QUESTIONS", 4)
    assert main(["ask", "everyday", "pics"]) == 2
    assert "a folder of at most 4 files, got more in pics. Name one in it." in capsys.readouterr().err
    monkeypatch.setattr(arrays, "MAX_BYTES", 2000)
    with pytest.raises(AgentError, match="pictures of at most 2,000 bytes in pics/deep, got more. Shrink them."):
        arrays.read("./pics/deep")
    monkeypatch.setattr("agent.experiments.results.MAX_FOLDERS", 2)
    for words in (["compare", "folder=pics"], ["load=deep", "folder=pics"]):
        assert main(words) == 2 and "got more than 2 folders in pics." in capsys.readouterr().err


def test_channels_may_come_first(here):
    x, y = bars((12, 12, 3))
    np.savez(here / "last.npz", x=x, y=y)
    np.savez(here / "first.npz", x=np.moveaxis(x, -1, 1), y=y)
    last, first = (run(f"./{name}.npz", "nearest", **QUICK).agent.model for name in ("last", "first"))
    assert all(np.array_equal(array, first.tensors()[name]) for name, array in last.tensors().items())
    assert Spaces(("a",), (3, 12, 12)).named(0, for_net=True)["in_shape"] == (3, 12, 12)


def test_the_numbers_of_rows_that_pandas_writes_are_no_input(here):
    (here / "a.csv").write_text(",a,b,label\n" + "".join(f"{row},{row % 2},5,{'xy'[row % 2]}\n" for row in range(20)))
    assert arrays.read("a.csv").train.inputs.shape == (20, 2)


def test_pictures_of_one_size_among_others_are_named_or_taken(here):
    for number, size in enumerate([(9, 9)] * 9 + [(9, 8)]):
        (here / "p" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        Image.new("L", size, 200).save(here / "p" / "ab"[number % 2] / f"{number}.png")
    with pytest.raises(AgentError, match="expected (pictures of one size|inputs of one shape).* Scale them"):
        run("./p", Nearest, **QUICK)


@pytest.mark.parametrize("levels", [1, 2, 16])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_pictures_of_few_levels_are_drawings_as_those_of_255_are(here, levels, dtype):
    x, y = bars((12, 12))
    np.savez("a.npz", x=(x // 255 * levels).astype(dtype), y=y)
    task = task_of("./a.npz", {})
    assert task.lessons(20, 0).drawings.max() == task.test(5, 0).drawings.max() == 255
    assert run("./a.npz", "nearest", **QUICK).scores["accuracy"] == 1
    own = run("./a.npz", Nearest, **QUICK)
    assert own.scores["accuracy"] == 1 and agent.load(own.folder).n_lessons == 32


def test_dark_pictures_of_many_levels_stay_as_they_are(here):
    x = np.full((10, 12, 12), 40, np.uint8)
    assert arrays.as_pictures(x, "x", (0.0, 90.0)) is x and arrays.as_pictures(x, "x", (0.0, 0.0)) is x


@pytest.mark.parametrize(
    ("rows", "n_rows"),
    [
        ("0,1,2,label\n1,2,3,cat\n4,5,6,dog\n", 2),
        ("0,1,2,label\n1,2,3,0\n4,5,6,1\n", 2),
        ("0,1,2,kind\n1,2,3,0\n4,5,6,1\n", 2),
        ("label,0,1,2\na,7,7,7\nb,1,1,1\n", 2),
        ("p,q,kind\n1,2,a\n3,4,b\n", 2),
        ("5,3,2,y\n1,2,3,n\n", 2),
        ("5,3,2,A\n1,2,3,1\n", 2),
        ("5,3,2,0\n1,2,3,1\n", 2),
    ],
)
def test_a_head_of_a_table_is_no_lesson_and_no_lesson_is_taken_for_a_head(here, rows, n_rows):
    (here / "a.csv").write_text(rows)
    read = arrays.read("a.csv").train
    assert len(read.labels) == n_rows and read.inputs.shape == (n_rows, rows.split("\n")[1].count(","))


def damaged_npz():
    file = io.BytesIO()
    np.savez_compressed(
        file, x=np.random.default_rng(0).integers(0, 255, (50, 28, 28)).astype(np.uint8), y=np.arange(50)
    )
    content = bytearray(file.getvalue())
    content[2000:2100] = bytes(100)
    return bytes(content)


def forged_npz(head):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("x.npy", "y.npy"):
            archive.writestr(name, b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.npz", damaged_npz(), "arrays of inputs and labels in a.npz, got (Error|Bad CRC|File)"),
        ("a.npz", forged_npz(b"{bad" + b" " * 66), "arrays of inputs and labels in a.npz, got"),
        (
            "a.npz",
            forged_npz(b"{'descr': '|u1', 'fortran_order': False, 'shape': (4000000, 4000000000), }\n"),
            "arrays of inputs and labels in a.npz, got",
        ),
        (
            "a.csv",
            b"a,label\n1,b\n1," + b"x" * 200_000 + b"\n",
            "rows of numbers and a label in a.csv, got field larger",
        ),
    ],
)
def test_a_damaged_or_forged_file_is_one_sentence(here, name, content, said):
    (here / name).write_bytes(content)
    with pytest.raises(AgentError, match=f"^expected {said}"):
        run(f"./{name}", "nearest", **QUICK)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (np.array(5), np.arange(3), r"expected inputs .* of numbers in a.npz, got int64 of the shape \(\)"),
        (np.zeros((3, 8, 8)), np.array([1, 2, np.inf]), "expected labels as words or whole numbers in a.npz, got inf"),
        (np.zeros((3, 8, 8)), np.array([1, np.nan, 2]), "expected labels as words or whole numbers in a.npz, got nan"),
        (np.zeros((3, 8, 8)), np.array([1, 1e300, 2]), r"expected labels as words .* in a.npz, got 1e\+300"),
    ],
)
def test_one_number_is_no_input_and_no_number_without_an_end_is_a_label(here, x, y, said):
    np.savez("a.npz", x=x, y=y)
    with pytest.raises(AgentError, match=said):
        arrays.read("a.npz")


def test_an_agent_of_arrays_says_which_pictures_it_cannot_be_asked(here, capsys):
    x, y = bars((12, 12))
    np.savez("a.npz", x=x, y=y)
    (here / "mine.py").write_text(
        "class M:\n def learn_one(self, x, y): ...\n def predict_one(self, x): return 'two words'\n"
    )
    folder = str(run("./a.npz", "./mine.py:M", **QUICK).folder)
    for label, size in (("a", (12, 12)), ("b", (14, 12))):
        (here / "p" / label).mkdir(parents=True)
        Image.new("L", size).save(here / "p" / label / "1.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200)).astype(np.uint8)).save("whole.png")
    (here / "cut.png").write_bytes((here / "whole.png").read_bytes()[:3000])
    for name, said in (
        ("./p", "expected pictures of one size in ./p, got (12, 12) and (12, 14)"),
        ("cut.png", "expected a picture at cut.png, got none that can be read"),
    ):
        assert main(["ask", folder, name]) == 2
        err = capsys.readouterr().err
        assert said in err and "Traceback" not in err
    assert main(["ask", folder, "./p/a/1.png"]) == 0 and "two words" in capsys.readouterr().out


def test_pictures_of_several_sizes_are_drawings_but_no_arrays(here):
    for number in range(12):
        (here / "p" / f"{number % 2}").mkdir(parents=True, exist_ok=True)
        picture = bars((12 + number % 3, 12), number + 1)[0][number]
        Image.fromarray(picture).save(here / "p" / f"{number % 2}" / f"{number}.png")
    assert run("./p", "nearest", **QUICK).scores["n_lessons"] == 10
    with pytest.raises(AgentError, match="expected pictures of one size in ./p, got"):
        run("./p", Nearest, **QUICK)
    with pytest.raises(AgentError, match="expected inputs of one shape"):
        for name, shape in (("a", (9, 9)), ("b", (9, 10))):
            np.savez(f"{name}.npz", x=np.zeros((9, *shape)), y=np.arange(9) % 2)
        run(["./a.npz", "./b.npz"], Nearest, **QUICK)


def test_another_file_in_a_folder_is_another_run(here):
    x, y = bars((12, 12))
    for number, label in enumerate(y):
        (here / "p" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(x[number]).save(here / "p" / label / f"{number}.png")
    for cached in (False, True):
        assert run("./p", "nearest", **QUICK).cached is cached
    Image.fromarray(x[1]).save(here / "p" / y[1] / "new.png")
    assert not run("./p", "nearest", **QUICK).cached


def test_an_agent_of_arrays_is_asked_evaluated_shown_and_loaded(here, capsys):
    x, y = bars((4, 3, 2), 40)[0], np.array(NAMES)[np.arange(40) % 2]
    x[::2, 0, 0, 0] = 9
    np.savez("a.npz", x=x, y=y)
    (here / "mine.py").write_text(
        "class Last:\n    seen = None\n    def learn_one(self, x, y): self.seen = y\n"
        "    def predict_one(self, x): return self.seen\n"
    )
    result = run("./a.npz", "./mine.py:Last", **QUICK)
    loaded = agent.load(result.folder)
    assert loaded.n_lessons == 32 and loaded.labels == NAMES and loaded.log == result.agent.log
    folder = str(result.folder)
    assert main(["evaluate", folder]) == main(["ask", folder, "./a.npz"]) == main(["show", folder]) == 0
    out, _ = capsys.readouterr()
    assert f"{100 * result.scores['accuracy']:.2f} % right, 8 asked" in out and "./a.npz, 40 → " in out
    assert "an agent of arrays" in out
    np.savez("b.npz", x=x[:, :2], y=y)
    assert main(["ask", folder, "./b.npz"]) == 2
    assert "expected inputs of the shape (4, 3, 2), got (2, 3, 2)" in capsys.readouterr().err
    (here / "mine.py").unlink()
    with pytest.raises(AgentError, match="expected a file of Python at mine.py"):
        agent.load(result.folder)


@pytest.fixture
def tables():
    """A data set of Hugging Face, and its test."""
    datasets = pytest.importorskip("datasets")
    x, y = bars((12, 12), 40)
    names = datasets.ClassLabel(names=list(NAMES))
    rows = {"image": [Image.fromarray(picture) for picture in x], "label": [NAMES.index(label) for label in y]}
    table = datasets.Dataset.from_dict(rows).cast_column("label", names).cast_column("image", datasets.Image())
    return datasets.DatasetDict({"train": table, "test": table.select(range(10))})


def test_a_data_set_of_hugging_face(here, tables):
    tables.save_to_disk("saved")
    result = run("./saved", Nearest, **QUICK)
    assert result.scores["accuracy"] == 1 and result.scores["labels"] == list(NAMES) and result.scores["n_test"] == 10


@pytest.mark.slow
def test_a_data_set_of_the_hub(here, tables, local_hub):
    files = {}
    for split, table in tables.items():
        table.to_parquet(here / "part")
        files[f"data/{split}-00000-of-00001.parquet"] = (here / "part").read_bytes()
    local_hub.write("mia/bars", files, kind="datasets")
    command = [sys.executable, "-m", "agent", "task=hf://mia/bars", "agent=nearest", "n_held_out=0", "plots=false"]
    where = environment("ignore") | {"HF_ENDPOINT": local_hub.url, "HF_HOME": str(here / "cache")}
    done = subprocess.run(command, env=where, capture_output=True, text=True)
    assert done.returncode == 0 and "100.00 %" in done.stdout, done.stderr
    command[3] += "x"
    done = subprocess.run(command, env=where, capture_output=True, text=True)
    assert done.returncode == 2 and "expected a data set at hf://mia/barsx, got" in done.stderr, done.stderr
