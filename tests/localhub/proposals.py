"""Routes of pull requests: what is proposed, and what becomes of it."""

from localhub.wire import RefusedError, Reply, stamp

PAGE = 50


def _shown(repo, discussion):
    told = {"num": discussion.num, "title": discussion.title, "status": discussion.status, "isPullRequest": True}
    told |= {"author": {"name": discussion.author}, "createdAt": stamp(discussion.date), "numComments": 0}
    return told | {"repo": {"name": repo.id, "type": repo.kind[:-1]}}


def listed(request):
    repo, wanted = request.repo(), request.first("status", "all")
    chosen = [
        discussion
        for discussion in reversed(repo.discussions.values())
        if request.first("author") in (None, discussion.author)
        and request.first("type", "all") in ("all", "pull_request")
        and wanted in ("all", "open" if discussion.status == "open" else "closed")
    ]
    size = min(PAGE, request.hub.page_size)
    start = int(request.first("p", "0")) * size
    told = [_shown(repo, discussion) for discussion in chosen[start : start + size]]
    return Reply({"discussions": told, "count": len(chosen), "start": start})


def _discussion(repo, request):
    discussion = repo.discussions.get(int(request.name("num")))
    if discussion is None:
        raise RefusedError(404, "Discussion not found")
    return discussion


def told(request):
    repo = request.repo()
    found = _discussion(repo, request)
    changes = {"base": "refs/heads/main", "mergeCommitId": found.merged.oid if found.merged else None}
    more = {"changes": changes, "events": [], "filesWithConflicts": [], "diff": ""}
    return Reply(_shown(repo, found) | more)


def status(request):
    repo, user, wanted = request.repo(), request.writer(), request.json().get("status")
    found = _discussion(repo, request)
    if not (user.owns(repo) or user.name == found.author):
        raise RefusedError(403, "Forbidden: this pull request is another's")
    if wanted not in ("open", "closed") or found.status == "merged":
        raise RefusedError(400, f"A pull request that is {found.status} cannot be {wanted}")
    found.status = wanted
    event = {"id": f"{found.num}", "type": "status-change", "data": {"status": wanted}}
    return Reply({"newStatus": event | {"createdAt": stamp(request.hub.clock), "author": {"name": user.name}}})


def merge(request):
    repo = request.own_repo()
    found = _discussion(repo, request)
    if found.status != "open":
        raise RefusedError(409, f"This pull request is {found.status}")
    words = f"{found.title} (#{found.num})", ""
    found.merged = request.hub.commit(repo, "main", repo.merged_files(found), words, found.author)
    found.status = "merged"
    return Reply({})
