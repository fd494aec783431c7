"""What many tests share: the tiers, small agents of every kind, real lessons, a Hub of their own."""

import logging
import os
import socket
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

from localhub import SWITCHES, LocalHub

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.update(SWITCHES)  # before anybody imports the client of the Hub

import pytest
from agents import born

from agent import models
from agent.datasets import digits

TESTS = Path(__file__).parent
TIERS = {"slow", "browser", "nightly"}  # what `bash tests/run --fast` leaves out


def pytest_collection_modifyitems(items):
    """Mark tests of the browser and of the Hub by folder and fixture; those that start processes say `slow` themselves."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
        if folder == "browser":
            item.add_marker("browser")
        elif folder in ("hub", "localhub") or "local_hub" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")


@pytest.fixture(autouse=True)
def heard():
    """Let loggers speak: whoever configured logging in a test before may have silenced them."""
    logging.disable(logging.NOTSET)
    logging.root.disabled = False
    logging.root.setLevel(logging.WARNING)
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and name.split(".")[0] == "agent":
            logger.disabled, logger.propagate, logger.level = False, True, logging.NOTSET
            logger.manager._clear_cache()


@pytest.fixture(autouse=True)
def compiled(request, monkeypatch):
    """Compile where it is needed: tests that start no process do not compile ahead in others."""
    if not any(item.name in TIERS for item in request.node.iter_markers()):
        monkeypatch.setattr("agent.models.precompile.start", lambda family: [])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Let no test of the fast tier start a process or a server."""

    def refuse(*_args, **_kwargs):
        raise AssertionError(
            "expected a test marked slow, browser or nightly, got one that starts a process or a server."
        )

    with pytest.MonkeyPatch.context() as patch:
        if not any(map(item.get_closest_marker, TIERS)):
            patch.setattr(subprocess.Popen, "__init__", refuse)
            patch.setattr(socket.socket, "listen", refuse)
        return (yield)


@pytest.fixture(params=list(models.MODELS))
def kind(request):
    """The name of every kind in turn."""
    return request.param


@pytest.fixture(scope="session")
def lessons():
    """Sixty real digits, six of each."""
    return digits.Selection({"mnist": 60}, seed=5).draw()


@pytest.fixture(scope="session")
def others():
    """Forty other real digits."""
    drawings, labels = digits.mnist("test")
    return drawings[:40], labels[:40]


@pytest.fixture
def taught(kind, lessons):
    """An agent of every kind with bulk lessons, own lessons, one taken back and one relabelled."""
    pupil = born(kind, name="Mia")
    selection = digits.Selection({"mnist": 20}, seed=8)
    pupil.learn_many(*selection.draw(), source=selection.source)
    for drawing, label in list(zip(*lessons, strict=True))[:12]:
        pupil.learn_one(drawing, label)
    pupil.undo()
    pupil.relabel(pupil.lessons.user_lessons()[2].number, "A")
    return pupil


@pytest.fixture
def local_hub():
    """A Hub with two people, Mia and Ben, who may write."""
    with LocalHub() as hub:
        hub.add_user("mia", token="hf_mia")
        hub.add_user("ben", token="hf_ben")
        yield hub


@pytest.fixture
def hub(local_hub, tmp_path, monkeypatch):
    """That Hub as the one agents are shared through, nothing fetched from it yet, and a client that never sleeps."""
    from huggingface_hub import file_download
    from huggingface_hub.utils import _http

    from agent.hub import listing

    awake = SimpleNamespace(**{name: getattr(time, name) for name in ("time", "monotonic")}, sleep=lambda _: None)
    monkeypatch.setattr(file_download, "time", awake)
    monkeypatch.setattr(_http, "time", awake)
    monkeypatch.setenv("HF_ENDPOINT", local_hub.url)
    monkeypatch.setenv("PUPIL_CACHE", str(tmp_path / "pulled"))
    listing._GALLERIES.clear()
    return local_hub


@pytest.fixture
def zoe(hub, lessons):
    """Mia's agent, shared as mia/zoe, and one lesson ahead of what is there."""
    from agent.hub import push

    pupil = born("nearest", name="Zoe")
    pupil.learn_one(lessons[0][0], "A")
    push(pupil, "mia/zoe", "hf_mia")
    pupil.learn_one(lessons[0][1], "B")
    hub.log.clear()
    return pupil
