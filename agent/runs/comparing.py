"""Runs compared: means and spreads over seeds, as tables and as pictures."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agent import plots
from agent.errors import AgentError, nearest
from agent.runs import folders

SCORES = ("accuracy", "precision", "recall", "f1", "prequential")
WORDS = ("experiment", "agent", "task", "folder", "to")


@dataclass(frozen=True)
class Group:
    """Runs that differ by their seeds alone."""

    experiment: str
    agent: str
    task: str
    lessons: int
    results: tuple[Mapping[str, Any], ...]  # as in result.json
    curves: tuple[Mapping[int, float], ...]  # lessons to share right, held out; of numbers to their mean error

    def score(self, name: str) -> tuple[float, float] | None:
        """Give the mean and the standard deviation of a score; None where a run lacks it."""
        values = [result.get(name) for result in self.results]
        return None if any(value is None for value in values) else _spread(values)

    @property
    def curve(self) -> list[tuple[int, float, float]]:
        """Give the mean curve, where every run has a point."""
        steps = sorted(set.intersection(*(set(curve) for curve in self.curves)))
        return [(step, *_spread([curve[step] for curve in self.curves])) for step in steps]

    @property
    def is_of_numbers(self) -> bool:
        """Whether its agents answer with numbers: then they have errors, and no labels."""
        return "answers" in self.results[0]

    @property
    def confusion(self) -> tuple[np.ndarray, list[str]]:
        """Add up the tables of all runs."""
        labels = sorted({label for result in self.results for label in result["labels"]})
        table = np.zeros((len(labels), len(labels) + 1), np.int64)
        for result in self.results:
            rows = [labels.index(label) for label in result["labels"]]
            table[np.ix_(rows, [*rows, -1])] += np.array(result["confusion"], np.int64)
        return table, labels


def compare(
    experiment: Sequence[str] = (),
    agent: Sequence[str] = (),
    task: Sequence[str] = (),
    folder: str = "runs",
    to: str | None = None,
) -> tuple[Path, list[Group]]:
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
    (path, groups)
        Where it was written, and what was compared.

    Raises
    ------
    AgentError
        There is no finished run of an experiment, an agent or a task that is named.
    """
    groups = gathered(folder, experiment, agent, task)
    where = Path(to) if to else Path(folder, "compare")
    folders.write(where / "results.csv", _csv(table(groups)))
    folders.write(where / "results.md", markdown(table(groups)))
    for name, picture in pictures(groups).items():
        folders.write(where / name, picture)
    return where, groups


def gathered(
    folder: str, experiment: Sequence[str] = (), agent: Sequence[str] = (), task: Sequence[str] = ()
) -> list[Group]:
    """Find finished runs and put those together that differ by their seeds alone."""
    found: dict[tuple[str, str, str, int], list[Path]] = {}
    there: dict[str, set[str]] = {"experiment": set(), "agent": set(), "task": set()}
    for run in sorted(folders.runs_in(folder)):
        config, result = folders.read_json(run / folders.CONFIG), folders.read_json(run / folders.RESULT)
        if config is None or result is None:
            continue
        about = config["experiment"], config["agent"]["name"], "+".join(config["task"])
        tops = {about[0], *(about[0].rsplit("/", cut)[0] for cut in range(1, about[0].count("/") + 1))}
        for name, values in zip(there, (tops, {about[1]}, {about[2]}), strict=True):
            there[name] |= values
        chosen = (experiment, tops), (agent, {about[1]}), (task, {about[2]})
        if all(not wanted or has & set(wanted) for wanted, has in chosen):
            found.setdefault((*about, result["n_lessons"]), []).append(run)
    for name, chosen in zip(there, (experiment, agent, task), strict=True):
        for each in chosen:
            if each not in there[name]:
                known = sorted(there[name])
                shown = (", ".join(known) or "none") + "." + nearest(each, known)
                raise AgentError(f"expected finished runs of {name} {each}, got those of {shown}")
    if not found:
        raise AgentError(f"expected finished runs in {folder}, got none.")
    return [Group(*about, *_read(runs)) for about, runs in found.items()]


def table(groups: Sequence[Group]) -> list[dict[str, str]]:
    """Lay groups out, a row each: per cent, mean ± standard deviation over seeds."""
    results = [result for group in groups for result in group.results]
    own = dict.fromkeys(name for result in results for name in result if _is_own(result, name))
    rows = []
    for group in groups:
        row = {"experiment": group.experiment, "agent": group.agent, "task": group.task}
        row |= {"lessons": f"{group.lessons}", "runs": f"{len(group.results)}"}
        row |= {name: _shown(group.score(name), 100) for name in SCORES if any(name in result for result in results)}
        rows.append(row | {name: _shown(group.score(name), 1) for name in own})
    return rows


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
    everyone = dict(zip(_names(groups), groups, strict=True))
    named = {name: group for name, group in everyone.items() if not group.is_of_numbers}
    drawn = {} if named else _errors(everyone)
    curves = {name: group.curve for name, group in named.items() if len(group.curve) > 1}
    if curves:
        drawn["learning.png"] = plots.learning(curves)
        common = set.intersection(*({step for step, _, _ in curve} for curve in curves.values())) - {0}
        if common:
            at = {name: next((m, s) for step, m, s in curve if step == max(common)) for name, curve in curves.items()}
            drawn["bars.png"] = plots.bars(at, f"held-out drawings, after {max(common):,} lessons")
    if not named:
        return drawn
    drawn["confusion.png"] = plots.confusions({name: group.confusion for name, group in named.items()})
    shares = {name: _mean_by_label(group) for name, group in named.items()}
    return drawn | {"by_label.png": plots.by_label(shares)} | _errors(everyone)


def _errors(groups: Mapping[str, Group]) -> dict[str, bytes]:
    """Draw how the errors of those fell who answer with numbers."""
    curves = {name: group.curve for name, group in groups.items() if group.is_of_numbers and len(group.curve) > 1}
    return {"errors.png": plots.errors(curves)} if curves else {}


def _read(runs: Sequence[Path]) -> tuple[tuple[Any, ...], tuple[dict[int, float], ...]]:
    results = tuple(folders.read_json(run / folders.RESULT) for run in runs)
    curves = []
    for run in runs:
        rows = folders.read_csv(run / folders.PROGRESS)
        column = "held_out" if rows and "held_out" in rows[0] else "error"
        curves.append({row["n_done"]: row[column] for row in rows if row[column] is not None})
    return results, tuple(curves)


def _names(groups: Sequence[Group]) -> list[str]:
    """Name groups by what they do not share."""
    parts = [(group.experiment, group.agent, group.task, f"{group.lessons} lessons") for group in groups]
    differing = [place for place in range(4) if len({each[place] for each in parts}) > 1] or [1]
    if len({tuple(each[place] for place in differing if place < 3) for each in parts}) == len(parts):
        differing = [place for place in differing if place < 3] or differing  # where an experiment tells the lessons
    return [", ".join(each[place] for place in differing) for each in parts]


def _mean_by_label(group: Group) -> dict[str, float]:
    confusion, labels = group.confusion
    was = confusion.sum(axis=1)
    return {label: float(confusion[row, row] / was[row]) for row, label in enumerate(labels) if was[row]}


def _is_own(result: Mapping[str, Any], name: str) -> bool:
    """Whether a number of a result is a formula of a person's own."""
    known = {*SCORES, "unsure", "n_test", "n_lessons", "n_known", "seconds"}
    return name not in known and isinstance(result[name], (int, float))


def _spread(values: Sequence[float]) -> tuple[float, float]:
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def _shown(score: tuple[float, float] | None, times: int) -> str:
    if score is None:
        return "–"
    mean, spread = times * score[0], times * score[1]
    return f"{mean:.2f} ± {spread:.2f}" if abs(mean) >= 0.1 or not mean else f"{mean:.2g} ± {spread:.2g}"


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
