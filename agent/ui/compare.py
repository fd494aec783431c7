"""Compare: the runs of the command line and one's own, side by side; any can be opened, drawn on, and continued."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from agent import store
from agent.errors import AgentError
from agent.kinds import KINDS
from agent.runs import comparing, folders
from agent.ui import comparison, making, opened, words, words_browser
from agent.ui import words_compare as said
from agent.ui.desk import DEFAULT_KIND, DESKS, Desk
from agent.ui.events import QUIET, at_desk, in_turn, pressed
from agent.ui.markup import safe
from agent.ui.page import HERE, Page, header
from agent.ui.teach import progress_bar

PICK_JS = (HERE / "pick.js").read_text(encoding="utf-8")
TO_DRAW = "() => document.querySelector('#tabs button[role=tab]').click()"  # the first tab
MOST_LEFT_OUT, MOST_CHOICES = 10, 40
BY = ("experiment", "agent", "task")
UNCHANGED = (gr.skip(),) * 13  # all that `all_of` gives, left as it is


def title() -> str:
    """Name the tab."""
    return said.TITLE


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    with gr.Column(elem_classes="card"):
        head = gr.HTML("", elem_id="runs-head")
        with gr.Row(elem_classes="which"):
            names = (said.EXPERIMENT, said.AGENT, said.TASK)
            which = [
                gr.CheckboxGroup([], label=name, visible=False, elem_id=f"by-{by}", elem_classes="segments")
                for by, name in zip(BY, names, strict=True)
            ]
    with gr.Column(elem_classes="card", visible=False) as tables:
        listed = gr.HTML("", elem_id="results", js_on_load=PICK_JS)
    with gr.Column(elem_classes="card opened", visible=False) as one:
        shown = gr.HTML("", elem_id="opened", js_on_load=PICK_JS)
        with gr.Row(elem_classes="buttons"):
            draw = gr.Button(said.DRAW_ON, variant="primary", elem_id="draw-on")
            remove_it = gr.Button(said.REMOVE, elem_id="remove-run")
        with gr.Column(visible=False, elem_classes="more") as more:
            how_many = gr.Radio(
                [(words.number(n), n) for n in making.MORE], value=60, label=said.HOW_MANY_MORE, elem_id="more-lessons",
                elem_classes="segments",
            )  # fmt: skip
            go_on, stop_it, bar = _running(said.CONTINUE, "continue", "")
    with gr.Column(elem_classes="card", visible=False) as pictures:
        drawn = gr.HTML("", elem_id="comparison")
    with gr.Column(elem_classes="card make"):
        choices = _form()
        make_now, stop, making_bar = _running(said.MAKE_NOW, "make", _idle())
    outputs = [head, *which, tables, listed, one, shown, draw, remove_it, more, pictures, drawn]
    for each in which:
        each.input(choose, [page.id, *which], outputs, **QUIET)
    listed.pick(open_run, page.id, outputs, **QUIET)
    shown.pick(close, page.id, outputs, **QUIET)
    drawing = draw.click(draw_on, page.id, [*outputs, page.header], **QUIET)
    drawing.success(None, None, None, js=TO_DRAW, **QUIET)
    remove_it.click(remove, page.id, outputs, **QUIET)
    every = [go_on, stop_it, bar, make_now, stop, making_bar, *outputs]
    idle = [go_on, stop_it, make_now, stop]
    make_now.click(make, [page.id, *choices], every, **QUIET).then(rest, None, idle, **QUIET)
    go_on.click(continue_it, [page.id, how_many], every, **QUIET).then(rest, None, idle, **QUIET)
    for button in (stop, stop_it):
        button.click(DESKS.stop, page.id, None, queue=False, **QUIET)
    return fill, outputs


def _form() -> list[gr.components.Component]:
    """Lay out what a small sweep can be: a task, agents, numbers of lessons, seeds."""
    gr.HTML(f"<h2>{said.MAKE}</h2><p>{said.MAKE_HINT.format(asked=making.QUICK['n_test'])}</p>")
    tasks = [(said.TASKS[name], name) for name in making.TASKS]
    sizes = [(words.number(size), size) for size in making.SIZES]
    segments = {"elem_classes": "segments"}
    task = gr.Radio(tasks, value=making.TASKS[0], label=said.TASK, elem_id="make-task", **segments)
    with gr.Row(elem_classes="which"):
        agents = gr.CheckboxGroup([*KINDS], value=[DEFAULT_KIND, comparison.BASELINE], label=said.AGENTS,
                                  elem_id="make-agents", **segments)  # fmt: skip
        lessons = gr.CheckboxGroup(sizes, value=[60], label=said.SIZES, elem_id="make-sizes", **segments)
        seeds = gr.Radio([1, 2, 3], value=2, label=said.SEEDS, elem_id="make-seeds", **segments)
    return [task, agents, lessons, seeds]


def _running(name: str, elem_id: str, idle: str) -> tuple[gr.Button, gr.Button, gr.HTML]:
    """Lay out what starts something long, what stops it, and how far it is."""
    with gr.Row(elem_classes="go"):
        go = gr.Button(name, variant="primary", elem_id=f"{elem_id}-now")
        stop = gr.Button(words.STOP, interactive=False, elem_id=f"{elem_id}-stop")
    return go, stop, gr.HTML(progress_bar(0, idle), elem_id=f"{elem_id}-progress")


def _idle() -> str:
    return said.MAKE_IDLE.format(runs=making.MAX_RUNS, lessons=words.count(making.MAX_LESSONS, "lesson"))


# ---------------------------------------------------------------- what is shown


def all_of(desk: Desk) -> tuple[Any, ...]:
    """Everything on the tab but what runs: all runs read anew."""
    shelf = desk.shelf
    shelf.look()
    runs, wanted = [*shelf.runs.values()], _still_there(desk)
    groups = comparison.in_order(comparing.grouped(runs, **wanted))
    numbers = {run.folder: number for number, run in shelf.runs.items()}
    listed = comparison.results(groups, numbers) if groups else f"<p>{said.NOTHING_CHOSEN}</p>"
    return (
        _head(desk),
        *_choices(desk, wanted),
        gr.Column(visible=bool(runs)),
        listed,
        *_opened(desk),
        gr.Column(visible=bool(groups)),
        comparison.drawn(groups) if groups else "",
    )


def _opened(desk: Desk) -> tuple[Any, ...]:
    """The run that is opened, and what can be done with it."""
    shelf = desk.shelf
    run = shelf.runs.get(shelf.opened) if shelf.opened is not None else None
    return (
        gr.Column(visible=run is not None),
        opened.show(shelf),
        gr.Button(visible=run is not None and making.may_draw_on(run)),
        gr.Button(visible=run is not None and shelf.is_own(run)),
        gr.Column(visible=run is not None and making.may_continue(run)),
    )


def _head(desk: Desk) -> str:
    """Say what this is, what to do where there is nothing yet, and what was left out."""
    shelf = desk.shelf
    lines = [f"<li>{safe(each)}</li>" for each in shelf.left_out[:MOST_LEFT_OUT]]
    if len(shelf.left_out) > MOST_LEFT_OUT:
        lines.append(f"<li>{said.MORE_LEFT_OUT.format(n=len(shelf.left_out) - MOST_LEFT_OUT)}</li>")
    title = said.LEFT_OUT.format(runs=words.count(len(shelf.left_out), "run"))
    left_out = f'<details class="left-out"><summary>{title}</summary><ul>{"".join(lines)}</ul></details>'
    return f"<h2>{said.RUNS}</h2><p>{said.HINT if shelf.runs else said.NO_RUNS}</p>{left_out if lines else ''}"


def _there(desk: Desk) -> dict[str, list[str]]:
    """Name every experiment, agent and task that can be chosen."""
    runs = desk.shelf.runs.values()
    names = ([name for run in runs for name in comparing.experiments(run)], [run.agent for run in runs],
             [run.task for run in runs])  # fmt: skip
    return {by: sorted(set(each))[:MOST_CHOICES] for by, each in zip(BY, names, strict=True)}


def _still_there(desk: Desk) -> dict[str, list[str]]:
    there = _there(desk)
    return {by: [name for name in chosen if name in there[by]] for by, chosen in desk.shelf.chosen.items()}


def _choices(desk: Desk, wanted: dict[str, list[str]]) -> list[gr.CheckboxGroup]:
    """Offer what there is; where there is but one, there is nothing to choose."""
    there = _there(desk)
    return [gr.CheckboxGroup([*there[by]], value=wanted[by], visible=len(there[by]) > 1) for by in BY]


# ---------------------------------------------------------------- events


@at_desk
def fill(desk: Desk) -> tuple[Any, ...]:
    """Show the tab as it is now."""
    return all_of(desk)


@at_desk
def choose(desk: Desk, *chosen: Sequence[str] | None) -> tuple[Any, ...]:
    """Compare what is chosen."""
    desk.shelf.chosen = {by: list(names or ()) for by, names in zip(BY, chosen, strict=True)}
    return all_of(desk)


@at_desk
def open_run(desk: Desk, event: gr.EventData) -> tuple[Any, ...]:
    """Open a run, by the number that it was listed under."""
    number = pressed(event).get("number")
    desk.shelf.run(number)
    desk.shelf.opened = number
    return all_of(desk)


@at_desk
def close(desk: Desk) -> tuple[Any, ...]:
    """Close the run that is opened."""
    desk.shelf.opened = None
    return all_of(desk)


@at_desk
def draw_on(desk: Desk) -> tuple[Any, ...]:
    """Put the agent of the opened run on the desk; the one before stays within reach."""
    run = desk.shelf.run(desk.shelf.opened)
    if not making.may_draw_on(run):
        raise AgentError(said.NO_AGENT)
    desk.replace(store.load(run.folder / folders.AGENT))
    desk.status = said.DRAWN_ON.format(name=safe(opened.title(run)))
    return *all_of(desk), header(desk)


@at_desk
def remove(desk: Desk) -> tuple[Any, ...]:
    """Take the opened run away, where it is one's own."""
    run = desk.shelf.remove(desk.shelf.opened)
    gr.Info(said.REMOVED.format(name=safe(opened.title(run))), title=words_browser.NEWS)
    return all_of(desk)


@in_turn
def make(desk: Desk, task: str, agents: list[str], sizes: list[int], n_seeds: int) -> Iterator[tuple[Any, ...]]:
    """Make the runs that are chosen, one after another, until done or stopped."""
    for each in making.made(desk, making.sweep_of(task, agents, sizes, n_seeds)):
        buttons = gr.Button(interactive=False), gr.Button(interactive=not each.is_over)
        bar = progress_bar(each.share, safe(each.text))
        shown = all_of(desk) if each.is_new else UNCHANGED
        yield gr.Button(interactive=False), gr.skip(), gr.skip(), *buttons, bar, *shown


@in_turn
def continue_it(desk: Desk, n_lessons: int) -> Iterator[tuple[Any, ...]]:
    """Teach the agent of the opened run more lessons, which leaves a new run; it is opened in the end."""
    shelf = desk.shelf
    asked = making.going_on(shelf, shelf.run(shelf.opened), n_lessons)
    for each in making.made(desk, [asked]):
        buttons = gr.Button(interactive=False), gr.Button(interactive=not each.is_over)
        bar = progress_bar(each.share, safe(each.text))
        if each.folder is not None:
            shelf.open(each.folder)
        shown = all_of(desk) if each.is_new else UNCHANGED
        yield *buttons, bar, gr.Button(interactive=False), gr.skip(), gr.skip(), *shown


def rest() -> tuple[Any, ...]:
    """Make ready for the next runs."""
    return tuple(gr.Button(interactive=is_start) for is_start in (True, False, True, False))

