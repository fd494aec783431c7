"""Pupil: a weightless agent that learns digits, or any symbol, from drawings and corrections.

Whatever is asked of this package is imported when it is first asked for.

Examples
--------
>>> import tempfile
>>> import agent
>>> drawings, labels = agent.datasets.mnist("train")
>>> drawings.shape, drawings.dtype, len(labels)
((60000, 28, 28), dtype('uint8'), 60000)
>>> pupil, other = agent.new("recall", seed=0), agent.new("recall", seed=0)
>>> pupil.learn_many(drawings[:60], labels[:60])
>>> pupil.learn_one(drawings[60], labels[60])
>>> guess = pupil.predict_one(drawings[60])
>>> guess.label == labels[60], guess.unsure, len(guess.responses) == len(pupil.labels), len(guess.because) > 0
(True, False, True, True)
>>> [guess.label for guess in pupil.predict_many(drawings[:3])] == list(labels[:3])
True
>>> pupil.forget_one(drawings[60], labels[60])
>>> pupil.learn_one(drawings[61], "A")
>>> pupil.undo().label
'A'
>>> other.learn_many(drawings[61:70], labels[61:70])
>>> pupil.join(other)
>>> pupil.n_lessons, pupil.imagine("7").shape, pupil.draw_one("7", seed=1).shape
(69, (28, 28), (28, 28))
>>> with tempfile.TemporaryDirectory() as folder:
...     path = agent.save(pupil, f"{folder}/mia.zip")
...     agent.load(path).n_lessons, agent.Pupil.from_pretrained(path).n_lessons
(69, 69)
>>> agent.new("recal")
Traceback (most recent call last):
    ...
agent.errors.AgentError: expected a kind among ..., got 'recal'. Did you mean recall?
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent import datasets as datasets
    from agent import tasks as tasks
    from agent.__main__ import __version__ as __version__
    from agent.__main__ import launch
    from agent.agents import new
    from agent.agents.pupil import Pupil
    from agent.datasets import TASKS
    from agent.errors import AgentError
    from agent.estimators import as_estimator, as_river
    from agent.experiments import run
    from agent.hub import load
    from agent.models import MODELS, Guess
    from agent.storage.serialization import save

__all__ = [
    "MODELS",
    "TASKS",
    "AgentError",
    "Guess",
    "Pupil",
    "as_estimator",
    "as_river",
    "datasets",
    "launch",
    "load",
    "new",
    "run",
    "save",
    "tasks",
]

_HOMES = {
    "__version__": "__main__",
    "AgentError": "errors",
    "Guess": "models",
    "MODELS": "models",
    "Pupil": "agents.pupil",
    "TASKS": "datasets",
    "as_estimator": "estimators",
    "as_river": "estimators",
    "launch": "__main__",
    "load": "hub",
    "new": "agents",
    "run": "experiments",
    "save": "storage.serialization",
}


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
