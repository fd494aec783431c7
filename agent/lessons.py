"""The append-only lesson log: who taught what, when, and what the agent had thought before.

An agent is its birth settings plus its lessons. Own lessons carry their drawing (packed, a few hundred bytes); bulk
lessons are a reference to the task they came from. Forgetting and relabelling are events too; a forgotten lesson's
drawing is wiped from the log, because forgetting means forgetting.
"""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent import foreign, retina
from agent.errors import AgentError

MAX_BULK = 10_000_000
MAX_JOINED = 1_000_000  # entries of one joined agent
FREE_DRAWINGS = 10_000  # that a log may unfold to, however short it is; 784 bytes each
CHARS_PER_DRAWING = 50  # of a log that has more: drawings take a hundred and more, if they are not all the same
MAX_SOURCE_CHARS, MAX_SOURCE_DEPTH = 50_000, 5  # of a reference to bulk lessons
MAX_UNSOURCED = 5_000  # bulk lessons without a source are logged with their drawings up to this many


@dataclass(frozen=True)
class Lesson:
    """One drawing a person labelled. ``guessed`` is the agent's answer before it was told (None: unsure)."""

    number: int
    label: str
    drawing: np.ndarray  # (28, 28) uint8, kept
    when: float  # seconds since 1970
    guessed: str | None

    @property
    def knew(self) -> bool:
        """Whether the agent was right before being told."""
        return self.guessed == self.label


@dataclass(frozen=True)
class Bulk:
    """Many lessons taught in one go: from a task (``source``), or drawings that came with their labels.

    They are lessons ``start`` to ``start + n_lessons`` of the source.
    """

    number: int
    n_lessons: int
    source: dict[str, Any] | None
    start: int = 0
    drawings: np.ndarray | None = None
    labels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Lost:
    """One of many bulk lessons that was forgotten again."""

    number: int
    label: str
    drawing: np.ndarray
    n_lessons: int = -1


@dataclass(frozen=True)
class Studied:
    """The agent went over its bulk lessons once more."""

    number: int
    n_lessons: int = 0


@dataclass(frozen=True)
class Joined:
    """Another agent was joined: the entries up to number ``end`` are its lessons."""

    number: int
    name: str
    end: int
    n_lessons: int = 0


Entry = Lesson | Bulk | Lost | Studied | Joined


class Lessons:
    """The log of one agent: events in the order they happened, and the lessons that stand now.

    Examples
    --------
    >>> log = Lessons()
    >>> drawing = np.zeros((28, 28), np.uint8)
    >>> drawing[4:24, 14] = 255
    >>> number = log.add(drawing, "1", guessed=None)
    >>> log.relabel(number, "7")
    >>> [(lesson.label, lesson.knew) for lesson in log.own()]
    [('7', False)]
    >>> log.forget(number)
    >>> len(log), len(log.events)
    (0, 3)
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._standing: dict[int, Entry] = {}
        self._n_given = 0

    def __len__(self) -> int:
        """Count the lessons that stand, bulk lessons one by one."""
        return sum(1 if isinstance(entry, Lesson) else entry.n_lessons for entry in self._standing.values())

    def own(self) -> list[Lesson]:
        """Give the standing lessons a person taught, oldest first."""
        return [entry for entry in self._standing.values() if isinstance(entry, Lesson)]

    def standing(self) -> list[Entry]:
        """Give everything that stands, in the order it was taught."""
        return list(self._standing.values())

    def add(self, drawing: np.ndarray, label: str, guessed: str | None, when: float | None = None) -> int:
        """Append one own lesson and return its number."""
        event = {
            "event": "lesson",
            "number": self._next(),
            "label": label,
            "drawing": pack(drawing[None]),
            "when": round(time.time() if when is None else when, 3),
            "guessed": guessed,
        }
        return self._append(event)

    def add_many(
        self, drawings: np.ndarray, labels: Sequence[str], source: dict[str, Any] | None = None, start: int = 0
    ) -> int:
        """Append bulk lessons: by reference when a source is given, with their drawings when they are few.

        Parameters
        ----------
        drawings, labels
            (N, 28, 28) uint8 kept drawings and their N labels.
        source : dict, optional
            What `agent.tasks.replay` needs to draw the same lessons again.
        start : int
            Which of the source's lessons is the first of these. Lessons that go on where the last ones of the same
            source ended extend them.
        """
        last = self.events[-1] if self.events else {}
        if source is not None and last.get("source") == source and last["start"] + last["n_lessons"] == start:
            self.events.pop()
            return self._append({**last, "n_lessons": last["n_lessons"] + len(labels)})
        event: dict[str, Any] = {
            "event": "bulk",
            "number": self._next(),
            "n_lessons": len(labels),
            "source": source,
            "start": start,
        }
        if source is None and len(labels) <= MAX_UNSOURCED:
            event |= {"drawings": pack(drawings), "labels": list(labels)}
        return self._add_bulk(event)

    def _add_bulk(self, event: dict[str, Any]) -> int:
        """Append bulk lessons, without drawings that unfold to so much that the log could not be read back."""
        n, n_so_far = event["n_lessons"], sum(each["n_lessons"] for each in self.events if "drawings" in each)
        if len(event.get("drawings", "")) < CHARS_PER_DRAWING * n and n_so_far + n > FREE_DRAWINGS // 2:
            event = {key: value for key, value in event.items() if key not in ("drawings", "labels")}
        return self._append(event)

    def lose(self, drawing: np.ndarray, label: str) -> int:
        """Note that one of the bulk lessons was forgotten."""
        return self._append({"event": "lose", "number": self._next(), "label": label, "drawing": pack(drawing[None])})

    def study(self) -> int:
        """Note that the agent went over its bulk lessons once more."""
        return self._append({"event": "study", "number": self._next()})

    def forget(self, number: int) -> None:
        """Take a lesson back; its drawing is wiped."""
        self._get(number)
        for event in self.events:
            if event["number"] == number:
                event.pop("drawing", None)
                event.pop("drawings", None)
        self._append({"event": "forget", "number": number})

    def relabel(self, number: int, label: str) -> None:
        """Say that an own lesson was something else."""
        if not isinstance(self._get(number), Lesson):
            raise AgentError(
                f"expected the number of a drawing of your own, got lesson {number}, which is many at once."
            )
        self._append({"event": "relabel", "number": number, "label": label})

    def find(self, drawing: np.ndarray, label: str) -> int | None:
        """Give the number of the newest own lesson with this drawing and label."""
        for entry in reversed(self.own()):
            if entry.label == label and (entry.drawing == drawing).all():
                return entry.number
        return None

    def right_before_told(self, last: int | None = None) -> tuple[int, int]:
        """Count (right, told) over the standing own lessons, or the last few of them."""
        told = self.own()[-last:] if last else self.own()
        return sum(lesson.knew for lesson in told), len(told)

    def join(self, other: Lessons, name: str) -> None:
        """Append another agent's standing lessons, marked as those of that agent."""
        entries = [entry for entry in other.standing() if isinstance(entry, (Lesson, Lost, Bulk))]
        number = self._next()
        self._append({"event": "join", "number": number, "name": name, "end": number + 1 + len(entries)})
        given = {event["number"]: event for event in other.events if event["event"] == "bulk"}
        for entry in entries:
            if isinstance(entry, Lesson):
                self.add(entry.drawing, entry.label, entry.guessed, entry.when)
            elif isinstance(entry, Lost):
                self.lose(entry.drawing, entry.label)
            else:
                self._add_bulk({**given[entry.number], "number": self._next()})

    def last_joined(self) -> Joined | None:
        """Give the agent that was joined last and has not been taken out."""
        joined = [entry for entry in self._standing.values() if isinstance(entry, Joined)]
        return joined[-1] if joined else None

    def unjoin(self, number: int) -> None:
        """Take out a joined agent and all its lessons."""
        joined = self._get(number)
        for entry in [entry for entry in self._standing if number <= entry < joined.end]:
            self.forget(entry)

    def wipe(self) -> None:
        """Leave out what was forgotten or relabelled: only what stands is told, from the beginning."""
        standing, self.events, self._standing, self._n_given = self.standing(), [], {}, 0
        for entry in standing:
            if isinstance(entry, Lesson):
                self.add(entry.drawing, entry.label, entry.guessed, entry.when)
            elif isinstance(entry, Bulk) and entry.drawings is not None:
                self.add_many(entry.drawings, entry.labels or (), entry.source, entry.start)
            elif isinstance(entry, Bulk):
                event = {"event": "bulk", "number": self._next(), "n_lessons": entry.n_lessons}
                self._append(event | {"source": entry.source, "start": entry.start})
            elif isinstance(entry, Lost):
                self.lose(entry.drawing, entry.label)
            elif isinstance(entry, Studied):
                self.study()

    def to_jsonl(self, with_drawings: bool = True) -> str:
        """Write one event a line."""
        hidden = () if with_drawings else ("drawing", "drawings")
        return "".join(
            json.dumps({key: value for key, value in event.items() if key not in hidden}, separators=(",", ":")) + "\n"
            for event in self.events
        )

    @classmethod
    def from_jsonl(cls, text: str) -> Lessons:
        """Read a log back; AgentError names the line that does not fit."""
        log, n_drawings, end, most = cls(), 0, 0, FREE_DRAWINGS + len(text) // CHARS_PER_DRAWING
        for line_number, line in enumerate(text.splitlines(), 1):
            try:
                entry = log._standing.get(log._append(_checked(foreign.strict(line), log)))
                n_drawings += len(entry.drawings) if isinstance(entry, Bulk) and entry.drawings is not None else 1
                if n_drawings > most:  # a short line may unpack to thousands
                    raise ValueError(f"more than {most:,} drawings in {len(text):,} characters")
                end = max(end, entry.end if isinstance(entry, Joined) else 0)
            except (ValueError, KeyError, TypeError, RecursionError, zlib.error) as error:
                what = str(error).rstrip(".")
                raise AgentError(f"expected a lesson in line {line_number} of lessons.jsonl, got {what}.") from error
        if end > log._next():  # whoever took it out would take out lessons that were taught later
            raise AgentError(f"expected a joined agent's lessons up to {end} in lessons.jsonl, got {log._next()}.")
        return log

    def _next(self) -> int:
        return self._n_given

    def _get(self, number: int) -> Entry:
        if number not in self._standing:
            raise AgentError(
                f"expected the number of a lesson that stands, got {number}. It was forgotten or never given."
            )
        return self._standing[number]

    def _append(self, event: dict[str, Any]) -> int:
        """Add an event and bring the standing lessons up to date."""
        number = event["number"]
        self._n_given = max(self._n_given, number + 1)
        match event["event"]:
            case "lesson":
                if "drawing" in event:
                    drawing = unpack(event["drawing"], 1)[0]
                    self._standing[number] = Lesson(number, event["label"], drawing, event["when"], event["guessed"])
            case "bulk":
                drawings = unpack(event["drawings"], MAX_UNSOURCED) if "drawings" in event else None
                labels = tuple(event["labels"]) if "labels" in event else None
                self._standing[number] = Bulk(
                    number, event["n_lessons"], event["source"], event["start"], drawings, labels
                )
            case "lose":
                self._standing[number] = Lost(number, event["label"], unpack(event["drawing"], 1)[0])
            case "study":
                self._standing[number] = Studied(number)
            case "join":
                self._standing[number] = Joined(number, event["name"], event["end"])
            case "forget":
                self._standing.pop(number, None)
            case "relabel":
                old = self._standing.get(number)
                if isinstance(old, Lesson):  # a log given away without its drawings may relabel what is not there
                    self._standing[number] = Lesson(number, event["label"], old.drawing, old.when, old.guessed)
        self.events.append(event)
        return number


def pack(drawings: np.ndarray) -> str:
    """Pack (N, 28, 28) kept drawings into text: four bits a pixel, deflated, base 85.

    Examples
    --------
    >>> drawing = np.zeros((1, 28, 28), np.uint8)
    >>> drawing[0, 4:24, 14] = 255
    >>> bool((unpack(pack(drawing)) == drawing).all()), len(pack(drawing)) < 100
    (True, True)
    """
    return base64.b85encode(zlib.compress(retina.pack(drawings).tobytes(), 9)).decode()


def unpack(text: str, most: int = MAX_UNSOURCED) -> np.ndarray:
    """Unpack what `pack` packed, at most so many drawings; AgentError when it is anything else."""
    longest = 100 + most * retina.PACKED_BYTES * 13 // 10  # base 85 adds a quarter, deflating of noise a little
    if len(text) > longest:
        raise AgentError(f"expected packed drawings of at most {longest:,} characters, got {len(text):,}.")
    try:
        inflater = zlib.decompressobj()
        raw = inflater.decompress(base64.b85decode(text), most * retina.PACKED_BYTES + 1)
    except (ValueError, TypeError, zlib.error) as error:
        raise AgentError(f"expected packed drawings, got text that does not unpack ({error}).") from error
    size = retina.PACKED_BYTES
    if not inflater.eof or not raw or len(raw) % size:
        raise AgentError(f"expected packed drawings of {size} bytes each, got {len(raw)} bytes.")
    return retina.unpack(np.frombuffer(raw, np.uint8).reshape(-1, size))


def _checked(event: object, log: Lessons) -> dict[str, Any]:
    """Check one event read from a file against the log so far; ValueError says what is wrong."""
    if not isinstance(event, dict) or not isinstance(event.get("number"), int) or isinstance(event["number"], bool):
        raise ValueError("something else")
    fields = _FIELDS.get(event.get("event"))
    if fields is None or not set(event) <= {"event", "number", *fields}:
        raise ValueError(f"an event with the fields {sorted(map(str, event))[:8]}")
    for name, types in fields.items():
        if name in event and not (isinstance(event[name], types) and not isinstance(event[name], bool)):
            raise ValueError(f"{name} of type {type(event[name]).__name__}")
        if name not in event and name not in ("drawing", "drawings", "labels"):
            raise ValueError(f"an event without {name}")
    if event["event"] in ("forget", "relabel"):
        if not 0 <= event["number"] < log._next():
            raise ValueError(f"number {event['number']} of a lesson that was never given")
        return event
    if event["number"] != log._next():
        raise ValueError(f"number {event['number']} instead of {log._next()}")
    if event["event"] == "join" and not event["number"] < event["end"] <= event["number"] + MAX_JOINED:
        raise ValueError(f"a joined agent's lessons from {event['number']} to {event['end']}")
    if event["event"] == "bulk" and not (1 <= event["n_lessons"] <= MAX_BULK and 0 <= event["start"] <= MAX_BULK):
        raise ValueError(f"{event['n_lessons']} lessons from {event['start']}")
    source = event.get("source")
    if source and (_is_deep(source, MAX_SOURCE_DEPTH) or len(json.dumps(source)) > MAX_SOURCE_CHARS):
        raise ValueError(f"a source of more than {MAX_SOURCE_DEPTH} levels or {MAX_SOURCE_CHARS:,} characters")
    return event


def _is_deep(value: Any, most: int) -> bool:
    """Whether lists and dicts lie within each other more than so often."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not most or any(_is_deep(each, most - 1) for each in inside)


_FIELDS: dict[str, dict[str, Any]] = {
    "lesson": {"label": str, "drawing": str, "when": (int, float), "guessed": (str, type(None))},
    "bulk": {
        "n_lessons": int,
        "source": (dict, type(None)),
        "start": int,
        "drawings": str,
        "labels": list,
    },
    "lose": {"label": str, "drawing": str},
    "study": {},
    "join": {"name": str, "end": int},
    "forget": {},
    "relabel": {"label": str},
}
