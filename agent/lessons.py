"""Append-only log of lessons: what was taught, when, and what the agent answered just before.

An agent is its settings plus its lessons. A person's lessons carry their drawing (packed, a few hundred bytes); bulk
lessons are a reference to the data set they came from. Forgetting and relabelling are events too; the drawing of a
forgotten lesson is removed from the log.
"""

from __future__ import annotations

import base64
import json
import time
import zlib
from bisect import bisect_left
from collections.abc import Container, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np

from agent import datasets, preprocessing, untrusted
from agent.datasets import LabelledDrawings, LazyDrawings
from agent.errors import AgentError
from agent.models import Model
from agent.progress import Progress, run_to_completion
from agent.validation import MAX_LABEL_CHARS, clean_label, clean_name

MAX_BULK = 10_000_000
MAX_JOINED = 1_000_000  # entries of one joined agent
FREE_DRAWINGS = 10_000  # that any log may unpack to, however short it is; 784 bytes each
CHARS_PER_DRAWING = 50  # of a log that has more: drawings take a hundred and more, if they are not all the same
MAX_SOURCE_CHARS, MAX_SOURCE_DEPTH = 50_000, 5  # of a reference to bulk lessons
MAX_REPLAYED = 300_000  # lessons that are taught again, two minutes of them
LESSONS_PER_SOURCE = 100  # that can be taught while the lessons of another source are looked up
MAX_STUDIED = 20
LAST_MOMENT = 253_402_300_799  # the last second of the year 9999
MAX_UNSOURCED = 5_000  # bulk lessons without a source are logged with their drawings up to this many
MAX_ENTRIES = 100_000  # that stand, of a log from a file: half of them fill it
FREE_HISTORY = 10_000  # events more than twice as many as stand; a log from a file with more loses its history
EVENT_BYTES, ENTRY_BYTES = 700, 300  # of memory: a dict of six with its texts; what stands of it
DRAWING_BYTES = 28 * 28
BYTES_PER_CHAR = 20  # of the source of bulk lessons
STEP_S = 0.05  # seconds between two progress reports while small entries are replayed
AT_ONCE, DRAWN_AT_ONCE = 1000, 50  # bulk lessons replayed, drawn between two reports; a drawing takes up to 3 ms


@dataclass(frozen=True, slots=True)
class Lesson:
    """One drawing that a person labelled; ``guessed`` is what the agent answered just before (None: unsure)."""

    number: int
    label: str
    drawing: np.ndarray  # (28, 28) uint8, a thumbnail
    when: float  # seconds since 1970
    guessed: str | None

    @property
    def was_correct(self) -> bool:
        """Whether the agent was right just before it learned this."""
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
class BulkForgotten:
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


Entry = Lesson | Bulk | BulkForgotten | Studied | Joined


class Lessons:
    """The log of one agent: events in the order they happened, and the lessons that stand now.

    Examples
    --------
    >>> log = Lessons()
    >>> drawing = np.zeros((28, 28), np.uint8)
    >>> drawing[4:24, 14] = 255
    >>> number = log.add(drawing, "1", guessed=None)
    >>> log.relabel(number, "7")
    >>> [(lesson.label, lesson.was_correct) for lesson in log.user_lessons()]
    [('7', False)]
    >>> log.forget(number)
    >>> len(log), len(log.events)
    (0, 3)
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._standing: dict[int, Entry] = {}
        self._place: dict[int, int] = {}  # in the events: of what a number was given to
        self._n_given = 0
        self._n_bytes = 0
        self._n_packed = 0  # bulk lessons that are logged with their drawings

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Copy the log; both share events and entries, which never change."""
        clone = type(self)()
        vars(clone).update(vars(self))
        clone.events, clone._standing, clone._place = list(self.events), dict(self._standing), dict(self._place)
        return clone

    @property
    def n_bytes(self) -> int:
        """Bytes of memory it takes, roughly: of events, history too, and of the drawings that stand."""
        return self._n_bytes

    def __len__(self) -> int:
        """Count the lessons that stand, bulk lessons one by one."""
        return sum(1 if isinstance(entry, Lesson) else entry.n_lessons for entry in self._standing.values())

    def user_lessons(self) -> list[Lesson]:
        """Give the standing lessons a person taught, oldest first."""
        return [entry for entry in self._standing.values() if isinstance(entry, Lesson)]

    def standing(self) -> list[Entry]:
        """Give everything that stands, in the order it was taught."""
        return list(self._standing.values())

    def add(self, drawing: np.ndarray, label: str, guessed: str | None, when: float | None = None) -> int:
        """Append one user lesson and return its number."""
        when = round(time.time() if when is None else when, 3)
        return self._append_new("lesson", label=label, drawing=pack(drawing[None]), when=when, guessed=guessed)

    def add_many(self, lessons: LabelledDrawings) -> int:
        """Append bulk lessons: by reference when they have a source, with their drawings when they are few.

        Lessons that go on where the last ones of the same source ended extend them.
        """
        drawings, labels, source, start = lessons.drawings, lessons.labels, lessons.source, lessons.start
        last = self.events[-1] if self.events else {}
        if source is not None and last.get("source") == source and last["start"] + last["n_lessons"] == start:
            self._n_bytes -= _weight(self.events.pop())
            return self._append({**last, "n_lessons": last["n_lessons"] + len(labels)})
        is_packed = source is None and len(labels) <= MAX_UNSOURCED
        packed = {"drawings": pack(drawings), "labels": list(labels)} if is_packed else {}
        return self._add_bulk(n_lessons=len(labels), source=source, start=start, **packed)

    def _add_bulk(self, **fields: Any) -> int:
        """Append bulk lessons, without drawings that unfold to so much that the log could not be read back."""
        n = fields["n_lessons"]
        if len(fields.get("drawings", "")) < CHARS_PER_DRAWING * n and self._n_packed + n > FREE_DRAWINGS // 2:
            fields = {name: value for name, value in fields.items() if name not in ("drawings", "labels")}
        return self._append_new("bulk", **fields)

    def forget_bulk(self, drawing: np.ndarray, label: str) -> int:
        """Note that one of the bulk lessons was forgotten."""
        return self._append_new("lose", label=label, drawing=pack(drawing[None]))

    def study(self) -> int:
        """Note that the agent went over its bulk lessons once more."""
        return self._append_new("study")

    def forget(self, number: int) -> None:
        """Take a lesson back; its drawing is wiped."""
        self.forget_many([number])

    def forget_many(self, numbers: Iterable[int]) -> None:
        """Take entries back, in one pass; their drawings are wiped."""
        for number in numbers:
            self._get(number)
            event = self.events[self._place[number]]
            if "drawings" in event:
                self._n_packed -= event["n_lessons"]
            wiped = {name: value for name, value in event.items() if name not in ("drawing", "drawings")}
            self._n_bytes += _weight(wiped) - _weight(event)
            self.events[self._place[number]] = wiped
            self._append({"event": "forget", "number": number})

    def take_back(self) -> None:
        """Take the last event back, that of a user lesson, as if it had never been."""
        event = self.events.pop()
        del self._standing[event["number"]], self._place[event["number"]]
        self._n_given, self._n_bytes = event["number"], self._n_bytes - _weight(event)

    def relabel(self, number: int, label: str) -> None:
        """Change the label of a user lesson."""
        if not isinstance(self._get(number), Lesson):
            raise AgentError(f"expected the number of a user lesson, got {number}, which is many at once.")
        self._append({"event": "relabel", "number": number, "label": label})

    def find(self, drawing: np.ndarray, label: str) -> int | None:
        """Give the number of the newest user lesson with this drawing and label."""
        newest_first = reversed(self.user_lessons())
        return next((e.number for e in newest_first if e.label == label and (e.drawing == drawing).all()), None)

    def prequential_counts(self, last: int | None = None) -> tuple[int, int]:
        """Count (correct, all) of the standing user lessons, or of the last few: progressive validation."""
        lessons = self.user_lessons()[-last if last else 0 :]
        return sum(lesson.was_correct for lesson in lessons), len(lessons)

    def join(self, other: Lessons, name: str) -> None:
        """Append another agent's standing lessons, marked as those of that agent."""
        entries = [entry for entry in other.standing() if isinstance(entry, (Lesson, BulkForgotten, Bulk))]
        self._append_new("join", name=name, end=self._n_given + 1 + len(entries))
        for entry in entries:
            event = other._event_of(entry)
            if isinstance(entry, Bulk) and entry.drawings is not None:
                self._add_bulk(**{name: event[name] for name in _FIELDS["bulk"] if name in event})
            else:
                self._adopt(event, entry)

    def _adopt(self, event: dict[str, Any], entry: Entry) -> None:
        """Append an event of another log under the next number, and the entry that stands because of it."""
        number = self._n_given
        self._standing[number], self._place[number] = replace(entry, number=number), len(self.events)
        self.events.append({**event, "number": number})
        self._n_given += 1
        self._n_bytes += _weight(event)
        self._n_packed += event["n_lessons"] if "drawings" in event else 0

    def last_joined(self) -> Joined | None:
        """Give the agent that was joined last and has not been taken out."""
        return next((entry for entry in reversed(self.standing()) if isinstance(entry, Joined)), None)

    def numbers_of(self, number: int) -> list[int]:
        """Numbers of a joined agent and of all its lessons."""
        return [entry for entry in self._standing if number <= entry < self._get(number).end]

    def iter_compact(self, with_joins: bool = False, without: Container[int] = ()) -> Generator[Progress, None, None]:
        """Leave out history, some entries, and joins unless wanted; what stands is renumbered. Step by step."""
        new = type(self)()
        entries = [entry for entry in self.standing() if entry.number not in without]
        entries = [entry for entry in entries if with_joins or not isinstance(entry, Joined)]
        numbers = [entry.number for entry in entries]
        for place, entry in enumerate(entries):
            event = self._event_of(entry)
            if isinstance(entry, Joined):
                entry = replace(entry, end=bisect_left(numbers, entry.end))
                event = {**event, "end": entry.end}
            new._adopt(event, entry)
            if not place % AT_ONCE:
                yield Progress(0, len(entries), "teaching")
        vars(self).update(vars(new))

    def _fold(self) -> Iterator[Progress]:
        """Leave out what was forgotten or relabelled, step by step; what stands keeps its numbers."""
        events = []
        for place, entry in enumerate(self.standing()):
            events.append(self._event_of(entry))
            if not place % AT_ONCE:
                yield Progress(0, len(self._standing), "teaching")
        self.events, self._n_bytes = events, sum(map(_weight, events))
        self._place = {number: place for place, number in enumerate(self._standing)}

    def _event_of(self, entry: Entry) -> dict[str, Any]:
        """The event that would bring an entry about as it stands now."""
        event = self.events[self._place[entry.number]]
        return {**event, "label": entry.label} if isinstance(entry, Lesson) and entry.label != event["label"] else event

    def to_jsonl(self, with_drawings: bool = True) -> str:
        """Write one event a line."""
        return "".join(self.lines(with_drawings))

    def lines(self, with_drawings: bool = True) -> Iterator[str]:
        """Give the lines of `to_jsonl`, one after the other."""
        hidden = () if with_drawings else ("drawing", "drawings")
        for event in self.events:
            fields = {key: value for key, value in event.items() if key not in hidden}
            yield json.dumps(fields, separators=(",", ":")) + "\n"

    @classmethod
    def from_jsonl(cls, text: str) -> Lessons:
        """Read a log back; AgentError names the line that does not fit.

        A log that is history for the most part is compacted: what stands in it is renumbered, and costs what it says.
        """
        return run_to_completion(cls.iter_from_jsonl(text))

    @classmethod
    def iter_from_jsonl(cls, text: str) -> Generator[Progress, None, Lessons]:
        """As `from_jsonl`, step by step; returns the log."""
        is_folded, due = False, time.monotonic() + STEP_S
        log, n_drawings, end, max_drawings = cls(), 0, 0, FREE_DRAWINGS + len(text) // CHARS_PER_DRAWING
        for line_number, line in enumerate(text.splitlines(), 1):
            try:
                entry = log._standing.get(log._append(_checked(untrusted.strict(line), log)))
                n_drawings += len(entry.drawings) if isinstance(entry, Bulk) and entry.drawings is not None else 1
                if n_drawings > max_drawings:  # a short line may unpack to thousands
                    raise ValueError(f"more than {max_drawings:,} drawings in {len(text):,} characters")
                if len(log._standing) > MAX_ENTRIES:
                    raise ValueError(f"more than {MAX_ENTRIES:,} entries")
                if len(log.events) > 2 * len(log._standing) + FREE_HISTORY:
                    is_folded = True
                    yield from log._fold()
                end = max(end, entry.end if isinstance(entry, Joined) else 0)
                if time.monotonic() >= due:
                    yield Progress(0, line_number, "teaching")
                    due = time.monotonic() + STEP_S
            except (ValueError, KeyError, TypeError, RecursionError, zlib.error) as error:
                what = str(error).rstrip(".")
                raise AgentError(f"expected a lesson in line {line_number} of lessons.jsonl, got {what}.") from error
        if end > log._n_given:  # whoever took it out would take out lessons that were taught later
            raise AgentError(f"expected a joined agent's lessons up to {end} in lessons.jsonl, got {log._n_given}.")
        if is_folded:
            yield from log.iter_compact(with_joins=True)
        return log

    def _get(self, number: int) -> Entry:
        if number not in self._standing:
            raise AgentError(f"expected the number of a lesson, got {number}. It was forgotten or never given.")
        return self._standing[number]

    def _append_new(self, event: str, **fields: Any) -> int:
        """Append an event under the next number."""
        return self._append({"event": event, "number": self._n_given, **fields})

    def _append(self, event: dict[str, Any]) -> int:
        """Add an event and bring the standing lessons up to date."""
        number = event["number"]
        if event["event"] not in ("forget", "relabel"):
            self._place[number] = len(self.events)
        self._n_given = max(self._n_given, number + 1)
        self._n_bytes += _weight(event)
        match event["event"]:
            case "lesson":
                if "drawing" in event:
                    drawing = unpack(event["drawing"], 1)[0].copy()  # a view would keep two more arrays
                    self._standing[number] = Lesson(number, event["label"], drawing, event["when"], event["guessed"])
            case "bulk":
                drawings = unpack(event["drawings"], MAX_UNSOURCED) if "drawings" in event else None
                labels = tuple(event["labels"]) if "labels" in event else None
                self._n_packed += event["n_lessons"] if drawings is not None else 0
                self._standing[number] = Bulk(
                    number, event["n_lessons"], event["source"], event["start"], drawings, labels
                )
            case "lose":
                self._standing[number] = BulkForgotten(number, event["label"], unpack(event["drawing"], 1)[0])
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


def _weight(event: dict[str, Any]) -> int:
    """Bytes of memory that an event takes, and what stands because of it."""
    n_bytes = EVENT_BYTES if event["event"] in ("forget", "relabel") else EVENT_BYTES + ENTRY_BYTES
    if "drawing" in event:
        n_bytes += len(event["drawing"]) + DRAWING_BYTES
    if "drawings" in event:
        n_bytes += len(event["drawings"]) + event["n_lessons"] * DRAWING_BYTES + 100 * len(event.get("labels", ()))
    if event.get("source"):
        n_bytes += BYTES_PER_CHAR * len(str(event["source"]))
    return n_bytes


def check_log(lessons: Lessons, labels: Sequence[str] | None) -> None:
    """Check labels, times, drawings and counts of a log from a file, and that user lessons are of known ``labels``."""
    run_to_completion(iter_check_log(lessons, labels))


def iter_check_log(lessons: Lessons, labels: Sequence[str] | None) -> Generator[Progress, None, None]:
    """As `check_log`, step by step."""
    clean: set[str | None] = {None}
    for place, event in enumerate(lessons.events):
        names = [event.get("label"), event.get("guessed"), *event.get("labels", [])]
        for name in names:
            if name is not None and (type(name) is not str or (name not in clean and clean_label(name) != name)):
                expected = f"expected labels of 1 to {MAX_LABEL_CHARS} characters in the log"
                raise AgentError(f"{expected}, got {str(names)[:80]}.")
            clean.add(name)
        if not place % AT_ONCE:
            yield Progress(0, len(lessons.events), "teaching")
        if event["event"] == "join":
            clean_name(event["name"])
        if not 0 <= event.get("when", 0) <= LAST_MOMENT:
            raise AgentError(f"expected seconds since 1970 in the log, got {str(event['when'])[:40]}.")
    standing, n_lessons = lessons.standing(), 0
    drawings = [entry.drawing for entry in standing if isinstance(entry, (Lesson, BulkForgotten))]
    for start in range(0, len(drawings), AT_ONCE):
        if not preprocessing.are_inked_thumbnails(np.stack(drawings[start : start + AT_ONCE])):
            raise AgentError("expected thumbnails with ink in the log, got another drawing. The file was changed.")
        yield Progress(0, len(drawings), "teaching")
    for entry in standing:
        n_lessons += 1 if isinstance(entry, Lesson) else entry.n_lessons
        if isinstance(entry, Bulk):
            counts = {entry.n_lessons, *(len(part) for part in (entry.drawings, entry.labels) if part is not None)}
            if len(counts) > 1:
                raise AgentError(f"expected a drawing and a label for each bulk lesson in the log, got {counts}.")
        if isinstance(entry, Lesson) and labels is not None and entry.label not in labels:
            raise AgentError(f"expected lessons of {' '.join(labels) or 'nothing'} in the log, got {entry.label!r}.")
    if n_lessons < 0:
        raise AgentError(f"expected at most as many lessons forgotten as taught in the log, got {-n_lessons} more.")


def pack(drawings: np.ndarray) -> str:
    """Pack (N, 28, 28) thumbnails into text: four bits a pixel, deflated, base 85.

    Examples
    --------
    >>> drawing = np.zeros((1, 28, 28), np.uint8)
    >>> drawing[0, 4:24, 14] = 255
    >>> bool((unpack(pack(drawing)) == drawing).all()), len(pack(drawing)) < 100
    (True, True)
    """
    return base64.b85encode(zlib.compress(preprocessing.pack(drawings).tobytes(), 9)).decode()


def unpack(text: str, max_drawings: int = MAX_UNSOURCED) -> np.ndarray:
    """Unpack what `pack` packed, at most ``max_drawings``; AgentError when it is anything else."""
    # base 85 adds a quarter, deflating of noise a little
    longest = 100 + max_drawings * preprocessing.PACKED_BYTES * 13 // 10
    if len(text) > longest:
        raise AgentError(f"expected packed drawings of at most {longest:,} characters, got {len(text):,}.")
    try:
        inflater = zlib.decompressobj()
        raw = inflater.decompress(base64.b85decode(text), max_drawings * preprocessing.PACKED_BYTES + 1)
    except (ValueError, TypeError, zlib.error) as error:
        raise AgentError(f"expected packed drawings, got text that does not unpack ({error}).") from error
    size = preprocessing.PACKED_BYTES
    if not inflater.eof or not raw or len(raw) % size:
        raise AgentError(f"expected packed drawings of {size} bytes each, got {len(raw)} bytes.")
    return preprocessing.unpack(np.frombuffer(raw, np.uint8).reshape(-1, size))


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
        if not 0 <= event["number"] < log._n_given:
            raise ValueError(f"number {event['number']} of a lesson that was never given")
        return event
    if event["number"] != log._n_given:
        raise ValueError(f"number {event['number']} instead of {log._n_given}")
    if event["event"] == "join" and not event["number"] < event["end"] <= event["number"] + MAX_JOINED:
        raise ValueError(f"a joined agent's lessons from {event['number']} to {event['end']}")
    if event["event"] == "bulk" and not (1 <= event["n_lessons"] <= MAX_BULK and 0 <= event["start"] <= MAX_BULK):
        raise ValueError(f"{event['n_lessons']} lessons from {event['start']}")
    source = event.get("source")
    if source and (_is_deep(source, MAX_SOURCE_DEPTH) or len(json.dumps(source)) > MAX_SOURCE_CHARS):
        raise ValueError(f"a source of more than {MAX_SOURCE_DEPTH} levels or {MAX_SOURCE_CHARS:,} characters")
    return event


def _is_deep(value: Any, max_depth: int) -> bool:
    """Whether lists and dicts are nested more than ``max_depth`` deep."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not max_depth or any(_is_deep(part, max_depth - 1) for part in inside)


_FIELDS: dict[str, dict[str, Any]] = {
    "lesson": {"label": str, "drawing": str, "when": (int, float), "guessed": (str, type(None))},
    "bulk": {"n_lessons": int, "source": (dict, type(None)), "start": int, "drawings": str, "labels": list},
    "lose": {"label": str, "drawing": str},
    "study": {},
    "join": {"name": str, "end": int},
    "forget": {},
    "relabel": {"label": str},
}


def rebuild(kind: type[Model], config: Any, log: Lessons) -> Model:
    """Train a new model on everything in a log, in order; AgentError for bulk lessons without drawings and source."""
    return run_to_completion(iter_rebuild(kind, config, log))


def iter_rebuild(kind: type[Model], config: Any, log: Lessons) -> Generator[Progress, None, Model]:
    """As `rebuild`, step by step; returns the model. AgentError at once where it would take too long."""
    check_amount(log.standing())
    model = kind(config)
    yield from iter_replay(model, log)
    return model


def check_amount(standing: Sequence[Entry]) -> None:
    """Refuse more lessons than may be taught again, and studies of nothing."""
    n_lessons = sum(entry.n_lessons if isinstance(entry, Bulk) else 1 for entry in standing)
    sources = [entry.source for entry in standing if isinstance(entry, Bulk) and entry.source is not None]
    n_lessons += LESSONS_PER_SOURCE * sum(before != source for before, source in pairwise(sources))
    if n_lessons > MAX_REPLAYED:
        raise AgentError(f"expected at most {MAX_REPLAYED:,} lessons to be taught again, got {n_lessons:,}.")
    n_bulk = n_studied = 0
    for entry in standing:
        n_bulk += isinstance(entry, Bulk)
        n_studied += isinstance(entry, Studied)
        if isinstance(entry, Studied) and (not n_bulk or n_studied > MAX_STUDIED):
            raise AgentError(f"expected at most {MAX_STUDIED} studies of bulk lessons, got {n_studied} of {n_bulk}.")


def iter_replay(model: Model, log: Lessons, n_known: int = 0) -> Iterator[Progress]:
    """Teach a model everything in a log, in order, except the first ``n_known`` entries, which it has learned."""
    entries, sources = log.standing()[n_known:], _Sources()
    n_all = sum(entry.n_lessons if isinstance(entry, Bulk) else 1 for entry in entries)
    n_done, due, labels = 0, time.monotonic() + STEP_S, set(model.labels)
    for entry in entries:
        if isinstance(entry, Lesson):
            labels.add(entry.label)
            if len(labels) > model.MAX_LABELS and len(labels := {*model.labels, entry.label}) > model.MAX_LABELS:
                raise AgentError(f"expected at most {model.MAX_LABELS} labels, got {entry.label!r} as one more.")
            model.learn_one(entry.drawing, entry.label)
        elif isinstance(entry, BulkForgotten):
            model.forget_one(entry.drawing, entry.label)
        elif isinstance(entry, Studied):
            yield from (Progress(n_done, n_all, "studying") for _ in model.study())
        elif isinstance(entry, Bulk):
            lessons = sources.lessons_of(entry)
            labels.update(lessons.labels)  # more than there are, where the last lesson of one was forgotten
            if len(labels) > model.MAX_LABELS:
                labels = {*model.labels, *lessons.labels}
            if len(labels) > model.MAX_LABELS:
                n_labels = f"{len(labels)} with those of a source"
                raise AgentError(f"expected at most {model.MAX_LABELS} labels, got {n_labels}.")
            for start in range(0, len(lessons), AT_ONCE):
                parts, end = [], min(start + AT_ONCE, len(lessons))
                for first in range(start, end, DRAWN_AT_ONCE):
                    parts.append(lessons.draw(np.arange(first, min(first + DRAWN_AT_ONCE, end))))
                    yield Progress(n_done + start, n_all, "teaching")
                model.learn_many(np.concatenate(parts), lessons.labels[start:end])
                yield Progress(n_done + start, n_all, "teaching")
        n_done += entry.n_lessons if isinstance(entry, Bulk) else 1
        if time.monotonic() >= due or n_done == n_all:
            yield Progress(n_done, n_all, "teaching")
            due = time.monotonic() + STEP_S


def bulk_lessons(bulk: Bulk) -> LabelledDrawings:
    """Draw bulk lessons again; AgentError when neither their drawings nor their source were kept."""
    drawings, labels = _Sources().lessons_of(bulk).all()
    return LabelledDrawings(np.asarray(drawings), labels, bulk.source if bulk.drawings is None else None, bulk.start)


class _Sources:
    """Bulk lessons of a log, drawn when they are asked for: thumbnails. The last source is kept for the next entry."""

    def __init__(self) -> None:
        self._source: dict[str, Any] | None = None
        self._lessons: LazyDrawings | None = None

    def lessons_of(self, bulk: Bulk) -> LazyDrawings:
        """Give the lessons of an entry; AgentError when neither their drawings nor their source were kept."""
        drawings, source = bulk.drawings, bulk.source
        if drawings is not None and bulk.labels is not None:
            return LazyDrawings(bulk.labels, lambda places: drawings[places])
        if source is None:
            raise AgentError(
                f"expected a source for {bulk.n_lessons} bulk lessons, got none: they cannot be taught again. "
                "Teach them through a task, or in parts of at most 5,000."
            )
        if self._lessons is None or source != self._source:
            self._source, self._lessons = source, datasets.lazy(source)
        lessons, start = self._lessons, bulk.start
        labels = lessons.labels[start : start + bulk.n_lessons]
        return LazyDrawings(labels, lambda places: preprocessing.to_thumbnails(lessons.draw(start + places)))
