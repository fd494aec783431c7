"""What is changed in gradio 6.31.0 from outside, and all that reads its internal lists of events.

``tests/ui/test_gradio_patches.py`` checks that a version still is as it is taken to be here. Each patch names what it
saves, measured with twenty visitors who draw five strokes, and what in gradio would make it unnecessary.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import html
import logging
import re
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio import exceptions, queueing, route_utils, routes, utils
from gradio.state_holder import SessionState, StateHolder
from jinja2 import ChoiceLoader, DictLoader
from markupsafe import Markup

from agent.ui import formatting
from agent.ui.server import static_cache
from agent.ui.server.limits import client_of
from agent.ui.session import SESSIONS
from agent.ui.texts import server_texts

_LOG = logging.getLogger(__name__)
_OURS = str(Path(__file__).resolve().parents[2])  # the folder of this package
_THROUGH = ("events.py", "texts/__init__.py", "gradio_patches.py")  # handlers of all events pass here
JOBS, JOBS_AT_ONCE = "jobs", 12  # they take turns: more would only hold threads
JOBS_WAITING, JOBS_OF_ONE = 40, 8  # of all, and of one address where it is known; the queue has room for 300 events
_push, _send = queueing.Queue.push, queueing.Queue.send_message
_payload, _log_message = utils.error_payload, queueing.Queue.log_message
MESSAGE_BYTES = 500  # of one, besides its texts
UNREAD_S, UNREAD_BYTES, LOOK_S = 40.0, 100_000_000, 1.0
_traced: set[str] = set()  # lines that have failed, and were told of in full


def apply() -> None:
    """Change gradio; to be called before a page is built."""
    make_locks_without_loops()
    keep_no_values()
    show_messages_as_text()
    log_in_one_line()
    keep_room_for_strokes()
    drop_what_nobody_reads()
    put_out_those_who_know_nothing()
    build_once()
    delete_while_files_are_made()


def delete_while_files_are_made() -> None:
    """Let gradio delete old files while others are being made, and forget the names of files that are gone.

    gradio goes through a set of names that other threads add to: then its deleting ends for ever, without a word, and
    the disk fills; 12 MB a minute with thirty visitors. Unnecessary when it goes through a copy.
    """

    def delete(blocks: gr.Blocks, age: float | None) -> None:
        in_use = {name for block in blocks.blocks.values() for name in getattr(block, "keep_in_cache", ())}
        for names in blocks.temp_file_sets:
            for name in names.copy() - in_use:  # copied in one step, which no other thread can interrupt
                file = Path(name)
                with contextlib.suppress(OSError):
                    if age is None or time.time() - file.lstat().st_ctime > age:
                        file.unlink()
                if not file.exists():
                    names.discard(name)

    route_utils.delete_files_created_by_app = delete


def build_once() -> None:
    """Let gradio's page build its components once, and look none up for events that have nothing to set in them.

    gradio builds all of them a second time in an effect that is there for pages reloaded while they are written, but
    runs at once, too. Saves 0.1 s of the browser at each visit, four times that on a phone. Unnecessary when gradio's
    page builds them once.
    """
    changes = {
        r"(\w+\(\)),(\w+\(\(\)=>\{\w+\.reload\()": r"\1&&\2",
        r"async set_event_args\(\w+,(\w+)\)\{": r"\g<0>if(!Object.keys(\1).length)return()=>{};",
    }
    static_cache.replace("Blocks", changes)


# A page in the background is not painted: it is not waited for longer than a second
AFTER_PAINT_JS = """{
  const later = document.querySelector("#later").content;
  const [style, ...links] = later.querySelectorAll("link");
  style.onload = style.onerror = () => document.head.append(later);
  const begin = () => style.isConnected || document.head.append(style, ...links);
  const painted = () => new Promise(requestAnimationFrame);
  painted().then(() => document.fonts.ready).then(painted).then(() => setTimeout(begin));
  setTimeout(begin, 1000);
}"""

SETTINGS_JS = """for (const at of document.querySelectorAll("[data-gradio_config], [data-gradio_api_info]")) {
  window[Object.keys(at.dataset)[0]] = JSON.parse(at.text);
  at.remove();
}"""


def paint_early(pages: Mapping[str, tuple[str, str, str]]) -> None:
    """Let gradio's pages have our parts in their heads, as their bodies begin, and before its scripts, by path.

    gradio puts the ``head`` of a page into it by script, once its own scripts run, and shows nothing until they have
    built the page: on a slow phone after 6 s. Here its scripts, and the settings of 640 kB that they read, wait until
    the page has been painted. Its pages also call themselves Gradio for whoever shares a link. Unnecessary when gradio
    renders pages on the server without node.
    """
    env, name = routes.templates.env, "frontend/index.html"
    page = env.loader.get_source(env, name)[0]
    page = re.sub(r"<meta\s+(property|name)=\"(og|twitter):[^>]*>", "", page)
    kinds = (r">window\.gradio_config = ", ' type="module"')
    matches = [re.search(rf"<script{kind}.*</script>", page) for kind in kinds]
    settings, scripts = (match[0] if match else "" for match in matches)
    for script in filter(None, (settings, scripts)):
        page = page.replace(script, "", 1)
    data = r'<script type="application/json" data-\1>\2</script>'  # read in a third of the time that a script takes
    settings = re.sub(r"<script>window\.(\w+) = (.*?);</script>", data, settings)
    settings += f"<script>{SETTINGS_JS}</script>"
    later = f'<template id="later">{settings}<!--later-->{scripts}</template><script>{AFTER_PAINT_JS}</script>'
    page = page.replace("</body>", f"{later}</body>", 1)
    for number, before in enumerate(("<style>", "<gradio-app", "<!--later-->")):
        page = page.replace(before, f"{{{{ early[config.current_page or ''][{number}] }}}}{before}", 1)
    theme = '<link rel="preload" as="style" href="./theme.css?v={{ config.theme_hash }}">'
    page = page.replace("<style>", f"{theme}<style>", 1)
    env.loader = ChoiceLoader([DictLoader({name: page}), env.loader])
    env.globals["early"] = {path: [Markup(part) for part in parts] for path, parts in pages.items()}


def listeners(demo: gr.Blocks) -> list[Any]:
    """The event listeners of the page that is being built; the page changes their functions and outputs."""
    return [event for event in demo.fns.values() if event.page == demo.current_page]


def make_locks_without_loops() -> None:
    """Let gradio make its locks without an event loop.

    gradio makes a loop for each lock and never closes it. Saves eight loops, nine open files and Python's warnings at
    exit. Unnecessary when gradio makes locks as Python 3.10 and later allow: a lock belongs to the loop in which it is
    first waited for.
    """
    utils.safe_get_lock = queueing.safe_get_lock = asyncio.Lock
    utils.safe_get_stop_event = asyncio.Event


def keep_no_values() -> None:
    """Let gradio keep no copy of the components and of what visitors type.

    gradio copies the settings of all components for each visitor, and stores each value that an event sends, such as a
    token, for deep links. They are not offered here.

    Saves 105 ms of the processor and 1.2 MB for each visitor: strokes of twenty take 18 ms in place of 39. Unnecessary
    when `SessionState` copies a component on its first change.
    """
    init = SessionState.__init__

    def init_without_components(self: SessionState, blocks: Any) -> None:
        init(self, SimpleNamespace(default_config=blocks.default_config, blocks={}))

    SessionState.__init__ = init_without_components
    SessionState._update_value_in_config = lambda self, component_id, value: None


def show_messages_as_text() -> None:
    """Let errors, warnings and news be text: in many of them stands what strangers wrote, and gradio shows HTML.

    gradio keeps forms, links and pictures in messages, and says "None" where it did not expect an error: here that is a
    sentence. Unnecessary when gradio has messages that are text.
    """

    def error_payload(error: BaseException | None, show_error: bool) -> dict[str, Any]:
        content = _payload(error, show_error)
        if str(getattr(error, "message", "")).startswith("Value: "):  # of a list that has changed since
            content |= {"error": server_texts.CHOICE_GONE, "title": server_texts.ERROR}
        if not isinstance(error, exceptions.Error):
            content |= {"error": sentence_for(error), "title": server_texts.ERROR}
        return {name: as_text(value) for name, value in content.items()}

    def log_message(self: queueing.Queue, event_id: str, log: str, title: str, *more: Any, **named: Any) -> None:
        _log_message(self, event_id, as_text(log), as_text(title), *more, **named)

    utils.error_payload = queueing.error_payload = error_payload
    queueing.Queue.log_message = log_message


def as_text(value: Any) -> Any:
    """Escape a text for a message; quotes stay, for programs that read it. Anything else is returned as it is.

    Examples
    --------
    >>> as_text("got '<form>'."), as_text(10)
    ("got '&lt;form&gt;'.", 10)
    """
    return html.escape(value, quote=False) if isinstance(value, str) else value


def sentence_for(error: BaseException | None) -> str:
    """Say what an error that nobody expected means for whoever sent the request."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return server_texts.DISK_FULL
    return formatting.capitalized(server_texts.TOOL_FAILED) if _own_line(error) else server_texts.NOT_UNDERSTOOD


def log_in_one_line() -> None:
    """Let an error be a line in the log, whoever sends how many of them.

    Only the first from each line of this package has its traceback: it is a mistake of ours. gradio writes thirty lines
    for each choice that is none. Unnecessary when it logs errors of visitors as such.
    """
    queueing.traceback = routes.traceback = SimpleNamespace(print_exc=_log_error)


def _log_error() -> None:
    error = sys.exception()
    line = _own_line(error)
    if line is not None and line not in _traced:
        _traced.add(line)
        traceback.print_exc()
    else:
        _LOG.warning("an event failed: %.200r", error)


def _own_line(error: BaseException | None) -> str | None:
    """The innermost line of this package that an error came through; None where it is of gradio alone."""
    if error is None:
        return None
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(_OURS)]
    lines = [f"{frame.filename}:{frame.lineno}" for frame in frames if not frame.filename.endswith(_THROUGH)]
    return lines[-1] if lines else None


def share_jobs(demo: gr.Blocks) -> None:
    """Let all long jobs of a page share one place in the queue, and so few threads."""
    for event in demo.fns.values():
        if is_job(event):
            event.concurrency_id, event.concurrency_limit = JOBS, JOBS_AT_ONCE


def is_job(event: Any) -> bool:
    """Say whether a listener's function is a job whose steps take turns (`agent.ui.events.serialized`)."""
    return getattr(event.fn, "is_job", False)


def keep_room_for_strokes() -> None:
    """Refuse a job when many wait, so that the queue has room for strokes.

    Unnecessary when gradio bounds the queue of each concurrency id.
    """

    async def push(self: queueing.Queue, body: Any, request: Any, username: Any) -> Any:
        event = None if body.fn_index is None else route_utils.get_fn(self.blocks, None, body)
        if event is not None and is_job(event):
            jobs = self.event_queue_per_concurrency_id.get(JOBS)
            waiting = [client_of(job.request.scope) for job in jobs.queue] if jobs else []
            client = client_of(request.scope)
            if len(waiting) >= JOBS_WAITING or (client and waiting.count(client) >= JOBS_OF_ONE):
                return False, server_texts.MANY_JOBS, "queue_full"
        await drop_unread(self)
        return await _push(self, body, request, username)

    queueing.Queue.push = push


class Messages(asyncio.Queue):  # type: ignore[type-arg]
    """The messages of a session that its stream has not sent yet, their bytes, and since when nobody read any."""

    n_bytes, since = 0, 0.0

    async def get(self) -> Any:  # a stream that is read asks every ten seconds, also where nothing is due
        self.since = time.monotonic()
        return await super().get()

    def _put(self, message: Any) -> None:
        size = MESSAGE_BYTES + _n_chars(getattr(message, "output", None))
        if self.empty():
            self.since = time.monotonic()
        self.n_bytes += size
        super()._put((message, size))

    def _get(self) -> Any:
        message, size = super()._get()
        self.n_bytes, self.since = self.n_bytes - size, time.monotonic()
        return message


def _n_chars(value: Any) -> int:
    """Characters of the texts in a value."""
    if isinstance(value, str):
        return len(value)
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return sum(map(_n_chars, parts))


class Streams(utils.LRUCache):
    """Messages by session; gradio lets go of those of who leaves from two places, one of which comes too late."""

    def __delitem__(self, session_hash: str) -> None:
        if session_hash in self:
            super().__delitem__(session_hash)


def drop_what_nobody_reads() -> None:
    """Keep messages for a stream for a while, and so many bytes of them in all; gradio keeps those of 2,000 sessions.

    Whoever calls for what is large, and reads no answers, would fill the memory, and whoever calls for little would put
    the answers of others out. Unnecessary when gradio bounds what it keeps for whom.
    """

    def send_message(self: queueing.Queue, event: Any, message: Any) -> None:
        if event.session_hash in self.pending_messages_per_session:
            _send(self, event, message)

    queueing.AsyncQueue, queueing.Queue.send_message, queueing.LRUCache = Messages, send_message, Streams


async def drop_unread(queue: Any) -> None:
    """Drop messages and events of sessions whose stream nobody reads, and what is left of streams that ended."""
    streams, ids, now = queue.pending_messages_per_session, queue.pending_event_ids_session, time.monotonic()
    if now < getattr(queue, "looked", 0.0) + LOOK_S:
        return
    queue.looked, streams.max_size = now, sys.maxsize
    for session, messages in list(streams.items()):
        if messages.empty() and not ids.get(session) and now > messages.since + UNREAD_S:
            del streams[session]
            ids.pop(session, None)
    n_bytes = sum(messages.n_bytes for messages in streams.values())
    for session, messages in sorted(streams.items(), key=lambda item: item[1].since):
        is_late = not messages.empty() and now > messages.since + UNREAD_S
        if is_late or (n_bytes > UNREAD_BYTES and messages.n_bytes > UNREAD_BYTES / 100):
            n_bytes -= messages.n_bytes
            streams.pop(session, None)
            await queue.clean_events(session_hash=session)
            ids.pop(session, None)


def put_out_those_who_know_nothing() -> None:
    """Let those go first whose agent knows nothing where gradio has too many sessions: it puts out the longest unused.

    Five hundred made-up visitors would put everybody out. Unnecessary when gradio lets an app say who may stay.
    """

    def update(self: StateHolder, session_hash: str) -> None:
        with self.lock:
            if session_hash in self.session_data:
                self.session_data.move_to_end(session_hash)
            if len(self.session_data) > self.capacity:
                others = (name for name, state in self.session_data.items() if not _is_at_stake(state))
                out = next(others, next(iter(self.session_data)))
                del self.session_data[out]
                self.time_last_used.pop(out, None)

    StateHolder.update = update


def _is_at_stake(state: SessionState) -> bool:
    return any(SESSIONS.stake(value) for value in state.state_data.values() if isinstance(value, str))
