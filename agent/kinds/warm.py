"""Compile the kernels before anybody needs them: ``python -m agent.kinds.warm PART``.

The first start on a machine compiles for some ten seconds; later ones read the cache. The parts are compiled in
processes of their own, with low priority, while the app imports what it needs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from agent import retina
from agent.kernels import edges, match, ram, recall
from agent.kinds import KINDS

PARTS = ("looking", "comparing")


def compile_apart() -> list[subprocess.Popen[bytes]]:
    """Start one process for each part."""
    root = Path(__file__).resolve().parents[2]
    return [subprocess.Popen([sys.executable, "-m", "agent.kinds.warm", part], cwd=root) for part in PARTS]


def everything() -> None:
    """Let a scratch agent of every kind do everything once."""
    one, seven = _kept()
    for kind in KINDS.values():
        memory = kind(kind.Config())
        memory.learn_one(one, "1")
        memory.learn_many(np.stack([one, seven]), ["1", "7"])
        memory.answer(np.stack([one, seven]))
        memory.forget_one(one, "1")
        memory.imagine("7")


def looking() -> None:
    """Compile what turns a drawing into rows: half of the work."""
    memory = KINDS["recall"](KINDS["recall"].Config())
    memory.learn_one(_kept()[0], "1")


def comparing() -> None:
    """Compile what compares rows: the other half. Called with arrays of the types that the agent has."""
    rows, slots, one = np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8), np.zeros(1, np.int32)
    bits, counts = np.zeros((1, edges.SIGNATURE_WORDS), np.uint64), np.zeros(64 * edges.SIGNATURE_WORDS + 1, np.int32)
    smallest, n_found = np.zeros((2, 3), np.int32), np.zeros(2, np.int32)
    match.rows_of(slots, np.ones(1, bool), np.zeros(2, np.int32))
    match.hamming(bits[0], bits, one.copy(), one)
    match.closest(one, 1, counts, one.copy())
    match.three_nearest(rows[0], rows, slots, np.zeros(1, np.int32), one, smallest, n_found)
    recall.responses(one, smallest, n_found, 1, 1, 1, one.copy())
    tables, addresses = np.zeros((1, 2), np.uint64), np.zeros((1, 1), np.uint16)
    ram.votes(addresses[0], tables, one)
    ram.rewrite(addresses, slots, 0, tables)


def _kept() -> tuple[np.ndarray, np.ndarray]:
    one = np.zeros((40, 32), np.uint8)
    one[6:34, 15:18] = 255
    seven = one.copy()
    seven[6:9, 6:27] = 255
    return retina.keep(one), retina.keep(seven)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)
    {"looking": looking, "comparing": comparing}[sys.argv[1]]()
