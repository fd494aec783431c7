"""RAM nodes looked at one by one: votes, addresses and who wrote a location."""

import numpy as np
import pytest
from agents import born

from agent import preprocessing
from agent.errors import AgentError
from agent.models.recall.inspection import N_WRITERS


@pytest.fixture
def pupil(lessons):
    """Forty lessons in bulk, ten of its own, two of them the same drawing under other labels before."""
    pupil = born("recall")
    pupil.learn_many(lessons[0][:40], lessons[1][:40])
    for drawing, label in zip(lessons[0][40:50], lessons[1][40:50], strict=True):
        pupil.learn_one(drawing, label)
    return pupil


def test_a_drawing_that_was_taught_is_known_to_every_node(pupil, lessons):
    thumbnail = preprocessing.to_thumbnail(lessons[0][45])
    nodes = pupil.model.nodes(thumbnail)
    addresses, seen = nodes.addresses, nodes.seen
    assert addresses.shape == (60,) and seen.shape == (60, len(pupil.labels))
    assert seen[:, pupil.labels.index(lessons[1][45])].all()
    for node in range(60):
        at = pupil.model.nodes(thumbnail).location(node)
        assert at.address == addresses[node]
        assert sum(int(bit) << place for place, bit in enumerate(at.bits[::-1])) == at.address
        assert set(at.n_rows) == {label for label, here in zip(pupil.labels, seen[node], strict=True) if here}


def test_a_location_names_its_writers_and_all_their_rows(pupil, lessons, others):
    model = pupil.model
    thumbnail = preprocessing.to_thumbnail(others[0][0])
    for node in range(20):
        at = model.nodes(thumbnail).location(node)
        n_rows = sum(
            int(np.count_nonzero(part.addresses[: part.n, node] == at.address)) for part in (model._user, model._bulk)
        )
        assert sum(at.n_rows.values()) == n_rows
        assert len(at.writers) == min(N_WRITERS, at.n_writers)
        if at.n_writers <= N_WRITERS:
            assert sum(writer.n_rows for writer in at.writers) == n_rows
        own = {lesson.drawing.tobytes() for lesson in pupil.lessons.user_lessons()}
        for writer in at.writers:
            assert writer.is_own == (writer.drawing.tobytes() in own)


def test_forgetting_a_lesson_takes_it_out_of_all_locations(pupil, lessons):
    thumbnail = preprocessing.to_thumbnail(lessons[0][45])
    pupil.forget_one(lessons[0][45], lessons[1][45])
    for node in range(60):
        writers = pupil.model.nodes(thumbnail).location(node).writers
        assert thumbnail.tobytes() not in {writer.drawing.tobytes() for writer in writers}


def test_the_nodes_of_a_pixel_read_it(pupil, lessons):
    thumbnail = preprocessing.to_thumbnail(lessons[0][0])
    for pixel in (100, 406, 500):
        reading = pupil.model.nodes(thumbnail).reading(pixel).tolist()
        for node in range(60):
            assert (pixel in pupil.model.nodes(thumbnail).location(node).pixels) == (node in reading)


@pytest.mark.parametrize("node", [-1, 60])
def test_a_node_that_is_not_there_is_refused(pupil, lessons, node):
    with pytest.raises(AgentError, match=f"expected a node from 0 to 59, got {node}"):
        pupil.model.nodes(preprocessing.to_thumbnail(lessons[0][0])).location(node)
