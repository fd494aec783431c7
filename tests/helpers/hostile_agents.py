"""The agents that hostile repos are made of."""

import numpy as np
from agents import born

from agent import preprocessing
from agent.agents import new
from agent.datasets import digits
from agent.errors import AgentError
from agent.models.recall import refinement
from agent.models.recall.params import RecallConfig
from agent.storage import serialization


def agents():
    """Agents of every kind with all that a log can tell, as files: name -> files."""
    selection, (drawings, labels) = digits.Selection({"mnist": 20}, seed=8), digits.mnist("test")
    grey = {"n_bits": 3, "dd": True, "n_outputs": 5}
    born_as = {
        "recall": born("recall", name="Mia"),
        "studied": born("recall", name="Mia"),
        "nearest": born("nearest", name="Mia"),
        "state": born("state", name="Mia"),
        "bounded": born("state", name="Mia", max_rows=40),
        "grey": born("state", **grey),
    }
    found = {}
    for name, pupil in born_as.items():
        pupil.learn_many(*selection.draw(), source=selection.source)
        if name == "studied":
            pupil.study()
        other = born(pupil.kind, name="Ben", **(grey if name == "grey" else {}))
        other.learn_many(drawings[40:44], labels[40:44])
        for drawing, label in zip(drawings[:6], labels[:6], strict=True):
            pupil.learn_one(drawing, label)
        if name not in ("studied", "bounded"):
            pupil.join(other)
        pupil.undo()
        pupil.relabel(pupil.lessons.user_lessons()[1].number, "A")
        pupil.lineage = pupil.lineage.at("ben/zoe", "0" * 40).at("mia/zoe", "1" * 40)
        found[name] = serialization.to_files(pupil)
    return found


def largest():
    """Agents whose settings ask for as much as they may: name -> files, large and slow to make."""
    drawings, labels = digits.mnist("test")
    many = [f"x{number:02}" for number in range(62)]
    asked = {
        "recall, nodes": ("recall", {"n_nodes": 2000, "tuple_size": 7, "n_warps": 200, "n_rows": 3500}, many),
        "recall, rows": ("recall", {"n_nodes": 350, "tuple_size": 2, "n_warps": 200, "n_rows": 10_000}, many),
        "recall, tables": ("recall", {"n_nodes": 175, "tuple_size": 14, "n_warps": 0, "n_rows": 0}, many),
        "state, eight bits": ("state", {"n_bits": 8, "connector": "full", "n_outputs": 62, "code": "one_hot"}, many),
        "state, held": ("state", {"n_held": 20, "n_steps": 100, "connector": "random", "dd": True}, list(labels)),
    }
    found = {}
    for name, (kind, settings, names) in asked.items():
        pupil = new(kind, name="Mia", **settings)
        pupil.learn_many(drawings[:100], (names * 2)[:100])
        for drawing, label in zip(preprocessing.to_thumbnails(drawings[100:190]), (names * 2)[:90], strict=True):
            pupil.model.learn_one(drawing, label)
            pupil.lessons.add(drawing, label, None, when=1.0)
        found[name] = serialization.to_files(pupil)
    return found


def studied(settings, n_labels, n_lessons, rng):
    """What studying may be said to have brought: as many nodes as lessons warrant or others, events of any kind."""

    def any_of(*values):
        return int(values[rng.integers(len(values))])

    try:
        warranted = refinement.n_nodes_for(RecallConfig(**settings), n_labels, n_lessons)
    except AgentError:
        warranted = 1
    n, n_nodes = any_of(0, 1, 100, 16 * n_lessons, 10**5), any_of(warranted, warranted, refinement.N_NODES)
    return refinement.empty_arrays(settings["tuple_size"]) | {
        "studied_reads": np.zeros(
            (refinement.N_SETS * n_nodes + any_of(0, 0, 0, 1), settings["tuple_size"]), np.uint16
        ),
        "studied_bends": rng.integers(-3000, 3000, (refinement.N_WARPS, 2, 4, 4)).astype(np.int16),
        "studied_sets": np.sort(rng.integers(0, refinement.N_SETS + any_of(0, 0, 1), n)).astype(np.uint8),
        "studied_lessons": rng.integers(0, max(1, n_lessons) + any_of(0, 0, 9), n).astype(np.int32),
        "studied_copies": rng.integers(0, refinement.N_WARPS + 1, n).astype(np.int16),
        "studied_rivals": rng.integers(0, n_labels, n).astype(np.uint8),
        "studied_steps": np.full(n, any_of(1, refinement.MAX_STEP, 0, 255), np.uint8),
    }
