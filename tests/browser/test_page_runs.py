"""Runs that watch a real page in Chromium from a terminal: stopped, they are saved."""

import http.server
import threading

import pytest
from test_terminal import in_terminal

from agent.storage import serialization

PAGE = b"<title>a page</title><body style='background: teal' onclick='window.pupilScore = 1'><h1>Hello</h1>"


@pytest.fixture
def site():
    """A page of one's own, and nothing else: the address."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/" else 404)
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def words(address):
    small = ["task.settings.n_points=30", "task.settings.radius=20", "plots=false"]
    return ["task=frames", "task.world=browser", f"task.settings.url={address}", "steps=300", *small]


def test_ctrl_c_saves_what_was_watched_and_what_is_tried_by_chance_is_shown(site, tmp_path):
    code, text = in_terminal(*words(site), cwd=tmp_path, press=lambda text: b"\x03" if "100 of 300" in text else None)
    assert code == 130 and "Traceback" not in text, text
    assert text.rstrip().endswith("agent: stopped. The same command goes on where the agent was saved last.")
    n_frames = serialization.load(tmp_path / "runs/default/cells/frames_0").n_lessons
    assert 100 <= n_frames < 300
    code, text = in_terminal(*words(site), cwd=tmp_path)
    assert code == 0 and "by chance" in text and "300 of 300" in text, text


def test_a_page_that_is_not_there_is_refused(site, tmp_path):
    code, text = in_terminal(*words(f"{site}nothing"), cwd=tmp_path)
    assert code == 2 and "got an error page of status 404." in text and not (tmp_path / "runs").exists(), text
