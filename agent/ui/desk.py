"""One visitor's desk, and the server-side store of all desks.

The browser holds its desk's unguessable id, and the lesson log in case the desk goes. A desk is only touched under its
own lock, so two events of one visitor never meet; the lock belongs to the store, agents stay plain.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from agent.errors import AgentError
from agent.families import Agent, new
from agent.kinds import KINDS
from agent.lessons import Lesson
from agent.pupil import Pupil
from agent.ui import memory, words, words_browser
from agent.ui.browser import Browser, Stand
from agent.ui.language import ENGLISH, Language
from agent.ui.learners import Learners
from agent.ui.pace import Bucket
from agent.ui.shelf import Shelf
from agent.ui.undone import Undone

if TYPE_CHECKING:
    from agent.ui.challenge import Challenge
    from agent.ui.watching import Watch

DEFAULT_KIND = "recall" if "recall" in KINDS else next(iter(KINDS))
MAX_DESKS = 200  # a newborn holds 5 MB, one of 100 lessons 17, of all of MNIST 170, shared where a starter taught it
MAX_BYTES = 6_000_000_000
IDLE_S = float(os.environ.get("PUPIL_IDLE_S", 12 * 3600.0))  # after which a desk goes; its browser has the lessons


@dataclass(frozen=True)
class Missed:
    """One drawing the last test got wrong, until it is corrected."""

    drawing: np.ndarray
    label: str
    guessed: str | None


@dataclass
class Inside:
    """What a visitor looks at inside the agent."""

    number: int = -1  # of the own lesson looked at; else the drawing on the pad
    step: int = 1  # of the story, from 1
    n_drawn: int = 0  # drawings from memory so far: the seed of the next
    neuron: int = 406  # in the middle of the inner neurons
    node: int = 0  # of the RAM nodes
    tale: list[Any] = field(default_factory=list)  # the states of the story, where the kind has one


LIMITS = {"lesson": 2_000, "share": 20}  # an hour


def _counters() -> dict[str, Bucket]:
    return {what: Bucket(most, most / 3600, time.monotonic()) for what, most in LIMITS.items()}


@dataclass
class Desk:
    """One visitor's agent and what lies around it."""

    pupil: Pupil
    previous: Pupil | None = None  # the agent before this one, kept until replaced again
    others: dict[str, Agent] = field(default_factory=dict)  # agents of other families, by family
    challenge: Challenge | None = None  # ten lessons for a fresh agent; this one waits meanwhile
    guest: Pupil | None = None  # somebody else's agent, tried beside this one
    showing: np.ndarray | None = None  # the kept drawing the present guess is about
    done: np.ndarray | None = None  # the kept drawing last taught or cleared: reported late by the pad, it is no news
    is_put: bool = False  # what the pad shows was put there, and it has not reported that yet
    strokes: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=60))  # the pad after each of the last
    outcome: tuple[str, ...] = ()  # what is shown in place of a guess once a drawing was taught
    status: str = ""
    language: Language = ENGLISH  # of the page that was opened last
    undone: Undone = field(default_factory=Undone)  # lessons taken back that may be taught again
    missed: list[Missed | None] = field(default_factory=list)  # None: corrected
    inside: Inside = field(default_factory=Inside)
    learners: Learners = field(default_factory=Learners)  # of numbers
    shelf: Shelf = field(default_factory=Shelf)  # the runs of the Compare tab
    watch: Watch | None = None  # what is watched on the Frames tab
    browser: Browser = field(default_factory=Browser)  # what the visitor's browser keeps of the log
    course: object | None = None  # the course or test that may go on; a new one ends the one before
    counters: dict[str, Bucket] = field(default_factory=_counters)

    def replace(self, pupil: Pupil) -> None:
        """Put another agent on the desk; the one before stays within reach."""
        self.previous, self.pupil = self.pupil, pupil
        self.showing, self.outcome, self.missed, self.course, self.status = None, (), [], None, ""
        self.inside, self.undone, self.challenge = Inside(), Undone(), None

    @property
    def at_pad(self) -> Pupil:
        """The agent that is drawn for: the one on the desk, or the one of a challenge that runs."""
        running = self.challenge is not None and self.challenge.result is None
        return self.challenge.pupil if running else self.pupil

    def turn_page(self, language: Language) -> None:
        """Meet a page that is opened: its pad is empty, and what was said in another language is not repeated."""
        self.showing, self.is_put, self.outcome = None, False, ()
        if language is not self.language:
            self.language, self.status = language, ""

    def challenged(self, challenge: Challenge | None) -> None:
        """Begin a challenge, or end it: the pad is empty for whoever is drawn for now."""
        self.challenge, self.undone = challenge, Undone()
        self.showing, self.outcome = None, ()

    def count(self, what: str) -> None:
        """Count a lesson or a share; AgentError when there were too many within an hour."""
        counter, most = self.counters[what], words.number(LIMITS[what])
        if not counter.take(1, time.monotonic()):
            minutes = math.ceil((1 - counter.left) / counter.per_s / 60)
            said = {"lesson": words_browser.MANY_LESSONS, "share": words_browser.MANY_SHARES}[what]
            raise AgentError(said.format(n=most, minutes=words.count(minutes, "minute")))

    def take(self, agent: Agent) -> str:
        """Put an agent of any family where it belongs, and say where that is if it is not the desk itself."""
        if isinstance(agent, Pupil):
            self.replace(agent)
        else:
            self.others[agent.FAMILY] = agent
        return words.WHERE[agent.FAMILY]

    def put_away(self, kept: np.ndarray, outcome: tuple[str, ...] = ()) -> None:
        """Remember that the drawing on the pad is done with, and what came of it."""
        self.showing, self.done, self.outcome, self.is_put = None, kept, outcome, False

    def notebook(self) -> list[Lesson]:
        """Give every own lesson of this agent and the one before, each drawing once, oldest first."""
        pupils = (self.previous, self.pupil) if self.previous else (self.pupil,)
        lessons = [lesson for pupil in pupils for lesson in pupil.lessons.own()]
        return list({lesson.drawing.tobytes(): lesson for lesson in lessons}.values())

    @property
    def n_bytes(self) -> int:
        """Bytes of the agents here."""
        fresh = self.challenge.pupil if self.challenge else None
        agents = (self.pupil, fresh, self.previous, self.guest, *self.others.values())
        n_bytes = sum(each.memory.n_bytes for each in agents if each is not None)
        return n_bytes + self.learners.n_bytes + self.browser.n_bytes


@dataclass
class _Seat:
    desk: Desk
    used: float
    n_bytes: int = 0  # of the desk when it was last left: counting those of all desks for each event takes long
    lock: threading.RLock = field(default_factory=threading.RLock)


class Desks:
    """All desks by id, the least recently used first; old ones make room.

    Examples
    --------
    >>> desks = Desks(lambda: Desk(new("nearest")), max_desks=1)
    >>> with desks.open("first") as desk:
    ...     desk.pupil.name = "Mia"
    >>> with desks.open("second") as desk:
    ...     desk.pupil.name
    'Pupil'
    >>> "first" in desks, desks.was_dropped("first")
    (False, True)
    """

    def __init__(
        self,
        new_desk: Callable[[], Desk],
        max_desks: int = MAX_DESKS,
        max_bytes: int = MAX_BYTES,
        idle_s: float = IDLE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._new_desk, self._clock = new_desk, clock
        self._max_desks, self._max_bytes, self._idle_s = max_desks, max_bytes, idle_s
        self._seats: OrderedDict[str, _Seat] = OrderedDict()
        self._dropped: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, desk_id: object) -> bool:
        return desk_id in self._seats

    def __len__(self) -> int:
        return len(self._seats)

    @contextlib.contextmanager
    def open(self, desk_id: str) -> Iterator[Desk]:
        """Give the desk of this id, a new one if need be, and keep others out meanwhile."""
        with self._lock:
            seat = self._seats.get(desk_id)
            if seat is None:
                seat = self._seats[desk_id] = _Seat(self._new_desk(), self._clock())
                self._dropped.pop(desk_id, None)
            seat.used = self._clock()
            self._seats.move_to_end(desk_id)
            made_room = self._make_room()
        if made_room:
            memory.give_back_small()
        with seat.lock:
            try:
                yield seat.desk
            finally:
                seat.n_bytes = seat.desk.n_bytes

    def stop(self, desk_id: str) -> None:
        """Ask the running course of a desk to end after its present step: waits for no lock."""
        seat = self._seats.get(desk_id)
        if seat is not None:
            seat.desk.course = None

    def knows(self, desk_id: str) -> bool:
        """Say whether there is a desk of this id, or was one that had to make room."""
        return desk_id in self._seats or desk_id in self._dropped

    def was_dropped(self, desk_id: str) -> bool:
        """Say, once, whether the desk of this id had to make room."""
        with self._lock:
            return self._dropped.pop(desk_id, self) is None

    def _make_room(self) -> bool:
        """Drop idle desks and, beyond the caps, the least recently used; never the one just opened. Say if any went."""
        oldest_use, n_before = self._clock() - self._idle_s, len(self._seats)
        n_bytes = sum(seat.n_bytes for seat in self._seats.values())
        for desk_id, seat in list(self._seats.items())[:-1]:
            if len(self._seats) <= self._max_desks and n_bytes <= self._max_bytes and seat.used >= oldest_use:
                break
            del self._seats[desk_id]
            n_bytes -= seat.n_bytes
            self._dropped[desk_id] = None
            if len(self._dropped) > 10_000:
                self._dropped.popitem(last=False)
        return len(self._seats) < n_before


class Id(str):
    """The id of a desk nobody else knows of; a copy of it is that of another one.

    gradio copies what a page begins with for each visitor. It would also call a function, but with an event of its
    own, whose answer may come after that of the event that finds a visitor's desk again.

    Examples
    --------
    >>> import copy
    >>> first = Id()
    >>> is_id(first), copy.deepcopy(first) == first
    (True, False)
    """

    __slots__ = ()

    def __new__(cls) -> Self:
        return super().__new__(cls, secrets.token_urlsafe(16))

    def __deepcopy__(self, memo: object) -> Self:
        return type(self)()


def is_id(text: str) -> bool:
    """Say whether something can be an id.

    Examples
    --------
    >>> is_id(Id()), is_id("../etc")
    (True, False)
    """
    return re.fullmatch(r"[\w-]{22}", text, re.ASCII) is not None


def new_desk() -> Desk:
    """Make a desk with an agent that knows nothing, and a browser that may keep something."""
    return Desk(new(DEFAULT_KIND, name=words.TITLE), browser=Browser(Stand.UNKNOWN))


DESKS = Desks(new_desk)
