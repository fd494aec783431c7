"""Teach: choose lessons, teach them with a live curve, test; three steps on one card."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import gradio as gr
import numpy as np

from agent import train
from agent.errors import AgentError
from agent.lessons import Bulk
from agent.pupil import Pupil
from agent.tasks import digits
from agent.ui import charts, exam, words, words_browser
from agent.ui.desk import DESKS, Desk
from agent.ui.events import QUIET, at_desk, in_turn
from agent.ui.markup import DIGITS
from agent.ui.page import Page, header

MNIST_COUNTS = (10, 60, 600, 6000)
N_HELD_OUT = 300
Part = tuple[Sequence[np.ndarray] | np.ndarray, Sequence[str], dict[str, Any] | None]
Curves = tuple[list[tuple[float, float]], list[tuple[float, float]]]


def title() -> str:
    """Name the tab."""
    return words.TEACH


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    with gr.Row(elem_classes="card two"):
        with gr.Column(elem_classes="step"):
            gr.HTML(step(1, words.STEP_WHAT))
            choices = _choices()
        with gr.Column(elem_classes="step"):
            gr.HTML(step(2, words.STEP_TEACH))
            with gr.Row(elem_classes="go"):
                go = gr.Button(words.TEACH_NOW, variant="primary", elem_id="teach-now")
                again = gr.Button(words.STUDY, elem_id="study")
                stop = gr.Button(words.STOP, interactive=False, elem_id="teach-stop")
            bar = gr.HTML(progress_bar(0, words.COURSE_IDLE), elem_id="course")
            curve = gr.HTML(charts.curve((), 60), elem_id="curve")
            gr.HTML(f"<p><small>{words.STUDY_HINT}</small></p>")
    tested = exam.build(page, choices)
    buttons = [go, again, stop]
    running = [*buttons, bar, curve, page.header]
    go.click(course, [page.id, *choices.values()], running, **QUIET).then(rest, None, buttons, **QUIET)
    again.click(study, page.id, [*buttons, bar, page.header], **QUIET).then(rest, None, buttons, **QUIET)
    stop.click(DESKS.stop, page.id, None, queue=False, **QUIET)
    return fill, [choices["notebook"], tested, page.header]


def _choices() -> dict[str, gr.components.Component]:
    """Lay out what can be chosen: the names are those of `chosen`'s parameters."""
    sets = digits.data_sets()
    font_choices = [(name, digits.FONT + name) for name in digits.fonts()]
    counts = [(words.NONE, 0), *((words.number(n), n) for n in MNIST_COUNTS), (words.ALL_MNIST, 60_000)]
    choices: dict[str, gr.components.Component] = {
        "mnist": gr.Radio(counts, value=60, label=words.MNIST, info=words.MNIST_HINT, elem_id="mnist",
                          elem_classes="segments"),
        "fonts": gr.CheckboxGroup(font_choices, label=words.FONTS, info=words.FONTS_HINT, elem_id="fonts"),
        "sets": gr.CheckboxGroup([*sets], label=words.OTHER_SETS, visible=bool(sets), elem_id="sets"),
        "notebook": gr.Checkbox(label=words.NOTEBOOK_SET, info=words.NOTEBOOK_SET_HINT, elem_id="notebook-set"),
    }  # fmt: skip
    with gr.Accordion(words.MORE, open=False, elem_id="more"):
        choices |= {
            "exactly": gr.Number(
                label=words.EXACTLY, info=words.EXACTLY_HINT, precision=0, minimum=0, maximum=60_000, value=0
            ),
            "labels": gr.CheckboxGroup([*DIGITS], value=[*DIGITS], label=words.ONLY_LABELS, elem_classes="segments"),
            "seed": gr.Number(0, label=words.SEED, info=words.SEED_HINT, precision=0, minimum=0, maximum=2**31 - 1),
            "balanced": gr.Checkbox(True, label=words.BALANCED),
        }
    return choices


def step(number: int, title: str) -> str:
    """Head one of the three steps."""
    return f'<h2 class="step-title"><i>{number}</i>{title}</h2>'


def progress_bar(share: float, text: str) -> str:
    """Show how far something is; always as tall."""
    return f'<div class="progress"><span><i style="width:{100 * share:.1f}%"></i></span><p>{text}</p></div>'


# ---------------------------------------------------------------- what is taught


def chosen(
    desk: Desk,
    mnist: int,
    fonts: list[str],
    sets: list[str],
    notebook: bool,
    exactly: int | None,
    labels: list[str],
    seed: int,
    balanced: bool,
) -> tuple[list[Part], digits.Selection | None]:
    """Draw the chosen lessons, and the selection behind those that have one."""
    only = () if len(labels) == len(DIGITS) else tuple(labels)
    wanted: dict[str, int | None] = dict.fromkeys(fonts)
    wanted |= dict.fromkeys(sets, exactly or None)
    if mnist:
        wanted["mnist"] = exactly or (None if mnist == 60_000 else mnist)
    selection = digits.Selection(wanted, only, seed or 0, bool(balanced)) if wanted else None
    parts: list[Part] = [(*selection.draw(), selection.source)] if selection else []
    own = [lesson for lesson in desk.notebook() if not only or lesson.label in only] if notebook else []
    if own:
        parts.append(([lesson.drawing for lesson in own], [lesson.label for lesson in own], None))
    if not parts:
        raise AgentError(words.CHOOSE)
    return parts, selection


def taught(pupil: Pupil, parts: list[Part], held_out: digits.Selection | None) -> Iterator[tuple[int, train.Progress]]:
    """Teach one part after the other; give how many lessons are done in all."""
    asked = held_out.draw() if held_out else None
    ends = [0]
    for _, labels, _ in parts:
        ends.append(ends[-1] + len(labels))
    for (drawings, labels, source), (start, _) in zip(parts, pairwise(ends), strict=True):
        for progress in train.progressive(pupil, drawings, labels, source=source, held_out=asked):
            yield start + progress.n_done, progress


# ---------------------------------------------------------------- events


@at_desk
def fill(desk: Desk) -> Any:
    """Show how large the notebook is, the mistakes left, and the header."""
    own = f"{words.NOTEBOOK_SET} ({words.count(len(desk.notebook()), 'drawing')})"
    return gr.update(label=own), exam.mistakes(desk), header(desk)


@in_turn
def course(desk: Desk, *choices: Any) -> Iterator[tuple[Any, ...]]:
    """Teach what is chosen, chunk by chunk, until done or stopped."""
    if not desk.browser.is_known:
        raise AgentError(words_browser.WAIT)
    parts, selection = chosen(desk, *choices)
    n_total, pupil = sum(len(labels) for _, labels, _ in parts), desk.pupil
    mine = desk.course = object()
    n_done, before, after = 0, [], []
    yield _shown(desk, 0, n_total, words.COURSE.format(done=0, total=words.number(n_total)), (before, after))
    held_out = selection.held_out(N_HELD_OUT) if selection else None
    for n_done, progress in taught(pupil, parts, held_out):
        before.append((n_done, progress.right_before_told))
        if progress.accuracy_held_out is not None:
            after.append((n_done, progress.accuracy_held_out))
        text = _text(n_done, n_total, progress.seconds)
        yield _shown(desk, n_done, n_total, text, (before, after))
        if desk.course is not mine and n_done < n_total:
            text = words.COURSE_STOPPED.format(done=words.number(n_done), total=words.number(n_total))
            yield _shown(desk, n_done, n_total, text if desk.pupil is pupil else words.REPLACED, (before, after))
            return


@in_turn
def study(desk: Desk) -> Iterator[tuple[Any, ...]]:
    """Let the agent go over its bulk lessons once more, until done or stopped."""
    pupil, begun = desk.pupil, time.perf_counter()
    mine = desk.course = object()
    lessons = words.count(
        sum(entry.n_lessons for entry in pupil.lessons.standing() if isinstance(entry, Bulk)), "lesson"
    )
    for share in pupil.studying():
        text = words.STUDYING.format(lessons=lessons, share=words.share(share))
        yield *_buttons(share < 1), progress_bar(share, text), header(desk)
        if desk.course is not mine and share < 1:
            text = words.STUDY_STOPPED if desk.pupil is pupil else words.REPLACED
            yield *_buttons(True), progress_bar(share, text), header(desk)
            return
    text = words.STUDIED.format(lessons=lessons, seconds=words.seconds(time.perf_counter() - begun))
    yield *_buttons(False), progress_bar(1, text), header(desk)


def rest() -> tuple[Any, ...]:
    """Make ready for the next course."""
    return gr.Button(interactive=True), gr.Button(interactive=True), gr.Button(interactive=False)


def _buttons(running: bool) -> tuple[Any, ...]:
    return gr.Button(interactive=False), gr.Button(interactive=False), gr.Button(interactive=running)


def _text(n_done: int, n_total: int, seconds: float) -> str:
    if n_done < n_total:
        return words.COURSE.format(done=words.number(n_done), total=words.number(n_total))
    return words.COURSE_DONE.format(done=words.number(n_done), seconds=words.seconds(seconds))


def _shown(desk: Desk, n_done: int, n_total: int, text: str, curves: Curves) -> tuple[Any, ...]:
    lines = (
        charts.Line("before", words.CURVE_BEFORE, curves[0]), charts.Line("after", words.CURVE_HELD_OUT, curves[1])
    )  # fmt: skip
    return (
        *_buttons(n_done < n_total),
        progress_bar(n_done / n_total, text),
        charts.curve(lines, n_total),
        header(desk),
    )
