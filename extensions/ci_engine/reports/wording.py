"""Wording that several reports share."""

from __future__ import annotations

from collections import Counter

from ci_engine.findings.results import (
    OWN_COMMAND,
    CheckResult,
    RunResult,
    Status,
)

_MARKS = {
    Status.PASSED: "ok",
    Status.FAILED: "FAILED",
    Status.TIMED_OUT: "TIMED OUT",
    Status.NOT_RUN: "NOT RUN",
    Status.SKIPPED: "skipped",
}


def mark(check: CheckResult) -> str:
    """One or two words for the status of a check."""
    return "warned" if has_warnings(check) else _MARKS[check.status]


def has_warnings(check: CheckResult) -> bool:
    """Whether there is something to read in a green run."""
    if check.status is Status.FAILED:
        return not check.blocking
    accepted = all(finding.accepted for finding in check.findings)
    return check.status is Status.PASSED and not accepted


def outcome_line(check: CheckResult) -> str:
    """The outcome of a check in one line."""
    parts: list[str] = []
    if check.comparison is not None and check.comparison.benchmarks:
        parts.append(check.comparison.describe())
    elif check.tests:
        counts = Counter(test.outcome for test in check.tests)
        named = (f"{count} {name.replace('-', ' ')}" for name, count in counts.items())
        parts.append(", ".join(named))
    elif check.findings:
        noun = "finding" if len(check.findings) == 1 else "findings"
        parts.append(f"{len(check.findings)} {noun}")
    if check.coverage is not None and not check.reason:
        parts.append(f"{check.coverage:.2f} % covered")
    if check.environment == OWN_COMMAND:
        parts.append(f"{OWN_COMMAND}, {check.tool}")
    if check.reason:
        parts.append(check.reason)
    return "; ".join(parts)


def where(result: RunResult) -> str:
    """The interpreter and the environment of a run, if there are any."""
    python = f"Python {result.python}" if result.python else ""
    if not python:
        return result.environment or "no environment"
    return f"{python} ({result.environment})" if result.environment else python


def title(result: RunResult) -> str:
    """The command, its tier or its level, and its package."""
    package = f" of {result.package}" if result.package else ""
    return f"{result.command} {result.tier or result.level}".strip() + package
