"""Watching as a task of runs: which world, and how it is set up. What gymnasium is needed for is imported only then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from agent.errors import AgentError

if TYPE_CHECKING:
    import gymnasium

USUAL_FRAMES = 5_000


@dataclass(frozen=True)
class Frames:
    """Settings of the task.

    Examples
    --------
    >>> Frames(world="scroller", settings={"side": 12}).made().side
    12
    """

    NAME: ClassVar[str] = "frames"
    SUMMARY: ClassVar[str] = "a world that is watched, expected and acted in; its score is sought"
    FAMILY: ClassVar[str] = "frames"
    AGENT: ClassVar[str] = "cells"
    world: str = "scroller"  # scroller, sketch, page, browser, or an environment of gymnasium such as CartPole-v1
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the world, such as side: 20

    def __post_init__(self) -> None:
        if not isinstance(self.world, str) or not 0 < len(self.world) <= 80:
            raise AgentError(f"expected task.world as a name, got {str(self.world)[:40]!r}.")
        if not isinstance(self.settings, Mapping) or any(not isinstance(name, str) for name in self.settings):
            raise AgentError(f"expected task.settings as name: value, got {str(self.settings)[:40]!r}.")

    def made(self) -> gymnasium.Env:
        """Make the world; AgentError when there is none of that name or those settings."""
        from agent.tasks.frames import make

        return make(self.world, **dict(self.settings))
