"""What was made lighter of gradio: it is still what gradio does, and nothing else changes."""

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import anyio
import pytest
from anyio import to_thread
from gradio import processing_utils, queueing
from PIL import Image

from agent.ui import lighter

ROOT = Path(__file__).resolve().parents[1]

# Each as gradio has it, then as it is here; in a process of its own, since gradio leaves loops and threads behind.
BOTH = """
import json
import gradio as gr
from anyio import to_thread
from fastapi.testclient import TestClient
from gradio.routes import App
from gradio.state_holder import SessionState
from agent.ui import lighter

with gr.Blocks() as demo:
    typed = gr.Textbox()
demo.max_file_size = None  # as launch sets it
app, asked, in_thread = App.create_app(demo), [], to_thread.run_sync

async def counted(function, *given, **how):
    asked.append(getattr(getattr(function, "func", function), "__qualname__", ""))
    return await in_thread(function, *given, **how)

def upload():
    asked.clear()
    answer = TestClient(app).post("/gradio_api/upload", files={"files": ("a.txt", b"four")})
    assert open(answer.json()[0]).read() == "four"
    return sorted(set(asked))

def tried():
    routes = [getattr(route, "original_router", route) for route in app.router.routes]
    return [each.path for route in routes for each in getattr(route, "routes", [route])]

def kept():
    session = SessionState(demo)
    n_before = len(session.config_values)
    session.config_values[typed._id] = {"props": {}}
    session._update_value_in_config(typed._id, "hf_secret")
    return n_before, "hf_secret" in str(session.config_values)

to_thread.run_sync = counted
told = {"upload": [upload()], "tried": [tried()], "kept": [kept()]}
lighter.do_at_once(), lighter.ask_first(app), lighter.keep_no_values()
told["upload"].append(upload()), told["tried"].append(tried()), told["kept"].append(kept())
told["status"] = TestClient(app).get("/config").status_code
print(json.dumps(told))
"""


def printed(script, *words):
    """What a script prints."""
    done = subprocess.run([sys.executable, "-c", script, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def both():
    return json.loads(printed(BOTH))


def test_an_upload_waits_for_no_other_thread(both):
    as_it_was, as_it_is = map(set, both["upload"])
    assert as_it_was == {name for name in lighter.AT_ONCE if not name.startswith("Queue")} and not as_it_is


def test_the_queue_sums_up_where_it_is_and_all_else_has_its_thread(monkeypatch):
    for place in (to_thread, queueing):
        monkeypatch.setattr(place, "run_sync", place.run_sync)
    assert queueing.Queue.compute_analytics_summary.__qualname__ in lighter.AT_ONCE
    lighter.do_at_once()

    def compute_analytics_summary():
        return threading.get_ident()

    assert anyio.run(queueing.run_sync, compute_analytics_summary) != threading.get_ident()  # another's of that name
    compute_analytics_summary.__qualname__ = "Queue.compute_analytics_summary"
    assert anyio.run(queueing.run_sync, compute_analytics_summary) == threading.get_ident()


def test_the_routes_of_strokes_are_tried_first_and_all_others_are_still_there(both):
    as_it_was, as_it_is = both["tried"]
    assert set(as_it_was[:3]) != set(lighter.FIRST) == set(as_it_is[:3])
    assert sorted(as_it_is) == sorted(as_it_was) and both["status"] == 200


def test_what_is_typed_is_kept_nowhere_and_a_session_holds_no_components(both):
    (n_as_it_was, was_kept), (n_as_it_is, is_kept) = both["kept"]
    assert n_as_it_was > 0 == n_as_it_is and was_kept and not is_kept


def test_a_picture_is_written_once_where_gradio_writes_it_and_again_when_it_is_gone(monkeypatch, tmp_path):
    picture, save = Image.new("L", (28, 28), 7), processing_utils.save_pil_to_cache
    as_it_was = Path(save(picture, str(tmp_path), format="png"))
    first, content = as_it_was.stat(), as_it_was.read_bytes()
    os.utime(as_it_was, (0, 0))
    monkeypatch.setattr(processing_utils, "save_pil_to_cache", save)
    lighter.write_once()
    as_it_is = Path(processing_utils.save_pil_to_cache(picture, str(tmp_path), format="png"))
    assert as_it_is == as_it_was and as_it_is.stat().st_ino == first.st_ino
    assert as_it_is.stat().st_mtime >= first.st_mtime  # nobody deletes it as an old one
    as_it_is.unlink()
    assert Path(processing_utils.save_pil_to_cache(picture, str(tmp_path), format="png")).read_bytes() == content
    assert [*as_it_is.parent.iterdir()] == [as_it_is]


LEFT = """
import sys, threading
import numpy as np
from agent.ui import memory
if sys.argv[1] == "back":
    memory.give_back_large()
def stay():
    kept = [np.ones(600_000, np.uint8) for _ in range(40)]  # what an agent's tables take
    small.append([np.ones(30_000, np.uint8) for _ in range(40)])
small = []
for _ in range(20):
    visitor = threading.Thread(target=stay)
    visitor.start(), visitor.join()
small = small[::4]
if sys.argv[1] == "back":
    memory.give_back_small()
print(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how much memory there is")
def test_what_visitors_who_left_had_goes_back_to_the_machine():
    kept, back = (int(re.search(r"\d+", printed(LEFT, how))[0]) for how in ("kept", "back"))
    assert kept - back > 10_000  # kB


def test_the_page_is_served_without_what_draws_charts():
    """Half a second of the first visitor's time: gradio asks matplotlib for it around every event."""
    bare = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    asks = "import sys, app\nfrom gradio import utils\nwith utils.MatplotlibBackendMananger():\n    "
    told = subprocess.run(
        [sys.executable, "-c", asks + "print('matplotlib.pyplot' in sys.modules, 'matplotlib' in sys.modules)"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120, env=bare,
    )  # fmt: skip
    assert told.stdout.split() == ["False", "True"]
