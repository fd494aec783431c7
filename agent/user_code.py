"""Code of a user's own, named by its path or handed over: imported once, and what it raises told in one sentence."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from agent.errors import AgentError, nearest

GIVEN = "given"  # in place of a file: what code handed over itself
LEARNING = ("learn_one", "partial_fit", "fit", "forward", "observe", "step")  # of what may stand for a class
_PACKAGE = Path(__file__).resolve().parent
_given: dict[str, Any] = {}  # what code handed over, by its path


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
    return (
        inspect.isroutine(thing) or isinstance(thing, type) or any(callable(getattr(thing, v, None)) for v in LEARNING)
    )


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


def _is_ours(file: str) -> bool:
    return Path(file).resolve().is_relative_to(_PACKAGE) or Path(file).name == "contextlib.py"


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
