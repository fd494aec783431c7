"""What a repository tells of itself: its card, its tags, its place in a list."""

import hashlib
import re

import yaml

from localhub.wire import stamp

FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
SORTS = {
    "likes": lambda repo: repo.likes,
    "downloads": lambda repo: repo.downloads,
    "trendingScore": lambda repo: repo.likes,
    "createdAt": lambda repo: repo.created,
    "lastModified": lambda repo: modified(repo),
}
BRIEF = ["_id", "id", "modelId", "likes", "private", "downloads", "tags", "pipeline_tag", "library_name", "createdAt"]


def front_matter(text):
    """The front matter of a card: a mapping, None where there is none, ValueError where it is no mapping."""
    found = FRONT.match(text)
    if found is None:
        return None
    try:
        front = yaml.safe_load(found[1])
    except yaml.YAMLError as error:
        raise ValueError(f"Invalid YAML: {error}") from error
    if front is not None and not isinstance(front, dict):
        raise ValueError("The metadata must be a mapping")
    return front


def complaints(front):
    """What is wrong with a front matter, in words."""
    words = [name for name in ("library_name", "pipeline_tag", "sdk") if not isinstance(front.get(name, ""), str)]
    found = [f'"{name}" must be a string' for name in words]
    tags = front.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        found.append('"tags" must be an array of strings')
    return found


def card(commit):
    """The front matter of a commit's README, empty where it cannot be read."""
    if "README.md" not in commit.files:
        return {}
    try:
        return front_matter(commit.files["README.md"].data.decode(errors="replace")) or {}
    except ValueError:
        return {}


def listed(value):
    """A value of a card that may stand alone or in a list."""
    return [] if value is None else [str(entry) for entry in (value if isinstance(value, list) else [value])]


def tags(front):
    """The tags a repository is found by."""
    relation = front.get("base_model_relation", "finetune")
    found = listed(front.get("library_name")) + listed(front.get("pipeline_tag")) + listed(front.get("tags"))
    found += [f"license:{license}" for license in listed(front.get("license"))]
    found += [f"dataset:{name}" for name in listed(front.get("datasets"))]
    for parent in listed(front.get("base_model")):
        found += [f"base_model:{parent}", f"base_model:{relation}:{parent}"]
    return list(dict.fromkeys(found))


def modified(repo):
    return repo.modified or repo.main.date


def information(repo, commit, blobs=False):
    """All that the Hub tells of a repository at a commit."""
    front = card(commit)
    told = {
        "_id": hashlib.sha1(repo.id.encode()).hexdigest()[:24],
        "id": repo.id,
        "author": repo.namespace,
        "sha": commit.oid,
        "lastModified": stamp(modified(repo)),
        "createdAt": stamp(repo.created),
        "private": repo.private,
        "gated": repo.gated,
        "disabled": repo.disabled,
        "downloads": repo.downloads,
        "likes": repo.likes,
        "tags": tags(front),
        "cardData": front,
        "siblings": [sibling(repo, path, blob, blobs) for path, blob in sorted(commit.files.items())],
    }
    if repo.kind == "models":
        told |= {"modelId": repo.id} | {name: front[name] for name in ("library_name", "pipeline_tag") if name in front}
        told |= {"model-index": front["model-index"]} if "model-index" in front else {}
    if repo.kind == "spaces":
        told |= {"sdk": front.get("sdk", repo.settings.get("sdk")), "runtime": runtime(repo)}
    return told


def sibling(repo, path, blob, blobs):
    told = {"rfilename": path}
    if blobs:
        size = repo.size(path, blob)
        told |= {"size": size, "blobId": blob.oid}
        if blob.large:
            told["lfs"] = {"sha256": blob.sha256, "size": size, "pointerSize": len(blob.stored)}
    return told


def runtime(repo):
    hardware = repo.settings.get("hardware", "cpu-basic")
    return {"stage": "RUNNING", "hardware": {"current": hardware, "requested": hardware}, "gcTimeout": None}


def found(repos, request):
    """The repositories that a list asks for, in its order."""
    author, words, gated = request.first("author"), request.first("search", "").lower(), request.first("gated")
    wanted = request.query.get("filter", []) + request.query.get("pipeline_tag", [])
    chosen = [
        repo
        for repo in repos
        if author in (None, repo.namespace)
        and words in repo.id.lower()
        and (gated is None or request.flag("gated") == bool(repo.gated))
        and {*wanted} <= {*tags(card(repo.main))}
    ]
    return sorted(chosen, key=SORTS.get(request.first("sort"), SORTS["trendingScore"]), reverse=True)


def entry(repo, request):
    """One repository in a list: brief, or as full as was asked for."""
    told = information(repo, repo.main)
    if "expand" in request.query:
        return {name: value for name, value in told.items() if name in ["_id", "id", *request.query["expand"]]}
    if not request.flag("full"):
        return {name: value for name, value in told.items() if name in BRIEF or request.flag(name)}
    if not request.flag("cardData"):
        del told["cardData"]
    return told
