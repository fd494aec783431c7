"""Classes of a person's own, by a path to a file or by a dotted name."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from agent.errors import AgentError, nearest
from agent.families import kinds
from agent.kinds import KINDS, Kind
from agent.kinds.plain import Spaces, is_kind, plain, settings_of

_BUILT_IN = kinds()


def is_path(name: object) -> bool:
    """Say whether a word names a class: ``FILE.py:Class`` or ``package.module.Class``.

    Examples
    --------
    >>> is_path("./mine.py:Mean"), is_path("mine.kinds.Mean"), is_path("recall")
    (True, True, False)
    """
    if not isinstance(name, str) or " " in name.strip():
        return False
    file, colon, found = name.partition(":")
    if colon:
        return file.endswith(".py") and found.isidentifier()
    parts = name.split(".")
    return len(parts) > 1 and all(part.isidentifier() for part in parts)


def class_of(path: str) -> type:
    """Find a class.

    Raises
    ------
    AgentError
        There is no such file, module or class, or its file cannot be read as Python.
    """
    file, colon, name = path.partition(":")
    module, name = (_file(Path(file)), name) if colon else _module(*path.rsplit(".", 1))
    found = getattr(module, name, None)
    if not isinstance(found, type):
        known = [each for each, value in vars(module).items() if isinstance(value, type) and not each.startswith("_")]
        raise AgentError(
            f"expected a class {name} in {file if colon else module.__name__}, got {', '.join(known) or 'none'}."
            f"{nearest(name, known)}"
        )
    return found


def kind_of(name: object, given: Mapping[str, Any], spaces: Spaces) -> tuple[type[Kind], dict[str, Any]]:
    """Find a kind by its name or its path, and the settings it is born with, all checked.

    A class of a person's own is from then on among the kinds, so that its agents can be saved and read.

    Examples
    --------
    >>> kind, settings = kind_of("nearest", {"threshold": 100}, Spaces(("0", "1")))
    >>> kind.NAME, settings
    ('nearest', {'threshold': 100})
    """
    if is_path(name):
        found = class_of(str(name))
        kind = found if is_kind(found) else plain(found, str(name), given, spaces)
        if kind.NAME in _BUILT_IN:
            raise AgentError(f"expected a name of its own for {name}, got {kind.NAME}, which is taken. Rename it.")
        KINDS[kind.NAME] = kind
    elif not isinstance(name, str) or name not in kinds():
        known, hint = ", ".join(kinds()), nearest(name, kinds())
        raise AgentError(f"expected an agent among {known}, or FILE.py:Class, got {str(name)[:60]!r}.{hint}")
    else:
        kind = kinds()[name]
    settings = dict(given)
    preset = settings.pop("preset", None)
    if preset is not None:
        if preset not in kind.PRESETS:
            known = ", ".join(kind.PRESETS)
            raise AgentError(f"expected a preset of {kind.NAME} among {known}, got {str(preset)[:60]!r}.")
        settings = {**kind.PRESETS[preset], **settings}
    return kind, _checked(kind, settings)


def defaults_of(path: str, as_kind: bool = True) -> dict[str, Any]:
    """Name what a class of a person's own may be set to, and its defaults: as a kind, without what its task tells."""
    found = class_of(path)
    if not as_kind:
        given = inspect.signature(found).parameters.values() if found.__init__ is not object.__init__ else ()
        return {each.name: None if each.default is each.empty else each.default for each in given}
    if not is_kind(found):
        return settings_of(found)
    return {field.name: field.default for field in dataclasses.fields(found.Config) if field.name != "seed"}


def _checked(kind: type[Kind], settings: dict[str, Any]) -> dict[str, Any]:
    """Check settings against a kind's own, whole numbers given for shares included."""
    fields = {field.name: field.default for field in dataclasses.fields(kind.Config) if field.name != "seed"}
    for name, value in settings.items():
        if name not in fields:
            hint = nearest(name, fields)
            raise AgentError(f"expected settings of {kind.NAME} among {', '.join(fields)}, got {str(name)[:40]}.{hint}")
        if type(value) is int and type(fields[name]) is float:
            settings[name] = float(value)
    kind.Config(**settings)
    return settings


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
        raise AgentError(f"expected Python that runs in {path}, got {_said(error)}.") from error
    return module


def _module(name: str, found: str) -> tuple[ModuleType, str]:
    try:
        return importlib.import_module(name), found
    except Exception as error:  # whatever somebody's module may raise
        raise AgentError(f"expected a module {name}, got {_said(error)}. FILE.py:Class names one by its file.") from (
            error
        )


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
