"""Argument checks, once for every room: labels, names, settings described by their dataclass fields, saved arrays."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from agent.errors import AgentError, nearest

MAX_LABEL_CHARS = 8
MAX_NAME_CHARS = 60
MAX_TEXT_CHARS = 1000
MAX_SEED = 2**62
# Letters without ink, marks that join, selectors of variants, tags; and what lets emoji be one picture.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U0001d159\U000e0000-\U000e0fff]"
)
_EMOJI = "[\u2190-\u2bff\U0001f000-\U0001faff]"
_JOINED_EMOJI = re.compile(f"(?<={_EMOJI})(\ufe0f?\u200d(?={_EMOJI})|\ufe0f)")
_METADATA = "setting"


@dataclasses.dataclass(frozen=True)
class Setting:
    """Description of one field of a settings dataclass, for checks, command-line help and forms."""

    name: str
    types: tuple[str, ...]  # names of the types it may have, such as ``("int", "None")``
    default: Any  # `dataclasses.MISSING` where there is none
    help: str = ""  # one line on what it does
    ge: float | None = None  # the smallest value allowed
    le: float | None = None  # the largest
    choices: tuple[str, ...] = ()  # the words allowed; empty for any
    cost: str = ""  # what more of it costs, for instance "4 µs each"

    @property
    def about(self) -> str:
        """Help and cost in one line."""
        return "; ".join(filter(None, (self.help, self.cost)))

    @property
    def range(self) -> str:
        """The values allowed, as text: ``"2 to 14"``, ``"mean, median"``, or nothing where any value is."""
        if self.choices:
            return ", ".join(self.choices)
        return "" if self.ge is None or self.le is None else f"{_number(self.ge)} to {_number(self.le)}"


def setting(
    default: Any = dataclasses.MISSING,
    help: str = "",
    *,
    ge: float | None = None,
    le: float | None = None,
    choices: Iterable[str] = (),
    cost: str = "",
) -> Any:
    """Declare a field of a settings dataclass together with what is allowed and what it does.

    Whole numbers are from 0 on where ``ge`` and ``le`` say nothing else, floats are shares, 0 to 1. A default
    that can be changed in place is copied for every instance.

    Examples
    --------
    >>> @dataclasses.dataclass(frozen=True)
    ... class Config:
    ...     size: int = setting(12, "bits a node reads", ge=2, le=14)
    ...     mean: str = setting("mean", "how tries are averaged", choices=("mean", "median"))
    ...
    ...     def __post_init__(self):
    ...         check_settings(self)
    >>> Config(size=15)
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected size as a whole number from 2 to 14, got 15.
    >>> [(field.name, field.help, field.range) for field in settings_of(Config)]
    [('size', 'bits a node reads', '2 to 14'), ('mean', 'how tries are averaged', 'mean, median')]
    """
    metadata = {_METADATA: {"help": help, "ge": ge, "le": le, "choices": tuple(choices), "cost": cost}}
    if isinstance(default, (dict, list)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def settings_of(config: Any) -> tuple[Setting, ...]:
    """Describe every field of a settings dataclass, or of an instance of one."""
    described = []
    for field in dataclasses.fields(config):
        annotation = field.type if isinstance(field.type, str) else field.type.__name__
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        metadata = {"ge": None, "le": None, **field.metadata.get(_METADATA, {})}
        for number, low, high in (("int", 0, MAX_SEED), ("float", 0.0, 1.0)):
            if annotation.startswith(number):
                metadata["ge"] = low if metadata["ge"] is None else metadata["ge"]
                metadata["le"] = high if metadata["le"] is None else metadata["le"]
        described.append(Setting(field.name, tuple(annotation.split(" | ")), default, **metadata))
    return tuple(described)


def check_settings(config: Any, prefix: str = "") -> None:
    """Check every field of a settings dataclass from its description; call it from ``__post_init__``.

    A whole number where a float is meant becomes a float, and a number where text is meant becomes text.

    Parameters
    ----------
    config : object
        An instance of a dataclass whose fields were declared with `setting`.
    prefix : str
        Put before names in messages, for instance ``"task."``.

    Raises
    ------
    AgentError
        The first value that is of another type, out of range or not among the choices.
    """
    for field in settings_of(config):
        value = getattr(config, field.name)
        checked = _checked(field, value, prefix + field.name)
        if checked is not value:
            object.__setattr__(config, field.name, checked)


def check_whole(name: str, value: object, low: int, high: int, more: str = "") -> int:
    """Check a whole number and give it as an int; numpy's are welcome.

    Examples
    --------
    >>> check_whole("n_lessons", 0, 1, 20_000)
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected n_lessons as a whole number from 1 to 20,000, got 0.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        text = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:40]} …"
        raise AgentError(f"expected {name} as a whole number from {_number(low)} to {_number(high)}{more}, got {text}.")
    return int(value)


def check_number(name: str, value: object, low: float, high: float) -> float:
    """Check a number and give it as a float.

    Examples
    --------
    >>> check_number("lr", 2.5, 0.0, 1.0)
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected lr as a share from 0.0 to 1.0, got 2.5.
    """
    if type(value) not in (int, float) or not low <= value <= high:
        what = "share from 0.0 to 1.0" if (low, high) == (0, 1) else f"number from {low:g} to {high:g}"
        raise AgentError(f"expected {name} as a {what}, got {value!r}.")
    return float(value)


def check_bool(name: str, value: object) -> bool:
    """Check a truth value."""
    if type(value) is not bool:
        raise AgentError(f"expected {name} as true or false, got {repr(value)[:40]}.")
    return value


def check_choice(name: str, value: object, choices: Iterable[str]) -> str:
    """Check that a word is among some.

    Examples
    --------
    >>> check_choice("order", "mix", ("mixed", "sorted"))
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected order among mixed, sorted, got 'mix'. Did you mean mixed?
    """
    choices = list(choices)
    if not isinstance(value, str) or value not in choices:
        hint = nearest(value, choices)
        raise AgentError(f"expected {name} among {', '.join(choices)}, got {str(value)[:40]!r}.{hint}")
    return value


def check_names(given: Iterable[object], known: Iterable[str], what: str) -> None:
    """Check that names are known ones.

    Examples
    --------
    >>> check_names(["lesons"], ["lessons", "seed"], "settings of a run")
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected settings of a run among lessons, seed, got lesons. Did you mean lessons?
    """
    known = list(known)
    for name in given:
        if name not in known:
            text = ", ".join(known) or "none"
            raise AgentError(f"expected {what} among {text}, got {str(name)[:40]}.{nearest(name, known)}")


def check_arrays(tensors: Mapping[str, np.ndarray], expected: Mapping[str, tuple[Any, ...]]) -> None:
    """Check saved arrays: their names, and of each name's (shape, dtype[, low, high]) all that is given.

    Examples
    --------
    >>> check_arrays({"a": np.ones(3, np.float32)}, {"a": ((2,), np.float32)})
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected a of (2,) float32, got (3,) float32.
    """
    if set(tensors) != set(expected):
        raise AgentError(f"expected the arrays {sorted(expected)}, got {sorted(tensors)}. The file is not one of ours.")
    for name, (shape, dtype, *limits) in expected.items():
        array = tensors[name]
        if array.shape != shape or array.dtype != dtype:
            raise AgentError(f"expected {name} of {shape} {np.dtype(dtype)}, got {array.shape} {array.dtype}.")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise AgentError(f"expected finite numbers in {name}, got others.")
        if limits and array.size and not limits[0] <= array.min().item() <= array.max().item() <= limits[1]:
            raise AgentError(f"expected {name} from {limits[0]} to {limits[1]}, got {array.min()} to {array.max()}.")


def clean_label(label: object, max_chars: int = MAX_LABEL_CHARS) -> str:
    """Check a label: 1 to 8 visible characters, or so many, digits as numbers allowed.

    Examples
    --------
    >>> clean_label(7), clean_label(" A ")
    ('7', 'A')
    """
    if isinstance(label, (int, np.integer)) and not isinstance(label, bool):
        label = str(label)
    if not isinstance(label, str):
        raise AgentError(f"expected a label of 1 to {max_chars} characters, got {type(label).__name__}.")
    name = unicodedata.normalize("NFC", label).strip()
    if not 1 <= len(name) <= max_chars or not is_visible(name):
        raise AgentError(f"expected a label of 1 to {max_chars} visible characters, got {label[:40]!r}.")
    return name


def clean_labels(labels: Iterable[object]) -> list[str]:
    """Check many labels, each distinct text once.

    Examples
    --------
    >>> clean_labels(["A ", 7, "A "])
    ['A', '7', 'A']
    """
    known: dict[object, str] = {}
    for label in (labels := list(labels)):
        if isinstance(label, str) and label not in known:
            known[label] = clean_label(label)
    return [known[label] if isinstance(label, str) else clean_label(label) for label in labels]


def clean_name(name: object) -> str:
    """Check an agent's name: 1 to 60 visible characters."""
    cleaned = unicodedata.normalize("NFC", name).strip() if isinstance(name, str) else ""
    if not 1 <= len(cleaned) <= MAX_NAME_CHARS or not is_visible(cleaned):
        text = name[:MAX_NAME_CHARS] if isinstance(name, str) else name
        raise AgentError(f"expected a name of 1 to {MAX_NAME_CHARS} visible characters, got {text!r}.")
    return cleaned


def is_visible(text: str) -> bool:
    """Say whether people see every character of a text.

    Letters that are blank, selectors, joiners and more than two marks on a letter are not seen, or cover what stands
    beside them. Emoji may be joined into one picture.

    Examples
    --------
    >>> [is_visible(text) for text in ("7", "\u00e9", "\U0001f469\u200d\U0001f467", "\u3164", "7\ufe0f", "a\u034f")]
    [True, True, True, False, False, False]
    """
    text = _JOINED_EMOJI.sub("", text)
    kinds = "".join("m" if unicodedata.category(char) in ("Mn", "Me") else "." for char in text)
    return text.isprintable() and not _UNSEEN.search(text) and not kinds.startswith("m") and "mmm" not in kinds


def _checked(field: Setting, value: object, name: str) -> object:
    """Check one value against its description and give it as the type that is meant."""
    optional = " or null" if "None" in field.types else ""
    if (value is None and optional) or ("bool" in field.types and type(value) is bool):
        return value
    if field.choices:
        return check_choice(name, value, field.choices)
    if "int" in field.types:
        return check_whole(name, value, int(field.ge), int(field.le), optional)
    if "float" in field.types:
        return check_number(name, value, field.ge, field.le)
    if "str" in field.types:
        text = str(value) if type(value) is int else value
        if not isinstance(text, str) or not 1 <= len(text.strip()) <= MAX_TEXT_CHARS:
            raise AgentError(f"expected {name} as text{optional}, got {str(value)[:40]!r}.")
        return text
    return check_bool(name, value) if field.types == ("bool",) else value


def _number(value: float) -> str:
    """Write a limit: with commas from ten thousand on."""
    return f"{value:,}" if abs(value) >= 10_000 else f"{value}"
