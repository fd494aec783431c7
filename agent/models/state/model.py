"""The state-machine classifier: a weightless recurrent net that settles on a label.

    thumbnail ─ encoder ─ I ─┬─> Q ─┬─> Z ─ code ─ label          (`machine` steps, `connectivity` connects)
                              └── Q ─┘ └─ Z

In the literature: iconic training of a general neural unit; see `agent.models.state.machine`.

A lesson starts from a random state and holds the drawing as input and the label as output for some steps. A guess
starts from another random state, holds the drawing as input for some steps and reads the outputs. Both random states
depend on the drawing alone, so the order of lessons does not matter, forgetting drops rows, and joining adds them. With
bounded memory (``max_rows``) order matters: the least used lessons are evicted, and the scores of all others fall by
the score of the evicted one (least-frequently-used eviction with ageing).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from agent import preprocessing
from agent.errors import AgentError
from agent.models.base import (
    Exemplar,
    Explanation,
    Guess,
    LessonModel,
    check_lessons,
    check_same_params,
    lesson_arrays,
    lesson_shapes,
    n_rows,
    newest_lesson,
)
from agent.models.state.config import DIGITS, PIXELS, PRESETS, StateConfig, Wiring, label_codes
from agent.models.state.machine import Machine, MachineState
from agent.models.state.rows import MAX_SCORE, unpack
from agent.validation import check_arrays, check_choice

N_EXEMPLARS = 3
MAX_HISTORY = 10_000  # states kept and saved


class State(LessonModel):
    """Classifier by a weightless neural state machine, iconically trained (Aleksander and Morton 1993).

    Its ``machine`` holds the neurons, their rows, the current state and the history.
    """

    NAME: ClassVar[str] = "state"
    SUMMARY: ClassVar[str] = "settles from state to state, every neuron looking up what it was taught"
    VIEWS: ClassVar[tuple[str, ...]] = ("trajectory",)
    ORDER_FREE: bool = True  # unless its memory is bounded
    MAX_LABELS: int = 62  # fewer with few outputs
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = PRESETS
    Config: ClassVar[type] = StateConfig

    def __init__(self, config: StateConfig, machine: Machine | None = None) -> None:
        self.config = config
        self.MAX_LABELS = config.n_labels
        self.ORDER_FREE = not config.max_rows
        self.machine = machine or Machine(Wiring.from_config(config), config.seed)
        self.machine.check_weights(config.dd)
        self._drawings: list[np.ndarray] = []
        self._labels: list[str] = []
        self._by_drawing: dict[bytes, str] = {}  # what each drawing was last taught as
        self._lesson_of: list[int] = []  # the lesson of each row; -1 for rows taught by `next_state`
        self._codes: dict[str, int] = {}

    @property
    def n_bytes(self) -> int:
        return self.machine.n_bytes + PIXELS * len(self._drawings)

    # ---------------------------------------------------------------- learning and forgetting

    def learn_many(self, thumbnails: np.ndarray, labels: Sequence[str]) -> None:
        n_labels, first = len({*self._labels, *labels}), len(self._labels)
        if n_labels > self.MAX_LABELS:
            n_outputs = self.config.n_outputs
            raise AgentError(f"expected at most {self.MAX_LABELS} labels with {n_outputs} outputs, got {n_labels}.")
        if self.config.max_rows and len(labels) > 1:
            for drawing, label in zip(thumbnails, labels, strict=True):
                self.learn_many(drawing[None], [label])
            return
        if self.config.max_rows:
            self.machine.use(*self.settle(thumbnails[0])[:-3:-1])
        self._drawings += [drawing.copy() for drawing in thumbnails]
        self._labels += labels
        changed = [
            self._by_drawing.get(drawing.tobytes()) not in (None, label)
            for drawing, label in zip(thumbnails, labels, strict=True)
        ]
        if any(changed) or label_codes(self.labels, self.config) != self._codes:
            self._relearn()
        else:
            for lesson in range(first, len(self._labels)):
                self._learn_lesson(lesson)
        self._evict()

    def _relearn(self) -> None:
        """Learn all lessons again; of lessons that give one drawing different labels the newest counts."""
        scores = self._lesson_scores()
        self.machine.forget(np.flatnonzero(np.array(self._lesson_of, np.int64) >= 0))
        self._lesson_of = [-1] * self.machine.n_rows
        self._codes, self._by_drawing = label_codes(self.labels, self.config), {}
        newest = {drawing.tobytes(): lesson for lesson, drawing in enumerate(self._drawings)}
        for lesson, drawing in enumerate(self._drawings):
            if self._labels[newest[drawing.tobytes()]] == self._labels[lesson]:
                self._learn_lesson(lesson)
        self._set_lesson_scores(scores)

    def _learn_lesson(self, lesson: int) -> None:
        """Start from a random state, then hold the drawing and its label."""
        drawing, label = self._drawings[lesson], self._labels[lesson]
        self._by_drawing[drawing.tobytes()] = label
        states = self._lesson_states(drawing, self._codes[label])
        for previous, state in itertools.pairwise(states):
            self.machine.learn(state, previous, b"lesson")
        self._lesson_of += [lesson] * (self.machine.n_rows - len(self._lesson_of))

    def _lesson_states(self, drawing: np.ndarray, code: int) -> list[MachineState]:
        """The states of a lesson: a random one, then those with drawing and label held."""
        inputs, output = self.machine.pack_inputs(self.encode(drawing)), self._outputs(code)
        states = [self.machine.random_state(_drawing_hash(drawing, b"lesson"))]
        for _ in range(self.config.n_held):
            states.append(self.machine.clamp(inputs, states[-1], output))
        return states

    def forget_one(self, thumbnail: np.ndarray, label: str, n_newer: int = 0) -> None:
        self._drop(newest_lesson(self._drawings, self._labels, thumbnail, label, n_newer))

    def relabel_one(self, thumbnail: np.ndarray, label: str, new_label: str, n_newer: int = 0) -> None:
        self._labels[newest_lesson(self._drawings, self._labels, thumbnail, label, n_newer)] = new_label
        self._relearn()

    def _drop(self, lesson: int) -> None:
        """Forget a lesson; later ones move up."""
        thumbnail, of_lesson = self._drawings[lesson], np.array(self._lesson_of, np.int64)
        is_only = sum((drawing == thumbnail).all() for drawing in self._drawings) == 1
        # a lesson has a row for each of its first two steps, which others repeat; lessons of equal inputs share rows
        shared = np.count_nonzero(of_lesson >= 0) < min(2, self.config.n_held) * len(self._by_drawing)
        del self._drawings[lesson], self._labels[lesson]
        self.machine.forget(np.flatnonzero(of_lesson == lesson))
        of_lesson = of_lesson[of_lesson != lesson]
        self._lesson_of = (of_lesson - (of_lesson > lesson)).tolist()
        if shared or not is_only or label_codes(self.labels, self.config) != self._codes:
            self._relearn()
        else:
            del self._by_drawing[thumbnail.tobytes()]

    # ---------------------------------------------------------------- bounded memory

    def _evict(self) -> None:
        """With bounded memory, drop the lessons or directly taught rows of the lowest score, the oldest first.

        The last lesson and the last row stay.
        """
        max_rows = self.config.max_rows
        while max_rows and max(self.machine.n_rows, len(self._drawings)) > max_rows:
            of_lesson = self._lesson_scores()
            candidates = [(of_lesson.get(lesson, 0), lesson, True) for lesson in range(len(self._labels) - 1)]
            candidates += [
                (self.machine.rows.use_scores[row], row, False)
                for row, lesson in enumerate(self._lesson_of[:-1])
                if lesson < 0
            ]
            score, place, is_lesson = min(candidates)
            if is_lesson:
                self._drop(place)
            else:
                self.machine.forget(np.array([place]))
                del self._lesson_of[place]
            self.machine.rows.age(score)

    def _lesson_scores(self) -> dict[int, int]:
        """The highest score among the rows of each lesson; lessons without rows have none."""
        scores: dict[int, int] = {}
        for lesson, score in zip(self._lesson_of, self.machine.rows.use_scores, strict=True):
            if lesson >= 0:
                scores[lesson] = max(score, scores.get(lesson, 0))
        return scores

    def _set_lesson_scores(self, scores: Mapping[int, int]) -> None:
        """Give the rows of each lesson its score, after they were learned again."""
        for row, lesson in enumerate(self._lesson_of):
            self.machine.rows.use_scores[row] = scores.get(lesson, self.machine.rows.use_scores[row])

    # ---------------------------------------------------------------- answering

    def predict(self, thumbnails: np.ndarray) -> list[Guess]:
        labels = self.labels
        return [self._answer_one(drawing, labels) for drawing in thumbnails]

    def _answer_one(self, thumbnail: np.ndarray, labels: tuple[str, ...]) -> Guess:
        responses = np.zeros(len(labels), np.int32)
        if not labels or not thumbnail.any():
            return Guess.of(labels, responses)
        states = self.settle(thumbnail)
        predicted = [self.label_of(state) for state in states[1:]]
        if predicted[-1] not in labels:  # no label has this code: unsure
            return Guess.of(labels, responses)
        for label in predicted:
            if label in labels:
                responses[labels.index(label)] += 1
        responses[labels.index(predicted[-1])] += len(predicted)  # the last state decides, the others give confidence
        return Guess.of(labels, responses)

    def settle(self, thumbnail: np.ndarray) -> list[MachineState]:
        """The states of a guess: a random one, then ``n_steps`` with the drawing as input."""
        config, number = self.config, _drawing_hash(thumbnail, b"guess")
        rules = {"dd": config.dd, "hamming": config.hamming, "default": config.default}
        return self.machine.settle(self.encode(thumbnail), number, config.n_steps, **rules)

    def trajectory(self, thumbnail: np.ndarray, label: str | None = None) -> list[tuple[str, MachineState]]:
        """The states of a drawing's lesson, if a label is given, then those of a guess.

        Each is a pair of how it came about ("chance", "taught" or "looked") and the state; the previous state stands
        before it.
        """
        lesson: list[tuple[str, MachineState]] = []
        if label in self._codes:
            states = self._lesson_states(thumbnail, self._codes[label])
            lesson = [("chance", states[0]), *(("taught", state) for state in states[1:])]
        guess = self.settle(thumbnail)
        return [*lesson, ("chance", guess[0]), *(("looked", state) for state in guess[1:])]

    def lesson_of(self, row: int) -> tuple[np.ndarray, str] | None:
        """The drawing and label of the lesson of a row; None for a row taught by `next_state`."""
        lesson = self._lesson_of[row]
        return None if lesson < 0 else (self._drawings[lesson], self._labels[lesson])

    def label_of(self, state: MachineState) -> str | None:
        """The label whose code the outputs show, or None."""
        code = int(state.output[0])
        return next((label for label, number in self._codes.items() if self._output_word(number) == code), None)

    def explain(self, thumbnail: np.ndarray, label: str) -> Explanation:
        """The lessons of a label whose rows are nearest for the first output neuron."""
        states = self.settle(thumbnail)
        distances = self.machine.distances(states[-1], states[-2], self.machine.n_inputs)
        nearest: dict[bytes, Exemplar] = {}
        for row in np.argsort(distances, kind="stable").tolist():
            lesson = self._lesson_of[row]
            if lesson >= 0 and self._labels[lesson] == label:
                drawing = self._drawings[lesson]
                nearest.setdefault(drawing.tobytes(), Exemplar(label, drawing.copy(), int(distances[row])))
                if len(nearest) == N_EXEMPLARS:
                    break
        return Explanation(tuple(nearest.values()))

    # ---------------------------------------------------------------- inputs and outputs

    def encode(self, thumbnail: np.ndarray) -> np.ndarray:
        """Input bits of a thumbnail: (I,) bool."""
        return encode_drawing(thumbnail, self.config.eyes, self.config.threshold, self.config.n_bits)

    def _output_word(self, code: int) -> int:
        return code if self.config.code == "binary" else 1 << code

    def _outputs(self, code: int) -> np.ndarray:
        return np.array([self._output_word(code)], np.uint64)

    # ---------------------------------------------------------------- step by step

    def reset_state(self) -> MachineState:
        """Append a random state; nothing is forgotten."""
        return self._trim_history(self.machine.reset_state())

    def next_state(self, drawing: object, label: str | None = None, **how: Any) -> MachineState:
        """Show a drawing and update every neuron once; a label, pleasure or pain teaches it.

        The label is a digit or was taught, else AgentError; the rest is as for `Machine.next_state`.
        """
        output = None
        if label is not None:
            codes = label_codes(DIGITS, self.config) | self._codes if self.config.n_labels >= 10 else self._codes
            output = unpack(self._outputs(codes[check_choice("a label", label, codes)]), self.config.n_outputs)
        n_before, current = self.machine.n_rows, self.machine.current
        state = self.machine.next_state(self.encode(preprocessing.to_thumbnail(drawing)), output, **how)
        self._lesson_of += [-1] * (self.machine.n_rows - n_before)
        if self.config.max_rows:
            if self.machine.n_rows == n_before:
                self.machine.use(state, [current, *self.machine.states[-2:]][-2])
            self._evict()
        return self._trim_history(state)

    def _trim_history(self, state: MachineState) -> MachineState:
        del self.machine.states[:-MAX_HISTORY]
        return state

    # ---------------------------------------------------------------- joining, imagining, saving

    def same_params(self, other: Self) -> bool:
        return other.config == self.config and self.machine.same_wiring(other.machine)

    def join(self, other: Self) -> None:
        check_same_params(self, other)
        direct = np.flatnonzero(np.array(other._lesson_of, np.int64) < 0)
        self._lesson_of += [-1] * self.machine.add_rows(other.machine.rows.take(direct))
        self._drawings += [drawing.copy() for drawing in other._drawings]
        self._labels += other._labels
        self._relearn()
        self._evict()

    def stats(self) -> dict[str, str]:
        machine = self.machine
        return {
            "rows": f"{machine.n_rows:,}",
            "neurons": f"{machine.n_inputs:,} I, {machine.n_inputs:,} Q, {machine.n_outputs} Z",
            "connections": f"{machine.n_connections:,}",
            "preset": self.config.preset,
        }

    def tensors(self) -> dict[str, np.ndarray]:
        direct = np.flatnonzero(np.array(self._lesson_of, np.int64) < 0)
        drawings = np.array(self._drawings, np.uint8).reshape(-1, preprocessing.SIDE, preprocessing.SIDE)
        saved = lesson_arrays(drawings, self._labels) | self.machine.tensors(direct)
        if self.config.max_rows:
            scores = self._lesson_scores()
            lessons = [scores.get(lesson, 0) for lesson in range(len(self._labels))]
            saved["impressions"] = np.array(lessons + [self.machine.rows.use_scores[row] for row in direct], np.uint8)
        return saved

    @classmethod
    def restore(cls, config: StateConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        n_lessons = n_rows(tensors, "taught")
        if len(labels) > config.n_labels:
            raise AgentError(f"expected at most {config.n_labels} labels, got {len(labels)}.")
        agent = cls(config, Machine.without_wiring(PIXELS * config.n_bits, config.n_outputs, config.seed))
        expected = {**lesson_shapes(n_lessons, len(labels)), **agent.machine.expected_arrays(tensors)}
        if config.max_rows:
            n_units = n_lessons + expected["q_rows"][0][0]
            expected["impressions"] = ((n_units,), np.uint8, 0, MAX_SCORE)
        check_arrays(tensors, expected)
        drawings = preprocessing.unpack(tensors["drawings"])
        check_lessons(drawings, tensors["taught"], labels)
        agent._lesson_of = [-1] * agent.machine.restore(tensors)
        agent.machine.check_weights(config.dd)
        agent._drawings, agent._labels = list(drawings), [labels[number] for number in tensors["taught"]]
        agent._relearn()
        if config.max_rows:
            n_units = max(n_lessons, agent.machine.n_rows)
            if n_units > config.max_rows:  # the next lesson would evict all of them
                raise AgentError(f"expected at most {config.max_rows:,} rows and lessons, got {n_units:,}.")
            scores = tensors["impressions"].tolist()
            agent.machine.rows.use_scores[: len(scores) - n_lessons] = scores[n_lessons:]
            agent._set_lesson_scores(dict(enumerate(scores[:n_lessons])))
        return agent


def _drawing_hash(thumbnail: np.ndarray, purpose: bytes) -> int:
    """Number of the random state that a drawing starts from: 0 … 2**62 - 1."""
    return int.from_bytes(hashlib.blake2b(thumbnail.tobytes(), digest_size=8, person=purpose).digest(), "little") >> 2


def encode_drawing(thumbnail: np.ndarray, eyes: str, threshold: int, n_bits: int) -> np.ndarray:
    """Encode a thumbnail as bits: a thermometer code for each pixel, its bits beside each other: (784 n_bits,) bool.

    Ink from ``threshold`` on sets a pixel's first bit; the others' thresholds are spread evenly above it.

    Examples
    --------
    >>> thumbnail = np.zeros((28, 28), np.uint8)
    >>> thumbnail[4:24, 14] = 170
    >>> int(encode_drawing(thumbnail, "reference", 120, 3).sum())  # 120 and 165 are passed, 210 is not
    40
    """
    image = preprocessing.canonical(thumbnail) if eyes == "canonical" else _centred(thumbnail)
    levels = threshold + (255 - threshold) * np.arange(n_bits) // n_bits
    return (image.ravel()[:, None] >= levels).ravel()


def _centred(thumbnail: np.ndarray) -> np.ndarray:
    """Shift a thumbnail by whole pixels so that its centre of mass is in the middle, as in MNIST: (28, 28) uint8."""
    centred = np.zeros_like(thumbnail)
    y, x = np.nonzero(thumbnail)
    if len(y):
        ink = thumbnail[y, x].astype(np.int64)
        total = 2 * ink.sum()  # half a side is 14, in halves of a pixel
        side = preprocessing.SIDE
        down, right = (int((side * ink.sum() - 2 * (ink * at).sum() + total // 2) // total) for at in (y, x))
        y, x, ink = y + down, x + right, thumbnail[y, x]
        inside = (y >= 0) & (y < side) & (x >= 0) & (x < side)
        centred[y[inside], x[inside]] = ink[inside]
    return centred
