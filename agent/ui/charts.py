"""Small line charts as SVG: themed by CSS, drawn on the server, the same size whatever they show."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from agent.ui import words
from agent.ui.markup import safe

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 68, 16, 16, 56
SPARK = '<svg class="spark" viewBox="0 0 120 24" preserveAspectRatio="none" aria-hidden="true">'
Place = Callable[[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """A line of a chart: points are (lessons, value), the spread is as many values around them."""

    css: str
    name: str
    points: Sequence[tuple[float, float]]
    spread: Sequence[float] = ()


def curve(lines: Sequence[Line], n_total: int, top: float | None = None) -> str:
    """Draw values (y) against lessons (x, log axis), each spread as a band.

    Parameters
    ----------
    lines : sequence of Line
        Empty ones are left out.
    n_total : int
        Where the x axis ends.
    top : float, optional
        Where the y axis ends; by default values are shares, and it ends at 100 %.
    """
    end, most, shown = max(100, n_total), top or 1.0, [line for line in lines if line.points]
    span = math.log10(end) - 1
    say, say_roughly = words.share, words.share
    if top is not None:
        say, say_roughly = (partial(words.number, form=form) for form in (".4g", ".2g"))

    def place(lessons: float, value: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(max(10.0, lessons)) - 1) / span
        return x, TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(max(value / most, 0.0), 1.0))

    drawn = "".join(_band(line, place) for line in shown)
    drawn += "".join(_line(line.css, [place(*point) for point in line.points]) for line in shown)
    empty = "" if shown else _text(WIDTH / 2, HEIGHT / 2 - 8, words.CURVE_EMPTY)
    lasts = [(line.css, safe(line.name), say(line.points[-1][1])) for line in shown]
    keys = "".join(f'<li class="{css}"><i></i>{name} <b>{last}</b></li>' for css, name, last in lasts)
    label = "; ".join(f"{name} {last}" for _, name, last in lasts) or words.CURVE_EMPTY
    return (
        f'<div class="curve"><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f"{_grid(end, most, say_roughly, place)}{drawn}{empty}</svg>"
        f'<ul class="keys">{keys or "<li>&nbsp;</li>"}</ul></div>'
    )


def spark(shares: Sequence[float]) -> str:
    """Draw a line so small that it needs no axes: shares 0 … 1, oldest first."""
    if len(shares) < 2:
        return f"{SPARK}</svg>"
    points = " ".join(f"{120 * n / (len(shares) - 1):.1f},{22 - 20 * share:.1f}" for n, share in enumerate(shares))
    return f'{SPARK}<polyline points="{points}"/></svg>'


def _grid(end: float, most: float, say: Callable[[float], str], place: Place) -> str:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        _, y = place(10, share * most)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(LEFT - 8, y + 5, say(share * most), "end"))
    for power in range(1, 6):
        for digit in (1, 2, 5):
            lessons = digit * 10**power
            if lessons <= end and (digit == 1 or end <= 2000):
                x, y = place(lessons, 0)
                at_end = x > WIDTH - RIGHT - 40  # else the last one hangs over
                x, anchor = (WIDTH, "end") if at_end else (x, "middle")
                parts.append(_text(x, y + 24, words.number(lessons), anchor))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, words.CURVE_X))
    return "".join(parts)


def _band(line: Line, place: Place) -> str:
    """Shade the spread around a line."""
    if not any(line.spread):
        return ""
    around = [(x, y, spread) for (x, y), spread in zip(line.points, line.spread, strict=True)]
    over, under = ([place(x, y + sign * spread) for x, y, spread in around] for sign in (1, -1))
    outline = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*over, *under[::-1]])
    return f'<polygon class="{line.css}" points="{outline}"/>'


def _line(css: str, points: Sequence[tuple[float, float]]) -> str:
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return f'<g class="{css}"><polyline points="{joined}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/></g>'


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
