"""A user's class, function or object as a model: it learns and predicts; the rest is done here.

Three interfaces are taken as they are. ``learn_one(drawing, label)`` and ``predict_one(drawing)`` get thumbnails,
(28, 28) uint8, and answer with a label, None or a number for each label, more being better. Estimators of scikit-learn,
``partial_fit`` or ``fit`` and ``predict_proba`` or ``predict``, get rows of 784 numbers from 0 to 1. Classifiers of
river, which have ``predict_proba_one``, get the same numbers as a dict by pixel. The lessons are stored beside the
model, so that it can be saved as its lessons and trained on them again.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from agent import preprocessing
from agent.errors import AgentError, nearest
from agent.models.base import Guess, LessonModel, Model, newest_lesson
from agent.validation import check_names, check_settings, setting

SCALE = 1000  # the best response
MAX_SEED = 2**62
GIVEN = "given"  # in place of a file: what code handed over itself
_VERBS = ("learn_one", "predict_one")
_INTERFACES = (_VERBS, ("partial_fit", "predict"), ("fit", "predict"))
_PACKAGE = Path(__file__).resolve().parents[1]
_FULL = ("NAME", "Config", "predict", "learn_many", "tensors", "restore")
_TYPES = (bool, int, float, str)
_REST = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


@dataclass(frozen=True)
class Spaces:
    """Shapes and labels of a task: a class receives those that its constructor names."""

    labels: tuple[str, ...]

    def named(self, seed: int) -> dict[str, Any]:
        """Give everything by name."""
        side, n_labels = preprocessing.SIDE, len(self.labels)
        inputs = {"in_shape": (side, side), "in_channels": 1} | dict.fromkeys(("in_features", "in_dim"), side * side)
        outputs = dict.fromkeys(("out_features", "out_dim", "out_channels", "n_labels"), n_labels)
        return (
            inputs
            | outputs
            | {"out_shape": (n_labels,), "labels": self.labels, "seed": seed, "random_state": seed % 2**32}
        )


def is_path(name: object) -> bool:
    """Say whether a word names a class: ``FILE.py:Class`` or ``package.module.Class``.

    Examples
    --------
    >>> is_path("./mine.py:Mean"), is_path("mine.kinds.Mean"), is_path("recall")
    (True, True, False)
    """
    if not isinstance(name, str) or " " in name.strip():
        return False
    file, colon, class_name = name.partition(":")
    if colon:
        return (file.endswith(".py") or file == GIVEN) and class_name.isidentifier()
    parts = name.split(".")
    return len(parts) > 1 and all(part.isidentifier() for part in parts)


def given_path(thing: Any) -> str:
    """Name a class, a function or an object that code hands over, so that it can stand where a path stands.

    Examples
    --------
    >>> class Mean: ...
    >>> given_path(Mean), class_of("given:Mean") is Mean
    ('given:Mean', True)
    """
    named = thing if isinstance(thing, type) or inspect.isroutine(thing) else type(thing)
    path = f"{GIVEN}:{re.sub(r'[^0-9A-Za-z_]+', '', named.__name__) or 'own'}"
    _given[path] = thing
    return path


def is_given(thing: object) -> bool:
    """Say whether something that code hands over may be a model or a task: a class, a function, a learner."""
    return inspect.isroutine(thing) or isinstance(thing, type) or _has_interface(thing)


def class_of(path: str) -> type:
    """Import a class by its path; AgentError when there is no such file, module or class, or it does not run."""
    return _import_path(path, lambda value: isinstance(value, type))


def maker_of(path: str) -> Any:
    """Import what makes a model, by its path: a class, a function, or an object that learns and is copied.

    Raises
    ------
    AgentError
        There is no such file, module or name, or it does not run.
    """
    return _import_path(path, is_given)


def content_of(path: str) -> str:
    """Give a digest of what a path names: of its file, or of the source and the values of what code handed over."""
    thing = maker_of(path)
    file = Path(path.partition(":")[0])
    if path not in _given and not path.partition(":")[1]:
        file = Path(inspect.getfile(inspect.getmodule(thing) or sys.modules[path.rpartition(".")[0]]))
    if path not in _given:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    named = thing if isinstance(thing, type) or inspect.isroutine(thing) else type(thing)
    try:
        source = inspect.getsource(named)
    except (OSError, TypeError):
        source = repr(named)
    values = "" if named is thing else repr(sorted(vars(thing).items()) if hasattr(thing, "__dict__") else thing)
    return hashlib.sha256(f"{source}{values}".encode()).hexdigest()[:16]


@contextlib.contextmanager
def own_code(name: str) -> Iterator[None]:
    """Say what a user's code raises in one sentence, with the file and the line."""
    try:
        yield
    except AgentError:
        raise
    except Exception as error:  # whatever somebody's code may raise
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_ours(frame.filename)]
        user_frames = [frame for frame in frames if "site-packages" not in frame.filename] or frames
        where = f" in {Path(user_frames[-1].filename).name}, line {user_frames[-1].lineno}" if user_frames else ""
        raise AgentError(f"expected {name} to run, got {_describe(error)}{where}.") from error


def is_kind(model_class: type) -> bool:
    """Say whether a class implements the whole interface `agent.models.base.Model` itself."""
    return all(hasattr(model_class, name) for name in _FULL)


def class_settings(maker: Any) -> dict[str, Any]:
    """Settings of a class or a function and their defaults: what it asks for and no task gives, as far as these are
    numbers, true, false or text.

    Examples
    --------
    >>> class Depths:
    ...     def __init__(self, in_shape, n_labels, depth=3, rng=None): ...
    >>> class_settings(Depths)
    {'depth': 3}
    """
    given = Spaces(("0",)).named(0)
    defaults = constructor_defaults(maker).items()
    return {name: default for name, default in defaults if name not in given and type(default) in _TYPES}


def constructor_defaults(maker: Any) -> dict[str, Any]:
    """What the constructor of a class takes by name, and the defaults; None where there is none."""
    named = [parameter for parameter in _parameters(maker) if parameter.kind not in _REST]
    return {one.name: None if one.default is one.empty else one.default for one in named}


def takes_any(maker: Any) -> bool:
    """Say whether a constructor takes settings of any name."""
    return any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in _parameters(maker))


def wrap_class(maker: Any, path: str, given: Mapping[str, Any], spaces: Spaces, name: str) -> type[Model]:
    """Make a model called ``name`` of what was found at a path, with settings for its constructor.

    Raises
    ------
    AgentError
        A method is missing, a setting is unknown, or one has no value.
    """
    if not inspect.isroutine(maker):  # what a function makes is known when it is made
        _check_interface(maker, path)
    known = without_names(constructor_defaults(maker), Spaces(("0",)).named(0))
    if not takes_any(maker):
        check_names(given, known, f"settings of {path}")
    values = {**class_settings(maker), **{name: value for name, value in given.items() if value is not None}}
    for parameter in _parameters(maker):
        if parameter.name in known and parameter.default is parameter.empty and parameter.name not in values:
            setting_name = f"agent.{parameter.name}"
            raise AgentError(f"expected {setting_name}, which {path} asks for, got none. Add {setting_name}=VALUE.")
    for key, value in values.items():
        if type(value) not in _TYPES:
            raise AgentError(f"expected agent.{key} of {path} as a number, true, false or text, got {value!r}.")
    fields = [("seed", int, setting(0, le=MAX_SEED)), ("asked", str, field(default=" ".join(spaces.labels)))]
    fields += [(key, type(value), field(default=value)) for key, value in values.items()]
    config = make_dataclass(f"{name}Config", fields, frozen=True, namespace={"__post_init__": check_settings})
    summary = (inspect.getdoc(maker) or f"is {path}").splitlines()[0].rstrip(".")
    members = {"NAME": name, "SUMMARY": summary, "Config": config, "made_of": staticmethod(maker), "path": path}
    return type(name, (CustomModel,), members)


def without_names(table: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Give a mapping without the names of another one."""
    return {name: value for name, value in table.items() if name not in names}


class CustomModel(LessonModel):
    """A class of the user's, and the lessons it was taught."""

    NAME: ClassVar[str] = "plain"
    SUMMARY: ClassVar[str] = "a class of your own"
    ORDER_FREE: ClassVar[bool] = False
    Config: ClassVar[type]
    made_of: ClassVar[Any]  # a class, a function or an object
    path: ClassVar[str]

    def __init__(self, config: Any) -> None:
        self.config = config
        self._drawings = np.zeros((0, preprocessing.SIDE, preprocessing.SIDE), np.uint8)
        self._labels: list[str] = []
        self._n_fitted = 0  # lessons that an estimator without partial_fit has seen
        settings = {name: value for name, value in vars(config).items() if name not in ("seed", "asked")}
        parameters = {parameter.name for parameter in _parameters(self.made_of)}
        spaces = Spaces(tuple(config.asked.split())).named(config.seed)
        settings |= {name: value for name, value in spaces.items() if name in parameters}
        with own_code(self.path):
            self._inner = self.made_of(**settings) if _is_maker(self.made_of) else copy.deepcopy(self.made_of)
        _check_interface(self._inner, self.path)
        self._by_feature = hasattr(self._inner, "predict_proba_one")
        self._by_row = not hasattr(self._inner, "learn_one")

    @property
    def n_bytes(self) -> int:
        return self._drawings.nbytes

    def learn_many(self, thumbnails: np.ndarray, labels: Sequence[str]) -> None:
        with own_code(self.path):
            self._learn(thumbnails, labels)
        self._drawings = np.concatenate([self._drawings, thumbnails])
        self._labels = [*self._labels, *labels]

    def _learn(self, thumbnails: np.ndarray, labels: Sequence[str]) -> None:
        """Teach one lesson at a time, so that the result does not depend on how many come together."""
        if self._by_row and not hasattr(self._inner, "partial_fit"):
            return  # fitted anew when it is asked
        for drawing, label in zip(self._inputs(thumbnails), labels, strict=True):
            if self._by_row:
                takes_classes = "classes" in inspect.signature(self._inner.partial_fit).parameters
                classes = {"classes": np.array(sorted(self.config.asked.split()))} if takes_classes else {}
                self._inner.partial_fit(drawing[None], np.array([label]), **classes)
            else:
                self._inner.learn_one(drawing, label)

    def _inputs(self, thumbnails: np.ndarray) -> Any:
        """Give drawings as the interface takes them: (N, 28, 28) uint8, (N, 784) float64, or N dicts by pixel."""
        if not self._by_row and not self._by_feature:
            return thumbnails
        rows = thumbnails.reshape(len(thumbnails), -1) / 255
        return rows if self._by_row else [dict(enumerate(row.tolist())) for row in rows]

    def _answers(self, thumbnails: np.ndarray) -> Sequence[Any]:
        """Ask what was made: an answer for each drawing."""
        if self._by_feature:
            return [self._inner.predict_proba_one(features) for features in self._inputs(thumbnails)]
        if not self._by_row:
            return [self._inner.predict_one(drawing) for drawing in thumbnails]
        if len(self.labels) == 1:
            return [self._labels[0]] * len(thumbnails)
        if not hasattr(self._inner, "partial_fit") and self._n_fitted != len(self._labels):
            self._inner.fit(self._inputs(self._drawings), np.array(self._labels))
            self._n_fitted = len(self._labels)
        rows = self._inputs(thumbnails)
        if hasattr(self._inner, "predict_proba"):
            classes = [str(label) for label in self._inner.classes_]
            return [dict(zip(classes, row, strict=True)) for row in self._inner.predict_proba(rows)]
        return list(self._inner.predict(rows))

    def forget_one(self, thumbnail: np.ndarray, label: str, n_newer: int = 0) -> None:
        row = newest_lesson(self._drawings, self._labels, thumbnail, label, n_newer)
        drawings, labels = np.delete(self._drawings, row, axis=0), self._labels[:row] + self._labels[row + 1 :]
        type(self).__init__(self, self.config)
        self.learn_many(drawings, labels)

    def predict(self, thumbnails: np.ndarray) -> list[Guess]:
        labels, inked = self.labels, thumbnails.any((1, 2))
        guesses = [Guess.of(labels, np.zeros(len(labels), np.int32))] * len(thumbnails)
        if not labels or not inked.any():
            return guesses
        with own_code(self.path):
            answers = self._answers(thumbnails[inked])
        for place, answer in zip(np.flatnonzero(inked), answers, strict=True):
            guesses[place] = Guess.of(labels, self._responses(answer, labels))
        return guesses

    def _responses(self, answer: Any, labels: Sequence[str]) -> np.ndarray:
        """Read what was answered: (L,) int32. A label that the task has and no lesson had yet counts for nothing."""
        task_labels = self.config.asked.split()
        scores = answer
        if isinstance(answer, (str, int, np.integer)) and not isinstance(answer, bool):
            scores = {str(answer): 1.0}
        elif answer is None:
            scores = {}
        elif isinstance(answer, (list, tuple, np.ndarray)) and np.shape(answer) == (len(task_labels),):
            scores = dict(zip(task_labels, answer, strict=True))
        try:
            values = {str(label): float(value) for label, value in scores.items()}
        except (AttributeError, TypeError, ValueError) as error:
            known = "a label, None, label: number, or a number for each label"
            raise AgentError(f"expected {self.NAME} to answer with {known}, got {answer!r}.") from error
        unknown = sorted(set(values) - {*labels, *task_labels})
        if unknown:
            known = " ".join(sorted({*labels, *task_labels}))
            raise AgentError(f"expected {self.NAME} to answer among {known}, got {' '.join(unknown)}.")
        bad = [f"{value} for {label}" for label, value in values.items() if not np.isfinite(value)]
        if bad:
            raise AgentError(f"expected {self.NAME} to answer with finite numbers, got {', '.join(bad[:3])}.")
        values = {label: value for label, value in values.items() if label in labels}
        lowest = min(0.0, *values.values()) if len(values) > 1 else 0.0
        best = max((value - lowest for value in values.values()), default=0.0)
        scaled = [SCALE * (values.get(label, lowest) - lowest) / best if best > 0 else 0 for label in labels]
        return np.round(scaled).astype(np.int32)


_given: dict[str, Any] = {}  # what code handed over, by its path


def _import_path(path: str, fits: Callable[[Any], bool]) -> Any:
    """Import what a path names, if it fits."""
    file, colon, name = path.partition(":")
    if file == GIVEN and colon:
        if path not in _given:
            raise AgentError(f"expected {name} from the code that made it, got none. Run that code first.")
        return _given[path]
    module, name = (_file(Path(file)), name) if colon else _module(*path.rsplit(".", 1))
    thing = getattr(module, name, None)
    if not fits(thing):
        known = [n for n, value in vars(module).items() if fits(value) and not n.startswith("_")]
        raise AgentError(
            f"expected a class {name} in {file if colon else module.__name__}, got {', '.join(known) or 'none'}."
            f"{nearest(name, known)}"
        )
    return thing


def _is_maker(thing: object) -> bool:
    return isinstance(thing, type) or inspect.isroutine(thing)


def _has_interface(thing: object) -> bool:
    return any(all(callable(getattr(thing, verb, None)) for verb in verbs) for verbs in _INTERFACES)


def _check_interface(thing: object, path: str) -> None:
    if _has_interface(thing):
        return
    missing = next((verb for verb in _VERBS if not callable(getattr(thing, verb, None))), "predict")
    raise AgentError(f"expected {path} to have {' and '.join(_VERBS)}, or fit and predict, got none named {missing}.")


def _is_ours(file: str) -> bool:
    return Path(file).resolve().is_relative_to(_PACKAGE) or Path(file).name == "contextlib.py"


def _parameters(maker: Any) -> list[inspect.Parameter]:
    if not _is_maker(maker) or (isinstance(maker, type) and maker.__init__ is object.__init__):
        return []
    return list(inspect.signature(maker).parameters.values())


def _file(path: Path) -> ModuleType:
    """Run a file of Python once, under a name that follows from where it lies."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AgentError(f"expected a file of Python at {path}, got {error.strerror or error}.") from error
    place = path.resolve()
    name = f"own_{place.stem}_{hashlib.sha256(str(place).encode() + content).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, place)
    if spec is None or spec.loader is None:
        raise AgentError(f"expected a file of Python, got {path}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever somebody's file may raise
        del sys.modules[name]
        raise AgentError(f"expected Python that runs in {path}, got {_describe(error)}.") from error
    return module


def _module(name: str, class_name: str) -> tuple[ModuleType, str]:
    try:
        return importlib.import_module(name), class_name
    except Exception as error:  # whatever somebody's module may raise
        raise AgentError(
            f"expected a module {name}, got {_describe(error)}. FILE.py:Class names one by its file."
        ) from (error)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
