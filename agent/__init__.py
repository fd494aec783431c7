"""Pupil: a weightless agent that learns digits, or any symbol, from drawings and corrections.

Whatever is asked of this package is imported when it is first asked for.

Examples
--------
>>> import agent
>>> drawings, labels = agent.tasks.digits.mnist("train")
>>> pupil = agent.new("recall", seed=0)
>>> pupil.learn_many(drawings[:60], labels[:60])
>>> pupil.learn_one(drawings[60], labels[60])
>>> pupil.predict_one(drawings[60]).label == labels[60]
True
>>> pupil.forget_one(drawings[60], labels[60])
>>> pupil.imagine("7").shape
(28, 28)
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent import tasks
    from agent.__main__ import launch
    from agent.errors import AgentError
    from agent.families import new
    from agent.hub import load
    from agent.kinds import KINDS, Guess
    from agent.pupil import Pupil
    from agent.runs import run
    from agent.store import save
    from agent.tasks import TASKS

__all__ = ["KINDS", "TASKS", "AgentError", "Guess", "Pupil", "launch", "load", "new", "run", "save", "tasks"]

_HOMES = {
    "AgentError": "errors", "Guess": "kinds", "KINDS": "kinds", "Pupil": "pupil", "TASKS": "tasks",
    "launch": "__main__", "load": "hub", "new": "families", "run": "runs", "save": "store",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Find a name in its room, or the room itself."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"agent.{_HOMES[name]}"), name)
    if not name.startswith("_") and name in {room.name for room in pkgutil.iter_modules(__path__)}:
        return importlib.import_module(f"agent.{name}")
    raise AttributeError(f"module 'agent' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List what can be asked for."""
    return sorted({*globals(), *__all__})
