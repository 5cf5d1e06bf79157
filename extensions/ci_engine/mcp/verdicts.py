"""The results of ``ci mcp check``: what each subject is, and how it is reported."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ci_engine.findings.results import CheckResult, Finding, Status

TOOL = "mcp"
_LONGEST_TEXT = 400


def finding(
    rule: str, message: str, hint: str = "", *, severity: str = "error", path: str = ""
) -> Finding:
    """One thing about the server, with the next step."""
    text = f"{message}\nhint: {hint}" if hint else message
    return Finding(tool=TOOL, rule=rule, message=text, severity=severity, path=path)


def warning(rule: str, message: str, hint: str = "") -> Finding:
    """Something that an author should know, and that fails nothing."""
    return finding(rule, message, hint, severity="warning")


def result(
    name: str, findings: Iterable[Finding], notes: Sequence[str] = ()
) -> CheckResult:
    """A subject that was looked at."""
    found = list(findings)
    red = any(each.severity == "error" for each in found)
    return CheckResult(
        id=name,
        status=Status.FAILED if red else Status.PASSED,
        findings=found,
        notes=list(notes),
    )


def without(name: str, reason: str, status: Status = Status.SKIPPED) -> CheckResult:
    """A subject that was not looked at, and why."""
    return CheckResult(id=name, status=status, reason=reason)


def clip(text: str) -> str:
    """As much of a text of the server as a message can bear."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def last_words(stderr: str, lines: int = 6) -> str:
    """The end of what a server wrote to stderr, as the end of a message.

    Its last line is on the first of the message: consoles and summaries show no more.
    """
    rows = [row for row in stderr.splitlines() if row.strip()][-lines:]
    if not rows:
        return ""
    above = "".join(f"\n  {clip(row)}" for row in rows[:-1])
    return f": {clip(rows[-1].strip())}{above}"
