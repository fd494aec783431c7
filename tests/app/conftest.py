"""The real app in a process of its own, and real Chromium visitors."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from visitor import Visitor

ROOT = Path(__file__).resolve().parents[2]
START_S = 120.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def served(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def app_url(tmp_path_factory):
    """Where the app is served; nothing it logged may be an error."""
    port, log = free_port(), tmp_path_factory.mktemp("app") / "log.txt"
    url = f"http://127.0.0.1:{port}/"
    with log.open("wb") as out:
        environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "PYTHONWARNINGS": "default"}
        app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env=environment)
        try:
            deadline = time.monotonic() + START_S
            while not served(url):
                assert app.poll() is None and time.monotonic() < deadline, log.read_text()
            yield url
        finally:
            app.terminate()
            app.wait(timeout=20)
    assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture(scope="session")
def chromium():
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    arguments = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, app_url):
    """Open the app as a new visitor; at the end nobody met an error or asked another machine for anything."""
    visitors = []

    def open_as(**context):
        visitors.append(Visitor(chromium.new_context(**context), app_url))
        return visitors[-1]

    yield open_as
    for visitor in visitors:
        visitor.leave()
