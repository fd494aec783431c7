"""Agents go from one visitor to another through the Hub, in a real browser."""

import pytest
from localhub import Fault
from sharing import app_of, card, people, pull, push, put, refused, seek, sign, take, taught

from agent.storage import serialization


@pytest.fixture(scope="module")
def hub():
    """The Hub of these tests."""
    with people() as hub:
        yield hub


@pytest.fixture(scope="module")
def server(hub, tmp_path_factory):
    """An app whose Hub this is."""
    with app_of(hub, tmp_path_factory.mktemp("share")) as server:
        yield server


@pytest.fixture
def sharing(visit, written, tmp_path):
    """A visitor on the Share tab whose agent had a lesson of each of these digits."""

    def arrive(labels, token=None, look="desktop, light"):
        visitor = visit(look)
        visitor.tab("Share")
        visitor.load(serialization.save(taught(written, labels), tmp_path / "agent.zip"))
        if token:
            sign(visitor, token)
        return visitor

    return arrive


def test_two_digits_are_taught_and_pushed_with_the_drawings_alone(visit, written, hub):
    mia = visit()
    mia.teach(written["4"][0], "4")
    mia.teach(written["0"][0], "0")
    put(hub, "ben/early", taught(written, "1"))
    mia.tab("Share")
    card(mia, "ben/early")  # opening the tab lists what there is
    push(mia, "fours")
    refused(mia, "Sign in")
    mia.until_text("#push-status", "You are not signed in.")  # stays where one looks
    sign(mia, "hf_mia")
    push(mia, "fours", drawings=False)
    refused(mia, "Let them go along")
    assert mia.n_lessons == 2 and ("models", "mia/fours") not in hub.repos
    push(mia, "fours", "first two")
    mia.until_text("#pushed", "Published: mia/fours.")
    link = mia.page.locator("#pushed a")
    assert link.get_attribute("href") == f"{hub.url}/mia/fours" and link.get_attribute("rel") == "noopener"
    assert serialization.from_files({name: hub.files("mia/fours")[name] for name in serialization.FILES}).n_lessons == 2
    assert hub.repo("mia/fours").main.title == "first two"
    found = seek(mia, "fours", "mia/fours")
    assert "mia · 2026-" in found.inner_text() and "2 lessons" in found.inner_text()
    assert found.locator("img").evaluate("(it) => it.complete && it.naturalHeight") == 28
    assert mia.n_lessons == 2


def test_an_agent_of_the_gallery_answers_beside_ones_own_and_is_compared(sharing, written, hub):
    put(hub, "mia/nines", taught(written, "479"))
    ben = sharing("01")
    seek(ben, "nines", "mia/nines")
    assert not ben.page.locator("#compare").is_visible()
    take(ben, "mia/nines", "try")
    ben.until_text("#share-status", "mia/nines answers beside yours")
    ben.until_text("#guest-name", "mia/nines, 3 lessons")
    ben.press("#compare")
    ben.until_text("#compared", "300 of 300 asked")
    ben.until_text("#compared", "only mia/nines")
    ben.tab("Draw")
    ben.draw(written["4"][0])
    ben.until_text("#guest", "mia/nines says 4")
    assert ben.n_lessons == 2
    ben.tab("Share")
    ben.press("#send-away")
    ben.page.locator("#compare").wait_for(state="hidden")
    ben.tab("Draw")
    ben.page.locator(".guest").wait_for(state="detached")


def test_joining_adds_up_and_is_taken_out_again(sharing, written, hub):
    put(hub, "mia/joiners", taught(written, "479"))
    ben = sharing("01")
    seek(ben, "joiners", "mia/joiners")
    ben.unfold("#experts")
    ben.press("#unjoin")
    refused(ben, "There is nothing to take out")
    take(ben, "mia/joiners", "join")
    ben.until_text("#share-status", "Joined: mia/joiners. Yours has had 5 lessons now.")
    assert ben.n_lessons == 5
    ben.tab("Draw")
    ben.until("document.querySelectorAll('#notebook .thumb').length === 5")
    ben.tab("Share")
    ben.press("#unjoin")
    ben.until_text("#share-status", "Taken out:")
    ben.until_text("#chip", "2 lessons")


def test_what_somebody_else_began_is_taught_and_proposed_back(sharing, written, hub):
    for labels, message in (("4", "one"), ("47", "two")):
        put(hub, "mia/roots", taught(written, labels, "Roots"), message=message)
    ben = sharing("01", token="hf_ben")
    ben.unfold("#experts")
    ben.press("#propose")
    refused(ben, "got one of your own")
    seek(ben, "roots", "mia/roots")
    take(ben, "mia/roots", "start")
    ben.until_text("#share-status", "Opened: mia/roots, 2 lessons.")
    ben.until_text("#chip", "Roots · 2 lessons")
    ben.press("#chip")
    assert ben.text(".my-agents").startswith("Pupil 2 lessons · 0 1")
    ben.page.keyboard.press("Escape")
    ben.tab("Draw")
    ben.teach(written["9"][0], "9")
    ben.tab("Share")
    push(ben, "mia/roots")
    refused(ben, "send yours back to its author")
    ben.write("#repo", "")
    ben.press("#propose")
    ben.until_text("#pushed", "Sent back to mia/roots, number 1.")
    assert ben.page.locator("#pushed a").get_attribute("href") == f"{hub.url}/mia/roots/discussions/1"
    pull(ben, "mia/roots")
    ben.until_text("#share-status", "Fetched: mia/roots, version")
    assert ben.n_lessons == 2
    pull(ben, "mia/roots@refs/pr/1")
    ben.until_text("#chip", "3 lessons")
    ben.press("#look")
    ben.until("document.querySelectorAll('#versions label').length > 1")
    assert "two" in ben.text("#versions") and "mia" in ben.text("#versions")
    ben.choose("#versions", "one")
    ben.press("#pull")
    ben.until_text("#chip", "1 lesson ")


def test_a_link_and_its_code_open_the_agent_in_place_of_one_that_knows_nothing_else_beside_it(
    sharing, visit, written, hub
):
    mia = sharing("479", token="hf_mia")
    push(mia, "linked")
    mia.until_text("#pushed", "Published: mia/linked.")
    link = mia.page.locator("#pushed .link input").input_value()
    assert link == f"{mia.url}?agent=mia/linked" and "svg" in mia.page.locator("#pushed .qr").get_attribute("src")
    path = link.removeprefix(mia.url)
    fresh = visit("phone, upright", path=path)
    fresh.until_text("#chip", "Pupil · 3 lessons")
    fresh.draw(written["4"][0])
    fresh.until_guessed("4")
    fresh.open()
    fresh.until_text("#chip", "Pupil · 3 lessons")
    ben = visit()
    ben.teach(written["5"][0], "5")
    ben.path = path
    ben.open()
    ben.until_text("#guest", "mia/linked says")
    assert ben.n_lessons == 1
    ben.press("#guest [data-do=use]")
    ben.until_text("#chip", "3 lessons")
    ben.press("#chip")
    assert ben.text(".my-agents").startswith("Pupil 1 lesson · 5")


def test_two_agents_are_always_there_to_try(visit, written, hub):
    ben = visit()
    hub.faults.die_at(1, after=False)
    try:
        ben.teach(written["5"][0], "5")
        ben.tab("Share")
        card(ben, ":sixty").get_by_role("button", name="Try beside mine").click()
        ben.until_text("#guest-name", "Beside yours: Knows sixty digits, 60 lessons.")
        ben.press("#use-other")
        ben.until_text("#chip", "Knows sixty digits · 60 lessons")
    finally:
        hub.faults.live()


def test_what_is_not_there_or_not_for_everybody_is_said_in_words(sharing, written, hub):
    put(hub, "mia/secret", taught(written, "479"))
    hub.repo("mia/secret").private = True
    hub.write("mia/other", {"README.md": b"# No agent"}, user="mia")
    ben = sharing("01")
    for wanted, said in (
        ("mia/nowhere", "is not on the Hub, or it is private"),
        ("mia/secret", "is not on the Hub, or it is private"),
        ("mia/other", "got none named config.json"),
        ("../etc", "Expected an address as OWNER/NAME"),
        ("", "Expected an address as OWNER/NAME"),
    ):
        pull(ben, wanted)
        refused(ben, said)
        assert ben.n_lessons == 2, wanted
    sign(ben, "hf_mia")
    pull(ben, "mia/secret")
    ben.until_text("#share-status", "Fetched: mia/secret, version")
    sign(ben, "hf_nobody")
    push(ben, "mine")
    refused(ben, "Sign in again")
    assert ben.n_lessons == 3


def test_a_hub_that_is_away_loses_nothing(sharing, written, hub):
    put(hub, "mia/known", taught(written, "479"))
    ben = sharing("01", token="hf_ben")
    seek(ben, "known", "mia/known")
    pull(ben, "mia/known")
    ben.until_text("#share-status", "Fetched: mia/known, version")
    hub.faults.die_at(1, after=False)
    try:
        pull(ben, "mia/known")
        ben.until_text("#share-status", "The Hub is away. This is mia/known as fetched before")
        pull(ben, "mia/unknown")
        refused(ben, "Try later")
        push(ben, "mine")
        refused(ben, "Your agent is unchanged")
        ben.write("#seek", "nobody looked for this")
        ben.press("#look-again")
        ben.until_text("#gallery", "The Hub cannot be reached for the gallery.")
        assert ben.n_lessons == 3
    finally:
        hub.faults.live()
    push(ben, "mine")
    ben.until_text("#pushed", "Published: ben/mine.")
    assert hub.repo("ben/mine").main.author == "ben"


def test_a_slow_hub_keeps_nobody_else_from_drawing(sharing, visit, written, hub):
    put(hub, "mia/slow", taught(written, "479"))
    ben, mia = sharing("01"), visit()
    hub.faults.add(Fault("GET", "/api/models*", times=None, delay=12))
    try:
        pull(ben, "mia/slow")
        ben.until_text("#share-status", "Fetching mia/slow")
        ben.write("#seek", "slow")
        ben.press("#look-again")
        mia.draw(written["5"][0])
        mia.until_guessed("Not sure")
        refused(ben, "in time")
        ben.until_text("#gallery", "in time")
    finally:
        hub.faults.clear()
    assert ben.n_lessons == 2
