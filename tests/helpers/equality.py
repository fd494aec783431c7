"""Whether two agents, or two draws of lessons, are alike to the byte."""

import numpy as np

from agent.datasets import digits
from agent.storage import serialization


def memory_bytes(pupil):
    """Everything a memory holds, byte for byte: what it would save and what it answers from."""
    inner = pupil.model.tensors()
    if pupil.kind == "recall":
        for name, part in (("own", pupil.model._user), ("bulk", pupil.model._bulk)):
            order = np.lexsort(
                (part.copies[: part.n], part.lesson_ids[: part.n])
            )  # in which order rows lie does not matter
            for array in ("lesson_ids", "copies", "label_ids", "addresses", "codes", "prefixes", "suffixes"):
                inner[f"{name} {array}"] = getattr(part, array)[: part.n][order]
            inner |= {"counters": pupil.model._refined.counters} if pupil.model._refined else {}
            inner |= {f"{name} tables": part.tables, f"{name} copies": part.n_copies[: part.n_lessons]}
    return {name: (array.shape, array.dtype, array.tobytes()) for name, array in inner.items()}


def responses(pupil, drawings):
    """What an agent answers to each drawing, a number for each label."""
    return np.stack([guess.responses for guess in pupil.predict_many(drawings)])


def same_agent(one, other):
    """Whether two agents answer and remember alike, byte for byte."""
    drawings = digits.mnist("test")[0][:60]
    got = [guess.responses for guess in one.predict_many(drawings)]
    expected = [guess.responses for guess in other.predict_many(drawings)]
    return serialization.to_files(one) == serialization.to_files(other) and all(map(np.array_equal, got, expected))


def same_draw(one, other):
    """Whether two draws give the same drawings and labels in the same order."""
    return one[1] == other[1] and len(one[0]) == len(other[0]) and all(map(np.array_equal, one[0], other[0]))
