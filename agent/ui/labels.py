"""Labels of one's own, each a card: its name, how often it was taught, its last drawings; a press teaches it again."""

from __future__ import annotations

from collections import defaultdict

from agent.lessons import Lesson
from agent.pupil import Pupil
from agent.ui import notebook, words
from agent.ui import words_visit as said
from agent.ui.markup import DIGITS, hue, image, safe

N_DRAWINGS = 3  # on a card


def cards(pupil: Pupil) -> str:
    """Lay out the cards; nothing where all labels are digits.

    Examples
    --------
    >>> from agent.families import new
    >>> cards(new("nearest"))
    ''
    """
    names = [label for label in pupil.labels if label not in DIGITS]
    if not names:
        return ""
    counts, drawn = notebook.count_labels(pupil.lessons), defaultdict(list)
    for lesson in reversed(pupil.lessons.own()):
        drawn[lesson.label].append(lesson)
    return "".join(_card(label, counts[label], drawn[label][:N_DRAWINGS]) for label in names)


def _card(label: str, n_lessons: int, lessons: list[Lesson]) -> str:
    name, taught = safe(label), words.count(n_lessons, "lesson")
    drawings = "".join(image(lesson.drawing, "") for lesson in reversed(lessons))
    return (
        f'<button type="button" data-do="tell" data-label="{name}" style="{hue(label)}" '
        f'aria-label="{said.CARD.format(label=name, lessons=taught)}">'
        f"<b>{name}</b><small>{taught}</small><span>{drawings}</span></button>"
    )
