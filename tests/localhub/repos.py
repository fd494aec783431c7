"""Repositories as a Hub keeps them: commits that never change, and names that point at them."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from types import MappingProxyType

from localhub.wire import RefusedError

LARGE = ("*.bin", "*.npz", "*.png", "*.safetensors", "*.zip")  # kept as large files, by name
ATTRIBUTES = "".join(f"{rule} filter=lfs diff=lfs merge=lfs -text\n" for rule in LARGE).encode()
REGULAR_BYTES = 10 * 2**20  # a larger file must be kept as a large one


@dataclass(frozen=True)
class Blob:
    """The content of one file, kept in git or as a large file beside it."""

    data: bytes
    large: bool = False

    @cached_property
    def sha256(self):
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def stored(self):
        """What git keeps: the content, or the pointer to a large file."""
        if not self.large:
            return self.data
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.data)}\n".encode()

    @cached_property
    def oid(self):
        return hashlib.sha1(b"blob %d\0" % len(self.stored) + self.stored).hexdigest()


@dataclass(frozen=True)
class Commit:
    """The files of one moment, who made them so and what they were before."""

    files: MappingProxyType
    title: str
    message: str
    author: str
    date: datetime
    parent: "Commit | None" = None

    @cached_property
    def oid(self):
        tree = sorted((path, blob.oid) for path, blob in self.files.items())
        above = self.parent.oid if self.parent else ""
        return hashlib.sha1(repr((tree, above, self.title, self.message, self.author, self.date)).encode()).hexdigest()

    def history(self):
        """This commit and those it stands on, newest first."""
        commit, found = self, []
        while commit is not None:
            found.append(commit)
            commit = commit.parent
        return found

    def is_large(self, path, size):
        """Whether a file of this name and size is kept as a large one, by the rules of .gitattributes."""
        attributes = self.files.get(".gitattributes", Blob(b"")).data.decode(errors="replace").splitlines()
        rules = [line.split()[0] for line in attributes if "filter=lfs" in line.split()]
        names = (path, path.rsplit("/")[-1])
        return size > REGULAR_BYTES or any(fnmatchcase(name, rule) for rule in rules for name in names)


@dataclass
class Discussion:
    """A pull request: a proposal with a branch of its own."""

    num: int
    title: str
    author: str
    date: datetime
    base: Commit
    status: str = "open"
    merged: Commit | None = None

    @property
    def branch(self):
        return f"refs/pr/{self.num}"


@dataclass
class Repo:
    """One repository. The fields below the line are free to be set by a test."""

    kind: str
    id: str
    created: datetime
    branches: dict = field(default_factory=dict)
    tags: dict = field(default_factory=dict)
    discussions: dict = field(default_factory=dict)
    settings: dict = field(default_factory=dict)  # what it was created with: sdk, hardware, ...
    # ------
    private: bool = False
    gated: object = False  # or "auto", "manual"
    granted: set = field(default_factory=set)  # names that a gate lets through
    disabled: bool = False
    likes: int = 0
    downloads: int = 0
    modified: datetime | None = None  # None: when main last moved
    lies: dict = field(default_factory=dict)  # path -> the size that is told

    @property
    def namespace(self):
        return self.id.split("/")[0]

    @property
    def main(self):
        return self.branches["main"]

    def commits(self):
        """Every commit that a branch, a tag or a proposal leads to."""
        ends = [*self.branches.values(), *self.tags.values()]
        return {commit.oid: commit for end in ends for commit in end.history()}

    def find(self, revision):
        """The commit that a branch, a tag or a full id names."""
        revision = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
        found = self.branches.get(revision) or self.tags.get(revision) or self.commits().get(revision)
        if found is None:
            raise RefusedError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return found

    def size(self, path, blob):
        return self.lies.get(path, len(blob.data))

    def merged_files(self, proposal):
        """The files of main with what a proposal changed; refused where both changed the same file."""
        base, new, now = (commit.files for commit in (proposal.base, self.find(proposal.branch), self.main))
        files = dict(now)
        for path in {*base, *new}:
            if base.get(path) == new.get(path):
                continue
            if now.get(path) not in (base.get(path), new.get(path)):
                raise RefusedError(409, f"This pull request has conflicts in {path}")
            if path in new:
                files[path] = new[path]
            else:
                files.pop(path, None)
        return files


def checked(path):
    """A path inside a repository."""
    parts = path.split("/") if isinstance(path, str) else [""]
    if any(part in ("", ".", "..", ".git") for part in parts):
        raise RefusedError(400, f"Invalid path: {path!r}")
    return path
