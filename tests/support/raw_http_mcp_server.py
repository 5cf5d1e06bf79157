"""The server of ``raw_mcp_server`` over streamable HTTP, which can misbehave there too.

Usage: ``raw_http_mcp_server.py PORT [FAULT…]``.
"""

from __future__ import annotations

import http.server
import json
import os
import signal
import sys
import threading

import raw_mcp_server as raw

FAULTS = raw.FAULTS
PORT = int(sys.argv[1])
SESSION = "Mcp-Session-Id"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.end(405, b"")

    def do_DELETE(self) -> None:
        self.end(200, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/mcp" and "redirect" in FAULTS:
            self.end(307, b"", {"Location": "/moved/"})
            return
        if self.path == "/mcp" and "redirect-away" in FAULTS:
            self.end(302, b"", {"Location": "/sign-in"})
            return
        if "wrong-status" in FAULTS or self.path not in ("/mcp", "/moved/"):
            self.end(500 if "wrong-status" in FAULTS else 404, b"no such page")
            return
        request = json.loads(body)
        if "vanish" in FAULTS and self.headers.get(SESSION) and "id" in request:
            self.end(404, b"Session not found")
            return
        if "id" not in request:
            self.end(202, b"")
            return
        if "hang-stream" in FAULTS:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.flush()
            threading.Event().wait(60)
        kind = "text/html" if "content-type" in FAULTS else "application/json"
        headers = {"Content-Type": kind}
        if request["method"] == "initialize":
            headers[SESSION] = str(os.getpid())
        text = "<p>hello" if "no-json" in FAULTS else json.dumps(raw.respond(request))
        self.end(200, text.encode(), headers)

    def end(
        self, status: int, body: bytes, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing is written of a request."""


def leave(_number: int, _frame: object) -> None:
    os._exit(7)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that disconnects early is not reported."""


if __name__ == "__main__":
    raw.misbehave_at_start()
    if "no-end" in FAULTS:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    host = "" if "everywhere" in FAULTS else "127.0.0.1"
    port = PORT
    if "port-taken" in FAULTS:
        taken = Server((host, 0), Handler)
        port = taken.server_address[1]
    if "other-port" in FAULTS:
        port = 0
    server = Server((host, port), Handler)
    if "exit-code" in FAULTS:
        signal.signal(signal.SIGTERM, leave)
    server.serve_forever()
