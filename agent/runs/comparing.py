"""Runs compared: means and spreads over seeds, as tables and as pictures."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent import plots
from agent.errors import AgentError, nearest
from agent.runs import folders
from agent.runs.reading import SHARES, Run, read_all

WORDS = ("experiment", "agent", "task", "folder", "to")


@dataclass(frozen=True)
class Group:
    """Runs that differ by their seeds alone."""

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
        """Say what the curve is of: a column of progress.csv that all runs have."""
        measures = {run.measure for run in self.runs}
        return measures.pop() if len(measures) == 1 else None

    @property
    def curve(self) -> list[tuple[int, float, float]]:
        """Give the mean curve, where every run has a point."""
        steps = sorted(set.intersection(*(set(run.curve) for run in self.runs))) if self.measure else []
        return [(step, *_spread([run.curve[step] for run in self.runs])) for step in steps]

    @property
    def confusion(self) -> tuple[np.ndarray, list[str]] | None:
        """Add up the tables of all runs; None where one has none."""
        tables = [run.confusion for run in self.runs]
        if any(each is None for each in tables):
            return None
        labels = sorted({label for _, each in tables for label in each})
        table = np.zeros((len(labels), len(labels) + 1), np.int64)
        for confusion, each in tables:
            rows = [labels.index(label) for label in each]
            table[np.ix_(rows, [*rows, -1])] += confusion
        return table, labels

    @property
    def by_label(self) -> dict[str, float]:
        """Give the share answered right of each label that was asked."""
        confusion, labels = self.confusion or (np.zeros((0, 1), np.int64), [])
        was = confusion.sum(axis=1)
        return {label: float(confusion[row, row] / was[row]) for row, label in enumerate(labels) if was[row]}


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
        Where it was written, what was compared, and a sentence for each run that could not be read.

    Raises
    ------
    AgentError
        There is no finished run of an experiment, an agent or a task that is named.
    """
    found, left_out = read_all(folder)
    groups = grouped(found, experiment, agent, task)
    if not groups:
        raise AgentError(f"expected finished runs in {folder}, got none.{_because(left_out)}")
    where = Path(to) if to else Path(folder, "compare")
    folders.write(where / "results.csv", as_csv(table(groups)))
    folders.write(where / "results.md", markdown(table(groups)))
    for name, picture in pictures(groups).items():
        folders.write(where / name, picture)
    return where, groups, left_out


def grouped(
    runs: Sequence[Run], experiment: Sequence[str] = (), agent: Sequence[str] = (), task: Sequence[str] = ()
) -> list[Group]:
    """Put those runs together that differ by their seeds alone, of those that are chosen; none where none fit.

    Raises
    ------
    AgentError
        There is no run of an experiment, an agent or a task that is named.
    """
    found: dict[tuple[str, str, str, int], list[Run]] = {}
    there: dict[str, set[str]] = {"experiment": set(), "agent": set(), "task": set()}
    for run in runs:
        has = set(experiments(run)), {run.agent}, {run.task}
        for name, values in zip(there, has, strict=True):
            there[name] |= values
        if all(not wanted or each & set(wanted) for wanted, each in zip((experiment, agent, task), has, strict=True)):
            found.setdefault((run.experiment, run.agent, run.task, run.lessons), []).append(run)
    for name, chosen in zip(there, (experiment, agent, task), strict=True):
        for each in chosen:
            if each not in there[name]:
                known = sorted(there[name])
                shown = (", ".join(known) or "none") + "." + nearest(each, known)
                raise AgentError(f"expected finished runs of {name} {each}, got those of {shown}")
    return [Group(*about, tuple(members)) for about, members in found.items()]


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
        rows.append(row | {name: shown(name, group.score(name)) for name in names})
    return rows


def shown(name: str, score: tuple[float, float] | None) -> str:
    """Write a mean and its spread.

    Examples
    --------
    >>> shown("accuracy", (0.9851, 0.0019)), shown("error", (123.40004, 0.5)), shown("error", None)
    ('98.51 ± 0.19', '123.4 ± 0.5', '–')
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
    """Draw learning curves, bars at the last number of lessons that all have, confusion, and right by label."""
    named = dict(zip(names(groups), groups, strict=True))
    drawn = {}
    for measure, file in (("held_out", "learning.png"), ("error", "error.png")):
        of_measure = {name: group for name, group in named.items() if group.measure == measure and len(group.curve) > 1}
        if of_measure:
            curves = {name: group.curve for name, group in of_measure.items()}
            drawn[file] = plots.learning(curves) if measure == "held_out" else plots.errors(curves)
        if measure == "held_out" and (common := common_step([*of_measure.values()])):
            at = {name: at_step(group, common) for name, group in of_measure.items()}
            drawn["bars.png"] = plots.bars(at, f"held-out drawings, after {common:,} lessons")
    tables = {name: group.confusion for name, group in named.items() if group.confusion}
    if tables:
        drawn["confusion.png"] = plots.confusions(tables)
        drawn["by_label.png"] = plots.by_label({name: named[name].by_label for name in tables})
    return drawn


def common_step(groups: Sequence[Group]) -> int:
    """Give the last number of lessons at which all curves have a point; 0 for none."""
    steps = [{step for step, _, _ in group.curve} for group in groups]
    return max(set.intersection(*steps), default=0) if steps else 0


def at_step(group: Group, step: int) -> tuple[float, float]:
    """Give the mean and the spread of a curve at a number of lessons."""
    return next((mean, spread) for lessons, mean, spread in group.curve if lessons == step)


def names(groups: Sequence[Group]) -> list[str]:
    """Name groups by what they do not share."""
    parts = [(group.experiment, group.agent, group.task, f"{group.lessons} lessons") for group in groups]
    differing = [place for place in range(4) if len({each[place] for each in parts}) > 1] or [1]
    if len({tuple(each[place] for place in differing if place < 3) for each in parts}) == len(parts):
        differing = [place for place in differing if place < 3] or differing  # where an experiment tells the lessons
    return [", ".join(each[place] for place in differing) for each in parts]


def as_csv(rows: Sequence[Mapping[str, str]]) -> str:
    """Write rows as a table of comma-separated values.

    Examples
    --------
    >>> as_csv([{"agent": "recall", "accuracy": "98.51 ± 0.19"}])
    'agent,accuracy\\nrecall,98.51 ± 0.19\\n'
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _because(left_out: Sequence[str]) -> str:
    return f" Left out: {left_out[0]}" if left_out else ""


def _spread(values: Sequence[float]) -> tuple[float, float]:
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0
