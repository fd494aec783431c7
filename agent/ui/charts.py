"""Small line charts as SVG: themed by CSS, drawn on the server, the same size whatever they show."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agent.ui import words

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 68, 16, 16, 56
SPARK = '<svg class="spark" viewBox="0 0 120 24" preserveAspectRatio="none" aria-hidden="true">'
Points = Sequence[tuple[float, float]]


def curve(lines: Sequence[tuple[str, str, Points]], n_total: int) -> str:
    """Draw shares right (y) against lessons (x, log axis).

    Parameters
    ----------
    lines : sequence of (CSS class, name, points)
        Points are (lessons, share 0 … 1).
    n_total : int
        Where the x axis ends.
    """
    end = max(100, n_total)
    span = math.log10(end) - 1

    def place(lessons: float, share: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(max(10.0, lessons)) - 1) / span
        return x, TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)

    drawn = "".join(_line(css, [place(*point) for point in points]) for css, _, points in lines if points)
    empty = "" if any(points for _, _, points in lines) else _text(WIDTH / 2, HEIGHT / 2 - 8, words.CURVE_EMPTY)
    shown = [(css, name, points) for css, name, points in lines if points]
    keys = "".join(
        f'<li class="{css}"><i></i>{name} <b>{words.share(points[-1][1])}</b></li>' for css, name, points in shown
    )
    label = "; ".join(f"{name} {words.share(points[-1][1])}" for _, name, points in shown) or words.CURVE_EMPTY
    return (
        f'<div class="curve"><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f'{_grid(end, place)}{drawn}{empty}</svg><ul class="keys">{keys or "<li>&nbsp;</li>"}</ul></div>'
    )


def spark(shares: Sequence[float]) -> str:
    """Draw a line so small that it needs no axes: shares 0 … 1, oldest first."""
    if len(shares) < 2:
        return f"{SPARK}</svg>"
    points = " ".join(f"{120 * n / (len(shares) - 1):.1f},{22 - 20 * share:.1f}" for n, share in enumerate(shares))
    return f'{SPARK}<polyline points="{points}"/></svg>'


def _grid(end: float, place) -> str:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        _, y = place(10, share)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(LEFT - 8, y + 5, words.share(share), "end"))
    for power in range(1, 6):
        for digit in (1, 2, 5):
            lessons = digit * 10**power
            if lessons <= end and (digit == 1 or end <= 2000):
                x, y = place(lessons, 0)
                parts.append(_text(x, y + 24, f"{lessons:,}"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, words.CURVE_X))
    return "".join(parts)


def _line(css: str, points: Points) -> str:
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return f'<g class="{css}"><polyline points="{joined}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/></g>'


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
