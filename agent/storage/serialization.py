"""Agents as files: a folder, or one .zip of it. Nothing is pickled.

    config.json         format, kind, settings, labels, name, counts, digest
    agent.safetensors   the model's arrays
    lessons.jsonl       the lesson log, one event a line
    README.md           a card for people and for the Hub
    labels.png          what it knows, as a picture: for drawings, the mental images of its labels

Everything read here may come from a stranger: names, sizes, shapes and types are checked before anything is
allocated, and an agent is handed out only when all of it fits together.

Loading untrusted input, valid or not, may allocate at most 64 MB and 30 times the size of the file.
So files have limits (`FILES`; all of MNIST remembered takes 24 MB), larger ones on a user's own disk (`LOCAL_FILES`);
nothing is inflated further than it may be; and
whatever a few bytes may ask for is bounded where it is asked for: tables and copies by the settings of recall, the
corrections of a study by its lessons, wiring by being saved whole, drawings in the log by its length.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import functools
import hashlib
import io
import json
import os
import secrets
import shutil
import threading
import zipfile
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as write_tensors

from agent import render, untrusted
from agent.agents import STARTERS, Agent, family_of, iter_new, new, starter_selections
from agent.agents.base import Lineage
from agent.agents.pupil import Pupil
from agent.errors import AgentError
from agent.lessons import Bulk, Entry, Lessons, check_amount, iter_check_log, iter_replay
from agent.metrics import Score
from agent.progress import Progress
from agent.storage.model_card import card
from agent.validation import check_choice, check_names, clean_label, clean_name

FORMAT = 1
FILES = {  # name: most bytes
    "config.json": 100_000,
    "agent.safetensors": 48_000_000,
    "lessons.jsonl": 16_000_000,
    "README.md": 200_000,
    "labels.png": 500_000,
}
LOCAL_FILES = FILES | {"agent.safetensors": 256_000_000, "lessons.jsonl": 128_000_000}  # of a user's own disk
READ = ("config.json", "agent.safetensors", "lessons.jsonl")  # the others are for people
MAX_CHARS = 4_000_000  # of a log: ten thousand drawings; a browser keeps five million
MAX_CONFIG_CHARS = 20_000
_INITIAL = {"format": int, "kind": str, "name": str, "settings": dict}
_CONFIG = {**_INITIAL, "labels": list, "n_lessons": int, "digest": str}
_CAME_LATER = {"lineage": dict}  # older files lack it
_HERE, _RENAME_EXCHANGE = -100, 2  # AT_FDCWD and a flag of renameat2
_OWN_KIND = " An agent of a class of your own is loaded from the folder of its run, where its class lies."
_RESTORING = threading.Lock()  # one at a time: several large ones would take the cores from everybody else
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the same agent gives the same bytes


def save(pupil: Agent, path: str | os.PathLike[str], limits: Mapping[str, int] = LOCAL_FILES) -> Path:
    """Write an agent of any family to a folder, or to one file when the path ends in ``.zip``; returns the path.

    What was there before is replaced only when everything has been written. ``limits`` are the most bytes of each file.

    Raises
    ------
    AgentError
        The folder holds something else than an agent, the agent is too large for the files, or the disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> from agent.agents import new
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = save(new("nearest", name="Mia"), Path(folder) / "mia.zip")
    ...     load(file).name
    'Mia'
    """
    files = to_files(pupil, limits=limits)
    try:
        target = Path(path).resolve()  # a link is followed once, not replaced
        spare = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    except (OSError, ValueError, RuntimeError) as error:  # a null byte, the root of the disk, links in a circle
        raise AgentError(f"expected a folder or a .zip file to write, got {str(path)[:200]!r} ({error}).") from error
    try:
        if target.suffix.lower() == ".zip":
            target.parent.mkdir(parents=True, exist_ok=True)
            spare.write_bytes(zipped(files))
            os.replace(spare, target)
        else:
            _replace_folder(files, target, spare)
    except OSError as error:
        raise AgentError(
            f"expected to write {target.name}, got {error.strerror or error}. Nothing was changed."
        ) from error
    finally:
        with contextlib.suppress(OSError):  # no spare was made where none could be
            _remove(spare)
    return Path(path)


def load(path: str | os.PathLike[str], limits: Mapping[str, int] = FILES) -> Agent:
    """Read an agent from its folder, that of a run, or a ``.zip``; AgentError where there is none of this version.

    ``limits`` are the most bytes of each file: those for a stranger's, or `LOCAL_FILES`.
    """
    source = Path(path)
    try:
        if (source / "agent" / "config.json").is_file():
            source /= "agent"  # of a run
        if source.is_dir():
            return from_files({name: _read(source / name, max_bytes) for name, max_bytes in limits.items()})
        if not source.is_file():
            raise AgentError(f"expected a folder or a .zip file of an agent, got nothing at {source.name!r}.")
        content = _read(source, sum(limits.values()))
        try:
            return from_zip(content, limits)
        except AgentError as error:
            raise AgentError(f"{error} The file is {source.name}.") from error
    except OSError as error:
        raise AgentError(f"expected to read {source.name}, got {error.strerror or error}.") from error


def from_zip(content: bytes, limits: Mapping[str, int] = FILES) -> Agent:
    """Read an agent from the bytes of its ``.zip``."""
    return from_files(untrusted.unzip(content, limits))


def config_at(path: Path) -> dict[str, Any]:
    """Give what the agent in a folder or a ``.zip`` says it is, unchecked; nothing where that cannot be read."""
    try:
        if path.is_dir():
            content = _read(path / "config.json", FILES["config.json"])
        else:
            with zipfile.ZipFile(path) as archive, archive.open("config.json") as file:
                content = file.read(FILES["config.json"])
        return dict(json.loads(content))
    except (AgentError, OSError, ValueError, KeyError, TypeError, RuntimeError, zipfile.BadZipFile):
        return {}


def check_size(n_bytes: int) -> None:
    """Check before an agent learns that it can be saved afterwards, with arrays of ``n_bytes``.

    Examples
    --------
    >>> check_size(300_000_000)
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected an agent of at most 256,000,000 bytes to save, got settings and lessons for ...
    """
    max_bytes = LOCAL_FILES["agent.safetensors"] - 100_000  # its header
    if n_bytes > max_bytes:
        raise AgentError(
            f"expected an agent of at most {LOCAL_FILES['agent.safetensors']:,} bytes to save, got settings and "
            f"lessons for {n_bytes:,}. Take smaller settings or fewer lessons, or save=false."
        )


def to_files(pupil: Agent, tested: Sequence[Score] = (), limits: Mapping[str, int] = FILES) -> dict[str, bytes]:
    """Give an agent's files: name to content, the same bytes for the same agent; the card tells how it was tested."""
    tensors = {name: np.ascontiguousarray(array) for name, array in sorted(pupil.model.tensors().items())}
    files = {"agent.safetensors": write_tensors(tensors), "lessons.jsonl": pupil.log.encode()}
    config = {
        **_initial_config(pupil),
        "labels": list(pupil.labels),
        "n_lessons": pupil.n_lessons,
        "lineage": pupil.lineage.to_json(),
    }
    config["digest"] = digest(config, files)
    files["config.json"] = (json.dumps(config, indent=2, ensure_ascii=False) + "\n").encode()
    files["README.md"] = card(pupil, tested).encode()
    files["labels.png"] = render.png(pupil.picture())
    for name, max_bytes in limits.items():
        if len(files[name]) > max_bytes:
            raise AgentError(
                f"expected at most {max_bytes:,} bytes for {name}, got {len(files[name]):,}. Teach it less."
            )
    return {name: files[name] for name in FILES}


def from_files(files: Mapping[str, bytes]) -> Agent:
    """Build an agent from the files in `READ`, checking all of them first."""
    missing = sorted(set(READ) - set(files))
    if missing:
        raise AgentError(f"expected the files {', '.join(READ)}, got none named {', '.join(missing)}.")
    config = _check_config(untrusted.from_json(files["config.json"], "config.json"), _CONFIG)
    family = family_of(config["kind"])
    kind = family.MODELS[config["kind"]]
    _check_labels(config["labels"], kind.MAX_LABELS, family.MAX_LABEL_CHARS)
    tensors = untrusted.tensors(files["agent.safetensors"], getattr(kind, "MAX_TENSORS", untrusted.MAX_TENSORS))
    if config["digest"] != digest(config, files):  # a file damaged on its way costs no more than this
        raise AgentError(f"expected the files of digest {config['digest'][:8]!r}, got changed ones. Load another copy.")
    try:
        log = files["lessons.jsonl"].decode()
    except UnicodeDecodeError as error:
        raise AgentError("expected text in lessons.jsonl, got other bytes.") from error
    try:
        with _RESTORING:
            model = kind.restore(kind.Config(**config["settings"]), config["labels"], tensors)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError, MemoryError) as error:
        if isinstance(error, AgentError):
            raise
        raise AgentError(f"expected the arrays and settings of a {kind.NAME} agent, got others ({error}).") from error
    pupil = family.restored(model, log, config["name"])
    pupil.lineage = config["lineage"]
    return pupil


def _initial_config(pupil: Agent) -> dict[str, Any]:
    """What an agent is before its first lesson: format, kind, name, settings."""
    return {
        "format": FORMAT,
        "kind": pupil.kind,
        "name": clean_name(pupil.name),
        "settings": dataclasses.asdict(pupil.model.config),
    }


def _check_config(config: object, expected: Mapping[str, type] = _INITIAL) -> dict[str, Any]:
    """Check what a stranger says an agent is, and give it with its lineage read; AgentError when it can be none."""
    if not isinstance(config, dict) or set(config) - set(_CAME_LATER) != set(expected):
        names = sorted(config)[:8] if isinstance(config, dict) else type(config).__name__
        raise AgentError(f"expected {', '.join(expected)} in config.json, got {names}.")
    for name, its_type in {**expected, **_CAME_LATER}.items():
        if name in config and type(config[name]) is not its_type:
            raise AgentError(f"expected {name} of type {its_type.__name__}, got {type(config[name]).__name__}.")
    if config["format"] != FORMAT:
        raise AgentError(f"expected format {FORMAT}, got {config['format']}. Update Pupil, or save it anew.")
    config["name"] = clean_name(config["name"])
    config["lineage"] = Lineage.from_json(config.get("lineage", Lineage().to_json()))
    _check_settings(config["settings"], family_of(config["kind"], _OWN_KIND).MODELS[config["kind"]].Config)
    return config


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Pack files into a .zip without dates."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def digest(config: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    """Hash of all that an answer may depend on, so that a file damaged on its way is noticed."""
    about = json.dumps([config[name] for name in ("kind", "settings", "labels")], sort_keys=True)
    sums = [hashlib.sha256(part).digest() for part in (about.encode(), *(files[name] for name in READ[1:]))]
    return hashlib.sha256(b"".join(sums)).hexdigest()


def _replace_folder(files: Mapping[str, bytes], target: Path, spare: Path) -> None:
    """Write a folder beside the old one, then let them change places."""
    if target.exists() and (not target.is_dir() or set(os.listdir(target)) - set(FILES)):
        raise AgentError(f"expected an empty folder or one with an agent, got {target.name} with other things in it.")
    spare.mkdir(parents=True)
    for name, content in files.items():
        (spare / name).write_bytes(content)
    if not target.exists():
        os.replace(spare, target)
        return
    if _exchange(spare, target):
        return
    old = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    os.replace(target, old)
    try:
        os.replace(spare, target)
    except OSError:
        os.replace(old, target)
        raise
    _remove(old)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places at once, if the system can: whoever is killed meanwhile leaves one or the other."""
    try:
        rename = ctypes.CDLL(None).renameat2  # Linux
    except (AttributeError, OSError, TypeError):
        return False
    return rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _RENAME_EXCHANGE) == 0


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _read(path: Path, max_bytes: int) -> bytes:
    """Read a whole plain file that is not larger than it may be."""
    if path.is_symlink() or not path.is_file():
        raise AgentError(f"expected a file {path.name}, got none.")
    with path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise AgentError(f"expected at most {max_bytes:,} bytes in {path.name}, got more. It is not an agent of ours.")
    return content


def _check_labels(labels: list[Any], max_labels: int, max_chars: int) -> None:
    if len(labels) > max_labels or any(not isinstance(label, str) or len(label) > max_chars for label in labels):
        raise AgentError(f"expected at most {max_labels} short labels, got {str(labels)[:80]}.")
    if labels != sorted({clean_label(label, max_chars) for label in labels}):
        raise AgentError(f"expected labels in order, each once, got {str(labels)[:80]}.")


def _check_settings(settings: dict[str, Any], config_type: type) -> None:
    """Settings must be among those of the kind, each of its default's type; older files lack some that came later."""
    fields = {field.name: field.default for field in dataclasses.fields(config_type)}
    check_names(settings, fields, "settings")
    for name, value in settings.items():
        if isinstance(value, list) and isinstance(fields[name], tuple):  # JSON has no tuples
            settings[name] = value = tuple(value)
        if type(value) is not type(fields[name]):
            raise AgentError(f"expected {name} as {type(fields[name]).__name__}, got {type(value).__name__}.")


def initial_config(pupil: Pupil) -> str:
    """Settings, name and lineage of an agent as one line of JSON: with its log, enough to train it again.

    Examples
    --------
    >>> from agent.agents import new
    >>> initial_config(new("nearest", name="Mia"))[:42]
    '{"format":1,"kind":"nearest","name":"Mia",'
    """
    return json.dumps(_initial_config(pupil) | {"lineage": pupil.lineage.to_json()}, separators=(",", ":"))


def iter_restore(config_json: str, log: str) -> Generator[Progress, None, Pupil]:
    """Train an agent again from `initial_config` and its log, as a browser keeps them: a few hundred bytes a lesson.

    Both may come from a stranger: they are checked as files are. AgentError for anything else, more lessons than
    `MAX_REPLAYED`, or bulk lessons without drawings and source.

    Examples
    --------
    >>> from agent.agents import new
    >>> from agent.progress import run_to_completion
    >>> mia = new("nearest", name="Mia")
    >>> mia.learn_one([[0] * 9 + [255] * 3] * 12, "1")
    >>> again = run_to_completion(iter_restore(initial_config(mia), mia.log))
    >>> again.name, again.labels, again.log == mia.log
    ('Mia', ('1',), True)
    """
    if len(config_json) > MAX_CONFIG_CHARS or len(log) > MAX_CHARS:
        lengths = f"{len(config_json):,} and {len(log):,}"
        raise AgentError(f"expected at most {MAX_CONFIG_CHARS:,} and {MAX_CHARS:,} characters, got {lengths}.")
    config = _check_config(untrusted.from_json(config_json.encode(), "the settings of an agent"))
    pupil = new(check_choice("a kind", config["kind"], Pupil.MODELS), name=config["name"], **config["settings"])
    assert isinstance(pupil, Pupil)
    lessons = yield from Lessons.iter_from_jsonl(log)
    yield from iter_check_log(lessons, None)
    standing = lessons.standing()
    check_amount(standing)
    starter = _starter_of(standing)
    if starter is not None:
        pupil = yield from iter_new(config["kind"], starter=starter, **dataclasses.asdict(pupil.model.config))
    yield from iter_replay(pupil.model, lessons, n_known=len(pupil.lessons.standing()))
    pupil = Pupil(pupil.model, lessons, config["name"])
    pupil.lineage = config["lineage"]
    return pupil


def _starter_of(standing: list[Entry]) -> str | None:
    """Find the starter whose lessons a log begins with: agents that begin with it share its arrays."""
    bulk: list[tuple[dict[str, Any] | None, int]] = []
    for entry in standing:
        if not isinstance(entry, Bulk) or entry.start:
            break
        bulk.append((entry.source, entry.n_lessons))
    for name in STARTERS if bulk else ():
        parts = _parts(name)
        if json.dumps(bulk[: len(parts)], sort_keys=True) == json.dumps(parts, sort_keys=True):
            return name
    return None


@functools.cache
def _parts(starter: str) -> list[tuple[dict[str, Any], int]]:
    return [(selection.source, len(selection)) for selection in starter_selections(starter)]
