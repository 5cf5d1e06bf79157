"""Flaws in code, with the rules S of ruff."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ci_engine.checks.context import Tool, not_run_because
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.findings.severity import SCORES
from ci_engine.processes.programs import Outcome
from ci_engine.scanning.engine import (
    Scan,
    batches,
    conclude,
    ended_badly,
    without_credentials,
)

__all__ = ["examine"]

# Codes of files that could not be read or parsed.
_UNREAD = ("invalid-syntax", "E902", "E999", "io-error")
_SELECT = ("check", "--no-fix", "--no-cache", "--select", "S", "--output-format")


class _Location(msgspec.Struct):
    row: int
    column: int


class _Violation(msgspec.Struct):
    code: str | None
    filename: str
    message: str
    location: _Location
    url: str | None = None


def examine(scan: Scan) -> CheckResult:
    """Run ruff on the code; what comments and settings hide is counted."""
    files = [*scan.files.code, *scan.files.large_code]
    if not files:
        return CheckResult(
            id="ruff", status=Status.SKIPPED, reason="there is no Python code"
        )
    try:
        tool = scan.context.tool("ruff")
    except ToolError as error:
        return not_run_because("ruff", error)
    tool = replace(tool, variables=without_credentials(tool.variables))
    unread = dict.fromkeys(scan.files.large_code, "too large")
    unread |= scan.files.unread_code()
    given = len(scan.files.code) + len(unread)
    violations: list[_Violation] = []
    hidden = 0
    for batch in batches(scan.files.code):
        shown, outcome = _run(scan, tool, batch)
        everything, second = _run(scan, tool, [*batch, "--isolated", "--ignore-noqa"])
        for run, answer in ((shown, outcome), (everything, second)):
            if run is None:
                return ended_badly("ruff", tool, answer)
        violations += shown or []
        hidden += max(0, len(everything or []) - len(shown or []))
    findings: list[Finding] = []
    for violation in violations:
        path = scan.context.project.relative(violation.filename)
        if (violation.code or "invalid-syntax") in _UNREAD:
            unread.setdefault(path, violation.message)
        else:
            findings.append(_finding(scan, violation, path))
    result = conclude("ruff", tool, findings, given, unread)
    if hidden:
        text = f"{hidden} findings are hidden by `# noqa` or by the settings of ruff"
        result.notes.append(text)
    return result


def _run(
    scan: Scan, tool: Tool, arguments: list[str]
) -> tuple[list[_Violation] | None, Outcome]:
    """Run ruff; no list if it did not do its work."""
    outcome = scan.run("ruff", tool, [*_SELECT, "json", *arguments])
    try:
        found = msgspec.json.decode(outcome.stdout, type=list[_Violation])
    except msgspec.DecodeError:
        return None, outcome
    fits = outcome.code == (1 if found else 0)
    return (found if fits and not outcome.timed_out else None), outcome


def _finding(scan: Scan, violation: _Violation, path: str) -> Finding:
    rule = violation.code or ""
    profiles = scan.profiles
    grave = (name for name, rules in profiles.ruff_severities.items() if rule in rules)
    return Finding(
        tool="ruff",
        rule=rule,
        message=violation.message,
        path=path,
        line=violation.location.row,
        column=violation.location.column,
        score=SCORES[next(grave, "medium")],
        help_url=violation.url or "",
        confidence="low" if rule in profiles.ruff_unsure else "high",
    )
