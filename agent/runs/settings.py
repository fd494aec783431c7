"""The settings of a run, checked: what the command line takes beside a task and an agent."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent import metrics
from agent.errors import AgentError, nearest
from agent.starters import STARTERS

MAX_LESSONS = 10_000_000
MAX_SEED = 2**62
ORDERS = {
    "mixed": "the lessons of all tasks shuffled together",
    "one_after_another": "task by task, and all of them asked after each",
}
ABOUT = {  # a line each for the page of help
    "lessons": "how many to teach, of each task; null: all it has",
    "seed": "fixes which lessons, their order, and all that is drawn at the agent's birth",
    "starter": f"what the agent knows from the beginning: {', '.join(STARTERS)}",
    "order": "of several tasks: mixed, or one_after_another with a table of forgetting",
    "stream": "true: each lesson once, as it comes; false: again and again, shuffled",
    "epochs": "how often, with stream=false",
    "shards": "processes that learn a part of the lessons each; one agent comes of it",
    "study": "whether the agent goes over its lessons once more in the end",
    "steps": "for other tasks than drawings: how many steps or frames; null: as many as the agent says",
    "replay": "words that name a run, or its folder: teach its lessons in its order",
    "load": "begin with an agent: true for the one in this run's folder, or words that name a run",
    "label": "for task=generate: what to draw; null: every label",
    "n_test": "drawings asked in the end, of each task; null: all it keeps apart",
    "n_asked": "drawings of each chunk asked before it is taught, for the learning curve",
    "n_held_out": "test drawings asked after each chunk, for the learning curve",
    "save_every": "lessons between two savings on the way; 0: only in the end",
    "metrics": "formulas by name, such as metrics.gap='accuracy - prequential'",
    "experiment": "the name that this run and others go by",
    "folder": "where all runs lie",
    "again": "whether a finished run is run again",
    "plots": "whether the run draws its learning curve and its confusion",
    "track": "whether trackio records the run, where it is installed",
}
_DRAWINGS_ALONE = {
    "lessons", "starter", "order", "stream", "epochs", "shards", "study", "replay", "label", "n_test", "n_asked",
    "n_held_out",
}  # fmt: skip
_SAME = {"folder", "again", "plots", "track", "save_every"}  # what does not change what comes out


@dataclass(frozen=True)
class Settings:
    """What a run is, beside its task and its agent; `ABOUT` says what each of these is."""

    lessons: int | None = 600
    seed: int = 0
    starter: str | None = None
    order: str = "mixed"
    stream: bool = True
    epochs: int = 1
    shards: int = 1
    steps: int | None = None
    study: bool = False
    replay: str | None = None
    load: bool | str = False
    label: str | None = None
    n_test: int | None = None
    n_asked: int = 200
    n_held_out: int = 200
    save_every: int = 10_000
    metrics: Mapping[str, str] = field(default_factory=dict)
    experiment: str = "default"
    folder: str = "runs"
    again: bool = False
    plots: bool = True
    track: bool = False

    def __post_init__(self) -> None:
        _check_whole(self, "lessons", 1, MAX_LESSONS, none=True)
        _check_whole(self, "seed", 0, MAX_SEED)
        _check_whole(self, "epochs", 1, 1000)
        _check_whole(self, "shards", 1, 64)
        _check_whole(self, "steps", 1, MAX_LESSONS, none=True)
        _check_whole(self, "n_test", 1, MAX_LESSONS, none=True)
        _check_whole(self, "n_asked", 1, 10_000)
        _check_whole(self, "n_held_out", 0, 10_000)
        _check_whole(self, "save_every", 0, MAX_LESSONS)
        for name in ("stream", "study", "again", "plots", "track"):
            if type(getattr(self, name)) is not bool:
                raise AgentError(f"expected {name} as true or false, got {getattr(self, name)!r}.")
        _check_word(self, "order", ORDERS)
        _check_word(self, "starter", STARTERS, none=True)
        _check_text(self, "replay", none=True)
        _check_text(self, "folder")
        if type(self.load) is not bool:
            _check_text(self, "load")
        if self.label is not None:
            object.__setattr__(self, "label", str(self.label))
        object.__setattr__(self, "metrics", metrics.check_formulas(self.metrics))
        _check_experiment(self.experiment)
        self._check_together()

    def check_family(self, family: str) -> None:
        """Some settings are for drawings alone, others for all other families."""
        own = _DRAWINGS_ALONE if family != "drawings" else ("steps",)
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if each.name in own and value != each.default:
                raise AgentError(f"expected no {each.name} for agents of {family}, got {value!r}. Leave it out.")

    def _check_together(self) -> None:
        """Some settings leave others no room."""
        if self.epochs > 1 and self.stream:
            raise AgentError(f"expected stream=false with epochs={self.epochs}, got true: a stream comes once.")
        if self.load is not False and self.starter:
            raise AgentError(f"expected a starter or an agent to load, got both: {self.starter} and load={self.load}.")
        if self.shards > 1 and (self.epochs > 1 or self.load is not False or self.starter or self.replay):
            raise AgentError("expected shards alone, got them with epochs, load, starter or replay. Set shards=1.")


def settings(given: Mapping[str, Any]) -> Settings:
    """Check settings by name.

    Examples
    --------
    >>> settings({"lessons": 60}).lessons
    60
    >>> settings({"lesons": 60})
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected a setting of a run, got lesons. Did you mean lessons?
    """
    known = [field.name for field in dataclasses.fields(Settings)]
    for name in given:
        if name not in known:
            raise AgentError(f"expected a setting of a run, got {str(name)[:40]}.{nearest(name, known)}")
    return Settings(**given)


def what_matters(config: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a run's exact settings what does not change what comes out."""
    same = {name: value for name, value in config.items() if name not in _SAME}
    if same.get("load") is True:
        same["load"] = False
    return same


def _check_whole(config: Settings, name: str, low: int, high: int, none: bool = False) -> None:
    value = getattr(config, name)
    if value is None and none:
        return
    if type(value) is not int or not low <= value <= high:
        more = " or null" if none else ""
        raise AgentError(f"expected {name} as a whole number from {low:,} to {high:,}{more}, got {value!r}.")


def _check_word(config: Settings, name: str, known: Mapping[str, str], none: bool = False) -> None:
    value = getattr(config, name)
    if not (value is None and none) and value not in known:
        raise AgentError(f"expected {name} among {', '.join(known)}, got {value!r}.{nearest(value, known)}")


def _check_text(config: Settings, name: str, none: bool = False) -> None:
    value = getattr(config, name)
    if type(value) is int:  # a name such as 3, read as a number
        object.__setattr__(config, name, str(value))
    elif not (value is None and none) and (type(value) is not str or not 1 <= len(value.strip()) <= 1000):
        raise AgentError(f"expected {name} as text, got {value!r}.")


def _check_experiment(name: object) -> None:
    if type(name) is not str or not re.fullmatch(r"\w[\w .,=+-]{0,79}(/\w[\w .,=+-]{0,79}){0,3}", name):
        raise AgentError(
            f"expected experiment as a name of letters, digits and . , = + -, got {str(name)[:40]!r}: a folder."
        )
