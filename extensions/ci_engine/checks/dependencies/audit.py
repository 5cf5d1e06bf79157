"""Look for known vulnerabilities in what the project depends on.

What a ``uv.lock`` holds is audited by uv itself where uv can do that; everything
else by pip-audit, which is given the dependencies of the lock, or of the prepared
environment where there is no lock, so that it never audits an environment of its own.
The variable ``OSV_SERVICE_URL`` names another service than https://api.osv.dev.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ci_engine.checks.context import Context
from ci_engine.checks.dependencies.advisories import Answer, describe, look_up
from ci_engine.checks.dependencies.inventory import (
    Dependencies,
    location_of,
    read_environment,
)
from ci_engine.checks.dependencies.locked_packages import read_lock
from ci_engine.checks.dependencies.pip_audit import run_pip_audit
from ci_engine.checks.dependencies.uv_audit import run_uv_audit
from ci_engine.checks.outcomes import from_tool, not_run, skipped
from ci_engine.checks.workspace import Workspace
from ci_engine.findings.results import CheckResult
from ci_engine.processes.programs import find_program

__all__ = ["check", "run_audit"]

_PIXI_NOTE = (
    "conda packages are in no advisory database of Python: only the Python "
    "distributions of the environment were looked up"
)


def check(context: Context) -> CheckResult:
    """Audit the lock if there is one, else the prepared environment."""
    dependencies = read_lock(context.project) or read_environment(context)
    return run_audit(context, dependencies, context.reports, context.timeout)


def run_audit(
    workspace: Workspace, dependencies: Dependencies, reports: Path, timeout: float
) -> CheckResult:
    """Audit what a project depends on.

    Args:
        workspace: the repository and its environment.
        dependencies: what the project depends on.
        reports: the directory for files of the tools.
        timeout: seconds after which a tool is killed.

    Raises:
        EarlyResultError: if a tool did not do its work.
        ToolError: if no tool can be had.
    """
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
    records = look_up(answer.advisories)
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
        findings.append(describe(answer.tool.name, advisory, record, path, line))
    if withdrawn and not findings:
        outcome = replace(outcome, code=0)
    result = from_tool(answer.tool, outcome, findings)
    result.notes.append(dependencies.coverage())
    if withdrawn:
        result.notes.append(f"withdrawn advisories: {', '.join(withdrawn)}")
    if workspace.project.manager == "pixi" and dependencies.source != "pixi.lock":
        result.notes.append(_PIXI_NOTE)
    return result
