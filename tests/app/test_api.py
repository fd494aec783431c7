"""The named endpoints, and what the server refuses."""

import json
import urllib.error
import urllib.request

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from agent import store


@pytest.fixture
def client(server):
    """A caller with a desk of its own."""
    return Client(server.url, verbose=False, analytics_enabled=False)


@pytest.fixture
def picture(written, tmp_path):
    """Write a digit to a PNG and give it as callers send it."""

    def write(label, row=0):
        path = tmp_path / f"{label}-{row}.png"
        Image.fromarray(written[label][row]).save(path)
        return handle_file(str(path))

    return write


def test_only_the_five_endpoints_are_named(client):
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {
        "/guess",
        "/teach",
        "/undo",
        "/save",
        "/load",
    }


def test_endpoints_guess_teach_undo_save_and_load(client, server, picture):
    assert client.predict(picture("4"), api_name="/guess")["unsure"]
    assert client.predict(picture("4"), "4", api_name="/teach") == {"label": "4", "guessed": None, "n_lessons": 1}
    assert client.predict(picture("0"), "0", api_name="/teach")["n_lessons"] == 2
    guess = client.predict(picture("4", 1), api_name="/guess")
    assert guess["label"] == "4" and set(guess["responses"]) == {"0", "4"} and 0 < guess["confidence"] <= 1
    file = client.predict(api_name="/save")
    assert store.load(file).n_lessons == 2
    assert client.predict(api_name="/undo") == {"label": "0", "n_lessons": 1}
    other = Client(server.url, verbose=False, analytics_enabled=False)
    loaded = other.predict(handle_file(file), api_name="/load")
    assert loaded == {"name": "Pupil", "kind": "recall", "n_lessons": 2, "labels": ["0", "4"]}
    assert other.predict(picture("4", 1), api_name="/guess") == guess


def test_endpoints_say_what_was_expected(client, picture, tmp_path):
    with pytest.raises(AppError, match="Expected a label of 1 to 8"):
        client.predict(picture("4"), "far too long", api_name="/teach")
    with pytest.raises(AppError, match="Expected a lesson to take back"):
        client.predict(api_name="/undo")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(AppError):
        client.predict(handle_file(str(tmp_path / "text.png")), api_name="/guess")


def post(url, body, chunked=False):
    """Post JSON and give the status; chunked: without saying how long it is."""
    data = iter([body[:100], body[100:]]) if chunked else body
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", ["gradio_api/queue/join", "gradio_api/run/guess", "gradio_api/call/guess"])
def test_large_bodies_are_refused(server, path, chunked):
    large = json.dumps({"data": ["x" * 300_000], "fn_index": 0, "session_hash": "large"}).encode()
    assert post(server.url + path, large, chunked) == 413
