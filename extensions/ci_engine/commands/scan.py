"""``ci scan``: look for flaws, secrets and known vulnerabilities."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Literal

from ci_engine import __version__
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.security_profiles import ScannerName
from ci_engine.configuration.settings import SecurityLevel
from ci_engine.errors import UsageError
from ci_engine.findings.baseline import read_baseline
from ci_engine.findings.recording import count_resolved, record, write
from ci_engine.findings.results import (
    CheckResult,
    RunResult,
    Status,
    Verdict,
    verdict_of,
)
from ci_engine.github.outputs import write_outputs
from ci_engine.processes.signals import on_signals, restore
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.project.repository import Project
from ci_engine.reports.html import to_html
from ci_engine.reports.publishing import publish, write_reports
from ci_engine.scanning.files import named
from ci_engine.scanning.judge import is_blocking
from ci_engine.scanning.run import ScanRun
from ci_engine.scanning.waivers import WAIVERS_FILE, read_waivers

__all__ = ["ScanRequest", "run_scan"]


@dataclass(frozen=True)
class ScanRequest:
    """What the command line asked for.

    Attributes:
        level: the level.
        scanners: the scanners to run, in the order in which they are reported.
        reports: the directory for reports.
        history: which commits to search for secrets; empty = as the level says.
        since: the commit that the change started from, empty = found out.
        baseline: check against the baseline, or write it.
        grow: whether writing may add to an existing baseline.
        tools: paths of scanners that are looked at before the search path.
        today: the day that waivers are judged by.
        notes: what the report says of the request.
    """

    level: SecurityLevel
    scanners: Sequence[ScannerName]
    reports: Path
    history: Literal["", "none", "change", "all"] = ""
    since: str = ""
    baseline: Literal["check", "write"] = "check"
    grow: bool = False
    tools: Sequence[str] = ()
    today: date | None = None
    notes: Sequence[str] = ()


def run_scan(
    project: Project, configuration: Configuration, request: ScanRequest
) -> RunResult:
    """Run the scanners, write the reports and return the result.

    Raises:
        ToolError: if the reports cannot be written.
        ConfigurationError: if the baseline or the waivers cannot be read.
        UsageError: if the baseline may not be written.
    """
    if request.grow and request.baseline != "write":
        raise UsageError("--grow: only together with --baseline write")
    started = time.monotonic()
    prepare_directory(request.reports, project.output)
    _write(_unfinished(request), request.reports)
    baseline = read_baseline(project.root)
    writes = request.baseline == "write"
    run = ScanRun(
        project=project,
        configuration=configuration,
        level_name=request.level,
        scanners=request.scanners,
        reports=request.reports,
        search_path=_search_path(request.tools),
        waivers=read_waivers(project.root, request.today or date.today()),
        baseline=None if writes else baseline,
        since=request.since,
        history=request.history,
    )

    def call_off(number: int, frame: FrameType | None) -> None:
        del number, frame
        run.cancel.set()

    before = on_signals(call_off)
    try:
        outcome = run.execute()
    finally:
        restore(before)
    result = _result(request, outcome.checks, time.monotonic() - started)
    if writes:
        # What was found is told even where it may not be recorded.
        _write(result, request.reports)
        new, kept = record(outcome.separate, baseline)
        changed = write(project.root, baseline, new, grow=request.grow)
        run.baseline = new
        run.waivers.used.clear()
        result.checks = run.judge(outcome)
        result.verdict = verdict_of(result.checks)
        name = "ci-framework/project/baseline.json"
        result.notes = [f"{name}: {changed}", *kept, *_about_secrets(result.checks)]
    elif baseline is not None:
        number = count_resolved(baseline, outcome.separate)
        command = f"ci-framework/ci scan --level {request.level} --baseline write"
        text = f"{number} known findings are gone: `{command}` shrinks the baseline"
        result.notes += [text] if number else []
    result.notes += request.notes
    _write(result, request.reports)
    publish(result, request.reports)
    _publish_files(request)
    return result


def _about_secrets(checks: Sequence[CheckResult]) -> list[str]:
    """What is red although everything was recorded: secrets, which never are."""
    locations = [
        finding.location or finding.rule
        for check in checks
        if not check.reason
        for finding in check.findings
        if is_blocking(finding)
    ]
    if not locations:
        return []
    return [
        f"secrets are never recorded ({named(locations)}): revoke and remove them; "
        f"add a waiver to {WAIVERS_FILE} for what is no secret"
    ]


def _search_path(tools: Sequence[str]) -> str:
    """Where programs of this machine are looked for; files stand for their folder."""
    folders = [
        str(path.parent if path.is_file() else path) for path in map(Path, tools)
    ]
    return os.pathsep.join([*folders, os.environ.get("PATH", "")])


def _result(
    request: ScanRequest, checks: list[CheckResult], seconds: float
) -> RunResult:
    return RunResult(
        command="scan",
        verdict=verdict_of(checks),
        python="",
        checks=checks,
        framework=__version__,
        tier=request.level,
        environment=f"level {request.level}",
        seconds=seconds,
    )


def _unfinished(request: ScanRequest) -> RunResult:
    """What the reports say until the run has come to its end."""
    reason = "interrupted: the run did not come to its end"
    checks = [
        CheckResult(id=name, tier=request.level, status=Status.NOT_RUN, reason=reason)
        for name in request.scanners
    ]
    result = _result(request, checks, 0.0)
    result.verdict = Verdict.ERROR
    return result


def _write(result: RunResult, directory: Path) -> None:
    write_reports(result, directory)
    write_text(directory / "report.html", to_html(result))


def _publish_files(request: ScanRequest) -> None:
    """Tell a workflow which files there are to send elsewhere."""
    sbom = request.reports / "sbom.cdx.json"
    write_outputs(
        {
            "sarif-file": (request.reports / "results.sarif").as_posix(),
            "sbom-file": sbom.as_posix() if sbom.is_file() else "",
        }
    )
