"""A visitor's session, and the server-side store of all sessions.

The browser holds its session's unguessable id, and the lesson log in case the session is dropped. A session is only
touched under its lock, so two events of one visitor never meet; the lock belongs to the store, agents stay plain.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import re
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from agent.agents import Agent, new
from agent.agents.pupil import Pupil
from agent.errors import AgentError
from agent.lessons import Lesson
from agent.models import MODELS
from agent.progress import CancelToken, Progress
from agent.ui import formatting
from agent.ui.classroom import ROOMS
from agent.ui.history import JOBS, History, Step
from agent.ui.parts.browser_backup import BrowserBackup, SyncState
from agent.ui.server.limits import TokenBucket
from agent.ui.texts import ENGLISH, Language, server_texts, texts

if TYPE_CHECKING:
    from agent.ui.parts.challenge import Challenge
    from agent.ui.parts.symbols import Symbols

DEFAULT_MODEL = "recall" if "recall" in MODELS else next(iter(MODELS))
MAX_SESSIONS = 200  # a new one holds 5 MB, one of 100 lessons 17, of all of MNIST 170, shared where a starter taught it
MAX_BYTES = 6_000_000_000
IDLE_S = float(os.environ.get("PUPIL_IDLE_S", 12 * 3600.0))  # then a session is dropped; its browser has the lessons
SESSION_BYTES = 100_000  # of one that holds nothing
KEPT_BYTES = 1_500  # of a drawing with what is noted about it, or a state of a trajectory
LESSON_BYTES = 3_000  # of an agent that is taught again, a lesson
MAX_STAKE = 8  # lessons
MAX_EARLIER, MAX_EARLIER_BYTES = 5, 64_000_000  # agents besides the one in use; the browser keeps all their logs
N_STROKES = 60  # of the pad, kept
LIMITS = {"lesson": 2_000, "share": 20, "code": 20, "megabyte": 200}  # an hour; of agents that are saved, for the last
State = TypeVar("State")


@dataclass(frozen=True)
class Mistake:
    """One drawing the last test got wrong, until it is corrected."""

    drawing: np.ndarray
    label: str
    guessed: str | None


@dataclass
class InsideView:
    """What a visitor looks at inside the agent."""

    number: int = -1  # of the lesson looked at; else the drawing on the pad
    step: int = 1  # of the trajectory, from 1
    n_drawn: int = 0  # drawings from memory so far: the seed of the next
    neuron: int = 406  # in the middle of the inner neurons
    node: int = 0  # of the RAM nodes
    trajectory: list[Any] = field(default_factory=list)  # states, where the model has them


@dataclass
class PadState:
    """What a visitor's pad shows, as (28, 28) thumbnails. It reports late: a report may be older than the last event.

    Examples
    --------
    >>> pad, ink = PadState(), np.eye(28, dtype=np.uint8) * 255
    >>> pad.report(ink)
    True
    >>> pad.finish(ink)
    >>> pad.report(ink), pad.report(ink.T[::-1])  # late, then a new stroke
    (False, True)
    """

    drawing: np.ndarray | None = None  # that the present guess is about; None when the pad is blank
    finished: np.ndarray | None = None  # the drawing last taught or cleared: the pad may report it once more
    is_placed: bool = False  # the server has put `drawing` on the pad, and the pad has not reported it yet
    # the pad after each of the last strokes
    strokes: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=N_STROKES))
    n_reports: int = 0  # since it was blank
    ink: np.ndarray | None = None  # (280, 280) uint8, as it was reported last
    covered: np.ndarray | None = None  # the visitor's ink that a picture has taken the place of
    symbols: Symbols | None = None  # where there are several on the pad or in a photo
    is_one: bool = False  # the visitor said so: what is on the pad is not parted
    outcome: tuple[str, ...] = ()  # what the page shows in place of a guess after a drawing was taught,
    outcome_at: int = 0  # as long as the agent has so many lessons
    placed: np.ndarray | None = None  # what the server has put there last
    is_back: bool = False  # that is the drawing of a lesson that was undone
    has_picture: bool = False  # the server has put something there, below any strokes
    # how many actions the history held when the strokes were cleared, where nothing was drawn since
    cleared_after: int | None = None

    @property
    def has_own_ink(self) -> bool:
        """Whether anything is on the pad that Undo has not put there."""
        return self.drawing is not None and not (self.is_back and self.is_as_placed)

    @property
    def is_as_placed(self) -> bool:
        """Whether what is on the pad is what the server has put there, without a stroke."""
        return self.drawing is not None and self.placed is not None and np.array_equal(self.drawing, self.placed)

    def report(self, thumbnail: np.ndarray) -> bool:
        """Take what the pad reports; False when it is late or changes nothing."""
        if not thumbnail.any():
            self.has_picture = self.has_picture and self.is_placed
            self.n_reports, self.ink, self.is_one = 0, None, False
            self.finished = None  # a blank pad sends nothing late: the next drawing is new even if it is the same
            if self.drawing is None or self.is_placed:
                return False
            self.drawing = self.symbols = self.placed = None
            return True
        if self.symbols is not None and self.drawing is not None and np.array_equal(thumbnail, self.drawing):
            return False
        if self.finished is not None and np.array_equal(thumbnail, self.finished):
            return False
        self.finished, self.is_placed, self.drawing, self.outcome, self.cleared_after = None, False, thumbnail, (), None
        self.is_one = self.is_one and (not self.is_back or self.placed is None or self.is_as_placed)  # else drawn on
        self.strokes.append(thumbnail)
        self.n_reports += 1
        return True

    def place(self, thumbnail: np.ndarray, is_back: bool = False) -> None:
        """Note that the server puts a drawing on the pad; ``is_back``: that of a lesson that was undone."""
        is_covered = self.drawing is not None and not self.has_picture
        self.covered = self.ink if is_covered else self.covered if self.has_picture else None
        self.drawing, self.finished, self.is_placed, self.symbols = thumbnail, None, True, None
        self.placed, self.is_back = thumbnail, is_back
        self.has_picture, self.cleared_after, self.is_one = True, None, False

    def finish(self, thumbnail: np.ndarray, outcome: tuple[str, ...] = (), n_lessons: int = 0) -> None:
        """Note that the drawing on the pad was cleared, or taught: what the page shows of it, and the lessons then."""
        self.outcome_at = n_lessons
        self.drawing, self.finished, self.outcome, self.is_placed, self.placed = None, thumbnail, outcome, False, None
        self.symbols, self.has_picture, self.cleared_after, self.is_one = None, False, None, False

    def reset(self) -> None:
        """Start with a blank pad."""
        self.drawing = self.placed = self.symbols = self.cleared_after = None
        self.outcome, self.is_placed, self.has_picture, self.is_one = (), False, False, False


def _counters() -> dict[str, TokenBucket]:
    return {what: TokenBucket(limit, limit / 3600, time.monotonic()) for what, limit in LIMITS.items()}


@dataclass
class Session:
    """One visitor's agent, and the state of the page around it."""

    pupil: Pupil
    earlier: tuple[Pupil, ...] = ()  # the agents before this one, the last one first
    keys: WeakKeyDictionary[Pupil, str] = field(default_factory=WeakKeyDictionary)  # that tell them apart
    other_agents: dict[str, Agent] = field(default_factory=dict)  # agents of other families, by family
    comparison_agent: Pupil | None = None  # another visitor's agent, tried beside this one
    challenge: Challenge | None = None  # ten lessons for a new agent; this one waits meanwhile
    pad: PadState = field(default_factory=PadState)
    series: tuple[str, int] | None = None  # the symbol that is drawn several times, and how many are left
    status: str = ""
    news: dict[str, str] = field(default_factory=dict)  # what status lines and the name were last filled with
    filled: tuple[list[Any], bytes | None] | None = None  # agents and ink when all tabs were last filled in
    language: Language = ENGLISH  # of the page that was opened last
    history: History = field(default_factory=History)  # of all that changed an agent
    mistakes: list[Mistake | None] = field(default_factory=list)  # of the last test; None: corrected
    results_of: Pupil | None = None  # the agent whose curve and test the Teach tab shows
    inside: InsideView = field(default_factory=InsideView)
    states: dict[type, Any] = field(default_factory=dict)  # of tabs, by class; `state` makes them
    browser: BrowserBackup = field(default_factory=BrowserBackup)  # what the visitor's browser has of the log
    job: CancelToken | None = None  # of the training, test or run under way; a new one cancels the one before
    n_retaught: int = 0  # lessons so far of an agent that is taught again, to be the one in use
    counters: dict[str, TokenBucket] = field(default_factory=_counters)

    def state(self, kind: type[State]) -> State:
        """Give the state of a tab in this session, made at its first use."""
        if kind not in self.states:
            self.states[kind] = kind()
        return self.states[kind]

    def replace(self, pupil: Pupil) -> None:
        """Use another agent; those before that had a lesson stay within reach, as many as there is room for."""
        before = [other for other in (self.pupil, *self.earlier) if other is not pupil and other.n_lessons]
        n_bytes = list(itertools.accumulate(other.n_bytes for other in before[:MAX_EARLIER]))
        n_kept = max(1, sum(size <= MAX_EARLIER_BYTES for size in n_bytes))
        with self.history.exchange(self, "agent", pupil.name):
            self.pupil, self.earlier, self.challenge = pupil, tuple(before[:n_kept]), None
        if self.comparison_agent is pupil:
            self.comparison_agent = None
        self.status = ""
        self.forget_views()

    def key(self, pupil: Pupil) -> str:
        """What an agent is called between this session and its browser."""
        return self.keys.setdefault(pupil, secrets.token_urlsafe(8))

    def forget_views(self) -> None:
        """Show nothing of the agent before: a test and the view inside start anew, a job ends; the drawing stays."""
        self.cancel_job()
        self.pad.outcome, self.series = (), None
        self.mistakes, self.inside = [], InsideView()

    def undo(self) -> Step | None:
        """Undo the last action and return it; None when there is none."""
        return self._turn(self.history.undo)

    def redo(self) -> Step | None:
        """Redo the action undone last and return it; None when there is none, or something else happened since."""
        return self._turn(self.history.redo)

    def _turn(self, turn: Callable[[Session], Step | None]) -> Step | None:
        pupil, challenger = self.pupil, self.at_pad
        step = turn(self)
        if step is not None and step.what in JOBS:
            self.cancel_job()
        if self.pupil is not pupil or self.at_pad is not challenger:
            self.forget_views()
        return step

    def start_job(self) -> CancelToken:
        """Begin a long job, and cancel the one under way."""
        self.cancel_job()
        self.job, self.status = CancelToken(), ""
        return self.job

    def cancel_job(self) -> None:
        """Ask the job under way to end after its present step."""
        if self.job is not None:
            self.job.cancel()

    def end(self) -> None:
        """End all that is under way when the session makes room: memory taken from then on would not be counted."""
        self.cancel_job()
        self.browser.restoring = None

    def retaught(self, steps: Iterable[Progress]) -> Iterator[Progress]:
        """Pass on the steps in which an agent is taught again; what it takes so far counts with the session."""
        try:
            for progress in steps:
                self.n_retaught = progress.n_done
                yield progress
        finally:
            self.n_retaught = 0

    @property
    def at_pad(self) -> Pupil:
        """The agent that is drawn for: the one in use, or the one of a challenge that runs."""
        running = self.challenge is not None and self.challenge.result is None
        return self.challenge.pupil if running else self.pupil

    def turn_page(self, language: Language) -> None:
        """Begin on a newly opened page: its pad is empty, and a status in another language is not repeated."""
        self.pad.reset()
        self.pad.finished = None  # what is drawn there is new, even if it is the same
        self.news.clear()
        if language is not self.language:
            self.language, self.status = language, ""

    def set_challenge(self, challenge: Challenge | None) -> None:
        """Begin a challenge, or end it; what is on the pad stays there, for whoever is drawn for now."""
        with self.history.exchange(self, "challenge"):
            self.challenge = challenge
        self.pad.outcome, self.series = (), None

    def count(self, what: str, amount: float = 1) -> None:
        """Count a lesson, a share, a class's code or room, or megabytes; AgentError for too many within an hour."""
        counter, limit = self.counters[what], formatting.number(LIMITS[what])
        if not counter.take(amount, time.monotonic()):
            minutes = math.ceil((amount - counter.left) / counter.per_s / 60)
            text = server_texts.MANY[what]
            raise AgentError(text.format(n=limit, minutes=formatting.count(minutes, "minute")))

    def take(self, agent: Agent) -> str:
        """Put an agent of any family where it belongs, and say where that is if it is not the agent in use."""
        if isinstance(agent, Pupil):
            self.replace(agent)
        else:
            self.other_agents[agent.FAMILY] = agent
        return texts.WHERE[agent.FAMILY]

    def notebook(self) -> list[Lesson]:
        """Give the visitor's lessons of this agent and those before, every drawing once, oldest first."""
        lessons = [lesson for pupil in (*self.earlier[::-1], self.pupil) for lesson in pupil.lessons.user_lessons()]
        return list({lesson.drawing.tobytes(): lesson for lesson in lessons}.values())

    @property
    def stake(self) -> float:
        """How much would be lost with it: 0 where nothing was drawn, taught or made, at most `MAX_STAKE`."""
        agents = (self.pupil, *self.earlier, self.comparison_agent, *self.other_agents.values())
        n_lessons = sum(agent.n_lessons for agent in agents if agent is not None)
        return min(MAX_STAKE, n_lessons + len(self.states) + 0.5 * bool(self.pad.strokes))

    @property
    def n_bytes(self) -> int:
        """Bytes of all that is kept for the visitor: agents with their logs, drawings, states of tabs, the backup."""
        challenger = self.challenge.pupil if self.challenge else None
        agents = {id(agent): agent for agent in (self.pupil, challenger, *self.earlier, self.comparison_agent)}
        held = (*filter(None, agents.values()), *self.other_agents.values(), *self.states.values(), self.browser)
        n_kept = len(self.pad.strokes) + len(self.mistakes) + len(self.inside.trajectory)
        counted = [part for agent in agents.values() if agent for part in (agent.model, agent.lessons)]
        n_bytes = sum(part.n_bytes for part in held) + self.history.n_bytes(counted)
        return SESSION_BYTES + n_bytes + n_kept * KEPT_BYTES + self.n_retaught * LESSON_BYTES


@dataclass
class _Slot:
    session: Session
    used: float
    n_bytes: int = 0  # of the session when last left: counting all sessions for each event takes long
    stake: float = 0  # likewise
    lock: threading.RLock = field(default_factory=threading.RLock)


class Sessions:
    """All sessions by id, the least recently used first; old ones make room.

    Examples
    --------
    >>> sessions = Sessions(lambda: Session(new("nearest")), max_sessions=1)
    >>> with sessions.open("first") as session:
    ...     session.pupil.name = "Mia"
    >>> with sessions.open("second") as session:
    ...     session.pupil.name
    'Pupil'
    >>> "first" in sessions, sessions.was_dropped("first")
    (False, True)
    """

    def __init__(
        self,
        new_session: Callable[[], Session],
        max_sessions: int = MAX_SESSIONS,
        max_bytes: int = MAX_BYTES,
        idle_s: float = IDLE_S,
        clock: Callable[[], float] = time.monotonic,
        other_bytes: Callable[[], int] = int,
    ) -> None:
        self._new_session, self._clock, self._other_bytes = new_session, clock, other_bytes
        self._max_sessions, self._max_bytes, self._idle_s = max_sessions, max_bytes, idle_s
        self._slots: OrderedDict[str, _Slot] = OrderedDict()
        self._dropped: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._slots

    def __len__(self) -> int:
        return len(self._slots)

    @contextlib.contextmanager
    def open(self, session_id: str) -> Iterator[Session]:
        """Give the session of this id, a new one if need be, and keep others out meanwhile."""
        with self._lock:
            slot = self._slots.get(session_id)
            if slot is None:
                slot = self._slots[session_id] = _Slot(self._new_session(), self._clock())
                self._dropped.pop(session_id, None)
            slot.used = self._clock()
            self._slots.move_to_end(session_id)
            self._make_room()
        with slot.lock:
            try:
                yield slot.session
            finally:
                slot.n_bytes, slot.stake = slot.session.n_bytes, slot.session.stake

    def stop(self, session_id: str) -> None:
        """Cancel the job of a session, which ends after its present step: waits for no lock."""
        slot = self._slots.get(session_id)
        if slot is not None:
            slot.session.cancel_job()

    def stake(self, session_id: str) -> int:
        """How much would be lost with a session, as when it was last left; 0 where there is none."""
        slot = self._slots.get(session_id)
        return slot.stake if slot is not None else 0

    def knows(self, session_id: str) -> bool:
        """Whether there is a session of this id, or was one that had to make room."""
        return session_id in self._slots or session_id in self._dropped

    def was_dropped(self, session_id: str) -> bool:
        """Whether the session of this id had to make room; true only once."""
        with self._lock:
            return self._dropped.pop(session_id, self) is None

    def _make_room(self) -> None:
        """Drop idle sessions and, beyond the caps, others, never the newest.

        Beyond the cap of sessions those of least at stake go first, so that a thousand made-up visitors put nobody out;
        beyond that of bytes those that take more than twice their part. Of equal ones the least recently used.
        """
        oldest_use = self._clock() - self._idle_s
        n_bytes = self._other_bytes() + sum(slot.n_bytes for slot in self._slots.values())
        others = list(self._slots.items())[:-1]
        if len(self._slots) > self._max_sessions:
            others.sort(key=lambda item: item[1].stake)
        elif n_bytes > self._max_bytes:
            others.sort(key=lambda item: item[1].n_bytes <= 2 * self._max_bytes / self._max_sessions)
        others.sort(key=lambda item: item[1].used >= oldest_use)
        for session_id, slot in others:
            if len(self._slots) <= self._max_sessions and n_bytes <= self._max_bytes and slot.used >= oldest_use:
                break
            del self._slots[session_id]
            slot.session.end()
            n_bytes -= slot.n_bytes
            self._dropped[session_id] = None
            if len(self._dropped) > 10_000:
                self._dropped.popitem(last=False)


class Id(str):
    """The id of a new session; a copy of it is the id of another one.

    gradio copies the initial value of a State for each visitor. It would also call a function, but in an event whose
    answer may come after that of the event that finds a visitor's session again.

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
    """Whether a text can be an id.

    Examples
    --------
    >>> is_id(Id()), is_id("../etc")
    (True, False)
    """
    return re.fullmatch(r"[\w-]{22}", text, re.ASCII) is not None


def new_session() -> Session:
    """Make a session with an agent that knows nothing, whose browser may have a backup."""
    return Session(new(DEFAULT_MODEL, name=texts.TITLE), browser=BrowserBackup(SyncState.UNSYNCED))


SESSIONS = Sessions(new_session, other_bytes=lambda: ROOMS.n_bytes)
