"""Hostile repos: each is refused in one readable line or gives an agent that works, and none costs much."""

import itertools
import time
import tracemalloc
from collections import Counter

import hostile
import hostile_texts
import pytest
from agents import born
from forge import SEED

from agent import datasets, hub
from agent.datasets import digits
from agent.errors import AgentError
from agent.storage import serialization

BATCH = 50
ON_THE_HUB = {"cards", "paths", "sizes"}  # families that are nothing without a Hub; of the others one in so many
ONE_IN = 12
MOST_BYTES, MOST_SECONDS, MOST_CHARS = 64_000_000, 5.0, 500


@pytest.fixture
def pulled(local_hub, tmp_path, monkeypatch):
    """Puts files into a repo and pulls it."""
    monkeypatch.setenv("HF_ENDPOINT", local_hub.url)
    monkeypatch.setenv("PUPIL_CACHE", str(tmp_path))

    def pull(repo):
        before = dict.fromkeys(local_hub.files("ben/zoe")) if ("models", "ben/zoe") in local_hub.repos else {}
        local_hub.write("ben/zoe", before | {".gitattributes": hostile_texts.RULES} | repo.files)
        local_hub.set("ben/zoe", lies=repo.sizes)
        return lambda: hub.pull("ben/zoe")

    return pull


def read(repo):
    """Reads what would be pulled, after the checks of its sizes."""
    files = {path: content for path, content in repo.files.items() if content is not None}

    def check_and_read():
        if any(len(files.get(name, b"")) > most for name, most in serialization.FILES.items()):
            raise AgentError("expected smaller files, got larger ones.")
        return serialization.from_files(files)

    return check_and_read


def cost(get):
    """What it gives, an agent or an error; the bytes that it took at most, and the seconds."""
    began = time.process_time()
    tracemalloc.start()
    try:
        got = get()
    except AgentError as error:
        got = error
    finally:
        n_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return got, n_bytes, time.process_time() - began


def check(got, drawing):
    """An agent answers and is saved again; an error is one readable line."""
    if isinstance(got, AgentError):
        text = str(got)
        assert text.startswith("expected ") and text.isprintable() and len(text) < MOST_CHARS
        text.encode()
    else:
        assert got.predict_one(drawing).label in {None, *got.labels}
        assert set(serialization.to_files(got)) == set(serialization.FILES)


@pytest.mark.parametrize(("n", "seed"), [(60, SEED), pytest.param(1000, 0, marks=pytest.mark.nightly)])
def test_hostile_repos_harm_nobody(pulled, n, seed):
    drawing, in_use = digits.mnist("test")[0][0], born("recall", name="Ada")
    in_use.learn_many(*digits.Selection({"mnist": 60}, seed=5).draw())
    before, outcomes, repos = serialization.to_files(in_use), Counter(), hostile.repos(n, seed)
    while batch := list(itertools.islice(repos, BATCH)):
        for number, repo in enumerate(batch):
            over_the_hub = repo.family in ON_THE_HUB or number % ONE_IN == 0
            get = pulled(repo) if over_the_hub else read(repo)
            got, n_bytes, seconds = cost(get)
            assert n_bytes < MOST_BYTES and seconds < MOST_SECONDS, (repo.name, n_bytes, seconds)
            check(got, drawing)
            outcomes[over_the_hub, isinstance(got, AgentError)] += 1
        assert serialization.to_files(in_use) == before
    assert outcomes.total() == n
    assert all(outcomes[where, refused] > n // 20 - 3 for where in (True, False) for refused in (True, False)), outcomes


@pytest.mark.parametrize("repo_id", hostile_texts.HOSTILE_REPO_IDS, ids=lambda repo_id: repr(repo_id)[:20])
def test_a_repo_that_cannot_be_is_not_asked_for(local_hub, monkeypatch, repo_id):
    monkeypatch.setenv("HF_ENDPOINT", local_hub.url)
    with pytest.raises(AgentError, match="expected an address as OWNER/NAME"):
        hub.pull(repo_id)
    assert not local_hub.asked()


@pytest.mark.parametrize("source", hostile_texts.HOSTILE_SOURCES, ids=lambda source: repr(source)[:40])
def test_lessons_of_a_hostile_source_are_not_drawn_again(source):
    tracemalloc.start()
    with pytest.raises(AgentError, match="expected "):
        datasets.replay(source)
    assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    tracemalloc.stop()
