"""The one exception that callers catch, and suggestions for misspelt words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MAX_CHARS = 400  # of one message: what came may be a stranger's text of any length


class AgentError(ValueError):
    """A request that cannot be met: what was expected, what came, what to do.

    Nothing has changed when it is raised: no half-learned lesson, no half-written file. The message is one line of
    visible characters, whatever came: of a longer one the middle is left out.

    Examples
    --------
    >>> raise AgentError("expected a label of 1 to 8 characters, got ''. Type what it is.")
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected a label of 1 to 8 characters, got ''. Type what it is.
    >>> print(AgentError(f"expected a name, got a{chr(0)}b."))
    expected a name, got a�b.
    >>> len(str(AgentError("expected less, got " + 9000 * "more")))
    400
    """

    def __init__(self, message: str = "") -> None:
        if len(message) > MAX_CHARS:
            message = f"{message[: MAX_CHARS - 103]} … {message[-100:]}"
        super().__init__("".join(map(_visible, message)))


def nearest(word: object, known: Iterable[str]) -> str:
    """Suggest the known words closest to an unknown one, as the end of a message.

    Examples
    --------
    >>> nearest("lesons", ["lessons", "seed", "labels"])
    ' Did you mean lessons?'
    >>> nearest("weather", ["lessons", "seed"])
    ''
    >>> nearest("nearst", ["nearest", "linear"])
    ' Did you mean nearest?'
    """
    text = str(word)[:80]
    close = difflib.get_close_matches(text, list(known), n=3, cutoff=0.6)  # the closest first
    ratios = [difflib.SequenceMatcher(None, name, text).ratio() for name in close]
    matches = [name for name, ratio in zip(close, ratios, strict=True) if ratio > ratios[0] - 0.2]
    return f" Did you mean {' or '.join(matches)}?" if matches else ""


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else "\N{REPLACEMENT CHARACTER}"
