"""Comparison of finished runs: means and standard deviations over seeds, as tables and pictures."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent import charts, metrics
from agent.errors import AgentError, nearest
from agent.experiments.results import SHARES, SQUARED, Run, as_csv, read_runs, write_file

WORDS = ("experiment", "agent", "task", "folder", "to")
TABLES, PICTURES = (
    ("results.csv", "results.md"),
    ("learning", "error", SQUARED, "score", "episode_return", "bars", "confusion", "by_label"),
)


@dataclass(frozen=True)
class Group:
    """Group of runs that differ only in their seeds."""

    experiment: str
    agent: str
    task: str
    lessons: int
    runs: tuple[Run, ...]

    def score(self, name: str) -> tuple[float, float] | None:
        """Give the mean and the standard deviation of a score; None where a run lacks it."""
        values = [run.scores.get(name) for run in self.runs]
        return None if any(value is None for value in values) else _spread(values)

    @property
    def measure(self) -> str | None:
        """Name what the curve shows: a column of progress.csv that all runs have."""
        measures = {run.measure for run in self.runs}
        return measures.pop() if len(measures) == 1 else None

    @property
    def curve(self) -> list[tuple[int, float, float]]:
        """Give the mean curve, where every run has a point."""
        return _mean([run.curve for run in self.runs]) if self.measure else []

    def other(self, column: str) -> list[tuple[int, float, float]]:
        """Give the mean curve of a column of runs that predict frames; nothing where a run lacks it."""
        return _mean([run.others.get(column, {}) for run in self.runs])

    @property
    def confusion(self) -> tuple[np.ndarray, list[str]] | None:
        """Add up the confusion tables of all runs; None where one has none."""
        tables = [run.confusion for run in self.runs]
        return None if any(table is None for table in tables) else metrics.sum_confusions(tables)

    @property
    def by_label(self) -> dict[str, float]:
        """Give the share answered right of every label that was asked; none without a confusion."""
        return metrics.of_labels(*self.confusion) if self.confusion else {}


def compare(
    experiment: Sequence[str] = (),
    agent: Sequence[str] = (),
    task: Sequence[str] = (),
    folder: str = "runs",
    to: str | None = None,
) -> tuple[Path, list[Group], list[str]]:
    """Compare finished runs and write tables and pictures.

    Parameters
    ----------
    experiment, agent, task : sequence of str
        Only these; all by default. An experiment includes those that a sweep made below it.
    folder : str
        Where the runs lie.
    to : str, optional
        Where to write ``results.csv``, ``results.md`` and the pictures; ``compare`` in the folder by default.

    Returns
    -------
    (path, groups, left_out)
        Where it was written, what was compared, and a sentence for each run of those asked for that could not be read.

    Raises
    ------
    AgentError
        There is no finished run of an experiment, an agent or a task that is named.
    """
    runs, left_out = read_runs(folder)
    groups = grouped(runs, experiment, agent, task)
    if not groups:
        reason = f" Left out: {left_out[0]}" if left_out else ""
        raise AgentError(f"expected finished runs in {folder}, got none.{reason}")
    target = Path(to) if to else Path(folder, "compare")
    files: dict[str, str | bytes] = {"results.csv": as_csv(table(groups)), "results.md": markdown(table(groups))}
    files |= pictures(groups)
    for name in {*TABLES, *(f"{picture}.svg" for picture in PICTURES)} - set(files):
        with contextlib.suppress(OSError):  # `write_file` says it
            (target / name).unlink(missing_ok=True)  # of an earlier comparison
    for name, content in files.items():
        write_file(target / name, content)
    asked_for = [[f"{name}/" for name in experiment], [f"/{name}/" for name in agent], [f"/{name}_" for name in task]]
    for parts in filter(None, asked_for):
        left_out = [sentence for sentence in left_out if any(part in sentence for part in parts)]
    return target, groups, left_out


def grouped(
    runs: Sequence[Run], experiment: Sequence[str] = (), agent: Sequence[str] = (), task: Sequence[str] = ()
) -> list[Group]:
    """Group runs that differ only in their seeds, of those selected; an empty selection takes all.

    Raises
    ------
    AgentError
        There is no run of an experiment, an agent or a task that is named.
    """
    selection = {"experiment": experiment, "agent": agent, "task": task}
    groups: dict[tuple[str, str, str, int], list[Run]] = {}
    known: dict[str, set[str]] = {name: set() for name in selection}
    for run in runs:
        names = {"experiment": set(experiments(run)), "agent": {run.agent}, "task": {run.task}}
        for part, values in names.items():
            known[part] |= values
        if all(not selection[part] or values & set(selection[part]) for part, values in names.items()):
            groups.setdefault((run.experiment, run.agent, run.task, run.lessons), []).append(run)
    for part, values in selection.items():
        for value in values:
            if value not in known[part]:
                listed = ", ".join(sorted(known[part])) or "none"
                hint = nearest(value, sorted(known[part]))
                raise AgentError(f"expected finished runs of {part} {value}, got those of {listed}.{hint}")
    return [Group(*key, tuple(members)) for key, members in groups.items()]


def experiments(run: Run) -> list[str]:
    """Name the experiment of a run and those it is part of, the largest first."""
    parts = run.experiment.split("/")
    return ["/".join(parts[:upto]) for upto in range(1, len(parts) + 1)]


def table(groups: Sequence[Group]) -> list[dict[str, str]]:
    """Lay groups out, a row each: mean ± standard deviation over seeds, shares in per cent, other numbers plain."""
    names = list(dict.fromkeys(name for group in groups for run in group.runs for name in run.scores))
    names = [*(name for name in SHARES if name in names), *(name for name in names if name not in SHARES)]
    rows = []
    for group in groups:
        row = {"experiment": group.experiment, "agent": group.agent, "task": group.task}
        row |= {"lessons": f"{group.lessons}", "runs": f"{len(group.runs)}"}
        rows.append(row | {name: mean_and_spread(name, group.score(name)) for name in names})
    return rows


def mean_and_spread(name: str, score: tuple[float, float] | None) -> str:
    """Write a mean and its spread.

    Examples
    --------
    >>> mean_and_spread("accuracy", (0.9851, 0.0019)), mean_and_spread("error", (123.40004, 0.5))
    ('98.51 ± 0.19', '123.4 ± 0.5')
    """
    if score is None:
        return "–"
    mean, spread = score
    return f"{100 * mean:.2f} ± {100 * spread:.2f}" if name in SHARES else f"{mean:.4g} ± {spread:.4g}"


def markdown(rows: Sequence[Mapping[str, str]]) -> str:
    """Write rows as a table of Markdown.

    Examples
    --------
    >>> print(markdown([{"agent": "recall", "accuracy": "98.51 ± 0.19"}]), end="")
    | agent | accuracy |
    | --- | --- |
    | recall | 98.51 ± 0.19 |
    """
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def pictures(groups: Sequence[Group]) -> dict[str, bytes]:
    """Draw learning curves, bars at the last number of lessons that all have, confusions, and accuracy by label."""
    by_name = dict(zip(names(groups), groups, strict=True))
    files = {}
    measured = {
        measure: {name: group for name, group in by_name.items() if group.measure == measure and len(group.curve) > 1}
        for measure in ("held_out", "error", SQUARED)
    }
    curves = {
        measure: {name: group.curve for name, group in groups_of.items()} for measure, groups_of in measured.items()
    }
    if curves["held_out"]:
        files["learning.svg"] = charts.learning(curves["held_out"])
    if step := common_step([*measured["held_out"].values()]):
        points = {name: at_step(group, step) for name, group in measured["held_out"].items()}
        files["bars.svg"] = charts.bars(points, f"held-out drawings, after {step:,} lessons")
    if curves["error"]:
        files["error.svg"] = charts.errors(curves["error"], "mean absolute error")
    if curves[SQUARED]:
        repeated = [run.others.get("repeat_error", {}) for group in measured[SQUARED].values() for run in group.runs]
        baseline = (
            {"the last frame again": [(n, mean, 0.0) for n, mean, _ in _mean(repeated)]} if _mean(repeated) else {}
        )
        files[f"{SQUARED}.svg"] = charts.values(curves[SQUARED] | baseline, "mean squared error")
    for column, what in (("score", "score a frame"), ("episode_return", "return of an episode")):
        columns = {name: curve for name, group in by_name.items() if len(curve := group.other(column)) > 1}
        if columns:
            files[f"{column}.svg"] = charts.values(columns, what)
    tables = {name: group.confusion for name, group in by_name.items() if group.confusion}
    if tables:
        files["confusion.svg"] = charts.confusions(tables)
        files["by_label.svg"] = charts.by_label({name: by_name[name].by_label for name in tables})
    return files


def common_step(groups: Sequence[Group]) -> int:
    """Give the last number of lessons at which all curves have a point; 0 for none."""
    steps = [{step for step, _, _ in group.curve} for group in groups]
    return max(set.intersection(*steps), default=0) if steps else 0


def at_step(group: Group, step: int) -> tuple[float, float]:
    """Give the mean and the spread of a curve at a number of lessons."""
    return next((mean, spread) for lessons, mean, spread in group.curve if lessons == step)


def names(groups: Sequence[Group]) -> list[str]:
    """Name groups by what they do not share."""
    keys = [(group.experiment, group.agent, group.task, f"{group.lessons} lessons") for group in groups]
    columns = [column for column in range(4) if len({key[column] for key in keys}) > 1] or [1]
    without_lessons = [column for column in columns if column < 3]
    if len({tuple(key[column] for column in without_lessons) for key in keys}) == len(keys):
        columns = without_lessons or columns  # names of sweeps say the number of lessons already
    return [", ".join(key[column] for column in columns) for key in keys]


def _mean(curves: Sequence[Mapping[int, float]]) -> list[tuple[int, float, float]]:
    """Average curves where every one has a point."""
    steps = sorted(set.intersection(*map(set, curves)))
    return [(step, *_spread([curve[step] for curve in curves])) for step in steps]


def _spread(values: Sequence[float]) -> tuple[float, float]:
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0
