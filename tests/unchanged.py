"""What must be refused, and leave an agent and a Hub as they were."""

import contextlib

import pytest

from agent import store
from agent.errors import AgentError


def state(hub, pupil):
    """An agent, byte for byte, and where every repo stands."""
    return store.to_files(pupil), pupil.lineage, {key: repo.main.oid for key, repo in hub.repos.items()}


@contextlib.contextmanager
def refused(hub, pupil, words):
    """A block that must be refused with these words, in one sentence or a few, and change nothing."""
    before = state(hub, pupil)
    with pytest.raises(AgentError, match=words) as caught:
        yield
    assert str(caught.value).startswith("expected") and str(caught.value).endswith((".", "?"))
    assert state(hub, pupil) == before
