"""The result as Markdown, for the job summary and for people."""

from __future__ import annotations

import re

from ci_engine.findings.results import CheckResult, Finding, RunResult, Status, Verdict
from ci_engine.findings.severity import severity_of
from ci_engine.findings.wording import (
    first_line,
    mark,
    outcome_line,
    shown_first,
    title,
    where,
)

__all__ = ["as_cell", "failure_lines", "to_markdown"]

_MOST_FINDINGS = 50
# A word joiner keeps GitHub from telling whoever is called like a decorator.
_LITERALLY = {"&": "&amp;", "<": "&lt;", "|": "\\|", "@": "@\u2060", "![": "!\\["}
_HEADINGS = {
    Verdict.GREEN: "green",
    Verdict.RED: "red",
    Verdict.ERROR: "error: something required could not run",
}


def to_markdown(result: RunResult) -> str:
    """Write a verdict, a table of the checks, and what to do about each failure."""
    lines = [
        f"## {title(result)}: {_HEADINGS[result.verdict]}",
        "",
        where(result),
        "",
        "| check | result | seconds | what |",
        "|---|---|---:|---|",
    ]
    lines += [
        f"| {check.id} | {mark(check)} | {check.seconds:.1f} "
        f"| {as_cell(outcome_line(check))} |"
        for check in result.checks
    ]
    for check in result.checks:
        lines += _details(check)
    return "\n".join(lines) + "\n\n"


def _details(check: CheckResult) -> list[str]:
    if check.status in (Status.PASSED, Status.SKIPPED) and not check.new:
        return [f"\n{_text(note)}" for note in check.notes]
    lines = ["", f"### {check.id}: {mark(check)}", ""]
    lines += [f"{_text(check.reason)}\n"] if check.reason else []
    lines += [f"{_text(note)}\n" for note in check.notes]
    return lines + failure_lines(check)


def failure_lines(check: CheckResult) -> list[str]:
    """What was found, the end of the output if that has to tell, and what repeats."""
    lines: list[str] = []
    news = [finding for finding in check.findings if not finding.accepted]
    for finding in shown_first(news)[:_MOST_FINDINGS]:
        location = f"{_code(finding.location)} " if finding.location else ""
        message = _text(first_line(finding.message))
        told = f"- {location}**{_text(finding.rule)}** {message}"
        lines.append(f"{told}{_advice(finding)}")
    hidden = len(news) - _MOST_FINDINGS
    lines += [f"- and {hidden} more in result.json"] if hidden > 0 else []
    if check.output and (not check.findings or check.status is Status.NOT_RUN):
        lines += ["", _fenced(check.output)]
    if check.rerun and check.status is not Status.PASSED:
        lines += ["", f"Again: {_code(check.rerun)}"]
    return lines


def _advice(finding: Finding) -> str:
    """What to do about a flaw of security, as far as it is known."""
    if finding.score is None:
        return ""
    parts = [f"**{severity_of(finding)}**"]
    parts += [f"to mend it: {_text(finding.fix)}"] if finding.fix else []
    if re.fullmatch(r"https://[^\s()<>]+", finding.help_url):
        parts.append(f"[about the rule]({finding.help_url})")
    parts += [f"also {_text(', '.join(finding.also))}"] if finding.also else []
    parts += [f"waived: {_text(finding.waiver)}"] if finding.waiver else []
    return f" ({'; '.join(parts)})"


def _fenced(text: str) -> str:
    """Fence a text with more backticks than any run of them in it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"


def _code(text: str) -> str:
    """A code span with more backticks than any run of them in it."""
    fence = "`"
    while fence in text:
        fence += "`"
    return f"`{text}`" if fence == "`" else f"{fence} {text} {fence}"


def _text(text: str) -> str:
    """Keep text from being read as HTML, as a table or as the name of a person."""
    for mark_up, shown in _LITERALLY.items():
        text = text.replace(mark_up, shown)
    return text


def as_cell(text: str) -> str:
    """Write a text so that it fits into one cell of a table."""
    return _text(" ".join(text.split())) or "-"
