"""The Frames tab as HTML: what is seen and expected, how errors and scores go, how layers are wired; and films."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from agent import render
from agent.errors import AgentError
from agent.kinds.layers import Layer
from agent.ui import charts
from agent.ui import words_frames as own
from agent.ui.amounts import number
from agent.ui.charts import Line
from agent.ui.markup import safe
from agent.ui.watching import PICTURE_PX, Seat, Watch

FILM_MS = 100
WIRED, BASE, SIZE = 16, 4, 784  # numbers in the drawing, digits' base, and the size that is told
GAP_PX, ROW_PX = 22, 76


def live(watch: Watch | None) -> str:
    """Show what every mind sees and expects, and why it does what it does."""
    if watch is None or watch.seats[0].seen is None:
        return f'<div class="seats"><p class="still">{own.NOTHING_YET}</p></div>'
    return f'<div class="seats">{"".join(_seat(watch, seat) for seat in watch.seats)}</div>'


def curves(watch: Watch | None) -> str:
    """Draw errors beside what costs nothing, and scores."""
    if watch is None:
        return f"<h2>{own.ERRORS}</h2><p>{own.NO_CURVES}</p>"
    parts = []
    for seat in watch.seats:
        name = f"{safe(seat.watcher.kind)}: " if len(watch.seats) > 1 else ""
        lines = [Line("mine", own.OWN, seat.curve.line(0)), Line("repeat", own.REPEAT, seat.curve.line(1)),
                 Line("mean", own.MEAN, seat.curve.line(2))]  # fmt: skip
        parts.append(f"<div><h3>{name}{own.ERRORS}</h3><p>{own.ERRORS_HINT}</p>{_chart(lines)}")
        scores = seat.curve.line(3)
        parts.append(f"<h3>{name}{own.SCORES}</h3>")
        drawn = _chart([Line("mine", own.SCORE, scores)]) if scores else f"<p>{own.SCORES_NONE}</p>"
        parts.append(f"{drawn}</div>")
    return f'<div class="seats">{"".join(parts)}</div>'


def wiring() -> str:
    """Draw a dense layer beside a linearithmic one, line by line as its plan says, and count."""
    layer = Layer(WIRED, WIRED, BASE)
    full = [np.stack(np.indices((WIRED, WIRED))).reshape(2, -1)]
    many, large = SIZE * SIZE, Layer(SIZE, SIZE, 16)
    counted = own.AT_SIZE.format(size=number(SIZE), few=number(large.n_weights), many=number(many))
    dense = _wires(full, own.DENSE.format(n=number(WIRED * WIRED)))
    sparse = _wires(layer.partners(), own.LINEARITHMIC.format(base=BASE, n=number(layer.n_weights)))
    return f'<div class="wires">{dense}{sparse}</div><p>{counted}</p>'


def film(watch: Watch | None) -> bytes:
    """Pack what was seen and expected of late as a WebP film, of the first mind; AgentError where there is nothing."""
    if watch is None or not watch.seats[0].film:
        raise AgentError(own.NO_FILM)
    pages = [Image.fromarray(page) for page in watch.seats[0].film]
    pages = [page.resize((2 * PICTURE_PX, PICTURE_PX), Image.Resampling.NEAREST) for page in pages]
    file = io.BytesIO()
    pages[0].save(file, "WEBP", save_all=True, append_images=pages[1:], duration=FILM_MS, loop=0, lossless=True)
    return file.getvalue()


def _seat(watch: Watch, seat: Seat) -> str:
    both = seat.film[-1]
    half = both.shape[1] // 2
    pictures = "".join(
        f'<figure><img class="ink" src="{_picture(page)}" alt="{name}"><figcaption>{name}</figcaption></figure>'
        for page, name in ((both[:, :half], own.SEEN), (both[:, half:], own.EXPECTED))
    )
    facts = own.FACTS.format(n=number(seat.watcher.n_lessons), rate=number(watch.rate, ".0f"))
    why = own.DREAMS if watch.eyes_closed else own.WHY.format(why=f'<span lang="en">{safe(seat.seen.because)}</span>')
    return (
        f'<section><h3>{safe(seat.watcher.kind)} <small>{facts}</small></h3><div class="pair">{pictures}</div>'
        f'<p class="because">{why}</p></section>'
    )


def _picture(page: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(page).save(file, "PNG", compress_level=1)  # ten a second: size matters less than time
    return render.png_uri(file.getvalue())


def _chart(lines: Sequence[Line]) -> str:
    """Draw values against frames, both from 0, or from the least where that is less."""
    values = [value for line in lines for _, value in line.points]
    low, high = min([0.0, *values]), max([0.0, *values])
    high = high if high > low else low + 1e-6  # nothing but zeros
    last = max([10.0, *(x for line in lines for x, _ in line.points)])

    def place(x: float, value: float) -> tuple[float, float]:
        wide, tall = charts.WIDTH - charts.LEFT - charts.RIGHT, charts.HEIGHT - charts.TOP - charts.BOTTOM
        return charts.LEFT + wide * x / last, charts.TOP + tall * (1 - (value - low) / (high - low))

    grid, drawn, keys, said = [], [], [], ""
    for share in (0.0, 0.5, 1.0):
        value = low + share * (high - low)
        _, y = place(0, value)
        ends = f'x1="{charts.LEFT}" x2="{charts.WIDTH - charts.RIGHT}"'
        grid.append(f'<line class="grid" {ends} y1="{y:.1f}" y2="{y:.1f}"/>')
        if said != _short(value):  # where all is nothing, 0 once
            said = _short(value)
            grid.append(f'<text x="{charts.LEFT - 8}" y="{y + 5:.1f}" text-anchor="end">{said}</text>')
        x, _ = place(share * last, low)
        frames = number(share * last, ",.0f")
        grid.append(f'<text x="{x:.1f}" y="{charts.HEIGHT - 32}" text-anchor="middle">{frames}</text>')
    for line in lines:
        if line.points:
            joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line.points))
            drawn.append(f'<g class="{line.css}"><polyline points="{joined}"/></g>')
            keys.append(f'<li class="{line.css}"><i></i>{line.name} <b>{number(line.points[-1][1], ".3g")}</b></li>')
    label = "; ".join(f"{line.name} {number(line.points[-1][1], '.3g')}" for line in lines if line.points)
    if not label:
        label = own.CURVE_EMPTY
        middle = f'x="{charts.WIDTH / 2}" y="{place(0, (low + high) / 2)[1] - 12}" text-anchor="middle"'
        drawn.append(f"<text {middle}>{label}</text>")
    return (
        f'<div class="curve"><svg viewBox="0 0 {charts.WIDTH} {charts.HEIGHT}" role="img" aria-label="{label}">'
        f'{"".join(grid)}{"".join(drawn)}</svg><ul class="keys">{"".join(keys) or "<li>&nbsp;</li>"}</ul></div>'
    )


def _short(value: float) -> str:
    return "0" if abs(value) < 1e-5 else number(value, ".2g")


def _wires(pairs: Sequence[np.ndarray], caption: str) -> str:
    """Draw numbers as dots, a row before each sub-layer and one after the last, and a line for each weight."""
    lines, dots = [], []
    for row in range(len(pairs) + 1):
        for place in range(WIRED):
            dots.append(f'<circle cx="{(place + 0.5) * GAP_PX:.0f}" cy="{8 + row * ROW_PX}" r="4"/>')
    for row, both in enumerate(pairs):
        for of, to in both.T.tolist():
            lines.append(
                f'<line x1="{(of + 0.5) * GAP_PX:.0f}" y1="{8 + row * ROW_PX}" '
                f'x2="{(to + 0.5) * GAP_PX:.0f}" y2="{8 + (row + 1) * ROW_PX}"/>'
            )
    height = 16 + len(pairs) * ROW_PX
    return (
        f'<figure><svg viewBox="0 0 {WIRED * GAP_PX} {height}" role="img" aria-label="{caption}">'
        f'{"".join(lines)}{"".join(dots)}</svg><figcaption>{caption}</figcaption></figure>'
    )
