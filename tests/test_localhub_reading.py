"""The small Hub, driven by the real client: lists, information and downloads."""

import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hubclient import CARD, api, created
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import (
    RemoteEntryNotFoundError,
    RevisionNotFoundError,
)

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
