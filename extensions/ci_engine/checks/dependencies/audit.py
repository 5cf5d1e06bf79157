"""Look for known vulnerabilities in what the project depends on.

What a ``uv.lock`` holds is audited by uv itself where uv can do that; everything
else by pip-audit, which is given the dependencies of the lock, or of the prepared
environment where there is no lock, so that it never audits an environment of its own.
The variable ``OSV_SERVICE_URL`` names another service than https://api.osv.dev.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ci_engine.checks.context import (
    Context,
    Tool,
    failed_or_passed,
    not_run,
    not_run_because,
    skipped,
)
from ci_engine.checks.dependencies.advisories import (
    Advisory,
    describe,
    looked_up,
    service_url,
)
from ci_engine.checks.dependencies.inventory import (
    Dependencies,
    Dependency,
    location_of,
    read_environment,
)
from ci_engine.checks.dependencies.locked_packages import read_lock
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.processes.child_environment import child_variables
from ci_engine.processes.programs import Outcome, find_program
from ci_engine.project.output_files import write_text

__all__ = ["check", "examine"]

_PREVIEW = "audit-command,json-output"
_PIXI_NOTE = (
    "conda packages are in no advisory database of Python: only the Python "
    "distributions of the environment were looked up"
)


class _UvDependency(msgspec.Struct):
    name: str
    version: str


class _UvVulnerability(msgspec.Struct):
    dependency: _UvDependency
    id: str
    aliases: list[str]
    fix_versions: list[str]
    summary: str | None = None
    link: str | None = None


class _UvStatus(msgspec.Struct):
    name: str = ""
    status: str = ""
    reason: str | None = None


class _UvSummary(msgspec.Struct):
    audited_packages: int
    vulnerabilities: int
    adverse_statuses: int = 0


class _UvReport(msgspec.Struct):
    summary: _UvSummary
    vulnerabilities: list[_UvVulnerability]
    adverse_statuses: list[_UvStatus] = msgspec.field(default_factory=list[_UvStatus])


class _PipVulnerability(msgspec.Struct):
    id: str
    fix_versions: list[str]
    aliases: list[str]
    description: str = ""


class _PipDependency(msgspec.Struct):
    name: str
    version: str = ""
    skip_reason: str = ""
    vulns: list[_PipVulnerability] = msgspec.field(
        default_factory=list[_PipVulnerability]
    )


class _PipReport(msgspec.Struct):
    dependencies: list[_PipDependency]


def check(context: Context) -> CheckResult:
    """Audit the lock if there is one, else the prepared environment."""
    try:
        dependencies = read_lock(context.project) or read_environment(context)
    except ToolError as error:
        return not_run_because("audit", error)
    return examine(context, dependencies)


def examine(context: Context, dependencies: Dependencies) -> CheckResult:
    """Audit what a project depends on."""
    try:
        if not dependencies.audited:
            return _nothing_to_audit(dependencies)
        if dependencies.source == "uv.lock" and find_program("uv") is not None:
            result = _with_uv(context, dependencies)
            if result is not None:
                return result
        return _with_pip_audit(context, dependencies)
    except ToolError as error:
        return not_run_because("audit", error)


def _nothing_to_audit(dependencies: Dependencies) -> CheckResult:
    if dependencies.unknown:
        names = ", ".join(dependencies.unknown)
        return not_run("audit", f"no advisory database knows these: {names}")
    return skipped("audit", f"{dependencies.source}: there are no dependencies")


def _with_uv(context: Context, dependencies: Dependencies) -> CheckResult | None:
    """Audit ``uv.lock`` with uv; None if this uv cannot do that."""
    url = service_url()
    command = ["audit", "--frozen", "--output-format", "json", "--color", "never"]
    command += ["--preview-features", _PREVIEW]
    command += ["--service-url", url] if url else []
    tool = Tool("uv", "", ("uv",), child_variables(), "the uv of this machine")
    version = context.run("audit", tool, ["--version"]).stdout.split()
    tool = replace(tool, version=" ".join(version[1:2]))
    outcome = context.run("audit", tool, command)
    if outcome.code == 2 and _is_too_old(outcome.stderr):  # noqa: PLR2004
        return None
    if outcome.code not in (0, 1):
        return _broken(tool, outcome)
    try:
        report = msgspec.json.decode(outcome.stdout, type=_UvReport)
    except msgspec.DecodeError:
        return failed_or_passed("audit", tool, outcome, None)
    if report.summary.vulnerabilities != len(report.vulnerabilities):
        return not_run("audit", "uv: its report contradicts itself", outcome)
    if report.summary.audited_packages < len(dependencies.audited):
        number = f"{report.summary.audited_packages} of {len(dependencies.audited)}"
        return not_run("audit", f"uv: only {number} dependencies audited", outcome)
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
        _status(context, dependencies, found) for found in report.adverse_statuses
    ]
    return _judge(context, tool, outcome, dependencies, advisories, others)


def _is_too_old(text: str) -> bool:
    return any(
        words in text
        for words in ("unrecognized subcommand", "unexpected argument", "invalid value")
    )


def _status(context: Context, dependencies: Dependencies, found: _UvStatus) -> Finding:
    """A project that its index calls archived, deprecated or quarantined."""
    path, line = location_of(context.project, dependencies.source, found.name)
    because = f": {found.reason}" if found.reason else ""
    return Finding(
        tool="uv",
        rule=f"project-{found.status or 'status'}",
        message=f"{found.name}: its index calls it {found.status}{because}",
        path=path,
        line=line,
        severity="error" if found.status == "quarantined" else "warning",
    )


def _with_pip_audit(context: Context, dependencies: Dependencies) -> CheckResult:
    """Audit the dependencies with pip-audit, several versions of one in turn."""
    tool = context.tool("pip-audit")
    advisories: list[Advisory] = []
    skips: list[str] = []
    outcome = None
    for number, part in enumerate(dependencies.rounds()):
        listing = context.reports / f"audited-{number}.txt"
        rows = [f"{dependency.name}=={dependency.version}\n" for dependency in part]
        write_text(listing, "".join(rows))
        outcome = context.run("audit", tool, _pip_audit_options(str(listing)))
        if outcome.timed_out or outcome.code not in (0, 1):
            return failed_or_passed("audit", tool, outcome, None)
        try:
            report = msgspec.json.decode(outcome.stdout, type=_PipReport)
        except msgspec.DecodeError:
            return _broken(tool, outcome)
        found = _advisories(report)
        problem = _contradiction(outcome, report, found, part)
        if problem:
            return not_run("audit", f"pip-audit: {problem}", outcome)
        advisories += found
        skips += [row.name for row in report.dependencies if row.skip_reason]
    assert outcome is not None  # noqa: S101 - there is at least one round
    known = dependencies.without(skips)
    if not known.audited:
        return _nothing_to_audit(known)
    if advisories:
        outcome = replace(outcome, code=1)
    return _judge(context, tool, outcome, known, advisories, [])


def _pip_audit_options(listing: str) -> list[str]:
    url = service_url()
    options = ["--format", "json", "--progress-spinner", "off", "--strict"]
    options += ["--disable-pip", "--no-deps", "--requirement", listing]
    if url:
        options += ["--osv-url", f"{url}/v1/query"]
    return [*options, "--vulnerability-service", "osv"]


def _advisories(report: _PipReport) -> list[Advisory]:
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
    report: _PipReport,
    found: list[Advisory],
    given: list[Dependency],
) -> str:
    """Why exit code and output cannot both be true, empty if they can."""
    if bool(found) != (outcome.code == 1):
        return outcome.describe_exit()
    missing = len(given) - len(report.dependencies)
    return f"{missing} of the dependencies are not in its report" if missing > 0 else ""


def _broken(tool: Tool, outcome: Outcome) -> CheckResult:
    """Tell why there was no answer, in the last words of the tool."""
    if outcome.timed_out or outcome.missing:
        return failed_or_passed("audit", tool, outcome, None)
    rows = [row.strip() for row in outcome.stderr.splitlines() if row.strip()]
    errors = [row for row in rows if row.startswith(("error:", "ERROR:"))]
    said = (errors or rows[-1:] or [outcome.describe_exit()])[0]
    return not_run("audit", f"{tool.name}: unusable output: {said[:300]}", outcome)


def _judge(
    context: Context,
    tool: Tool,
    outcome: Outcome,
    dependencies: Dependencies,
    advisories: list[Advisory],
    others: list[Finding],
) -> CheckResult:
    """One finding for each advisory that still stands, and what was looked up."""
    records = looked_up(advisories)
    findings = list(others)
    withdrawn: list[str] = []
    for advisory in advisories:
        record = records.get(advisory.id)
        if record is not None and record.withdrawn:
            withdrawn.append(f"{advisory.id} ({advisory.package})")
            continue
        source = dependencies.source
        path, line = location_of(
            context.project, source, advisory.package, advisory.version
        )
        findings.append(describe(tool.name, advisory, record, path, line))
    if withdrawn and not findings:
        outcome = replace(outcome, code=0)
    result = failed_or_passed("audit", tool, outcome, findings)
    result.notes.append(dependencies.coverage())
    if withdrawn:
        result.notes.append(f"withdrawn advisories: {', '.join(withdrawn)}")
    if context.project.manager == "pixi" and dependencies.source != "pixi.lock":
        result.notes.append(_PIXI_NOTE)
    return result
