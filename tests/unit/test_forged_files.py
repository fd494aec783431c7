"""Malformed and forged files: each is refused or gives an agent that works."""

import json

import numpy as np
import pytest
from equality import same_agent
from forge import SEED, changed, signed

from agent.datasets import digits
from agent.errors import AgentError
from agent.storage import serialization

pytestmark = pytest.mark.slow  # files with random faults

FEW, MANY = (20, SEED, range(4, 21)), (200, 0, range(121, 200))  # files, seed, how many of them may be refused
FAULTS = pytest.mark.parametrize(("n", "seed", "refused"), [FEW, pytest.param(*MANY, marks=pytest.mark.nightly)])


def test_a_file_changed_by_one_bit_is_noticed(taught):
    files = serialization.to_files(taught)
    for name in ("agent.safetensors", "lessons.jsonl"):
        content = bytearray(files[name])
        content[-3] ^= 1
        with pytest.raises(AgentError):
            serialization.from_files(files | {name: bytes(content)})
    settings = json.loads(files["config.json"])["settings"]
    with pytest.raises(AgentError, match="got changed ones"):
        serialization.from_files(changed(files, settings=settings | {"seed": 4}))
    assert serialization.from_files(changed(files, name="Max")).name == "Max"


def mutated(files, rng):
    """The files with one random fault, as a .zip, or a .zip with a random fault."""
    files = dict(files)
    name = str(rng.choice(list(files)))
    content = bytearray(files[name])
    fault = rng.integers(8)
    at = int(rng.integers(len(content)))
    if fault == 0:
        content[at] ^= 1 << int(rng.integers(8))
    elif fault == 1:
        del content[at:]
    elif fault == 2:
        content[at:at] = rng.bytes(int(rng.integers(1, 40)))
    elif fault == 3:
        other = files[str(rng.choice(list(files)))]
        content = bytearray(other)
    elif fault == 4:
        content[at : at + 8] = rng.bytes(8)
    elif fault == 5:
        content = bytearray(content.replace(b"1", str(int(rng.integers(10**12))).encode(), int(rng.integers(1, 4))))
    files[name] = bytes(content)
    packed = bytearray(serialization.zipped(files))
    if fault == 6:
        for _ in range(int(rng.integers(1, 10))):
            packed[int(rng.integers(len(packed)))] = int(rng.integers(256))
    elif fault == 7:
        start = int(rng.integers(len(packed)))
        del packed[start : start + int(rng.integers(1, 2000))]
    return bytes(packed)


@FAULTS
def test_malformed_files_give_an_agent_error_or_an_agent_and_change_nothing(taught, n, seed, refused):
    rng = np.random.default_rng(seed)
    files, n_refused = serialization.to_files(taught), 0
    for _ in range(n):
        try:
            pupil = serialization.from_zip(mutated(files, rng))
        except AgentError as error:
            assert str(error).startswith("expected")
            n_refused += 1
        else:  # the card or the name was changed: what the agent knows is what it knew
            got = serialization.to_files(pupil)
            assert all(got[name] == files[name] for name in ("agent.safetensors", "lessons.jsonl"))
            assert pupil.model.config == taught.model.config and pupil.labels == taught.labels
    assert n_refused in refused
    assert serialization.to_files(taught) == files


@FAULTS
def test_forged_files_give_an_agent_error_or_an_agent_that_works(taught, n, seed, refused):
    rng = np.random.default_rng(seed)
    files, drawing, n_refused = serialization.to_files(taught), digits.mnist("test")[0][0], 0
    for _ in range(n):
        name = str(rng.choice(["agent.safetensors", "lessons.jsonl"]))
        content = bytearray(files[name])
        at = int(rng.integers(len(content)))
        content[at : at + int(rng.integers(3))] = rng.bytes(int(rng.integers(1, 3)))
        try:
            pupil = serialization.from_files(signed(files | {name: bytes(content)}))
        except AgentError as error:
            assert str(error).startswith("expected")
            n_refused += 1
            continue
        pupil.learn_one(drawing, "7")
        assert pupil.predict_one(drawing).label == "7"
        pupil.undo()
        assert same_agent(serialization.from_files(serialization.to_files(pupil)), pupil)
    assert n_refused in refused
    assert serialization.to_files(taught) == files
