"""Findings as annotations of GitHub, the worst first, as many as it shows."""

from __future__ import annotations

from collections.abc import Iterator

from ci_engine.findings.results import RunResult, Status
from ci_engine.findings.wording import first_line, shown_first

__all__ = ["annotate"]

# GitHub shows ten errors and ten warnings of a step and drops the rest.
_MOST = 10


def annotate(result: RunResult) -> Iterator[str]:
    """Write workflow commands for what a reviewer should see beside the code."""
    kinds = {"error": 0, "warning": 0}
    left_out = 0
    for check in result.checks:
        level = "error" if check.blocking else "warning"
        for finding in shown_first([f for f in check.findings if not f.accepted]):
            kind = level if finding.severity == "error" else "warning"
            if kinds[kind] >= _MOST:
                left_out += 1
                continue
            kinds[kind] += 1
            location = {
                "file": finding.path,
                "line": finding.line,
                "col": finding.column,
            }
            fields = [f"{key}={_property(str(v))}" for key, v in location.items() if v]
            fields.append(f"title={_property(f'{check.id}: {finding.rule}')}")
            yield f"::{kind} {','.join(fields)}::{_data(first_line(finding.message))}"
        if not check.findings and check.status not in (Status.PASSED, Status.SKIPPED):
            title = _property(f"{check.id}: {check.status.value}")
            yield f"::{level} title={title}::{_data(check.reason)}"
    if left_out:
        yield f"::notice title=ci-framework::{left_out} more in the job summary"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
