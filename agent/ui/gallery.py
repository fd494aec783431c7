"""The gallery: what others have shared, to try beside one's own agent, to start from, or to join to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from agent import hub, render, train
from agent.errors import AgentError
from agent.hub import Entry
from agent.pupil import Pupil
from agent.tasks import digits
from agent.ui import markup, start, words
from agent.ui.desk import Desk
from agent.ui.events import QUIET, at_desk, in_turn, pressed, sentence, step_by_step
from agent.ui.markup import safe
from agent.ui.page import HERE, Page
from agent.ui.publish import as_before

PICK_JS = (HERE / "pick.js").read_text(encoding="utf-8")
N_COMPARED, N_SHOWN = 300, 24  # test digits asked, and those shown that were answered differently


def build(page: Page, shown: Sequence[gr.components.Component]) -> None:
    """Lay out the card and connect it; ``shown`` are the status, the name, the way back, the header."""
    with gr.Column(elem_classes="card gallery"):
        gr.HTML(f"<h2>{words.GALLERY}</h2><p>{words.GALLERY_HINT}</p>")
        with gr.Row(elem_classes="seek"):
            bare = {"show_label": False, "container": False}
            seek = gr.Textbox(label=words.SEEK, placeholder=words.SEEK, max_length=80, elem_id="seek", **bare)
            sorts = ((words.NEWEST, "newest"), (words.MOST_LIKED, "liked"))
            sort = gr.Radio(sorts, value="newest", label=words.SORT, elem_classes="segments", elem_id="sort", **bare)
            again = gr.Button(words.LOOK, elem_id="look-again")
        listed = gr.HTML(f"<p>{words.GALLERY_LOOKING}</p>", elem_id="gallery", js_on_load=PICK_JS)
    with gr.Column(elem_classes="card gallery"):
        gr.HTML(f"<h2>{words.COMPARE}</h2><p>{words.COMPARE_HINT}</p>")
        guest = gr.HTML("", elem_id="guest-name")
        with gr.Row(elem_classes="buttons"):
            compare = gr.Button(words.COMPARE_NOW, elem_id="compare")
            away = gr.Button(words.SEND_AWAY, elem_id="send-away")
            unjoin = gr.Button(words.UNJOIN, elem_id="unjoin")
        compared = gr.HTML("", elem_id="compared")
    page.on_open(look, [page.id, seek, sort], listed)
    gr.on([again.click, seek.submit, sort.input], look, [page.id, seek, sort], listed, **QUIET)
    taken = listed.pick(take, page.id, [guest, *shown], **QUIET)
    taken.failure(not_taken, page.id, [guest, *shown], **QUIET)
    compare.click(compare_now, page.id, compared, **QUIET)
    away.click(send_away, page.id, [guest, compared], **QUIET)
    unjoin.click(take_out, page.id, shown, **QUIET).failure(as_before, page.id, shown, **QUIET)
    page.at_start(fill_guest, [guest])


def cards(found: hub.Gallery, pictures: dict[str, bytes]) -> str:
    """Lay out the agents that were found."""
    if not found.entries:
        return f"<p>{words.GALLERY_EMPTY}</p>"
    old = f"<p>{words.GALLERY_OLD}</p>" if found.is_old else ""
    shown = "".join(_card(each, pictures.get(each.repo_id)) for each in found.entries)
    return f'{old}<div class="agents">{shown}</div>'


def _card(entry: Entry, picture: bytes | None) -> str:
    name = safe(entry.repo_id.split("/")[1])
    shown = f'<img class="ink" src="{render.png_uri(picture)}" alt="{words.ITS_IMAGES}">' if picture else ""
    right = words.NEVER_TESTED
    if entry.n_asked:
        share, asked = words.share(entry.n_right / entry.n_asked), words.number(entry.n_asked)
        right = words.RIGHT_OF.format(share=share, asked=asked)
    when = f"{entry.modified:%Y-%m-%d}" if entry.modified else ""
    buttons = "".join(
        f'<button type="button" data-do="{do}" data-label="{safe(entry.repo_id)}">{text}</button>'
        for do, text in (("try", words.TRY), ("start", words.START_FROM_IT), ("join", words.JOIN_IT))
    )
    labels = " ".join(safe(label) for label in entry.labels)
    return (
        f'<article><div class="images">{shown}</div><h3>{name}</h3><p class="by">{safe(entry.author)} · {when}'
        f" · ♥ {words.number(entry.likes)}</p>"
        f"<p>{safe(entry.kind)} · {words.count(entry.n_lessons, 'lesson')} · {right}</p>"
        f'<p class="known">{labels}</p><div class="do">{buttons}</div></article>'
    )


def guest_of(desk: Desk) -> str:
    """Say who sits beside the visitor's own agent."""
    if desk.guest is None:
        return f"<p>{words.NO_GUEST}</p>"
    return f"<p>{words.GUEST.format(name=_called(desk.guest), lessons=start.lessons_of(desk.guest))}</p>"


def _called(pupil: Pupil) -> str:
    return safe(pupil.lineage.home or pupil.name)


# ---------------------------------------------------------------- events


@at_desk
def fill_guest(desk: Desk) -> str:
    """Show who is the guest."""
    return guest_of(desk)


def look(desk_id: str, seek: str, sort: str) -> str:
    """List agents; when the Hub is away, say so. No desk is needed, so none waits."""
    try:
        found = hub.gallery(seek or "", sort)
    except AgentError as error:
        return f"<p>{safe(sentence(error))}</p>"
    return cards(found, hub.pictures(found.entries))


@step_by_step
def take(desk: Desk, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
    """Try an agent of the gallery, start from it, or join it."""
    asked = pressed(event)
    do, repo_id = asked.get("do"), asked.get("label")
    yield guest_of(desk), *start.told(desk, words.PULLING.format(repo=safe(repo_id)))
    other = hub.pull(repo_id)
    if do != "start" and not isinstance(other, Pupil):
        raise AgentError(words.NOT_BESIDE.format(name=_called(other), kind=other.kind))
    if do == "try":
        desk.guest = other
        said = words.TRYING.format(name=_called(other))
    elif do == "start":
        where = desk.take(other)
        commit, lessons = (other.lineage.commit or "")[:8], start.lessons_of(other)
        said = words.PULLED.format(repo=_called(other), commit=commit, lessons=lessons) + where
    else:
        for share in desk.pupil.joining(other):
            yield guest_of(desk), *start.told(desk, words.JOINING.format(name=_called(other), share=words.share(share)))
        said = words.JOINED.format(name=_called(other), lessons=start.lessons_of(desk.pupil))
    yield guest_of(desk), *start.told(desk, said)


@at_desk
def not_taken(desk: Desk) -> tuple[Any, ...]:
    """Take back what was said on the way to a failure."""
    return guest_of(desk), *start.told(desk, markup.about(desk.pupil))


@in_turn
def take_out(desk: Desk) -> Iterator[tuple[Any, ...]]:
    """Take the agent that was joined last out again."""
    steps = desk.pupil.unjoining()
    while True:
        try:
            share = next(steps)
        except StopIteration as done:
            yield start.told(desk, words.UNJOINED.format(name=safe(done.value), lessons=start.lessons_of(desk.pupil)))
            return
        yield start.told(desk, words.UNJOINING.format(share=words.share(share)))


@at_desk
def send_away(desk: Desk) -> tuple[str, str]:
    """Let the guest go."""
    desk.guest = None
    return guest_of(desk), ""


@in_turn
def compare_now(desk: Desk) -> Iterator[str]:
    """Ask both agents the same test digits."""
    if desk.guest is None:
        raise AgentError(words.NO_GUEST_TO_COMPARE)
    drawings, labels = digits.Selection({"mnist": N_COMPARED}, split="test").draw()
    names = safe(desk.pupil.name), _called(desk.guest)
    for seen in train.compare(desk.pupil, desk.guest, drawings, labels):
        yield comparison(seen, names, drawings)


def comparison(seen: train.Comparison, names: tuple[str, str], drawings: Any) -> str:
    """Lay out how two agents did on the same drawings."""
    shares = [words.share(n / seen.n_done) for n in (seen.both + seen.first, seen.both + seen.second)]
    cells = (
        (words.BOTH_RIGHT, seen.both), (words.ONLY.format(name=names[0]), seen.first),
        (words.ONLY.format(name=names[1]), seen.second), (words.NEITHER, seen.neither),
    )  # fmt: skip
    rows = "".join(f"<dt>{name}</dt><dd>{words.number(n)}</dd>" for name, n in cells)
    figures = "".join(
        f"<figure>{markup.image(drawings[each.index], '')}<figcaption>{_said_of(each)}</figcaption></figure>"
        for each in seen.differing[:N_SHOWN]
    )
    return (
        f"<p><b>{names[0]}: {shares[0]}</b>, <b>{names[1]}: {shares[1]}</b> "
        f"{words.OF_ASKED.format(done=seen.n_done, total=seen.n_total)}</p>"
        f'<dl class="facts">{rows}</dl><div class="reasons small">{figures}</div>'
    )


def _said_of(difference: train.Difference) -> str:
    first, second = (safe(said or words.UNSURE) for said in (difference.first, difference.second))
    return words.SAID_BY_BOTH.format(label=safe(difference.label), first=first, second=second)
