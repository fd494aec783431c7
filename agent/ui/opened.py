"""One run, opened: its settings, its numbers, its curve and its confusion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.runs import comparing
from agent.runs.reading import Run
from agent.ui import comparison, words
from agent.ui import words_compare as said
from agent.ui.language import spoken
from agent.ui.markup import safe
from agent.ui.shelf import Shelf

MAX_SETTINGS, MAX_CHARS = 60, 120
_PLACES = {"folder", "load", "replay"}  # settings that may name a place on this machine
_TOLD = {"experiment", "seed", "task", "agent", "folder"}  # by the title, or nobody's business


def show(shelf: Shelf) -> str:
    """Lay out the run that is opened; nothing while none is."""
    if shelf.opened is None:
        return ""
    run = shelf.run(shelf.opened)
    where = said.OPENED_OWN if shelf.is_own(run) else said.OPENED_SHARED
    close = (
        f'<button type="button" class="close" data-do="close" aria-label="{said.CLOSE}" title="{said.CLOSE}">×</button>'
    )
    return (
        f"<header><h2>{safe(title(run))}</h2>{close}</header><p>{safe(run.experiment)} · {where}</p>"
        f"{comparison.of_run(run)}<h3>{said.NUMBERS}</h3>{_list(_numbers(run))}"
        f"<details><summary>{said.SETTINGS}</summary>{_list(settings(run.config))}</details>"
    )


def title(run: Run) -> str:
    """Name a run."""
    return said.OPENED_TITLE.format(agent=run.agent, task=run.task, seed=run.seed)


def settings(config: Mapping[str, Any]) -> dict[str, str]:
    """Give the exact settings of a run as one reads them, without places on this machine.

    Examples
    --------
    >>> settings({"agent": {"kind": "recall", "n_nodes": 300}, "lessons": 60, "load": "/srv/runs/a/b/digits_0"})
    {'agent.kind': 'recall', 'agent.n_nodes': '300', 'lessons': '60', 'load': 'b/digits_0'}
    """
    agent, task = config.get("agent", {}), config.get("task", {})
    flat = {f"agent.{name}": value for name, value in agent.items() if name != "name"}
    flat |= {f"task.{name}": value for name, value in task.items()}
    flat |= {name: value for name, value in config.items() if name not in _TOLD}
    return {str(name): _text(name, value) for name, value in list(flat.items())[:MAX_SETTINGS]}


def _text(name: str, value: object) -> str:
    if name in _PLACES and isinstance(value, str) and "/" in value:
        return "/".join(Path(value).parts[-2:])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]} …"


def _numbers(run: Run) -> dict[str, str]:
    told = {name: comparing.shown(name, (value, 0.0)).partition(" ±")[0] for name, value in run.scores.items()}
    told = {name: f"{value} %" if name in comparing.SHARES else value for name, value in told.items()}
    told = {name: spoken().figures(value) for name, value in told.items()}
    return {said.LESSONS: words.number(run.lessons), said.KNOWN: words.number(run.known)} | told


def _list(pairs: Mapping[str, str]) -> str:
    rows = "".join(f"<dt>{safe(name)}</dt><dd>{safe(value)}</dd>" for name, value in pairs.items())
    return f'<dl class="facts">{rows}</dl>'
