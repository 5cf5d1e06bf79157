"""Audit ``uv.lock`` with uv itself."""

from __future__ import annotations

import msgspec

from ci_engine.checks.dependencies.advisories import (
    Advisory,
    Answer,
    service_url,
    unusable_output,
)
from ci_engine.checks.dependencies.inventory import Dependencies, location_of
from ci_engine.checks.outcomes import EarlyResultError, not_run
from ci_engine.checks.workspace import Tool, Workspace
from ci_engine.findings.results import Finding
from ci_engine.processes.child_environment import child_variables

__all__ = ["run_uv_audit"]

_PREVIEW = "audit-command,json-output"
# How a uv that cannot audit ends, and what it prints.
_USAGE = 2
_TOO_OLD = ("unrecognized subcommand", "unexpected argument", "invalid value")


class _Dependency(msgspec.Struct):
    name: str
    version: str


class _Vulnerability(msgspec.Struct):
    dependency: _Dependency
    id: str
    aliases: list[str]
    fix_versions: list[str]
    summary: str | None = None


class _Status(msgspec.Struct):
    name: str = ""
    status: str = ""
    reason: str | None = None


class _Summary(msgspec.Struct):
    audited_packages: int
    vulnerabilities: int


class _Report(msgspec.Struct):
    summary: _Summary
    vulnerabilities: list[_Vulnerability]
    adverse_statuses: list[_Status] = msgspec.field(default_factory=list[_Status])


def run_uv_audit(
    workspace: Workspace, dependencies: Dependencies, timeout: float
) -> Answer | None:
    """Audit the lock; None if this uv cannot do that.

    Raises:
        EarlyResultError: if uv did not do its work.
    """
    url = service_url()
    command = ["audit", "--frozen", "--output-format", "json", "--color", "never"]
    command += ["--preview-features", _PREVIEW]
    command += ["--service-url", url] if url else []
    origin = "the uv of this machine"
    uv = Tool("uv", "", ("uv",), child_variables(), origin)
    version = workspace.execute(uv, ["--version"], timeout).stdout.split()
    tool = Tool("uv", " ".join(version[1:2]), uv.command, uv.variables, origin)
    outcome = workspace.execute(tool, command, timeout)
    too_old = any(text in outcome.stderr for text in _TOO_OLD)
    if outcome.code == _USAGE and too_old:
        return None
    try:
        report = msgspec.json.decode(outcome.stdout, type=_Report)
    except msgspec.DecodeError as error:
        raise unusable_output(tool, outcome) from error
    if outcome.timed_out or outcome.code not in (0, 1):
        raise unusable_output(tool, outcome)
    if report.summary.vulnerabilities != len(report.vulnerabilities):
        raise EarlyResultError(not_run("uv: its report contradicts itself", outcome))
    if report.summary.audited_packages < len(dependencies.audited):
        number = f"{report.summary.audited_packages} of {len(dependencies.audited)}"
        reason = f"uv: only {number} dependencies audited"
        raise EarlyResultError(not_run(reason, outcome))
    advisories = [
        Advisory(
            id=found.id,
            package=found.dependency.name,
            version=found.dependency.version,
            aliases=tuple(found.aliases),
            fixed=tuple(found.fix_versions),
            summary=found.summary or "",
        )
        for found in report.vulnerabilities
    ]
    others = [
        _finding(workspace, dependencies, each) for each in report.adverse_statuses
    ]
    return Answer(tool, outcome, dependencies, advisories, others)


def _finding(
    workspace: Workspace, dependencies: Dependencies, found: _Status
) -> Finding:
    """A project that its index calls archived, deprecated or quarantined."""
    path, line = location_of(workspace.project, dependencies.source, found.name)
    because = f": {found.reason}" if found.reason else ""
    return Finding(
        tool="uv",
        rule=f"project-{found.status or 'status'}",
        message=f"{found.name}: its index calls it {found.status}{because}",
        path=path,
        line=line,
        severity="error" if found.status == "quarantined" else "warning",
    )
