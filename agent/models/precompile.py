"""Compile the kernels ahead of use: ``python -m agent.models.precompile PART …``.

The first start on a machine compiles for some ten seconds; later ones read the cache. Parts are compiled in processes
of low priority: what drawings need while the app starts, the rest after it.
"""

from __future__ import annotations

import gc
import itertools
import logging
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np

from agent import kernels, preprocessing
from agent.datasets.copy_numbers import Copy, number_lessons
from agent.kernels import edges, matching, parts, ram, recall
from agent.models import FRAMES, MODELS, Model
from agent.models.frames import FrameSpec
from agent.models.recall.decision import RowMatches
from agent.models.recall.model import Recall
from agent.models.recall.params import FixedParams
from agent.models.recall.row_store import RowStore
from agent.models.regression.linear import PRECISIONS, TEACHERS, Linear
from agent.models.regression.symbols import Symbols
from agent.models.regression.tuples import Tuples
from agent.models.state.machine import Machine

# Parts of each family, a line for each process, which compiles them one after another. The first part of each process
# for drawings is what a lesson needs; one process a core, because numba itself takes a second to get ready
PARTS = {
    "drawings": (("encoding",), ("gate", "matching")),
    "numbers": (("regression",),),
    "frames": (("frames",),),
    "others": (("others",),),
    "arrays": (),
}
NICENESS = {"encoding": 10}  # of all others 19
N_LOOPS = 55  # compiled for drawings: only to say how far it is
SECONDS = 20.0  # that compiling for drawings takes on two cores: only until it is known better
_LOG = logging.getLogger(__name__)


def start(family: str) -> list[subprocess.Popen[bytes]]:
    """Start the processes that compile what a family needs; none where it has been compiled for this processor before.

    A process ends with this one, even when this one is killed: then the pipe to it is closed. It writes the name of
    each part that is compiled.
    """
    if kernels.stamp(family).exists():
        return []
    root, command = Path(__file__).resolve().parents[2], [sys.executable, "-m", "agent.models.precompile"]
    return [
        subprocess.Popen([*command, *parts], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for parts in PARTS[family]
    ]


def wait_for_first(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait until each of these processes has compiled its first part, or has ended."""
    for process in processes:
        if process.stdout is not None:
            process.stdout.readline()


def wait_for_lessons(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait until what a first lesson needs has been compiled, by processes for drawings, and load it."""
    wait_for_first(processes)
    model = Recall(Recall.Config())
    model.vote(gate())
    model.learn_one(gate(), "1")


def finish(family: str, processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait for these processes, and write the marker if all have succeeded; else say so."""
    codes = [process.wait() for process in processes]
    for pipe in (pipe for process in processes for pipe in (process.stdin, process.stdout)):
        if pipe is not None:
            pipe.close()
    if any(codes):
        _LOG.warning("Compiling ahead of use failed (%s, exit codes %s): the app compiles when it must.", family, codes)
    elif processes:
        try:
            kernels.stamp(family).parent.mkdir(parents=True, exist_ok=True)
            kernels.stamp(family).touch()
        except OSError as error:
            _LOG.warning("Compiled loops are not marked as complete (%s): the next start compiles again.", error)


def abandon(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End these processes: nothing is going to be learned."""
    for process in processes:
        process.kill()
        process.communicate()


def seconds_left(begun: float, n_before: int) -> int:
    """Estimate how long compiling for drawings still takes: it began at that monotonic time with so many loops."""
    spent, n_done = time.monotonic() - begun, kernels.n_compiled() - n_before
    n_left = max(1, N_LOOPS - n_before - n_done)
    left = spent * n_left / n_done if n_done >= N_LOOPS // 4 else max(SECONDS - spent, SECONDS / 4)
    return math.ceil(left)


def call_model(name: str) -> Model:
    """Call the main methods of a scratch model that learns drawings."""
    one, seven = preprocessing.to_thumbnails(_pictures())
    model = MODELS[name](MODELS[name].Config())
    model.learn_one(one, "1")
    model.learn_many(np.stack([one, seven]), ["1", "7"])
    model.predict(np.stack([one, seven]))
    model.imagine("7")
    return model


def compile_gate() -> None:
    """Compile what makes a thumbnail of a picture, parts a page into symbols, and counts votes.

    First signatures, which encoding needs last: it takes longer than all of this.
    """
    edges.signature.compile(edges.SIGNATURE_TYPES)
    page, numbers = gate(), np.zeros((preprocessing.SIDE, preprocessing.SIDE), np.int32)
    parts.boxes(numbers, parts.label_parts(page > 0, numbers))
    store, votes = _empty_store(), np.zeros(1, np.int32)
    refined = recall.Refined(np.zeros(0, np.uint16), np.zeros((0, 0, 0), np.int8), np.zeros(1, np.int64), 1)
    recall.vote(np.zeros(1, np.uint16), store.tables, store.tables, refined, votes, np.zeros(1, np.bool_))


def compile_encoding() -> None:
    """Compile encoding: the longest part of what a lesson needs."""
    Recall(Recall.Config()).learn_one(_ink(), "1")


def compile_matching() -> None:
    """Compile matching, cuts and many thumbnails: what is needed next, called with arrays of the types that it has."""
    preprocessing.to_thumbnails(_pictures())
    side = preprocessing.SIDE
    costs = np.zeros((2, side, side), np.float32)
    parts.seams(np.zeros((side, side), np.uint8), costs[0], costs[1])
    parts.seam_through(costs[0], costs[1], 0, 0, np.zeros(side, np.int64))
    store = _empty_store()
    rows = store.prefixes, store.suffixes, store.sketches, store.codes
    query = recall.Query(*(np.zeros(array.shape[1:], array.dtype) for array in rows))
    RowMatches((store, store), query, np.ones(1, bool), 0).compare(np.ones(3, np.int64)).strangeness(0)
    one, addresses = np.zeros(1, np.int32), np.zeros((1, 1), np.uint16)
    pixels, shares = np.zeros((1, 1), np.int32), np.zeros((side, side), np.uint8)
    matches = recall.Matches(one, one, np.zeros((1, 3), np.int32), np.zeros((1, 8), np.int32))
    recall.responses(one, matches, matches, 1, 1, 1, one.copy())
    ram.votes(addresses[0], store.tables, store.tables, one)
    ram.voting_pixels(addresses[0], store.tables, store.tables, pixels, 0, -1, shares)
    matching.hamming(np.zeros(1, np.uint64), np.zeros((1, 1), np.uint64), one, one.copy())


def compile_others() -> None:
    """Compile what the other models of drawings need, and forgetting."""
    machine = Machine.without_wiring(1, 1, 0)
    machine.next_state(np.ones(1, bool), np.ones(1, bool))
    machine.next_state(np.ones(1, bool), dd=True)
    for name in MODELS:
        one, model = gate(), call_model(name)
        model.forget_one(one, "1")


def compile_regression() -> None:
    """Compile the kernels of regressors."""
    lessons, xs = number_lessons([1, 2, 3], [1, 2, 3]), [Decimal(1)]
    pairs = itertools.product(TEACHERS, PRECISIONS)
    lines = [Linear(Linear.Config(teacher=teacher, precision=precision, steps=50)) for teacher, precision in pairs]
    for model in (*lines, Tuples(Tuples.Config()), Symbols(Symbols.Config())):
        for _ in model.iter_learn(lessons):
            model.predict(xs)
    Copy().lessons(1, 0)


def compile_frames() -> None:
    """Compile the kernels of frame models."""
    for frame_model in FRAMES.values():
        model = frame_model(frame_model.Config())
        model.enter(FrameSpec.unknown(8, 1))
        for value in (0.5, -0.5, 0.5):
            model.observe(np.full(8, value, np.float32))


def gate() -> np.ndarray:
    """A thumbnail of a picture."""
    return preprocessing.to_thumbnail(_pictures()[0])


def _pictures() -> np.ndarray:
    one = np.zeros((40, 36), np.uint8)
    one[6:34, 15:18] = 255
    seven = one.copy()
    seven[6:9, 6:27] = 255
    return np.stack([one, seven])


def _empty_store() -> RowStore:
    """A store of one node, which reads one bit."""
    side = preprocessing.SIDE + 4
    return RowStore(FixedParams(np.zeros((1, 1), np.uint16), np.zeros((0, 2, side, side), np.float32), 2, 0))


def _ink() -> np.ndarray:
    """A thumbnail that no loop has made."""
    thumbnail = np.zeros((preprocessing.SIDE, preprocessing.SIDE), np.uint8)
    thumbnail[4:24, 13:15] = 255
    return thumbnail


def end_with_parent() -> None:
    """End as soon as the process that started this one has ended: then the pipe to it is closed."""
    threading.Thread(target=_wait_for_end, daemon=True).start()


def _wait_for_end() -> None:
    while os.read(0, 4096):  # not sys.stdin, whose lock would be held when the interpreter shuts down
        pass
    os._exit(1)


if __name__ == "__main__":
    gc.disable()  # a tenth of the time goes to looking for garbage that is not there
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    for part in sys.argv[1:]:
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, 0, NICENESS.get(part, 19))
        globals()[f"compile_{part}"]()
        os.write(1, f"{part}\n".encode())
