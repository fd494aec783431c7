"""What others have shared: the gallery, and the versions of a repo."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

from agent import render
from agent.agents import kinds
from agent.agents.base import check_commit, check_repo_id
from agent.errors import AgentError
from agent.hub.client import MAX_MESSAGE_CHARS, connect, endpoint, hub_errors, list_repos
from agent.hub.download import cache, fetch_file, trim
from agent.storage import serialization
from agent.storage.model_card import LABELS_TAG, TAG
from agent.validation import check_choice, clean_label

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

GALLERY_S = 60.0  # how long a list is cached
GALLERY_SIZE = 30
MAX_QUESTIONS = {"searches": 60, "pulls": 300}  # of all visitors that reach the Hub within `GALLERY_S`
SHARE = 3  # one visitor has a third of them
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
    """An agent in the gallery, as its repo describes it."""

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
    """Public agents, and whether the list is an old one because the Hub could not be reached."""

    entries: tuple[Entry, ...]
    is_old: bool = False


def versions(repo_id: str, token: str | None = None) -> tuple[Version, ...]:
    """The commits of a repo, newest first; each can be pulled."""
    with hub_errors(check_repo_id(repo_id)):
        commits = connect(token).list_repo_commits(repo_id)
    return tuple(
        Version(
            commit=check_commit(commit.commit_id),
            title=commit.title[:MAX_MESSAGE_CHARS],
            author=", ".join(commit.authors)[:80],
            when=commit.created_at,
        )
        for commit in commits
    )


def gallery(search: str = "", sort: str = "newest", visitor: str | None = None) -> Gallery:
    """Public agents whose repo's name contains these words, in one of the orders `SORTS`.

    Cached for a minute, for all visitors. What is not cached counts for ``visitor``, as `count_question` says.
    """
    check_choice("a sort", sort, SORTS)
    query = (endpoint(), search.strip()[:80], sort)
    with _GALLERY_LOCK:
        until, known = _GALLERIES.get(query, (0.0, None))
    if known is not None and time.monotonic() < until:
        return known
    try:
        count_question("searches", visitor)
        with hub_errors("the gallery"):
            words = {"search": query[1]} if query[1] else {}
            repos = list_repos(filter=TAG, sort=SORTS[sort], limit=GALLERY_SIZE, full=True, **words)
            known = Gallery(tuple(entry for entry in map(_entry, repos) if entry is not None))
    except AgentError:
        if known is None:
            raise
        known = replace(known, is_old=True)
    with _GALLERY_LOCK:
        _GALLERIES[query] = time.monotonic() + GALLERY_S, known
        while len(_GALLERIES) > 100:
            _GALLERIES.pop(next(iter(_GALLERIES)))
    return known


def count_question(what: str, visitor: str | None = None) -> None:
    """Count a question to the Hub, one of `MAX_QUESTIONS`, so that nobody makes the Hub refuse all others.

    AgentError for too many of all visitors, or of one who is known: an address, or a page.
    """
    now, limit = time.monotonic(), MAX_QUESTIONS[what]
    with _GALLERY_LOCK:
        earlier = _QUESTIONS[what] = [(when, who) for when, who in _QUESTIONS[what] if when > now - GALLERY_S]
        if visitor and len(earlier) < limit:
            limit //= SHARE
            earlier = [question for question in earlier if question[1] == visitor]
        if len(earlier) >= limit:
            raise AgentError(f"expected at most {limit} {what} a minute, got more. Try again in a minute.")
        _QUESTIONS[what].append((now, visitor))


def pictures(entries: Sequence[Entry]) -> dict[str, bytes]:
    """Fetch the mental images of agents, checked and encoded again: repo id to PNG; invalid ones are left out."""
    places = {entry: (endpoint(), entry.repo_id, entry.commit) for entry in entries}
    with _GALLERY_LOCK:
        known = {entry: _PICTURES.get(place, (0.0, None)) for entry, place in places.items()}
    unknown = [entry for entry, (until, _) in known.items() if time.monotonic() >= until]
    if unknown:
        with ThreadPoolExecutor(8) as fetchers:
            pngs = list(fetchers.map(_picture, unknown))
        trim()
        now = time.monotonic()  # a commit never changes; what could not be fetched is asked for again
        fetched = {entry: (math.inf if png else now + GALLERY_S, png) for entry, png in zip(unknown, pngs, strict=True)}
        known |= fetched
        with _GALLERY_LOCK:
            _PICTURES.update({places[entry]: picture for entry, picture in fetched.items()})
            while len(_PICTURES) > 10 * GALLERY_SIZE:
                _PICTURES.pop(next(iter(_PICTURES)))
    return {entry.repo_id: png for entry, (_, png) in known.items() if png is not None}


def _picture(entry: Entry) -> bytes | None:
    name = "labels.png"
    with contextlib.suppress(AgentError), hub_errors(entry.repo_id):
        head = connect(None).get_paths_info(entry.repo_id, [name], revision=entry.commit)
        if len(head) == 1 and 0 <= head[0].size <= serialization.FILES[name]:
            return render.strip_png(fetch_file(entry.repo_id, name, entry.commit, None, cache()).read_bytes())
    return None


_GALLERIES: dict[tuple[str, str, str], tuple[float, Gallery | None]] = {}
_PICTURES: dict[tuple[str, str, str], tuple[float, bytes | None]] = {}
_QUESTIONS: defaultdict[str, list[tuple[float, str | None]]] = defaultdict(list)
_GALLERY_LOCK = threading.Lock()


def _entry(info: ModelInfo) -> Entry | None:
    """Read how a repo describes its agent; None where that is invalid, or it holds no agent that could be pulled."""
    tags = dict(tag.split("=", 1) for tag in info.tags or () if tag.startswith("pupil:") and "=" in tag)
    with contextlib.suppress(AgentError, ValueError, TypeError):
        n_right, n_asked = (int(part) for part in tags.get("pupil:right", "0/0").split("/"))
        n_lessons, kind = int(tags.get("pupil:lessons", "0")), tags.get("pupil:kind")
        if not 0 <= n_right <= n_asked <= 10**7 or not 0 <= n_lessons <= 10**9 or kind not in kinds():
            return None
        if not set(serialization.FILES) <= {file.rfilename for file in info.siblings or ()}:
            return None
        labels = [clean_label(unquote(label)) for label in tags.get(LABELS_TAG, "").split(",")[:MAX_LABELS] if label]
        return Entry(
            check_repo_id(info.id),
            check_commit(info.sha),
            kind,
            tuple(labels),
            n_lessons,
            n_right,
            n_asked,
            int(info.likes or 0),
            info.last_modified,
        )
    return None
