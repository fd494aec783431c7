"""What the page shows before gradio's scripts have built it: its heading, pad, buttons and words in their places.

A layer over the pad (``pad/kept.js``) takes what is drawn and pressed until somebody can answer.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

import gradio as gr

from agent.lessons import Lessons
from agent.ui import html
from agent.ui.pad.sketchpad import KEPT_JS, PAD_JS
from agent.ui.page import STATIC, header
from agent.ui.parts import notebook, reply
from agent.ui.server import static_cache
from agent.ui.texts import ENGLISH, OTHERS, challenge_texts, input_texts, server_texts, speaking, texts

FONT = "Pupil Sans"  # Source Sans by Adobe, its Latin letters alone: a sixth of the bytes
WEIGHTS = {"regular": 400, "bold": 700}
THEME = gr.themes.Default(
    primary_hue="indigo", secondary_hue="indigo", neutral_hue="stone", font=(FONT, "system-ui", "sans-serif")
)
# Run once gradio's settings are there, before its scripts
SPEEDUP_JS, ANSWERS_JS = ((STATIC / f"{name}.js").read_text(encoding="utf-8") for name in ("gradio_speedup", "answers"))
TABS = ("draw", "teach", "inside", "share", "laboratory")
# Of one who has been here before: no choice of how to begin, and the agent's name from the browser's own store
RETURNING_JS = """try {
  const theme = localStorage.getItem("pupil-theme");
  document.body.classList.toggle("dark", theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const log = JSON.parse(localStorage.getItem("pupil-log"));
  if (log?.lines.length) {
    document.documentElement.classList.add("returning");
    document.querySelector("#early #chip").textContent = log.about ?? "";
  }
} catch {} // no storage
"""


def css() -> str:
    """Give the style sheet."""
    names = ("theme.css", "compare.css", "numbers.css", "frames.css", "visit.css", "classroom.css", "phone.css")
    return "".join((STATIC / name).read_text(encoding="utf-8") for name in names)


def pages() -> dict[str, tuple[str, str, str]]:
    """What the page of each language has of ours, by its path: in the head, as the body begins, before scripts."""
    # In the body, after what gradio puts into the head: there its rules for narrow screens come before those for all
    styles = f"<style>{_fonts()}{css()}{(STATIC / 'early.css').read_text(encoding='utf-8')}</style>"
    shared = f"{static_cache.early_links()}<script>{SPEEDUP_JS}{ANSWERS_JS}</script>"
    begun = {}
    for language in (ENGLISH, *OTHERS):
        with speaking(language):
            # gradio speaks this language, which may not be the browser's
            spoken = f'<script>Object.defineProperty(navigator,"language",{{value:"{language.code}"}})</script>'
            begun[language.path] = f"{_about()}{spoken}<script>{PAD_JS}</script>", f"{styles}{_body()}", shared
    return begun


def _about() -> str:
    """What search engines and those who get a link are told."""
    return (
        f'<meta name="description" content="{texts.PURPOSE} {texts.DESCRIPTION}">'
        f'<meta property="og:title" content="{texts.TITLE}"><meta property="og:description" content="{texts.PURPOSE}">'
    )


def _body() -> str:
    """The page as it is before there is a session, and the layer over its pad."""
    words = html.attributes(data_lost=server_texts.LOST, data_busy=server_texts.BUSY, data_kept=server_texts.KEPT)
    return (
        f'<div id="early" class="gradio-container"><main class="main app"><div class="column">{_page()}</div></main>'
        f'</div><div id="kept" hidden{words}><canvas></canvas><p role="status"></p></div>'
        f"<script>{RETURNING_JS}{KEPT_JS}</script>"
    )


def _page() -> str:
    """The elements of the first tab, by the names they will have."""
    names = (texts.TABS[name] for name in TABS)
    tabs = "".join(
        f'<button type="button"{" class=selected" * (not at)}>{name}</button>' for at, name in enumerate(names)
    )
    names = {"undo": texts.UNDO, "redo": texts.REDO, "clear": texts.CLEAR, "photo": input_texts.PHOTO}
    tools = ((name, text, "lg idle" if name in ("undo", "redo") else "lg") for name, text in names.items())
    labels = ((f"label-{label}", label, "lg digit") for label in html.DIGITS)
    return (
        f'<div id="header">{header(None, f"{server_texts.LOADING} …")}</div><div id="tabs"><div class="tab-wrapper">'
        f'<div class="tab-container">{tabs}</div></div><div class="tabitem"><div class="column">'
        f'<div id="desk"><div id="paper"><div id="pad"></div></div><div id="tools">{_buttons(tools)}</div>'
        f'<div id="reply"><div id="guess">{reply.unfilled()}</div>'
        f'<div id="sees">{html.sees(None)}</div><div id="bars">{html.bars((), None)}</div></div></div>'
        f'<div id="tell"><div id="ask"><p><b>{texts.IT_IS_A}</b> <small>{texts.PRESS}</small></p></div>'
        f'<div id="status">{html.status("")}</div>{_buttons(labels)}<div id="own-label">{texts.OWN_LABEL_HINT}</div>'
        f"{_buttons([('add', texts.ADD, 'lg'), ('right', texts.RIGHT, 'lg primary')])}</div>"
        f'<div id="otherwise">{_folded("no-pen", input_texts.NO_PEN)}{_folded("challenge", challenge_texts.TITLE)}'
        f'</div>{_folded("why", texts.WHY)}<div id="notebook">{notebook.show(Lessons(), ())}</div></div></div></div>'
    )


def _folded(name: str, title: str) -> str:
    return f'<div id="{name}"><button type="button" class="label-wrap"><span>{title}</span></button></div>'


def _buttons(buttons: Iterable[tuple[str, str, str]]) -> str:
    return "".join(
        f'<button type="button" id="{name}" class="{css}"{" disabled" * (name == "right")}>{text}</button>'
        for name, text, css in buttons
    )


def _fonts() -> str:
    """Rules that hold the fonts themselves: one that comes later would move the text."""
    rules = ""
    for name, weight in WEIGHTS.items():
        font = base64.b64encode((STATIC / f"sans-{name}.woff2").read_bytes()).decode()
        rules += f'@font-face{{font-family:"{FONT}";font-weight:{weight};src:url("data:font/woff2;base64,{font}")}}'
    return rules
