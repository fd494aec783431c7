"""Agents that learn labels: of drawings, with preprocessing in front and a lesson log; of arrays as they are."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from agent import preprocessing, render, segmentation
from agent.agents.base import Agent
from agent.datasets import LabelledDrawings, arrays, labelled
from agent.errors import AgentError
from agent.lessons import AT_ONCE, Bulk, BulkForgotten, Lesson, Lessons, check_log, iter_rebuild, iter_replay, rebuild
from agent.models import ARRAYS, MODELS, Guess, Model
from agent.models.base import drawn_image
from agent.progress import Progress, run_to_completion
from agent.segmentation import Reading, Symbol
from agent.validation import check_whole, clean_label

if TYPE_CHECKING:
    from PIL.Image import Image

RELABEL_S = 2.0  # to relabel many lessons at once, at most


class Pupil(Agent):
    """An agent that learns drawings: learn, guess, forget, join, imagine, undo.

    Its ``model`` is an `agent.models.Model`, and ``lessons`` is the log of its lessons.
    """

    FAMILY: ClassVar[str] = "drawings"
    MODELS: ClassVar[dict[str, type[Model]]] = MODELS
    PIPELINE_TAG: ClassVar[str] = "image-classification"
    TAGS: ClassVar[tuple[str, ...]] = ("weightless", "wisard")

    def __init__(self, model: Model, lessons: Lessons | None = None, name: str = "Pupil") -> None:
        super().__init__(model, name)
        self.lessons = Lessons() if lessons is None else lessons

    @classmethod
    def restored(cls, model: Model, log: str, name: str) -> Self:
        """Build an agent from a saved model and log; AgentError when the log is not valid."""
        lessons = Lessons.from_jsonl(log)
        check_log(lessons, model.labels if model.ORDER_FREE else None)
        return cls(model, lessons, name)

    @property
    def n_bytes(self) -> int:
        """Bytes of memory it takes, its log too."""
        return self.model.n_bytes + self.lessons.n_bytes

    @property
    def n_lessons(self) -> int:
        """How many lessons it remembers."""
        return len(self.lessons)

    @property
    def log(self) -> str:
        """Its lessons as a file holds them: one JSON event a line."""
        return self.lessons.to_jsonl()

    def picture(self) -> Image:
        """Draw the mental images of all labels side by side, 28 pixels high."""
        return render.strip([self.imagine(label) for label in self.labels])

    def learn_one(self, drawing: object, label: object) -> None:
        """Learn from one correction: afterwards this drawing is answered with this label.

        A drawing is (H, W) uint8, 0 paper, 255 ink, or anything else `agent.preprocessing.read` takes; a label is a
        string of 1 to 8 characters, known or new. AgentError for any other; nothing has been learned then.
        """
        self.learn_thumbnail(_inked(drawing), label)

    def learn_thumbnail(self, thumbnail: np.ndarray, label: object) -> None:
        """As `learn_one`, of a drawing that is preprocessed already: (28, 28) uint8, with ink."""
        label = self._label(label)
        guessed = self.model.predict(thumbnail[None])[0].label
        self.model.learn_one(thumbnail, label)
        self.lessons.add(thumbnail, label, guessed)

    def learn_many(
        self,
        drawings: LabelledDrawings | Iterable[object],
        labels: Iterable[object] = (),
        *,
        source: dict[str, Any] | None = None,
        start: int = 0,
    ) -> None:
        """Learn many lessons in order, in one pass.

        Parameters
        ----------
        drawings
            N drawings as for `learn_one`; an array (N, H, W) is fastest. Or `agent.datasets.LabelledDrawings`, which
            are preprocessed and carry labels, source and start.
        labels
            N labels.
        source : dict, optional
            Where the lessons came from, for the log: what `agent.datasets.replay` draws them from again.
        start : int
            Which of the source's lessons is the first of these.
        """
        lessons = labelled(drawings, labels, source, start)
        self.check_lessons(lessons)
        if lessons.labels:
            self.model.learn_many(lessons.drawings, lessons.labels)
            self.lessons.add_many(lessons)

    def check_lessons(self, lessons: LabelledDrawings) -> None:
        """Check that lessons can be learned; AgentError when a drawing is blank or there are too many labels."""
        blank = np.flatnonzero(~lessons.drawings.any(axis=(1, 2)))
        if len(blank):
            raise AgentError(f"expected ink in every drawing, got {len(blank)} blank ones, the first at {blank[0]}.")
        self._check_room(lessons.labels)

    def study(self) -> None:
        """Refine the model on its bulk lessons, a minute or two for 60,000 on two cores.

        User lessons are left as they are, and can be forgotten exactly as before. Refinement is discarded when bulk
        lessons are added or forgotten. AgentError where the model cannot be refined, or without bulk lessons.
        """
        for _ in self.iter_study():
            pass

    def iter_study(self) -> Iterator[Progress]:
        """As `study`, step by step. Closing it early changes nothing."""
        if not self.model.STUDIES:
            raise AgentError(f"expected a kind that studies, got {self.kind}. It learns all it can from each lesson.")
        if not any(isinstance(entry, Bulk) for entry in self.lessons.standing()):
            raise AgentError("expected lessons to study, got none. Teach a few thousand first.")
        return self._studying()

    def _studying(self) -> Iterator[Progress]:
        yield from (Progress(round(100 * share), 100, "studying") for share in self.model.study())
        self.lessons.study()

    def predict_one(self, drawing: object) -> Guess:
        """Guess one drawing; the guess for a blank one is unsure."""
        return self.model.predict_one(preprocessing.to_thumbnail(drawing))

    def predict_many(self, drawings: Iterable[object]) -> list[Guess]:
        """Guess many drawings, without reasons: the same answers as `predict_one`, faster."""
        return self.model.predict(preprocessing.to_thumbnails(drawings))

    def read(self, picture: object) -> list[Reading]:
        """Read all symbols of a picture: a number on the pad, a photograph of a page.

        Parameters
        ----------
        picture
            Anything `agent.preprocessing.read` takes.

        Returns
        -------
        list of agent.segmentation.Reading
            The symbols, line by line, from left to right; none for a blank picture. One alone has the guess of
            `predict_one`.

        Examples
        --------
        >>> import agent
        >>> from agent.datasets import strokes
        >>> pupil, page = agent.new("nearest"), np.zeros((96, 192), np.uint8)
        >>> page[:, :96], page[:, 96:] = strokes.draw("4-open", 1), strokes.draw("2-plain", 1)
        >>> [(symbol.line, symbol.box[0] < 96, symbol.guess.label) for symbol in pupil.read(page)]
        [(0, True, None), (0, False, None)]
        """
        return [Reading(*symbol, self.model.predict_one(symbol.drawing)) for symbol in self.segment(picture)]

    def segment(
        self, picture: object, thumbnail: np.ndarray | None = None, is_one_stroke: bool = False
    ) -> list[Symbol]:
        """Part a picture into symbols, as `read` does, and leave the guesses to `predict_many`.

        ``thumbnail`` is that of the whole picture, where it has been computed before; ``is_one_stroke``: ink that holds
        together was drawn without lifting the pen, and is one symbol. An agent that has had a hundred
        lessons decides by what it knows where one symbol ends and the next begins.
        """
        knows_enough = self.n_lessons >= segmentation.KNOWS_ENOUGH
        return segmentation.segment(picture, self.model if knows_enough else None, thumbnail, is_one_stroke)

    def forget_one(self, drawing: object, label: object) -> None:
        """Take one lesson back, wherever in the log it stands; AgentError when it was never taught."""
        thumbnail, label = _inked(drawing), clean_label(label)
        number = self.lessons.find(thumbnail, label)
        if number is not None:
            self.delete(number)
        elif self.model.ORDER_FREE:
            self.model.forget_one(thumbnail, label)
            self.lessons.forget_bulk(thumbnail, label)
        else:
            raise AgentError(f"expected a drawing taught as {label!r}, got one that never was. Nothing to forget.")

    def delete(self, number: int) -> None:
        """Forget the user lesson of this number: the agent becomes what it would be without it."""
        self._change(self._lesson(number), None)

    def undo(self) -> Lesson:
        """Forget the last user lesson and return it; AgentError when there is none."""
        lessons = self.lessons.user_lessons()
        if not lessons:
            raise AgentError("expected a lesson to take back, got none. Draw something and say what it is.")
        self.delete(lessons[-1].number)
        return lessons[-1]

    def take_back(self) -> None:
        """Undo the lesson that is the last event of the log: memory and log are what they were before, to the byte."""
        lesson, log = self._lesson(self.lessons.events[-1]["number"]), copy.deepcopy(self.lessons)
        log.take_back()
        if self.model.ORDER_FREE:
            self.model.forget_one(lesson.drawing, lesson.label)
        else:
            self.model = rebuild(type(self.model), self.model.config, log)
        self.lessons = log

    def relabel(self, number: int, label: object) -> None:
        """Change the label of the user lesson of this number."""
        self._change(self._lesson(number), self._label(label))

    def relabel_all(self, number: int, label: object) -> int:
        """Change the label of the user lesson of this number, and of all with the same label; returns how many.

        AgentError where that takes longer than two seconds; nothing has changed then.
        """
        name, old = self._label(label), self._lesson(number).label
        if name == old:
            return 0
        model, log = copy.deepcopy(self.model), copy.deepcopy(self.lessons)
        lessons, end = [lesson for lesson in log.user_lessons() if lesson.label == old], time.monotonic() + RELABEL_S
        for lesson in reversed(lessons):  # of lessons with the same drawing the newest counts
            if model.ORDER_FREE:
                model.relabel_one(lesson.drawing, old, name)
            log.relabel(lesson.number, name)
            if time.monotonic() > end:
                expected = f"expected fewer lessons of {old!r} to relabel at once"
                raise AgentError(f"{expected}, got {len(lessons):,}: that takes too long. Relabel them one by one.")
        self.model = model if model.ORDER_FREE else rebuild(type(model), model.config, log)
        self.lessons = log
        return len(lessons)

    def join(self, other: Pupil) -> None:
        """Add what another agent has learned.

        Models with the same parameters are added up; otherwise the other's lessons are taught again from its log.
        AgentError for too many labels together, or lessons that are not in its log; nothing has changed then.
        """
        for _ in self.iter_join(other):
            pass

    def iter_join(self, other: Pupil) -> Iterator[Progress]:
        """As `join`, step by step. Closing it early changes nothing."""
        self._check_room(other.labels)
        n_events = len(self.lessons.events)
        model = copy.deepcopy(self.model)
        if type(model) is type(other.model) and model.ORDER_FREE and model.same_params(other.model):
            model.join(other.model)
        else:
            yield from iter_replay(model, other.lessons)
        if len(self.lessons.events) != n_events:
            raise AgentError("expected no lessons while another agent is joined, got some. Join it again.")
        self.model = model
        self.lessons.join(other.lessons, other.name)
        self.lineage = self.lineage.join(other.lineage)

    def unjoin(self) -> str:
        """Forget the agent that was joined last, and what it had learned, and return its name.

        Everything else is taught again, so it takes as long as that took. AgentError where none was joined, or where
        lessons are not in the log; nothing has changed then.
        """
        return run_to_completion(self.iter_unjoin())

    def iter_unjoin(self) -> Generator[Progress, None, str]:
        """As `unjoin`, step by step. Closing it early changes nothing."""
        joined = self.lessons.last_joined()
        if joined is None:
            raise AgentError("expected an agent that was joined, got none. There is nothing to take out.")
        n_events, log = len(self.lessons.events), copy.deepcopy(self.lessons)
        numbers = log.numbers_of(joined.number)
        for start in range(0, len(numbers), AT_ONCE):
            log.forget_many(numbers[start : start + AT_ONCE])
            yield Progress(0, len(numbers), "teaching")
        model = yield from iter_rebuild(type(self.model), self.model.config, log)
        if len(self.lessons.events) != n_events:
            raise AgentError("expected no lessons while an agent is taken out, got some. Take it out again.")
        self.model, self.lessons = model, log
        return joined.name

    def iter_without_user_lessons(self) -> Generator[Progress, None, Pupil]:
        """Copy of the agent as if it had never had the user lessons of this log, step by step."""
        log, standing = copy.deepcopy(self.lessons), self.lessons.standing()
        unsourced = {entry.number for entry in standing if isinstance(entry, Bulk) and entry.source is None}
        people = (Lesson, BulkForgotten) if unsourced else Lesson
        yield from log.iter_compact(
            without={entry.number for entry in standing if isinstance(entry, people)} | unsourced
        )
        yield Progress(0, len(log), "teaching")
        pupil = Pupil((yield from iter_rebuild(type(self.model), self.model.config, log)), log, self.name)
        pupil.lineage = self.lineage
        return pupil

    def imagine(self, label: object) -> np.ndarray:
        """Draw the mental image of a label: (28, 28) uint8."""
        return self.model.imagine(clean_label(label))

    def draw_one(self, label: object, seed: int = 0) -> np.ndarray:
        """Synthesise a new drawing of a label from its lessons: (28, 28) uint8; another seed gives another drawing.

        Texture synthesis by non-parametric sampling (Efros and Leung 1999), from the top, pixel by pixel: each pixel is
        copied from a lesson that looks alike around it. A result as similar to a lesson as the two most similar lessons
        are to each other is drawn again, up to eight times in all; a single lesson can only be copied.
        """
        name, seed = clean_label(label), check_whole("seed", seed, 0, 2**62 - 1)
        lessons = self.model.remembered(name)
        if not len(lessons):
            raise AgentError(f"expected one of the labels {list(self.labels)}, got {name!r}. Teach it first.")
        return drawn_image(lessons, seed)

    def export_html(self, path: str | os.PathLike[str], language: str = "en", *, drawings: bool = False) -> Path:
        """Write the agent as one web page that needs no network; as `agent.export.export_html`."""
        from agent.export import export_html

        return export_html(self, path, language, drawings=drawings)

    def _change(self, lesson: Lesson, label: str | None) -> None:
        """Give a lesson another label, or none: in the memory and in the log, or, if that fails, in neither."""
        log = self.lessons if self.model.ORDER_FREE else copy.deepcopy(self.lessons)
        if self.model.ORDER_FREE:  # but of lessons with the same drawing the newest counts
            equal = (other for other in log.user_lessons() if other.label == lesson.label)
            newer = [other for other in equal if other.number > lesson.number]
            n_newer = sum(bool((other.drawing == lesson.drawing).all()) for other in newer)
            if label is None:
                self.model.forget_one(lesson.drawing, lesson.label, n_newer)
            else:
                self.model.relabel_one(lesson.drawing, lesson.label, label, n_newer)
        if label is None:
            log.forget(lesson.number)
        else:
            log.relabel(lesson.number, label)
        if not self.model.ORDER_FREE:
            self.model, self.lessons = rebuild(type(self.model), self.model.config, log), log

    def _lesson(self, number: int) -> Lesson:
        for lesson in self.lessons.user_lessons():
            if lesson.number == number:
                return lesson
        raise AgentError(f"expected the number of a user lesson, got {number}. It was forgotten or never given.")

    def _label(self, label: object) -> str:
        name = clean_label(label)
        self._check_room([name])
        return name

    def _check_room(self, names: Iterable[str]) -> None:
        labels = set(self.labels) | set(names)
        max_labels = self.model.MAX_LABELS
        if len(labels) > max_labels:
            raise AgentError(
                f"expected at most {max_labels} labels, got {len(labels)}. Forget one or start another agent."
            )


class Classifier(Agent):
    """An agent that learns arrays of one shape as they are; its model is a user's own, in ``agent.models.custom``."""

    FAMILY: ClassVar[str] = "arrays"
    MODELS: ClassVar[dict[str, type[Any]]] = ARRAYS
    PIPELINE_TAG: ClassVar[str] = "tabular-classification"
    TAGS: ClassVar[tuple[str, ...]] = ()
    MAX_LABEL_CHARS: ClassVar[int] = arrays.MAX_CHARS

    @property
    def n_lessons(self) -> int:
        """How many lessons it had."""
        return self.model.n_lessons

    def picture(self) -> Image:
        """Draw nothing: arrays are no pictures."""
        return render.strip([np.zeros((preprocessing.SIDE, preprocessing.SIDE), np.uint8)])

    def learn_many(self, inputs: LabelledDrawings | Any, labels: Iterable[str] = ()) -> None:
        """Learn N inputs of the model's shape with N labels, in order; AgentError for another shape."""
        lessons = inputs if isinstance(inputs, LabelledDrawings) else LabelledDrawings(inputs, tuple(labels))
        self.check_lessons(lessons)
        self.model.learn_many(lessons.drawings, lessons.labels)

    def check_lessons(self, lessons: LabelledDrawings) -> None:
        """Check that lessons have the shape that the model was made for."""
        self.model.check_shape(lessons.drawings)

    def predict_many(self, inputs: np.ndarray) -> list[Guess]:
        """Guess N inputs of the model's shape."""
        return self.model.predict(inputs)


def _inked(drawing: object) -> np.ndarray:
    thumbnail = preprocessing.to_thumbnail(drawing)
    if not thumbnail.any():
        raise AgentError("expected a drawing with ink, got a blank one. Draw something first.")
    return thumbnail
