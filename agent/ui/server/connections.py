"""The outermost door: how many bytes the headers of a request may have, and how long one may take to come in.

uvicorn with httptools has neither limit: a header that never ends is copied anew with each piece, and a request that
breaks off in the middle keeps its connection for ever.
"""

from __future__ import annotations

from asyncio import TimerHandle
from typing import Any

from uvicorn import config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEADER_BYTES = 65_536
HEADERS_S = 15.0  # for the headers of a request, from their first byte on
BODY_S = 30.0  # without a byte of a body that was announced


class Connection(HttpToolsProtocol):
    """A connection whose requests have headers of bounded size, and come in within a bounded time."""

    _timer: TimerHandle | None = None
    _n_bytes = _n_body_bytes = 0  # of the request that comes in
    _in_headers, _in_body = True, False

    def connection_made(self, transport: Any) -> None:
        """Wait for the first request, not for ever."""
        super().connection_made(transport)
        self._wait(HEADERS_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._wait(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a piece of a request; refuse headers without end."""
        if self._in_headers and self._timer is None:
            self._wait(HEADERS_S)
        self._n_bytes += len(data)
        super().data_received(data)
        if self.parser is None or self.transport.is_closing():
            return
        if self._in_body:
            self._wait(BODY_S)
        n_header_bytes = self._n_bytes - self._n_body_bytes  # trailers too, and what frames the chunks of a body
        if n_header_bytes > MAX_HEADER_BYTES + self._n_body_bytes // 8:
            self.send_400_response(f"expected headers of at most {MAX_HEADER_BYTES:,} bytes, got more.")

    def on_body(self, body: bytes) -> None:
        """Count a piece of a body."""
        self._n_body_bytes += len(body)
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """Wait for the body."""
        self._in_headers, self._in_body = False, True
        self._wait(None)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait for the next request, for which uvicorn has a timeout."""
        self._in_headers, self._in_body = True, False
        self._n_bytes = self._n_body_bytes = 0
        self._wait(None)
        super().on_message_complete()

    def _wait(self, seconds: float | None) -> None:
        """Close the connection unless something happens within a while; None: wait as long as it takes."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        if self._in_body and self.flow.read_paused:  # the app is slow, not the sender
            self._wait(BODY_S)
        elif not self.transport.is_closing():
            self.transport.close()


def install() -> None:
    """Let the server that gradio starts use these connections."""
    config.HTTP_PROTOCOLS["auto"] = f"{__name__}:Connection"
