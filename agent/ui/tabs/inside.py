"""Inside: what the agent in use remembers, and what it does with a drawing, step by step where it has steps.

A model's ``VIEWS`` say what can be shown of it: the trajectory of a state machine, the RAM nodes of a recall agent.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from agent import preprocessing, render
from agent.agents.pupil import Pupil
from agent.lessons import Lesson
from agent.models import Guess
from agent.models.recall.inspection import Location
from agent.models.recall.model import Recall
from agent.models.state.machine import FiringReason, MachineState
from agent.models.state.model import State
from agent.models.state.rows import unpack
from agent.ui import formatting, html
from agent.ui.events import QUIET, event_payload, serialized, with_session
from agent.ui.formatting import readable
from agent.ui.html import safe
from agent.ui.page import PICK_JS, Page
from agent.ui.parts import notebook
from agent.ui.session import InsideView, Session
from agent.ui.texts import current_locale, texts, with_label

N_LESSONS = 24  # last ones of the visitor, to choose from
N_ROWS = 6  # remembered rows of a neuron in its picture
ON_PAD = -1  # in place of a lesson's number: the drawing on the pad
SCROLL_JS = "() => document.querySelector('#looked').scrollIntoView({block: 'nearest'})"
_SHAPE = preprocessing.SIDE, preprocessing.SIDE
Trajectory = list[tuple[str, MachineState]]  # how a state came about, and the state


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    with gr.Column(elem_classes="card inside"):
        selection = gr.HTML("", elem_id="looked", js_on_load=PICK_JS)
    with gr.Column(elem_classes="card inside", visible=False) as story:
        gr.HTML(f"<h2>{texts.STORY}</h2><p>{texts.STORY_HINT}</p>")
        with gr.Row(elem_classes="story"):
            play = gr.Button(texts.PLAY, elem_id="play")
            step = gr.Slider(1, 2, 1, step=1, label=texts.STATE, elem_id="step")
        state = gr.HTML("", elem_id="state", js_on_load=PICK_JS)
        neuron = gr.HTML("", elem_id="neuron")
    with gr.Column(elem_classes="card inside", visible=False) as nodes:
        votes = gr.HTML("", elem_id="votes", js_on_load=PICK_JS)
        node = gr.HTML("", elem_id="node")
    with gr.Column(elem_classes="card inside"):
        images = gr.HTML("", elem_id="images")
    with gr.Column(elem_classes="card inside", visible=False) as reasons:
        explanation = gr.HTML("", elem_id="inside-why")
    with gr.Column(elem_classes="card inside"):
        draw_buttons = gr.HTML("", elem_id="draw-me", js_on_load=PICK_JS)
        from_memory = gr.HTML("", elem_id="drawn")
    with gr.Column(elem_classes="card inside"):
        past = gr.HTML("", elem_id="past", js_on_load=PICK_JS)
    clock = gr.Timer(0.5, active=False)
    outputs = [selection, story, step, state, neuron, nodes, votes, node, images, reasons, explanation]
    outputs += [draw_buttons, from_memory, play, clock, past]
    running = [play, clock, step, state, neuron]
    draw_buttons.pick(draw_one, page.id, from_memory, **QUIET)
    selection.pick(choose, page.id, outputs, **QUIET)
    past.pick(choose, page.id, outputs, **QUIET).then(None, js=SCROLL_JS, **QUIET)
    last = QUIET | {"trigger_mode": "always_last"}  # of arrows that are held down
    step.input(turn_to, [page.id, step], [state, neuron], **last)
    state.pick(choose_neuron, page.id, neuron, **last)
    votes.pick(choose_node, page.id, node, **last)
    play.click(start_or_stop, [page.id, step, play], running, **QUIET)
    clock.tick(next_step, [page.id, step], running, **QUIET)
    return with_session(all_of), outputs


def all_of(session: Session) -> tuple[Any, ...]:
    """Everything on the tab."""
    number, drawing, label = _selected(session)
    pupil, view = session.pupil, session.inside
    has_story = "trajectory" in pupil.model.VIEWS and drawing is not None
    view.trajectory = until_settled(pupil.model.trajectory(drawing, label)) if has_story else []
    n_states = len(view.trajectory)
    view.step = min(max(1, view.step), max(1, n_states))
    guess = pupil.model.predict_one(drawing) if drawing is not None and pupil.labels else None
    canonical = None if drawing is None else preprocessing.canonical(drawing)
    image_of = pupil.model.imagine(guess.label) if guess is not None and guess.label is not None else None
    return (
        _selection(pupil, canonical, number, session.pad.drawing),
        gr.Column(visible=has_story),
        gr.Slider(minimum=1, maximum=max(2, n_states), value=view.step),
        *_state_and_neuron(session),
        *_votes_and_node(session, drawing, guess),
        _mental_images(pupil),
        gr.Column(visible=guess is not None),
        f"<h2>{texts.WHY}</h2>{html.explain(guess, canonical, image_of)}",
        _draw_buttons(pupil),
        "",
        gr.Button(texts.PLAY),
        gr.Timer(active=False),
        notebook.timeline(pupil.lessons, number),
    )


# ---------------------------------------------------------------- what is looked at


def _selected(session: Session) -> tuple[int, np.ndarray | None, str | None]:
    """The lesson that was chosen, else the drawing on the pad, else the last lesson: number, drawing and label."""
    lessons = {lesson.number: lesson for lesson in session.pupil.lessons.user_lessons()}
    if session.inside.number in lessons:
        lesson = lessons[session.inside.number]
    elif session.pad.drawing is not None or not lessons:
        return ON_PAD, session.pad.drawing, None
    else:
        lesson = lessons[max(lessons)]
    return lesson.number, lesson.drawing, lesson.label


def _selection(pupil: Pupil, canonical: np.ndarray | None, number: int, on_pad: np.ndarray | None) -> str:
    """The drawing looked at, what else can be chosen, and facts about the agent."""
    choices = [] if on_pad is None else [_choice(ON_PAD, on_pad, texts.ON_THE_PAD, number == ON_PAD)]
    lessons: list[Lesson] = pupil.lessons.user_lessons()[-N_LESSONS:]
    choices += [
        _choice(lesson.number, lesson.drawing, lesson.label, lesson.number == number) for lesson in reversed(lessons)
    ]
    strip = f'<div class="strip">{"".join(choices)}</div>' if choices else f"<p>{texts.INSIDE_NOTHING}</p>"
    return (
        f'<div class="looked">{html.sees(canonical)}<div><h2>{texts.LOOKED_AT}</h2>{strip}'
        f"{html.definitions(stats(pupil))}</div></div>"
    )


def _choice(number: int, drawing: np.ndarray, name: str, is_chosen: bool) -> str:
    content = f"{html.image(drawing, '')}<b>{safe(name)}</b>"
    return html.button("look", content, is_chosen, css="thumb plain", data_number=number)


def stats(pupil: Pupil) -> list[tuple[str, str]]:
    """What an agent is and holds: names and values."""
    model, figures = pupil.model, current_locale().figures
    return [
        (texts.FACT_KIND, formatting.about_kind(pupil.kind, model.SUMMARY)),
        (texts.LESSONS, formatting.number(pupil.n_lessons)),
        (texts.MEMORY_USED, formatting.size(model.n_bytes)),
        *(
            (texts.FACTS.get(name, readable(name)), texts.FACT_VALUES.get(value, figures(value)))
            for name, value in model.stats().items()
        ),
    ]


def _mental_images(pupil: Pupil) -> str:
    figures = "".join(
        html.figure(html.image(pupil.imagine(label), label), f"<b>{safe(label)}</b>", html.hue(label))
        for label in pupil.labels
    )
    content = f'<div class="reasons small">{figures}</div>' if figures else f"<p>{texts.INSIDE_EMPTY}</p>"
    return f"<h2>{texts.MENTAL_IMAGES}</h2><p>{texts.MENTAL_IMAGES_HINT}</p>{content}"


def _draw_buttons(pupil: Pupil) -> str:
    """A button for each label that it can draw."""
    buttons = "".join(
        html.button("draw", safe(label), data_label=label, style=html.hue(label)) for label in pupil.labels
    )
    content = f'<div class="labels">{buttons}</div>' if buttons else f"<p>{texts.INSIDE_EMPTY}</p>"
    return f"<h2>{texts.DRAW_ME}</h2><p>{texts.DRAW_ME_HINT}</p>{content}"


# ---------------------------------------------------------------- RAM nodes


def _votes_and_node(session: Session, drawing: np.ndarray | None, guess: Guess | None) -> tuple[gr.Column, str, str]:
    """How the RAM nodes vote, and the one looked at."""
    model = session.pupil.model
    if "nodes" not in model.VIEWS or drawing is None or guess is None:
        return gr.Column(visible=False), "", ""
    session.inside.node = min(session.inside.node, model.config.n_nodes - 1)
    return gr.Column(visible=True), _votes(model, drawing, guess), _node(model, drawing, session.inside.node)


def _votes(model: Recall, drawing: np.ndarray, guess: Guess) -> str:
    """The pixels that voted for the guess, to press one, and how many nodes have seen each label here."""
    seen = model.nodes(drawing).seen
    n_nodes, counts = len(seen), seen.sum(axis=0)
    max_count = int(counts.max(initial=0))

    def row(name: str, n: int, style: str, is_best: bool) -> str:
        return html.bar(name, style, n / n_nodes, is_best, f"<small>{formatting.number(n)}</small>")

    rows = [row(label, int(n), html.hue(label), n == max_count) for label, n in zip(model.labels, counts, strict=True)]
    rows.append(row("–", int((~seen.any(axis=1)).sum()), "", False))
    saliency = guess.saliency if guess.saliency is not None else np.zeros_like(drawing)
    tinted = render.tinted(preprocessing.canonical(drawing), saliency)
    picture = html.picture(tinted, texts.VOTED, data_grid=preprocessing.SIDE, data_bits=1, tabindex=0)
    return (
        f'<h2>{texts.NODES}</h2><p>{texts.NODES_HINT.format(n=n_nodes)}</p><div class="votes">'
        f'{html.figure(picture, texts.VOTED_HINT)}<ul class="bars counted">{"".join(rows)}</ul></div>'
    )


def _node(model: Recall, drawing: np.ndarray, number: int) -> str:
    """One node: the bits it reads, the location they address, and the lessons that wrote it."""
    at = model.nodes(drawing).location(number)
    read = np.zeros(_SHAPE, np.uint8)
    read.ravel()[at.pixels] = np.where(at.bits, 255, 110)
    tinted = render.tinted(preprocessing.canonical(drawing), read)
    bits = "".join(f'<i class="{"on" if bit else ""}">{int(bit)}</i>' for bit in at.bits)
    figures = "".join(
        html.figure(
            html.image(writer.drawing, writer.label),
            f"{with_label(texts.WRITER_OWN if writer.is_own else texts.WRITER, safe(writer.label))}"
            f"<br>{formatting.count(writer.n_rows, 'row')}",
        )
        for writer in at.writers
    )
    return (
        f'<div class="neuron"><h3>{texts.NODE.format(number=number)}</h3>'
        f'<div class="life">{html.picture(tinted, texts.NODE_READS)}<div>'
        f"<p>{texts.NODE_READS_HINT.format(n=len(at.pixels))}</p>"
        f'<p class="address">{bits}</p><p class="rule">{_writers(at)}</p></div></div>'
        f'<div class="reasons small">{figures}</div></div>'
    )


def _writers(at: Location) -> str:
    """Which lessons wrote a location."""
    if not at.n_rows:
        return texts.LOCATION_EMPTY.format(address=at.address)
    labels = ", ".join(f"{safe(label)} ({formatting.number(n)})" for label, n in at.n_rows.items())
    lessons = formatting.count(at.n_writers, "lesson")
    return texts.LOCATION_LIFE.format(address=at.address, lessons=lessons, labels=labels)


# ---------------------------------------------------------------- states of a state machine


def _state_and_neuron(session: Session) -> tuple[str, str]:
    """The present state of the story, and the neuron looked at."""
    view, model = session.inside, session.pupil.model
    return (_state(model, view), _neuron(model, view)) if view.trajectory else ("", "")


def _state(model: State, view: InsideView) -> str:
    """Input, inner state and output of one state, and how it came about."""
    trajectory, step = view.trajectory, view.step
    how, state = trajectory[step - 1]
    label = model.label_of(state)
    bits = unpack(state.output, model.config.n_outputs)
    number = sum(1 << place for place, bit in enumerate(bits) if bit)
    cells = "".join(
        html.button(
            "neuron",
            f"{int(bit)}",
            data_number=model.machine.n_inputs + place,
            css="on" if bit else "",
            aria_label=texts.NEURON_OUTPUT.format(number=place),
        )
        for place, bit in reversed(list(enumerate(bits)))
    )
    changed = state.inner ^ trajectory[step - 2][1].inner if step > 1 else None
    name = f'<b style="{html.hue(label)}">{safe(label)}</b>' if label else f"<b class='faint'>{texts.NO_LABEL_YET}</b>"
    since_chance = next((back for back in range(step) if trajectory[step - 1 - back][0] == "chance"), 0)
    return (
        f'<p class="how"><b>{texts.STATE_OF.format(step=step, last=len(trajectory))}</b> '
        f"{texts.HOW_IT_CAME[how].format(step=since_chance)} {_changed(trajectory, step)}</p>"
        f'<div class="layers">{_layer(model, state.inputs, texts.INPUT, texts.INPUT_HINT)}'
        f"{_layer(model, state.inner, texts.INNER, texts.INNER_HINT, pick=True, changed=changed)}"
        f'<figure class="output"><div class="bits">{cells}</div><p>{texts.OUTPUT_NUMBER.format(number=number)}</p>'
        f"<p class='said'>{name}</p>"
        f"<figcaption>{texts.OUTPUT}<small>{texts.OUTPUT_HINT}</small></figcaption></figure></div>"
    )


def until_settled(trajectory: Trajectory) -> Trajectory:
    """The states up to the first look that leaves everything as it was: nothing would change after it."""
    for place, ((before, last), (how, state)) in enumerate(itertools.pairwise(trajectory)):
        is_same = np.array_equal(state.inner, last.inner) and np.array_equal(state.output, last.output)
        if before == how == "looked" and is_same:
            return trajectory[: place + 2]
    return trajectory


def _changed(trajectory: Trajectory, step: int) -> str:
    """How many inner neurons changed since the state before."""
    how, state = trajectory[step - 1]
    if step < 2 or how == "chance":
        return ""
    n = int(np.bitwise_count(state.inner ^ trajectory[step - 2][1].inner).sum())
    return texts.CHANGED.format(n=n) if n else texts.SETTLED


def _neuron(model: State, view: InsideView) -> str:
    """One neuron: what it reads, which rule it fired by, and the remembered rows that are nearest."""
    machine, step = model.machine, view.step
    number = min(view.neuron, machine.n_inputs + machine.n_outputs - 1)
    how, state = view.trajectory[step - 1]
    before = view.trajectory[step - 2][1] if step > 1 else state
    is_inner = number < machine.n_inputs
    inputs, inner, *_ = machine.connections(number)
    pictures = _connections(model, inputs, state.inputs, texts.READS_INPUT)
    pictures += _connections(model, inner, before.inner if is_inner else state.inner, texts.READS_INNER)
    name = (texts.NEURON_INNER if is_inner else texts.NEURON_OUTPUT).format(number=number % machine.n_inputs)
    rows = "" if how == "chance" or step < 2 else _rows(model, machine.explain(state, before, number), how)
    return (
        f'<div class="neuron"><h3>{name}</h3><p>{texts.NEURON_HINT}</p>'
        f'<div class="reasons">{pictures}{rows}</div></div>'
    )


def _rows(model: State, explanation: FiringReason, how: str) -> str:
    """The rows that decided, as the lessons they come from."""
    if how == "taught":
        return f"<p>{texts.NEURON_TAUGHT.format(bit=explanation.bit)}</p>"
    figures = []
    for row, bit in itertools.islice(zip(explanation.rows, explanation.targets, strict=True), N_ROWS):
        lesson = model.lesson_of(row)
        name = texts.ROW_OF.format(label=safe(lesson[1])) if lesson else texts.ROW_OF_NO_LESSON
        picture = html.image(lesson[0], "") if lesson else ""
        figures.append(html.figure(picture, f"{name}, {texts.ROW_GAVE.format(bit=bit)}"))
    rule = texts.RULES[explanation.rule].format(
        bit=explanation.bit, n=len(explanation.rows), distance=explanation.distance
    )
    return f'{"".join(figures)}<p class="rule">{rule}</p>'


def _layer(
    model: State, layer: np.ndarray, name: str, hint: str, pick: bool = False, changed: np.ndarray | None = None
) -> str:
    """One layer as a picture, what changed tinted; its pixels can be pressed where they can be picked."""
    grid = {"data_grid": preprocessing.SIDE, "data_bits": model.config.n_bits, "tabindex": 0} if pick else {}
    pixels = render.picture(_pixels(model, layer))
    if changed is not None:
        pixels = render.tinted(_pixels(model, layer), np.minimum(160, _pixels(model, changed)))
    return html.figure(html.picture(pixels, name, **grid), f"{name}<small>{hint}</small>")


def _pixels(model: State, layer: np.ndarray) -> np.ndarray:
    """A layer as a drawing: of the bits of each pixel, how many are on."""
    bits = unpack(layer, model.machine.n_inputs).reshape(-1, model.config.n_bits)
    return (bits.sum(axis=1) * 255 // model.config.n_bits).astype(np.uint8).reshape(_SHAPE)


def _connections(model: State, connected: np.ndarray, layer: np.ndarray, name: str) -> str:
    """The connections of a neuron, drawn over the layer that they come from."""
    if not connected.any():
        return ""
    touched = connected.reshape(-1, model.config.n_bits).any(axis=1).reshape(_SHAPE)
    tinted = render.tinted(_pixels(model, layer), touched.astype(np.uint8) * 160)
    caption = texts.READS.format(name=name, n=formatting.number(int(connected.sum())))
    return html.figure(html.picture(tinted, caption), caption)


# ---------------------------------------------------------------- events


@with_session
def choose(session: Session, event: gr.EventData) -> tuple[Any, ...]:
    """Look at another drawing."""
    number = event_payload(event).get("number")
    session.inside.number = number if type(number) is int else ON_PAD
    session.inside.step = 1
    return all_of(session)


@with_session
def turn_to(session: Session, step: float) -> tuple[str, str]:
    """Turn to a state of the story."""
    session.inside.step = min(max(1, int(step)), max(1, len(session.inside.trajectory)))
    return _state_and_neuron(session)


@with_session
def choose_neuron(session: Session, event: gr.EventData) -> str:
    """Look at another neuron."""
    number = event_payload(event).get("number")
    if type(number) is int and "trajectory" in session.pupil.model.VIEWS:
        machine = session.pupil.model.machine
        session.inside.neuron = min(max(0, number), machine.n_inputs + machine.n_outputs - 1)
    return _state_and_neuron(session)[1]


@with_session
def choose_node(session: Session, event: gr.EventData) -> str:
    """Look at another RAM node that reads the pixel pressed: the one after the present node, if it reads it too."""
    pixel, model, drawing = event_payload(event).get("number"), session.pupil.model, _selected(session)[1]
    if type(pixel) is not int or "nodes" not in model.VIEWS or drawing is None or not model.labels:
        return ""
    numbers, present = model.nodes(drawing).reading(pixel).tolist(), session.inside.node
    session.inside.node = next((number for number in numbers if number > present), numbers[0] if numbers else present)
    return _node(model, drawing, session.inside.node)


@serialized
def draw_one(session: Session, event: gr.EventData) -> Iterator[str]:
    """Draw something from memory, and let it grow from the top."""
    label = event_payload(event).get("label")
    session.inside.n_drawn += 1
    drawing = session.pupil.draw_one(label, session.inside.n_drawn)
    guess = session.pupil.predict_one(drawing)
    for n_rows in range(2, len(drawing) + 1, 2):
        grown = drawing.copy()
        grown[n_rows:] = 0
        alt = caption = with_label(texts.DRAWN, safe(label))
        if n_rows == len(drawing):  # what is marked is read aloud: once, when the drawing is whole
            caption += f" <span>{texts.DRAWN_READ.format(label=safe(guess.label or texts.NOT_SURE))}</span>"
        yield html.figure(html.image(grown, alt), caption)


@with_session
def start_or_stop(session: Session, step: float, pressed: str) -> tuple[Any, ...]:
    """Let the story run from here, from the beginning if it is over; or stop it."""
    if pressed == texts.PAUSE:
        return gr.Button(texts.PLAY), gr.Timer(active=False), gr.skip(), gr.skip(), gr.skip()
    session.inside.step = 1 if step >= len(session.inside.trajectory) else int(step)
    return gr.Button(texts.PAUSE), gr.Timer(active=True), session.inside.step, *_state_and_neuron(session)


@with_session
def next_step(session: Session, step: float) -> tuple[Any, ...]:
    """Turn one state on; stop at the last."""
    last = len(session.inside.trajectory)
    session.inside.step = max(1, min(int(step) + 1, last))
    is_over = session.inside.step >= last
    return (
        gr.Button(texts.PLAY if is_over else texts.PAUSE),
        gr.Timer(active=not is_over),
        session.inside.step,
        *_state_and_neuron(session),
    )
