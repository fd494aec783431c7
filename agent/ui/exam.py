"""The third step of Teach: test, look at the mistakes, correct them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from agent import render, retina, train
from agent.errors import AgentError
from agent.tasks import digits
from agent.ui import words
from agent.ui.desk import DESKS, Desk, Missed
from agent.ui.events import QUIET, at_desk, in_turn, pressed
from agent.ui.markup import image, safe
from agent.ui.page import HERE, Page, header

MOST_SHOWN = 60
COUNTS = (100, 1000, 10_000)


def build(page: Page, choices: dict[str, gr.components.Component]) -> gr.HTML:
    """Lay out the step; gives the component that holds the mistakes."""
    with gr.Row(elem_classes="card two"):
        with gr.Column(elem_classes="step"):
            gr.HTML(f'<h2 class="step-title"><i>3</i>{words.STEP_TEST}</h2>')
            sources = ((words.TEST_MNIST, "mnist"), (words.TEST_FONTS, "fonts"), (words.TEST_NOTEBOOK, "notebook"))
            on = gr.Radio(sources, value="mnist", label=words.TEST_ON, elem_id="test-on", elem_classes="segments")
            counts = [(words.number(n), n) for n in COUNTS]
            n_asked = gr.Radio(counts, value=1000, label=words.HOW_MANY, elem_id="test-n", elem_classes="segments")
            with gr.Row(elem_classes="go"):
                go = gr.Button(words.TEST_NOW, variant="primary", elem_id="test-now")
                stop = gr.Button(words.STOP, interactive=False, elem_id="test-stop")
            result = gr.HTML(accuracy(None, 0, words.TEST_IDLE), elem_id="accuracy")
        with gr.Column(elem_classes="step"):
            table = gr.HTML(confusion(None), elem_id="confusion")
        missed = gr.HTML("", elem_id="mistakes", js_on_load=(HERE / "pick.js").read_text(encoding="utf-8"))
    inputs = [page.id, on, n_asked, choices["fonts"], choices["seed"]]
    go.click(test, inputs, [go, stop, result, table, missed], **QUIET).then(rest, None, [go, stop], **QUIET)
    stop.click(DESKS.stop, page.id, None, queue=False, **QUIET)
    missed.pick(correct, page.id, [missed, page.header], **QUIET)
    return missed


# ---------------------------------------------------------------- what is shown


def accuracy(seen: train.Evaluation | None, share: float, text: str) -> str:
    """Show the share right in large type, with its N and how far the test is."""
    big, of, unsure = "–", "&nbsp;", ""
    if seen is not None:
        big = words.number(100 * seen.accuracy, ".1f") + " %"
        of = words.ACCURACY.format(total=words.number(seen.n_done))
        unsure = f" · {words.UNSURE_OF_THEM.format(unsure=seen.n_unsure)}" if seen.n_unsure else ""
    bar = f'<div class="progress"><span><i style="width:{100 * share:.1f}%"></i></span><p>{text}</p></div>'
    return f'{bar}<p class="accuracy"><b>{big}</b><span>{of}{unsure}</span></p>'


def confusion(seen: train.Evaluation | None) -> str:
    """Show who was taken for whom."""
    if seen is None:
        return f'<figure class="confusion empty"><div></div><figcaption>{words.CONFUSION}</figcaption></figure>'
    pictures = "".join(
        f'<img class="{theme}-only" alt="{words.CONFUSION_ALT}" '
        f'src="{render.data_uri(render.confusion(seen.confusion, seen.labels, dark=theme == "dark"))}">'
        for theme in ("light", "dark")
    )
    return f'<figure class="confusion">{pictures}<figcaption>{words.CONFUSION}</figcaption></figure>'


def mistakes(desk: Desk) -> str:
    """Show the mistakes of the last test; pressing one corrects it."""
    if not desk.missed:
        return ""
    shown = "".join(_mistake(number, missed) for number, missed in enumerate(desk.missed[:MOST_SHOWN]))
    more = words.MISTAKES_MORE.format(shown=MOST_SHOWN, total=len(desk.missed)) + " · "
    hint = (more if len(desk.missed) > MOST_SHOWN else "") + words.MISTAKES_HINT
    return f'<h3>{words.MISTAKES} <small>{hint}</small></h3><div class="mistakes">{shown}</div>'


def _mistake(number: int, missed: Missed | None) -> str:
    if missed is None:
        return '<span class="thumb corrected"><b>✓</b></span>'
    guessed = words.UNSURE if missed.guessed is None else missed.guessed
    name = words.MISTAKE_NAME.format(label=safe(missed.label), guessed=safe(guessed))
    return (
        f'<button type="button" class="thumb missed" data-do="correct" data-number="{number}" aria-label="{name}" '
        f'title="{name}">{image(missed.drawing, "")}'
        f"<b>{safe(missed.label)}<s>{safe(missed.guessed or '?')}</s></b></button>"
    )


# ---------------------------------------------------------------- events


@in_turn
def test(desk: Desk, on: str, n_asked: int, fonts: list[str], seed: int) -> Iterator[tuple[Any, ...]]:
    """Ask held-out drawings, chunk by chunk, until done or stopped."""
    drawings, labels = asked(desk, on, n_asked, fonts, seed)
    mine, desk.missed = object(), []
    desk.course = mine
    for seen in train.evaluate(desk.pupil, drawings, labels, chunk=max(50, len(labels) // 20)):
        news = seen.mistakes[len(desk.missed) :]
        desk.missed += [Missed(retina.keep(drawings[miss.index]), miss.label, miss.guessed) for miss in news]
        over = seen.n_done == seen.n_total
        words_used = words.TEST_IDLE if over else words.TESTING
        yield _shown(desk, seen, not over, words_used.format(**_numbers(seen)))
        if desk.course is not mine and not over:
            text = words.TEST_STOPPED.format(**_numbers(seen))
            yield _shown(desk, seen, False, text)
            return


def _numbers(seen: train.Evaluation) -> dict[str, str]:
    return {"done": words.number(seen.n_done), "total": words.number(seen.n_total)}


def _shown(desk: Desk, seen: train.Evaluation, running: bool, text: str) -> tuple[Any, ...]:
    return (
        gr.Button(interactive=False),
        gr.Button(interactive=running),
        accuracy(seen, seen.n_done / seen.n_total, text),
        confusion(seen),
        mistakes(desk),
    )


@at_desk
def correct(desk: Desk, event: gr.EventData) -> tuple[str, str]:
    """Teach a mistake its right label."""
    number = pressed(event).get("number")
    if not isinstance(number, int) or not 0 <= number < len(desk.missed) or desk.missed[number] is None:
        raise AgentError(words.STALE)
    missed = desk.missed[number]
    desk.pupil.learn_one(missed.drawing, missed.label)
    desk.missed[number] = None
    return mistakes(desk), header(desk)


def rest() -> tuple[Any, Any]:
    """Make ready for the next test."""
    return gr.Button(interactive=True), gr.Button(interactive=False)


def asked(desk: Desk, on: str, n_asked: int, fonts: list[str], seed: int) -> tuple[Any, Any]:
    """Draw what is asked."""
    if on == "mnist":
        return digits.Selection({"mnist": n_asked}, seed=seed or 0, balanced=False, split="test").draw()
    if on == "fonts" and fonts:
        return digits.Selection(dict.fromkeys(fonts)).draw()
    own = desk.notebook() if on == "notebook" else []
    if not own:
        raise AgentError(words.CHOOSE_TEST)
    return [lesson.drawing for lesson in own], [lesson.label for lesson in own]
