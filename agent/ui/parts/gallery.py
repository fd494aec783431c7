"""The gallery: agents that others have shared, and two that are built in: to try beside the visitor's, or to use."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from functools import partial
from typing import Any

import gradio as gr

from agent import hub, render, training
from agent.agents import STARTERS, Agent, iter_new
from agent.agents.pupil import Pupil
from agent.datasets import digits
from agent.errors import AgentError
from agent.hub import Entry
from agent.progress import WithResult
from agent.ui import formatting, html
from agent.ui.components import segments
from agent.ui.events import QUIET, Unlocked, event_payload, in_turns, serialized, streaming, with_session
from agent.ui.formatting import lessons
from agent.ui.html import safe
from agent.ui.page import PICK_JS, Page, render_progress, render_status
from agent.ui.parts import my_agents
from agent.ui.server.limits import visitor
from agent.ui.session import DEFAULT_MODEL, Session
from agent.ui.texts import texts, translated, with_label

BUILT_IN = ":"  # before the name of a starter: no repo of the Hub begins so
N_COMPARED, MAX_DIFFERING = 300, 24  # test digits asked, and those shown that were answered differently


def build(page: Page, outputs: Sequence[gr.components.Component]) -> None:
    """Lay out the card and connect it; ``outputs`` are the status, the name, the header."""
    with gr.Column(elem_classes="card gallery"):
        gr.HTML(f"<h2>{texts.GALLERY}</h2><p>{texts.GALLERY_HINT}</p>")
        with gr.Column(visible=False) as beside:
            other = gr.HTML("", elem_id="guest-name")
            with gr.Row(elem_classes="buttons"):
                compare_button = gr.Button(texts.COMPARE_NOW, elem_id="compare")
                use_button = gr.Button(texts.START_FROM_IT, elem_id="use-other")
                remove_button = gr.Button(texts.REMOVE_OTHER, elem_id="send-away")
            compared = gr.HTML("", elem_id="compared")
        with gr.Row(elem_classes="seek"):
            bare = {"show_label": False, "container": False}
            seek = gr.Textbox(label=texts.SEEK, placeholder=texts.SEEK, max_length=80, elem_id="seek", **bare)
            sorts = ((texts.NEWEST, "newest"), (texts.MOST_LIKED, "liked"))
            sort = segments(sorts, "newest", texts.SORT, "sort", **bare)
            search = gr.Button(texts.LOOK, elem_id="look-again")
        cards = gr.HTML(f"<p>{texts.GALLERY_LOOKING}</p>", elem_id="gallery", js_on_load=PICK_JS)
    page.on_open(list_agents, [page.id, seek, sort], cards)
    gr.on([search.click, seek.submit, sort.input], list_agents, [page.id, seek, sort], cards, **QUIET)
    changed = [beside, other, compared, *outputs]
    compare_button.click(compare, page.id, compared, **QUIET)
    for event in (
        cards.pick(pull, page.id, changed, **QUIET),
        page.backup.link(open_link, page.id, changed, **QUIET),
        use_button.click(with_session(partial(_change_other, do="use")), page.id, changed, **QUIET),
        remove_button.click(with_session(partial(_change_other, do="away")), page.id, changed, **QUIET),
    ):
        event.failure(reset, page.id, changed, **QUIET)
        page.refill_after(event)
    page.at_start(with_session(_beside), [beside, other, compared])


def _built_in() -> str:
    """Cards of agents that are there without the Hub."""
    pictures = {"sixty": digits.mnist("train")[0][:10], "everyday": digits.font(next(iter(digits.fonts())))[0]}
    images = {name: html.picture(render.strip(drawings), "") for name, drawings in pictures.items()}
    return "".join(
        f'<article><div class="images">{images[name]}</div>'
        f'<h3>{texts.FIRST_STARTS[name][0]}</h3><p class="by">{texts.BUILT_IN}</p><p>{texts.FIRST_STARTS[name][1]}</p>'
        f'<div class="do">{_buttons(BUILT_IN + name, texts.FIRST_STARTS[name][0])}</div></article>'
        for name in pictures
    )


def _buttons(label: str, name: str) -> str:
    return "".join(
        html.button(do, text, data_label=label, aria_label=f"{text}: {name}")
        for do, text in (("try", texts.TRY), ("start", texts.START_FROM_IT))
    )


def _card(entry: Entry, picture: bytes | None) -> str:
    name = safe(entry.repo_id.split("/")[1])
    images = f'<img class="ink" src="{render.png_uri(picture)}" alt="{texts.ITS_IMAGES}">' if picture else ""
    right = texts.NEVER_TESTED
    if entry.n_asked:
        share, n_asked = formatting.share(entry.n_right / entry.n_asked), formatting.number(entry.n_asked)
        right = texts.RIGHT_OF.format(share=share, asked=n_asked)
    when = f"{entry.modified:%Y-%m-%d}" if entry.modified else ""
    labels = " ".join(safe(label) for label in entry.labels)
    return (
        f'<article><div class="images">{images}</div><h3>{name}</h3><p class="by">{safe(entry.author)} · {when}'
        f" · ♥ {formatting.number(entry.likes)}</p>"
        f"<p>{safe(entry.kind)} · {formatting.count(entry.n_lessons, 'lesson')} · {right}</p>"
        f'<p class="known">{labels}</p><div class="do">{_buttons(entry.repo_id, entry.repo_id)}</div></article>'
    )


def _beside(session: Session) -> tuple[Any, str, str]:
    """Which agent answers beside the visitor's, and no comparison yet."""
    other = session.comparison_agent
    text = texts.OTHER.format(name=_name(other), lessons=lessons(other)) if other is not None else ""
    return gr.Column(visible=other is not None), f"<p>{text}</p>", ""


def _view(session: Session, text: str = "") -> tuple[Any, ...]:
    """The agents as they are, with a status."""
    return *_beside(session), *render_status(session, text)


reset = with_session(_view)  # after a failure


def _name(agent: Agent) -> str:
    return safe(agent.lineage.home or agent.name)


# ---------------------------------------------------------------- events


def list_agents(session_id: str, seek: str, sort: str) -> str:
    """List agents, first those built in; when the Hub is away, say so. It needs no session, so none waits."""
    note, cards = "", "" if (seek or "").strip() else _built_in()
    try:
        gallery = hub.gallery(seek or "", sort, visitor())
        pictures = hub.pictures(gallery.entries)
        cards += "".join(_card(entry, pictures.get(entry.repo_id)) for entry in gallery.entries)
        note = texts.GALLERY_OLD if gallery.is_old else "" if gallery.entries else texts.GALLERY_EMPTY
    except AgentError as error:
        note = safe(formatting.capitalized(translated(str(error))))
    return f'{f"<p>{note}</p>" if note else ""}<div class="agents">{cards}</div>'


@streaming
def pull(session: Session, event: gr.EventData) -> Generator[Any, Any, None]:
    """Try an agent of the gallery beside the visitor's, or use it."""
    payload = event_payload(event)
    yield from _fetch(session, payload.get("label"), payload.get("do") == "try")


@streaming
def open_link(session: Session, event: gr.EventData) -> Generator[Any, Any, None]:
    """Open the agent that the page's address names: beside the visitor's, or in place of one that knows nothing."""
    repo_id = event_payload(event).get("label")
    agents = (session.pupil, *session.earlier, session.comparison_agent)
    if not any(agent.lineage.home == repo_id for agent in agents if agent is not None):
        yield from _fetch(session, repo_id, bool(session.pupil.lessons.user_lessons()))


def _fetch(session: Session, repo_id: object, is_beside: bool) -> Generator[Any, Any, None]:
    """Fetch an agent, or make one that is built in; let it answer beside the visitor's, or use it."""
    name = repo_id.removeprefix(BUILT_IN) if isinstance(repo_id, str) else ""
    is_built_in = repo_id == BUILT_IN + name and name in texts.FIRST_STARTS and name in STARTERS
    title = texts.FIRST_STARTS[name][0] if is_built_in else safe(repo_id)
    skipped = (gr.skip(),) * 3
    yield *skipped, *render_progress(session, texts.PULLING.format(repo=title), is_built_in)
    if is_built_in:
        made = partial(in_turns, iter_new(DEFAULT_MODEL, starter=name, name=title), session.start_job())
        other = yield Unlocked(made)
        if other is None:
            yield _view(session, texts.START_STOPPED)
            return
    else:
        hub.count_question("pulls", visitor())
        other = yield Unlocked(partial(hub.pull, repo_id))
    if not is_beside:
        form = texts.STARTED if is_built_in else texts.BACK_DONE
        session.status = text = form.format(name=_name(other), lessons=lessons(other)) + session.take(other)
    else:
        if not isinstance(other, Pupil):
            raise AgentError(texts.NOT_BESIDE.format(name=other.lineage.home or other.name, kind=other.kind))
        session.comparison_agent = other
        session.status = text = texts.TRYING.format(name=_name(other))
    yield _view(session, text)


def join(session: Session, other: Agent) -> Iterator[tuple[Any, ...]]:
    """Join an agent to the one in use."""
    name = _name(other)
    if not isinstance(other, Pupil):
        raise AgentError(texts.NOT_BESIDE.format(name=other.lineage.home or other.name, kind=other.kind))
    token = session.start_job()
    for progress in session.history.steps(session, "join", other.name, session.pupil.iter_join(other)):
        if token.cancelled:
            yield render_status(session)
            return
        text = texts.JOINING.format(name=name, share=formatting.share(progress.share))
        yield render_progress(session, text, is_job=True)
    yield render_status(session, texts.JOINED.format(name=name, lessons=lessons(session.pupil)))


def _change_other(session: Session, do: str) -> tuple[Any, ...]:
    """Use the agent that answers beside the visitor's, or send it away."""
    return _view(session, my_agents.change(session, {"do": do}))


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
        yield render_progress(session, texts.UNJOINING.format(share=formatting.share(progress.share)), is_job=True)
    yield render_status(session, texts.UNJOINED.format(name=safe(work.result), lessons=lessons(session.pupil)))


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
