"""The five named endpoints over gradio_client, and limits on what a request may weigh."""

import json
import urllib.error
import urllib.request

import gradio_client
import pytest
from gradio_client import handle_file
from PIL import Image

from agent import store
from agent.tasks import digits


@pytest.fixture
def client(app_url, tmp_path):
    client = gradio_client.Client(app_url, verbose=False, download_files=tmp_path)
    yield client
    client.close()


@pytest.fixture
def picture(tmp_path):
    def save(row):
        path = tmp_path / f"digit-{row}.png"
        Image.fromarray(digits.mnist("test")[0][row]).save(path)
        return handle_file(path)

    return save


def test_an_agent_is_taught_saved_and_loaded_through_the_endpoints(client, picture):
    assert client.predict(picture(0), api_name="/guess")["unsure"]
    assert client.predict(picture(0), "7", api_name="/teach") == {"label": "7", "guessed": None, "n_lessons": 1}
    assert client.predict(picture(1), "2", api_name="/teach")["n_lessons"] == 2
    told = client.predict(picture(0), api_name="/guess")
    assert told["label"] == "7" and set(told["responses"]) == {"2", "7"} and 0 < told["confidence"] <= 1
    saved = client.predict(api_name="/save")
    assert store.load(saved).labels == ("2", "7")
    assert client.predict(api_name="/undo") == {"label": "2", "n_lessons": 1}
    loaded = client.predict(handle_file(saved), api_name="/load")
    assert loaded["n_lessons"] == 2 and loaded["labels"] == ["2", "7"]


def test_only_the_five_endpoints_are_offered(client):
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/guess", "/teach", "/undo", "/save", "/load"}


def test_what_is_wrong_is_said_in_a_sentence(client, picture):
    for call in (
        lambda: client.predict(picture(0), "far too long", api_name="/teach"),
        lambda: client.predict(api_name="/undo"),
    ):
        with pytest.raises(Exception, match="Expected a l"):
            call()


@pytest.mark.parametrize("route", ["queue/join", "run/guess", "call/guess"])
def test_a_heavy_request_is_refused_before_it_is_read(app_url, route):
    body = json.dumps({"data": ["x" * 300_000], "fn_index": 0, "session_hash": "heavy"}).encode()
    request = urllib.request.Request(f"{app_url}gradio_api/{route}", body, {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=20)
    assert refused.value.code == 413
    refused.value.close()
