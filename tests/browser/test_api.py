"""The named endpoints, and what the server refuses."""

import json
import urllib.error
import urllib.request

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from agent.storage import serialization
from agent.ui.server import api


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


def test_only_these_endpoints_are_named_and_all_say_what_they_do(client):
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert [name[1:] for name in named] == list(api.NAMES)
    assert all(endpoint["description"].endswith((".", "!")) for endpoint in named.values())


def test_endpoints_guess_teach_undo_save_and_load(client, server, picture):
    assert client.predict(picture("4"), api_name="/guess")["unsure"]
    taught = client.predict(picture("4"), "4", api_name="/teach")
    assert (taught["label"], taught["guessed"], taught["n_lessons"]) == ("4", None, 1)
    assert client.predict(picture("0"), "0", api_name="/teach")["n_lessons"] == 2
    guess = client.predict(picture("4", 1), api_name="/guess")
    assert guess["label"] == "4" and set(guess["responses"]) == {"0", "4"} and 0 < guess["confidence"] <= 1
    file = client.predict(api_name="/save")
    assert serialization.load(file).n_lessons == 2
    undone = client.predict(api_name="/undo")
    assert (undone["label"], undone["n_lessons"]) == ("0", 1)
    other = Client(server.url, verbose=False, analytics_enabled=False)
    loaded = other.predict(handle_file(file), api_name="/load")
    assert loaded == {"name": "Pupil", "kind": "recall", "n_lessons": 2, "labels": ["0", "4"]}
    assert other.predict(picture("4", 1), api_name="/guess") == guess


def test_a_number_is_read_symbol_by_symbol(client, written, tmp_path):
    page = np.concatenate([np.pad(np.array(written[label][0]), 14) for label in "47"], axis=1)
    path = tmp_path / "number.png"
    Image.fromarray(page).resize((page.shape[1] * 3, page.shape[0] * 3)).save(path)
    read = client.predict(handle_file(str(path)), api_name="/read")
    assert read["text"] == "??" and [symbol["line"] for symbol in read["symbols"]] == [0, 0]
    assert read["symbols"][0]["box"][2] <= read["symbols"][1]["box"][0] and read["symbols"][0]["unsure"]


def test_endpoints_say_what_was_expected(client, picture, tmp_path):
    with pytest.raises(AppError, match="Expected a label of 1 to 8"):
        client.predict(picture("4"), "far too long", api_name="/teach")
    with pytest.raises(AppError, match="Expected a lesson to take back"):
        client.predict(api_name="/undo")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(AppError):
        client.predict(handle_file(str(tmp_path / "text.png")), api_name="/guess")


def test_a_caller_that_keeps_the_log_has_every_lesson_again(client, server, picture, tmp_path):
    lines, drawn = [], [("4", 0), ("0", 0), ("4", 1), ("7", 0)]
    for label, row in drawn:
        news = client.predict(picture(label, row), label, api_name="/teach")["log"]
        lines[news["start"] :] = news["lines"]
    news = client.predict(picture("0"), "0", api_name="/forget")["log"]
    lines[news["start"] :] = news["lines"]
    (tmp_path / "log.jsonl").write_text("\n".join([news["birth"], *lines]))
    other = Client(server.url, verbose=False, analytics_enabled=False)
    restored = other.predict(handle_file(str(tmp_path / "log.jsonl")), api_name="/restore")
    assert (restored["n_lessons"], restored["labels"]) == (3, ["4", "7"])
    again, before = (each.predict(picture("7", 1), api_name="/guess") for each in (other, client))
    assert again == before and again["label"] is not None
    with pytest.raises(AppError, match="Expected a lesson in line 1"):
        (tmp_path / "log.jsonl").write_text(news["birth"] + "\n[]")
        other.predict(handle_file(str(tmp_path / "log.jsonl")), api_name="/restore")
    assert other.predict(picture("7", 1), api_name="/guess") == before


def test_training_tells_how_far_it_is_and_what_was_learned_can_be_seen(client):
    done = [told["n_done"] for told in client.submit(60, api_name="/train")]
    assert done == [10, 20, 50, 60]
    image = client.predict("7", api_name="/imagine")
    with Image.open(image) as picture:
        assert picture.size == (28, 28)
    for n_lessons in (60_001, 0):
        with pytest.raises(AppError, match=f"Expected 1 to 60,000 lessons, got {n_lessons}"):
            client.predict(n_lessons, api_name="/train")


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
    for _ in range(3):
        try:
            assert post(server.url + path, large, chunked) == 413
            return
        except urllib.error.URLError as error:  # it hung up before all was sent, and the answer was lost on the way
            assert isinstance(error.reason, ConnectionError), error
    pytest.fail("expected an answer in three tries, got none")
