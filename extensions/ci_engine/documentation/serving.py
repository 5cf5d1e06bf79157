"""Serve the pages locally, and rebuild them when a file changes."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from ci_engine.errors import ToolError

_HOST = "127.0.0.1"
_SECONDS_BETWEEN_LOOKS = 0.5
_LEFT_OUT = frozenset(
    {".git", ".ci-framework", ".venv", ".pixi", "node_modules", "__pycache__", "site"}
)


class PageServer:
    """Serves a directory of pages below a path, on this machine only."""

    def __init__(self, site: Path, base: str, port: int) -> None:
        """Start to listen.

        Raises:
            ToolError: if the port is taken.
        """
        self.site = site
        self._copies = site.with_name("shown")
        self._number = 0

        def handle(*args: object) -> _Handler:
            return _Handler(*args, directory=str(self.shown), base=base)

        try:
            self._server = ThreadingHTTPServer((_HOST, port), handle)
        except OSError as error:
            raise ToolError(
                f"--port: {port}: {error.strerror}", hint="choose another port"
            ) from error
        number = self._server.server_address[1]
        self.address = f"http://{_HOST}:{number}{base}"

    @property
    def shown(self) -> Path:
        """The pages of the last build that succeeded."""
        return self._copies / str(self._number)

    def show(self) -> None:
        """Switch to the latest build; requests always find one of the two."""
        fresh = self._copies / str(self._number + 1)
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(self.site, fresh)
        self._number += 1
        # Requests may still read from the copy before this one.
        shutil.rmtree(self._copies / str(self._number - 2), ignore_errors=True)

    def serve(
        self, watched: list[Path], build: Callable[[], bool], over: threading.Event
    ) -> None:
        """Serve until the event is set, and rebuild when a watched file changes."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            before = newest(watched)
            while not over.wait(_SECONDS_BETWEEN_LOOKS):
                now = newest(watched)
                if now == before:
                    continue
                before = now
                if build():
                    self.show()
        finally:
            self._server.shutdown()
            self._server.server_close()
            shutil.rmtree(self._copies, ignore_errors=True)


class _Handler(SimpleHTTPRequestHandler):
    """Serves the pages below their published path."""

    def __init__(
        self, *args: object, base: str, directory: str, **kwargs: object
    ) -> None:
        self._base = base
        super().__init__(*args, directory=directory, **kwargs)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        """The file of an address; an address outside of the site has none."""
        inside = urlsplit(path).path
        if not inside.startswith(self._base):
            return str(Path(self.directory) / "404-outside")
        return super().translate_path(f"/{inside.removeprefix(self._base)}")

    def do_GET(self) -> None:
        """Serve a page; the root of the host redirects to the site."""
        if self.path in ("/", self._base.rstrip("/")) and self._base != "/":
            self.send_response(302)
            self.send_header("Location", self._base)
            self.end_headers()
            return
        super().do_GET()

    def end_headers(self) -> None:
        """Let browsers revalidate each time."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Do not log requests."""


def newest(watched: list[Path]) -> tuple[int, int]:
    """The number of files, and the time of the latest change."""
    number, latest = 0, 0
    for top in watched:
        for path in _files(top):
            with contextlib.suppress(OSError):
                latest = max(latest, path.stat().st_mtime_ns)
                number += 1
    return number, latest


def _files(top: Path) -> list[Path]:
    if top.is_file():
        return [top]
    found: list[Path] = []
    with contextlib.suppress(OSError):
        for path in top.iterdir():
            if path.is_dir():
                found += _files(path) if path.name not in _LEFT_OUT else []
            else:
                found.append(path)
    return found
