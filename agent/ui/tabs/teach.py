"""Teach: choose lessons, teach them with a live curve, test; three steps on one card."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import gradio as gr
import numpy as np

from agent import charts, preprocessing, render, training
from agent.agents.pupil import Pupil
from agent.datasets import digits
from agent.errors import AgentError
from agent.lessons import Bulk
from agent.progress import Progress
from agent.ui import components, formatting
from agent.ui.components import progress_bar, segments
from agent.ui.events import QUIET, event_payload, serialized, with_session
from agent.ui.formatting import number
from agent.ui.html import DIGITS, button, confusion_figure, image, learning_curve, safe
from agent.ui.page import PICK_JS, Page, header
from agent.ui.server import static_cache
from agent.ui.session import Mistake, Session
from agent.ui.texts import server_texts, texts, with_label

MNIST_COUNTS = (10, 60, 600, 6000)
TEST_COUNTS = (100, 1000, 10_000)
N_HELD_OUT = 300
MAX_MISTAKES = 60  # that are shown
Part = tuple[Sequence[np.ndarray] | np.ndarray, Sequence[str], dict[str, Any] | None]  # drawings, labels, source


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    with gr.Row(elem_classes="card two"):
        with gr.Column(elem_classes="step"):
            components.step_heading(1, texts.STEP_WHAT)
            choices = _choices()
        with gr.Column(elem_classes="step"):
            components.step_heading(2, texts.STEP_TEACH)
            with gr.Row(elem_classes="go"):
                starts = {"teach-now": texts.TEACH_NOW, "study": texts.STUDY}
                job = components.JobButtons(page, starts, "teach-stop", texts.STOP)
            bar = gr.HTML(progress_bar(0, texts.TEACH_IDLE), elem_id="course")
            curve = gr.HTML(learning_curve((), 60), elem_id="curve")
            font_rows = static_cache.publish("digits.css", _font_rows().encode())
            gr.HTML(f'<p><small>{texts.STUDY_HINT}</small></p><link rel="stylesheet" href="{font_rows}">')
    result, confusion, mistakes = _build_test(page, choices)
    teach_button, study_button = job.starts
    job.connect(teach_button, teach, [*choices.values()], [bar, curve, page.header])
    job.connect(study_button, study, [], [bar, page.header])
    return refresh, [choices["notebook"], mistakes, page.header, bar, curve, result, confusion]


def _choices() -> dict[str, gr.components.Component]:
    """Lay out what can be chosen, by the names of `choose_lessons`'s parameters."""
    sets = digits.data_sets()
    font_choices = [(name, digits.FONT + name) for name in digits.fonts()]
    counts = [(texts.NONE, 0), *((number(n), n) for n in MNIST_COUNTS), (texts.ALL_MNIST, 60_000)]
    exactly = {"info": texts.EXACTLY_HINT, "precision": 0, "minimum": 0, "maximum": 60_000}
    choices: dict[str, gr.components.Component] = {
        "mnist": segments(counts, 60, texts.MNIST, "mnist", info=texts.MNIST_HINT),
        "fonts": gr.CheckboxGroup(font_choices, label=texts.FONTS, info=texts.FONTS_HINT, elem_id="fonts"),
        "sets": gr.CheckboxGroup([*sets], label=texts.OTHER_SETS, visible=bool(sets), elem_id="sets"),
        "notebook": gr.Checkbox(label=texts.NOTEBOOK_SET, info=texts.NOTEBOOK_SET_HINT, elem_id="notebook-set"),
    }
    with gr.Accordion(texts.MORE, open=False, elem_id="more"):
        return choices | {
            "exactly": gr.Number(0, label=texts.EXACTLY, **exactly),
            "labels": segments([*DIGITS], [*DIGITS], texts.ONLY_LABELS, many=True),
            "seed": components.seed_number(texts.SEED, texts.SEED_HINT),
            "balanced": gr.Checkbox(True, label=texts.BALANCED),
        }


def _build_test(page: Page, choices: dict[str, gr.components.Component]) -> tuple[gr.HTML, gr.HTML, gr.HTML]:
    """Lay out the test; gives the components of the result, what it mixes up, and the mistakes."""
    with gr.Row(elem_classes="card two"):
        with gr.Column(elem_classes="step"):
            components.step_heading(3, texts.STEP_TEST)
            sources = ((texts.TEST_MNIST, "mnist"), (texts.TEST_FONTS, "fonts"), (texts.TEST_NOTEBOOK, "notebook"))
            source = segments(sources, "mnist", texts.TEST_ON, "test-on")
            n_drawings = segments([(number(n), n) for n in TEST_COUNTS], 1000, texts.HOW_MANY, "test-n")
            with gr.Row(elem_classes="go"):
                job = components.JobButtons(page, {"test-now": texts.TEST_NOW}, "test-stop", texts.STOP)
            result = gr.HTML(_accuracy(None, 0, texts.TEST_IDLE), elem_id="accuracy")
        with gr.Column(elem_classes="step"):
            confusion = gr.HTML(_confusion(None), elem_id="confusion")
        mistakes = gr.HTML("", elem_id="mistakes", js_on_load=PICK_JS)
    inputs = [source, n_drawings, choices["fonts"], choices["seed"]]
    job.connect(job.starts[0], test, inputs, [result, confusion, mistakes])
    mistakes.pick(correct, page.id, [mistakes, page.header], **QUIET)
    return result, confusion, mistakes


@with_session
def refresh(session: Session) -> Any:
    """Show how large the notebook is, the mistakes left, the header, and no curve or test of another agent."""
    label = f"{texts.NOTEBOOK_SET} ({formatting.count(len(session.notebook()), 'drawing')})"
    results: tuple[Any, ...] = (gr.skip(),) * 4
    if session.results_of is not session.pupil:
        idle = progress_bar(0, texts.TEACH_IDLE), learning_curve((), 60)
        results = *idle, _accuracy(None, 0, texts.TEST_IDLE), _confusion(None)
    return gr.update(label=label), _mistakes(session), header(session), *results


# ---------------------------------------------------------------- teaching


def choose_lessons(
    session: Session,
    mnist: int,
    fonts: list[str],
    sets: list[str],
    notebook: bool,
    exactly: int | None,
    labels: list[str],
    seed: int,
    balanced: bool,
) -> tuple[list[Part], digits.Selection | None]:
    """Draw the lessons that were chosen, and the selection behind those that have one."""
    only = () if len(labels) == len(DIGITS) else tuple(labels)
    counts: dict[str, int | None] = dict.fromkeys(fonts)
    counts |= dict.fromkeys(sets, exactly or None)
    if mnist:
        counts["mnist"] = exactly or (None if mnist == 60_000 else mnist)
    selection = digits.Selection(counts, only, seed or 0, bool(balanced)) if counts else None
    parts: list[Part] = [(*selection.draw(), selection.source)] if selection else []
    lessons = [lesson for lesson in session.notebook() if not only or lesson.label in only] if notebook else []
    if lessons:
        parts.append(([lesson.drawing for lesson in lessons], [lesson.label for lesson in lessons], None))
    if not parts:
        raise AgentError(texts.CHOOSE)
    return parts, selection


def iter_teach(pupil: Pupil, parts: list[Part], held_out: digits.Selection | None) -> Iterator[tuple[int, Progress]]:
    """Teach one part after the other; gives how many lessons are done in all."""
    test_set = held_out.draw() if held_out else None
    ends = [0]
    for _, labels, _ in parts:
        ends.append(ends[-1] + len(labels))
    for (drawings, labels, source), (start, _) in zip(parts, pairwise(ends), strict=True):
        for progress in training.iter_progressive_validation(pupil, drawings, labels, source=source, held_out=test_set):
            yield start + progress.n_done, progress


@serialized
def teach(session: Session, *choices: Any) -> Iterator[tuple[Any, ...]]:
    """Teach the chosen lessons, chunk by chunk, until done or stopped."""
    if not session.browser.is_synced:
        raise AgentError(server_texts.WAIT)
    parts, selection = choose_lessons(session, *choices)
    n_total, pupil = sum(len(labels) for _, labels, _ in parts), session.pupil
    session.results_of = pupil
    token, held_out = session.start_job(), selection.held_out(N_HELD_OUT) if selection else None
    before = charts.Line("before", texts.CURVE_BEFORE, [])
    after = charts.Line("after", texts.CURVE_HELD_OUT, [])

    def show(n_done: int, text: str) -> tuple[Any, ...]:
        text = text.format(done=number(n_done), total=number(n_total))
        return progress_bar(n_done / n_total, text), learning_curve((before, after), n_total), header(session)

    yield show(0, texts.TEACHING)
    n_done, work = 0, iter_teach(pupil, parts, held_out)
    for n_done, progress in session.history.steps(session, "many", number(n_total), work, token):
        before.points.append((n_done, progress.prequential))
        if progress.accuracy is not None:
            after.points.append((n_done, progress.accuracy))
        if n_done == n_total:
            done = texts.TAUGHT.format(done=number(n_done), seconds=formatting.seconds(progress.seconds))
            yield show(n_done, done)
        else:
            yield show(n_done, texts.TEACHING)
    if n_done < n_total:
        yield show(n_done, texts.TEACH_STOPPED if session.pupil is pupil else texts.REPLACED)


@serialized
def study(session: Session) -> Iterator[tuple[Any, ...]]:
    """Let the agent go over its bulk lessons once more, until done or stopped."""
    pupil, started, token = session.pupil, time.perf_counter(), session.start_job()
    session.results_of = pupil
    n_lessons = sum(entry.n_lessons for entry in pupil.lessons.standing() if isinstance(entry, Bulk))
    lessons = formatting.count(n_lessons, "lesson")
    for progress in session.history.steps(session, "study", "", pupil.iter_study(), token):
        text = texts.STUDYING.format(lessons=lessons, share=formatting.share(progress.share))
        yield progress_bar(progress.share, text), header(session)
    if token.cancelled and progress.share < 1:
        text = texts.STUDY_STOPPED if session.pupil is pupil else texts.REPLACED
        yield progress_bar(progress.share, text), header(session)
        return
    text = texts.STUDIED.format(lessons=lessons, seconds=formatting.seconds(time.perf_counter() - started))
    yield progress_bar(1, text), header(session)


# ---------------------------------------------------------------- testing


@serialized
def test(session: Session, source: str, n_drawings: int, fonts: list[str], seed: int) -> Iterator[tuple[Any, ...]]:
    """Test the agent on drawings, chunk by chunk, until done or stopped."""
    drawings, labels = test_drawings(session, source, n_drawings, fonts, seed)
    token, session.mistakes, session.results_of = session.start_job(), [], session.pupil

    def show(evaluation: training.Evaluation, text: str) -> tuple[Any, ...]:
        text = text.format(done=number(evaluation.n_done), total=number(evaluation.n_total))
        share = evaluation.n_done / evaluation.n_total
        return _accuracy(evaluation, share, text), _confusion(evaluation), _mistakes(session)

    for evaluation in training.evaluate(session.pupil, drawings, labels, chunk=max(50, len(labels) // 20)):
        session.mistakes += [
            Mistake(preprocessing.to_thumbnail(drawings[mistake.index]), mistake.label, mistake.guessed)
            for mistake in evaluation.mistakes[len(session.mistakes) :]
        ]
        is_over = evaluation.n_done == evaluation.n_total
        yield show(evaluation, texts.TEST_IDLE if is_over else texts.TESTING)
        if token.cancelled and not is_over:
            yield show(evaluation, texts.TEST_STOPPED)
            return


def _font_rows() -> str:
    """Let the choice of a font show its ten digits, as the agent will see them, in the colour of the text."""
    return "".join(
        f'#fonts label:has(input[name="{digits.FONT}{name}"]) span::before'
        f'{{mask-image:url("{render.data_uri(render.strip(digits.font(name)[0], height_px=40, gap_px=0))}")}}\n'
        for name in digits.fonts()
    )


def test_drawings(session: Session, source: str, n_drawings: int, fonts: list[str], seed: int) -> tuple[Any, Any]:
    """Draw what the agent is tested on: drawings and labels."""
    if source == "mnist":
        return digits.Selection({"mnist": n_drawings}, seed=seed or 0, balanced=False, split="test").draw()
    if source == "fonts" and fonts:
        return digits.Selection(dict.fromkeys(fonts)).draw()
    lessons = session.notebook() if source == "notebook" else []
    if not lessons:
        raise AgentError(texts.CHOOSE_TEST)
    return [lesson.drawing for lesson in lessons], [lesson.label for lesson in lessons]


@with_session
def correct(session: Session, event: gr.EventData) -> tuple[str, str]:
    """Teach a mistake its right label."""
    place = event_payload(event).get("number")
    if not isinstance(place, int) or not 0 <= place < len(session.mistakes) or session.mistakes[place] is None:
        raise AgentError(texts.STALE)
    mistake = session.mistakes[place]
    with session.history.lesson(session, session.pupil, mistake.drawing, mistake.label):
        session.mistakes[place] = None
    return _mistakes(session, with_label(texts.LEARNED, safe(mistake.label))), header(session)


def _accuracy(evaluation: training.Evaluation | None, share: float, text: str) -> str:
    """The share right in large type, with its N, and the progress of the test."""
    big, of, unsure = "–", "&nbsp;", ""
    if evaluation is not None:
        big = number(100 * evaluation.accuracy, ".1f") + " %"
        of = texts.ACCURACY.format(total=number(evaluation.n_done))
        unsure = f" · {texts.UNSURE_OF_THEM.format(unsure=evaluation.n_unsure)}" if evaluation.n_unsure else ""
    return f'{progress_bar(share, text)}<p class="accuracy"><b>{big}</b><span>{of}{unsure}</span></p>'


def _confusion(evaluation: training.Evaluation | None) -> str:
    if evaluation is None:
        return f'<figure class="confusion empty"><figcaption>{texts.CONFUSION}</figcaption></figure>'
    return confusion_figure(evaluation.confusion, evaluation.labels, texts.CONFUSION_ALT, texts.CONFUSION)


def _mistakes(session: Session, news: str = "") -> str:
    """The mistakes of the last test; pressing one corrects it, ``news`` tells of the last that was."""
    if not session.mistakes:
        return ""
    thumbs = "".join(_mistake(place, mistake) for place, mistake in enumerate(session.mistakes[:MAX_MISTAKES]))
    more = texts.MISTAKES_MORE.format(shown=MAX_MISTAKES, total=len(session.mistakes)) + " · "
    hint = (more if len(session.mistakes) > MAX_MISTAKES else "") + texts.MISTAKES_HINT
    hint = f'<small class="news">{news}</small>' if news else f"<small>{hint}</small>"
    return f'<h3>{texts.MISTAKES} {hint}</h3><div class="mistakes">{thumbs}</div>'


def _mistake(place: int, mistake: Mistake | None) -> str:
    if mistake is None:
        return '<span class="thumb corrected"><b>✓</b></span>'
    name = with_label(texts.MISTAKE_NAME, mistake.label, guessed=mistake.guessed or texts.UNSURE)
    content = f"{image(mistake.drawing, '')}<b>{safe(mistake.label)}<s>{safe(mistake.guessed or '?')}</s></b>"
    return button("correct", content, css="thumb missed", data_number=place, aria_label=name, title=name)
