"""Secrets, with the trufflehog of this machine; it sends nothing to anybody."""

from __future__ import annotations

import msgspec

from ci_engine.checks.context import not_run_because
from ci_engine.configuration.security_profiles import EngineName
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult
from ci_engine.scanning.engine import Scan, ended_badly, not_here
from ci_engine.scanning.files import copied
from ci_engine.scanning.scanners.leaks import conclude_secrets, secret_found

__all__ = ["examine"]

_COMMAND = ("filesystem", ".", "--json", "--no-verification", "--no-update", "--fail")
_ENDED = "finished scanning"
_SECRETS_FOUND = 183


class _Filesystem(msgspec.Struct):
    file: str = ""
    line: int = 0


class _Data(msgspec.Struct):
    filesystem: _Filesystem = msgspec.field(
        name="Filesystem", default_factory=_Filesystem
    )


class _Metadata(msgspec.Struct):
    data: _Data = msgspec.field(name="Data", default_factory=_Data)


class _Hog(msgspec.Struct):
    detector: str = msgspec.field(name="DetectorName")
    metadata: _Metadata = msgspec.field(name="SourceMetadata")


class _Event(msgspec.Struct):
    level: str = ""
    msg: str = ""
    path: str = ""
    error: str = ""


def examine(scan: Scan) -> CheckResult:
    """Search every file with trufflehog 3."""
    name: EngineName = "trufflehog"
    tool = scan.found("trufflehog")
    if tool is None:
        return not_here(scan, name, "trufflehog is not installed")
    if tool.version.startswith("2."):
        reason = "trufflehog 2 is the abandoned Python program: version 3 is needed"
        return not_here(scan, name, reason)
    try:
        with copied(scan.context.project, scan.files.everything) as tree:
            outcome = scan.run(name, tool, _COMMAND, tree)
    except (ToolError, OSError) as error:
        return not_run_because(name, error)
    try:
        rows = [row for row in outcome.stdout.splitlines() if row.strip()]
        hogs = [msgspec.json.decode(row, type=_Hog) for row in rows]
    except msgspec.DecodeError:
        return ended_badly(name, tool, outcome)
    events = _events(outcome.stderr)
    ended = bool(hogs) or any(event.msg == _ENDED for event in events)
    fits = outcome.code == (_SECRETS_FOUND if hogs else 0)
    # It ends as if nothing had happened when it cannot read a file: its log tells.
    lost = [event for event in events if event.level == "error"]
    if outcome.timed_out or not ended or not fits or not all(e.path for e in lost):
        return ended_badly(name, tool, outcome)
    findings = [
        secret_found(
            name,
            hog.detector,
            hog.detector,
            hog.metadata.data.filesystem.file,
            hog.metadata.data.filesystem.line,
        )
        for hog in hogs
    ]
    unread = {event.path: event.error or event.msg for event in lost}
    return conclude_secrets(scan, name, tool, findings, unread)


def _events(log: str) -> list[_Event]:
    """What its log says; lines that are none of its own are left out."""
    events: list[_Event] = []
    for row in log.splitlines():
        try:
            events.append(msgspec.json.decode(row, type=_Event))
        except msgspec.DecodeError:
            continue
    return events
