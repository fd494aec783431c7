"""A folder of one's own for each test of the command line."""

import pytest

from agent.models import MODELS


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in; models that a test makes known are forgotten after it."""
    monkeypatch.chdir(tmp_path)
    known = dict(MODELS)
    yield tmp_path
    MODELS.clear()
    MODELS.update(known)
