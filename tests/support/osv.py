"""A stand-in for the service that knows vulnerabilities (https://api.osv.dev)."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.local_server import local_server

Json = dict[str, Any]
_WHEN = "2024-01-01T00:00:00Z"


@dataclass
class Service:
    """What the service knows, and the requests to it.

    Attributes:
        url: where it is.
        vulnerable: ids of advisories by name and version.
        records: the advisories.
        asked: every name and version that was requested.
        broken: answer everything with an error.
        busy: how many requests to answer with an error before all others.
        distort: changes the answers to several questions.
        page: how many advisories are on a page; 0 = all of them.
        forgotten: advisories that it does not describe.
    """

    url: str = ""
    vulnerable: dict[tuple[str, str], list[str]] = field(
        default_factory=dict[tuple[str, str], list[str]]
    )
    records: dict[str, Json] = field(default_factory=dict[str, Json])
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    broken: bool = False
    busy: int = 0
    distort: Callable[[list[Json]], list[Json]] = field(default=lambda found: found)
    page: int = 0
    forgotten: set[str] = field(default_factory=set[str])

    def add(self, name: str, version: str, identity: str, **more: object) -> None:
        """Make one version of a package vulnerable."""
        fixed = str(more.pop("fixed", ""))
        events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
        affected = {
            "package": {"name": name, "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": events}],
            "versions": [version],
        }
        record = {"id": identity, "summary": f"{name} is bad", "affected": [affected]}
        record |= {"aliases": [], "published": _WHEN, "modified": _WHEN, **more}
        self.records[identity] = record
        self.vulnerable.setdefault((name, version), []).append(identity)

    def answer(self, query: Json) -> list[str]:
        key = (query["package"]["name"], query["version"])
        self.asked.append(key)
        return self.vulnerable.get(key, [])

    def page_of(self, query: Json) -> Json:
        """One page of the response to a query."""
        names, start = self.answer(query), int(query.get("page_token", 0))
        end = start + (self.page or len(names))
        found = [{"id": name, "modified": _WHEN} for name in names[start:end]]
        more = {"next_page_token": str(end)} if end < len(names) else {}
        return ({"vulns": found} if found else {}) | more


@contextmanager
def serving() -> Generator[Service, None, None]:
    """Run the service until the end of the block."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def reply(self, body: Json, status: int = 200) -> None:
            data = json.dumps(body).encode()
            if service.busy:
                service.busy -= 1
                status = 503
            self.send_response(500 if service.broken else status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            pages = [service.page_of(query) for query in asked["queries"]]
            self.reply({"results": service.distort(pages)})

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            record = None if name in service.forgotten else service.records.get(name)
            self.reply(record or {}, 200 if record else 404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with local_server(Handler) as url:
        service.url = url
        yield service
