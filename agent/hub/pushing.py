"""Pushing an agent to a repo of one's own, and proposing it for somebody else's."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from agent import store
from agent.errors import AgentError
from agent.families import Agent
from agent.hub.client import checked_message, checked_token, connect, endpoint, head_of, spoken, who
from agent.lineage import check_repo_id
from agent.steps import finished
from agent.train import scores

if TYPE_CHECKING:
    from huggingface_hub import HfApi, ModelInfo


@dataclass(frozen=True)
class Pushed:
    """Where an agent was pushed to: a commit of a repo, and its page."""

    repo_id: str
    commit: str
    url: str


@dataclass(frozen=True)
class Proposed:
    """A pull request: its page, its number, and the revision that `pull` takes before it is merged."""

    repo_id: str
    number: int
    revision: str
    url: str


def push(
    pupil: Agent, repo_id: str, token: str | None, message: str = "", private: bool = False, *, drawings: bool = True
) -> Pushed:
    """Share an agent: one commit to a repo of one's own, made where there is none.

    Parameters
    ----------
    pupil : Agent
        The agent; afterwards its ``lineage`` says that it lives there.
    repo_id : str
        OWNER/NAME, or a name alone: then the owner is who the token belongs to.
    token : str
        Of the person who pushes, with the right to write.
    message : str
        What is new, for the list of versions.
    private : bool
        Whether a new repo is for its owner alone.
    drawings : bool
        Whether the drawings of people go along. An agent remembers by drawings, so without them their lessons are
        left out, as if they had never been taught.

    Raises
    ------
    AgentError
        Not signed in, no permission, the name is taken, somebody pushed meanwhile, the Hub is away, and so on; the
        agent and the repo are as before.
    """
    return finished(pushing(pupil, repo_id, token, message, private, drawings=drawings))


def pushing(
    pupil: Agent, repo_id: str, token: str | None, message: str = "", private: bool = False, *, drawings: bool = True
) -> Generator[str, None, Pushed]:
    """As `push`, step by step: gives "test", "write", "send". Closing it early changes nothing."""
    token, message = checked_token(token), checked_message(message) or f"{pupil.n_lessons} lessons"
    if isinstance(repo_id, str) and "/" not in repo_id:
        repo_id = f"{who(token)}/{repo_id}"
    check_repo_id(repo_id)
    yield "test"
    sent = _sent(pupil, repo_id, drawings)
    tested = scores(sent)
    yield "write"
    files = store.to_files(sent, tested)
    yield "send"
    with spoken(repo_id):
        api = connect(token)
        parent, created = _parent(api, pupil, repo_id, private, files)
        commit = _commit(api, repo_id, files, message, parent, created) if parent else head_of(api, repo_id).sha
    pupil.lineage = pupil.lineage.at(repo_id, commit)
    return Pushed(repo_id, commit, f"{endpoint()}/{repo_id}")


def contribute(pupil: Agent, repo_id: str, token: str | None, message: str = "", *, drawings: bool = True) -> Proposed:
    """Propose one's agent for somebody else's repo, as a pull request.

    The agent must have grown from the one there: the proposal is a change of the commit that was pulled, so merging it
    never throws away what came later.

    Raises
    ------
    AgentError
        It has not; or as for `push`.
    """
    token, message = checked_token(token), checked_message(message) or f"{pupil.n_lessons} lessons"
    if check_repo_id(repo_id) != pupil.lineage.home or not pupil.lineage.commit:
        raise AgentError(f"expected an agent grown from {repo_id}, got another one. Load that one, join yours to it.")
    sent = _sent(pupil, repo_id, drawings)
    files = store.to_files(sent, scores(sent))
    with spoken(repo_id):
        done = connect(token).create_commit(
            repo_id, _operations(files), commit_message=message, create_pr=True, parent_commit=pupil.lineage.commit
        )
    return Proposed(repo_id, int(done.pr_num or 0), str(done.pr_revision), str(done.pr_url))


def _sent(pupil: Agent, repo_id: str, drawings: bool) -> Agent:
    """The agent as it goes out."""
    known = pupil if drawings else pupil.without_own()
    if not (known.labels or known.n_lessons):
        extra = " besides your drawings. Let them go along, or teach it something else" if pupil.labels else ""
        raise AgentError(f"expected an agent that knows something, got one that knows nothing{extra}.")
    sent = copy.copy(known)
    sent.lineage = replace(pupil.lineage.at(repo_id, ""), commit=None)
    return sent


def _parent(
    api: HfApi, pupil: Agent, repo_id: str, private: bool, files: Mapping[str, bytes]
) -> tuple[str | None, bool]:
    """The commit to push on top of, and whether the repo was made for it; None: these files are there already."""
    from huggingface_hub.errors import HfHubHTTPError

    if pupil.lineage.home == repo_id and pupil.lineage.commit:
        return pupil.lineage.commit, False
    try:
        api.create_repo(repo_id, private=private)
    except HfHubHTTPError as error:
        if error.response.status_code != 409:
            raise
        head = head_of(api, repo_id)
        if _holds(head, files):
            return None, False
        _check_empty(head, repo_id)
        if private and not head.private:
            api.update_repo_settings(repo_id, private=True)
        return head.sha, False  # left empty by a push that broke off
    return head_of(api, repo_id).sha, True


def _check_empty(head: ModelInfo, repo_id: str) -> None:
    """Refuse a repo that holds anything yet, such as another agent of the same person."""
    found = {each.rfilename for each in head.siblings or ()}
    if found & {"config.json", "agent.safetensors"}:
        raise AgentError(
            f"expected a name that is free, got {repo_id}, which holds another agent. "
            "Choose another name, or load that one, join yours and push again."
        )
    if found - {".gitattributes", "README.md"}:
        raise AgentError(f"expected a name that is free, got {repo_id}, which holds other files. Choose another name.")


def _commit(api: HfApi, repo_id: str, files: Mapping[str, bytes], message: str, parent: str, created: bool) -> str:
    """Send the files in one commit; if the answer is lost, look whether they arrived."""
    try:
        return api.create_commit(repo_id, _operations(files), commit_message=message, parent_commit=parent).oid
    except Exception:  # raised again below, unless the files are there after all
        with contextlib.suppress(Exception):  # a Hub that is away now says no more than that
            head = head_of(api, repo_id)
            if _holds(head, files):
                return str(head.sha)
            if created and head.sha == parent:
                api.delete_repo(repo_id)
        raise


def _operations(files: Mapping[str, bytes]) -> list[Any]:
    from huggingface_hub import CommitOperationAdd

    return [CommitOperationAdd(name, io.BytesIO(content)) for name, content in files.items()]


def _holds(head: ModelInfo, files: Mapping[str, bytes]) -> bool:
    """Whether a repo holds these very lessons and arrays."""
    found = {each.rfilename: each for each in head.siblings or ()}
    for name in ("agent.safetensors", "lessons.jsonl"):
        if name not in found:
            return False
        if found[name].lfs is not None:  # large files are known by another sum
            same = found[name].lfs["sha256"] == hashlib.sha256(files[name]).hexdigest()
        else:
            blob = b"blob %d\0" % len(files[name]) + files[name]
            same = found[name].blob_id == hashlib.sha1(blob).hexdigest()
        if not same:
            return False
    return True
