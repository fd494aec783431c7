"""Frame environments by name. To add one, write its file and add it to `ENVIRONMENTS`."""

from __future__ import annotations

import copy
from typing import Any

import gymnasium

from agent.environments.base import FrameEnvironment
from agent.environments.builtin import Page, Scroller, Sketch
from agent.environments.external import Browser, Gym
from agent.errors import AgentError, nearest
from agent.user_code import is_path, maker_of, own_code

ENVIRONMENTS: dict[str, type[gymnasium.Env]] = {env.NAME: env for env in (Scroller, Sketch, Page, Browser)}


def make(name: str, **settings: Any) -> gymnasium.Env:
    """Make an environment by name; other names with a version, such as CartPole-v1, are gymnasium's.

    A path, such as ``./mine.py:Corridor``, names a user's `gymnasium.Env`, or what makes one.

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
    if is_path(name):
        return _of_user(name, settings)
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


def _of_user(path: str, settings: dict[str, Any]) -> gymnasium.Env:
    """Make a user's environment."""
    thing = maker_of(path)
    with own_code(path):
        env = copy.deepcopy(thing) if isinstance(thing, gymnasium.Env) else thing(**settings)
    if not isinstance(env, gymnasium.Env):
        raise AgentError(f"expected {path} to be a gymnasium.Env, or to make one, got {type(env).__name__}.")
    return env if isinstance(env, FrameEnvironment) else Gym(path, env)
