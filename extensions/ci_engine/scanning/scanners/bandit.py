"""Flaws in code, with bandit: the gate's check ``security``, on all of the code."""

from __future__ import annotations

from ci_engine.checks.lint.bandit import BanditScan
from ci_engine.checks.lint.bandit import examine as run_bandit
from ci_engine.findings.results import CheckResult, Status
from ci_engine.scanning.engine import Scan

__all__ = ["examine"]


def examine(scan: Scan) -> CheckResult:
    """Run bandit, and list every file that it could not read."""
    files = scan.files.code
    unread = dict.fromkeys(scan.files.large_code, "too large")
    unread |= scan.files.unread_code()
    if not files and not unread:
        return CheckResult(
            id="bandit", status=Status.SKIPPED, reason="there is no Python code"
        )
    told = BanditScan()
    result = run_bandit(scan.context, files, told) if files else CheckResult(id="")
    result.id = "bandit"
    for failure in told.unread:
        unread[scan.context.project.relative(failure.filename)] = failure.reason
    given = len(files) + len(scan.files.large_code) + len(scan.files.unread_code())
    if told.scanned or told.unread:
        listed = f", {len(unread)} listed" if unread else ""
        text = f"bandit: {told.scanned} of {given} files parsed{listed}"
        result.notes.insert(0, text)
    if unread and result.status in (Status.PASSED, Status.FAILED, Status.SKIPPED):
        result.status = Status.NOT_RUN
        name, reason = next(iter(unread.items()))
        result.reason = f"not everything was read: {name}: {reason}"
        result.output = "\n".join(f"{n}: {why}" for n, why in unread.items())
    return result
