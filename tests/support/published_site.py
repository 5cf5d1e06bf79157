"""A host of published pages, and the part of GitHub that knows about it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.support.local_server import local_server

SITE = "/demo/"


@dataclass
class PublishedSite:
    """Shows a branch of a repository below ``/demo/``, as GitHub Pages do.

    Attributes:
        remote: the repository.
        stale: how many requests are answered with a page of before.
        lost: files that are never shown.
        moved: where every request is redirected to, empty for nowhere.
        status: with what every request of a page is answered, 0 = as usual.
        pages: what GitHub has about the Pages; None = they are off.
        requests: the paths that were requested.
    """

    remote: Path
    branch: str = "gh-pages"
    stale: int = 0
    lost: set[str] = field(default_factory=set[str])
    moved: str = ""
    status: int = 0
    pages: dict[str, object] | None = None
    requests: list[str] = field(default_factory=list[str])
    address: str = ""

    def answer(self, address: str) -> tuple[int, bytes]:
        """The status and the content of a page, or of a part of the API."""
        path = unquote(urlsplit(address).path)
        self.requests.append(path)
        if path.startswith("/api/"):
            text = json.dumps(self.pages).encode()
            return (404, b"{}") if self.pages is None else (200, text)
        if path == "/login":
            return 200, b"<form>"
        if self.status:
            return self.status, b""
        name = path.removeprefix(SITE)
        if self.stale:
            self.stale -= 1
            return 200, b"of before"
        if not path.startswith(SITE) or name in self.lost:
            return 404, b""
        if name.endswith("/") or not name:
            name += "index.html"
        shown = subprocess.run(
            ["git", "cat-file", "--follow-symlinks", "--batch"],
            input=f"{self.branch}:{name}\n".encode(),
            cwd=self.remote,
            capture_output=True,
            check=True,
        ).stdout
        head, _, content = shown.partition(b"\n")
        if b" blob " not in head:
            return 404, b""
        return 200, content[:-1]

    @property
    def variables(self) -> dict[str, str]:
        """The variables of a job that may read the settings of Pages."""
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": f"{self.address}/api",
            "GITHUB_REPOSITORY": "someone/demo",
            "GITHUB_TOKEN": "token",
        }


@contextmanager
def published_site(remote: Path, branch: str = "gh-pages") -> Generator[PublishedSite]:
    """Serve until the end of the block."""
    site = PublishedSite(remote, branch)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if site.moved and not self.path.startswith(("/login", "/api/")):
                self.send_response(302)
                self.send_header("Location", site.moved)
                self.end_headers()
                return
            status, content = site.answer(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the output of the tests free of requests."""

    with local_server(Handler) as address:
        site.address = address
        yield site
