"""Check the MCP server of the project, as ``ci mcp check`` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_engine.checks.context import Context
from ci_engine.findings.results import (
    CheckResult,
    Finding,
    Status,
    Verdict,
    verdict_of,
)
from ci_engine.mcp.checking import ServerCheck
from ci_engine.mcp.server_run import ServerRun
from ci_engine.mcp.verdicts import warning

_RUNS_SUITE = "mcp conformance"


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
    result = _as_one(ServerCheck(run).results())
    result.findings += _conformance(context)
    return result


def _conformance(context: Context) -> Iterator[Finding]:
    """Warn if the settings list revisions, and no workflow runs the suite."""
    folder = context.project.repository / ".github" / "workflows"
    found = (path for path in folder.glob("*.y*ml") if path.is_file())
    files = [path.read_bytes() for path in found]
    if not context.settings.mcp.conformance or not files:
        return
    if not any(_RUNS_SUITE.encode() in text for text in files):
        yield warning(
            "conformance",
            "tool.ci-framework.mcp.conformance lists revisions, but no workflow runs "
            "the conformance suite",
            f"add a step with `ci-framework/ci {_RUNS_SUITE}`; mcp-server.yml has it",
        )


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
