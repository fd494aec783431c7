"""The gallery: agents that others have shared, to try beside the visitor's, to start from, or to join to it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from functools import partial
from typing import Any

import gradio as gr

from agent import hub, render, training
from agent.agents import Agent
from agent.agents.pupil import Pupil
from agent.datasets import digits
from agent.errors import AgentError
from agent.hub import Entry
from agent.progress import WithResult
from agent.ui import formatting, html
from agent.ui.components import segments
from agent.ui.events import QUIET, Unlocked, event_payload, serialized, streaming, with_session
from agent.ui.formatting import lessons
from agent.ui.html import safe
from agent.ui.page import PICK_JS, Page, render_progress, render_status, reset_status
from agent.ui.session import SESSIONS, Session
from agent.ui.texts import texts, with_label

N_COMPARED, MAX_DIFFERING = 300, 24  # test digits asked, and those shown that were answered differently


def build(page: Page, outputs: Sequence[gr.components.Component]) -> None:
    """Lay out the cards and connect them; ``outputs`` are the status, the name, the way back, the header."""
    with gr.Column(elem_classes="card gallery"):
        gr.HTML(f"<h2>{texts.GALLERY}</h2><p>{texts.GALLERY_HINT}</p>")
        with gr.Row(elem_classes="seek"):
            bare = {"show_label": False, "container": False}
            seek = gr.Textbox(label=texts.SEEK, placeholder=texts.SEEK, max_length=80, elem_id="seek", **bare)
            sorts = ((texts.NEWEST, "newest"), (texts.MOST_LIKED, "liked"))
            sort = segments(sorts, "newest", texts.SORT, "sort", **bare)
            search = gr.Button(texts.LOOK, elem_id="look-again")
        cards = gr.HTML(f"<p>{texts.GALLERY_LOOKING}</p>", elem_id="gallery", js_on_load=PICK_JS)
    with gr.Column(elem_classes="card gallery"):
        gr.HTML(f"<h2>{texts.COMPARE}</h2><p>{texts.COMPARE_HINT}</p>")
        other = gr.HTML("", elem_id="guest-name")
        with gr.Row(elem_classes="buttons"):
            compare_button = gr.Button(texts.COMPARE_NOW, elem_id="compare")
            remove_button = gr.Button(texts.REMOVE_OTHER, elem_id="send-away")
            unjoin_button = gr.Button(texts.UNJOIN, elem_id="unjoin")
            stop_button = gr.Button(texts.STOP, elem_id="unjoin-stop")
        compared = gr.HTML("", elem_id="compared")
    page.on_open(list_agents, [page.id, seek, sort], cards)
    gr.on([search.click, seek.submit, sort.input], list_agents, [page.id, seek, sort], cards, **QUIET)
    pulling = cards.pick(pull, page.id, [other, *outputs], **QUIET)
    pulling.failure(reset, page.id, [other, *outputs], **QUIET)
    compare_button.click(compare, page.id, compared, **QUIET)
    remove_button.click(remove_other, page.id, [other, compared], **QUIET)
    stop_button.click(SESSIONS.stop, page.id, None, queue=False, **QUIET)
    unjoin_button.click(unjoin, page.id, outputs, **QUIET).failure(reset_status, page.id, outputs, **QUIET)
    page.at_start(with_session(_other), [other])


def _card(entry: Entry, picture: bytes | None) -> str:
    name = safe(entry.repo_id.split("/")[1])
    images = f'<img class="ink" src="{render.png_uri(picture)}" alt="{texts.ITS_IMAGES}">' if picture else ""
    right = texts.NEVER_TESTED
    if entry.n_asked:
        share, n_asked = formatting.share(entry.n_right / entry.n_asked), formatting.number(entry.n_asked)
        right = texts.RIGHT_OF.format(share=share, asked=n_asked)
    when = f"{entry.modified:%Y-%m-%d}" if entry.modified else ""
    buttons = "".join(
        html.button(do, text, data_label=entry.repo_id)
        for do, text in (("try", texts.TRY), ("start", texts.START_FROM_IT), ("join", texts.JOIN_IT))
    )
    labels = " ".join(safe(label) for label in entry.labels)
    return (
        f'<article><div class="images">{images}</div><h3>{name}</h3><p class="by">{safe(entry.author)} · {when}'
        f" · ♥ {formatting.number(entry.likes)}</p>"
        f"<p>{safe(entry.kind)} · {formatting.count(entry.n_lessons, 'lesson')} · {right}</p>"
        f'<p class="known">{labels}</p><div class="do">{buttons}</div></article>'
    )


def _other(session: Session) -> str:
    """Which agent answers beside the visitor's."""
    other = session.comparison_agent
    if other is None:
        return f"<p>{texts.NO_OTHER}</p>"
    return f"<p>{texts.OTHER.format(name=_name(other), lessons=lessons(other))}</p>"


def _name(agent: Agent) -> str:
    return safe(agent.lineage.home or agent.name)


# ---------------------------------------------------------------- events


def list_agents(session_id: str, seek: str, sort: str) -> str:
    """List agents; when the Hub is away, say so. It needs no session, so none waits."""
    try:
        gallery = hub.gallery(seek or "", sort)
    except AgentError as error:
        return f"<p>{safe(formatting.capitalized(error))}</p>"
    if not gallery.entries:
        return f"<p>{texts.GALLERY_EMPTY}</p>"
    old, pictures = f"<p>{texts.GALLERY_OLD}</p>" if gallery.is_old else "", hub.pictures(gallery.entries)
    cards = "".join(_card(entry, pictures.get(entry.repo_id)) for entry in gallery.entries)
    return f'{old}<div class="agents">{cards}</div>'


@streaming
def pull(session: Session, event: gr.EventData) -> Generator[Any, Any, None]:
    """Try an agent of the gallery, start from it, or join it."""
    payload = event_payload(event)
    do, repo_id = payload.get("do"), payload.get("label")
    yield gr.skip(), *render_progress(session, texts.PULLING.format(repo=safe(repo_id)))
    other = yield Unlocked(partial(hub.pull, repo_id))
    name = _name(other)
    if do != "start" and not isinstance(other, Pupil):
        raise AgentError(texts.NOT_BESIDE.format(name=other.lineage.home or other.name, kind=other.kind))
    if do == "try":
        session.comparison_agent = other
        text = texts.TRYING.format(name=name)
    elif do == "start":
        where = session.take(other)
        commit = (other.lineage.commit or "")[:8]
        text = texts.PULLED.format(repo=name, commit=commit, lessons=lessons(other)) + where
    else:
        token = session.start_job()
        for progress in session.history.steps(session, "join", other.name, session.pupil.iter_join(other)):
            if token.cancelled:
                return
            share = formatting.share(progress.share)
            yield gr.skip(), *render_progress(session, texts.JOINING.format(name=name, share=share))
        text = texts.JOINED.format(name=name, lessons=lessons(session.pupil))
    yield _other(session), *render_status(session, text)


@with_session
def reset(session: Session) -> tuple[Any, ...]:
    """Show the agents as they are, after a failure."""
    return _other(session), *render_status(session)


@serialized
def unjoin(session: Session) -> Iterator[tuple[Any, ...]]:
    """Take the agent that was joined last out again."""
    joined = session.pupil.lessons.last_joined()
    work = session.history.steps(session, "unjoin", joined.name if joined else "", session.pupil.iter_unjoin())
    token, work = session.start_job(), WithResult(work)
    for progress in work:
        if token.cancelled:
            yield render_status(session)
            return
        yield render_progress(session, texts.UNJOINING.format(share=formatting.share(progress.share)))
    yield render_status(session, texts.UNJOINED.format(name=safe(work.result), lessons=lessons(session.pupil)))


@with_session
def remove_other(session: Session) -> tuple[str, str]:
    """Let the visitor's agent answer alone."""
    session.comparison_agent = None
    return _other(session), ""


@serialized
def compare(session: Session) -> Iterator[str]:
    """Test both agents on the same digits."""
    if session.comparison_agent is None:
        raise AgentError(texts.NOTHING_TO_COMPARE)
    drawings, labels = digits.Selection({"mnist": N_COMPARED}, split="test").draw()
    names = safe(session.pupil.name), _name(session.comparison_agent)
    for comparison in training.compare(session.pupil, session.comparison_agent, drawings, labels):
        yield _comparison(comparison, names, drawings)


def _comparison(comparison: training.Comparison, names: tuple[str, str], drawings: Any) -> str:
    """How two agents did on the same drawings."""
    first, second, n = comparison.first, comparison.second, comparison.n_done
    shares = [formatting.share(n_right / n) for n_right in (comparison.both + first, comparison.both + second)]
    counts = (
        (texts.BOTH_RIGHT, comparison.both),
        (texts.ONLY.format(name=names[0]), first),
        (texts.ONLY.format(name=names[1]), second),
        (texts.NEITHER, comparison.neither),
    )
    figures = "".join(
        html.figure(html.image(drawings[difference.index], ""), _guesses(difference))
        for difference in comparison.differing[:MAX_DIFFERING]
    )
    return (
        f"<p><b>{names[0]}: {shares[0]}</b>, <b>{names[1]}: {shares[1]}</b> "
        f"{texts.OF_ASKED.format(done=n, total=comparison.n_total)}</p>"
        f"{html.definitions((name, formatting.number(count)) for name, count in counts)}"
        f'<div class="reasons small">{figures}</div>'
    )


def _guesses(difference: training.Difference) -> str:
    first, second = (safe(guess or texts.UNSURE) for guess in (difference.first, difference.second))
    return with_label(texts.SAID_BY_BOTH, safe(difference.label), first=first, second=second)
