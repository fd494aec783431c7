"""Compile the kernels before anybody draws.

`python agent/ui/warm.py` compiles them into numba's cache in a process of its own, while the app imports gradio on the
other core; the app then reads them from the cache.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

READY = threading.Event()
ROOT = Path(__file__).resolve().parents[2]


def warm_up() -> None:
    """Let a scratch agent of every kind do everything once."""
    import agent

    drawing = np.zeros((40, 32), np.uint8)
    drawing[6:34, 15:18] = 255
    other = drawing.copy()
    other[6:9, 6:27] = 255
    for kind in agent.KINDS:
        pupil = agent.new(kind)
        for lesson, label in ((drawing, "1"), (other, "7")):
            pupil.learn_one(lesson, label)
            pupil.predict_one(lesson)
        pupil.learn_many([drawing, other], ["1", "7"])
        pupil.predict_many([drawing, other])
        pupil.imagine("7")
        pupil.undo()


def start(compiling: subprocess.Popen[bytes] | None) -> None:
    """Warm up in the background, once the compiling process is done; `READY` tells when."""

    def wait_and_warm() -> None:
        try:
            if compiling is not None:
                compiling.wait()
            warm_up()
        finally:
            READY.set()

    threading.Thread(target=wait_and_warm, name="warm-up", daemon=True).start()


if __name__ == "__main__":
    sys.path[0] = str(ROOT)
    warm_up()
