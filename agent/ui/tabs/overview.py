"""Overview of the laboratory: what each of its tabs is for, with the button that begins there."""

from __future__ import annotations

from typing import Any

import gradio as gr

from agent.ui import html
from agent.ui.events import with_session
from agent.ui.page import Page
from agent.ui.parts.runs import QUICK
from agent.ui.texts import compare_texts, frames_texts, numbers_texts, texts


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab, which never changes."""
    compared = compare_texts.PURPOSE.format(asked=QUICK["n_test"])
    cards = (
        ("numbers", "#numbers-learn", numbers_texts.QUESTION, numbers_texts.PURPOSE, numbers_texts.LEARN),
        ("frames", "#frames-play", frames_texts.QUESTION, frames_texts.PURPOSE, frames_texts.PLAY),
        ("compare", "#make-now", compare_texts.QUESTION, compared, compare_texts.MAKE_NOW),
        ("design", "", texts.DESIGN, texts.DESIGN_HINT, texts.START_MORE),
    )
    articles = "".join(
        f'<article class="card"><small>{texts.TABS[tab]}</small><h2>{title}</h2><p>{purpose}</p>'
        f'<button type="button"{html.attributes(data_tab=tab, data_then=then)}>{begin}</button></article>'
        for tab, then, title, purpose, begin in cards
    )
    overview = gr.HTML(f'<div class="laboratory">{articles}</div>', elem_id="overview")
    return with_session(lambda session: gr.skip()), [overview]
