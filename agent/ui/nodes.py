"""The RAM nodes of a recall agent as HTML: how they vote on a drawing, and one location's life."""

from __future__ import annotations

import numpy as np

from agent import render, retina
from agent.kinds import Guess
from agent.kinds.nodes import Location
from agent.kinds.recall import Recall
from agent.ui import markup, words

_NOBODY = "–"


def votes(memory: Recall, drawing: np.ndarray, guess: Guess) -> str:
    """Show which pixels spoke for the guess, to press one, and how many nodes have seen each label here."""
    seen = memory.nodes(drawing).seen
    n_nodes, counts = len(seen), seen.sum(axis=0)
    best = int(counts.max(initial=0))
    rows = [_bar(markup.safe(label), int(n), n_nodes, markup.hue(label), n == best)
            for label, n in zip(memory.labels, counts, strict=True)]  # fmt: skip
    rows.append(_bar(_NOBODY, int((~seen.any(axis=1)).sum()), n_nodes, "", False))
    voted = guess.voted if guess.voted is not None else np.zeros_like(drawing)
    mixed = render.data_uri(render.tinted(retina.canonical(drawing), voted))
    return (
        f'<h2>{words.NODES}</h2><p>{words.NODES_HINT.format(n=n_nodes)}</p><div class="votes">'
        f'<figure><img class="ink" src="{mixed}" alt="{words.VOTED}" data-grid="{retina.SIDE}" data-bits="1">'
        f"<figcaption>{words.VOTED_HINT}</figcaption></figure>"
        f'<ul class="bars counted">{"".join(rows)}</ul></div>'
    )


def node(memory: Recall, drawing: np.ndarray, number: int) -> str:
    """Show one node: the bits it reads, the location they lead to, and who wrote it."""
    at = memory.nodes(drawing).location(number)
    read = np.zeros((retina.SIDE, retina.SIDE), np.uint8)
    read.ravel()[at.pixels] = np.where(at.bits, 255, 110)
    mixed = render.data_uri(render.tinted(retina.canonical(drawing), read))
    bits = "".join(f'<i class="{"on" if bit else ""}">{int(bit)}</i>' for bit in at.bits)
    figures = "".join(
        f"<figure>{markup.image(writer.drawing, writer.label)}<figcaption>"
        f"{(words.WRITER_OWN if writer.is_own else words.WRITER).format(label=markup.safe(writer.label))}"
        f"<br>{words.count(writer.n_rows, 'row')}</figcaption></figure>"
        for writer in at.writers
    )
    return (
        f'<div class="neuron"><h3>{words.NODE.format(number=number)}</h3>'
        f'<div class="life"><img class="ink" src="{mixed}" alt="{words.NODE_READS}"><div>'
        f"<p>{words.NODE_READS_HINT.format(n=len(at.pixels))}</p>"
        f'<p class="address">{bits}</p><p class="rule">{_life(at)}</p></div></div>'
        f'<div class="reasons small">{figures}</div></div>'
    )


def next_reading(memory: Recall, drawing: np.ndarray, pixel: int, number: int) -> int:
    """Choose a node that reads a pixel: the one after the present one, if that reads it too."""
    reading = memory.nodes(drawing).reading(pixel).tolist()
    return next((node for node in reading if node > number), reading[0] if reading else number)


def _life(at: Location) -> str:
    """Say who wrote a location."""
    if not at.n_rows:
        return words.LOCATION_EMPTY.format(address=at.address)
    wrote = ", ".join(f"{markup.safe(label)} ({words.number(n)})" for label, n in at.n_rows.items())
    lessons = words.count(at.n_writers, "lesson")
    return words.LOCATION_LIFE.format(address=at.address, lessons=lessons, labels=wrote)


def _bar(name: str, n: int, n_nodes: int, style: str, is_best: bool) -> str:
    best = ' class="best"' if is_best else ""
    return (
        f'<li{best} style="{style}"><b>{name}</b>'
        f'<span class="track"><i style="width:{100 * n / n_nodes:.1f}%"></i></span>'
        f"<small>{words.number(n)}</small></li>"
    )
