"""Share: the agent as a file, as a repo of the Hub, and the agents of others."""

from __future__ import annotations

from typing import Any

import gradio as gr

from agent.ui import gallery, keep, publish, words
from agent.ui.markup import status
from agent.ui.page import Page


def title() -> str:
    """Name the tab."""
    return words.SHARE


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    said = gr.HTML(status(""), elem_id="share-status")
    page.token = publish.token_field()
    shown = keep.build(page, said)
    publish.build(page, shown)
    gallery.build(page, shown)
    return keep.fill, [said, *shown[2:]]
