"""The tools that look dependencies up: uv for ``uv.lock``, else pip-audit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import msgspec

from ci_engine.checks.dependencies.inventory import (
    Dependencies,
    Dependency,
    location_of,
)
from ci_engine.checks.outcomes import EarlyResultError, not_run, timed_out
from ci_engine.checks.workspace import Tool, Workspace
from ci_engine.findings.results import Finding
from ci_engine.processes.child_environment import manager_variables
from ci_engine.processes.programs import Outcome
from ci_engine.project.output_files import write_text

_VARIABLE = "OSV_SERVICE_URL"
_PREVIEW = "audit-command,json-output"
# How a uv that cannot audit ends, and what it prints.
_USAGE = 2
_TOO_OLD = ("unrecognized subcommand", "unexpected argument", "invalid value")


@dataclass(frozen=True)
class Advisory:
    """One known vulnerability of one dependency."""

    id: str
    package: str
    version: str
    aliases: tuple[str, ...]
    fixed: tuple[str, ...]
    summary: str


@dataclass(frozen=True)
class Answer:
    """What a tool answered.

    Attributes:
        dependencies: what it was given; what it did not look up is unknown.
        others: what else it reports.
    """

    tool: Tool
    outcome: Outcome
    dependencies: Dependencies
    advisories: list[Advisory]
    others: list[Finding] = field(default_factory=list[Finding])


class _Vulnerability(msgspec.Struct):
    id: str
    aliases: tuple[str, ...]
    fix_versions: tuple[str, ...]

    def of(self, package: str, version: str, summary: str) -> Advisory:
        """The advisory about a dependency."""
        return Advisory(
            self.id, package, version, self.aliases, self.fix_versions, summary
        )


class _PipVulnerability(_Vulnerability):
    description: str = ""


class _PipDependency(msgspec.Struct):
    name: str
    version: str = ""
    skip_reason: str = ""
    vulns: list[_PipVulnerability] = []


class _PipReport(msgspec.Struct):
    dependencies: list[_PipDependency]


class _UvDependency(msgspec.Struct):
    name: str
    version: str


class _UvVulnerability(_Vulnerability, kw_only=True):
    dependency: _UvDependency
    summary: str | None = None


class _UvStatus(msgspec.Struct):
    name: str = ""
    status: str = ""
    reason: str | None = None


class _UvSummary(msgspec.Struct):
    audited_packages: int
    vulnerabilities: int


class _UvReport(msgspec.Struct):
    summary: _UvSummary
    vulnerabilities: list[_UvVulnerability]
    adverse_statuses: list[_UvStatus] = []


_Report = TypeVar("_Report")


def service_url() -> str:
    """The service that is configured, empty for the usual one."""
    return os.environ.get(_VARIABLE, "").rstrip("/")


def run_pip_audit(
    workspace: Workspace, dependencies: Dependencies, reports: Path, timeout: float
) -> Answer:
    """Audit the dependencies; the versions of one are audited one after the other."""
    tool = workspace.tool("pip-audit")
    advisories: list[Advisory] = []
    skips: list[str] = []
    outcome = Outcome((), 0, "", "", 0.0)
    for number, part in enumerate(dependencies.rounds()):
        listing = reports / f"audited-{number}.txt"
        rows = [f"{dependency.name}=={dependency.version}\n" for dependency in part]
        write_text(listing, "".join(rows))
        outcome = workspace.execute(tool, _pip_options(listing), timeout)
        report = _read(tool, outcome, _PipReport)
        found = [
            each.of(row.name, row.version, each.description)
            for row in report.dependencies
            for each in row.vulns
        ]
        problem = _contradiction(outcome, report, found, part)
        if problem:
            raise EarlyResultError(not_run(f"pip-audit: {problem}", outcome))
        advisories += found
        skips += [row.name for row in report.dependencies if row.skip_reason]
    if advisories:
        outcome = replace(outcome, code=1)
    return Answer(tool, outcome, dependencies.without(skips), advisories)


def _pip_options(listing: Path) -> list[str]:
    url = service_url()
    options = ["--format", "json", "--progress-spinner", "off", "--strict"]
    options += ["--disable-pip", "--no-deps", "--requirement", str(listing)]
    options += ["--osv-url", f"{url}/v1/query"] if url else []
    return [*options, "--vulnerability-service", "osv"]


def _contradiction(
    outcome: Outcome,
    report: _PipReport,
    found: Sequence[Advisory],
    given: Sequence[Dependency],
) -> str:
    """Why exit code and output cannot both be true, empty if they can."""
    if bool(found) != (outcome.code == 1):
        return outcome.describe_exit()
    missing = len(given) - len(report.dependencies)
    return f"{missing} of the dependencies are not in its report" if missing > 0 else ""


def run_uv_audit(
    workspace: Workspace, dependencies: Dependencies, timeout: float
) -> Answer | None:
    """Audit the lock; None if this uv cannot do that."""
    url = service_url()
    command = ["audit", "--frozen", "--output-format", "json", "--color", "never"]
    command += ["--preview-features", _PREVIEW]
    command += ["--service-url", url] if url else []
    uv = Tool("uv", "", ("uv",), manager_variables(), "the uv of this machine")
    version = workspace.execute(uv, ["--version"], timeout).stdout.split()
    tool = replace(uv, version=" ".join(version[1:2]))
    outcome = workspace.execute(tool, command, timeout)
    too_old = any(text in outcome.stderr for text in _TOO_OLD)
    if outcome.code == _USAGE and too_old:
        return None
    report = _read(tool, outcome, _UvReport)
    if report.summary.vulnerabilities != len(report.vulnerabilities):
        raise EarlyResultError(not_run("uv: its report contradicts itself", outcome))
    if report.summary.audited_packages < len(dependencies.audited):
        number = f"{report.summary.audited_packages} of {len(dependencies.audited)}"
        reason = f"uv: only {number} dependencies audited"
        raise EarlyResultError(not_run(reason, outcome))
    advisories = [
        each.of(each.dependency.name, each.dependency.version, each.summary or "")
        for each in report.vulnerabilities
    ]
    others = [
        _finding(workspace, dependencies, each) for each in report.adverse_statuses
    ]
    return Answer(tool, outcome, dependencies, advisories, others)


def _finding(
    workspace: Workspace, dependencies: Dependencies, found: _UvStatus
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


def _read(tool: Tool, outcome: Outcome, report: type[_Report]) -> _Report:
    """What a tool reports; if it did not do its work, its last error says why."""
    if not outcome.timed_out:
        try:
            found = msgspec.json.decode(outcome.stdout, type=report)
        except msgspec.DecodeError:
            found = None
        if found is not None and outcome.code in (0, 1):
            return found
        rows = [row.strip() for row in outcome.stderr.splitlines() if row.strip()]
        errors = [row for row in rows if row.startswith(("error:", "ERROR:"))]
        last = (errors or rows[-1:] or [outcome.describe_exit()])[0]
        reason = f"{tool.name}: unusable output: {last[:300]}"
        raise EarlyResultError(not_run(reason, outcome))
    raise EarlyResultError(timed_out(outcome))
