"""Sockets: requests are read whole, noted, and answered, late, in part or not at all."""

import contextlib
import socket
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from localhub.faults import DroppedError
from localhub.wire import Request


@dataclass
class Asked:
    """A request that came in: the log is a list of these. `status` is None until answered, 0 when dropped."""

    method: str
    path: str
    query: dict
    headers: dict
    size: int
    status: int | None = None

    @property
    def token(self):
        return self.headers.get("Authorization", "").removeprefix("Bearer ") or None


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive from request to request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self):
        url = urlsplit(self.path)
        headers = {name.title(): value for name, value in self.headers.items()}
        query = parse_qs(url.query, keep_blank_values=True)
        request = Request(self.server.hub, self.command, url.path, query, headers, self._body())
        asked = Asked(self.command, url.path, query, headers, len(request.body))
        self.server.hub.log.append(asked)
        try:
            reply, until = self.server.hub.faults.through(request, self.server.hub.carry_out)
        except DroppedError:
            asked.status, self.close_connection = 0, True
            return
        asked.status = reply.status
        self._send(reply, until)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815, the names http.server looks for

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return b"".join(parts)

    def _send(self, reply, until):
        body = reply.encoded()
        self.send_response(reply.status)
        for name, value in reply.sent_headers(len(body)).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:until])
        if until is not None:
            self.close_connection = True

    def log_message(self, *words):
        """Says nothing: the log of the Hub is a list."""


class Server(ThreadingHTTPServer):
    """Every connection has a thread; stopping closes the one and waits for the other."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 64

    def __init__(self, hub):
        super().__init__(("127.0.0.1", 0), Handler)
        self.hub = hub
        self._open = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="localhub")
        self._thread.start()

    def process_request(self, request, client_address):
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        with self._lock:
            self._open.discard(request)
            super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """A client that went away is no error of ours; anything else is told when the Hub stops."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError):
            self.hub.broken.append(error)

    def stop(self):
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)  # whoever waits for a request reads its end
        self.server_close()
