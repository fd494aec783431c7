"""Numbers: learners that copy a number, side by side: they learn live, answer any number, and show what is going on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from agent import numbers, store
from agent.copier import Copier
from agent.errors import AgentError
from agent.families import Agent
from agent.labels import clean_name
from agent.runs.published import ROWS, again
from agent.tasks.copy import Copy
from agent.ui import keep, number_views, start, words
from agent.ui import words_numbers as own
from agent.ui.desk import DESKS, Desk
from agent.ui.events import QUIET, at_desk, in_turn, pressed, sentence
from agent.ui.language import spoken
from agent.ui.learners import EVERYBODY, Chosen
from agent.ui.markup import safe, status
from agent.ui.page import HERE, Page
from agent.ui.teach import progress_bar, step

RANGES = (("0 … 10", "0 10"), ("−10 … 10", "-10 10"), ("0 … 1", "0 1"))
RATES = (0.001, 0.003, 0.01, 0.03)
STEPS = (500, 5000, 25_000, 100_000)
FIRST = ("mse", "slope", "two_tries", "tuples", "symbols")  # chosen when one comes
N_SEEDS, AT_ONCE = 20, 5  # of published settings repeated, and how many between two looks
FAMILY = Copier.FAMILY
PICK_JS = (HERE / "pick.js").read_text(encoding="utf-8")
DOWNLOAD = "() => { const it = document.querySelector('#number-out'); (it.querySelector('a') ?? it).click(); }"


def title() -> str:
    """Name the tab."""
    return own.NUMBERS


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    with gr.Row(elem_classes="card two"):
        with gr.Column(elem_classes="step"):
            gr.HTML(step(1, own.STEP_WHAT))
            choices = _choices()
        with gr.Column(elem_classes="step"):
            gr.HTML(step(2, own.STEP_LEARN))
            with gr.Row(elem_classes="go"):
                go = gr.Button(own.LEARN, variant="primary", elem_id="numbers-learn")
                stop = gr.Button(own.STOP, interactive=False, elem_id="numbers-stop")
            bar = gr.HTML(progress_bar(0, own.IDLE), elem_id="numbers-bar")
            curves = gr.HTML("", elem_id="numbers-curves")
    asked, quick, answers = _asking()
    with gr.Column(elem_classes="card"):
        seen = gr.HTML("", elem_id="numbers-seen")
    repeat, published_bar, published = _publishing()
    who = _keeping(page, answers)
    shown = [curves, answers, seen, who]
    running = [go, stop, repeat, bar, *shown]
    go.click(learn, [page.id, *choices.values()], running, **QUIET).then(rest, None, [go, stop, repeat], **QUIET)
    stop.click(DESKS.stop, page.id, None, queue=False, **QUIET)
    again_ = repeat.click(repeat_published, page.id, [go, stop, repeat, published_bar, published], **QUIET)
    again_.then(rest, None, [go, stop, repeat], **QUIET)
    gr.on([asked.submit, asked.change], ask, [page.id, asked], answers, trigger_mode="always_last", **QUIET)
    quick.pick(ask_quick, page.id, [asked, answers], **QUIET)
    return fill, [*shown, published]


def _choices() -> dict[str, gr.components.Component]:
    """Lay out what can be chosen: the names are those of `chosen`'s parameters."""
    who = [(f"{own.NAMES[name]} · {own.TELLS[name]}", name) for name in EVERYBODY]
    steps, rates = [(words.number(n), n) for n in STEPS], [(words.number(rate, "g"), rate) for rate in RATES]
    choices: dict[str, gr.components.Component] = {
        "who": gr.CheckboxGroup(who, value=[*FIRST], label=own.LEARNERS, info=own.LEARNERS_HINT,
                                elem_id="numbers-who", elem_classes="segments tall"),
        "shown": gr.Radio(RANGES, value="0 10", label=own.RANGE, elem_id="numbers-range", elem_classes="segments"),
        "steps": gr.Radio(steps, value=25_000, label=own.STEPS, elem_id="numbers-steps", elem_classes="segments"),
        "lr": gr.Radio(rates, value=0.01, label=own.RATE, elem_id="numbers-rate", elem_classes="segments"),
        "precision": gr.Radio(own.PRECISIONS, value="float64", label=own.PRECISION, elem_id="numbers-precision",
                              elem_classes="segments"),
    }  # fmt: skip
    rewards = [(text, name) for name, text in own.REWARDS.items()]
    with gr.Accordion(own.MORE, open=False, elem_id="numbers-more"):
        choices |= {
            "reward": gr.Dropdown(rewards, value="one_minus", label=own.REWARD, elem_id="numbers-reward"),
            "formula": gr.Textbox(label=own.OWN_REWARD, info=own.OWN_REWARD_HINT, max_length=200,
                                  elem_id="numbers-formula"),
            "whole": gr.Checkbox(label=own.WHOLE, elem_id="numbers-whole"),
            "falls": gr.Checkbox(label=own.FALLS, info=own.FALLS_HINT, elem_id="numbers-falls"),
            "seed": gr.Number(0, label=own.SEED, info=own.SEED_HINT, precision=0, minimum=0, maximum=2**31 - 1),
        }  # fmt: skip
    return choices


def _asking() -> tuple[gr.Textbox, gr.HTML, gr.HTML]:
    """Lay out the box for a number, a few that are worth asking, and the answers."""
    with gr.Column(elem_classes="card step"):
        gr.HTML(step(3, own.STEP_ASK))
        asked = gr.Textbox("123123123123", label=own.NUMBER, info=own.NUMBER_HINT, max_length=500, elem_id="number")
        buttons = "".join(f'<button type="button" data-do="ask" data-label="{x}">{x}</button>' for x in own.QUICK)
        quick = gr.HTML(f'<div class="quick">{buttons}</div>', elem_id="numbers-quick", js_on_load=PICK_JS)
        answers = gr.HTML("", elem_id="numbers-answers")
    return asked, quick, answers


def _publishing() -> tuple[gr.Button, gr.HTML, gr.HTML]:
    """Lay out what was published, and the button that repeats it."""
    with gr.Column(elem_classes="card step"):
        gr.HTML(f"<h2>{own.PUBLISHED}</h2><p>{own.PUBLISHED_HINT}</p>")
        repeat = gr.Button(own.REPEAT, elem_id="numbers-repeat", elem_classes="narrow")
        bar = gr.HTML(progress_bar(0, ""), elem_id="numbers-repeating")
        tables = gr.HTML("", elem_id="numbers-published")
    return repeat, bar, tables


def _keeping(page: Page, answers: gr.HTML) -> gr.Dropdown:
    """Lay out the cards that save one and load one, and connect them."""
    with gr.Row(elem_classes="keep"):
        with gr.Column(elem_classes="card"):
            gr.HTML(f"<h2>{own.KEEP}</h2><p>{own.KEEP_HINT}</p>")
            who = gr.Dropdown([], label=own.KEEP_WHO, elem_id="number-who")
            name = gr.Textbox("", label=own.NAME, max_length=keep.MAX_NAME_CHARS, elem_id="number-name")
            saved = gr.Button(own.SAVE, variant="primary", elem_id="number-save")
            out = gr.DownloadButton(own.SAVE, visible="hidden", elem_id="number-out")
        with gr.Column(elem_classes="card"):
            gr.HTML(f"<h2>{own.LOAD}</h2>")
            file = gr.File(label=own.LOAD, show_label=False, file_types=[".zip"], height=132, elem_id="number-in")
            said = gr.HTML(status(""), elem_id="number-status")
    saved.click(save, [page.id, who, name], [out, said], **QUIET).success(None, None, None, js=DOWNLOAD, **QUIET)
    loaded = file.upload(load, [page.id, file], [file, said, answers, who], **QUIET)
    loaded.failure(lambda: None, None, file, **QUIET)  # room for another file
    return who


# ---------------------------------------------------------------- what is chosen and shown


def chosen(
    who: list[str],
    shown: str,
    steps: int,
    lr: float,
    precision: str,
    reward: str,
    formula: str,
    whole: bool,
    falls: bool,
    seed: int | None,
) -> Chosen:
    """Read what a visitor has chosen."""
    if not who:
        raise AgentError(own.CHOOSE)
    low, high = map(float, shown.split())
    task = Copy(low, high, bool(whole), (formula or "").strip() or reward)
    in_order = tuple(name for name in EVERYBODY if name in who)
    return Chosen(in_order, task, float(lr), int(steps), precision, bool(falls), int(seed or 0))


def _all(desk: Desk) -> tuple[Any, ...]:
    """Curves, answers, sentences, and whom one may keep."""
    learners = desk.learners
    return (
        number_views.curves(learners),
        number_views.answers(learners, _loaded(desk)),
        number_views.sentences(learners.chosen),
        _who(desk),
    )


def _loaded(desk: Desk) -> Copier | None:
    found = desk.others.get(FAMILY)
    return found if isinstance(found, Copier) else None


def _who(desk: Desk) -> Any:
    """Whom one may keep: those that learned, and the one from a file."""
    names = [(own.NAMES[name], name) for name in desk.learners.copiers]
    loaded = _loaded(desk)
    names += [(loaded.name, FAMILY)] if loaded else []
    return gr.Dropdown(choices=names, value=names[0][1] if names else None)


def _buttons(running: bool) -> tuple[Any, ...]:
    return gr.Button(interactive=False), gr.Button(interactive=running), gr.Button(interactive=False)


def rest() -> tuple[Any, ...]:
    """Make ready for the next course."""
    return gr.Button(interactive=True), gr.Button(interactive=False), gr.Button(interactive=True)


# ---------------------------------------------------------------- events


@at_desk
def fill(desk: Desk) -> tuple[Any, ...]:
    """Show the learners as they are."""
    return *_all(desk), number_views.published(desk.learners.repeated)


@in_turn
def learn(desk: Desk, *choices: Any) -> Iterator[tuple[Any, ...]]:
    """Let all that are chosen learn side by side until done or stopped."""
    learners, begun = desk.learners, time.perf_counter()
    wanted = chosen(*choices)
    rounds = learners.begin(wanted)
    mine = desk.course = object()
    total = words.number(wanted.steps)
    yield *_buttons(True), progress_bar(0, own.GOING.format(done=0, total=total)), *_all(desk)
    for share in rounds:
        if desk.course is not mine and share < 1:
            stopped = own.STOPPED.format(done=words.number(learners.n_done), total=total)
            said = stopped if learners.chosen is wanted else own.REPLACED
            yield *_buttons(False), progress_bar(share, said), *_all(desk)
            return
        said = own.GOING.format(done=words.number(learners.n_done), total=total)
        yield *_buttons(True), progress_bar(share, said), *_all(desk)
    spent = words.seconds(time.perf_counter() - begun)
    said = own.DONE.format(total=total, n=len(wanted.who), seconds=spent)
    yield *_buttons(False), progress_bar(1, said), *_all(desk)


@at_desk
def ask(desk: Desk, x: str) -> str:
    """Let everybody answer a number."""
    x = spoken().typed(x or "")
    try:
        numbers.read(x)
    except AgentError as error:  # told in its place: one is still writing
        return number_views.answers(desk.learners, _loaded(desk), safe(sentence(error)))
    desk.learners.asked = x
    return number_views.answers(desk.learners, _loaded(desk))


@at_desk
def ask_quick(desk: Desk, event: gr.EventData) -> tuple[str, str]:
    """Ask one of the numbers worth asking."""
    x = str(pressed(event).get("label"))
    number = spoken().typed(x)
    numbers.read(number)
    desk.learners.asked = number
    return x, number_views.answers(desk.learners, _loaded(desk))


@in_turn
def repeat_published(desk: Desk) -> Iterator[tuple[Any, ...]]:
    """Repeat every published setting with twenty seeds, a few at a time, until done or stopped."""
    begun, mine = time.perf_counter(), object()
    desk.course, repeated = mine, desk.learners.repeated
    repeated.clear()
    n_total, n_done = N_SEEDS * len(ROWS), 0
    for row in ROWS:
        for first in range(0, N_SEEDS, AT_ONCE):
            said = own.REPEATING.format(done=n_done, total=n_total)
            yield *_buttons(True), progress_bar(n_done / n_total, said), number_views.published(repeated)
            if desk.course is not mine:
                said = own.REPEATING_STOPPED.format(done=n_done, total=n_total)
                yield *_buttons(False), progress_bar(n_done / n_total, said), number_views.published(repeated)
                return
            found = [again(row, seed) for seed in range(first, first + AT_ONCE)]
            repeated.setdefault(row.name, []).extend(found)
            n_done += AT_ONCE
    said = own.REPEATED.format(total=n_total, seconds=words.seconds(time.perf_counter() - begun))
    yield *_buttons(False), progress_bar(1, said), number_views.published(repeated)


@at_desk
def save(desk: Desk, who: str | None, name: str) -> tuple[str, str]:
    """Write one of them to a file."""
    found: Agent | None = _loaded(desk) if who == FAMILY else desk.learners.copiers.get(who or "")
    if found is None:
        raise AgentError(own.NOTHING_TO_KEEP)
    found.name = clean_name((name or "").strip() or (own.NAMES.get(who or "") or found.name))
    return keep.write(found), status(own.SAVED.format(name=safe(found.name)))


@at_desk
def load(desk: Desk, path: str | None) -> tuple[Any, ...]:
    """Read one from a file: it answers among the others."""
    found = store.load(path or "")
    if not isinstance(found, Copier):
        raise AgentError(own.NOT_A_COPIER.format(kind=found.kind))
    desk.others[FAMILY] = found
    said = own.TOOK.format(name=safe(found.name), lessons=start.lessons_of(found))
    return None, status(said), number_views.answers(desk.learners, found), _who(desk)
