"""A Hub that is busy, slow, broken, out of reach, or dies at any moment; and what was pulled before then."""

import functools
import socket

import huggingface_hub
import pytest
from agents import born
from localhub import LocalHub
from refusals import refused, state

from agent import hub as shared
from agent.errors import AgentError
from agent.hub import client, download
from agent.storage import serialization

PATHS = ["/api/whoami-v2", "/api/repos/create", "*/preupload/*", "/lfs/*", "*/commit/*"]
PATHS += ["/api/models/mia/zoe", "*/resolve/*", "/api/models"]


def asking(path, pupil):
    """Whatever asks the Hub for a path."""
    if path == "/api/models":
        return shared.gallery()
    if path.endswith(("/resolve/*", "/mia/zoe")):
        return shared.pull("mia/zoe")
    return shared.push(pupil, {"/api/whoami-v2": "zoe", "/api/repos/create": "mia/new"}.get(path, "mia/zoe"), "hf_mia")


@pytest.fixture
def hurried(monkeypatch):
    """A client that waits for a tenth of a second."""
    from huggingface_hub import file_download

    for module, name in ((client, "TIMEOUT_S"), (client, "PATIENCE_S"), (download, "TIMEOUT_S")):
        monkeypatch.setattr(module, name, 0.1)
    monkeypatch.setattr(file_download.constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.1)
    monkeypatch.setattr(file_download, "_ETAG_RETRY_TIMEOUT", 0.1)
    huggingface_hub.close_session()
    yield
    huggingface_hub.close_session()


# The Hub itself


@pytest.mark.parametrize("path", ["/api/whoami-v2", "*/preupload/main", "*/commit/main", "*.git/info/lfs/*"])
@pytest.mark.parametrize("headers", [{"Retry-After": "42"}, {"RateLimit": '"api";r=0;t=42'}])
def test_a_busy_hub_is_not_waited_for_but_named_with_its_seconds(hub, zoe, path, headers):
    fault = hub.fault("*", path, status=429, headers=headers, times=None)
    with refused(hub, zoe, r"^The Hub is busy with .*: try again in 42 s\.$"):
        shared.push(zoe, "zoe" if "whoami" in path else "mia/zoe", "hf_mia")
    assert [one.status for one in hub.asked(path=path)] == [429] and fault.times is None


@pytest.mark.parametrize("path", ["/api/models/mia/zoe", "*/resolve/*"])
@pytest.mark.parametrize(("told", "wait"), [("42", "42 s"), ("soon", "a minute"), ("9" * 4000, "a minute")])
def test_a_busy_hub_is_named_when_pulling_too(hub, zoe, path, told, wait):
    hub.fault("*", path, status=429, headers={"Retry-After": told}, times=None)
    with refused(hub, zoe, f"^The Hub is busy with mia/zoe: try again in {wait}"):
        shared.pull("mia/zoe")
    assert len(hub.asked(path=path)) <= 2


def test_a_hub_out_of_reach_is_said_so(hub, zoe, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
        calls = [functools.partial(shared.push, zoe, name, "hf_mia") for name in ("zoe", "mia/zoe", "mia/new")]
        calls += [functools.partial(call, "mia/zoe") for call in (shared.pull, shared.versions)]
        calls += [shared.gallery, functools.partial(shared.contribute, zoe, "mia/zoe", "hf_ben")]
        for call in [*calls, functools.partial(shared.deploy, "tests", "mia/x", "hf_mia")]:
            with refused(hub, zoe, "^The Hub cannot be reached for .*. Your agent is unchanged. Try"):
                call()


@pytest.mark.parametrize("path", PATHS)
def test_a_hub_that_does_not_answer_in_time_is_said_so(hub, zoe, hurried, path):
    hub.fault("*", path, delay=600, times=None)
    with refused(hub, zoe, "^The Hub did not answer about .* in time. Your agent is unchanged. Try again"):
        asking(path, zoe)


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("path", PATHS)
def test_a_mistake_of_the_hub_is_said_so(hub, zoe, status, path):
    hub.fault("*", path, status=status, times=None)
    with refused(hub, zoe, rf"^The Hub failed to answer about .* \({status}\). Your agent is un"):
        asking(path, zoe)


def test_a_repo_made_for_a_push_that_failed_is_taken_away_again(hub, zoe):
    hub.fault("POST", "*/commit/*", status=500)
    with refused(hub, zoe, r"failed to answer about mia/new \(500\)"):
        shared.push(zoe, "mia/new", "hf_mia")
    assert ("models", "mia/new") not in hub.repos


@pytest.mark.parametrize("path", [path for path in PATHS if path not in ("/lfs/*", "*/resolve/*")])
def test_an_answer_that_is_none_is_said_so(hub, zoe, path):
    for body in (b"<html>Please pay for the wifi</html>", b"null", "yes", 7, [7], [], {}):
        if path == "/api/models" and body in ([], {}):
            continue  # nobody has shared anything
        hub.fault("*", path, status=200, body=body, times=None)
        what = "(your name|the gallery|mia/zoe|mia/new)"
        unread = f"expected {what} with a card the Hub's client can read, got another one"
        with refused(hub, zoe, f"^(The Hub gave an unexpected answer about {what}|{unread})"):
            asking(path, zoe)
        hub.faults.clear()


def test_one_hub_after_another_can_be_asked(hub, zoe, monkeypatch):
    with LocalHub() as other:
        monkeypatch.setenv("HF_ENDPOINT", other.url)
        with refused(hub, zoe, "mia/zoe is not on the Hub"):
            shared.pull("mia/zoe")
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    assert shared.pull("mia/zoe").n_lessons == 1


# What was pulled before


def test_what_was_pulled_before_is_there_when_the_hub_is_away(hub, zoe):
    expected = shared.pull("mia/zoe")
    hub.die_at(1)
    for pulled in (shared.pull("mia/zoe"), shared.load("mia/zoe")):
        assert pulled.lineage.is_from_cache and serialization.to_files(pulled) == serialization.to_files(expected)
    with refused(hub, zoe, "cannot be reached"):
        shared.pull("mia/zoe", revision="refs/pr/1")
    hub.live()
    assert not shared.pull("mia/zoe").lineage.is_from_cache
    hub.fault("GET", "/api/models/*", status=503)
    pulled = shared.pull("mia/zoe")
    assert pulled.lineage.is_from_cache and shared.push(zoe, "mia/zoe", "hf_mia").commit != pulled.lineage.commit
    assert not zoe.lineage.is_from_cache


def test_a_hub_that_answers_is_believed(hub, zoe):
    shared.pull("mia/zoe")
    hub.fault("GET", "/api/models/*", status=429)
    with refused(hub, zoe, "is busy"):
        shared.pull("mia/zoe")
    hub.set("mia/zoe", private=True)
    for alive in (True, False):  # and what it has hidden stays hidden
        hub.live() if alive else hub.die_at(1)
        with refused(hub, zoe, "is not on the Hub, or it is private" if alive else "cannot be reached"):
            shared.pull("mia/zoe")
    hub.live()
    hub.set("mia/zoe", private=False)
    shared.pull("mia/zoe")
    del hub.repos["models", "mia/zoe"]
    for _ in range(2):
        with refused(hub, zoe, "is not on the Hub|cannot be reached"):
            shared.pull("mia/zoe")
        hub.die_at(1)


@pytest.mark.parametrize("hidden", [{"private": True}, {"gated": "manual"}])
def test_what_is_not_for_everybody_is_kept_for_nobody(hub, zoe, hidden):
    shared.pull("mia/zoe")
    hub.set("mia/zoe", **hidden)
    head = shared.pull("mia/zoe", token="hf_mia").lineage.commit
    for token in (None, "hf_ben"):
        for revision in (None, head):
            with refused(hub, zoe, "is gated|or it is private"):
                shared.pull("mia/zoe", revision, token)
    hub.die_at(1)
    for token in (None, "hf_ben", "hf_mia"):
        with refused(hub, zoe, "cannot be reached"):
            shared.pull("mia/zoe", token=token)
    assert not [path for path in download.cache().rglob("*") if path.is_file() and path.suffix in (".json", ".jsonl")]


def test_only_so_much_is_kept_and_the_last_asked_for_stays_longest(hub, zoe, monkeypatch):
    for name in ("mia/a", "mia/b", "mia/c"):
        hub.write(name, hub.files("mia/zoe"))
    shared.pull("mia/a")
    files = (download.cache() / "models--mia--a").rglob("*")
    size = sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())
    monkeypatch.setattr(download, "CACHE_BYTES", 2.5 * size)
    for name in ("mia/b", "mia/a", "mia/c"):
        shared.pull(name)
    thumbnail = sorted(path.name for path in download.cache().glob("models--*"))
    assert thumbnail == ["models--mia--a", "models--mia--c"]


# A Hub that dies at any request


def agent_files(hub, repo_id):
    """The files of an agent in a repo, none where there is no repo."""
    found = hub.files(repo_id) if ("models", repo_id) in hub.repos else {}
    return {name: content for name, content in found.items() if name in serialization.FILES}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_push_arrives_whole_or_not_at_all(hub, zoe, lessons, after, is_new):
    for number in range(1, 30):
        pupil, repo_id = born("nearest"), f"mia/n{number}"
        pupil.learn_one(lessons[0][number], "C")
        if not is_new:
            shared.push(pupil, repo_id, "hf_mia")
            pupil.learn_one(lessons[0][number + 30], "D")
        old, before = agent_files(hub, repo_id), state(hub, pupil)[:2]
        hub.die_at(number, after)
        try:
            shared.push(pupil, repo_id, "hf_mia")
        except AgentError as error:
            assert "cannot be reached" in str(error) and state(hub, pupil)[:2] == before
            found = agent_files(hub, repo_id)
        else:
            break
        hub.live()
        assert shared.push(pupil, repo_id, "hf_mia").commit == hub.head(repo_id) == pupil.lineage.commit
        assert found in (old, agent_files(hub, repo_id)) and set(agent_files(hub, repo_id)) == set(serialization.FILES)
        assert shared.pull(repo_id).n_lessons == pupil.n_lessons
    hub.live()
    assert number > (8 if is_new else 6) and agent_files(hub, repo_id).keys() == serialization.FILES.keys()


@pytest.mark.parametrize("after", [False, True])
def test_a_pull_is_whole_or_fails(hub, zoe, tmp_path, monkeypatch, after):
    expected = serialization.to_files(shared.pull("mia/zoe"))
    for number in range(1, 30):
        monkeypatch.setenv("PUPIL_CACHE", str(tmp_path / str(number)))
        hub.die_at(number, after)
        try:
            pulled = shared.pull("mia/zoe")
        except AgentError as error:
            assert "cannot be reached" in str(error)
        else:
            break
        hub.live()
        assert serialization.to_files(shared.pull("mia/zoe")) == expected
    assert number == 2 + 2 * 3 and serialization.to_files(pulled) == expected


def test_a_pull_that_breaks_off_gives_what_was_pulled_before(hub, zoe):
    old = shared.pull("mia/zoe")
    shared.push(zoe, "mia/zoe", "hf_mia")
    for number in range(1, 20):
        hub.die_at(number)
        pulled = shared.pull("mia/zoe")
        hub.live()
        if not pulled.lineage.is_from_cache:
            break
        assert serialization.to_files(pulled) == serialization.to_files(old)
    assert number > 2 and pulled.n_lessons == 2
