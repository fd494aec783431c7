"""Numbers as people write them, in the current language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.ui.texts import current_locale, texts

if TYPE_CHECKING:
    from agent.agents import Agent

MAX_LISTED_CHARS = 24


def number(value: object, form: str = ",") -> str:
    """Write a number in a form that `format` knows.

    Examples
    --------
    >>> number(60000), number(0.826, ".1f")
    ('60,000', '0.8')
    """
    return current_locale().figures(format(value, form))


def count(number: int, thing: str) -> str:
    """Count things in words.

    Examples
    --------
    >>> count(1, "lesson"), count(60000, "lesson")
    ('1 lesson', '60,000 lessons')
    """
    one, many = current_locale().plurals.get(thing, (thing, f"{thing}s"))
    return current_locale().figures(f"{number:,} {one if number == 1 else many}")


def kind(name: str) -> str:
    """The name of a kind of agent that people read, such as "State machine"."""
    return texts.KIND_NAMES.get(name, name)


def about_kind(name: str, summary: str) -> str:
    """The name of a kind and what it does; ``summary``: where no text says so."""
    return f"{kind(name)}: {texts.SUMMARIES.get(name, summary)}"


def lessons(agent: Agent) -> str:
    """Number of lessons of an agent, in words."""
    return count(agent.n_lessons, "lesson")


def known(labels: Sequence[str]) -> str:
    """Write which labels an agent knows, such as "0–9 A"; of many the first."""
    listed = " ".join(sorted(labels)).replace("0 1 2 3 4 5 6 7 8 9", "0–9").replace("·", "")
    return listed if len(listed) <= MAX_LISTED_CHARS else f"{listed[: MAX_LISTED_CHARS - 1]}…"


def seconds(duration_s: float) -> str:
    """Write how long something took.

    Examples
    --------
    >>> seconds(0.42), seconds(75.0)
    ('0.4 s', '75 s')
    """
    return number(duration_s, ".1f" if duration_s < 10 else ".0f") + " s"


def share(part: float) -> str:
    """Write a share in per cent.

    Examples
    --------
    >>> share(0.826), share(0.004)
    ('83 %', '0.4 %')
    """
    per_cent = 100 * part
    return number(per_cent, ".1f" if 0 < per_cent < 1 else ".0f") + " %"


def size(n_bytes: int) -> str:
    """Write how much memory something takes.

    Examples
    --------
    >>> size(800), size(19_685_424)
    ('1 kB', '19.7 MB')
    """
    return f"{number(n_bytes / 1e6, '.1f')} MB" if n_bytes >= 1e6 else f"{number(max(1, round(n_bytes / 1000)))} kB"


def capitalized(text: object) -> str:
    """Begin a text with a capital, such as an error's.

    Examples
    --------
    >>> capitalized("expected ink, got none.")
    'Expected ink, got none.'
    """
    text = str(text)
    return text[:1].upper() + text[1:]


def readable(name: str) -> str:
    """Write the name of a field as words.

    Examples
    --------
    >>> readable("n_nodes"), readable("votes_weight")
    ('Nodes', 'Votes weight')
    """
    return capitalized(name.removeprefix("n_").replace("_", " "))
