"""A folder of one's own for each test of the command line."""

import pytest

from agent import user_code
from agent.agents import FAMILIES


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in; models that a test makes known or hands over are forgotten after it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(user_code, "_given", {})
    known = {name: dict(family.MODELS) for name, family in FAMILIES.items()}
    yield tmp_path
    for name, family in FAMILIES.items():
        family.MODELS.clear()
        family.MODELS.update(known[name])
