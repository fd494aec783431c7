"""Families of agents, by what they are shown: drawings, numbers, frames. And how agents are born.

To add a family, write its class with what `Agent` asks for, and add it to the tuple.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from agent import starters
from agent.copier import Copier
from agent.errors import AgentError, nearest
from agent.lineage import Lineage
from agent.pupil import Pupil
from agent.replay import AT_ONCE
from agent.steps import finished
from agent.watcher import Watcher

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_STARTED = 4


class Agent(Protocol):
    """What files, the Hub, runs and the app ask of an agent of any family.

    A kind of any family is a class with ``NAME``, ``SUMMARY``, ``PRESETS``, ``CHOICES``, ``MAX_LABELS`` (0 where there
    are no labels), ``Config`` (a frozen dataclass, every field with a default, among them ``seed: int``), and of its
    instances ``config``, ``n_bytes``, ``facts()``, ``tensors()``; ``restore(config, labels, tensors)`` builds one back.
    """

    FAMILY: ClassVar[str]
    KINDS: ClassVar[Mapping[str, type[Any]]]
    PIPELINE_TAG: ClassVar[str]  # the Hub's word for what it does
    TAGS: ClassVar[tuple[str, ...]]  # more words for the Hub
    memory: Any  # of one of these kinds
    name: str
    lineage: Lineage

    def __init__(self, memory: Any) -> None:
        """Make an agent that has learned nothing."""

    @classmethod
    def restored(cls, memory: Any, log: str, name: str) -> Self:
        """Put an agent together from what a file holds; AgentError when its log tells what cannot have happened."""

    @property
    def kind(self) -> str:
        """The name of its kind."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels it knows; none where there are no labels."""

    @property
    def n_lessons(self) -> int:
        """How many lessons it has had."""

    @property
    def log(self) -> str:
        """What it was taught, as a file holds it: one event a line, JSON."""

    def picture(self) -> Image:
        """Draw what it knows: 28 pixels high, at most 1,984 wide, grey."""

    def without_own(self) -> Self:
        """Give an agent that never had the lessons people gave it here."""


FAMILIES: dict[str, type[Agent]] = {family.FAMILY: family for family in (Pupil, Copier, Watcher)}


def family_of(kind: object) -> type[Agent]:
    """Find the family of a kind by the kind's name.

    Examples
    --------
    >>> family_of("recall").FAMILY
    'drawings'
    >>> family_of("linear").FAMILY
    'numbers'
    """
    for family in FAMILIES.values():
        if isinstance(kind, str) and kind in family.KINDS:
            return family
    known = kinds()
    raise AgentError(f"expected a kind among {', '.join(known)}, got {str(kind)[:40]!r}.{nearest(kind, known)}")


def kinds() -> dict[str, type[Any]]:
    """Give the kinds of all families by their names."""
    return {name: kind for family in FAMILIES.values() for name, kind in family.KINDS.items()}


def new(
    kind: str = "recall", *, seed: int = 0, name: str = "Pupil", starter: str | None = None, **settings: Any
) -> Agent:
    """Make an agent that knows nothing yet, or only what a starter teaches.

    Parameters
    ----------
    kind : str
        One of `kinds`: of those in ``agent.KINDS`` a `Pupil` comes, which learns drawings.
    seed : int
        Fixes everything that is drawn at birth.
    name : str
        What people call it.
    starter : str, optional
        One of `agent.starters.STARTERS`: what it knows from the beginning. The first of its kind and settings takes a
        few seconds; all later ones share its memory until they change it. For drawings alone.
    **settings
        Fields of the kind's ``Config``.

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
    config_type = family.KINDS[kind].Config
    fields = {field.name for field in dataclasses.fields(config_type)}
    unknown = sorted(set(settings) - fields)
    if unknown:
        known, hint = ", ".join(sorted(fields)), nearest(unknown[0], fields)
        raise AgentError(f"expected settings of {kind} among {known}, got {', '.join(unknown)}.{hint}")
    config = config_type(seed=seed, **settings)
    if starter is not None and family is not Pupil:
        raise AgentError(f"expected no starter for {kind}, got {starter!r}: starters teach drawings.")
    if starter is not None:
        return finished(_starting(kind, config, starter, name))
    newborn = family(family.KINDS[kind](config))
    newborn.name = name
    return newborn


def starting(
    kind: str = "recall", *, starter: str, seed: int = 0, name: str = "Pupil", **settings: Any
) -> Generator[float, None, Pupil]:
    """As `new` with a starter, step by step: gives the share done, 0 … 1, and returns the agent."""
    config = new(kind, seed=seed, **settings).memory.config
    return (yield from _starting(kind, config, starter, name))


def _starting(kind: str, config: Any, starter: str, name: str) -> Generator[float, None, Pupil]:
    known = _STARTED.get((kind, config, starter))
    if known is None:
        known, parts = Pupil(Pupil.KINDS[kind](config)), starters.lessons(starter)
        n_all, n_done = sum(len(labels) for _, labels, _ in parts), 0
        for drawings, labels, source in parts:
            for start in range(0, len(labels), AT_ONCE):
                part = slice(start, start + AT_ONCE)
                known.learn_many(drawings[part], labels[part], source=source, start=start)
                yield (n_done + start) / n_all
            n_done += len(labels)
        _STARTED[kind, config, starter] = known
        while len(_STARTED) > MAX_STARTED:
            _STARTED.pop(next(iter(_STARTED)), None)
    pupil = copy.deepcopy(known)
    pupil.name = name
    return pupil


_STARTED: dict[tuple[str, Any, str], Pupil] = {}  # agents as starters made them: all that begin so share their memory
