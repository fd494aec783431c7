"""Inside: what the agent in use remembers, and what it does with a drawing, step by step where it has steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from agent.kinds import Guess
from agent.kinds.recall import Recall
from agent.kinds.state import State
from agent.lessons import Lesson
from agent.pupil import Pupil
from agent.ui import life, markup, nodes, states, words
from agent.ui.desk import Desk
from agent.ui.events import QUIET, at_desk, in_turn, pressed
from agent.ui.language import spoken
from agent.ui.page import HERE, Page

N_LESSONS = 24  # own lessons to choose from
PRESENT = -1  # the number of the drawing on the pad
TO_LOOKED_JS = "() => document.querySelector('#looked').scrollIntoView({block: 'nearest'})"
PICK_JS = (HERE / "pick.js").read_text(encoding="utf-8")


def title() -> str:
    """Name the tab."""
    return words.INSIDE


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    with gr.Column(elem_classes="card inside"):
        chosen = gr.HTML("", elem_id="looked", js_on_load=PICK_JS)
    with gr.Column(elem_classes="card inside", visible=False) as story:
        gr.HTML(f"<h2>{words.STORY}</h2><p>{words.STORY_HINT}</p>")
        with gr.Row(elem_classes="story"):
            play = gr.Button(words.PLAY, elem_id="play")
            step = gr.Slider(1, 2, 1, step=1, label=words.STATE, elem_id="step")
        state = gr.HTML("", elem_id="state", js_on_load=PICK_JS)
        neuron = gr.HTML("", elem_id="neuron")
    with gr.Column(elem_classes="card inside", visible=False) as looking_up:
        votes = gr.HTML("", elem_id="votes", js_on_load=PICK_JS)
        node = gr.HTML("", elem_id="node")
    with gr.Column(elem_classes="card inside"):
        images = gr.HTML("", elem_id="images")
    with gr.Column(elem_classes="card inside", visible=False) as reasons:
        why = gr.HTML("", elem_id="inside-why")
    with gr.Column(elem_classes="card inside"):
        asked = gr.HTML("", elem_id="draw-me", js_on_load=PICK_JS)
        drawn = gr.HTML("", elem_id="drawn")
    with gr.Column(elem_classes="card inside"):
        past = gr.HTML("", elem_id="past", js_on_load=PICK_JS)
    clock = gr.Timer(0.5, active=False)
    outputs = [chosen, story, step, state, neuron, looking_up, votes, node, images, reasons, why, asked, drawn, play]
    outputs += [clock, past]
    asked.pick(draw_me, page.id, drawn, **QUIET)
    chosen.pick(choose, page.id, outputs, **QUIET)
    past.pick(choose, page.id, outputs, **QUIET).then(None, js=TO_LOOKED_JS, **QUIET)
    step.input(turn_to, [page.id, step], [state, neuron], **QUIET)
    state.pick(choose_neuron, page.id, neuron, **QUIET)
    votes.pick(choose_node, page.id, node, **QUIET)
    play.click(start_or_stop, [page.id, step, play], [play, clock, step, state, neuron], **QUIET)
    clock.tick(next_step, [page.id, step], [play, clock, step, state, neuron], **QUIET)
    return fill, outputs


def all_of(desk: Desk) -> tuple[Any, ...]:
    """Everything on the tab."""
    number, drawing, label = _looked_at(desk)
    pupil = desk.pupil
    told = isinstance(pupil.memory, State) and drawing is not None
    desk.inside.tale = pupil.memory.tale(drawing, label) if told else []
    n_states = len(desk.inside.tale)
    desk.inside.step = min(max(1, desk.inside.step), max(1, n_states))
    guess = pupil.predict_one(drawing) if drawing is not None and pupil.labels else None
    image_of = pupil.imagine(guess.label) if guess is not None and guess.label is not None else None
    return (
        _chosen(pupil, drawing, number, desk.showing),
        gr.Column(visible=told),
        gr.Slider(minimum=1, maximum=max(2, n_states), value=desk.inside.step),
        *_state_of(desk),
        *_nodes_of(desk, drawing, guess),
        _images(pupil),
        gr.Column(visible=guess is not None),
        f"<h2>{words.WHY}</h2>{markup.why(guess, drawing, image_of)}",
        _asked(pupil),
        "",
        gr.Button(words.PLAY),
        gr.Timer(active=False),
        life.show(pupil.lessons, number),
    )


def _state_of(desk: Desk) -> tuple[str, str]:
    """The present state of the story, and the neuron looked at."""
    inside = desk.inside
    if not inside.tale:
        return "", ""
    memory = desk.pupil.memory
    return states.state(memory, inside.tale, inside.step), states.neuron(
        memory, inside.tale, inside.step, inside.neuron
    )


def _nodes_of(desk: Desk, drawing: np.ndarray | None, guess: Guess | None) -> tuple[gr.Column, str, str]:
    """How the RAM nodes vote, and the one looked at."""
    memory = desk.pupil.memory
    if not isinstance(memory, Recall) or drawing is None or guess is None:
        return gr.Column(visible=False), "", ""
    desk.inside.node = min(desk.inside.node, memory.config.n_nodes - 1)
    return gr.Column(visible=True), nodes.votes(memory, drawing, guess), nodes.node(memory, drawing, desk.inside.node)


def _looked_at(desk: Desk) -> tuple[int, np.ndarray | None, str | None]:
    """What is looked at: the lesson that was chosen, else the drawing on the pad, else the last lesson.

    Its number, the drawing, and its label if it is a lesson.
    """
    own = {lesson.number: lesson for lesson in desk.pupil.lessons.own()}
    if desk.inside.number in own:
        lesson = own[desk.inside.number]
    elif desk.showing is not None or not own:
        return PRESENT, desk.showing, None
    else:
        lesson = own[max(own)]
    return lesson.number, lesson.drawing, lesson.label


def _chosen(pupil: Pupil, drawing: np.ndarray | None, number: int, present: np.ndarray | None) -> str:
    """Lay out what is looked at, and what else there is."""
    choices = [] if present is None else [_choice(PRESENT, present, words.ON_THE_PAD, number == PRESENT)]
    choices += [_lesson(lesson, lesson.number == number) for lesson in reversed(pupil.lessons.own()[-N_LESSONS:])]
    strip = f'<div class="strip">{"".join(choices)}</div>' if choices else f"<p>{words.INSIDE_NOTHING}</p>"
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts(pupil))
    return (
        f'<div class="looked">{markup.sees(drawing)}<div><h2>{words.LOOKED_AT}</h2>{strip}'
        f'<dl class="facts">{rows}</dl></div></div>'
    )


def facts(pupil: Pupil) -> list[tuple[str, str]]:
    """What an agent is and holds: names and values."""
    memory = pupil.memory
    shared = [
        (words.FACT_KIND, f"{pupil.kind}: {words.SUMMARIES.get(pupil.kind, memory.SUMMARY)}"),
        (words.LESSONS, words.number(pupil.n_lessons)),
        (words.MEMORY_USED, words.size(memory.n_bytes)),
    ]
    told = {name: words.FACT_VALUES.get(value, spoken().figures(value)) for name, value in memory.facts().items()}
    return shared + [(words.FACTS[name], value) for name, value in told.items()]


def _lesson(lesson: Lesson, is_chosen: bool) -> str:
    return _choice(lesson.number, lesson.drawing, lesson.label, is_chosen)


def _choice(number: int, drawing: np.ndarray, name: str, is_chosen: bool) -> str:
    marked = ' aria-pressed="true"' if is_chosen else ""
    return (
        f'<button type="button" class="thumb plain" data-do="look" data-number="{number}"{marked}>'
        f"{markup.image(drawing, '')}<b>{markup.safe(name)}</b></button>"
    )


def _images(pupil: Pupil) -> str:
    """Lay out the mental images of all labels."""
    figures = "".join(
        f'<figure style="{markup.hue(label)}">{markup.image(pupil.imagine(label), label)}'
        f"<figcaption><b>{markup.safe(label)}</b></figcaption></figure>"
        for label in pupil.labels
    )
    shown = f'<div class="reasons small">{figures}</div>' if figures else f"<p>{words.INSIDE_EMPTY}</p>"
    return f"<h2>{words.MENTAL_IMAGES}</h2><p>{words.MENTAL_IMAGES_HINT}</p>{shown}"


def _asked(pupil: Pupil) -> str:
    """Lay out what may be asked for."""
    buttons = "".join(
        f'<button type="button" data-do="draw" data-label="{name}" style="{markup.hue(label)}">{name}</button>'
        for label, name in ((label, markup.safe(label)) for label in pupil.labels)
    )
    shown = f'<div class="labels">{buttons}</div>' if buttons else f"<p>{words.INSIDE_EMPTY}</p>"
    return f"<h2>{words.DRAW_ME}</h2><p>{words.DRAW_ME_HINT}</p>{shown}"


# ---------------------------------------------------------------- events


@at_desk
def fill(desk: Desk) -> tuple[Any, ...]:
    """Show the agent as it is."""
    return all_of(desk)


@at_desk
def choose(desk: Desk, event: gr.EventData) -> tuple[Any, ...]:
    """Look at another drawing."""
    number = pressed(event).get("number")
    desk.inside.number = number if type(number) is int else PRESENT
    desk.inside.step = 1
    return all_of(desk)


@at_desk
def turn_to(desk: Desk, step: float) -> tuple[str, str]:
    """Turn to a state of the story."""
    desk.inside.step = min(max(1, int(step)), max(1, len(desk.inside.tale)))
    return _state_of(desk)


@at_desk
def choose_neuron(desk: Desk, event: gr.EventData) -> str:
    """Look at another neuron."""
    number = pressed(event).get("number")
    if type(number) is int and isinstance(desk.pupil.memory, State):
        machine = desk.pupil.memory.machine
        desk.inside.neuron = min(max(0, number), machine.n_inputs + machine.n_outputs - 1)
    return _state_of(desk)[1]


@at_desk
def choose_node(desk: Desk, event: gr.EventData) -> str:
    """Look at another RAM node: one that reads the pixel pressed."""
    pixel, memory, drawing = pressed(event).get("number"), desk.pupil.memory, _looked_at(desk)[1]
    if type(pixel) is not int or not isinstance(memory, Recall) or drawing is None or not memory.labels:
        return ""
    desk.inside.node = nodes.next_reading(memory, drawing, pixel, desk.inside.node)
    return nodes.node(memory, drawing, desk.inside.node)


@in_turn
def draw_me(desk: Desk, event: gr.EventData) -> Iterator[str]:
    """Draw something from memory, and let it grow from the top."""
    label = pressed(event).get("label")
    desk.inside.n_drawn += 1
    page = desk.pupil.draw_one(label, desk.inside.n_drawn)
    guess = desk.pupil.predict_one(page)
    for n_rows in range(2, len(page) + 1, 2):
        grown = page.copy()
        grown[n_rows:] = 0
        said = words.DRAWN.format(label=markup.safe(label))
        if n_rows == len(page):
            said += " " + words.DRAWN_READ.format(label=markup.safe(guess.label or words.NOT_SURE))
        yield f"<figure>{markup.image(grown, said)}<figcaption>{said}</figcaption></figure>"


@at_desk
def start_or_stop(desk: Desk, step: float, said: str) -> tuple[Any, ...]:
    """Let the story run from here, from the beginning if it is over; or stop it."""
    if said == words.PAUSE:
        return gr.Button(words.PLAY), gr.Timer(active=False), gr.skip(), gr.skip(), gr.skip()
    desk.inside.step = 1 if step >= len(desk.inside.tale) else int(step)
    return gr.Button(words.PAUSE), gr.Timer(active=True), desk.inside.step, *_state_of(desk)


@at_desk
def next_step(desk: Desk, step: float) -> tuple[Any, ...]:
    """Turn one state on; stop at the last."""
    last = len(desk.inside.tale)
    desk.inside.step = max(1, min(int(step) + 1, last))
    over = desk.inside.step >= last
    return gr.Button(words.PLAY if over else words.PAUSE), gr.Timer(active=not over), desk.inside.step, *_state_of(desk)
