"""Share: keep the agent as a file, give it to a friend, try those of others; the Hub's versions for experts below.

A visitor's token is that of the sign-in, or, where the app is no Space, one typed into a field: it is sent with
every press and never stored.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
import segno

from agent import hub, training
from agent.agents.pupil import Pupil
from agent.errors import AgentError
from agent.export import LANGUAGES, to_html
from agent.progress import CancelToken
from agent.storage import serialization
from agent.ui import components, formatting
from agent.ui.events import QUIET, Unlocked, errors_shown, in_turns, streaming, with_session
from agent.ui.html import safe, status
from agent.ui.page import Page, header, name_of, render_progress, render_status, reset_status
from agent.ui.parts import classes, gallery, my_agents
from agent.ui.server.limits import visitor
from agent.ui.session import SESSIONS, Session
from agent.ui.texts import current_locale, server_texts, texts, translated

SignedIn = gr.OAuthToken | None
Steps = Generator[Any, Any, None]
SIGN_IN = bool(os.environ.get("SPACE_ID") and os.environ.get("OAUTH_CLIENT_ID"))  # gradio has its routes only then
FORGET_LOGIN_JS = (
    "() => { const at = new URL(location); at.searchParams.delete('login'); history.replaceState(0, '', at) }"
)
NEWS_JS = "watch('value', () => element.getAnimations({ subtree: true }).forEach((fading) => (fading.currentTime = 0)))"
EMPTY_COMMIT = "initial commit"  # title of the commit with which the Hub makes a repo: there is no agent in it


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the three cards, and below them what experts look for; connect them."""
    status_line = gr.HTML("", elem_id="share-status", js_on_load=NEWS_JS)
    page.token = gr.Textbox(  # rendered where one signs in; always empty on a Space
        label=texts.TOKEN, info=texts.TOKEN_HINT, type="password", elem_id="token", render=False, visible=not SIGN_IN
    )
    with gr.Row(elem_classes="keep"):
        with gr.Column(elem_classes="card"):
            name, with_drawings = _build_keep(page, status_line)
        with gr.Column(elem_classes="card"):
            pushing = _build_give(page)
    outputs = [status_line, name, page.header]
    gallery.build(page, outputs)
    classes.build(page, outputs)
    with gr.Accordion(texts.EXPERTS, open=False, elem_id="experts"):
        _build_experts(page, outputs, pushing)
    page.tell_about("share", status_line)
    return refresh, [page.header, with_drawings, *pushing.buttons, pushing.means]


def _build_keep(page: Page, status_line: gr.HTML) -> tuple[gr.Textbox, gr.Checkbox]:
    """Lay out the card of files and connect it; gives the name, and whether drawings go along with a web page."""
    gr.HTML(f"<h2>{texts.KEEP}</h2><p>{texts.KEEP_HINT}</p>")
    with gr.Row(elem_classes="name"):
        bare = {"show_label": False, "container": False}
        name = gr.Textbox(label=texts.NAME, max_length=my_agents.MAX_NAME_CHARS, elem_id="name", **bare)
        rename_button = gr.Button(texts.RENAME, elem_id="rename")
    with_drawings = gr.Checkbox(label=texts.WEB_PAGE_WITH, info=texts.WEB_PAGE_HINT, elem_id="page-drawings")
    with gr.Row(elem_classes="buttons"):
        save_button = gr.Button(texts.SAVE, variant="primary", elem_id="save")
        page_button = gr.Button(texts.WEB_PAGE, elem_id="save-page")
    gr.HTML(f"<h3>{texts.LOAD}</h3>")
    # Any file: one of another type gradio would refuse without a word
    file = gr.File(label=texts.LOAD, show_label=False, height=132, elem_id="file-in")
    refused = gr.HTML("", elem_id="refused")
    download, outputs = components.download_button("file-out"), [status_line, name, page.header]
    rename = with_session(lambda session, name: render_status(session, my_agents.rename(session, session.pupil, name)))
    gr.on([rename_button.click, name.submit], rename, [page.id, name], outputs, **QUIET)
    for button, handle, inputs in ((save_button, save, []), (page_button, save_page, [with_drawings])):
        saving = button.click(handle, [page.id, *inputs], [download, *outputs], **QUIET)
        saving.failure(reset_status, page.id, outputs, **QUIET)
        components.download_after(saving, download)
    file.upload(None, None, refused, js="() => ''", **QUIET)
    loading = file.upload(load, [page.id, file], [file, refused, *outputs], **QUIET)
    loading.failure(lambda: None, None, file, **QUIET)
    page.refill_after(loading)
    page.at_start(with_session(name_of), [name])
    page.on_open(with_session(_new_name), [page.id], name)
    return name, with_drawings


@dataclass
class _Pushing:
    """Fields that a push reads, its two buttons and what they mean, and where it says how far it is."""

    inputs: list[Any]
    buttons: list[gr.Button]
    means: gr.HTML
    outputs: list[gr.HTML]


def _build_give(page: Page) -> _Pushing:
    """Lay out the card of publishing and connect it."""
    gr.HTML(f"<h2>{texts.GIVE}</h2><p>{texts.GIVE_HINT}</p>")
    if SIGN_IN:
        gr.LoginButton(texts.SIGN_IN, logout_value=texts.SIGN_OUT, elem_id="sign-in")
        loaded = gr.on(None, warn_of_refusal, None, None, **QUIET)
        loaded.then(None, None, None, js=FORGET_LOGIN_JS, **QUIET)
    page.token.render()
    with gr.Row(elem_classes="buttons"):
        buttons = [gr.Button(texts.PUSH_NOW, variant="primary", elem_id="push")]
        buttons.append(gr.Button(texts.PUSH_WITHOUT, elem_id="push-without"))
    means = gr.HTML(f'<p class="means">{texts.PUSH_MEANS}</p>', visible=False)
    pushed = gr.HTML("", elem_id="pushed")
    with gr.Accordion(texts.PUSH_MORE, open=False, elem_id="push-more"):
        repo = gr.Textbox(label=texts.REPO, info=texts.REPO_HINT, max_length=97, elem_id="repo")
        message = gr.Textbox(label=texts.MESSAGE, info=texts.MESSAGE_HINT, max_length=200, elem_id="message")
        levels = ((texts.PUBLIC, "public"), (texts.PRIVATE, "private"))
        visibility = components.segments(levels, "public", texts.VISIBILITY, "visibility")
    news = gr.HTML("", elem_id="push-status")
    pushing = _Pushing([page.id, repo, message, visibility, page.token], buttons, means, [pushed, news])
    for button, with_drawings in zip(buttons, (True, False), strict=True):
        inputs = [*pushing.inputs, gr.State(with_drawings)]
        sending = button.click(push, inputs, pushing.outputs, **QUIET)
        sending.failure(_missing, page.token, pushing.outputs, **QUIET)
    return pushing


def _build_experts(page: Page, outputs: Sequence[gr.components.Component], pushing: _Pushing) -> None:
    """Lay out fetching by address with its versions, joining, and sending back; connect them."""
    gr.HTML(f"<p>{texts.PULL_HINT}</p>")
    repo = gr.Textbox(label=texts.REPO_OF_ANYBODY, placeholder="mia/sevens", max_length=200, elem_id="wanted")
    with gr.Row(elem_classes="buttons"):
        pull_button = gr.Button(texts.PULL_NOW, elem_id="pull")
        versions_button = gr.Button(texts.VERSIONS, elem_id="look")
        join_button = gr.Button(texts.JOIN_IT, elem_id="join")
        unjoin_button = gr.Button(texts.UNJOIN, elem_id="unjoin")
        propose_button = gr.Button(texts.PROPOSE, elem_id="propose")
        stop_button = gr.Button(texts.STOP, elem_id="unjoin-stop")
    versions = gr.Radio([], label=texts.VERSIONS, visible=False, elem_id="versions")
    inputs = [page.id, repo, versions, page.token]
    fetching = gr.on([pull_button.click, repo.submit], pull, inputs, outputs, **QUIET)
    joining = join_button.click(join, inputs, outputs, **QUIET)
    unjoining = unjoin_button.click(gallery.unjoin, page.id, outputs, **QUIET)
    for event in (fetching, joining, unjoining):
        event.failure(reset_status, page.id, outputs, **QUIET)
        page.refill_after(event)
    # The choices stay: what is pressed before this is answered still sends the one chosen for the repo before
    repo.change(lambda: gr.Radio(value=None, visible=False), None, versions, **QUIET)
    versions_button.click(list_versions, [repo, page.token], versions, **QUIET)
    stop_button.click(SESSIONS.stop, page.id, None, queue=False, **QUIET)
    proposing = propose_button.click(contribute, [*pushing.inputs, gr.State(True)], pushing.outputs, **QUIET)
    proposing.failure(_missing, page.token, pushing.outputs, **QUIET)


def _link(text: str, url: str = "", link: str = "") -> str:
    """Where something was sent; for what is public also a link that opens it here, with its QR code."""
    to = f' <a href="{safe(url)}" target="_blank" rel="noopener">{safe(url.split("//")[-1])}</a>' if url else ""
    line = f'<p class="pushed">{text}{to}</p>' if text else ""
    if not link:
        return line
    code = segno.make(link, error="m", micro=False).svg_data_uri(scale=4, border=3, dark="#000", light="#fff")
    name = texts.QR_OF.format(link=safe(link))
    field = f'<input readonly aria-label="{texts.LINK}" value="{safe(link)}">'
    return (
        f'{line}<p>{texts.LINK_HINT}</p><div class="link"><img class="qr" src="{code}" alt="{name}"><div>{field}'
        f'<button type="button" data-copy="{safe(link)}">{texts.COPY}</button></div></div>'
    )


def link_to(request: gr.Request, repo_id: str) -> str:
    """The address of this page with an agent."""
    page = urlsplit(request.headers.get("referer") or "")
    return f"{page.scheme}://{page.netloc}{page.path}?agent={repo_id}" if page.scheme in ("http", "https") else ""


def _news(text: str, url: str = "", link: str = "") -> tuple[str, str]:
    """A step of a push: where it went, and in the line below."""
    return _link(text, url, link), status(text)


def _token(typed: str | None, signed_in: SignedIn) -> str | None:
    """The token of the visitor: of the sign-in, or typed."""
    return signed_in.token if signed_in is not None else (typed or "").strip() or None


def _missing(typed: str | None, signed_in: SignedIn) -> tuple[str, str]:
    """Beside the buttons, what was missing where nothing could be sent; the message of the error goes away."""
    return "", status("" if _token(typed, signed_in) else texts.SENTENCES["NOT_SIGNED_IN"], is_refusal=True)


# ---------------------------------------------------------------- name and files


@with_session
def refresh(session: Session) -> tuple[Any, ...]:
    """Show the agent as it is; publish only what knows something."""
    n_own = len(session.pupil.lessons.user_lessons())
    drawings, knows = formatting.count(n_own, "drawing"), bool(session.pupil.labels)
    return (
        header(session),
        gr.update(label=texts.WEB_PAGE_WITH.format(drawings=drawings), visible=n_own > 0),
        gr.update(value=texts.PUSH_WITH.format(drawings=drawings) if n_own else texts.PUSH_NOW, interactive=knows),
        gr.update(visible=n_own > 0, interactive=knows),
        gr.update(visible=n_own > 0),
    )


def _new_name(session: Session) -> Any:
    """The name, where it is no longer the one that the field was filled with: what is being written there stays."""
    return gr.skip() if session.news.get("name") == session.pupil.name else name_of(session)


@with_session
def save(session: Session) -> tuple[Any, ...]:
    """Write the agent to a file, and offer it for download."""
    path = components.write_agent(session.pupil, session)
    return path, *render_status(session, texts.SAVED.format(name=safe(Path(path).name)))


@streaming
def save_page(session: Session, drawings: bool) -> Steps:
    """Write the agent as one web page, with the visitor's drawings or without, and offer it for download."""
    yield gr.skip(), *render_progress(session, texts.WRITING_PAGE, is_job=not drawings)
    pupil = yield _outgoing(session, session.pupil, drawings)
    if pupil is None:
        yield gr.skip(), *render_status(session, texts.PUSH_STOPPED)
        return
    code = current_locale().code
    content = yield Unlocked(partial(to_html, pupil, code if code in LANGUAGES else "en", drawings=True))
    path = components.write_agent(pupil, session, content)
    yield path, *render_status(session, texts.SAVED.format(name=safe(Path(path).name)))


@with_session
def load(session: Session, path: str | None) -> tuple[Any, ...]:
    """Use the agent of a file; of one that cannot be read say so beside the box, which takes the next file."""
    try:
        loaded = serialization.load(path or "")
    except AgentError as error:
        refusal = safe(formatting.capitalized(translated(str(error))))
        return None, status(refusal, is_refusal=True), *[gr.skip()] * 3
    where = session.take(loaded)
    text = texts.LOADED.format(name=safe(loaded.name), lessons=formatting.lessons(loaded))
    return None, "", *render_status(session, text + where)


# ---------------------------------------------------------------- the Hub


def warn_of_refusal(request: gr.Request) -> None:
    """Warn a visitor who comes back without having signed in; the agent is found again as after any page load."""
    if request.query_params.get("login") == "refused":
        gr.Warning(texts.SIGN_IN_REFUSED, title=server_texts.WARNING)


def _outgoing(session: Session, pupil: Pupil, drawings: bool) -> Unlocked:
    """Copy what is to be sent; without the drawings of people it is taught again, a job that can be stopped."""
    job = CancelToken() if drawings else session.start_job()
    return Unlocked(partial(in_turns, hub.iter_outgoing(copy.deepcopy(pupil), bool(drawings)), job))


@streaming
def push(
    session: Session,
    repo: str,
    message: str,
    visibility: str,
    typed: str,
    drawings: bool,
    signed_in: SignedIn,
    request: gr.Request,
) -> Steps:
    """Push a copy of the agent, and say how far it is; the agent itself may learn meanwhile.

    Fields that were never unfolded are None.
    """
    session.count("share")
    pupil, token = session.pupil, _token(typed, signed_in)
    repo_id = (repo or "").strip() or slug(pupil.name)
    repo_id, message = yield Unlocked(partial(hub.check_push, pupil, repo_id, token, message or ""))
    pushed = yield _outgoing(session, pupil, drawings)
    if pushed is None:
        yield _news(texts.PUSH_STOPPED)
        return
    yield _news(texts.PUSHING["test"])
    tested = yield Unlocked(partial(training.scores, pushed))
    yield _news(texts.PUSHING["write"])
    files = yield Unlocked(partial(hub.files_for, pushed, repo_id, tested))
    yield _news(texts.PUSHING["send"])
    done = yield Unlocked(partial(hub.send, pushed, files, repo_id, token, message, visibility == "private"))
    pupil.lineage = pupil.lineage.at(repo_id, done.commit)
    link = link_to(request, repo_id) if visibility != "private" else ""
    yield _news(texts.PUSHED.format(repo=safe(repo_id)), done.url, link)


@streaming
def contribute(
    session: Session, repo: str, message: str, visibility: str, typed: str, drawings: bool, signed_in: SignedIn
) -> Steps:
    """Propose the agent for the repo that it grew from."""
    target, token = (repo or "").strip() or session.pupil.lineage.home, _token(typed, signed_in)
    if not target:
        raise AgentError(texts.NOTHING_TO_PROPOSE)
    session.count("share")
    message = yield Unlocked(partial(hub.check_contribution, session.pupil, target, token, message or ""))
    yield _news(texts.PUSHING["test"])
    proposed = yield _outgoing(session, session.pupil, drawings)
    if proposed is None:
        yield _news(texts.PUSH_STOPPED)
        return
    tested = yield Unlocked(partial(training.scores, proposed))
    yield _news(texts.PUSHING["send"])
    proposal = yield Unlocked(partial(hub.contribute, proposed, target, token, message, tested=tested))
    text = texts.PROPOSED.format(repo=safe(proposal.repo_id), number=proposal.number)
    yield _news(text, proposal.url)


@streaming
def pull(session: Session, repo: str, version: str | None, typed: str, signed_in: SignedIn) -> Steps:
    """Pull an agent and use it; one that cannot be pulled changes nothing."""
    pupil, repo_id = yield from _fetch(session, repo, version, _token(typed, signed_in))
    where = session.take(pupil)
    text = (texts.PULLED_BEFORE if pupil.lineage.is_from_cache else texts.PULLED).format(
        repo=safe(repo_id), commit=(pupil.lineage.commit or "")[:8], lessons=formatting.lessons(pupil)
    )
    yield render_status(session, text + where)


@streaming
def join(session: Session, repo: str, version: str | None, typed: str, signed_in: SignedIn) -> Steps:
    """Pull an agent and join it to the one in use."""
    other, _ = yield from _fetch(session, repo, version, _token(typed, signed_in))
    yield from gallery.join(session, other)


def _fetch(
    session: Session, repo: str, version: str | None, token: str | None
) -> Generator[Any, Any, tuple[Pupil, str]]:
    """Pull the agent at an address, ``OWNER/NAME`` or ``OWNER/NAME@VERSION``, outside the lock; and its repo.

    A version chosen from the list of another repo is not meant.
    """
    repo_id, _, revision = (repo or "").strip().partition("@")
    listed, _, commit = (version or "").partition("@")
    revision = commit if listed == repo_id and commit else revision
    yield render_progress(session, texts.PULLING.format(repo=safe(repo_id)))
    hub.count_question("pulls", visitor())
    return (yield Unlocked(partial(hub.pull, repo_id, revision or None, token))), repo_id


def list_versions(repo: str, typed: str, signed_in: SignedIn) -> gr.Radio:
    """List the versions of a repo, to pull one of them."""
    repo_id = (repo or "").strip().partition("@")[0]
    with errors_shown():
        hub.count_question("pulls", visitor())
        versions = hub.versions(repo_id, _token(typed, signed_in))
    choices = [
        (f"{version.when:%Y-%m-%d %H:%M} · {version.title} · {version.author}", f"{repo_id}@{version.commit}")
        for version in versions
        if version.title != EMPTY_COMMIT
    ][:20]
    return gr.Radio(choices, value=choices[0][1] if choices else None, visible=True)


def slug(name: str) -> str:
    """Make a repo's name of an agent's name.

    Examples
    --------
    >>> slug("Mia & Tom"), slug("数字")
    ('mia-tom', 'pupil')
    """
    plain = "".join(char.lower() if char.isascii() and char.isalnum() else " " for char in name)
    return "-".join(plain.split())[:90] or "pupil"
