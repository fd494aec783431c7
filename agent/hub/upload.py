"""Uploads to the Hub: push an agent, propose it as a pull request, deploy the project as a Space."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import os
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.agents import Agent
from agent.agents.base import check_repo_id
from agent.errors import AgentError
from agent.hub.client import checked_message, checked_token, connect, endpoint, head_of, hub_errors, who
from agent.metrics import Score
from agent.progress import Progress
from agent.storage import serialization

if TYPE_CHECKING:
    from huggingface_hub import HfApi, ModelInfo
    from huggingface_hub.hf_api import RepoSibling

_FOLDERS = (".git", ".venv", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis", ".gradio", "node_modules")
_FOLDERS += ("build", "pupil.egg-info")  # of pip
_IGNORED = [pattern for name in _FOLDERS for pattern in (f"{name}/**", f"**/{name}/**")]
_IGNORED += ["tests/out/**", "runs/**", "*.pyc", ".env", ".env.*", "**/.env", "**/.env.*"]


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
    pupil: Agent,
    repo_id: str,
    token: str | None,
    message: str = "",
    private: bool = False,
    *,
    tested: Sequence[Score] = (),
) -> Pushed:
    """Push an agent by one commit to a repo, made where there is none: `check_push`, `files_for` and `send` in one go.

    Parameters
    ----------
    pupil : Agent
        The agent; afterwards its ``lineage`` names the repo and the commit.
    repo_id : str
        OWNER/NAME, or a name alone: then the owner is who the token belongs to.
    token : str
        With the right to write.
    message : str
        Title of the commit.
    private : bool
        Whether a new repo is for its owner alone.
    tested : sequence of Score
        For its card: what `agent.training.scores` gives.

    Raises
    ------
    AgentError
        Not signed in, no permission, the name is taken, somebody pushed meanwhile, the Hub is away, and so on; the
        agent and the repo are as before.
    """
    repo_id, message = check_push(pupil, repo_id, token, message)
    return send(pupil, files_for(pupil, repo_id, tested), repo_id, token, message, private)


def files_for(pupil: Agent, repo_id: str, tested: Sequence[Score] = ()) -> dict[str, bytes]:
    """Give the files of an agent as they will be in a repo: they do not tell the commit that they are part of."""
    pushed = copy.copy(pupil)
    pushed.lineage = replace(pupil.lineage.at(repo_id, ""), commit=None)
    return serialization.to_files(pushed, tested)


def send(
    pupil: Agent, files: Mapping[str, bytes], repo_id: str, token: str | None, message: str, private: bool = False
) -> Pushed:
    """Send the files of an agent, as `push` does once all is checked; AgentError as there."""
    with hub_errors(repo_id):
        api = connect(token)
        parent, created = _parent(api, pupil, repo_id, private, files)
        commit = _commit(api, repo_id, files, message, parent, created) if parent else head_of(api, repo_id).sha
    pupil.lineage = pupil.lineage.at(repo_id, commit)
    return Pushed(repo_id, commit, f"{endpoint()}/{repo_id}")


def contribute(
    pupil: Agent, repo_id: str, token: str | None, message: str = "", *, tested: Sequence[Score] = ()
) -> Proposed:
    """Propose an agent for somebody else's repo, as a pull request; AgentError as for `push`.

    The agent must have been pulled from there: the proposal is a change of that commit, so merging it never throws
    away what came later.
    """
    message = check_contribution(pupil, repo_id, token, message)
    files = files_for(pupil, repo_id, tested)
    with hub_errors(repo_id):
        done = connect(token).create_commit(
            repo_id, _operations(files), commit_message=message, create_pr=True, parent_commit=pupil.lineage.commit
        )
    return Proposed(repo_id, int(done.pr_num or 0), str(done.pr_revision), str(done.pr_url))


def deploy(folder: str | os.PathLike[str], space_id: str, token: str | None, hardware: str | None = None) -> str:
    """Upload this project as the Space OWNER/NAME, made where there is none, and return its address.

    The token needs the right to write there; ``hardware`` is the Hub's name of it, such as cpu-upgrade.
    """
    token, project = checked_token(token), Path(folder)
    if not project.is_dir():
        raise AgentError(f"expected a folder with the project, got {project.name!r}, which is none.")
    with hub_errors(check_repo_id(space_id)):
        api = connect(token)
        if not api.repo_exists(space_id, repo_type="space"):
            api.create_repo(space_id, repo_type="space", space_sdk="gradio", space_hardware=hardware)
        api.upload_folder(
            repo_id=space_id,
            repo_type="space",
            folder_path=project,
            ignore_patterns=[*_IGNORED],
            commit_message="Pupil",
        )
    return f"{endpoint()}/spaces/{space_id}"


def deploy_page(page: str, name: str, space_id: str, token: str | None) -> str:
    """Upload a page that needs no server as the Space OWNER/NAME, made where there is none, and return its address.

    ``page`` is HTML, as `agent.export.to_html` gives it, and ``name`` is the Space's title. AgentError as for `deploy`,
    and for a Space that runs something else.
    """
    token = checked_token(token)
    about = {"title": name, "emoji": "✏️", "sdk": "static", "app_file": "index.html", "tags": ["pupil"]}
    front = "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in about.items())
    with hub_errors(check_repo_id(space_id)):
        api = connect(token)
        if not api.repo_exists(space_id, repo_type="space"):
            api.create_repo(space_id, repo_type="space", space_sdk="static")
        elif (sdk := api.space_info(space_id).sdk) != "static":
            raise AgentError(
                f"expected a free name or a Space of sdk static, got {space_id} of sdk {sdk}. Choose another."
            )
        files = {"README.md": f"---\n{front}---\n".encode(), "index.html": page.encode()}
        api.create_commit(space_id, _operations(files), commit_message="Pupil", repo_type="space")
    return f"{endpoint()}/spaces/{space_id}"


def check_push(pupil: Agent, repo_id: str, token: str | None, message: str = "") -> tuple[str, str]:
    """Check the arguments of `push` before anything takes long: the whole name of the repo, and the message."""
    token, message = checked_token(token), checked_message(message) or f"{pupil.n_lessons} lessons"
    owner = who(token)  # a token that is none costs no more than this
    if isinstance(repo_id, str) and "/" not in repo_id:
        repo_id = f"{owner}/{repo_id}"
    _check_knows(pupil)
    return check_repo_id(repo_id), message


def check_contribution(pupil: Agent, repo_id: str, token: str | None, message: str = "") -> str:
    """Check what `contribute` needs before anything takes long, and give the message.

    Raises
    ------
    AgentError
        No token, no name of a repo or message that can be one, or the agent has not grown from the one there.
    """
    checked_token(token)
    message = checked_message(message) or f"{pupil.n_lessons} lessons"
    if check_repo_id(repo_id) != pupil.lineage.home or not pupil.lineage.commit:
        raise AgentError(
            f"expected an agent that came from {repo_id}, got another one. Fetch that one, join yours to it."
        )
    who(token)
    return message


def iter_outgoing(pupil: Agent, drawings: bool = True) -> Generator[Progress, None, Agent]:
    """Copy an agent to push, with or without the user lessons, step by step; AgentError where nothing is left."""
    sent = copy.copy(pupil) if drawings else (yield from pupil.iter_without_user_lessons())
    _check_knows(sent, " besides your drawings. Let them go along, or teach it something else" if pupil.labels else "")
    return sent


def _check_knows(pupil: Agent, more: str = "") -> None:
    if not (pupil.labels or pupil.n_lessons):
        raise AgentError(f"expected an agent that knows something, got one that knows nothing{more}.")


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
    names = {file.rfilename for file in head.siblings or ()}
    if names & {"config.json", "agent.safetensors"}:
        raise AgentError(
            f"expected a name that is free, got {repo_id}, which holds another agent. "
            "Choose another name, or fetch that one, join yours and publish again."
        )
    if names - {".gitattributes", "README.md"}:
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
    siblings = {file.rfilename: file for file in head.siblings or ()}
    return all(
        name in siblings and _is_same(siblings[name], files[name]) for name in ("agent.safetensors", "lessons.jsonl")
    )


def _is_same(file: RepoSibling, content: bytes) -> bool:
    if file.lfs is not None:  # large files have another checksum
        return file.lfs["sha256"] == hashlib.sha256(content).hexdigest()
    return file.blob_id == hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
