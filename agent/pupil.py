"""One agent as its user meets it: the gate in front, a memory behind, the lesson log beside."""

from __future__ import annotations

import copy
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from agent import render, retina
from agent.errors import AgentError
from agent.kinds import KINDS, Guess, Kind
from agent.kinds.images import drawn_image
from agent.labels import clean_label, clean_labels
from agent.lessons import Bulk, Lesson, Lessons, Lost
from agent.lineage import Lineage
from agent.logs import check_log
from agent.replay import rebuild, rebuilding, replaying
from agent.steps import finished

if TYPE_CHECKING:
    from PIL.Image import Image


class Pupil:
    """An agent that learns drawings: learn, guess, forget, join, imagine, undo.

    Attributes
    ----------
    memory : Kind
        What it knows.
    lessons : Lessons
        What it was told.
    name : str
        What people call it.
    lineage : Lineage
        Where it comes from.
    """

    FAMILY: ClassVar[str] = "drawings"
    KINDS: ClassVar[dict[str, type[Kind]]] = KINDS
    PIPELINE_TAG: ClassVar[str] = "image-classification"
    TAGS: ClassVar[tuple[str, ...]] = ("weightless", "wisard")

    def __init__(self, memory: Kind, lessons: Lessons | None = None, name: str = "Pupil") -> None:
        self.memory = memory
        self.lessons = Lessons() if lessons is None else lessons
        self.name = name
        self.lineage = Lineage()

    @classmethod
    def restored(cls, memory: Kind, log: str, name: str) -> Self:
        """Put an agent together from what a file holds; AgentError when its log tells what cannot have happened."""
        lessons = Lessons.from_jsonl(log)
        check_log(lessons, memory.labels if memory.ORDER_FREE else None)
        return cls(memory, lessons, name)

    @property
    def kind(self) -> str:
        """The name of the kind of memory."""
        return self.memory.NAME

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels taught so far, sorted: the order of ``Guess.responses``."""
        return self.memory.labels

    @property
    def n_lessons(self) -> int:
        """How many lessons it remembers."""
        return len(self.lessons)

    @property
    def log(self) -> str:
        """What it was told, as a file holds it: one event a line."""
        return self.lessons.to_jsonl()

    def picture(self) -> Image:
        """Draw the mental images of all labels side by side, 28 pixels high."""
        return render.strip([self.imagine(label) for label in self.labels])

    def learn_one(self, drawing: object, label: object) -> None:
        """Learn from one correction: afterwards this drawing is answered with this label.

        Parameters
        ----------
        drawing
            (H, W) uint8, 0 paper, 255 ink, or anything else `agent.retina.read` takes.
        label
            A short string, 1 to 8 characters; new ones are welcome.

        Raises
        ------
        AgentError
            A blank or unreadable drawing, or a label that is none; nothing has been learned then.
        """
        kept, label = _inked(drawing), self._label(label)
        guessed = self.memory.answer(kept[None])[0].label
        self.memory.learn_one(kept, label)
        self.lessons.add(kept, label, guessed)

    def learn_many(
        self,
        drawings: Iterable[object],
        labels: Iterable[object],
        *,
        source: dict[str, Any] | None = None,
        start: int = 0,
    ) -> None:
        """Learn many lessons in order, in one pass.

        Parameters
        ----------
        drawings
            N drawings as for `learn_one`; an array (N, H, W) is fastest.
        labels
            N labels.
        source : dict, optional
            Where the lessons came from, for the log: what `agent.tasks.replay` draws them from again.
        start : int
            Which of the source's lessons is the first of these.
        """
        kept = retina.keep_many(drawings)
        names = clean_labels(labels)
        if len(kept) != len(names):
            raise AgentError(f"expected as many labels as drawings, got {len(kept)} drawings and {len(names)} labels.")
        blank = np.flatnonzero(~kept.any(axis=(1, 2)))
        if len(blank):
            raise AgentError(f"expected ink in every drawing, got {len(blank)} blank ones, the first at {blank[0]}.")
        if not names:
            return
        self._check_room(names)
        self.memory.learn_many(kept, names)
        self.lessons.add_many(kept, names, source, start)

    def study(self) -> None:
        """Go over the bulk lessons again and get better, a minute or two for 60,000 on two cores.

        A person's lessons are left as they are, and can be forgotten exactly as before. What was found is void when
        bulk lessons are added or forgotten.

        Raises
        ------
        AgentError
            The kind of agent cannot study, or no bulk lessons were taught.
        """
        for _ in self.studying():
            pass

    def studying(self) -> Iterator[float]:
        """As `study`, step by step: gives the share done, 0 … 1. Closing it early changes nothing."""
        if not self.memory.STUDIES:
            raise AgentError(f"expected a kind that studies, got {self.kind}. It learns all it can from each lesson.")
        if not any(isinstance(entry, Bulk) for entry in self.lessons.standing()):
            raise AgentError("expected lessons to study, got none. Teach a few thousand first.")
        return self._studying()

    def _studying(self) -> Iterator[float]:
        yield from self.memory.study()
        self.lessons.study()

    def predict_one(self, drawing: object) -> Guess:
        """Guess one drawing; a blank one is answered with unsure."""
        kept = retina.keep(drawing)
        guess = self.memory.answer(kept[None])[0]
        if guess.label is None:
            return guess
        return replace(guess, look_for_why=partial(self.memory.why, kept, guess.label))

    def predict_many(self, drawings: Iterable[object]) -> list[Guess]:
        """Guess many drawings, without reasons: the same answers as `predict_one`, faster."""
        return self.memory.answer(retina.keep_many(drawings))

    def forget_one(self, drawing: object, label: object) -> None:
        """Take one lesson back, wherever in the log it stands; AgentError when it was never taught."""
        kept, label = _inked(drawing), clean_label(label)
        number = self.lessons.find(kept, label)
        if number is not None:
            self.delete(number)
        elif self.memory.ORDER_FREE:
            self.memory.forget_one(kept, label)
            self.lessons.lose(kept, label)
        else:
            raise AgentError(f"expected a drawing taught as {label!r}, got one that never was. Nothing to forget.")

    def delete(self, number: int) -> None:
        """Forget the own lesson of this number: the agent becomes what it would be without it."""
        self._change(self._own(number), None)

    def undo(self) -> Lesson:
        """Forget the last own lesson and return it; AgentError when there is none."""
        own = self.lessons.own()
        if not own:
            raise AgentError("expected a lesson to take back, got none. Draw something and say what it is.")
        self.delete(own[-1].number)
        return own[-1]

    def relabel(self, number: int, label: object) -> None:
        """Say that the own lesson of this number was something else."""
        self._change(self._own(number), self._label(label))

    def join(self, other: Pupil) -> None:
        """Add what another agent has learned.

        Agents of one birth add up their memories. Others have their lessons taught again, where their log tells them.

        Raises
        ------
        AgentError
            Too many labels together, or another birth and lessons that nobody kept; nothing has changed then.
        """
        for _ in self.joining(other):
            pass

    def joining(self, other: Pupil) -> Iterator[float]:
        """As `join`, step by step: gives the share done, 0 … 1. Closing it early changes nothing."""
        self._check_room(other.labels)
        n_events = len(self.lessons.events)
        memory = copy.deepcopy(self.memory)
        if type(memory) is type(other.memory) and memory.ORDER_FREE and memory.born_like(other.memory):
            memory.join(other.memory)
        else:
            yield from replaying(memory, other.lessons)
        if len(self.lessons.events) != n_events:
            raise AgentError("expected no lessons while another agent is joined, got some. Join it again.")
        self.memory = memory
        self.lessons.join(other.lessons, other.name)
        self.lineage = self.lineage.joining(other.lineage)

    def unjoin(self) -> str:
        """Forget the agent that was joined last, and what it had learned, and return its name.

        Everything else is taught again, so it takes as long as that took.

        Raises
        ------
        AgentError
            None was joined, or there are lessons that nobody kept; nothing has changed then.
        """
        return finished(self.unjoining())

    def unjoining(self) -> Generator[float, None, str]:
        """As `unjoin`, step by step: gives the share done, 0 … 1. Closing it early changes nothing."""
        joined = self.lessons.last_joined()
        if joined is None:
            raise AgentError("expected an agent that was joined, got none. There is nothing to take out.")
        n_events, log = len(self.lessons.events), Lessons.from_jsonl(self.lessons.to_jsonl())
        log.unjoin(joined.number)
        memory = yield from rebuilding(type(self.memory), self.memory.config, log)
        if len(self.lessons.events) != n_events:
            raise AgentError("expected no lessons while an agent is taken out, got some. Take it out again.")
        self.memory, self.lessons = memory, log
        return joined.name

    def without_own(self) -> Pupil:
        """Give an agent that never had the lessons people drew here: neither their drawings nor what came of them."""
        log, standing = Lessons.from_jsonl(self.lessons.to_jsonl()), self.lessons.standing()
        drawn = {entry.number for entry in standing if isinstance(entry, Bulk) and entry.source is None}
        for entry in standing:
            if isinstance(entry, Lesson) or entry.number in drawn or (isinstance(entry, Lost) and drawn):
                log.forget(entry.number)
        log.wipe()
        pupil = Pupil(rebuild(type(self.memory), self.memory.config, log), log, self.name)
        pupil.lineage = self.lineage
        return pupil

    def imagine(self, label: object) -> np.ndarray:
        """Draw the mental image of a label: (28, 28) uint8."""
        return self.memory.imagine(clean_label(label))

    def draw_one(self, label: object, seed: int = 0) -> np.ndarray:
        """Draw something new from memory.

        From the top, pixel by pixel: each is that of one of the lessons that look alike around it, of which a row of
        pixels prefers another one each time. It tries again while it is as like a lesson as the two most alike lessons
        are to each other. From a single lesson only that one can come.

        Parameters
        ----------
        label : str
            What to draw.
        seed : int
            Another one draws another drawing.

        Returns
        -------
        numpy.ndarray
            (28, 28) uint8, 0 paper, 255 ink.

        Raises
        ------
        AgentError
            The label was never taught, or the seed is negative.
        """
        name = clean_label(label)
        if type(seed) is not int or not 0 <= seed < 2**62:
            raise AgentError(f"expected seed as a whole number from 0 to 2**62 - 1, got {seed!r}.")
        lessons = self.memory.remembered(name)
        if not len(lessons):
            raise AgentError(f"expected one of the labels {list(self.labels)}, got {name!r}. Teach it first.")
        return drawn_image(lessons, seed)

    def _change(self, lesson: Lesson, label: str | None) -> None:
        """Give a lesson another label, or none: in the memory and in the log, or, if that fails, in neither."""
        log = self.lessons if self.memory.ORDER_FREE else Lessons.from_jsonl(self.lessons.to_jsonl())
        if self.memory.ORDER_FREE:  # but of lessons with the same drawing the newest counts: those come again after it
            later = [other for other in log.own() if other.number > lesson.number]
            again = [other for other in later if (other.drawing == lesson.drawing).all()]
            for other in [*reversed(again), lesson]:
                self.memory.forget_one(other.drawing, other.label)
            if label is not None:
                self.memory.learn_one(lesson.drawing, label)
            for other in again:
                self.memory.learn_one(other.drawing, other.label)
        if label is None:
            log.forget(lesson.number)
        else:
            log.relabel(lesson.number, label)
        if not self.memory.ORDER_FREE:
            self.memory, self.lessons = rebuild(type(self.memory), self.memory.config, log), log

    def _own(self, number: int) -> Lesson:
        for lesson in self.lessons.own():
            if lesson.number == number:
                return lesson
        raise AgentError(
            f"expected the number of a drawing of your own, got {number}. It was forgotten or never given."
        )

    def _label(self, label: object) -> str:
        name = clean_label(label)
        self._check_room([name])
        return name

    def _check_room(self, names: Iterable[str]) -> None:
        labels = set(self.labels) | set(names)
        if len(labels) > self.memory.MAX_LABELS:
            raise AgentError(
                f"expected at most {self.memory.MAX_LABELS} labels, got {len(labels)}. "
                "Forget one or start another agent."
            )


def _inked(drawing: object) -> np.ndarray:
    kept = retina.keep(drawing)
    if not retina.has_ink(kept):
        raise AgentError("expected a drawing with ink, got a blank one. Draw something first.")
    return kept
