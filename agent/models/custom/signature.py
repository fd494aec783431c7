"""What a user's class or function asks for: what its task gives by name, and its own settings."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import functools
import inspect
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, make_dataclass
from typing import Any

from agent import preprocessing
from agent.datasets.arrays import has_channels_first
from agent.errors import AgentError
from agent.validation import check_names, check_settings, setting

MAX_SEED = 2**62
WHITE = 255
MAX_TENSORS = 6400  # of a net and its optimiser in a file
TASK_FIELDS = ("seed", "asked", "in_shape", "in_white")  # what a task gives to the configuration of a user's model
_FULL = ("NAME", "Config", "predict", "learn_many", "tensors", "restore")
_TYPES = (bool, int, float, str)
_ANY = {int: MAX_SEED, float: math.inf}  # a user's own settings are of any size
_REST = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


@dataclass(frozen=True)
class Spaces:
    """Shapes and labels of a task: a class receives those that its constructor names.

    ``shape`` is that of one input, ``n_outputs`` the numbers of an answer where there are no labels, ``white`` the
    greatest number of uint8, which learners of rows and nets get as 1.
    """

    labels: tuple[str, ...] = ()
    shape: tuple[int, ...] = (preprocessing.SIDE, preprocessing.SIDE)
    n_outputs: int = 1
    white: int = dataclasses.field(default=WHITE, compare=False)  # of two files there may be a paler one

    def named(self, seed: int, for_net: bool = False) -> dict[str, Any]:
        """Give everything by name; a net of torch has the channels of pictures first."""
        shape, n_outputs = self.shape, len(self.labels) or self.n_outputs
        n_channels = channels_first(shape)[0] if len(shape) == 3 else 1
        sizes = dict.fromkeys(("in_features", "in_dim", "n_features"), math.prod(shape))
        sizes |= dict.fromkeys(("out_features", "out_dim", "out_channels"), n_outputs)
        sizes |= dict.fromkeys(("n_labels", "n_classes", "num_classes"), n_outputs)
        shapes = {"in_shape": channels_first(shape) if for_net else shape, "in_channels": n_channels}
        others = {"out_shape": (n_outputs,), "labels": self.labels, "seed": seed, "random_state": seed % 2**32}
        return shapes | sizes | others


@dataclass(frozen=True)
class Training:
    """Settings of a net of torch that its constructor does not have itself."""

    optim: str = setting("Adam", "an optimiser of torch.optim")
    lr: float = setting(0.001, "its learning rate", ge=0.0, le=100.0)
    batch_size: int = setting(64, "lessons of a step", ge=1, le=1_000_000)
    epochs: int = setting(1, "passes over the lessons, each in another order", ge=1, le=1000)
    device: str = setting("auto", "such as cpu or cuda; auto: cuda where there is one")


TRAINING = {field.name: field for field in dataclasses.fields(Training)}


def channels_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Give the shape in which a net of torch takes pictures.

    Examples
    --------
    >>> channels_first((28, 28)), channels_first((32, 32, 3)), channels_first((64,))
    ((1, 28, 28), (3, 32, 32), (64,))
    """
    if len(shape) == 2:
        return (1, *shape)
    return (shape[-1], *shape[:-1]) if len(shape) == 3 and not has_channels_first(shape) else shape


def is_kind(model_class: type) -> bool:
    """Say whether a class implements the whole interface `agent.models.base.Model` itself."""
    return all(hasattr(model_class, name) for name in _FULL)


def is_maker(thing: object) -> bool:
    """Say whether something has to be called to make a model: a class or a function."""
    return isinstance(thing, (type, functools.partial)) or inspect.isroutine(thing)


def is_net(thing: object) -> bool:
    """Say whether something is a module of torch, or a class of these; torch is not imported for it."""
    classes = (thing if isinstance(thing, type) else type(thing)).__mro__
    return any(one.__name__ == "Module" and one.__module__.startswith("torch.") for one in classes)


def class_settings(maker: Any) -> dict[str, Any]:
    """Settings of a class or a function and their defaults: what it asks for and no task gives, as far as these are
    numbers, true, false or text; of a net of torch also how it is trained.

    Examples
    --------
    >>> class Depths:
    ...     def __init__(self, in_shape, n_labels, depth=3, rng=None): ...
    >>> class_settings(Depths)
    {'depth': 3}
    """
    defaults, others = constructor_defaults(maker), _no_settings()
    settings = {name: value for name, value in defaults.items() if name not in others and type(value) in _TYPES}
    return settings | (without(dataclasses.asdict(Training()), *defaults) if is_net(maker) else {})


def constructor_defaults(maker: Any) -> dict[str, Any]:
    """What the constructor of a class takes by name, and the defaults; None where there is none."""
    named = [parameter for parameter in parameters(maker) if parameter.kind not in _REST]
    return {one.name: None if one.default is one.empty else one.default for one in named}


def _no_settings() -> dict[str, Any]:
    """Names that are not settings of a class: it keeps its own defaults for those that agents have themselves."""
    return {**Spaces().named(0), **dict.fromkeys((*TASK_FIELDS, "name", "kind", "preset"))}


def takes_any(maker: Any) -> bool:
    """Say whether a constructor takes settings of any name."""
    return any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters(maker))


def parameters(maker: Any) -> list[inspect.Parameter]:
    """What a class or a function is called with; nothing for an object."""
    if not is_maker(maker) or (isinstance(maker, type) and maker.__init__ is object.__init__):
        return []
    return list(inspect.signature(maker).parameters.values())


def config_class(maker: Any, path: str, given: Mapping[str, Any], spaces: Spaces, name: str) -> type:
    """Make the settings dataclass of a user's model: what its task gave, its own settings, and its training.

    AgentError when a setting is unknown, or has no value.
    """
    names = constructor_defaults(maker)
    known = without(names, *_no_settings())
    if is_net(maker) or (is_maker(maker) and not isinstance(maker, type)):  # a function may make a net
        known |= without(TRAINING, *names)
    if not takes_any(maker):
        check_names(given, known, f"settings of {path}")
    values = {**class_settings(maker), **{name: value for name, value in given.items() if value is not None}}
    for parameter in parameters(maker):
        if parameter.name in known and parameter.default is parameter.empty and parameter.name not in values:
            setting_name = f"agent.{parameter.name}"
            raise AgentError(f"expected {setting_name}, which {path} asks for, got none. Add {setting_name}=VALUE.")
    for key, value in values.items():
        if any(type(one) not in _TYPES for one in (value if isinstance(value, tuple) else (value,))):
            expected = f"expected agent.{key} of {path} as a number, true, false, text, or a list of these"
            raise AgentError(f"{expected}, got {value!r}.")
    fields: list[tuple[str, Any, Any]] = [("seed", int, setting(0, le=MAX_SEED))]
    between = "\n" if any(" " in label for label in spaces.labels) else " "
    values_of_task = between.join(spaces.labels), ",".join(map(str, spaces.shape)), spaces.white
    task_values = zip(TASK_FIELDS[1:], values_of_task, strict=True)
    fields += [(key, object, dataclasses.field(default=value)) for key, value in task_values]  # not checked
    for key, value in values.items():
        training = TRAINING.get(key) if key not in names else None
        kind = type(value if training is None else training.default)
        metadata = (setting(ge=-_ANY[kind], le=_ANY[kind]) if kind in _ANY else setting()).metadata
        metadata = metadata if training is None else training.metadata
        fields.append((key, kind, dataclasses.field(default=value, metadata=metadata)))
    return make_dataclass(f"{name}Config", fields, frozen=True, namespace={"__post_init__": check_settings})


def task_of(config: Any) -> Spaces:
    """Give what a task gave, as a configuration holds it."""
    labels = config.asked.split("\n" if "\n" in config.asked else " ")
    shape = tuple(int(side) for side in config.in_shape.split(",") if side)
    return Spaces(tuple(labels), shape, white=config.in_white)


def make(maker: Any, config: Any, spaces: Spaces) -> Any:
    """Make what is to learn of a class or a function, or copy an object."""
    if not is_maker(maker):
        return copy.deepcopy(maker)
    names = {parameter.name for parameter in parameters(maker)}
    settings = {
        name: value
        for name, value in vars(config).items()
        if name not in TASK_FIELDS and (name in names or (takes_any(maker) and name not in TRAINING))
    }

    def instance(for_net: bool) -> Any:
        given = {name: value for name, value in spaces.named(config.seed, for_net).items() if name in names}
        with seeded(config.seed):
            return maker(**settings, **given)

    used = getattr(maker, "__globals__", {}).values()  # by a function, of which only its result says what it makes
    guess = is_net(maker) or any(getattr(value, "__name__", "").split(".")[0] == "torch" for value in used)
    thing = instance(guess)
    return thing if is_net(thing) == guess else instance(not guess)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let what torch draws follow from a seed, where torch was imported, and leave its generator as it was."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    with torch.random.fork_rng():
        torch.manual_seed(seed % 2**63)
        yield


def without(table: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Give a mapping without some names."""
    return {name: value for name, value in table.items() if name not in names}
