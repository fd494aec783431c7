"""Worlds by name. To add one, write its file and add it to the tuple."""

from __future__ import annotations

import gymnasium

from agent.tasks.worlds.browser import Browser
from agent.tasks.worlds.page import Page
from agent.tasks.worlds.scroller import Scroller
from agent.tasks.worlds.sketch import Sketch

WORLDS: dict[str, type[gymnasium.Env]] = {world.NAME: world for world in (Scroller, Sketch, Page, Browser)}
