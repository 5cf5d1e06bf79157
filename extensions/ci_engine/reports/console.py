"""The result for a person at a terminal, or as plain lines in a log."""

from __future__ import annotations

import re
import sys
from functools import cache

from rich.console import Console
from rich.text import Text

from ci_engine.findings.results import CheckResult, Finding, RunResult, Status, Verdict
from ci_engine.findings.wording import (
    first_line,
    mark,
    outcome_line,
    shown_first,
    title,
    where,
)
from ci_engine.reports.result_json import to_json

__all__ = ["conclude", "make_console", "print_check"]

_MOST_FINDINGS = 20
_COLOUR = re.compile("\x1b\\[[0-9;]*[A-Za-z]")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_STYLES = {
    Status.PASSED: "green",
    Status.FAILED: "bold red",
    Status.TIMED_OUT: "bold red",
    Status.NOT_RUN: "bold yellow",
    Status.SKIPPED: "dim",
}


@cache
def make_console() -> Console:
    """A console on standard error; rich honors NO_COLOR and plain logs."""
    return Console(file=sys.stderr, highlight=False, soft_wrap=True)


def print_check(console: Console, check: CheckResult) -> None:
    """One line as soon as a check ends."""
    line = Text(f"{mark(check):<10}", style=_STYLES[check.status])
    line.append(f"{check.id:<20}", style="default not bold")
    line.append(f"{check.seconds:>7.1f} s  ", style="default not bold")
    line.append(_shown(outcome_line(check)), style="default not bold")
    console.print(line)


def _shown(text: str) -> str:
    """What is safe to print in one line.

    Escape sequences of foreign output must not steer the terminal, and no line may
    begin with ``::``: a CI system would take it for a command.
    """
    text = _COLOUR.sub("", text)
    text = _CONTROL.sub(lambda found: repr(found.group())[1:-1], text)
    return re.sub(r"^(\s*)::", r"\1\\::", text)


def _print_details(console: Console, check: CheckResult, told: set[str]) -> None:
    """What to do about a check that is not green; what was told is not repeated."""
    for note in check.notes:
        text = note.removeprefix(f"{check.id}: ")
        console.print(Text(_shown(f"{check.id}: {text}"), style="yellow"))
    if check.status in (Status.PASSED, Status.SKIPPED):
        return
    console.print()
    console.print(Text(f"{check.id}: {mark(check)}", style=_STYLES[check.status]))
    if check.reason:
        console.print(Text(_shown(f"  {check.reason}")))
    for finding in shown_first(_new_findings(check))[:_MOST_FINDINGS]:
        location = f"{finding.location}: " if finding.location else ""
        line = f"  {location}{finding.rule}: {first_line(finding.message)}"
        console.print(Text(_shown(line)))
    hidden = len(_new_findings(check)) - _MOST_FINDINGS
    if hidden > 0:
        console.print(Text(f"  and {hidden} more in result.json"))
    if check.output not in told and (not check.findings or check.id == "test"):
        told.add(check.output)
        for line in check.output.splitlines():
            console.print(Text(_shown(f"  | {line}")))
    if check.rerun:
        console.print(Text(_shown(f"  again: {check.rerun}"), style="bold"))


def _print_verdict(console: Console, result: RunResult, reports: str) -> None:
    """The last line."""
    for note in result.notes:
        console.print(Text(note, style="yellow"))
    style = {
        Verdict.GREEN: "bold green",
        Verdict.RED: "bold red",
        Verdict.ERROR: "bold yellow",
    }[result.verdict]
    console.print()
    verdict = f"{title(result)}: {result.verdict.value} in {result.seconds:.1f} s"
    console.print(
        Text(f"{verdict}, {where(result)}; reports in {reports}", style=style)
    )


def _new_findings(check: CheckResult) -> list[Finding]:
    """The findings that the baseline does not know."""
    return [finding for finding in check.findings if not finding.accepted]


def conclude(
    console: Console, result: RunResult, reports: str, *, as_json: bool
) -> None:
    """Print what is left to say when every check has been printed."""
    told = {""}
    for check in result.checks:
        _print_details(console, check, told)
    _print_verdict(console, result, reports)
    if as_json:
        sys.stdout.write(to_json(result))
