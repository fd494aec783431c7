"""Checks that every kind makes of settings and of saved arrays before anything is built from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from agent import retina
from agent.errors import AgentError
from agent.kinds.base import Kind


def check_whole(config: object, limits: Mapping[str, tuple[int, int]]) -> None:
    """Check that settings are whole numbers within their limits.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_whole(SimpleNamespace(tuple_size=15), {"tuple_size": (2, 14)})
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected tuple_size as a whole number from 2 to 14, got 15.
    """
    for name, (low, high) in limits.items():
        value = getattr(config, name)
        if type(value) is not int or not low <= value <= high:
            raise AgentError(f"expected {name} as a whole number from {low} to {high}, got {value!r}.")


def check_share(config: object, *names: str) -> None:
    """Check that settings are shares, floats from 0 to 1."""
    for name in names:
        value = getattr(config, name)
        if type(value) is not float or not 0.0 <= value <= 1.0:
            raise AgentError(f"expected {name} as a share from 0.0 to 1.0, got {value!r}.")


def check_arrays(
    tensors: Mapping[str, np.ndarray], expected: Mapping[str, tuple[tuple[int, ...], type, int, int]]
) -> None:
    """Check names, shapes, types and ranges: name to (shape, dtype, least, most)."""
    if set(tensors) != set(expected):
        raise AgentError(f"expected the arrays {sorted(expected)}, got {sorted(tensors)}. The file is not one of ours.")
    for name, (shape, dtype, least, most) in expected.items():
        array = tensors[name]
        if array.shape != shape or array.dtype != dtype:
            raise AgentError(f"expected {name} of {shape} {np.dtype(dtype)}, got {array.shape} {array.dtype}.")
        if array.size and not (least <= int(array.min()) and int(array.max()) <= most):
            raise AgentError(f"expected {name} from {least} to {most}, got {array.min()} to {array.max()}.")


def check_numbers(tensors: Mapping[str, np.ndarray], expected: Mapping[str, tuple[tuple[int, ...], type]]) -> None:
    """Check names, shapes and types of arrays of numbers; that they are finite was checked when they were read.

    Examples
    --------
    >>> check_numbers({"a": np.ones(3, np.float32)}, {"a": ((2,), np.float32)})
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected a of (2,) float32, got (3,) float32.
    """
    if set(tensors) != set(expected):
        raise AgentError(f"expected the arrays {sorted(expected)}, got {sorted(tensors)}. The file is not one of ours.")
    for name, (shape, dtype) in expected.items():
        array = tensors[name]
        if array.shape != shape or array.dtype != dtype:
            raise AgentError(f"expected {name} of {shape} {np.dtype(dtype)}, got {array.shape} {array.dtype}.")


def newest_lesson(
    drawings: Sequence[np.ndarray] | np.ndarray, taught: Sequence[str], kept: np.ndarray, label: str
) -> int:
    """Find the newest lesson with this drawing and label; AgentError when it was never taught."""
    same = [row for row, name in enumerate(taught) if name == label and (drawings[row] == kept).all()]
    if not same:
        raise AgentError(f"expected a drawing taught as {label!r}, got one that never was. Nothing to forget.")
    return same[-1]


def lesson_arrays(drawings: np.ndarray, taught: Sequence[str]) -> dict[str, np.ndarray]:
    """Pack lessons into arrays to be saved: (N, 28, 28) uint8 kept drawings and their N labels."""
    place = {label: number for number, label in enumerate(sorted(set(taught)))}
    return {"drawings": retina.pack(drawings), "taught": np.array([place[label] for label in taught], np.uint8)}


def lesson_shapes(n_lessons: int, n_labels: int) -> dict[str, tuple[tuple[int, ...], type, int, int]]:
    """What `check_arrays` expects of those arrays."""
    drawings = ((n_lessons, retina.PACKED_BYTES), np.uint8, 0, 255)
    return {"drawings": drawings, "taught": ((n_lessons,), np.uint8, 0, max(0, n_labels - 1))}


def saved_lessons(tensors: Mapping[str, np.ndarray], labels: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Read lessons back from arrays that hold nothing else, checked: their drawings and labels."""
    check_arrays(tensors, lesson_shapes(n_rows(tensors, "taught"), len(labels)))
    drawings = retina.unpack(tensors["drawings"])
    check_lessons(drawings, tensors["taught"], labels)
    return drawings, [labels[number] for number in tensors["taught"]]


def check_lessons(drawings: np.ndarray, taught: np.ndarray, labels: Sequence[str]) -> None:
    """Check that remembered drawings are kept drawings with ink, and that every label has one."""
    if any((retina.keep(drawing) != drawing).any() or not drawing.any() for drawing in drawings):
        raise AgentError("expected drawings as an agent keeps them, got some that are not. The file was changed.")
    n_used = len(np.unique(taught))
    if n_used != len(labels):
        raise AgentError(f"expected lessons for all {len(labels)} labels, got {n_used}.")


def check_birth(one: Kind, other: Kind) -> None:
    """Check that two memories can add up."""
    if not one.born_like(other):
        raise AgentError(
            "expected an agent born with the same settings and mapping, got another one. "
            "Teach this one from the other's lessons instead."
        )


def n_rows(tensors: Mapping[str, np.ndarray], name: str) -> int:
    """Count the entries of a flat array, 0 when there is none: what the other shapes follow from."""
    return len(tensors[name]) if name in tensors and tensors[name].ndim == 1 else 0
