"""What a visitor's browser keeps of the lesson log, so that nothing is lost when the desk is.

Whatever changes the agent shows the header anew, and with the header the browser is told what is new in the log: so it
has every lesson it was ever shown as learned. A desk that does not know its browser asks what it has; until that is
known nothing is taught there, and nothing that the browser keeps is overwritten.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from agent.errors import AgentError
from agent.pupil import Pupil
from agent.retold import MAX_BIRTH_CHARS, MAX_CHARS, birth, retelling

PIECE_CHARS = 60_000  # of a log, at most, that come back with one request


class Stand(Enum):
    """How a desk and its browser stand to each other."""

    UNKNOWN = "it is asked what it keeps"
    RETURNING = "what it keeps is taught again"
    KEPT = "it is told all that is new"
    FULL = "it has no room"


def _new_key() -> str:
    return secrets.token_urlsafe(8)


@dataclass
class Browser:
    """What one browser has been told.

    Examples
    --------
    >>> from agent.families import new
    >>> mia, browser = new("nearest", name="Mia"), Browser()
    >>> browser.news(mia)["lines"], browser.is_known
    ([], True)
    >>> mia.learn_one([[0] * 9 + [255] * 3] * 12, "1")
    >>> news = browser.news(mia)
    >>> news["start"], len(news["lines"]), browser.news(mia)["lines"]
    (0, 1, [])
    """

    stand: Stand = Stand.KEPT
    again: Generator[float, None, Pupil] | None = None  # what it keeps, being taught again
    _key: str = field(default_factory=_new_key)  # of what it was told from the beginning
    _told: list[tuple[dict[str, Any], int]] = field(default_factory=list)  # events, and how many fields they had
    _pieces: list[str] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        """Whether lessons may be taught: what the browser has is here, or it has nothing."""
        return self.stand in (Stand.KEPT, Stand.FULL)

    @property
    def n_bytes(self) -> int:
        """Bytes of what has come back so far."""
        return sum(map(len, self._pieces))

    def news(self, pupil: Pupil) -> dict[str, Any]:
        """Tell what is new since it was told last, or what it is asked for.

        Returns
        -------
        dict
            ``start``, and ``lines`` that take the place of all lines from there on; or ``at``, from where on the
            browser is asked for what it keeps; or nothing.
        """
        if self.stand is Stand.UNKNOWN:
            return {"at": self.n_bytes}
        if self.stand is not Stand.KEPT:
            return {}
        events = pupil.lessons.events
        start = 0
        for event, (told, n_fields) in zip(events, self._told, strict=False):
            if event is not told or len(event) != n_fields:  # a forgotten lesson loses its drawing
                break
            start += 1
        self._told = [*self._told[:start], *((event, len(event)) for event in events[start:])]
        lines = [json.dumps(event, separators=(",", ":")) for event in events[start:]]
        return {"key": self._key, "birth": birth(pupil), "start": start, "lines": lines}

    def meet(self) -> None:
        """Know that the browser keeps nothing, or nothing that matters any more: it is told everything."""
        self.stand, self.again, self._key, self._told, self._pieces = Stand.KEPT, None, _new_key(), [], []

    def ask(self) -> None:
        """Ask the browser what it keeps."""
        self.stand, self.again, self._pieces = Stand.UNKNOWN, None, []

    def take(self, piece: object, at: object, n_chars: object) -> Generator[float, None, Pupil] | None:
        """Take a piece of what the browser keeps; with the last one, give the way to raise the agent again."""
        if self.stand is not Stand.UNKNOWN:
            return None
        whole = all(type(number) is int for number in (at, n_chars)) and isinstance(piece, str)
        most = MAX_BIRTH_CHARS + MAX_CHARS
        if not whole or not piece or len(piece) > PIECE_CHARS or not len(piece) <= n_chars <= most:
            self.meet()
            raise AgentError(f"expected pieces of {PIECE_CHARS:,} of at most {most:,} characters, got another log.")
        if at != self.n_bytes:  # asked twice, answered twice
            return None
        self._pieces.append(piece)
        if at + len(piece) < n_chars:
            return None
        told, _, log = "".join(self._pieces).partition("\n")
        self.stand, self._pieces, self.again = Stand.RETURNING, [], retelling(told, log)
        return self.again


def packed(news: dict[str, Any]) -> str:
    """Write news so that they can stand in a page as they are.

    Examples
    --------
    >>> packed({"at": 0})
    'eyJhdCI6MH0='
    """
    return base64.b64encode(json.dumps(news, separators=(",", ":")).encode()).decode()
