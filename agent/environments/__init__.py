"""Frame environments by name. To add one, write its file and add it to `ENVIRONMENTS`."""

from __future__ import annotations

from typing import Any

import gymnasium

from agent.environments.builtin import Page, Scroller, Sketch
from agent.environments.external import Browser, Gym
from agent.errors import AgentError, nearest

ENVIRONMENTS: dict[str, type[gymnasium.Env]] = {env.NAME: env for env in (Scroller, Sketch, Page, Browser)}


def make(name: str, **settings: Any) -> gymnasium.Env:
    """Make an environment by name; other names with a version, such as CartPole-v1, are gymnasium's.

    Raises
    ------
    AgentError
        No such environment, or settings it does not have.

    Examples
    --------
    >>> env = make("scroller")
    >>> observation, info = env.reset(seed=1)
    >>> observation.dtype, float(observation[0]), bool(info["observed"][0])
    (dtype('float32'), 0.0, False)
    """
    if isinstance(name, str) and name not in ENVIRONMENTS and "-v" in name:
        return Gym(name, **settings)
    if not isinstance(name, str) or name not in ENVIRONMENTS:
        names = ", ".join(ENVIRONMENTS)
        raise AgentError(
            f"expected an environment among {names}, or one of gymnasium as CartPole-v1, got {str(name)[:40]!r}."
            f"{nearest(name, ENVIRONMENTS)}"
        )
    try:
        return ENVIRONMENTS[name](**settings)
    except TypeError as error:
        raise AgentError(f"expected settings of the environment {name}, got {str(settings)[:80]} ({error}).") from error
