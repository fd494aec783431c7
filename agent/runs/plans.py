"""Runs as they are meant: names and settings checked before anything is drawn or written."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.errors import AgentError
from agent.families import FAMILIES
from agent.kinds.plain import Spaces, is_kind
from agent.runs import folders
from agent.runs.found import class_of, defaults_of, is_path, kind_of
from agent.runs.settings import Settings, settings, what_matters
from agent.runs.sources import DEFAULT_AGENT, DRAWINGS, Source, source_of
from agent.runs.tracking import trackio

MAX_TOLD = 5  # differences between two runs
Task = str | Sequence[str] | Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """A run whose settings are checked, before anything is drawn or written."""

    settings: Settings
    sources: Mapping[str, Source]
    family: str
    agent: Mapping[str, Any]  # name, kind and its settings
    config: Mapping[str, Any]  # all of it, as written
    place: Path


def planned(task: Task = "digits", agent: str | Mapping[str, Any] | None = None, **given: Any) -> Plan:
    """Check everything that can be checked before lessons are drawn."""
    chosen = settings(given)
    if chosen.track:
        trackio()
    tasks = _tasks(task)
    sources = {name: source_of(each["source"], without(each, "source")) for name, each in tasks.items()}
    family, usual = _family(sources)
    chosen.check_family(family)
    about = _agent(usual if agent is None else agent)
    kind, own = about["kind"], without(about, "kind", "name")
    if is_path(kind):
        found = class_of(kind)
        own = {**({} if is_kind(found) else defaults_of(kind)), **own}
    found, kept = kind_of(kind, own, Spaces(("0",)))
    if found.NAME not in FAMILIES[family].KINDS:
        known = ", ".join(FAMILIES[family].KINDS)
        raise AgentError(f"expected an agent for task={'+'.join(sources)} among {known}, got {found.NAME}.")
    if not is_path(kind):
        kept = without(dataclasses.asdict(found.Config(**kept)), "seed")
    config = {
        "task": {name: {"source": tasks[name]["source"], **_fields(source, tasks[name])}
                 for name, source in sources.items()},
        "agent": {"name": about["name"], "kind": kind, **kept},
        **dataclasses.asdict(chosen),
    }  # fmt: skip
    where = folders.place(chosen.folder, chosen.experiment, about["name"], "+".join(sources), chosen.seed)
    return Plan(chosen, sources, family, config["agent"], json.loads(json.dumps(config)), where)


def same_run(known: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Whether a run on the disk is this one; where it is loaded, whatever that one began with."""
    one, other = _compared(known, config)
    return one == other


def replaced(plan: Plan) -> str | None:
    """Say which other settings the run had that lies where this one will: what it replaces; None where there is none.

    Raises
    ------
    AgentError
        What lies there cannot be read.
    """
    known = folders.read_json(plan.place / folders.CONFIG)
    if known is None or same_run(known, plan.config):
        return None
    before, after = (_flat(each) for each in _compared(known, plan.config))
    names = [name for name in {**after, **before} if before.get(name) != after.get(name)]
    shown = [f"{name} {before.get(name, 'none')} → {after.get(name, 'none')}" for name in names[:MAX_TOLD]]
    return ", ".join([*shown, *([f"{len(names) - MAX_TOLD} more"] if len(names) > MAX_TOLD else [])])


def _compared(known: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what two runs are compared by."""
    one, other = what_matters(known), what_matters(config)
    if config["load"] is True:
        one, other = without(one, "load"), without(other, "load")
    return one, other


def _flat(config: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Name every setting by its path, as the command line does: its value as JSON.

    Examples
    --------
    >>> _flat({"agent": {"n_nodes": 300}, "load": False})
    {'agent.n_nodes': '300', 'load': 'false'}
    """
    flat = {}
    for name, value in config.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return flat


def _tasks(task: Task) -> dict[str, dict[str, Any]]:
    """Read which tasks are meant, each as its source and its settings."""
    named = [task] if isinstance(task, str) else task
    if isinstance(named, Mapping):
        tasks = {str(name): dict(about or {}) for name, about in named.items()}
    elif isinstance(named, Sequence):
        tasks = {short(name): {"source": name} for name in named}
    else:
        tasks = {}
    if not tasks:
        raise AgentError(f"expected a task, or several, got {str(task)[:40]!r}.")
    return {name: {"source": name, **about} for name, about in tasks.items()}


def _family(sources: Mapping[str, Source]) -> tuple[str, str]:
    """Find which family of agents tasks are for, and whom they teach where nobody is named."""
    said = {name: getattr(source, "FAMILY", DRAWINGS) for name, source in sources.items()}
    family = next(iter(said.values()))
    if set(said.values()) != {family} or (family != DRAWINGS and len(said) > 1):
        raise AgentError(f"expected tasks of drawings, or one task, got {', '.join(said)}. Run them one by one.")
    return family, getattr(next(iter(sources.values())), "AGENT", DEFAULT_AGENT)


def _agent(agent: object) -> dict[str, Any]:
    """Read which agent is meant: its kind, its settings, and the name its runs go by."""
    if isinstance(agent, str):
        return {"name": short(agent), "kind": agent}
    if not isinstance(agent, Mapping) or not isinstance(agent.get("kind"), str):
        raise AgentError(f"expected an agent by its kind, got {str(agent)[:40]!r}.")
    return {"name": short(agent["kind"]), **copy.deepcopy(dict(agent))}


def short(name: object) -> str:
    """Take the last word of a path: what a folder can be called."""
    words = str(name)
    return Path(words).stem if words.endswith(".npz") else words.split(":")[-1].split(".")[-1]


def _fields(source: Source, about: Mapping[str, Any]) -> dict[str, Any]:
    return dataclasses.asdict(source) if dataclasses.is_dataclass(source) else without(about, "source")


def without(about: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Leave some names out."""
    return {name: value for name, value in about.items() if name not in names}
