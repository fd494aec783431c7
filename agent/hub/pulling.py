"""Pulling an agent from a repo, checked before anything is built from it, and from the cache when the Hub is away."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from agent import store
from agent.errors import AgentError
from agent.families import Agent
from agent.hub.client import CLIENT, TIMEOUT_S, connect, endpoint, head_of, is_away, is_hidden, spoken
from agent.lineage import check_commit, check_repo_id, is_repo_id

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

CACHE_BYTES = 1_000_000_000  # pulled agents kept on disk; the least recently used go first
_REVISION = re.compile(r"(?!.*\.\.)(refs/pr/\d{1,6}|\w[\w.-]{0,99})", re.ASCII)


def load(path: str | os.PathLike[str]) -> Agent:
    """Read an agent from a folder, a ``.zip`` file, or a repo of the Hub.

    What is there on disk comes first; else OWNER/NAME is a repo.

    Raises
    ------
    AgentError
        There is nothing, or it is not an agent of this version: the message says what was expected and what came.
    """
    if isinstance(path, str) and is_repo_id(path) and not path.lower().endswith(".zip") and not Path(path).exists():
        return pull(path)
    return store.load(path)


def pull(repo_id: str, revision: str | None = None, token: str | None = None) -> Agent:
    """Fetch an agent from a repo of the Hub, or, when the Hub is away, from what was fetched before.

    Parameters
    ----------
    repo_id : str
        OWNER/NAME.
    revision : str, optional
        A branch, a commit, or a pull request as refs/pr/N.
    token : str, optional
        For private repos.

    Returns
    -------
    Agent
        ``lineage`` says which commit it is, and whether the Hub was away.

    Raises
    ------
    AgentError
        Not there, private, gated, too large, no agent, the Hub is away, and so on.
    """
    check_repo_id(repo_id)
    if revision is not None and (not isinstance(revision, str) or not _REVISION.fullmatch(revision)):
        raise AgentError(f"expected a branch, a commit or refs/pr/N, got {str(revision)[:80]!r}.")
    with spoken(repo_id):
        try:
            return _fetch(repo_id, revision, token)
        except Exception as error:
            if is_away(error) and (commit := _remembered(repo_id, revision)):
                return _read(repo_id, commit, None, cache(), is_from_cache=True)
            if is_hidden(error):
                _forget(repo_id)
            raise


def _fetch(repo_id: str, revision: str | None, token: str | None) -> Agent:
    """Pull from the Hub; only what is there for everybody is kept here, for whoever asks next may be somebody else."""
    head = head_of(connect(token), repo_id, revision)
    commit = _checked_head(head, repo_id)
    if head.private or head.gated:
        _forget(repo_id)
        with tempfile.TemporaryDirectory() as folder:
            return _read(repo_id, commit, token, Path(folder))
    pupil = _read(repo_id, commit, token, cache())
    _remember(repo_id, revision, commit)
    return pupil


def _checked_head(head: ModelInfo, repo_id: str) -> str:
    """Check that all files of an agent are there and none is larger than it may be: the commit."""
    sizes = {each.rfilename: each.size for each in head.siblings or ()}
    missing = [name for name in store.FILES if name not in sizes]
    if missing:
        raise AgentError(f"expected the files of an agent in {repo_id}, got a repo without {', '.join(missing)}.")
    for name, most in store.FILES.items():
        if not isinstance(sizes[name], int) or not 0 <= sizes[name] <= most:
            raise AgentError(f"expected at most {most:,} bytes in {name} of {repo_id}, got {sizes[name]}. Too large.")
    return check_commit(head.sha)


def _read(repo_id: str, commit: str, token: str | None, folder: Path, is_from_cache: bool = False) -> Agent:
    """Fetch the files of one commit, unless they are in a folder already, and build the agent."""
    from huggingface_hub import hf_hub_download

    files = {}
    for name, most in store.FILES.items():
        path = Path(
            hf_hub_download(
                repo_id, name, revision=commit, token=token or False, endpoint=endpoint(), cache_dir=folder,
                etag_timeout=TIMEOUT_S, local_files_only=is_from_cache, library_name=CLIENT,
            )
        ).resolve()  # fmt: skip
        if path.stat().st_size > most:
            raise AgentError(f"expected at most {most:,} bytes in {name}, got {path.stat().st_size:,}. Too large.")
        files[name] = path.read_bytes()
    pupil = store.from_files(files)
    pupil.lineage = pupil.lineage.at(repo_id, commit, is_from_cache)
    return pupil


def cache() -> Path:
    """The folder that pulled agents are kept in: PUPIL_CACHE, or one among temporary files."""
    return Path(os.environ.get("PUPIL_CACHE") or Path(tempfile.gettempdir()) / "pupil-hub")


def _folder(repo_id: str) -> Path:
    return cache() / f"models--{repo_id.replace('/', '--')}"


def _remember(repo_id: str, revision: str | None, commit: str) -> None:
    """Note which commit a revision was, and let the agents go that were not asked for longest."""
    with contextlib.suppress(OSError):
        note = _folder(repo_id) / "refs" / (revision or "main")
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(commit)
        os.utime(_folder(repo_id))
        folders = sorted(cache().glob("models--*"), key=lambda folder: folder.stat().st_mtime)
        n_bytes = {folder: sum(file.lstat().st_size for file in folder.rglob("*")) for folder in folders}
        for folder in folders[:-1]:
            if sum(n_bytes.values()) > CACHE_BYTES:
                shutil.rmtree(folder, ignore_errors=True)
                del n_bytes[folder]


def _forget(repo_id: str) -> None:
    """Let go of what was fetched from a repo that is not for everybody any more."""
    shutil.rmtree(_folder(repo_id), ignore_errors=True)


def _remembered(repo_id: str, revision: str | None) -> str | None:
    """Which commit a revision was when it was last pulled."""
    with contextlib.suppress(OSError, AgentError):
        return check_commit((_folder(repo_id) / "refs" / (revision or "main")).read_text())
    return None
