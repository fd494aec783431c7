"""Texts of the challenge."""

from __future__ import annotations

from agent.ui.language import translated

TITLE = "Ten drawings: how far do you get it?"
HINT = (
    "A new agent that knows nothing takes ten lessons from you. Then it is asked {asked} digits by other people. "
    "It takes about a minute. Yours waits meanwhile."
)
BEGIN = "Begin"
AGAIN = "Once more"
STOP = "Stop"
BEGUN = "Ten drawings: draw one and say what it is."
NEXT = "Drawing {number} of {total}."
STOPPED = "Stopped. Your own agent is back on the pad."
OVER = "{share} right after ten drawings."
EMPTY = "not drawn yet"
CARD = "{share} right"
CARD_TEXT = "of {asked} digits by other people, after ten drawings in {seconds}"
CARD_BY = "{name} · {day}"
CARD_ALT = "Result card of {name}: {share} right of {asked}"
DOWNLOAD = "Download the card"
FILE = "pupil-ten-drawings.png"

translated(__name__)
