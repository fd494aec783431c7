"""Lessons looked at in several processes: the same agent, and a process that dies is noticed."""

import subprocess
import sys

import pytest

from agent.families import new
from agent.kinds import apart
from agent.retina import keep_many

DIES = """
import os
from agent.errors import AgentError
from agent.kinds.apart import apart
try:
    apart(lambda part: os._exit(3) if part.start else None, 10, 2)
except AgentError as error:
    print(error)
"""


@pytest.mark.parametrize("n_processes", [2, 3])
def test_several_processes_give_every_row_that_one_gives(others, n_processes):
    drawings, labels = keep_many(others[0]), others[1]
    one, many = new("recall", n_rows=700).memory, new("recall", n_rows=700).memory
    for memory, n in ((one, 1), (many, n_processes)):
        memory.learn_one(drawings[0], "A")
        memory.learn_apart(drawings, labels, n)
        memory.learn_apart(drawings[::-1], labels, n)
    for name in ("addresses", "codes", "sketches", "hints", "rests", "lots", "lesson", "copy", "slots", "tables"):
        got, expected = getattr(many._bulk, name), getattr(one._bulk, name)
        assert (got[: one._bulk.n] == expected[: one._bulk.n]).all(), name


def test_a_process_that_dies_is_noticed():
    done = subprocess.run([sys.executable, "-c", DIES], capture_output=True, text=True, check=True)
    assert done.stdout == "expected 2 processes to do their parts, got one that died (3).\n"


def test_a_process_with_threads_is_not_split(monkeypatch):
    monkeypatch.setattr(apart.threading, "active_count", lambda: 2)
    done = []
    apart.apart(done.append, 10, 4)
    assert done == [slice(0, 10)]
