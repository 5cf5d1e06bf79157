"""Known vulnerabilities of dependencies: the gate's check ``audit``, and safety."""

from __future__ import annotations

import os
from dataclasses import replace

import msgspec

from ci_engine.checks import audit
from ci_engine.checks.context import not_run_because
from ci_engine.checks.dependencies.inventory import location_of
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.project.output_files import write_text
from ci_engine.scanning.engine import Scan, conclude, ended_badly, not_here

__all__ = ["examine", "examine_safety"]

_KEY = "SAFETY_API_KEY"
_UNRATED = 7.0


def examine(scan: Scan) -> CheckResult:
    """Look the dependencies up in the OSV database."""
    try:
        dependencies = scan.read_dependencies()
    except ToolError as error:
        return not_run_because("audit", error)
    return audit.examine(scan.context, dependencies)


class _Vulnerability(msgspec.Struct):
    package_name: str
    analyzed_version: str
    vulnerability_id: str
    advisory: str = ""
    CVE: str | None = None
    fixed_versions: list[str] = msgspec.field(default_factory=list[str])
    more_info_url: str = ""


class _Report(msgspec.Struct):
    vulnerabilities: list[_Vulnerability]


def examine_safety(scan: Scan) -> CheckResult:
    """Ask safety's own database, where there is a key for it."""
    key = os.environ.get(_KEY, "")
    if not key:
        return CheckResult(
            id="safety", status=Status.SKIPPED, reason=f"{_KEY} is not set"
        )
    tool = scan.found("safety")
    if tool is None:
        return not_here(scan, "safety", "safety is not installed")
    try:
        dependencies = scan.read_dependencies()
    except ToolError as error:
        return not_run_because("safety", error)
    listing = scan.context.reports / "safety-requirements.txt"
    rows = [f"{each.name}=={each.version}\n" for each in dependencies.audited]
    write_text(listing, "".join(rows))
    # The key is what it needs of all the variables that scanners do not see.
    tool = replace(tool, variables={**tool.variables, _KEY: key})
    outcome = scan.run(
        "safety", tool, ["check", "--output", "json", "--file", str(listing)]
    )
    listing.unlink(missing_ok=True)
    try:
        report = msgspec.json.decode(outcome.stdout, type=_Report)
    except msgspec.DecodeError:
        return ended_badly("safety", tool, outcome)
    # 64 stands for "vulnerabilities found".
    if outcome.code != (64 if report.vulnerabilities else 0):
        return ended_badly("safety", tool, outcome)
    findings: list[Finding] = []
    for found in report.vulnerabilities:
        path, line = location_of(
            scan.context.project,
            dependencies.source,
            found.package_name,
            found.analyzed_version,
        )
        fixed = " or ".join(found.fixed_versions[:3])
        findings.append(
            Finding(
                tool="safety",
                rule=found.CVE or f"SAFETY-{found.vulnerability_id}",
                message=f"{found.package_name} {found.analyzed_version}, "
                f"{found.advisory.partition('. ')[0]}",
                path=path,
                line=line,
                score=_UNRATED,
                help_url=found.more_info_url,
                fix=f"{found.package_name} {fixed}" if fixed else "",
                also=(f"SAFETY-{found.vulnerability_id}",),
            )
        )
    given = len(dependencies.audited)
    return conclude("safety", tool, findings, given, {}, "dependencies looked up")
