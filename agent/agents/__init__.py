"""Agents by family: what they are shown, drawings, numbers or frames; and how new ones are made.

To add a family, write its class as a subclass of `Agent` and add it to ``FAMILIES``.
"""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Generator
from typing import Any

from agent.agents.base import Agent, Lineage
from agent.agents.frame_agent import FrameAgent
from agent.agents.pupil import Classifier, Pupil
from agent.agents.regressor import Regressor
from agent.datasets import digits, labelled, replay, strokes
from agent.errors import AgentError, nearest
from agent.lessons import AT_ONCE
from agent.progress import Progress, run_to_completion
from agent.validation import check_choice, check_names

__all__ = [
    "FAMILIES",
    "STARTERS",
    "Agent",
    "Classifier",
    "FrameAgent",
    "Lineage",
    "Pupil",
    "Regressor",
    "family_of",
    "forget_starters",
    "iter_new",
    "kinds",
    "new",
    "new_from_config",
    "register",
    "starter_selections",
]

MAX_STARTED = 4
N_SIXTY = 60
N_MNIST = 12_000
STARTERS = {
    "everyday": "an everyday hand: strokes of a pen, printed digits and handwritten ones",
    "sixty": "sixty handwritten digits",
    "mnist": "all 60,000 handwritten digits of MNIST",
}

FAMILIES: dict[str, type[Agent]] = {family.FAMILY: family for family in (Pupil, Regressor, FrameAgent, Classifier)}


def family_of(kind: object, hint: str = "") -> type[Agent]:
    """Find the family of a kind by the kind's name; ``hint`` ends the message where there is none.

    Examples
    --------
    >>> family_of("recall").FAMILY
    'drawings'
    >>> family_of("linear").FAMILY
    'numbers'
    """
    for family in FAMILIES.values():
        if isinstance(kind, str) and kind in family.MODELS:
            return family
    known = kinds()
    raise AgentError(f"expected a kind among {', '.join(known)}, got {str(kind)[:40]!r}.{nearest(kind, known) or hint}")


def register(family: str, model: type[Any]) -> None:
    """Let agents with a user's model be made, saved and loaded in this process, in one family."""
    for other in FAMILIES.values():
        other.MODELS.pop(model.NAME, None)  # type: ignore[attr-defined]
    FAMILIES[family].MODELS[model.NAME] = model  # type: ignore[index]


def kinds() -> dict[str, type[Any]]:
    """Give the kinds of all families by their names."""
    return {name: kind for family in FAMILIES.values() for name, kind in family.MODELS.items()}


def new(
    kind: str = "recall", *, seed: int = 0, name: str = "Pupil", starter: str | None = None, **settings: Any
) -> Agent:
    """Make an agent that knows nothing yet, or only what a starter teaches.

    Parameters
    ----------
    kind : str
        One of `kinds`, the name of a model: those in ``agent.MODELS`` make a `Pupil`, which learns drawings.
    seed : int
        Fixes all parameters that are sampled.
    starter : str, optional
        One of `STARTERS`: what it knows from the beginning; for drawings alone. The first of a kind and settings takes
        a few seconds; later ones share its memory until they change it.
    **settings
        Fields of the model's ``Config``.

    Raises
    ------
    AgentError
        Unknown kind, starter or setting, or a value out of range.

    Examples
    --------
    >>> new("nearest", name="Mia").n_lessons
    0
    """
    family = family_of(kind)
    config_type = family.MODELS[kind].Config
    check_names(settings, (field.name for field in dataclasses.fields(config_type)), f"settings of {kind}")
    return new_from_config(kind, config_type(seed=seed, **settings), name=name, starter=starter)


def new_from_config(kind: str, config: Any, *, name: str = "Pupil", starter: str | None = None) -> Agent:
    """Make an agent as `new` does, from a configuration that has been built and checked."""
    family = family_of(kind)
    if starter is not None and family is not Pupil:
        raise AgentError(f"expected no starter for {kind}, got {starter!r}: starters teach drawings.")
    if starter is not None:
        return run_to_completion(_starting(kind, config, starter, name))
    return family(family.MODELS[kind](config), name=name)


def iter_new(
    kind: str = "recall", *, starter: str, seed: int = 0, name: str = "Pupil", **settings: Any
) -> Generator[Progress, None, Pupil]:
    """As `new` with a starter, step by step; returns the agent."""
    config = new(kind, seed=seed, **settings).model.config
    return (yield from _starting(kind, config, starter, name))


def starter_selections(starter: str) -> tuple[digits.Selection | strokes.Selection, ...]:
    """Select the lessons of one of `STARTERS`.

    Examples
    --------
    >>> starter_selections("evrday")
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected starter among everyday, sixty, mnist, got 'evrday'. Did you mean everyday?
    """
    if check_choice("starter", starter, STARTERS) != "everyday":
        return (digits.Selection({"mnist": N_SIXTY if starter == "sixty" else None}),)
    sets = {"mnist": N_MNIST} | {digits.FONT + name: None for name in digits.fonts()}
    return digits.Selection(sets), strokes.SHIPPED


def _starting(kind: str, config: Any, starter: str, name: str) -> Generator[Progress, None, Pupil]:
    known, _ = _STARTED.get((kind, config, starter), (None, 0.0))
    if known is None:
        known, selections = Pupil(Pupil.MODELS[kind](config)), starter_selections(starter)
        n_total, n_done = sum(map(len, selections)), 0
        for selection in selections:
            lessons = labelled(*replay(selection.source), selection.source)
            for start in range(0, len(lessons), AT_ONCE):
                known.learn_many(lessons.between(start, start + AT_ONCE))
                yield Progress(n_done + start, n_total, "teaching")
            n_done += len(lessons)
    _STARTED[kind, config, starter] = known, time.monotonic()
    while len(_STARTED) > MAX_STARTED:
        _STARTED.pop(next(iter(_STARTED)), None)
    pupil = copy.deepcopy(known)
    pupil.name = name
    return pupil


# Agents as starters made them, and when each was used last: all that begin so share their memory
_STARTED: dict[tuple[str, Any, str], tuple[Pupil, float]] = {}


def forget_starters(unused_s: float) -> None:
    """Let go of what starters taught that nobody began with for so many seconds.

    Examples
    --------
    >>> pupil = new("nearest", starter="sixty")
    >>> forget_starters(unused_s=0.0)  # the agent keeps what it knows; the next one is taught anew
    >>> pupil.n_lessons
    60
    """
    for key, (_, used) in list(_STARTED.items()):
        if time.monotonic() >= used + unused_s:
            _STARTED.pop(key, None)
