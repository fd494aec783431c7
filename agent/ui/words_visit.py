"""Texts for those who draw otherwise: by keys, with examples, with a picture of their own."""

from __future__ import annotations

from agent.ui.language import translated

PEN = "Pen moved by keys: arrows move it, with Shift four squares at once; Space puts it down and lifts it"
PEN_DOWN = "Pen down, column COLUMN, row ROW"
PEN_UP = "Pen up, column COLUMN, row ROW"
NO_PEN = "Examples and pictures"
NO_PEN_HINT = "Press one: it is put on the pad as if you had drawn it."
EXAMPLE = "example of a {label}"
PHOTO = "A picture of your own"
ON_THE_PAD = "It is on the pad. Say what it is."
CARD = "{label}, {lessons}: teach it what is on the pad"
KEY_ARROWS = ("Tab, then arrows", "move a pen over the pad; Space puts it down and lifts it")

translated(__name__)
