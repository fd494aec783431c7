"""Small agents: the settings that keep tests quick."""

from agent.agents import new
from agent.agents.pupil import Pupil

SMALL = {"recall": {"n_warps": 10, "n_nodes": 60, "tuple_size": 8, "n_rows": 400}}


def born(kind: str, **settings: object) -> Pupil:
    """A small newborn of a kind, always of the same birth."""
    return new(kind, seed=3, **(SMALL.get(kind, {}) | settings))
