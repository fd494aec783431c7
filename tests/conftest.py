"""What many tests share: small agents of every kind, real lessons, a Hub of their own."""

import os
import time
from types import SimpleNamespace

from localhub import SWITCHES, LocalHub

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.update(SWITCHES)  # before anybody imports the client of the Hub

import pytest
from newborn import born

from agent import kinds
from agent.tasks import digits


@pytest.fixture(params=list(kinds.KINDS))
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
    pupil.relabel(pupil.lessons.own()[2].number, "A")
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

    from agent.hub import galleries

    awake = SimpleNamespace(**{name: getattr(time, name) for name in ("time", "monotonic")}, sleep=lambda _: None)
    monkeypatch.setattr(file_download, "time", awake)
    monkeypatch.setattr(_http, "time", awake)
    monkeypatch.setenv("HF_ENDPOINT", local_hub.url)
    monkeypatch.setenv("PUPIL_CACHE", str(tmp_path / "pulled"))
    galleries._GALLERIES.clear()
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
