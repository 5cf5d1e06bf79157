"""A server on loopback, in a thread of the test."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import (
    BaseHTTPRequestHandler,
    SimpleHTTPRequestHandler,
    ThreadingHTTPServer,
)
from pathlib import Path
from typing import Any


def free_port() -> int:
    """A port of this machine where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def local_server(handler: type[BaseHTTPRequestHandler]) -> Generator[str]:
    """Serve until the end of the block, at the address that is given."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def file_server(directory: Path) -> Generator[str]:
    """Serve the files of a directory until the end of the block."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *given: Any) -> None:  # noqa: ANN401 - as its base says
            super().__init__(*given, directory=str(directory))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the output of the tests free of requests."""

    with local_server(Handler) as address:
        yield address
