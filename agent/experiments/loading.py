"""Agents of earlier runs: found by words, and loaded, those of a user's own classes too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agent.agents import Agent, Pupil, register
from agent.experiments import results
from agent.experiments.config import resolve_model, tasks_for, without
from agent.experiments.results import AGENT, CONFIG, RESULT
from agent.models.custom.signature import Spaces
from agent.storage import serialization
from agent.storage.serialization import LOCAL_FILES
from agent.user_code import is_path


def load_agent(folder: str, words: str) -> Agent:
    """Load the agent that a path or words name: that of a run, or one saved by itself."""
    return load_at(results.agent_path(folder, words))


def load_at(path: Path) -> Agent:
    """Load the agent of a folder or a ``.zip``; in the folder of a run it may be of a user's own class."""
    if path.name == AGENT and (path.parent / CONFIG).is_file():
        return load_run(path.parent)
    return serialization.load(path, LOCAL_FILES)


def load_run(run: Path) -> Agent:
    """Load the agent of a run, also one of a user's own class, which the run's settings name.

    AgentError where there is no agent, or no such class any more.
    """
    config = results.read_json(run / CONFIG) or {}
    table = config.get("agent")
    kind = table.get("kind") if isinstance(table, Mapping) else None
    if isinstance(table, Mapping) and is_path(kind):
        saved = results.read_json(run / AGENT / CONFIG) or {}
        labels = (results.read_json(run / RESULT) or saved).get("labels", ["0"])
        settings = without(table, "kind", "name")
        tables = config.get("task")
        family = tasks_for(tables, kind)[1] if isinstance(tables, Mapping) else Pupil.FAMILY
        model, _ = resolve_model(kind, settings, Spaces(tuple(map(str, labels))), config.get("seed", 0), family)
        register(family, model)
    return serialization.load(run / AGENT, LOCAL_FILES)
