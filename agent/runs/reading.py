"""Runs read back, nothing believed: a folder that is half-written, or that a stranger wrote, is left out and named."""

from __future__ import annotations

import csv
import functools
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agent.errors import AgentError
from agent.runs import folders

SHARES = ("accuracy", "precision", "recall", "f1", "prequential")  # 0 … 1, shown as per cent
CURVES = ("held_out", "error")  # columns of progress.csv that are a curve: the first that is there
MAX_RUNS, MAX_FILE_BYTES, MAX_LABELS, MAX_CHARS = 2_000, 4_000_000, 200, 400
_READ = (folders.CONFIG, folders.RESULT, folders.PROGRESS)
_BOOKKEEPING = {"unsure", "n_test", "n_lessons", "n_known", "seconds"}


@dataclass(frozen=True)
class Run:
    """A finished run as it lies on the disk; of what it measured, only what was checked."""

    folder: Path
    experiment: str
    agent: str  # the name it goes by
    kind: str
    task: str  # several joined by +
    seed: int
    lessons: int  # taught by this run
    known: int  # and before it
    config: Mapping[str, Any]
    scores: Mapping[str, float]  # shares 0 … 1, then any other number that was measured
    curve: Mapping[int, float]  # lessons to a share right or an error
    measure: str | None  # which of the two the curve is: one of CURVES
    confusion: tuple[np.ndarray, tuple[str, ...]] | None  # (L, L + 1) int64 and the L labels


def read(folder: Path) -> Run:
    """Read a finished run.

    Raises
    ------
    AgentError
        It is not finished, or it is not what a run leaves.
    """
    stamps = []
    for name in _READ:
        path = folder / name
        if not path.exists():
            stamps.append((0, 0))
            continue
        about = path.stat()
        if not path.is_file() or about.st_size > MAX_FILE_BYTES:
            raise AgentError(f"expected {path} as a file of at most {MAX_FILE_BYTES:,} bytes, got {about.st_size:,}.")
        stamps.append((about.st_mtime_ns, about.st_size))
    if stamps[1] == (0, 0):
        raise AgentError(f"expected {folder / folders.RESULT}, got none: the run is not finished. Start it again.")
    return _read(folder, tuple(stamps))


def read_all(folder: str | os.PathLike[str]) -> tuple[list[Run], list[str]]:
    """Read all finished runs under a folder, by their paths, and say of every other why it is left out.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "config.json").write_text("{}")
    ...     read_all(folder)
    ([], ['expected result.json, got none: the run is not finished. Start it again.'])
    """
    found, left_out = [], []
    for run in sorted(folders.runs_in(folder)[:MAX_RUNS]):
        try:
            found.append(read(run))
        except AgentError as error:
            left_out.append(str(error).replace(f"{Path(folder)}{os.sep}", ""))
        except OSError as error:  # taken away meanwhile, or not ours to read
            left_out.append(f"expected a run at {run.relative_to(folder)}, got {error.strerror}.")
    return found, left_out


@functools.lru_cache(maxsize=MAX_RUNS)
def _read(folder: Path, stamps: tuple[tuple[int, int], ...]) -> Run:
    """Read a run; as long as its files have these times and sizes, once."""
    config, result = folders.read_json(folder / folders.CONFIG), folders.read_json(folder / folders.RESULT)
    if config is None or result is None:
        raise AgentError(f"expected {folder / folders.CONFIG} and its result, got one without the other.")
    agent, task = config.get("agent"), config.get("task")
    if not isinstance(agent, dict) or not isinstance(task, dict) or not task:
        raise AgentError(f"expected {folder / folders.CONFIG} with an agent and a task, got one without.")
    texts = (config.get("experiment"), agent.get("name"), agent.get("kind"), "+".join(task))
    for text in texts:
        if not isinstance(text, str) or not 1 <= len(text) <= MAX_CHARS or not text.isprintable():
            raise AgentError(f"expected names of 1 to {MAX_CHARS} characters in {folder}, got {str(text)[:40]!r}.")
    measure, curve = _curve(folder)
    last = max(curve, default=0)
    return Run(
        folder, texts[0], texts[1], texts[2], texts[3], _whole(config, "seed", folder),
        _whole(result, "n_lessons", folder, last), _whole(result, "n_known", folder), config,
        _scores(result, folder), curve, measure, _confusion(result, folder),
    )  # fmt: skip


def _whole(content: Mapping[str, Any], name: str, folder: Path, default: int = 0) -> int:
    value = content.get(name, default)
    if type(value) is not int or not 0 <= value < 2**63:
        raise AgentError(f"expected {name} of {folder} as a whole number, got {str(value)[:40]}.")
    return value


def _scores(result: Mapping[str, Any], folder: Path) -> dict[str, float]:
    scores = {str(name): value for name, value in result.items() if name not in _BOOKKEEPING and _is_number(value)}
    for name in SHARES:
        if not 0 <= scores.get(name, 0) <= 1:
            raise AgentError(f"expected {name} of {folder} as a share from 0 to 1, got {scores[name]}.")
    return {name: scores[name] for name in (*SHARES, *scores) if name in scores and len(name) <= MAX_CHARS}


def _curve(folder: Path) -> tuple[str | None, dict[int, float]]:
    try:
        rows = folders.read_csv(folder / folders.PROGRESS)
    except (ValueError, TypeError, OSError, csv.Error) as error:
        raise AgentError(f"expected {folder / folders.PROGRESS} as a run left it, got {error}.") from error
    for measure in CURVES:
        points = [(row.get("n_done"), row.get(measure)) for row in rows]
        curve = {done: value for done, value in points if type(done) is int and 0 <= done < 2**63 and _is_number(value)}
        outside = [value for value in curve.values() if not 0 <= value <= 1]
        if measure == "held_out" and outside:
            path = folder / folders.PROGRESS
            raise AgentError(f"expected {measure} in {path} as shares from 0 to 1, got {outside[0]:.4g}.")
        if curve:
            return measure, curve
    return None, {}


def _confusion(result: Mapping[str, Any], folder: Path) -> tuple[np.ndarray, tuple[str, ...]] | None:
    labels, rows = result.get("labels"), result.get("confusion")
    if labels is None or rows is None:
        return None
    if not isinstance(labels, list) or not 1 <= len(labels) <= MAX_LABELS or not isinstance(rows, list):
        raise AgentError(f"expected 1 to {MAX_LABELS} labels and a confusion of {folder}, got something else.")
    well = len(rows) == len(labels) == len({str(label) for label in labels})
    well = well and all(isinstance(label, str) and 1 <= len(label) <= 8 and label.isprintable() for label in labels)
    for row in rows if well else ():
        well = well and isinstance(row, list) and len(row) == len(labels) + 1
        well = well and all(type(count) is int and 0 <= count < 2**40 for count in row)
    if not well:
        shape = f"{len(labels)} rows of {len(labels) + 1} counts"
        raise AgentError(f"expected a confusion of {shape} in {folder}, got another one.")
    return np.array(rows, np.int64), tuple(labels)


def _is_number(value: object) -> bool:
    """Whether it is a number that one can reckon with: not true, not infinite, not nothing."""
    return type(value) in (int, float) and abs(value) < 1e300 and not math.isnan(value)  # type: ignore[arg-type]
