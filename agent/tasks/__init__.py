"""Where lessons come from. To add a task, write its file and add it to the tuple.

A task is a module with ``NAME``, ``SUMMARY`` and ``replay(source) -> (drawings, labels)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from agent.errors import AgentError
from agent.tasks import digits, mixed, strokes

TASKS: dict[str, ModuleType] = {task.NAME: task for task in (digits, strokes, mixed)}

__all__ = ["TASKS", "digits", "mixed", "replay", "strokes"]


def replay(source: dict[str, Any]) -> tuple[np.ndarray | list[np.ndarray], Sequence[str]]:
    """Draw the same lessons again from the reference a lesson log keeps.

    Parameters
    ----------
    source : dict
        What a task's selection gave as its ``source``; it may come from a file of somebody else's.

    Returns
    -------
    drawings : numpy.ndarray or list of numpy.ndarray
        (N, H, W) uint8, or N drawings of different sizes.
    labels : sequence of str
        N labels.

    Raises
    ------
    AgentError
        No task of that name here, or a reference the task does not understand or cannot meet.

    Examples
    --------
    >>> drawings, labels = replay({"task": "digits", "sets": {"font:Anton": 10}, "seed": 3})
    >>> len(drawings), "".join(sorted(labels))
    (10, '0123456789')
    """
    if not isinstance(source, dict):
        raise AgentError(f"expected the source of lessons as a dict, got {type(source).__name__}.")
    name = source.get("task")
    if not isinstance(name, str) or name not in TASKS:
        raise AgentError(f"expected lessons of the tasks {', '.join(TASKS)}, got {str(name)[:40]!r}.")
    return TASKS[name].replay(source)
