"""What others have shared: who is listed, in which order, for how long, and what is left out."""

import itertools
from collections import defaultdict
from types import SimpleNamespace

import fastapi
import gradio as gr
import pytest
from agents import born
from gradio.context import LocalContext

from agent import hub as shared
from agent.datasets import digits
from agent.errors import AgentError
from agent.hub import download, listing
from agent.storage import serialization
from agent.training import scores
from agent.ui.parts import gallery
from agent.ui.session import SESSIONS

TAGS = ["pupil-agent", "pupil:kind=nearest", "pupil:lessons=3", "pupil:labels=A,7", "pupil:right=1/2"]


@pytest.fixture(autouse=True)
def nobody_asked(monkeypatch):
    monkeypatch.setattr(listing, "_QUESTIONS", defaultdict(list))


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""
    now = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr(listing, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


def shelve(hub, repo_id, tags=TAGS, without=(), **told):
    """Put a repo with the files of an agent there, whatever its card tells."""
    card = f"---\ntags: {list(tags)!r}\n---\n".encode()
    hub.write(repo_id, dict.fromkeys(set(serialization.FILES) - {*without}, b"") | {"README.md": card})
    hub.set(repo_id, **told)


def names(*words):
    return [entry.repo_id for entry in shared.gallery(*words).entries]


def test_the_gallery_tells_what_an_agent_knows(hub, lessons):
    pupil = born("nearest", name="Ten")
    selection = digits.Selection({"mnist": 60}, seed=8)
    pupil.learn_many(*selection.draw(), source=selection.source)
    for label in ("A", "<b>,=%"):
        pupil.learn_one(lessons[0][3], label)
    pushed = shared.push(pupil, "mia/ten", "hf_mia", tested=scores(pupil))
    hub.set("mia/ten", likes=7)
    (entry,) = shared.gallery().entries
    assert (entry.repo_id, entry.author, entry.commit, entry.kind) == ("mia/ten", "mia", pushed.commit, "nearest")
    assert entry.labels == pupil.labels and entry.n_lessons == 62 and entry.likes == 7 and entry.modified == hub.clock
    assert f"right: {entry.n_right:,} of {entry.n_asked:,}" in hub.files("mia/ten")["README.md"].decode()
    assert entry.n_asked > 900 and entry.n_right > 500
    assert shared.pictures([entry])["mia/ten"].startswith(b"\x89PNG")
    n_asked = len(hub.log)
    assert shared.pictures([entry]) and len(hub.log) == n_asked  # of one commit it never changes


def test_the_newest_or_the_most_liked_come_first_and_words_are_searched(hub):
    for number, name in enumerate("abcde"):
        shelve(hub, f"{'mia' if number < 3 else 'ben'}/digits-{name}", likes=number % 3 * 10)
    shelve(hub, "ben/bert", tags=["bert"])
    assert names() == ["ben/digits-e", "ben/digits-d", "mia/digits-c", "mia/digits-b", "mia/digits-a"]
    assert names("", "liked") == ["mia/digits-c", "mia/digits-b", "ben/digits-e", "mia/digits-a", "ben/digits-d"]
    assert names(" DIGITS-D ") == ["ben/digits-d"] and names("nobody") == []
    with pytest.raises(AgentError, match="expected a sort among newest, liked, got 'best'"):
        shared.gallery(sort="best")
    asked = hub.asked("GET", "/api/models")[0].query
    assert asked["filter"] == ["pupil-agent"] and asked["limit"] == ["30"]


def test_private_agents_are_not_shown(hub):
    shelve(hub, "mia/a")
    shelve(hub, "mia/b", private=True)
    assert names() == ["mia/a"]


def test_a_list_is_good_for_a_minute(hub, clock):
    shelve(hub, "mia/a")
    first = shared.gallery()
    shelve(hub, "mia/b")
    clock.seconds += 59
    assert shared.gallery() is first and len(hub.log) == 1
    assert names("a") == ["mia/b", "mia/a"]  # another question
    clock.seconds += 2
    assert names() == ["mia/b", "mia/a"] and len(hub.log) == 3


def test_an_old_list_is_better_than_none(hub, clock):
    shelve(hub, "mia/a")
    first = shared.gallery()
    clock.seconds += 61
    hub.die_at(1)
    for _ in range(3):  # asked once, then good for a minute
        old = shared.gallery()
        assert old.is_old and old.entries == first.entries and not first.is_old
    with pytest.raises(AgentError, match="The Hub cannot be reached for the gallery"):
        shared.gallery("never asked")
    assert len(hub.log) == 3
    hub.live()
    clock.seconds += 61
    assert shared.gallery() == first


def test_a_picture_that_cannot_be_read_is_not_fetched_for_each_visitor(hub, clock):
    shelve(hub, "mia/a")
    entries = shared.gallery().entries
    for n_more in (True, False):
        n_asked = len(hub.log)
        assert shared.pictures(entries) == {} and (len(hub.log) > n_asked) is n_more
    clock.seconds += 61
    assert shared.pictures(entries) == {} and len(hub.log) > n_asked


def test_pictures_that_change_again_and_again_take_a_bounded_room(hub, monkeypatch):
    monkeypatch.setattr(download, "CACHE_BYTES", 20_000)
    for number in range(10):
        shelve(hub, f"mia/a{number}")
        hub.write(f"mia/a{number}", {"labels.png": bytes(9_000 + number)})
        shared.pictures(shared.gallery(f"a{number}").entries)
    kept = [path.stat().st_size for path in download.cache().rglob("*") if path.is_file() and not path.is_symlink()]
    assert 0 < sum(kept) < 40_000


def test_made_up_searches_do_not_fill_the_hub(hub, clock, monkeypatch):
    monkeypatch.setattr(listing, "MAX_QUESTIONS", {"searches": 5})
    first = shared.gallery("0")
    clock.seconds += 1
    for number in range(1, 5):
        shared.gallery(str(number))
    with pytest.raises(AgentError, match="expected at most 5 searches a minute, got more"):
        shared.gallery("5")
    assert shared.gallery("0") == first and len(hub.log) == 5
    clock.seconds += 59
    assert shared.gallery("5").entries == ()  # the first was a minute ago
    assert shared.gallery("0").is_old  # known, and its minute over


def test_one_visitor_leaves_searches_and_pulls_to_the_others(hub, clock, monkeypatch):
    monkeypatch.setenv("PUPIL_PROXIES", "1")

    def as_visitor(address, page="a page", do=gallery.list_agents, what=("", "", "newest")):
        headers = [(b"x-forwarded-for", address)] if address else []
        LocalContext.request.set(gr.Request(fastapi.Request({"type": "http", "headers": headers}), session_hash=page))
        return do(*what)

    def search(address, word, page="a page"):
        return as_visitor(address, page, what=("", word, "newest"))

    for number in range(20):
        assert "searches" not in search(b"192.0.2.7", f"a{number}", f"page {number}")  # new pages of one address
    assert "at most 20 searches a minute, got more" in search(b"192.0.2.7", "one more")
    assert "searches" not in search(b"192.0.2.8", "one more")
    for number in range(20):
        assert "searches" not in search(None, f"b{number}")  # no address: the page counts
    assert "searches" in search(None, "b20") and "searches" not in search(None, "b20", "another page")
    for number in range(18):
        assert "searches" not in search(b"192.0.2.9", f"c{number}")
    assert "at most 60 searches" in search(b"192.0.2.10", "of all too many")

    def pull():
        with SESSIONS.open("of a test") as session:
            return next(itertools.islice(gallery._fetch(session, "mia/nothing", True), 1, None))

    for _ in range(100):
        assert as_visitor(b"192.0.2.7", do=pull, what=()).call
    with pytest.raises(AgentError, match="at most 100 pulls a minute"):
        as_visitor(b"192.0.2.7", do=pull, what=())
    assert as_visitor(b"192.0.2.8", do=pull, what=()).call
    clock.seconds += 61
    assert as_visitor(b"192.0.2.7", do=pull, what=()).call and "searches" not in search(b"192.0.2.7", "again")


def test_only_so_many_questions_are_remembered(hub, monkeypatch):
    monkeypatch.setattr(listing, "MAX_QUESTIONS", {"searches": 200})
    for number in range(102):
        shared.gallery(str(number))
    shared.gallery("0")
    assert len(listing._GALLERIES) == 100 and len(hub.log) == 103


@pytest.mark.parametrize(
    "nonsense",
    ["pupil:kind=farthest", "pupil:kind=", "pupil:lessons=many", "pupil:lessons=-1", "pupil:lessons=" + "9" * 5000]
    + ["pupil:right=2/1", "pupil:right=-1/5", "pupil:right=1", "pupil:right=1/2/3", "pupil:right=1/99999999"]
    + ["pupil:labels=%00", "pupil:labels=much%20too%20long", "pupil:labels=%E2%80%AE", "pupil:labels=%20"],
)
def test_repos_that_tell_nonsense_are_left_out(hub, nonsense):
    shelve(hub, "ben/odd", [tag for tag in TAGS if tag.split("=")[0] != nonsense.split("=")[0]] + [nonsense])
    shelve(hub, "mia/a")
    assert names() == ["mia/a"]


def test_repos_without_an_agent_are_left_out(hub):
    shelve(hub, "ben/tag", ["pupil-agent"])
    shelve(hub, "ben/half", without=["lessons.jsonl"])
    hub.write("ben/card", {"README.md": b"---\ntags: pupil-agent\nbase_model: {a: [1]}\nmodel-index: 7\n---\n"})
    hub.write("ben/none", {"README.md": b"---\n: :\n---\n"})
    shelve(hub, "mia/many", [*TAGS[:3], "pupil:labels=" + ",".join(map(chr, range(0x400, 0x500)))])
    shelve(hub, "mia/few", TAGS[:3])
    assert names() == ["mia/few", "mia/many"]
    assert [len(entry.labels) for entry in shared.gallery().entries] == [0, 62]
    assert shared.gallery().entries[0].n_asked == 0
