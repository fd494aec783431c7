"""Curves, bars and tables of shares as PNG files, drawn by matplotlib, which is imported only then."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = Sequence[tuple[int, float, float]]  # lessons, mean and spread of a share
WIDTH, HEIGHT, DPI = 8.0, 4.5, 110
COLOURS = ("#3B5BDB", "#E67700", "#2B8A3E", "#C2255C", "#5F3DC4", "#0B7285", "#868E96", "#1F2430")
MAX_TABLES = 12
LEAST_ERROR = 1e-16  # smaller ones are drawn here: a logarithmic axis has no zero


def learning(curves: Mapping[str, Curve], what: str = "right, held-out drawings") -> bytes:
    """Draw learning curves: the mean as a line, the spread as a band around it.

    Examples
    --------
    >>> learning({"recall": [(0, 0.0, 0.0), (10, 0.6, 0.1), (20, 0.8, 0.1)]})[1:4]
    b'PNG'
    """
    figure, axes = _curves(curves, 100)
    axes.set(ylabel=f"per cent {what}", ylim=(0, 101))
    return _png(figure)


def errors(curves: Mapping[str, Curve], what: str = "mean absolute error") -> bytes:
    """Draw how errors fall, on a logarithmic axis: the mean as a line, the spread as a band around it.

    Examples
    --------
    >>> errors({"linear": [(0, 5.0, 1.0), (10, 0.3, 0.1), (100, 1e-9, 1e-10)]})[1:4]
    b'PNG'
    """
    shown = {
        name: [(n, max(mean, LEAST_ERROR), min(spread, 0.9 * max(mean, LEAST_ERROR))) for n, mean, spread in curve]
        for name, curve in curves.items()
    }
    figure, axes = _curves(shown, 1)
    axes.set(xlabel="lessons or steps", ylabel=what, yscale="log")
    return _png(figure)


def bars(values: Mapping[str, tuple[float, float]], title: str) -> bytes:
    """Draw a bar with its spread for each name.

    Examples
    --------
    >>> bars({"recall": (0.9, 0.02), "nearest": (0.7, 0.05)}, "after 60 lessons")[1:4]
    b'PNG'
    """
    figure, axes = _page(height=0.6 + 0.4 * max(3, len(values)))
    names = list(values)
    axes.barh(names, [100 * mean for mean, _ in values.values()], xerr=[100 * spread for _, spread in values.values()],
              color=[COLOURS[place % len(COLOURS)] for place in range(len(names))])  # fmt: skip
    for row, (mean, spread) in enumerate(values.values()):
        axes.annotate(f"{100 * mean:.2f} ± {100 * spread:.2f}", (1, row), color="white", va="center")
    axes.invert_yaxis()
    axes.set(xlabel="per cent right", title=title, xlim=(0, 100))
    return _png(figure)


def confusions(tables: Mapping[str, tuple[np.ndarray, Sequence[str]]]) -> bytes:
    """Draw what was said for what it was as heat maps side by side: shares of each row.

    Examples
    --------
    >>> confusions({"recall": (np.array([[9, 1, 0], [0, 8, 2]]), ("1", "7"))})[1:4]
    b'PNG'
    """
    shown = dict(list(tables.items())[:MAX_TABLES])
    columns = min(3, len(shown))
    figure, grid = _pages(-(-len(shown) // columns), columns)
    for axes in grid[len(shown) :]:
        axes.set_visible(False)
    for axes, (name, (table, labels)) in zip(grid, shown.items(), strict=False):
        shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        axes.imshow(np.sqrt(shares), cmap="Oranges", vmin=0, vmax=1)  # rare mistakes stay visible
        axes.set_xticks(range(len(labels) + 1), [*labels, "?"])
        axes.set_yticks(range(len(labels)), labels)
        axes.set(xlabel="said", ylabel="was")
        axes.set_title(textwrap.fill(name, 40), fontsize="small")
    return _png(figure)


def by_label(shares: Mapping[str, Mapping[str, float]]) -> bytes:
    """Draw the share answered right for each label, a line of dots for each name.

    Examples
    --------
    >>> by_label({"recall": {"1": 0.99, "7": 0.9}, "nearest": {"1": 0.95, "7": 0.8}})[1:4]
    b'PNG'
    """
    figure, axes = _page()
    labels = sorted({label for each in shares.values() for label in each})
    for place, (name, each) in enumerate(shares.items()):
        values = [100 * each[label] if label in each else np.nan for label in labels]
        axes.plot(range(len(labels)), values, "o-", color=COLOURS[place % len(COLOURS)], label=name, linewidth=0.7)
    axes.set_xticks(range(len(labels)), labels)
    axes.set(xlabel="label", ylabel="per cent right")
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize="small")
    return _png(figure)


def _curves(curves: Mapping[str, Curve], times: int) -> tuple[Figure, Axes]:
    """Draw curves, their values so many times as large."""
    figure, axes = _page()
    for place, (name, curve) in enumerate(curves.items()):
        lessons, mean, spread = (np.array(column, float) for column in zip(*curve, strict=True))
        colour, (mean, spread) = COLOURS[place % len(COLOURS)], (times * mean, times * spread)
        axes.plot(lessons, mean, color=colour, label=name, marker="o", markersize=3)
        axes.fill_between(lessons, mean - spread, mean + spread, color=colour, alpha=0.15, linewidth=0)
    if max(curve[-1][0] for curve in curves.values()) > 200:
        axes.set_xscale("symlog", linthresh=10)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set(xlabel="lessons", xlim=(0, None))
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize="small")
    return figure, axes


def _page(height: float = HEIGHT) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _pages(rows: int, columns: int) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * columns, 4 * rows), dpi=DPI, layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False).ravel())


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})  # the same picture gives the same bytes
    return file.getvalue()
