"""Search the project's code for security issues with bandit."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from ci_engine.checks.context import Context
from ci_engine.checks.lint.bandit_configuration import bandit_limits, bandit_options
from ci_engine.checks.outcomes import from_findings, from_tool, not_run, skipped
from ci_engine.checks.sources import batches, bytes_of, source_files
from ci_engine.checks.workspace import Tool, Workspace
from ci_engine.environments.environment import Environment
from ci_engine.findings.hidden import hidden_notes
from ci_engine.findings.results import CheckResult, Finding, Status, name_some
from ci_engine.findings.severity import SCORES

_SUFFIXES = (".py", ".pyw")
_COMMENT = re.compile(rb"#.*nosec", re.IGNORECASE)
_MOST_NAMED = 20
# Comments that hide a finding of bandit.
NOSEC = "`# nosec`"
_TOTALS = "_totals"
_CONFIDENCES = ("high", "medium", "low")
# Rules about passwords in the code.
_WITH_SECRET = frozenset({"B105", "B106", "B107"})


class _Issue(msgspec.Struct):
    test_id: str
    filename: str
    issue_severity: str
    issue_confidence: str
    issue_text: str
    line_number: int
    col_offset: int = -1
    more_info: str = ""


class _Failure(msgspec.Struct):
    """A file that bandit could not read."""

    filename: str
    reason: str


class _Report(msgspec.Struct):
    errors: list[_Failure]
    metrics: dict[str, dict[str, int]]
    results: list[_Issue]


@dataclass
class BanditScan:
    """The combined findings of several runs of bandit.

    Attributes:
        unread: files that could not be read, with the reason.
        scanned: files that were read.
        hidden: findings that comments in the code hide.
    """

    result: CheckResult
    findings: list[Finding] = field(default_factory=list[Finding])
    unread: dict[str, str] = field(default_factory=dict[str, str])
    scanned: set[str] = field(default_factory=set[str])
    hidden: list[Finding] = field(default_factory=list[Finding])


def check(context: Context) -> CheckResult:
    """Run bandit on the source files; unreadable files fail the check."""
    files = source_files(context, _SUFFIXES)
    if not files:
        paths = ", ".join(context.request.paths or context.settings.source_paths)
        return skipped(f"the project has no Python files in {paths}")
    tool = context.tool("bandit", newest_interpreter(context))
    options = bandit_options(context.project)
    scan = run_bandit(context, tool, options, files, context.timeout)
    if scan.result.status not in (Status.PASSED, Status.FAILED) and not scan.unread:
        return scan.result
    known = {*scan.scanned, *scan.unread}
    left_out = [name for name in files if name not in known]
    if left_out and not known:
        scan.result = skipped("bandit's configuration excludes every file")
    elif left_out:
        text = f"{len(left_out)} of {len(files)} files are excluded by bandit's"
        named = name_some(left_out, _MOST_NAMED)
        scan.result.notes.append(f"{text} configuration: {named}")
    scan.result.notes += hidden_notes(scan.hidden, NOSEC)
    scan.result.notes += bandit_limits(context.project)
    return scan.result


def run_bandit(
    workspace: Workspace,
    tool: Tool,
    options: Sequence[str],
    files: Sequence[str],
    timeout: float,
) -> BanditScan:
    """Run bandit on files of the repository, and list the uses of ``# nosec``.

    Without a usable result, as after a timeout, the scan is incomplete.
    """
    given = ["--quiet", "--format", "json", *options]
    scan = BanditScan(skipped(""))
    for batch in batches(files):
        arguments = [*given, "--ignore-nosec", *batch]
        scan.result = _run(workspace, tool, arguments, timeout, scan)
        if scan.result.status not in (Status.PASSED, Status.FAILED):
            return scan
    suspects = {found.path for found in scan.findings}
    commented = [
        name
        for name in files
        if name in suspects and _COMMENT.search(bytes_of(workspace.project.root / name))
    ]
    shown = BanditScan(skipped(""))
    for batch in batches(commented):
        result = _run(workspace, tool, [*given, *batch], timeout, shown)
        if result.status not in (Status.PASSED, Status.FAILED):
            scan.result = result
            return scan
    scan.hidden = [
        found
        for found in scan.findings
        if found.path in commented and found not in shown.findings
    ]
    scan.findings = [found for found in scan.findings if found not in scan.hidden]
    _conclude(scan, tool)
    return scan


def _run(
    workspace: Workspace,
    tool: Tool,
    arguments: Sequence[str],
    timeout: float,
    scan: BanditScan,
) -> CheckResult:
    """Run bandit once and add its findings to the scan."""
    outcome = workspace.execute(tool, arguments, timeout)
    try:
        report = msgspec.json.decode(outcome.stdout, type=_Report)
    except msgspec.DecodeError:
        return from_tool(tool, outcome, None)
    findings = [_finding(workspace, issue) for issue in report.results]
    scan.findings += findings
    relative = workspace.project.relative
    for failure in report.errors:
        scan.unread[relative(failure.filename)] = failure.reason
    read = {relative(name) for name in report.metrics if name != _TOTALS}
    scan.scanned |= read - {*scan.unread}
    return from_tool(tool, outcome, findings)


def _conclude(scan: BanditScan, tool: Tool) -> None:
    """Judge all runs together."""
    scan.result = from_findings(scan.findings, tool.label, tool.environment)
    if scan.unread:
        rows = [f"{name}: {reason}" for name, reason in scan.unread.items()]
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        unread = not_run(f"bandit could not read {rows[0]}{more}")
        scan.result.status, scan.result.reason = unread.status, unread.reason
        scan.result.output = "\n".join(rows)


def newest_interpreter(workspace: Workspace) -> str:
    """The project's interpreter if it supports newer syntax than the engine's."""
    environment = workspace.environment
    if not isinstance(environment, Environment):
        return ""
    numbers = environment.probe.python.split(".")[:2]
    theirs = tuple(int(number) for number in numbers if number.isdigit())
    newer = theirs > sys.version_info[:2]
    return environment.probe.executable if newer else ""


def _finding(workspace: Workspace, issue: _Issue) -> Finding:
    severe = issue.issue_severity in ("HIGH", "MEDIUM")
    sure = issue.issue_confidence in ("HIGH", "MEDIUM")
    confidence = issue.issue_confidence.lower()
    text = issue.issue_text
    if issue.test_id in _WITH_SECRET:
        # bandit quotes the password, which must not get into reports.
        text = text.partition(":")[0]
    return Finding(
        tool="bandit",
        rule=issue.test_id,
        message=f"{text} ({confidence} confidence)",
        path=workspace.project.relative(issue.filename),
        line=issue.line_number,
        column=issue.col_offset + 1,
        severity="error" if severe and sure else "warning",
        score=SCORES.get(issue.issue_severity.lower(), SCORES["low"]),
        help_url=issue.more_info,
        confidence=confidence if confidence in _CONFIDENCES else "",
    )
