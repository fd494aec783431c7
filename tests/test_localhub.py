"""The Hub of the tests is as real as the client can tell: every route and rule, driven by huggingface_hub itself."""

import io
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi, hf_hub_download
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from localhub import LocalHub

CARD = """---
library_name: pupil
pipeline_tag: image-classification
license: mit
tags: [pupil-agent, weightless]
datasets: [mnist]
base_model: ben/first
---
# Digits
"""


def api(hub, name="mia"):
    """The real client, signed in as somebody or anonymous."""
    return HfApi(endpoint=hub.url, token=f"hf_{name}" if name else False)


def adds(**files):
    """Files to commit; a double underscore stands for a dot."""
    return [
        CommitOperationAdd(name.replace("__", "."), io.BytesIO(data if isinstance(data, bytes) else data.encode()))
        for name, data in files.items()
    ]


def refused(status, call, *words, **named):
    """The error of a call that must be refused with this status."""
    with pytest.raises(HfHubHTTPError) as got:
        call(*words, **named)
    assert got.value.response.status_code == status, got.value
    return got.value


def created(hub, name="mia/digits", **files):
    """A repository of Mia's with a commit through the client."""
    api(hub).create_repo(name)
    return api(hub).create_commit(name, adds(**files or {"config__json": "{}"}), commit_message="Learn").oid


# People


def test_whoami_tells_the_name_the_role_and_the_organizations(local_hub):
    local_hub.add_user("eve", role="read", orgs={"club": "read"})
    got = api(local_hub, "eve").whoami()
    assert got["name"] == "eve" and got["auth"]["accessToken"]["role"] == "read"
    assert [(org["name"], org["roleInOrg"]) for org in got["orgs"]] == [("club", "read")]


def test_a_token_that_nobody_has_is_refused_everywhere(local_hub):
    local_hub.write("mia/digits", {})
    local_hub.revoke("hf_mia")
    refused(401, api(local_hub).whoami)
    error = refused(401, api(local_hub).model_info, "mia/digits")
    assert "Invalid credentials" in str(error) and not isinstance(error, RepositoryNotFoundError)
    assert api(local_hub, None).model_info("mia/digits").id == "mia/digits"


# Repositories


def test_a_repository_is_made_once_and_can_be_deleted(local_hub):
    client = api(local_hub)
    got = client.create_repo("digits")
    assert got == f"{local_hub.url}/mia/digits" and client.repo_exists("mia/digits")
    refused(409, client.create_repo, "mia/digits")
    assert client.create_repo("mia/digits", exist_ok=True) == got
    assert client.list_repo_files("mia/digits") == [".gitattributes"]
    client.delete_repo("mia/digits")
    assert not client.repo_exists("mia/digits")
    refused(404, client.delete_repo, "mia/digits")


def test_nobody_writes_where_they_may_not(local_hub):
    local_hub.add_user("eve", role="read")
    local_hub.write("eve/digits", {})
    local_hub.write("club/digits", {})
    for client, name, status in [
        (api(local_hub), "ben/digits", 403),
        (api(local_hub, "eve"), "eve/letters", 403),
        (api(local_hub, None), "mia/digits", 401),
        (api(local_hub), "club/more", 403),
    ]:
        refused(status, client.create_repo, name)
    for client, status in [(api(local_hub), 403), (api(local_hub, "eve"), 403), (api(local_hub, None), 401)]:
        refused(status, client.create_commit, "eve/digits", adds(a="1"), commit_message="x")
    local_hub.add_user("ann", orgs=["club"])
    api(local_hub, "ann").create_commit("club/digits", adds(a="1"), commit_message="x")
    assert local_hub.files("club/digits")["a"] == b"1"


def test_private_looks_like_missing_and_is_listed_for_its_owner_alone(local_hub):
    created(local_hub)
    api(local_hub).update_repo_settings("mia/digits", private=True)
    for name in ("mia/digits", "mia/nothing"):
        for who, status in [("ben", 404), (None, 401)]:
            with pytest.raises(RepositoryNotFoundError) as got:
                api(local_hub, who).model_info(name)
            assert got.value.response.status_code == status
    seen = {who: [info.id for info in api(local_hub, who).list_models()] for who in ("mia", "ben", None)}
    assert seen == {"mia": ["mia/digits"], "ben": [], None: []}


def test_a_gate_closes_the_files_and_not_the_information(local_hub, tmp_path):
    created(local_hub)
    local_hub.set("mia/digits", gated="manual")
    assert api(local_hub, None).model_info("mia/digits").gated == "manual"

    def load(who):
        return api(local_hub, who).hf_hub_download("mia/digits", "config.json", cache_dir=tmp_path / str(who))

    for who, status in [(None, 401), ("ben", 403)]:
        with pytest.raises(GatedRepoError) as got:
            load(who)
        assert got.value.response.status_code == status
    local_hub.set("mia/digits", granted={"ben"})
    assert os.path.exists(load("ben"))


def test_a_disabled_repository_says_so(local_hub):
    created(local_hub)
    local_hub.set("mia/digits", disabled=True)
    with pytest.raises(DisabledRepoError):
        api(local_hub).model_info("mia/digits")
    assert [info.disabled for info in api(local_hub).list_models(full=True)] == [True]


# Commits


def test_one_commit_holds_small_and_large_files(local_hub):
    large = bytes(range(256)) * 40
    head = created(local_hub, config__json="{}", agent__safetensors=large)
    assert local_hub.files("mia/digits", head)["agent.safetensors"] == large
    info = api(local_hub).model_info("mia/digits", files_metadata=True)
    sizes = {file.rfilename: (file.size, bool(file.lfs)) for file in info.siblings}
    assert info.sha == head and sizes["agent.safetensors"] == (10240, True) and sizes["config.json"] == (2, False)
    routes = [one.path.split("/")[-1] for one in local_hub.asked("P*") if "hf_mia" in str(one.token)]
    assert routes == ["create", "main", "batch", "verify", "main"]  # the upload itself goes without a token
    assert [one.status for one in local_hub.asked("PUT", "/lfs/*")] == [200]


def test_what_is_stored_or_unchanged_is_not_sent_again(local_hub):
    large = b"\1" * 3000
    head = created(local_hub, config__json="{}", agent__safetensors=large)
    local_hub.log.clear()
    again = api(local_hub).create_commit(
        "mia/digits", adds(config__json="{}", agent__safetensors=large), commit_message="Again"
    )
    assert again.oid == head and not local_hub.asked("PUT") and not local_hub.asked("POST", "*/commit/*")
    api(local_hub).create_commit("mia/digits", adds(copy__npz=large), commit_message="Copy")
    assert local_hub.files("mia/digits")["copy.npz"] == large and not local_hub.asked("PUT")


def test_a_commit_on_an_old_parent_is_refused_and_changes_nothing(local_hub):
    head = created(local_hub)
    client = api(local_hub)
    newer = client.create_commit("mia/digits", adds(a="1"), commit_message="One", parent_commit=head).oid
    error = refused(412, client.create_commit, "mia/digits", adds(b="2"), commit_message="Two", parent_commit=head)
    assert "A commit has happened since" in str(error)
    assert local_hub.head("mia/digits") == newer and "b" not in local_hub.files("mia/digits")


def test_files_and_folders_are_deleted_and_copied(local_hub):
    local_hub.write("mia/digits", {"a": b"1", "b/c": b"2", "b/d": b"3", "e.bin": b"4"})
    steps = [CommitOperationDelete("a"), CommitOperationDelete("b/"), CommitOperationCopy("e.bin", "f.bin")]
    api(local_hub).create_commit("mia/digits", steps, commit_message="Tidy")
    assert sorted(local_hub.files("mia/digits")) == [".gitattributes", "e.bin", "f.bin"]
    with pytest.raises(EntryNotFoundError):
        api(local_hub).create_commit("mia/digits", [CommitOperationDelete("a")], commit_message="Again")


def post(hub, path, body, token="hf_mia"):
    """What a client with less manners would send -> the status."""
    request = urllib.request.Request(hub.url + path, body, {"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "a/../../b", "", ".git/config", "a//b"])
def test_paths_that_leave_the_repository_are_refused(local_hub, path):
    head = local_hub.write("mia/digits", {})
    lines = b'{"key":"header","value":{"summary":"x"}}\n{"key":"file","value":{"content":"","path":"%s"}}'
    assert post(local_hub, "/api/models/mia/digits/commit/main", lines % path.encode()) == 400
    assert local_hub.head("mia/digits") == head


def test_a_large_file_must_have_been_uploaded_and_be_what_it_says(local_hub):
    local_hub.write("mia/digits", {})
    line = b'{"key":"lfsFile","value":{"path":"a.bin","algo":"sha256","oid":"%s","size":1}}' % (b"0" * 64)
    header = b'{"key":"header","value":{"summary":"x"}}\n'
    assert post(local_hub, "/api/models/mia/digits/commit/main", header + line) == 400
    assert post(local_hub, "/lfs/verify", b'{"oid":"%s","size":1}' % (b"0" * 64)) == 404
    local_hub.promised.add("0" * 64)
    request = urllib.request.Request(f"{local_hub.url}/lfs/{'0' * 64}", b"not zeros", method="PUT")
    with pytest.raises(urllib.error.HTTPError, match="400") as got:
        urllib.request.urlopen(request)
    got.value.close()


def test_a_card_is_read_before_it_is_taken(local_hub):
    created(local_hub, README__md=CARD)
    with pytest.raises(ValueError, match="Invalid metadata"):
        api(local_hub).create_commit("mia/digits", adds(README__md="---\na: [\n---\n"), commit_message="x")
    with pytest.warns(UserWarning, match="empty or missing yaml metadata"):
        api(local_hub).create_commit("mia/digits", adds(README__md="# Digits"), commit_message="x")


# Pull requests, tags, histories


def test_a_pull_request_can_be_loaded_before_it_is_merged(local_hub, tmp_path):
    head = created(local_hub, config__json="{}", a="1")
    got = api(local_hub, "ben").create_commit(
        "mia/digits", adds(b__bin=b"2"), commit_message="My lessons", create_pr=True
    )
    assert got.pr_url == f"{local_hub.url}/mia/digits/discussions/1" and got.pr_revision == "refs/pr/1"
    path = api(local_hub, None).hf_hub_download("mia/digits", "b.bin", revision="refs/pr/1", cache_dir=tmp_path)
    assert Path(path).read_bytes() == b"2" and local_hub.head("mia/digits") == head
    api(local_hub).create_commit("mia/digits", adds(a="3"), commit_message="Meanwhile")
    refused(403, api(local_hub, "ben").merge_pull_request, "mia/digits", 1)
    api(local_hub).merge_pull_request("mia/digits", 1)
    files = local_hub.files("mia/digits")
    assert files["a"] == b"3" and files["b.bin"] == b"2"
    refused(409, api(local_hub).merge_pull_request, "mia/digits", 1)


def test_pull_requests_that_meet_in_a_file_are_not_merged(local_hub):
    created(local_hub, a="1")
    api(local_hub, "ben").create_commit("mia/digits", adds(a="2"), commit_message="Two", create_pr=True)
    api(local_hub).create_commit("mia/digits", adds(a="3"), commit_message="Three")
    error = refused(409, api(local_hub).merge_pull_request, "mia/digits", 1)
    assert "conflicts in a" in str(error) and local_hub.files("mia/digits")["a"] == b"3"


def test_a_pull_request_goes_on_from_its_branch_and_from_an_old_parent(local_hub):
    head = created(local_hub, a="1")
    local_hub.write("mia/digits", {"a": b"2"})
    ben = api(local_hub, "ben")
    got = ben.create_commit("mia/digits", adds(b="1"), commit_message="b", create_pr=True, parent_commit=head)
    ben.create_commit("mia/digits", adds(c="1"), commit_message="c", revision=got.pr_revision)
    files = local_hub.files("mia/digits", "refs/pr/1")
    assert files["a"] == b"1" and {"b", "c"} <= {*files}
    local_hub.add_user("eve")
    refused(
        403, api(local_hub, "eve").create_commit, "mia/digits", adds(d="1"), commit_message="d", revision="refs/pr/1"
    )


def test_discussions_are_listed_page_by_page_and_can_be_closed(local_hub):
    created(local_hub)
    local_hub.page_size = 2
    for name in "abc":
        api(local_hub, "ben").create_commit("mia/digits", adds(**{name: name}), commit_message=name, create_pr=True)
    api(local_hub).change_discussion_status("mia/digits", 2, "closed")
    api(local_hub).merge_pull_request("mia/digits", 1)
    got = [(one.num, one.title, one.status, one.author) for one in api(local_hub).get_repo_discussions("mia/digits")]
    assert got == [(3, "c", "open", "ben"), (2, "b", "closed", "ben"), (1, "a", "merged", "ben")]
    still = api(local_hub).get_repo_discussions("mia/digits", discussion_status="open", author="ben")
    assert [one.num for one in still] == [3]
    told = api(local_hub).get_discussion_details("mia/digits", 1)
    assert told.is_pull_request and told.merge_commit_oid == local_hub.head("mia/digits")


def test_tags_name_versions_for_good(local_hub):
    head = created(local_hub)
    client = api(local_hub)
    client.create_tag("mia/digits", tag="v1", tag_message="First", revision=head)
    api(local_hub).create_commit("mia/digits", adds(a="1"), commit_message="More")
    refused(409, client.create_tag, "mia/digits", tag="v1")
    client.create_tag("mia/digits", tag="v1", exist_ok=True)
    client.create_branch("mia/digits", branch="try")
    assert client.model_info("mia/digits", revision="v1").sha == head
    api(local_hub, "ben").create_commit("mia/digits", adds(b="1"), commit_message="b", create_pr=True)
    got = client.list_repo_refs("mia/digits", include_pull_requests=True)
    assert [(one.name, one.ref, one.target_commit) for one in got.tags] == [("v1", "refs/tags/v1", head)]
    assert [one.name for one in got.branches] == ["main", "try"]
    assert [one.ref for one in got.pull_requests] == ["refs/pr/1"]
    client.delete_tag("mia/digits", tag="v1")
    assert not client.revision_exists("mia/digits", "v1")


def test_versions_are_listed_newest_first_over_several_pages(local_hub):
    created(local_hub)
    for name in "abc":
        api(local_hub).create_commit("mia/digits", adds(**{name: name}), commit_message=f"Add {name}\n\nSlowly")
    local_hub.page_size = 2
    got = api(local_hub, None).list_repo_commits("mia/digits")
    assert [one.title for one in got][1:] == ["Add b\n\nSlowly", "Add a\n\nSlowly", "Learn", "initial commit"]
    assert got[0].commit_id == local_hub.head("mia/digits") and got[0].authors == ["mia"]
    assert len(local_hub.asked("GET", "*/commits/main")) == 3


# Lists and information


@pytest.fixture
def gallery(local_hub):
    """Five agents with likes and ages, and a model that is none."""
    for number, name in enumerate("abcde"):
        card = CARD.replace("mit", "apache-2.0") if name == "c" else CARD
        local_hub.write(f"{'mia' if number < 3 else 'ben'}/digits-{name}", {"README.md": card.encode()})
        local_hub.set(f"{'mia' if number < 3 else 'ben'}/digits-{name}", likes=number % 3 * 10)
    local_hub.write("ben/other", {})
    return local_hub


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"filter": "pupil-agent", "sort": "created_at"}, "edcba"),
        ({"filter": ["pupil-agent", "license:apache-2.0"]}, "c"),
        ({"filter": ["weightless", "base_model:ben/first"], "author": "ben", "sort": "created_at"}, "ed"),
        ({"filter": ["pupil", "base_model:finetune:ben/first", "dataset:mnist"], "sort": "likes", "limit": 3}, "cbe"),
        ({"search": "DIGITS-D"}, "d"),
        ({"pipeline_tag": "image-classification", "search": "-a"}, "a"),
        ({"filter": "nobody"}, ""),
    ],
)
def test_models_are_found_by_tags_author_and_words(gallery, asked, expected):
    got = [info.id.split("-")[1] for info in api(gallery, None).list_models(**asked)]
    assert "".join(got) == expected


def test_a_list_of_several_pages_is_read_to_its_end_or_limit(gallery):
    gallery.page_size = 2
    asked = {"filter": "pupil-agent", "sort": "last_modified"}
    gallery.set("mia/digits-a", modified=datetime(2027, 1, 1, tzinfo=UTC))
    got = [info.id[-1] for info in api(gallery, None).list_models(**asked)]
    assert got == list("aedcb") and len(gallery.asked("GET", "/api/models")) == 3
    gallery.log.clear()
    assert [info.id[-1] for info in api(gallery, None).list_models(**asked, limit=3)] == list("aed")
    assert len(gallery.asked("GET", "/api/models")) == 2


def test_a_full_list_tells_what_a_short_one_leaves_out(gallery):
    short = next(iter(api(gallery, None).list_models(author="mia", search="-a")))
    full = next(iter(api(gallery, None).list_models(author="mia", search="-a", full=True, cardData=True)))
    assert short.sha is None and short.siblings is None and short.library_name == "pupil"
    assert full.sha == gallery.head("mia/digits-a") and full.card_data.license == "mit"
    assert [file.rfilename for file in full.siblings] == [".gitattributes", "README.md"]


def test_information_is_that_of_the_revision(local_hub):
    head = created(local_hub, README__md=CARD)
    got = api(local_hub).model_info("mia/digits")
    assert got.sha == head and got.pipeline_tag == "image-classification" and got.author == "mia"
    expected = ["pupil", "image-classification", "pupil-agent", "weightless", "license:mit", "dataset:mnist"]
    assert got.tags == [*expected, "base_model:ben/first", "base_model:finetune:ben/first"]
    assert got.last_modified > got.created_at and got.card_data.base_model == "ben/first"
    local_hub.write("mia/digits", {"README.md": None})
    assert api(local_hub).model_info("mia/digits").tags == []
    assert api(local_hub).model_info("mia/digits", revision=head).tags == got.tags
    with pytest.raises(RevisionNotFoundError):
        api(local_hub).model_info("mia/digits", revision="f" * 40)


def test_a_tree_tells_files_and_folders(local_hub):
    local_hub.write("mia/digits", {"a.bin": b"123", "b/c/d": b"4", "b/e": b"5"})
    client, local_hub.page_size = api(local_hub, None), 2
    assert [one.path for one in client.list_repo_tree("mia/digits")] == [".gitattributes", "a.bin", "b"]
    got = {one.path: one for one in client.list_repo_tree("mia/digits", recursive=True, expand=True)}
    assert sorted(got) == [".gitattributes", "a.bin", "b", "b/c", "b/c/d", "b/e"]
    assert got["a.bin"].lfs.size == got["a.bin"].size == 3 and got["b/e"].last_commit.title == "Upload"
    assert [one.path for one in client.list_repo_tree("mia/digits", "b")] == ["b/c", "b/e"]
    info = client.get_paths_info("mia/digits", ["b/e", "b/c", "none"])
    assert [one.path for one in info] == ["b/e", "b/c"]
    with pytest.raises(RemoteEntryNotFoundError):
        list(client.list_repo_tree("mia/digits", "z"))


# Downloads


def test_a_pinned_download_asks_for_nothing_the_second_time(local_hub, tmp_path):
    head = created(local_hub, config__json="{}", agent__safetensors=b"\7" * 5000)
    for filename, expected in [("config.json", b"{}"), ("agent.safetensors", b"\7" * 5000)]:
        asked = {"revision": head, "endpoint": local_hub.url, "cache_dir": tmp_path, "token": False}
        path = hf_hub_download("mia/digits", filename, **asked)
        local_hub.log.clear()
        assert hf_hub_download("mia/digits", filename, **asked) == path
        assert Path(path).read_bytes() == expected and local_hub.log == []
    with pytest.raises(RemoteEntryNotFoundError):
        hf_hub_download("mia/digits", "nothing", **asked)


def test_a_whole_repository_is_downloaded(local_hub, tmp_path):
    head = local_hub.write("mia/digits", {"a.bin": b"123", "b/c": b"4"})
    folder = api(local_hub, None).snapshot_download("mia/digits", cache_dir=tmp_path)
    assert folder.endswith(head) and Path(folder, "b/c").read_bytes() == b"4"


@pytest.mark.parametrize(
    ("asked", "expected", "told"),
    [("bytes=2-4", b"234", "bytes 2-4/10"), ("bytes=7-", b"789", "bytes 7-9/10"), ("bytes=-2", b"89", "bytes 8-9/10")],
)
def test_a_part_of_a_file_can_be_asked_for(local_hub, asked, expected, told):
    head = local_hub.write("mia/digits", {"a.bin": b"0123456789"})
    request = urllib.request.Request(f"{local_hub.url}/mia/digits/resolve/main/a.bin", headers={"Range": asked})
    with urllib.request.urlopen(request) as reply:
        assert (reply.status, reply.read(), reply.headers["Content-Range"]) == (206, expected, told)
        assert reply.headers["X-Repo-Commit"] == head and reply.headers["X-Linked-Size"] == "10"
        assert reply.headers["ETag"] == reply.headers["X-Linked-Etag"]


def test_a_download_that_is_lost_is_asked_for_again(local_hub, tmp_path):
    local_hub.write("mia/digits", {"a.bin": b"0123456789"})
    local_hub.fault("GET", "*/a.bin", drop_after=4)
    path = api(local_hub, None).hf_hub_download("mia/digits", "a.bin", cache_dir=tmp_path)
    assert Path(path).read_bytes() == b"0123456789"
    assert len(local_hub.asked("GET", "*/a.bin")) == 2


def test_a_file_can_lie_about_its_size(local_hub, tmp_path):
    local_hub.write("mia/digits", {"a.bin": b"0123456789", "b": b"01"})
    for path in ("a.bin", "b"):
        local_hub.lie("mia/digits", path, size=5)
        with pytest.raises(OSError, match="should be of size 5"):
            api(local_hub, None).hf_hub_download("mia/digits", path, cache_dir=tmp_path)
    told = api(local_hub, None).model_info("mia/digits", files_metadata=True).siblings
    assert [file.size for file in told if file.rfilename in ("a.bin", "b")] == [5, 5]


# Faults


def test_a_fault_answers_as_often_as_it_is_told(local_hub):
    local_hub.write("mia/digits", {})
    local_hub.fault("GET", "/api/models/mia/*", status=500, times=2, body={"error": "on fire"})
    assert "on fire" in str(refused(500, api(local_hub).model_info, "mia/digits"))
    refused(500, api(local_hub).model_info, "mia/digits")
    assert api(local_hub).model_info("mia/digits").id == "mia/digits"
    assert [one.status for one in local_hub.asked("GET", "/api/models/*")] == [500, 500, 200]


def test_a_busy_hub_says_when_to_come_back(local_hub):
    local_hub.write("mia/digits", {})
    local_hub.fault("GET", "/api/models*", status=429, headers={"Retry-After": "0"})
    local_hub.fault("GET", "/api/whoami-v2", status=429, headers={"Retry-After": "7"})
    assert [info.id for info in api(local_hub).list_models()] == ["mia/digits"]  # the client asks again by itself
    assert refused(429, api(local_hub).whoami).response.headers["Retry-After"] == "7"


def test_a_slow_hub_can_be_given_up_and_stopped(local_hub):
    local_hub.write("mia/digits", {})
    local_hub.fault("GET", "/api/models/*", delay=600)
    with pytest.raises(HTTPError):
        api(local_hub).model_info("mia/digits", timeout=0.1)
    assert api(local_hub).model_info("mia/digits", timeout=20).id == "mia/digits"


def test_a_connection_can_be_lost_before_or_after_the_deed(local_hub):
    local_hub.write("mia/digits", {})
    for after, expected in [(False, set()), (True, {"a"})]:
        local_hub.fault("POST", "*/commit/*", drop=True, after=after)
        with pytest.raises(HTTPError):
            api(local_hub).create_commit("mia/digits", adds(a="1"), commit_message="x")
        assert {*local_hub.files("mia/digits")} - {".gitattributes"} == expected
    assert [one.status for one in local_hub.asked("POST", "*/commit/*")] == [0, 0]
    local_hub.fault("POST", "*/commit/*", status=504, after=True)
    refused(504, api(local_hub).create_commit, "mia/digits", adds(b="1"), commit_message="x")
    assert "b" in local_hub.files("mia/digits")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_hub_dies_at_any_request_and_comes_back(local_hub, number, after):
    head = local_hub.write("mia/digits", {})
    client = api(local_hub)
    steps = [
        lambda: client.model_info("mia/digits"),
        lambda: client.create_tag("mia/digits", tag="v1"),
        lambda: client.create_repo("mia/letters"),
    ]
    local_hub.die_at(number, after=after)
    for step in steps[: number - 1]:
        step()
    for step in steps[number - 1 :]:
        with pytest.raises(HTTPError):
            step()
    local_hub.live()
    assert client.model_info("mia/digits").sha == head
    assert client.revision_exists("mia/digits", "v1") == (number > 2 or (number == 2 and after))
    assert client.repo_exists("mia/letters") == (number == 3 and after)


def test_a_stopped_hub_leaves_nothing_behind():
    before = {*threading.enumerate()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with LocalHub() as hub:
            hub.write("mia/digits", {})
            assert api(hub, None).model_info("mia/digits").id == "mia/digits"
            assert {*threading.enumerate()} - before
        assert not {*threading.enumerate()} - before
        with pytest.raises(HTTPError):
            api(hub, None).model_info("mia/digits")


# Spaces, and a process of its own


def test_a_space_is_made_and_filled(local_hub, tmp_path):
    folder = tmp_path / "space"
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text("---\ntitle: Pupil\nsdk: gradio\n---\n")
    (folder / "app.py").write_text("print()")
    (folder / "data" / "mnist.npz").write_bytes(b"\1" * 2000)
    client = api(local_hub)
    got = client.create_repo("mia/pupil", repo_type="space", space_sdk="gradio", space_hardware="cpu-upgrade")
    assert got == f"{local_hub.url}/spaces/mia/pupil" and got.repo_type == "space"
    assert local_hub.repo("mia/pupil", "spaces").settings == {"sdk": "gradio", "hardware": "cpu-upgrade"}
    client.upload_folder(repo_id="mia/pupil", folder_path=folder, repo_type="space")
    files = local_hub.files("mia/pupil", kind="spaces")
    assert files["data/mnist.npz"] == b"\1" * 2000 and files["app.py"] == b"print()"
    assert client.space_info("mia/pupil").sdk == "gradio"
    assert client.get_space_runtime("mia/pupil").hardware == "cpu-upgrade"
    path = client.hf_hub_download("mia/pupil", "app.py", repo_type="space", cache_dir=tmp_path)
    assert Path(path).read_text() == "print()" and not client.repo_exists("mia/pupil")
    assert [info.id for info in client.list_spaces(author="mia")] == ["mia/pupil"]


def test_another_process_knows_no_other_hub(local_hub, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"\2" * 2000)
    code = """
import sys, huggingface_hub as hub
hub.create_repo("mia/digits", token="hf_mia")
got = hub.upload_file(path_or_fileobj=sys.argv[1], path_in_repo="a.safetensors", repo_id="mia/digits", token="hf_mia")
print(hub.hf_hub_download("mia/digits", "a.safetensors", revision=got.oid))
"""
    env = os.environ | local_hub.environment(tmp_path / "home")
    command = [sys.executable, "-c", code, str(tmp_path / "a.safetensors")]
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    path = run.stdout.strip()
    assert path.startswith(str(tmp_path / "home")) and Path(path).read_bytes() == b"\2" * 2000
    assert [one for one in local_hub.log if one.status >= 400] == []
    assert local_hub.asked("GET", "*/resolve/*")[0].token is None  # no token that nobody passed
