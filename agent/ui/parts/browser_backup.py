"""Backup of the lesson log in the visitor's browser, so that nothing is lost when the session is.

Every handler of the page sends what is new in the log along with its outputs (`agent.ui.page` adds it), so the browser
has every lesson that it was shown as learned. A session that does not know its browser requests what it has stored;
until that has arrived nothing is taught, and nothing in the browser is overwritten.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from agent.agents.pupil import Pupil
from agent.errors import AgentError
from agent.progress import Progress
from agent.storage.serialization import MAX_CHARS, MAX_CONFIG_CHARS, initial_config, iter_restore

SENT_BYTES = 120  # of the note that an event was sent
CHUNK_CHARS = 60_000  # of a log, at most, that come back with one request


class SyncState(Enum):
    """Whether a session and its browser have the same log."""

    UNSYNCED = "the browser is asked for what it has stored"
    RESTORING = "the agent is rebuilt from that"
    SYNCED = "the browser is sent what is new"
    FULL = "the browser has no room"


@dataclass
class BrowserBackup:
    """Record of what one browser has been sent.

    Examples
    --------
    >>> from agent.agents import new
    >>> mia, browser = new("nearest", name="Mia"), BrowserBackup()
    >>> browser.delta(mia)["lines"], browser.is_synced
    ([], True)
    >>> mia.learn_one([[0] * 9 + [255] * 3] * 12, "1")
    >>> delta = browser.delta(mia)
    >>> delta["start"], len(delta["lines"]), browser.changes(mia)
    (0, 1, None)
    """

    state: SyncState = SyncState.SYNCED
    restoring: Generator[Progress, None, Pupil] | None = None  # rebuilds the agent from what the browser had
    opens: bool = False  # whether that is another agent of the browser's, to take the place of the one in use
    _key: str = field(
        default_factory=lambda: secrets.token_urlsafe(8)
    )  # of the log that it was sent from the beginning
    _sent: list[tuple[dict[str, Any], int]] = field(default_factory=list)  # events, and how many fields they had
    _birth: str = ""
    _chunks: list[str] = field(default_factory=list)
    _is_waiting: bool = False  # the browser, for an answer to what it has sent

    @property
    def is_synced(self) -> bool:
        """Whether lessons may be taught: what the browser has is here, or it has nothing."""
        return self.state in (SyncState.SYNCED, SyncState.FULL)

    @property
    def n_bytes(self) -> int:
        """Bytes of what has come back so far, and of the note of what was sent."""
        return self.n_chars + SENT_BYTES * len(self._sent)

    @property
    def n_chars(self) -> int:
        """Characters of what has come back so far."""
        return sum(map(len, self._chunks))

    def delta(self, pupil: Pupil) -> dict[str, Any]:
        """Give what is new in the log since the last delta, or the request for what the browser has.

        Returns
        -------
        dict
            ``key`` of the log, ``birth`` of the agent, ``start``, and ``lines`` that replace all lines from there on;
            or ``at``, from where on the browser is asked for what it has; or nothing.
        """
        if self.state is SyncState.UNSYNCED:
            return {"at": self.n_chars}
        if self.state is not SyncState.SYNCED:
            return {}
        events = pupil.lessons.events
        start = 0
        for event, (sent, n_fields) in zip(events, self._sent, strict=False):
            if event is not sent or len(event) != n_fields:  # a forgotten lesson loses its drawing
                break
            start += 1
        self._sent = [*self._sent[:start], *((event, len(event)) for event in events[start:])]
        self._birth = initial_config(pupil)
        lines = [json.dumps(event, separators=(",", ":")) for event in events[start:]]
        return {"key": self._key, "birth": self._birth, "start": start, "lines": lines}

    def changes(self, pupil: Pupil) -> dict[str, Any] | None:
        """As `delta`, or None where the browser has it all."""
        n_sent, sent_birth = len(self._sent), self._birth
        delta, is_waiting, self._is_waiting = self.delta(pupil), self._is_waiting, False
        if is_waiting or "at" in delta or delta.get("start", n_sent) < n_sent or delta.get("lines"):
            return delta
        return delta if delta.get("birth", sent_birth) != sent_birth else None

    def reset(self) -> None:
        """Start over with a browser that has stored nothing, or nothing that matters any more; it is sent all."""
        self.state, self.restoring, self.opens = SyncState.SYNCED, None, False
        self._key, self._sent, self._birth, self._chunks = secrets.token_urlsafe(8), [], "", []

    def request_backup(self) -> None:
        """Ask the browser for what it has stored."""
        self.state, self.restoring, self.opens, self._chunks = SyncState.UNSYNCED, None, False, []

    def receive_chunk(self, chunk: object, at: object, n_chars: object) -> Generator[Progress, None, Pupil] | None:
        """Take a chunk of what the browser has stored; the last one gives the generator that rebuilds the agent."""
        if self.state is not SyncState.UNSYNCED:  # requested twice: a late answer had the request once more
            self._is_waiting = True
            return None
        is_valid = type(at) is int and type(n_chars) is int and isinstance(chunk, str)
        max_chars = MAX_CONFIG_CHARS + MAX_CHARS
        if not is_valid or not chunk or len(chunk) > CHUNK_CHARS or not len(chunk) <= n_chars <= max_chars:
            self.reset()
            raise AgentError(
                f"expected chunks of {CHUNK_CHARS:,} of at most {max_chars:,} characters, got another log."
            )
        if at != self.n_chars:  # requested twice, sent twice
            return None
        self._chunks.append(chunk)
        if at + len(chunk) < n_chars:
            return None
        first_line, _, log = "".join(self._chunks).partition("\n")
        self.state, self._chunks, self.restoring = SyncState.RESTORING, [], iter_restore(first_line, log)
        return self.restoring


def is_key(text: object) -> bool:
    """Whether a text can be what an agent is called between a session and its browser."""
    return isinstance(text, str) and re.fullmatch(r"[\w-]{1,22}", text, re.ASCII) is not None


def packed(delta: dict[str, Any]) -> str:
    """Encode a delta as base64, which HTML leaves as it is.

    Examples
    --------
    >>> packed({"at": 0})
    'eyJhdCI6MH0='
    """
    return base64.b64encode(json.dumps(delta, separators=(",", ":")).encode()).decode()
