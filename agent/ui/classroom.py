"""Rooms of classes: a teacher makes one, and whoever has its code hands in a copy of an agent.

Rooms live in memory for a day. An agent is kept as its settings and log, packed: some hundred bytes a lesson. Whoever
made a room or handed in is known by a key, the id of the session, which no page shows.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import secrets
import threading
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from agent import datasets, preprocessing, render
from agent.agents.pupil import Pupil
from agent.datasets import digits
from agent.errors import AgentError
from agent.lessons import AT_ONCE, DRAWN_AT_ONCE, Bulk, BulkForgotten, Entry, Lessons, Studied, check_amount
from agent.progress import Progress, WithResult, run_to_completion
from agent.storage.serialization import MAX_CHARS, initial_config, iter_restore
from agent.training import evaluate
from agent.ui.texts import class_texts as texts
from agent.validation import clean_name

MAX_ROOMS, MAX_MEMBERS = 100, 30
MANY_MEMBERS = 3  # a room of so many is a class: rooms that a script makes up, however large, never push one out
MAX_MEMBER_BYTES = 500_000  # some 1,500 drawings
MAX_LESSONS, MAX_JOINED = 70_000, 120_000  # of an agent, of all that are joined: a reference may stand for many
MAX_BYTES = 300_000_000  # of all rooms
LIFE_S = 24 * 3600.0
MAX_NAME_CHARS = 30
LETTERS, CODE_CHARS = "CDFHJKMNPQRTVWXY3479", 8  # 25 thousand million codes, without letters that look alike
N_ASKED, ASKED_AT_ONCE = 100, 10  # test digits of MNIST, ten of each, the same for everybody; and in one step of a job
MEMBER_BYTES = 10_000  # of a member besides its log and its pictures


@dataclass(frozen=True)
class Member:
    """A copy of an agent that was handed in, and what a test said of it."""

    name: str  # first name, as typed
    config: str
    packed_log: bytes
    n_lessons: int
    counts: Mapping[str, int]  # how often its person taught each label
    with_drawings: bool = False  # whether the teacher may take the lessons along
    images: str = ""  # its mental images side by side as the address of a picture, where its drawings go along
    # test digits it got wrong, by index, with its guess (None: unsure); None before it was tested
    mistakes: Mapping[int, str | None] | None = None

    @classmethod
    def of(cls, pupil: Pupil, name: object, with_drawings: bool = False) -> Self:
        """Copy an agent; AgentError for a name that people cannot see, no lessons, or too many.

        Examples
        --------
        >>> from agent.agents import new
        >>> mia = new("nearest")
        >>> mia.learn_one([[0] * 9 + [255] * 3] * 12, "1")
        >>> member = Member.of(mia, " Mia ")
        >>> member.name, member.n_lessons, dict(member.counts)
        ('Mia', 1, {'1': 1})
        """
        return run_to_completion(cls.iter_of(pupil, name, with_drawings))

    @classmethod
    def iter_of(cls, pupil: Pupil, name: object, with_drawings: bool = False) -> Generator[Progress, None, Self]:
        """As `of`, step by step."""
        name = clean_name(name)
        if len(name) > MAX_NAME_CHARS:
            raise AgentError(texts.LONG_NAME.format(n=MAX_NAME_CHARS))
        n_lessons = pupil.n_lessons
        if not n_lessons:
            raise AgentError(texts.NOTHING_TAUGHT)
        if n_lessons > MAX_LESSONS:
            raise AgentError(texts.TOO_MANY.format(most=MAX_LESSONS, n=n_lessons))
        counts = Counter(lesson.label for lesson in pupil.lessons.user_lessons())
        log = yield from _compact(pupil.lessons, lambda entry: isinstance(entry, Studied))
        packed, packer, n_chars = b"", zlib.compressobj(), 0
        for place, line in enumerate(log.lines()):
            n_chars, packed = n_chars + len(line), packed + packer.compress(line.encode())
            if n_chars > MAX_CHARS or len(packed) > MAX_MEMBER_BYTES:
                raise AgentError(texts.TOO_LARGE)
            if not place % AT_ONCE:
                yield Progress(0, 1, "joining")
        packed += packer.flush()
        if len(packed) > MAX_MEMBER_BYTES:
            raise AgentError(texts.TOO_LARGE)
        images = render.data_uri(pupil.picture()) if with_drawings and pupil.labels else ""
        return cls(name, initial_config(pupil), packed, n_lessons, dict(counts), bool(with_drawings), images)

    @property
    def n_bytes(self) -> int:
        """Bytes that are kept."""
        return MEMBER_BYTES + len(self.packed_log) + len(self.images)

    def iter_restore(self, known: set[str], n_joined: int = 0) -> Generator[Progress, None, Pupil]:
        """Teach the agent again, step by step, without bulk lessons that are ``known``; adds those it has.

        Which of such lessons its person has forgotten is left out, too. AgentError, before anything is taught, for too
        many with the ``n_joined`` lessons of those it is to join.
        """
        lessons = yield from Lessons.iter_from_jsonl(zlib.decompress(self.packed_log).decode())
        check_amount(lessons.standing())
        left_out = yield from _iter_left_out(lessons, known)
        log = yield from _compact(lessons, lambda entry: entry.number in left_out)
        if n_joined + len(log) > MAX_JOINED:
            raise AgentError(texts.TOO_MANY.format(most=MAX_JOINED, n=n_joined + len(log)))
        pupil = yield from iter_restore(self.config, log.to_jsonl())
        known |= {_source(entry) for entry in log.standing()} - {""}
        pupil.name = self.name
        return pupil


@dataclass
class Room:
    """The room of one class; ``members`` is replaced, never changed in place, so it can be read at any time."""

    code: str
    made: float
    members: Mapping[str, Member] = field(default_factory=dict)  # by key
    joined: tuple[int, int] | None = None  # agents joined, and how many of the test digits they answer right together
    version: int = 0  # changes whenever anything else does
    n_bytes: int = 0  # that are kept: asked for with each event of any session

    def change(self, **values: Any) -> None:
        """Set some fields."""
        vars(self).update(values, version=self.version + 1)
        self.n_bytes = sum(member.n_bytes for member in self.members.values())


class Rooms:
    """All rooms; of too many, those of few members make way; of too many bytes, those of twice their part first.

    Examples
    --------
    >>> from agent.agents import new
    >>> mia, rooms = new("nearest"), Rooms()
    >>> mia.learn_one([[0] * 9 + [255] * 3] * 12, "1")
    >>> code = rooms.make("key of the teacher").code
    >>> rooms.hand_in("key of Mia", code.lower(), Member.of(mia, "Mia"))
    >>> [member.name for member in rooms.made_by("key of the teacher").members.values()]
    ['Mia']
    >>> rooms.leave("key of Mia")
    >>> len(rooms.made_by("key of the teacher").members), rooms.made_by("key of Mia")
    (0, None)
    """

    def __init__(
        self,
        max_rooms: int = MAX_ROOMS,
        max_bytes: int = MAX_BYTES,
        life_s: float = LIFE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_rooms, self._max_bytes, self._life_s, self._clock = max_rooms, max_bytes, life_s, clock
        self._rooms: dict[str, Room] = {}  # by the key of whoever made it, the oldest first
        self._lock = threading.RLock()

    @property
    def n_bytes(self) -> int:
        """Bytes that all rooms keep."""
        return sum(room.n_bytes for room in self._living())

    def make(self, key: str) -> Room:
        """Make a room; whoever has one keeps it."""
        with self._lock:
            room = self.made_by(key)
            if room is None:
                room = self._rooms[key] = Room(_new_code({room.code for room in self._living()}), self._clock())
                self._make_room(room)
            return room

    def made_by(self, key: str) -> Room | None:
        """The room that somebody made."""
        self._living()
        return self._rooms.get(key)

    def close(self, key: str) -> None:
        """Close the room that somebody made, with all that is in it."""
        with self._lock:
            self._rooms.pop(key, None)

    def room_of(self, key: str) -> Room | None:
        """The room somebody handed in to."""
        return next((room for room in self._living() if key in room.members), None)

    def hand_in(self, key: str, code: str, member: Member) -> None:
        """Put a copy of an agent into the room of a code, in place of one handed in before.

        AgentError where there is no such room, it is full, or somebody else there has the same name.
        """
        with self._lock:
            room = next((room for room in self._living() if room.code == clean_code(code)), None)
            if room is None:
                raise AgentError(texts.NO_SUCH_ROOM)
            others = [other for its_key, other in room.members.items() if its_key != key]
            if any(other.name.casefold() == member.name.casefold() for other in others):
                raise AgentError(texts.NAME_TAKEN.format(name=member.name))
            if len(others) >= MAX_MEMBERS:
                raise AgentError(texts.ROOM_FULL.format(n=MAX_MEMBERS))
            if self.room_of(key) is not room:
                self.leave(key)
            room.change(members={**room.members, key: member}, joined=None)
            self._make_room(room)

    def note(self, key: str, member: Member, mistakes: Mapping[int, str | None]) -> None:
        """Note what a test said of a copy, unless it was replaced or taken back meanwhile."""
        with self._lock:
            room = self.room_of(key)
            if room is not None and room.members[key] is member:
                room.change(members={**room.members, key: dataclasses.replace(member, mistakes=mistakes)})

    def note_joined(self, room: Room, members: Mapping[str, Member], joined: tuple[int, int]) -> None:
        """Note what these copies, joined, answered, unless others are in the room meanwhile."""
        with self._lock:
            if _copies(room.members) == _copies(members):
                room.change(joined=joined)

    def leave(self, key: str) -> None:
        """Take what somebody handed in out of its room."""
        with self._lock:
            room = self.room_of(key)
            if room is not None:
                others = {its_key: member for its_key, member in room.members.items() if its_key != key}
                room.change(members=others, joined=None)

    def remove(self, key: str, name: object) -> None:
        """Take the copy of this name out of the room that somebody made."""
        with self._lock:
            room = self.made_by(key)
            for its_key, member in room.members.items() if room else ():
                if member.name == name:
                    self.leave(its_key)
                    return

    def _living(self) -> list[Room]:
        """All rooms, once those older than a day are gone."""
        with self._lock:
            oldest = self._clock() - self._life_s
            self._rooms = {key: room for key, room in self._rooms.items() if room.made > oldest}
            return list(self._rooms.values())

    def _make_room(self, present: Room) -> None:
        """Drop rooms beyond the caps, never the present one."""
        others = [(key, room) for key, room in self._rooms.items() if room is not present]
        others.sort(key=lambda item: _priority(item[1]))
        for key, _ in others[: max(0, len(self._rooms) - self._max_rooms)]:
            del self._rooms[key]
        n_bytes = sum(room.n_bytes for room in self._rooms.values())
        for key, room in sorted(others, key=lambda item: item[1].n_bytes <= 2 * self._max_bytes / self._max_rooms):
            if n_bytes <= self._max_bytes:
                return
            if self._rooms.pop(key, None):
                n_bytes -= room.n_bytes


def _priority(room: Room) -> tuple[int, float]:
    """What orders rooms that make way: those of few members, the oldest first, then all others, the newest first."""
    n = min(len(room.members), MANY_MEMBERS)
    return n, -room.made if n == MANY_MEMBERS else room.made


def clean_code(code: object) -> str:
    """Read a code as somebody types it.

    Examples
    --------
    >>> clean_code(" cdfh-jkmn ")
    'CDFHJKMN'
    """
    return "".join(char for char in str(code).upper() if char in LETTERS)


@functools.cache
def digits_asked() -> tuple[np.ndarray, list[str]]:
    """The test digits that every agent of a class is asked: (100, 28, 28) uint8, and their labels."""
    drawings, labels = digits.Selection({"mnist": N_ASKED}, split="test").draw()
    return drawings, labels


def iter_test(pupil: Pupil) -> Generator[Progress, None, dict[int, str | None]]:
    """Ask an agent the test digits, a few in each step; returns its mistakes as `Member` has them."""
    for result in evaluate(pupil, *digits_asked(), chunk=ASKED_AT_ONCE):
        yield Progress(result.n_done, result.n_total, "testing")
    return {mistake.index: mistake.guessed for mistake in result.mistakes}


def iter_joined(members: Sequence[Member]) -> Generator[Progress, None, tuple[Pupil | None, list[str]]]:
    """Join agents, step by step; bulk lessons that several had, such as those of a starter, are taught once.

    Returns the joined agent, None where there is none, and the names of those that cannot be joined: their lessons
    cannot be taught again, are too many, or would make too many labels.
    """
    joined, known, left_out = None, set(), []
    for place, member in enumerate(members):
        try:
            known_then = known.copy()
            restoring = WithResult(member.iter_restore(known_then, 0 if joined is None else joined.n_lessons))
            for _ in restoring:
                yield Progress(place, len(members), "joining")
            if joined is None:
                joined = restoring.result
            else:
                for _ in joined.iter_join(restoring.result):
                    yield Progress(place, len(members), "joining")
            known = known_then
        except AgentError:
            left_out.append(member.name)
        yield Progress(place + 1, len(members), "joining")
    return joined, left_out


def iter_together(rooms: Rooms, room: Room) -> Generator[Progress, None, tuple[int, int, list[str]]]:
    """Test the agents that have not been tested, join all of a room and test the joined agent.

    Returns how many were joined, how many of the test digits they answer right, and the names of `iter_joined`.
    """
    for key, member in room.members.items():
        if member.mistakes is None:
            with contextlib.suppress(AgentError):  # its lessons cannot be taught again: `iter_joined` names it
                rooms.note(key, member, (yield from iter_test((yield from member.iter_restore(set())))))
    members = room.members
    joined, left_out = yield from iter_joined([*members.values()])
    if joined is None:
        return 0, 0, left_out
    n_joined, n_right = len(members) - len(left_out), N_ASKED - len((yield from iter_test(joined)))
    rooms.note_joined(room, members, (n_joined, n_right))
    return n_joined, n_right, left_out


def _copies(members: Mapping[str, Member]) -> dict[str, tuple[str, bytes]]:
    return {key: (member.config, member.packed_log) for key, member in members.items()}


def _iter_left_out(lessons: Lessons, known: set[str]) -> Generator[Progress, None, set[int]]:
    """Look for bulk lessons that are ``known``, and for which of them were forgotten; returns their numbers."""
    standing, forgotten = lessons.standing(), defaultdict(list)
    bulks = [entry for entry in standing if isinstance(entry, Bulk) and _source(entry) in known]
    for entry in standing:
        if isinstance(entry, BulkForgotten):
            forgotten[entry.label, entry.drawing.tobytes()].append(entry.number)
    left_out, labels, last = {bulk.number for bulk in bulks}, {label for label, _ in forgotten}, None
    for bulk in bulks if labels else ():
        if bulk.source != last:
            last, source = bulk.source, datasets.lazy(bulk.source or {})
            yield Progress(0, 1, "joining")
        its_labels = enumerate(source.labels[bulk.start : bulk.start + bulk.n_lessons], bulk.start)
        places = [place for place, label in its_labels if label in labels]
        for first in range(0, len(places), DRAWN_AT_ONCE):
            part = np.array(places[first : first + DRAWN_AT_ONCE])
            for place, drawing in zip(part, preprocessing.to_thumbnails(source.draw(part)), strict=True):
                if numbers := forgotten.get((source.labels[place], drawing.tobytes())):
                    left_out.add(numbers.pop())
            yield Progress(first, len(places), "joining")
    return left_out


def _compact(lessons: Lessons, is_left_out: Callable[[Entry], object]) -> Generator[Progress, None, Lessons]:
    """Copy what stands of a log, without joins and some entries, step by step."""
    log = Lessons()
    vars(log).update(vars(lessons))
    yield from log.iter_compact(without={entry.number for entry in lessons.standing() if is_left_out(entry)})
    return log


def _source(entry: Entry) -> str:
    """Which bulk lessons an entry stands for, as text; empty where it says itself what they are."""
    if not isinstance(entry, Bulk) or entry.source is None or entry.drawings is not None:
        return ""
    return json.dumps([entry.source, entry.start, entry.n_lessons], sort_keys=True)


def _new_code(taken: set[str]) -> str:
    """A code that no room has."""
    while (code := "".join(secrets.choice(LETTERS) for _ in range(CODE_CHARS))) in taken:
        pass
    return code


ROOMS = Rooms()
