"""Errors say what was expected, what came and what to do, and leave the agent as it was."""

import ast
import io
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from agents import born
from PIL import Image

from agent import preprocessing, validation
from agent.agents import new
from agent.datasets import digits
from agent.errors import AgentError
from agent.lessons import Lessons
from agent.storage import serialization

ROOT = Path(__file__).resolve().parents[2]
INK = np.pad(np.full((20, 4), 255, np.uint8), ((4, 6), (10, 15)))  # an upright stroke, not square
BLANK = np.zeros((30, 40), np.uint8)


def forgetful(kind):
    """An agent of another birth whose log tells of lessons, but has neither drawings nor a source."""
    pupil = new(kind, seed=4)
    pupil.learn_many([INK, INK], ["1", "1"])
    pupil.lessons = Lessons.from_jsonl(pupil.lessons.to_jsonl(with_drawings=False))
    return pupil


MISTAKES = {  # what somebody does, and what the message must name
    "a kind of nobody": (lambda _: new("recal"), "got 'recal'. Did you mean recall?"),
    "a setting of nobody": (lambda _: new("nearest", nodes=3), "got nodes"),
    "a setting out of range": (
        lambda _: new("recall", tuple_size=15),
        "tuple_size as a whole number from 2 to 14, got 15",
    ),
    "a setting of another type": (lambda _: new("nearest", threshold=True), "from 1 to 254, got True"),
    "a blank lesson": (lambda pupil: pupil.learn_one(BLANK, "1"), "expected a drawing with ink, got a blank one"),
    "no label": (lambda pupil: pupil.learn_one(INK, ""), "1 to 8 visible characters, got ''"),
    "a long label": (lambda pupil: pupil.learn_one(INK, "seventeen"), "1 to 8 visible characters, got 'seventeen'"),
    "a label of two lines": (lambda pupil: pupil.learn_one(INK, "a\nb"), "got 'a\\nb'"),
    "a label that is a share": (lambda pupil: pupil.learn_one(INK, 0.5), "1 to 8 characters, got float"),
    "a label that is true": (lambda pupil: pupil.learn_one(INK, True), "1 to 8 characters, got bool"),
    "a word for a drawing": (lambda pupil: pupil.learn_one("seven", "7"), "got str"),
    "a huge drawing": (lambda pupil: pupil.learn_one(np.ones((20, 2049), bool), "1"), "at most 2048 pixels"),
    "a drawing of one row": (lambda pupil: pupil.learn_one(INK[0], "1"), "got (29,)"),
    "ink beyond 255": (lambda pupil: pupil.learn_one(INK.astype(np.int64) * 2, "1"), "from 0 to 510"),
    "ink that is no number": (lambda pupil: pupil.learn_one(INK * np.nan, "1"), "nan"),
    "more drawings than labels": (lambda pupil: pupil.learn_many([INK, INK], ["1"]), "got 2 drawings and 1 labels"),
    "one blank among many": (
        lambda pupil: pupil.learn_many([INK, BLANK], ["1", "2"]),
        "got 1 blank ones, the first at 1",
    ),
    "too many labels": (
        lambda pupil: pupil.learn_many([INK] * 63, [f"n{n}" for n in range(63)]),
        f"labels, got {63 + 10}",
    ),
    "to forget what never was": (lambda pupil: pupil.forget_one(INK, "7"), "expected a drawing taught as '7'"),
    "to delete what never was": (lambda pupil: pupil.delete(99), "got 99"),
    "to relabel what never was": (lambda pupil: pupil.relabel(-1, "7"), "got -1"),
    "to relabel many at once": (lambda pupil: pupil.relabel(0, "7"), "got 0"),
    "to imagine what never was": (lambda pupil: pupil.imagine("z"), "got 'z'"),
    "to join what nobody kept": (lambda pupil: pupil.join(forgetful(pupil.kind)), "cannot be taught again"),
    "to load nothing": (lambda _: serialization.load("nowhere.zip"), "got nothing at 'nowhere.zip'"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_named_with_its_numbers_and_changes_nothing(kind, what):
    do, words = MISTAKES[what]
    pupil = born(kind, name="Mia")
    pupil.learn_many(*digits.Selection({"mnist": 10}, seed=4).draw())
    pupil.learn_one(INK, "1")
    before = serialization.to_files(pupil)
    with pytest.raises(AgentError) as caught:
        do(pupil)
    assert words in str(caught.value)
    assert serialization.to_files(pupil) == before


def test_nothing_to_undo_is_said_so(kind):
    with pytest.raises(AgentError, match="expected a lesson to take back, got none. Draw something"):
        born(kind).undo()


def test_an_agent_error_is_a_value_error_and_nothing_more():
    assert AgentError.__mro__[1] is ValueError and str(AgentError("expected a, got b.")) == "expected a, got b."


def raised():
    """Every AgentError of the library with its text, replaced parts as {}."""
    for file in sorted(ROOT.glob("agent/**/*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            call = node.exc if isinstance(node, ast.Raise) else None
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "AgentError":
                text = call.args[0]
                parts = text.values if isinstance(text, ast.JoinedStr) else [text]
                if all(isinstance(part, (ast.Constant, ast.FormattedValue)) for part in parts):
                    yield (
                        f"{file.name}:{node.lineno}",
                        "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts),
                    )


def test_every_error_says_what_was_expected_and_what_came():
    texts = dict(raised())
    assert len(texts) > 80
    for where, text in texts.items():
        is_argument = text.startswith("expected ") and " got " in text
        assert is_argument or text[0].isupper() or text.startswith("{}"), (
            f"{where}: {text}"
        )  # a state says what is wrong
        assert text.endswith((".", "}", "git lfs pull")), f"{where}: {text}"


def test_the_library_raises_no_other_exception_on_purpose():
    allowed = {"AgentError", "ValueError", "KeyError", "StopIteration"}  # the middle two become AgentErrors where read
    allowed |= {"AttributeError", "_unknown_name", "_unknown_choice"}  # the last two make AgentErrors
    for file in (
        sorted(ROOT.glob("agent/*.py")) + sorted(ROOT.glob("agent/k*/*.py")) + sorted(ROOT.glob("agent/t*/*.py"))
    ):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                name = ast.unparse(node.exc.func)
                is_caught_by_gradio = (file.name, name) == ("startup.py", "OSError")
                assert name in allowed or is_caught_by_gradio, f"{file.name}:{node.lineno} raises {name}"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP"])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1"])
def test_a_picture_that_breaks_off_is_refused_in_words(form, mode):
    file = io.BytesIO()
    page = Image.fromarray(np.random.default_rng(0).integers(255, size=(60, 60, 3), dtype=np.uint8))
    page = page.convert(mode)
    if form == "JPEG" and mode in ("RGBA", "P", "1"):
        page = page.convert("L")
    page.save(file, form)
    content, n_refused = file.getvalue(), 0
    for cut in (len(content) - 1, len(content) - 20, len(content) // 2):
        try:
            preprocessing.to_thumbnail(Image.open(io.BytesIO(content[:cut])))
        except AgentError as error:
            n_refused += "breaks off" in str(error)
    assert n_refused >= 1


BLANK_LABELS = [
    "\u3164",
    "\u115f",
    "\u2800",
    "7\ufe0f",
    "a\u034f",
    "a\u0301\u0302\u0303\u0304",
    "\u0301",
    "\u200d",
    "a\u200d",
]
SEEN_LABELS = ["7", "é", "e\u0301", "七", "👩\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈", "❤\ufe0f", "ที่"]


@pytest.mark.parametrize("label", BLANK_LABELS)
def test_labels_and_names_that_nobody_sees_are_refused(label):
    for clean in (validation.clean_label, validation.clean_name):
        with pytest.raises(AgentError, match="visible characters"):
            clean(label)


@pytest.mark.parametrize("label", SEEN_LABELS)
def test_labels_and_names_that_people_see_are_taken_and_normalised(label):
    assert validation.clean_label(label) == validation.clean_name(label) == unicodedata.normalize("NFC", label)
