"""Base class of all agents, and their lineage: the repos of the Hub that an agent comes from."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from agent.errors import AgentError
from agent.progress import Progress, run_to_completion
from agent.validation import MAX_LABEL_CHARS

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_ANCESTORS = 32
_REPO = re.compile(r"(?!.*(--|\.\.))[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}(?<![.-])", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Lineage:
    """Where an agent comes from.

    Examples
    --------
    >>> grown = Lineage().at("ben/zoe", "0" * 40).at("mia/zoe", "1" * 40)
    >>> grown.home, grown.parent
    ('mia/zoe', 'ben/zoe')
    """

    # the repos it has lived in, oldest first; the last is where it was pulled from or pushed to last
    line: tuple[str, ...] = ()
    commit: str | None = None  # the commit of the last of them that it was equal to
    joined: tuple[str, ...] = ()  # the repos of agents that were joined to it
    # whether this is an earlier copy from the cache, as the Hub could not be reached; not saved
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

    def join(self, other: Self) -> Self:
        """The same agent after another one was joined to it."""
        joined = dict.fromkeys((*self.joined, *other.joined, *filter(None, [other.home])))
        return dataclasses.replace(self, joined=tuple(joined)[-MAX_ANCESTORS:])

    def to_json(self) -> dict[str, Any]:
        """Give the fields that are saved."""
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


class Agent:
    """An agent of any family: a model with a name, a log and a lineage.

    The model is an instance of one of ``MODELS``, with the attributes and methods of `agent.models.base.BaseModel`.
    """

    FAMILY: ClassVar[str]
    MODELS: ClassVar[Mapping[str, type[Any]]]
    PIPELINE_TAG: ClassVar[str]  # the Hub's word for what it does
    TAGS: ClassVar[tuple[str, ...]]  # more words for the Hub
    MAX_LABEL_CHARS: ClassVar[int] = MAX_LABEL_CHARS

    def __init__(self, model: Any, name: str = "Pupil") -> None:
        self.model = model
        self.name = name
        self.lineage = Lineage()

    @classmethod
    def restored(cls, model: Any, log: str, name: str) -> Self:
        """Build an agent from a saved model and log; AgentError when the log is not that of this model."""
        agent = cls(model, name)
        if log != agent.log:
            raise AgentError(f"expected a log of {agent.n_lessons:,} lessons of {cls.FAMILY}, got {log[:80]!r}.")
        return agent

    @property
    def n_bytes(self) -> int:
        """Bytes of memory it takes."""
        return self.model.n_bytes

    @property
    def kind(self) -> str:
        """The name of its model, such as "recall"."""
        return self.model.NAME

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels taught so far, sorted: the order of ``Guess.responses``; none where there are no labels."""
        return getattr(self.model, "labels", ())

    @property
    def n_lessons(self) -> int:
        """How many lessons it has had."""
        raise NotImplementedError

    @property
    def log(self) -> str:
        """Its lessons as a file holds them, one JSON event a line; here only their number: they can be drawn again."""
        return json.dumps({"event": self.FAMILY, "n_lessons": self.n_lessons}) + "\n"

    def picture(self) -> Image:
        """Draw what it knows: 28 pixels high, at most 1,984 wide, grey."""
        raise NotImplementedError

    def without_user_lessons(self) -> Self:
        """Copy of the agent without its user lessons."""
        return run_to_completion(self.iter_without_user_lessons())

    def iter_without_user_lessons(self) -> Generator[Progress, None, Self]:
        """As `without_user_lessons`, step by step."""
        yield Progress(0, 1, "teaching")
        return copy.copy(self)

    def save_pretrained(self, save_directory: str | os.PathLike[str]) -> Path:
        """Write the agent to a folder, or to one file when the path ends in ``.zip``; as `agent.save`."""
        from agent.storage.serialization import save

        return save(self, save_directory)

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | os.PathLike[str],
        *,
        revision: str | None = None,
        token: str | None = None,
    ) -> Self:
        """Read an agent of this family from a folder, a ``.zip`` file or a repo of the Hub, or raise AgentError.

        Examples
        --------
        >>> import tempfile
        >>> from agent.agents import Pupil, new
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = new("nearest", name="Mia").save_pretrained(folder + "/mia")
        ...     Pupil.from_pretrained(path).name
        'Mia'
        """
        from agent.hub import load, pull

        where = pretrained_model_name_or_path
        loaded = load(where) if revision is None and token is None else pull(str(where), revision, token)
        if not isinstance(loaded, cls):
            raise AgentError(f"expected an agent of {cls.FAMILY}, got {loaded.kind}, which is one of {loaded.FAMILY}.")
        return loaded

    def push_to_hub(
        self, repo_id: str, *, commit_message: str = "", private: bool = False, token: str | None = None
    ) -> str:
        """Push the agent to a repo of the Hub, made where there is none, and give its address; as `agent.hub.push`."""
        from agent.hub import push

        return push(self, repo_id, token, commit_message, private).url


def check_repo_id(repo_id: object) -> str:
    """Check the id of a repo of the Hub: OWNER/NAME.

    Examples
    --------
    >>> check_repo_id("mia/sevens")
    'mia/sevens'
    >>> check_repo_id("../etc")
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected an address as OWNER/NAME of letters, digits, - _ and ., got '../etc'.
    """
    if not is_repo_id(repo_id):
        text = repo_id[:80] if isinstance(repo_id, str) else repo_id
        raise AgentError(f"expected an address as OWNER/NAME of letters, digits, - _ and ., got {text!r}.")
    return repo_id


def is_repo_id(repo_id: object) -> bool:
    """Say whether something can be the id of a repo."""
    return isinstance(repo_id, str) and _REPO.fullmatch(repo_id) is not None and not repo_id.endswith(".git")


def check_commit(commit: object) -> str:
    """Check a commit id: 40 hexadecimal digits."""
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise AgentError(f"expected a commit of 40 hexadecimal digits, got {str(commit)[:80]!r}.")
    return commit
