"""A user's code, named by its path or handed over: imported once, and what it raises told in one sentence."""

from __future__ import annotations

import contextlib
import copy
import functools
import hashlib
import importlib
import importlib.util
import inspect
import io
import itertools
import logging
import os
import pickle
import re
import secrets
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from agent.errors import AgentError, nearest

GIVEN = "given"  # in place of a file: what code handed over itself
LEARNING = ("learn_one", "partial_fit", "fit", "forward", "observe", "step")  # of what may stand for a class
_LOG = logging.getLogger(__name__)
_PACKAGE = Path(__file__).resolve().parent
_given: dict[str, Any] = {}  # what code handed over, by its path


def is_path(name: object) -> bool:
    """Say whether a word names a class: ``FILE.py:Class`` or ``package.module.Class``.

    Examples
    --------
    >>> is_path("./mine.py:Mean"), is_path("mine.kinds.Mean"), is_path("recall")
    (True, True, False)
    """
    if not isinstance(name, str):
        return False
    file, colon, class_name = name.partition(":")
    if colon:
        return (file.endswith(".py") or file == GIVEN) and all(map(str.isidentifier, class_name.split(".")))
    parts = name.split(".")
    return len(parts) > 1 and all(part.isidentifier() for part in parts)


def given_path(thing: Any) -> str:
    """Name a class, a function or an object that code hands over, so that it can stand where a path stands.

    A name that another thing has gets a number; the same code with the same values, or a class or a function that a
    module defines anew, keeps its name.

    Examples
    --------
    >>> class Mean: ...
    >>> given_path(Mean), class_of("given:Mean") is Mean
    ('given:Mean', True)
    """
    name = re.sub(r"[^0-9A-Za-z_]+", "", _named(thing).__name__) or "own"
    for number in itertools.count(1):
        path = f"{GIVEN}:{name}{number if number > 1 else ''}"
        if path not in _given or _is_same(_given[path], thing):
            break
    _given[path] = thing
    return path


def is_given(thing: object) -> bool:
    """Say whether something that code hands over may be a model or a task: a class, a function, a learner."""
    if isinstance(thing, (type, functools.partial)) or inspect.isroutine(thing):
        return True
    return any(callable(getattr(thing, verb, None)) for verb in LEARNING)


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
    if path in _given:
        return _digest(thing)
    file: str | None = path.partition(":")[0]
    if ":" not in path:
        file = getattr(inspect.getmodule(thing) or sys.modules[path.rpartition(".")[0]], "__file__", None)
    content = Path(file).read_bytes() if file else f"{path} {sys.version}".encode()  # of Python's own
    return hashlib.sha256(content).hexdigest()[:16]


def copied(thing: Any, what: str) -> Any:
    """Copy a thing that may hold a user's own; None, and a line that says what is left out, where that fails."""
    try:
        return copy.deepcopy(thing)
    except Exception as error:  # whatever somebody's object may raise
        _LOG.warning("left out %s: expected an agent that can be copied, got %s.", what, _describe(error))
        return None


@contextlib.contextmanager
def own_code(name: str) -> Iterator[None]:
    """Say what a user's code raises in one sentence, with the file and the line; the current folder stays."""
    folder = os.getcwd()  # noqa: PTH109 - once for each call of somebody's code
    try:
        yield
    except AgentError:
        raise
    except (Exception, SystemExit) as error:  # whatever somebody's code may raise
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_ours(frame.filename)]
        user_frames = [frame for frame in frames if "site-packages" not in frame.filename] or frames
        where = f" in {Path(user_frames[-1].filename).name}, line {user_frames[-1].lineno}" if user_frames else ""
        raise AgentError(f"expected {name} to run, got {_describe(error)}{where}.") from error
    finally:
        os.chdir(folder)


class _Pickler(pickle.Pickler):
    """Pickles arrays and tensors as their bytes: a pickled tensor names where it lies in memory."""

    def persistent_id(self, value: Any) -> Any:
        if hasattr(value, "detach") and not isinstance(value, type):
            value = value.detach().cpu().numpy()
        is_plain = isinstance(value, np.ndarray) and not value.dtype.hasobject
        return (str(value.dtype), value.shape, value.tobytes()) if is_plain else None


def _digest(thing: Any) -> str:
    """Give a digest of the source of a class, a function or an object, and of the values that it holds.

    Another one each time, where there is no source, or where values cannot be pickled.
    """
    content = io.BytesIO()
    try:
        content.write(inspect.getsource(_named(thing)).encode())
        held = None if _named(thing) is thing else getattr(thing, "__dict__", thing)
        _Pickler(content).dump((_values(_named(thing)), held))
    except Exception:  # whatever somebody's object may raise
        return secrets.token_hex(8)
    return hashlib.sha256(content.getvalue()).hexdigest()[:16]


def _values(thing: Any, owner: Any = None) -> Any:
    """Give what a function, or a class that a function made, holds beside its source; two may be on one line."""
    if isinstance(thing, type):
        known = {"__dict__", "__weakref__", "__module__", "__doc__"} if "<" in thing.__qualname__ else {*vars(thing)}
        return [
            (name, _values(value, thing) if inspect.isroutine(value) else value)
            for name, value in vars(thing).items()
            if name not in known
        ]
    function = getattr(thing, "__func__", thing)  # of methods of every sort
    code, cells = function.__code__, [cell.cell_contents for cell in function.__closure__ or ()]
    constants = [one for one in code.co_consts if not inspect.iscode(one)]
    values = function.__defaults__, function.__kwdefaults__, getattr(thing, "__self__", None)
    return code.co_code, code.co_names, constants, [one for one in cells if one is not owner], values


def _named(thing: Any) -> Any:
    return thing if isinstance(thing, type) or inspect.isroutine(thing) else type(thing)


def _is_same(thing: Any, other: Any) -> bool:
    """Say whether one thing may take the place of another one: it is that, or it is made of the same code and values.

    What a module holds on its own level is what it held there before, if a cell was run twice; what a loop makes under
    one name and puts into a list is not.
    """
    if thing is other:
        return True
    places = [(one.__module__, one.__qualname__) for one in (thing, other) if _named(one) is one]
    is_anew = len(places) == 2 and places[0] == places[1]
    is_held = getattr(sys.modules.get(other.__module__), getattr(other, "__qualname__", ""), None) is other
    return (is_anew and is_held) or (type(thing) is type(other) and _digest(thing) == _digest(other))


def _import_path(path: str, fits: Callable[[Any], bool]) -> Any:
    """Import what a path names, if it fits."""
    file, colon, name = path.partition(":")
    if file == GIVEN and colon:
        if path not in _given:
            raise AgentError(f"expected {name} from the code that made it, got none. Run that code first.")
        return _given[path]
    module, name = (_file(Path(file)), name) if colon else _module(*path.rsplit(".", 1))
    thing: Any = module
    for part in name.split("."):  # a class may be in a class
        thing = getattr(thing, part, None)
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
    unique = f"own_{place.stem}_{hashlib.sha256(str(place).encode() + content).hexdigest()[:12]}"
    packages = list(itertools.takewhile(lambda folder: (folder / "__init__.py").is_file(), place.parents))
    name = ".".join([*(folder.name for folder in reversed(packages)), unique])
    if packages and (root := str(packages[-1].parent)) not in sys.path:  # for `from .other import …`
        sys.path.append(root)
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, place)
    if spec is None or spec.loader is None:
        raise AgentError(f"expected a file of Python, got {path}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever somebody's file may raise
        del sys.modules[name]
        raise AgentError(f"expected Python that runs in {path}, got {_describe(error)}.") from error
    return module


def _module(name: str, class_name: str) -> tuple[ModuleType, str]:
    try:
        return importlib.import_module(name), class_name
    except (Exception, SystemExit) as error:  # whatever somebody's module may raise
        expected = f"expected a module {name}, got {_describe(error)}"
        raise AgentError(f"{expected}. FILE.py:Class names one by its file.") from error


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".removesuffix(": ")
