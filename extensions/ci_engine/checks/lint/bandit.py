"""Search the project's code for security issues with bandit."""

from __future__ import annotations

import configparser
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import from_findings, from_tool, not_run, skipped
from ci_engine.checks.sources import batches, source_files
from ci_engine.checks.workspace import Tool, Workspace
from ci_engine.configuration.reading import read_text, read_yaml
from ci_engine.configuration.tables import table
from ci_engine.environments.environment import Environment
from ci_engine.errors import CommandError, ConfigurationError, ToolError
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.findings.severity import SCORES

_SUFFIXES = (".py", ".pyw")
# Names of configuration files that bandit itself does not look for.
_YAML_NAMES = ("bandit.yaml", "bandit.yml", ".bandit.yaml", ".bandit.yml")
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
    """What several runs of bandit found together.

    Attributes:
        unread: files that could not be read, with the reason.
        hidden: findings that comments in the code hide.
    """

    result: CheckResult
    findings: list[Finding] = field(default_factory=list[Finding])
    unread: dict[str, str] = field(default_factory=dict[str, str])
    scanned: int = 0
    hidden: int = 0


def check(context: Context) -> CheckResult:
    """Run bandit on the source files; a file it cannot read is never green."""
    files = source_files(context, _SUFFIXES)
    if not files:
        paths = ", ".join(context.request.paths or context.settings.source_paths)
        return skipped(f"no Python files of the project in {paths}")
    return run_bandit(context, files, context.timeout).result


def run_bandit(
    workspace: Workspace, files: Sequence[str], timeout: float
) -> BanditScan:
    """Run bandit on files of the repository."""
    tool = workspace.tool("bandit", _newest_interpreter(workspace))
    options = ["--quiet", "--format", "json", *_configuration(workspace)]
    scan = BanditScan(skipped(""))
    for batch in batches(files):
        scan.result = _run(workspace, tool, [*options, *batch], timeout, scan)
        if scan.result.status not in (Status.PASSED, Status.FAILED):
            return scan
    _conclude(scan, tool, len(files))
    return scan


def _run(
    workspace: Workspace,
    tool: Tool,
    arguments: Sequence[str],
    timeout: float,
    scan: BanditScan,
) -> CheckResult:
    """Run bandit once and add what it found to the scan."""
    outcome = workspace.execute(tool, arguments, timeout)
    try:
        report = msgspec.json.decode(outcome.stdout, type=_Report)
    except msgspec.DecodeError:
        return from_tool(tool, outcome, None)
    findings = [_finding(workspace, issue) for issue in report.results]
    scan.findings += findings
    for failure in report.errors:
        scan.unread[workspace.project.relative(failure.filename)] = failure.reason
    failed = {failure.filename for failure in report.errors}
    scan.scanned += len(set(report.metrics) - failed - {_TOTALS})
    totals = report.metrics.get(_TOTALS, {})
    scan.hidden += totals.get("nosec", 0) + totals.get("skipped_tests", 0)
    return from_tool(tool, outcome, findings)


def _conclude(scan: BanditScan, tool: Tool, given: int) -> None:
    """Judge all runs together: no file may be missing without a note."""
    if not scan.unread and not scan.scanned:
        scan.result = skipped("bandit's configuration excludes every file")
        return
    notes: list[str] = []
    missing = given - scan.scanned - len(scan.unread)
    if missing > 0:
        text = f"{missing} of {given} files are excluded by bandit's configuration"
        notes.append(text)
    if scan.hidden:
        noun = "finding is" if scan.hidden == 1 else "findings are"
        notes.append(f"{scan.hidden} {noun} hidden by `# nosec`")
    scan.result = from_findings(scan.findings, tool.label, tool.environment, notes)
    if scan.unread:
        rows = [f"{name}: {reason}" for name, reason in scan.unread.items()]
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        unread = not_run(f"bandit could not read {rows[0]}{more}")
        scan.result.status, scan.result.reason = unread.status, unread.reason
        scan.result.output = "\n".join(rows)


def _newest_interpreter(workspace: Workspace) -> str:
    """The project's interpreter if it knows newer syntax than that of the engine."""
    environment = workspace.environment
    if not isinstance(environment, Environment):
        return ""
    numbers = environment.probe.python.split(".")[:2]
    theirs = tuple(int(number) for number in numbers if number.isdigit())
    newer = theirs > sys.version_info[:2]
    return environment.probe.executable if newer else ""


def _configuration(workspace: Workspace) -> list[str]:
    """The options that name the project's own configuration of bandit.

    bandit finds none of these by itself when it is given files, and ``.bandit`` is
    an INI file for it although many projects keep YAML in it.
    """
    options: list[str] = []
    root = workspace.project.root
    own = root / ".bandit"
    if own.is_file():
        if not _is_ini(own):
            return ["-c", ".bandit"]
        options = ["--ini", ".bandit"]
    for name in _YAML_NAMES:
        if (root / name).is_file():
            return [*options, "-c", name]
    if "bandit" in table(workspace.project.pyproject, "tool"):
        options += ["-c", "pyproject.toml"]
    return options


def _is_ini(path: Path) -> bool:
    """Whether the file has a section for bandit; if not, it has to be YAML."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(read_text(path))
    except (ConfigurationError, configparser.Error):
        pass
    else:
        return True
    try:
        document = read_yaml(path)
    except CommandError:
        document = None
    if not isinstance(document, dict):
        raise ToolError(".bandit is neither an INI file nor YAML: bandit cannot run")
    return False


def _finding(workspace: Workspace, issue: _Issue) -> Finding:
    severe = issue.issue_severity in ("HIGH", "MEDIUM")
    sure = issue.issue_confidence in ("HIGH", "MEDIUM")
    confidence = issue.issue_confidence.lower()
    text = issue.issue_text
    if issue.test_id in _WITH_SECRET:
        # bandit quotes the password: reports must not spread it.
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
