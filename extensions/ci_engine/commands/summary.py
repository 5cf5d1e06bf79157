"""``ci summary``: one page for everything that ran."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ci_engine import __version__
from ci_engine.configuration.loading import read_text
from ci_engine.errors import ToolError, UsageError
from ci_engine.findings.results import CheckResult, RunResult, Status, Verdict
from ci_engine.findings.tracked_output import check_tracked_output
from ci_engine.github.comments import post_comment, pull_request_of
from ci_engine.github.outputs import add_summary, warn, write_outputs
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.project.repository import Project
from ci_engine.reports.gathered import (
    Job,
    MatrixJob,
    gather_jobs,
    job_verdict,
    read_jobs,
)
from ci_engine.reports.page import LONGEST_COMMENT, Sections, clip, to_page
from ci_engine.reports.result_json import to_json

__all__ = ["SummaryRequest", "run_summary"]


@dataclass(frozen=True)
class SummaryRequest:
    """What the command line asked for.

    Attributes:
        root: the top of the repository.
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

    root: Path
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
    matrix_jobs, unread = _gather(request.root, request.reports, jobs)
    verdict, bad = job_verdict(jobs, matrix_jobs, unread)
    sections = Sections(security=request.security, performance=request.performance)
    page = to_page(verdict, jobs, matrix_jobs, unread, sections)
    result = RunResult(
        command="summary",
        verdict=verdict,
        python="",
        checks=[*_job_checks(jobs), *_matrix_checks(matrix_jobs)],
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


def _gather(
    root: Path, reports: Path, jobs: list[Job]
) -> tuple[list[MatrixJob], list[str]]:
    """Read the reports; where jobs failed early there may be none at all.

    Raises:
        UsageError: if there is nothing to make a page of.
    """
    if reports.is_dir():
        matrix_jobs, unread = gather_jobs(reports)
        # A report that was committed is no result of a run.
        project = Project(root, "pip", {}, has_git=(root / ".git").exists())
        tracked = check_tracked_output(project, "")
        said = [c.reason or c.findings[0].message for c in tracked]
        return matrix_jobs, [*unread, *said]
    if not jobs:
        raise UsageError(
            f"--reports: {reports}: no such directory",
            hint="run `ci-framework/ci gate`, or download the reports first",
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


def _matrix_checks(matrix_jobs: list[MatrixJob]) -> list[CheckResult]:
    statuses = {
        Verdict.GREEN: Status.PASSED,
        Verdict.RED: Status.FAILED,
        Verdict.ERROR: Status.NOT_RUN,
    }
    return [
        CheckResult(
            id=matrix_job.name,
            status=statuses[matrix_job.result.verdict],
            seconds=matrix_job.result.seconds,
        )
        for matrix_job in matrix_jobs
    ]


def _write(request: SummaryRequest, result: RunResult, page: str) -> None:
    output = request.root / ".ci-framework"
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
