"""What must be refused, and leave an agent and a Hub as they were."""

import contextlib

import pytest

from agent.errors import AgentError
from agent.storage import serialization


def state(hub, pupil):
    """An agent, byte for byte, and where every repo stands."""
    return serialization.to_files(pupil), pupil.lineage, {key: repo.main.oid for key, repo in hub.repos.items()}


@contextlib.contextmanager
def refused(hub, pupil, words):
    """A block that must be refused with these words, in one sentence or a few, and change nothing."""
    before = state(hub, pupil)
    with pytest.raises(AgentError, match=words) as caught:
        yield
    assert str(caught.value).endswith((".", "?"))
    assert state(hub, pupil) == before
