"""Agents on the Hub: pushed, pulled, listed, proposed and merged; and what their cards and files tell there."""

import json

import numpy as np
import pytest
import yaml
from agents import born
from equality import responses
from huggingface_hub import HfApi

from agent import hub as shared
from agent import startup
from agent.agents.pupil import Pupil
from agent.datasets import digits
from agent.errors import AgentError
from agent.hub import load
from agent.progress import run_to_completion
from agent.storage import serialization
from agent.training import scores
from agent.ui import events
from agent.ui.session import Session, Sessions
from agent.ui.tabs import share


def taught_digits(lessons, kind="nearest", name="Zoe"):
    """A small agent that a person taught a dozen digits, some of them once more as bulk lessons."""
    pupil = born(kind, name=name)
    for drawing, label in list(zip(*lessons, strict=True))[:12]:
        pupil.learn_one(drawing, label)
    return pupil


def taught_mnist(lessons):
    """An agent that knows the ten digits by reference, and one drawing of a person."""
    pupil = born("nearest", name="Ten")
    selection = digits.Selection({"mnist": 60}, seed=8)
    pupil.learn_many(*selection.draw(), source=selection.source)
    pupil.learn_one(lessons[0][0], "A")
    return pupil


def front(hub, repo_id):
    """The lines on top of a card, as the Hub reads them."""
    return yaml.safe_load(hub.files(repo_id)["README.md"].decode().split("---\n")[1])


def titles(repo_id):
    return [version.title for version in shared.versions(repo_id)]


# Push and pull


def test_what_is_pulled_is_what_was_pushed(hub, taught, others):
    pushed = shared.push(taught, "mia/zoe", "hf_mia", "My first")
    assert pushed == shared.Pushed("mia/zoe", hub.head("mia/zoe"), f"{hub.url}/mia/zoe")
    pulled = load("mia/zoe")
    assert np.array_equal(responses(pulled, others[0]), responses(taught, others[0]))
    assert pulled.lessons.events == taught.lessons.events and pulled.name == "Mia"
    assert pulled.lineage == taught.lineage and pulled.lineage.commit == pushed.commit
    assert serialization.to_files(pulled) == serialization.to_files(taught) and not pulled.lineage.is_from_cache
    assert {*hub.files("mia/zoe")} == {*serialization.FILES, ".gitattributes"}


def test_a_name_alone_is_a_repo_of_whoever_pushes(hub, lessons):
    assert shared.push(taught_digits(lessons), "zoe", "hf_ben").repo_id == "ben/zoe"
    assert shared.who("hf_mia") == "mia" and not hub.repo("ben/zoe").private


def test_the_message_becomes_the_title_of_the_version(hub, lessons):
    pupil = taught_digits(lessons)
    shared.push(pupil, "mia/zoe", "hf_mia", " Sevens ")
    pupil.learn_one(lessons[0][30], "A")
    shared.push(pupil, "mia/zoe", "hf_mia")
    assert titles("mia/zoe") == ["13 lessons", "Sevens", "initial commit"]
    newest = shared.versions("mia/zoe")[0]
    assert newest.author == "mia" and newest.commit == hub.head("mia/zoe") and newest.when == hub.clock
    for message in ("a\nb", "x" * 201, None):
        with pytest.raises(AgentError, match="expected a message of one line, at most 200"):
            shared.push(pupil, "mia/zoe", "hf_mia", message)


def test_a_private_agent_is_its_owners_alone(hub, lessons):
    pupil = taught_digits(lessons)
    shared.push(pupil, "mia/zoe", "hf_mia", private=True)
    assert hub.repo("mia/zoe").private and shared.pull("mia/zoe", token="hf_mia").n_lessons == 12
    for token in (None, "hf_ben"):
        with pytest.raises(AgentError, match="mia/zoe is not on the Hub, or it is private"):
            shared.pull("mia/zoe", token=token)


def test_an_agent_meant_to_be_private_is_so_in_a_repo_left_open_by_a_push_that_broke_off(hub, lessons):
    hub.write("mia/zoe", {})
    shared.push(taught_digits(lessons), "mia/zoe", "hf_mia", private=True)
    assert hub.repo("mia/zoe").private
    changed = [one.path for one in hub.log if one.path.endswith(("/settings", "/commit/main"))]
    assert changed == ["/api/models/mia/zoe/settings", "/api/models/mia/zoe/commit/main"]


def test_an_agent_pulled_twice_is_fetched_once(hub, lessons):
    shared.push(taught_digits(lessons), "mia/zoe", "hf_mia")
    first = shared.pull("mia/zoe")
    hub.log.clear()
    again = shared.pull("mia/zoe", revision=first.lineage.commit)
    assert serialization.to_files(again) == serialization.to_files(first) and hub.asked(path="*/resolve/*") == []
    assert len(hub.log) == 1  # where the name leads to, and whether it may still be read


def test_versions_branches_and_proposals_can_be_pulled(hub, lessons):
    pupil = taught_digits(lessons)
    old = shared.push(pupil, "mia/zoe", "hf_mia").commit
    HfApi(endpoint=hub.url, token="hf_mia").create_branch("mia/zoe", branch="slow")
    pupil.learn_one(lessons[0][30], "A")
    new = shared.push(pupil, "mia/zoe", "hf_mia").commit
    assert [version.commit for version in shared.versions("mia/zoe")][:2] == [new, old]
    assert hub.repo("mia/zoe").find(new).parent.oid == old
    theirs = shared.pull("mia/zoe")
    theirs.learn_one(lessons[0][31], "B")
    proposed = shared.contribute(theirs, "mia/zoe", "hf_ben")
    found = {
        name: shared.pull("mia/zoe", revision=name) for name in (None, "main", "slow", old, new, proposed.revision)
    }
    assert [each.n_lessons for each in found.values()] == [13, 13, 12, 12, 13, 14]
    assert found["slow"].lineage.commit == old and found[None].lineage.commit == new


def test_pushing_what_is_there_already_makes_no_version(hub, lessons):
    pupil = taught_digits(lessons)
    first = shared.push(pupil, "mia/zoe", "hf_mia")
    assert shared.push(pupil, "mia/zoe", "hf_mia") == first
    pupil.lineage = type(pupil.lineage)()
    assert shared.push(pupil, "mia/zoe", "hf_mia").commit == first.commit and len(shared.versions("mia/zoe")) == 2


def test_a_push_changes_nothing_before_it_is_sent_and_then_needs_no_other_check(hub, lessons):
    pupil = taught_digits(lessons)
    repo_id, message = shared.check_push(pupil, "mia/zoe", "hf_mia")
    files = shared.files_for(pupil, repo_id)
    assert [one.path for one in hub.log] == ["/api/whoami-v2"] and hub.repos == {} and message == "12 lessons"
    pushed = shared.send(pupil, files, repo_id, "hf_mia", message)
    assert pushed.commit == hub.head("mia/zoe") == pupil.lineage.commit
    assert {name: hub.files("mia/zoe")[name] for name in files} == files


# Cards and lineage


def test_the_card_tells_the_hub_what_it_shows_and_finds(hub, lessons):
    pupil = taught_mnist(lessons)
    shared.push(pupil, "mia/ten", "hf_mia", tested=scores(pupil))
    told = front(hub, "mia/ten")
    assert {"pupil-agent", "weightless", "wisard", "mnist", "pupil:lessons=61", "pupil:kind=nearest"} <= set(
        told["tags"]
    )
    assert told["license"] == "cc-by-sa-3.0" and told["datasets"] == ["ylecun/mnist"]
    (result,) = told["model-index"][0]["results"]
    (metric,) = result["metrics"]
    n_right, n_asked = (int(part) for part in told["tags"][-1].removeprefix("pupil:right=").split("/"))
    assert metric["type"] == "accuracy" and metric["value"] == round(n_right / n_asked, 4) > 0.5
    assert n_asked > 900 and metric["name"] == f"right of {n_asked} asked"
    assert "base_model" not in told and 'agent.load("mia/ten")' in hub.files("mia/ten")["README.md"].decode()
    shared.push(taught_digits(lessons), "mia/zoe", "hf_mia")
    assert front(hub, "mia/zoe")["license"] == "mit" and "model-index" not in front(hub, "mia/zoe")


def test_an_agent_raised_from_anothers_says_so(hub, lessons):
    shared.push(taught_digits(lessons), "mia/zoe", "hf_mia")
    raised = load("mia/zoe")
    raised.learn_one(lessons[0][30], "A")
    shared.push(raised, "ben/zoe", "hf_ben")
    told = front(hub, "ben/zoe")
    assert (told["base_model"], told["base_model_relation"]) == (["mia/zoe"], "finetune")
    assert load("ben/zoe").lineage.line == ("mia/zoe", "ben/zoe") and load("ben/zoe").n_lessons == 13


def test_a_joined_agent_says_so_and_can_be_taken_out_again(hub, kind, lessons, others):
    shared.push(taught_digits(lessons, kind), "mia/zoe", "hf_mia")
    pupil = born(kind, name="Ben")
    pupil.learn_one(lessons[0][30], "A")
    expected = responses(pupil, others[0])
    pupil.join(load("mia/zoe"))
    shared.push(pupil, "ben/both", "hf_ben")
    told, pulled = front(hub, "ben/both"), load("ben/both")
    assert (told["base_model"], told["base_model_relation"]) == (["mia/zoe"], "merge")
    assert pulled.lineage.joined == ("mia/zoe",) and pulled.n_lessons == 13
    assert pulled.unjoin() == "Zoe" and pulled.n_lessons == 1
    assert np.array_equal(responses(pulled, others[0]), expected)


# Proposals


def test_what_is_proposed_and_merged_is_there_for_both(hub, lessons, others):
    mine = taught_digits(lessons)
    shared.push(mine, "mia/zoe", "hf_mia")
    theirs = load("mia/zoe")
    theirs.learn_one(lessons[0][30], "A")
    before, head = theirs.lineage, hub.head("mia/zoe")
    got = shared.contribute(theirs, "mia/zoe", "hf_ben", "A letter")
    assert got == shared.Proposed("mia/zoe", 1, "refs/pr/1", f"{hub.url}/mia/zoe/discussions/1")
    assert hub.head("mia/zoe") == head and theirs.lineage == before
    proposed = shared.pull("mia/zoe", revision=got.revision)
    HfApi(endpoint=hub.url, token="hf_mia").merge_pull_request("mia/zoe", got.number)
    for pulled in (proposed, load("mia/zoe")):
        assert pulled.n_lessons == 13 and np.array_equal(responses(pulled, others[0]), responses(theirs, others[0]))
    with pytest.raises(AgentError, match="somebody has published there meanwhile"):
        shared.push(mine, "mia/zoe", "hf_mia", "Without it")


def test_only_an_agent_grown_from_the_one_there_can_be_proposed(hub, lessons):
    shared.push(taught_digits(lessons), "mia/zoe", "hf_mia")
    stranger = taught_digits(lessons, name="Stranger")
    hub.log.clear()
    with pytest.raises(
        AgentError, match="expected an agent that came from mia/zoe, got another one. Fetch that one, join"
    ):
        shared.contribute(stranger, "mia/zoe", "hf_ben")
    assert hub.log == []
    theirs = load("mia/zoe")
    stranger.join(theirs)
    with pytest.raises(AgentError, match="expected an agent that came from mia/zoe, got another one"):
        shared.contribute(stranger, "mia/zoe", "hf_ben")
    theirs.join(stranger)
    assert shared.contribute(theirs, "mia/zoe", "hf_ben").number == 1
    proposed = shared.pull("mia/zoe", revision="refs/pr/1")
    assert proposed.n_lessons == 36 and proposed.unjoin() == "Stranger"
    assert b"base_model" not in hub.files("mia/zoe", "refs/pr/1")["README.md"]  # nobody is their own parent


# Drawings of people


def test_without_drawings_nothing_that_a_person_drew_is_pushed(hub, kind, lessons):
    selection = digits.Selection({"mnist": 20}, seed=8)
    plain, pupil = born(kind, name="Zoe"), born(kind, name="Zoe")
    for each in (plain, pupil):
        each.learn_many(*selection.draw(), source=selection.source)
    for drawing in lessons[0][:5]:
        pupil.learn_one(drawing, "A")
    pupil.learn_many(lessons[0][5:9], ["B"] * 4)
    pupil.relabel(pupil.lessons.user_lessons()[0].number, "C")
    sent = run_to_completion(shared.iter_outgoing(pupil, drawings=False))
    shared.push(sent, "mia/zoe", "hf_mia", tested=scores(sent))
    files = hub.files("mia/zoe")
    log = [json.loads(line) for line in files["lessons.jsonl"].splitlines()]
    assert [event["event"] for event in log] == ["bulk"] and not {"drawing", "drawings", "labels"} & set(log[0])
    plain.lineage = type(plain.lineage)(("mia/zoe",))
    expected = serialization.to_files(plain, scores(plain))
    assert {name: files[name] for name in expected} == expected
    assert pupil.n_lessons == 29 and set(pupil.labels) > set(plain.labels)


def test_an_agent_that_knows_nothing_but_drawings_cannot_go_without_them(hub, lessons):
    for pupil, words in (
        (taught_digits(lessons), "nothing besides your drawings. Let them"),
        (born("nearest"), "nothing."),
    ):
        with pytest.raises(AgentError, match=f"expected an agent that knows something, got one that knows {words}"):
            shared.push(run_to_completion(shared.iter_outgoing(pupil, drawings=False)), "mia/zoe", "hf_mia")
    assert hub.repos == {}


def test_a_push_that_is_stopped_sends_nothing(hub, lessons, monkeypatch):
    sessions = Sessions(lambda: Session(taught_digits(lessons)))
    monkeypatch.setattr(events, "SESSIONS", sessions)
    iterate = Pupil.iter_without_user_lessons

    def stopped_in_the_middle(pupil):
        steps = iterate(pupil)
        yield next(steps)
        sessions.stop("mia")
        yield next(steps)
        raise AssertionError("expected a stop, got another step")

    monkeypatch.setattr(Pupil, "iter_without_user_lessons", stopped_in_the_middle)
    startup.READY.set()
    with events.open_session("mia") as session:
        selection = digits.Selection({"mnist": 20})
        session.pupil.learn_many(*selection.draw(), source=selection.source)
    for do, where in ((share.push, "zoe"), (share.contribute, "mia/zoe")):
        monkeypatch.setattr(share.hub, "check_contribution", lambda *_: "")
        request = (None,) if do is share.push else ()
        told = [*do("mia", where, "", "public", "hf_mia", False, None, *request)]
        assert "Stopped: nothing was sent" in told[-1][0], told
    assert hub.repos == {}
