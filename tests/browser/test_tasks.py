"""Twenty-five tasks, found and done with a mouse, a finger or keys alone, in few presses."""

import pytest
from sharing import app_of, people
from tasks import TASKS, WAYS, Walk


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """An app with a Hub to give an agent to."""
    with people() as hub, app_of(hub, tmp_path_factory.mktemp("tasks")) as server:
        yield server


@pytest.mark.parametrize("way", [pytest.param(way, marks=[pytest.mark.nightly] * (way != "mouse")) for way in WAYS])
@pytest.mark.parametrize("task", TASKS)
def test_a_task_takes_no_more_presses_than_it_may(visit, written, tmp_path, task, way):
    do, most = TASKS[task]
    walk = Walk(visit(WAYS[way]), written, tmp_path, with_keys=way == "keys")
    do(walk)
    assert 1 <= walk.n_presses <= (most or 1), walk.n_presses
