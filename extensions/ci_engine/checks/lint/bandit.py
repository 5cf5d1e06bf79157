"""Search the project's code for security flaws with bandit."""

from __future__ import annotations

import configparser
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import msgspec

from ci_engine.checks.context import (
    Context,
    Tool,
    failed_or_passed,
    not_run,
    not_run_because,
    skipped,
)
from ci_engine.checks.sources import source_files
from ci_engine.configuration.reading import Table, read_yaml
from ci_engine.environments.environment import Environment
from ci_engine.errors import CommandError, ToolError
from ci_engine.findings.results import CheckResult, Finding, Status

__all__ = ["BanditScan", "check", "examine", "newest_interpreter"]

_SUFFIXES = (".py", ".pyw")
# Names of configuration files that bandit itself does not look for.
_YAML_NAMES = ("bandit.yaml", "bandit.yml", ".bandit.yaml", ".bandit.yml")
# Windows takes no command line longer than 32 767 characters.
_LONGEST_LIST = 20_000
_SCORES = {"HIGH": 8.0, "MEDIUM": 5.5, "LOW": 3.0}
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


class Failure(msgspec.Struct):
    """A file that bandit could not read."""

    filename: str
    reason: str


class _Report(msgspec.Struct):
    errors: list[Failure]
    metrics: dict[str, dict[str, int]]
    results: list[_Issue]


@dataclass
class BanditScan:
    """What several runs of bandit found together.

    Attributes:
        findings: all findings.
        unread: files that could not be read, with the reason.
        scanned: how many files were read.
        hidden: findings that comments in the code hide.
    """

    findings: list[Finding] = field(default_factory=list[Finding])
    unread: list[Failure] = field(default_factory=list["Failure"])
    scanned: int = 0
    hidden: int = 0


def check(context: Context) -> CheckResult:
    """Run bandit on the source files; a file it cannot read is never green."""
    files = source_files(context, _SUFFIXES)
    if not files:
        paths = ", ".join(context.paths or context.settings.source_paths)
        return skipped("security", f"no Python files of the project in {paths}")
    return examine(context, files, BanditScan())


def examine(context: Context, files: Sequence[str], scan: BanditScan) -> CheckResult:
    """Run bandit on some files.

    Args:
        context: the run.
        files: the files, relative to the repository.
        scan: told what was found and what was read.
    """
    try:
        tool = context.tool("bandit", newest_interpreter(context))
        options = _configuration(context)
    except ToolError as error:
        return not_run_because("security", error)
    result = skipped("security", "")
    for batch in _batches(files):
        result = _run(context, tool, [*options, *batch], scan)
        if result.status not in (Status.PASSED, Status.FAILED):
            return result
    return _conclude(context, result, scan, len(files))


def _run(
    context: Context, tool: Tool, arguments: Sequence[str], scan: BanditScan
) -> CheckResult:
    """Run bandit once and add what it found to the scan."""
    command = ["--quiet", "--format", "json", *arguments]
    outcome = context.run("security", tool, command)
    try:
        report = msgspec.json.decode(outcome.stdout, type=_Report)
    except msgspec.DecodeError:
        return failed_or_passed("security", tool, outcome, None)
    findings = [_finding(context, issue) for issue in report.results]
    scan.findings += findings
    scan.unread += report.errors
    failed = {failure.filename for failure in report.errors}
    scan.scanned += len(set(report.metrics) - failed - {_TOTALS})
    totals = report.metrics.get(_TOTALS, {})
    scan.hidden += totals.get("nosec", 0) + totals.get("skipped_tests", 0)
    return failed_or_passed("security", tool, outcome, findings)


def _conclude(
    context: Context, result: CheckResult, scan: BanditScan, given: int
) -> CheckResult:
    """Judge all runs together: no file may be missing without a word."""
    if scan.unread:
        result = _not_read(context, result, scan)
    elif not scan.scanned:
        return skipped("security", "bandit's configuration excludes every file")
    red = any(finding.severity == "error" for finding in scan.findings)
    if result.status in (Status.PASSED, Status.FAILED):
        result.status = Status.FAILED if red else Status.PASSED
    result.findings = scan.findings
    missing = given - scan.scanned - len(scan.unread)
    if missing > 0:
        text = f"{missing} of {given} files are excluded by bandit's configuration"
        result.notes.append(text)
    if scan.hidden:
        result.notes.append(f"{_hidden(scan.hidden)} by `# nosec`")
    return result


def _not_read(context: Context, result: CheckResult, scan: BanditScan) -> CheckResult:
    """Say which files nobody looked into, and under which Python."""
    rows = [
        f"{context.project.relative(failure.filename)}: {failure.reason}"
        for failure in scan.unread
    ]
    more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    judged = not_run("security", f"bandit could not read {rows[0]}{more}")
    judged.output = "\n".join(rows)
    judged.tool, judged.environment = result.tool, result.environment
    return judged


def newest_interpreter(context: Context) -> str:
    """The project's interpreter if it knows newer syntax than that of the engine."""
    environment = context.environment
    if not isinstance(environment, Environment):
        return ""
    numbers = environment.probe.python.split(".")[:2]
    theirs = tuple(int(number) for number in numbers if number.isdigit())
    newer = theirs > sys.version_info[:2]
    return environment.probe.executable if newer else ""


def _batches(files: Sequence[str]) -> Iterator[list[str]]:
    """Divide the files into lists that fit on a command line."""
    batch: list[str] = []
    length = 0
    for name in files:
        if batch and length + len(name) > _LONGEST_LIST:
            yield batch
            batch, length = [], 0
        # A name that starts with a dash must not be taken for an option.
        batch.append(f"./{name}")
        length += len(name) + 3
    yield batch


def _configuration(context: Context) -> list[str]:
    """The options that name the project's own configuration of bandit.

    bandit finds none of these by itself when it is given files, and ``.bandit`` is
    an INI file for it although many projects keep YAML in it.

    Raises:
        ToolError: if ``.bandit`` is neither.
    """
    options: list[str] = []
    root = context.project.root
    own = root / ".bandit"
    if own.is_file():
        options += ["--ini", ".bandit"] if _is_ini(own) else ["-c", ".bandit"]
    if "-c" in options:
        return options
    for name in _YAML_NAMES:
        if (root / name).is_file():
            return [*options, "-c", name]
    tool = context.project.pyproject.get("tool")
    if isinstance(tool, dict) and "bandit" in cast("Table", tool):
        options += ["-c", "pyproject.toml"]
    return options


def _is_ini(path: Path) -> bool:
    """Whether the file has a section for bandit; if not, it has to be YAML.

    Raises:
        ToolError: if it is neither.
    """
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig", errors="replace"))
    except configparser.Error:
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


def _finding(context: Context, issue: _Issue) -> Finding:
    grave = issue.issue_severity in ("HIGH", "MEDIUM")
    sure = issue.issue_confidence in ("HIGH", "MEDIUM")
    confidence = issue.issue_confidence.lower()
    text = issue.issue_text
    if issue.test_id in _WITH_SECRET:
        # bandit quotes what it found: reports must not spread it.
        text = text.partition(":")[0]
    return Finding(
        tool="bandit",
        rule=issue.test_id,
        message=f"{text} ({confidence} confidence)",
        path=context.project.relative(issue.filename),
        line=issue.line_number,
        column=issue.col_offset + 1,
        severity="error" if grave and sure else "warning",
        score=_SCORES.get(issue.issue_severity, _SCORES["LOW"]),
        help_url=issue.more_info,
        confidence=confidence if confidence in _CONFIDENCES else "",
    )


def _hidden(number: int) -> str:
    return "1 finding is hidden" if number == 1 else f"{number} findings are hidden"
