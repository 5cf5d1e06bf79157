"""Results of checks that an error kept from running."""

from __future__ import annotations

from ci_engine.errors import CommandError
from ci_engine.findings.results import CheckResult, Status


def mark_not_run(check: CheckResult, error: CommandError) -> None:
    """Record why a check did not run: one line, and the rest as its output."""
    check.status = Status.NOT_RUN
    check.reason, _, rest = str(error).partition("\n")
    hint = f"hint: {error.hint}" if error.hint else ""
    check.output = "\n".join(filter(None, (rest, hint)))
