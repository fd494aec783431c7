"""Lessons encoded in several threads: the same agent."""

import pytest

from agent.agents import new
from agent.preprocessing import to_thumbnails


@pytest.mark.slow
@pytest.mark.parametrize("n_threads", [2, 3])
def test_several_threads_give_every_row_that_one_gives(others, n_threads):
    drawings, labels = to_thumbnails(others[0]), others[1]
    one, many = new("recall", n_rows=700).model, new("recall", n_rows=700).model
    for model, n in ((one, 1), (many, n_threads)):
        model.learn_one(drawings[0], "A")
        model.learn_parallel(drawings, labels, n)
        model.learn_parallel(drawings[::-1], labels, n)
    rows = "addresses", "codes", "sketches", "prefixes", "suffixes", "lesson_ids", "copies", "label_ids"
    for name in (*rows, "drawing_hashes", "tables"):
        got, expected = getattr(many._bulk, name), getattr(one._bulk, name)
        assert (got[: one._bulk.n] == expected[: one._bulk.n]).all(), name
