"""Print results for a terminal, or as plain lines in a log.

The report is printed to standard output, or to standard error if standard output is
JSON. Progress is printed to standard error.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import TextIO

from ci_engine.escaping import terminal_line
from ci_engine.findings.results import (
    CheckResult,
    RunResult,
    Status,
    Verdict,
    worst_first,
)
from ci_engine.processes.activity import current_activities
from ci_engine.reports.benchmark_rows import console_rows
from ci_engine.reports.metric_rows import console_metric_rows
from ci_engine.reports.result_json import to_json
from ci_engine.reports.wording import (
    has_warnings,
    mark,
    outcome_line,
    title,
    where,
)

_MOST_FINDINGS = 20
_SECONDS_OF_SILENCE = 2.0
_SECONDS_UNTIL_REPEATED = 30.0
_REFRESH_SECONDS = 0.2
_USUAL_WIDTH = 80  # of a terminal that does not know its own
_CLEAR = "\r\x1b[K"
_RESET = "\x1b[0m"
_BOLD, _DIM, _GREEN, _YELLOW = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[33m"
_RED, _BOLD_GREEN, _BOLD_YELLOW = "\x1b[1;31m", "\x1b[1;32m", "\x1b[1;33m"
_STYLES = {
    Status.PASSED: _GREEN,
    Status.FAILED: _RED,
    Status.TIMED_OUT: _RED,
    Status.NOT_RUN: _BOLD_YELLOW,
    Status.SKIPPED: _DIM,
}
_VERDICT_STYLES = {
    Verdict.GREEN: _BOLD_GREEN,
    Verdict.RED: _RED,
    Verdict.ERROR: _BOLD_YELLOW,
}


class Console:
    """Prints results as they arrive, and progress in between."""

    def __init__(self, variables: Mapping[str, str], *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._out: TextIO = sys.stderr if as_json else sys.stdout
        self._progress: TextIO = sys.stderr
        self._color = _has_color(self._out, variables)
        self._live = _is_terminal(self._progress, variables)
        self._lock = threading.Lock()
        self._last = time.monotonic()
        self._status_shown = False

    def line(self, text: str = "", style: str = "", rest: str = "") -> None:
        """Write one line; only its first part is styled."""
        first = terminal_line(text)
        if style and self._color:
            first = f"{style}{first}{_RESET}"
        with self._lock:
            self._clear_status()
            try:
                self._out.write(f"{first}{rest}\n")
                self._out.flush()
            except BrokenPipeError:
                # The reader closed the pipe (`gate | head`); the run continues.
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())
            self._last = time.monotonic()

    @contextmanager
    def progress(self) -> Generator[None]:
        """Show the running activity if nothing was written for two seconds."""
        over = threading.Event()
        thread = threading.Thread(target=self._watch, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            with self._lock:
                self._clear_status()

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(_REFRESH_SECONDS):
            names = current_activities()
            with self._lock:
                silent = time.monotonic() - self._last
                if not names or silent < _SECONDS_OF_SILENCE:
                    continue
                text = terminal_line(f"still running: {', '.join(names)}")
                if self._live:
                    columns = os.get_terminal_size(self._progress.fileno()).columns
                    width = max(20, columns or _USUAL_WIDTH)
                    shown = f"{text} ({silent:.0f} s)"[: width - 1]
                    self._progress.write(f"{_CLEAR}{shown}")
                    self._status_shown = True
                else:
                    self._progress.write(f"{text}\n")
                    wait = _SECONDS_UNTIL_REPEATED - _SECONDS_OF_SILENCE
                    self._last = time.monotonic() + wait
                self._progress.flush()

    def _clear_status(self) -> None:
        if self._status_shown:
            self._progress.write(_CLEAR)
            self._progress.flush()
            self._status_shown = False

    def ended(self, check: CheckResult) -> None:
        """Record the end of a check whose findings are judged together with others."""
        if check.status is Status.SKIPPED:
            return
        number = len(check.findings)
        what = f", {number} to judge" if number else ""
        with self._lock:
            self._clear_status()
            self._progress.write(f"done: {check.id} ({check.seconds:.1f} s{what})\n")
            self._progress.flush()
            self._last = time.monotonic()

    def check(self, check: CheckResult) -> None:
        """Write one line when a check ends."""
        style = _YELLOW if has_warnings(check) else _STYLES[check.status]
        what = terminal_line(outcome_line(check))
        self.line(
            f"{mark(check):<10}",
            style,
            f"{check.id:<20}{check.seconds:>7.1f} s  {what}",
        )

    def conclude(self, result: RunResult, reports: str) -> None:
        """Write the remaining parts after all checks were written."""
        shown = {""}
        for check in result.checks:
            rows = chain(
                console_rows(check.comparison), console_metric_rows(check.comparison)
            )
            for row in rows:
                self.line(row)
            self._details(check, shown)
        for note in result.notes:
            self.line(note, _YELLOW)
        self.line()
        verdict = f"{title(result)}: {result.verdict.value} in {result.seconds:.1f} s"
        style = _VERDICT_STYLES[result.verdict]
        self.line(f"{verdict}, {where(result)}; reports in {reports}", style)
        if self.as_json:
            sys.stdout.write(to_json(result))

    def _details(self, check: CheckResult, shown: set[str]) -> None:
        """What to do about a check; output that was shown earlier is not repeated."""
        for note in check.notes:
            self.line(f"{check.id}: {note.removeprefix(f'{check.id}: ')}", _YELLOW)
        green = check.status in (Status.PASSED, Status.SKIPPED)
        if green and not has_warnings(check):
            return
        self.line()
        style = _YELLOW if has_warnings(check) else _STYLES[check.status]
        self.line(f"{check.id}: {mark(check)}", style)
        if check.reason:
            self.line(f"  {check.reason}")
        findings = worst_first(f for f in check.findings if not f.accepted)
        for finding in findings[:_MOST_FINDINGS]:
            location = f"{finding.location}: " if finding.location else ""
            self.line(f"  {location}{finding.label}: {finding.headline}")
            if finding.hint:
                self.line(f"    {finding.hint}")
        hidden = len(findings) - _MOST_FINDINGS
        if hidden > 0:
            self.line(f"  and {hidden} more in result.json")
        if check.output not in shown and (not check.findings or check.id == "test"):
            shown.add(check.output)
            for text in check.output.splitlines():
                self.line(f"  | {text}")
        if check.rerun and not green:
            self.line(f"  again: {check.rerun}", _BOLD)


def _is_terminal(stream: TextIO, variables: Mapping[str, str]) -> bool:
    return stream.isatty() and variables.get("TERM") != "dumb"


def _has_color(stream: TextIO, variables: Mapping[str, str]) -> bool:
    """Whether to use color, by the conventions NO_COLOR and FORCE_COLOR."""
    if variables.get("NO_COLOR"):
        return False
    if variables.get("FORCE_COLOR") or _is_terminal(stream, variables):
        if os.name == "nt":
            # An empty command enables colors in older Windows consoles.
            os.system("")  # noqa: S605 # nosec B605
        return True
    return False
