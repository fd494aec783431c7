"""Routes that only look: who am I, lists, information, trees, names, histories, files."""

import hashlib
import re
from urllib.parse import quote, unquote

from localhub import cards
from localhub.wire import RefusedError, Reply, paged, stamp

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def whoami(request):
    user = request.somebody()
    orgs = [{"type": "org", "name": name, "roleInOrg": role} for name, role in user.orgs.items()]
    token = {"displayName": "test", "role": user.role}
    told = {"type": "user", "id": user.id, "name": user.name, "fullname": user.fullname, "isPro": False, "orgs": orgs}
    told |= {"email": f"{user.name}@example.com", "emailVerified": True, "canPay": False, "periodEnd": None}
    told |= {"avatarUrl": request.hub.avatar(user), "auth": {"type": "access_token", "accessToken": token}}
    return Reply(told)


def repos(request):
    user, kind, hub = request.user, request.names["kind"], request.hub
    seen = [repo for repo in hub.repos.values() if repo.kind == kind and (not repo.private or user and user.sees(repo))]
    limit = request.first("limit", str(hub.page_size))
    if not limit.isdecimal():
        raise RefusedError(400, "Invalid limit")
    size = min(int(limit), hub.page_size)
    return paged(request, cards.found(seen, request), lambda repo: cards.entry(repo, request), size)


def information(request):
    repo = request.repo()
    commit = repo.find(request.name("revision")) if "revision" in request.names else repo.main
    told = cards.information(repo, commit, request.flag("blobs"))
    if "expand" in request.query:
        told = {name: value for name, value in told.items() if name in ["_id", "id", *request.query["expand"]]}
    return Reply(told)


def runtime(request):
    return Reply(cards.runtime(request.repo()))


def _entry(repo, path, blob, commit, expand):
    size = repo.size(path, blob)
    told = {"type": "file", "oid": blob.oid, "size": size, "path": path}
    if blob.large:
        told["lfs"] = {"oid": blob.sha256, "size": size, "pointerSize": len(blob.stored)}
    return told | (_last(commit, lambda other: other.files.get(path) == blob) if expand else {})


def _folder(path, commit, expand):
    inside = {name: blob for name, blob in commit.files.items() if name.startswith(path + "/")}
    oid = hashlib.sha1(repr(sorted((name, blob.oid) for name, blob in inside.items())).encode()).hexdigest()
    told = {"type": "directory", "oid": oid, "size": 0, "path": path}
    return told | (_last(commit, lambda other: inside.items() <= other.files.items()) if expand else {})


def _last(commit, same):
    """The commit that made a file what it is."""
    history = commit.history()
    made = next((older for older, above in zip(history, history[1:], strict=False) if not same(above)), history[-1])
    return {"lastCommit": {"id": made.oid, "title": made.title, "date": stamp(made.date)}}


def _folders(commit):
    return {path.rsplit("/", depth)[0] for path in commit.files for depth in range(1, path.count("/") + 1)}


def tree(request):
    repo = request.repo()
    commit, below, expand = repo.find(request.name("revision")), request.name("below"), request.flag("expand")
    prefix = below.rstrip("/") + "/" if below else ""
    names = [name for name in {*commit.files, *_folders(commit)} if name.startswith(prefix)]
    if prefix and not names:
        raise RefusedError(404, f"{below} does not exist on {request.name('revision')}", "EntryNotFound")
    if not request.flag("recursive"):
        names = [name for name in names if "/" not in name[len(prefix) :]]

    def show(name):
        if name in commit.files:
            return _entry(repo, name, commit.files[name], commit, expand)
        return _folder(name, commit, expand)

    return paged(request, sorted(names), show, request.hub.page_size)


def paths_info(request):
    repo = request.repo()
    commit, form = repo.find(request.name("revision")), request.form()
    expand = form.get("expand", ["false"])[0].lower() == "true"
    files = [path for path in form.get("paths", []) if path in commit.files]
    folders = [path for path in form.get("paths", []) if path in _folders(commit)]
    told = [_entry(repo, path, commit.files[path], commit, expand) for path in files]
    return Reply(told + [_folder(path, commit, expand) for path in folders])


def refs(request):
    repo = request.repo()

    def shown(prefix, names, commits):
        named = [(name, prefix + name, commits.get(name) or commits[prefix + name]) for name in names]
        return [{"name": name, "ref": ref, "targetCommit": commit.oid} for name, ref, commit in named]

    heads = [name for name in repo.branches if not name.startswith("refs/pr/")]
    told = {"branches": shown("refs/heads/", heads, repo.branches), "converts": []}
    told["tags"] = shown("refs/tags/", repo.tags, repo.tags)
    if request.flag("include_prs"):
        told["pullRequests"] = shown("refs/pr/", [str(num) for num in repo.discussions], repo.branches)
    return Reply(told)


def commits(request):
    def show(commit):
        told = {"id": commit.oid, "title": commit.title, "message": commit.message, "date": stamp(commit.date)}
        return told | {"authors": [{"user": commit.author}]}

    history = request.repo().find(request.name("revision")).history()
    return paged(request, history, show, min(50, request.hub.page_size))


def _revision_and_path(rest):
    """What follows `resolve/`: a revision, quoted or a pull request's name as it is, and a path."""
    parts = 3 if rest.startswith("refs/") else 1
    words = rest.split("/", parts)
    return unquote("/".join(words[:parts])), unquote("".join(words[parts:]))


def resolve(request):
    repo, user = request.repo(), request.user
    if repo.gated and not (user and (user.sees(repo) or user.name in repo.granted)):
        message = f"Access to {repo.kind[:-1]} {repo.id} is restricted."
        raise RefusedError(403 if user else 401, message, "GatedRepo")
    revision, path = _revision_and_path(request.names["rest"])
    commit = repo.find(revision)
    blob, headers = commit.files.get(path), {"X-Repo-Commit": commit.oid, "Accept-Ranges": "bytes"}
    if blob is None:
        raise RefusedError(404, "Entry not found", "EntryNotFound", headers)
    headers["ETag"] = f'"{blob.sha256 if blob.large else blob.oid}"'
    headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(path.rsplit('/')[-1])}"
    if blob.large:
        headers |= {"X-Linked-Etag": headers["ETag"], "X-Linked-Size": str(repo.size(path, blob))}
    if request.method == "HEAD":
        return Reply(b"", headers=headers | {"Content-Length": str(repo.size(path, blob))})
    return _part(request, blob.data, headers)


def _part(request, data, headers):
    """The whole of a file, or the bytes that the header `Range` asks for."""
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or asked.groups() == ("", ""):
        return Reply(data, headers=headers)
    first, last = asked.groups()
    start = int(first) if first else max(0, len(data) - int(last))
    end = min(len(data), int(last) + 1 if first and last else len(data))
    if not start < end:
        raise RefusedError(416, "Range not satisfiable", headers=headers | {"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
    return Reply(data[start:end], 206, headers)
