"""Agents as files: a folder, or one .zip of it. Never pickle, never trust.

    config.json         format, kind, settings, labels, name, counts, digest
    agent.safetensors   the memory's arrays
    lessons.jsonl       the lesson log, one event a line
    README.md           a card for people and for the Hub
    labels.png          what it knows, as a picture: of drawings the mental images of its labels

Everything read here may come from a stranger: names, sizes, shapes and types are checked before anything is
allocated, and an agent is handed out only when all of it fits together.

What a stranger's file may cost: 64 MB of memory, and 30 bytes for each byte of its own, whether it is refused or not.
So files have limits (`FILES`; all of MNIST remembered takes 24 MB); nothing is inflated further than it may be; and
whatever a few bytes may ask for is bounded where it is asked for: tables and copies by the settings of recall, the
corrections of a study by its lessons, wiring by being saved whole, drawings in the log by its length.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import os
import secrets
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as write_tensors

from agent import foreign, render
from agent.card import Score, card
from agent.errors import AgentError
from agent.families import Agent, family_of
from agent.labels import MAX_LABEL_CHARS, clean_label, clean_name
from agent.lineage import Lineage

FORMAT = 1
FILES = {  # name: most bytes
    "config.json": 100_000,
    "agent.safetensors": 48_000_000,
    "lessons.jsonl": 16_000_000,
    "README.md": 200_000,
    "labels.png": 500_000,
}
MAX_ZIP_BYTES = sum(FILES.values())
_BIRTH = {"format": int, "kind": str, "name": str, "settings": dict}
_CONFIG = {**_BIRTH, "labels": list, "n_lessons": int, "digest": str}
_CAME_LATER = {"lineage": dict}  # older files lack it
_SUMMED = ("agent.safetensors", "lessons.jsonl")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the same agent gives the same bytes


def save(pupil: Agent, path: str | os.PathLike[str]) -> Path:
    """Write an agent to a folder, or to one file when the path ends in ``.zip``.

    What was there before is replaced only when everything has been written.

    Parameters
    ----------
    pupil : Agent
        The agent, of any family.
    path : path-like
        A folder of ours or one that does not exist yet, or a file name ending in ``.zip``.

    Returns
    -------
    pathlib.Path
        Where it is.

    Raises
    ------
    AgentError
        The folder holds something else, the agent is larger than a file may be, or the disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> from agent.families import new
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = save(new("nearest", name="Mia"), Path(folder) / "mia.zip")
    ...     load(file).name
    'Mia'
    """
    files = to_files(pupil)
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


def load(path: str | os.PathLike[str]) -> Agent:
    """Read an agent from a folder or a ``.zip`` file.

    Raises
    ------
    AgentError
        There is nothing, or it is not an agent of this version: the message says what was expected and what came.
    """
    source = Path(path)
    try:
        if source.is_dir():
            return from_files({name: _read(source / name, most) for name, most in FILES.items()})
        if not source.is_file():
            raise AgentError(f"expected a folder or a .zip file of an agent, got nothing at {source.name!r}.")
        return from_zip(_read(source, MAX_ZIP_BYTES))
    except OSError as error:
        raise AgentError(f"expected to read {source.name}, got {error.strerror or error}.") from error


def from_zip(content: bytes) -> Agent:
    """Read an agent from the bytes of its ``.zip``."""
    return from_files(foreign.unzip(content, FILES))


def to_files(pupil: Agent, tested: Sequence[Score] = ()) -> dict[str, bytes]:
    """Give an agent's files: name to content, the same bytes for the same agent; the card tells how it was tested."""
    tensors = {name: np.ascontiguousarray(array) for name, array in sorted(pupil.memory.tensors().items())}
    files = {"agent.safetensors": write_tensors(tensors), "lessons.jsonl": pupil.log.encode()}
    config = {
        **birth(pupil),
        "labels": list(pupil.labels),
        "n_lessons": pupil.n_lessons,
        "lineage": pupil.lineage.to_json(),
    }
    config["digest"] = digest(config, files)
    files["config.json"] = (json.dumps(config, indent=2, ensure_ascii=False) + "\n").encode()
    files["README.md"] = card(pupil, tested).encode()
    files["labels.png"] = render.png(pupil.picture())
    for name, most in FILES.items():
        if len(files[name]) > most:
            raise AgentError(f"expected at most {most:,} bytes for {name}, got {len(files[name]):,}. Teach it less.")
    return {name: files[name] for name in FILES}


def from_files(files: Mapping[str, bytes]) -> Agent:
    """Build an agent from its files, checking all of them first."""
    missing = sorted(set(FILES) - set(files))
    if missing:
        raise AgentError(f"expected the files {', '.join(FILES)}, got none named {', '.join(missing)}.")
    config = _config(files["config.json"])
    family = family_of(config["kind"])
    kind = family.KINDS[config["kind"]]
    tensors = foreign.tensors(files["agent.safetensors"])
    if config["digest"] != digest(config, files):  # a file damaged on its way costs no more than this
        raise AgentError(f"expected the files of digest {config['digest'][:8]!r}, got changed ones. Load another copy.")
    try:
        log = files["lessons.jsonl"].decode()
    except UnicodeDecodeError as error:
        raise AgentError("expected text in lessons.jsonl, got other bytes.") from error
    try:
        memory = kind.restore(kind.Config(**config["settings"]), config["labels"], tensors)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError, MemoryError) as error:
        if isinstance(error, AgentError):
            raise
        raise AgentError(f"expected the arrays and settings of a {kind.NAME} agent, got others ({error}).") from error
    pupil = family.restored(memory, log, config["name"])
    pupil.lineage = config["lineage"]
    return pupil


def birth(pupil: Agent) -> dict[str, Any]:
    """Tell what an agent is before its first lesson: format, kind, name, settings."""
    return {
        "format": FORMAT,
        "kind": pupil.kind,
        "name": clean_name(pupil.name),
        "settings": dataclasses.asdict(pupil.memory.config),
    }


def check_birth(config: object, expected: Mapping[str, type] = _BIRTH) -> dict[str, Any]:
    """Check what a stranger says an agent is, and give it with its lineage read; AgentError when it can be none."""
    if not isinstance(config, dict) or set(config) - set(_CAME_LATER) != set(expected):
        shown = sorted(config)[:8] if isinstance(config, dict) else type(config).__name__
        raise AgentError(f"expected {', '.join(expected)} in config.json, got {shown}.")
    for name, its_type in {**expected, **_CAME_LATER}.items():
        if name in config and type(config[name]) is not its_type:
            raise AgentError(f"expected {name} of type {its_type.__name__}, got {type(config[name]).__name__}.")
    if config["format"] != FORMAT:
        raise AgentError(f"expected format {FORMAT}, got {config['format']}. Update Pupil, or save it anew.")
    config["name"] = clean_name(config["name"])
    config["lineage"] = Lineage.from_json(config.get("lineage", Lineage().to_json()))
    _check_settings(config["settings"], family_of(config["kind"]).KINDS[config["kind"]].Config)
    return config


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Pack files into a .zip without dates."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def digest(config: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    """Sum up all that an answer may depend on, so that a file damaged on its way is noticed."""
    about = json.dumps([config[name] for name in ("kind", "settings", "labels")], sort_keys=True)
    sums = [hashlib.sha256(part).digest() for part in (about.encode(), *(files[name] for name in _SUMMED))]
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
    old = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    os.replace(target, old)
    try:
        os.replace(spare, target)
    except OSError:
        os.replace(old, target)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _read(path: Path, most: int) -> bytes:
    """Read a whole plain file that is not larger than it may be."""
    if path.is_symlink() or not path.is_file():
        raise AgentError(f"expected a file {path.name}, got none.")
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise AgentError(f"expected at most {most:,} bytes in {path.name}, got more. It is not an agent of ours.")
    return content


def _config(content: bytes) -> dict[str, Any]:
    """Read config.json strictly."""
    config = check_birth(foreign.from_json(content, "config.json"), _CONFIG)
    kind = family_of(config["kind"]).KINDS[config["kind"]]
    config["labels"] = _labels(config["labels"], kind.MAX_LABELS)
    return config


def _labels(labels: list[Any], most: int) -> list[str]:
    if len(labels) > most or any(not isinstance(label, str) or len(label) > MAX_LABEL_CHARS for label in labels):
        raise AgentError(f"expected at most {most} short labels, got {str(labels)[:80]}.")
    if labels != sorted({clean_label(label) for label in labels}):
        raise AgentError(f"expected labels in order, each once, got {str(labels)[:80]}.")
    return labels


def _check_settings(settings: dict[str, Any], config_type: type) -> None:
    """Settings must be among those of the kind, each of its default's type; older files lack some that came later."""
    fields = {field.name: field.default for field in dataclasses.fields(config_type)}
    if not set(settings) <= set(fields):
        raise AgentError(f"expected the settings {', '.join(fields)}, got {', '.join(map(str, settings))[:200]}.")
    for name, value in settings.items():
        if type(value) is not type(fields[name]):
            raise AgentError(f"expected {name} as {type(fields[name]).__name__}, got {type(value).__name__}.")
