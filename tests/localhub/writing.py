"""Routes that change something: repositories, large files, commits, tags and branches."""

import base64
import binascii
import json
import re

from localhub import cards
from localhub.repos import REGULAR_BYTES, Blob, checked
from localhub.wire import RefusedError, Reply

NAME = re.compile(r"(?!.*(\.\.|--))[A-Za-z0-9][\w.-]{0,95}")
LFS = {"Content-Type": "application/vnd.git-lfs+json"}


def _named(request):
    """The kind and full id that the body of a request names, in a namespace of whoever asks."""
    user, asked = request.writer(), request.json()
    namespace, name = asked.get("organization") or user.name, str(asked.get("name", ""))
    if not NAME.fullmatch(name):
        raise RefusedError(400, f"Invalid repo name: {name}")
    if not user.owns_namespace(namespace):
        raise RefusedError(403, f'You don\'t have the rights to create a repo under the namespace "{namespace}"')
    return asked.get("type", "model") + "s", f"{namespace}/{name}"


def create(request):
    kind, id = _named(request)
    hub, asked = request.hub, request.json()
    if kind not in ("models", "spaces", "datasets") or (kind == "spaces" and "sdk" not in asked):
        raise RefusedError(400, f"Invalid repo type or missing sdk: {kind}")
    if (kind, id) in hub.repos:
        told = {"url": hub.page(kind, id)}
        raise RefusedError(409, f"You already created this {kind[:-1]} repo: {id}", **told)
    settings = {name: value for name, value in asked.items() if name not in ("name", "organization", "type")}
    repo = hub.create(id, user=request.user, kind=kind, settings=settings)
    return Reply({"url": hub.page(kind, id), "name": id, "id": repo.id})


def delete(request):
    kind, id = _named(request)
    if request.hub.repos.pop((kind, id), None) is None:
        raise RefusedError(404, "Repository not found", "RepoNotFound")
    return Reply({})


def settings(request):
    repo, asked = request.own_repo(), request.json()
    repo.private = asked.get("private", asked.get("visibility", "private" if repo.private else "public") == "private")
    repo.gated = asked.get("gated", repo.gated)
    return Reply({"private": repo.private, "gated": repo.gated})


def validate_yaml(request):
    try:
        front = cards.front_matter(str(request.json().get("content", "")))
        errors = cards.complaints(front or {})
    except ValueError as error:
        front, errors = None, [str(error)]
    warnings = [] if front or errors else ["empty or missing yaml metadata in repo card"]
    told = {"errors": [{"message": words} for words in errors], "warnings": [{"message": words} for words in warnings]}
    return Reply(told, 400 if errors else 200)


def _changeable(request):
    """The repository, the branch and whether a new pull request is made, for whoever may write there."""
    repo, user, branch = request.repo(), request.writer(), request.name("revision").removeprefix("refs/heads/")
    mine = [discussion.branch for discussion in repo.discussions.values() if discussion.author == user.name]
    if not (user.owns(repo) or request.flag("create_pr") or branch in mine):
        raise RefusedError(403, f"Forbidden: you don't have the rights to write to {repo.id}")
    repo.find(branch)
    if branch not in repo.branches:
        raise RefusedError(400, f"{branch} is not a branch")
    return repo, branch, request.flag("create_pr")


def preupload(request):
    repo, branch, _ = _changeable(request)
    commit, told = repo.find(branch), []
    for file in request.json().get("files", []):
        path, blob = checked(file.get("path")), commit.files.get(file.get("path"))
        mode = "lfs" if commit.is_large(path, file["size"]) else "regular"
        oid = blob and (blob.sha256 if blob.large else blob.oid)
        told.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    return Reply({"files": told})


def lfs_batch(request):
    request.repo()
    request.writer()
    told, hub = [], request.hub
    for asked in request.json().get("objects", []):
        oid, size = asked["oid"], asked["size"]
        actions = {"upload": {"href": f"{hub.url}/lfs/{oid}"}, "verify": {"href": f"{hub.url}/lfs/verify"}}
        told.append({"oid": oid, "size": size} | ({} if oid in hub.large else {"actions": actions}))
        hub.promised.add(oid)
    return Reply({"transfer": "basic", "objects": told}, headers=LFS)


def lfs_put(request):
    oid, blob = request.name("oid"), Blob(request.body, large=True)
    if oid not in request.hub.promised:
        raise RefusedError(403, "Nobody asked to upload this")
    if blob.sha256 != oid:
        raise RefusedError(400, f"The sha256 is {blob.sha256}, not {oid}")
    request.hub.large[oid] = blob
    return Reply()


def lfs_verify(request):
    request.somebody()
    asked = request.json()
    blob = request.hub.large.get(asked.get("oid"))
    if blob is None or len(blob.data) != asked.get("size"):
        raise RefusedError(404, "Object not found")
    return Reply({})


def _file(files, path, value, hub):
    if value.get("encoding", "base64") != "base64":
        raise RefusedError(400, "Invalid encoding")
    try:
        data = base64.b64decode(value.get("content", ""), validate=True)
    except binascii.Error as error:
        raise RefusedError(400, f"Invalid base64: {error}") from error
    if len(data) > REGULAR_BYTES:
        raise RefusedError(400, f"{path} is larger than 10 MiB and must be a large file")
    files[path] = Blob(data)


def _large_file(files, path, value, hub):
    blob = hub.large.get(value.get("oid"))
    if blob is None or value.get("algo") != "sha256" or value.get("size", len(blob.data)) != len(blob.data):
        raise RefusedError(400, f"LFS pointer pointed to a file that does not exist: {value.get('oid')}")
    files[path] = blob


def _deleted_file(files, path, value, hub):
    if files.pop(path, None) is None:
        raise RefusedError(404, "A file with this name doesn't exist", "EntryNotFound")


def _deleted_folder(files, path, value, hub):
    inside = [name for name in files if name.startswith(path + "/")]
    if not inside:
        raise RefusedError(404, "A folder with this name doesn't exist", "EntryNotFound")
    for name in inside:
        del files[name]


DEEDS = {"file": _file, "lfsFile": _large_file, "deletedFile": _deleted_file, "deletedFolder": _deleted_folder}


def _lines(request):
    """The header of a commit and its deeds, each with its path."""
    try:
        lines = [json.loads(line) for line in request.body.splitlines() if line.strip()]
        header = next(line["value"] for line in lines if line["key"] == "header")
        deeds = [(line["key"], line["value"]["path"], line["value"]) for line in lines if line["key"] != "header"]
        deeds = [(key, path.rstrip("/") if key == "deletedFolder" else path, value) for key, path, value in deeds]
        return header, [(DEEDS[key], checked(path), value) for key, path, value in deeds]
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise RefusedError(400, f"Invalid commit: {error!r}") from error


def commit(request):
    repo, branch, proposes = _changeable(request)
    (header, deeds), hub = _lines(request), request.hub
    parent, wanted = repo.find(branch), header.get("parentCommit")
    if wanted not in (None, parent.oid):
        if not proposes:
            raise RefusedError(412, "A commit has happened since. Please refresh and try again.")
        parent = repo.find(wanted)
    files = dict(parent.files)
    for deed, path, value in deeds:
        deed(files, path, value, hub)
    words = header.get("summary", ""), header.get("description", "")
    if not words[0]:
        raise RefusedError(400, "A commit needs a summary")
    told = {"success": True, "hookOutput": ""}
    if proposes:
        discussion = hub.propose(repo, parent, words[0], request.user)
        branch = discussion.branch
        told["pullRequestUrl"] = f"{hub.page(repo.kind, repo.id)}/discussions/{discussion.num}"
    new = hub.commit(repo, branch, files, words, request.user)
    return Reply(told | {"commitOid": new.oid, "commitUrl": f"{hub.page(repo.kind, repo.id)}/commit/{new.oid}"})


def tag(request):
    repo, name = request.own_repo(), request.json().get("tag", "")
    if not name or name in repo.tags:
        raise RefusedError(
            409 if name else 400, f'Tag reference "{name}" exists already' if name else "A tag needs a name"
        )
    repo.tags[name] = repo.find(request.name("revision"))
    return Reply({})


def untag(request):
    if request.own_repo().tags.pop(request.name("revision"), None) is None:
        raise RefusedError(404, f"Invalid rev id: {request.name('revision')}", "RevisionNotFound")
    return Reply({})


def branch(request):
    repo, name = request.own_repo(), request.name("revision")
    if name in repo.branches:
        raise RefusedError(409, f'Reference "{name}" exists already')
    repo.branches[name] = repo.find(request.json().get("startingPoint", "main"))
    return Reply({})
