"""Look for known vulnerabilities in what the project depends on.

What a ``uv.lock`` holds is audited by uv itself where uv can do that; everything
else by pip-audit, which is given the dependencies of the lock, or of the prepared
environment where there is no lock, so that it never audits an environment of its own.
The variable ``OSV_SERVICE_URL`` names another service than https://api.osv.dev.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import msgspec

from ci_engine.checks.context import Context
from ci_engine.checks.dependencies.audit_tools import (
    Advisory,
    Answer,
    run_pip_audit,
    run_uv_audit,
    service_url,
)
from ci_engine.checks.dependencies.inventory import (
    Dependencies,
    location_of,
    read_environment,
)
from ci_engine.checks.dependencies.locked_packages import read_lock
from ci_engine.checks.outcomes import from_tool, not_run, skipped
from ci_engine.checks.workspace import Workspace
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.findings.severity import SCORES
from ci_engine.processes.programs import find_program

_SERVICE = "https://api.osv.dev"
_SECONDS = 10.0
# A vulnerability without a rating is not harmless.
_UNRATED = 7.0
_PIXI_NOTE = (
    "conda packages are in no advisory database of Python: only the Python "
    "distributions of the environment were looked up"
)


class _Specific(msgspec.Struct):
    severity: str | None = None


class _Record(msgspec.Struct):
    """What the service knows about an advisory."""

    id: str
    # When it was withdrawn, empty if it is valid.
    withdrawn: str | None = None
    database_specific: _Specific | None = None


def check(context: Context) -> CheckResult:
    """Audit the lock if there is one, else the prepared environment."""
    dependencies = read_lock(context.project) or read_environment(context)
    return run_audit(context, dependencies, context.reports, context.timeout)


def run_audit(
    workspace: Workspace, dependencies: Dependencies, reports: Path, timeout: float
) -> CheckResult:
    """Audit what a project depends on."""
    if not dependencies.audited:
        return _nothing_to_audit(dependencies)
    answer = None
    if dependencies.source == "uv.lock" and find_program("uv") is not None:
        answer = run_uv_audit(workspace, dependencies, timeout)
    if answer is None:
        answer = run_pip_audit(workspace, dependencies, reports, timeout)
    if not answer.dependencies.audited:
        return _nothing_to_audit(answer.dependencies)
    return _judge(workspace, answer)


def _nothing_to_audit(dependencies: Dependencies) -> CheckResult:
    if dependencies.unknown:
        names = ", ".join(dependencies.unknown)
        return not_run(f"no advisory database knows these: {names}")
    return skipped(f"{dependencies.source}: there are no dependencies")


def _judge(workspace: Workspace, answer: Answer) -> CheckResult:
    """One finding for each advisory that is not withdrawn."""
    dependencies, outcome = answer.dependencies, answer.outcome
    records = _look_up(answer.advisories)
    findings = list(answer.others)
    withdrawn: list[str] = []
    for advisory in answer.advisories:
        record = records.get(advisory.id)
        if record is not None and record.withdrawn:
            withdrawn.append(f"{advisory.id} ({advisory.package})")
            continue
        path, line = location_of(
            workspace.project, dependencies.source, advisory.package, advisory.version
        )
        findings.append(_describe(answer.tool.name, advisory, record, path, line))
    if withdrawn and not findings:
        outcome = replace(outcome, code=0)
    result = from_tool(answer.tool, outcome, findings)
    result.notes.append(dependencies.coverage())
    if withdrawn:
        result.notes.append(f"withdrawn advisories: {', '.join(withdrawn)}")
    if workspace.project.manager == "pixi" and dependencies.source != "pixi.lock":
        result.notes.append(_PIXI_NOTE)
    return result


def _look_up(advisories: Iterable[Advisory]) -> dict[str, _Record]:
    """Look advisories up at the service; what it does not know is left out."""
    found: dict[str, _Record] = {}
    for name in sorted({advisory.id for advisory in advisories}):
        url = f"{service_url() or _SERVICE}/v1/vulns/{quote(name, safe='')}"
        if not url.startswith(("https://", "http://")):
            break
        try:
            with urllib.request.urlopen(  # noqa: S310 # nosec B310
                url, timeout=_SECONDS
            ) as answer:
                found[name] = msgspec.json.decode(answer.read(), type=_Record)
        except (OSError, ValueError, msgspec.DecodeError):
            # The advisory is valid: without an answer it is only less well described.
            continue
    return found


def _describe(
    tool: str, advisory: Advisory, record: _Record | None, path: str, line: int
) -> Finding:
    """The finding: the package, what is wrong and which version fixes it."""
    if advisory.fixed:
        fix = f"fixed in {', '.join(advisory.fixed)}"
    else:
        fix = "no fixed version is known"
    others = f" ({', '.join(advisory.aliases)})" if advisory.aliases else ""
    summary = advisory.summary.strip().partition("\n")[0]
    about = f": {summary}" if summary else ""
    fixed = " or ".join(advisory.fixed[:3])
    specific = record.database_specific if record else None
    severity = (specific.severity or "") if specific else ""
    return Finding(
        tool=tool,
        rule=advisory.id,
        message=f"{advisory.package} {advisory.version}, {fix}{about}{others}",
        path=path,
        line=line,
        score=SCORES.get(severity.lower(), _UNRATED),
        help_url=f"https://osv.dev/vulnerability/{advisory.id}",
        fix=f"{advisory.package} {fixed}" if fixed else "",
        also=advisory.aliases,
    )
