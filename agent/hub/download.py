"""Pulling an agent from a repo, checked before anything is built from it, and from the cache when the Hub is away."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from agent.agents import Agent
from agent.agents.base import check_commit, check_repo_id, is_repo_id
from agent.errors import AgentError
from agent.experiments.config import load_run
from agent.hub.client import CLIENT, TIMEOUT_S, connect, endpoint, head_of, hub_errors, is_away, is_hidden
from agent.storage import serialization

if TYPE_CHECKING:
    from huggingface_hub import CachedRepoInfo, ModelInfo

CACHE_BYTES = 1_000_000_000  # pulled agents kept on disk; those pulled longest ago go first
REVISIONS = "revisions.json"  # which commit each pulled revision was
_REVISION = re.compile(r"(?!.*\.\.)(refs/pr/\d{1,6}|\w[\w.-]{0,99})", re.ASCII)


def load(path: str | os.PathLike[str]) -> Agent:
    """Read an agent from a folder, that of a run, a ``.zip`` file, or else a repo of the Hub named OWNER/NAME.

    Raises
    ------
    AgentError
        There is nothing, or it is not an agent of this version.
    """
    with contextlib.suppress(OSError):  # a name that is too long for any file
        for run in (Path(path), Path(path).parent):
            if (run / "agent" / "config.json").is_file() and (run / "config.json").is_file():
                return load_run(run)
    if isinstance(path, str) and is_repo_id(path) and not path.lower().endswith(".zip") and not Path(path).exists():
        return pull(path)
    return serialization.load(path, serialization.LOCAL_FILES)


def pull(repo_id: str, revision: str | None = None, token: str | None = None) -> Agent:
    """Fetch an agent from a repo of the Hub, or, when the Hub is away, from what was fetched before.

    Its ``lineage`` says which commit it is, and whether the Hub was away.

    Parameters
    ----------
    repo_id : str
        OWNER/NAME.
    revision : str, optional
        A branch, a commit, or a pull request as refs/pr/N.
    token : str, optional
        For private repos.

    Raises
    ------
    AgentError
        Not there, private, gated, too large, no agent, the Hub is away, and so on.
    """
    check_repo_id(repo_id)
    if revision is not None and (not isinstance(revision, str) or not _REVISION.fullmatch(revision)):
        raise AgentError(f"expected a branch, a commit or refs/pr/N, got {str(revision)[:80]!r}.")
    with hub_errors(repo_id):
        try:
            return _fetch(repo_id, revision, token)
        except Exception as error:
            if is_away(error) and (commit := _remembered(repo_id, revision)):
                return _read(repo_id, commit, None, cache(), is_from_cache=True)
            if is_hidden(error):
                _forget(repo_id)
            raise


def _fetch(repo_id: str, revision: str | None, token: str | None) -> Agent:
    """Pull from the Hub; only public repos are cached, since the next caller may be somebody else."""
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
    sizes = {file.rfilename: file.size for file in head.siblings or ()}
    missing = [name for name in serialization.FILES if name not in sizes]
    if missing:
        raise AgentError(f"expected the files of an agent in {repo_id}, got none named {', '.join(missing)}.")
    for name, max_bytes in serialization.FILES.items():
        if not isinstance(sizes[name], int) or not 0 <= sizes[name] <= max_bytes:
            raise AgentError(
                f"expected at most {max_bytes:,} bytes in {name} of {repo_id}, got {sizes[name]}. Too large."
            )
    return check_commit(head.sha)


def fetch_file(repo_id: str, name: str, commit: str, token: str | None, folder: Path, from_cache: bool = False) -> Path:
    """Fetch one file at one commit, unless it is in a folder already."""
    from huggingface_hub import hf_hub_download

    options = {"endpoint": endpoint(), "etag_timeout": TIMEOUT_S, "library_name": CLIENT}
    return Path(
        hf_hub_download(
            repo_id,
            name,
            revision=commit,
            token=token or False,
            cache_dir=folder,
            local_files_only=from_cache,
            **options,
        )
    ).resolve()


def _read(repo_id: str, commit: str, token: str | None, folder: Path, is_from_cache: bool = False) -> Agent:
    """Fetch what an agent is read from at one commit, and build the agent."""
    files = {}
    for name in serialization.READ:
        path = fetch_file(repo_id, name, commit, token, folder, is_from_cache)
        if path.stat().st_size > (max_bytes := serialization.FILES[name]):
            raise AgentError(f"expected at most {max_bytes:,} bytes in {name}, got {path.stat().st_size:,}. Too large.")
        files[name] = path.read_bytes()
    pupil = serialization.from_files(files)
    pupil.lineage = pupil.lineage.at(repo_id, commit, is_from_cache)
    return pupil


def cache() -> Path:
    """The folder that pulled agents are kept in: PUPIL_CACHE, or one among temporary files."""
    return Path(os.environ.get("PUPIL_CACHE") or Path(tempfile.gettempdir()) / "pupil-hub")


def _remember(repo_id: str, revision: str | None, commit: str) -> None:
    """Note which commit a revision was."""
    key = f"{repo_id}@{revision or 'main'}"
    with _LOCK, contextlib.suppress(OSError):
        _write({**{name: old for name, old in _revisions().items() if name != key}, key: commit})
    trim(repo_id)


def trim(present: str = "") -> None:
    """Delete repos beyond `CACHE_BYTES`, never the present one: first those with pictures alone, then the oldest."""
    with _LOCK, contextlib.suppress(OSError):
        sizes = {repo.repo_id: repo.size_on_disk for repo in _cached()}
        n_bytes, pulled = sum(sizes.values()), dict.fromkeys(name.partition("@")[0] for name in _revisions())
        for name in (*(name for name in sizes if name not in pulled), *pulled):
            if n_bytes > CACHE_BYTES and name != present:
                n_bytes -= sizes.get(name, 0)
                _delete(name)


def _forget(repo_id: str) -> None:
    """Delete what was pulled from a repo that is no longer public."""
    with _LOCK, contextlib.suppress(OSError):
        _delete(repo_id)


def _remembered(repo_id: str, revision: str | None) -> str | None:
    """Give the commit that a revision was when it was last pulled."""
    with contextlib.suppress(AgentError):
        return check_commit(_revisions().get(f"{repo_id}@{revision or 'main'}"))
    return None


def _delete(repo_id: str) -> None:
    from huggingface_hub import scan_cache_dir

    commits = [version.commit_hash for repo in _cached() if repo.repo_id == repo_id for version in repo.revisions]
    if commits:
        scan_cache_dir(cache()).delete_revisions(*commits).execute()
    _write({name: commit for name, commit in _revisions().items() if name.partition("@")[0] != repo_id})


def _cached() -> frozenset[CachedRepoInfo]:
    from huggingface_hub import scan_cache_dir

    return scan_cache_dir(cache()).repos if cache().is_dir() else frozenset()


def _revisions() -> dict[str, str]:
    """Read the commits of pulled revisions, the ones pulled longest ago first."""
    try:
        saved = json.loads((cache() / REVISIONS).read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return saved if isinstance(saved, dict) else {}


def _write(revisions: dict[str, str]) -> None:
    if not revisions:
        (cache() / REVISIONS).unlink(missing_ok=True)
        return
    cache().mkdir(parents=True, exist_ok=True)
    spare = cache() / f".{REVISIONS}.{os.getpid()}"
    spare.write_text(json.dumps(revisions))
    os.replace(spare, cache() / REVISIONS)


_LOCK = threading.Lock()
