"""Query the OSV service about dependencies, and verify the number of its responses.

The engine sends the queries itself, so that no configuration of a repository, such as
the ignored advisories of a package manager, can suppress a query or a response. The
variable ``OSV_SERVICE_URL`` replaces https://api.osv.dev.
"""

from __future__ import annotations

import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

import msgspec

from ci_engine.checks.dependencies.inventory import Dependency
from ci_engine.errors import OfflineError, ToolError
from ci_engine.processes.programs import CanceledError
from ci_engine.processes.thread_pools import thread_pool
from ci_engine.project.repository import normalize

_SERVICE = "https://api.osv.dev"
_VARIABLE = "OSV_SERVICE_URL"
_SECONDS = 20.0
_LARGEST = 100_000_000
# The service accepts 1000 queries per request; more pages than this are a loop.
_AT_ONCE = 500
_MOST_PAGES = 100
# A busy service is retried twice.
_BUSY = (429, 500, 502, 503, 504)
_PAUSES = (0.2, 1.0)
_HINT = f"check the network and {_VARIABLE}, then run it again"


class Specific(msgspec.Struct):
    """The part of an advisory that its database adds."""

    severity: object = None


class _Package(msgspec.Struct):
    name: str = ""
    ecosystem: str = ""


class _Range(msgspec.Struct):
    type: str = ""
    events: list[dict[str, str]] = []


class _Affected(msgspec.Struct):
    package: _Package = msgspec.field(default_factory=_Package)
    ranges: list[_Range] = []


class Record(msgspec.Struct):
    """The service's record of an advisory.

    Attributes:
        withdrawn: when it was withdrawn, empty if it is valid.
    """

    id: str
    summary: str | None = None
    aliases: tuple[str, ...] = ()
    withdrawn: str | None = None
    affected: list[_Affected] = []
    database_specific: Specific | None = None

    def about(self, package: str) -> list[_Affected]:
        """The entries about a Python package."""
        return [
            each
            for each in self.affected
            if each.package.ecosystem == "PyPI"
            and normalize(each.package.name) == normalize(package)
        ]

    def fixed_in(self, package: str) -> tuple[str, ...]:
        """The versions of a package that fix it."""
        events = [
            event
            for each in self.about(package)
            for span in each.ranges
            if span.type != "GIT"
            for event in span.events
        ]
        found = [event["fixed"] for event in events if event.get("fixed")]
        return tuple(dict.fromkeys(found))

    @property
    def severity(self) -> str:
        """The name of its severity, empty if it has none."""
        found = self.database_specific.severity if self.database_specific else None
        return found.lower() if isinstance(found, str) else ""


class _Short(msgspec.Struct):
    id: str


class _Result(msgspec.Struct):
    vulns: list[_Short] = []
    next_page_token: str = ""


class _Results(msgspec.Struct):
    results: list[_Result | None]


class _Query(msgspec.Struct, omit_defaults=True):
    package: dict[str, str]
    version: str
    page_token: str = ""


@dataclass(frozen=True)
class Answers:
    """The responses of the service.

    Attributes:
        advisories: the ids of the advisories about each dependency that has any.
        records: the records of advisories, by id.
        missing: the ids without a record, with the reason.
    """

    advisories: dict[Dependency, list[str]]
    records: dict[str, Record]
    missing: dict[str, str]


_Decoded = TypeVar("_Decoded")


@dataclass(frozen=True)
class OsvService:
    """The service, for one run.

    Attributes:
        deadline: when the run must end, by the monotonic clock.
    """

    url: str
    deadline: float
    cancel: threading.Event

    def look_up(self, dependencies: Sequence[Dependency]) -> Answers:
        """Find the advisories about each dependency.

        Raises:
            ToolError: if the service does not answer each query, or its response is
                invalid.
        """
        advisories: dict[Dependency, list[str]] = {}
        for start in range(0, len(dependencies), _AT_ONCE):
            part = dependencies[start : start + _AT_ONCE]
            for dependency, names in self._ids(part).items():
                advisories.setdefault(dependency, []).extend(names)
        names = sorted({name for found in advisories.values() for name in found})
        records: dict[str, Record] = {}
        missing: dict[str, str] = {}
        with thread_pool(8) as pool:
            for name, found in zip(names, pool.map(self._record, names), strict=True):
                if isinstance(found, Record):
                    records[name] = found
                else:
                    missing[name] = found
        _refuse_other_answers(advisories, records)
        return Answers(advisories, records, missing)

    def _ids(self, dependencies: Sequence[Dependency]) -> dict[Dependency, list[str]]:
        """Query one batch, page by page."""
        found: dict[Dependency, list[str]] = {}
        waiting = [(dependency, "") for dependency in dependencies]
        for _ in range(_MOST_PAGES):
            if not waiting:
                return found
            queries = [
                _Query({"name": each.name, "ecosystem": "PyPI"}, each.version, token)
                for each, token in waiting
            ]
            body = msgspec.json.encode({"queries": queries})
            results = self._request("/v1/querybatch", _Results, body).results
            if len(results) != len(queries):
                raise ToolError(
                    f"the OSV service sent {len(results)} responses to {len(queries)} "
                    "queries",
                    hint=_HINT,
                )
            answered = [
                (each, result)
                for (each, _), result in zip(waiting, results, strict=True)
                if result is not None
            ]
            for each, result in answered:
                names = [short.id for short in result.vulns]
                if names:
                    found.setdefault(each, []).extend(names)
            waiting = [
                (each, result.next_page_token)
                for each, result in answered
                if result.next_page_token
            ]
        raise ToolError("the OSV service sends an endless list of pages", hint=_HINT)

    def _record(self, name: str) -> Record | str:
        """The record of an advisory, else the reason why there is none."""
        try:
            record = self._request(f"/v1/vulns/{quote(name, safe='')}", Record)
        except ToolError as error:
            return str(error)
        # Some advisories were renamed; the requested id is then an alias.
        if name not in (record.id, *record.aliases):
            return f"the OSV service describes {record.id} instead of {name}"
        return record

    def _request(
        self, path: str, kind: type[_Decoded], body: bytes | None = None
    ) -> _Decoded:
        reason, error_type = "no response", ToolError
        for pause in (*_PAUSES, None):
            if self.cancel.is_set():
                raise CanceledError(path)
            try:
                return msgspec.json.decode(self._read(path, body), type=kind)
            except urllib.error.HTTPError as error:
                reason = f"HTTP status {error.code}"
                again = error.code in _BUSY
            except TimeoutError:
                reason, again, error_type = "no response in time", False, OfflineError
            except urllib.error.URLError as error:
                reason, again, error_type = str(error.reason), False, OfflineError
            except msgspec.DecodeError as error:
                reason, again = f"unusable output: {error}", False
            except (OSError, ValueError) as error:
                reason, again = str(error) or type(error).__name__, True
            if not again or pause is None or self._left() <= pause:
                break
            self.cancel.wait(pause)
        raise error_type(f"the OSV service at {self.url}: {reason}", hint=_HINT)

    def _left(self) -> float:
        return self.deadline - time.monotonic()

    def _read(self, path: str, body: bytes | None) -> bytes:
        url = f"{self.url}{path}"
        if not url.startswith(("https://", "http://")):
            raise ToolError(f"{_VARIABLE}: expected an http address, got {self.url}")
        headers = {"Content-Type": "application/json", "User-Agent": "ci-framework"}
        request = urllib.request.Request(url, body, headers)  # noqa: S310
        seconds = max(0.1, min(_SECONDS, self._left()))
        with urllib.request.urlopen(  # noqa: S310 # nosec B310
            request, timeout=seconds
        ) as answer:
            content: bytes = answer.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ToolError("the OSV service sent a response that is too large")
        return content


def _refuse_other_answers(
    advisories: dict[Dependency, list[str]], records: dict[str, Record]
) -> None:
    """Check the order of the responses: only it maps them to packages."""
    for dependency, names in advisories.items():
        for name in names:
            record = records.get(name)
            if record is not None and not record.about(dependency.name):
                raise ToolError(
                    f"the OSV service returned {name} for {dependency.name}, "
                    "which it does not affect: its responses are in the wrong order",
                    hint=_HINT,
                )


def open_service(timeout: float, cancel: threading.Event) -> OsvService:
    """The configured service, else the default one."""
    url = os.environ.get(_VARIABLE, "").rstrip("/") or _SERVICE
    return OsvService(url, time.monotonic() + timeout, cancel)
