"""An agent told by its birth and its log alone, as a browser keeps it: a few hundred bytes a lesson, no arrays.

What is told may come from a stranger, as a file may: it is checked like one, and what it asks for is bounded.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Generator
from typing import Any

from agent import foreign, starters, store
from agent.errors import AgentError
from agent.families import new, starting
from agent.lessons import Bulk, Entry, Lessons, Studied
from agent.lineage import Lineage
from agent.logs import check_log
from agent.pupil import Pupil
from agent.replay import replaying

MAX_CHARS = 4_000_000  # of a log: ten thousand drawings; a browser keeps five million
MAX_BIRTH_CHARS = 20_000
MAX_TAUGHT = 300_000  # lessons that are taught again, two minutes of them
MAX_STUDIED = 20


def birth(pupil: Pupil) -> str:
    """Tell what an agent was before its first lesson, as one line.

    Examples
    --------
    >>> from agent.families import new
    >>> birth(new("nearest", name="Mia"))[:42]
    '{"format":1,"kind":"nearest","name":"Mia",'
    """
    return json.dumps(store.birth(pupil) | {"lineage": pupil.lineage.to_json()}, separators=(",", ":"))


def retelling(told: str, log: str) -> Generator[float, None, Pupil]:
    """Raise an agent again, step by step: gives the share done, 0 … 1, and returns the agent.

    Parameters
    ----------
    told : str
        What `birth` said of it.
    log : str
        Its log as `Pupil.log` gives it.

    Raises
    ------
    AgentError
        Something else, more than may be taught again, or bulk lessons that nobody kept.

    Examples
    --------
    >>> from agent.families import new
    >>> from agent.steps import finished
    >>> mia = new("nearest", name="Mia")
    >>> mia.learn_one([[0] * 9 + [255] * 3] * 12, "1")
    >>> again = finished(retelling(birth(mia), mia.log))
    >>> again.name, again.labels, again.log == mia.log
    ('Mia', ('1',), True)
    """
    if len(told) > MAX_BIRTH_CHARS or len(log) > MAX_CHARS:
        raise AgentError(
            f"expected at most {MAX_BIRTH_CHARS:,} and {MAX_CHARS:,} characters, got {len(told):,} and {len(log):,}."
        )
    config = store.check_birth(foreign.from_json(told.encode(), "the birth of an agent"))
    if config["kind"] not in Pupil.KINDS:
        raise AgentError(f"expected a kind among {', '.join(Pupil.KINDS)}, got {config['kind']!r}.")
    newborn = new(config["kind"], name=config["name"], **config["settings"])
    assert isinstance(newborn, Pupil)
    lessons = Lessons.from_jsonl(log)
    check_log(lessons, None)
    standing = lessons.standing()
    _check_amount(standing)
    starter = _starter_of(standing)
    if starter is not None:
        newborn = yield from starting(config["kind"], starter=starter, **dataclasses.asdict(newborn.memory.config))
    yield from replaying(newborn.memory, lessons, n_known=len(newborn.lessons.standing()))
    pupil = Pupil(newborn.memory, lessons, config["name"])
    pupil.lineage = config.get("lineage", Lineage())
    return pupil


def _check_amount(standing: list[Entry]) -> None:
    """Refuse more lessons than may be taught again, and studies of nothing."""
    n_lessons = sum(entry.n_lessons if isinstance(entry, Bulk) else 1 for entry in standing)
    if n_lessons > MAX_TAUGHT:
        raise AgentError(f"expected at most {MAX_TAUGHT:,} lessons to be taught again, got {n_lessons:,}.")
    n_bulk = n_studied = 0
    for entry in standing:
        n_bulk += isinstance(entry, Bulk)
        n_studied += isinstance(entry, Studied)
        if isinstance(entry, Studied) and (not n_bulk or n_studied > MAX_STUDIED):
            raise AgentError(f"expected at most {MAX_STUDIED} studies of bulk lessons, got {n_studied} of {n_bulk}.")


def _starter_of(standing: list[Entry]) -> str | None:
    """Find the starter whose lessons a log begins with: those who begin so share that memory."""
    bulk: list[tuple[dict[str, Any] | None, int]] = []
    for entry in standing:
        if not isinstance(entry, Bulk) or entry.start:
            break
        bulk.append((entry.source, entry.n_lessons))
    for name in starters.STARTERS if bulk else ():
        parts = _parts(name)
        if json.dumps(bulk[: len(parts)], sort_keys=True) == json.dumps(parts, sort_keys=True):
            return name
    return None


@functools.cache
def _parts(starter: str) -> list[tuple[dict[str, Any], int]]:
    return [(source, len(labels)) for _, labels, source in starters.lessons(starter)]
