"""The time line of an agent's life."""

import re

import numpy as np
from agents import born

from agent.ui.parts import notebook


def lived(lessons, kind="nearest"):
    """An agent that was asked before each lesson; whether it was right."""
    pupil, right = born(kind), []
    for drawing, label in zip(*lessons, strict=True):
        right.append(pupil.predict_one(drawing).label == label)
        pupil.learn_one(drawing, label)
    return pupil, right


def test_the_line_is_the_share_of_the_last_twenty_it_was_right_about_before_it_was_told(lessons):
    drawings, labels = lessons
    pupil, right = lived((list(drawings) * 3, list(labels) * 3))
    told = notebook.timeline_entries(pupil.lessons)
    assert [moment.lesson for moment in told] == pupil.lessons.user_lessons()
    assert any(right) and not all(right) and len(right) > notebook.WINDOW
    expected = [np.mean(right[max(0, end - notebook.WINDOW) : end]) for end in range(1, len(right) + 1)]
    assert np.allclose([moment.share_known for moment in told], expected)


def test_a_forgotten_lesson_is_on_the_line_no_more_and_a_relabelled_one_under_its_new_label(lessons):
    pupil, _ = lived(lessons)
    first, second, *_ = pupil.lessons.user_lessons()
    pupil.delete(first.number)
    pupil.relabel(second.number, "X")
    told = notebook.timeline_entries(pupil.lessons)
    assert [moment.lesson.number for moment in told] == [each.number for each in pupil.lessons.user_lessons()]
    assert told[0].lesson.label == "X" and "X" in notebook.timeline(pupil.lessons, -1)


def test_what_was_taught_at_once_stands_between_as_a_note(lessons):
    drawings, labels = lessons
    pupil = born("nearest")
    pupil.learn_one(drawings[0], labels[0])
    pupil.learn_many(drawings, labels)
    pupil.learn_one(drawings[1], labels[1])
    assert [moment.note for moment in notebook.timeline_entries(pupil.lessons)] == [
        "",
        f"{len(labels)} lessons at once",
        "",
    ]
    assert f'<p class="note">{len(labels)} lessons at once</p>' in notebook.timeline(pupil.lessons, -1)


def test_only_the_newest_hundred_are_laid_out_and_the_rest_is_said(lessons):
    drawings, labels = lessons
    times = 130 // len(labels) + 1
    pupil, right = lived((list(drawings) * times, list(labels) * times))
    shown = notebook.timeline(pupil.lessons, pupil.lessons.user_lessons()[-1].number)
    assert shown.count('data-do="look"') == shown.count("<circle") == notebook.N_ON_LINE
    assert f"The newest 100 of {len(right)} are shown." in shown
    assert shown.count("aria-pressed") == 1
    counted = re.findall(r"<p>(\d+) lessons?, knew (\d+)</p>", shown)
    assert sum(int(n) for n, _ in counted) == len(right) and sum(int(knew) for _, knew in counted) == sum(right)


def test_a_label_is_text_whatever_it_says_and_an_agent_without_lessons_says_what_to_do(lessons):
    pupil = born("nearest")
    assert "Draw something and say what it is." in notebook.timeline(pupil.lessons, -1)
    pupil.learn_one(lessons[0][0], "<b>${1}")
    assert "<b>$" not in notebook.timeline(pupil.lessons, -1)
