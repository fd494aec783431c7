"""What the server's log says from start to end of a walk: nothing but where it is."""

import io
import re
import signal

import pytest
from PIL import Image
from raw import Stranger, file_at
from served import Server

FRAMES = r"^\* (Running on local URL:|To create a public link).*\n|^Keyboard interruption in main thread\.\.\. closing server\.\n"


def walked(server, written):
    """Draw, teach, train, save, load, undo, ask a tool, and do something wrong."""
    stranger, session = Stranger(server.url), "walker"
    file = io.BytesIO()
    Image.fromarray(written["4"][0]).save(file, "PNG")
    four = file_at(stranger.upload("four.png", file.getvalue()))
    for name, data in (("guess", [four]), ("teach", [four, "4"]), ("train", [50]), ("imagine", ["4"]), ("save", [])):
        ended, told = stranger.call(name, data, session)
        assert ended == "complete", (name, told)
    assert stranger.call("load", [file_at(told[0]["path"])], session)[1][0]["n_lessons"] == 51
    assert stranger.call("undo", [], session)[1][0]["n_lessons"] == 50
    assert stranger.call("undo", [], session)[0] == "error"
    assert stranger.call("guess", [file_at(stranger.upload("no.png", b"no"))], session)[0] == "error"
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    assert stranger.ask("POST", "gradio_api/mcp/", body, accept).status == 200


@pytest.fixture(autouse=True)
def heard():
    """Let a server hear Ctrl-C, also where a shell runs the tests in the background: those it starts ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("end", "told"),
    [(signal.SIGINT, "default"), (signal.SIGTERM, None)],
    ids=["Ctrl-C, all warnings told", "terminated, as anybody starts it"],
)
def test_the_log_of_a_walk_holds_no_warning_and_no_traceback(tmp_path, written, end, told):
    server = Server(tmp_path, {"PYTHONWARNINGS": told})
    try:
        walked(server, written)
    finally:
        server.stop(end, 60)
    left = re.sub(FRAMES, "", server.log.read_text(), flags=re.MULTILINE)
    assert not left.strip(), left
