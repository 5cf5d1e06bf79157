"""Create the results of ``ci mcp check``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ci_engine.findings.results import CheckResult, Finding, Status

TOOL = "mcp"
NEVER_STARTED = "the server did not start"
_LONGEST_TEXT = 400
_MOST_ROWS = 6


def finding(
    rule: str, message: str, hint: str = "", *, severity: str = "error", path: str = ""
) -> Finding:
    """A finding about the server, with the next step."""
    text = f"{message}\nhint: {hint}" if hint else message
    return Finding(tool=TOOL, rule=rule, message=text, severity=severity, path=path)


def warning(rule: str, message: str, hint: str = "") -> Finding:
    """A warning for the author of the server, which fails nothing."""
    return finding(rule, message, hint, severity="warning")


def result(
    name: str, findings: Iterable[Finding], notes: Sequence[str] = ()
) -> CheckResult:
    """The result of a subject that was checked."""
    found = list(findings)
    red = any(each.severity == "error" for each in found)
    return CheckResult(
        id=name,
        status=Status.FAILED if red else Status.PASSED,
        findings=found,
        notes=list(notes),
    )


def without(name: str, reason: str, status: Status = Status.SKIPPED) -> CheckResult:
    """The result of a subject that was not checked, and why."""
    return CheckResult(id=name, status=status, reason=reason)


def clip(text: str) -> str:
    """Cut a text of the server to the length of a message."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def last_words(stderr: str) -> str:
    """The last lines of a server's stderr, for the end of a message.

    Its last line is on the first line of the message, because consoles and summaries
    show no more.
    """
    rows = [row for row in stderr.splitlines() if row.strip()][-_MOST_ROWS:]
    if not rows:
        return ""
    above = "".join(f"\n  {clip(row)}" for row in rows[:-1])
    return f": {clip(rows[-1].strip())}{above}"
