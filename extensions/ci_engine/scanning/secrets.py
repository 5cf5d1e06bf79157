"""Findings and results of scanners that look for secrets."""

from __future__ import annotations

from collections.abc import Sequence

from ci_engine.checks.workspace import Tool
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.scanning.scanner import Scan, conclude

__all__ = ["SECRET_SCORE", "conclude_secrets", "secret_found"]

SECRET_SCORE = 8.5
_REVOKE = (
    "revoke it where it was issued, then remove it from the files; "
    "what was pushed once has to be counted as known"
)


def secret_found(
    tool: str, rule: str, kind: str, path: str, line: int, column: int = 0
) -> Finding:
    """One secret; its value stays out of the report."""
    return Finding(
        tool=tool,
        rule=rule,
        message=kind,
        path=path.removeprefix("./"),
        line=line,
        column=column,
        score=SECRET_SCORE,
        fix=_REVOKE,
    )


def conclude_secrets(
    scan: Scan, tool: Tool, findings: Sequence[Finding]
) -> CheckResult:
    """The result of a scanner that was given every file."""
    unread = scan.files.unread_files()
    given = len(scan.files.everything) + len(unread)
    return conclude(scan, tool, findings, given, unread, "files searched")
