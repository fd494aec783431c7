"""Lessons looked at in several processes: the same agent, and a process that dies is noticed."""

import subprocess
import sys

import pytest

from agent import progress
from agent.agents import new
from agent.preprocessing import to_thumbnails

DIES = """
import os
from agent.errors import AgentError
from agent.progress import fork_map
try:
    fork_map(lambda part: os._exit(3) if part.start else None, 10, 2)
except AgentError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("n_processes", [2, 3])
def test_several_processes_give_every_row_that_one_gives(others, n_processes):
    drawings, labels = to_thumbnails(others[0]), others[1]
    one, many = new("recall", n_rows=700).model, new("recall", n_rows=700).model
    for model, n in ((one, 1), (many, n_processes)):
        model.learn_one(drawings[0], "A")
        model.learn_parallel(drawings, labels, n)
        model.learn_parallel(drawings[::-1], labels, n)
    rows = "addresses", "codes", "sketches", "prefixes", "suffixes", "lesson_ids", "copies", "label_ids"
    for name in (*rows, "drawing_hashes", "tables"):
        got, expected = getattr(many._bulk, name), getattr(one._bulk, name)
        assert (got[: one._bulk.n] == expected[: one._bulk.n]).all(), name


@pytest.mark.slow
def test_a_process_that_dies_is_noticed():
    done = subprocess.run([sys.executable, "-c", DIES], capture_output=True, text=True, check=True)
    assert done.stdout == "expected 2 processes to do their parts, got one that died (3).\n"


def test_a_process_with_threads_is_not_split(monkeypatch):
    monkeypatch.setattr(progress.threading, "active_count", lambda: 2)
    done = []
    progress.fork_map(done.append, 10, 4)
    assert done == [slice(0, 10)]
