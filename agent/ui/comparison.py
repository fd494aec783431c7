"""Groups of runs as HTML: a table, curves, bars, confusions, right by label. Names of runs may be a stranger's."""

from __future__ import annotations

import base64
import functools
import string
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from agent import render
from agent.runs import comparing
from agent.runs.comparing import Group
from agent.runs.reading import SHARES, Run
from agent.ui import charts, words
from agent.ui import words_compare as said
from agent.ui.language import spoken
from agent.ui.markup import hue, safe

MOST_DRAWN, MOST_TABLES, MOST_ROWS, MOST_OPENED = 8, 6, 60, 200
MOST_TAKEN = 3  # confusions told in words
BASELINE = "nearest"  # drawn thin and grey beside others
HIDDEN = ("experiment", "agent", "task", "lessons", "runs")  # columns of the table that the first one tells


def in_order(groups: Sequence[Group]) -> list[Group]:
    """Sort groups as they are shown: those of most lessons first, whose curves reach farthest."""
    return sorted(groups, key=lambda group: (-group.lessons, group.task, group.experiment, group.agent == BASELINE))


def results(groups: Sequence[Group], numbers: Mapping[Path, int]) -> str:
    """Lay out the table, its downloads, and a button for each run."""
    rows = comparing.table(groups)
    names = [name for name in rows[0] if name not in HIDDEN]
    heads = "".join(f'<th scope="col">{safe(name)}</th>' for name in names)
    lines = "".join(_row(groups, place, row, names) for place, row in enumerate(rows[:MOST_ROWS]))
    buttons, n_shown = [], 0
    for place, group in enumerate(groups[:MOST_ROWS]):
        shown = group.runs[: max(0, MOST_OPENED - n_shown)]
        n_shown += len(shown)
        if shown:
            opening = "".join(_open(run, numbers[run.folder]) for run in shown)
            buttons.append(f"<div>{_key(groups, place)}{opening}</div>")
    return (
        f"<h2>{said.RESULTS}</h2><p>{said.RESULTS_HINT}</p>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="{said.RESULTS}"><table>'
        f'<thead><tr><th scope="col">{said.RUNS}</th>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'
        f'{_downloads(rows)}<h3>{said.OPEN}</h3><div class="open">{"".join(buttons)}</div>'
    )


def drawn(groups: Sequence[Group]) -> str:
    """Lay out everything that is drawn: curves, bars, right by label, confusions."""
    few = groups[:MOST_DRAWN]
    some = f"<p>{said.ONLY_SOME_DRAWN.format(shown=len(few), total=len(groups))}</p>" if len(groups) > len(few) else ""
    learning = [place for place, group in enumerate(few) if group.measure == "held_out" and len(group.curve) > 1]
    falling = [place for place, group in enumerate(few) if group.measure == "error" and len(group.curve) > 1]
    curves, parts = [], []
    if learning:
        curves += [_part(said.CURVES, said.CURVES_HINT, _curves(groups, learning)), _bars(groups, learning)]
    if falling:
        curves.append(_part(said.ERRORS, said.ERRORS_HINT, _curves(groups, falling, is_share=False)))
    if not curves:
        curves.append(_part(said.CURVES, said.NO_CURVE, ""))
    if any(group.confusion for group in few):
        parts += [_by_label(groups, few), _confusions(groups, few)]
    return f'<div class="comparison">{some}<div class="two">{"".join(curves)}</div>{"".join(parts)}</div>'


def of_run(run: Run) -> str:
    """Draw one run: its curve and its confusion."""
    alone = comparing.grouped([run])
    curve = _curves(alone, [0], run.measure == "held_out") if len(run.curve) > 1 else f"<p>{said.NO_CURVE}</p>"
    return f'<div class="two">{curve}{_confusion("", alone[0]) if run.confusion else ""}</div>'


# ---------------------------------------------------------------- the table


def _row(groups: Sequence[Group], place: int, row: Mapping[str, str], names: Sequence[str]) -> str:
    cells = "".join(f"<td>{spoken().figures(safe(row[name]))}</td>" for name in names)
    small = f"{safe(row['experiment'])} · {words.count(len(groups[place].runs), 'run')}"
    head = f"{_key(groups, place)} {safe(_about(groups[place]))}<small>{small}</small>"
    return f'<tr><th scope="row">{head}</th>{cells}</tr>'


def _about(group: Group) -> str:
    return f"{group.agent}, {group.task}, {words.count(group.lessons, 'lesson')}"


def _open(run: Run, number: int) -> str:
    name = said.OPEN_NAME.format(name=safe(f"{run.agent}, {run.task}"), seed=run.seed)
    text = said.SEED.format(seed=run.seed)
    return f'<button type="button" data-do="open" data-number="{number}" aria-label="{name}">{text}</button>'


def _downloads(rows: Sequence[Mapping[str, str]]) -> str:
    """Links that hold the table themselves: the server keeps no file."""
    files = (
        (said.AS_CSV, "results.csv", "text/csv", comparing.as_csv(rows)),
        (said.AS_MARKDOWN, "results.md", "text/markdown", comparing.markdown(rows)),
    )
    links = "".join(
        f'<a download="{file}" href="data:{kind};base64,{base64.b64encode(content.encode()).decode()}">{name}</a>'
        for name, file, kind, content in files
    )
    return f'<p class="downloads">{said.DOWNLOAD} {links}</p>'


def _letter(place: int) -> str:
    """Name a group: A, B, … Z, A1, B1, …

    Examples
    --------
    >>> _letter(0), _letter(25), _letter(26)
    ('A', 'Z', 'A1')
    """
    turn, letter = divmod(place, len(string.ascii_uppercase))
    return string.ascii_uppercase[letter] + (f"{turn}" if turn else "")


def _css(groups: Sequence[Group], place: int) -> str:
    """The colour of a group; grey for the baseline beside others, and for what is not drawn."""
    is_baseline = groups[place].agent == BASELINE and any(group.agent != BASELINE for group in groups)
    return "baseline" if is_baseline or place >= MOST_DRAWN else f"series s{place}"


def _key(groups: Sequence[Group], place: int) -> str:
    return f'<b class="key {_css(groups, place)}">{_letter(place)}</b>'


# ---------------------------------------------------------------- what is drawn


def _part(title: str, hint: str, content: str) -> str:
    return f"<section><h2>{title}</h2><p>{hint}</p>{content}</section>"


def _names(groups: Sequence[Group]) -> list[str]:
    return [f"{_letter(place)} {name}" for place, name in enumerate(comparing.names(groups))]


def _curves(groups: Sequence[Group], places: Sequence[int], is_share: bool = True) -> str:
    names = _names(groups) if len(groups) > 1 else [words.CURVE_HELD_OUT if is_share else said.ERRORS]
    lines, most, end = [], 0.0, 0
    for place in places:
        curve = [point for point in groups[place].curve if point[0] > 0] or groups[place].curve  # the axis has no zero
        points, spread = [(step, mean) for step, mean, _ in curve], [around for _, _, around in curve]
        lines.append(charts.Line(_css(groups, place), names[place], points, spread))
        most = max(most, *(abs(mean) + around for _, mean, around in curve))
        end = max(end, curve[-1][0])
    return charts.curve(lines, end, None if is_share else most or 1.0)


def _bars(groups: Sequence[Group], places: Sequence[int]) -> str:
    """Bars at the last number of lessons that all curves have, each with its spread."""
    common = comparing.common_step([groups[place] for place in places])
    if not common:
        return ""
    rows, names = [], comparing.names(groups)
    for place in places:
        mean, spread = comparing.at_step(groups[place], common)
        low, high = max(0.0, mean - spread), min(1.0, mean + spread)
        around = f'<u style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></u>' if spread else ""
        rows.append(
            f'<li class="{_css(groups, place)}">{_key(groups, place)}<span>{safe(names[place])}</span>'
            f"<b>{spoken().figures(comparing.shown(SHARES[0], (mean, spread)))}</b>"
            f'<span class="track"><i style="width:{100 * mean:.1f}%"></i>{around}</span></li>'
        )
    title = said.BARS.format(lessons=words.count(common, "lesson"))
    return _part(title, said.BARS_HINT, f'<ul class="means">{"".join(rows)}</ul>')


def _by_label(groups: Sequence[Group], few: Sequence[Group]) -> str:
    """Per cent right of each label, a row a group: the fewer, the stronger the cell."""
    shares = [group.by_label for group in few]
    labels = sorted({label for each in shares for label in each})
    heads = "".join(f'<th scope="col" style="{hue(label)}">{safe(label)}</th>' for label in labels)
    rows = []
    for place, each in enumerate(shares):
        cells = "".join(
            f'<td style="--off:{75 * (1 - each[label]) ** 0.5:.0f}%">{100 * each[label]:.0f}</td>'
            if label in each else "<td>–</td>"
            for label in labels
        )  # fmt: skip
        rows.append(f'<tr><th scope="row">{_key(groups, place)}</th>{cells}</tr>' if each else "")
    table = f"<table><thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    region = f'<div class="scroll labels" tabindex="0" role="region" aria-label="{said.BY_LABEL}">{table}</div>'
    return _part(said.BY_LABEL, "", region)


def _confusions(groups: Sequence[Group], few: Sequence[Group]) -> str:
    names = _names(groups)
    shown = [(place, group) for place, group in enumerate(few) if group.confusion][:MOST_TABLES]
    figures = "".join(_confusion(names[place], group) for place, group in shown)
    return _part(said.CONFUSIONS, words.CONFUSION, f'<div class="confusions">{figures}</div>')


def _confusion(name: str, group: Group) -> str:
    table, labels = group.confusion or (np.zeros((0, 1), np.int64), [])
    most = _most(table, labels)
    alt = safe(said.CONFUSION_ALT.format(name=name or _about(group), most=most))
    pictures = "".join(
        f'<img class="{theme}-only" alt="{alt}" '
        f'src="{_picture(table.tobytes(), tuple(labels), theme == "dark")}">'
        for theme in ("light", "dark")
    )
    return f'<figure class="confusion">{pictures}<figcaption><b>{safe(name)}</b> {safe(most)}</figcaption></figure>'


@functools.lru_cache(maxsize=256)
def _picture(counts: bytes, labels: tuple[str, ...], dark: bool) -> str:
    """Draw a confusion, (L, L + 1) int64 as bytes: a tenth of a second, so each once."""
    table = np.frombuffer(counts, np.int64).reshape(len(labels), len(labels) + 1)
    return render.data_uri(render.confusion(table, labels, dark=dark))


def _most(table: np.ndarray, labels: Sequence[str]) -> str:
    """Say in words which mistakes are most frequent."""
    wrong = table.copy()
    wrong[np.arange(len(labels)), np.arange(len(labels))] = 0
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_TAKEN]
    pairs = []
    for row, column in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if wrong[row, column]:
            taken = labels[column] if column < len(labels) else words.UNSURE
            times = words.count(int(wrong[row, column]), "time")
            pairs.append(said.TAKEN.format(label=labels[row], said=taken, times=times))
    return said.MOST_TAKEN.format(pairs="; ".join(pairs)) if pairs else said.NEVER_TAKEN
