"""``ci summary``: one page for everything that ran."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from ci_engine.commands.command import Command, Request
from ci_engine.commands.options import Option, switch
from ci_engine.configuration.reading import read_text
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.errors import ToolError, UsageError
from ci_engine.escaping import posted_page
from ci_engine.findings.results import (
    CheckResult,
    RunResult,
    Status,
    make_result,
)
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
    missing_advice,
    read_jobs,
    with_jobs,
)
from ci_engine.reports.html import to_html
from ci_engine.reports.page import LONGEST_COMMENT, clip, to_page
from ci_engine.reports.result_json import to_json
from ci_engine.workflow_jobs.target_branch import TargetBranch

_ABOUT = """\
Gather the results of all jobs, and write one page with one verdict.

The variables NEEDS and SKIPS contain, as JSON, the results of a workflow's jobs and the
reasons why jobs were skipped; SUITE contains the matrix of the tests. CHANGE is the
path of a checkout of the pull request: the engine of the target branch then reports
which of its own checks the pull request edits.
"""


class SummaryOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci summary``.

    Attributes:
        needs: GitHub's ``needs`` context as JSON.
        skips: why jobs were skipped, as a JSON object from job to reason.
        change: a checkout of the pull request, for the engine of its target branch.
        suite: the test matrix as JSON, with the advisory jobs.
    """

    reports: Annotated[str, Option("reports to gather", "DIR")] = ".ci-framework"
    needs: str = ""
    skips: str = ""
    change: str = ""
    suite: str = ""
    page: Annotated[
        str, Option("comment with this page instead of gathering reports", "FILE")
    ] = ""
    comment: Annotated[bool, switch("comment on the pull request")] = False
    security: Annotated[bool, switch("write the section on security")] = True
    performance: Annotated[bool, switch("write the section on durations")] = True

    @property
    def keeps_reports(self) -> bool:
        """Keep a given page: an earlier run wrote it on purpose."""
        return bool(self.page)


def run(options: SummaryOptions, surroundings: Surroundings) -> int:
    """Gather, judge, write the page, and return the verdict's exit code.

    A comment that cannot be written is a warning and does not change the verdict.
    """
    if options.page:
        page = read_text(surroundings.directory / options.page)
        if options.comment:
            _comment(page, surroundings)
        return 0
    jobs = read_jobs(options.needs, options.skips)
    reports = surroundings.directory / options.reports
    root, notes = surroundings.repository, list[str]()
    if options.change:
        target, root = root, surroundings.directory / options.change
        branch = TargetBranch(target, root, surroundings.variables)
        jobs, notes = _judge_by_target(branch, jobs)
    matrix_jobs, unread = _gather(root, reports, jobs)
    notes += missing_advice(options.suite, jobs, matrix_jobs)
    verdict, bad = job_verdict(jobs, matrix_jobs, unread)
    remarks = [*notes, *(f"could not be read: {line}" for line in unread)]
    page = to_page(
        verdict,
        jobs,
        matrix_jobs,
        remarks,
        security=options.security,
        performance=options.performance,
    )
    checks = [*map(_job_check, jobs), *map(_matrix_check, matrix_jobs)]
    result = make_result("summary", checks, surroundings.seconds)
    result.verdict = verdict
    result.notes = [f"{name}: {text}" for name, text in bad.items()]
    result.notes += remarks
    html = to_html(with_jobs(result, matrix_jobs))
    _write(options, surroundings, result, {"summary.md": page, "report.html": html})
    sys.stdout.write(to_json(result) if options.json else page)
    if options.comment:
        _comment(page, surroundings)
    return verdict.exit_code


def _judge_by_target(
    branch: TargetBranch, jobs: list[Job]
) -> tuple[list[Job], list[str]]:
    """Discard the reason of a skipped job that the target branch would have run."""
    claimed = {
        job.name: job.reason for job in jobs if job.result == "skipped" and job.reason
    }
    refuted, notes = branch.refuted(claimed)
    judged = [
        msgspec.structs.replace(job, reason="") if job.name in refuted else job
        for job in jobs
    ]
    notes += [
        f"{name} was skipped, with the reason {claimed[name]!r}; the engine of the "
        "target branch finds no reason for it"
        for name in refuted
    ]
    return judged, [*branch.notes(), *notes]


def _gather(
    root: Path, reports: Path, jobs: list[Job]
) -> tuple[list[MatrixJob], list[str]]:
    """Read the reports; if jobs failed early there may be none."""
    if reports.is_dir():
        matrix_jobs, unread = gather_jobs(reports)
        # A report that was committed is not the result of a run.
        project = Project(root, "pip", {}, has_git=(root / ".git").exists())
        tracked = check_tracked_output(project)
        problems = [c.reason or c.findings[0].message for c in tracked]
        return matrix_jobs, [*unread, *problems]
    if not jobs:
        raise UsageError(
            f"--reports: {reports}: no such directory",
            hint="run `ci-framework/ci gate`, or download the reports first",
        )
    return [], []


def _job_check(job: Job) -> CheckResult:
    if job.good:
        status = Status.PASSED if job.result == "success" else Status.SKIPPED
        return CheckResult(id=job.name, status=status, reason=job.reason)
    reason = job.reason or f"the result of the job is {job.result}"
    return CheckResult(id=job.name, status=Status.FAILED, reason=reason)


def _matrix_check(job: MatrixJob) -> CheckResult:
    result = job.result
    return CheckResult(
        id=job.name, status=result.verdict.status, seconds=result.seconds
    )


def _write(
    options: SummaryOptions,
    surroundings: Surroundings,
    result: RunResult,
    pages: Mapping[str, str],
) -> None:
    directory = surroundings.reports(options.report_dir, "summary")
    prepare_directory(directory, surroundings.repository / ".ci-framework")
    write_text(directory / "result.json", to_json(result))
    for name, page in pages.items():
        write_text(directory / name, page)
    add_summary(pages["summary.md"], surroundings.variables)
    outputs = {"verdict": result.verdict.value, "report-path": directory.as_posix()}
    write_outputs(outputs, surroundings.variables)


def _comment(page: str, surroundings: Surroundings) -> None:
    """Comment on the pull request of this run, if there is one and we may."""
    variables = surroundings.variables
    try:
        pull_request = pull_request_of(variables)
        if pull_request is None:
            warn("there is no pull request to comment on", variables)
            return
        done = post_comment(pull_request, clip(posted_page(page), LONGEST_COMMENT))
    except ToolError as error:
        warn(f"no comment was written: {error}", variables)
        return
    sys.stderr.write(f"comment {done}\n")


COMMAND = Command(
    SummaryOptions,
    run,
    _ABOUT,
    variables={
        "needs": "NEEDS",
        "skips": "SKIPS",
        "change": "CHANGE",
        "suite": "SUITE",
    },
)
