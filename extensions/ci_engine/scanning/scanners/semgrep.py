"""Issues in code, with opengrep or semgrep and the rules of the repository."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ci_engine.checks.outcomes import skipped
from ci_engine.checks.sources import bytes_of
from ci_engine.checks.workspace import Tool
from ci_engine.findings.hidden import hidden_notes
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.findings.severity import SCORES
from ci_engine.processes.programs import Outcome
from ci_engine.project.output_files import write_text
from ci_engine.scanning.files import copied
from ci_engine.scanning.scanner import (
    Scan,
    conclude,
    decoded,
    not_installed,
    unusable_output,
)

_RULES = (".semgrep", ".semgrep.yml", ".semgrep.yaml", ".opengrep", ".opengrep.yml")
_IGNORE = ".semgrepignore"
_IGNORES = re.compile(r"(?:.*/)?\.(?:semgrep|opengrep)ignore", re.IGNORECASE)


class _Position(msgspec.Struct):
    line: int
    col: int = 0


class _Facts(msgspec.Struct):
    confidence: str = ""
    source: str = ""


class _Extra(msgspec.Struct):
    message: str
    severity: str
    metadata: _Facts = msgspec.field(default_factory=_Facts)


class _Match(msgspec.Struct):
    check_id: str
    path: str
    start: _Position
    extra: _Extra


class _Trouble(msgspec.Struct):
    message: str = ""
    short_msg: str = ""
    long_msg: str = ""
    path: str = ""

    def text(self) -> str:
        """Its message, on one line."""
        text = self.message or f"{self.short_msg}: {self.long_msg}"
        return " ".join(text.split())[:300]


class _Skipped(msgspec.Struct):
    rule_id: str = ""


class _Paths(msgspec.Struct):
    scanned: list[str]


class _Report(msgspec.Struct):
    results: list[_Match]
    errors: list[_Trouble]
    paths: _Paths
    skipped_rules: list[_Skipped] = msgspec.field(default_factory=list[_Skipped])


def run(scan: Scan) -> CheckResult:
    """Match the repository's own rules; none are downloaded."""
    rules = [name for name in _RULES if (scan.project.root / name).exists()]
    if not rules:
        return skipped(f"the repository has no rules in {' or '.join(_RULES[:2])}")
    tool = _tool(scan)
    if tool is None:
        return not_installed(scan, "neither opengrep nor semgrep is installed")
    command = ["scan", "--json", "--metrics", "off", "--disable-version-check"]
    command += ["--quiet", "--no-git-ignore", "--max-target-bytes", "0"]
    command += ["--no-rewrite-rule-ids"]
    for name in rules:
        command += ["--config", str(scan.project.root / name)]
    names = [n for n in scan.files.everything if not _IGNORES.fullmatch(n)]
    with copied(scan.project, names) as tree:
        # Without its own ignore file it skips tests and files that look generated. It
        # reads this file only at the root of a repository, so one is created here.
        (tree / ".git").mkdir(exist_ok=True)
        write_text(tree / _IGNORE, "# everything\n")
        every = scan.run(tool, [*command, "--disable-nosem", "."], tree)
        report = _report(tool, every)
        shown = report.results
        if any(_has_comment(tree, match) for match in shown):
            # Only semgrep knows which lines its comments apply to.
            shown = _report(tool, scan.run(tool, [*command, "."], tree)).results
    return _conclude(scan, tool, report, shown)


def _has_comment(tree: Path, match: _Match) -> bool:
    return b"nosem" in bytes_of(tree / match.path).lower()


def _tool(scan: Scan) -> Tool | None:
    """The installed opengrep or semgrep, or the locked one."""
    tool = scan.installed_tool("opengrep", "semgrep")
    # The locked one is large, so it is only installed if the level requires it.
    return scan.locked_tool("semgrep") if tool is None and scan.required else tool


def _report(tool: Tool, outcome: Outcome) -> _Report:
    report = decoded(tool, outcome, _Report)
    incomplete = report.errors or report.skipped_rules
    if outcome.timed_out or (outcome.code not in (0, 1) and not incomplete):
        raise unusable_output(tool, outcome)
    return report


def _conclude(
    scan: Scan, tool: Tool, report: _Report, shown: Sequence[_Match]
) -> CheckResult:
    unread = {each.path: each.text() for each in report.errors if each.path}
    # It exits with 0 although it skipped a rule that it cannot read.
    lost = [each.text() for each in report.errors if not each.path]
    lost += [f"the rule {each.rule_id} was left out" for each in report.skipped_rules]
    findings = [_finding(tool, match) for match in report.results if match in shown]
    hidden = [_finding(tool, match) for match in report.results if match not in shown]
    given = len({*report.paths.scanned, *unread})
    result = conclude(scan, tool, findings, given, unread)
    result.notes += hidden_notes(hidden, "`nosemgrep`")
    if lost:
        result.status = Status.NOT_RUN
        result.reason = f"{tool.name} did not use every rule: {lost[0]}"
        result.output = "\n".join([*lost, result.output]).strip()
    elif not given:
        result.status = Status.NOT_RUN if scan.required else Status.SKIPPED
        result.reason = "its rules apply to none of the files"
    return result


def _finding(tool: Tool, match: _Match) -> Finding:
    facts = match.extra.metadata
    return Finding(
        tool=tool.name,
        rule=match.check_id,
        message=match.extra.message,
        path=match.path.removeprefix("./"),
        line=match.start.line,
        column=match.start.col,
        score=SCORES.get(match.extra.severity.lower(), SCORES["medium"]),
        help_url=facts.source,
        confidence=facts.confidence.lower(),
    )
