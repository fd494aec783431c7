"""Undo and redo of lessons: what was taken back last may be taught again, until something else is learned."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.lessons import Lesson
from agent.pupil import Pupil


@dataclass
class Undone:
    """The lessons taken back one after the other, the last one first to come again.

    Examples
    --------
    >>> import numpy as np
    >>> from agent.families import new
    >>> pupil, undone = new("nearest"), Undone()
    >>> pupil.learn_one(np.eye(28, dtype=np.uint8) * 255, "1")
    >>> undone.undo(pupil).label, pupil.n_lessons
    ('1', 0)
    >>> undone.redo(pupil).label, pupil.n_lessons
    ('1', 1)
    >>> undone.redo(pupil) is None
    True
    """

    lessons: list[Lesson] = field(default_factory=list)
    n_events: int = 0  # in the log after the last of them: more mean that something else happened since

    def undo(self, pupil: Pupil) -> Lesson | None:
        """Take the last own lesson back and return it; None when there is none."""
        if not pupil.lessons.own():
            return None
        self._forget_unless_last(pupil)
        self.lessons.append(pupil.undo())
        self.n_events = len(pupil.lessons.events)
        return self.lessons[-1]

    def redo(self, pupil: Pupil) -> Lesson | None:
        """Teach the lesson taken back last again and return it; None when there is none."""
        self._forget_unless_last(pupil)
        if not self.lessons:
            return None
        lesson = self.lessons[-1]
        pupil.learn_one(lesson.drawing, lesson.label)
        self.lessons.pop()
        self.n_events = len(pupil.lessons.events)
        return lesson

    def _forget_unless_last(self, pupil: Pupil) -> None:
        if len(pupil.lessons.events) != self.n_events:
            self.lessons.clear()
