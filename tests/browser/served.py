"""The app as anybody starts it, and digits to draw on it."""

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agent.datasets import digits

ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
NOBODY = "http://127.0.0.1:9"  # no Hub, unless a test starts one
# A visitor who leaves while the pad still sends; what only the machines of Spaces have installed.
HARMLESS = r"^starlette\.requests\.ClientDisconnect|^RuntimeError: `spaces` package is required to run hot-reloading"
ANY_CERTIFICATE = ssl._create_unverified_context()  # also one that nobody has signed
ROOT = Path(__file__).resolve().parents[2]


def aside(do, *given):
    """Do something in a thread of its own: in that of a browser an event loop runs already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(do, *given).result()


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """`python app.py` as anybody starts it, on a free port; or another program, such as one that serves over https."""

    def __init__(self, folder, environment=(), program="app.py", port=None, scheme="http"):
        self.port = port or free_port()
        self.url = f"{scheme}://127.0.0.1:{self.port}/"
        self.log = Path(folder) / "server.log"
        env = os.environ | {"GRADIO_SERVER_PORT": str(self.port), "PYTHONWARNINGS": "default"}
        env = {"HF_ENDPOINT": NOBODY} | env | dict(environment)
        env = {name: value for name, value in env.items() if value is not None}  # None: not set at all
        with self.log.open("w") as log:
            self.process = subprocess.Popen([sys.executable, program], cwd=ROOT, env=env, stdout=log, stderr=log)
        self._until_served(time.monotonic() + 300)

    def _until_served(self, deadline):
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.url, timeout=30, context=ANY_CERTIFICATE) as page:
                    page.read()
                return
            except OSError:
                time.sleep(0.1)
        self._kill()
        raise AssertionError(f"expected a page at {self.url}, got:\n{self.log.read_text()}")

    def stop(self, end=signal.SIGTERM, timeout_s=20):
        """Send a signal and wait for the end; a process that goes on is killed, and the test fails."""
        self.process.send_signal(end)
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._kill()
            raise

    def _kill(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def serving(folder, *words, **more):
    """A server for the time of a `with` block; its log may tell of no mistake."""
    server = Server(folder, *words, **more)
    try:
        yield server
    except BaseException:  # the report says how the server fared
        print(f"the server, {server.process.poll()=}, said at last:\n{server.log.read_text()[-4000:]}")
        raise
    finally:
        server.stop()
    log = server.log.read_text()
    assert log.count("Traceback") == len(re.findall(HARMLESS, log, re.MULTILINE)), log
    assert "output values" not in log, log  # of an event that gave too few


def written_digits():
    """Test digits of MNIST by label: label -> drawings, in order."""
    drawings, labels = digits.mnist("test")
    return {label: [drawings[row] for row in range(400) if labels[row] == label] for label in "0123456789"}
