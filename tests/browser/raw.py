"""Requests as nobody's client sends them: straight to the server, with whatever a stranger likes."""

import http.client
import json
import secrets
import ssl
from urllib.parse import urlsplit

UNSIGNED = ssl._create_unverified_context()
JSON = {"Content-Type": "application/json"}


class Answer:
    """What came back: status, headers by small name, body."""

    def __init__(self, reply):
        self.status, self.body = reply.status, reply.read()
        self.headers = {name.lower(): value for name, value in reply.getheaders()}
        self.cookies = [value for name, value in reply.getheaders() if name.lower() == "set-cookie"]

    @property
    def text(self):
        return self.body.decode(errors="replace")

    @property
    def told(self):
        return json.loads(self.body)


class Stranger:
    """Somebody with a connection of their own for each request."""

    def __init__(self, url):
        self.parts = urlsplit(url)

    def ask(self, method, path, body=None, headers=()):
        """Send a request; a body that is no bytes goes as JSON."""
        headers = dict(headers)
        if body is not None and not isinstance(body, bytes):
            body, headers = json.dumps(body).encode(), JSON | headers
        host, port = self.parts.hostname, self.parts.port
        secure = self.parts.scheme == "https"
        line = (
            http.client.HTTPSConnection(host, port, timeout=60, context=UNSIGNED)
            if secure
            else http.client.HTTPConnection(host, port, timeout=60)
        )
        try:
            line.request(method, "/" + path.lstrip("/"), body, headers)
            return Answer(line.getresponse())
        finally:
            line.close()

    def upload(self, name, content):
        """Upload a file, and give its path on the server."""
        part = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        form = {"Content-Type": "multipart/form-data; boundary=x"}
        return self.ask("POST", "gradio_api/upload", part + content + b"\r\n--x--\r\n", form).told[0]

    def join(self, number, data, session=None, **more):
        """Put a call of a function into the queue."""
        session = session or secrets.token_hex(8)
        body = {"data": data, "fn_index": number, "session_hash": session, **more}
        return session, self.ask("POST", "gradio_api/queue/join", body)

    def outcome(self, number, data, session=None, headers=(), **more):
        """Call a function through the queue as the page does, and wait for how it ended: the last message."""
        session = session or secrets.token_hex(8)
        body = {"data": data, "fn_index": number, "session_hash": session, **more}
        joined = self.ask("POST", "gradio_api/queue/join", body, headers)
        if joined.status != 200:
            return joined.told
        stream = self.ask("GET", f"gradio_api/queue/data?session_hash={session}").text
        messages = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: ")]
        return next(each for each in reversed(messages) if each["msg"] == "process_completed")

    def call(self, name, data, session=None):
        """Call a named endpoint: what it ended with, ("complete" or "error", data)."""
        body = {"data": data} | ({"session_hash": session} if session else {})
        joined = self.ask("POST", f"gradio_api/call/{name}", body)
        if joined.status != 200:
            return str(joined.status), joined.told
        lines = self.ask("GET", f"gradio_api/call/{name}/{joined.told['event_id']}").text.split("\n")
        ended = [
            (lines[row][7:], json.loads(lines[row + 1][6:])) for row in range(len(lines)) if lines[row][:7] == "event: "
        ]
        return ended[-1]


def file_at(path, **more):
    """Name a path as an input of the kind file."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}
