"""What is changed in gradio, and what its memory is: gradio still does what it did, with less."""

import asyncio
import errno
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio import queueing, route_utils, routes, utils
from gradio.state_holder import StateHolder

from agent.ui.server import gradio_patches, static_cache
from agent.ui.texts import server_texts

ROOT = Path(__file__).resolve().parents[2]

# As gradio has it, then as it is here; in a process of its own, since gradio leaves threads behind.
BOTH = """
import json
import gradio as gr
from gradio.state_holder import SessionState
from agent.ui.server import gradio_patches

with gr.Blocks() as demo:
    typed = gr.Textbox()

def kept():
    session = SessionState(demo)
    n_before = len(session.config_values)
    session.config_values[typed._id] = {"props": {}}
    session._update_value_in_config(typed._id, "hf_secret")
    return n_before, "hf_secret" in str(session.config_values)

before = kept()
gradio_patches.keep_no_values()
print(json.dumps([before, kept()]))
"""


# Which type stubs are opened while gradio is imported: as it has it, and as it is here
STUBS = """
import inspect, sys
stubs, getfile = [], inspect.getfile
sys.addaudithook(lambda event, values: event == "open" and str(values[0]).endswith(".pyi") and stubs.append(values[0]))
from agent import startup
if sys.argv[1] == "ours":
    startup.import_gradio()
import gradio
assert inspect.getfile is getfile
print(len(stubs))
"""


def printed(script, *words):
    """What a script prints."""
    done = subprocess.run([sys.executable, "-c", script, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_gradio_is_imported_without_writing_type_stubs():
    assert int(printed(STUBS, "theirs")) > 0 == int(printed(STUBS, "ours"))


@pytest.mark.slow
def test_what_is_typed_is_not_stored_and_a_session_holds_no_components():
    (n_before, was_stored), (n_after, is_stored) = json.loads(printed(BOTH))
    assert n_before > 0 == n_after and was_stored and not is_stored


def test_a_page_leaves_no_event_loop_behind(monkeypatch):
    for place, name in ((utils, "safe_get_lock"), (queueing, "safe_get_lock"), (utils, "safe_get_stop_event")):
        monkeypatch.setattr(place, name, getattr(place, name))
    monkeypatch.setattr(asyncio, "new_event_loop", lambda: pytest.fail("a loop is made"))
    with pytest.raises(pytest.fail.Exception):
        gr.Blocks()
    gradio_patches.make_locks_without_loops()
    gr.Blocks()


def test_old_files_are_deleted_while_others_are_made_and_their_names_forgotten(monkeypatch, tmp_path):
    monkeypatch.setattr(route_utils, "delete_files_created_by_app", route_utils.delete_files_created_by_app)
    names = {str(tmp_path / f"{n}.png") for n in range(9)}
    for name in names:
        Path(name).write_bytes(b"")
    gone, kept, look = str(tmp_path / "gone.png"), str(tmp_path / "0.png"), Path.lstat
    blocks = SimpleNamespace(blocks={1: SimpleNamespace(keep_in_cache={kept})}, temp_file_sets=[names | {gone}])

    def look_while_another_is_made(path):
        blocks.temp_file_sets[0].add(f"{path}.new")
        return look(path)

    monkeypatch.setattr(Path, "lstat", look_while_another_is_made)
    with pytest.raises(RuntimeError, match="changed size"):
        route_utils.delete_files_created_by_app(blocks, None)
    gradio_patches.delete_while_files_are_made()
    route_utils.delete_files_created_by_app(blocks, 60)
    assert len([*tmp_path.iterdir()]) > 1 and gone not in blocks.temp_file_sets[0]
    route_utils.delete_files_created_by_app(blocks, None)
    assert [path.name for path in tmp_path.iterdir()] == ["0.png"]


LEFT = """
import asyncio, contextlib, sys, threading
import numpy as np
from agent.ui.server import serving
if sys.argv[1] == "back":
    serving._return_large_arrays()
def stay():
    kept = [np.ones(600_000, np.uint8) for _ in range(40)]  # what an agent's tables take
    small.append([np.ones(30_000, np.uint8) for _ in range(40)])
small = []
for _ in range(20):
    visitor = threading.Thread(target=stay)
    visitor.start(), visitor.join()
small = small[::4]
if sys.argv[1] == "back":
    with contextlib.suppress(TimeoutError):
        asyncio.run(asyncio.wait_for(serving._return_memory_every(0.1), 1))
print(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how much memory there is")
def test_memory_of_visitors_who_left_goes_back_to_the_system():
    thumbnail, back = (int(re.search(r"\d+", printed(LEFT, how))[0]) for how in ("kept", "back"))
    assert thumbnail - back > 10_000  # kB


@pytest.fixture
def patched(monkeypatch):
    """The module of queues with messages as they are here, until the end of a test."""
    for place, name in (
        (utils, "error_payload"),
        (queueing, "error_payload"),
        (queueing, "traceback"),
        (routes, "traceback"),
        (queueing.Queue, "log_message"),
    ):
        monkeypatch.setattr(place, name, getattr(place, name))
    gradio_patches.show_messages_as_text()
    gradio_patches.log_in_one_line()
    return queueing


def failed(code, name="nowhere.py"):
    """The error that some code raises, as if it stood in a file."""
    try:
        exec(compile(code, name, "exec"), {"errno": errno})
    except Exception as error:
        return error


def failed_choice():
    """The error of a choice that a list has no more."""
    try:
        gr.Dropdown(["new"]).preprocess("old")
    except gr.Error as error:
        return error


def test_every_message_is_text_and_says_something(patched):
    told = patched.error_payload(gr.Error("<form>'&'", title="<b>"), False)
    assert (told["error"], told["title"]) == ("&lt;form&gt;'&amp;'", "&lt;b&gt;")
    for error, expected in (
        (failed("{}['<img>']"), server_texts.NOT_UNDERSTOOD),
        (failed("raise OSError(errno.ENOSPC, 'full')"), server_texts.DISK_FULL),
        (failed("1 / 0", f"{ROOT}/agent/lessons.py"), "This did not work because of a mistake in the app."),
        (None, server_texts.NOT_UNDERSTOOD),
        (failed_choice(), server_texts.CHOICE_GONE),
    ):
        assert patched.error_payload(error, False)["error"].startswith(expected)
    sent = []
    queue = SimpleNamespace(active_jobs=[[SimpleNamespace(_id="1")]], send_message=lambda event, it: sent.append(it))
    patched.Queue.log_message(queue, event_id="1", log="<a>", title="<b>", level="info")
    assert (sent[0].log, sent[0].title) == ("&lt;a&gt;", "&lt;b&gt;")


def test_an_error_is_a_line_of_the_log_and_a_mistake_of_ours_is_told_once_in_full(patched, caplog, capsys):
    for code, name in (("{}[1]", "gradio.py"), ("1 / 0", f"{ROOT}/agent/lessons.py")) * 3:
        try:
            exec(compile(code, name, "exec"))
        except Exception:
            patched.traceback.print_exc()
    assert capsys.readouterr().err.count("Traceback") == 1
    assert len(caplog.messages) == 5 and all("\n" not in line for line in caplog.messages)


def queue_with(monkeypatch, **unread):
    """A queue as it is here, with an event of each session and so many characters that were answered."""
    for place, name in ((queueing, "AsyncQueue"), (queueing.Queue, "send_message")):
        monkeypatch.setattr(place, name, getattr(place, name))
    gradio_patches.drop_what_nobody_reads()
    queue = queueing.Queue(False, 1, 1.0, None, None)
    for session, n_chars in unread.items():
        event = SimpleNamespace(session_hash=session, _id=f"of {session}", alive=True)
        queue.pending_messages_per_session[session] = queueing.AsyncQueue()
        queue.pending_event_ids_session[session] = {event._id}
        queue.active_jobs.append([event])
        queue.send_message(event, SimpleNamespace(output={"data": [["x" * n_chars]]}))
    return queue


@pytest.fixture
def now(monkeypatch):
    clock = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr(gradio_patches, "time", SimpleNamespace(monotonic=lambda: clock.seconds))
    return clock


def test_answers_that_nobody_reads_are_dropped_with_their_events_after_a_while(monkeypatch, now):
    async def scene():
        queue = queue_with(monkeypatch, read=10, unread=10)
        now.seconds += gradio_patches.UNREAD_S + 1
        (read,), (unread,) = queue.active_jobs
        streams = queue.pending_messages_per_session
        assert (await streams["read"].get()).output == {"data": [["x" * 10]]} and streams["read"].n_bytes == 0
        queue.send_message(read, SimpleNamespace(output={}))
        await gradio_patches.drop_unread(queue)
        assert [*streams] == [*queue.pending_event_ids_session] == ["read"] and read.alive and not unread.alive
        unread.alive = True
        queue.send_message(unread, SimpleNamespace(output={}))  # raises nothing
        queue.pending_event_ids_session["read"].clear()
        await streams["read"].get()
        waiting = asyncio.create_task(streams["read"].get())  # a stream goes on asking, also where nothing is due
        now.seconds += gradio_patches.UNREAD_S - 1
        await asyncio.sleep(0)
        now.seconds += 10
        await gradio_patches.drop_unread(queue)
        assert [*streams] == ["read"] and waiting.cancel()
        now.seconds += gradio_patches.UNREAD_S
        await gradio_patches.drop_unread(queue)
        assert not streams and not queue.pending_event_ids_session

    asyncio.run(scene())


def test_answers_that_nobody_reads_take_so_many_bytes_at_most_and_nobodys_place(monkeypatch, now):
    async def scene():
        monkeypatch.setattr(gradio_patches, "UNREAD_BYTES", 1_000_000)
        few = {f"small {number}": 10 for number in range(2_500)}  # more than gradio has room for
        queue = queue_with(monkeypatch)
        await gradio_patches.drop_unread(queue)
        for session in ("first", *few):
            queue.pending_messages_per_session[session] = queueing.AsyncQueue()
        assert "first" in queue.pending_messages_per_session
        queue = queue_with(monkeypatch, small=10, old=600_000, new=600_000)
        await gradio_patches.drop_unread(queue)
        assert [*queue.pending_messages_per_session] == ["small", "new"]

    asyncio.run(scene())


def test_those_whose_agent_knows_something_stay_among_many_made_up_sessions(monkeypatch):
    monkeypatch.setattr(StateHolder, "update", StateHolder.update)
    monkeypatch.setattr(gradio_patches, "SESSIONS", SimpleNamespace(stake={"knows": 3}.get))
    gradio_patches.put_out_those_who_know_nothing()
    holder = StateHolder()
    holder.capacity = 5
    for name in ("knows", *"abcdefgh"):
        holder.session_data[name] = SimpleNamespace(state_data={1: name, 2: None})
        holder.update(name)
    assert [*holder.session_data] == ["knows", *"efgh"]


def test_the_page_is_built_once():
    [path] = static_cache.FOLDER.glob("Blocks-*.js")
    gradio_patches.build_once()
    before, after = path.read_text(), static_cache.asset(path.name, False).body.decode()
    for new, old in (
        ("v()&&oe(()=>{O.reload(", "v(),oe(()=>{O.reload("),
        ("if(!Object.keys(t).length)return()=>{};", ""),
    ):
        assert after.count(new) == 1
        after = after.replace(new, old)
    assert after == before


def test_who_leaves_may_be_let_go_of_twice():
    streams = gradio_patches.Streams(2)
    streams["a"] = streams["b"] = streams["c"] = 1
    del streams["c"], streams["c"]
    assert [*streams] == ["b"] and streams.pop("b") == 1 and not streams


def test_a_page_begins_with_what_it_is_given_and_calls_itself_nothing_else(monkeypatch):
    env = routes.templates.env.overlay(cache_size=0)
    env.globals = dict(env.globals)
    monkeypatch.setattr(routes.templates, "env", env)
    before = env.get_template("frontend/index.html").render(config={"current_page": "de"})
    assert before.count("Gradio") > 1
    gradio_patches.paint_early({"": ("<meta>", "<p>", "<b>"), "de": ("<meta name=de>", "<p id=de>", "<b id=de>")})
    page = env.get_template("frontend/index.html").render(config={"current_page": "de", "theme_hash": "ab"})
    head, _, body = page.partition("<body")
    assert head.index("<base") < head.index("<meta name=de>") < head.index("theme.css?v=ab")
    assert "gradio_config =" not in page and "gradio_api_info =" not in page and "data-gradio_" not in head
    parts = ("<p id=de>", "<gradio-app", '<template id="later">', "data-gradio_config>", "data-gradio_api_info>")
    parts += ("JSON.parse", "<b id=de>")
    assert [body.index(part) for part in parts] == sorted(body.index(part) for part in parts)
    later = body.index("</template>")
    assert body.index("<b id=de>") < body.index('type="module"') < later < body.index("document.head.append(later)")
    assert "@Gradio" not in page and "og:title" not in page
