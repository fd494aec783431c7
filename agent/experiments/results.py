"""Run directories: runs/<experiment>/<agent>/<task>_<seed>/ holds all that a run leaves, written and read here.

config.json      the exact settings          progress.csv     the learning curve
agent/           the agent, its lesson log   forgetting.csv   accuracy on every task after each, if taught in turn
actions.npy      actions of a frame agent    *.svg, *.png     charts and drawings
steps.csv        with trace=true: every step of an agent of numbers
frames.png       what an agent saw beside what it had expected; film.webp, with render=true
result.json      the scores: written last, so a folder that has it is finished

`read_run` trusts nothing: a folder that is incomplete, or holds what no run writes, is refused; `read_runs` names it.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import io
import json
import math
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agent.agents import Agent
from agent.errors import AgentError, nearest
from agent.storage import serialization
from agent.storage.serialization import LOCAL_FILES

CONFIG, RESULT, PROGRESS, FORGETTING, AGENT = "config.json", "result.json", "progress.csv", "forgetting.csv", "agent"
EVENTS = "tensorboard"  # the directory of its event files
BEFORE = ".before"  # ends the name of the directory of a finished run that is being replaced
ACTIONS = "actions.npy"  # of a frame agent: replayed to bring its environment back to where the run was stopped
LEARNING, CONFUSION, SHEET = "learning.svg", "confusion.svg", "sheet.png"
STEPS = "steps.csv"
SCORE, RETURNS, SEEN, FILM = "score.svg", "returns.svg", "frames.png", "film.webp"
# In the order of their removal
FILES = (RESULT, CONFIG, PROGRESS, STEPS, FORGETTING, ACTIONS, LEARNING, CONFUSION, SHEET, SCORE, RETURNS, SEEN, FILM)
MAX_LISTED = 10  # runs named in a message
MAX_FOLDERS = 100_000  # looked into for runs
SHARES = ("accuracy", "precision", "recall", "f1", "prequential")  # 0 … 1, written as per cent
SQUARED = "squared_error"  # the mean error of runs that predict frames is squared, that of numbers absolute
CURVES = ("held_out", "error", SQUARED)  # columns of progress.csv that are a learning curve: the first one present
MAX_RUNS, MAX_FILE_BYTES, MAX_LABELS, MAX_CHARS, MAX_LABEL_CHARS = 2_000, 4_000_000, 200, 400, 40
OTHERS = ("repeat_error", "score", "episode_return")  # columns of runs that predict frames
_READ = (CONFIG, RESULT, PROGRESS)
_BOOKKEEPING = {"unsure", "n_test", "n_lessons", "n_known", "seconds"}


@dataclass(frozen=True)
class Result:
    """Outcome of a run: its folder, its exact settings, and its scores as in result.json."""

    folder: Path
    config: Mapping[str, Any]
    scores: Mapping[str, Any]
    cached: bool = False  # whether the run had been finished before

    @property
    def agent(self) -> Agent:
        """The agent that was taught, loaded from the folder each time."""
        from agent.experiments.config import load_run

        return load_run(self.folder)


@dataclass(frozen=True)
class Run:
    """Finished run as read from the disk, with checked values only."""

    folder: Path
    experiment: str
    agent: str  # the name in its path
    kind: str
    task: str  # several joined by +
    seed: int
    lessons: int  # taught by this run
    known: int  # taught before it, to an agent that was loaded
    config: Mapping[str, Any]
    scores: Mapping[str, float]  # shares 0 … 1, then any other number that was measured
    curve: Mapping[int, float]  # lessons to a share right or an error
    measure: str | None  # which of them the curve is: one of CURVES
    confusion: tuple[np.ndarray, tuple[str, ...]] | None  # (L, L + 1) int64 and the L labels
    others: Mapping[str, Mapping[int, float]] = field(default_factory=dict)  # curves of `OTHERS` that it has, by column


# ---------------------------------------------------------------- writing


def run_path(folder: str, experiment: str, agent: str, task: str, seed: int) -> Path:
    """Give the directory of a run.

    Examples
    --------
    >>> run_path("runs", "default", "recall", "digits", 0).as_posix()
    'runs/default/recall/digits_0'
    """
    agent_part, task_part = (re.sub(r"[^\w.,=+-]+", "_", name).strip("_.") or "own" for name in (agent, task))
    return Path(folder, *experiment.split("/"), agent_part, f"{task_part}_{seed}")


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise AgentError(f"expected to write {path}, got {error.strerror or error}.") from error


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a dict as indented JSON."""
    write_file(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write rows as comma-separated values under the names of the first one; None becomes an empty cell.

    >>> as_csv([{"agent": "recall", "accuracy": "98.51 ± 0.19"}])
    'agent,accuracy\\nrecall,98.51 ± 0.19\\n'
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as `as_csv` gives them."""
    write_file(path, as_csv(rows))


def init_run_dir(path: Path, config: Mapping[str, Any]) -> None:
    """Write the settings of a new run; a finished one that lies there is kept beside it until `remove_before`."""
    if (path / RESULT).exists():
        if (before_of(path) / RESULT).exists():
            remove_before(path)
        _move(path, before_of(path))
    else:
        _clear(path)
    write_json(path / CONFIG, config)


def before_of(path: Path) -> Path:
    """Give the directory that holds the finished run which an unfinished one is to replace.

    Examples
    --------
    >>> before_of(Path("runs/default/recall/digits_0")).name
    'digits_0.before'
    """
    return path.with_name(path.name + BEFORE)


def remove_before(path: Path) -> None:
    """Remove the finished run that another one has replaced."""
    shutil.rmtree(before_of(path), ignore_errors=True)


def restore_before(path: Path) -> None:
    """Remove an unfinished run, and put the finished one that it was to replace, if any, back in its place."""
    _clear(path)
    if before_of(path).exists():
        _move(before_of(path), path)
        remove_before(path)
    else:
        with contextlib.suppress(OSError):  # something of somebody else's is in it
            path.rmdir()


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold a run directory, which is made, against other runs; AgentError where one holds it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        number = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise AgentError(f"expected to write {path}, got {error.strerror or error}.") from error
    try:
        with contextlib.suppress(ImportError):  # where the system has no such locks
            import fcntl

            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise AgentError(
            f"expected {path} free, got a run at work in it. Wait for it, or add experiment=NAME."
        ) from error
    finally:
        os.close(number)


def _clear(path: Path) -> None:
    """Remove what a run left in a directory, nothing else."""
    for name in FILES:
        (path / name).unlink(missing_ok=True)
    for name in (AGENT, EVENTS):
        shutil.rmtree(path / name, ignore_errors=True)


def _move(path: Path, target: Path) -> None:
    """Move what a run left, its result last, so that a move that was cut off can go on."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in (*(name for name in FILES if name != RESULT), AGENT, EVENTS, RESULT):
            if (path / name).exists():
                os.replace(path / name, target / name)
    except OSError as error:
        raise AgentError(f"expected to move {path} to {target.name}, got {error.strerror or error}.") from error


# ---------------------------------------------------------------- reading


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a dict; None where there is no file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise AgentError(f"expected {path} as a run left it, got {error}. Remove it to run anew.") from error
    if not isinstance(content, dict):
        raise AgentError(f"expected {path} as a run left it, got a {type(content).__name__}. Remove it to run anew.")
    return content


def read_csv(path: Path) -> list[dict[str, Any]]:
    """Read rows: numbers as numbers, empty cells as None; no rows where there is no file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: _cell(value) for name, value in row.items()} for row in csv.DictReader(file)]


def list_runs(folder: str | os.PathLike[str]) -> list[Path]:
    """Give the directories of all runs under a folder, the newest first."""
    paths = []
    for number, (place, folders, files) in enumerate(os.walk(folder)):
        if number == MAX_FOLDERS:
            raise AgentError(f"expected a folder of runs, got more than {MAX_FOLDERS:,} folders in {folder}.")
        folders[:] = [name for name in folders if not name.endswith(BEFORE)]
        if CONFIG in files and Path(place).name != AGENT:
            paths.append(Path(place))
    return sorted(paths, key=lambda path: (-(path / CONFIG).stat().st_mtime_ns, path.as_posix()))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long for one
        return False


def find_run(folder: str, words: str) -> Path:
    """Find the one run whose path holds all words, as whole names where several do; a number must be a whole one.

    Raises
    ------
    AgentError
        Several runs match, which the message lists, the newest first, or none does: it suggests similar words.
    """
    paths = {run: run.relative_to(folder).as_posix() for run in list_runs(folder)}
    parts = words.lower().split()
    matching = [run for run, path in paths.items() if all(_holds(path.lower(), word) for word in parts)]
    exact = [run for run in matching if set(parts) <= set(re.split(r"[/_]", paths[run].lower()))]
    matching = exact if len(exact) == 1 else matching
    if len(matching) == 1:
        return matching[0]
    if matching:
        listed = ", ".join(paths[run] for run in matching[:MAX_LISTED])
        more = f" and {len(matching) - MAX_LISTED} more" if len(matching) > MAX_LISTED else ""
        raise AgentError(
            f"expected words that name one run, got {words!r}, which {len(matching)} have: {listed}{more}."
        )
    known = sorted({part for path in paths.values() for part in re.split(r"[/_]", path.lower())})
    missing = [word for word in parts if not any(_holds(path.lower(), word) for path in paths.values())]
    hints = "".join(nearest(word, known) for word in missing)
    listed = ", ".join(list(paths.values())[:MAX_LISTED]) or "none"
    raise AgentError(f"expected words that name a run in {folder}, got {words!r}.{hints} Runs: {listed}.")


def agent_path(folder: str, words: str) -> Path:
    """Where the agent lies that a path or words name; AgentError where there is none."""
    path = Path(words)
    is_run = _is_file(path / PROGRESS)
    if _is_file(path) or (_is_file(path / CONFIG) and not is_run):
        return path / AGENT if (path / AGENT).is_dir() else path
    if not is_run and (path.suffix == ".zip" or words.startswith(("./", "../", "/"))):
        raise AgentError(f"expected a run or an agent at {words}, got nothing there.")
    run = path if is_run else find_run(folder, words)
    if not (run / AGENT).is_dir():
        raise AgentError(f"expected an agent in {run}, got a run stopped before it saved one, or with save=false.")
    return run / AGENT


def load_checkpoint(path: Path) -> tuple[Agent | None, list[dict[str, Any]]]:
    """Load the agent that an interrupted run saved last, and the rows of its curve; (None, []) where it saved none."""
    rows = read_csv(path / PROGRESS)
    if not (path / AGENT).is_dir() or not rows:
        return None, []
    return serialization.load(path / AGENT, LOCAL_FILES), rows


def read_run(folder: Path) -> Run:
    """Read a finished run.

    Raises
    ------
    AgentError
        It is not finished, or a file is not what a run writes.
    """
    stamps = []
    for name in _READ:
        path = folder / name
        if not path.exists():
            stamps.append((0, 0))
            continue
        stat = path.stat()
        if not path.is_file() or stat.st_size > MAX_FILE_BYTES:
            raise AgentError(f"expected {path} as a file of at most {MAX_FILE_BYTES:,} bytes, got {stat.st_size:,}.")
        stamps.append((stat.st_mtime_ns, stat.st_size))
    if stamps[1] == (0, 0):
        raise AgentError(f"expected {folder / RESULT}, got none: the run is not finished. Start it again.")
    return _read_run(folder, tuple(stamps))


def read_runs(folder: str | os.PathLike[str]) -> tuple[list[Run], list[str]]:
    """Read all finished runs under a folder, sorted by path, with one sentence for every run that was left out.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "config.json").write_text("{}")
    ...     read_runs(folder)
    ([], ['expected result.json, got none: the run is not finished. Start it again.'])
    """
    runs, left_out = [], []
    for path in sorted(list_runs(folder)[:MAX_RUNS]):
        try:
            runs.append(read_run(path))
        except AgentError as error:
            left_out.append(str(error).replace(f"{Path(folder)}{os.sep}", ""))
        except OSError as error:  # removed meanwhile, or not readable
            left_out.append(f"expected a run at {path.relative_to(folder)}, got {error.strerror}.")
    return runs, left_out


@functools.lru_cache(maxsize=MAX_RUNS)
def _read_run(folder: Path, stamps: tuple[tuple[int, int], ...]) -> Run:
    """Read a run; cached by the times and sizes of its files."""
    config, result = read_json(folder / CONFIG), read_json(folder / RESULT)
    if config is None or result is None:
        raise AgentError(f"expected {folder / CONFIG} and its result, got one without the other.")
    agent, task = config.get("agent"), config.get("task")
    if not isinstance(agent, dict) or not isinstance(task, dict) or not task:
        raise AgentError(f"expected {folder / CONFIG} with an agent and a task, got one without.")
    texts = (config.get("experiment"), agent.get("name"), agent.get("kind"), "+".join(task))
    for text in texts:
        if not isinstance(text, str) or not 1 <= len(text) <= MAX_CHARS or not text.isprintable():
            raise AgentError(f"expected names of 1 to {MAX_CHARS} characters in {folder}, got {str(text)[:40]!r}.")
    measure, curve, others = _curves(folder)
    return Run(
        folder,
        *texts,
        seed=_whole(config, "seed", folder),
        lessons=_whole(result, "n_lessons", folder, max(curve, default=0)),
        known=_whole(result, "n_known", folder),
        config=config,
        scores=_scores(result, folder),
        curve=curve,
        measure=measure,
        confusion=_confusion(result, folder),
        others=others,
    )


def _whole(content: Mapping[str, Any], name: str, folder: Path, default: int = 0) -> int:
    value = content.get(name, default)
    if type(value) is not int or not 0 <= value < 2**63:
        raise AgentError(f"expected {name} of {folder} as a whole number, got {str(value)[:40]}.")
    return value


def _scores(result: Mapping[str, Any], folder: Path) -> dict[str, float]:
    scores = {str(name): value for name, value in result.items() if name not in _BOOKKEEPING and _is_number(value)}
    if "repeat_error" in result:  # in the same place
        scores = {SQUARED if name == "error" else name: value for name, value in scores.items()}
    for name in SHARES:
        if not 0 <= scores.get(name, 0) <= 1:
            raise AgentError(f"expected {name} of {folder} as a share from 0 to 1, got {scores[name]}.")
    return {name: scores[name] for name in (*SHARES, *scores) if name in scores and len(name) <= MAX_CHARS}


def _curves(folder: Path) -> tuple[str | None, dict[int, float], dict[str, dict[int, float]]]:
    path = folder / PROGRESS
    try:
        rows = read_csv(path)
    except (ValueError, TypeError, OSError, csv.Error) as error:
        raise AgentError(f"expected {path} as a run left it, got {error}.") from error
    curves = {name: _points(rows, name) for name in (*CURVES, *OTHERS)}
    others = {name: curve for name in OTHERS if (curve := curves[name])}
    measure = next((name for name in CURVES if curves[name]), None)
    outside = [value for value in curves["held_out"].values() if not 0 <= value <= 1]
    if outside:
        raise AgentError(f"expected held_out in {path} as shares from 0 to 1, got {outside[0]:.4g}.")
    if measure is None:
        return None, {}, others
    return SQUARED if "repeat_error" in rows[0] else measure, curves[measure], others


def _points(rows: Sequence[Mapping[str, Any]], name: str) -> dict[int, float]:
    points = [(row.get("n_done"), row.get(name)) for row in rows]
    return {step: value for step, value in points if type(step) is int and 0 <= step < 2**63 and _is_number(value)}


def _confusion(result: Mapping[str, Any], folder: Path) -> tuple[np.ndarray, tuple[str, ...]] | None:
    labels, rows = result.get("labels"), result.get("confusion")
    if labels is None or rows is None:
        return None
    if not isinstance(labels, list) or not 1 <= len(labels) <= MAX_LABELS or not isinstance(rows, list):
        raise AgentError(f"expected 1 to {MAX_LABELS} labels and a confusion of {folder}, got something else.")
    valid = len(rows) == len(labels) == len({str(label) for label in labels})
    valid = valid and all(
        isinstance(label, str) and 1 <= len(label) <= MAX_LABEL_CHARS and label.isprintable() for label in labels
    )
    for row in rows if valid else ():
        valid = valid and isinstance(row, list) and len(row) == len(labels) + 1
        valid = valid and all(type(count) is int and 0 <= count < 2**40 for count in row)
    if not valid:
        shape = f"{len(labels)} rows of {len(labels) + 1} counts"
        raise AgentError(f"expected a confusion of {shape} in {folder}, got another one.")
    return np.array(rows, np.int64), tuple(labels)


def _is_number(value: object) -> bool:
    """Say whether a value is a finite number of ordinary size, and no bool."""
    return type(value) in (int, float) and abs(value) < 1e300 and not math.isnan(value)  # type: ignore[arg-type]


def _holds(path: str, word: str) -> bool:
    return re.search(rf"(?<!\d){word}(?!\d)", path) is not None if word.isdecimal() else word in path


def _cell(value: str | None) -> Any:
    if value in (None, ""):
        return None
    for parse in (int, float):
        try:
            return parse(value)
        except ValueError:
            continue
    return value
