"""Share: the agent as a file, as a repo of the Hub, and the agents of others.

A visitor's token is that of the sign-in, or, where the app is no Space, one typed into a field: it is sent with
every press and never stored.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Generator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from agent import hub, training
from agent.agents.pupil import Pupil
from agent.errors import AgentError
from agent.progress import CancelToken
from agent.storage import serialization
from agent.ui import components, formatting
from agent.ui.events import QUIET, Unlocked, errors_shown, in_turns, streaming, with_session
from agent.ui.html import about, safe, status
from agent.ui.page import Page, render_progress, render_status, reset_status
from agent.ui.parts import classes, gallery, my_agents, new_agent
from agent.ui.session import Session
from agent.ui.texts import server_texts, texts

SignedIn = gr.OAuthToken | None
SIGN_IN = bool(os.environ.get("SPACE_ID") and os.environ.get("OAUTH_CLIENT_ID"))  # gradio has its routes only then
FORGET_LOGIN_JS = """() => {
  const address = new URL(location);
  address.searchParams.delete("login");
  history.replaceState(null, "", address);
}"""
EMPTY_COMMIT = "initial commit"  # title of the commit with which the Hub makes a repo: there is no agent in it


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    status_line = gr.HTML(status(""), elem_id="share-status")
    page.token = gr.Textbox(  # rendered where one signs in; always empty on a Space
        label=texts.TOKEN, info=texts.TOKEN_HINT, type="password", elem_id="token", render=False, visible=not SIGN_IN
    )
    outputs = _build_files(page, status_line)
    _build_push(page, status_line)
    gallery.build(page, outputs)
    classes.build(page, outputs)
    return refresh, [status_line, *outputs[2:]]


def _build_files(page: Page, status_line: gr.HTML) -> list[gr.components.Component]:
    """Lay out the cards and connect them; gives the status, the name, the way back and the header."""
    with gr.Row(elem_classes="keep"):
        with gr.Column(elem_classes="card"):
            gr.HTML(f"<h2>{texts.NAME}</h2><p>{texts.NAME_HINT}</p>")
            with gr.Row(elem_classes="name"):
                bare = {"show_label": False, "container": False}
                name = gr.Textbox(label=texts.NAME, max_length=my_agents.MAX_NAME_CHARS, elem_id="name", **bare)
                rename_button = gr.Button(texts.RENAME, elem_id="rename")
        with gr.Column(elem_classes="card"):
            gr.HTML(f"<h2>{texts.SAVE}</h2><p>{texts.SAVE_HINT}</p>")
            save_button = gr.Button(texts.SAVE, variant="primary", elem_id="save")
            download = components.download_button("file-out")
        with gr.Column(elem_classes="card"):
            gr.HTML(f"<h2>{texts.LOAD}</h2><p>{texts.LOAD_HINT}</p>")
            file = gr.File(label=texts.LOAD, show_label=False, file_types=[".zip"], height=132, elem_id="file-in")
            back = gr.Button(texts.BACK, interactive=False, elem_id="back")
            _build_pull(page, [status_line, name, back, page.header])
        with gr.Column(elem_classes="card"):
            new_agent.build(page, [status_line, name, back])
    outputs = [status_line, name, back, page.header]
    gr.on([rename_button.click, name.submit], rename, [page.id, name], outputs, **QUIET)
    components.download_after(save_button.click(save, page.id, [download, *outputs], **QUIET), download)
    loading = file.upload(load, [page.id, file], [file, *outputs], **QUIET)
    loading.failure(lambda: None, None, file, **QUIET)
    for event in (loading, back.click(go_back, page.id, outputs, **QUIET)):
        page.refill_after(event)
    page.at_start(with_session(lambda session: session.pupil.name), [name])
    return outputs


def _build_push(page: Page, status_line: gr.HTML) -> None:
    """Lay out the card of pushing and connect it."""
    with gr.Column(elem_classes="card push"):
        gr.HTML(f"<h2>{texts.PUSH}</h2><p>{texts.PUSH_HINT}</p>")
        if SIGN_IN:
            gr.LoginButton(texts.SIGN_IN, logout_value=texts.SIGN_OUT, elem_id="sign-in")
            loaded = gr.on(None, warn_of_refusal, None, None, **QUIET)
            loaded.then(None, None, None, js=FORGET_LOGIN_JS, **QUIET)
        page.token.render()
        with gr.Row(elem_classes="fields"):
            repo = gr.Textbox(label=texts.REPO, info=texts.REPO_HINT, max_length=97, elem_id="repo")
            message = gr.Textbox(label=texts.MESSAGE, info=texts.MESSAGE_HINT, max_length=200, elem_id="message")
        with gr.Row(elem_classes="fields"):
            levels = ((texts.PUBLIC, "public"), (texts.PRIVATE, "private"))
            visibility = components.segments(levels, "public", texts.VISIBILITY, "visibility")
            drawings = gr.Checkbox(False, label=texts.WITH_DRAWINGS, info=texts.WITH_DRAWINGS_HINT, elem_id="drawings")
        with gr.Row(elem_classes="buttons"):
            push_button = gr.Button(texts.PUSH_NOW, variant="primary", elem_id="push")
            propose_button = gr.Button(texts.PROPOSE, elem_id="propose")
        pushed = gr.HTML(_link(""), elem_id="pushed")
    inputs = [page.id, repo, message, visibility, drawings, page.token]
    for button, handle in ((push_button, push), (propose_button, contribute)):
        pushing = button.click(handle, inputs, [pushed, status_line], **QUIET)
        pushing.failure(reset_push, page.id, [pushed, status_line], **QUIET)


def _build_pull(page: Page, outputs: Sequence[gr.components.Component]) -> None:
    """Lay out the fields of pulling and connect them."""
    gr.HTML(f"<h2>{texts.PULL}</h2><p>{texts.PULL_HINT}</p>")
    repo = gr.Textbox(label=texts.REPO_OF_ANYBODY, placeholder="mia/sevens", max_length=200, elem_id="wanted")
    with gr.Row(elem_classes="buttons"):
        pull_button = gr.Button(texts.PULL_NOW, elem_id="pull")
        versions_button = gr.Button(texts.VERSIONS, elem_id="look")
    versions = gr.Radio([], label=texts.VERSIONS, visible=False, elem_id="versions")
    inputs = [page.id, repo, versions, page.token]
    pulling = gr.on([pull_button.click, repo.submit], pull, inputs, outputs, **QUIET)
    pulling.failure(reset_status, page.id, outputs, **QUIET)
    repo.change(lambda: gr.Radio([], value=None, visible=False), None, versions, **QUIET)
    versions_button.click(list_versions, [repo, page.token], versions, **QUIET)


def _link(text: str, url: str = "") -> str:
    """Where something was pushed to; of the same height when nothing was."""
    to = f' <a href="{safe(url)}" target="_blank" rel="noopener">{safe(url.split("//")[-1])}</a>' if url else ""
    return f'<p class="pushed">{text}{to}</p>'


def _news(text: str, url: str = "") -> tuple[str, str]:
    """A step of a push: beside the button, and in the status, which is in sight however far down one presses."""
    return _link(text, url), status(text)


def _token(typed: str | None, signed_in: SignedIn) -> str | None:
    """The token of who presses."""
    return signed_in.token if signed_in is not None else (typed or "").strip() or None


# ---------------------------------------------------------------- name and files


@with_session
def refresh(session: Session) -> tuple[Any, ...]:
    """Show the agent as it is, but for the name: the visitor may be writing it."""
    line, _, back, top = render_status(session)
    return line, back, top


@with_session
def rename(session: Session, name: str) -> tuple[Any, ...]:
    """Give the agent another name."""
    return render_status(session, my_agents.rename(session, name))


@with_session
def save(session: Session) -> tuple[Any, ...]:
    """Write the agent to a file, and offer it for download."""
    path = components.write_agent(session.pupil, session)
    return path, *render_status(session, texts.SAVED.format(name=safe(Path(path).name)))


@with_session
def load(session: Session, path: str | None) -> tuple[Any, ...]:
    """Use the agent of a file; one that cannot be read changes nothing."""
    if path is None:
        return None, *render_status(session)
    loaded = serialization.load(path)
    where = session.take(loaded)
    text = texts.LOADED.format(name=safe(loaded.name), lessons=formatting.lessons(loaded))
    return None, *render_status(session, text + where)


@with_session
def go_back(session: Session) -> tuple[Any, ...]:
    """Swap the agent with the one before."""
    if not session.earlier:
        return render_status(session, texts.NOTHING_BEFORE)
    session.replace(session.earlier[0])
    pupil = session.pupil
    return render_status(session, texts.BACK_DONE.format(name=safe(pupil.name), lessons=formatting.lessons(pupil)))


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
    session: Session, repo: str, message: str, visibility: str, drawings: bool, typed: str, signed_in: SignedIn
) -> Generator[Any, Any, None]:
    """Push a copy of the agent, and say how far it is; the agent itself may learn meanwhile."""
    session.count("share")
    pupil, token = session.pupil, _token(typed, signed_in)
    repo_id = (repo or "").strip() or slug(pupil.name)
    repo_id, message = yield Unlocked(partial(hub.check_push, pupil, repo_id, token, message))
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
    yield _news(texts.PUSHED.format(repo=safe(repo_id)), done.url)


@streaming
def contribute(
    session: Session, repo: str, message: str, visibility: str, drawings: bool, typed: str, signed_in: SignedIn
) -> Generator[Any, Any, None]:
    """Propose the agent for the repo that it grew from."""
    target, token = (repo or "").strip() or session.pupil.lineage.home, _token(typed, signed_in)
    if not target:
        raise AgentError(texts.NOTHING_TO_PROPOSE)
    session.count("share")
    message = yield Unlocked(partial(hub.check_contribution, session.pupil, target, token, message))
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
def pull(
    session: Session, repo: str, version: str | None, typed: str, signed_in: SignedIn
) -> Generator[Any, Any, None]:
    """Pull an agent and use it; one that cannot be pulled changes nothing."""
    repo_id, _, revision = (repo or "").strip().partition("@")
    yield render_progress(session, texts.PULLING.format(repo=safe(repo_id)))
    token = _token(typed, signed_in)
    pupil = yield Unlocked(partial(hub.pull, repo_id, version or revision or None, token))
    where = session.take(pupil)
    text = (texts.PULLED_BEFORE if pupil.lineage.is_from_cache else texts.PULLED).format(
        repo=safe(repo_id), commit=(pupil.lineage.commit or "")[:8], lessons=formatting.lessons(pupil)
    )
    yield render_status(session, text + where)


def list_versions(repo: str, typed: str, signed_in: SignedIn) -> gr.Radio:
    """List the versions of a repo, to pull one of them."""
    repo_id = (repo or "").strip().partition("@")[0]
    with errors_shown():
        versions = hub.versions(repo_id, _token(typed, signed_in))
    choices = [
        (f"{version.when:%Y-%m-%d %H:%M} · {version.title} · {version.author}", version.commit)
        for version in versions
        if version.title != EMPTY_COMMIT
    ][:20]
    return gr.Radio(choices, value=choices[0][1] if choices else None, visible=True)


@with_session
def reset_push(session: Session) -> tuple[str, str]:
    """After a failure: no link, and what the agent is."""
    return _link(""), status(about(session.pupil))


def slug(name: str) -> str:
    """Make a repo's name of an agent's name.

    Examples
    --------
    >>> slug("Mia & Tom"), slug("数字")
    ('mia-tom', 'pupil')
    """
    plain = "".join(char.lower() if char.isascii() and char.isalnum() else " " for char in name)
    return "-".join(plain.split())[:90] or "pupil"
