"""Push the agent to a repo of one's own, propose it for somebody else's, pull any by its name.

A visitor's token is that of the sign-in, or, where the app is no Space, one typed into a field: it comes with each
press and is not kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from agent import hub
from agent.errors import AgentError
from agent.ui import start, words, words_browser
from agent.ui.desk import Desk
from agent.ui.events import QUIET, at_desk, step_by_step
from agent.ui.markup import about, safe
from agent.ui.page import Page

SIGN_IN = bool(os.environ.get("SPACE_ID") and os.environ.get("OAUTH_CLIENT_ID"))  # gradio has its routes only then
SAID_ONCE = """() => {
  const address = new URL(location);
  address.searchParams.delete("login");
  history.replaceState(null, "", address);
}"""
HUBS_FIRST = "initial commit"  # what the Hub calls the commit with which it makes a repo: there is no agent in it


def build(page: Page, shown: Sequence[gr.components.Component]) -> None:
    """Lay out the card of pushing and connect it; ``shown`` are the status, the name, the way back, the header."""
    with gr.Column(elem_classes="card push"):
        gr.HTML(f"<h2>{words.PUSH}</h2><p>{words.PUSH_HINT}</p>")
        _sign_in(page.token)
        with gr.Row(elem_classes="fields"):
            repo = gr.Textbox(label=words.REPO, info=words.REPO_HINT, max_length=97, elem_id="repo")
            message = gr.Textbox(label=words.MESSAGE, info=words.MESSAGE_HINT, max_length=200, elem_id="message")
        with gr.Row(elem_classes="fields"):
            levels = ((words.PUBLIC, "public"), (words.PRIVATE, "private"))
            visibility = gr.Radio(levels, value="public", label=words.VISIBILITY, elem_classes="segments",
                                  elem_id="visibility")  # fmt: skip
            drawings = gr.Checkbox(False, label=words.WITH_DRAWINGS, info=words.WITH_DRAWINGS_HINT, elem_id="drawings")
        with gr.Row(elem_classes="buttons"):
            go = gr.Button(words.PUSH_NOW, variant="primary", elem_id="push")
            propose = gr.Button(words.PROPOSE, elem_id="propose")
        pushed = gr.HTML(link(""), elem_id="pushed")
    sending = [page.id, repo, message, visibility, drawings, page.token]
    for button, handle in ((go, push), (propose, contribute)):
        going = button.click(handle, sending, [pushed, *shown], **QUIET)
        going.failure(not_pushed, page.id, [pushed, *shown], **QUIET)


def build_pull(page: Page, shown: Sequence[gr.components.Component]) -> None:
    """Lay out the fields of pulling and connect them."""
    gr.HTML(f"<h2>{words.PULL}</h2><p>{words.PULL_HINT}</p>")
    wanted = gr.Textbox(label=words.REPO_OF_ANYBODY, placeholder="mia/sevens", max_length=200, elem_id="wanted")
    with gr.Row(elem_classes="buttons"):
        pull = gr.Button(words.PULL_NOW, elem_id="pull")
        look = gr.Button(words.VERSIONS, elem_id="look")
    versions = gr.Radio([], label=words.VERSIONS, visible=False, elem_id="versions")
    fetching = [page.id, wanted, versions, page.token]
    pulling = gr.on([pull.click, wanted.submit], fetch, fetching, shown, **QUIET)
    pulling.failure(as_before, page.id, shown, **QUIET)
    wanted.change(lambda: gr.Radio([], value=None, visible=False), None, versions, **QUIET)
    look.click(list_versions, [page.id, wanted, page.token], versions, **QUIET)


def token_field() -> gr.Textbox:
    """The field for a typed token, to be rendered where one signs in; always empty on a Space."""
    return gr.Textbox(label=words.TOKEN, info=words.TOKEN_HINT, type="password", elem_id="token", render=False,
                      visible=not SIGN_IN)  # fmt: skip


def _sign_in(token: gr.Textbox) -> None:
    """Lay out the way to say who one is."""
    if SIGN_IN:
        gr.LoginButton(words.SIGN_IN, logout_value=words.SIGN_OUT, elem_id="sign-in")
        asked = gr.on(None, say_refused, None, None, **QUIET)  # when the page is loaded
        asked.then(None, None, None, js=SAID_ONCE, **QUIET)
    token.render()


def link(text: str, url: str = "") -> str:
    """Say where something went; as tall when there is nothing to say."""
    to = f' <a href="{safe(url)}" target="_blank" rel="noopener">{safe(url.split("//")[-1])}</a>' if url else ""
    return f'<p class="pushed">{text}{to}</p>'


def said_by(typed: str | None, signed_in: gr.OAuthToken | None) -> str | None:
    """The token of who presses."""
    return signed_in.token if signed_in is not None else (typed or "").strip() or None


# ---------------------------------------------------------------- events


def say_refused(request: gr.Request) -> None:
    """Tell a visitor who comes back without having signed in; the agent is found again as after any page load."""
    if request.query_params.get("login") == "refused":
        gr.Warning(words.SIGN_IN_REFUSED, title=words_browser.WARNING)


@step_by_step
def push(
    desk: Desk, repo: str, message: str, visibility: str, drawings: bool, typed: str, signed_in: gr.OAuthToken | None
) -> Iterator[tuple[Any, ...]]:
    """Push the agent, and tell how far it is."""
    desk.count("share")
    pupil, token = desk.pupil, said_by(typed, signed_in)
    steps = hub.pushing(pupil, (repo or "").strip() or slug(pupil.name), token, message, visibility == "private",
                        drawings=bool(drawings))  # fmt: skip
    while True:
        try:
            step = next(steps)
        except StopIteration as done:
            yield _told(desk, words.PUSHED.format(repo=safe(done.value.repo_id)), done.value.url)
            return
        yield _told(desk, words.PUSHING[step])


@step_by_step
def contribute(
    desk: Desk, repo: str, message: str, visibility: str, drawings: bool, typed: str, signed_in: gr.OAuthToken | None
) -> Iterator[tuple[Any, ...]]:
    """Propose the agent for the repo that it grew from."""
    lineage, token = desk.pupil.lineage, said_by(typed, signed_in)
    target = (repo or "").strip() or lineage.home
    if not target:
        raise AgentError(words.NOTHING_TO_PROPOSE)
    desk.count("share")
    yield _told(desk, words.PUSHING["send"])
    done = hub.contribute(desk.pupil, target, token, message, drawings=bool(drawings))
    yield _told(desk, words.PROPOSED.format(repo=safe(done.repo_id), number=done.number), done.url)


@step_by_step
def fetch(
    desk: Desk, wanted: str, version: str | None, typed: str, signed_in: gr.OAuthToken | None
) -> Iterator[tuple[Any, ...]]:
    """Pull an agent and put it on the desk; one that cannot be pulled changes nothing."""
    repo_id, _, revision = (wanted or "").strip().partition("@")
    yield start.told(desk, words.PULLING.format(repo=safe(repo_id)))
    pupil = hub.pull(repo_id, version or revision or None, said_by(typed, signed_in))
    where = desk.take(pupil)
    said = words.PULLED_BEFORE if pupil.lineage.is_from_cache else words.PULLED
    commit = (pupil.lineage.commit or "")[:8]
    yield start.told(desk, said.format(repo=safe(repo_id), commit=commit, lessons=start.lessons_of(pupil)) + where)


@at_desk
def list_versions(desk: Desk, wanted: str, typed: str, signed_in: gr.OAuthToken | None) -> gr.Radio:
    """List the versions of a repo, to pull one of them."""
    repo_id = (wanted or "").strip().partition("@")[0]
    versions = [each for each in hub.versions(repo_id, said_by(typed, signed_in)) if each.title != HUBS_FIRST]
    choices = [(f"{each.when:%Y-%m-%d %H:%M} · {each.title} · {each.author}", each.commit) for each in versions[:20]]
    return gr.Radio(choices, value=choices[0][1] if choices else None, visible=True)


@at_desk
def as_before(desk: Desk) -> tuple[Any, ...]:
    """Take back what was said on the way to a failure."""
    return start.told(desk, about(desk.pupil))


@at_desk
def not_pushed(desk: Desk) -> tuple[Any, ...]:
    """As `as_before`, and no link."""
    return link(""), *start.told(desk, about(desk.pupil))


def slug(name: str) -> str:
    """Make a repo's name of an agent's.

    Examples
    --------
    >>> slug("Mia & Tom"), slug("数字")
    ('mia-tom', 'pupil')
    """
    plain = "".join(char.lower() if char.isascii() and char.isalnum() else " " for char in name)
    return "-".join(plain.split())[:90] or "pupil"


def _told(desk: Desk, text: str, url: str = "") -> tuple[Any, ...]:
    return link(text, url), *start.told(desk, text)
