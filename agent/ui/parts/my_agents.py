"""The menu at the top: the visitor's agents, of which one is in use, and what a new one may start with.

Those of the session are within reach at once. The browser keeps the logs of more, and adds them to the list itself.
"""

from __future__ import annotations

import re
from typing import Any

from agent.agents import STARTERS
from agent.agents.pupil import Pupil
from agent.errors import AgentError
from agent.models import MODELS
from agent.ui import formatting, html
from agent.ui.html import safe
from agent.ui.session import DEFAULT_MODEL, Session
from agent.ui.texts import texts
from agent.validation import clean_name

MAX_NAME_CHARS = 40
MADE_HERE = "empty", *STARTERS, *(name for name in MODELS if name != DEFAULT_MODEL)  # what a new agent may be


def menu(session: Session | None) -> str:
    """The agents, and the ways to begin another one."""
    starts = "".join(html.button("start", _start(name), data_label=name) for name in MADE_HERE)
    new = f'<h2>{texts.START}</h2>{starts}<button type="button" data-tab="design">{texts.START_MORE}</button>'
    if session is None:
        return new
    agents = "".join(_agent(session, pupil) for pupil in session.earlier)
    browser = html.attributes(id="kept-agents", data_here=session.key(session.pupil), data_remove=texts.REMOVE_AGENT)
    lists = f'<ul class="my-agents">{agents}</ul><ul class="my-agents"{browser}></ul>'
    lists += f'<template id="kept-rename" data-back="{texts.BRING_BACK}">{_folded_name_field("")}</template>'
    named = _name_field(session.pupil.name) if session.at_pad is session.pupil else ""  # that of the one named above
    return f'<h2>{texts.MY_AGENTS}</h2>{named}{lists}<p class="hint">{texts.MY_AGENTS_HINT}</p>{new}'


def _name_field(name: str) -> str:
    field = f'<input type="text"{html.attributes(maxlength=MAX_NAME_CHARS, aria_label=texts.NAME, value=name)}>'
    return f'<div class="own"><span>{field}</span>{html.button("rename", texts.RENAME, data_field="1")}</div>'


def _folded_name_field(name: str) -> str:
    summary = f'<summary class="small" aria-label="{texts.RENAME}: {safe(name)}">{texts.RENAME}</summary>'
    return f'<details class="rename">{summary}{_name_field(name)}</details>'


def _start(name: str) -> str:
    if name in texts.FIRST_STARTS:
        what, hint = texts.FIRST_STARTS[name]
        return f"{what} <small>{hint}</small>"
    return texts.STARTS[name] if name in texts.STARTS else texts.KINDS.get(name, name)


def _agent(session: Session, pupil: Pupil) -> str:
    """An agent that is not in use; the browser adds when it began."""
    about = f"{formatting.lessons(pupil)} · {safe(formatting.known(pupil.labels))} <time></time>"
    what = f"<b>{safe(pupil.name)}</b> <small>{about}</small>"
    buttons = html.button("open", what) + "".join(
        html.button(do, text, css="small", aria_label=f"{text}: {pupil.name}")
        for do, text in (("beside", texts.BESIDE), ("remove", texts.REMOVE_AGENT))
    )
    return f"<li{html.attributes(data_label=session.key(pupil))}>{buttons}{_folded_name_field(pupil.name)}</li>"


def next_name(session: Session, name: str) -> str:
    """A name for a new agent, with the next number where one with lessons has it: "Pupil", "Pupil 2", ..."""
    agents = [pupil.name for pupil in (session.pupil, *session.earlier) if pupil.n_lessons]
    matches = [re.fullmatch(rf"{re.escape(name)}(?: (\d{{1,6}}))?", other) for other in agents]
    numbers = [int(match[1] or 1) for match in matches if match is not None]
    return f"{name} {max(numbers) + 1}" if numbers else name


def change(session: Session, payload: dict[str, Any]) -> str:
    """Open, rename or remove an agent, or let it answer beside the one in use; gives a line on it."""
    do, label = payload.get("do"), payload.get("label")
    if do == "rename" and "of" not in payload:
        return rename(session, session.pupil, label)
    key = payload["of"] if do == "rename" else label
    pupil = next((other for other in session.earlier if session.key(other) == key), None)
    if do in ("use", "away") and session.comparison_agent is not None:
        do, pupil, session.comparison_agent = "open" if do == "use" else do, session.comparison_agent, None
    if pupil is None or do not in ("open", "beside", "remove", "away", "rename"):
        raise AgentError(texts.AGENT_GONE)
    if do == "rename":
        return rename(session, pupil, label)
    name = safe(pupil.name)
    if do == "open":
        session.replace(pupil)
        return texts.BACK_DONE.format(name=name, lessons=formatting.lessons(pupil))
    if do == "away":
        return texts.AGENT_REMOVED.format(name=name)
    if do == "beside":
        session.comparison_agent = pupil
        return texts.TRYING.format(name=name)
    with session.history.exchange(session, "remove", pupil.name):
        session.earlier = tuple(other for other in session.earlier if other is not pupil)
    return texts.AGENT_REMOVED.format(name=name)


def rename(session: Session, pupil: Pupil, name: object) -> str:
    """Give an agent another name; gives a line on it."""
    try:
        if len(name := clean_name(name)) > MAX_NAME_CHARS:
            return texts.NO_NAME
    except AgentError:
        return texts.NO_NAME
    session.news.pop("share", None)  # names the agent
    session.history.rename(session, pupil, name)
    return texts.RENAMED.format(name=safe(name))
