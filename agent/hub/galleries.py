"""What others have shared: the gallery, and the versions of a repo."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from agent import render, store
from agent.card import LABELS_TAG, TAG
from agent.errors import AgentError
from agent.families import kinds
from agent.hub.client import MAX_MESSAGE_CHARS, TIMEOUT_S, connect, endpoint, listed, spoken
from agent.hub.pulling import cache
from agent.labels import clean_label
from agent.lineage import check_commit, check_repo_id

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

GALLERY_S = 60.0  # how long a list is good for all visitors
GALLERY_SIZE = 30
MAX_LABELS = 62
SORTS = {"newest": "lastModified", "liked": "likes"}


@dataclass(frozen=True)
class Version:
    """A commit of a repo."""

    commit: str
    title: str
    author: str
    when: datetime


@dataclass(frozen=True)
class Entry:
    """An agent in the gallery, as its repo tells of it."""

    repo_id: str
    commit: str
    kind: str
    labels: tuple[str, ...]
    n_lessons: int
    n_right: int
    n_asked: int  # 0: never tested
    likes: int
    modified: datetime | None

    @property
    def author(self) -> str:
        """Whose repo it is."""
        return self.repo_id.split("/")[0]


@dataclass(frozen=True)
class Gallery:
    """Agents that anybody shared, and whether the Hub was away, so that the list is an old one."""

    entries: tuple[Entry, ...]
    is_old: bool = False


def versions(repo_id: str, token: str | None = None) -> tuple[Version, ...]:
    """The commits of a repo, newest first; each can be pulled."""
    with spoken(check_repo_id(repo_id)):
        commits = connect(token).list_repo_commits(repo_id)
    return tuple(
        Version(
            commit=check_commit(each.commit_id),
            title=each.title[:MAX_MESSAGE_CHARS],
            author=", ".join(each.authors)[:80],
            when=each.created_at,
        )
        for each in commits
    )


def gallery(search: str = "", sort: str = "newest") -> Gallery:
    """Agents that anybody shared, newest or most liked first; a list is good for a minute, for all visitors.

    Parameters
    ----------
    search : str
        Words in the repo's name.
    sort : str
        One of `SORTS`.
    """
    if sort not in SORTS:
        raise AgentError(f"expected a sort among {', '.join(SORTS)}, got {sort!r}.")
    asked = (endpoint(), search.strip()[:80], sort)
    with _GALLERY_LOCK:
        until, known = _GALLERIES.get(asked, (0.0, None))
    if known is not None and time.monotonic() < until:
        return known
    words = {"search": asked[1]} if asked[1] else {}
    try:
        with spoken("the gallery"):
            found = listed(filter=TAG, sort=SORTS[sort], limit=GALLERY_SIZE, full=True, **words)
            known = Gallery(tuple(entry for entry in map(_entry, found) if entry is not None))
    except AgentError:
        if known is None:
            raise
        known = replace(known, is_old=True)
    with _GALLERY_LOCK:
        _GALLERIES[asked] = time.monotonic() + GALLERY_S, known
        while len(_GALLERIES) > 100:
            _GALLERIES.pop(next(iter(_GALLERIES)))
    return known


def pictures(entries: Sequence[Entry]) -> dict[str, bytes]:
    """Fetch the mental images of agents, checked and packed anew: repo id to PNG; those that are none are left out."""
    with ThreadPoolExecutor(8) as fetchers:
        found = list(fetchers.map(_picture, entries))
    return {entry.repo_id: png for entry, png in zip(entries, found, strict=True) if png is not None}


def _picture(entry: Entry) -> bytes | None:
    from huggingface_hub import hf_hub_download

    name = "labels.png"
    with contextlib.suppress(AgentError), spoken(entry.repo_id):
        head = connect(None).get_paths_info(entry.repo_id, [name], revision=entry.commit)
        if len(head) == 1 and 0 <= head[0].size <= store.FILES[name]:
            path = hf_hub_download(entry.repo_id, name, revision=entry.commit, token=False, endpoint=endpoint(),
                                   cache_dir=cache(), etag_timeout=TIMEOUT_S)  # fmt: skip
            return render.strip_png(Path(path).resolve().read_bytes())
    return None


_GALLERIES: dict[tuple[str, str, str], tuple[float, Gallery | None]] = {}
_GALLERY_LOCK = threading.Lock()


def _entry(info: ModelInfo) -> Entry | None:
    """Read what a repo tells of its agent; None where it tells nonsense, or holds no agent that could be pulled."""
    told = dict(tag.split("=", 1) for tag in info.tags or () if tag.startswith("pupil:") and "=" in tag)
    with contextlib.suppress(AgentError, ValueError, TypeError):
        right, asked = (int(part) for part in told.get("pupil:right", "0/0").split("/"))
        n_lessons, kind = int(told.get("pupil:lessons", "0")), told.get("pupil:kind")
        if not 0 <= right <= asked <= 10**7 or not 0 <= n_lessons <= 10**9 or kind not in kinds():
            return None
        if not set(store.FILES) <= {each.rfilename for each in info.siblings or ()}:
            return None
        labels = [clean_label(unquote(label)) for label in told.get(LABELS_TAG, "").split(",")[:MAX_LABELS] if label]
        return Entry(
            check_repo_id(info.id), check_commit(info.sha), kind, tuple(labels),
            n_lessons, right, asked, int(info.likes or 0), info.last_modified,
        )  # fmt: skip
    return None
