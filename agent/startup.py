"""First steps of the app. Import this module first: numba, huggingface_hub and gradio read variables on import."""

from __future__ import annotations

import contextlib
import gc
import importlib
import inspect
import logging
import math
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import NoReturn

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
os.environ.setdefault("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")  # never act with the token of the Space
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# After each event gradio summarises all events in pandas, for the monitoring page, which is off.
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")

from agent import kernels  # noqa: E402  (after the environment)
from agent.models import MODELS, precompile  # noqa: E402

# What a first lesson needs is compiled: handlers wait for it. Matching has its own event, `kernels.MATCHING_READY`
READY = threading.Event()
SHARE_FOR_LESSONS = 0.55  # of the time that compiling for drawings takes, until `READY`: only to say how long it is
_LOG = logging.getLogger(__name__)
_BEGUN, _N_BEFORE = time.monotonic(), kernels.n_compiled()
_processes: list[subprocess.Popen[bytes]] = []


def compile_kernels() -> None:
    """Start to compile the kernels of drawings in other processes; nothing to do where it has been done before.

    Until `warm_up`, no garbage is collected: what is imported and laid out meanwhile stays.
    """
    gc.disable()
    with _reported():
        _processes.extend(precompile.start("drawings"))
    if _processes:
        kernels.MATCHING_READY.clear()


def import_gradio() -> None:
    """Import gradio, and let it write no type stubs.

    Whenever gradio 6.31 is imported it reads the source of each component and writes its stubs, a quarter of the
    processor time until the page is there; what comes from no file has none. Unnecessary when gradio ships its stubs.
    """
    getfile, inspect.getfile = inspect.getfile, _no_file
    try:
        importlib.import_module("gradio")
    finally:
        inspect.getfile = getfile


def _no_file(_: object) -> NoReturn:
    raise OSError("no type stubs are wanted")


def warm_up() -> None:
    """In a background thread, load the kernels when those processes are done, say so, and compile the rest."""
    gc.freeze()
    gc.enable()
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()


def seconds_left() -> int:
    """Estimate how long it takes until `READY` is set."""
    return math.ceil(SHARE_FOR_LESSONS * precompile.seconds_left(_BEGUN, _N_BEFORE))


def _warm_up() -> None:
    with _reported():
        precompile.wait_for_lessons(_processes)
    READY.set()
    with _reported():
        precompile.finish("drawings", _processes)
    kernels.MATCHING_READY.set()
    with _reported():
        precompile.call_model(next(iter(MODELS)))
    for family in ("numbers", "frames", "others"):
        with _reported():
            precompile.finish(family, precompile.start(family))
    for load in (precompile.compile_others, precompile.compile_regression, precompile.compile_frames):
        with _reported():
            load()


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    """Report an error and go on: what is not compiled ahead is compiled when somebody needs it."""
    try:
        yield
    except Exception as error:
        _LOG.exception("Warming up failed (%s): the app answers, at first slowly.", type(error).__name__)
