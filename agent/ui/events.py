"""How an event reaches a session: by id, under its lock, with every `AgentError` shown as a message."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import gradio as gr
from anyio import from_thread

from agent import startup
from agent.errors import AgentError
from agent.progress import CancelToken, Result, WithResult
from agent.ui import formatting
from agent.ui.session import SESSIONS, Session
from agent.ui.texts import server_texts, translated

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
Complete = Callable[[Session, Any], Any]
_END = object()
_JOB_THREAD = ThreadPoolExecutor(1, "jobs")  # in which the steps of all jobs take turns
_STROKE_S = 0.06  # work that a stroke causes, where two cores serve fifty people
_MAX_PAUSE_S = 2.0
_MAX_LATENESS_S, _POLL_S, _MAX_WAIT_S = 0.01, 0.2, 10.0  # of the event loop, before a job takes its next step


@dataclass
class _Pauses:
    """Pauses of jobs between their steps, so that strokes have the cores they need.

    Lowering the OS priority of the jobs' thread does not help: a descheduled thread that holds the GIL blocks everyone.
    """

    n_events: int = 0  # that were no steps of jobs
    not_before: float = 0.0

    def wait(self) -> None:
        """Wait until the next step is due, and, for a while, until the event loop is no longer late."""
        time.sleep(max(0.0, self.not_before - time.monotonic()))
        give_up = time.monotonic() + _MAX_WAIT_S
        while time.monotonic() < give_up and _lateness_s() > _MAX_LATENESS_S:
            time.sleep(_POLL_S)

    def count(self, n_events: int) -> None:
        """Put off the next step by the events that came in during the last."""
        self.not_before = max(self.not_before, time.monotonic()) + min(n_events * _STROKE_S, _MAX_PAUSE_S)


_PAUSES = _Pauses()


def _lateness_s() -> float:
    """Delay of a call that the event loop runs for this thread; none where the thread has no event loop."""
    start = time.monotonic()
    with contextlib.suppress(RuntimeError):
        from_thread.run_sync(int)
    return time.monotonic() - start


def _advance(steps: Generator[Any, Any, Any], reply: Any) -> Any:
    """Take the next step of a generator, which is sent a reply; `_END` after the last."""
    try:
        return steps.throw(reply) if isinstance(reply, Exception) else steps.send(reply)
    except StopIteration:
        return _END


def count_event() -> None:
    """Count an event that is no step of a job: jobs pause for it."""
    _PAUSES.n_events += 1


@dataclass(frozen=True)
class Unlocked:
    """A call that waits for the network. A streaming handler yields it and gets back what it returns or raises.

    The session is free meanwhile: its lock is never held over the network.
    """

    call: Callable[[], Any]

    def reply(self) -> Any:
        """Give what the call returns, or the exception that it raises."""
        try:
            return self.call()
        except Exception as error:  # raised again in the handler
            return error


def with_session(handle: Callable[..., Any], complete: Complete = lambda _, outputs: outputs) -> Callable[..., Any]:
    """Let a handler written for a session take the session's id instead.

    ``completed_by(complete)`` of what is returned is the same handler, whose outputs ``complete(session, outputs)``
    completes under the same lock: so the page adds what every handler has to give.
    """

    @functools.wraps(handle)
    def handler(session_id: str, *inputs: Any, **fixed: Any) -> Any:
        count_event()
        with open_session(session_id) as session:
            return complete(session, handle(session, *inputs, **fixed))

    handler.completed_by = lambda complete: with_session(handle, complete)
    return handler


def streaming(
    handle: Callable[..., Iterator[Any]],
    do: Callable[..., Any] = _advance,
    wait: Callable[[], None] = lambda: None,
    complete: Complete = lambda _, outputs: outputs,
) -> Callable[..., Iterator[Any]]:
    """As `with_session` for a generator: the lock is held during a step, not between steps."""

    @functools.wraps(handle)
    def handler(session_id: str, *inputs: Any) -> Iterator[Any]:
        steps, reply = None, None
        while True:
            wait()
            with open_session(session_id) as session:
                steps = steps or handle(session, *inputs)
                outputs = do(steps, reply)
                if outputs is _END:
                    return
                if not isinstance(outputs, Unlocked):
                    outputs = complete(session, outputs)
            reply = None
            if isinstance(outputs, Unlocked):
                reply = outputs.reply()
            else:
                yield outputs

    handler.completed_by = lambda complete: streaming(handle, do, wait, complete)
    handler.is_job = do is _advance_in_turn
    return handler


def serialized(handle: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """As `streaming` for jobs that keep a core busy: one step runs at a time, of all sessions.

    Jobs take turns, first come, first served, and pause for strokes. Not for calls that wait for the network.
    """
    return streaming(handle, _advance_in_turn, _PAUSES.wait)


def _advance_in_turn(steps: Generator[Any, Any, Any], reply: Any) -> Any:
    """Take a step in the one thread in which jobs take turns, and wait for it."""

    def step() -> Any:
        n_before = _PAUSES.n_events
        try:
            return _advance(steps, reply)
        finally:
            _PAUSES.count(_PAUSES.n_events - n_before)

    return _JOB_THREAD.submit(contextvars.copy_context().run, step).result()


def in_turns(steps: Generator[Any, None, Result], job: CancelToken) -> Result | None:
    """Do long work on nothing that a session holds, for an `Unlocked`: its steps take turns with those of all jobs.

    Gives its result, or None once the job is cancelled.
    """
    work = WithResult(steps)
    turns = iter(work)
    while not job.cancelled:
        _PAUSES.wait()
        if _advance_in_turn(turns, None) is _END:
            return work.result
    work.close()
    return None


@contextlib.contextmanager
def open_session(session_id: str) -> Iterator[Session]:
    """Open a session under its lock once the kernels are compiled, and show every `AgentError`."""
    startup.READY.wait()
    if SESSIONS.was_dropped(session_id):
        gr.Warning(server_texts.AWAY, title=server_texts.WARNING)
    with errors_shown(), SESSIONS.open(session_id) as session:
        yield session


@contextlib.contextmanager
def errors_shown() -> Iterator[None]:
    """Show an `AgentError` as a message on the page."""
    try:
        yield
    except AgentError as error:
        raise gr.Error(
            formatting.capitalized(translated(str(error))), title=server_texts.ERROR, print_exception=False
        ) from error


def event_payload(event: gr.EventData) -> dict[str, Any]:
    """What a press on the page says; nothing where a forged request says anything else."""
    return event._data if isinstance(event._data, dict) else {}
