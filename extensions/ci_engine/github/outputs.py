"""Report to GitHub Actions: outputs, summaries, annotations, warnings.

Each function does nothing outside of a workflow.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ci_engine.escaping import workflow_data, workflow_property
from ci_engine.findings.results import RunResult, Status, worst_first
from ci_engine.github.log_stream import command_stream

# GitHub drops a whole summary that is longer than 1 MiB.
_LONGEST_SUMMARY = 1_000_000
# It shows ten errors and ten warnings of a step and drops the rest.
_MOST_ANNOTATIONS = 10
_OF_THE_STEP = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS")


def without_step(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables for a child whose parent reports its results to the workflow."""
    return {k: v for k, v in variables.items() if k not in _OF_THE_STEP}


def write_outputs(values: Mapping[str, str], variables: Mapping[str, str]) -> None:
    """Write the outputs of a step; values cannot inject other outputs."""
    path = variables.get("GITHUB_OUTPUT")
    if not path:
        return
    lines: list[str] = []
    for name, value in values.items():
        if "\n" in value or "\r" in value:
            end = f"end-{uuid.uuid4().hex}"
            lines += [f"{name}<<{end}", value, end]
        else:
            lines.append(f"{name}={value}")
    text = "".join(f"{line}\n" for line in lines)
    with Path(path).open("ab") as stream:
        stream.write(text.encode("utf-8", "replace"))


def add_summary(markdown: str, variables: Mapping[str, str]) -> None:
    """Add to the summary of the job, up to GitHub's limit."""
    path = variables.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    data = markdown.encode("utf-8", "replace")
    if len(data) > _LONGEST_SUMMARY:
        kept = data[:_LONGEST_SUMMARY].decode("utf-8", "ignore")
        data = f"{kept}\n\ntruncated: the reports have the rest\n\n".encode()
    with Path(path).open("ab") as stream:
        stream.write(data)


def print_commands(lines: Iterable[str], variables: Mapping[str, str]) -> None:
    """Print workflow commands to the stream that GitHub reads."""
    if variables.get("GITHUB_ACTIONS") == "true":
        for line in lines:
            command_stream().write(f"{line}\n")


def warn(text: str, variables: Mapping[str, str]) -> None:
    """Print a visible warning that does not change the verdict."""
    sys.stderr.write(f"warning: {text}\n")
    command = f"::warning title=ci-framework::{workflow_data(text)}"
    print_commands([command], variables)


def notice(title: str, text: str, variables: Mapping[str, str]) -> None:
    """Print a notice in the run that is not a problem of the change."""
    command = f"::notice title={workflow_property(title)}::{workflow_data(text)}"
    print_commands([command], variables)


def annotate(result: RunResult) -> Iterator[str]:
    """Write workflow commands for findings that reviewers should see in the code."""
    kinds = {"error": 0, "warning": 0}
    left_out = 0
    for check in result.checks:
        level = "error" if check.blocking else "warning"
        for finding in worst_first(f for f in check.findings if not f.accepted):
            kind = level if finding.severity == "error" else "warning"
            if kinds[kind] >= _MOST_ANNOTATIONS:
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
            fields.append(f"title={workflow_property(f'{check.id}: {finding.label}')}")
            yield f"::{kind} {','.join(fields)}::{workflow_data(finding.headline)}"
        if not check.findings and check.status not in (Status.PASSED, Status.SKIPPED):
            title = workflow_property(f"{check.id}: {check.status.value}")
            yield f"::{level} title={title}::{workflow_data(check.reason)}"
    if left_out:
        yield f"::notice title=ci-framework::{left_out} more in the job summary"
