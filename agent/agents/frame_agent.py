"""The agent that predicts frames and acts: checks of input, baselines and user rewards around a frame model."""

from __future__ import annotations

import copy
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from agent import render, untrusted
from agent.agents.base import Agent
from agent.errors import AgentError
from agent.models import FRAMES
from agent.models.frames import MAX_CELLS, FrameModel, FrameSpec
from agent.progress import Progress
from agent.validation import check_number

if TYPE_CHECKING:
    from PIL.Image import Image

N_UNSCORED = 5  # first cells, scores and a constant, which do not count into errors
MAX_EVENTS = 1000
EVENT_BYTES = 700  # of memory
PICTURE = 28, 28 * 64  # height and maximal width in pixels of the picture of a prediction


@dataclass(frozen=True)
class Expectation:
    """Prediction and action that follow a frame.

    Errors are mean squared ones over the observed cells of this frame: of its prediction, of the previous frame, and of
    the mean of all previous frames; None for a first frame, or one without observed cells.
    """

    prediction: np.ndarray  # (n_cells,) float32 without NaN: the predicted next frame
    action: np.ndarray  # (n_actions,) float32
    because: str  # the reason for the action, or where the prediction comes from
    error: float | None = None
    repeat_error: float | None = None
    mean_error: float | None = None


def frame_of(step: tuple[Any, ...]) -> np.ndarray:
    """Give the frame that an agent observes, of what ``reset`` or ``step`` of an environment gave: NaN is not observed.

    Examples
    --------
    >>> frame_of((np.array([0.0, 0.5], np.float32), {"observed": np.array([False, True])})).tolist()
    [nan, 0.5]
    """
    return np.where(step[-1].get("observed", True), step[0], np.float32(np.nan))


class Baselines:
    """Baseline predictions: the last frame, and the mean of all frames so far.

    Examples
    --------
    >>> baselines = Baselines()
    >>> baselines.update(np.array([0.0, 1.0], np.float32))
    >>> baselines.update(np.array([1.0, np.nan], np.float32))
    >>> baselines.last.tolist(), baselines.mean.tolist()
    ([1.0, 1.0], [0.5, 1.0])
    """

    def __init__(self) -> None:
        self.last, self.mean, self._counts = (np.zeros(0, np.float64) for _ in range(3))

    def update(self, frame: np.ndarray) -> None:
        """Count a frame; new cells start at 0."""
        more = max(0, len(frame) - len(self.last))
        self.last, self.mean, self._counts = (
            np.pad(array, (0, more))[: len(frame)] for array in (self.last, self.mean, self._counts)
        )
        mask = ~np.isnan(frame)
        self._counts[mask] += 1
        self.last[mask] = frame[mask]
        self.mean[mask] += (frame[mask] - self.mean[mask]) / self._counts[mask]


class FrameAgent(Agent):
    """An agent that predicts the next frame of an environment and acts for score.

    Its ``model`` is an `agent.models.FrameModel`; ``events`` lists the environments it was in, and how often users
    rewarded it there.

    Examples
    --------
    >>> from agent.models import FRAMES
    >>> agent = FrameAgent(FRAMES["cells"](FRAMES["cells"].Config()))
    >>> for number in range(20):
    ...     step = agent.observe([np.nan] * 4 + [1, number % 2])
    >>> step.error, step.repeat_error
    (0.0, 1.0)
    """

    FAMILY: ClassVar[str] = "frames"
    MODELS: ClassVar[dict[str, type[FrameModel]]] = FRAMES
    PIPELINE_TAG: ClassVar[str] = "reinforcement-learning"
    TAGS: ClassVar[tuple[str, ...]] = ("weightless", "predictive")

    def __init__(self, model: FrameModel, name: str = "Pupil") -> None:
        super().__init__(model, name)
        self.events: list[dict[str, Any]] = []
        self.baselines = Baselines()
        self._expected: np.ndarray | None = None
        self._reward: float | None = None

    @classmethod
    def restored(cls, model: FrameModel, log: str, name: str) -> Self:
        """Build an agent from a saved model and log; AgentError when the log is not valid."""
        agent = cls(model, name)
        agent.events = _events(log)
        return agent

    @property
    def n_bytes(self) -> int:
        """Bytes of memory it takes, its log too."""
        return self.model.n_bytes + EVENT_BYTES * len(self.events)

    @property
    def n_lessons(self) -> int:
        """Frames observed so far."""
        return self.model.n_frames

    @property
    def log(self) -> str:
        """The event log as a file holds it: one JSON object a line."""
        return "".join(json.dumps(event) + "\n" for event in self.events)

    def enter(self, environment: Any, name: str = "") -> None:
        """Prepare for an environment of `agent.environments`; AgentError when it has too many cells for the model."""
        space = environment.action_space
        spec = FrameSpec(environment.places, space.low.astype(np.float32), tuple(environment.actions))
        resumes = np.array_equal(spec.places, self.model.spec.places, equal_nan=True)
        self.model.enter(spec)
        self._expected = self.model.expected if resumes and self.n_lessons else None
        if name and (not self.events or self.events[-1]["world"] != name):
            self.events.append(
                {"event": "watch", "world": name[:80], "begun": self.n_lessons, "praised": 0, "blamed": 0}
            )
            del self.events[:-MAX_EVENTS]

    def observe(self, frame: object) -> Expectation:
        """Learn from a frame, then predict the next one and choose an action.

        A frame is (n_cells,) numbers, clipped to −1 … 1; NaN was not observed, and the prediction stands in for it. The
        number of cells may change from frame to frame. AgentError for anything else, or more cells than there is room
        for.
        """
        cells = _check_frame(frame)
        if len(cells) != self.model.spec.n_cells:
            self._resize(len(cells))
        if self._reward is not None:
            score = 0.0 if np.isnan(cells[0]) else float(cells[0])
            cells[0] = np.clip(score + self._reward, -0.99, 0.99)
            self._reward = None
        errors = self._errors(cells)
        self.baselines.update(cells)
        decision = self.model.observe(cells)
        self._expected = decision.prediction
        return Expectation(decision.prediction, decision.action, decision.because, *errors)

    def reward(self, value: float) -> None:
        """Reward its behaviour, 1 for good, −1 for bad; added to the score of the next frame."""
        self._reward = max(-1.0, min(1.0, (self._reward or 0.0) + check_number("a reward", value, -1, 1)))
        if self.events:
            self.events[-1]["praised" if value > 0 else "blamed"] += 1

    def predict_open_loop(self) -> Expectation:
        """Observe nothing and take the prediction for the frame (open loop)."""
        if not self.model.spec.n_cells:
            raise AgentError("An agent that has observed no frame cannot predict. Let it watch first.")
        return self.observe(np.full(self.model.spec.n_cells, np.nan, np.float32))

    def picture(self) -> Image:
        """Image of its prediction, cell by cell: 28 pixels high, grey."""
        prediction = np.zeros(0, np.float32) if self._expected is None else self._expected
        n_columns = min(PICTURE[1], max(28, -(-len(prediction) // PICTURE[0])))
        page = np.zeros(PICTURE[0] * n_columns, np.uint8)
        greys = np.clip((prediction[: page.size] + 1) * 127.5, 0, 255)
        page[: len(greys)] = np.round(greys)
        return render.picture(page.reshape(n_columns, PICTURE[0]).T)

    def iter_without_user_lessons(self) -> Generator[Progress, None, Self]:
        """A new agent with the same settings: what users showed it cannot be separated from the rest."""
        yield Progress(0, 1, "teaching")
        return type(self)(type(self.model)(copy.copy(self.model.config)), self.name)

    def _resize(self, n_cells: int) -> None:
        """Change the number of cells: known cells keep their places, new ones have none."""
        old = self.model.spec
        places = np.full((n_cells, 3), np.nan, np.float32)
        n_common = min(n_cells, old.n_cells)
        places[:n_common] = old.places[:n_common]
        self.model.enter(FrameSpec(places, old.low, old.actions))

    def _errors(self, cells: np.ndarray) -> tuple[float | None, float | None, float | None]:
        last = self.baselines.last
        n_cells = 0 if self._expected is None else min(len(cells), len(self._expected), len(last))
        mask = ~np.isnan(cells[:n_cells])
        mask[:N_UNSCORED] = False
        if not mask.any():
            return None, None, None
        guesses = self._expected[:n_cells], last[:n_cells], self.baselines.mean[:n_cells]
        error, repeat, mean = (float(np.mean((guess[mask] - cells[:n_cells][mask]) ** 2)) for guess in guesses)
        return error, repeat, mean


def _check_frame(frame: object) -> np.ndarray:
    try:
        cells = np.array(frame, np.float32)
    except (TypeError, ValueError) as error:
        raise AgentError(f"expected a frame as numbers, got {str(frame)[:40]} ({error}).") from error
    if cells.ndim != 1 or not N_UNSCORED <= len(cells) <= MAX_CELLS:
        raise AgentError(f"expected a frame of {N_UNSCORED} to {MAX_CELLS:,} numbers, got {cells.shape}.")
    if np.isinf(cells).any():
        raise AgentError(f"expected numbers from -1 to 1 or NaN, got {int(np.isinf(cells).sum())} infinite ones.")
    return np.clip(cells, -1, 1)


def _events(log: str) -> list[dict[str, Any]]:
    """Read and check the event log of a file."""
    events = []
    for line in log.splitlines()[: MAX_EVENTS + 1]:
        try:
            event = untrusted.strict(line)
        except (ValueError, RecursionError) as error:
            raise AgentError(f"expected a line of JSON in the log, got {line[:40]!r}.") from error
        numbers = ("begun", "praised", "blamed")
        fits = isinstance(event, Mapping) and set(event) == {"event", "world", *numbers} and event["event"] == "watch"
        if not fits or type(event["world"]) is not str or not 0 < len(event["world"]) <= 80:
            raise AgentError(f"expected watch events in the log, got {str(event)[:60]}.")
        if any(type(event[name]) is not int or event[name] < 0 for name in numbers):
            raise AgentError(f"expected counts from 0 in the log, got {str(event)[:60]}.")
        events.append(dict(event))
    if len(events) > MAX_EVENTS:
        raise AgentError(f"expected at most {MAX_EVENTS} events in the log, got more.")
    return events
