"""The result as Markdown, for the job summary."""

from __future__ import annotations

import re

from ci_engine.escaping import cell, code_span, fenced, markdown_text
from ci_engine.findings.results import (
    CheckResult,
    Finding,
    RunResult,
    Status,
    Verdict,
    worst_first,
)
from ci_engine.findings.severity import severity_of
from ci_engine.reports.benchmark_rows import markdown_rows
from ci_engine.reports.metric_rows import markdown_metric_rows
from ci_engine.reports.wording import (
    has_warnings,
    mark,
    outcome_line,
    title,
    where,
)

_MOST_FINDINGS = 50
_HEADINGS = {
    Verdict.GREEN: "green",
    Verdict.RED: "red",
    Verdict.ERROR: "error: something required could not run",
}


def to_markdown(result: RunResult) -> str:
    """Write a verdict, a table of the checks, and what to do about each failure."""
    lines = [
        f"## {markdown_text(title(result))}: {_HEADINGS[result.verdict]}",
        "",
        markdown_text(where(result)),
        "",
        "| check | result | seconds | what |",
        "|---|---|---:|---|",
    ]
    lines += [
        f"| {cell(check.id)} | {mark(check)} | {check.seconds:.1f} "
        f"| {cell(outcome_line(check))} |"
        for check in result.checks
    ]
    for check in result.checks:
        lines += markdown_rows(check.comparison)
        lines += markdown_metric_rows(check.comparison)
        lines += _details(check)
    return "\n".join(lines) + "\n\n"


def _details(check: CheckResult) -> list[str]:
    if check.status in (Status.PASSED, Status.SKIPPED) and not has_warnings(check):
        return [f"\n{markdown_text(note)}" for note in check.notes]
    lines = ["", f"### {markdown_text(check.id)}: {mark(check)}", ""]
    lines += [f"{markdown_text(check.reason)}\n"] if check.reason else []
    lines += [f"{markdown_text(note)}\n" for note in check.notes]
    return lines + failure_lines(check)


def failure_lines(check: CheckResult) -> list[str]:
    """The findings, relevant output, and the command."""
    lines: list[str] = []
    new = [finding for finding in check.findings if not finding.accepted]
    for finding in worst_first(new)[:_MOST_FINDINGS]:
        location = f"{code_span(finding.location)} " if finding.location else ""
        message = markdown_text(finding.headline)
        line = f"- {location}**{markdown_text(finding.label)}** {message}"
        lines.append(f"{line}{_advice(finding)}")
        lines += [f"  {markdown_text(finding.hint)}"] if finding.hint else []
    hidden = len(new) - _MOST_FINDINGS
    lines += [f"- and {hidden} more in result.json"] if hidden > 0 else []
    if check.output and (not check.findings or check.status is Status.NOT_RUN):
        lines += ["", fenced(check.output)]
    if check.rerun and check.status is not Status.PASSED:
        lines += ["", f"Again: {code_span(check.rerun)}"]
    return lines


def _advice(finding: Finding) -> str:
    """How to fix a security issue, if known."""
    if finding.score is None:
        return ""
    parts = [f"**{severity_of(finding)}**"]
    parts += [f"fix: {markdown_text(finding.fix)}"] if finding.fix else []
    if re.fullmatch(r"https://[^\s()<>]+", finding.help_url):
        parts.append(f"[about the rule]({finding.help_url})")
    parts += [f"also {markdown_text(', '.join(finding.also))}"] if finding.also else []
    parts += [f"waived: {markdown_text(finding.waiver)}"] if finding.waiver else []
    return f" ({'; '.join(parts)})"
