"""Findings as annotations of GitHub, the worst first, as many as it shows."""

from __future__ import annotations

from collections.abc import Iterator

from ci_engine.escaping import workflow_data, workflow_property
from ci_engine.findings.results import RunResult, Status, worst_first

__all__ = ["annotate"]

# GitHub shows ten errors and ten warnings of a step and drops the rest.
_MOST = 10


def annotate(result: RunResult) -> Iterator[str]:
    """Write workflow commands for what a reviewer should see beside the code."""
    kinds = {"error": 0, "warning": 0}
    left_out = 0
    for check in result.checks:
        level = "error" if check.blocking else "warning"
        for finding in worst_first(f for f in check.findings if not f.accepted):
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
            fields = [
                f"{key}={workflow_property(str(v))}" for key, v in location.items() if v
            ]
            fields.append(f"title={workflow_property(f'{check.id}: {finding.rule}')}")
            yield f"::{kind} {','.join(fields)}::{workflow_data(finding.headline)}"
        if not check.findings and check.status not in (Status.PASSED, Status.SKIPPED):
            title = workflow_property(f"{check.id}: {check.status.value}")
            yield f"::{level} title={title}::{workflow_data(check.reason)}"
    if left_out:
        yield f"::notice title=ci-framework::{left_out} more in the job summary"
