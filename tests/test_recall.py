"""What recall alone promises: settings in range, much from little, few copies, reasons in pixels, a starter."""

import copy

import numpy as np
import pytest
from alike import memory_bytes
from newborn import SMALL, born

from agent.errors import AgentError
from agent.families import new
from agent.tasks import digits


@pytest.mark.parametrize(
    "settings",
    [
        {"n_nodes": 0},
        {"n_nodes": 2001},
        {"tuple_size": 15},
        {"tuple_size": True},
        {"n_warps": 1.0},
        {"clear_lead": float("nan")},
    ],
)
def test_settings_out_of_range_are_refused_with_their_numbers(settings):
    name, value = next(iter(settings.items()))
    with pytest.raises(AgentError, match=f"expected {name}.*got {value}"):
        new("recall", **settings)


def test_tables_that_would_fill_the_machine_are_refused():
    with pytest.raises(AgentError, match=r"46,000,000 bytes .* 2000 nodes of 16,384 locations and 6,000 rows"):
        new("recall", n_nodes=2000, tuple_size=14)
    with pytest.raises(AgentError, match="expected a kind"):
        new([])


def test_recall_learns_much_from_little(others):
    """Not a benchmark: a floor well below the figures in the README, to catch a broken part."""
    pupil = new("recall", seed=0)
    pupil.learn_many(*digits.Selection({"mnist": 60}, seed=0).draw())
    drawings, labels = digits.Selection({"mnist": 300}, seed=1, split="train").draw()
    assert np.mean([g.label == label for g, label in zip(pupil.predict_many(drawings), labels, strict=True)]) > 0.88


def test_copies_become_fewer_smoothly_and_fill_no_more_rows_than_they_may(lessons):
    pupil = born("recall")
    drawings, labels = digits.mnist("test")
    most, n_before = SMALL["recall"]["n_rows"], 0
    for n_lessons in range(1, 420):
        pupil.learn_one(drawings[n_lessons], labels[n_lessons])
        part = pupil.memory._own
        assert part.n - n_lessons <= most * 1.1 and abs(part.n - n_before) <= SMALL["recall"]["n_warps"] + 1
        n_before = part.n
    assert part.n == n_lessons  # no copies any more


def test_a_copy_shares_its_memory_until_it_learns(lessons, others):
    pupil = born("recall")
    pupil.learn_many(*lessons)
    before, twin = memory_bytes(pupil), copy.deepcopy(pupil)
    assert twin.memory._bulk.codes is pupil.memory._bulk.codes and twin.memory.n_bytes == 0
    twin.learn_one(others[0][0], "A")
    twin.learn_many(others[0][:3], others[1][:3])
    assert memory_bytes(pupil) == before and "A" not in pupil.labels and twin.memory.n_bytes > 0


def test_the_pixels_that_voted_are_ink_of_the_label_and_not_of_nothing(lessons):
    pupil = born("recall")
    pupil.learn_many(*lessons)
    guess = pupil.predict_one(lessons[0][0])
    assert guess.voted.shape == (28, 28) and guess.voted.dtype == np.uint8 and guess.voted.max() == 255
    assert guess.voted[:2].max() == 0  # no node reads the rim
    assert pupil.predict_many(lessons[0][:1])[0].voted is None


def test_a_starter_knows_digits_and_is_shared_until_it_learns(others):
    pupil, twin = (new("recall", starter="everyday", name=name) for name in ("Mia", "Ada"))
    assert (pupil.name, twin.name) == ("Mia", "Ada") and pupil.n_lessons == 4_000 + 1_500 + 200
    assert pupil.memory._bulk.codes is twin.memory._bulk.codes
    assert np.mean([g.label == label for g, label in zip(pupil.predict_many(others[0]), others[1], strict=True)]) > 0.9
    pupil.learn_one(others[0][0], "A")
    assert "A" not in twin.labels and pupil.memory.n_bytes < 30_000_000
    with pytest.raises(AgentError, match="starter among everyday, sixty, mnist, got 'evrday'"):
        new("recall", starter="evrday")


def test_the_more_nodes_and_rows_the_fewer_labels(others):
    pupil = new("recall", n_nodes=500)
    assert pupil.memory.MAX_LABELS == 16 and new("recall").memory.MAX_LABELS == 62
    pupil.learn_many(others[0][:16], [f"n{number}" for number in range(16)])
    with pytest.raises(AgentError, match="expected at most 16 labels, got 17"):
        pupil.learn_one(others[0][16], "n16")
    with pytest.raises(AgentError, match="bytes of tables and rows, got .* for 2000 nodes of 4,096 locations"):
        new("recall", n_nodes=2000)
