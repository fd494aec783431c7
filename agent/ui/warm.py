"""Nobody draws before the kernels of drawings are compiled: events wait for `READY`."""

from __future__ import annotations

import subprocess
import threading

from agent.kinds import warm

READY = threading.Event()


def start(compiling: list[subprocess.Popen[bytes]]) -> None:
    """Warm up in the background, once the compiling processes are done; `READY` tells when."""

    def wait_and_warm() -> None:
        try:
            warm.compiled(compiling)
            warm.drawings()
        finally:
            READY.set()
        warm.copying()
        warm.watching()

    threading.Thread(target=wait_and_warm, name="warm-up", daemon=True).start()
