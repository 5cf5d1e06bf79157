"""Check the MCP server of the project, as ``ci mcp check`` does."""

from __future__ import annotations

from collections.abc import Sequence

from ci_engine.checks.context import Context
from ci_engine.findings.results import CheckResult, Status, Verdict, verdict_of
from ci_engine.mcp.checking import ServerCheck
from ci_engine.mcp.server_run import ServerRun


def check(context: Context) -> CheckResult:
    """Start the MCP server, check it with a client, and compare its snapshot."""
    run = ServerRun(
        context.project,
        context.settings.mcp,
        context.prepared,
        context.reports,
        context.timeout,
        context.cancel,
    )
    return _as_one(ServerCheck(run).results())


def _as_one(subjects: Sequence[CheckResult]) -> CheckResult:
    """Merge the results of all subjects into one check."""
    verdict = verdict_of(list(subjects))
    status = verdict.status
    late = [each for each in subjects if each.status is Status.TIMED_OUT]
    if verdict is Verdict.RED and late:
        status = Status.TIMED_OUT
    worst = next((each for each in subjects if each.status is status), subjects[0])
    result = CheckResult(
        status=status,
        reason=worst.reason if status is not Status.PASSED else "",
        findings=[found for each in subjects for found in each.findings],
        tool=worst.tool,
        environment=worst.environment,
        notes=[f"{each.id}: {note}" for each in subjects for note in each.notes],
    )
    result.notes += [
        f"{each.id}: skipped: {each.reason}"
        for each in subjects
        if each.status is Status.SKIPPED
    ]
    return result
