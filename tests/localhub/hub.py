"""The Hub itself: who may enter, what is kept, and what a test may do to it."""

import hashlib
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from types import MappingProxyType

from localhub.faults import Fault, Faults
from localhub.login import ASK, SCOPES
from localhub.repos import ATTRIBUTES, Blob, Commit, Discussion, Repo
from localhub.routes import carry_out
from localhub.server import Server

SWITCHES = dict.fromkeys(
    (
        "HF_HUB_DISABLE_XET",
        "HF_HUB_DISABLE_TELEMETRY",
        "HF_HUB_DISABLE_PROGRESS_BARS",
        "HF_HUB_DISABLE_UPDATE_CHECK",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN",
    ),
    "1",
)  # what makes the client talk to this Hub alone; read when huggingface_hub is imported


@dataclass(frozen=True)
class User:
    """Somebody with a token. `orgs` maps the organizations to the role there: read, write or admin."""

    name: str
    token: str
    role: str = "write"
    orgs: dict = field(default_factory=dict)
    fullname: str = ""

    @property
    def id(self):
        return hashlib.sha1(self.name.encode()).hexdigest()[:24]

    def owns_namespace(self, namespace):
        return namespace == self.name or self.orgs.get(namespace) in ("write", "admin")

    def owns(self, repo):
        return self.owns_namespace(repo.namespace)

    def sees(self, repo):
        return repo.namespace == self.name or repo.namespace in self.orgs


class LocalHub:
    """A Hub on a free port of this machine, for the time of a `with` block."""

    def __init__(self):
        self.users, self.tokens, self.repos = {}, {}, {}
        self.large, self.promised, self.codes = {}, set(), {}  # large files, uploads agreed on, logins under way
        self.log, self.broken = [], []  # requests as they came; mistakes of the Hub itself
        self.faults, self.lock, self.stopping = Faults(), threading.RLock(), threading.Event()
        self.clock = datetime(2026, 1, 31, 12, tzinfo=UTC)  # moves by a second with every commit
        self.page_size = 1000  # of every list: small makes clients turn pages
        self.next_login = ASK  # or the name that signs in next, or None: refused
        self.client = ("pupil", "pupil-secret")  # OAuth client id and secret
        self.expires_in = 8 * 60 * 60  # seconds a login lasts
        self.carry_out = carry_out
        self._server = Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.stop()
        if kind is None and self.broken:
            raise self.broken[0]

    def stop(self):
        """Closes every connection and waits for every thread."""
        self.stopping.set()
        self._server.stop()

    # People

    def add_user(self, name, token=None, role="write", orgs=(), fullname=None):
        """Somebody new, or another token of somebody. Organizations without a role may be written to."""
        orgs = dict(orgs) if isinstance(orgs, dict) else dict.fromkeys(orgs, "write")
        user = User(name, token or f"hf_{name}", role, orgs, fullname or name.title())
        self.tokens[user.token] = user
        self.users.setdefault(name, user)
        return user

    def revoke(self, token):
        """A token that is known no longer, as one that has expired."""
        self.tokens.pop(token, None)

    def avatar(self, user):
        return f"{self.url}/avatars/{user.name}.svg"

    # Repositories, past every check

    def page(self, kind, id):
        """The address of a repository."""
        return f"{self.url}/{id}" if kind == "models" else f"{self.url}/{kind}/{id}"

    def tick(self):
        self.clock += timedelta(seconds=1)
        return self.clock

    def create(self, id, user=None, kind="models", settings=None):
        """A new repository with its first commit."""
        settings = settings or {}
        repo = Repo(kind, id, self.tick(), settings=settings, private=settings.get("visibility") == "private")
        files = {".gitattributes": Blob(ATTRIBUTES)}
        if kind == "spaces":
            files["README.md"] = Blob(f"---\ntitle: {id.split('/')[1]}\nsdk: {settings.get('sdk')}\n---\n".encode())
        self.repos[kind, id] = repo
        self.commit(repo, "main", files, ("initial commit", ""), user)
        return repo

    def commit(self, repo, branch, files, words, user=None):
        """A commit of these files on top of a branch; `words` are its title and message."""
        name = getattr(user, "name", user) or repo.namespace
        new = Commit(MappingProxyType(dict(files)), *words, name, self.tick(), repo.branches.get(branch))
        repo.branches[branch] = new
        self.large |= {blob.sha256: blob for blob in files.values() if blob.large}
        return new

    def propose(self, repo, parent, title, user):
        """A pull request without anything in it yet."""
        discussion = Discussion(len(repo.discussions) + 1, title, user.name, self.tick(), parent)
        repo.discussions[discussion.num] = discussion
        repo.branches[discussion.branch] = parent
        return discussion

    def repo(self, id, kind="models"):
        return self.repos[kind, id]

    def write(self, id, files, user=None, message="Upload", branch="main", kind="models"):
        """Puts any bytes under any paths (None removes one) into a repository, made if missing -> the commit id."""
        with self.lock:
            repo = self.repos.get((kind, id)) or self.create(id, user, kind)
            now = repo.find(branch)
            new = dict(now.files)
            for path, data in files.items():
                new.pop(path, None)
                if data is not None:
                    new[path] = Blob(data, now.is_large(path, len(data)))
            return self.commit(repo, branch, new, (message, ""), user).oid

    def files(self, id, revision="main", kind="models"):
        """The files of a revision: path -> bytes."""
        with self.lock:
            return {path: blob.data for path, blob in self.repo(id, kind).find(revision).files.items()}

    def head(self, id, revision="main", kind="models"):
        """The full commit id of a revision."""
        with self.lock:
            return self.repo(id, kind).find(revision).oid

    def set(self, id, kind="models", **fields):
        """Changes what is told of a repository: private, gated, granted, disabled, likes, downloads, modified, ..."""
        with self.lock:
            repo = self.repo(id, kind)
            for name, value in fields.items():
                if not hasattr(repo, name):
                    raise AttributeError(name)
                setattr(repo, name, value)

    def lie(self, id, path, size, kind="models"):
        """Tells another size of a file than that of the bytes it sends."""
        self.repo(id, kind).lies[path] = size

    # What goes wrong

    def fault(self, method, path, **fields):
        """Adds a `Fault`; see there for what can go wrong."""
        return self.faults.add(Fault(method, path, **fields))

    def die_at(self, number, after=False):
        """From the number-th request on (1 is the next) every connection is closed without an answer.

        That request is not carried out any more, or, with `after`, it still is.
        """
        self.faults.die_at(number, after)

    def live(self):
        """Undoes `die_at`."""
        self.faults.live()

    def asked(self, method="*", path="*"):
        """The requests that came in so far for a method and path."""
        return [one for one in list(self.log) if fnmatchcase(one.method, method) and fnmatchcase(one.path, path)]

    # What a child process needs

    def environment(self, folder):
        """Environment variables of a process that shall know no other Hub and no other cache."""
        return SWITCHES | {"HF_ENDPOINT": self.url, "HF_HOME": str(folder)}

    def login_environment(self, host, space="mia/pupil"):
        """Environment variables of an app that shall believe to be a Space where visitors sign in here."""
        id, secret = self.client
        told = {"SYSTEM": "spaces", "SPACE_ID": space, "SPACE_HOST": host, "OPENID_PROVIDER_URL": self.url}
        return told | {"OAUTH_CLIENT_ID": id, "OAUTH_CLIENT_SECRET": secret, "OAUTH_SCOPES": SCOPES}
