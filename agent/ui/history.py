"""What was done to a visitor's agents, to be undone and redone by name, one action after the other, to the byte.

A lesson is taken back and taught again. Every other action keeps what was before it: copies of models share their
arrays until one of them changes, and a new agent keeps the old one as it is.
"""

from __future__ import annotations

import contextlib
import copy
import zlib
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from agent.agents.pupil import Pupil
from agent.lessons import Lesson, Lessons
from agent.progress import CancelToken

if TYPE_CHECKING:
    from agent.ui.session import Session

MAX_STEPS = 200
MAX_BYTES = 64_000_000
ENTRY_BYTES = 300  # of a log for each of its events, which copies of it share
STEP_BYTES = 4_000  # of a lesson with its drawing, or of what a step is besides models and logs
JOBS = ("many", "study", "join", "unjoin")  # actions that may be under way when they are undone
T = TypeVar("T")


@dataclass
class LessonStep:
    """A lesson given at the pad, with the ink that was on it, where it is known."""

    pupil: Pupil
    lesson: Lesson
    packed_ink: bytes = b""
    before: tuple[Any, ...] = ()
    after: tuple[Any, ...] = ()
    what: str = "lesson"
    result: Any = None  # of the challenge that the lesson ended
    log: Lessons | None = None  # with the lesson, while it is undone

    @property
    def label(self) -> str:
        """The label that was taught."""
        return self.lesson.label

    @property
    def n_bytes(self) -> int:
        """Bytes of the ink, and of the log while the lesson is undone."""
        return len(self.packed_ink) + (ENTRY_BYTES * len(self.log.events) if self.log is not None else 0)

    @property
    def ink(self) -> np.ndarray:
        """What was on the pad, (280, 280) uint8, or the thumbnail, (28, 28)."""
        if not self.packed_ink:
            return self.lesson.drawing
        ink = np.frombuffer(zlib.decompress(self.packed_ink), np.uint8)
        return ink.reshape(int(len(ink) ** 0.5), -1)

    def undo(self, session: Session) -> None:
        """Take the lesson back."""
        self.log = self.pupil.lessons
        self.pupil.take_back()
        if session.challenge is not None and session.challenge.pupil is self.pupil:
            self.result, session.challenge.result = session.challenge.result, None

    def redo(self, session: Session) -> None:
        """Teach the lesson again, as it was."""
        self.pupil.model.learn_one(self.lesson.drawing, self.lesson.label)
        self.pupil.lessons, self.log = self.log, None
        if session.challenge is not None and session.challenge.pupil is self.pupil:
            session.challenge.result = self.result


@dataclass
class RenameStep:
    """A change of an agent's name; its memory stays as it is."""

    pupil: Pupil
    label: str  # the name that is given
    name: str  # the other one: before it is undone the old name
    before: tuple[Any, ...]
    after: tuple[Any, ...] = ()
    what: str = "rename"

    def undo(self, session: Session) -> None:
        """Exchange the names."""
        self.pupil.name, self.name = self.name, self.pupil.name

    redo = undo


@dataclass
class Snapshot:
    """Any other action: what it replaced, and once it is undone, what it had made."""

    what: str
    label: str
    state: _State
    before: tuple[Any, ...]
    after: tuple[Any, ...]

    @property
    def parts(self) -> list[Any]:
        """Models and logs that are kept because of it."""
        parked = [part for pupil in self.state.agents for part in (pupil.model, pupil.lessons)]
        return [*parked, *(part for _, model, log, _ in self.state.memories for part in (model, log))]

    def undo(self, session: Session) -> None:
        """Exchange what is kept for what is there."""
        state, self.state = self.state, _State.of(session, [pupil for pupil, *_ in self.state.memories])
        session.pupil, session.earlier, session.challenge = state.pupil, state.earlier, state.challenge
        for pupil, model, log, lineage in state.memories:
            pupil.model, pupil.lessons, pupil.lineage = model, log, lineage

    redo = undo


@dataclass
class _State:
    """The agents of a session, and the memories of those that an action may change."""

    pupil: Pupil
    earlier: tuple[Pupil, ...]
    challenge: Any
    memories: list[tuple[Pupil, Any, Any, Any]]

    @classmethod
    def of(cls, session: Session, pupils: Collection[Pupil]) -> _State:
        memories = [(pupil, pupil.model, pupil.lessons, pupil.lineage) for pupil in pupils]
        return cls(session.pupil, session.earlier, session.challenge, memories)

    @classmethod
    def copied(cls, session: Session) -> _State:
        """With copies of the memories, which may be changed in place."""
        pupils = {id(pupil): pupil for pupil in (session.pupil, session.at_pad)}
        state = cls.of(session, list(pupils.values()))
        state.memories = [(pupil, *copy.deepcopy(memory), lineage) for pupil, *memory, lineage in state.memories]
        return state

    @property
    def agents(self) -> list[Pupil]:
        challenger = self.challenge.pupil if self.challenge is not None else None
        return [pupil for pupil in (self.pupil, *self.earlier, challenger) if pupil is not None]


# `what` is one of [common.ACTIONS] of the texts, which names it together with `label`
Step = LessonStep | RenameStep | Snapshot


@dataclass
class History:
    """The actions that can be undone, the last one last, and those that can be redone, the next one last.

    Examples
    --------
    >>> from agent.agents import new
    >>> from agent.ui.session import Session
    >>> session, drawing = Session(new("nearest")), np.eye(28, dtype=np.uint8) * 255
    >>> with session.history.lesson(session, session.pupil, drawing, "1"):
    ...     pass
    >>> session.history.undo(session).label, session.pupil.n_lessons
    ('1', 0)
    >>> session.history.redo(session).label, session.pupil.n_lessons
    ('1', 1)
    """

    done: list[Step] = field(default_factory=list)
    undone: list[Step] = field(default_factory=list)

    def next_undo(self, session: Session) -> tuple[str, str] | None:
        """Name what would be undone; without a history, as of an agent whose log alone came back, the last lesson."""
        if self.done and self.done[-1].after == _mark(session):
            return self.done[-1].what, self.done[-1].label
        lessons = session.at_pad.lessons.user_lessons()
        return ("lesson", lessons[-1].label) if lessons else None

    def next_redo(self, session: Session) -> tuple[str, str] | None:
        """Name what would be redone."""
        if not self.undone or self.undone[-1].before != _mark(session):
            return None
        return self.undone[-1].what, self.undone[-1].label

    def undo(self, session: Session) -> Step | None:
        """Undo the last action and return it; None when there is none."""
        mark, pupil = _mark(session), session.at_pad
        if self.done and self.done[-1].after == mark:
            step = self.done[-1]
            step.undo(session)
            self.done.pop()
        else:
            lessons, events = pupil.lessons.user_lessons(), pupil.lessons.events
            if not lessons:
                return None
            if events[-1]["number"] == lessons[-1].number and events[-1]["event"] == "lesson":
                step = LessonStep(pupil, lessons[-1], after=mark)
                step.undo(session)
            else:
                step = Snapshot("lesson", lessons[-1].label, _State.copied(session), mark, mark)
                pupil.undo()
            step.before = _mark(session)
            self.done.clear()
        if self.undone and self.undone[-1].before != mark:
            self.undone.clear()
        self.undone.append(step)
        self._trim(self.undone, session)
        return step

    def redo(self, session: Session) -> Step | None:
        """Redo what was undone last and return it; None when there is nothing, or something else happened since."""
        if self.next_redo(session) is None:
            self.undone.clear()
            return None
        step = self.undone.pop()
        step.redo(session)
        self.done.append(step)
        return step

    @contextlib.contextmanager
    def lesson(
        self, session: Session, pupil: Pupil, thumbnail: np.ndarray, label: object, ink: np.ndarray | None = None
    ) -> Iterator[None]:
        """Teach a lesson; what is done within the ``with`` block belongs to it."""
        before, session.status = _mark(session), ""
        pupil.learn_thumbnail(thumbnail, label)
        lesson, what = pupil.lessons.user_lessons()[-1], "lesson" if pupil is session.pupil else "ten"
        yield
        packed = zlib.compress(ink.tobytes()) if ink is not None else b""
        self._add(LessonStep(pupil, lesson, packed, before, what=what), session)

    def rename(self, session: Session, pupil: Pupil, name: str) -> None:
        """Give an agent of the session another name."""
        step = RenameStep(pupil, name, name, _mark(session))
        step.undo(session)
        self._add(step, session)

    @contextlib.contextmanager
    def change(self, session: Session, what: str, label: str = "") -> Iterator[None]:
        """Make what is done within the ``with`` block an action."""
        state, before = _State.copied(session), _mark(session)
        yield
        self._add(Snapshot(what, label, state, before, before), session)

    @contextlib.contextmanager
    def exchange(self, session: Session, what: str, label: str = "") -> Iterator[None]:
        """As `change`, where other agents take the place of those that are there, and none is changed."""
        state, before = _State.of(session, ()), _mark(session)
        yield
        self._add(Snapshot(what, label, state, before, before), session)

    def steps(
        self, session: Session, what: str, label: str, work: Iterator[T], token: CancelToken | None = None
    ) -> Generator[T, None, Any]:
        """Pass on the steps of a job, which are one action unless something else happens between them.

        Returns what the job returns; None once its ``token`` is cancelled.
        """
        step = Snapshot(what, label, _State.copied(session), _mark(session), _mark(session))
        while token is None or not token.cancelled:
            if _mark(session) != step.after:
                step = Snapshot(what, label, _State.copied(session), _mark(session), _mark(session))
            is_over, item = False, None
            try:
                item = next(work)
            except StopIteration as end:
                is_over, item = True, end.value
            if _mark(session) != step.after:
                if self.done and self.done[-1] is step:
                    step.after = _mark(session)
                else:
                    self._add(step, session)
            if is_over:
                return item
            yield item
        return None

    def n_bytes(self, counted: Collection[object] = ()) -> int:
        """Bytes that are kept, without models and logs that are counted elsewhere."""
        parts = {id(part): part for step in self._steps(Snapshot) for part in step.parts}
        for part in counted:
            parts.pop(id(part), None)
        packed = sum(step.n_bytes for step in self._steps(LessonStep))
        n_steps = len(self.done) + len(self.undone)
        return n_steps * STEP_BYTES + packed + sum(part.n_bytes for part in parts.values())

    def _steps(self, kind: type[T]) -> list[T]:
        return [step for step in (*self.done, *self.undone) if isinstance(step, kind)]

    def _add(self, step: Step, session: Session) -> None:
        step.after = _mark(session)
        if step.after == step.before:
            return
        if self.done and self.done[-1].after != step.before:
            self.done.clear()
        self.done.append(step)
        self.undone.clear()
        self._trim(self.done, session)

    def _trim(self, steps: list[Step], session: Session) -> None:
        """Leave out what is farthest away where there are too many steps or bytes."""
        counted = [part for pupil in (session.pupil, *session.earlier) for part in (pupil.model, pupil.lessons)]
        while steps and (len(steps) > MAX_STEPS or self.n_bytes(counted) > MAX_BYTES):
            del steps[0]


def _mark(session: Session) -> tuple[Any, ...]:
    """Tell one state of the agents from another: which they are, their names, and how far their logs go."""
    marks: list[Any] = [session.earlier, session.pupil.name, *(pupil.name for pupil in session.earlier)]
    for pupil in (session.pupil, session.at_pad):
        events = pupil.lessons.events
        marks += [pupil, len(events), events[-1] if events else None]
    return tuple(marks)
