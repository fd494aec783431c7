"""Charts as SVG: one engine for the pictures that runs leave and for the app, which themes them by its style sheet.

`plot` draws lines over two axes, linear or logarithmic; `confusion` draws a table of counts; the app embeds both.
`learning`, `errors`, `values`, `bars`, `confusions`, `by_label` and `wires` give whole files, styled for light and dark
screens.
Equal data gives equal bytes.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Curve = Sequence[tuple[int, float, float]]  # lessons, mean and spread of a share
Number = Callable[[float], str]

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 68, 16, 16, 56
CELL_PX, CHAR_PX = 34, 8
MAX_TABLES, TABLES_A_ROW = 12, 3
SMOOTHED = 5  # points of a long curve over frames that become one
WIRE_GAP_PX, WIRE_ROW_PX = 22, 76
MIN_ERROR = 1e-16  # a logarithmic axis has no zero: smaller errors are drawn here
MAX_NAME_CHARS = 60
N_COLOURS = 8
_TEMPLATE_SIGNS = {ord(sign): f"&#{ord(sign)};" for sign in "`${}\\"}
_COLOURS = ["#3B5BDB", "#E67700", "#2B8A3E", "#C2255C", "#5F3DC4", "#0B7285", "#868E96", "#1F2430"]
_DARK_COLOURS = ["#748FFC", "#FFA94D", "#69DB7C", "#F783AC", "#9775FA", "#3BC9DB", "#ADB5BD", "#F1F3F5"]
_DASHES = ("8 4", "2 3", "10 3 2 3")  # of the second, the third and all later eight lines
_STYLE = (
    "svg{{background:{paper};color:{ink}}}text{{fill:{ink};font:13px system-ui,sans-serif}}"
    ".grid{{stroke:{lines};stroke-width:1}}polyline{{fill:none;stroke:currentColor;stroke-width:2}}"
    "circle,.bar,.swatch{{fill:currentColor}}polygon{{fill:currentColor;opacity:.15}}"
    ".whisker{{stroke:{ink};stroke-width:1.5}}.cell{{stroke:{lines};fill:none}}.right{{fill:#2B8A3E}}.wrong{{fill:#E67700}}"
    ".wires line{{stroke:#3B5BDB;stroke-width:.8;opacity:.55}}"
)


@dataclass(frozen=True)
class Line:
    """A line of a chart."""

    css: str  # its class in a style sheet, such as ``s0``
    name: str  # what the legend calls it: plain text
    points: Sequence[tuple[float, float]]  # x and y, x rising; without any the line is left out
    spread: Sequence[float] = ()  # half the height of a band around each point, in units of y


@dataclass(frozen=True)
class Axis:
    """An axis from ``low`` to ``high``, with ticks (value, text) and a title; values beyond its ends are drawn there.

    Examples
    --------
    >>> Axis(1, 100, log=True).share(10)
    0.5
    """

    low: float
    high: float
    ticks: Sequence[tuple[float, str]] = ()
    title: str = ""
    log: bool = False

    def share(self, value: float) -> float:
        """Give the place of a value: 0 at the low end, 1 at the high one."""
        value = min(max(value, self.low), self.high)
        if self.log:
            return math.log10(value / self.low) / math.log10(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def log_ticks(low: float, high: float, text: Number, steps: Sequence[int] = (1,)) -> list[tuple[float, str]]:
    """Give the powers of ten, or their multiples by ``steps``, between two values.

    Examples
    --------
    >>> log_ticks(10, 1000, "{:,.0f}".format)
    [(10, '10'), (100, '100'), (1000, '1,000')]
    """
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    values = [step * 10**power for power in powers for step in steps]
    return [(value, text(value)) for value in values if low <= value <= high]


def plot(
    lines: Sequence[Line], x: Axis, y: Axis, label: str, empty: str = "", size: tuple[int, int] = (WIDTH, HEIGHT)
) -> str:
    """Draw lines over two axes: an ``<svg>`` element.

    Parameters
    ----------
    lines : sequence of Line
        The first is drawn first.
    x, y : Axis
        Their titles and ticks are plain text.
    label : str
        Text for screen readers.
    empty : str
        Shown in the middle when no line has points.
    size : (int, int)
        Width and height of the view box.
    """
    width, height = size
    inner_width, inner_height = width - LEFT - RIGHT, height - TOP - BOTTOM

    def place(at: tuple[float, float]) -> tuple[float, float]:
        return LEFT + inner_width * x.share(at[0]), TOP + inner_height * (1 - y.share(at[1]))

    parts = []
    for value, text in y.ticks:
        at = place((x.low, value))[1]
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{width - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(_text(LEFT - 8, at + 5, text, "end"))
    for value, text in x.ticks:
        at = place((value, y.low))[0]
        overhangs = at + CHAR_PX * len(text) / 2 > width
        parts.append(_text(width if overhangs else at, height - BOTTOM + 24, text, "end" if overhangs else "middle"))
    parts.append(_text(LEFT + inner_width / 2, height - 4, x.title) if x.title else "")
    if y.title:
        at = TOP + inner_height / 2
        parts.append(f'<g transform="rotate(-90 14 {at:.0f})">{_text(14, at, y.title)}</g>')
    visible = [line for line in lines if line.points]
    parts += [_band(line, place) for line in visible] + [_polyline(line, place) for line in visible]
    if not visible and empty:
        parts.append(_text(width / 2, height / 2 - 10, empty))
    return _svg("".join(parts), width, height, label)


def confusion(table: np.ndarray, labels: Sequence[str], label: str) -> str:
    """Draw a confusion table: an ``<svg>`` element, its cells the stronger the larger their share of the row.

    Parameters
    ----------
    table : numpy.ndarray
        (L, L + 1) counts: rows are true labels, columns predicted ones, the last one unsure.
    labels : sequence of str
        The L labels: plain text.
    label : str
        Text for screen readers.
    """
    width, height = (len(labels) + 2) * CELL_PX + 1, (len(labels) + 1) * CELL_PX + 1
    return _svg(_table(table, labels), width, height, label)


def learning(curves: Mapping[str, Curve]) -> bytes:
    """Draw learning curves: the mean as a line, the spread as a band around it; an SVG file.

    Examples
    --------
    >>> learning({"recall": [(0, 0.0, 0.0), (10, 0.6, 0.1), (20, 0.8, 0.1)]})[:4]
    b'<svg'
    """
    ticks = [(value / 100, f"{value}") for value in range(0, 101, 20)]
    return _curves(curves, Axis(0.0, 1.0, ticks, "per cent right, held-out drawings"), "lessons")


def errors(curves: Mapping[str, Curve], what: str = "mean absolute error") -> bytes:
    """Draw how errors fall, on a logarithmic axis: the mean as a line, the spread as a band; an SVG file.

    Examples
    --------
    >>> errors({"linear": [(0, 5.0, 1.0), (10, 0.3, 0.1), (100, 1e-9, 1e-10)]})[:4]
    b'<svg'
    """
    positive = {
        name: [(n, max(mean, MIN_ERROR), min(spread, 0.9 * max(mean, MIN_ERROR))) for n, mean, spread in curve]
        for name, curve in curves.items()
    }
    means = [mean for curve in positive.values() for _, mean, _ in curve]
    low, high = (10.0 ** step(math.log10(end)) for step, end in ((math.floor, min(means)), (math.ceil, max(means))))
    high = max(high, 10 * low)
    ticks = log_ticks(low, high, lambda value: f"{value:g}")
    return _curves(positive, Axis(low, high, ticks[:: -(-len(ticks) // 8)], what, log=True), "lessons or steps")


def values(curves: Mapping[str, Curve], what: str) -> bytes:
    """Draw values over frames on two linear axes, long curves as means of `SMOOTHED` points; an SVG file.

    Examples
    --------
    >>> values({"recurrent": [(0, 0.33, 0.0), (100, 0.31, 0.01)]}, "mean squared error")[:4]
    b'<svg'
    """
    lines, ends = [], []
    for number, (name, curve) in enumerate(curves.items()):
        n_mean = SMOOTHED if len(curve) >= 2 * SMOOTHED else 1
        stretches = [np.array(curve[max(0, end - n_mean) : end]) for end in range(1, len(curve) + 1)]
        points = [(int(part[-1, 0]), float(part[:, 1].mean())) for part in stretches]
        spread = [float(part[:, 2].mean()) for part in stretches]
        ends += [y + sign * around for (_, y), around in zip(points, spread, strict=True) for sign in (-1, 1)]
        lines.append(Line(_series(number), name, points, spread))
    last = max(curve[-1][0] for curve in curves.values())
    return _lines_file(lines, _linear_axis(0, max(last, 1), "frames"), _linear_axis(min(ends), max(ends), what))


def _linear_axis(low: float, high: float, title: str) -> Axis:
    """Make an axis from one round number to another, with a handful of ticks.

    >>> [text for _, text in _linear_axis(0.29, 0.37, "").ticks]
    ['0.28', '0.3', '0.32', '0.34', '0.36', '0.38']
    """
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span))
    step = next(part * power for part in (0.2, 0.5, 1, 2) if span <= 6 * part * power)
    first, last = math.floor(round(low / step, 6)), math.ceil(round((low + span) / step, 6))
    ticks = [(step * place, f"{step * place:,.6g}") for place in range(first, last + 1)]
    return Axis(ticks[0][0], ticks[-1][0], ticks, title)


def wires(pairs: Sequence[np.ndarray], size: int, label: str) -> bytes:
    """Draw a layer, a row of dots before each sub-layer and one after it, and a line for each weight; an SVG file.

    Parameters
    ----------
    pairs : sequence of numpy.ndarray
        (2, weights) int64 for each sub-layer: what every weight reads, and what it feeds.
    size : int
        Numbers in a row.
    label : str
        Text for screen readers.

    Examples
    --------
    >>> wires([np.array([[0, 1], [1, 0]])], 2, "two wires")[:4]
    b'<svg'
    """
    width, height = size * WIRE_GAP_PX, 16 + len(pairs) * WIRE_ROW_PX
    return _file(f'<g class="wires">{wiring(pairs, size)}</g>', width, height, label)


def wiring(pairs: Sequence[np.ndarray], size: int) -> str:
    """Give the dots and lines of `wires`, for a page that styles them itself."""
    dots = "".join(
        f'<circle cx="{(place + 0.5) * WIRE_GAP_PX:.0f}" cy="{8 + row * WIRE_ROW_PX}" r="4"/>'
        for row in range(len(pairs) + 1)
        for place in range(size)
    )
    lines = "".join(
        f'<line x1="{(start + 0.5) * WIRE_GAP_PX:.0f}" y1="{8 + row * WIRE_ROW_PX}" '
        f'x2="{(end + 0.5) * WIRE_GAP_PX:.0f}" y2="{8 + (row + 1) * WIRE_ROW_PX}"/>'
        for row, both in enumerate(pairs)
        for start, end in both.T.tolist()
    )
    return lines + dots


def bars(values: Mapping[str, tuple[float, float]], title: str) -> bytes:
    """Draw a bar for each name, a share with its spread; an SVG file.

    Examples
    --------
    >>> bars({"recall": (0.9, 0.02), "nearest": (0.7, 0.05)}, "after 60 lessons")[:4]
    b'<svg'
    """
    row_px, names_px, width = 36, 240, 880
    span = width - names_px - 170
    parts = [_text(16, 28, title, "start")]
    for row, (name, (mean, spread)) in enumerate(values.items()):
        y, end = 48 + row * row_px, names_px + span * mean
        low, high = (names_px + span * min(max(mean + sign * spread, 0.0), 1.0) for sign in (-1, 1))
        parts.append(_text(names_px - 10, y + 17, _short(name, 28), "end"))
        parts.append(f'<g class="s{row % N_COLOURS}"><rect class="bar" x="{names_px}" y="{y}" ')
        parts.append(f'width="{end - names_px:.1f}" height="24"/></g>')
        parts.append(f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y + 12}" y2="{y + 12}"/>')
        parts.append(_text(names_px + span + 12, y + 17, f"{100 * mean:.2f} ± {100 * spread:.2f} %", "start"))
    return _file("".join(parts), width, 64 + row_px * len(values), title)


def confusions(tables: Mapping[str, tuple[np.ndarray, Sequence[str]]]) -> bytes:
    """Draw confusion tables side by side, the first `MAX_TABLES` of them; an SVG file.

    Examples
    --------
    >>> confusions({"recall": (np.array([[9, 1, 0], [0, 8, 2]]), ("1", "7"))})[:4]
    b'<svg'
    """
    first_tables = list(tables.items())[:MAX_TABLES]
    side = max(len(labels) for _, (_, labels) in first_tables) + 2
    step_x, step_y = side * CELL_PX + 48, side * CELL_PX + 56
    parts = []
    for number, (name, (table, labels)) in enumerate(first_tables):
        left, top = 36 + number % TABLES_A_ROW * step_x, 32 + number // TABLES_A_ROW * step_y
        parts.append(f'<g transform="translate({left} {top})">{_text(0, -10, _short(name, 40), "start")}')
        parts.append(f"{_table(table, labels)}</g>")
    columns, rows = min(TABLES_A_ROW, len(first_tables)), -(-len(first_tables) // TABLES_A_ROW)
    label = "Confusion tables: rows are true labels, columns predicted ones, the last one unsure"
    return _file("".join(parts), 24 + columns * step_x, 24 + rows * step_y, label)


def by_label(shares: Mapping[str, Mapping[str, float]]) -> bytes:
    """Draw the share answered right for each label, a line for each name; an SVG file.

    Examples
    --------
    >>> by_label({"recall": {"1": 0.99, "7": 0.9}, "nearest": {"1": 0.95, "7": 0.8}})[:4]
    b'<svg'
    """
    labels = sorted({label for of_label in shares.values() for label in of_label})
    places = {label: place for place, label in enumerate(labels)}
    x = Axis(-0.5, len(labels) - 0.5, [(place, label) for label, place in places.items()], "label")
    lowest = min(share for of_label in shares.values() for share in of_label.values())
    low = min(0.9, math.floor(10 * lowest) / 10)
    step = 0.02 if low >= 0.9 else 0.1
    ticks = [(low + step * n, f"{100 * (low + step * n):.0f}") for n in range(round((1 - low) / step) + 1)]
    lines = [
        Line(_series(number), name, sorted((places[label], share) for label, share in of_label.items()))
        for number, (name, of_label) in enumerate(shares.items())
    ]
    return _lines_file(lines, x, Axis(low, 1.0, ticks, "per cent right"))


def _curves(curves: Mapping[str, Curve], y: Axis, title: str) -> bytes:
    """Draw curves over lessons: on a logarithmic axis, without what came before the first, when they are many."""
    last = max(curve[-1][0] for curve in curves.values())
    log = last > 200
    first = min((n for curve in curves.values() for n, _, _ in curve if n > 0), default=1) if log else 0
    if log:
        ticks = log_ticks(first, last, "{:,.0f}".format, (1, 2, 5) if last <= 2000 else (1,))
    else:
        step = 10 ** math.floor(math.log10(max(last, 1)))
        step = step if last >= 4 * step else max(1, step // 5)
        ticks = [(value, f"{value:,}") for value in range(0, last + 1, step)]
    lines = []
    for number, (name, curve) in enumerate(curves.items()):
        visible = [point for point in curve if point[0] >= first]
        points, spread = [(n, mean) for n, mean, _ in visible], [around for _, _, around in visible]
        lines.append(Line(_series(number), name, points, spread))
    return _lines_file(lines, Axis(first, max(last, first + 1), ticks, title, log), y)


def _series(number: int) -> str:
    """Give the classes of a line: a colour, and from the ninth line on dashes.

    >>> _series(3), _series(11)
    ('s3', 's3 d1')
    """
    turn, colour = divmod(number, N_COLOURS)
    return f"s{colour} d{min(turn, len(_DASHES))}" if turn else f"s{colour}"


def _lines_file(lines: Sequence[Line], x: Axis, y: Axis) -> bytes:
    """Draw lines with a legend above them, as a file."""
    width, height = 880, 480
    label = f"{y.title} against {x.title}: {', '.join(line.name for line in lines)}"
    chart = plot(lines, x, y, label, size=(width, height)).partition(">")[2].removesuffix("</svg>")
    legend, rows = [], -(-len(lines) // 2)
    for number, line in enumerate(lines):
        left, y_px = LEFT + number % 2 * 400, 24 + number // 2 * 22
        swatch = f'<rect class="swatch" x="{left}" y="{y_px - 6}" width="18" height="4"/>'
        swatch = f'<polyline points="{left},{y_px - 4} {left + 18},{y_px - 4}"/>' if " d" in line.css else swatch
        legend.append(f'<g class="{line.css}">{swatch}</g>')
        legend.append(_text(left + 26, y_px, _short(line.name, 52), "start"))
    top = 16 + 22 * rows
    return _file(f'{"".join(legend)}<g transform="translate(0 {top})">{chart}</g>', width, height + top, label)


def _file(content: str, width: int, height: int, label: str) -> bytes:
    light = _STYLE.format(paper="#FFFFFF", ink="#1F2430", lines="#D8DAE0")
    dark = _STYLE.format(paper="#16181D", ink="#E9EAEE", lines="#3A3E47")
    light += "".join(f".s{place}{{color:{colour}}}" for place, colour in enumerate(_COLOURS))
    dark += "".join(f".s{place}{{color:{colour}}}" for place, colour in enumerate(_DARK_COLOURS))
    if " d1" in content:
        light += "".join(f".d{turn} polyline{{stroke-dasharray:{dash}}}" for turn, dash in enumerate(_DASHES, 1))
    style = f"<style>{light}@media(prefers-color-scheme:dark){{{dark}}}</style>"
    head = f'xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
    return _svg(style + content, width, height, label, head).encode()


def _svg(content: str, width: int, height: int, label: str, more: str = "") -> str:
    more = f" {more}" if more else ""
    return f'<svg{more} viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">{content}</svg>'


def _table(table: np.ndarray, labels: Sequence[str]) -> str:
    """Draw the cells of a confusion table and the names of its rows and columns."""
    middle, n = CELL_PX / 2, len(labels)
    parts = [_head((column + 1.5) * CELL_PX, middle + 5, name) for column, name in enumerate([*labels, "?"])]
    shares = np.sqrt(table / np.maximum(table.sum(axis=1, keepdims=True), 1))  # a root: rare mistakes stay visible
    for row, name in enumerate(labels):
        y = (row + 1) * CELL_PX
        parts.append(_head(middle, y + middle + 5, name))
        for column in np.flatnonzero(table[row]).tolist():
            x, kind = (column + 1) * CELL_PX, "right" if row == column else "wrong"
            parts.append(
                f'<rect class="{kind}" x="{x}" y="{y}" width="{CELL_PX}" height="{CELL_PX}" '
                f'fill-opacity="{0.75 * shares[row, column]:.2f}"/>'
            )
            parts.append(_text(x + middle, y + middle + 5, str(int(table[row, column]))))
    right, bottom = (n + 2) * CELL_PX, (n + 1) * CELL_PX
    lines = [f"M{CELL_PX} {place * CELL_PX}H{right}" for place in range(1, n + 2)]
    lines += [f"M{place * CELL_PX} {CELL_PX}V{bottom}" for place in range(1, n + 3)]
    return f'<path class="cell" d="{"".join(lines)}"/>{"".join(parts)}'


def _band(line: Line, place: Callable[[tuple[float, float]], tuple[float, float]]) -> str:
    """Shade the spread around a line."""
    if not any(line.spread):
        return ""
    around = [(x, y, spread) for (x, y), spread in zip(line.points, line.spread, strict=True)]
    upper, lower = ([place((x, y + sign * spread)) for x, y, spread in around] for sign in (1, -1))
    outline = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*upper, *lower[::-1]])
    return f'<polygon class="{line.css}" points="{outline}"/>'


def _polyline(line: Line, place: Callable[[tuple[float, float]], tuple[float, float]]) -> str:
    points = [place(point) for point in line.points]
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return f'<g class="{line.css}"><polyline points="{joined}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/></g>'


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _head(x: float, y: float, name: str) -> str:
    """Write the name of a row or column of a confusion table, pressed together where it is longer than a cell."""
    squeezed = f'<text textLength="{CELL_PX - 4}" lengthAdjust="spacingAndGlyphs"' if len(name) > 3 else "<text"
    return _text(x, y, _short(name, 6)).replace("<text", squeezed, 1)


def _short(name: str, n_chars: int = MAX_NAME_CHARS) -> str:
    return name if len(name) <= n_chars else f"{name[: n_chars - 1]}…"


def escape(text: object) -> str:
    """Escape text for SVG and HTML, and for the templates that gradio runs over HTML.

    Examples
    --------
    >>> escape("<b>${x}`")
    '&lt;b&gt;&#36;&#123;x&#125;&#96;'
    """
    return html.escape(str(text)).translate(_TEMPLATE_SIGNS)
