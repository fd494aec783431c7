"""Where an agent comes from: the repos it has lived in, and those that were joined to it."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, Self

from agent.errors import AgentError

MAX_ANCESTORS = 32
_REPO = re.compile(r"(?!.*(--|\.\.))[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}(?<![.-])", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Lineage:
    """Where an agent comes from.

    Attributes
    ----------
    line : tuple of str
        The repos it has lived in, oldest first; the last is where it was pulled from or pushed to last.
    commit : str or None
        The commit of the last of them that it was equal to.
    joined : tuple of str
        The repos of agents that were joined to it.
    is_from_cache : bool
        Whether the Hub was away, so that this is what was pulled before; not saved.

    Examples
    --------
    >>> grown = Lineage().at("ben/zoe", "0" * 40).at("mia/zoe", "1" * 40)
    >>> grown.home, grown.parent
    ('mia/zoe', 'ben/zoe')
    """

    line: tuple[str, ...] = ()
    commit: str | None = None
    joined: tuple[str, ...] = ()
    is_from_cache: bool = dataclasses.field(default=False, compare=False)

    @property
    def home(self) -> str | None:
        """The repo it was pulled from or pushed to last."""
        return self.line[-1] if self.line else None

    @property
    def parent(self) -> str | None:
        """The repo it lived in before that one."""
        return self.line[-2] if len(self.line) > 1 else None

    def at(self, repo_id: str, commit: str, is_from_cache: bool = False) -> Self:
        """The same agent, equal to a commit of a repo."""
        line = self.line if self.home == repo_id else (*self.line, repo_id)[-MAX_ANCESTORS:]
        return dataclasses.replace(self, line=line, commit=commit, is_from_cache=is_from_cache)

    def joining(self, other: Self) -> Self:
        """The same agent after another one was joined to it."""
        theirs = (*other.joined, *filter(None, [other.home]))
        return dataclasses.replace(self, joined=tuple(dict.fromkeys((*self.joined, *theirs)))[-MAX_ANCESTORS:])

    def to_json(self) -> dict[str, Any]:
        """What is saved of it."""
        return {"line": list(self.line), "commit": self.commit, "joined": list(self.joined)}

    @classmethod
    def from_json(cls, saved: Any) -> Self:
        """Read back what was saved; AgentError when it is anything else."""
        if not isinstance(saved, dict) or set(saved) != {"line", "commit", "joined"}:
            raise AgentError(f"expected a lineage of line, commit and joined, got {str(saved)[:80]}.")
        for name in ("line", "joined"):
            if not isinstance(saved[name], list) or len(saved[name]) > MAX_ANCESTORS:
                raise AgentError(f"expected at most {MAX_ANCESTORS} repos in a lineage, got {str(saved[name])[:80]}.")
            for repo_id in saved[name]:
                check_repo_id(repo_id)
        if saved["commit"] is not None:
            check_commit(saved["commit"])
        return cls(tuple(saved["line"]), saved["commit"], tuple(saved["joined"]))


def check_repo_id(repo_id: object) -> str:
    """Check the id of a repo of the Hub: OWNER/NAME.

    Examples
    --------
    >>> check_repo_id("mia/sevens")
    'mia/sevens'
    >>> check_repo_id("../etc")
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected a repo as OWNER/NAME of letters, digits, - _ and ., got '../etc'.
    """
    if not is_repo_id(repo_id):
        shown = repo_id[:80] if isinstance(repo_id, str) else repo_id
        raise AgentError(f"expected a repo as OWNER/NAME of letters, digits, - _ and ., got {shown!r}.")
    return repo_id


def is_repo_id(repo_id: object) -> bool:
    """Say whether something can be the id of a repo."""
    return isinstance(repo_id, str) and _REPO.fullmatch(repo_id) is not None and not repo_id.endswith(".git")


def check_commit(commit: object) -> str:
    """Check a commit id: 40 hexadecimal digits."""
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise AgentError(f"expected a commit of 40 hexadecimal digits, got {str(commit)[:80]!r}.")
    return commit
