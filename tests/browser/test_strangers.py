"""Requests that no page sends: none ends in a 500, none shows where it failed."""

import urllib.error
import urllib.parse
import urllib.request

import pytest
from served import ROOT

from agent.ui.texts import server_texts
from tests.bench.fuzz import fuzzed

N_REQUESTS = 300


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [3])
def test_made_up_requests_are_all_answered_and_break_nothing(tmp_path, seed):
    statuses, faults, grown_mb = fuzzed(tmp_path, N_REQUESTS, seed)
    assert not faults, faults
    assert statuses.total() > 0.9 * N_REQUESTS and {200, 400, 403, 404, 405, 422} <= set(statuses)
    assert sum(grown_mb) < 150
    log = (tmp_path / "server.log").read_text()
    assert "refused POST" in log and server_texts.NOT_UNDERSTOOD not in log


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        f"{ROOT}/app.py",
        "app.py",
        "../app.py",
        f"{ROOT}/assets/fonts/../../app.py",
        "http://127.0.0.1:9/x",
    ],
)
@pytest.mark.parametrize("route", ["gradio_api/file=", "file=", "gradio_api/proxy="])
def test_no_file_of_the_server_and_no_other_address_is_read(server, route, path):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(server.url + route + urllib.parse.quote(path, safe="/:."), timeout=20)
    with refused.value as answer:
        assert answer.code in (400, 403, 404) and b"import" not in answer.read()


def test_a_stream_of_a_session_nobody_knows_says_so_and_ends(server):
    with urllib.request.urlopen(server.url + "gradio_api/queue/data?session_hash=nobody", timeout=20) as stream:
        told = stream.read().decode()
    assert '"session_not_found":true' in told and "Not Found" in told
    assert "Traceback" not in server.log.read_text()
