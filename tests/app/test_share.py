"""Agents go from one visitor to another through the Hub, in a real browser."""

import pytest
from served import serving
from sharing import card, people, pull, push, put, refused, seek, sign, take, taught

from agent import store


@pytest.fixture(scope="module")
def hub():
    """The Hub of these tests."""
    with people() as hub:
        yield hub


@pytest.fixture(scope="module")
def server(hub, tmp_path_factory):
    """An app whose Hub this is."""
    folder = tmp_path_factory.mktemp("share")
    told = hub.environment(folder / "home") | {"PUPIL_CACHE": str(folder / "cache")}
    with serving(folder, told) as server:
        yield server


@pytest.fixture
def sharing(visit, written, tmp_path):
    """A visitor on the Share tab whose agent had a lesson of each of these digits."""

    def arrive(labels, token=None, look="desktop, light"):
        visitor = visit(look)
        visitor.tab("Share")
        visitor.load(store.save(taught(written, labels), tmp_path / "agent.zip"))
        if token:
            sign(visitor, token)
        return visitor

    return arrive


def test_two_digits_are_taught_and_pushed_with_the_drawings_alone(visit, written, hub):
    mia = visit()
    mia.teach(written["4"][0], "4")
    mia.teach(written["0"][0], "0")
    mia.tab("Share")
    push(mia, "fours")
    refused(mia, "Sign in")
    sign(mia, "hf_mia")
    push(mia, "fours", drawings=False)
    refused(mia, "Let them go along")
    assert mia.n_lessons == 2 and ("models", "mia/fours") not in hub.repos
    push(mia, "fours", "first two")
    mia.until_text("#pushed", "Pushed: mia/fours.")
    link = mia.page.locator("#pushed a")
    assert link.get_attribute("href") == f"{hub.url}/mia/fours" and link.get_attribute("rel") == "noopener"
    assert store.from_files({name: hub.files("mia/fours")[name] for name in store.FILES}).n_lessons == 2
    assert hub.repo("mia/fours").main.title == "first two"
    found = seek(mia, "fours", "mia/fours")
    assert "mia · 2026-" in found.inner_text() and "2 lessons" in found.inner_text()
    assert found.locator("img").evaluate("(it) => it.complete && it.naturalHeight") == 28
    assert mia.n_lessons == 2
