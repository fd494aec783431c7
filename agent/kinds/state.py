"""The state machine: input, inner and output neurons that look up what they were taught.

    kept ─ eyes ─ I ─┬─> Q ─┬─> Z ─ code ─ label          (`agent.kinds.machine` steps, `agent.kinds.wiring` connects)
                     └── Q ─┘ └─ Z

A lesson starts from a state of chance, shows the drawing for some steps and names the outputs; a guess starts from
another one, looks at the drawing until the steps are over, and reads the outputs. Both chances depend on the drawing
alone, so the order of lessons does not matter, forgetting is dropping rows, and joining is adding them. Where
``max_rows`` bounds the memory, order matters: the lessons whose rows are used least give way to new ones.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from agent import retina
from agent.errors import AgentError
from agent.kinds.architecture import CHOICES, DIGITS, PIXELS, PRESETS, StateConfig, codes_of, wired
from agent.kinds.base import Guess, Reason, Why
from agent.kinds.checks import (
    check_arrays,
    check_birth,
    check_lessons,
    lesson_arrays,
    lesson_shapes,
    n_rows,
    newest_lesson,
)
from agent.kinds.eyes import look
from agent.kinds.images import mental_image
from agent.kinds.machine import INSTINCTS, Machine, Moment
from agent.kinds.packed import unpack
from agent.kinds.rows import DEEPEST

N_REASONS = 3
_MOST_MOMENTS = 10_000  # of a story, kept and saved


class State:
    """A state machine; see `agent.kinds.base.Kind` for what the verbs promise.

    Attributes
    ----------
    machine : agent.kinds.machine.Machine
        The neurons, their rows, the present state and the story.
    """

    NAME: ClassVar[str] = "state"
    SUMMARY: ClassVar[str] = "settles from state to state, every neuron looking up what it was taught"
    ORDER_FREE: bool = True  # unless its memory is bounded
    STUDIES: ClassVar[bool] = False
    MAX_LABELS: int = 62  # fewer with few outputs
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = PRESETS
    CHOICES: ClassVar[Mapping[str, Sequence[str]]] = CHOICES
    Config: ClassVar[type] = StateConfig

    def __init__(self, config: StateConfig, machine: Machine | None = None) -> None:
        self.config = config
        self.MAX_LABELS = config.n_labels
        self.ORDER_FREE = not config.max_rows
        self.machine = machine or Machine(wired(config), config.seed)
        self.machine.check_weights(config.dd)
        self._drawings: list[np.ndarray] = []
        self._taught: list[str] = []
        self._by_drawing: dict[bytes, str] = {}  # what each drawing was last taught as
        self._lesson_of: list[int] = []  # the lesson of each row, -1 for what `next_state` was taught
        self._codes: dict[str, int] = {}

    # ---------------------------------------------------------------- what it knows

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted(set(self._taught)))

    @property
    def n_bytes(self) -> int:
        return self.machine.n_bytes + PIXELS * len(self._drawings)

    # ---------------------------------------------------------------- learning and forgetting

    def learn_one(self, kept: np.ndarray, label: str) -> None:
        self.learn_many(kept[None], [label])

    def learn_many(self, kept: np.ndarray, labels: Sequence[str]) -> None:
        n_labels, first = len({*self._taught, *labels}), len(self._taught)
        if n_labels > self.MAX_LABELS:
            raise AgentError(
                f"expected at most {self.MAX_LABELS} labels with {self.config.n_outputs} outputs, got {n_labels}. "
                "Take more outputs."
            )
        if self.config.max_rows and len(labels) > 1:
            for drawing, label in zip(kept, labels, strict=True):
                self.learn_many(drawing[None], [label])
            return
        if self.config.max_rows:
            self.machine.use(*self.settle(kept[0])[:-3:-1])
        self._drawings += [drawing.copy() for drawing in kept]
        self._taught += labels
        changed = [self._by_drawing.get(drawing.tobytes()) not in (None, label)
                   for drawing, label in zip(kept, labels, strict=True)]  # fmt: skip
        if any(changed) or codes_of(self.labels, self.config) != self._codes:
            self._learn_anew()
        else:
            for lesson in range(first, len(self._taught)):
                self._live_through(lesson)
        self._make_room()

    def _learn_anew(self) -> None:
        """Learn all lessons once more: of lessons that contradict each other the newest counts."""
        impressions = self._impressions()
        self.machine.forget(np.flatnonzero(np.array(self._lesson_of, np.int64) >= 0))
        self._lesson_of = [-1] * self.machine.n_rows
        self._codes, self._by_drawing = codes_of(self.labels, self.config), {}
        newest = {drawing.tobytes(): lesson for lesson, drawing in enumerate(self._drawings)}
        for lesson, drawing in enumerate(self._drawings):
            if self._taught[newest[drawing.tobytes()]] == self._taught[lesson]:
                self._live_through(lesson)
        self._impress(impressions)

    def _live_through(self, lesson: int) -> None:
        """Start from chance, then hold the drawing with its label."""
        drawing, label = self._drawings[lesson], self._taught[lesson]
        self._by_drawing[drawing.tobytes()] = label
        states = self._lived(drawing, self._codes[label])
        for before, moment in itertools.pairwise(states):
            self.machine.learn(moment, before, b"lesson")
        self._lesson_of += [lesson] * (self.machine.n_rows - len(self._lesson_of))

    def _lived(self, drawing: np.ndarray, code: int) -> list[Moment]:
        """The states of a lesson: one of chance, then the drawing held with its label."""
        shown, output = self.machine.packed_inputs(self.eyes(drawing)), self._outputs(code)
        moments = [self.machine.noise(_lot(drawing, b"lesson"))]
        for _ in range(self.config.n_held):
            moments.append(self.machine.taught(shown, moments[-1], output))
        return moments

    def forget_one(self, kept: np.ndarray, label: str) -> None:
        self._drop(newest_lesson(self._drawings, self._taught, kept, label))

    def _drop(self, lesson: int) -> None:
        """Forget a lesson; later ones move up."""
        kept, of_lesson = self._drawings[lesson], np.array(self._lesson_of, np.int64)
        alone = sum((drawing == kept).all() for drawing in self._drawings) == 1
        # the first step of a lesson is a row, the second too, later ones repeat it; lessons that look the same share it
        shared = np.count_nonzero(of_lesson >= 0) < min(2, self.config.n_held) * len(self._by_drawing)
        del self._drawings[lesson], self._taught[lesson]
        self.machine.forget(np.flatnonzero(of_lesson == lesson))
        of_lesson = of_lesson[of_lesson != lesson]
        self._lesson_of = (of_lesson - (of_lesson > lesson)).tolist()
        if shared or not alone or codes_of(self.labels, self.config) != self._codes:
            self._learn_anew()
        else:
            del self._by_drawing[kept.tobytes()]

    # ---------------------------------------------------------------- bounded memory

    def _make_room(self) -> None:
        """Where memory is bounded, forget the lesson or told state of the faintest impression, the oldest of several.

        The last lesson and the last row stay.
        """
        most = self.config.max_rows
        while most and (self.machine.n_rows > most or len(self._drawings) > most):
            lessons = self._impressions()
            depths = [(lessons.get(lesson, 0), lesson, True) for lesson in range(len(self._taught) - 1)]
            depths += [(self.machine.rows.impressions[row], row, False)
                       for row, lesson in enumerate(self._lesson_of[:-1]) if lesson < 0]  # fmt: skip
            depth, place, is_lesson = min(depths)
            if is_lesson:
                self._drop(place)
            else:
                self.machine.forget(np.array([place]))
                del self._lesson_of[place]
            self.machine.rows.fade(depth)

    def _impressions(self) -> dict[int, int]:
        """The deepest impression that a row of each lesson has left; lessons without rows have left none."""
        depths: dict[int, int] = {}
        for lesson, depth in zip(self._lesson_of, self.machine.rows.impressions, strict=True):
            if lesson >= 0:
                depths[lesson] = max(depth, depths.get(lesson, 0))
        return depths

    def _impress(self, depths: Mapping[int, int]) -> None:
        """Give the rows of lessons the impressions they had before they were learned anew."""
        for row, lesson in enumerate(self._lesson_of):
            self.machine.rows.impressions[row] = depths.get(lesson, self.machine.rows.impressions[row])

    # ---------------------------------------------------------------- answering

    def answer(self, kept: np.ndarray) -> list[Guess]:
        labels = self.labels
        return [self._answer_one(drawing, labels) for drawing in kept]

    def _answer_one(self, kept: np.ndarray, labels: tuple[str, ...]) -> Guess:
        responses = np.zeros(len(labels), np.int32)
        if not labels or not retina.has_ink(kept):
            return Guess.of(labels, responses)
        moments = self.settle(kept)
        said = [self.label_of(moment) for moment in moments[1:]]
        if said[-1] not in labels:  # no label at all, or one that was never taught: unsure
            return Guess.of(labels, responses)
        for label in said:
            if label in labels:
                responses[labels.index(label)] += 1
        responses[labels.index(said[-1])] += len(said)  # where it settles counts, the way there says how sure it is
        return Guess.of(labels, responses)

    def settle(self, kept: np.ndarray) -> list[Moment]:
        """The states that a guess goes through: one of chance, then ``n_steps`` that look at the drawing."""
        rules = {"dd": self.config.dd, "hamming": self.config.hamming, "default": self.config.default}
        return self.machine.settle(self.eyes(kept), _lot(kept, b"guess"), self.config.n_steps, **rules)

    def tale(self, kept: np.ndarray, label: str | None = None) -> list[tuple[str, Moment]]:
        """What a drawing is lived through with: the states of its lesson, if it has a label, then those of a guess.

        Each with "chance", "taught" or "looked" for how it came about; a state's predecessor stands before it.
        """
        told: list[tuple[str, Moment]] = []
        if label in self._codes:
            states = self._lived(kept, self._codes[label])
            told = [("chance", states[0]), *(("taught", moment) for moment in states[1:])]
        asked = self.settle(kept)
        return [*told, ("chance", asked[0]), *(("looked", moment) for moment in asked[1:])]

    def lesson_of(self, row: int) -> tuple[np.ndarray, str] | None:
        """The drawing and label of the lesson that a row comes from; None for what `next_state` was taught."""
        lesson = self._lesson_of[row]
        return None if lesson < 0 else (self._drawings[lesson], self._taught[lesson])

    def label_of(self, moment: Moment) -> str | None:
        """Read the outputs: the label whose code they are, or None."""
        code = int(moment.output[0])
        return next((label for label, known in self._codes.items() if self._word(known) == code), None)

    def why(self, kept: np.ndarray, label: str) -> Why:
        """The lessons of a label whose rows are nearest for the first output neuron."""
        moments = self.settle(kept)
        away = self.machine.distances(moments[-1], moments[-2], self.machine.n_inputs)
        nearest: dict[bytes, Reason] = {}
        for row in np.argsort(away, kind="stable").tolist():
            lesson = self._lesson_of[row]
            if lesson >= 0 and self._taught[lesson] == label:
                drawing = self._drawings[lesson]
                nearest.setdefault(drawing.tobytes(), Reason(label, drawing.copy(), int(away[row])))
                if len(nearest) == N_REASONS:
                    break
        return Why(tuple(nearest.values()))

    # ---------------------------------------------------------------- eyes and codes

    def eyes(self, kept: np.ndarray) -> np.ndarray:
        """What the inputs see of a kept drawing: (I,) bool."""
        return look(kept, self.config.eyes, self.config.threshold, self.config.n_bits)

    def _word(self, code: int) -> int:
        return code if self.config.code == "binary" else 1 << code

    def _outputs(self, code: int) -> np.ndarray:
        return np.array([self._word(code)], np.uint64)

    # ---------------------------------------------------------------- step by step

    def reset_state(self) -> Moment:
        """Let all neurons fire by chance: one more state, nothing is forgotten."""
        return self._told(self.machine.reset_state())

    def next_state(self, drawing: object, label: str | None = None, **how: Any) -> Moment:
        """Show a drawing and let every neuron fire once; with a label, pleasure, pain or an instinct it is learned.

        Parameters
        ----------
        drawing
            Anything `agent.retina.keep` takes.
        label : str, optional
            A digit, or a label that was taught.
        **how
            As for `agent.kinds.machine.Machine.next_state`: pleasure, pain, instincts, dd, hamming, default,
            unsequenced.

        Raises
        ------
        AgentError
            A label that has no code.
        """
        output = None
        if label is not None:
            codes = codes_of(DIGITS, self.config) | self._codes if self.config.n_labels >= 10 else self._codes
            if label not in codes:
                raise AgentError(
                    f"expected a label among {' '.join(codes)}, got {label!r}. Teach it by learn_one first."
                )
            output = unpack(self._outputs(codes[label]), self.config.n_outputs)
        n_before, began = self.machine.n_rows, self.machine.present
        moment = self.machine.next_state(self.eyes(retina.keep(drawing)), output, **how)
        self._lesson_of += [-1] * (self.machine.n_rows - n_before)
        if self.config.max_rows:
            if self.machine.n_rows == n_before:
                self.machine.use(moment, [began, *self.machine.moments[-2:]][-2])
            self._make_room()
        return self._told(moment)

    def _told(self, moment: Moment) -> Moment:
        del self.machine.moments[:-_MOST_MOMENTS]
        return moment

    @property
    def story(self) -> np.ndarray:
        """All states so far, the last 10,000 at most: (states, I + Q + Z + C) bool."""
        machine = self.machine
        parts = [(machine.n_inputs, "inputs"), (machine.n_inputs, "inner"), (machine.n_outputs, "output")]
        parts.append((INSTINCTS + machine.n_instincts, "control"))
        layers = [[unpack(getattr(moment, name), n) for moment in machine.moments] for n, name in parts]
        n_all = sum(n for n, _ in parts)
        return np.hstack([np.array(layer) for layer in layers]) if machine.moments else np.zeros((0, n_all), bool)

    # ---------------------------------------------------------------- joining, imagining, saving

    def born_like(self, other: Self) -> bool:
        return other.config == self.config and self.machine.same_wiring(other.machine)

    def join(self, other: Self) -> None:
        check_birth(self, other)
        told = np.flatnonzero(np.array(other._lesson_of, np.int64) < 0)
        self._lesson_of += [-1] * self.machine.add_rows(other.machine.rows.take(told))
        self._drawings += [drawing.copy() for drawing in other._drawings]
        self._taught += other._taught
        self._learn_anew()
        self._make_room()

    def study(self) -> Iterator[float]:
        return iter(())

    def imagine(self, label: str) -> np.ndarray:
        return mental_image(self.remembered(label), label, self.labels)

    def remembered(self, label: str) -> np.ndarray:
        drawings = [drawing for drawing, name in zip(self._drawings, self._taught, strict=True) if name == label]
        return np.array(drawings, np.uint8).reshape(-1, retina.SIDE, retina.SIDE)

    def facts(self) -> dict[str, str]:
        machine = self.machine
        return {
            "rows": f"{machine.n_rows:,}",
            "neurons": f"{machine.n_inputs:,} I, {machine.n_inputs:,} Q, {machine.n_outputs} Z",
            "connections": f"{machine.n_connections:,}",
            "preset": self.config.preset,
        }

    def tensors(self) -> dict[str, np.ndarray]:
        told = np.flatnonzero(np.array(self._lesson_of, np.int64) < 0)
        saved = {
            **lesson_arrays(np.array(self._drawings, np.uint8).reshape(-1, retina.SIDE, retina.SIDE), self._taught),
            **self.machine.tensors(told),
        }
        if self.config.max_rows:
            depths = self._impressions()
            lessons = [depths.get(lesson, 0) for lesson in range(len(self._taught))]
            saved["impressions"] = np.array(lessons + [self.machine.rows.impressions[row] for row in told], np.uint8)
        return saved

    @classmethod
    def restore(cls, config: StateConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        n_lessons = n_rows(tensors, "taught")
        if len(labels) > config.n_labels:
            raise AgentError(f"expected at most {config.n_labels} labels, got {len(labels)}.")
        agent = cls(config, Machine.unwired(PIXELS * config.n_bits, config.n_outputs, config.seed))
        expected = {**lesson_shapes(n_lessons, len(labels)), **agent.machine.expected(tensors)}
        if config.max_rows:
            n_units = n_lessons + expected["q_rows"][0][0]
            expected["impressions"] = ((n_units,), np.uint8, 0, DEEPEST)
        check_arrays(tensors, expected)
        drawings = retina.unpack(tensors["drawings"])
        check_lessons(drawings, tensors["taught"], labels)
        agent._lesson_of = [-1] * agent.machine.restore(tensors)
        agent.machine.check_weights(config.dd)
        agent._drawings, agent._taught = list(drawings), [labels[number] for number in tensors["taught"]]
        agent._learn_anew()
        if config.max_rows:
            n_most = max(n_lessons, agent.machine.n_rows)
            if n_most > config.max_rows:  # the next lesson would have to make room for all of them
                raise AgentError(f"expected at most {config.max_rows:,} rows and lessons, got {n_most:,}.")
            depths = tensors["impressions"].tolist()
            agent.machine.rows.impressions[: len(depths) - n_lessons] = depths[n_lessons:]
            agent._impress(dict(enumerate(depths[:n_lessons])))
        return agent


def _lot(kept: np.ndarray, purpose: bytes) -> int:
    """Number a state by the drawing that it begins with, 0 … 2**62 - 1."""
    return int.from_bytes(hashlib.blake2b(kept.tobytes(), digest_size=8, person=purpose).digest(), "little") >> 2
