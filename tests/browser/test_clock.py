"""The clock of the machine is set back an hour and ahead a day while people teach."""

import json
import secrets
import time

import numpy as np
import pytest
from PIL import Image
from raw import Stranger, file_at
from served import serving, written_digits

from agent.lessons import Lessons
from agent.storage import serialization

HOUR, DAY = 3_600, 86_400
JUMPING = """
import pathlib, time
_offset, _time = pathlib.Path(__file__).with_name("offset"), time.time
time.time = lambda: _time() + float(_offset.read_text())
"""


@pytest.fixture
def offset(tmp_path):
    """A file that says by how much the clock of the server is wrong, in seconds."""
    (tmp_path / "sitecustomize.py").write_text(JUMPING)
    (tmp_path / "offset").write_text("0")
    return tmp_path / "offset"


def test_a_clock_that_jumps_loses_no_lesson_and_no_visitor(offset, tmp_path):
    pictures = {}
    for label, drawings in list(written_digits().items())[:4]:
        Image.fromarray(np.asarray(drawings[0])).save(tmp_path / f"{label}.png")
        pictures[label] = (tmp_path / f"{label}.png").read_bytes()
    with serving(tmp_path, {"PYTHONPATH": str(tmp_path)}) as server:
        visitor, session = Stranger(server.url), secrets.token_hex(8)
        lines, whens = [], []

        def ask(name, *given):
            what, told = visitor.call(name, list(given), session)
            assert what == "complete", (name, told)
            return told[0]

        for (label, picture), seconds in zip(pictures.items(), (0, -HOUR, DAY, 0), strict=True):
            offset.write_text(str(seconds))
            told = ask("teach", file_at(visitor.upload(f"{label}.png", picture)), label)
            lines[told["log"]["start"] :] = told["log"]["lines"]
            whens.append(json.loads(lines[-1])["when"])
            assert told["n_lessons"] == len(whens)
            assert ask("guess", file_at(visitor.upload("a.png", picture)))["label"] == label
        now = time.time()
        assert whens == pytest.approx([now, now - HOUR, now + DAY, now], abs=300)
        saved = ask("save")
        assert serialization.load(saved["path"]).n_lessons == 4
        assert ask("undo")["label"] == [*pictures][-1]  # the one taught last, whatever the clock said
        log = Lessons.from_jsonl("\n".join(lines))
        assert [lesson.label for lesson in log.user_lessons()] == [*pictures]
        file = "\n".join([told["log"]["birth"], *lines]).encode()
        offset.write_text(str(-HOUR))
        assert ask("restore", file_at(visitor.upload("a.jsonl", file)))["n_lessons"] == 4
