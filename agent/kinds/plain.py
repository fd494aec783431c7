"""A class of anybody's as a kind: it learns a drawing, it answers a drawing, and the rest is done here.

Such a class has ``learn_one(drawing, label)`` and ``predict_one(drawing)``, which answers with a label, with None or
with a number for each label, more being better. Its drawings are kept ones, (28, 28) uint8. What it was taught is
remembered beside it, so that it can be saved as its lessons and taught them again.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, make_dataclass
from typing import Any, ClassVar, Self

import numpy as np

from agent import retina
from agent.errors import AgentError, nearest
from agent.kinds.base import Guess, Kind, Why
from agent.kinds.checks import check_birth, check_whole, lesson_arrays, newest_lesson, saved_lessons
from agent.kinds.images import mental_image

SCALE = 1000  # the best response
MAX_SEED = 2**62
_VERBS = ("learn_one", "predict_one")
_FULL = ("NAME", "Config", "answer", "learn_many", "tensors", "restore")
_TYPES = (bool, int, float, str)


@dataclass(frozen=True)
class Spaces:
    """What a task shows and asks for: a class receives of it what its constructor names."""

    labels: tuple[str, ...]

    def named(self, seed: int) -> dict[str, Any]:
        """Give everything by name."""
        n_labels = len(self.labels)
        return {
            "in_shape": (retina.SIDE, retina.SIDE),
            "in_features": retina.SIDE * retina.SIDE,
            "in_dim": retina.SIDE * retina.SIDE,
            "in_channels": 1,
            "out_shape": (n_labels,),
            "out_features": n_labels,
            "out_dim": n_labels,
            "out_channels": n_labels,
            "n_labels": n_labels,
            "labels": self.labels,
            "seed": seed,
        }


def is_kind(found: type) -> bool:
    """Say whether a class keeps the whole contract of `agent.kinds.base.Kind` itself."""
    return all(hasattr(found, name) for name in _FULL)


def settings_of(found: type) -> dict[str, Any]:
    """Name what a class may be set to, and its defaults: what its constructor asks for and no task tells.

    Examples
    --------
    >>> class Depths:
    ...     def __init__(self, in_shape, n_labels, depth=3): ...
    >>> settings_of(Depths)
    {'depth': 3}
    """
    known = Spaces(("0",)).named(0)
    asked = [each for each in _parameters(found) if each.name not in known and each.kind not in _REST]
    return {each.name: None if each.default is each.empty else each.default for each in asked}


def takes_any(found: type) -> bool:
    """Say whether a constructor takes settings of any name."""
    return any(each.kind is inspect.Parameter.VAR_KEYWORD for each in _parameters(found))


def plain(found: type, path: str, given: Mapping[str, Any], spaces: Spaces) -> type[Kind]:
    """Make a kind of a class.

    Parameters
    ----------
    found : type
        With `learn_one` and `predict_one`.
    path : str
        Where it was found, for messages.
    given : mapping
        Settings for its constructor.
    spaces : Spaces
        What the task shows and asks for.

    Raises
    ------
    AgentError
        A method is missing, a setting is unknown, or one has no value.
    """
    for verb in _VERBS:
        if not callable(getattr(found, verb, None)):
            raise AgentError(f"expected {path} to have {' and '.join(_VERBS)}, got none named {verb}.")
    wanted = settings_of(found)
    if not takes_any(found):
        for name in given:
            if name not in wanted:
                known = ", ".join(wanted) or "none"
                raise AgentError(f"expected settings of {path} among {known}, got {name}.{nearest(name, wanted)}")
    values = {**wanted, **given}
    for name, value in values.items():
        if type(value) not in _TYPES:
            raise AgentError(f"expected agent.{name} of {path} as a number, true, false or text, got {value!r}.")
    fields = [("seed", int, field(default=0)), ("asked", str, field(default=" ".join(spaces.labels)))]
    fields += [(name, type(value), field(default=value)) for name, value in values.items()]
    config = make_dataclass(f"{found.__name__}Config", fields, frozen=True, namespace={"__post_init__": _checked})
    summary = (inspect.getdoc(found) or f"is {path}").splitlines()[0].rstrip(".")
    about = {"NAME": found.__name__, "SUMMARY": summary, "Config": config, "made_of": found}
    return type(found.__name__, (Plain,), about)


class Plain:
    """A class of somebody's and the lessons it was taught; see `agent.kinds.base.Kind` for what the verbs promise."""

    NAME: ClassVar[str] = "plain"
    SUMMARY: ClassVar[str] = "a class of your own"
    ORDER_FREE: ClassVar[bool] = False
    STUDIES: ClassVar[bool] = False
    MAX_LABELS: int = 62
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {"as it is": {}}
    CHOICES: ClassVar[Mapping[str, Sequence[str]]] = {}
    Config: ClassVar[type]
    made_of: ClassVar[type]

    def __init__(self, config: Any) -> None:
        self.config = config
        self._drawings = np.zeros((0, retina.SIDE, retina.SIDE), np.uint8)
        self._taught: list[str] = []
        told = Spaces(tuple(config.asked.split())).named(config.seed)
        own = {name: value for name, value in vars(config).items() if name not in ("seed", "asked")}
        asked = {each.name for each in _parameters(self.made_of)}
        try:
            self._inner = self.made_of(**{name: value for name, value in told.items() if name in asked}, **own)
        except (TypeError, ValueError) as error:
            if isinstance(error, AgentError):
                raise
            raise AgentError(f"expected settings that {self.NAME} takes, got {own} ({error}).") from error

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted(set(self._taught)))

    @property
    def n_bytes(self) -> int:
        return self._drawings.nbytes

    def learn_one(self, kept: np.ndarray, label: str) -> None:
        self.learn_many(kept[None], [label])

    def learn_many(self, kept: np.ndarray, labels: Sequence[str]) -> None:
        for drawing, label in zip(kept, labels, strict=True):
            self._inner.learn_one(drawing, label)
        self._drawings = np.concatenate([self._drawings, kept])
        self._taught = [*self._taught, *labels]

    def forget_one(self, kept: np.ndarray, label: str) -> None:
        lost = newest_lesson(self._drawings, self._taught, kept, label)
        rows = [row for row in range(len(self._taught)) if row != lost]
        drawings, taught = self._drawings[rows], [self._taught[row] for row in rows]
        type(self).__init__(self, self.config)
        self.learn_many(drawings, taught)

    def answer(self, kept: np.ndarray) -> list[Guess]:
        labels = self.labels
        return [
            Guess.of(labels, self._responses(self._inner.predict_one(drawing), labels))
            if retina.has_ink(drawing) and labels
            else Guess.of(labels, np.zeros(len(labels), np.int32))
            for drawing in kept
        ]

    def why(self, kept: np.ndarray, label: str) -> Why:
        return Why()

    def born_like(self, other: Self) -> bool:
        return other.config == self.config

    def join(self, other: Self) -> None:
        check_birth(self, other)
        self.learn_many(other._drawings, other._taught)

    def study(self) -> Iterator[float]:
        return iter(())

    def imagine(self, label: str) -> np.ndarray:
        return mental_image(self.remembered(label), label, self.labels)

    def remembered(self, label: str) -> np.ndarray:
        return self._drawings[[row for row, name in enumerate(self._taught) if name == label]]

    def facts(self) -> dict[str, str]:
        return {"rows": f"{len(self._taught):,}"}

    def tensors(self) -> dict[str, np.ndarray]:
        return lesson_arrays(self._drawings, self._taught)

    @classmethod
    def restore(cls, config: Any, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        agent = cls(config)
        agent.learn_many(*saved_lessons(tensors, labels))
        return agent

    def _responses(self, said: object, labels: Sequence[str]) -> np.ndarray:
        """Read what the class answered: (L,) int32."""
        told = {said: 1.0} if isinstance(said, str) else {} if said is None else said
        try:
            values = {str(label): float(value) for label, value in told.items()}
        except (AttributeError, TypeError, ValueError) as error:
            known = "a label, None or label: number"
            raise AgentError(f"expected {self.NAME} to answer with {known}, got {said!r}.") from error
        unknown = sorted(set(values) - set(labels))
        if unknown or not all(np.isfinite(value) for value in values.values()):
            raise AgentError(f"expected {self.NAME} to answer among {' '.join(labels)}, got {unknown or said}.")
        least = min(0.0, *values.values()) if len(values) > 1 else 0.0
        best = max((value - least for value in values.values()), default=0.0)
        scaled = [SCALE * (values.get(label, least) - least) / best if best > 0 else 0 for label in labels]
        return np.round(scaled).astype(np.int32)


_REST = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def _parameters(found: type) -> list[inspect.Parameter]:
    if found.__init__ is object.__init__:
        return []
    return list(inspect.signature(found).parameters.values())


def _checked(config: Any) -> None:
    check_whole(config, {"seed": (0, MAX_SEED)})
