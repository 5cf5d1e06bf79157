"""Words that more than one report uses."""

from __future__ import annotations

from ci_engine.findings.results import CheckResult, Finding, RunResult, Status

__all__ = [
    "first_line",
    "mark",
    "outcome_line",
    "printable",
    "shown_first",
    "title",
    "where",
]

_MARKS = {
    Status.PASSED: "ok",
    Status.FAILED: "FAILED",
    Status.TIMED_OUT: "TIMED OUT",
    Status.NOT_RUN: "NOT RUN",
    Status.SKIPPED: "skipped",
}


def printable(text: str) -> str:
    """Show what a terminal would obey, such as a line break in a name."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def mark(check: CheckResult) -> str:
    """One or two words for how a check ended."""
    advisory = check.status is Status.FAILED and not check.blocking
    return "warned" if advisory else _MARKS[check.status]


def outcome_line(check: CheckResult) -> str:
    """What there is to say about a check in one line."""
    parts: list[str] = []
    if check.tests:
        counts: dict[str, int] = {}
        for test in check.tests:
            counts[test.outcome] = counts.get(test.outcome, 0) + 1
        parts.append(", ".join(f"{count} {name}" for name, count in counts.items()))
    elif check.findings:
        noun = "finding" if len(check.findings) == 1 else "findings"
        parts.append(f"{len(check.findings)} {noun}")
    if check.coverage is not None and not check.reason:
        parts.append(f"{check.coverage:.2f} % covered")
    if check.reason:
        parts.append(check.reason)
    return "; ".join(parts)


def where(result: RunResult) -> str:
    """The interpreter and the environment of a run, as far as there are any."""
    python = f"Python {result.python}" if result.python else ""
    if not python:
        return result.environment or "no environment"
    return f"{python} ({result.environment})" if result.environment else python


def title(result: RunResult) -> str:
    """The command, its tier and its package."""
    package = f" of {result.package}" if result.package else ""
    return f"{result.command} {result.tier}".strip() + package


def first_line(text: str) -> str:
    """The line of a message that says most: pytest marks it with ``E``."""
    lines = [line for line in text.splitlines() if line.strip()]
    marked = [line[1:].strip() for line in lines if line.startswith("E  ")]
    return (marked or [*lines, ""])[0].strip()[:300]


def shown_first(findings: list[Finding]) -> list[Finding]:
    """Errors before warnings, then by place."""
    return sorted(
        findings, key=lambda f: (f.severity != "error", f.path, f.line, f.column)
    )
