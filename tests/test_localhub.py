"""The small Hub, driven by the real client: people, repositories, commits, pull requests, versions."""

import os
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from hubclient import CARD, adds, api, created, refused
from huggingface_hub import CommitOperationCopy, CommitOperationDelete
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    RepositoryNotFoundError,
)

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
