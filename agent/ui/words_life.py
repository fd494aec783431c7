"""Texts of the time line of an agent's life."""

from __future__ import annotations

from agent.ui.language import translated

TITLE = "Its life so far"
HINT = (
    "Your lessons, oldest first. The line is the share of the last {last} that it knew before it was told: "
    "green dots it knew, amber ones it learned. Press a lesson to look at it."
)
EMPTY = "Draw something and say what it is. Every lesson of yours stands here from then on."
NEWEST = "The newest {shown} of {total} are shown."
CURVE = "Known before being told: {share} of the last {told}"
AT_ONCE = "{lessons} at once"
STUDIED = "studied"
JOINED = "joined {name}"
BY_LABEL = "By label"
KNEW = "knew {knew}"

translated(__name__)
