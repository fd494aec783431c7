"""Agents as files: a folder, or one .zip of it. Never pickle, never trust.

    config.json         format, kind, settings, labels, name, counts
    agent.safetensors   the memory's arrays
    lessons.jsonl       the lesson log, one event a line
    README.md           a card for people and for the Hub

Everything read here may come from a stranger: names, sizes, shapes and types are checked before anything is
allocated, and an agent is handed out only when all of it fits together.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import secrets
import shutil
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save as write_tensors

from agent.errors import AgentError
from agent.kinds import KINDS
from agent.lessons import Bulk, Lessons
from agent.pupil import MAX_LABEL_CHARS, Pupil, clean_label

FORMAT = 1
FILES = {  # name: most bytes
    "config.json": 100_000,
    "agent.safetensors": 64_000_000,
    "lessons.jsonl": 32_000_000,
    "README.md": 200_000,
}
MAX_ZIP_BYTES = sum(FILES.values())
MAX_NAME_CHARS = 60
MAX_TENSORS = 64
_CONFIG = {"format": int, "kind": str, "name": str, "settings": dict, "labels": list, "n_lessons": int}
_TYPES = {"U8": 1, "I8": 1, "U16": 2, "I16": 2, "U32": 4, "I32": 4, "U64": 8, "I64": 8}  # safetensors' names, bytes
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the same agent gives the same bytes


def save(pupil: Pupil, path: str | os.PathLike[str]) -> Path:
    """Write an agent to a folder, or to one file when the path ends in ``.zip``.

    What was there before is replaced only when everything has been written.

    Parameters
    ----------
    pupil : Pupil
        The agent.
    path : path-like
        A folder of ours or one that does not exist yet, or a file name ending in ``.zip``.

    Returns
    -------
    pathlib.Path
        Where it is.

    Raises
    ------
    AgentError
        The folder holds something else, or the disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> from agent.pupil import new
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = save(new("nearest", name="Mia"), Path(folder) / "mia.zip")
    ...     load(file).name
    'Mia'
    """
    target = Path(path)
    files = to_files(pupil)
    spare = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        if target.suffix == ".zip":
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
        _remove(spare)
    return target


def load(path: str | os.PathLike[str]) -> Pupil:
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


def from_zip(content: bytes) -> Pupil:
    """Read an agent from the bytes of its ``.zip``."""
    return from_files(_unzipped(content))


def to_files(pupil: Pupil) -> dict[str, bytes]:
    """Give an agent's files: name to content, the same bytes for the same agent."""
    config = {
        "format": FORMAT,
        "kind": pupil.kind,
        "name": pupil.name,
        "settings": dataclasses.asdict(pupil.memory.config),
        "labels": list(pupil.labels),
        "n_lessons": pupil.n_lessons,
    }
    tensors = {name: np.ascontiguousarray(array) for name, array in sorted(pupil.memory.tensors().items())}
    return {
        "config.json": (json.dumps(config, indent=2, ensure_ascii=False) + "\n").encode(),
        "agent.safetensors": write_tensors(tensors),
        "lessons.jsonl": pupil.lessons.to_jsonl().encode(),
        "README.md": card(pupil).encode(),
    }


def from_files(files: Mapping[str, bytes]) -> Pupil:
    """Build an agent from its files, checking all of them first."""
    missing = sorted(set(FILES) - set(files))
    if missing:
        raise AgentError(f"expected the files {', '.join(FILES)}, got none named {', '.join(missing)}.")
    config = _config(files["config.json"])
    kind = KINDS[config["kind"]]
    try:
        lessons = Lessons.from_jsonl(files["lessons.jsonl"].decode())
    except UnicodeDecodeError as error:
        raise AgentError("expected text in lessons.jsonl, got other bytes.") from error
    tensors = _tensors(files["agent.safetensors"])
    try:
        settings = kind.Config(**config["settings"])
        memory = kind.restore(settings, config["labels"], tensors)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError, MemoryError) as error:
        if isinstance(error, AgentError):
            raise
        raise AgentError(f"expected the arrays and settings of a {kind.NAME} agent, got others ({error}).") from error
    return Pupil(memory, lessons, config["name"])


def card(pupil: Pupil) -> str:
    """Write the card: what the agent learned, from what, and how to load it."""
    told, bulk = pupil.lessons.own(), [entry for entry in pupil.lessons.standing() if isinstance(entry, Bulk)]
    per_label = {label: sum(lesson.label == label for lesson in told) for label in pupil.labels}
    lines = [
        "---",
        "library_name: pupil",
        "pipeline_tag: image-classification",
        "tags: [pupil-agent, weightless, wisard]",
        "---",
        "",
        f"# {_plain(pupil.name)}",
        "",
        f"A weightless agent of kind *{pupil.kind}*: it {pupil.memory.SUMMARY}.",
        "",
        f"- lessons: {pupil.n_lessons}, of them {len(told)} drawn by its teacher",
        f"- labels: {' '.join(_plain(label) for label in pupil.labels) or 'none yet'}",
    ]
    lines += [f"- {_plain(label)}: {n} drawn lessons" for label, n in per_label.items() if n]
    lines += [f"- {entry.n_lessons} lessons from {_source(entry)}" for entry in bulk]
    lines += ["", "```python", "import agent", 'pupil = agent.load("this folder, or its .zip")', "```", ""]
    return "\n".join(lines)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Pack files into a .zip without dates."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def clean_name(name: object) -> str:
    """Check an agent's name: 1 to 60 visible characters."""
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= MAX_NAME_CHARS or not name.strip().isprintable():
        shown = name[:MAX_NAME_CHARS] if isinstance(name, str) else name
        raise AgentError(f"expected a name of 1 to {MAX_NAME_CHARS} visible characters, got {shown!r}.")
    return name.strip()


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


def _unzipped(content: bytes) -> dict[str, bytes]:
    """Take the files out of a .zip: known names only, each once, none larger than it may be."""
    if len(content) > MAX_ZIP_BYTES:
        raise AgentError(f"expected a .zip of at most {MAX_ZIP_BYTES:,} bytes, got {len(content):,}.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            if sorted(names) != sorted(FILES):
                shown = ", ".join(sorted(names)[:5])[:200] or "nothing"
                raise AgentError(f"expected a .zip with {', '.join(FILES)}, got {len(names)} files: {shown}.")
            return {member.filename: _member(archive, member) for member in members}
    except (
        zipfile.BadZipFile,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        struct.error,
    ) as error:
        if isinstance(error, AgentError):
            raise
        raise AgentError(f"expected the .zip of an agent, got a file that is none or breaks off ({error}).") from error
    except Exception as error:  # the inflaters have error classes of their own
        if type(error).__module__.split(".")[0] in ("zlib", "lzma", "_lzma", "bz2"):
            raise AgentError(f"expected the .zip of an agent, got a damaged one ({error}).") from error
        raise


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    most = FILES[member.filename]
    with archive.open(member) as file:
        content = file.read(most + 1)  # what it claims to hold does not count
    if len(content) > most:
        raise AgentError(f"expected at most {most:,} bytes in {member.filename}, got more. It is not an agent of ours.")
    return content


def _config(content: bytes) -> dict[str, Any]:
    """Read config.json strictly."""
    try:
        config = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise AgentError(f"expected JSON in config.json, got something else ({error}).") from error
    if not isinstance(config, dict) or set(config) != set(_CONFIG):
        shown = sorted(config)[:8] if isinstance(config, dict) else type(config).__name__
        raise AgentError(f"expected {', '.join(_CONFIG)} in config.json, got {shown}.")
    for name, expected in _CONFIG.items():
        if type(config[name]) is not expected:
            raise AgentError(f"expected {name} of type {expected.__name__}, got {type(config[name]).__name__}.")
    if config["format"] != FORMAT:
        raise AgentError(f"expected format {FORMAT}, got {config['format']}. Update Pupil, or save it anew.")
    if config["kind"] not in KINDS:
        raise AgentError(f"expected a kind among {', '.join(KINDS)}, got {config['kind'][:40]!r}.")
    config["name"] = clean_name(config["name"])
    config["labels"] = _labels(config["labels"], KINDS[config["kind"]].MAX_LABELS)
    _check_settings(config["settings"], KINDS[config["kind"]].Config)
    return config


def _labels(labels: list[Any], most: int) -> list[str]:
    if len(labels) > most or any(not isinstance(label, str) or len(label) > MAX_LABEL_CHARS for label in labels):
        raise AgentError(f"expected at most {most} short labels, got {str(labels)[:80]}.")
    if labels != sorted({clean_label(label) for label in labels}):
        raise AgentError(f"expected labels in order, each once, got {str(labels)[:80]}.")
    return labels


def _check_settings(settings: dict[str, Any], config_type: type) -> None:
    """Settings must be those of the kind, each of its default's type."""
    fields = {field.name: field.default for field in dataclasses.fields(config_type)}
    if set(settings) != set(fields):
        raise AgentError(f"expected the settings {', '.join(fields)}, got {', '.join(map(str, settings))[:200]}.")
    for name, default in fields.items():
        if type(settings[name]) is not type(default):
            raise AgentError(f"expected {name} as {type(default).__name__}, got {type(settings[name]).__name__}.")


def _tensors(content: bytes) -> dict[str, np.ndarray]:
    """Read a safetensors file after checking its header: what it claims must be what it holds."""
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or size > min(100_000, len(content) - 8):
        raise AgentError(f"expected agent.safetensors, got {len(content)} bytes that break off or are something else.")
    try:
        header = json.loads(content[8 : 8 + size])
        entries = [(name, entry) for name, entry in header.items() if name != "__metadata__"]
        claimed = sum(_n_bytes(entry) for _, entry in entries)
        if len(entries) > MAX_TENSORS or claimed != len(content) - 8 - size:
            raise AgentError(f"expected {len(content) - 8 - size:,} bytes of arrays, got a header for {claimed:,}.")
        return read_tensors(content)
    except AgentError:
        raise
    except Exception as error:  # the parser is foreign code on foreign bytes: whatever it says, the file is not ours
        raise AgentError(f"expected agent.safetensors, got a file that is none ({error}).") from error


def _n_bytes(entry: dict[str, Any]) -> int:
    """Count the bytes one header entry claims; any error means that it is not one of ours."""
    n = _TYPES[entry["dtype"]]
    if len(entry["shape"]) > 4:
        raise ValueError(f"shape {entry['shape'][:5]}")
    for side in entry["shape"]:
        if type(side) is not int or not 0 <= side <= FILES["agent.safetensors"]:
            raise ValueError(f"side {side!r}")
        n *= side
    return n


def _plain(text: str) -> str:
    """Foreign text as text: no Markdown, no HTML."""
    return "".join(char if char.isalnum() or char in " .,-_" else f"&#{ord(char)};" for char in text)


def _source(bulk: Bulk) -> str:
    if bulk.source is None:
        return "drawings that came with their labels"
    return _plain(json.dumps(bulk.source)[:200])
