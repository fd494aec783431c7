"""The notebook on the Draw tab: last lessons as thumbnails, share right before being told, lessons per label."""

from __future__ import annotations

import functools
import json
from collections import Counter
from typing import Any

from agent import tasks
from agent.errors import AgentError
from agent.lessons import Bulk, Lesson, Lessons, Lost
from agent.pupil import Pupil
from agent.ui import charts, words
from agent.ui.desk import Desk
from agent.ui.markup import all_labels, hue, image, per_label, safe

N_SHOWN = 60  # thumbnails in the strip
LAST = 20  # lessons behind the running share


def show(pupil: Pupil) -> str:
    """Lay out the notebook."""
    own = pupil.lessons.own()
    thumbs = "".join(thumb(lesson) for lesson in reversed(own[-N_SHOWN:]))
    strip = f'<div class="strip">{thumbs}</div>' if own else f'<div class="strip empty">{words.NOTEBOOK_EMPTY}</div>'
    right, told = pupil.lessons.right_before_told(LAST)
    share = words.RIGHT_BEFORE.format(right=right, told=told) if told else words.RIGHT_BEFORE_NONE
    legend = (
        f'<span class="legend"><i class="knew"></i>{words.KNEW} <i class="told"></i>{words.LEARNED_THEN}'
        f" · {words.NOTEBOOK_LEGEND}</span>"
    )
    return (
        f'<section class="notebook"><header><h2>{words.NOTEBOOK}</h2>{legend if own else ""}</header>{strip}'
        f'<div class="stats"><div><p id="share">{share}</p>{charts.spark(running_share(own))}</div>'
        f"<div><p>{words.PER_LABEL}</p>{per_label(count_labels(pupil.lessons), pupil.labels)}</div></div></section>"
    )


def sheet(desk: Desk, number: int) -> str:
    """Lay out the panel that changes one lesson; empty when it is no longer there."""
    lesson = next((lesson for lesson in desk.at_pad.lessons.own() if lesson.number == number), None)
    if lesson is None:
        return ""
    before = words.SHEET_UNSURE if lesson.guessed is None else words.SHEET_GUESSED.format(guessed=safe(lesson.guessed))
    buttons = "".join(
        f'<button type="button" data-do="relabel" data-label="{name}" style="{hue(label)}">{name}</button>'
        for label, name in ((label, safe(label)) for label in all_labels(desk.at_pad.labels))
    )
    field = f'<input type="text" maxlength="8" aria-label="{words.OWN_LABEL}" placeholder="{words.OWN_LABEL}">'
    return (
        f'<div class="sheet" role="dialog" aria-label="{words.NOTEBOOK}" data-number="{number}">'
        f'<div class="about">{image(lesson.drawing, lesson.label)}<div>'
        f"<p><b>{words.SHEET_TITLE.format(label=safe(lesson.label))}</b></p><p>{before}</p></div>"
        f'<button type="button" class="close" data-do="close" aria-label="{words.CLOSE}">×</button></div>'
        f'<p>{words.SHEET_RELABEL}</p><div class="labels">{buttons}</div>'
        f'<div class="own">{field}<button type="button" data-do="relabel-own">{words.SET}</button>'
        f'<button type="button" class="forget" data-do="forget">{words.FORGET}</button></div></div>'
    )


def change(desk: Desk, asked: dict[str, Any]) -> str:
    """Relabel or forget a lesson as asked from the panel, and say so."""
    number, do = asked.get("number"), asked.get("do")
    if do == "forget":
        label = next((lesson.label for lesson in desk.at_pad.lessons.own() if lesson.number == number), "")
        desk.at_pad.delete(number)
        return words.FORGOTTEN_LESSON.format(label=safe(label))
    if do == "relabel":
        desk.at_pad.relabel(number, asked.get("label"))
        return words.RELABELLED.format(label=safe(asked.get("label")))
    raise AgentError(f"expected forget or relabel, got {str(do)[:20]!r}.")


def count_labels(log: Lessons) -> Counter[str]:
    """Count the standing lessons of each label, those taught in bulk included."""
    counts: Counter[str] = Counter()
    for entry in log.standing():
        if isinstance(entry, (Lesson, Lost)):
            counts[entry.label] += 1 if isinstance(entry, Lesson) else -1
        elif isinstance(entry, Bulk) and entry.labels is not None:
            counts.update(entry.labels)
        elif isinstance(entry, Bulk) and entry.source is not None:
            counts.update(dict(_bulk_counts(json.dumps(entry.source), entry.start, entry.n_lessons)))
    return counts


@functools.lru_cache(maxsize=256)
def _bulk_counts(source: str, start: int, n_lessons: int) -> tuple[tuple[str, int], ...]:
    """Count the labels of bulk lessons, by drawing them again; nothing when that is not possible here."""
    try:
        _, labels = tasks.replay(json.loads(source))
    except AgentError:
        return ()
    return tuple(Counter(labels[start : start + n_lessons]).items())


def running_share(own: list[Lesson]) -> list[float]:
    """Give the share right before being told, over the last 20 at each lesson, oldest first."""
    knew = [lesson.knew for lesson in own]
    windows = [knew[max(0, end - LAST) : end] for end in range(1, len(knew) + 1)][-100:]
    return [sum(window) / len(window) for window in windows]


def thumb(lesson: Lesson, do: str = "pick", marked: str = "") -> str:
    """Show a lesson as a button that asks for this to be done with it."""
    knew = words.KNEW if lesson.knew else words.LEARNED_THEN
    name = words.LESSON_NAME.format(label=safe(lesson.label), knew=knew)
    return (
        f'<button type="button" class="thumb {"knew" if lesson.knew else "told"}" data-do="{do}" '
        f'data-number="{lesson.number}" aria-label="{name}" title="{name}"{marked}>'
        f"{image(lesson.drawing, '')}<b>{safe(lesson.label)}</b></button>"
    )
