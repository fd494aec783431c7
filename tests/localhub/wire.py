"""Requests, replies and refusals, as the routes see them."""

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlencode


class RefusedError(Exception):
    """A rule of the Hub says no: a status, words, sometimes a code that the client knows."""

    def __init__(self, status, message, code=None, headers=(), **fields):
        super().__init__(message)
        self.status, self.message, self.code, self.fields = status, message, code, fields
        self.headers = dict(headers)

    def reply(self):
        headers = self.headers | {"X-Error-Message": self.message}
        if self.code:
            headers["X-Error-Code"] = self.code
        return Reply({"error": self.message} | self.fields, self.status, headers)


@dataclass
class Reply:
    """What goes out: bytes as they are, anything else as JSON."""

    body: object = b""
    status: int = 200
    headers: dict = field(default_factory=dict)

    def encoded(self):
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, default=str).encode()

    def sent_headers(self, size):
        content = "application/octet-stream" if isinstance(self.body, bytes) else "application/json; charset=utf-8"
        return {"Content-Type": content, "Content-Length": str(size)} | self.headers


@dataclass
class Request:
    """What came in; `names` are the parts of the path that the route named."""

    hub: object
    method: str
    path: str
    query: dict
    headers: dict
    body: bytes
    names: dict = field(default_factory=dict)

    def first(self, name, default=None):
        """The first value of a word of the query."""
        return self.query.get(name, [default])[0]

    def flag(self, name):
        return str(self.first(name, "")).lower() in ("1", "true")

    def json(self):
        """The body as a JSON object; nothing sent is an empty one."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError as error:
            raise RefusedError(400, f"Invalid JSON: {error}") from error
        if not isinstance(value, dict):
            raise RefusedError(400, "Expected a JSON object")
        return value

    def form(self):
        return parse_qs(self.body.decode(), keep_blank_values=True)

    def name(self, name):
        return unquote(self.names[name] or "")

    @property
    def user(self):
        """Who asks: None for the anonymous. A token that nobody has is refused."""
        words = self.headers.get("Authorization", "").split()
        if not words:
            return None
        user = self.hub.tokens.get(words[-1])
        if user is None or words[0] != "Bearer":
            raise RefusedError(401, "Invalid credentials in Authorization header")
        return user

    def somebody(self):
        """Who asks, who must have signed in."""
        user = self.user
        if user is None:
            raise RefusedError(401, "Invalid username or password.")
        return user

    def writer(self):
        """Who asks, who must be allowed to write at all."""
        user = self.somebody()
        if user.role != "write":
            raise RefusedError(403, "Forbidden: this token may only read")
        return user

    def repo(self):
        """The repository of the path, for whoever may see it."""
        user, repo = self.user, self.hub.repos.get((self.names["kind"] or "models", self.name("id")))
        if repo is None or (repo.private and not (user and user.sees(repo))):
            raise RefusedError(401 if user is None else 404, "Repository not found", "RepoNotFound")
        if repo.disabled:
            raise RefusedError(403, "Access to this resource is disabled.")
        return repo

    def own_repo(self):
        """The repository of the path, for whoever may write there."""
        repo, user = self.repo(), self.writer()
        if not user.owns(repo):
            raise RefusedError(403, f"Forbidden: you don't have the rights to write to {repo.id}")
        return repo


def paged(request, items, show, size):
    """One page of a list; the header `Link` tells where the next one is."""
    start = request.first("cursor", "0")
    if not start.isdecimal():
        raise RefusedError(400, "Invalid cursor")
    end = int(start) + max(1, size)
    headers = {}
    if end < len(items):
        query = urlencode(request.query | {"cursor": [str(end)]}, doseq=True)
        headers["Link"] = f'<{request.hub.url}{request.path}?{query}>; rel="next"'
    return Reply([show(item) for item in items[int(start) : end]], headers=headers)


def stamp(moment):
    """A moment as the Hub writes it: 2026-01-31T12:00:00.000Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
