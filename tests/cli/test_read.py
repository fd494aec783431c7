"""Pictures read and taught on the command line."""

import shutil

import handwriting
import pytest
from PIL import Image

import agent
from agent.__main__ import main
from agent.datasets import digits


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """An agent that knows some digits, the photo of a sheet, and a blank page."""
    folder = tmp_path_factory.mktemp("files")
    pupil = agent.new("recall")
    pupil.learn_many(*digits.Selection({"mnist": 300}).draw())
    agent.save(pupil, folder / "mia.zip")
    handwriting.sheet(["0123", "4567"], seed=2).save(folder / "sheet.jpg")
    Image.new("L", (60, 60), 255).save(folder / "blank.png")
    return folder


@pytest.fixture
def folder(files, tmp_path, monkeypatch):
    """A folder of this test's own with these files."""
    monkeypatch.chdir(shutil.copytree(files, tmp_path, dirs_exist_ok=True))
    return tmp_path


def test_a_sheet_is_printed_line_by_line(folder, capsys):
    assert main(["read", "sheet.jpg", "mia.zip"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [len(line) for line in lines] == [4, 4] and sum(map(str.__eq__, "".join(lines), "01234567")) >= 5


def test_a_sheet_becomes_lessons_of_a_new_agent_or_of_one_that_is_there(folder, capsys):
    assert main(["teach", "sheet.jpg", "--labels", "01234567"]) == 0
    assert "learned 8 lessons, 0 of them known before: sheet.zip" in capsys.readouterr().out
    assert agent.load("sheet.zip").labels == tuple("01234567")
    assert main(["teach", "sheet.jpg", "mia.zip", "--labels", "0,1,2,3,4,5,6,A7", "--to", "new.zip"]) == 0
    assert (agent.load("new.zip").n_lessons, agent.load("mia.zip").n_lessons) == (308, 300)
    assert "A7" in agent.load("new.zip").labels
    assert main(["teach", "sheet.jpg", "mia.zip", "--labels", "0123 4567"]) == 0
    assert agent.load("mia.zip").n_lessons == 308


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["read", "nothing.jpg"], "expected a picture at nothing.jpg"),
        (["read", "mia.zip", "mia.zip"], "expected a picture at mia.zip"),
        (["read", "blank.png", "mia.zip"], "got a blank one at blank.png"),
        (["read", "sheet.jpg", "nobody.zip"], "got nothing at 'nobody.zip'"),
        (["teach", "sheet.jpg", "--labels", "012"], "expected 8 labels, one for each symbol found, got 3"),
        (["teach", "sheet.jpg", "--labels", "0,1,2,3,4,5,6,far too long"], "expected a label of 1 to 8"),
    ],
)
def test_every_mistake_is_one_sentence_and_leaves_nothing(folder, capsys, words, said):
    before = sorted(folder.iterdir())
    assert main(words) == 2
    assert said in capsys.readouterr().err and sorted(folder.iterdir()) == before
