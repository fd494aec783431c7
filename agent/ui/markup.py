"""Pieces of HTML. Labels and names are visitors' text: everything passes `safe`."""

from __future__ import annotations

import html
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from agent import render, retina
from agent.kinds import Guess
from agent.pupil import Pupil
from agent.ui import words

DIGITS = tuple("0123456789")
_TEMPLATE_SIGNS = {ord(sign): f"&#{ord(sign)};" for sign in "`${}\\"}


def safe(text: object) -> str:
    """Escape text for HTML, and for the templates gradio may run over it.

    Examples
    --------
    >>> safe("<b>${x}`")
    '&lt;b&gt;&#36;&#123;x&#125;&#96;'
    """
    return html.escape(str(text)).translate(_TEMPLATE_SIGNS)


def hue(label: str) -> str:
    """Give a label its colour as a CSS variable: ten even hues for digits, a lasting one for any other.

    Examples
    --------
    >>> hue("4"), hue("A") == hue("A")
    ('--hue:169', True)
    """
    degrees = 25 + 36 * int(label) if label in DIGITS else zlib.crc32(label.encode()) % 360
    return f"--hue:{degrees % 360}"


def image(drawing: np.ndarray, alt: str, classes: str = "ink") -> str:
    """Show a drawing at its own size; CSS enlarges it, crisp."""
    return f'<img class="{classes}" src="{render.data_uri(render.picture(drawing))}" alt="{safe(alt)}">'


def all_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """The ten digits, taught or not, then the visitor's own labels."""
    return DIGITS + tuple(label for label in labels if label not in DIGITS)


def bars(labels: Sequence[str], guess: Guess | None) -> str:
    """Show the responses of all labels, the best one bold."""
    responses = dict(zip(labels, guess.responses.tolist(), strict=True)) if guess is not None else {}
    most = max([1, *responses.values()])
    rows = []
    for label in all_labels(labels):
        share = max(0.0, responses.get(label, 0) / most)
        best = ' class="best"' if guess is not None and guess.label == label else ""
        rows.append(
            f'<li{best} style="{hue(label)}"><b>{safe(label)}</b>'
            f'<span class="track"><i style="width:{100 * share:.1f}%"></i></span></li>'
        )
    many = f' many" tabindex="0" style="--rows:{-(-len(rows) // 2)}' if len(rows) > len(DIGITS) else ""
    return f'<ul class="bars{many}">{"".join(rows)}</ul>'


def answer(state: str, lead: str, big: str, why: str, extra: str = "", label: str = "") -> str:
    """Lay out the guess: a lead-in, the answer in large type, why. Always as tall, whatever it says."""
    style = f' style="{hue(label)}"' if label else ""
    return (
        f'<div class="answer {state}"{style}><p class="lead">{lead}</p>'
        f'<p class="big">{big}</p><p class="why">{why}</p><p class="because">{extra}</p></div>'
    )


def idle(n_lessons: int) -> str:
    """Invite to draw."""
    return answer("idle", words.DRAW_ONE, "", words.KNOWS if n_lessons else words.KNOWS_NOTHING)


def guessed(labels: Sequence[str], guess: Guess, reason_is_own: bool) -> str:
    """Show a guess and its reason, or that there is none."""
    if guess.label is None:
        return answer("unsure", words.TELL_ME, words.NOT_SURE, _why_unsure(labels, guess))
    extra = ""
    if guess.because:
        reason = guess.because[0]
        text = (words.BECAUSE_OWN if reason_is_own else words.BECAUSE).format(label=safe(reason.label))
        extra = f"<span>{text}</span>{image(reason.drawing, reason.label)}"
    return answer("sure", words.LOOKS_LIKE, safe(guess.label), _lead(labels, guess), extra, guess.label)


def guest(name: str, guess: Guess | None) -> str:
    """Show what another agent says of the same drawing."""
    said = "…" if guess is None else safe(guess.label or words.NOT_SURE)
    colour = hue(guess.label) if guess is not None and guess.label else ""
    return f'<p class="guest">{words.GUEST_SAYS.format(name=safe(name))} <b style="{colour}">{said}</b></p>'


def learned(label: str, n_of_label: int) -> str:
    """Show that a lesson was learned."""
    counted = words.LESSONS_OF.format(lessons=words.count(n_of_label, "lesson"), label=safe(label))
    return answer("learned", words.LEARNED.format(label=safe(label)), safe(label), counted, label=label)


def sees(drawing: np.ndarray | None) -> str:
    """Show what the agent looks at."""
    seen = np.zeros((retina.SIDE, retina.SIDE), np.uint8) if drawing is None else retina.canonical(drawing)
    caption = f"<figcaption>{words.SEES}</figcaption>"
    return f'<figure class="sees" title="{words.SEES_HINT}">{image(seen, words.SEES)}{caption}</figure>'


def why(guess: Guess | None = None, drawing: np.ndarray | None = None, image_of: np.ndarray | None = None) -> str:
    """Show what a guess rests on: the pixels that voted, the mental image, the remembered drawings nearest to it."""
    if guess is None or guess.label is None or drawing is None or image_of is None:
        return f'<div class="reasons empty"><p>{words.WHY_NOTHING}</p></div>'
    label, pictures = safe(guess.label), []
    if guess.voted is not None:
        mixed = render.tinted(retina.canonical(drawing), guess.voted)
        pictures.append((f'<img class="ink" src="{render.data_uri(mixed)}" alt="{words.VOTED}">', words.VOTED))
    pictures.append((image(image_of, words.MENTAL_IMAGE.format(label=label)), words.MENTAL_IMAGE.format(label=label)))
    for place, reason in enumerate(guess.because):
        name = (words.NEAREST if place == 0 else words.NEXT_NEAREST).format(label=safe(reason.label))
        pictures.append((image(reason.drawing, name), name))
    figures = "".join(f"<figure>{picture}<figcaption>{name}</figcaption></figure>" for picture, name in pictures)
    return f'<div class="reasons" style="{hue(guess.label)}">{figures}</div>'


def per_label(counts: Mapping[str, int], labels: Sequence[str]) -> str:
    """Show how many lessons each label has had."""
    most = max([1, *counts.values()])
    columns = "".join(
        f'<li style="{hue(label)}" title="{words.count(counts.get(label, 0), "lesson")}">'
        f'<span class="column"><i style="height:{100 * counts.get(label, 0) / most:.0f}%"></i></span>'
        f"<b>{safe(label)}</b><small>{words.number(counts.get(label, 0))}</small></li>"
        for label in all_labels(labels)
    )
    scrolled = ' tabindex="0"' if len(all_labels(labels)) > len(DIGITS) else ""
    return f'<ul class="columns"{scrolled}>{columns}</ul>'


def about(pupil: Pupil) -> str:
    """Say in one line what an agent is."""
    lessons, labels = words.count(pupil.n_lessons, "lesson"), words.count(len(pupil.labels), "label")
    size = words.size(pupil.memory.n_bytes)
    return f"<span>{words.ABOUT.format(name=safe(pupil.name), lessons=lessons, labels=labels, size=size)}</span>"


def status(text: str) -> str:
    """One line that says what just happened."""
    return f'<p class="status">{text or "&nbsp;"}</p>'


def _lead(labels: Sequence[str], guess: Guess) -> str:
    order = np.argsort(-guess.responses, kind="stable")
    if len(order) < 2:
        return words.ONLY_LABEL
    return words.AHEAD.format(share=words.share(guess.confidence), second=safe(labels[order[1]]))


def _why_unsure(labels: Sequence[str], guess: Guess) -> str:
    order = np.argsort(-guess.responses, kind="stable")
    if len(order) < 2 or guess.responses[order[0]] <= 0:
        return words.NOTHING_LIKE_IT
    return words.BETWEEN.format(first=safe(labels[order[0]]), second=safe(labels[order[1]]))
