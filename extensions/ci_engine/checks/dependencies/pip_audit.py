"""Audit a list of dependencies with pip-audit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec

from ci_engine.checks.dependencies.advisories import (
    Advisory,
    Answer,
    service_url,
    unusable_output,
)
from ci_engine.checks.dependencies.inventory import Dependencies, Dependency
from ci_engine.checks.outcomes import EarlyResultError, not_run
from ci_engine.checks.workspace import Workspace
from ci_engine.processes.programs import Outcome
from ci_engine.project.output_files import write_text

__all__ = ["run_pip_audit"]


class _Vulnerability(msgspec.Struct):
    id: str
    fix_versions: list[str]
    aliases: list[str]
    description: str = ""


class _Dependency(msgspec.Struct):
    name: str
    version: str = ""
    skip_reason: str = ""
    vulns: list[_Vulnerability] = msgspec.field(default_factory=list[_Vulnerability])


class _Report(msgspec.Struct):
    dependencies: list[_Dependency]


def run_pip_audit(
    workspace: Workspace, dependencies: Dependencies, reports: Path, timeout: float
) -> Answer:
    """Audit the dependencies; several versions of one are audited one after the other.

    Raises:
        EarlyResultError: if pip-audit did not do its work.
        ToolError: if it cannot be had.
    """
    tool = workspace.tool("pip-audit")
    advisories: list[Advisory] = []
    skips: list[str] = []
    outcome = Outcome((), 0, "", "", 0.0)
    for number, part in enumerate(dependencies.rounds()):
        listing = reports / f"audited-{number}.txt"
        rows = [f"{dependency.name}=={dependency.version}\n" for dependency in part]
        write_text(listing, "".join(rows))
        outcome = workspace.execute(tool, _options(str(listing)), timeout)
        try:
            report = msgspec.json.decode(outcome.stdout, type=_Report)
        except msgspec.DecodeError as error:
            raise unusable_output(tool, outcome) from error
        if outcome.timed_out or outcome.code not in (0, 1):
            raise unusable_output(tool, outcome)
        found = _advisories(report)
        problem = _contradiction(outcome, report, found, part)
        if problem:
            raise EarlyResultError(not_run(f"pip-audit: {problem}", outcome))
        advisories += found
        skips += [row.name for row in report.dependencies if row.skip_reason]
    if advisories:
        outcome = replace(outcome, code=1)
    return Answer(tool, outcome, dependencies.without(skips), advisories)


def _options(listing: str) -> list[str]:
    url = service_url()
    options = ["--format", "json", "--progress-spinner", "off", "--strict"]
    options += ["--disable-pip", "--no-deps", "--requirement", listing]
    if url:
        options += ["--osv-url", f"{url}/v1/query"]
    return [*options, "--vulnerability-service", "osv"]


def _advisories(report: _Report) -> list[Advisory]:
    return [
        Advisory(
            id=found.id,
            package=row.name,
            version=row.version,
            aliases=tuple(found.aliases),
            fixed=tuple(found.fix_versions),
            summary=found.description,
        )
        for row in report.dependencies
        for found in row.vulns
    ]


def _contradiction(
    outcome: Outcome,
    report: _Report,
    found: list[Advisory],
    given: list[Dependency],
) -> str:
    """Why exit code and output cannot both be true, empty if they can."""
    if bool(found) != (outcome.code == 1):
        return outcome.describe_exit()
    missing = len(given) - len(report.dependencies)
    return f"{missing} of the dependencies are not in its report" if missing > 0 else ""
