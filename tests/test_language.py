"""Translations: complete, fitting, spoken where they should be and nowhere else."""

import ast
import asyncio
import functools
import importlib
import inspect
import json
import re
import string
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import get_type_hints

import gradio as gr
import pytest

from agent.ui import amounts, language, words, words_numbers
from agent.ui.language import ENGLISH, OTHERS, Heard, speaker, speaking, spoken
from agent.ui.pace import Pace
from agent.ui.page import speak

UI = Path(language.__file__).parent
MODULES = {path.stem: importlib.import_module(f"agent.ui.{path.stem}") for path in sorted(UI.glob("words*.py"))}
SOURCES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(UI.glob("*.py"))}
GERMAN = next(each for each in OTHERS if each.code == "de")
# What stands in both languages: names, signs, numbers, formulas, and words that are spelled alike.
ALIKE = {
    "de": {
        "Pupil", "0 – 9", "Enter", "Escape", "{label}, {knew}", "Pause", "= {number}",
        "w", "b", "Name", "Repo", "{label}: {first} · {second}", "{name} · {day}", "Experiment", "Agent", "CSV",
        "Markdown", "1 − |e|", "exp(−|e|/10)", "exp(−|e|)", "1", "10", "123", "123123123123", "-5", "0", "+",
    }
}  # fmt: skip


def texts_of(module):
    return {name: value for name, value in vars(module).items() if name.isupper()}


def leaves(text, place):
    """Every string of a text, and where it stands."""
    if isinstance(text, dict):
        for name, each in text.items():
            yield from leaves(each, (*place, name))
    elif isinstance(text, tuple):
        for number, each in enumerate(text):
            yield from leaves(each, (*place, number))
    else:
        yield place, text


def fields(text):
    return sorted(field for _, field, _, _ in string.Formatter().parse(text) if field is not None)


def spoken_names(node):
    """Texts that an expression or statement asks for, but for those in functions that it only defines."""
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.attr.isupper():
            yield f"{each.value.id}.{each.attr}"
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from (name for default in each.args.defaults for name in spoken_names(ast.Expr(default)))
        else:
            yield from spoken_names(each)


def aliases(tree):
    """What a file calls the modules of words."""
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "agent.ui"]
    return {name.asname or name.name for node in imported for name in node.names if name.name.startswith("words")}


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.code)
def test_a_translation_says_everything_and_nothing_else(other):
    assert set(other.texts) == set(MODULES)
    for name, module in MODULES.items():
        assert set(other.texts[name]) == set(texts_of(module)), name


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.code)
def test_a_translation_fits_what_it_stands_for(other):
    for name, module in MODULES.items():
        for text, value in texts_of(module).items():
            expected, got = dict(leaves(value, (name, text))), dict(leaves(other.texts[name][text], (name, text)))
            assert list(got) == list(expected), "the same shapes, in the same order"
            for place, said in got.items():
                assert isinstance(said, str) and fields(said) == fields(expected[place]), (place, said)
                signs = re.compile(r"<[^>]+>|COLUMN|ROW|^ | $")  # what programs look for
                assert signs.findall(said) == signs.findall(expected[place]), (place, said)
                assert bool(said) == bool(expected[place]) and "!" not in said, place


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.code)
def test_nothing_is_left_in_english(other):
    alike = set()
    for name, module in MODULES.items():
        for text, value in texts_of(module).items():
            said = dict(leaves(other.texts[name][text], (name, text)))
            alike |= {each for place, each in leaves(value, (name, text)) if said[place] == each and each}
    identifiers = {of[1] for pairs in (MODULES["words_frames"].WORLDS, MODULES["words_frames"].MINDS,
                                       words_numbers.PRECISIONS) for of in pairs} | {"cells", "recurrent"}  # fmt: skip
    assert alike - identifiers <= ALIKE[other.code]


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.code)
def test_whatever_is_counted_has_its_plural(other):
    counted = set()
    for tree in SOURCES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "count" and len(node.args) == 2:
                counted |= {each.value for each in [node.args[1]] if isinstance(each, ast.Constant)}
    assert counted == set(other.plurals) and all(len(forms) == 2 for forms in other.plurals.values())


def test_english_is_spoken_unless_somebody_says_otherwise():
    assert spoken() is ENGLISH and words.CLEAR == "Clear" and amounts.count(1200, "lesson") == "1,200 lessons"
    with speaking(GERMAN):
        assert words.CLEAR == "Leeren" and words.__name__ == "agent.ui.words" and words.count is amounts.count
        assert amounts.count(1, "lesson") == "1 Lektion" and amounts.count(1200, "lesson") == "1.200 Lektionen"
        assert (words.share(0.004), words.size(19_685_424), words.seconds(0.42)) == ("0,4 %", "19,7 MB", "0,4 s")
    assert words.CLEAR == "Clear"


def test_two_who_speak_at_once_do_not_mix():
    both, heard = threading.Barrier(2, timeout=10), {}

    def asked(lessons):
        for _ in range(100):
            both.wait()
            yield words.NOTEBOOK, amounts.count(lessons, "lesson")

    def listen(each):
        heard[each.code] = set(speaker(each, asked)(1200))

    threads = [threading.Thread(target=listen, args=(each,)) for each in (ENGLISH, GERMAN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {"en": {("Notebook", "1,200 lessons")}, "de": {("Heft", "1.200 Lektionen")}}


def test_a_generator_speaks_in_its_steps_alone():
    def talking():
        yield words.STOP
        yield words.STOP

    steps = speaker(GERMAN, talking)()
    assert (next(steps), words.STOP, next(steps), words.STOP) == ("Anhalten", "Stop", "Anhalten", "Stop")


def test_who_asks_too_much_is_told_so_in_the_language_of_the_page():
    async def asked(address):
        sent, headers = [], [(b"referer", address.encode()), (b"content-length", b"5")]
        scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": headers}
        pace = Pace(None)
        pace.files.left = pace.files.per_s = 0.0
        await Heard(pace)(scope, None, lambda message: asyncio.sleep(0, sent.append(message)))
        return json.loads(sent[1]["body"])["detail"]

    for address, begin in (("http://a.b/de?x=1", "In der letzten Stunde"), ("http://a.b/", "Too many files"), ("", "Too")):
        assert asyncio.run(asked(address)).startswith(begin)
    assert spoken() is ENGLISH


def test_every_event_of_a_page_speaks_its_language_and_looks_as_before():
    def ask(event: gr.EventData):
        return words.STOP, event

    def step_by_step():
        yield words.STOP

    asked = [ask, step_by_step, functools.partial(words.count, thing="lesson"), None]
    events = dict(enumerate(SimpleNamespace(page=place, fn=fn) for place in ("", "de") for fn in asked))
    speak(SimpleNamespace(fns=events, current_page=""))
    with speaking(GERMAN):
        speak(SimpleNamespace(fns=events, current_page="de"))
    for place, stop, lessons in ((0, "Stop", "2 lessons"), (4, "Anhalten", "2 Lektionen")):
        one, steps, counted, none = (events[place + number].fn for number in range(4))
        assert one(7) == (stop, 7) and list(steps()) == [stop] and counted(2) == lessons and none is None
        assert get_type_hints(one) == get_type_hints(ask) and inspect.isgeneratorfunction(steps)


def test_no_text_is_asked_for_before_somebody_speaks():
    for path, tree in SOURCES.items():
        if not path.stem.startswith("words"):
            early = [name for name in spoken_names(tree) if name.split(".")[0] in aliases(tree)]
            assert not early, f"{path.name} asks for {early} when it is imported: in English, whoever will read it"


def test_nothing_that_is_said_is_kept_for_all():
    for path, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and any("cache" in ast.unparse(each) for each in node.decorator_list):
                asked = [ast.unparse(each) for each in ast.walk(node) if isinstance(each, ast.Attribute)]
                assert not [each for each in asked if each.split(".")[0] in aliases(tree)], (path.name, node.name)


def test_numbers_are_written_as_the_language_does():
    for path in SOURCES:
        lines = path.read_text(encoding="utf-8").splitlines()
        plain = [line for line in lines if re.search(r"\{[^{}]*:,[^{}]*\}", line)]
        assert path.stem == "amounts" or not [line for line in plain if "Error(" not in line and "JSON" not in line], path


@pytest.mark.parametrize(
    ("typed", "meant"), [("3,5", "3.5"), ("3.5", "3.5"), ("0.125", "0.125"), ("1.234", "1,234"), ("12", "12"), ("", "")]
)
def test_a_number_is_read_as_its_language_writes_it(typed, meant):
    assert GERMAN.typed(typed) == meant and ENGLISH.typed(typed) == typed
