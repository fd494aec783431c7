"""An agent as one web page: what is refused, what stands in the file, and that nothing in it runs but the page's own."""

import base64
import hashlib
import json
import os
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from agents import born
from hostile_texts import MARKUP_TEXTS, TEMPLATE_TEXTS

import agent
from agent import export
from agent.__main__ import main
from agent.errors import AgentError

ELEMENTS = {"html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "p", "main", "section", "div", "ol"}
ELEMENTS |= {"canvas", "i", "button", "figure", "figcaption", "form", "input", "script"}
ONLY_IN_SCRIPT = {"round_half_even", "ink_to_thumbnail", "compared_values", "pooled_value", "padded"}  # of kernels.js
ONLY_IN_SCRIPT |= {"best_at", "best_of_shifts", "min_of_pairs"}
FETCHING = (
    "fetch(",
    "XMLHttpRequest",
    "WebSocket",
    "EventSource",
    "sendBeacon",
    "import(",
    "importScripts",
    "innerHTML",
)


class Parsed(HTMLParser):
    """What a page consists of: elements, attributes, the text of each script and style."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.attributes, self.texts, self.policy, self.is_inside = [], [], [], None, False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"]
        self.is_inside = tag in ("script", "style")
        if self.is_inside:
            self.texts.append([tag, dict(attrs).get("id"), ""])

    def handle_endtag(self, tag):
        self.is_inside = False

    def handle_data(self, data):
        if self.is_inside:
            self.texts[-1][2] += data

    def text(self, tag, name=None):
        return next(text for its_tag, its_id, text in self.texts if (its_tag, its_id) == (tag, name))


def hash_of(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pytest.fixture
def mia(lessons):
    """An agent with sixty lessons that a person gave."""
    pupil = agent.new("recall", name="Mia")
    for drawing, label in zip(*lessons, strict=True):
        pupil.learn_one(drawing, label)
    return pupil


def test_the_page_is_small_and_holds_the_files_of_the_agent(mia, tmp_path):
    path = mia.export_html(tmp_path / "mia.html", drawings=True)
    page = path.read_text("utf-8")
    saved = json.loads(Parsed(page).text("script", "agent"))
    assert len(page.encode()) <= 250_000
    assert (saved["name"], saved["labels"], saved["n_lessons"]) == ("Mia", list("0123456789"), 60)
    assert saved["log"] == mia.log and list(tmp_path.iterdir()) == [path]


@pytest.mark.nightly
def test_the_page_of_the_everyday_agent_is_small_enough_for_an_email(tmp_path):
    page = agent.new("recall", starter="everyday").export_html(tmp_path / "everyday.html")
    assert page.stat().st_size <= 2_500_000


def test_what_people_drew_stays_behind_unless_it_is_asked_for(mia, lessons, tmp_path):
    mia.learn_many(lessons[0][:5], lessons[1][:5], source=None)
    with pytest.raises(AgentError, match=r"expected lessons besides drawings of people, got none\. Let the drawings"):
        mia.export_html(tmp_path / "mia.html")
    assert not list(tmp_path.iterdir())
    selection = agent.datasets.digits.Selection({"mnist": 20}, seed=1)
    mia.learn_many(*selection.draw(), source=selection.source)
    saved = export.embedded(export._outgoing(mia, drawings=False))
    assert saved["n_lessons"] == 20 and "drawing" not in saved["log"]
    assert mia.n_lessons == 85
    assert json.loads(Parsed(export.to_html(agent.new("recall"))).text("script", "agent"))["n_lessons"] == 0


def test_only_its_own_script_and_style_run_and_nothing_is_fetched(mia):
    parsed = Parsed(export.to_html(mia, drawings=True))
    script, style = parsed.text("script"), parsed.text("style")
    assert parsed.policy.split("; ") == [
        "default-src 'none'",
        f"script-src {hash_of(script)}",
        f"style-src {hash_of(style)}",
        "worker-src blob:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert not [word for word in FETCHING if word in script]
    assert not {"src", "href", "action", "style"} & dict(parsed.attributes).keys()
    assert "url(" not in style and "@import" not in style and not re.search("https?:", script + style)


@pytest.mark.parametrize("text", MARKUP_TEXTS + TEMPLATE_TEXTS)
def test_what_strangers_wrote_makes_no_element(text):
    name, label = "".join(text.split("\n"))[:60], "".join(text.split("\n"))[:8].strip()
    pupil = born("recall", name=name)
    pupil.learn_one(np.eye(28, dtype=np.uint8) * 255, label)
    parsed = Parsed(export.to_html(pupil, drawings=True))
    saved = json.loads(parsed.text("script", "agent"))
    assert set(parsed.elements) == ELEMENTS and parsed.elements.count("script") == 3
    assert (saved["name"], saved["labels"]) == (name, [label]) and "<" not in parsed.text("script", "agent")
    assert parsed.text("script") == Parsed(export.to_html(agent.new("recall"))).text("script")


def test_agents_that_no_page_can_hold_are_refused(tmp_path, lessons, monkeypatch):
    state, recall = born("state"), born("recall")
    with pytest.raises(
        AgentError, match=r"expected an agent of kind recall or nearest for a page, got state\. Save it"
    ):
        state.export_html(tmp_path / "mia.html")
    with pytest.raises(AgentError, match="expected an agent of kind recall or nearest for a page, got linear"):
        export.export_html(agent.new("linear"), tmp_path / "mia.html")
    with pytest.raises(AgentError, match="expected language among de, en, got 'fr'"):
        recall.export_html(tmp_path / "mia.html", "fr")
    with pytest.raises(AgentError, match="expected drawings as true or false, got 'no'"):
        recall.export_html(tmp_path / "mia.html", drawings="no")
    with pytest.raises(AgentError, match=r"expected to write '.*nowhere/mia\.html', got No such file"):
        recall.export_html(tmp_path / "nowhere" / "mia.html")
    recall.learn_many(*lessons, source=agent.datasets.digits.Selection({"mnist": 60}, seed=5).source)
    monkeypatch.setattr(export, "MAX_LESSONS", 59)
    with pytest.raises(AgentError, match="expected at most 59 lessons for a page, got 60"):
        recall.export_html(tmp_path / "mia.html")
    monkeypatch.undo()
    monkeypatch.setattr(type(recall.model), "is_refined", True)
    with pytest.raises(AgentError, match="expected an agent that was not studied for a page"):
        recall.export_html(tmp_path / "mia.html")
    assert not list(tmp_path.iterdir())


def test_what_is_no_file_is_not_replaced(mia, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AgentError, match="expected to write '.*/pipe', got something that is no file"):
        export.export_html(mia, tmp_path / "pipe", drawings=True)
    with pytest.raises(AgentError, match=r"expected to write '.*mia\.html', got Not a directory"):
        export.export_html(mia, tmp_path / "pipe/mia.html", drawings=True)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"] and not (tmp_path / "pipe").is_file()


def test_the_command_line_writes_a_page(mia, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    agent.save(mia, "mia.zip")
    assert main(["export", "mia.zip", "mia.html", "--language", "de", "--drawings"]) == 0
    assert capsys.readouterr().out.startswith("mia.html: ") and '<html lang="de">' in Path("mia.html").read_text(
        "utf-8"
    )
    assert main(["export", "mia.zip", "other.html"]) == 2
    assert "Let the drawings go along" in capsys.readouterr().err and not Path("other.html").exists()


def test_kernels_in_javascript_have_the_names_of_those_in_python():
    kernels = "".join(file.read_text("utf-8") for file in (Path(agent.__file__).parent / "kernels").glob("*.py"))
    in_python = set(re.findall(r"^def _?(\w+)", kernels, re.M)) | {"warp_fields"}
    in_script = set(re.findall(r"^function (\w+)", (export.FOLDER / "kernels.js").read_text("utf-8"), re.M))
    assert in_script - in_python == ONLY_IN_SCRIPT and len(in_script & in_python) > 20


def test_every_language_has_the_same_texts_with_the_same_gaps():
    gaps = {}
    for language in export.LANGUAGES:
        texts = tomllib.loads((export.FOLDER / f"{language}.toml").read_text("utf-8"))
        gaps[language] = {name: sorted(re.findall(r"\{\w+\}", text)) for name, text in texts.items()}
    assert export.LANGUAGES == ("de", "en") and gaps["de"] == gaps["en"]
    used = (export.FOLDER / "page.js").read_text("utf-8") + (export.FOLDER / "page.html").read_text("utf-8")
    assert not [name for name in gaps["en"] if f'"{name}"' not in used]
