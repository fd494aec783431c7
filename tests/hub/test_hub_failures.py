"""Whatever is refused when sharing has a sentence of its own, and leaves the agent and the repo as they were."""

import functools
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from agents import born
from refusals import refused

from agent import hub as shared
from agent.hub import download
from agent.storage import serialization

ROOT = Path(__file__).resolve().parents[2]

# Who may


def test_a_repo_that_is_not_there_is_said_so(hub, zoe):
    for token in (None, "hf_ben"):
        with refused(hub, zoe, "^mia/nobody is not on the Hub, or it is private. Check the name, or sign in"):
            shared.pull("mia/nobody", token=token)
    with refused(hub, zoe, "^mia/nobody is not on the Hub"):
        shared.versions("mia/nobody")


def test_a_private_repo_of_somebody_else_is_said_so(hub, zoe):
    hub.set("mia/zoe", private=True)
    with refused(hub, zoe, "mia/zoe is not on the Hub, or it is private"):
        shared.pull("mia/zoe", token="hf_ben")
    with refused(hub, zoe, "mia/zoe is not on the Hub, or it is private"):
        shared.contribute(zoe, "mia/zoe", "hf_ben")


def test_a_gated_repo_is_said_so(hub, zoe):
    hub.set("mia/zoe", gated="manual", granted={"eve"})
    hub.add_user("eve")
    for token in (None, "hf_ben"):
        with refused(hub, zoe, "^mia/zoe is gated and you have no access to it. Ask for access on its page"):
            shared.pull("mia/zoe", token=token)
    assert shared.pull("mia/zoe", token="hf_eve").n_lessons == 1


def test_who_may_not_write_is_told_so(hub, zoe):
    hub.add_user("rae", role="read")
    for repo_id, token in (("mia/zoe", "hf_ben"), ("mia/new", "hf_ben"), ("rae/new", "hf_rae")):
        with refused(hub, zoe, f"^You may not write to {repo_id}. Publish under your own name"):
            shared.push(zoe, repo_id, token)


def test_nobody_pushes_without_signing_in(hub, zoe):
    for token in (None, "", "  ", 7, "hf_\nmia", "hf_mïa", "hf mia", "x" * 5000):
        for call, *words in (
            (shared.push, zoe, "zoe"),
            (shared.contribute, zoe, "mia/zoe"),
            (shared.deploy, ".", "mia/x"),
        ):
            with refused(hub, zoe, "^You are not signed in. Sign in"):
                call(*words, token)
    assert hub.log == []


def test_a_token_that_has_expired_is_said_so(hub, zoe):
    hub.revoke("hf_mia")
    calls = [functools.partial(shared.push, zoe, name, "hf_mia") for name in ("zoe", "mia/zoe", "mia/new")]
    calls += [lambda: shared.pull("mia/zoe", token="hf_mia"), lambda: shared.contribute(zoe, "mia/zoe", "hf_mia")]
    for call in calls:
        with refused(hub, zoe, "^The Hub does not know this token: it is wrong or too old. Sign in again"):
            call()


# Who is killed meanwhile

PUSHING = """
from agent import hub
from agent.datasets import digits
pupil = hub.pull("mia/zoe")
for drawing in digits.mnist("test")[0]:
    pupil.learn_one(drawing, "B")
    hub.push(pupil, "mia/zoe", "hf_mia")
    print("pushed", flush=True)
"""


def test_an_agent_is_whole_on_the_hub_when_its_process_is_killed_while_it_pushes(hub, zoe, tmp_path):
    environment = os.environ | hub.environment(tmp_path) | {"PYTHONPATH": str(ROOT), "PUPIL_CACHE": str(tmp_path)}
    chance, n_lessons = random.Random(5), [1]
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", PUSHING], env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline() == "pushed\n"
            time.sleep(chance.uniform(0, 0.5))
            process.kill()
        pulled = shared.pull("mia/zoe")
        n_lessons.append(pulled.n_lessons)
        assert set(serialization.FILES) <= set(hub.files("mia/zoe"))
    assert n_lessons == sorted({*n_lessons})  # each process pushed, and nothing was taken back
    shared.push(pulled, "mia/zoe", "hf_mia")


# What is there already


def test_a_name_that_another_agent_has_is_said_so(hub, zoe, lessons):
    other = born("nearest", name="Other")
    other.learn_one(lessons[0][5], "C")
    with refused(hub, other, "^expected a name that is free, got mia/zoe, which holds another agent. Choose another"):
        shared.push(other, "mia/zoe", "hf_mia")


def test_a_repo_of_ones_own_with_other_things_in_it_is_not_written_to(hub, zoe):
    hub.write("mia/thesis", {"model.bin": b"1", "README.md": b"# Mine"})
    with refused(hub, zoe, "^expected a name that is free, got mia/thesis, which holds other files. Choose another"):
        shared.push(zoe, "mia/thesis", "hf_mia")


def test_a_push_that_somebody_else_was_quicker_than_is_said_so(hub, zoe, lessons):
    other = shared.pull("mia/zoe", token="hf_mia")
    other.learn_one(lessons[0][5], "C")
    shared.push(other, "mia/zoe", "hf_mia")
    with refused(hub, zoe, "^mia/zoe has changed: somebody has published there meanwhile. Fetch it, join yours"):
        shared.push(zoe, "mia/zoe", "hf_mia")
    newer = shared.pull("mia/zoe")
    newer.join(zoe)
    assert shared.push(newer, "mia/zoe", "hf_mia").commit == hub.head("mia/zoe")


@pytest.mark.parametrize("rule", ["*.safetensors", "*.jsonl", "*.none"])
def test_a_push_of_which_the_answer_is_lost_has_arrived(hub, zoe, rule):
    """Whichever files the repo keeps as large ones."""
    zoe.lineage = zoe.lineage.at("mia/zoe", hub.write("mia/zoe", {".gitattributes": f"{rule} filter=lfs\n".encode()}))
    hub.fault("POST", "*/commit/*", drop=True, after=True)
    assert shared.push(zoe, "mia/zoe", "hf_mia").commit == hub.head("mia/zoe") == zoe.lineage.commit
    assert shared.pull("mia/zoe").n_lessons == 2
    zoe.lineage = type(zoe.lineage)()
    assert shared.push(zoe, "mia/zoe", "hf_mia").commit == hub.head("mia/zoe")


# What is in a repo


def test_a_repo_without_an_agent_is_said_so(hub, zoe):
    hub.write("mia/bert", {"config.json": b"{}", "model.safetensors": b"1"})
    with refused(hub, zoe, "^expected the files of an agent in mia/bert, got none named agent.safetensors, lessons"):
        shared.pull("mia/bert")


def test_a_data_set_or_a_space_is_no_agent(hub, zoe):
    for kind in ("datasets", "spaces"):
        hub.write("mia/other", serialization.to_files(zoe), kind=kind)
        with refused(hub, zoe, "^mia/other is not on the Hub"):
            shared.pull("mia/other")


def test_a_file_that_claims_to_be_too_large_is_not_fetched(hub, zoe):
    for name, most in serialization.FILES.items():
        hub.lie("mia/zoe", name, most + 1)
        with refused(hub, zoe, rf"^expected at most {most:,} bytes in {name} of mia/zoe, got .*\. Too large"):
            shared.pull("mia/zoe")
        hub.repo("mia/zoe").lies.clear()
    assert hub.asked(path="*/resolve/*") == []


def test_a_file_larger_than_it_says_is_refused(hub, zoe, monkeypatch):
    hub.write("mia/zoe", {"lessons.jsonl": b"x" * 5000})
    hub.lie("mia/zoe", "lessons.jsonl", 50)
    with refused(hub, zoe, "The Hub gave an unexpected answer .*should be of size 50"):
        shared.pull("mia/zoe")
    monkeypatch.setattr(download, "_checked_head", lambda head, _: head.sha)
    hub.repo("mia/zoe").lies.clear()
    monkeypatch.setitem(serialization.FILES, "lessons.jsonl", 4999)
    with refused(hub, zoe, "^expected at most 4,999 bytes in lessons.jsonl, got 5,000. Too large"):
        shared.pull("mia/zoe")


def test_malformed_agents_are_refused(hub, zoe):
    files = hub.files("mia/zoe")
    config = files["config.json"]
    forged = {
        "expected agent.safetensors, got a file that is none": {"agent.safetensors": files["agent.safetensors"][:-1]},
        "expected agent.safetensors, got 0 bytes": {"agent.safetensors": b""},
        "expected a kind among .*, got 'farthest'": {"config.json": config.replace(b'"nearest"', b'"farthest"')},
        "expected the files of digest .*, got changed ones": {"lessons.jsonl": b""},
        "in config.json, got": {"config.json": b"[" * 50_000},
        "expected an address as OWNER/NAME": {"config.json": config.replace(b'"mia/zoe"', b'"../../etc"')},
    }
    for words, changed in forged.items():
        head = hub.write("mia/zoe", files | changed)
        with refused(hub, zoe, words):
            shared.pull("mia/zoe", revision=head)


def test_a_disabled_repo_is_said_so(hub, zoe):
    hub.set("mia/zoe", disabled=True)
    for call in (lambda: shared.pull("mia/zoe"), lambda: shared.push(zoe, "mia/zoe", "hf_mia")):
        with refused(hub, zoe, "^The Hub has disabled mia/zoe"):
            call()


# What was asked for


def test_a_version_that_is_not_there_is_said_so(hub, zoe):
    for revision in ("f" * 40, "slow", "refs/pr/9"):
        with refused(hub, zoe, "^mia/zoe has no such version. Choose another"):
            shared.pull("mia/zoe", revision=revision)


def test_no_other_words_are_sent_as_a_version(hub, zoe):
    words = ["", "../main", "a/b", "refs/pr/x", "refs/heads/main", "a..b", "-x", "a b", "a\n", 7, b"main", "x" * 101]
    for revision in words:
        with refused(hub, zoe, "^expected a branch, a commit or refs/pr/N, got "):
            shared.pull("mia/zoe", revision=revision)
    assert hub.log == []


def test_no_other_words_are_sent_as_a_repo(hub, zoe):
    words = ["", "zoe/", "../etc/passwd", "mia/..", "mia//zoe", "mia/zoe/x", "mia/z--e", "mia/zoe.git", "mia zoe/x"]
    words += ["mia/zoe\n", "/zoe", "mia/%2e%2e", "models/../mia/zoe", "mia/zoe?x=1", "mia/zoe#x", "mïa/zoe"]
    for repo_id in [*words, "mia/" + "x" * 97, None, 7]:
        calls = [functools.partial(call, repo_id) for call in (shared.pull, shared.versions)]
        calls += [functools.partial(call, zoe, repo_id, "hf_mia") for call in (shared.push, shared.contribute)]
        for call in [*calls, functools.partial(shared.deploy, ".", repo_id, "hf_mia")]:
            with refused(hub, zoe, "^expected an address as OWNER/NAME of letters, digits, - _ and ., got "):
                call()
    assert {one.path for one in hub.log} == {"/api/whoami-v2"}
