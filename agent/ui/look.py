"""Theme and style sheet: every colour and size is a variable in theme.css."""

from __future__ import annotations

import gradio as gr

from agent import render
from agent.tasks import digits
from agent.ui import delivery
from agent.ui.page import HERE

FONT = gr.themes.LocalFont("Source Sans Pro", weights=(400, 700))  # the semibold gradio ships lacks most letters
THEME = gr.themes.Default(
    primary_hue="indigo", secondary_hue="indigo", neutral_hue="stone", font=(FONT, "system-ui", "sans-serif")
)


def css() -> str:
    """Give the style sheet."""
    names = ("theme.css", "compare.css", "numbers.css", "frames.css", "visit.css")
    return "".join((HERE / name).read_text(encoding="utf-8") for name in names)


def head() -> str:
    """Give what the page does before anything is on it, and what gradio need not read through: each font's digits."""
    scripts = "".join((HERE / name).read_text(encoding="utf-8") for name in ("unwatched.js", "pad.js"))
    return f"{delivery.early()}<style>{''.join(_font_rows())}</style><script>{scripts}</script>"


def _font_rows() -> list[str]:
    """Let each font's choice show its ten digits, as the agent will see them, in the colour of the text."""
    return [
        f'#fonts label:has(input[name="{digits.FONT}{name}"]) span::before'
        f'{{mask-image:url("{render.data_uri(render.strip(digits.font(name)[0], height_px=40, gap_px=0))}")}}\n'
        for name in digits.fonts()
    ]
