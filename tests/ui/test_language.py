"""Translations: complete, fitting, spoken where they should be and nowhere else."""

import ast
import asyncio
import functools
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

import agent.ui.texts
from agent.agents.base import check_repo_id
from agent.errors import AgentError
from agent.hub import client
from agent.models import MODELS
from agent.models.custom.model import CustomModel
from agent.ui import formatting
from agent.ui.page import localize
from agent.ui.server.limits import RateLimiter
from agent.ui.texts import (
    ENGLISH,
    OTHERS,
    LocaleMiddleware,
    current_locale,
    frames_texts,
    numbers_texts,
    speaking,
    texts,
    translated,
    with_label,
    with_locale,
)
from agent.validation import clean_label

UI = Path(agent.ui.texts.__file__).parents[1]
SECTIONS = ENGLISH.texts


def parsed(path):
    """The tree of a file, in which sections of texts that it imports under another name have their own again."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "agent.ui.texts"]
    names = {alias.asname: alias.name for node in imports for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
    return tree


SOURCES = {path: parsed(path) for path in sorted(UI.rglob("*.py"))}
GERMAN = next(each for each in OTHERS if each.code == "de")
# What stands in both languages: names, signs, numbers, formulas, and words that are spelled alike.
ALIKE = {
    "de": {
        "Pupil",
        "0 – 9",
        "Enter",
        "Escape",
        "{label}, {knew}",
        "Pause",
        "= {number}",
        "w",
        "b",
        "Name",
        "Repo",
        "{label}: {first} · {second}",
        "{name} · {day}",
        "Experiment",
        "Agent",
        "CSV",
        "F1",
        "Markdown",
        "1 − |e|",
        "exp(−|e|/10)",
        "exp(−|e|)",
        "1",
        "10",
        "123",
        "123123123123",
        "-5",
        "0",
        "+",
    }
}


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


def asked_texts(node, function):
    """Texts of sections that an expression may give: section, name; of what is assigned in the function, each value."""
    if isinstance(node, ast.Subscript):
        yield from asked_texts(node.value, function)
    elif isinstance(node, ast.IfExp):
        yield from (*asked_texts(node.body, function), *asked_texts(node.orelse, function))
    elif isinstance(node, ast.Dict):
        yield from (text for value in node.values for text in asked_texts(value, function))
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id.endswith("texts"):
        yield node.value.id.removesuffix("texts").removesuffix("_") or "common", node.attr
    elif isinstance(node, ast.Name):
        for each in ast.walk(function):
            if isinstance(each, ast.Assign) and node.id in map(ast.unparse, each.targets):
                yield from asked_texts(each.value, function)


def test_every_text_is_there_and_asked_for():
    trees = [*SOURCES.values(), ast.parse((UI.parents[1] / "app.py").read_text(encoding="utf-8"))]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    asked = {text for node in nodes if isinstance(node, ast.Attribute) for text in asked_texts(node, node)}
    assert asked == {(name, text) for name, section in SECTIONS.items() for text in section}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_what_is_filled_into_a_text_is_what_it_leaves_open(path):
    """A translation leaves open what the English text does: see below."""
    for function in (node for node in ast.walk(SOURCES[path]) if isinstance(node, ast.FunctionDef)):
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            given = {keyword.arg for keyword in call.keywords}
            if getattr(call.func, "attr", "") != "format" or None in given:  # **words are seen when it runs
                continue
            texts_of = [SECTIONS[section][name] for section, name in asked_texts(call.func.value, function)]
            left_open = [set(fields(text)) for value in texts_of for _, text in leaves(value, ())]
            assert not texts_of or set().union(*left_open) == given, (ast.unparse(call), left_open)


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.code)
def test_a_translation_says_everything_and_nothing_else(other):
    assert set(other.texts) == set(SECTIONS)
    for name, section in SECTIONS.items():
        assert set(other.texts[name]) == set(section), name
    ours = {
        name
        for name, model in MODELS.items()
        if model.__module__.startswith("agent.") and not issubclass(model, CustomModel)
    }  # others come from other tests
    assert set(other.texts["common"]["SUMMARIES"]) == ours


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.code)
def test_a_translation_fits_what_it_stands_for(other):
    for name, section in SECTIONS.items():
        for text, value in section.items():
            if text == "SUMMARIES":  # English ones are the models' own
                continue
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
    for name, section in SECTIONS.items():
        for text, value in section.items():
            if text == "SUMMARIES":  # English ones are the models' own
                continue
            said = dict(leaves(other.texts[name][text], (name, text)))
            alike |= {each for place, each in leaves(value, (name, text)) if said[place] == each and each}
    identifiers = {
        of[1] for pairs in (frames_texts.WORLDS, frames_texts.MODELS, numbers_texts.PRECISIONS) for of in pairs
    } | {"cells", "recurrent"}
    assert alike - identifiers <= ALIKE[other.code]


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.code)
def test_whatever_is_counted_has_its_plural(other):
    counted = set()
    for tree in SOURCES.values():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "attr", getattr(node.func, "id", "")) == "count"
                and len(node.args) == 2
            ):
                counted |= {each.value for each in [node.args[1]] if isinstance(each, ast.Constant)}
    assert counted == set(other.plurals) and all(len(forms) == 2 for forms in other.plurals.values())


def test_english_is_spoken_unless_somebody_says_otherwise():
    assert (
        current_locale() is ENGLISH and texts.CLEAR == "Clear" and formatting.count(1200, "lesson") == "1,200 lessons"
    )
    with speaking(GERMAN):
        assert texts.CLEAR == "Leeren"
        assert formatting.count(1, "lesson") == "1 Lektion" and formatting.count(1200, "lesson") == "1.200 Lektionen"
        assert (formatting.share(0.004), formatting.size(19_685_424), formatting.seconds(0.42)) == (
            "0,4 %",
            "19,7 MB",
            "0,4 s",
        )
    assert texts.CLEAR == "Clear"


def test_two_who_speak_at_once_do_not_mix():
    both, heard = threading.Barrier(2, timeout=10), {}

    def asked(lessons):
        for _ in range(100):
            both.wait()
            yield texts.NOTEBOOK, formatting.count(lessons, "lesson")

    def listen(each):
        heard[each.code] = set(with_locale(each, asked)(1200))

    threads = [threading.Thread(target=listen, args=(each,)) for each in (ENGLISH, GERMAN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {"en": {("Notebook", "1,200 lessons")}, "de": {("Heft", "1.200 Lektionen")}}


def test_a_generator_speaks_in_its_steps_alone():
    def talking():
        yield texts.STOP
        yield texts.STOP

    steps = with_locale(GERMAN, talking)()
    assert (next(steps), texts.STOP, next(steps), texts.STOP) == ("Anhalten", "Stop", "Anhalten", "Stop")


def test_who_asks_too_much_is_told_so_in_the_language_of_the_page():
    async def asked(address):
        sent, headers = [], [(b"referer", address.encode()), (b"content-length", b"5")]
        scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": headers}
        pace = RateLimiter(lambda scope, receive, send: receive())
        pace.small.left = pace.small.per_s = 0.0

        async def receive():
            return {"type": "http.request", "body": b"12345"}

        await LocaleMiddleware(pace)(scope, receive, lambda message: asyncio.sleep(0, sent.append(message)))
        return json.loads(sent[1]["body"])["detail"]

    for address, begin in (
        ("http://a.b/de?x=1", "In der letzten Stunde"),
        ("http://a.b/", "Too many files"),
        ("", "Too"),
    ):
        assert asyncio.run(asked(address)).startswith(begin)
    assert current_locale() is ENGLISH


def test_every_event_of_a_page_speaks_its_language_and_looks_as_before():
    def ask(event: gr.EventData):
        return texts.STOP, event

    def streaming():
        yield texts.STOP

    asked = [ask, streaming, functools.partial(formatting.count, thing="lesson"), None]
    events = dict(enumerate(SimpleNamespace(page=place, fn=fn) for place in ("", "de") for fn in asked))
    localize(SimpleNamespace(fns=events, current_page=""))
    with speaking(GERMAN):
        localize(SimpleNamespace(fns=events, current_page="de"))
    for place, stop, lessons in ((0, "Stop", "2 lessons"), (4, "Anhalten", "2 Lektionen")):
        one, steps, counted, none = (events[place + number].fn for number in range(4))
        assert one(7) == (stop, 7) and list(steps()) == [stop] and counted(2) == lessons and none is None
        assert get_type_hints(one) == get_type_hints(ask) and inspect.isgeneratorfunction(steps)


def test_no_text_is_asked_for_before_somebody_speaks():
    for path, tree in SOURCES.items():
        if path.parent.name != "texts":
            early = [name for name in spoken_names(tree) if name.split(".")[0].endswith("texts")]
            assert not early, f"{path.name} asks for {early} when it is imported: in English, whoever will read it"


def test_nothing_that_is_said_is_kept_for_all():
    for path, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and any("cache" in ast.unparse(each) for each in node.decorator_list):
                asked = [ast.unparse(each) for each in ast.walk(node) if isinstance(each, ast.Attribute)]
                assert not [each for each in asked if each.split(".")[0].endswith("texts")], (path.name, node.name)


def test_numbers_are_written_as_the_language_does():
    for path in SOURCES:
        lines = path.read_text(encoding="utf-8").splitlines()
        plain = [line for line in lines if re.search(r"\{[^{}]*:,[^{}]*\}", line)]
        plain = [line for line in plain if not re.search(r"Error\(|refusal\(|f\"expected ", line)]
        assert path.stem == "formatting" or not plain, path


@pytest.mark.parametrize(
    ("typed", "meant"), [("3,5", "3.5"), ("3.5", "3.5"), ("0.125", "0.125"), ("1.234", "1,234"), ("12", "12"), ("", "")]
)
def test_a_number_is_read_as_its_language_writes_it(typed, meant):
    assert GERMAN.typed(typed) == meant and ENGLISH.typed(typed) == typed


def test_a_label_after_an_article_is_filled_in_by_what_knows_an_from_a():
    named = {name for section in ("common", "input") for name, text in SECTIONS[section].items() if "a {label}" in text}
    assert {"LEARNED", "DRAWN", "EXAMPLE"} <= named
    for path, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "format" and isinstance(node.value, ast.Attribute):
                assert node.value.attr not in named, f"{path.name}:{node.lineno}"
    assert with_label(texts.LEARNED, "8") == "Learned: this is an 8"
    with speaking(GERMAN):
        assert with_label(texts.LEARNED, "8") == "Gelernt als 8"


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.code)
def test_what_the_hub_refuses_is_said_in_every_language(other):
    refused = [
        client._about_status(status, "30 s", "mia/a") for status in (401, 403, 404, 409, 412, 413, 429, 500, 418)
    ]
    refused += [client.sentence(error, "mia/a") for error in (TimeoutError(), ConnectionError())]
    for check, value in ((client.checked_token, None), (check_repo_id, "../etc"), (clean_label, "much too long")):
        with pytest.raises(AgentError) as error:
            check(value)
        refused.append(str(error.value))
    with speaking(other):
        for sentence in refused:
            assert translated(sentence) != sentence and ("mia/a" in sentence) == ("mia/a" in translated(sentence))
        assert "the gallery" not in translated(client.sentence(ConnectionError(), "the gallery"))
    assert translated(refused[0]) == refused[0] and translated("anything else") == "anything else"


def test_why_a_mind_acts_is_said_in_german():
    with speaking(next(each for each in OTHERS if each.code == "de")):
        assert translated("move down: tried only 6 times") == "nach unten: erst 6 Mal versucht"
        assert translated("0: never tried in a moment like this") == "0: in einem solchen Augenblick noch nie versucht"
