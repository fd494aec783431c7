"""What a word may choose for a task, an agent or a recipe: names known here, and what lies in the current folder."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.errors import AgentError, nearest
from agent.families import kinds
from agent.runs.found import defaults_of, is_path
from agent.runs.groups import FOLDER, file_of
from agent.runs.plans import short
from agent.runs.sources import SOURCES

OWN = {"task": (".npz",), "recipe": (".yaml",), "agent": ()}  # files of a person's own that are a choice themselves


def known(group: str) -> list[str]:
    """Name all choices of a group: those of Pupil, then those of the current folder."""
    places = (FOLDER / group, Path(group))
    return list(dict.fromkeys(file.stem for place in places for file in sorted(place.glob("*.yaml"))))


def about(group: str) -> dict[str, str]:
    """Say in a line what every choice of a group is: the first remark in its file."""
    told = {}
    for name in known(group):
        file = next(file for file in (FOLDER / group / f"{name}.yaml", Path(group, f"{name}.yaml")) if file.exists())
        remarks = re.findall(r"^# (?!@)(.+)$", file.read_text(encoding="utf-8"), re.M)
        told[name] = remarks[0].rstrip(".") if remarks else "your own"
    return told


def found(group: str, name: str) -> tuple[str, dict[str, Any] | Path] | None:
    """Find a choice that is no file of a group: a class, a data set, a recipe beside where one stands.

    Returns
    -------
    (name, settings) or (name, file) or None
        What it is called, and what it says; None when the name is one of `known`.

    Raises
    ------
    AgentError
        It is nothing at all.
    """
    if name in known(group):
        return None
    if group != "recipe" and is_path(name):
        what = "source" if group == "task" else "kind"
        return short(name), {what: name, **_plain(name, group)}
    for ending in OWN[group]:
        for file in (Path(name), Path(name + ending), Path("data", name + ending)):
            if file.suffix == ending and file.is_file():
                where = str(file) if file.is_absolute() else f"./{file}"
                return file.stem, file if group == "recipe" else {"source": where}
    raise unknown(group, name)


def unknown(group: str, name: str) -> AgentError:
    """Say which choices there are."""
    names = known(group)
    hint = nearest(name, names)
    if any(name.endswith(ending) for ending in OWN[group]):
        return AgentError(f"expected a file at {name}, got none.{hint}")
    more = "" if group == "recipe" else " or FILE.py:Class"
    return AgentError(f"expected {group} among {', '.join(names)}{more}, got {name[:60]!r}.{hint}")


def preset(name: str, kind: str | None) -> str:
    """Find the choice that a preset is, of a kind or of any.

    Examples
    --------
    >>> preset("reference design", None), preset("better eyes", "state")
    ('reference_design', 'state')
    """
    for each in [kinds()[kind]] if kind in kinds() else kinds().values():
        if name in each.PRESETS:
            return each.NAME if name == next(iter(each.PRESETS)) else file_of(name)
    names = dict.fromkeys(name for each in kinds().values() for name in each.PRESETS)
    raise AgentError(f"expected agent.preset among {', '.join(names)}, got {name!r}.{nearest(name, names)}")


def tasks_of(group: Mapping[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """Read the tasks of a composed run: each by its name; settings beside them count for all that know them.

    Examples
    --------
    >>> tasks_of({"digits": {"source": "digits"}, "fonts": {"source": "fonts"}, "balanced": False}, "")
    {'digits': {'source': 'digits', 'balanced': False}, 'fonts': {'source': 'fonts'}}
    """
    if not isinstance(group, Mapping):
        raise AgentError(f"expected a task, got {group!r}.")
    if "source" in group:
        return {name: dict(group)}
    tasks = {key: dict(about) for key, about in group.items() if isinstance(about, Mapping) and "source" in about}
    if not tasks:
        raise AgentError(f"expected a task with a source, got {', '.join(map(str, group)) or 'nothing'}.")
    for key, value in group.items():
        if key not in tasks:
            taking = [each for each in tasks.values() if key in _names(each)]
            if not taking:
                names = sorted({known for each in tasks.values() for known in _names(each)})
                hint = nearest(key, names)
                raise AgentError(f"expected settings of a task among {', '.join(names)}, got {key}.{hint}")
            for each in taking:
                each[key] = {**each.get(key, {}), **value} if isinstance(value, Mapping) else value
    return tasks


def _names(task: Mapping[str, Any]) -> list[str]:
    """Name the settings of a task."""
    source = str(task["source"])
    if source in SOURCES:
        return [field.name for field in dataclasses.fields(SOURCES[source])]
    return [*(name for name in task if name != "source"), *(defaults_of(source, False) if is_path(source) else ())]


def _plain(path: str, group: str) -> dict[str, Any]:
    """Name what a class may be set to, but for what cannot be written as YAML."""
    given = defaults_of(path, group == "agent")
    return {name: value for name, value in given.items() if isinstance(value, (bool, int, float, str, list, dict))}
