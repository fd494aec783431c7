"""Start again: choose a kind, its design or each of its settings, and what the new agent begins with."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any

import gradio as gr

from agent.errors import AgentError
from agent.families import Agent, new, starting
from agent.kinds import KINDS
from agent.pupil import Pupil
from agent.replay import rebuilding
from agent.starters import STARTERS
from agent.ui import settings, words
from agent.ui.desk import DEFAULT_KIND, DESKS, Desk
from agent.ui.events import QUIET, at_desk, in_turn, pressed
from agent.ui.markup import safe, status
from agent.ui.page import Page, header


def build(page: Page, shown: Sequence[gr.components.Component]) -> None:
    """Lay out the card and connect it; ``shown`` are the status, the name and the way back."""
    gr.HTML(f"<h2>{words.START}</h2><p>{words.START_HINT}</p>")
    kinds = [(f"{name}: {summary}", name) for name, summary in words.SUMMARIES.items()]
    kind = gr.Radio(kinds, value=DEFAULT_KIND, label=words.KIND, elem_id="kind")
    preset = gr.Dropdown(label=words.PRESET, visible=False, elem_id="preset")
    with gr.Accordion(words.SETTINGS_OF_ITS_OWN, open=False, elem_id="settings"):
        groups, fields = settings.build(DEFAULT_KIND)
    starts = [*((words.STARTS[name], name) for name in ("empty", *STARTERS)), (words.START_NOTEBOOK, "lessons")]
    start_from = gr.Radio(starts, value="empty", label=words.START_FROM, elem_id="start-from")
    question = gr.HTML("", elem_id="question")
    ask = gr.Button(words.START_NOW, elem_id="start")
    with gr.Row(elem_classes="are-you-sure"):
        sure = gr.Button(words.START_SURE, variant="stop", visible=False, elem_id="start-sure")
        keep_it = gr.Button(words.START_NOT, visible=False, elem_id="start-not")
    stop = gr.Button(words.STOP, visible=False, elem_id="start-stop")
    asking = [question, ask, sure, keep_it, stop]
    components = settings.components(fields)
    ask.click(ask_first, page.id, asking, **QUIET)
    keep_it.click(rest, None, asking, **QUIET)
    kind.change(offer, kind, [preset, *groups.values(), *components], **QUIET)
    preset.input(settings.filled, [kind, preset], components, **QUIET)
    started = sure.click(start, [page.id, kind, start_from, *components], [*shown, page.header, *asking], **QUIET)
    started.then(rest, None, asking, **QUIET)
    stop.click(DESKS.stop, page.id, None, queue=False, **QUIET)
    page.refill_after(page.header.pick(from_menu, page.id, [shown[0], page.header], **QUIET))


def told(desk: Desk, text: str) -> tuple[Any, ...]:
    """What just happened, the name, the way back, the header."""
    before = desk.previous
    label = words.BACK if before is None else words.BACK_TO.format(name=before.name, lessons=lessons_of(before))
    return status(text), desk.pupil.name, gr.Button(label, interactive=before is not None), header(desk)


def lessons_of(pupil: Agent) -> str:
    """How many lessons an agent has had, in words."""
    return words.count(pupil.n_lessons, "lesson")


# ---------------------------------------------------------------- events


@in_turn
def start(desk: Desk, kind: str, start_from: str, *values: Any) -> Iterator[tuple[Any, ...]]:
    """Put a new agent on the desk; while it is taught this one's lessons, tell how far it is, and stop if asked."""
    said = words.RETEACHING if start_from == "lessons" else words.STARTING
    for share, pupil in beginning(desk, kind, start_from, settings.chosen(kind, values)):
        if share is None:
            yield *told(desk, words.START_STOPPED if pupil is desk.pupil else words.REPLACED), *rest()
        elif pupil is None:
            yield *told(desk, said.format(share=share)), *_busy()
        else:
            yield *told(desk, words.STARTED.format(lessons=lessons_of(pupil))), *rest()


def beginning(
    desk: Desk, kind: str, start_from: str, chosen: dict[str, Any]
) -> Iterator[tuple[int | None, Pupil | None]]:
    """Make a new agent and put it on the desk.

    Gives each new per cent; when it is stopped, None and the agent that was there; at the end the new one.
    """
    old, mine, shown = desk.pupil, object(), -1
    desk.course, steps = mine, _begun(old, kind, start_from, chosen)
    while True:
        try:
            share = int(100 * next(steps))
        except StopIteration as done:
            desk.replace(done.value)
            yield 100, done.value
            return
        if share > shown:
            shown = share
            yield share, None
        if desk.course is not mine:
            yield None, old
            return


def _begun(old: Pupil, kind: str, start_from: str, chosen: dict[str, Any]) -> Generator[float, None, Pupil]:
    """Teach a newborn what it shall start with."""
    if start_from in STARTERS:
        return (yield from starting(kind, starter=start_from, name=words.TITLE, **chosen))
    newborn = new(kind, name=words.TITLE, **chosen)
    if start_from != "lessons":
        return newborn
    log = type(old.lessons).from_jsonl(old.lessons.to_jsonl())
    memory = yield from rebuilding(type(newborn.memory), newborn.memory.config, log)
    return Pupil(memory, log, old.name)


@in_turn
def from_menu(desk: Desk, event: gr.EventData) -> Iterator[tuple[str, str]]:
    """Start with what was chosen in the menu at the top, and tell there how far it is."""
    start_from = pressed(event).get("label")
    if start_from not in ("empty", *STARTERS):
        raise AgentError(f"expected a start among empty, {', '.join(STARTERS)}, got {start_from!r}.")
    for share, pupil in beginning(desk, DEFAULT_KIND, start_from, {}):
        said = words.STARTING.format(share=share) if pupil is None else ""
        if share is None:
            said = words.START_STOPPED
        elif pupil is not None:
            said = words.STARTED.format(lessons=lessons_of(pupil))
        yield status(said), header(desk, said if pupil is None else "")


@at_desk
def ask_first(desk: Desk) -> tuple[Any, ...]:
    """Ask before starting again."""
    question = words.START_ASK.format(name=safe(desk.pupil.name), lessons=lessons_of(desk.pupil))
    hidden, seen = gr.Button(visible=False), gr.Button(visible=True)
    return f"<p>{question}</p>", hidden, seen, seen, hidden


def offer(kind: str) -> list[Any]:
    """Let the visitor choose among the designs of a kind, where there are several, and show its settings."""
    names = list(KINDS[kind].PRESETS)
    groups = [gr.Column(visible=name == kind) for name in KINDS]
    return [gr.Dropdown(choices=names, value=names[0], visible=len(names) > 1), *groups,
            *settings.filled(kind, names[0])]  # fmt: skip


def rest() -> tuple[Any, ...]:
    """Leave the question."""
    hidden = gr.Button(visible=False)
    return "", gr.Button(visible=True), hidden, hidden, hidden


def _busy() -> tuple[Any, ...]:
    """While it is taught: nothing but Stop."""
    hidden = gr.Button(visible=False)
    return "", hidden, hidden, hidden, gr.Button(visible=True)
