"""What goes wrong on purpose: refusals, slow answers, lost connections, a Hub that dies in the middle."""

import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http import HTTPStatus

from localhub.wire import Reply


class DroppedError(Exception):
    """The connection is closed without an answer."""


@dataclass
class Fault:
    """One thing that goes wrong for the requests of a method and a path (`*` stands for anything).

    Without `status` and `drop` the request is carried out and answered, after `delay` seconds and with `headers`.
    `drop_after` loses the connection after so many bytes of the body. `after` carries the request out first and
    then drops it, or answers `status` all the same. `times=None` lasts until the fault is removed.
    """

    method: str
    path: str
    status: int | None = None
    times: int | None = 1
    delay: float = 0
    headers: dict = field(default_factory=dict)
    body: object = None
    drop: bool = False
    drop_after: int | None = None
    after: bool = False

    def meets(self, request):
        return fnmatchcase(request.method, self.method) and fnmatchcase(request.path, self.path) and self.times != 0

    def reply(self):
        message = HTTPStatus(self.status).phrase
        body = {"error": message} if self.body is None else self.body
        return Reply(body, self.status, {"X-Error-Message": message} | self.headers)


class Faults:
    """The list of faults, and how long the Hub still lives."""

    def __init__(self):
        self._lock = threading.Lock()
        self._list = []
        self._left = None  # requests until it dies; None lives for ever
        self._dies_after = False

    def add(self, fault):
        with self._lock:
            self._list.append(fault)
        return fault

    def clear(self):
        with self._lock:
            self._list.clear()

    def die_at(self, number, after):
        with self._lock:
            self._left, self._dies_after = number, after

    def live(self):
        with self._lock:
            self._left = None

    def _meet(self, request):
        """The fault for this request, whether to carry it out, and whether to answer it."""
        with self._lock:
            if self._left is not None:
                self._left -= 1
                if self._left <= 0:
                    return None, self._left == 0 and self._dies_after, False
            fault = next((fault for fault in self._list if fault.meets(request)), None)
            if fault is None:
                return None, True, True
            if fault.times is not None:
                fault.times -= 1
            fails = fault.drop or fault.status is not None or fault.after
            return fault, fault.after or not fails, fault.status is not None or not fails

    def through(self, request, carry_out):
        """The reply that is sent and after how many bytes the line is lost, or DroppedError."""
        fault, carried_out, answered = self._meet(request)
        if fault and fault.delay:
            request.hub.stopping.wait(fault.delay)
        reply = carry_out(request) if carried_out else None
        if not answered:
            raise DroppedError
        if fault and fault.status is not None:
            reply = fault.reply()
        elif fault:
            reply.headers = reply.headers | fault.headers
        return reply, fault.drop_after if fault else None
