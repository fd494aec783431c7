"""Pieces of HTML that several tabs use. Labels and names are visitors' text: everything passes `safe`."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
from PIL import Image

from agent import charts, preprocessing, render
from agent.agents.pupil import Pupil
from agent.charts import escape as safe
from agent.models import Exemplar, Guess
from agent.ui import formatting
from agent.ui.texts import texts, with_label

DIGITS = tuple("0123456789")


def hue(label: str) -> str:
    """Colour of a label as a CSS variable: ten evenly spaced hues for digits, a fixed one for any other label.

    Examples
    --------
    >>> hue("4"), hue("A") == hue("A")
    ('--hue:169', True)
    """
    degrees = 25 + 36 * int(label) if label in DIGITS else zlib.crc32(label.encode()) % 360
    return f"--hue:{degrees % 360}"


def all_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """The ten digits, taught or not, then the visitor's own labels."""
    return DIGITS + tuple(label for label in labels if label not in DIGITS)


# ---------------------------------------------------------------- elements


def attributes(**values: object) -> str:
    """HTML attributes, escaped, without those that are empty; ``css`` is the class, and ``_`` stands for ``-``.

    Examples
    --------
    >>> attributes(css="thumb", data_label="<b>", title="")
    ' class="thumb" data-label="&lt;b&gt;"'
    """
    names = {name: "class" if name == "css" else name.replace("_", "-") for name in values}
    return "".join(f' {names[name]}="{safe(value)}"' for name, value in values.items() if value not in ("", None))


def button(do: str, content: str, pressed: bool = False, **values: object) -> str:
    """Button whose press reaches the server as a ``pick`` event with ``do``, ``data_number`` and ``data_label``."""
    values["aria_pressed"] = "true" if pressed else ""
    return f'<button type="button"{attributes(data_do=do, **values)}>{content}</button>'


def image(drawing: np.ndarray, alt: str) -> str:
    """Drawing at its own size; CSS enlarges it, crisp."""
    return picture(render.picture(drawing), alt)


def picture(pixels: Image.Image, alt: str, **values: object) -> str:
    """Picture in the colours of ink."""
    return f'<img class="ink" src="{render.data_uri(pixels)}" alt="{safe(alt)}"{attributes(**values)}>'


def figure(content: str, caption: str, style: str = "") -> str:
    """Figure with a caption, which is HTML."""
    return f"<figure{attributes(style=style)}>{content}<figcaption>{caption}</figcaption></figure>"


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """List of names and values, both HTML."""
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in pairs)
    return f'<dl class="facts">{rows}</dl>'


def table(name: str, heads: Iterable[str], rows: Iterable[str], css: str = "", scroll_css: str = "") -> str:
    """Table in a region that scrolls; ``heads`` are ``<th>`` or ``<td>`` elements, ``rows`` are ``<tr>``."""
    return (
        f'<div class="scroll{scroll_css}" tabindex="0" role="region" aria-label="{safe(name)}">'
        f"<table{attributes(css=css)}><thead><tr>{''.join(heads)}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def head(name: str) -> str:
    """Head of a column."""
    return f'<th scope="col">{name}</th>'


# ---------------------------------------------------------------- what an agent answers


def bars(labels: Sequence[str], guess: Guess | None) -> str:
    """Each label's share of all responses, the best one bold."""
    share = dict(zip(labels, shares(guess), strict=True)) if guess is not None else {}
    rows = [
        bar(label, hue(label), share.get(label, 0.0), guess is not None and guess.label == label)
        for label in all_labels(labels)
    ]
    many = f' many" tabindex="0" style="--rows:{-(-len(rows) // 2)}' if len(rows) > len(DIGITS) else ""
    return f'<ul class="bars{many}">{"".join(rows)}</ul>'


def shares(guess: Guess) -> list[float]:
    """Each label's share of all responses, in the order of the agent's labels; zeros where nothing responds.

    Examples
    --------
    >>> shares(Guess.of(("3", "8"), np.array([30, 10], np.int32)))
    [0.75, 0.25]
    """
    responses = np.maximum(0, guess.responses)
    return (responses / max(1, responses.sum())).tolist()


def bar(name: str, style: str, share: float, is_best: bool, note: str = "") -> str:
    """One bar of a list of bars."""
    return (
        f"<li{attributes(css='best' if is_best else '', style=style)}><b>{safe(name)}</b>"
        f'<span class="track"><i style="width:{100 * share:.1f}%"></i></span>{note}</li>'
    )


def sees(canonical: np.ndarray | None) -> str:
    """The drawing as the agent looks at it."""
    if canonical is None:
        canonical = np.zeros((preprocessing.SIDE, preprocessing.SIDE), np.uint8)
    caption = f"<figcaption>{texts.SEES}</figcaption>"
    return f'<figure class="sees" title="{texts.SEES_HINT}">{image(canonical, texts.SEES)}{caption}</figure>'


def explain(
    guess: Guess | None = None,
    canonical: np.ndarray | None = None,
    image_of: np.ndarray | None = None,
    text: str = "",
    other: Exemplar | None = None,
) -> str:
    """What a guess rests on: pixels that voted, mental image, nearest drawings; a text, another label's nearest one."""
    if guess is None or guess.label is None or canonical is None or image_of is None:
        return f'<div class="reasons empty"><p>{texts.WHY_NOTHING}</p></div>'
    label, figures = safe(guess.label), []
    if guess.saliency is not None:
        tinted = render.tinted(canonical, guess.saliency)
        figures.append(figure(picture(tinted, texts.VOTED), texts.VOTED))
    name = with_label(texts.MENTAL_IMAGE, label)
    figures.append(figure(image(image_of, name), name))
    for place, reason in enumerate(guess.because):
        name = (texts.NEXT_NEAREST if place else texts.NEAREST).format(label=safe(reason.label))
        figures.append(figure(image(reason.drawing, name), name))
    if other is not None:
        name = texts.NEAREST.format(label=safe(other.label))
        figures.append(figure(image(other.drawing, name), name, hue(other.label)))
    return f'<div class="reasons" style="{hue(guess.label)}"><p>{text}</p>{"".join(figures)}</div>'


def about(pupil: Pupil) -> str:
    """One line on what an agent is."""
    lessons, labels = formatting.count(pupil.n_lessons, "lesson"), formatting.count(len(pupil.labels), "label")
    return f"<span>{texts.ABOUT.format(name=safe(pupil.name), lessons=lessons, labels=labels)}</span>"


def status(text: str, is_refusal: bool = False) -> str:
    """One line on what just happened; in a quiet colour where nothing did.

    Examples
    --------
    >>> status("Draw something first.", is_refusal=True)
    '<p class="status refusal">Draw something first.</p>'
    """
    return f'<p class="status{" refusal" if is_refusal else ""}">{text or "&nbsp;"}</p>'


# ---------------------------------------------------------------- charts


def chart(
    lines: Sequence[charts.Line],
    x: charts.Axis,
    y: charts.Axis,
    text: Callable[[float], str],
    empty: str,
    css: str = "curve",
) -> str:
    """Lines with a legend below that gives the last value of each; one without points has a dash there."""
    last = {line.name: text(line.points[-1][1]) if line.points else "–" for line in lines}
    keys = "".join(f'<li class="{line.css}"><i></i>{safe(line.name)} <b>{last[line.name]}</b></li>' for line in lines)
    label = "; ".join(f"{line.name} {last[line.name]}" for line in lines if line.points) or empty
    svg = charts.plot(lines, x, y, label, empty)
    return f'<div class="{css}">{svg}<ul class="keys">{keys or "<li>&nbsp;</li>"}</ul></div>'


def learning_curve(lines: Sequence[charts.Line], n_lessons: int, top: float | None = None) -> str:
    """Values against lessons, from 10 on a logarithmic axis: shares, or values up to ``top``."""
    high = 1.0 if top is None else top
    text = tick_text = formatting.share
    if top is not None:
        text, tick_text = (partial(formatting.number, form=form) for form in (".4g", ".2g"))
    end = max(100, n_lessons)
    steps = (1, 2, 5) if end <= 2000 else (1,)
    x = charts.Axis(10, end, charts.log_ticks(10, end, formatting.number, steps), texts.CURVE_X, log=True)
    y = charts.Axis(0.0, high, [(high * quarter / 4, tick_text(high * quarter / 4)) for quarter in range(5)])
    return chart([line for line in lines if line.points], x, y, text, texts.CURVE_EMPTY)


def confusion_figure(counts: np.ndarray, labels: Sequence[str], name: str, caption: str) -> str:
    """Confusion table; the caption is HTML."""
    svg = charts.confusion(counts, labels, name)
    return f'<figure class="confusion">{svg}<figcaption>{caption}</figcaption></figure>'
