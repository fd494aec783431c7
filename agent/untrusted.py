"""Parsers of untrusted bytes: JSON, .zip and safetensors.

Counts and sizes are checked before anything is unpacked. Whatever does not fit is an AgentError; the parsers underneath
are other people's code on other people's bytes, so whatever they raise says only that the file is not ours.
"""

from __future__ import annotations

import functools
import io
import json
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors.numpy import load as read_tensors

from agent.errors import AgentError

MAX_TENSORS = 64
MAX_HEADER_BYTES = 100_000
MAX_LIST_BYTES = 4_000  # what a .zip says about its members, all of them together
_TYPES = {"U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "F32", "F64"}  # safetensors' names
MAX_AXES = 4
MAX_SHARED_CHARS = 16  # of a text that may stand in many lines
_copy_of = functools.lru_cache(1000)(str)  # as `sys.intern`, which keeps texts for ever in some versions of Python
_END = struct.Struct("<4s4H2LH")  # how a .zip ends: signature, disks, members, size and place of their list, comment
_INFLATERS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others inflate a chunk whole, however large it becomes


def from_json(content: bytes, name: str) -> Any:
    """Read JSON strictly: UTF-8, no name twice, no NaN, not too deep.

    Examples
    --------
    >>> from_json(b'{"labels": ["7"]}', "config.json")
    {'labels': ['7']}
    >>> from_json(b'{"kind": "recall", "kind": "nearest"}', "config.json")
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected JSON in config.json, got something else ('kind' stands there twice).
    """
    try:
        return strict(content.decode())
    except (ValueError, RecursionError) as error:
        raise AgentError(f"expected JSON in {name}, got something else ({error}).") from error


def strict(text: str) -> Any:
    """Read JSON strictly: ValueError or RecursionError when a name stands there twice, for NaN, or when it is none."""
    return _STRICT.decode(text)


def unzip(content: bytes, members: Mapping[str, int]) -> dict[str, bytes]:
    """Extract exactly these members of a .zip, given with the most bytes of each; no comment, no zip64, no tail."""
    max_bytes = sum(members.values())
    if len(content) > max_bytes:
        raise AgentError(f"expected a .zip of at most {max_bytes:,} bytes, got {len(content):,}.")
    _check_end(content, members)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            names = sorted(member.filename for member in infos)
            if names != sorted(members):
                listed = ", ".join(names)[:200] or "nothing"
                raise AgentError(f"expected a .zip with {', '.join(members)}, got {len(names)} files: {listed}.")
            for member in infos:
                _check_member(member, members[member.filename])
            return {member.filename: archive.read(member) for member in infos}
    except AgentError:
        raise
    except Exception as error:
        raise AgentError(f"expected the .zip of an agent, got a file that is none or breaks off ({error}).") from error


def tensors(content: bytes, max_tensors: int = MAX_TENSORS) -> dict[str, np.ndarray]:
    """Read a safetensors file after checking its header: what it claims must be what it holds, byte for byte."""
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or size > min(MAX_HEADER_BYTES * max_tensors // MAX_TENSORS, len(content) - 8):
        raise AgentError(f"expected agent.safetensors, got {len(content)} bytes that break off or are something else.")
    header = from_json(content[8 : 8 + size], "the header of agent.safetensors")
    if not isinstance(header, dict) or len(header) > max_tensors:
        raise AgentError(f"expected a header for at most {max_tensors} arrays in agent.safetensors, got another one.")
    try:
        for name, entry in header.items():
            if name != "__metadata__" and (entry["dtype"] not in _TYPES or len(entry["shape"]) > MAX_AXES):
                raise ValueError(f"an array of {str(entry)[:80]}")
        arrays = read_tensors(content)
        for name, array in arrays.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise ValueError(f"{name[:40]!r} with numbers that are none or have no end")
        return arrays
    except Exception as error:
        raise AgentError(f"expected agent.safetensors, got a file that is none ({error}).") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique: dict[str, Any] = {}
    for name, value in pairs:
        if name in unique:
            raise ValueError(f"{name[:40]!r} stands there twice")
        unique[_shared(name)] = _shared(value)
    return unique


def _shared(value: Any) -> Any:
    """One copy of a name or label that stands in each of thousands of lines."""
    return _copy_of(value) if isinstance(value, str) and len(value) <= MAX_SHARED_CHARS else value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


_STRICT = json.JSONDecoder(object_pairs_hook=_without_repeats, parse_constant=_refuse)


def _check_end(content: bytes, members: Mapping[str, int]) -> None:
    """Check how the .zip ends: a list of thousands of members is refused before it is read."""
    if len(content) < _END.size or content[-_END.size :][:4] != b"PK\5\6":
        raise AgentError(f"expected the .zip of an agent, got {len(content):,} bytes that are none or break off.")
    n_members, n_bytes, _, comment = _END.unpack(content[-_END.size :])[4:]
    zip64 = content[-_END.size - 20 :][:4] == b"PK\6\7"
    if n_members != len(members) or n_bytes > MAX_LIST_BYTES or comment or zip64:
        raise AgentError(f"expected a .zip with {', '.join(members)}, got {n_members} files listed in {n_bytes} bytes.")


def _check_member(member: zipfile.ZipInfo, max_bytes: int) -> None:
    if member.file_size > max_bytes:  # zipfile inflates no more than a member claims
        raise AgentError(f"expected at most {max_bytes:,} bytes in {member.filename}, got {member.file_size:,}.")
    if member.flag_bits & 1 or member.compress_type not in _INFLATERS:
        raise AgentError(f"expected {member.filename} deflated and not encrypted, got it packed in another way.")
