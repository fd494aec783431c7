"""The small Hub, driven by the real client: what goes wrong, Spaces, and a process of its own."""

import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest
from hubclient import adds, api, refused
from huggingface_hub.errors import (
    HTTPError,
)
from localhub import LocalHub

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
