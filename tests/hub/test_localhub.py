"""The small Hub of the tests answers the real client: one smoke test for each thing that other tests rely on."""

import threading
from pathlib import Path

import pytest
from hubclient import CARD, adds, api, created, refused
from huggingface_hub.errors import HTTPError, RepositoryNotFoundError
from localhub import LocalHub


def test_a_repository_is_made_filled_read_and_deleted(local_hub, tmp_path):
    commit = created(local_hub, README__md=CARD, a__safetensors=b"\1" * 2000)
    client = api(local_hub)
    info = client.model_info("mia/digits", files_metadata=True)
    sizes = {file.rfilename: file.size for file in info.siblings}
    assert info.sha == commit and sizes["a.safetensors"] == 2000 and "pupil-agent" in info.tags
    path = client.hf_hub_download("mia/digits", "a.safetensors", revision=commit, cache_dir=tmp_path)
    assert Path(path).read_bytes() == b"\1" * 2000
    assert [each.title for each in client.list_repo_commits("mia/digits")] == ["Learn", "initial commit"]
    assert [each.id for each in client.list_models(filter="pupil-agent")] == ["mia/digits"]
    client.delete_repo("mia/digits")
    assert not client.repo_exists("mia/digits")


def test_tokens_names_and_parents_are_checked(local_hub):
    head = created(local_hub)
    assert api(local_hub).whoami()["name"] == "mia"
    refused(409, api(local_hub).create_repo, "mia/digits")
    refused(403, api(local_hub, "ben").create_commit, "mia/digits", adds(a="1"), commit_message="x")
    newer = api(local_hub).create_commit("mia/digits", adds(a="1"), commit_message="One", parent_commit=head).oid
    refused(412, api(local_hub).create_commit, "mia/digits", adds(b="2"), commit_message="Two", parent_commit=head)
    local_hub.set("mia/digits", private=True)
    assert api(local_hub).model_info("mia/digits").sha == newer
    with pytest.raises(RepositoryNotFoundError):
        api(local_hub, None).model_info("mia/digits")
    local_hub.revoke("hf_mia")
    refused(401, api(local_hub).whoami)


def test_a_pull_request_can_be_read_before_it_is_merged(local_hub):
    head = created(local_hub)
    sent = api(local_hub, "ben").create_commit(
        "mia/digits", adds(b="2"), commit_message="Two", create_pr=True, parent_commit=head
    )
    assert sent.pr_revision == "refs/pr/1" and "b" in local_hub.files("mia/digits", "refs/pr/1")
    assert "b" not in local_hub.files("mia/digits")
    api(local_hub).merge_pull_request("mia/digits", 1)
    assert "b" in local_hub.files("mia/digits")


def test_faults_are_answered_and_a_dead_hub_comes_back(local_hub):
    head, client = created(local_hub), api(local_hub)
    local_hub.fault("GET", "/api/models/mia/*", status=500, times=1, body={"error": "on fire"})
    assert "on fire" in str(refused(500, client.model_info, "mia/digits"))
    local_hub.fault("GET", "/api/models/*", delay=600)
    with pytest.raises(HTTPError):
        client.model_info("mia/digits", timeout=0.1)
    local_hub.fault("POST", "*/commit/*", drop=True, after=True)
    with pytest.raises(HTTPError):
        client.create_commit("mia/digits", adds(a="1"), commit_message="x")
    assert "a" in local_hub.files("mia/digits")
    local_hub.die_at(1)
    with pytest.raises(HTTPError):
        client.model_info("mia/digits")
    local_hub.live()
    assert client.model_info("mia/digits").sha != head


def test_a_stopped_hub_leaves_no_thread_behind():
    before = {*threading.enumerate()}
    with LocalHub() as hub:
        hub.write("mia/digits", {})
        assert api(hub, None).model_info("mia/digits").id == "mia/digits"
    assert not {*threading.enumerate()} - before
