"""A project with a small server and a locust file: all requests stay here."""

from __future__ import annotations

from pathlib import Path

from tests.support.benchmark_suites import BenchmarkProject

SETTINGS = """
[tool.ci-framework.performance.load]
command = "python server.py {port}"
ready = "/ready"
ready-seconds = 20
stop-seconds = 5
users = 2
spawn-rate = 100
warm-up-seconds = 0
seconds = 0.4
first-runs = 3
runs = 3
"""
SERVER = """\
import os, signal, socket, subprocess, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECONDS, STATUS = 0.002, 200

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(SECONDS)
        self.send_response(200 if self.path == "/ready" else STATUS)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *arguments): pass

def serve():
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    print("serving", flush=True)
    server.serve_forever()

if __name__ == "__main__":
    serve()
"""
LOCUST_FILE = """\
from locust import HttpUser, constant, task

class Reader(HttpUser):
    wait_time = constant(0.001)

    @task
    def read(self):
        self.client.get("/")
"""


class LoadProject(BenchmarkProject):
    """A small project with a load test, committed."""

    def __init__(self, root: Path, *, settings: str = SETTINGS) -> None:
        self.load_settings = settings
        super().__init__(root, "")

    def git_init(self) -> None:
        self.configure(self.load_settings)
        self.write("server.py", SERVER)
        self.write("tests/load/locustfile.py", LOCUST_FILE)
        super().git_init()
