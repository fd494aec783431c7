"""The visitor's lessons: the notebook and the cards of labels on the Draw tab, and the time line on the Inside tab."""

from __future__ import annotations

import functools
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent import datasets, render
from agent.agents.pupil import Pupil
from agent.errors import AgentError
from agent.lessons import Bulk, BulkForgotten, Entry, Joined, Lesson, Lessons, Studied
from agent.ui import formatting
from agent.ui.html import DIGITS, all_labels, button, hue, image, safe
from agent.ui.session import Session
from agent.ui.texts import input_texts, texts, timeline_texts, with_label

MAX_COUNTED = 256  # sources whose labels are counted
N_IN_STRIP = 60  # thumbnails in the notebook
WINDOW = 20  # lessons behind the running share
N_IN_SPARKLINE = 100
N_ON_LABEL_CARD = 3  # thumbnails on the card of a visitor's label
N_ON_LINE = 100  # lessons on the time line
N_ON_TIMELINE_CARD = 12  # thumbnails on the card of a label below it
COLUMN_PX, HEIGHT_PX, EDGE_PX = 64, 112, 10


def show(log: Lessons, labels: Sequence[str]) -> str:
    """The notebook of an agent that knows these labels."""
    lessons = log.user_lessons()
    thumbs = "".join(_thumb(lesson) for lesson in reversed(lessons[-N_IN_STRIP:]))
    strip = f'<div class="strip">{thumbs}</div>' if thumbs else f'<div class="strip empty">{texts.NOTEBOOK_EMPTY}</div>'
    n_right, n_lessons = log.prequential_counts(WINDOW)
    share = texts.RIGHT_BEFORE.format(right=n_right, n_lessons=n_lessons) if n_lessons else texts.RIGHT_BEFORE_NONE
    legend = (
        f'<span class="legend"><i class="knew"></i>{texts.KNEW} <i class="told"></i>{texts.LEARNED_THEN}'
        f" · {texts.NOTEBOOK_LEGEND}</span>"
    )
    sparkline = _sparkline(running_share([lesson.was_correct for lesson in lessons])[-N_IN_SPARKLINE:])
    return (
        f'<section class="notebook"><header><h2>{texts.NOTEBOOK}</h2>{legend if lessons else ""}</header>{strip}'
        f'<div class="stats"><div><p id="share">{share}</p>{sparkline}</div>'
        f"<div><p>{texts.PER_LABEL}</p>{_columns(count_labels(log), labels)}</div></div></section>"
    )


def sheet(session: Session, number: object) -> str:
    """The panel that changes one lesson; empty when the lesson is no longer there."""
    lesson = _lesson(session, number)
    if lesson is None:
        return ""
    before = texts.SHEET_UNSURE if lesson.guessed is None else texts.SHEET_GUESSED.format(guessed=safe(lesson.guessed))
    buttons = "".join(
        button("relabel", safe(label), data_label=label, style=hue(label), css="wide" if len(label) > 2 else "")
        for label in all_labels(session.at_pad.labels)
    )
    field = f'<input type="text" maxlength="8" aria-label="{texts.OWN_LABEL}" placeholder="{texts.OWN_LABEL}">'
    return (
        f'<div class="sheet" role="dialog" aria-label="{texts.NOTEBOOK}" data-number="{number}">'
        f'<div class="about">{image(lesson.drawing, lesson.label)}<div>'
        f"<p><b>{with_label(texts.SHEET_TITLE, safe(lesson.label))}</b></p><p>{before}</p></div>"
        f"{button('close', '×', css='close', aria_label=texts.CLOSE)}</div>"
        f'<p>{texts.SHEET_RELABEL}</p><div class="labels">{buttons}</div>{_all_of(session, lesson.label)}'
        f'<div class="own"><span>{field}</span>{button("relabel", texts.SET, data_field="1")}'
        f"{button('forget', texts.FORGET, css='forget')}</div></div>"
    )


def change(session: Session, payload: dict[str, Any]) -> str:
    """Relabel or forget a lesson as the panel says; gives a line on it."""
    number, do, label = payload.get("number"), payload.get("do"), payload.get("label")
    if do == "forget":
        lesson = _lesson(session, number)
        with session.history.change(session, "forget", lesson.label if lesson else ""):
            session.at_pad.delete(number)
        return texts.FORGOTTEN_LESSON.format(label=safe(lesson.label if lesson else ""))
    if do == "relabel":
        with session.history.change(session, "relabel", str(label)[:8]):
            is_all = payload.get("all") is True
            (session.at_pad.relabel_all if is_all else session.at_pad.relabel)(number, label)
        return with_label(texts.RELABELLED_ALL if is_all else texts.RELABELLED, safe(label))
    raise AgentError(f"expected forget or relabel, got {str(do)[:20]!r}.")


def _all_of(session: Session, label: str) -> str:
    """A box to tick for all lessons of a label, where there are several."""
    n = sum(lesson.label == label for lesson in session.at_pad.lessons.user_lessons())
    box = f'<input type="checkbox" data-all> {texts.SHEET_ALL.format(n=n, label=safe(label))}'
    return f'<label class="all">{box}</label>' if n > 1 else ""


def _lesson(session: Session, number: object) -> Lesson | None:
    return next((lesson for lesson in session.at_pad.lessons.user_lessons() if lesson.number == number), None)


def count_labels(log: Lessons) -> Counter[str]:
    """Count the standing lessons of each label, those taught in bulk included."""
    counts: Counter[str] = Counter()
    ranges: dict[str, list[tuple[int, int]]] = defaultdict(list)  # of each source
    for entry in log.standing():
        if isinstance(entry, (Lesson, BulkForgotten)):
            counts[entry.label] += 1 if isinstance(entry, Lesson) else -1
        elif isinstance(entry, Bulk) and entry.labels is not None:
            counts.update(entry.labels)
        elif isinstance(entry, Bulk) and entry.source is not None:
            ranges[json.dumps(entry.source)].append((entry.start, entry.start + entry.n_lessons))
    for source, its_ranges in [*ranges.items()][:MAX_COUNTED]:
        counts.update(dict(_bulk_counts(source, tuple(its_ranges))))
    return counts


@functools.lru_cache(maxsize=256)
def _bulk_counts(source: str, ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[str, int], ...]:
    """Count the labels of bulk lessons of a source; nothing when that is not possible here."""
    try:
        labels = datasets.lazy(json.loads(source)).labels
    except AgentError:
        return ()
    names, label_ids = np.unique(labels, return_inverse=True)
    ends = np.minimum(ranges, len(labels))
    n_before = (np.append(0, np.cumsum(label_ids == number)) for number in range(len(names)))
    n_taught = [int((n[ends[:, 1]] - n[ends[:, 0]]).sum()) for n in n_before]
    return tuple((str(name), n) for name, n in zip(names, n_taught, strict=True) if n)


def running_share(was_correct: Sequence[bool]) -> list[float]:
    """Share right before being taught, over the last 20 lessons at each one.

    Examples
    --------
    >>> running_share([False, True, False, True])
    [0.0, 0.5, 0.3333333333333333, 0.5]
    """
    windows = [was_correct[max(0, end - WINDOW) : end] for end in range(1, len(was_correct) + 1)]
    return [sum(window) / len(window) for window in windows]


def _sparkline(shares: Sequence[float]) -> str:
    """A line so small that it needs no axes: shares 0 … 1, oldest first."""
    line = ""
    if len(shares) > 1:
        points = [f"{120 * n / (len(shares) - 1):.1f},{22 - 20 * share:.1f}" for n, share in enumerate(shares)]
        line = f'<polyline points="{" ".join(points)}"/>'
    return f'<svg class="spark" viewBox="0 0 120 24" preserveAspectRatio="none" aria-hidden="true">{line}</svg>'


def _columns(counts: Counter[str], labels: Sequence[str]) -> str:
    """How many lessons each label has had."""
    max_count, labels = max([1, *counts.values()]), all_labels(labels)
    columns = "".join(
        f'<li style="{hue(label)}" title="{formatting.count(counts[label], "lesson")}">'
        f'<span class="column"><i style="height:{100 * counts[label] / max_count:.0f}%"></i></span>'
        f"<b>{safe(label)}</b><small>{formatting.number(counts[label])}</small></li>"
        for label in labels
    )
    scrolls = ' tabindex="0"' if len(labels) > len(DIGITS) else ""
    return f'<ul class="columns"{scrolls}>{columns}</ul>'


def _thumb(lesson: Lesson, do: str = "pick", pressed: bool = False) -> str:
    """A lesson as a button."""
    name = texts.LESSON_NAME.format(label=lesson.label, knew=texts.KNEW if lesson.was_correct else texts.LEARNED_THEN)
    return button(
        do,
        f"{image(lesson.drawing, '')}<b>{safe(lesson.label)}</b>",
        pressed,
        css=f"thumb {_css(lesson)}",
        data_number=lesson.number,
        aria_label=name,
        title=name,
    )


def _css(lesson: Lesson) -> str:
    return "knew" if lesson.was_correct else "told"


# ---------------------------------------------------------------- the visitor's labels


def label_cards(pupil: Pupil) -> str:
    """Buttons of the labels that are no digits, to teach them again; each, as those of digits, with its last drawings.

    Examples
    --------
    >>> from agent.agents import new
    >>> label_cards(new("nearest"))
    '<style></style>'
    """
    counts, lessons_of = count_labels(pupil.lessons), _by_label(pupil.lessons.user_lessons())
    newest = {label: lessons_of[label][-N_ON_LABEL_CARD:] for label in all_labels(pupil.labels)}
    strips = {
        label: render.data_uri(render.strip([lesson.drawing for lesson in newest[label]]))
        for label in DIGITS
        if newest[label]
    }
    style = "".join(f'#label-{label}{{--samples:url("{strip}")}}' for label, strip in strips.items())
    others = (label for label in pupil.labels if label not in DIGITS)
    cards = "".join(_label_card(label, counts[label], newest[label]) for label in others)
    return f"<style>{style}</style>{cards}"


def _by_label(lessons: Sequence[Lesson]) -> defaultdict[str, list[Lesson]]:
    lessons_of = defaultdict(list)
    for lesson in lessons:
        lessons_of[lesson.label].append(lesson)
    return lessons_of


def _label_card(label: str, n_lessons: int, newest: list[Lesson]) -> str:
    counted, drawings = formatting.count(n_lessons, "lesson"), "".join(image(lesson.drawing, "") for lesson in newest)
    name = input_texts.CARD.format(label=label, lessons=counted)
    content = f'<b>{safe(label)}</b><small class="unseen">{counted}</small><span>{drawings}</span>'
    style = f"{hue(label)};--chars:{len(label)}"
    return button("tell", content, data_label=label, style=style, aria_label=name)


# ---------------------------------------------------------------- time line


@dataclass(frozen=True)
class TimelineEntry:
    """One place on the line: a lesson with the share known up to it, or a note on what happened in between."""

    lesson: Lesson | None
    share_known: float = 0.0
    note: str = ""


def timeline_entries(log: Lessons) -> list[TimelineEntry]:
    """Give the standing lessons and notes, oldest first."""
    entries = log.standing()
    shares = iter(running_share([entry.was_correct for entry in entries if isinstance(entry, Lesson)]))
    line = [
        TimelineEntry(entry, next(shares)) if isinstance(entry, Lesson) else TimelineEntry(None, note=_note(entry))
        for entry in entries
    ]
    return [moment for moment in line if moment.lesson is not None or moment.note]


def _note(entry: Entry) -> str:
    """What happened between the visitor's lessons; nothing on what takes a lesson back."""
    if isinstance(entry, Bulk):
        return timeline_texts.AT_ONCE.format(lessons=formatting.count(entry.n_lessons, "lesson"))
    if isinstance(entry, Joined):
        return timeline_texts.JOINED.format(name=entry.name)
    return timeline_texts.STUDIED if isinstance(entry, Studied) else ""


def timeline(log: Lessons, number: int) -> str:
    """The time line and a card for each label; the lesson of this number is marked as looked at."""
    lessons = log.user_lessons()
    if not lessons:
        return f"<h2>{timeline_texts.TITLE}</h2><p>{timeline_texts.EMPTY}</p>"
    newest, more = timeline_entries(log), ""
    places = [place for place, moment in enumerate(newest) if moment.lesson is not None]
    if len(places) > N_ON_LINE:
        newest = newest[places[-N_ON_LINE] :]
        more = " " + timeline_texts.NEWEST.format(shown=N_ON_LINE, total=formatting.number(len(lessons)))
    columns = "".join(
        f'<p class="note">{safe(moment.note)}</p>'
        if moment.lesson is None
        else _thumb(moment.lesson, "look", moment.lesson.number == number)
        for moment in newest
    )
    scale = "".join(f"<li>{formatting.share(share)}</li>" for share in (1.0, 0.5, 0.0))
    lessons_of = _by_label(lessons)
    cards = "".join(_timeline_card(label, lessons_of[label]) for label in sorted(lessons_of))
    return (
        f"<h2>{timeline_texts.TITLE}</h2><p>{timeline_texts.HINT.format(last=WINDOW)}{more}</p>"
        f'<div class="timeline"><ul class="scale" aria-hidden="true">{scale}</ul>'
        f'<div class="past"><div>{_timeline_curve(newest)}<div class="moments">{columns}</div></div></div></div>'
        f'<h3>{timeline_texts.BY_LABEL}</h3><div class="by-label">{cards}</div>'
    )


def _timeline_curve(newest: Sequence[TimelineEntry]) -> str:
    """The share known, each point above its lesson."""
    points = [
        ((place + 0.5) * COLUMN_PX, EDGE_PX + (HEIGHT_PX - 2 * EDGE_PX) * (1 - moment.share_known), moment.lesson)
        for place, moment in enumerate(newest)
        if moment.lesson is not None
    ]
    width = COLUMN_PX * len(newest)
    heights = (EDGE_PX, HEIGHT_PX / 2, HEIGHT_PX - EDGE_PX)
    grid = "".join(f'<line x1="0" x2="{width}" y1="{y:g}" y2="{y:g}"/>' for y in heights)
    line = " ".join(f"{x:g},{y:.1f}" for x, y, _ in points)
    circles = "".join(f'<circle class="{_css(lesson)}" cx="{x:g}" cy="{y:.1f}" r="5"/>' for x, y, lesson in points)
    correct = [lesson.was_correct for _, _, lesson in points[-WINDOW:]]
    name = timeline_texts.CURVE.format(share=formatting.share(sum(correct) / len(correct)), n_lessons=len(correct))
    return (
        f'<svg role="img" aria-label="{name}" width="{width}" height="{HEIGHT_PX}" viewBox="0 0 {width} {HEIGHT_PX}">'
        f'{grid}<polyline points="{line}"/>{circles}</svg>'
    )


def _timeline_card(label: str, lessons: Sequence[Lesson]) -> str:
    """How many lessons of a label, how many the agent knew, the newest of them."""
    n_correct = timeline_texts.KNEW.format(knew=sum(lesson.was_correct for lesson in lessons))
    pictures = "".join(image(lesson.drawing, "") for lesson in lessons[: -N_ON_TIMELINE_CARD - 1 : -1])
    return (
        f'<article style="{hue(label)}"><h4>{safe(label)}</h4>'
        f"<p>{formatting.count(len(lessons), 'lesson')}, {n_correct}</p><div>{pictures}</div></article>"
    )
