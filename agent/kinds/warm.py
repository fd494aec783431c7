"""Compile the kernels before anybody needs them: ``python -m agent.kinds.warm PART``.

The first start on a machine compiles for some ten seconds; later ones read the cache. The parts are compiled in
processes of their own, with low priority, while the app imports what it needs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np

from agent import kernels, retina
from agent.kernels import match, ram, recall
from agent.kinds import FRAMES, KINDS
from agent.kinds.found import Found
from agent.kinds.linear import PRECISIONS, TEACHERS, Linear
from agent.kinds.machine import Machine
from agent.kinds.mind import Scene
from agent.kinds.part import Birth, Part
from agent.kinds.recall import Recall
from agent.kinds.symbols import Symbols
from agent.kinds.tuples import Tuples
from agent.tasks.copy import Copy, shown

PARTS = ("looking", "comparing", "copying", "watching")


def compile_apart() -> list[subprocess.Popen[bytes]]:
    """Start one process for each part; none where all have been compiled before, on such a processor."""
    if kernels.stamp().exists():
        return []
    root = Path(__file__).resolve().parents[2]
    return [subprocess.Popen([sys.executable, "-m", "agent.kinds.warm", part], cwd=root) for part in PARTS]


def compiled(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait for such processes, and remember it where all have done their part."""
    failed = [process.wait() for process in processes]
    if processes and not any(failed):
        kernels.stamp().parent.mkdir(parents=True, exist_ok=True)
        kernels.stamp().touch()


def drawings() -> None:
    """Let a scratch agent of every kind that learns drawings do everything once."""
    one, seven = _kept()
    for kind in KINDS.values():
        memory = kind(kind.Config())
        memory.learn_one(one, "1")
        memory.learn_many(np.stack([one, seven]), ["1", "7"])
        memory.answer(np.stack([one, seven]))
        memory.forget_one(one, "1")
        memory.imagine("7")


def looking() -> None:
    """Compile what turns a drawing into rows and votes: half of the work."""
    memory = Recall(Recall.Config())
    memory.learn_one(_kept()[0], "1")
    memory.propose(retina.keep_many(np.stack(_kept()))[0])


def comparing() -> None:
    """Compile what compares rows: the other half. Called with arrays of the types that the agent has."""
    part = Part(
        Birth(np.zeros((1, 1), np.uint16), np.zeros((0, 2, retina.SIDE + 4, retina.SIDE + 4), np.float32), 2, 0)
    )
    looks = part.hints, part.rests, part.sketches, part.codes
    seen = tuple(np.zeros(array.shape[1:], array.dtype) for array in looks)
    Found((part, part), seen, np.ones(1, bool), 0).compare(np.ones(3, np.int64))
    one, smallest, addresses = np.zeros(1, np.int32), np.zeros((2, 3), np.int32), np.zeros((1, 1), np.uint16)
    pixels, shares = np.zeros((1, 1), np.int32), np.zeros((retina.SIDE, retina.SIDE), np.uint8)
    recall.responses(one, smallest, np.zeros(2, np.int32), 1, 1, 1, one.copy())
    ram.votes(addresses[0], part.tables, part.tables, one)
    ram.voting_pixels(addresses[0], part.tables, part.tables, pixels, 0, -1, shares)
    ram.erase(addresses, part.slots, addresses, part.slots, part.tables)
    match.hamming(np.zeros(1, np.uint64), np.zeros((1, 1), np.uint64), one, one.copy())
    firing()


def firing() -> None:
    """Compile what the neurons of a state machine do."""
    machine = Machine.unwired(1, 1, 0)
    machine.next_state(np.ones(1, bool), np.ones(1, bool))
    machine.next_state(np.ones(1, bool), dd=True)


def copying() -> None:
    """Compile what learners of numbers do."""
    lessons, asked = shown([1, 2, 3], [1, 2, 3]), [Decimal(1)]
    settings = [(Linear, {"teacher": teacher, "precision": each, "steps": 50}) for teacher in TEACHERS
                for each in PRECISIONS]  # fmt: skip
    for kind, given in [*settings, (Tuples, {}), (Symbols, {})]:
        memory = kind(kind.Config(**given))
        for _ in memory.learning(lessons):
            memory.answer(asked)
    Copy().lessons(1, 0)


def watching() -> None:
    """Compile what minds that watch do."""
    for mind in FRAMES.values():
        memory = mind(mind.Config())
        memory.enter(Scene.unknown(8, 1))
        for value in (0.5, -0.5, 0.5):
            memory.observe(np.full(8, value, np.float32))


def _kept() -> tuple[np.ndarray, np.ndarray]:
    one = np.zeros((40, 32), np.uint8)
    one[6:34, 15:18] = 255
    seven = one.copy()
    seven[6:9, 6:27] = 255
    return retina.keep(one), retina.keep(seven)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)
    {"looking": looking, "comparing": comparing, "copying": copying, "watching": watching}[sys.argv[1]]()
