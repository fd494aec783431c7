"""One agent that watches, as its user meets it: a mind, what it is compared with, and rewards from people."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from agent import foreign, render
from agent.errors import AgentError
from agent.kinds import FRAMES
from agent.kinds.mind import MAX_CELLS, Mind, Scene
from agent.lineage import Lineage

if TYPE_CHECKING:
    from PIL.Image import Image

UNJUDGED = 5  # cells before it, scores and a constant, do not count as predicted
MAX_EVENTS = 1000
PICTURE = 28, 28 * 64  # most pixels of what it expects, high and wide


@dataclass(frozen=True)
class Expectation:
    """What an agent makes of a frame.

    Attributes
    ----------
    prediction : numpy.ndarray
        (n_cells,) float32 without NaN: the next frame as it expects it.
    action : numpy.ndarray
        (n_actions,) float32: what it does now.
    because : str
        Why.
    error, repeat_error, mean_error : float or None
        Mean squared difference, over what was observed of this frame, of what it had expected, of the frame before, and
        of the mean of all frames before; None for a first frame, or one of which nothing was observed.
    """

    prediction: np.ndarray
    action: np.ndarray
    because: str
    error: float | None = None
    repeat_error: float | None = None
    mean_error: float | None = None


class Baselines:
    """What costs nothing to expect: the last frame again, or the mean of all so far.

    Examples
    --------
    >>> known = Baselines()
    >>> known.see(np.array([0.0, 1.0], np.float32))
    >>> known.see(np.array([1.0, np.nan], np.float32))
    >>> known.last.tolist(), known.mean.tolist()
    ([1.0, 1.0], [0.5, 1.0])
    """

    def __init__(self) -> None:
        self.last, self.mean, self._counts = (np.zeros(0, np.float64) for _ in range(3))

    def see(self, frame: np.ndarray) -> None:
        """Count a frame; cells beyond those known begin at 0."""
        more = max(0, len(frame) - len(self.last))
        self.last, self.mean, self._counts = (
            np.pad(each, (0, more))[: len(frame)] for each in (self.last, self.mean, self._counts)
        )
        seen = ~np.isnan(frame)
        self._counts[seen] += 1
        self.last[seen] = frame[seen]
        self.mean[seen] += (frame[seen] - self.mean[seen]) / self._counts[seen]


class Watcher:
    """An agent that watches frames, expects the next one, acts, and seeks score.

    Attributes
    ----------
    memory : agent.kinds.mind.Mind
        What has been learned.
    name : str
        What people call it.
    lineage : agent.lineage.Lineage
        Where it comes from.
    events : list of dict
        What it watched, and how often people rewarded it there.

    Examples
    --------
    >>> from agent.kinds import FRAMES
    >>> watcher = Watcher(FRAMES["cells"](FRAMES["cells"].Config()))
    >>> for number in range(20):
    ...     seen = watcher.observe([np.nan] * 4 + [1, number % 2])
    >>> seen.error, seen.repeat_error
    (0.0, 1.0)
    """

    FAMILY: ClassVar[str] = "frames"
    KINDS: ClassVar[dict[str, type[Mind]]] = FRAMES
    PIPELINE_TAG: ClassVar[str] = "reinforcement-learning"
    TAGS: ClassVar[tuple[str, ...]] = ("weightless", "predictive")

    def __init__(self, memory: Mind, name: str = "Pupil") -> None:
        self.memory = memory
        self.name = name
        self.lineage = Lineage()
        self.events: list[dict[str, Any]] = []
        self.baselines = Baselines()
        self._expected: np.ndarray | None = None
        self._reward: float | None = None

    @classmethod
    def restored(cls, memory: Mind, log: str, name: str) -> Self:
        """Put an agent together from what a file holds; AgentError when its log tells what cannot have happened."""
        watcher = cls(memory, name)
        watcher.events = _events(log)
        return watcher

    @property
    def kind(self) -> str:
        """The name of its kind."""
        return self.memory.NAME

    @property
    def labels(self) -> tuple[str, ...]:
        """None: it learns no labels."""
        return ()

    @property
    def n_lessons(self) -> int:
        """How many frames it has seen."""
        return self.memory.n_frames

    @property
    def log(self) -> str:
        """What it watched, as a file holds it: one event a line, JSON."""
        return "".join(json.dumps(event) + "\n" for event in self.events)

    def enter(self, world: Any, name: str = "") -> None:
        """Get ready for a world, a `gymnasium.Env` as in `agent.tasks.frames`.

        Raises
        ------
        AgentError
            It has more cells than the mind has room for.
        """
        space = world.action_space
        scene = Scene(world.places, space.low.astype(np.float32), tuple(world.actions))
        goes_on = np.array_equal(scene.places, self.memory.scene.places, equal_nan=True)
        self.memory.enter(scene)
        self._expected = self.memory.expected if goes_on and self.n_lessons else None
        if name and (not self.events or self.events[-1]["world"] != name):
            self.events.append(
                {"event": "watch", "world": name[:80], "begun": self.n_lessons, "praised": 0, "blamed": 0}
            )
            del self.events[:-MAX_EVENTS]

    def observe(self, frame: object) -> Expectation:
        """Learn from a frame, then say what is expected next and what to do.

        Parameters
        ----------
        frame : array of numbers
            (n_cells,), −1 … 1, more is cut off; NaN was not observed. All NaN: it dreams, taking for seen what it
            expects. Another number of cells than before is taken as it comes.

        Raises
        ------
        AgentError
            No such array, an infinite number, or more cells than the mind has room for.
        """
        cells = _checked(frame)
        if len(cells) != self.memory.scene.n_cells:
            self._resize(len(cells))
        if self._reward is not None:
            given = 0.0 if np.isnan(cells[0]) else float(cells[0])
            cells[0] = np.clip(given + self._reward, -0.99, 0.99)
            self._reward = None
        errors = self._errors(cells)
        self.baselines.see(cells)
        thought = self.memory.observe(cells)
        self._expected = thought.prediction
        return Expectation(thought.prediction, thought.action, thought.because, *errors)

    def reward(self, value: float) -> None:
        """Say that what it does is good, 1, or bad, −1: it counts into the score of the next frame."""
        if type(value) not in (int, float) or not -1 <= value <= 1:
            raise AgentError(f"expected a reward from -1 to 1, got {value!r}.")
        self._reward = max(-1.0, min(1.0, (self._reward or 0.0) + float(value)))
        if self.events:
            self.events[-1]["praised" if value > 0 else "blamed"] += 1

    def dream(self) -> Expectation:
        """Observe nothing at all: what it expects is what it sees."""
        if not self.memory.scene.n_cells:
            raise AgentError("expected an agent that has seen something, got one that has not. Let it watch first.")
        return self.observe(np.full(self.memory.scene.n_cells, np.nan, np.float32))

    def picture(self) -> Image:
        """Draw what it expects, cell by cell: 28 pixels high, grey."""
        expected = np.zeros(0, np.float32) if self._expected is None else self._expected
        n_columns = min(PICTURE[1], max(28, -(-len(expected) // PICTURE[0])))
        page = np.zeros(PICTURE[0] * n_columns, np.uint8)
        shown = np.clip((expected[: page.size] + 1) * 127.5, 0, 255)
        page[: len(shown)] = np.round(shown)
        return render.picture(page.reshape(n_columns, PICTURE[0]).T)

    def without_own(self) -> Self:
        """Give one that has seen nothing: what people showed it and how they rewarded it cannot be told apart."""
        return type(self)(type(self.memory)(copy.copy(self.memory.config)), self.name)

    def _resize(self, n_cells: int) -> None:
        """Take frames of another size: cells that were there stay where they were, others lie nowhere."""
        old = self.memory.scene
        places = np.full((n_cells, 3), np.nan, np.float32)
        kept = min(n_cells, old.n_cells)
        places[:kept] = old.places[:kept]
        self.memory.enter(Scene(places, old.low, old.actions))

    def _errors(self, cells: np.ndarray) -> tuple[float | None, float | None, float | None]:
        known = self.baselines.last
        n_cells = 0 if self._expected is None else min(len(cells), len(self._expected), len(known))
        seen = ~np.isnan(cells[:n_cells])
        seen[:UNJUDGED] = False
        if not seen.any():
            return None, None, None
        guesses = self._expected[:n_cells], known[:n_cells], self.baselines.mean[:n_cells]
        error, repeat, mean = (float(np.mean((each[seen] - cells[:n_cells][seen]) ** 2)) for each in guesses)
        return error, repeat, mean


def _checked(frame: object) -> np.ndarray:
    try:
        cells = np.array(frame, np.float32)
    except (TypeError, ValueError) as error:
        raise AgentError(f"expected a frame as numbers, got {str(frame)[:40]} ({error}).") from error
    if cells.ndim != 1 or not UNJUDGED <= len(cells) <= MAX_CELLS:
        raise AgentError(f"expected a frame of {UNJUDGED} to {MAX_CELLS:,} numbers, got {cells.shape}.")
    if np.isinf(cells).any():
        raise AgentError(f"expected numbers from -1 to 1 or NaN, got {int(np.isinf(cells).sum())} infinite ones.")
    return np.clip(cells, -1, 1)


def _events(log: str) -> list[dict[str, Any]]:
    """Read the log of somebody's file."""
    found = []
    for line in log.splitlines()[: MAX_EVENTS + 1]:
        try:
            event = foreign.strict(line)
        except (ValueError, RecursionError) as error:
            raise AgentError(f"expected a line of JSON in the log, got {line[:40]!r}.") from error
        numbers = ("begun", "praised", "blamed")
        fits = isinstance(event, Mapping) and set(event) == {"event", "world", *numbers} and event["event"] == "watch"
        if not fits or type(event["world"]) is not str or not 0 < len(event["world"]) <= 80:
            raise AgentError(f"expected what was watched in the log, got {str(event)[:60]}.")
        if any(type(event[name]) is not int or event[name] < 0 for name in numbers):
            raise AgentError(f"expected counts from 0 in the log, got {str(event)[:60]}.")
        found.append(dict(event))
    if len(found) > MAX_EVENTS:
        raise AgentError(f"expected at most {MAX_EVENTS} events in the log, got more.")
    return found
