"""A stand-in for the part of GitHub's API that opens pull requests and issues."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.local_server import local_server


@dataclass
class GitHub:
    """A small stand-in: the changes that were requested, and what is open."""

    url: str = ""
    calls: list[tuple[str, str, Any]] = field(
        default_factory=list[tuple[str, str, Any]]
    )
    opened: dict[str, list[dict[str, object]]] = field(
        default_factory=lambda: {"pulls": [], "issues": []}
    )


@contextmanager
def github_stand_in() -> Generator[GitHub]:
    """Serve it until the end of the block."""
    github = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body: Any = json.loads(self.rfile.read(length)) if length else None
            path = self.path.partition("?")[0]
            # Under act, the name of the repository is a path.
            kind = next(p for p in reversed(path.split("/")) if p in github.opened)
            answer: object = github.opened[kind]
            if self.command != "GET":
                github.calls.append((self.command, path, body))
                answer = {"number": 4, "body": body.get("body")}
            if self.command == "POST":
                github.opened[kind].append({"number": 4, "body": body["body"]})
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the output of the tests free of requests."""

    with local_server(Handler) as url:
        github.url = url
        yield github
