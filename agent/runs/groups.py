"""The files of agent/recipes that follow from dataclasses: written by `write`, checked by a test, so none can drift.

Run ``python -c "from agent.runs import groups; groups.write()"`` after changing a setting of a kind, a task or a run.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from pathlib import Path
from typing import Any

from agent.families import kinds
from agent.runs.settings import ABOUT, Settings
from agent.runs.sources import DEFAULT_AGENT, SOURCES

FOLDER = Path(__file__).resolve().parents[1] / "recipes"
_HEAD = """# Lowest of all: recipes, then code, then the command line come on top. Written by agent/runs/groups.py.
defaults:
  - _self_
  - agent: recall
  - task: digits
  - recipe: default
  - override hydra/job_logging: disabled
  - override hydra/hydra_logging: disabled

hydra:
  output_subdir: null
  job:
    chdir: false
  run:
    dir: .

"""


def files() -> dict[str, str]:
    """Give every such file: its path under agent/recipes and its text.

    Examples
    --------
    >>> print(files()["agent/nearest.yaml"].splitlines()[1])
    kind: nearest
    """
    written = {"config.yaml": _HEAD + _yaml(_values(Settings), ABOUT)}
    for name, source in SOURCES.items():
        usual = getattr(source, "AGENT", DEFAULT_AGENT)
        head = f"# @package task.{name}\n# {source.SUMMARY}\n"
        if usual != DEFAULT_AGENT:
            head += f"defaults:\n  - _self_\n  - override /agent@_global_.agent: {usual}\n\n"
        head += f"source: {name}\n"
        written[f"task/{name}.yaml"] = head + _yaml(_values(source), _comments(source))
    for name, kind in kinds().items():
        if not kind.__module__.startswith("agent."):
            continue
        about, born = _comments(kind.Config), {**_values(kind.Config)}
        born.pop("seed")
        written[f"agent/{name}.yaml"] = f"# {kind.SUMMARY}\nkind: {name}\n" + _yaml(born, about)
        for preset, values in list(kind.PRESETS.items())[1:]:
            head = f"# {name}, preset {preset}\ndefaults:\n  - {name}\n  - _self_\n\n"
            written[f"agent/{file_of(preset)}.yaml"] = head + _yaml(dict(values), {})
    return written


def write() -> None:
    """Write them all."""
    for name, text in files().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def file_of(preset: str) -> str:
    """Give the name of a preset's file.

    Examples
    --------
    >>> file_of("reference design, better eyes")
    'reference_design_better_eyes'
    """
    return re.sub(r"\W+", "_", preset)


def _values(found: type) -> dict[str, Any]:
    """Give the defaults of a dataclass."""
    made = found()
    return {field.name: getattr(made, field.name) for field in dataclasses.fields(found)}


def _comments(found: type) -> dict[str, str]:
    """Read what stands behind each field."""
    lines = re.findall(r"^    (\w+): [^#\n]*#[ ](.+)$", inspect.getsource(found), re.M)
    return dict(lines)


def _yaml(values: dict[str, Any], about: dict[str, str]) -> str:
    """Write settings a line each, with what they are behind."""
    lines = []
    for name, value in values.items():
        comment = f"  # {about[name]}" if name in about else ""
        if isinstance(value, dict) and value:
            lines += [f"{name}:{comment}", *(f"  {key}: {json.dumps(each)}" for key, each in value.items())]
        else:
            lines.append(f"{name}: {json.dumps(value)}{comment}")
    return "\n".join(lines) + "\n"
