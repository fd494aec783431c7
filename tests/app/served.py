"""The app as anybody starts it, and digits to draw on it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from agent.tasks import digits

ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
NOBODY = "http://127.0.0.1:9"  # no Hub, unless a test starts one
ROOT = Path(__file__).resolve().parents[2]


class Server:
    """`python app.py` as anybody starts it, on a free port."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.log = Path(folder) / "server.log"
        env = os.environ | {"GRADIO_SERVER_PORT": str(self.port), "PYTHONWARNINGS": "default"}
        env = {"HF_ENDPOINT": NOBODY} | env
        with self.log.open("w") as log:
            self.process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=env, stdout=log, stderr=log)
        self._until_served(time.monotonic() + 120)

    def _until_served(self, deadline):
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.url, timeout=5) as page:
                    page.read()
                return
            except OSError:
                continue
        raise AssertionError(f"expected a page at {self.url}, got:\n{self.log.read_text()}")

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def written_digits():
    """Test digits of MNIST by label: label -> drawings, in order."""
    drawings, labels = digits.mnist("test")
    return {label: [drawings[row] for row in range(400) if labels[row] == label] for label in "0123456789"}
