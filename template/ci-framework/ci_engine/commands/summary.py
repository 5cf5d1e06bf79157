"""``ci summary``: one page for everything that ran."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ci_engine import __version__
from ci_engine.comment import post_comment, pull_request_of
from ci_engine.config import read_text
from ci_engine.errors import ToolError, UsageError
from ci_engine.gathered import Job, Leg, gather_legs, job_verdict, read_jobs
from ci_engine.github import add_summary, warn, write_outputs
from ci_engine.output import prepare_directory, write_text
from ci_engine.project import Project, repository_root
from ci_engine.report.page import LONGEST_COMMENT, Sections, clip, to_page
from ci_engine.report.result_json import to_json
from ci_engine.results import CheckResult, RunResult, Status, Verdict
from ci_engine.tracked_output import check_tracked_output

__all__ = ["SummaryRequest", "run_summary"]


@dataclass(frozen=True)
class SummaryRequest:
    """What the command line asked for.

    Attributes:
        reports: directory with the reports of all runs, each in one of its own.
        needs: GitHub's ``needs`` context as JSON.
        skips: why jobs were skipped, as JSON from job to reason.
        page: a page to comment with, instead of gathering one; empty = gather.
        comment: whether to comment on the pull request.
        security: whether the page has a section on security.
        performance: whether it has one on where the time went.
        as_json: whether to print the result as JSON instead of the page.
        report_dir: where to write; empty = the usual place.
    """

    reports: Path
    needs: str
    skips: str
    as_json: bool
    report_dir: str
    page: str = ""
    comment: bool = False
    security: bool = True
    performance: bool = True


def run_summary(request: SummaryRequest) -> int:
    """Gather, judge, write the page, and return the verdict's exit code.

    A comment that cannot be written is said aloud and changes no verdict.
    """
    if request.page:
        page = read_text(Path.cwd() / request.page)
        if request.comment:
            _comment(page)
        return 0
    started = time.monotonic()
    jobs = read_jobs(request.needs, request.skips)
    legs, unread = _gather(request.reports, jobs)
    verdict, bad = job_verdict(jobs, legs, unread)
    sections = Sections(security=request.security, performance=request.performance)
    page = to_page(verdict, jobs, legs, unread, sections)
    result = RunResult(
        command="summary",
        verdict=verdict,
        python="",
        checks=[*_job_checks(jobs), *_leg_checks(legs)],
        framework=__version__,
        seconds=time.monotonic() - started,
        notes=[f"{name}: {text}" for name, text in bad.items()]
        + [f"could not be read: {line}" for line in unread],
    )
    _write(request, result, page)
    sys.stdout.write(to_json(result) if request.as_json else page)
    if request.comment:
        _comment(page)
    return verdict.exit_code


def _gather(reports: Path, jobs: list[Job]) -> tuple[list[Leg], list[str]]:
    """Read the reports; where jobs failed early there may be none at all.

    Raises:
        UsageError: if there is nothing to make a page of.
    """
    if reports.is_dir():
        legs, unread = gather_legs(reports)
        # A report that was committed is no result of a run.
        root = repository_root()
        project = Project(root, "pip", {}, has_git=(root / ".git").exists())
        tracked = check_tracked_output(project, "")
        said = [c.reason or c.findings[0].message for c in tracked]
        return legs, [*unread, *said]
    if not jobs:
        raise UsageError(
            f"--reports: {reports}: no such directory",
            next_step="run `ci-framework/ci gate`, or download the reports first",
        )
    return [], []


def _status(job: Job) -> Status:
    if not job.good:
        return Status.FAILED
    return Status.PASSED if job.result == "success" else Status.SKIPPED


def _job_checks(jobs: list[Job]) -> list[CheckResult]:
    return [
        CheckResult(
            id=job.name,
            status=_status(job),
            reason=job.reason or ("" if job.good else f"the job ended as {job.result}"),
        )
        for job in jobs
    ]


def _leg_checks(legs: list[Leg]) -> list[CheckResult]:
    statuses = {
        Verdict.GREEN: Status.PASSED,
        Verdict.RED: Status.FAILED,
        Verdict.ERROR: Status.NOT_RUN,
    }
    return [
        CheckResult(
            id=leg.name, status=statuses[leg.result.verdict], seconds=leg.result.seconds
        )
        for leg in legs
    ]


def _write(request: SummaryRequest, result: RunResult, page: str) -> None:
    output = repository_root() / ".ci-framework"
    directory = Path.cwd() / (request.report_dir or output / "summary")
    prepare_directory(directory, output)
    write_text(directory / "result.json", to_json(result))
    write_text(directory / "summary.md", page)
    add_summary(page)
    write_outputs(
        {"verdict": result.verdict.value, "report-path": directory.as_posix()}
    )


def _comment(page: str) -> None:
    """Comment on the pull request of this run, if it has one and we may."""
    event = os.environ.get("GITHUB_EVENT_PATH", "")
    content = Path(event).read_bytes() if event and Path(event).is_file() else b""
    try:
        pull_request = pull_request_of(os.environ, content)
        if pull_request is None:
            warn("there is no pull request to comment on")
            return
        done = post_comment(pull_request, clip(page, LONGEST_COMMENT))
    except ToolError as error:
        warn(f"no comment was written: {error}")
        return
    print(f"comment {done}", file=sys.stderr)  # noqa: T201
