"""The time line of an agent's life: what it knew before it was told, lesson by lesson, and what each label has had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.lessons import Bulk, Entry, Joined, Lesson, Lessons, Studied
from agent.ui import markup, notebook, words
from agent.ui import words_life as said
from agent.ui.notebook import LAST

N_SHOWN = 100  # lessons on the line
N_OF_LABEL = 12  # thumbnails on the card of a label
COLUMN_PX, HEIGHT_PX, EDGE_PX = 64, 112, 10
Point = tuple[float, float]


@dataclass(frozen=True)
class Moment:
    """One place on the line: an own lesson with the share known up to it, or a note of what happened in between."""

    lesson: Lesson | None
    known: float = 0.0
    note: str = ""


def moments(log: Lessons) -> list[Moment]:
    """Tell the standing lessons, oldest first, each with the share of the last 20 that was known before it was told.

    Examples
    --------
    >>> import numpy as np
    >>> log, drawing = Lessons(), np.zeros((28, 28), np.uint8)
    >>> numbers = [log.add(drawing, "4", guessed) for guessed in (None, "4", "9", "4")]
    >>> [moment.known for moment in moments(log)]
    [0.0, 0.5, 0.3333333333333333, 0.5]
    """
    told: list[Moment] = []
    knew: list[bool] = []
    for entry in log.standing():
        if isinstance(entry, Lesson):
            knew.append(entry.knew)
            told.append(Moment(entry, sum(knew[-LAST:]) / len(knew[-LAST:])))
        elif note := _note(entry):
            told.append(Moment(None, note=note))
    return told


def show(log: Lessons, number: int) -> str:
    """Lay out the line and a card for each label; the lesson of this number is marked as looked at."""
    own = log.own()
    if not own:
        return f"<h2>{said.TITLE}</h2><p>{said.EMPTY}</p>"
    shown = _newest(moments(log))
    n_shown = sum(moment.lesson is not None for moment in shown)
    more = " " + said.NEWEST.format(shown=n_shown, total=words.number(len(own))) if n_shown < len(own) else ""
    columns = "".join(_column(moment, number) for moment in shown)
    scale = "".join(f"<li>{words.share(share)}</li>" for share in (1.0, 0.5, 0.0))
    return (
        f"<h2>{said.TITLE}</h2><p>{said.HINT.format(last=LAST)}{more}</p>"
        f'<div class="timeline"><ul class="scale" aria-hidden="true">{scale}</ul>'
        f'<div class="past"><div>{_curve(shown)}<div class="moments">{columns}</div></div></div></div>'
        f"<h3>{said.BY_LABEL}</h3>{_cards(own)}"
    )


def _note(entry: Entry) -> str:
    """Say what is no lesson of a person's own; nothing of what takes one back."""
    if isinstance(entry, Bulk):
        return said.AT_ONCE.format(lessons=words.count(entry.n_lessons, "lesson"))
    if isinstance(entry, Joined):
        return said.JOINED.format(name=entry.name)
    return said.STUDIED if isinstance(entry, Studied) else ""


def _newest(told: Sequence[Moment]) -> Sequence[Moment]:
    """Leave out what lies before the last hundred lessons."""
    places = [place for place, moment in enumerate(told) if moment.lesson is not None]
    return told[places[-N_SHOWN] :] if len(places) > N_SHOWN else told


def _curve(shown: Sequence[Moment]) -> str:
    """Draw the share known, each point above its lesson."""
    dots: list[tuple[Point, bool]] = []
    for place, moment in enumerate(shown):
        if moment.lesson is not None:
            y = EDGE_PX + (HEIGHT_PX - 2 * EDGE_PX) * (1 - moment.known)
            dots.append((((place + 0.5) * COLUMN_PX, y), moment.lesson.knew))
    width = COLUMN_PX * len(shown)
    heights = (EDGE_PX, HEIGHT_PX / 2, HEIGHT_PX - EDGE_PX)
    grid = "".join(f'<line x1="0" x2="{width}" y1="{y:g}" y2="{y:g}"/>' for y in heights)
    line = " ".join(f"{x:g},{y:.1f}" for (x, y), _ in dots)
    circles = "".join(
        f'<circle class="{"knew" if knew else "told"}" cx="{x:g}" cy="{y:.1f}" r="5"/>' for (x, y), knew in dots
    )
    knew = [knew for _, knew in dots[-LAST:]]
    name = said.CURVE.format(share=words.share(sum(knew) / len(knew)), told=len(knew))
    return (
        f'<svg role="img" aria-label="{name}" width="{width}" height="{HEIGHT_PX}" viewBox="0 0 {width} {HEIGHT_PX}">'
        f'{grid}<polyline points="{line}"/>{circles}</svg>'
    )


def _column(moment: Moment, number: int) -> str:
    """Lay out what stands under the line: a lesson to press, or a note."""
    if moment.lesson is None:
        return f'<p class="note">{markup.safe(moment.note)}</p>'
    marked = ' aria-pressed="true"' if moment.lesson.number == number else ""
    return notebook.thumb(moment.lesson, "look", marked)


def _cards(own: Sequence[Lesson]) -> str:
    """Lay out a card for each label: how many lessons, how many it knew, the newest of them."""
    of_label: dict[str, list[Lesson]] = {}
    for lesson in own:
        of_label.setdefault(lesson.label, []).append(lesson)
    return f'<div class="by-label">{"".join(_card(label, of_label[label]) for label in sorted(of_label))}</div>'


def _card(label: str, lessons: Sequence[Lesson]) -> str:
    knew = said.KNEW.format(knew=sum(lesson.knew for lesson in lessons))
    pictures = "".join(markup.image(lesson.drawing, "") for lesson in lessons[: -N_OF_LABEL - 1 : -1])
    return (
        f'<article style="{markup.hue(label)}"><h4>{markup.safe(label)}</h4>'
        f"<p>{words.count(len(lessons), 'lesson')}, {knew}</p><div>{pictures}</div></article>"
    )
