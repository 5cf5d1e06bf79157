"""A stand-in for an index of Python, as PEP 691 and PEP 658 describe it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.support.local_server import local_server

_JSON = "application/vnd.pypi.simple.v1+json"


@dataclass
class Index:
    """What the index serves, and the requests to it.

    Attributes:
        url: where it is.
        wheels: the content of each file, by its name.
        metadata: the metadata of each wheel.
        asked: the paths that were requested.
        keys: what requests were authorized by.
        old: offer no metadata beside the wheels.
        lies: serve other metadata than the hashes name.
    """

    url: str = ""
    wheels: dict[str, bytes] = field(default_factory=dict[str, bytes])
    metadata: dict[str, bytes] = field(default_factory=dict[str, bytes])
    asked: list[str] = field(default_factory=list[str])
    keys: set[str] = field(default_factory=set[str])
    old: bool = False
    lies: bool = False

    def add(self, name: str, version: str, *rows: str) -> str:
        """Serve a wheel, and return its hash."""
        file = f"{name}-{version}-py3-none-any.whl"
        head = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}")
        text = "\n".join((*head, *rows, "")).encode()
        folder = f"{name}-{version}.dist-info"
        wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(f"{name}.py", "")
            archive.writestr(f"{folder}/METADATA", text)
            archive.writestr(f"{folder}/WHEEL", wheel)
            archive.writestr(f"{folder}/RECORD", "")
        self.wheels[file], self.metadata[file] = buffer.getvalue(), text
        return hashlib.sha256(buffer.getvalue()).hexdigest()

    def page(self, name: str) -> bytes:
        """The page of a project."""
        files = [
            {
                "filename": file,
                "url": f"../../files/{file}",
                "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
                "core-metadata": not self.old
                and {"sha256": hashlib.sha256(self.metadata[file]).hexdigest()},
            }
            for file, content in self.wheels.items()
            if file.partition("-")[0].replace("_", "-") == name
        ]
        page = {"meta": {"api-version": "1.0"}, "name": name, "files": files}
        return json.dumps(page).encode()


@contextmanager
def serving_index() -> Generator[Index, None, None]:
    """Run the index until the end of the block."""
    index = Index()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.append(self.path)
            index.keys |= {*self.headers.get_all("Authorization", [])}
            kind, name = self.path.strip("/").split("/")[:2]
            content = index.page(name) if kind == "simple" else self.file(name)
            end = int(self.headers.get("Range", "-0").rpartition("-")[2])
            found = 206 if end else 200
            content = content[-end:]
            self.send_response(found if content else 404)
            self.send_header(
                "Content-Type", _JSON if kind == "simple" else "text/plain"
            )
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def do_HEAD(self) -> None:
            self.do_GET()

        def file(self, name: str) -> bytes:
            wheel = name.removesuffix(".metadata")
            if wheel != name:
                more = b"License: other\n" if index.lies else b""
                return more + index.metadata.get(wheel, b"")
            return index.wheels.get(name, b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with local_server(Handler) as url:
        index.url = f"{url}/simple"
        yield index
