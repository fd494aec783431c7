"""The states of a state machine as HTML: its layers as pictures, its outputs, and one neuron looked at closely."""

from __future__ import annotations

import itertools

import numpy as np

from agent import render, retina
from agent.kinds.machine import Moment, Why
from agent.kinds.packed import unpack
from agent.kinds.state import State
from agent.ui import markup, words

Tale = list[tuple[str, Moment]]
N_ROWS = 6  # remembered rows of a neuron that are shown
_SHAPE = retina.SIDE, retina.SIDE


def state(memory: State, tale: Tale, step: int) -> str:
    """Show input, inner and output of one state, and how it came about."""
    how, moment = tale[step - 1]
    changed = _n_changed(tale, step)
    said = memory.label_of(moment)
    bits = unpack(moment.output, memory.config.n_outputs)
    number = sum(1 << place for place, bit in enumerate(bits) if bit)
    cells = "".join(
        f'<button type="button" data-do="neuron" data-number="{memory.machine.n_inputs + place}" '
        f'class="{"on" if bit else ""}" aria-label="{words.NEURON_OUTPUT.format(number=place)}">'
        f"{int(bit)}</button>"
        for place, bit in reversed(list(enumerate(bits)))
    )
    label = (
        f'<b style="{markup.hue(said)}">{markup.safe(said)}</b>'
        if said
        else f"<b class='faint'>{words.NO_LABEL_YET}</b>"
    )
    about = words.HOW_IT_CAME[how].format(step=_steps_since(tale, step))
    return (
        f'<p class="how"><b>{words.STATE_OF.format(step=step, last=len(tale))}</b> {about} {changed}</p>'
        f'<div class="layers">{_layer(memory, moment.inputs, words.INPUT, words.INPUT_HINT)}'
        f"{_layer(memory, moment.inner, words.INNER, words.INNER_HINT, pick=True)}"
        f'<figure class="output"><div class="bits">{cells}</div><p>{words.OUTPUT_NUMBER.format(number=number)}</p>'
        f"<p class='said'>{label}</p>"
        f"<figcaption>{words.OUTPUT}<small>{words.OUTPUT_HINT}</small></figcaption></figure></div>"
    )


def neuron(memory: State, tale: Tale, step: int, number: int) -> str:
    """Show one neuron: what it reads, which rule it went by, and the rows it remembers that are nearest."""
    machine = memory.machine
    number = min(number, machine.n_inputs + machine.n_outputs - 1)
    how, moment = tale[step - 1]
    inner = number < machine.n_inputs
    reads = machine.connections(number)
    pictures = _reads(memory, reads[0], moment.inputs, words.READS_INPUT)
    pictures += _reads(
        memory, reads[1], tale[step - 2][1].inner if inner and step > 1 else moment.inner, words.READS_INNER
    )
    name = (
        words.NEURON_INNER.format(number=number)
        if inner
        else words.NEURON_OUTPUT.format(number=number - machine.n_inputs)
    )
    rows = "" if how == "chance" or step < 2 else _rows(memory, machine.why(moment, tale[step - 2][1], number), how)
    return (
        f'<div class="neuron"><h3>{name}</h3><p>{words.NEURON_HINT}</p>'
        f'<div class="reasons">{pictures}{rows}</div></div>'
    )


def _rows(memory: State, why: Why, how: str) -> str:
    """The rows that decided, as the lessons they come from."""
    if how == "taught":
        return f"<p>{words.NEURON_TAUGHT.format(bit=why.bit)}</p>"
    figures = []
    for row, bit in itertools.islice(zip(why.rows, why.taught, strict=True), N_ROWS):
        lesson = memory.lesson_of(row)
        picture = markup.image(lesson[0], "") if lesson else ""
        name = words.ROW_OF.format(label=markup.safe(lesson[1])) if lesson else words.ROW_TOLD
        figures.append(f"<figure>{picture}<figcaption>{name}, {words.ROW_GAVE.format(bit=bit)}</figcaption></figure>")
    rule = words.RULES[why.rule].format(bit=why.bit, n=len(why.rows), distance=why.distance)
    return f'{"".join(figures)}<p class="rule">{rule}</p>'


def _layer(memory: State, layer: np.ndarray, name: str, hint: str, pick: bool = False) -> str:
    """One layer as a picture; of several bits a pixel, how many are on."""
    picture = render.data_uri(render.picture(_picture(memory, layer)))
    n_bits = memory.config.n_bits
    grid = f' data-grid="{retina.SIDE}" data-bits="{n_bits}" tabindex="0"' if pick else ""
    return (
        f'<figure><img class="ink" src="{picture}" alt="{name}"{grid}>'
        f"<figcaption>{name}<small>{hint}</small></figcaption></figure>"
    )


def _picture(memory: State, layer: np.ndarray) -> np.ndarray:
    bits = unpack(layer, memory.machine.n_inputs).reshape(-1, memory.config.n_bits)
    return (bits.sum(axis=1) * 255 // memory.config.n_bits).astype(np.uint8).reshape(_SHAPE)


def _reads(memory: State, connected: np.ndarray, layer: np.ndarray, name: str) -> str:
    """The connections of a neuron, drawn over the layer that they come from."""
    if not connected.any():
        return ""
    touched = connected.reshape(-1, memory.config.n_bits).any(axis=1).reshape(_SHAPE)
    mixed = render.tinted(_picture(memory, layer), touched.astype(np.uint8) * 160)
    caption = words.READS.format(name=name, n=words.number(int(connected.sum())))
    picture = f'<img class="ink" src="{render.data_uri(mixed)}" alt="{caption}">'
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def _n_changed(tale: Tale, step: int) -> str:
    """How many inner neurons changed since the state before."""
    how, moment = tale[step - 1]
    if step < 2 or how == "chance":
        return ""
    n = int(np.bitwise_count(moment.inner ^ tale[step - 2][1].inner).sum())
    return words.CHANGED.format(n=n) if n else words.SETTLED


def _steps_since(tale: Tale, step: int) -> int:
    """How many states ago chance was."""
    return next(back for back in range(step) if tale[step - 1 - back][0] == "chance")
