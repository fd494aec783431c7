"""Folders of runs: runs/<experiment>/<agent>/<task>_<seed>/ holds all that a run leaves.

    config.json      the exact settings          progress.csv     the learning curve
    agent/           the agent, its lesson log   forgetting.csv   of tasks taught one after another
    result.json      what came out: written last, so a folder that has it is finished
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent import store
from agent.errors import AgentError, nearest
from agent.families import Agent

CONFIG, RESULT, PROGRESS, FORGETTING, AGENT = "config.json", "result.json", "progress.csv", "forgetting.csv", "agent"
ACTIONS = "actions.npy"  # what an agent that watches did, so that its world can be lived through again
FILES = (  # as they are taken away
    RESULT, CONFIG, PROGRESS, FORGETTING, ACTIONS, "learning.png", "confusion.png", "sheet.png",
)  # fmt: skip
MAX_SHOWN = 10


def place(folder: str, experiment: str, agent: str, task: str, seed: int) -> Path:
    """Say where a run lies.

    Examples
    --------
    >>> place("runs", "default", "recall", "digits", 0).as_posix()
    'runs/default/recall/digits_0'
    """
    names = [re.sub(r"[^\w.,=+-]+", "_", name).strip("_.") or "own" for name in (agent, task)]
    return Path(folder, *experiment.split("/"), names[0], f"{names[1]}_{seed}")


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    spare = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        spare.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(spare, path)
    except OSError as error:
        spare.unlink(missing_ok=True)
        raise AgentError(f"expected to write {path}, got {error.strerror or error}.") from error


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a dict as a person reads it."""
    write(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a dict; None where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise AgentError(f"expected {path} as a run left it, got {error}. Remove it to run anew.") from error
    if not isinstance(content, dict):
        raise AgentError(f"expected {path} as a run left it, got a {type(content).__name__}. Remove it to run anew.")
    return content


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows under the names of the first one."""
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows({name: "" if value is None else value for name, value in row.items()} for row in rows)
    write(path, text.getvalue())


def read_csv(path: Path) -> list[dict[str, Any]]:
    """Read rows back: numbers as numbers, empty cells as None; none where there is no file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: _number(value) for name, value in row.items()} for row in csv.DictReader(file)]


def clear(path: Path) -> None:
    """Take away what an earlier run left in a folder, and nothing else."""
    for name in FILES:
        (path / name).unlink(missing_ok=True)
    shutil.rmtree(path / AGENT, ignore_errors=True)


def runs_in(folder: str | os.PathLike[str]) -> list[Path]:
    """Find all runs under a folder, the newest first."""
    found = [config.parent for config in Path(folder).rglob(CONFIG) if config.parent.name != AGENT]
    return sorted(found, key=lambda run: (-(run / CONFIG).stat().st_mtime_ns, run.as_posix()))


def by_words(folder: str, words: str) -> Path:
    """Find the one run whose path holds all words; a number must be a whole number there.

    Raises
    ------
    AgentError
        Several runs, which it lists, the newest first, or none: it lists those that come near.
    """
    paths = {run: run.relative_to(folder).as_posix() for run in runs_in(folder)}
    wanted = words.lower().split()
    found = [path for path in paths if all(_holds(paths[path].lower(), word) for word in wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(paths[path] for path in found[:MAX_SHOWN])
        more = f" and {len(found) - MAX_SHOWN} more" if len(found) > MAX_SHOWN else ""
        raise AgentError(f"expected words that name one run, got {words!r}, which {len(found)} have: {shown}{more}.")
    known = sorted({part for path in paths.values() for part in re.split(r"[/_]", path.lower())})
    hints = "".join(nearest(word, known) for word in wanted if not any(_holds(p.lower(), word) for p in paths.values()))
    shown = ", ".join(list(paths.values())[:MAX_SHOWN]) or "none"
    raise AgentError(f"expected words that name a run in {folder}, got {words!r}.{hints} Runs: {shown}.")


def agent_at(folder: str, words: str) -> Agent:
    """Read the agent that a path or words name: of a run, or one saved by itself."""
    path = Path(words)
    if path.is_file() or (path / "config.json").is_file():
        return store.load(path / AGENT if (path / AGENT).is_dir() else path)
    if path.suffix == ".zip" or words.startswith(("./", "../", "/")):
        raise AgentError(f"expected a run or an agent at {words}, got nothing there.")
    run = by_words(folder, words)
    if not (run / AGENT).is_dir():
        raise AgentError(f"expected an agent in {run}, got a run that was stopped before it saved one.")
    return store.load(run / AGENT)


def _holds(path: str, word: str) -> bool:
    return re.search(rf"(?<!\d){word}(?!\d)", path) is not None if word.isdecimal() else word in path


def _number(value: str | None) -> Any:
    if value in (None, ""):
        return None
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value
